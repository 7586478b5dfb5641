"""What instructors are given works: answers are computed, maps are up to date, data are individual, links lead."""

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from urllib.parse import unquote

import lint_rules
import numpy as np
import pytest
import sympy
from machinery import ROOT, build

from minikan import KAN, fit, formula, prune, refine, symbolify

FOLDER = ROOT / "tutorial" / "instructor"
PAGES = sorted(FOLDER.glob("*.md"))


def load(name):
    """Load a script of the instructor's folder as a module."""
    spec = importlib.util.spec_from_file_location(f"instructor_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


objectives, projects = load("objectives"), load("projects")
BANK = re.split(r"^(?=###? )", (FOLDER / "quiz_bank.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
QUESTIONS = {text.split()[1]: text for text in BANK if text.startswith("### ")}

# ----------------------------------------------------------------------------------------- quiz bank


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_its_stars_and_one_answer(question):
    text = QUESTIONS[question]
    assert re.match(rf"### {question} ★{{1,3}} \S", text)
    before, *answers = text.split("<details><summary>Answer</summary>\n\n")
    assert len(answers) == 1 and answers[0].rstrip().endswith("</details>")
    assert len(before.split()) > 8 and len(answers[0].split()) > 8


@pytest.mark.parametrize("question", [id for id, text in QUESTIONS.items() if "```python" in text])
def test_the_numbers_of_an_answer_come_out(question):
    (code,) = re.findall(r"^```python\n(.*?)^```", QUESTIONS[question], re.MULTILINE | re.DOTALL)
    assert "assert " in code
    exec(compile(code, question, "exec"), {"__name__": question})


def test_each_chapter_has_six_to_eight_questions_in_order():
    for chapter in (int(source.stem[:2]) for source in build.chapters()):
        numbers = [id for id in QUESTIONS if id.startswith(f"{chapter:02}.b")]
        assert numbers == [f"{chapter:02}.b{k}" for k in range(1, len(numbers) + 1)]
        assert 6 <= len(numbers) <= 8


def test_no_question_is_one_of_the_chapter():
    for source in build.chapters():
        prose = " ".join(lint_rules.prose(build.read(source)).split())
        for id, text in QUESTIONS.items():
            asked = " ".join(text.split("<details>")[0].split("\n\n", 1)[1].split())
            assert asked not in prose, id


# ---------------------------------------------------------------------------------------- objectives


def test_the_map_of_objectives_is_up_to_date():
    assert objectives.problems() == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["e1 e3 p1"], "5 goals, SERVES has 1"),
        (["", *objectives.SERVES["02"][1:]], "a goal that nothing serves"),
        (["p1", *objectives.SERVES["02"][1:]], "missing in SERVES or in the chapter: ['e1', 'e3']"),
        (["e1 e3 e7 p1", *objectives.SERVES["02"][1:]], "missing in SERVES or in the chapter: ['e7']"),
        (["e3 e1 b1 p1", *objectives.SERVES["02"][1:]], "not up to date"),
    ],
)
def test_a_map_that_went_stale_is_noticed(monkeypatch, lines, complaint):
    monkeypatch.setitem(objectives.SERVES, "02", lines)
    assert complaint in "\n".join(objectives.problems())


# -------------------------------------------------------------------------------------------- pages


def test_the_readme_links_every_page():
    links = set(re.findall(r"\]\((\w+\.md)\)", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert links == {page.name for page in PAGES} - {"README.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_lead_to_headings(page):
    """Whether the files are there is tested with all others in `test_repository.py`."""
    for file, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
        target = (page.parent / file).resolve() if file else page
        if target.suffix == ".ipynb" and target.exists():
            there = {heading.anchor for heading in lint_rules.headings(build.read(target))}
            assert unquote(anchor) in there, f"{file}#{anchor}"
        elif target.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}


def test_the_wrong_answers_that_are_named_exist():
    text = (FOLDER / "misconceptions.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`(\w+)`", line.rsplit("|", 2)[-2]) for line in text.splitlines() if "|" in line]
    named = {name for row in rows for name in row}
    assert len(named) > 15
    for source in build.chapters():
        module = importlib.import_module(f"wrong_answers.chapter{source.stem[:2]}")
        named -= {wrong.__name__ for pairs in module.WRONG.values() for wrong, *_ in pairs}
    present = {source.stem[:2] for source in build.chapters()}
    if {"01", "07"} <= present:
        assert named == set()


# ----------------------------------------------------------------------------------------- projects

STUDENTS = range(100, 140)


@pytest.mark.parametrize("make", projects.PROJECTS.values(), ids=projects.PROJECTS)
class TestProject:
    """One of the two projects."""

    def test_the_same_number_gives_the_same_data(self, make):
        one, two = make(123456), make(123456)
        assert one.key == two.key
        for name, (columns, table) in one.tables.items():
            assert columns == two.tables[name][0]
            np.testing.assert_array_equal(table, two.tables[name][1])

    def test_other_numbers_give_other_data(self, make):
        tasks = [make(student) for student in STUDENTS]
        samples = [next(iter(task.tables.values()))[1][0] for task in tasks]
        assert len({tuple(row) for row in samples}) == len(STUDENTS)
        assert len({task.key["formula"] for task in tasks}) > len(STUDENTS) / 3

    def test_the_key_explains_the_data(self, make):
        """What the formula leaves over, computed by sympy, is the noise and nothing else."""
        for student in STUDENTS:
            task = make(student)
            names = sympy.symbols(task.key["inputs"])
            f = sympy.lambdify(names, sympy.sympify(task.key["formula"].replace("abs", "Abs")), "numpy")
            for name, (columns, table) in task.tables.items():
                if "y" in columns:
                    left = np.std(table[:, -1] - f(*table[:, :-1].T))
                    exact = task.kind == "scaling" and name != "noisy.csv"
                    assert left < 1e-12 if exact else abs(left / task.key["sigma"] - 1) < 0.15

    def test_bad_numbers_are_refused(self, make):
        with pytest.raises((TypeError, ValueError), match="student"):
            make(-1)
        with pytest.raises((TypeError, ValueError), match="student"):
            make(1.5)


def test_one_input_of_a_law_does_nothing():
    for student in STUDENTS:
        task = projects.law(student)
        others = set(task.key["inputs"]) - {task.key["idle"]}
        assert {str(s) for s in sympy.sympify(task.key["formula"]).free_symbols} == others
        out = projects.evaluate(task.key["formula"], task.tables["held_out.csv"][1], task.key["inputs"])
        np.testing.assert_array_equal(out, task.key["held_out_y"])


@pytest.mark.slow
@pytest.mark.parametrize("student", [7, 12])
def test_minikan_finds_a_law(student):
    task = projects.law(student)
    table = task.tables["law.csv"][1]
    X, y = table[:, :3], table[:, 3]
    model = KAN([3, 3, 1], grid=5, seed=0)
    fit(model, X, y, steps=40, sparsity=1e-3, update_grid=True, progress=False)
    model = prune(model, X, verbose=False)
    fit(model, X, y, steps=20, update_grid=True, progress=False)
    model = symbolify(model, X, y)
    fit(model, X, y, steps=30, progress=False)
    found = formula(model, task.key["inputs"], X, y, verbose=False)
    truth = sympy.sympify(
        task.key["formula"], {name: sympy.Symbol(name, real=True) for name in task.key["inputs"]}
    )
    assert sympy.simplify(found - truth) == 0
    held_out = model(task.tables["held_out.csv"][1])[:, 0]
    assert np.sqrt(np.mean((held_out - task.key["held_out_y"]) ** 2)) < task.key["sigma"]


@pytest.mark.slow
@pytest.mark.parametrize("corner", [False, True])
def test_the_exponent_of_the_key_is_the_measured_one(corner):
    task = next(t for t in map(projects.scaling, STUDENTS) if (t.key["corner"] is not None) == corner)
    (train, test), grids, errors = (
        (task.tables[name][1] for name in ("exact.csv", "test.csv")),
        (5, 10, 20),
        [],
    )
    model = KAN([2, 1, 1], grid=5, seed=0)
    for grid in grids:
        model = refine(model, grid)
        fit(model, train[:1500, :2], train[:1500, 2], steps=25, update_grid=True, progress=False)
        errors.append(np.sqrt(np.mean((model(test[:, :2])[:, 0] - test[:, 2]) ** 2)))
    slope = -np.polyfit(np.log(grids), np.log(errors), 1)[0]
    assert abs(slope - task.key["exponent"]) < 0.9


def test_students_and_keys_are_written_apart(tmp_path):
    command = [sys.executable, FOLDER / "projects.py", "law", "11", "12", "--output", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    students = {f"students/{student}/{name}.csv" for student in (11, 12) for name in ("law", "held_out")}
    assert written == students | {"keys/law_11.json", "keys/law_12.json"}
    key = json.loads((tmp_path / "keys" / "law_11.json").read_text(encoding="utf-8"))
    stored = np.loadtxt(tmp_path / "students" / "11" / "law.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(stored, projects.law(11).tables["law.csv"][1])
    assert key["student"] == 11 and key["formula"] == projects.law(11).key["formula"]
    assert "y" not in (tmp_path / "students" / "11" / "held_out.csv").read_text().splitlines()[0].split(",")
