"""From a table in real units to a law one may believe (chapter 12).

table  →  scaled samples  →  search  →  laws in the units of the table, each with error, complexity and sure constants
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .fitting import CLEARER, Clock
from .formulas import shortened
from .functions import LIBRARY
from .kan import KAN
from .laws import Law
from .matching import Library, as_library
from .named import FunctionEdge
from .naming import EXACT, criterion, names_of
from .progress import progress_bar
from .pruning import as_names
from .search import Search, explore
from .snap import snap_constants
from .sparse import SparseLayer
from .structures import Structure
from .tidying import rounded
from .validation import as_finite, as_generator, as_number, as_samples, as_targets, require
from .verdict import FEW, Discovery, grows, sentence

MOST_LAWS, FEWEST = 10, 10  # laws that are written in full; samples that a search needs
SURE = 20  # samples held out: with fewer, chance decides between forms
STRICT = 2.0  # times the complexity in the choice of a law: the best of many forms fits noise, too
LESS = 0.7  # times the loss of all simpler laws, that makes a law worth showing
NARROW = 1.1  # times the smallest value: an input that stays below has no use for a logarithm
ENDS = 3.0  # of complexity, for a formula without values just beyond the samples
SHARE = 0.8  # of the time that belongs to the search; the rest is for writing laws in full


def discover(
    X: Any,
    y: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    library: Library = None,
    seconds: float = 60,
    seed: int | np.random.Generator = 0,
    noise: float | None = None,
    start: Structure | None = None,
    progress: bool = True,
) -> Discovery:
    """Search for a law in a table.

    Inputs and targets may have any units. A fifth of the samples is held out, at most 160. The search looks at up to
    640 others, and constants are fitted to all that are left. Shapes of networks are fitted, from sums to products and
    chains of curves; curves that are not needed are taken away; for the best shapes, functions of the library are
    tried in place of their curves. Laws are judged by error and complexity.

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
        Limit of time, which the last step may exceed by a second or two. If the result is `finished`, nothing was left
        out for want of time, and the same seed gives the same answer.
    seed : int or numpy.random.Generator
    noise : float, optional
        Standard deviation of the targets' noise, in their units, for errors and intervals, and below which laws are
        equally good; by default it is estimated.
    start : Structure, optional
        What `structure` has found in a network that learned these samples: shapes come first in which the inputs act
        together that do so there. By default polynomials tell which do.
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
    ModuleNotFoundError
        If sympy is not installed.

    Examples
    --------
    >>> from minikan import discover
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform([0.5, 250], [3, 400], (200, 2))  # mol, K
    >>> found = discover(X, 8.314 * X[:, 0] * X[:, 1] / 0.02, ["n", "T"], progress=False)
    >>> print(found.best.formula.evalf(4))
    415.7*T*n
    """
    import sympy  # noqa: F401 (laws are written with it: where it is missing, that is said before the search)

    table, X = X, as_samples(X, np.shape(X)[-1] if np.ndim(X) > 1 else 1)
    y = as_targets(y, len(X), 1)[:, 0]
    names = as_names(names, X.shape[1], "names", table) or [f"x_{i + 1}" for i in range(X.shape[1])]
    require(all(name.strip() for name in names), "names", "hold more than blanks", names)
    functions, seconds = as_library(library), as_number(seconds, "seconds", 0)
    noise = None if noise is None else as_number(noise, "noise", 0)
    if start is not None and not isinstance(start, Structure):
        raise TypeError(f"start must be what structure returns, got {type(start).__name__}")
    pairs = start.pairs if start else None
    require(
        start is None or start.names == names, "start", f"be of the inputs {names}", start and start.names
    )
    require(len(X) >= FEWEST, "X", f"hold at least {FEWEST} samples", len(X))
    with np.errstate(over="ignore"):
        size_y, largest = float(y.std()), np.abs(y).max()
    as_finite([size_y], "discover")
    require(
        size_y > 1e-13 * largest and np.ptp(X, axis=0).any(),
        "y and an input",
        "vary",
        f"a spread of {size_y:g}",
    )
    order, clock = as_generator(seed).permutation(len(X)), Clock(SHARE * seconds)
    X, y = X[order], y[order]
    with (
        progress_bar(None, "discover", progress) as advance,
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", RuntimeWarning)
        looks = list(views(X, size_y, LIBRARY["log"] in functions))

        def note(text):  # which calls columns x1, x2, …
            advance(re.sub(r"\bx(\d+)", lambda found: names[int(found[1]) - 1], text))

        searches = [
            Search(look.scaled(), y / size_y, functions, clock, note, size_y, pairs) for look in looks
        ]
        clearest, *others = sorted(range(len(looks)), key=lambda k: searches[k].unclear)
        if others and searches[clearest].unclear < CLEARER * searches[others[0]].unclear:  # it comes first
            looks.insert(0, looks.pop(clearest))
            searches.insert(0, searches.pop(clearest))
        interrupted = False
        try:
            explore(searches)
        except KeyboardInterrupt:
            interrupted = True
        return _report(looks, searches, X, y, names, noise, interrupted)


def views(X: np.ndarray, size_y: float, logs: bool) -> Iterator[Columns]:
    """Yield ways to look at the inputs: as they are, but skewed ones as logarithms; all as logarithms; none."""
    low, middle, high = X.min(axis=0), np.median(X, axis=0), X.max(axis=0)
    wide = (low > 0) & (high > NARROW * low) & logs
    skewed = wide & (middle - low < 0.2 * (high - low))
    yield Columns(X, skewed, size_y)
    if (skewed < wide).any():
        yield Columns(X, wide, size_y)
    if skewed.any():
        yield Columns(X, np.zeros_like(wide), size_y)


class Columns:
    """The inputs of a table, how they are scaled, and which of them become logarithms, `is_log` (n_in,)."""

    def __init__(self, X: np.ndarray, is_log: np.ndarray, size_y: float) -> None:
        self.X, self.is_log, self.size_y = X, is_log, size_y
        middle = np.exp(np.log(np.where(is_log, X, 1)).mean(axis=0))
        self.size = np.where(is_log, middle, np.abs(X).max(axis=0))
        self.size[self.size == 0] = 1.0

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


def _report(looks, searches, X, y, names, noise, interrupted):
    """Turn what searches have found into laws in the units of the table, and judge them."""
    size_y, cut, n = float(y.std()), len(searches[0].held[0]), len(searches[0].train[0])
    samples, held = (X[cut : cut + n], y[cut : cut + n]), (X[:cut], y[:cut])
    floor, rounding = max(EXACT, (noise / size_y) ** 2 if noise else 0.0), 1e-22 * float(samples[1].var())
    clock, laws = searches[0].clock, {}
    finished = not (clock.is_over() or clock.cut or interrupted)
    for each, look in _candidates(looks, searches, n, floor):
        if laws and clock.left() < -clock.seconds * (1 / SHARE - 1):
            break
        try:
            objective = shortened(look.law(each.named.model), samples[0], samples[1][:, None], rounding)
            if objective.free.sum() > n / 2:
                continue
            exact = snap_constants(objective, rounding)
            exact |= snap_constants(objective, rounding)  # what was refused, now that others have moved
            law = Law(objective, exact, names, samples, held, noise)
            for one in filter(None, [law, law.with_whole_numbers()]):
                if np.isfinite([one.error, one.held_out]).all() and one.free <= n / 3:
                    laws.setdefault(str(rounded(one.formula, 4)), one)
        except (ValueError, np.linalg.LinAlgError):  # an overflow
            continue
        except KeyboardInterrupt:
            interrupted, finished = True, False
            break
    splines = min(search.best() for search in searches) * size_y
    cost = {law: STRICT * (law.complexity + ENDS * law.ends(law.formula)) for law in laws.values()}
    weigh = lambda law: criterion((law.error / size_y) ** 2, cost[law], n, floor)  # noqa: E731
    best = min(laws.values(), key=weigh, default=None)
    front: list[Law] = []
    for law in sorted(laws.values(), key=lambda law: (law.complexity, law.error)):
        rivals = [*front, best] if law.complexity >= best.complexity else front
        if law is best or all(law.error < 0.9 * other.error for other in rivals):
            front.append(law)
    if len(X) > cut + n:  # samples that the search has not seen
        again = {law: law.on(X[cut:], y[cut:]) for law in front}
        front, best = list(again.values()), again[best]
    used = {str(s) for s in best.formula.free_symbols} if best else set()
    unused = [name for name in names if name not in used]
    remarks = [
        f"{name} has only {count} values"
        for name, x in zip(names, X.T, strict=True)
        if name in used and (count := len(np.unique(x))) <= FEW
    ]
    if best and best.ends(best.formula):
        remarks.append("just beyond the samples the formula has no values")
    if best and best.held_out > 1e-7 * size_y and cut < SURE:
        remarks.append("so few samples hardly tell forms apart: look at the simpler laws, too")
    if best and best.held_out > 1e-7 * size_y and grows(best.model(X)[:, 0], y):
        remarks.append(
            "what is left is larger where y is larger: if that is noise, errors of constants are too small, and "
            "intervals too wide for small y and too narrow for large y; try log(y)"
        )
    verdict = sentence(best, splines, size_y, cut, unused, remarks, finished)
    noise = min(splines, best.held_out if best else np.inf) if noise is None else noise
    return Discovery(front, best, verdict, names, unused, noise, splines, finished, interrupted)


def _candidates(looks, searches, n, floor):
    """Choose what is written in full: the best by criterion, and of the simpler ones those that are best so far."""
    found = [(each, look) for look, search in zip(looks, searches, strict=True) for each in search.laws]
    found = [each for each in found if np.isfinite([each[0].named.loss, each[0].held_out]).all()]
    found.sort(key=lambda each: criterion(each[0].named.loss, each[0].named.complexity, n, floor))
    different: dict = {}
    for each, look in found:
        different.setdefault(str((names_of(each.named.model), look.is_log)), (each, look))
    found = list(different.values())
    chosen, least = found[:MOST_LAWS], np.inf
    for each in sorted(found, key=lambda each: (each[0].named.complexity, each[0].named.loss)):
        if each[0].named.loss < LESS * least and len(chosen) < 2 * MOST_LAWS:
            chosen, least = [*chosen, each], each[0].named.loss
    return chosen
