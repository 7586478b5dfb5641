"""A KAN layer is a linear map of features, most of which are zero (chapter 03; paper, section 2.2).

    z = Wᵀ Φ(x)          Φ: for each input G + k basis functions and one silu, W: their weights

Of the G + k + 1 features of an input only k + 2 are alive at any x. A layer needs three products of
them, and both classes here offer the same three: `DenseFeatures` writes the zeros down and leaves
the work to matrix products, `SparseFeatures` touches live features only.

    times(W)         Wᵀ Φ           the layer's outputs                            (n_out, n)
    gradient(g)      Φ gᵀ           the loss's gradient in W, g = ∂loss/∂z         (K, n_out)
    pull(W, g)       W g            what the loss wants of each live feature       (k + 1, n_in, n), (n_in, n)

K = n_in (G + k + 1) is the number of rows of W, g has shape (n_out, n).
"""

import numpy as np

# glibc hands freed memory back to the system at once, and gets it again page by page a moment later,
# until it has seen one large array freed. Show it one (it is never touched): training is up to three
# times faster on Linux, and nothing changes elsewhere.
np.empty(2 << 20)


class Features:
    """The live features of a batch: values of shape (k + 1, n_in, n), from row `first` of W on."""

    def __init__(self, first, live, base, per_input):
        self.first, self.live, self.base = first, live, base  # (n_in, n), (k+1, n_in, n), (n_in, n)
        self.shape = (len(base), per_input, base.shape[1])  # (n_in, G+k+1, n)

    def rows(self):
        """Tell the row of W of every live feature, (k + 1, n_in, n)."""
        return self.first + np.arange(len(self.live))[:, None, None]

    def dense(self):
        """Write all features down, zeros included: (n_in, G + k + 1, n)."""
        n = self.shape[2]
        features = np.zeros(self.shape)
        features.reshape(-1)[self.rows() * n + np.arange(n)] = self.live
        features[:, -1] = self.base
        return features


class DenseFeatures(Features):
    """Features with their zeros: best when cells are few or outputs many."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.matrix = self.dense().reshape(-1, self.shape[2])  # (K, n)

    def times(self, W):
        return W.T @ self.matrix

    def gradient(self, g):
        return self.matrix @ g.T

    def pull(self, W, g):
        wanted = W @ g  # (K, n)
        n = self.shape[2]
        return wanted.take(self.rows() * n + np.arange(n)), wanted[self.shape[1] - 1 :: self.shape[1]]


class SparseFeatures(Features):
    """Live features only: the cost does not grow with the grid."""

    def times(self, W):
        self.weights = W.T.take(self.rows(), axis=1)  # (n_out, k+1, n_in, n)
        return np.einsum("orin,rin->on", self.weights, self.live) + W[self.shape[1] - 1 :: self.shape[1]].T @ self.base

    def gradient(self, g):
        n_in, per_input, _ = self.shape
        rows = self.rows().ravel()
        gradient = np.empty((n_in * per_input, len(g)))
        for o, g_o in enumerate(g):
            gradient[:, o] = np.bincount(rows, (self.live * g_o).ravel(), minlength=len(gradient))
        gradient[per_input - 1 :: per_input] = self.base @ g.T
        return gradient

    def pull(self, W, g):
        return np.einsum("orin,on->rin", self.weights, g), W[self.shape[1] - 1 :: self.shape[1]] @ g
