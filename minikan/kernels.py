"""Two ways to compute with spline features, most of which are zero (chapter 03; paper, section 2.2).

Of the G + k basis functions of an input only k + 1 are not zero at any x. `DenseFeatures` stores the zeros and leaves
the work to matrix products, `SparseFeatures` computes with the others only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .activations import ACTIVATIONS
from .curves import Features

if TYPE_CHECKING:
    from .splines import Splines

np.empty(
    2 << 20
)  # Linux: glibc keeps freed memory once a large array was freed. Training is up to 3 times faster.


class SplineFeatures(Features):
    """The spline features of a batch: the cell of each x, and the k + 1 basis functions that are not zero there."""

    basis: Splines

    def __init__(self, basis: Splines, x: np.ndarray) -> None:
        super().__init__(basis, x)
        self.K, self.base_rows = (
            len(x) * basis.m,
            slice(basis.size, None, basis.m),
        )  # base_rows: of W (K, n_out)
        self.cells, u, self.inside = basis.table.locate(x)  # (n_in, n) each; u runs from 0 to 1 in the cell
        self.powers = basis.table.powers(u)  # (k+1, n_in, n)
        self.live = basis.table.live(
            self.cells, self.powers
        )  # the functions that are not zero, (k+1, n_in, n)
        if basis.base is not None:
            self.activation = ACTIVATIONS[basis.base]
            self.base, self.base_slope = self.activation(self.inside, 1)[:2]  # (n_in, n) each
        if self.inside is not x and (x != self.inside).any():  # rarely: straight lines outside
            beyond = x - self.inside
            self.live += self.live_derivative(1) * beyond
            if basis.base is not None:
                self.base += self.base_slope * beyond
        self.first = self.cells + np.arange(0, self.K, basis.m)[:, None]  # (n_in, n): the row of W of live[0]

    def live_derivative(self, order: int) -> np.ndarray:
        """Differentiate in x the basis functions that are not zero: (k+1, n_in, n)."""
        if order == 0:
            return self.live
        live = self.basis.table.live(self.cells, self.powers, order)
        live = live * self.basis.table.scale(self.cells) ** order
        return live * (self.x == self.inside) if order > 1 else live  # straight lines have no curvature

    def base_derivative(self, order: int) -> np.ndarray:
        """Differentiate the base function in x: (n_in, n)."""
        if order < 2:
            return self.base_slope if order else self.base
        return self.activation(self.inside, order)[order] * (self.x == self.inside)

    def matrix(self, derivative: int = 0) -> np.ndarray:
        n = self.x.shape[1]
        matrix = np.zeros((self.K, n))
        entries, start = matrix.reshape(-1), self.first * n + np.arange(n)
        for r, live in enumerate(self.live_derivative(derivative)):
            entries[r * n :][start] = live  # the next basis function is one row further
        if self.basis.base is not None:
            matrix[self.base_rows] = self.base_derivative(derivative)
        return matrix


class DenseFeatures(SplineFeatures):
    """Features with their zeros: best when cells are few or outputs many."""

    def __init__(self, basis: Splines, x: np.ndarray) -> None:
        super().__init__(basis, x)
        self.values = super().matrix()

    def matrix(self, derivative: int = 0) -> np.ndarray:
        return super().matrix(derivative) if derivative else self.values

    def pull(self, kept: Any, g: np.ndarray) -> np.ndarray:
        n, table, one = g.shape[1], self.basis.table, len(g) == 1
        slopes = table.live(self.cells, self.powers, 1)  # per cell: scaled once, at the end
        wanted, start, step = kept, self.first, 1  # one weight for each feature: fetch these first
        if not one:
            wanted, start, step = kept @ g, self.first * n + np.arange(n), n  # (K, n)
        entries = wanted.reshape(-1)
        total = entries.take(start) * slopes[0]
        for r in range(1, len(slopes)):
            total += entries[r * step :].take(start) * slopes[r]
        total *= table.scale(self.cells)
        if self.basis.base is not None:
            total += wanted[self.base_rows] * self.base_slope
        if one:
            total *= g
        return total

    def curves(self, kept: Any, derivative: int = 0) -> np.ndarray:
        live, W = self.live_derivative(derivative), np.ascontiguousarray(kept.T)
        curves = W.take(self.first, axis=1) * live[0]  # (n_out, n_in, n)
        for r in range(1, len(live)):
            curves += W[:, r:].take(self.first, axis=1) * live[r]
        if self.basis.base is not None:
            curves += W[:, self.base_rows, None] * self.base_derivative(derivative)
        return curves


class SparseFeatures(SplineFeatures):
    """Only the features that are not zero: the cost does not grow with the grid."""

    @property
    def rows(self) -> np.ndarray:
        """The rows of W that belong to the live basis functions, (k+1, n_in, n)."""
        return self.first + np.arange(len(self.live))[:, None, None]

    def times(self, W: np.ndarray) -> tuple[np.ndarray, Any]:
        coef, weights = W.T.take(self.rows, axis=1), W[self.base_rows].copy()  # (n_out, k+1, n_in, n)
        z = np.einsum("orin,rin->on", coef, self.live)
        if self.basis.base is not None:
            z += weights.T @ self.base
        return z, (coef, weights)

    def gradient(self, g: np.ndarray) -> np.ndarray:
        gradient, rows = np.zeros((len(g), self.K)), self.rows.ravel()
        for g_o, gradient_o in zip(g, gradient, strict=True):
            np.add.at(gradient_o, rows, (self.live * g_o).ravel())
        if self.basis.base is not None:
            gradient[:, self.base_rows] = g @ self.base.T
        return gradient.T

    def pull(self, kept: Any, g: np.ndarray) -> np.ndarray:
        return np.einsum("oin,on->in", self.curves(kept, 1), g)

    def curves(self, kept: Any, derivative: int = 0) -> np.ndarray:
        coef, weights = kept
        curves = np.einsum("orin,rin->oin", coef, self.live_derivative(derivative))
        if self.basis.base is not None:
            curves += weights.T[:, :, None] * self.base_derivative(derivative)
        return curves
