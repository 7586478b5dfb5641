"""Two ways to compute with spline features, most of which are zero (chapter 03; paper, section 2.2).

Of the G + k basis functions of an input only k + 1 are not zero at any x. `DenseFeatures` writes the zeros down
and leaves the work to matrix products, `SparseFeatures` touches the others only. Both give the same numbers:

>>> import numpy as np
>>> from minikan.kernels import DenseFeatures, SparseFeatures
>>> from minikan.splines import Splines
>>> splines, x = Splines.on([(-1, 1), (-1, 1)], grid=4, order=3, base="silu"), np.array([[0.1], [2.0]])
>>> W = np.arange(16.0)[:, None]
>>> dense, sparse = (kernel(splines, x).times(W)[0] for kernel in (DenseFeatures, SparseFeatures))
>>> slow = W.T @ splines.features(x).matrix()  # the definition: all features, all weights
>>> bool(np.allclose(dense, slow, atol=1e-12) and np.allclose(sparse, slow, atol=1e-12))
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .activations import ACTIVATIONS
from .basis import Features

if TYPE_CHECKING:
    from .splines import Splines

# glibc hands freed memory back to the system at once, and gets it again page by page a moment later,
# until it has seen one large array freed. Show it one (it is never touched): training is up to three
# times faster on Linux, and nothing changes elsewhere.
np.empty(2 << 20)


class SplineFeatures(Features):
    """The spline features of a batch: where each x is, and the k + 1 basis functions that are not zero there.

    Attributes
    ----------
    cells : ndarray of int, shape (n_in, n)
        The cell of each x. The basis functions number `cells` and the k next ones are not zero.
    powers : ndarray, shape (k + 1, n_in, n)
        Powers of u, which runs from 0 to 1 in the cell.
    live : ndarray, shape (k + 1, n_in, n)
        Values of these basis functions.
    base, base_slope : ndarray, shape (n_in, n)
        The base function, if there is one.
    first : ndarray of int, shape (n_in, n)
        The row of W that belongs to the first of them.
    """

    def __init__(self, basis: Splines, x: np.ndarray) -> None:
        super().__init__(basis, x)
        table = basis.table
        self.cells, u, self.inside = table.locate(x)
        self.powers = table.powers(u)
        self.live = table.live(self.cells, self.powers)
        if basis.base is not None:
            self.base, self.base_slope = ACTIVATIONS[basis.base](self.inside, 1)
        if self.inside is not x and (x != self.inside).any():  # rarely: go on straight
            beyond = x - self.inside
            self.live += self.derivative(1) * beyond
            if basis.base is not None:
                self.base += self.base_slope * beyond
        self.K = len(x) * basis.m
        self.first = self.cells + np.arange(0, self.K, basis.m)[:, None]

    def derivative(self, order: int) -> np.ndarray:
        """Differentiate in x the basis functions that are not zero: (k+1, n_in, n)."""
        if order == 0:
            return self.live
        table = self.basis.table
        live = table.live(self.cells, self.powers, order) * table.scale(self.cells) ** order
        return live * (self.x == self.inside) if order > 1 else live  # a straight line has no curvature

    def base_derivative(self, order: int) -> np.ndarray:
        """Differentiate the base function in x: (n_in, n)."""
        if order < 2:
            return self.base_slope if order else self.base
        return ACTIVATIONS[self.basis.base](self.inside, order)[order] * (self.x == self.inside)

    def matrix(self, derivative: int = 0) -> np.ndarray:
        n = self.x.shape[1]
        matrix = np.zeros((self.K, n))
        entries, start = matrix.reshape(-1), self.first * n + np.arange(n)
        for r, live in enumerate(self.derivative(derivative)):
            entries[r * n :][start] = live  # one row of the matrix further each
        if self.basis.base is not None:
            matrix[self.basis.size :: self.basis.m] = self.base_derivative(derivative)
        return matrix


class DenseFeatures(SplineFeatures):
    """Features with their zeros: best when cells are few or outputs many."""

    def __init__(self, basis: Splines, x: np.ndarray) -> None:
        super().__init__(basis, x)
        self.values = super().matrix()

    def matrix(self, derivative: int = 0) -> np.ndarray:
        return self.values if derivative == 0 else super().matrix(derivative)

    def times(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return W.T @ self.values, W.copy()

    def gradient(self, g: np.ndarray) -> np.ndarray:
        return self.values @ g.T

    def pull(self, kept: np.ndarray, g: np.ndarray) -> np.ndarray:
        n, table = g.shape[1], self.basis.table
        slopes = table.live(self.cells, self.powers, 1)  # per cell: scaled once, at the end
        if len(g) == 1:  # one weight for each feature: fetch these first
            entries, start, step = kept.reshape(-1), self.first, 1
        else:
            wanted = kept @ g  # (K, n)
            entries, start, step = wanted.reshape(-1), self.first * n + np.arange(n), n
        total = entries.take(start) * slopes[0]
        for r in range(1, len(slopes)):
            total += entries[r * step :].take(start) * slopes[r]
        if len(g) == 1:
            total *= g
        total *= table.scale(self.cells)
        if self.basis.base is not None:
            rows = slice(self.basis.size, None, self.basis.m)
            total += (kept[rows] * g if len(g) == 1 else wanted[rows]) * self.base_slope
        return total

    def curves(self, kept: np.ndarray, derivative: int = 0) -> np.ndarray:
        live, W = self.derivative(derivative), np.ascontiguousarray(kept.T)
        curves = W.take(self.first, axis=1) * live[0]  # (n_out, n_in, n)
        for r in range(1, len(live)):
            curves += W[:, r:].take(self.first, axis=1) * live[r]
        if self.basis.base is not None:
            curves += W[:, self.basis.size :: self.basis.m, None] * self.base_derivative(derivative)
        return curves


class SparseFeatures(SplineFeatures):
    """Only features that are not zero: the cost does not grow with the grid."""

    def times(self, W: np.ndarray) -> tuple[np.ndarray, tuple]:
        rows = self.first + np.arange(len(self.live))[:, None, None]  # of W, (k+1, n_in, n)
        coef = W.T.take(rows, axis=1)  # (n_out, k+1, n_in, n)
        z = np.einsum("orin,rin->on", coef, self.live)
        if self.basis.base is None:
            return z, (rows, coef, None)
        weights = W[self.basis.size :: self.basis.m].copy()
        return z + weights.T @ self.base, (rows, coef, weights)

    def gradient(self, g: np.ndarray) -> np.ndarray:
        gradient = np.zeros((len(g), self.K))
        rows = (self.first + np.arange(len(self.live))[:, None, None]).ravel()
        for g_o, gradient_o in zip(g, gradient, strict=True):
            np.add.at(gradient_o, rows, (self.live * g_o).ravel())
        if self.basis.base is not None:
            gradient[:, self.basis.size :: self.basis.m] = g @ self.base.T
        return gradient.T

    def pull(self, kept: tuple, g: np.ndarray) -> np.ndarray:
        return np.einsum("oin,on->in", self.curves(kept, 1), g)

    def curves(self, kept: tuple, derivative: int = 0) -> np.ndarray:
        _, coef, weights = kept
        curves = np.einsum("orin,rin->oin", coef, self.derivative(derivative))
        if weights is not None:
            curves += weights.T[:, :, None] * self.base_derivative(derivative)
        return curves
