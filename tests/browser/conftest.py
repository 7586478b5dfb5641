"""One JupyterLab for all tests, and one notebook after the other opened in it."""

import shutil
from pathlib import Path

import pytest
from lab import LabPage, jupyter_lab

TUTORIAL = Path(__file__).resolve().parents[2] / "tutorial"
NOTEBOOKS = sorted(path.name for path in TUTORIAL.glob("*.ipynb"))  # solutions/ has the same explorables


@pytest.fixture(scope="session")
def lab(new_page, tmp_path_factory):
    """Start JupyterLab on a copy of the tutorial; give a function that opens a notebook."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(TUTORIAL, home / "tutorial")
    with jupyter_lab(home / "tutorial", home) as address:
        yield lambda notebook: LabPage(new_page(), address, notebook)


@pytest.fixture(scope="session", params=NOTEBOOKS)
def notebook(lab, request):
    """Open each notebook in turn, and keep it open until all tests have seen it."""
    opened = lab(request.param)
    yield opened
    opened.close()
