"""Splines as a family of curves: a grid for each input, and silu beside them (chapter 03; paper, section 2.2).

    φ(x) = Σ_m c_m B_m(x) + w silu(x),   m = 1 … G + k

The paper scales the spline by a second weight w_s. Multiplying every c_m by it gives the same curve,
so it is redundant, and it would make the Jacobian singular: it is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS
from .curves import ENOUGH, RIDGE, Basis, around, chebyshev_points, has_range, within
from .bspline import SplineGrid, differences, make_grid
from .kernels import DenseFeatures, SparseFeatures, SplineFeatures
from .validation import as_choice, as_domains, as_increasing, as_integer, as_numbers

if TYPE_CHECKING:
    from typing_extensions import Self

UNIFORM = 0.7  # the weight of evenly spaced points
LEAST_UNIFORM = 0.01  # keeps a width in cells between which there are no data


class Splines(Basis):
    """B-splines on a grid for each input, with a base function or without.

    Parameters
    ----------
    knots : array_like, shape (n_in, G + 2k + 1)
        A row of strictly increasing knots for each input, as from `make_grid`.
    order : int
        Polynomial degree k.
    base : {"silu", "tanh", "relu", "identity"}, optional
        One more feature, the last one.

    Raises
    ------
    ValueError, TypeError
        If the knots do not increase, or are too few for the order.

    Examples
    --------
    >>> from minikan import make_grid
    >>> from minikan.splines import Splines
    >>> splines = Splines([make_grid((-1, 1), grid=4, order=3)], order=3)
    >>> splines, splines.size
    (Splines(G=4, k=3), 7)
    """

    default_base = "silu"
    parts = ("knots", "order", "base")

    def __init__(self, knots: ArrayLike, order: int, base: str | None = None) -> None:
        self.knots, self.order = as_numbers(knots, "knots"), as_integer(order, "order", 0)
        self.base = None if base is None else as_choice(base, "base", ACTIVATIONS)
        if self.knots.ndim != 2 or 0 in self.knots.shape or self.knots.shape[1] < 2 * self.order + 2:
            raise ValueError(
                f"knots must have shape (n_in, G + 2k + 1) with k = {self.order} and G ≥ 1, got {self.knots.shape}"
            )
        as_increasing(self.knots, "knots")
        self.grid = self.knots.shape[1] - 2 * self.order - 1
        self.size = self.grid + self.order
        self.domain = self.knots[:, [self.order, self.order + self.grid]]
        self.table = SplineGrid(self.knots, self.order)

    @classmethod
    def on(cls, domain: ArrayLike, grid: int, order: int, base: str | None) -> Self:
        """Lay even grids on the domains."""
        return cls([make_grid(each, grid, order) for each in as_domains(domain)], order, base)

    @property
    def label(self) -> str:
        return f"G={self.grid}, k={self.order}"

    @property
    def points(self) -> np.ndarray:
        """The grid points without their extension, (n_in, G + 1)."""
        return self.knots[:, self.order : self.order + self.grid + 1]

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Evaluate the basis functions of the first input at u in [-1, 1]: (...) → (size, ...)."""
        low, high = self.domain[0]
        x = low + 0.5 * (high - low) * (1 + np.ravel(u))
        matrix = SplineFeatures(self.rows([0]), x[None]).matrix(derivative)[: self.size]
        return (matrix * (0.5 * (high - low)) ** derivative).reshape(self.size, *np.shape(u))

    def features(self, x: np.ndarray, n_out: int = 1) -> SplineFeatures:
        """Choose by shape: zeros to write per input, or numbers to gather per output? (benchmarks/kernels.py)"""
        dense = max(10, (self.order + 1) * min(n_out, 20)) >= self.grid
        return (DenseFeatures if dense else SparseFeatures)(self, x)

    def floats_per_sample(self, n_out: int) -> int:
        return self.n_in * min(self.m, (self.order + 1) * n_out)

    def constant(self) -> np.ndarray:
        """All coefficients 1: the basis functions sum up to one."""
        weights = np.ones(self.m)
        weights[self.size :] = 0
        return weights

    def line(self) -> np.ndarray:
        """The coefficients of the line are the means of the knots inside each basis function's support.

        That is Marsden's identity (de Boor, chapter IX). With order 0: a staircase as close to it as there is.
        """
        k = self.order
        inside = np.arange(1, k + 1) if k else np.arange(2)
        means = self.knots[:, np.arange(self.size)[:, None] + inside].mean(axis=2)  # (n_in, size)
        low, high = self.domain.T[:, :, None]
        weights = np.zeros((self.n_in, self.m))
        weights[:, : self.size] = (2 * means - low - high) / (high - low)
        return weights

    def rows(self, inputs: Any) -> Self:
        return type(self)(self.knots[inputs], self.order, self.base)

    def refined(self, grid: int) -> Self:
        """Cut all cells in as many parts: 20 cells contain the points of 5."""
        old, new = np.linspace(0, 1, self.grid + 1), np.linspace(0, 1, grid + 1)
        return self._through([np.interp(new, old, points) for points in self.points])

    def fitted(self, x: Sequence[np.ndarray], uniform_weight: float | None) -> Self:
        """Lay the points where the data are: evenly spaced ones, mixed with quantiles of the data.

        Without a weight the mixture depends on the number of samples: quantiles of few samples jump about.
        """
        if uniform_weight is None:
            uniform_weight = UNIFORM if len(x[0]) >= ENOUGH * self.grid else 1.0
        weight, points = max(uniform_weight, LEAST_UNIFORM), []
        for data, old in zip(x, self.points, strict=True):
            low, high = around(data, old[0], old[-1])
            if not has_range(data, old[0], old[-1]):
                points.append(old + (low - old[0]))
                continue
            even = np.linspace(low, high, len(old))
            quantiles = np.quantile(np.unique(data), np.linspace(0, 1, len(old)))
            quantiles[[0, -1]] = even[[0, -1]]
            points.append(weight * even + (1 - weight) * quantiles)
        return self._through(points)

    def _through(self, points):
        """The same family on other grid points, (n_in, G + 1)."""
        return type(self)([make_grid(grid=row, order=self.order) for row in points], self.order, self.base)

    @cached_property
    def _differences(self):
        return [differences(row, self.order) for row in self.knots]

    def differences(self) -> list[np.ndarray]:
        return self._differences

    def sample_points(self) -> np.ndarray:
        """k + 1 points in every cell: (n_in, G (k + 1))."""
        cells = np.stack([self.points[:, :-1], self.points[:, 1:]], axis=-1)  # (n_in, G, 2)
        return within(cells, chebyshev_points(self.order + 1)).reshape(self.n_in, -1)

    def roughness(self) -> np.ndarray:
        """Second differences of the coefficients, the weight of the base function, and a little of every coefficient.

        Reference: P. Eilers and B. Marx, *Flexible smoothing with B-splines and penalties*, Statistical Science 11
        (1996) 89.
        """
        coef = np.eye(self.size, self.m)
        return np.concatenate([np.diff(coef, 2, axis=0), np.eye(self.m)[self.size :], np.sqrt(RIDGE) * coef])
