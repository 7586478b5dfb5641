"""Slides follow from a chapter by rule, need no network, and nothing on them is cut off."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest
from machinery import ROOT, build
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sample import picture, sample_chapter

SCRIPT = ROOT / "tutorial" / "instructor" / "slides.py"
_spec = importlib.util.spec_from_file_location("instructor_slides", SCRIPT)
slides = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(slides)

ALT = "A line rises from 0 to 1 and falls back to 0: a tent."


def derive(*cells):
    """Derive slides from cells; a pair (place, text) for each cell that is not a running title."""
    notebook = new_notebook(cells=list(cells), metadata={"minikan": {}})
    return [
        (cell.metadata.slideshow.slide_type, cell.source)
        for cell in slides.derive(notebook).cells
        if cell.source and not cell.source.startswith('<p class="running">')
    ]


def places(*cells):
    """Derive slides; the running titles alone, each with the place where it begins."""
    notebook = new_notebook(cells=list(cells), metadata={"minikan": {}})
    return [
        (cell.metadata.slideshow.slide_type, cell.source[19:-4])
        for cell in slides.derive(notebook).cells
        if cell.source.startswith('<p class="running">')
    ]


# -------------------------------------------------------------------------------------------- rules


def test_headings_and_figures_begin_slides_and_subslides():
    cells = (
        new_markdown_cell("## One\n\nA.\n\n### Two\n\nB."),
        new_code_cell("plot()", outputs=[picture(ALT)]),
    )
    assert places(*cells, new_markdown_cell("## Three\n\nC.")) == [
        ("slide", "One"),
        ("subslide", "Two"),
        ("subslide", "Two"),
        ("slide", "Three"),
    ]


def test_a_figure_comes_with_its_alt_text_and_without_its_code():
    ((place, text),) = derive(new_code_cell("plot()", outputs=[picture(ALT)]))
    assert place == "-" and f'alt="{ALT}"' in text and "plot()" not in text


def test_plain_prose_goes_to_the_speaker():
    text = "## Title\n\nFirst.\n\nPlain.\n\n**Bold** one.\n\nIt follows that\n\n$$ x = 1 $$\n\n- a list"
    assert derive(new_markdown_cell(text)) == [
        ("-", "First."),
        ("notes", "Plain."),
        ("-", "**Bold** one."),
        ("-", "It follows that"),
        ("-", "$$ x = 1 $$"),
        ("-", "- a list"),
    ]


def test_answers_and_prints_wait_for_a_key():
    quiz = "## Quiz\n\n**1.** Why?\n\n<details><summary>Answer</summary>\n\nBecause.\n</details>"
    assert derive(new_markdown_cell(quiz)) == [("-", "**1.** Why?"), ("fragment", "Because.")]
    code, printed = derive(new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")]))
    assert code == ("-", "```python\nprint(1)\n```") and printed == ("fragment", "```text\n1\n```")


def test_code_that_neither_defines_nor_prints_is_left_out():
    assert derive(new_code_cell("x = 1")) == []
    assert derive(new_code_cell("import numpy as np")) == []
    assert len(derive(new_code_cell("def f(x):\n    return x"))) == 1


def test_exercises_facts_and_sources_are_left_out():
    kept = " ".join(text for _, text in derive(*sample_chapter().cells))
    assert "A tent has feet." in kept and "Because." in kept and f'alt="{ALT}"' in kept
    for left_out in ("Power 1", "Multiply.", "SOLUTION", "The paper, section 2.", "check("):
        assert left_out not in kept


def test_tags_overrule():
    cells = [new_markdown_cell("## One\n\nA."), new_markdown_cell("**B**"), new_markdown_cell("**C**")]
    cells[1].metadata.tags, cells[2].metadata.tags = ["slide"], ["skip-slide"]
    assert [text for _, text in derive(*cells)] == ["A.", "**B**"]
    assert places(*cells) == [("slide", "One"), ("slide", "One")]


def test_what_has_no_room_goes_on_below():
    paragraphs = "\n\n".join(f"**{k}** " + 60 * "word " for k in range(6))
    assert [place for place, _ in places(new_markdown_cell(f"## Long\n\n{paragraphs}"))] == [
        "slide",
        "subslide",
    ]


@pytest.mark.parametrize("source", build.chapters(), ids=lambda path: path.stem)
def test_no_picture_of_a_chapter_is_lost(source):
    notebook = build.read(source)
    shown = sum('<img class="picture"' in cell.source for cell in slides.derive(notebook).cells)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert shown == sum(any("image/png" in o.get("data", {}) for o in cell.outputs) for cell in cells) > 3


# ---------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Make the slides of all chapters by the command."""
    if not shutil.which("npm"):
        pytest.fail("no npm") if os.environ.get("CI") else pytest.skip("no npm")
    folder, names = tmp_path_factory.mktemp("slides"), [source.stem for source in build.chapters()]
    subprocess.run([sys.executable, SCRIPT, *names, "--output", folder], check=True, capture_output=True)
    return [folder / f"{name}.html" for name in names]


MEASURE = """() => [...document.querySelectorAll('.slides section')]
    .filter(slide => !slide.querySelector('section'))
    .map(slide => {
        const at = deck.getIndices(slide);
        deck.slide(at.h, at.v);
        const frame = document.querySelector('.slides').getBoundingClientRect();
        const parts = [...slide.querySelectorAll('.cell > *, img, mjx-container, mjx-container > svg, pre, td')];
        const boxes = parts.map(part => part.getBoundingClientRect()).filter(box => box.width);
        return {
            words: slide.textContent.trim().slice(0, 50), zoom: Number(slide.dataset.zoom), parts: boxes.length,
            below: Math.max(...boxes.map(box => box.bottom)) - frame.bottom,
            right: Math.max(...boxes.map(box => box.right)) - frame.right,
        };
    })"""


@pytest.mark.slow
def test_nothing_overflows_and_nothing_is_fetched(new_page, pages):
    page = new_page(viewport={"width": 1280, "height": 720})
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in pages:
        asked.clear()
        page.goto(path.as_uri())
        page.wait_for_function("document.body.dataset.ready === 'yes'")
        measured = page.evaluate(MEASURE)
        assert [url for url in asked if not url.startswith(("data:", "blob:", path.as_uri()))] == []
        assert page.locator("mjx-container").count() > 10
        assert page.locator("mjx-merror").count() == 0
        assert len(measured) > 30 and min(slide["parts"] for slide in measured) > 0
        assert [slide for slide in measured if slide["below"] > 2 or slide["right"] > 2] == []
        assert [slide for slide in measured if slide["zoom"] < 0.75] == []
    assert complaints == []
    page.close()
