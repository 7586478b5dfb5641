"""`python -m minikan`: lay the course into a folder and open it in JupyterLab (all chapters).

Nothing that a student wrote is overwritten. The folder keeps a record of what each file was when it was laid
there. A file that still is what the record says is brought up to date; any other stays, and the new version is
laid beside it.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

from . import __version__

CARRIED = Path(__file__).with_name("tutorial")  # in an installed package
RECORD = ".minikan.json"
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]+\.[a-z]+)")  # to a file


def digest(content: bytes, name: str) -> str:
    """Sum up a file; of a notebook only what its cells say, as running it is no edit."""
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(content)["cells"]
            said = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
            content = json.dumps(said).encode()
        except (ValueError, KeyError, TypeError):
            pass  # no notebook any more: sum up the bytes
    return hashlib.sha256(content).hexdigest()


def carried(source: Path, name: str, address: str) -> bytes:
    """Read a file of the course; links of a notebook to what the course does not hold lead to the address."""
    content = (source / name).read_bytes()
    if not name.endswith(".ipynb"):
        return content

    def outwards(link):
        target = Path(os.path.normpath(Path("tutorial", name).parent / link[1]))
        if target.parts[0] == "tutorial" and (source / target.relative_to("tutorial")).exists():
            return link[0]
        return f"]({address}/blob/HEAD/{target.as_posix()}"

    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [LINK.sub(outwards, line) for line in cell["source"]]
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode()


def lay(source: Path, folder: Path, version: str, address: str) -> dict[str, list[str]]:
    """Lay the course in `source` into a folder.

    Parameters
    ----------
    source, folder : Path
        From where and to where; the folder is made if it is not there.
    version : str
        The version of the course. It names what is laid beside an edited file.
    address : str
        The project's address, for links out of the course.

    Returns
    -------
    dict of list of str
        The names of the files that are "new", "updated", "kept" because they were edited, and "beside" them.

    Raises
    ------
    OSError
        If the folder cannot be written, or is a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / RECORD
    try:
        known = dict(json.loads(record.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        known = {}  # then every file that is there may be edited
    did = {"new": [], "updated": [], "kept": [], "beside": []}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        content, there = carried(source, name, address), folder / name
        latest = digest(content, name)
        current = digest(there.read_bytes(), name) if there.exists() else None
        if current is None or (current == known.get(name) and current != latest):
            did["new" if current is None else "updated"].append(name)
            _write(there, content)
        elif current != latest:
            did["kept"].append(name)
            beside = there.with_name(f"{there.stem}.minikan-{version}{there.suffix}")
            if known.get(name) != latest and not beside.exists():
                did["beside"].append(beside.relative_to(folder).as_posix())
                _write(beside, content)
        known[name] = latest
    _write(record, json.dumps(known, indent=1).encode())
    return did


def _write(path, content):
    """Write a file in one go: whoever looks finds all of it, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def report(folder: Path, did: dict[str, list[str]]) -> str:
    """Say in a few lines what was done and what was left alone."""
    lines = [f"minikan {__version__}: the course is in {folder}"]
    lines += [f"  {len(did[key])} files {key}" for key in ("new", "updated") if did[key]]
    lines += [f"  kept as you left it: {name}" for name in did["kept"]]
    lines += [f"  its new version lies beside it: {name}" for name in did["beside"]]
    return "\n".join(lines if any(did.values()) else [*lines, "  nothing to do: it is up to date"])


def main() -> None:
    """Lay out the course and open it."""
    parser = argparse.ArgumentParser(
        prog="python -m minikan",
        description="Copy the course into a folder, and open it in JupyterLab. What you have edited is kept.",
        epilog="All other options go to JupyterLab: --no-browser, --port 8890 …",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("minikan-tutorial"), help="./%(default)s by default"
    )
    parser.add_argument("--copy-only", action="store_true", help="do not open JupyterLab")
    parser.add_argument("--version", action="version", version=__version__)
    options, for_lab = parser.parse_known_args()
    if not CARRIED.exists():
        sys.exit(
            "The course comes with an installed minikan. In a clone it lies in tutorial/: open index.ipynb."
        )
    if options.copy_only and for_lab:
        parser.error(f"nothing to pass {' '.join(for_lab)} to, as JupyterLab is not opened")
    folder = options.folder.expanduser().resolve()
    address = metadata("minikan")["Project-URL"].partition(", ")[2]
    try:
        print(report(folder, lay(CARRIED, folder, __version__, address)))
    except OSError as error:
        sys.exit(f"The course cannot be laid into {folder}: {error}")
    if options.copy_only:
        return
    if not find_spec("jupyterlab"):
        sys.exit('JupyterLab is missing: python -m pip install "minikan[lab]"')
    from jupyterlab.labapp import LabApp

    start = [f"--ServerApp.root_dir={folder}", "--LabApp.default_url=/lab/tree/index.ipynb"]
    sys.exit(LabApp.launch_instance([*start, *for_lab]))


if __name__ == "__main__":
    main()
