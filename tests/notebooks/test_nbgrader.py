"""nbgrader itself takes points for open and wrong answers, and gives them for right ones."""

import nbformat
import pytest
from machinery import build
from nbgrader.validator import Validator
from sample import sample_chapter

pytestmark = pytest.mark.slow

ANSWERS = {"right": "return x**{number}", "wrong": "return 2 * x", "open": "raise NotImplementedError()"}


@pytest.mark.parametrize(
    ("answer", "lost"),
    [("right", []), ("wrong", ["99.1", "99.2", "99.3"]), ("open", ["99.1", "99.2", "99.3"])],
)
def test_validator_sees_what_check_sees(tmp_path, answer, lost):
    notebook = sample_chapter()
    for number, cell in enumerate(build.exercises(notebook), start=1):
        cell.source = f"def power(x):\n    {ANSWERS[answer].format(number=number)}"
    path = tmp_path / "submitted.ipynb"
    nbformat.write(notebook, path)
    failed = Validator(ignore_checksums=True).validate(str(path)).get("failed", [])
    assert [cell["source"] for cell in failed] == [f'check("{id}", power)' for id in lost]
    assert all("properties hold" in cell["error"] or "waiting for you" in cell["error"] for cell in failed)
