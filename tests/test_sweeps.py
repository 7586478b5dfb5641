"""sweep: serially, on threads, processes and a Dask cluster; whatever goes wrong, every row comes back."""

import _thread
import gc
import multiprocessing
import os
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from minikan import KAN, fit, sweep

ROWS = [{"grid": grid, "seed": seed} for grid in (3, 6) for seed in (0, 1)]


def experiment(grid, seed):
    x = np.linspace(-1, 1, 100)[:, None]
    model = KAN([1, 1], grid=grid, seed=seed)
    history = fit(model, x, np.sin(3 * x), steps=5, progress=False)
    return {"rmse": history.rmse[-1], "process": os.getpid()}


def awkward(x):
    if x == 1:
        raise ValueError("one is not wanted\nat all")
    if x == 2:
        return lambda: None  # cannot be sent to another process
    return x


def deadly(x):
    if x == 1:
        os._exit(1)
    time.sleep(0.2)
    return x


class Unsendable:
    def __reduce__(self):
        raise TypeError("stays at home")


def same_value(x):
    return type(x).__name__


def processes():
    """Fresh ones: to fork a process that has threads is not safe."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture(scope="module")
def dask_client():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Dask's own
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


@pytest.fixture(params=["serial", "threads", "processes", "dask"])
def executor(request):
    if request.param == "serial":
        yield None
    elif request.param == "dask":
        with request.getfixturevalue("dask_client").get_executor() as executor:
            yield executor
    else:
        with ThreadPoolExecutor(2) if request.param == "threads" else processes() as executor:
            yield executor


def test_the_same_table_everywhere(executor):
    expected = sweep(experiment, ROWS)
    table = sweep(experiment, ROWS, executor)
    assert [(row["grid"], row["seed"]) for row in table] == [(row["grid"], row["seed"]) for row in ROWS]
    np.testing.assert_allclose(table.column("rmse"), expected.column("rmse"), rtol=1e-9)
    assert not table.failed
    assert (table.column("seconds") > 0).all()
    elsewhere = type(executor).__name__ in ("ProcessPoolExecutor", "ClientExecutor")
    assert (os.getpid() not in table.column("process")) == elsewhere


def test_failures_stay_in_their_row(executor):
    table = sweep(awkward, [{"x": x} for x in range(4)], executor)
    assert table[0]["result"] == 0 and table[3]["result"] == 3
    assert table[1]["error"] == "ValueError: one is not wanted"
    sent = isinstance(executor, ProcessPoolExecutor)  # Dask can send functions, too
    assert bool(table[2]["error"]) == sent
    assert [row["x"] for row in table.failed] == [1, 2][: 1 + sent]
    assert np.isnan(table.column("result")[1])


def test_a_row_that_cannot_be_sent(executor):
    table = sweep(same_value, [{"x": 1}, {"x": Unsendable()}, {"x": 2.0}], executor)
    assert table[0]["result"] == "int" and table[2]["result"] == "float"
    if executor is not None and not isinstance(executor, ThreadPoolExecutor):
        assert table[1]["error"].startswith("TypeError: ")
    else:
        assert table[1]["result"] == "Unsendable"


def test_a_process_that_dies():
    """The pool breaks, and with it the rows that were under way: each says so, and none is lost."""
    with processes() as executor:
        table = sweep(deadly, [{"x": x} for x in range(6)], executor)
        again = sweep(deadly, [{"x": 5}], executor)
    assert len(table) == 6
    assert table[1]["error"].startswith("BrokenProcessPool")
    assert all(row["error"] or row["result"] == row["x"] for row in table)
    assert again[0]["error"].startswith("BrokenProcessPool")


@pytest.mark.parametrize("threads", [None, 1])
def test_an_interrupt_keeps_what_is_done(threads, interruptible):
    over = threading.Event()

    def function(x):
        # An interrupt that comes just before the main thread falls asleep is seen when it wakes up: after the next row.
        if x == 4:
            _thread.interrupt_main()
        elif x > 4:  # only on the other thread
            over.wait(0.2)
        return x

    executor = threads and ThreadPoolExecutor(threads)
    gc.collect()  # Python loses an interrupt that comes while an object is cleaned up, such as another test's
    gc.disable()
    try:
        table = sweep(function, [{"x": x} for x in range(30)], executor)
    finally:
        gc.enable()
    over.set()
    if executor:
        executor.shutdown()
    done = [row["x"] for row in table if not row["error"]]
    assert set(done) <= set(range(5)) and (executor or done == list(range(4)))
    assert all(row["result"] == row["x"] for row in table if not row["error"])
    assert {row["error"] for row in table} - {""} == {"interrupted"} and len(table) == 30


@pytest.mark.parametrize("threads", [None, 2])
def test_each_row_is_handed_over_when_it_is_done(threads):
    done = []
    executor = threads and ThreadPoolExecutor(threads)
    table = sweep(
        lambda x: 1 / x, [{"x": 2}, {"x": 0}, {"x": 4}], executor, callback=lambda row: done.append(dict(row))
    )
    assert sorted(done, key=lambda row: row["x"]) == [dict(table[i]) for i in (1, 0, 2)]
    assert [row["error"] != "" for row in table] == [False, True, False]


def test_it_prints_as_a_table():
    table = sweep(lambda x, name: {"inverse": 1 / x}, [{"x": 4, "name": "a"}, {"x": 3, "name": "bcd"}])
    assert repr(table) == "x  name  inverse\n4     a     0.25\n3   bcd    0.333"
    failing = sweep(lambda x: 1 / x, [{"x": 4}, {"x": 0}])
    assert repr(failing) == "x  result  error\n4    0.25\n0          ZeroDivisionError: division by zero"


def test_no_rows():
    assert sweep(same_value, []) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([3], "settings must be dicts with names as keys, got 3"),
        ([{3: 1}], "settings must be dicts with names as keys"),
        ([{"x": 1, "error": 2}], "settings must not use the name 'error'"),
    ],
)
def test_it_refuses(settings, words):
    with pytest.raises((TypeError, ValueError), match=words):
        sweep(same_value, settings)


@pytest.mark.parametrize("name", ["x", "seconds", "error"])
def test_results_do_not_hide_settings(name):
    table = sweep(lambda x: {name: 3}, [{"x": 1}])
    assert f"the result '{name}' has the name" in table[0]["error"]
    assert table[0]["x"] == 1


def test_settings_are_left_alone():
    settings = [{"x": 1}]
    sweep(same_value, settings)
    assert settings == [{"x": 1}]
