"""`python -m minikan`: copy the course into a folder and open it in JupyterLab (all chapters).

A record holds a hash of each file as it was copied. An edited file is kept, and its new version written beside it.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from contextlib import suppress
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

from . import __version__

COURSE = Path(__file__).with_name("tutorial")  # in an installed package
RECORD = ".minikan.json"
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]+\.[a-z]+)")  # a Markdown link to a file


def digest(content: bytes, name: str) -> str:
    """Hash a file; of a notebook only the sources of its cells, as running it is no edit."""
    if name.endswith(".ipynb"):
        with suppress(ValueError, KeyError, TypeError):  # not a valid notebook any more: hash its bytes
            cells = json.loads(content)["cells"]
            content = json.dumps([(cell["cell_type"], "".join(cell["source"])) for cell in cells]).encode()
    return hashlib.sha256(content).hexdigest()


def course_file(source: Path, name: str, address: str) -> bytes:
    """Read a file of the course; a notebook's links to files outside of the course become links to the address."""
    content = (source / name).read_bytes()
    if not name.endswith(".ipynb"):
        return content

    def public_link(link):
        target = Path(os.path.normpath(Path("tutorial", name).parent / link[1]))
        inside = target.parts[0] == "tutorial" and (source / target.relative_to("tutorial")).exists()
        return link[0] if inside else f"]({address}/blob/HEAD/{target.as_posix()}"

    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [LINK.sub(public_link, line) for line in cell["source"]]
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def copy_course(source: Path, folder: Path, version: str, address: str) -> dict[str, list[str]]:
    """Copy or update the course: names of files "new", "updated", "kept" as they were edited, and written "beside"."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / RECORD
    known = {}  # without a record, any file that exists counts as edited
    with suppress(FileNotFoundError, ValueError, TypeError):
        known = dict(json.loads(record.read_text(encoding="utf-8")))
    files = {"new": [], "updated": [], "kept": [], "beside": []}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        content, target = course_file(source, name, address), folder / name
        latest = digest(content, name)
        current = digest(target.read_bytes(), name) if target.exists() else None
        if current is None or (current == known.get(name) and current != latest):
            files["new" if current is None else "updated"].append(name)
            _write(target, content)
        elif current != latest:
            files["kept"].append(name)
            beside = target.with_name(f"{target.stem}.minikan-{version}{target.suffix}")
            if known.get(name) != latest and not beside.exists():
                files["beside"].append(beside.relative_to(folder).as_posix())
                _write(beside, content)
        known[name] = latest
    _write(record, json.dumps(known, indent=1).encode())
    return files


def _write(path, content):
    """Replace a file as a whole: a reader sees the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{path.name}.part").write_bytes(content)
    path.with_name(f"{path.name}.part").replace(path)


def report(folder: Path, files: dict[str, list[str]]) -> str:
    """Describe in a few lines what was done."""
    lines = [f"  {len(files[key])} files {key}" for key in ("new", "updated") if files[key]]
    lines += [f"  kept as you left it: {name}" for name in files["kept"]]
    lines += [f"  its new version is beside it: {name}" for name in files["beside"]]
    first = f"minikan {__version__}: the course is in {folder}"
    return "\n".join([first, *(lines or ["  nothing to do: it is up to date"])])


def main() -> None:
    """Copy the course into a folder, and open it in JupyterLab. What you have edited is kept."""
    parser = argparse.ArgumentParser(prog="python -m minikan", description=main.__doc__)
    parser.epilog = "All other options go to JupyterLab: --no-browser, --port 8890 …"
    parser.add_argument("--folder", type=Path, default="minikan-tutorial", help="./%(default)s by default")
    parser.add_argument("--copy-only", action="store_true", help="do not open JupyterLab")
    parser.add_argument("--version", action="version", version=__version__)
    options, for_lab = parser.parse_known_args()
    if not COURSE.exists():
        sys.exit("Only an installed minikan contains the course. In a clone, open tutorial/index.ipynb.")
    if options.copy_only and for_lab:
        parser.error(f"--copy-only does not open JupyterLab, so it cannot take {' '.join(for_lab)}")
    folder = options.folder.expanduser().resolve()
    try:
        address = metadata("minikan")["Project-URL"].partition(", ")[2]
        print(report(folder, copy_course(COURSE, folder, __version__, address)))
    except OSError as error:
        sys.exit(f"The course cannot be copied to {folder}: {error}")
    if options.copy_only:
        return
    if not find_spec("jupyterlab"):
        sys.exit('JupyterLab is missing: python -m pip install "minikan[lab]"')
    from jupyterlab.labapp import LabApp

    start = [f"--ServerApp.root_dir={folder}", "--LabApp.default_url=/lab/tree/index.ipynb"]
    sys.exit(LabApp.launch_instance([*start, *for_lab]))


if __name__ == "__main__":
    main()
