"""Which function is this curve? All candidates at once (chapter 07; paper, section 2.5.1).

    y ≈ c f(a x + b) + d

For given a and b a linear regression gives c and d. A coarse table of pairs (a, b) gives starting points for each
function; Levenberg–Marquardt improves a and b, for all functions together. Evidence weighs error against complexity.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .functions import LIBRARY, Function
from .validation import as_finite, as_targets, as_vector

TABLE_POINTS = np.linspace(-1, 1, 60)  # where the curve is compared with the table
POLISH_POINTS = 200  # largest number of points that the final fit uses
STARTS = 3  # starting points (a, b) for each function
# On a short interval every smooth curve is nearly straight, and an even one nearly a parabola: if stretched enough, any
# function fits. So with half the range of x as the unit |a| ≥ MIN_SCALE; or |b / a| ≤ MAX_SHIFT, if |a| is free.
MIN_SCALE, MAX_SHIFT = 0.1, 31.0
FASTEST = 30.0  # the largest a in the table; faster waves are taken from the curve's spectrum
WAVES = 3  # frequencies that are taken from there
Library = Sequence[str | Function] | None  # functions to try; None for the default


@dataclass
class Candidate:
    """A function fitted to an edge, c f(a x + b) + d."""

    function: Function
    weights: np.ndarray  # a, b, c, d
    span: tuple[float, float]  # range of x
    error: float  # 1 - R², the fraction of the edge's variance that is not explained
    held_out: float = np.nan  # the same on the outer 30% of the range, with a fit on the middle 70%
    extra: tuple = ()  # how much of each free curve is added
    held: str = ""  # weights that must not change, such as "bd"

    @property
    def r2(self) -> float:
        return 1 - self.error

    def evidence(self, noise: float = 0.0) -> float:
        """Weigh error against complexity; lower is better.

        A unit of complexity must reduce what is left, over what is explained, by a factor 3. So a small error counts
        by its ratio to others, and a function that explains nearly nothing is worth nearly nothing, however simple.
        """
        left = np.clip(self.error, max(noise, 1e-20), 1 - 1e-9)
        return np.log(left / (1 - left)) + np.log(3) * self.function.complexity


class Suggestions(list[Candidate]):
    """Candidates for an edge, the best first; prints as a table with the reason."""

    def __repr__(self):
        width = max([8, *(len(c.function.name) for c in self)])
        rows = [(c.function.name, c.error, c.held_out, c.function.complexity) for c in self]
        lines = [f"{name:{width}}  {left:.1e}  {outer:8.1e}  {cost:10g}" for name, left, outer, cost in rows]
        return "\n".join([f"{'function':{width}}   1 - R²  held out  complexity", *lines, self.reason()])

    def reason(self) -> str:
        """Say why the first one is the first."""
        if len(self) < 2:
            names = [f"{c.function.name}: no rival" for c in self]
            return f"{(names or ['no function of the library'])[0]} is defined here"
        (name, cost), (rival, its) = ((c.function.name, c.function.complexity) for c in self[:2])
        ratio = max(self[1].error, 1e-30) / max(self[0].error, 1e-30)
        if ratio < 1:
            return f"{name} leaves {1 / ratio:.2g} times more than {rival}, but is simpler by {its - cost:g}"
        why = f"and is {'no more' if cost == its else 'less'} complex"
        if cost > its:
            why = f"worth its {cost - its:g} more of complexity"
        return f"{name} leaves {ratio:.2g} times less than {rival}, {why}"


@np.errstate(all="ignore")  # a candidate that overflows is left out
def match(
    x: ArrayLike, y: ArrayLike, library: Library = None, free: np.ndarray | None = None
) -> list[Candidate]:
    """Fit every function of a library to a curve.

    x, y (n,) are points of the curve. The library holds names or functions; by default all of `LIBRARY` but twins and
    those of degree 0 ("0", "sgn"). Returns a `Candidate` for each function that is defined on all x, the best first.
    Curves `free` (q, n), which may be added to y, do not count: only what is orthogonal to them is compared.
    ValueError or TypeError: x and y differ in length, hold anything but finite numbers, or overflow.
    """
    functions, x = as_library(library), as_vector(x, "x")
    y = as_targets(y, len(x), 1)[:, 0]
    middle, half = 0.5 * (x.max() + x.min()), 0.5 * np.ptp(x) or 1.0
    mean, deviation, span = y.mean(), y.std(), (float(x.min()), float(x.max()))
    as_finite((middle, half, mean, deviation), "match")
    if not deviation > 1e-13 * (np.abs(y).max() or 1):
        return [Candidate(LIBRARY["0"], np.array([1.0, 0, 0, mean]), span, 0.0, 0.0)]
    t, s = (x - middle) / half, (y - mean) / deviation  # t from -1 to 1; s of mean 0 and variance 1
    order = np.argsort(t)
    free = np.zeros((0, len(t))) if free is None else free
    coarse, *free_coarse = (np.interp(TABLE_POINTS, t[order], each[order]) for each in (s, *free))
    Q = _orthonormal(free_coarse, TABLE_POINTS)
    starts = np.concatenate([_starts(function, coarse, Q) for function in functions])
    weights, errors = _polish(functions, starts, TABLE_POINTS, coarse, Q, steps=25)
    best = errors.reshape(-1, STARTS).argmin(axis=1) + STARTS * np.arange(len(functions))
    some = order[np.linspace(0, len(t) - 1, min(len(t), POLISH_POINTS)).astype(int)]  # with both ends
    whole, waves = (t, s, free), _waves(t[order], _rest(s, _orthonormal([*free, t], t))[order])
    t, s, free = t[some], s[some], free[:, some]
    Q = _orthonormal(free, t)
    weights, errors = _polish(functions, weights[best, :2], t, s, Q, steps=12)
    for k in [k for k, function in enumerate(functions) if function.half_period and len(waves)]:
        fast, left = _polish(functions[k : k + 1], _phases(functions[k], waves), t, s, Q, steps=12)
        if left.min() < errors[k]:
            weights[k] = fast[left.argmin()]
    held_out = _held_out(functions, weights, t, s) if not len(free) else np.full(len(functions), np.nan)
    t, s, free = whole
    Q = _orthonormal(free, t)
    fit = _regress(functions, weights[:, :2], t, s, Q)  # c and d for all points
    weights[:, 2:] = np.column_stack([fit.c, fit.d])
    errors = fit.errors / max(_rest(s, Q) @ _rest(s, Q) / len(s), 1e-30)
    candidates = []
    for function, (a, b, c, d), error, outer in zip(functions, weights, errors, held_out, strict=True):
        extra = np.zeros(0)
        if len(free) and np.isfinite([a, b, c]).all():
            missing = c * function.evaluate(a * t + b, 0)[0] - s
            extra, *_ = np.linalg.lstsq(np.vstack([free, np.ones_like(t)]).T, missing, rcond=None)
            d, extra = -extra[-1], extra[:-1] * deviation
        w = np.array([a / half, b - a * middle / half, c * deviation, d * deviation + mean])
        if np.isfinite([error, *w]).all() and function.defined(a * t + b):
            candidates.append(Candidate(function, w, span, float(error), float(outer), tuple(extra)))
    return sorted(candidates, key=Candidate.evidence)


def as_library(library: Library) -> list[Function]:
    """Turn names or functions into functions; by default those that `match` tries."""
    if library is None:
        return [each for each in LIBRARY.values() if not each.twin and each.degree != 0]
    functions: list = [LIBRARY.get(each, each) if isinstance(each, str) else each for each in library]
    if wrong := [each for each in functions if not isinstance(each, Function)]:
        raise ValueError(f"there is no function {wrong[0]!r}; the library has {', '.join(LIBRARY)}")
    if not functions:
        raise ValueError("library must hold at least one function")
    return functions


@functools.lru_cache(maxsize=100)
def tabulate(function):
    """List pairs (a, b) to start from, (rows, 2), and their curves, (rows, 60), with mean 0 and length 1."""
    a, b = np.ones((1, 1)), np.zeros(1)
    if not function.scale_is_free:
        a = np.geomspace(MIN_SCALE, FASTEST, 48)[:, None]
        b = a * np.linspace(-1.5, 1.5, 21 if function.parity else 16)
        if function.half_period:
            b = _shifts(function)
    elif function.low >= 0:
        b = 1 + np.geomspace(1e-6, MAX_SHIFT - 1, 40)
    elif not function.is_linear:
        far = np.geomspace(2, 30, 8)
        b = np.concatenate([np.linspace(-1.5, 1.5, 31), far, -far])
    table = np.stack(np.broadcast_arrays(a, b), axis=-1).reshape(-1, 2)
    table = table if function.parity else np.concatenate([table, table * [-1, 1]])
    u = table[:, :1] * TABLE_POINTS + table[:, 1:]
    usable = ((function.low <= u) & (u <= function.high) & (np.abs(u) < 50)).all(axis=1)
    table, values = table[usable], function.derivatives(u[usable])[0]
    mean = values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values - mean, axis=1, keepdims=True)
    usable = (length > 1e-9 * (1 + np.abs(mean)))[:, 0]  # no constants
    return table[usable], ((values - mean) / length)[usable]


def _orthonormal(free, t):
    """Make an orthonormal basis (q + 1, n) of the constants and the free curves."""
    return np.linalg.qr(np.vstack([np.ones_like(t), *free]).T)[0].T


def _rest(values, Q):
    """Take away from rows (..., n) what lies in the span of Q."""
    return values - (values @ Q.T) @ Q


def _starts(function, s, Q):
    """Choose the pairs (a, b) whose curves explain most of s (60,), not too close to each other: (STARTS, 2)."""
    table, curves = tabulate(function)
    if not len(table):
        return np.full((STARTS, 2), np.nan)
    explained = (curves @ _rest(s, Q)) ** 2
    if len(Q) > 1:  # their lengths are 1 but for what the free curves take
        left = 1 - np.square(curves @ Q[1:].T).sum(axis=1)
        explained = np.where(left > 1e-9, explained / np.maximum(left, 1e-9), 0)
    best = np.argsort(-explained, kind="stable")[: 4 * STARTS]
    chosen = [best[0]]
    for k in best[1:]:
        if len(chosen) < STARTS and min(abs(table[k] - table[c]).max() for c in chosen) > 0.3:
            chosen.append(k)
    return table[(chosen * STARTS)[:STARTS]]


# Curves c f(a t + b) + d for B pairs (a, b): `ab` (B, 2); `value`, f minus its mean, and `slope`, f', (B, n); c and d,
# (B,), the linear regression on s (n,); its `residuals` (B, n); `errors`, their mean squares (B,).
_Fit = namedtuple("_Fit", "ab value slope c d residuals errors")


def _regress(functions, ab, t, s, Q):
    """Fit c and d; of the B rows of `ab` the first B / len(functions) belong to the first function, and so on."""
    u = np.split(ab[:, :1] * t + ab[:, 1:], len(functions))
    evaluated = [function.evaluate(rows, 1) for function, rows in zip(functions, u, strict=True)]
    value, slope = (np.concatenate(each) for each in zip(*evaluated, strict=True))
    level = value.mean(axis=1)
    value = _rest(value, Q)
    square = np.einsum("bn,bn->b", value, value)
    c = value @ s / np.where(square > 0, square, 1)
    residuals = c[:, None] * value - _rest(s, Q)
    errors = np.einsum("bn,bn->b", residuals, residuals) / len(s)
    return _Fit(ab, value, slope, c, s.mean() - c * level, residuals, errors)


def _damped_step(fit, t, Q, damping):
    """Compute the damped steps of a and b, (B, 2), by variable projection, in L. Kaufman's shorter form."""
    # c and d follow a and b: only what is orthogonal to 1 and f counts (Golub, Pereyra, SIAM J. Numer. Anal. 10, 413).
    in_b = fit.c[:, None] * fit.slope
    jacobian = np.stack([in_b * t, in_b], axis=1)  # (B, 2, n)
    before = np.einsum("bkn,bkn->bk", jacobian, jacobian)
    jacobian = _rest(jacobian, Q)
    square = np.einsum("bn,bn->b", fit.value, fit.value)[:, None, None]
    jacobian -= (jacobian @ fit.value[:, :, None] / square) * fit.value[:, None]
    normal = jacobian @ jacobian.transpose(0, 2, 1)  # (B, 2, 2)
    gradient = (jacobian @ fit.residuals[:, :, None])[..., 0]
    squares = np.diagonal(normal, axis1=1, axis2=2)  # (B, 2)
    gradient[squares <= 1e-24 * before] = 0  # what is left after the projection is rounding
    extra = damping[:, None] * squares + 1e-14 * squares.max(axis=1)[:, None] + 1e-300
    normal = normal + extra[:, :, None] * np.eye(2)
    usable = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=1)
    normal[~usable], gradient[~usable] = np.eye(2), 0
    return np.linalg.solve(normal, gradient[..., None])[..., 0]


def _polish(functions, ab, t, s, Q, steps):
    """Improve B pairs (a, b) by Levenberg–Marquardt, all at once: weights (B, 4), errors (B,)."""
    is_free = np.repeat([function.scale_is_free for function in functions], len(ab) // len(functions))
    least, most = np.where(is_free, 0, MIN_SCALE), np.where(is_free, MAX_SHIFT, np.inf)
    fit, damping = _regress(functions, ab.copy(), t, s, Q), np.full(len(ab), 1e-3)
    for _ in range(steps):
        a, b = (fit.ab - _damped_step(fit, t, Q, damping)).T
        a = np.where(np.abs(a) < least, np.copysign(least, a), a)
        b = np.clip(b, -most * np.abs(a), most * np.abs(a))
        trial = _regress(functions, np.stack([a, b], axis=1), t, s, Q)
        better = trial.errors < fit.errors
        for old, new in zip(fit, trial, strict=True):
            old[better] = new[better]
        damping = np.where(better, np.maximum(damping * 0.1, 1e-12), damping * 5)
    return np.column_stack([fit.ab, fit.c, fit.d]), fit.errors


def _waves(t, s):
    """Find up to `WAVES` frequencies in a curve s at increasing t, from -1 to 1, that the table does not reach: (m,).

    They are the highest peaks of the spectrum; the curve is interpolated on as many points as it has, or more.
    """
    count = 2 ** int(np.ceil(np.log2(len(t))) + 1)
    curve = np.interp(np.linspace(-1, 1, count), t, s) * np.hanning(count)
    power = np.abs(np.fft.rfft(curve, 4 * count)) ** 2
    frequency = np.arange(len(power)) * np.pi * (count - 1) / (4 * count)
    inner = power[1:-1]
    peaks = 1 + np.flatnonzero((inner > power[:-2]) & (inner >= power[2:]))
    peaks = peaks[np.argsort(-power[peaks], kind="stable")][:WAVES]
    return frequency[peaks[frequency[peaks] > FASTEST / 2]]


def _phases(function, frequencies):
    """List pairs (a, b) for a function with a half period and frequencies (m,) of its curve: (6 m, 2)."""
    a = frequencies[:, None] * function.half_period / np.pi
    return np.stack(np.broadcast_arrays(a, _shifts(function)), axis=-1).reshape(-1, 2)


def _shifts(function):
    return np.linspace(0, function.half_period, 6, endpoint=False)


def _held_out(functions, weights, t, s):
    """Fit the curves on the middle 70% of the range; compute their mean squared errors on the rest, (B,)."""
    inner = np.abs(t) <= max(0.7, np.abs(t).min())
    if inner.all():
        return np.full(len(functions), np.nan)
    weights, _ = _polish(functions, weights[:, :2], t[inner], s[inner], _orthonormal((), t[inner]), steps=8)
    t, s = t[~inner], s[~inner]
    curves = [c * f.evaluate(a * t + b, 0)[0] + d for f, (a, b, c, d) in zip(functions, weights, strict=True)]
    return np.mean((curves - s) ** 2, axis=1)
