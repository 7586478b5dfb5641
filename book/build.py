"""Turn the notebooks into a book: linked pages of HTML that need no server and no network.

    python book/build.py            # writes build/book/index.html
    python book/build.py FOLDER

The notebooks are taken as they are stored; nothing is executed, and an explorable is shown by its storyboard.
Sphinx and MyST-NB make the pages. This script lays out what they read: the course, its solutions, a page on the
public names, and the package's source. A warning fails the build.
"""

import argparse
import os
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

import minikan

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent
TUTORIAL = ROOT / "tutorial"
PACKAGE = ROOT / "minikan"
LINK = re.compile(r"""(\]\(|(?:href|src)=")([^)\s"#]+)""")
ADDRESS = re.search(
    r'^Repository = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
)[1]
LEFT_OUT = shutil.ignore_patterns("*.py", "__pycache__", ".ipynb_checkpoints")


def relink(text, path):
    """Make the links of the text of a file at `path` lead to the pages of the book."""

    def page(match):
        start, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        there = (path.parent / target).resolve()
        if PACKAGE in there.parents:
            there = TUTORIAL / "code" / there.relative_to(PACKAGE).with_suffix(".md")
        elif TUTORIAL not in there.parents or there.suffix == ".py":
            return f"{start}{ADDRESS}/blob/HEAD/{there.relative_to(ROOT).as_posix()}"
        if start != "](" and there.suffix in {".ipynb", ".md"}:  # in HTML, which Sphinx does not look into
            there = there.with_suffix(".html")
        return f"{start}{Path(os.path.relpath(there, path.parent)).as_posix()}"

    return LINK.sub(page, text)


def chapter(path):
    """Read a notebook as a page: its links lead to pages, its pictures have their descriptions."""
    notebook = nbformat.read(path, as_version=4)
    solved = nbformat.read(TUTORIAL / "solutions" / path.name, as_version=4)
    shown = {cell.id: cell.get("outputs", []) for cell in solved.cells}
    for cell in notebook.cells:
        if (
            cell.cell_type == "code" and cell.execution_count is None
        ):  # it waits to be run; a page cannot be run
            cell.outputs = shown[cell.id]
        if cell.cell_type == "markdown":
            cell.source = relink(cell.source, path)
        for output in cell.get("outputs", []):
            if about := output.get("metadata", {}).get("image/png"):
                cell.metadata.mystnb = {"image": {"alt": about.alt, "width": f"{about.width}px"}}
    return notebook


def public_names():
    """Write the page on the public names, module by module in reading order."""
    lines, before = (
        ["# The public names", "", "All of them are imported as `from minikan import …`.", ""],
        None,
    )
    for name, home in minikan._HOME.items():
        module, public = import_module(f"minikan.{home}"), getattr(minikan, name)
        if home != before:
            source = Path(module.__file__).relative_to(PACKAGE).with_suffix(".md").as_posix()
            lines += [f"## {home}", "", f"{module.__doc__.splitlines()[0]} [Source](code/{source})", ""]
            before = home
        if callable(public):
            kind = "class" if isinstance(public, type) else "function"
            lines += ["```{eval-rst}", f".. auto{kind}:: minikan.{name}", "```", ""]
        else:
            values = type(next(iter(public.values())))
            lines += [
                "```{eval-rst}",
                f".. py:data:: minikan.{name}",
                "",
                *(f"   - ``{value!r}``" for value in public.values()),
            ]
            lines += ["", f".. autoclass:: {values.__module__}.{values.__name__}", "```", ""]
    return "\n".join(lines)


def contents(caption, pages):
    """Write a table of contents that shows in the margin only."""
    return "\n".join(["```{toctree}", f":caption: {caption}", ":hidden:", "", *pages, "```", ""])


def reading_order():
    """List the package's files as the README's map of chapters names them, then what it names as folders."""
    listed = re.findall(r"\]\(minikan/(\w+)\.py\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    order = {PACKAGE / f"{name}.py": number for number, name in enumerate(listed)}
    return sorted(PACKAGE.rglob("*.py"), key=lambda path: (order.get(path, len(order)), path))


def lay_out(folder):
    """Lay out all that Sphinx reads in a folder."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(TUTORIAL, folder, ignore=LEFT_OUT)
    for path in folder.rglob("*.ipynb"):
        nbformat.write(chapter(TUTORIAL / path.relative_to(folder)), path)
    for path in folder.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(relink(text, TUTORIAL / path.relative_to(folder)), encoding="utf-8")

    code = []
    for path in reading_order():
        name = path.relative_to(PACKAGE).with_suffix("")
        title = name.as_posix().replace("_", r"\_")
        text = f"# {title}.py\n\n```python\n{path.read_text(encoding='utf-8')}```\n"
        (folder / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "code" / name).with_suffix(".md").write_text(text, encoding="utf-8")
        code.append(name.as_posix())
    files = contents("Files", code).replace(":hidden:", "")
    text = f"# Its source\n\nEvery line of the package, in the order of the chapters.\n\n{files}"
    (folder / "code" / "index.md").write_text(text, encoding="utf-8")
    (folder / "names.md").write_text(public_names(), encoding="utf-8")

    chapters = sorted(path.stem for path in folder.glob("*.ipynb") if path.stem != "index")
    pages = [path.stem for path in folder.glob("*.md") if path.stem != "names"]
    instructor = [f"instructor/{path.stem}" for path in sorted(folder.glob("instructor/*.md"))]
    margin = [
        contents("Chapters", [*chapters, *pages, "data/paper"]),
        contents("The package", ["names", "code/index"]),
        contents("Worked solutions", [f"solutions/{name}" for name in ["index", *chapters]]),
        contents("For instructors", instructor) if instructor else "",
    ]
    index = nbformat.read(folder / "index.ipynb", as_version=4)
    index.cells.append(nbformat.v4.new_markdown_cell("\n".join(margin)))
    nbformat.write(index, folder / "index.ipynb")


def main():
    """Build the book in the folder named on the command line, from a layout beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "build" / "book", help="where to write it"
    )
    folder = parser.parse_args().folder.resolve()
    layout = folder.with_name(f"{folder.name}-layout")
    lay_out(layout)
    options = ["-b", "html", "-W", "--keep-going", "-q", "-E", "-c", str(BOOK)]
    if failed := build_main([*options, str(layout), str(folder)]):
        sys.exit(failed)
    print(f"The book opens at {folder / 'index.html'}")


if __name__ == "__main__":
    main()
