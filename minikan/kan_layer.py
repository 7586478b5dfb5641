"""A layer is a sheet of edges, each with a learnable curve of its own (chapter 03; paper, section 2.2).

    φ_ji(x) = Σ_m W_imj Φ_m(x)                  one edge
    z_j     = Σ_i φ_ji(x_i)                     one layer

All edges that leave an input share its features: so a layer is one product of a matrix of weights with the features
of all inputs. A layer with shared curves (chapter 09) is the same, with weights that are tied to each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .basis import Basis, Features
from .layer import CurveLayer
from .validation import as_numbers


class Cache(NamedTuple):
    """What `forward` found out and the derivatives need."""

    features: Features
    kept: Any  # the weights of this pass, as the features want them
    tied: Any = None  # the same as the layer has them, where they are tied


class KANLayer(CurveLayer):
    """A sheet of n_in × n_out edges; samples run along the last axis in here.

    Parameters
    ----------
    basis : Basis
        The family of curves, with a domain for each of n_in inputs.
    weights : array_like, shape (n_in, m, n_out)
        The weights of the m features of each input, for each output.

    Attributes
    ----------
    coef : ndarray, shape (n_in, basis.size, n_out)
        The weights of the family, a view; for splines (n_in, G + k, n_out).
    base_weight : ndarray, shape (n_in, n_out)
        The weights of the base function, a view.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KANLayer, Splines, make_grid
    >>> knots = make_grid((-1, 1), grid=4, order=3)
    >>> layer = KANLayer(Splines([knots, knots], order=3, base="silu"), np.zeros((2, 8, 1)))
    >>> layer
    KANLayer(2 → 1, G=4, k=3: 16 parameters)
    >>> layer.base_weight[:] = [[1.0], [-1.0]]
    >>> layer.forward(np.array([[0.5], [0.5]]))[0]  # silu(0.5) - silu(0.5)
    array([[0.]])
    """

    is_linear = True

    def __init__(self, basis: Basis, weights: ArrayLike) -> None:
        weights = as_numbers(weights, "weights")
        if weights.ndim != 3 or weights.shape[:2] != (basis.n_in, basis.m) or weights.shape[2] == 0:
            raise ValueError(
                f"weights must have shape ({basis.n_in}, {basis.m}, n_out) for {basis!r}, got {weights.shape}"
            )
        self.basis, self.weights = basis, weights.copy()
        self.n_in, self.n_out = basis.n_in, weights.shape[2]

    def __getattr__(self, name):
        """What a family knows of its curves (knots, points, order of splines), its layer knows, too."""
        if name in ("knots", "points", "order"):
            return getattr(self.basis, name)
        raise AttributeError(f"a {type(self).__name__} has no {name!r}")

    @property
    def bases(self) -> tuple:
        return (self.basis,)

    @bases.setter
    def bases(self, bases: tuple) -> None:
        (self.basis,) = bases

    @property
    def table(self) -> np.ndarray:
        """The weights of all features, (n_in, m, n_out)."""
        return self.weights

    def tie(self, cache: Cache, table: np.ndarray) -> np.ndarray:
        """Turn derivatives in `table`, (n_in, m, n_out, ...), into derivatives in the weights."""
        return table

    @property
    def coef(self) -> np.ndarray:
        return self.table[:, : self.basis.size]

    @property
    def base_weight(self) -> np.ndarray:
        return self.table[:, self.basis.size :].reshape(self.n_in, self.n_out)

    @property
    def G(self) -> int:
        """How fine the curves are: cells of splines."""
        return self.basis.grid

    def __repr__(self):
        return f"{type(self).__name__}({self.n_in} → {self.n_out}, {self.label}: {self.weights.size} parameters)"

    @property
    def label(self) -> str:
        return self.basis.label

    @property
    def floats_per_sample(self) -> int:
        return self.basis.floats_per_sample(self.n_out)

    @property
    def row_inputs(self) -> np.ndarray:
        return np.repeat(np.arange(self.n_in), self.basis.m)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Cache]:
        """Compute z_j = Σ_i φ_ji(x_i): x (n_in, n) → z (n_out, n), and what the derivatives need."""
        return self._weighted(self.basis.features(x, self.n_out))

    def again(self, x: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        return self._weighted(cache.features)

    def _weighted(self, features):
        z, kept = features.times(self.table.reshape(-1, self.n_out))
        return z, Cache(features, kept)

    def backward(self, cache: Cache, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        """Carry the loss's gradient back through the layer.

            ∂loss/∂W_imj = Σ_samples  Φ_m(x_i) upstream_j
            ∂loss/∂x_i   = Σ_j        φ′_ji(x_i) upstream_j

        Takes upstream = ∂loss/∂z of shape (n_out, n); returns the gradient in `weights` and, if it is
        wanted, the one in x, of shape (n_in, n).
        """
        gradient = cache.features.gradient(upstream).reshape(self.n_in, -1, self.n_out)
        return self.tie(cache, gradient), cache.features.pull(cache.kept, upstream) if wants_x else None

    def curves(self, cache: Cache, derivative: int = 0) -> np.ndarray:
        return cache.features.curves(cache.kept, derivative)

    def features(self, cache: Cache, derivative: int = 0) -> np.ndarray:
        return cache.features.matrix(derivative)

    def edge(self, i: int, j: int) -> KANLayer:
        return KANLayer(self.basis.rows([i]), self.table[[i]][:, :, [j]])

    def edge_features(self, cache: Cache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        features = self.features(cache).reshape(self.n_in, self.basis.m, -1)
        places = np.arange(self.weights.size).reshape(self.weights.shape)
        for i, j in self.edge_list:
            yield i, j, places[i, :, j], features[i]

    def raise_by(self, heights: np.ndarray) -> None:
        self.weights[0] += np.outer(self.basis.constant(), heights)

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> KANLayer | None:
        if not mask[np.ix_(outputs, inputs)].all():
            return None
        return KANLayer(self.basis.rows(inputs), self.table[inputs][:, :, outputs])

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        places = np.arange(self.weights.size).reshape(self.weights.shape)
        yield np.moveaxis(places, 1, -1).reshape(-1, self.basis.m), self.basis.roughness()

    def copy(self) -> KANLayer:
        return KANLayer(self.basis, self.weights)

    def arrays(self) -> dict[str, Any]:
        return self.basis.arrays() | {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> KANLayer:
        return cls(Basis.from_arrays(arrays), arrays["weights"])

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw straight lines, up or down by ±1 / √n_in, plus noise in every weight."""
        signs = rng.choice([-1.0, 1.0], (self.n_in, 1, self.n_out))
        weights = rng.normal(0, noise, self.weights.shape) + self.basis.line()[:, :, None] * signs
        self.weights[:] = weights / np.sqrt(self.n_in)

    def on_basis(self, new: Basis) -> KANLayer:
        """Make a layer of the same curves, as far as another basis has them."""
        return KANLayer(new, self.basis.projection(new) @ self.weights)

    def fitted(self, x: np.ndarray, uniform_weight: float) -> KANLayer:
        return self.on_basis(self.basis.fitted(x, uniform_weight))

    def refined(self, grid: int) -> KANLayer:
        return self.on_basis(self.basis.refined(grid))
