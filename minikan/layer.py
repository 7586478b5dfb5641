"""A layer is a sheet of edges, each with a learnable function of its own (chapter 03; paper, section 2.2).

    φ(x) = w silu(x) + Σ_m c_m B_m(x)           one edge
    z_j  = Σ_i φ_{j,i}(x_i)                     one layer

Beyond its grid an edge continues as a straight line: value and slope matched, no cliff, no zero.
The paper scales the spline by a second weight w_s. Multiplying every c_m by it gives the same curve,
so it is redundant, and it would make the Jacobian singular: it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_increasing, as_numbers
from .bspline import SplineGrid
from .features import DenseFeatures, SparseFeatures


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Evaluate σ(x) = 1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):  # 1 / infinity is right
        return 1 / (1 + np.exp(-x))


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate silu(x) = x σ(x) and its slope."""
    s = sigmoid(x)
    value = x * s
    return value, s * (1 + (x - value))


def silu_bend(x: np.ndarray) -> np.ndarray:
    """Evaluate the second derivative of silu."""
    s = sigmoid(x)
    return s * (1 - s) * (2 + x * (1 - 2 * s))


class Cache(NamedTuple):
    """What `forward` found out and `backward` needs."""

    x: np.ndarray  # (n_in, n)
    cells: np.ndarray  # (n_in, n)
    powers: np.ndarray  # of the place of each x in its cell, (k+1, n_in, n)
    features: DenseFeatures | SparseFeatures
    base_slope: np.ndarray  # (n_in, n) of silu


class LinearLayer:
    """A layer whose outputs are linear in its weights (…, n_out): z = Wᵀ Φ(x), with features Φ (K, n)."""

    n_out: int
    features: Callable[[Any], np.ndarray]

    def spread(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Write down ∂outputs/∂weights: how each node (n_outputs, n_out, n) is heard, times the features.

        `out` has the shape of the weights, and then (n_outputs, n).
        """
        rows = out.reshape(-1, self.n_out, *out.shape[-2:])
        np.multiply(self.features(cache)[:, None, None], sensitivity.swapaxes(0, 1), out=rows)


class KANLayer(LinearLayer):
    """A sheet of n_in × n_out edges; samples run along the last axis in here.

    Parameters
    ----------
    knots : array_like, shape (n_in, G + 2k + 1)
        A row of strictly increasing knots for each input, shared by the edges that leave it.
    coef : array_like, shape (n_in, G + k, n_out)
        Spline coefficients c. With the knots they tell the order k.
    base_weight : array_like, shape (n_in, n_out)
        Weights w of silu.

    Attributes
    ----------
    weights : ndarray, shape (n_in, G + k + 1, n_out)
        All parameters; `coef` and `base_weight` are views of it.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit together or the knots do not increase.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KANLayer, make_grid
    >>> knots = make_grid((-1, 1), grid=4, order=3)
    >>> layer = KANLayer([knots, knots], coef=np.zeros((2, 7, 1)), base_weight=[[1.0], [-1.0]])
    >>> layer
    KANLayer(2 → 1, G=4, k=3: 16 parameters)
    >>> outputs, cache = layer.forward(np.array([[0.5], [0.5]]))  # silu(0.5) - silu(0.5)
    >>> outputs
    array([[0.]])
    """

    def __init__(self, knots: ArrayLike, coef: ArrayLike, base_weight: ArrayLike) -> None:
        knots, coef = as_numbers(knots, "knots"), as_numbers(coef, "coef")
        base_weight = as_numbers(base_weight, "base_weight")
        if coef.ndim != 3 or 0 in coef.shape:
            raise ValueError(f"coef must have shape (n_in, G + k, n_out), none of them 0, got {coef.shape}")
        self.n_in, count, self.n_out = coef.shape
        if base_weight.shape != (self.n_in, self.n_out):
            raise ValueError(
                f"base_weight must have shape {(self.n_in, self.n_out)}, got {base_weight.shape}"
            )
        if knots.ndim != 2 or len(knots) != self.n_in or not count < knots.shape[1] <= 2 * count:
            raise ValueError(
                f"knots must have shape ({self.n_in}, G + 2k + 1) where G + k = {count}, got {knots.shape}"
            )
        as_increasing(knots, "knots")
        self.order = knots.shape[1] - count - 1
        self.G = count - self.order
        self.place(knots)
        self.weights = np.concatenate([coef, base_weight[:, None]], axis=1)

    def copy(self) -> KANLayer:
        """Make a layer of the same numbers."""
        return KANLayer(self.knots, self.coef, self.base_weight)

    def place(self, knots: np.ndarray) -> None:
        """Lay the splines on other knots (n_in, G + 2k + 1); the weights stay what they are."""
        self.knots = knots
        self._grid = SplineGrid(knots, self.order)

    @property
    def points(self) -> np.ndarray:
        """The grid points without their extension, (n_in, G + 1)."""
        return self.knots[:, self.order : self.order + self.G + 1]

    @property
    def coef(self) -> np.ndarray:
        """Spline coefficients, a view of shape (n_in, G + k, n_out)."""
        return self.weights[:, :-1]

    @property
    def base_weight(self) -> np.ndarray:
        """Weights of silu, a view of shape (n_in, n_out)."""
        return self.weights[:, -1]

    def __repr__(self):
        return f"KANLayer({self.n_in} → {self.n_out}, G={self.G}, k={self.order}: {self.weights.size} parameters)"

    def _kernel(self):
        """Choose by shape: zeros to write per input, or live features to gather per output? (benchmarks/kernels.py)"""
        return DenseFeatures if max(10, (self.order + 1) * min(self.n_out, 20)) >= self.G else SparseFeatures

    @property
    def numbers(self) -> int:
        """How many numbers per sample the kernel keeps, or gathers."""
        return self.n_in * min(self.G + self.order + 1, (self.order + 1) * self.n_out)

    def _values(self, x):
        """Evaluate what is alive at x: basis functions (k+1, n_in, n), and silu; both go on straight beyond the grid.

        Also tells where x is, its cells and the powers of its place in them, and the slope of silu.
        """
        cells, u, inside = self._grid.locate(x)
        powers = self._grid.powers(u)
        values = self._grid.live(cells, powers)
        base, base_slope = silu(inside)
        if inside is not x and (x != inside).any():  # rarely
            beyond = x - inside
            values += self._slopes(cells, powers) * beyond
            base += base_slope * beyond
        return cells, powers, values, base, base_slope

    def _slopes(self, cells, powers):
        """Differentiate the basis functions alive in x: (k+1, n_in, n)."""
        return self._grid.live(cells, powers, derivative=1) * self._grid.scale(cells)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Cache]:
        """Compute z_j = Σ_i φ_{j,i}(x_i): x (n_in, n) → z (n_out, n), and what `backward` needs."""
        cells, powers, values, base, base_slope = self._values(x)
        features = self._kernel()(cells, values, base, self.weights.shape[1])
        z = features.times(self.weights.reshape(-1, self.n_out))
        return z, Cache(x, cells, powers, features, base_slope)

    def backward(
        self, cache: Cache, upstream: np.ndarray, wants_x: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Carry the loss's gradient back through the layer.

            ∂loss/∂c_m  = Σ_samples  upstream · B_m(x)
            ∂loss/∂w    = Σ_samples  upstream · silu(x)
            ∂loss/∂x_i  = Σ_j        upstream_j · φ'_{j,i}(x_i)

        Takes upstream = ∂loss/∂z of shape (n_out, n); returns the gradient in `weights` and, if it is
        wanted, the one in x, of shape (n_in, n).
        """
        features, W = cache.features, self.weights.reshape(-1, self.n_out)
        gradient = features.gradient(upstream).reshape(self.weights.shape)
        if not wants_x:
            return gradient, None
        slopes = self._grid.live(cache.cells, cache.powers, derivative=1)  # (k+1, n_in, n), per cell
        splines, base = features.pull(W, upstream, slopes)
        return gradient, splines * self._grid.scale(cache.cells) + base * cache.base_slope

    def features(self, cache: Cache) -> np.ndarray:
        """Write down what the weights multiply: (n_in (G + k + 1), n)."""
        return cache.features.dense()

    def slopes(self, cache: Cache) -> np.ndarray:
        """Differentiate the outputs in the inputs, ∂z_j/∂x_i: (n_out, n_in, n)."""
        return self.edges(cache.x, derivative=1)

    def backward_edges(self, cache: Cache, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Do as `backward` for a gradient in every single edge, pull (n_out, n_in, n)."""
        features = self.features(cache).reshape(self.n_in, -1, pull.shape[-1])
        return features @ pull.transpose(1, 2, 0), np.einsum("jin,jin->in", pull, self.slopes(cache))

    def grams(self, cache: Cache, importance: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for each edge the places of its weights in the layer's, and Σ_samples importance Φ Φᵀ."""
        features = self.features(cache).reshape(self.n_in, -1, importance.shape[-1])
        places = np.arange(self.weights.size).reshape(self.weights.shape)
        for i, j in np.ndindex(self.n_in, self.n_out):
            yield places[i, :, j], (features[i] * importance[j, i]) @ features[i].T

    def edges(self, x: np.ndarray, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or its first or second derivative: x (n_in, n) → (n_out, n_in, n)."""
        cells, powers, live, base, base_slope = self._values(x)
        if derivative == 1:
            live, base = self._slopes(cells, powers), base_slope
        elif derivative == 2:
            bends = (self._grid.low <= x) & (x <= self._grid.high)  # a straight line does not
            live = self._grid.live(cells, powers, derivative=2) * self._grid.scale(cells) ** 2 * bends
            base = silu_bend(x) * bends
        rows = cells + np.arange(self.order + 1)[:, None, None]  # (k+1, n_in, n)
        coef = self.coef[np.arange(self.n_in)[:, None], rows]  # (k+1, n_in, n, n_out)
        return np.einsum("rino,rin->oin", coef, live) + self.base_weight.T[:, :, None] * base
