"""What the docstrings promise: every example runs as printed, every public name has one."""

import doctest
import inspect
from unittest.mock import patch

import pytest
from numpydoc.validate import validate
from public import MODULES

import minikan
from minikan.checks import framework
from minikan.functions import LIBRARY

# Of numpydoc's own rules, these: sections known, in order, with text; parameters and results as in the code.
RULES = {
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "SS01", "SS02", "SS03", "SS04",
    "PR01", "PR02", "PR03", "PR05", "PR06", "PR08", "PR09", "PR10", "RT01", "RT02", "EX01",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_run_as_printed(name, tmp_path, monkeypatch):
    """Each module by itself, in an empty folder; what its examples register is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    with patch.dict(LIBRARY), patch.dict(framework._EXERCISES):
        assert doctest.testmod(MODULES[name]).failed == 0


def documented(name):
    """Find the object whose docstring tells about a public name: itself, or the class of a table's entries."""
    public = getattr(minikan, name)
    public = public if callable(public) else type(next(iter(public.values())))
    return f"{inspect.getmodule(public).__name__}.{public.__name__}"


@pytest.mark.parametrize("name", minikan.__all__)
def test_public_names_have_a_numpydoc_docstring_with_an_example(name):
    excused = {"PR01"} if name == "History" else set()  # `fit` makes it
    errors = validate(documented(name))["errors"]
    assert [text for code, text in errors if code in RULES - excused] == []
