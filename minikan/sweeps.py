"""Run a function for every row of a table of settings, on one core or many (chapter 05)."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, as_completed

import numpy as np

from .progress import progress_bar

OWN = ("seconds", "error")  # columns that `sweep` fills in itself


class Table(list[dict]):
    """The rows of a sweep, each a dict; printed as a table, without the seconds."""

    def column(self, name: str) -> np.ndarray:
        """Return a column as an array (rows,), with NaN where a row has failed."""
        return np.array([row.get(name, np.nan) for row in self])

    @property
    def failed(self) -> "Table":
        return Table(row for row in self if row["error"])

    def __repr__(self):
        names = dict.fromkeys(name for row in self for name in row if name not in OWN)
        columns = [[name, *(_short(row.get(name, "")) for row in self)] for name in names]
        columns = [[cell.rjust(max(map(len, column))) for cell in column] for column in columns]
        if self.failed:
            columns.append(["error", *(row["error"] for row in self)])
        return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def _short(value):
    """Format a cell: floats with three digits."""
    return f"{value:.3g}" if isinstance(value, (float, np.floating)) else str(value)


def sweep(
    function: Callable,
    settings: Iterable[Mapping],
    executor: Executor | None = None,
    progress: bool = True,
    callback: Callable[[dict], object] | None = None,
) -> Table:
    """Run `function(**row)` for every row of settings; a row that fails holds its error, and the others go on.

    Parameters
    ----------
    function : callable
        Returns one result, or a dict of named ones. For processes, define it in a module, not in a cell.
    settings : sequence of dict
        With names as keys, other than "seconds" and "error".
    executor : concurrent.futures.Executor, optional
        `ProcessPoolExecutor()` for all cores of this machine, `Client(...).get_executor()` for a Dask cluster. By
        default rows run here, one after the other.
    progress : bool
        Show a bar when the work takes longer than about a second.
    callback : callable, optional
        Called with each row, a dict, when it is done: to print it, or to store it, so that a sweep that was ended early
        can go on with the rows that are missing.

    Returns
    -------
    Table
        For each row a dict: settings, results (a single one as "result"), "seconds", and "error", which is empty if all
        went well. Ctrl-C ends the sweep early; rows that have not run say so.

    Examples
    --------
    >>> sweep(lambda x: {"inverse": 1 / x}, [{"x": 4}, {"x": 0}])
    x  inverse  error
    4     0.25
    0           ZeroDivisionError: division by zero
    """
    table, futures, failed = Table(), {}, 0
    for row in settings:
        if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
            raise TypeError(f"settings must be dicts with names as keys, got {row!r}")
        if taken := [name for name in OWN if name in row]:
            raise ValueError(f"settings must not use the name {taken[0]!r}: sweep fills it in")
        table.append(dict(row))
    with progress_bar(len(table), "sweep", progress) as advance:
        try:
            for row, outcome in _outcomes(function, table, futures, executor):
                row |= outcome
                failed += bool(outcome["error"])
                if callback:
                    callback(row)
                advance(f"{failed} failed" if failed else "")
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            for row in table:
                row |= {"seconds": 0.0, "error": "interrupted"} | row
    return table


def _outcomes(function, table, futures, executor):
    """Yield (row, outcome) when a row is done; fills futures, {future: row}."""
    for row in table:
        if executor is None:
            yield row, _run(function, row)
            continue
        try:
            futures[executor.submit(_run, function, dict(row))] = row
        except Exception as error:  # the executor is broken, or cannot send the row
            yield row, _failure(error)
    for future in as_completed(futures):
        try:
            yield futures[future], future.result()
        except Exception as error:  # a process died, or a result cannot be sent back
            yield futures[future], _failure(error)


def _run(function, row):
    """Run one row and return its outcome: results, error, seconds."""
    start = time.perf_counter()
    try:
        result = function(**row)
        outcome = dict(result) if isinstance(result, Mapping) else {"result": result}
        if clash := [name for name in outcome if name in row or name in OWN]:
            raise ValueError(f"the result {clash[0]!r} has the name of a setting or of a column of the sweep")
        outcome["error"] = ""
    except Exception as error:
        outcome = _failure(error)
    return outcome | {"seconds": time.perf_counter() - start}


def _failure(error):
    return {"seconds": 0.0, "error": f"{type(error).__name__}: {error}".split("\n")[0]}
