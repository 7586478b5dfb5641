"""What the tests of the notebooks share: where they are, and the script that builds them."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Loaded by its path: its folder is no package, and a well-known package is called `build`, too.
_spec = importlib.util.spec_from_file_location("tutorial_build", ROOT / "tutorial" / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

SOURCES = build.sources()
NOTEBOOKS = [*SOURCES, *(build.TUTORIAL / source.name for source in SOURCES)]


def name(path):
    """Name a notebook for a test report, such as `solutions/index`."""
    return str(path.relative_to(build.TUTORIAL).with_suffix("").as_posix())
