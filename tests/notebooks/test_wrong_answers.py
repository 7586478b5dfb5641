"""Every exercise: its solution passes, its stub is encouraged, typical wrong answers are told why.

The wrong answers of chapter 02 are in `wrong_answers/chapter02.py`, and so on. Each such module has a
dict `WRONG`: exercise id -> list of (wrong answer, name of the property that must fail); a third entry is
words that the cause has to say. `RIGHT`, if there, lists answers that are right in another way.
"""

import ast
import importlib
import pkgutil
import re

import pytest
from machinery import SOURCES, build

from minikan import checks
from minikan.checks import framework

LEAST_WRONG_ANSWERS = 2


def graded(source):
    """List a chapter's exercises: id, the code above the check, and the name of what is checked."""
    notebook, code = build.read(source), []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("nbgrader", {}).get("grade"):
            call = ast.parse(cell.source).body[-1].value
            yield call.args[0].value, list(code), ast.unparse(call.args[1])
        code.append(cell)


EXERCISES = [
    pytest.param(source, *exercise, id=exercise[0]) for source in SOURCES for exercise in graded(source)
]


def run(cells):
    """Run the last cell, which is the exercise, after the imports and definitions above it."""
    names, needed = {}, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for cell in cells[:-1]:
        above = [node for node in ast.parse(cell.source).body if isinstance(node, needed)]
        exec(compile(ast.Module(above, []), "<above>", "exec"), names)
    exec(compile(cells[-1].source, "<exercise>", "exec"), names)
    return names


def wrong_answers(id, kind="WRONG"):
    """List the wrong answers to an exercise, or other right ones."""
    return getattr(importlib.import_module(f"wrong_answers.chapter{id[:2]}"), kind, {}).get(id, [])


@pytest.mark.parametrize(("source", "id", "cells", "answer"), EXERCISES)
class TestExercise:
    """One exercise."""

    def test_solution_passes(self, source, id, cells, answer):
        for right in (eval(answer, run(cells)), *wrong_answers(id, "RIGHT")):
            feedback = framework.check(id, right)
            assert feedback.solved, repr(feedback)

    def test_stub_is_encouraged(self, source, id, cells, answer):
        student = next(cells for other, cells, _ in graded(build.TUTORIAL / source.name) if other == id)
        feedback = framework.check(id, eval(answer, run(student)))
        assert feedback.results == []
        assert "waiting for you" in repr(feedback)

    def test_wrong_answers_are_told_why(self, source, id, cells, answer):
        wrong = wrong_answers(id)
        assert len(wrong) >= LEAST_WRONG_ANSWERS
        for mistaken, property_name, *words in wrong:
            failed = {
                result.name: result for result in framework.check(id, mistaken).results if not result.holds
            }
            assert property_name in failed, f"{mistaken.__name__}: fails {list(failed)}"
            result = failed[property_name]
            assert result.expected and result.got and len(result.cause) > 10
            assert all(each in result.cause for each in words), f"{mistaken.__name__}: {result.cause}"

    def test_properties_have_names_of_their_own(self, source, id, cells, answer):
        names = [name for name, *_ in framework.find(id).properties]
        assert len(set(names)) == len(names) >= 2


def test_notebooks_and_checks_have_the_same_exercises():
    for module in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        if re.search(r"chapter\d\d$", module.name):
            importlib.import_module(module.name)
    assert {param.id for param in EXERCISES} == set(framework._EXERCISES)
