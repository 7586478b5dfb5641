"""A real nbgrader course: a chapter is assigned, two students hand in, each gets the points that are due."""

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from machinery import ROOT, build
from nbgrader.api import Gradebook
from wrong_answers import chapter02

pytestmark = pytest.mark.slow

CHAPTER = build.SOLUTIONS / "02_b_splines.ipynb"
HOLLOW = "def check(*anything):\n    return None\n\n\n"
HIDDEN = """
### BEGIN HIDDEN TESTS
from minikan import check
check("02.1", hat)
### END HIDDEN TESTS"""


def nbgrader(course, *arguments):
    """Run an nbgrader command in the course folder; it looks for its helper `alembic` on the PATH."""
    paths = {"PYTHONPATH": str(ROOT), "PATH": str(Path(sys.executable).parent)}
    environment = {
        **os.environ,
        **{name: f"{path}{os.pathsep}{os.environ.get(name, '')}" for name, path in paths.items()},
    }
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course, env=environment, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]


def submit(course, student, answers):
    """Hand in the released notebook, its exercises filled with `answers`: grade_id -> code."""
    released = build.read(course / "release" / "02" / CHAPTER.name)
    for cell in build.exercises(released):
        cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    folder = course / "submitted" / student / "02"
    folder.mkdir(parents=True)
    nbformat.write(released, folder / CHAPTER.name)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Make a course, assign the chapter, let three students hand in, and grade them."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "tutorial" / "instructor" / "nbgrader_config.py", course)
    (course / "source" / "02").mkdir(parents=True)
    source = build.read(CHAPTER)
    first = next(cell for cell in source.cells if cell.source == 'check("02.1", hat)')
    first.source += HIDDEN
    nbformat.write(source, course / "source" / "02" / CHAPTER.name)
    nbgrader(course, "generate_assignment", "02", "--create")
    right = {cell.metadata.nbgrader.grade_id: cell.source for cell in build.exercises(build.read(CHAPTER))}
    mistaken = dict(right)
    swapped = inspect.getsource(chapter02.rung_with_shares_swapped)
    mistaken["ex-02-3"] = swapped.replace("rung_with_shares_swapped", "next_rung")
    cheating = {
        "ex-02-1": f"{HOLLOW}def hat(x, left, peak, right):\n    return x",
        "ex-02-6": f"{HOLLOW}def place_grid(x, y, cells):\n    return x",
    }
    for student, answers in (("right", right), ("mistaken", mistaken), ("cheating", cheating)):
        submit(course, student, answers)
    nbgrader(course, "autograde", "02", "--create")
    return course


@pytest.fixture(scope="module")
def points(course):
    """Read from the gradebook: student -> check -> (points, points that can be had)."""
    with Gradebook(f"sqlite:///{(course / 'gradebook.db').as_posix()}") as book:
        return {
            submission.student.id: {
                grade.cell.name: (grade.auto_score, grade.max_score)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.assignment_submissions("02")
        }


def test_the_release_holds_no_answers(course):
    text = (course / "release" / "02" / CHAPTER.name).read_text(encoding="utf-8")
    assert not any(word in text for word in ("SOLUTION", "HIDDEN", "**Remark.**"))
    assert text.count("raise NotImplementedError()") == len(build.exercises(build.read(CHAPTER)))


def test_a_right_submission_gets_all_points(points):
    assert len(points["right"]) == 6
    assert all(got == most > 0 for got, most in points["right"].values())


def test_a_wrong_answer_loses_the_points_of_its_exercise_and_no_others(points):
    lost = {name: most - got for name, (got, most) in points["mistaken"].items() if got < most}
    assert lost == {"check-02-3": points["right"]["check-02-3"][1]}


def test_a_replaced_check_is_found_out_where_hidden_tests_stand_and_nowhere_else(points):
    """What `grading.md` says: checks in plain sight trust the notebook that they run in."""
    assert [name for name, (got, _) in points["cheating"].items() if got] == ["check-02-6"]
