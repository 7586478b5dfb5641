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

    def following(self, first: np.ndarray, step: int) -> np.ndarray:
        """Count on from the first live basis function of each x to its k next ones: (k + 1, n_in, n)."""
        return first + step * np.arange(len(self.live))[:, None, None]

    def dense(self) -> np.ndarray:
        """Write all features down, zeros included: (K, n)."""
        matrix = np.zeros((self.K, self.n))
        self.places = self.following(self.first * self.n + np.arange(self.n), self.n)  # row by row
        matrix.reshape(-1)[self.places] = self.live
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
        if len(g) == 1:  # the few weights that count are fetched before they are multiplied, not after
            alive = W.take(self.following(self.first, 1))  # (k + 1, n_in, n)
            return np.einsum("rin,rin->in", alive, slopes) * g, W[self.base_rows] * g
        wanted = W @ g  # (K, n)
        return np.einsum("rin,rin->in", wanted.take(self.places), slopes), wanted[self.base_rows]


class SparseFeatures(Features):
    """Live features only: the cost does not grow with the grid."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.rows = self.following(self.first, 1)  # of W

    def times(self, W: np.ndarray) -> np.ndarray:
        self.weights = W.T.take(self.rows, axis=1)  # (n_out, k+1, n_in, n)
        return np.einsum("orin,rin->on", self.weights, self.live) + W[self.base_rows].T @ self.base

    def gradient(self, g: np.ndarray) -> np.ndarray:
        gradient, rows, terms = np.zeros((len(g), self.K)), self.rows.ravel(), np.empty_like(self.live)
        for g_o, gradient_o in zip(g, gradient, strict=True):
            np.multiply(self.live, g_o, out=terms)
            np.add.at(gradient_o, rows, terms.reshape(-1))
        gradient[:, self.base_rows] = g @ self.base.T
        return gradient.T

    def pull(self, W: np.ndarray, g: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        edges = np.einsum("orin,rin->oin", self.weights, slopes)
        return np.einsum("oin,on->in", edges, g), W[self.base_rows] @ g
