"""All that is generated follows from its sources."""

import nbformat
import pytest
from machinery import NOTEBOOKS, SOURCES, build
from sample import picture, sample_chapter


def test_notebooks_are_up_to_date():
    assert SOURCES
    assert build.problems() == []


@pytest.fixture
def tutorial(tmp_path, monkeypatch):
    """Make a tutorial of one sample chapter, built but not executed."""
    solutions = tmp_path / "tutorial" / "solutions"
    solutions.mkdir(parents=True)
    monkeypatch.setattr(build, "TUTORIAL", solutions.parent)
    monkeypatch.setattr(build, "SOLUTIONS", solutions)
    address = '[project.urls]\nRepository = "https://github.com/some/where"\n'
    (tmp_path / "pyproject.toml").write_text(address)
    source, notebook = solutions / "99_sample.ipynb", sample_chapter()
    nbformat.write(notebook, source)
    build.fill_in(source, notebook)
    nbformat.write(notebook, source)
    nbformat.write(build.student_copy(source), solutions.parent / source.name)
    return solutions.parent


def change(path, id, source):
    """Change a cell of a stored notebook."""
    notebook = build.read(path)
    next(cell for cell in notebook.cells if cell.id == id).source = source
    nbformat.write(notebook, path)


def test_a_fresh_build_has_no_problems(tutorial):
    assert build.problems() == []


@pytest.mark.parametrize("id", ["goals", "solve-1", "facts", "sum"])
def test_a_changed_copy_is_noticed(tutorial, id):
    change(tutorial / "99_sample.ipynb", id, "something else")
    assert build.problems() == ["99_sample.ipynb: the student's copy does not follow from its source"]


def test_a_changed_source_is_noticed(tutorial):
    change(tutorial / "solutions" / "99_sample.ipynb", "goals", "## Goals")
    assert build.problems() == ["99_sample.ipynb: the student's copy does not follow from its source"]


def test_stale_facts_are_noticed(tutorial):
    change(tutorial / "solutions" / "99_sample.ipynb", "facts", "3 minutes")
    assert build.problems() == [
        "99_sample.ipynb: the stored source is not in normal form, or its facts are out of date"
    ]


def test_missing_and_surplus_copies_are_noticed(tutorial):
    (tutorial / "99_sample.ipynb").rename(tutorial / "98_orphan.ipynb")
    assert build.problems() == [
        "99_sample.ipynb: there is no student's copy",
        "98_orphan.ipynb: a student's copy without a source",
    ]


def test_student_copy_has_stubs_and_no_solutions(tutorial):
    copy = build.read(tutorial / "99_sample.ipynb")
    assert "SOLUTION" not in str(copy)
    assert (
        build.exercises(copy)[0].source
        == "def power(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    )


def test_what_answers_a_prediction_waits_in_the_copy(tutorial):
    source = tutorial / "solutions" / "99_sample.ipynb"
    cells = {cell.id: cell for cell in build.read(source).cells}
    copy = build.student_copy(source)
    assert [cell.id for cell in build.waiting(copy)] == ["sum", "tent", "explorable"]  # nothing was drawn yet
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = cells[cell.id].outputs, 1
    assert [cell.id for cell in build.waiting(copy)] == ["sum", "tent"]
    held = {cell.id: cell for cell in build.normalise(build.hold_back(copy)).cells}
    for id in ("sum", "tent"):
        assert held[id].outputs == [] and held[id].execution_count is None
    for id in ("setup", "explorable"):
        assert held[id].outputs == cells[id].outputs != [] and held[id].execution_count


@pytest.mark.parametrize(
    ("id", "tag", "waits"), [("sum", "keep-output", False), ("explorable", "answers-prediction", True)]
)
def test_tags_overrule_what_waits(tutorial, id, tag, waits):
    notebook = build.read(tutorial / "solutions" / "99_sample.ipynb")
    cell = next(cell for cell in notebook.cells if cell.id == id)
    assert (cell in build.waiting(notebook)) is not waits
    cell.metadata.tags = [tag]
    assert (cell in build.waiting(notebook)) is waits


def test_facts_link_to_the_other_copy_and_to_binder(tutorial):
    stored = [build.tagged(build.read(path), "facts")[0].source for path in tutorial.rglob("*.ipynb")]
    student, solutions = sorted(stored, key=lambda text: "your copy" in text)
    assert "[Worked solutions](solutions/99_sample.ipynb)" in student
    assert "[your copy of this chapter](../99_sample.ipynb)" in solutions
    for text in stored:
        assert text.startswith("**5 minutes** for the core, 9 with all exercises and optional parts · ")
        assert "https://mybinder.org/v2/gh/some/where/HEAD?urlpath=lab/tree/tutorial/99_sample.ipynb" in text


@pytest.mark.parametrize(
    ("link", "rewritten"),
    [
        ("[b](../../minikan/bspline.py)", "[b](../minikan/bspline.py)"),
        ("[b](../build.py#top)", "[b](build.py#top)"),
        ("[b](02_b_splines.ipynb#Goals)", "[b](02_b_splines.ipynb#Goals)"),
        (
            "[b](#Goals) [c](https://arxiv.org/abs/2404.19756)",
            "[b](#Goals) [c](https://arxiv.org/abs/2404.19756)",
        ),
        ('<img src="../figures/a.png" alt="">', '<img src="figures/a.png" alt="">'),
    ],
)
def test_links_are_rewritten_for_the_copy(tutorial, link, rewritten):
    source = tutorial / "solutions" / "99_sample.ipynb"
    change(source, "goals", link)
    copy = build.student_copy(source)
    assert next(cell.source for cell in copy.cells if cell.id == "goals") == rewritten


def test_cells_for_the_solutions_only_are_dropped(tutorial):
    source = tutorial / "solutions" / "99_sample.ipynb"
    notebook = build.read(source)
    notebook.cells[-1].metadata.tags = ["solution-only"]
    nbformat.write(notebook, source)
    assert len(build.student_copy(source).cells) == len(notebook.cells) - 1


def test_index_gets_a_map(tutorial):
    assert build.chapter_map().splitlines()[2:] == [
        "| [99 · A sample](99_sample.ipynb) | 5 min | 9 min | under 10 s | 3 | easy |"
    ]


@pytest.mark.parametrize(
    ("seconds", "stored", "expected"),
    [(3, 10, 10), (9, 20, 20), (4, 20, 10), (12, 10, 20), (50, 10, 60), (70, 60, 70)],
)
def test_run_times_do_not_flicker(seconds, stored, expected):
    assert build.run_time(seconds, stored) == expected


def test_pictures_are_kept_unless_they_look_different():
    old, new = sample_chapter(), sample_chapter()
    alt = "A line rises from 0 to 1 and falls back to 0: a tent."
    setup = next(cell for cell in new.cells if cell.id == "setup")
    before = setup.outputs[0].data["image/png"]
    for colour, kept in (("#FEFFFF", True), ("#A0FFFF", False)):
        setup.outputs = [picture(alt, colour=colour)]
        build.keep_pictures(old, new)
        assert (setup.outputs[0].data["image/png"] == before) is kept


def test_every_notebook_has_its_copy():
    assert all(path.exists() for path in NOTEBOOKS)
