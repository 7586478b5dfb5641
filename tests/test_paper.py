"""The table of `benchmarks/paper.py`: made from its runs alone, complete, resumable, and one row computed again."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def paper():
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("benchmarks_paper", BENCHMARKS / "paper.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def lines(paper):
    with (paper.DATA / "paper.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_stored_tables_come_from_the_stored_runs(paper, tmp_path):
    runs = paper.load(paper.DATA / "paper_runs.jsonl")
    assert set(runs) == {(task, seed) for task in paper.TASKS for seed in paper.SEEDS}
    paper.write(runs, tmp_path)
    for name in ("paper.csv", "paper.md"):
        assert (tmp_path / name).read_text() == (paper.DATA / name).read_text()


def test_every_part_of_the_paper_has_its_rows(lines):
    sections = [line["section"] for line in lines]
    assert sections.count("table 1") == 15 and sections.count("table 2") == 27
    assert sections.count("4.1") == 6 and sections.count("4.4") == 3
    assert {line["name"].split(",")[0] for line in lines if line["section"] == "fig. 3.1"} == {
        *("bessel", "exp_sin", "xy", "high_dimensional", "four_dimensional"),
    }


def test_a_row_that_is_not_reached_has_its_reason(lines):
    missed = [line["name"] for line in lines if line["reached"] == "no" and not line["note"]]
    assert missed == []


def test_parameters_of_table_1_are_at_most_those_of_the_paper(paper, lines):
    for line in lines:
        if line["section"] == "table 1":
            finest = paper.KAN(json.loads(line["paper_shape"]), grid=paper.FINEST, order=paper.ORDER)
            assert int(line["parameters"]) <= finest.parameters.size


def test_a_row_computed_again_is_what_is_stored(paper):
    stored = paper.load(paper.DATA / "paper_runs.jsonl")["3.5 five peaks", 0]["results"]
    again = paper.run("3.5 five peaks", 0)["results"]
    assert again["value"] == pytest.approx(stored["value"], rel=1e-2)
    assert again["shape"] == stored["shape"]


# --- the rules, on tasks that are made up --------------------------------------------------------------------


def runs_of(*values, **more):
    return [
        {"seconds": 1.0, "results": {"value": v, "shape": "[1, 1]", "parameters": 3} | more} for v in values
    ]


def test_the_median_decides(paper):
    row = paper.Row("table 0", "a", "x", "[1, 1]", 1e-3, "a", reason="a kink")
    line = row.line(runs_of(2e-3, 5e-4, 9e-4))
    assert (line["median"], line["best"], line["worst"], line["reached"]) == (
        "0.0009",
        "0.0005",
        "0.002",
        "yes",
    )
    assert line["note"] == "" and line["seconds"] == "3"
    line = row.line(runs_of(2e-3, 5e-4, 2e-3))
    assert line["reached"] == "no" and line["note"] == "a kink"


def test_accuracies_are_held_against_the_limit_of_their_own_samples(paper):
    row = paper.Row("4.4", "a", "x", "[1, 1]", 0.999, "a", more_is_better=True)
    line = row.line(runs_of(0.98, 0.97, 0.975, limit=0.974, exact=0.977))
    assert (line["best"], line["worst"], line["reached"]) == ("0.98", "0.97", "yes")
    assert "0.977" in line["note"]


def test_a_row_without_a_number_of_the_paper_is_not_judged(paper):
    line = paper.Row("fig. 0", "a", "x", "[1, 1]", np.nan, "a").line(runs_of(1.0, 2.0, 3.0))
    assert line["paper"] == line["reached"] == ""


def test_a_run_goes_on_where_it_stopped(paper, monkeypatch, tmp_path, capsys):
    called, broken = [], [1]

    def task(seed):
        called.append(seed)
        if seed in broken:
            raise ArithmeticError("out of luck")
        return {"value": 1.0 + seed, "shape": "[1, 1]", "parameters": 3}

    monkeypatch.setattr(paper, "TASKS", {"made up": task})
    monkeypatch.setattr(paper, "ROWS", [paper.Row("none", "made up", "x", "[1, 1]", 2.5, "made up")])
    monkeypatch.setattr(sys, "argv", ["paper.py", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit, match="1 runs failed"):
        paper.main()
    assert called == [0, 1, 2] and "out of luck" in capsys.readouterr().out
    assert not (tmp_path / "paper.csv").exists()
    broken.clear()
    paper.main()
    assert called == [0, 1, 2, 1]
    assert "median 2" in capsys.readouterr().out
    assert "yes" in (tmp_path / "paper.csv").read_text()
    monkeypatch.setattr(sys, "argv", ["paper.py", "--folder", str(tmp_path), "--rows", "nothing"])
    with pytest.raises(SystemExit):
        paper.main()
