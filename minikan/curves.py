"""A family of curves is a basis: features of one variable, which are weighted and added (chapters 03 and 09).

    φ(x) = Σ_m w_m F_m(x)              one edge: the features of its input, its own weights
    z    = Wᵀ F(x)                     one layer: all K = n_in · m features of all inputs

`Basis` holds what all families share. Outside the domain every feature continues as a straight line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS
from .validation import as_choice, as_domains, as_integer

MARGIN = 0.02  # of the data's range: how far grids go beyond it on both sides, as new samples may lie outside
WIDEST = 0.1  # of the data's range: how far grids of hidden nodes may go beyond it before they are laid again
ENOUGH = 100  # samples per cell that make quantiles smooth enough to place grid points by them
RIDGE = 0.01  # penalty on the square of a weight, beside that on the square of a curve's second derivative


class Basis(ABC):
    """A family of curves on `domain` (n_in, 2); `grid` says how fine it is: cells, waves or degree.

    An activation `base` can be one more feature, the last of m; the others are `size`. A basis never changes.
    """

    smoothness: float = np.inf  # how many derivatives of the features are continuous on the domain
    default_base: str | None = None  # the base function that `KAN` adds by default
    parts: tuple[str, ...] = (
        "domain",
        "grid",
        "base",
    )  # names of the constructor's arguments, and of attributes
    kinds: ClassVar[dict[str, type[Basis]]] = {}  # every family by its name, for `load`

    def __init_subclass__(cls) -> None:
        Basis.kinds[cls.__name__] = cls

    def __init__(self, domain: ArrayLike = (-1, 1), grid: int = 5, base: str | None = None) -> None:
        self.domain, self.grid = as_domains(domain), as_integer(grid, "grid", 1)
        self.base = None if base is None else as_choice(base, "base", ACTIVATIONS)
        self.size = len(self.functions(np.zeros(1), 0))
        self.n_in, self.m = len(self.domain), self.size + (self.base is not None)
        self.label = f"{type(self).__name__} {self.grid}"

    @classmethod
    def on(cls, domain: ArrayLike, grid: int, order: int, base: str | None) -> Basis:
        return cls(domain, grid, base)  # only splines use `order`

    @abstractmethod
    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Evaluate the features, or a derivative in u, at u in [-1, 1]: (...) → (size, ...)."""

    def constant(self) -> np.ndarray:
        """Return the weights of the constant curve 1, by default the first feature: (m,)."""
        return np.eye(self.m)[0]

    def line(self) -> np.ndarray:
        """Return the weights of the line u from -1 to 1 across the domain, by default the second feature: (n_in, m)."""
        return np.tile(np.eye(self.m)[1], (self.n_in, 1))

    def refined(self, grid: int) -> Basis:
        """Make the same family on the same domain with another `grid`."""
        return type(self)(self.domain, grid, self.base)

    def fitted(self, x: Sequence[np.ndarray], uniform_weight: float | None) -> Basis:
        """Make the same family on domains that cover the data of each input, x[i] of shape (n,)."""
        domain = [around(data, *ends) for data, ends in zip(x, self.domain, strict=True)]
        return type(self)(domain, self.grid, self.base)

    def covers(self, x: Sequence[np.ndarray]) -> bool:
        """Return whether the data of each input lie on its domain, and fill it."""
        for data, (low, high) in zip(x, self.domain, strict=True):
            free = data.min() - low, high - data.max()
            if has_range(data, low, high) and not 0 <= min(free) <= max(free) <= WIDEST * np.ptp(data):
                return False
        return True

    def rows(self, inputs: Any) -> Basis:
        """Make the basis of some of the inputs."""
        return type(self)(self.domain[inputs], self.grid, self.base)

    def __repr__(self):
        return f"{type(self).__name__}({self.label})"

    def floats_per_sample(self, n_out: int) -> int:
        """Return how many numbers a layer of `n_out` outputs keeps for each sample."""
        return self.n_in * self.m

    def features(self, x: np.ndarray, n_out: int = 1) -> Features:
        """Compute all features of a batch x (n_in, n), for a layer of `n_out` outputs."""
        return Features(self, x)

    def cubics(self) -> np.ndarray:
        """The weights of the Chebyshev polynomials T0 … T3 on the domain, by least squares: (n_in, m, 4)."""
        x = self.sample_points()
        low, high = self.domain.T[:, :, None]
        u = (2 * x - low - high) / (high - low)
        T = np.stack([np.ones_like(u), u, 2 * u**2 - 1, (4 * u**2 - 3) * u], axis=2)  # (n_in, points, 4)
        matrix = self.features(x).matrix().reshape(self.n_in, self.m, -1).swapaxes(1, 2)
        return np.stack([np.linalg.lstsq(A, b, rcond=None)[0] for A, b in zip(matrix, T, strict=True)])

    def roughness(self) -> np.ndarray:
        """Compute R (rows, m): |R w|² is ∫ φ″(u)² du by Gauss–Legendre quadrature, plus RIDGE times |w|²."""
        u, share = np.polynomial.legendre.leggauss(4 * self.size)
        rows = np.zeros((len(u), self.m))
        rows[:, : self.size] = self.functions(u, 2).T * np.sqrt(share)[:, None]
        return np.concatenate([rows, np.sqrt(RIDGE) * np.eye(self.m)])

    def differences(self) -> list[np.ndarray]:
        """Compute for each input D (rows, size): D @ weights is zero for a smooth curve. Only splines have it."""
        return []

    def sample_points(self) -> np.ndarray:
        """Return points of each input that determine a curve on its domain: (n_in, points)."""
        return chebyshev_points(self.domain, 4 * self.size)

    def projection(self, new: Basis) -> np.ndarray:
        """Compute the matrices that turn weights of this basis into those of a new one: (n_in, new.m, m).

        Each feature is fitted by least squares at the new basis's `sample_points`. If both have the same base function,
        it keeps its weight; the other features only fit its change outside the old domain, where it becomes straight.
        """
        x = new.sample_points()
        targets = self.features(x).matrix().reshape(self.n_in, self.m, -1)
        matrix = new.features(x).matrix().reshape(self.n_in, new.m, -1)
        change, known = np.zeros((self.n_in, new.m, self.m)), {}
        if self.base is not None and self.base == new.base:
            change[:, -1, -1] = 1
            targets[:, -1] -= matrix[:, -1]
            matrix = matrix[:, :-1]
        for i, (A, b) in enumerate(zip(matrix, targets, strict=True)):
            key = A.tobytes() + b.tobytes()
            if key not in known:  # inputs often share a grid: solve once
                known[key] = np.linalg.lstsq(A.T, b.T, rcond=None)[0]
            change[i, : len(A)] = known[key]
        return change


class Features:
    """All features of a batch x (n_in, n), and the products that a layer needs of them."""

    def __init__(self, basis: Basis, x: np.ndarray) -> None:
        self.basis, self.x, self._known = basis, x, {}

    def matrix(self, derivative: int = 0) -> np.ndarray:
        """Compute the features F, or a derivative of them in x: (K, n)."""
        if derivative not in self._known:
            basis, (low, high) = self.basis, self.basis.domain.T[:, :, None]
            inside = self.x.clip(low, high)
            beyond = self.x - inside
            functions = basis.functions(
                (2 * inside - low - high) / (high - low), derivative
            )  # (size, n_in, n)
            values = np.empty((basis.n_in, basis.m, self.x.shape[1]))
            values[:, : basis.size] = (functions * (2 / (high - low)) ** derivative).swapaxes(0, 1)
            if basis.base is not None:
                values[:, -1] = ACTIVATIONS[basis.base](inside, derivative)[derivative]
            if derivative == 0 and beyond.any():  # a straight line outside
                values += self.matrix(1).reshape(values.shape) * beyond[:, None]
            elif derivative > 1:
                values *= (beyond == 0)[:, None]
            self._known[derivative] = values.reshape(-1, self.x.shape[1])
        return self._known[derivative]

    def times(self, W: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute the outputs Wᵀ F (n_out, n) from W (K, n_out); also return W as `pull` and `curves` need it."""
        return W.T @ self.matrix(), W.copy()

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """Compute the loss's gradient in W, F gᵀ (K, n_out), from g = ∂loss/∂z (n_out, n)."""
        return self.matrix() @ g.T

    def pull(self, kept: Any, g: np.ndarray) -> np.ndarray:
        """Compute the loss's gradient in x, Σ_j g_j φ′_ji (n_in, n), from g = ∂loss/∂z (n_out, n)."""
        return ((kept @ g) * self.matrix(1)).reshape(self.basis.n_in, -1, g.shape[1]).sum(axis=1)

    def curves(self, kept: Any, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge φ_ji, or a derivative of it: (n_out, n_in, n)."""
        n_in, m, n = self.basis.n_in, self.basis.m, self.x.shape[1]
        weights, features = kept.reshape(n_in, m, -1), self.matrix(derivative).reshape(n_in, m, n)
        return (weights.swapaxes(1, 2) @ features).swapaxes(0, 1)


def around(x: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return an interval that covers data x (n,) and a margin; if x is constant, (low, high), moved to contain it."""
    first, last = x.min(), x.max()
    if has_range(x, low, high):
        return first - MARGIN * (last - first), last + MARGIN * (last - first)
    middle = 0.5 * (first + last)
    shift = 0.0 if low <= middle <= high else middle - 0.5 * (low + high)
    return low + shift, high + shift


def has_range(x: np.ndarray, low: float, high: float) -> bool:
    """Return whether data (n,) differ by more than rounding."""
    first, last = x.min(), x.max()
    return bool(last - first > 1e-9 * max(high - low, abs(first), abs(last)))


def chebyshev_points(intervals: np.ndarray, count: int) -> np.ndarray:
    """Return points of intervals (..., 2), closer together near the ends, as polynomials need them: (..., count)."""
    share = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return intervals[..., :1] + (intervals[..., 1:] - intervals[..., :1]) * share
