"""Splines as a family of curves: a grid for each input, and silu beside them (chapter 03; paper, section 2.2).

    φ(x) = Σ_m c_m B_m(x) + w silu(x),   m = 1 … G + k

The paper's second weight w_s, which multiplies the spline, is left out: with it different weights would give the same
curve, and the Jacobian would be singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS
from .bspline import SplineGrid, differences, make_grid
from .curves import ENOUGH, RIDGE, Basis, around, chebyshev_points, has_range
from .kernels import DenseFeatures, SparseFeatures, SplineFeatures
from .validation import as_choice, as_domains, as_increasing, as_integer, as_numbers

UNIFORM = 0.7  # the weight of evenly spaced points
LEAST_UNIFORM = 0.01  # so that cells without data keep a width


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
    >>> from minikan import Splines, make_grid
    >>> Splines([make_grid((-1, 1), grid=4, order=3)], order=3)
    Splines(G=4, k=3)
    """

    default_base = "silu"
    parts = ("knots", "order", "base")

    def __init__(self, knots: ArrayLike, order: int, base: str | None = None) -> None:
        self.knots, self.order = as_numbers(knots, "knots"), as_integer(order, "order", 0)
        self.smoothness = self.order - 1
        self.base = None if base is None else as_choice(base, "base", ACTIVATIONS)
        k, shape = self.order, self.knots.shape
        if len(shape) != 2 or 0 in shape or shape[1] < 2 * k + 2:
            raise ValueError(f"knots must have shape (n_in, G + 2k + 1) with k = {k} and G ≥ 1, got {shape}")
        as_increasing(self.knots, "knots")
        self.grid, self.domain = shape[1] - 2 * k - 1, self.knots[:, [k, -k - 1]]
        self.points = self.knots[:, k : shape[1] - k]  # the grid points, (n_in, G + 1)
        self.size, self.table = self.grid + k, SplineGrid(self.knots, k)
        self.n_in, self.m = len(self.knots), self.size + (self.base is not None)
        self.label = f"G={self.grid}, k={k}"

    @classmethod
    def on(cls, domain: ArrayLike, grid: int, order: int, base: str | None) -> Splines:
        return cls([make_grid(each, grid, order) for each in as_domains(domain)], order, base)

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Evaluate the first input's basis functions at u in [-1, 1]: (...) → (size, ...)."""
        low, high = self.domain[0]
        x = low + 0.5 * (high - low) * (1 + np.ravel(u))
        matrix = SplineFeatures(self.rows([0]), x[None]).matrix(derivative)[: self.size]
        return (matrix * (0.5 * (high - low)) ** derivative).reshape(self.size, *np.shape(u))

    def features(self, x: np.ndarray, n_out: int = 1) -> SplineFeatures:
        """Choose the faster kernel: write zeros for each input, or gather weights for each output."""
        dense = max(10, (self.order + 1) * min(n_out, 20)) >= self.grid  # measured: benchmarks/kernels.py
        return (DenseFeatures if dense else SparseFeatures)(self, x)

    def floats_per_sample(self, n_out: int) -> int:
        return self.n_in * min(self.m, (self.order + 1) * n_out)

    def constant(self) -> np.ndarray:
        """Use that the basis functions sum to one."""
        return (np.arange(self.m) < self.size).astype(float)

    def line(self) -> np.ndarray:
        """Take the means of knots inside the supports (Marsden's identity; de Boor, chapter IX); stairs if k = 0."""
        inside = np.arange(1, self.order + 1) if self.order else np.arange(2)
        means = self.knots[:, np.arange(self.size)[:, None] + inside].mean(axis=2)  # (n_in, size)
        low, high = self.domain.T[:, :, None]
        weights = np.zeros((self.n_in, self.m))
        weights[:, : self.size] = (2 * means - low - high) / (high - low)
        return weights

    def rows(self, inputs: Any) -> Splines:
        return type(self)(self.knots[inputs], self.order, self.base)

    def refined(self, grid: int) -> Splines:
        """Cut all cells into the same number of parts: 20 cells contain the points of 5."""
        old, new = np.linspace(0, 1, self.grid + 1), np.linspace(0, 1, grid + 1)
        return self._through([np.interp(new, old, points) for points in self.points])

    def fitted(self, x: Sequence[np.ndarray], uniform_weight: float | None) -> Splines:
        """Mix evenly spaced points with quantiles of the data; by default only of many, as those of few are noisy."""
        if uniform_weight is None:
            uniform_weight = UNIFORM if len(x[0]) >= ENOUGH * self.grid else 1.0
        weight, points = max(uniform_weight, LEAST_UNIFORM), []
        for data, old in zip(x, self.points, strict=True):
            low, high = around(data, old[0], old[-1])
            even = np.linspace(low, high, len(old))
            quantiles = np.quantile(np.unique(data), np.linspace(0, 1, len(old)))
            quantiles[[0, -1]] = even[[0, -1]]
            mixed = weight * even + (1 - weight) * quantiles
            points.append(mixed if has_range(data, old[0], old[-1]) else old + (low - old[0]))
        return self._through(points)

    def _through(self, points):
        """Make the same family on other grid points, (n_in, G + 1)."""
        return type(self)([make_grid(grid=row, order=self.order) for row in points], self.order, self.base)

    @cached_property
    def _differences(self):
        return [differences(row, self.order) for row in self.knots]

    def differences(self) -> list[np.ndarray]:
        return self._differences

    def sample_points(self) -> np.ndarray:
        """Return k + 1 points in every cell: (n_in, G (k + 1))."""
        cells = np.stack([self.points[:, :-1], self.points[:, 1:]], axis=-1)  # (n_in, G, 2)
        return chebyshev_points(cells, self.order + 1).reshape(self.n_in, -1)

    def roughness(self) -> np.ndarray:
        """Take second differences of coefficients (P. Eilers and B. Marx, *Flexible smoothing with B-splines and
        penalties*, Statistical Science 11 (1996) 89), the base weight, and a little of every coefficient."""
        coef = np.eye(self.size, self.m)
        return np.concatenate([np.diff(coef, 2, axis=0), np.eye(self.m)[self.size :], np.sqrt(RIDGE) * coef])
