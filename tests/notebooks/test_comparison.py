"""Every notebook is compared strictly, by nbval and by `conftest.py` at the root: here it is seen failing."""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from machinery import ROOT
from nbformat.v4 import new_code_cell, new_notebook, new_output

SHOW = """\
from IPython.display import display
display({"image/png": "", "text/plain": "A tent."}, raw=True, metadata={"image/png": {"alt": "A tent."}})"""
SHOWN = {"image/png": "other pixels", "text/plain": "A tent."}
ALT = {"image/png": {"alt": "A tent."}}
PRINTED = [new_output("stream", text="2\n")]
FIGURE = [new_output("display_data", SHOWN, metadata=ALT)]
CELLS = {
    "as stored": (True, SHOW, FIGURE, 1),
    "other words": (False, SHOW, [new_output("display_data", {**SHOWN, "text/plain": "Feet."}, metadata=ALT)], 1),
    "another alt text": (False, SHOW, [new_output("display_data", SHOWN, metadata={"image/png": {"alt": "Feet."}})], 1),
    "another kind": (False, SHOW, [new_output("execute_result", SHOWN, metadata=ALT, execution_count=1)], 1),
    "another number": (False, "print(3)", PRINTED, 1),
    "twice": (False, SHOW, [*FIGURE, *FIGURE], 1),
    "a cell that waits": (True, "print(2)", [], None),
    "a cell that waits in vain": (False, "1 / 0", [], None),
    "a prediction that is spoiled": (False, "print(2)", PRINTED, None),
    "a warning": (False, "import sys; print(2, file=sys.stderr)", PRINTED, 1),
}  # fmt: skip


@pytest.mark.slow
def test_what_differs_is_noticed(tmp_path):
    cells = [
        new_code_cell(source, outputs=outputs, execution_count=count)
        for _, source, outputs, count in CELLS.values()
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "cells.ipynb")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    command += ["-n0", "-q", "-rA", "cells.ipynb"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    passed = {int(number) for number in re.findall(r"^PASSED \S+::Cell (\d+)", run.stdout, re.MULTILINE)}
    failed = {int(number) for number in re.findall(r"^FAILED \S+::Cell (\d+)", run.stdout, re.MULTILINE)}
    assert len(passed) + len(failed) == len(CELLS), run.stdout + run.stderr
    wrong = [name for i, (name, cell) in enumerate(CELLS.items()) if (i in passed) != cell[0]]
    assert wrong == [], run.stdout
