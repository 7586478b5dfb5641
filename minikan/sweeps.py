"""A table of experiments: one row each, here or on many cores; no row is ever lost (chapter 05).

settings  →  function(**row)  →  the row, its results, seconds, error
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Executor, as_completed
from typing import Any

import numpy as np

from .progress import progress_bar

OWN = ("seconds", "error")  # columns that `sweep` fills in itself


class Table(list[dict]):
    """Rows of a sweep, each a dict; prints as a table, without the seconds."""

    def column(self, name: str) -> np.ndarray:
        """Make an array of a column: (rows,); NaN where a row has failed."""
        return np.array([row.get(name, np.nan) for row in self])

    @property
    def failed(self) -> Table:
        """The rows that ended in an error, as a Table."""
        return Table(row for row in self if row["error"])

    def __repr__(self):
        names = list(dict.fromkeys(name for row in self for name in row if name not in OWN))
        if self.failed:
            names.append("error")
        lines = [names, *([_in_short(row.get(name, "")) for name in names] for row in self)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        pads = ["<" if name == "error" else ">" for name in names]
        return "\n".join(
            "  ".join(
                f"{text:{pad}{width}}" for text, pad, width in zip(line, pads, widths, strict=True)
            ).rstrip()
            for line in lines
        )


def sweep(
    function: Callable,
    settings: Iterable[Mapping[str, Any]],
    executor: Executor | None = None,
    progress: bool = True,
) -> Table:
    """Run a table of experiments: `function(**row)` for every row of settings.

    Rows do not depend on each other: where one fails, its error is written into its row and the others go
    on. An interrupt ends the sweep early; rows that have not run say so.

    Parameters
    ----------
    function : callable
        Returns one result, or a dict of named ones. For processes it has to stand in a module, not in a cell.
    settings : sequence of dict
        The rows.
    executor : concurrent.futures.Executor, optional
        Where to run: `ProcessPoolExecutor()` for all cores of this machine, `Client(...).get_executor()` for
        a Dask cluster. One row after the other without.
    progress : bool
        Show a bar when the work takes longer than about a second.

    Returns
    -------
    Table
        A list of dicts in the order of the settings: each has the row's settings, its results (a single one
        as "result"), "seconds", and "error", which is empty if all went well.

    Raises
    ------
    ValueError, TypeError
        If a row is not a dict with names as keys, or uses the names "seconds" or "error".

    Examples
    --------
    >>> from minikan import sweep
    >>> sweep(lambda x: {"inverse": 1 / x}, [{"x": 4}, {"x": 0}])
    x  inverse  error
    4     0.25
    0           ZeroDivisionError: division by zero
    """
    table = Table(_as_row(row) for row in settings)
    waiting = dict.fromkeys(range(len(table)))  # rows that have not come back, and their futures
    failed = 0
    with progress_bar(len(table), "sweep", progress) as advance:
        try:
            for i, outcome in _outcomes(function, table, waiting, executor):
                table[i] |= outcome
                del waiting[i]
                failed += bool(outcome["error"])
                advance(f"{failed} failed" if failed else "")
        except KeyboardInterrupt:
            for i, future in waiting.items():
                table[i] |= {"seconds": 0.0, "error": "interrupted"}
                if future is not None:
                    future.cancel()
    return table


def _as_row(row):
    """Check one row of settings, and copy it."""
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        raise TypeError(f"settings must be dicts with names as keys, got {row!r}")
    if taken := [name for name in OWN if name in row]:
        raise ValueError(f"settings must not use the name {taken[0]!r}: sweep fills it in")
    return dict(row)


def _outcomes(function, table, waiting, executor):
    """Yield (i, outcome) as rows come back."""
    if executor is None:
        for i, row in enumerate(table):
            yield i, _run(function, row)
        return
    for i, row in enumerate(table):
        try:
            waiting[i] = executor.submit(_run, function, dict(row))
        except Exception as error:  # the executor is broken, or cannot send the row
            yield i, _failure(error)
    futures = {future: i for i, future in waiting.items() if future is not None}
    for future in as_completed(futures):
        try:
            yield futures[future], future.result()
        except (Exception, CancelledError) as error:  # a process died, a result cannot be sent back
            yield futures[future], _failure(error)


def _run(function, row):
    """Run one row, wherever this is."""
    start = time.perf_counter()
    try:
        result = function(**row)
        result = dict(result) if isinstance(result, Mapping) else {"result": result}
        if clash := [name for name in result if name in row or name in OWN]:
            raise ValueError(f"the result {clash[0]!r} has the name of a setting or of a column of sweep's")
        outcome = {**result, "error": ""}
    except Exception as error:
        outcome = _failure(error)
    return {**outcome, "seconds": time.perf_counter() - start}


def _failure(error):
    return {"seconds": 0.0, "error": f"{type(error).__name__}: {error}".split("\n")[0]}


def _in_short(value):
    """Write a cell: floats with three digits."""
    return f"{value:.3g}" if isinstance(value, (float, np.floating)) else str(value)
