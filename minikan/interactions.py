"""Which inputs act together, told from exact first and second derivatives (chapter 11; arXiv 2408.10205, section 4).

    u = ∂²f/∂x_i∂x_j · σ_i σ_j / σ_f,    v = ∂f/∂x_i · ∂f/∂x_j · σ_i σ_j / σ_f²,    w = (f - mean f) / σ_f

If g does not depend on x_j and h does not depend on x_i, then

    f = g + h        u = 0
    f = c + g h      (w - w_c) u = v
    f = F(g + h)     p(w) u = q(w) v       as u / v = σ_f F″ / F′² is a function of f alone

The last row needs no third derivatives. Polynomials p and q of degree 1 are exact for powers, exp and log, of degree 2
for sin, tan and tanh; of degree 3 they come close for the inverses of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .network import Network

TIMES = 3.0  # the noise: what is larger is seen
HIDDEN = 0.3  # of the size: if only more than that would be seen, nothing can be told
ROUNDING = 1e-7  # of the size
COARSE = 1e-3  # of the size: what p and q of the last degree may miss
DEGREES = 1, 2, 3  # of p and q, the lowest that is enough
Curve = Callable[[np.ndarray], tuple[np.ndarray, ...]]  # a function with its first and second derivative


class Field(NamedTuple):
    """A function and its derivatives at n samples, by R networks, the first of which is the one to look at."""

    value: np.ndarray  # (R, n)
    gradient: np.ndarray  # (R, n, n_in), times the spreads of the inputs
    hessian: np.ndarray  # (R, n, n_in, n_in), too

    @classmethod
    def of(cls, models: Sequence[Network], X: np.ndarray, output: int, spreads: np.ndarray) -> Field:
        values = np.stack([model(X)[:, output] for model in models])
        slopes, bends = zip(*(model.input_derivatives(X) for model in models), strict=True)
        gradient = np.stack([each[:, output] for each in slopes]) * spreads
        return cls(
            values, gradient, np.stack([each[:, output] for each in bends]) * np.outer(spreads, spreads)
        )

    def through(self, curve: Curve) -> Field:
        """Compute the same for a function of this function."""
        value, slope, bend = curve(self.value)
        outer = self.gradient[..., :, None] * self.gradient[..., None, :]
        hessian = slope[..., None, None] * self.hessian + bend[..., None, None] * outer
        return Field(value, slope[..., None] * self.gradient, hessian)

    def pairs(self, pairs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        """Compute u and v for some pairs of inputs: (R, pairs, n) each."""
        i, j = np.array(pairs).T
        u = self.hessian[:, :, i, j]
        return u.swapaxes(1, 2), (self.gradient[:, :, i] * self.gradient[:, :, j]).swapaxes(1, 2)


def standard(value: np.ndarray) -> Curve:
    """Make the line that gives the first row of values (R, n) mean 0 and spread 1."""
    middle, spread = value[0].mean(), value[0].std()
    spread = spread if spread > 1e-13 * np.abs(value[0]).max() else 1.0
    return lambda f: ((f - middle) / spread, np.full_like(f, 1 / spread), np.zeros_like(f))


class Evidence(NamedTuple):
    """How far several statements are from being true: RMS over the samples, (m,) each."""

    distance: np.ndarray
    noise: np.ndarray  # how much the networks differ in it
    size: np.ndarray  # what it would be if nothing were special
    tolerance: float

    @classmethod
    def of(cls, residuals: np.ndarray, size: np.ndarray, tolerance: float = ROUNDING) -> Evidence:
        """Take residuals (R, m, n) of the networks, and the typical size of each, (m, n)."""
        noise = _rms(residuals[1:] - residuals[0], (0, 2)) if len(residuals) > 1 else 0.0 * size[:, 0]
        return cls(_rms(residuals[0], 1), noise, _rms(size, 1), tolerance)

    @property
    def clear(self) -> np.ndarray:
        return TIMES * self.noise <= HIDDEN * self.size

    @property
    def limit(self) -> np.ndarray:
        return TIMES * self.noise + self.tolerance * self.size

    @property
    def holds(self) -> np.ndarray:
        return self.clear & (self.distance <= self.limit)


def relevance(field: Field, inputs: Sequence[int]) -> Evidence:
    """Ask if f does not depend on each of some inputs."""
    slopes = field.gradient[:, :, inputs].swapaxes(1, 2)  # (R, m, n)
    return Evidence.of(slopes, np.ones_like(slopes[0]))


def terms(kind: str | int, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List what p and q are made of, each (M, *w.shape), for a "sum", a "product", or polynomials of a degree."""
    one, zero = np.ones_like(w), np.zeros_like(w)
    if isinstance(kind, int):
        powers, none = [w**k for k in range(kind + 1)], [zero] * (kind + 1)
        return np.stack(powers + none), np.stack(none + powers)
    return (one[None], zero[None]) if kind == "sum" else (np.stack([w, one]), np.stack([one, zero]))


def relation(kind: str | int, w: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Find the weights of `terms`, (..., M), for which p u - q v is smallest; w (n,), u and v (..., m, n).

    Distances from the line p u = q v are measured at a right angle, so the fit is repeated with weights.
    """
    P, Q = (part[:, None] for part in terms(kind, w))  # (M, 1, n)
    columns = P * u[..., None, :, :] - Q * v[..., None, :, :]  # (..., M, m, n)
    weight = np.ones((*u.shape[:-2], 1, 1, len(w)))
    for _ in range(6):
        rows = (weight * columns).reshape(*u.shape[:-2], len(P), -1).swapaxes(-1, -2)  # (..., m n, M)
        found = np.linalg.svd(np.linalg.qr(rows, mode="r"))[2][..., -1, :]
        norm = np.hypot(found @ P[:, 0], found @ Q[:, 0])[..., None, None, :]
        weight = 1 / np.maximum(norm, 1e-6 * norm.max(axis=-1, keepdims=True))
    return found


def evidence(field: Field, kind: str | int, pairs: Sequence[tuple[int, int]], common: bool) -> Evidence:
    """Ask if f is a sum, product or function of a sum of parts that divide each pair; `common`: the same for all."""
    (u, v), w = field.pairs(pairs), field.value
    each = (u[0], v[0]) if common else (u[0][:, None], v[0][:, None])
    found = relation(kind, w[0], *each)
    P, Q = terms(kind, w)  # (M, R, n)
    p, q = (np.einsum("...a,arn->r...n", found, part) for part in (P, Q))  # (R, [m,] n)
    if common:
        p, q = p[:, None], q[:, None]
    tolerance = COARSE if kind == DEGREES[-1] else ROUNDING
    return Evidence.of((p * u - q * v) / np.hypot(p, q), np.hypot(u[0], v[0]), tolerance)


def _rms(values, axis):
    return np.sqrt(np.mean(values**2, axis=axis))


def components(inputs: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Group inputs so that those of different groups do not interact."""
    groups = [{i} for i in inputs]
    for i, j in sorted(pairs):
        joined = [group for group in groups if i in group or j in group]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return sorted(tuple(sorted(group)) for group in groups)
