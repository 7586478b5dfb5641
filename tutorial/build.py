"""Build the notebooks: run `python tutorial/build.py` after every change of a chapter or of what it shows.

Every chapter has one source, the complete notebook in `tutorial/solutions/`. For each of them, or only
for those named on the command line, this

1. fills in the generated cells: "facts" in each chapter, "map" in the index;
2. executes it in a fresh kernel and stores it in a normal form, so that diffs show what changed;
3. generates the student's notebook in `tutorial/`, with nbgrader's preprocessors, and does the same. Cells that
   answer a prediction are executed and stored without what they show: they wait for the student to run them.

`python tutorial/build.py --check` executes nothing; it fails unless all that is generated is up to date.
"""

import argparse
import base64
import io
import os
import re
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbconvert.preprocessors import TagRemovePreprocessor
from nbgrader.preprocessors import CheckCellMetadata, ClearHiddenTests, ClearOutput, ClearSolutions, LockCells
from PIL import Image

TUTORIAL = Path(__file__).resolve().parent
SOLUTIONS = TUTORIAL / "solutions"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
RUN_TIMES = (10, 20, 30, 60)  # seconds; a chapter that needs longer is too long
STEADY = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"), "1")
FOLDED = "hide-input"  # the tag of cells that hold no more than the words of a picture
PREDICT = "**Predict"  # what a markdown cell contains whose question the code below it answers
ANSWERS, KEEPS = "answers-prediction", "keep-output"  # tags for cells where that rule is not right
LINK = re.compile(r"""(\]\(|(?:href|src)=")([^)\s"]+)""")


def read(path):
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def sources():
    """List the chapters' sources in reading order: the index, then 01, 02 and so on."""
    paths = sorted(SOLUTIONS.glob("*.ipynb"))
    return sorted(paths, key=lambda path: path.stem != "index")


def chapters():
    """List the sources without the index."""
    return [source for source in sources() if source.stem != "index"]


def public_address():
    """Look up the project's address, which stands in pyproject.toml and nowhere else."""
    text = (TUTORIAL.parent / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository = "([^"]+)"', text, re.MULTILINE)[1]


def binder_address(path):
    """Make the link that opens a student's notebook in Binder."""
    project = public_address().removeprefix("https://github.com/")
    return f"https://mybinder.org/v2/gh/{project}/HEAD?urlpath=lab/tree/tutorial/{path.name}"


# Generated cells


def title(notebook):
    """Return the text of a notebook's first heading."""
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ").strip()


def tagged(notebook, tag):
    """List the cells with a tag."""
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def exercises(notebook):
    """List the exercise cells, those that hold a solution."""
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]


def facts(path, notebook):
    """Write the facts on a chapter; `path` is where the notebook lies that they are for."""
    about, names = notebook.metadata.minikan, [source.name for source in sources()]
    here = names.index(path.name)
    neighbours = [
        f"{word}: [{title(read(SOLUTIONS / names[i]))}]({names[i]})"
        for word, i in (("Previous", here - 1), ("Next", here + 1))
        if 0 <= i < len(names)
    ]
    if path.parent == SOLUTIONS:
        twin = f"Worked solutions; [your copy of this chapter](../{path.name}) has the exercises open"
    else:
        twin = f"[Worked solutions](solutions/{path.name})"
    return (
        f"**{about.minutes} minutes** for the core, {about.minutes_all} with all exercises and optional parts"
        f" · **under {about.seconds} s** to run · {about.difficulty}\n\n"
        f"{' · '.join(neighbours)}\n\n{twin} · [open in Binder]({binder_address(path)})"
    )


def chapter_map():
    """Write the table of all chapters for the index."""
    rows = [
        "| chapter | to study the core | with all exercises and optional parts | to run | exercises | difficulty |",
        "|---|---|---|---|---|---|",
    ]
    for source in chapters():
        notebook = read(source)
        about = notebook.metadata.minikan
        rows.append(
            f"| [{title(notebook)}]({source.name}) | {about.minutes} min | {about.minutes_all} min "
            f"| under {about.seconds} s | {len(exercises(notebook))} | {about.difficulty} |"
        )
    return "\n".join(rows)


def fill_in(path, notebook):
    """Fill in the generated cells of the notebook that lies at `path`."""
    notebook.metadata.minikan.setdefault("seconds", RUN_TIMES[0])
    for cell in tagged(notebook, "facts"):
        cell.source = facts(path, notebook)
    for cell in tagged(notebook, "map"):
        cell.source = chapter_map()


# The student's copy


def student_copy(source):
    """Generate the student's notebook from a source, not yet executed."""
    notebook, resources = read(source), {}
    for preprocessor in (
        TagRemovePreprocessor(remove_cell_tags={"solution-only"}),
        CheckCellMetadata(),
        ClearSolutions(),
        ClearHiddenTests(),
        LockCells(),
        ClearOutput(),
    ):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(_from_tutorial, cell.source)
    fill_in(TUTORIAL / source.name, notebook)
    return normalise(notebook)


def waiting(notebook):
    """List the cells that wait, in the student's copy, to be run after a prediction; none in the index.

    They are all code cells between a markdown cell that says **Predict** and the next one, but for explorables,
    whose still pictures are questions, too.
    """
    found, predicted = [], False
    for cell in notebook.cells if notebook.metadata.minikan.get("chapter") else []:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            predicted = PREDICT in cell.source
        elif cell.cell_type == "code":
            still = any(o.output_type == "execute_result" and "image/png" in o.data for o in cell.outputs)
            if ANSWERS in tags or (predicted and KEEPS not in tags and not still):
                found.append(cell)
    return found


def hold_back(notebook):
    """Take away what the waiting cells show: they were never run, for JupyterLab and for nbval, too."""
    for cell in waiting(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def _from_tutorial(link):
    """Rewrite a link of a notebook in solutions/ for its copy one folder up."""
    start, target = link.groups()
    file, mark, anchor = target.partition("#")
    if not file or re.match(r"[a-z]+:", file) or (SOLUTIONS / file).resolve().parent == SOLUTIONS:
        return link[0]  # within the notebook, to the web, or to a sibling, which has a copy, too
    return f"{start}{Path(os.path.relpath(SOLUTIONS / file, TUTORIAL)).as_posix()}{mark}{anchor}"


# Execution and the normal form


def execute(path, notebook):
    """Execute a notebook in a fresh kernel as if it lay at `path`; return the seconds of a processor that it took."""
    os.environ.update(STEADY)
    client = NotebookClient(
        notebook,
        timeout=600,  # for a cell, and for the kernel to start, on however busy a machine
        startup_timeout=600,
        kernel_name=KERNELSPEC["name"],
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        coalesce_streams=True,  # one piece of printed text, however it arrived
        extra_arguments=["--IPKernelApp.log_level=40"],  # no notes on the kernel's transport
    )
    start, before = time.perf_counter(), os.times()
    client.execute()
    after = os.times()  # of the kernel, which has ended; so a busy machine counts no more than an idle one
    kernel = after.children_user + after.children_system - before.children_user - before.children_system
    return kernel or time.perf_counter() - start  # Windows does not count children


def normalise(notebook):
    """Remove all that differs from run to run without meaning anything."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, "minikan": notebook.metadata.minikan}
    )
    count = 0
    for cell in notebook.cells:
        kept = ("tags", "nbgrader", "deletable", "editable")
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in kept if key in cell.metadata})
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
        if FOLDED in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"source_hidden": True}  # so that JupyterLab folds it, too
        if cell.cell_type != "code":
            continue
        count += 1
        executed = cell.execution_count is not None
        cell.execution_count = count if executed else None
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            output.get("data", {}).pop(WIDGET_VIEW, None)  # it names a widget of a kernel that is gone
    return notebook


def same_picture(old, new):
    """Tell whether two PNGs, in base64, look the same; fonts may be drawn a little differently."""
    if old == new:
        return True
    old, new = (Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB") for png in (old, new))
    if old.size != new.size:
        return False
    difference = np.abs(np.asarray(old, dtype=int) - np.asarray(new, dtype=int))
    return bool(difference.max() <= 40 and difference.mean() <= 0.5)


def keep_pictures(old, new):
    """Keep the stored bytes of each picture that still looks the same, so that it is no change to git."""
    stored = {cell.id: cell.get("outputs", []) for cell in old.cells}
    for cell in new.cells:
        for before, after in zip(stored.get(cell.id, []), cell.get("outputs", []), strict=False):
            pictures = [output.get("data", {}).get("image/png") for output in (before, after)]
            if all(pictures) and same_picture(*pictures):
                after.data["image/png"] = before.data["image/png"]


def store(path, notebook):
    """Write a notebook to its place, with as few changes as can be."""
    nbformat.validate(notebook)
    if path.exists():
        keep_pictures(read(path), notebook)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        nbformat.write(notebook, file)


def run_time(seconds, stored):
    """Round a run time up to one of RUN_TIMES; a stored one stays while it is about right."""
    if stored / 3 < seconds <= stored:
        return stored
    return next((limit for limit in RUN_TIMES if seconds <= limit), round(seconds))


# Commands


def build(source):
    """Execute and store one source and the student's notebook made from it."""
    notebook = read(source)
    fill_in(source, notebook)
    seconds = execute(source, notebook)
    notebook.metadata.minikan.seconds = run_time(seconds, notebook.metadata.minikan.seconds)
    fill_in(source, notebook)
    store(source, normalise(notebook))
    copy = student_copy(source)
    execute(TUTORIAL / source.name, copy)
    store(TUTORIAL / source.name, normalise(hold_back(copy)))
    print(f"{source.stem}: {seconds:.1f} s")


def _without_outputs(notebook):
    cells = [{**cell, "outputs": [], "execution_count": None} for cell in notebook.cells]
    return {**notebook, "cells": cells}


def problems():
    """List what is generated and not up to date, a sentence for each."""
    found = []
    for source in sources():
        stored, filled, student = read(source), read(source), TUTORIAL / source.name
        fill_in(source, filled)
        if stored != normalise(filled):
            found.append(
                f"{source.name}: the stored source is not in normal form, or its facts are out of date"
            )
        if not student.exists():
            found.append(f"{source.name}: there is no student's copy")
        elif _without_outputs(read(student)) != _without_outputs(student_copy(source)):
            found.append(f"{source.name}: the student's copy does not follow from its source")
    orphans = {path.name for path in TUTORIAL.glob("*.ipynb")} - {path.name for path in sources()}
    return found + [f"{name}: a student's copy without a source" for name in sorted(orphans)]


def main():
    """Build the notebooks named on the command line, or all; or check that they are up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="such as 02_b_splines; all if none is given")
    parser.add_argument("--check", action="store_true", help="execute nothing, tell what is out of date")
    args = parser.parse_args()
    if unknown := set(args.names) - {path.stem for path in sources()}:
        parser.error(f"no source in {SOLUTIONS.name}/ for: {', '.join(sorted(unknown))}")
    if not args.check:
        for source in sources():
            if not args.names or source.stem in args.names:
                build(source)
    if found := problems():
        sys.exit("\n".join([*found, "Run `python tutorial/build.py` to bring everything up to date."]))


if __name__ == "__main__":
    main()
