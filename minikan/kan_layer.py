"""A layer of edges, each of which has a learnable curve of its own (chapter 03; paper, section 2.2).

    φ_ji(x) = Σ_m W_imj F_m(x)                  one edge
    z_j     = Σ_i φ_ji(x_i)                     one layer

All edges that leave an input share its features, so a layer is one product: a matrix of weights times all features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .curves import Basis, Features
from .layer import CurveLayer
from .validation import as_numbers


class Cache(NamedTuple):
    features: Features
    kept: Any  # the W of this pass, as the features need it
    tied: Any = None  # the weights of this pass, if they are tied


class KANLayer(CurveLayer):
    """A layer of n_in × n_out edges; samples run along the last axis.

    Parameters
    ----------
    basis : Basis
        The family of curves, with a domain for each input.
    weights : array_like, shape (n_in, m, n_out)
        W; views of it are `coef` (n_in, size, n_out) and `base_weight` (n_in, n_out), that of the base function.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit together.

    Examples
    --------
    >>> from minikan import KANLayer, Splines
    >>> KANLayer(Splines.on([(-1, 1), (-1, 1)], grid=4, order=3, base="silu"), np.zeros((2, 8, 1)))
    KANLayer(2 → 1, G=4, k=3: 16 parameters)
    """

    parts: tuple[str, ...] = ("basis", "weights")
    is_linear = True

    def __init__(self, basis: Basis, weights: ArrayLike) -> None:
        if not isinstance(basis, Basis):
            raise TypeError(f"basis must be a family of curves such as Splines(…), got {basis!r}")
        weights = as_numbers(weights, "weights")
        if weights.ndim != 3 or weights.shape[:2] != (basis.n_in, basis.m) or weights.shape[2] == 0:
            shape = f"({basis.n_in}, {basis.m}, n_out)"
            raise ValueError(f"weights must have shape {shape} for {basis!r}, got {weights.shape}")
        self.bases, self.weights = (basis,), weights.copy()
        self.n_in, self.n_out, self.G, self.label = basis.n_in, weights.shape[2], basis.grid, basis.label
        self.row_inputs = np.repeat(np.arange(self.n_in), basis.m)

    @property
    def basis(self) -> Basis:
        return self.bases[0]

    def __getattr__(self, name):
        """Look up views of the weights, and what only splines have."""
        if name == "coef":
            return self.table[:, : self.basis.size]
        if name == "base_weight" and self.basis.base is not None:
            return self.table[:, -1]
        if name in ("knots", "points", "order"):
            return getattr(self.basis, name)
        what = "base function" if name == "base_weight" else name
        raise AttributeError(f"a {type(self).__name__} has no {what}")

    def __repr__(self):
        kind, size = type(self).__name__, self.weights.size
        return f"{kind}({self.n_in} → {self.n_out}, {self.label}: {size} parameters)"

    @property
    def table(self) -> np.ndarray:
        return self.weights  # W, (n_in, m, n_out)

    def tie(self, cache: Cache, table: np.ndarray) -> np.ndarray:
        """Turn derivatives in W, (n_in, m, n_out, ...), into derivatives in the weights."""
        return table

    @property
    def floats_per_sample(self) -> int:
        return self.basis.floats_per_sample(self.n_out)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Cache]:
        """Compute z_j = Σ_i φ_ji(x_i): x (n_in, n) → z (n_out, n), and what the derivatives need."""
        return self.again(x, Cache(self.basis.features(x, self.n_out), None))

    def again(self, x: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        z, kept = cache.features.times(self.table.reshape(-1, self.n_out))
        return z, cache._replace(kept=kept)

    def backward(self, cache: Cache, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        """Carry the loss's gradient back through the layer.

            ∂loss/∂W_imj = Σ_samples  F_m(x_i) upstream_j
            ∂loss/∂x_i   = Σ_j        φ′_ji(x_i) upstream_j

        Takes upstream = ∂loss/∂z (n_out, n); returns the gradient in `weights` and, if wanted, in x (n_in, n).
        """
        gradient = cache.features.gradient(upstream).reshape(self.n_in, -1, self.n_out)
        return self.tie(cache, gradient), cache.features.pull(cache.kept, upstream) if wants_x else None

    def curves(self, cache: Cache, derivative: int = 0) -> np.ndarray:
        return cache.features.curves(cache.kept, derivative)

    def features(self, cache: Cache, derivative: int = 0) -> np.ndarray:
        return cache.features.matrix(derivative)

    def edge(self, i: int, j: int) -> KANLayer:
        return KANLayer(self.basis.rows([i]), self.table[[i]][:, :, [j]])

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> KANLayer | None:
        whole = mask[np.ix_(outputs, inputs)].all()
        return KANLayer(self.basis.rows(inputs), self.table[inputs][:, :, outputs]) if whole else None

    def edge_features(self, cache: Cache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        features, places = self.features(cache).reshape(self.n_in, self.basis.m, -1), self._places()
        yield from ((i, j, places[i, j], features[i]) for i, j in self.edge_list)

    def multipliers(self) -> np.ndarray:
        return np.ones(self.weights.shape, bool)

    def raise_by(self, heights: np.ndarray) -> None:
        self.weights[0] += np.outer(self.basis.constant(), heights)

    def _places(self):  # of each edge's weights: (n_in, n_out, m)
        return np.arange(self.weights.size).reshape(self.weights.shape).swapaxes(1, 2)

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield self._places().reshape(-1, self.basis.m), self.basis.roughness()

    def differences(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from zip(self._places()[:, :, : self.basis.size], self.basis.differences(), strict=False)

    def covers(self, x: np.ndarray) -> bool:
        return self.basis.covers([*x])

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw straight lines, up or down by ±1 / √n_in, plus noise in every weight."""
        signs = rng.choice([-1.0, 1.0], (self.n_in, 1, self.n_out))
        weights = rng.normal(0, noise, self.weights.shape) + self.basis.line()[:, :, None] * signs
        self.weights[:] = weights / np.sqrt(self.n_in)

    def on_basis(self, new: Basis) -> KANLayer:
        return KANLayer(new, self.basis.projection(new) @ self.weights)  # the same curves, by least squares

    def fitted(self, x: np.ndarray, uniform_weight: float | None) -> KANLayer:
        return self.on_basis(self.basis.fitted([*x], uniform_weight))

    def refined(self, grid: int) -> KANLayer:
        return self.on_basis(self.basis.refined(grid))
