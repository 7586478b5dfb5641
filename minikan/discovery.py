"""From a table in real units to a law one may believe (chapter 12).

table  →  scaled samples  →  search  →  laws in the units of the table, each with error, complexity and sure constants
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .formulas import settled
from .kan import KAN
from .laws import Discovery, Law
from .matching import Library, as_library
from .named import FunctionEdge
from .naming import EXACT, criterion
from .progress import progress_bar
from .search import Search
from .sparse import SparseLayer
from .validation import as_generator, as_number, as_samples, as_targets

MOST_LAWS = 8  # on the front


def discover(
    X: Any,
    y: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    library: Library = None,
    seconds: float = 60,
    seed: int | np.random.Generator = 0,
    noise: float | None = None,
    progress: bool = True,
) -> Discovery:
    """Search for a law in a table.

    Inputs and targets may have any units. A fifth of the samples is held out. Shapes of networks are fitted, from sums
    to products and chains of curves; curves that are not needed are taken away; for the best shapes, functions of the
    library are tried in place of their curves. Laws are judged by error and complexity.

    Parameters
    ----------
    X : array_like or DataFrame, shape (n, n_in)
        Inputs; the names of a DataFrame's columns are used.
    y : array_like, shape (n,)
    names : list of str, optional
        Names of the inputs; x_1, x_2, … by default.
    library : optional
        Functions to try, names or `Function`; by default the whole library.
    seconds : float
        Limit of time. Without reaching it the same seed gives the same answer.
    seed : int or numpy.random.Generator
    noise : float, optional
        Standard deviation of the targets' noise, in their units; by default it is estimated.
    progress : bool
        Whether to show what is being tried.

    Returns
    -------
    Discovery
        An interrupt ends the search, and what has been found is returned.

    Raises
    ------
    ValueError, TypeError
        If the arguments are not what is said above.

    Examples
    --------
    >>> from minikan import discover
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform([0.5, 250], [3, 400], (200, 2))  # mol, K
    >>> found = discover(X, 8.314 * X[:, 0] * X[:, 1] / 0.02, ["n", "T"], progress=False)
    >>> print(found.best.formula.evalf(4))
    415.7*T*n
    """
    columns = getattr(X, "columns", None)
    names = names if names is not None or columns is None else [str(each) for each in columns]
    X = as_samples(X, np.shape(X)[-1] if np.ndim(X) else 0)
    y = as_targets(y, len(X), 1)[:, 0]
    names = [f"x_{i + 1}" for i in range(X.shape[1])] if names is None else list(names)
    if len(names) != X.shape[1] or len(set(names)) < len(names):
        raise ValueError(f"names must hold {X.shape[1]} different names, got {names}")
    functions, seconds = as_library(library), as_number(seconds, "seconds", 0)
    varying, size_y = np.flatnonzero(np.ptp(X, axis=0) > 0), float(y.std())
    if not (size_y > 1e-13 * np.abs(y).max(initial=0) and len(varying)):
        raise ValueError("y must vary, and at least one input" + f", got a spread of {size_y:g}")
    with progress_bar(1, "discover", progress) as advance:
        columns = Columns(X[:, varying], [names[i] for i in varying], size_y)
        search = Search(columns.scaled(), y / size_y, functions, seconds, as_generator(seed), advance)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                search.run()
            except KeyboardInterrupt:
                search.done = False
            return _report(search, columns, y, names, noise)


class Columns:
    """The inputs of a table that vary, and how they are scaled; where most values are near zero, to logarithms."""

    def __init__(self, X: np.ndarray, names: list[str], size_y: float) -> None:
        low, middle, high = X.min(axis=0), np.median(X, axis=0), X.max(axis=0)
        self.X, self.names, self.size_y = X, names, size_y
        self.is_log = (low > 0) & (middle - low < 0.2 * (high - low))
        self.size = np.where(
            self.is_log, np.exp(np.log(np.where(low > 0, X, 1)).mean(axis=0)), np.abs(X).max(axis=0)
        )

    def scaled(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.where(self.is_log, np.log(np.abs(self.X / self.size)), self.X / self.size)

    def law(self, model: KAN) -> KAN:
        """Make the same law for inputs and outputs in the units of the table; all edges must have names."""
        model = KAN.from_layers(model.layers)
        first, last = model.layers[0], model.layers[-1]
        assert isinstance(first, SparseLayer) and isinstance(last, SparseLayer)
        for edge in last.sheet.values():
            edge.weights[2:] *= self.size_y
        if self.is_log.any():
            names = ["log" if is_log else "x" for is_log in self.is_log]
            edges = {
                (i, i): FunctionEdge(name, [1 / size, 0, 1, 0], (x.min(), x.max()))
                for i, (name, size, x) in enumerate(zip(names, self.size, self.X.T, strict=True))
            }
            return KAN.from_layers([SparseLayer(len(names), len(names), edges), *model.layers])
        for (i, _), edge in first.sheet.items():
            edge.weights[0] /= self.size[i]
            edge.span = tuple(end * self.size[i] for end in edge.span)
        return model


def _report(search, columns, y, names, noise):
    """Turn what a search has found into laws in the units of the table, and judge them."""
    n, size_y, inside, table = len(search.train[0]), columns.size_y, columns.names, (columns.X, y)
    floor = max(EXACT, (noise / size_y) ** 2 if noise else 0.0)
    ranked = sorted(search.laws, key=lambda law: criterion(law[0].loss, law[0].complexity, n, floor))
    laws: list[Law] = []
    for found, held_out, _ in ranked[: 2 * MOST_LAWS]:
        if not np.isfinite([found.loss, held_out]).all() or len(laws) == MOST_LAWS:
            continue
        try:
            objective, exact = settled(
                columns.law(found.model), columns.X[search.at_train], y[search.at_train, None], 1e-22, True
            )
        except (ValueError, np.linalg.LinAlgError):
            continue
        errors = [
            float(np.sqrt(np.mean((objective.model(columns.X[at])[:, 0] - y[at]) ** 2)))
            for at in (search.at_train, search.at_held)
        ]
        if np.isfinite(errors).all():
            laws.append(Law(objective, exact, inside, table, *errors))
    least = search.best() * size_y if search.fitted else np.inf
    best = min(
        laws, key=lambda law: criterion((law.error / size_y) ** 2, law.complexity, n, floor), default=None
    )
    front: list[Law] = []
    for law in sorted(laws, key=lambda law: (law.complexity, law.error)):
        if law is best or all(law.error < 0.9 * other.error for other in front):
            front.append(law)
    used = {str(s) for s in best.formula.free_symbols} if best else set()
    unused = [name for name in names if name not in used]
    verdict = _verdict(best, least, size_y, unused, search)
    return Discovery(
        front, best, verdict, names, unused, least if noise is None else noise, least, search.done
    )


def _verdict(best, splines, spread, unused, search):
    """Say in a sentence what was reached, and whether it can be believed."""
    rest, end = f"{splines / spread:.1e}", "." if search.done else "; the search was not finished."
    if best is None:
        return f"No law was found; the splines are off by {rest} of the spread{end}"
    how = "No law was found that explains the data"
    if best.held_out <= 1e-7 * spread:
        how = "The law is exact"
    elif best.held_out <= 1.1 * splines:
        how = "The law is as good as the splines"
    elif best.held_out <= 2 * splines:
        how = "The law is a little worse than the splines"
    text = f"{how}: {best.held_out / spread:.1e} of the spread on samples held out (splines: {rest})"
    return text + (f"; not needed: {', '.join(unused)}" if unused else "") + end
