"""A KAN layer is a linear map of features, most of which are zero (chapter 03; paper, section 2.2).

    z = Wᵀ Φ(x)          Φ: for each input G + k basis functions and one silu, W: their weights

Of the G + k + 1 features of an input only k + 2 are alive at any x. A layer needs three products of
them, and both classes here offer the same three: `DenseFeatures` writes the zeros down and leaves
the work to matrix products, `SparseFeatures` touches live features only.

    times(W)         Wᵀ Φ           the layer's outputs                            (n_out, n)
    gradient(g)      Φ gᵀ           the loss's gradient in W, g = ∂loss/∂z         (K, n_out)
    pull(W, g, B')   B'ᵀ W g        the loss's gradient in where x is in its cell  (n_in, n)
                                    and in silu, the last row of each input        (n_in, n)

K = n_in (G + k + 1) is the number of rows of W, g has shape (n_out, n), and B' (k + 1, n_in, n) are the slopes
of the live basis functions in their cells.
"""

from typing import Any

import numpy as np

# glibc hands freed memory back to the system at once, and gets it again page by page a moment later,
# until it has seen one large array freed. Show it one (it is never touched): training is up to three
# times faster on Linux, and nothing changes elsewhere.
np.empty(2 << 20)


class Features:
    """What is alive in a batch.

    Parameters
    ----------
    cells : ndarray, shape (n_in, n)
        The cell of each x: its live basis functions are number `cells` and the k next ones.
    live : ndarray, shape (k + 1, n_in, n)
        Values of the live basis functions.
    base : ndarray, shape (n_in, n)
        Values of silu, the last feature of each input.
    per_input : int
        Features of an input, G + k + 1.
    """

    def __init__(self, cells: np.ndarray, live: np.ndarray, base: np.ndarray, per_input: int) -> None:
        self.live, self.base = live, base
        n_in, self.n = base.shape
        self.K = n_in * per_input
        self.first = cells + np.arange(0, self.K, per_input)[:, None]  # row of W for the first live one
        self.base_rows = slice(per_input - 1, None, per_input)

    def dense(self) -> np.ndarray:
        """Write all features down, zeros included: (K, n)."""
        matrix = np.zeros((self.K, self.n))
        entries = matrix.reshape(-1)
        self.places = self.first * self.n + np.arange(self.n)  # where in them the first live one is
        for r, live in enumerate(self.live):  # the next ones are a row further each
            entries[r * self.n :][self.places] = live
        matrix[self.base_rows] = self.base
        return matrix


class DenseFeatures(Features):
    """Features with their zeros: best when cells are few or outputs many."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.matrix = self.dense()

    def times(self, W: np.ndarray) -> np.ndarray:
        return W.T @ self.matrix

    def gradient(self, g: np.ndarray) -> np.ndarray:
        return self.matrix @ g.T

    def pull(self, W: np.ndarray, g: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(g) == 1:  # fetched first, since there is but one weight for each feature
            return self.fetch(W, self.first, 1, slopes) * g, W[self.base_rows] * g
        wanted = W @ g  # (K, n)
        return self.fetch(wanted, self.places, self.n, slopes), wanted[self.base_rows]

    def fetch(self, matrix: np.ndarray, places: np.ndarray, step: int, factors: np.ndarray) -> np.ndarray:
        """Sum up k + 1 entries times their factors: one is at a place, the next are a step further each: (n_in, n)."""
        entries = matrix.reshape(-1)
        total = entries.take(places) * factors[0]
        for r in range(1, len(factors)):
            total += entries[r * step :].take(places) * factors[r]
        return total


class SparseFeatures(Features):
    """Live features only: the cost does not grow with the grid."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.rows = self.first + np.arange(len(self.live))[:, None, None]  # of W, (k+1, n_in, n)

    def times(self, W: np.ndarray) -> np.ndarray:
        self.weights = W.T.take(self.rows, axis=1)  # (n_out, k+1, n_in, n)
        return np.einsum("orin,rin->on", self.weights, self.live) + W[self.base_rows].T @ self.base

    def gradient(self, g: np.ndarray) -> np.ndarray:
        gradient, rows = np.zeros((len(g), self.K)), self.rows.ravel()
        for g_o, gradient_o in zip(g, gradient, strict=True):
            np.add.at(gradient_o, rows, (self.live * g_o).ravel())
        gradient[:, self.base_rows] = g @ self.base.T
        return gradient.T

    def pull(self, W: np.ndarray, g: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        edges = np.einsum("orin,rin->oin", self.weights, slopes)
        return np.einsum("oin,on->in", edges, g), np.einsum("io,on->in", W[self.base_rows], g)
