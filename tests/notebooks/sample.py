"""A very small chapter that keeps all rules, for tests to spoil one at a time."""

import base64
import io

from machinery import build
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

SETUP = """\
from minikan import check, show
from minikan.checks.expectations import expect_close
from minikan.checks.framework import Exercise
from minikan.plotting import figure
from minikan.widgets.explorer import Explorer, choice, slider, toggle

fig, ax = figure(7, 3)
ax.plot([0, 1, 2], [0, 1, 0])
show(fig, alt)
"""
WORDS = "A line rises from 0 to 1 and falls back to 0: a tent."
TENT = """\
class Tent(Explorer):
    description = "Raise the tent and see that its feet stay where they are."
    storyboard = tuple({"top": top, "dashed": top > 2, "feet": 0.0} for top in (1, 2, 3))

    def controls(self):
        feet = slider("feet", 0.0, 0.5, 0.0, 0.1)
        return {"top": slider("height", 1, 3, 2), "dashed": toggle("dashed"), "feet": feet}

    def draw(self, figure, top, dashed, feet):
        ax = figure.subplots()
        ax.plot([0, 1, 2], [feet, top, feet], "--" if dashed else "-")
        ax.set(ylim=(0, 3), xlabel="x", title="A tent")"""
EXERCISES = """\
for number, power in enumerate((1, 2, 3), start=1):
    exercise = Exercise(f"99.{number}", f"the power {power}")
    exercise.property("is right at 2", "count the factors")(lambda f, p=power: expect_close(f(2.0), 2.0**p))
    exercise.property("is 1 at 1", "count the terms")(lambda f: expect_close(f(1.0), 1.0))"""


def sample_chapter():
    """Make the sample, its outputs made by hand."""
    cells = [
        new_markdown_cell("# 99 · A sample\n\nYou will see a tent. How high is it?", id="title"),
        new_markdown_cell("", id="facts", metadata={"tags": ["facts"]}),
        new_code_cell(f"alt = {WORDS!r}", id="words", metadata={"tags": ["hide-input"]}),
        new_code_cell(SETUP, id="setup", outputs=[picture(WORDS)]),
        new_markdown_cell(
            "## Goals\n\nYou will be able to read [the build script](../build.py).", id="goals"
        ),
        new_markdown_cell(
            "## Notation\n\nx is a number.\n\n## Derive the tent\n\n**Predict** its height.", id="steps"
        ),
        new_markdown_cell("## Build it\n\n**Predict** its width, see [Goals](#Goals).", id="build"),
        new_code_cell(
            "1 + 1", id="sum", outputs=[new_output("execute_result", {"text/plain": "2"}, execution_count=2)]
        ),
        new_markdown_cell("## Play with it\n\n**Predict** where its feet go.", id="play"),
        new_code_cell(TENT, id="tent"),
        new_code_cell(
            "Tent()",
            id="explorable",
            outputs=[picture("Raise the tent and see that its feet stay where they are.", "execute_result")],
        ),
        new_markdown_cell("### When this fails\n\nIn a storm.\n\n## Exercises", id="exercises"),
        new_code_cell(EXERCISES, id="define"),
        *(cell for number in (1, 2, 3) for cell in exercise(number)),
        new_markdown_cell(
            "## Recap\n\nA tent has feet.\n\n## Quiz\n" + 3 * "\n1. Why? <details>Because.</details>",
            id="end",
        ),
        new_markdown_cell("## Sources\n\nThe paper, section 2.", id="sources"),
    ]
    about = {"chapter": 99, "minutes": 5, "minutes_all": 9, "difficulty": "easy"}
    notebook = new_notebook(cells=cells, metadata={"minikan": about})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1  # normalise counts them
    notebook.metadata.minikan.seconds = build.RUN_TIMES[0]
    return build.normalise(notebook)


def exercise(number):
    """Make the three cells of an exercise."""
    solution = f"def power(x):\n    ### BEGIN SOLUTION\n    return x**{number}\n    ### END SOLUTION"
    common = {"schema_version": 3, "task": False}
    ask = {"grade": False, "grade_id": f"ex-99-{number}", "locked": False, "solution": True, **common}
    grade = {
        "grade": True,
        "grade_id": f"check-99-{number}",
        "locked": True,
        "points": 1,
        "solution": False,
        **common,
    }
    hint = "<details><summary>Hint</summary>Multiply.</details>"
    return (
        new_markdown_cell(f"### 99.{number} ★ Power {number}\n\n{hint}", id=f"ask-{number}"),
        new_code_cell(solution, id=f"solve-{number}", metadata={"nbgrader": ask}),
        new_code_cell(f'check("99.{number}", power)', id=f"check-{number}", metadata={"nbgrader": grade}),
    )


def picture(alt, kind="display_data", colour="white"):
    """Make an output with a picture and its alt text, as `show` and explorables do."""
    buffer = io.BytesIO()
    Image.new("RGB", (60, 30), colour).save(buffer, format="png")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode(), "text/plain": alt}
    return new_output(kind, data, metadata={"image/png": {"alt": alt, "width": 60}})
