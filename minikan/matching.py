"""Which function is this curve? All candidates at once (chapter 07; paper, section 2.5.1).

    y ≈ c f(a x + b) + d

Each function of the library starts from the best places of a coarse table of (a, b), where c and d are a linear
regression; then Levenberg–Marquardt walks in a and b, for all candidates together, and c and d follow. What is
chosen is not the smallest error, but the best evidence: error and complexity weighed against each other.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_finite, as_targets, as_vector
from .functions import LIBRARY, Function

COARSE = np.linspace(-1, 1, 60)  # where a curve is compared with a table
POLISH_POINTS = 200
STARTS = 3  # places of the table from which a candidate is polished

# Every curve is a line, and every even one a parabola, to who sees little enough of it. So that a function shows
# what it is, an edge, from the middle of its range to the end, has to see this much of u at least; or it has the
# origin not further away than so many times this distance.
LEAST, FAR = 0.1, 31.0


@dataclass
class Candidate:
    """A function fitted to an edge.

    Attributes
    ----------
    function : Function
    weights : ndarray, shape (4,)
        a, b, c, d.
    span : pair of float
        Range of x.
    error : float
        Share of the edge's variance that is left over, 1 - R².
    held_out : float
        The same, fitted on the middle 70% of the edge's range, on the rest of it.
    """

    function: Function
    weights: np.ndarray
    span: tuple[float, float]
    error: float
    held_out: float = np.nan

    @property
    def r2(self) -> float:
        return 1 - self.error

    def evidence(self, noise: float = 0.0) -> float:
        """Weigh error against complexity: lower is better. One unit of complexity is worth a factor 3 of error."""
        return np.log(max(self.error, noise, 1e-30)) + np.log(3) * self.function.complexity


@np.errstate(all="ignore")  # where a candidate overflows it is left out
def match(x: ArrayLike, y: ArrayLike, library: Sequence[str | Function] | None = None) -> list[Candidate]:
    """Fit every function of a library to a curve.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Points of the curve.
    library : list of str or Function, optional
        Where to look; everything in `LIBRARY` but twins by default.

    Returns
    -------
    list of Candidate
        The best by evidence first. Functions that are not defined everywhere on x are left out.

    Raises
    ------
    ValueError, TypeError
        If x and y are not equally many numbers, or are too large, or there is no such function.
    """
    functions, x = as_library(library), as_vector(x, "x")
    y = as_targets(y, len(x), 1)[:, 0]
    middle, half = 0.5 * (x.max() + x.min()), 0.5 * np.ptp(x) or 1.0
    mean, spread, span = y.mean(), y.std(), (float(x.min()), float(x.max()))
    as_finite((middle, half, mean, spread), "match")
    if not spread > 1e-13 * (np.abs(y).max() or 1):
        return [Candidate(LIBRARY["0"], np.array([1.0, 0, 0, mean]), span, 0.0, 0.0)]
    t, s = (x - middle) / half, (y - mean) / spread
    order = np.argsort(t)
    coarse = np.interp(COARSE, t[order], s[order])
    starts = np.concatenate([_starts(function, coarse) for function in functions])
    weights, errors = _polish(functions, starts, COARSE, coarse, 25)
    best = errors.reshape(-1, STARTS).argmin(axis=1) + STARTS * np.arange(len(functions))
    fine = order[np.linspace(0, len(t) - 1, min(len(t), POLISH_POINTS)).astype(int)]
    weights, errors = _polish(functions, weights[best], t[fine], s[fine], 12)
    inner = np.abs(t[fine]) <= max(0.7, np.abs(t[fine]).min())
    inside, _ = _polish(functions, weights, t[fine][inner], s[fine][inner], 8)
    candidates = []
    for function, w, error, held in zip(functions, weights, errors, inside, strict=True):
        outer = _curve(function, held, t[fine][~inner]) - s[fine][~inner]
        a, b, c, d = w
        w = np.array([a / half, b - a * middle / half, c * spread, d * spread + mean])
        if np.isfinite([error, *w]).all() and function.defined(a * t + b):
            left = float(np.mean(outer**2)) if outer.size else np.nan
            candidates.append(Candidate(function, w, span, float(error), left))
    return sorted(candidates, key=Candidate.evidence)


def as_library(library: Sequence[str | Function] | None) -> list[Function]:
    """Make a list of functions of names or functions."""
    if library is None:
        return [each for each in LIBRARY.values() if not each.twin and each.name not in ("0", "sgn")]
    functions = []
    for entry in library:
        function = LIBRARY.get(entry) if isinstance(entry, str) else entry
        if not isinstance(function, Function):
            raise ValueError(f"there is no function {entry!r}; the library has {', '.join(LIBRARY)}")
        functions.append(function)
    if not functions:
        raise ValueError("library must hold at least one function")
    return functions


def _curve(function, w, t):
    return w[2] * function.evaluate(w[0] * t + w[1], 0)[0] + w[3]


def _is_only_stretched(function):
    """Tell whether `a` changes no more than c and d do: then all that counts is where the origin lies."""
    return function.degree is not None or function.name == "log"


def _table(function):
    """List starting points (a, b) for t in [-1, 1]."""
    if function.name == "x":
        return np.array([[1.0, 0.0]])
    if _is_only_stretched(function):
        if function.low >= 0:
            b = 1 + np.geomspace(1e-6, FAR - 1, 40)
            return np.concatenate([np.stack([sign * np.ones_like(b), b], axis=1) for sign in (1.0, -1.0)])
        b = np.concatenate([np.linspace(-1.5, 1.5, 31), np.geomspace(2, 30, 8), -np.geomspace(2, 30, 8)])
        return np.stack([np.ones_like(b), b], axis=1)
    a = np.geomspace(LEAST, 30, 48)[:, None]
    b = a * np.linspace(-1.5, 1.5, 16 if function.parity == 0 else 21)
    if function.name == "sin":
        b = np.linspace(0, np.pi, 6, endpoint=False)
    both = np.stack(np.broadcast_arrays(a, b), axis=-1).reshape(-1, 2)
    return both if function.parity else np.concatenate([both, both * [-1, 1]])


@functools.lru_cache(maxsize=100)
def _tabulate(function):
    """Evaluate a function at COARSE for its whole table: (a, b), centred values, their means and variances."""
    table = _table(function)
    u = table[:, :1] * COARSE + table[:, 1:]
    usable = ((function.low <= u) & (u <= function.high)).all(axis=1) & (np.abs(u) < 50).all(axis=1)
    table, values = table[usable], function.derivatives(u[usable])[0]
    mean = values.mean(axis=1)
    centred = values - mean[:, None]
    variance = (centred**2).mean(axis=1)
    usable = variance > 1e-20 * (1 + mean**2)
    return table[usable], centred[usable], mean[usable], variance[usable]


def _starts(function, s):
    """Choose the best starting points of the table, with c and d by linear regression: (STARTS, 4)."""
    table, centred, mean, variance = _tabulate(function)
    if not len(table):
        return np.full((STARTS, 4), np.nan)
    slope = (centred @ s) / len(s) / variance
    best = np.argsort(-(slope**2) * variance, kind="stable")[: 4 * STARTS]
    chosen = [best[0]]
    for k in best[1:]:  # not all from one place
        if len(chosen) < STARTS and min(abs(table[k] - table[c]).max() for c in chosen) > 0.3:
            chosen.append(k)
    chosen = (chosen * STARTS)[:STARTS]
    return np.column_stack([table[chosen], slope[chosen], s.mean() - slope[chosen] * mean[chosen]])


def _polish(functions, weights, t, s, steps):
    """Run Levenberg–Marquardt on all candidates at once: weights (B, 4) → weights, errors (B,).

    Only a and b walk; c and d are the linear regression on f(a t + b) at every place. So the derivatives in a and
    b count as far as the regression cannot make good for them (variable projection). Each function owns as many
    rows as the others, one after the other.

    Reference: G. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, with L. Kaufman's shorter derivative.
    """
    share, mean, n = len(weights) // len(functions), s.mean(), len(s)
    stretched = np.repeat([_is_only_stretched(function) for function in functions], share)
    least, far = np.where(stretched, 0, LEAST), np.where(stretched, FAR, np.inf)

    def look(places):
        u = places[:, :1] * t + places[:, 1:]
        value, slope = np.empty_like(u), np.empty_like(u)
        for k, function in enumerate(functions):
            rows = slice(k * share, (k + 1) * share)
            value[rows], slope[rows] = function.evaluate(u[rows], 1)
        level = value.mean(axis=1)
        value -= level[:, None]
        square = np.einsum("bn,bn->b", value, value)
        c = value @ s / np.where(square > 0, square, 1)
        residuals = c[:, None] * value - (s - mean)
        errors = np.einsum("bn,bn->b", residuals, residuals) / n
        return value, slope, square, c, mean - c * level, residuals, errors

    places = weights[:, :2].copy()
    state = look(places)
    damping = np.full(len(weights), 1e-3)
    for _ in range(steps):
        value, slope, square, c, _, residuals, errors = state
        pull = c[:, None] * slope
        jacobian = np.stack([pull * t, pull], axis=1)  # (B, 2, n)
        whole = np.einsum("bkn,bkn->bk", jacobian, jacobian)
        jacobian -= jacobian.mean(axis=2, keepdims=True)
        jacobian -= (jacobian @ value[:, :, None] / square[:, None, None]) * value[:, None]
        normal = jacobian @ jacobian.transpose(0, 2, 1)
        gradient = (jacobian @ residuals[:, :, None])[..., 0]
        scale = np.einsum("bii->bi", normal)
        gradient[scale <= 1e-24 * whole] = 0  # rounding: the regression makes good for all of it
        scale += damping[:, None] * scale + 1e-14 * scale.max(axis=1)[:, None] + 1e-300
        usable = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=1)
        normal[~usable], gradient[~usable] = np.eye(2), 0
        trial = places - np.linalg.solve(normal, gradient[..., None])[..., 0]
        short = np.abs(trial[:, 0]) < least
        trial[short, 0] = np.copysign(least, trial[:, 0])[short]
        trial[:, 1] = np.clip(trial[:, 1], -far * np.abs(trial[:, 0]), far * np.abs(trial[:, 0]))
        seen = look(trial)
        better = seen[-1] < errors
        places[better] = trial[better]
        for old, new in zip(state, seen, strict=True):
            old[better] = new[better]
        damping = np.where(better, np.maximum(damping * 0.1, 1e-12), damping * 5)
    _, _, _, c, d, _, errors = state
    return np.column_stack([places, c, d]), errors
