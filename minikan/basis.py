"""A family of curves is a basis: features of one variable, to be weighted and summed (chapters 03 and 09).

    φ(x) = Σ_m w_m Φ_m(x)              one edge: the features of its input, its own weights
    z    = Wᵀ Φ(x)                     one layer: all features of all inputs, K = n_in · m in number

`Basis` says what a family offers, and does for all families what does not depend on it: beyond the domain every feature
continues as a straight line, value and slope matched; a base function such as silu joins as the last feature; and a
curve is carried from one basis to another by least squares. `Features` are the features of a batch of samples, computed
once, and the products that a layer needs of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS
from .validation import as_choice, as_domains, as_integer

if TYPE_CHECKING:
    from typing_extensions import Self

MARGIN = 0.02  # of the range of the data, left free on both sides: new samples reach beyond the old ones
RIDGE = 0.01  # what the square of a weight costs beside the square of a curve's second derivative


class Basis(ABC):
    """What every family of curves offers; a basis never changes once it is made.

    Parameters
    ----------
    domain : array_like, shape (n_in, 2), or a pair of float
        The interval (low, high) of each input.
    grid : int
        How fine the family is: cells, centres, waves or degrees.
    base : str, optional
        An activation (`minikan.activations`) as one more feature, the last one.

    Attributes
    ----------
    size, m : int
        Features of an input, without and with the base function.
    """

    default_base: str | None = None  # what `KAN` adds to this family if nothing else is said
    ones, linear = 0, 1  # the features that are 1 and u
    stored: tuple = ("domain", "grid", "base")  # the arguments that make the same basis again
    kinds: ClassVar[dict[str, type[Basis]]] = {}  # every family by its name, for `load`
    size: int

    def __init_subclass__(cls) -> None:
        Basis.kinds[cls.__name__] = cls

    def __init__(self, domain: ArrayLike = (-1, 1), grid: int = 5, base: str | None = None) -> None:
        self.domain, self.grid = as_domains(domain), as_integer(grid, "grid", 1)
        self.base = None if base is None else as_choice(base, "base", ACTIVATIONS)
        self.size = self.count(self.grid)

    @staticmethod
    def count(grid: int) -> int:
        """How many features there are without the base function."""
        raise NotImplementedError

    @classmethod
    def on(cls, domain: ArrayLike, grid: int, order: int, base: str | None) -> Self:
        """Make a basis of this family; `order` matters to splines only."""
        return cls(domain, grid, base)

    @abstractmethod
    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Evaluate the features, or a derivative in u, at u in [-1, 1]: (...) → (size, ...)."""

    def constant(self) -> np.ndarray:
        """The weights of the constant curve 1, (m,)."""
        return np.eye(self.m)[self.ones]

    def line(self) -> np.ndarray:
        """The weights of the straight line from -1 to 1 across the domain, (n_in, m)."""
        return np.tile(np.eye(self.m)[self.linear], (self.n_in, 1))

    def refined(self, grid: int) -> Self:
        """The same family on the same domain, with another `grid`."""
        return type(self)(self.domain, grid, self.base)

    def fitted(self, x: Sequence[np.ndarray], uniform_weight: float) -> Self:
        """The same family where the data of each input are, x[i] of shape (n,), and a little beyond."""
        domain = [around(data, *ends) for data, ends in zip(x, self.domain, strict=True)]
        return type(self)(domain, self.grid, self.base)

    def rows(self, inputs: Any) -> Self:
        """The basis of some of the inputs."""
        return type(self)(self.domain[inputs], self.grid, self.base)

    @property
    def n_in(self) -> int:
        return len(self.domain)

    @property
    def m(self) -> int:
        return self.size + (self.base is not None)

    @property
    def label(self) -> str:
        """How fine it is, in short."""
        return f"{type(self).__name__} {self.grid}"

    def __repr__(self):
        return f"{type(self).__name__}({self.label})"

    def arrays(self) -> dict[str, Any]:
        """The family, and the arguments of the constructor by name, to be stored."""
        arguments = {name: getattr(self, name) for name in self.stored if getattr(self, name) is not None}
        return {"family": type(self).__name__, **arguments}

    @staticmethod
    def from_arrays(arrays: dict[str, Any]) -> Basis:
        """Make a basis of what `arrays` gave."""
        family = Basis.kinds[str(arrays["family"])]
        arguments = {name: arrays[name] for name in family.stored if name in arrays}
        return family(**{name: each.item() if np.ndim(each) == 0 else each for name, each in arguments.items()})

    def floats_per_sample(self, n_out: int) -> int:
        """How many numbers a pass through a layer of `n_out` outputs keeps of a sample."""
        return self.n_in * self.m

    def features(self, x: np.ndarray, n_out: int = 1) -> Features:
        """Compute all features of a batch x (n_in, n), for a layer of `n_out` outputs."""
        return Features(self, x)

    def cubics(self) -> np.ndarray:
        """The weights of the curves closest to the Chebyshev polynomials T0 … T3 on the domain: (n_in, m, 4)."""
        x = self.sample_points()
        low, high = self.domain.T[:, :, None]
        T = chebyshev((2 * x - low - high) / (high - low)).swapaxes(1, 2)  # (n_in, points, 4)
        matrix = self.features(x).matrix().reshape(self.n_in, self.m, -1).swapaxes(1, 2)
        return np.stack([np.linalg.lstsq(A, b, rcond=None)[0] for A, b in zip(matrix, T, strict=True)])

    def roughness(self) -> np.ndarray:
        """Rows (rows, m) whose products with the weights, squared, sum up to the roughness of a curve.

        ∫ φ″(u)² du over the domain, mapped to [-1, 1], by Gauss–Legendre quadrature, and a little of every weight.
        """
        u, share = np.polynomial.legendre.leggauss(4 * self.size)
        rows = np.zeros((len(u), self.m))
        rows[:, : self.size] = self.functions(u, 2).T * np.sqrt(share)[:, None]
        return np.concatenate([rows, np.sqrt(RIDGE) * np.eye(self.m)])

    def sample_points(self) -> np.ndarray:
        """Points of each input that determine a curve on its domain: (n_in, points)."""
        return within(self.domain, chebyshev_points(4 * self.size))

    def projection(self, new: Basis) -> np.ndarray:
        """Find what takes weights of this basis to those of a new one: (n_in, new.m, m).

        It is the least-squares fit of each feature at the new basis's `sample_points`. A base function that both have
        keeps its weight: only what it does differently, where it continues straight, is left to the others.
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
    """All features of a batch x (n_in, n), and the products that a layer needs of them.

        times(W)          Wᵀ Φ             the layer's outputs (n_out, n), and W as the others below want it
        gradient(g)       Φ gᵀ             the loss's gradient in W (K, n_out), given g = ∂loss/∂z (n_out, n)
        pull(kept, g)     Σ_j g_j φ′_ji    the loss's gradient in x (n_in, n)
        curves(kept, d)   φ_ji⁽ᵈ⁾          every edge by itself, or a derivative of it (n_out, n_in, n)
        matrix(d)         Φ⁽ᵈ⁾             the features (K, n), or their derivatives in x
    """

    def __init__(self, basis: Basis, x: np.ndarray) -> None:
        self.basis, self.x, self._known = basis, x, {}

    def matrix(self, derivative: int = 0) -> np.ndarray:
        if derivative not in self._known:
            low, high = self.basis.domain.T[:, :, None]
            inside = self.x.clip(low, high)
            beyond = self.x - inside
            values = self._inside(inside, derivative)  # (n_in, m, n)
            if derivative == 0 and beyond.any():  # go on straight
                values += self._inside(inside, 1) * beyond[:, None]
            elif derivative > 1:
                values *= (beyond == 0)[:, None]
            self._known[derivative] = values.reshape(-1, self.x.shape[1])
        return self._known[derivative]

    def _inside(self, x, derivative):
        basis, (low, high) = self.basis, self.basis.domain.T[:, :, None]
        values = np.empty((len(x), basis.m, x.shape[1]))
        curves = basis.functions((2 * x - low - high) / (high - low), derivative)  # (size, n_in, n)
        values[:, : basis.size] = (curves * (2 / (high - low)) ** derivative).swapaxes(0, 1)
        if basis.base is not None:
            values[:, -1] = ACTIVATIONS[basis.base](x, derivative)[derivative]
        return values

    def times(self, W: np.ndarray) -> tuple[np.ndarray, Any]:
        return W.T @ self.matrix(), W.copy()

    def gradient(self, g: np.ndarray) -> np.ndarray:
        return self.matrix() @ g.T

    def pull(self, kept: Any, g: np.ndarray) -> np.ndarray:
        return ((kept @ g) * self.matrix(1)).reshape(self.basis.n_in, -1, g.shape[1]).sum(axis=1)

    def curves(self, kept: Any, derivative: int = 0) -> np.ndarray:
        n_in, m, n = self.basis.n_in, self.basis.m, self.x.shape[1]
        weights, features = kept.reshape(n_in, m, -1), self.matrix(derivative).reshape(n_in, m, n)
        return (weights.swapaxes(1, 2) @ features).swapaxes(0, 1)


def chebyshev(u: np.ndarray) -> np.ndarray:
    """Evaluate the polynomials T0 … T3 at u (..., n): (..., 4, n)."""
    return np.stack([np.ones_like(u), u, 2 * u**2 - 1, (4 * u**2 - 3) * u], axis=-2)


def around(x: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Choose the interval for data x (n,), a little wider than their range.

    Where the data are all alike the old interval (low, high) stays, and is moved if they do not lie on it.
    """
    first, last = x.min(), x.max()
    if has_range(x, low, high):
        margin = MARGIN * (last - first)
        return first - margin, last + margin
    middle = 0.5 * (first + last)
    shift = 0.0 if low <= middle <= high else middle - 0.5 * (low + high)
    return low + shift, high + shift


def has_range(x: np.ndarray, low: float, high: float) -> bool:
    """Tell whether data (n,) differ by more than rounding."""
    first, last = x.min(), x.max()
    return bool(last - first > 1e-9 * max(high - low, abs(first), abs(last)))


def chebyshev_points(count: int) -> np.ndarray:
    """List points in (0, 1) that are dense towards the ends, where polynomials need them."""
    return 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)


def within(intervals: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Go by shares of 0 … 1 from the low to the high end of intervals (..., 2): (..., points)."""
    return intervals[..., :1] + (intervals[..., 1:] - intervals[..., :1]) * share
