"""Every notebook keeps the rules, and every rule notices what breaks it."""

import copy

import lint_rules
import pytest
from machinery import NOTEBOOKS, build, name
from nbformat.v4 import new_markdown_cell, new_output
from sample import sample_chapter


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebook_keeps_the_rules(path):
    assert lint_rules.lint(build.read(path), path) == []


@pytest.fixture
def sample():
    """Make a notebook that keeps all rules."""
    notebook = sample_chapter()
    build.tagged(notebook, "facts")[0].source = "Five minutes."
    return notebook


PATH = build.SOLUTIONS / "99_sample.ipynb"
COPY = build.TUTORIAL / "99_sample.ipynb"


def cell(notebook, id):
    """Find a cell by its id."""
    return next(cell for cell in notebook.cells if cell.id == id)


def drop(notebook, id):
    """Drop a cell."""
    notebook.cells.remove(cell(notebook, id))


def replace(notebook, id, old, new):
    """Change the source of a cell, for certain."""
    assert old in cell(notebook, id).source
    cell(notebook, id).source = cell(notebook, id).source.replace(old, new)


def set_alt(notebook, alt):
    """Give the first picture another text."""
    output = cell(notebook, "setup").outputs[0]
    output.metadata["image/png"]["alt"] = output.data["text/plain"] = alt


def exempt(notebook, ids):
    """Exempt cells from comparison."""
    for id in ids:
        cell(notebook, id).metadata.tags = ["nbval-ignore-output"]


SPOILS = {
    "unknown metadata": ("is_valid", lambda nb: nb.metadata.update(author="me")),
    "not a notebook": ("is_valid", lambda nb: cell(nb, "goals").update(cell_type="slide")),
    "a tab for \\t": (
        "writes_no_control_characters",
        lambda nb: replace(nb, "goals", "## Goals", "## \tGoals"),
    ),
    "two titles": ("has_one_title", lambda nb: replace(nb, "goals", "## Goals", "# Goals")),
    "late title": ("has_one_title", lambda nb: nb.cells.insert(0, new_markdown_cell("Welcome"))),
    "skipped level": ("skips_no_heading_level", lambda nb: replace(nb, "goals", "## Goals", "### Goals")),
    "not run": ("was_run_in_order", lambda nb: cell(nb, "sum").update(execution_count=None)),
    "run out of order": ("was_run_in_order", lambda nb: cell(nb, "sum").update(execution_count=9)),
    "empty cell": ("was_run_in_order", lambda nb: cell(nb, "sum").update(source=" ")),
    "error": (
        "shows_no_errors",
        lambda nb: cell(nb, "sum").update(outputs=[new_output("error", ename="E", evalue="", traceback=[])]),
    ),
    "warning": (
        "shows_no_errors",
        lambda nb: cell(nb, "sum").update(outputs=[new_output("stream", name="stderr", text="careful")]),
    ),
    "widget state": ("saves_no_widget_state", lambda nb: nb.metadata.update(widgets={})),
    "widget view": (
        "saves_no_widget_state",
        lambda nb: cell(nb, "sum").outputs[0].data.update({build.WIDGET_VIEW: {}}),
    ),
    "long cell": ("keeps_cells_short", lambda nb: cell(nb, "sum").update(source="\n".join(["1 + 1"] * 13))),
    "semicolon": ("ends_no_cell_with_semicolon", lambda nb: cell(nb, "sum").update(source="1 + 1;")),
    "magic": ("uses_only_plain_python", lambda nb: cell(nb, "sum").update(source="%matplotlib inline")),
    "Output()": ("uses_only_plain_python", lambda nb: cell(nb, "sum").update(source="widgets.Output()")),
    "interact": (
        "uses_only_plain_python",
        lambda nb: cell(nb, "sum").update(source="from ipywidgets import interact as i"),
    ),
    "three exempt cells": ("compares_nearly_all_outputs", lambda nb: exempt(nb, ["setup", "sum", "tent"])),
    "short alt": ("describes_every_picture", lambda nb: set_alt(nb, "A tent.")),
    "long alt": ("describes_every_picture", lambda nb: set_alt(nb, "A tent. " * 60)),
    "alt that names the kind": (
        "describes_every_picture",
        lambda nb: set_alt(nb, "A plot of a tent in the desert"),
    ),
    "no alt": ("describes_every_picture", lambda nb: cell(nb, "setup").outputs[0].metadata.clear()),
    "text is not the alt": (
        "describes_every_picture",
        lambda nb: cell(nb, "setup").outputs[0].data.update({"text/plain": "<Figure size 640x480>"}),
    ),
    "markdown picture": (
        "describes_every_picture",
        lambda nb: replace(nb, "goals", "You", "![](../build.py) You"),
    ),
    "html picture": (
        "describes_every_picture",
        lambda nb: replace(nb, "goals", "You", '<img src="../build.py"> You'),
    ),
    "words in the open": ("folds_words_away", lambda nb: cell(nb, "words").metadata.clear()),
    "words in the call": ("folds_words_away", lambda nb: replace(nb, "setup", "fig, alt", 'fig, "A tent."')),
    "code folded away": ("folds_words_away", lambda nb: replace(nb, "words", "alt", "height = 1\nalt")),
    "answers in the open": (
        "folds_answers_away",
        lambda nb: replace(nb, "play", "**Predict**", "Answers: (1) Down.\n\n**Predict**"),
    ),
    "dead link": ("links_resolve", lambda nb: replace(nb, "goals", "../build.py", "../bild.py")),
    "dead anchor": ("links_resolve", lambda nb: replace(nb, "build", "#Goals", "#Gaols")),
    "other repository": (
        "names_the_one_address",
        lambda nb: replace(nb, "goals", "You", "[code](https://github.com/someone/minikan) You"),
    ),
    "other binder": (
        "names_the_one_address",
        lambda nb: replace(nb, "goals", "You", "[run](https://mybinder.org/v2/gh/a/b/HEAD) You"),
    ),
    "missing part": ("has_its_parts", lambda nb: replace(nb, "sources", "Sources", "Origins")),
    "no facts": ("has_its_parts", lambda nb: cell(nb, "facts").metadata.clear()),
    "no minutes": ("has_its_parts", lambda nb: nb.metadata.minikan.pop("minutes")),
    "minutes of the core alone": ("has_its_parts", lambda nb: nb.metadata.minikan.pop("minutes_all")),
    "slow": ("runs_quickly", lambda nb: nb.metadata.minikan.update(seconds=60)),
    "no picture first": ("opens_with_a_picture", lambda nb: cell(nb, "setup").update(outputs=[])),
    "too few predictions": ("asks_before_it_answers", lambda nb: replace(nb, "play", "**Predict**", "See")),
    "explorable without its heading": (
        "asks_before_it_answers",
        lambda nb: replace(nb, "play", "Play", "Work"),
    ),
    "two exercises": ("exercises_are_complete", lambda nb: (drop(nb, "solve-3"), drop(nb, "check-3"))),
    "no stars": ("exercises_are_complete", lambda nb: replace(nb, "ask-2", "★", "")),
    "no hint": ("exercises_are_complete", lambda nb: replace(nb, "ask-2", "<details>", "")),
    "no check": ("exercises_are_complete", lambda nb: drop(nb, "check-2")),
    "ungraded check": ("exercises_are_complete", lambda nb: cell(nb, "check-2").metadata.clear()),
    "another exercise's check": ("exercises_are_complete", lambda nb: replace(nb, "check-2", "99.2", "99.1")),
    "unanswered quiz": ("quiz_has_answers", lambda nb: replace(nb, "end", "<details>", "")),
}


def test_the_sample_keeps_the_rules(sample):
    assert lint_rules.lint(sample, PATH) == []
    replace(sample, "goals", "../", "")
    assert lint_rules.lint(build.hold_back(sample), COPY) == []


@pytest.mark.parametrize("spoil", ["count", "output"])
def test_a_prediction_that_is_spoiled_is_noticed(sample, spoil):
    replace(sample, "goals", "../", "")
    shown = copy.deepcopy(cell(sample, "sum"))
    build.hold_back(sample)
    if spoil == "count":
        cell(sample, "sum").execution_count = shown.execution_count
    else:
        cell(sample, "sum").outputs = shown.outputs
    (problem,) = lint_rules.lint(sample, COPY)
    assert problem.startswith("spoils_no_prediction: ")


@pytest.mark.parametrize("spoil", SPOILS)
def test_rule_notices(sample, spoil):
    rule, change = SPOILS[spoil]
    spoilt = copy.deepcopy(sample)
    change(spoilt)
    found = lint_rules.lint(spoilt, PATH)
    assert rule in {problem.partition(":")[0] for problem in found}


def test_every_rule_is_seen_failing():
    seen = {rule for rule, _ in SPOILS.values()} | {lint_rules.spoils_no_prediction.__name__}
    assert seen == {rule.__name__ for rule in lint_rules.RULES}
