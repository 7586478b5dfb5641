"""Edges that share one curve, and have a weight each (chapters 03 and 09; paper, section 6).

    φ_ji(x) = s_ij ψ_g(x),   g = the group of the edge from i to j

It is a `KANLayer` whose weights are tied, W_imj = s_ij c_gm. By the product rule the gradient in a shared curve
is a sum over its group, ∂loss/∂c_gm = Σ_(i,j) in g s_ij ∂loss/∂W_imj, and ∂loss/∂s_ij = Σ_m c_gm ∂loss/∂W_imj.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .basis import Basis
from .kan_layer import Cache, KANLayer
from .validation import as_integer, as_numbers


class SharedLayer(KANLayer):
    """A sheet of edges in groups.

    Parameters
    ----------
    basis : Basis
        With the same domain for each input, as a curve is the same wherever it is used.
    shared : array_like, shape (groups, m)
        The weights c of the features in each group's curve.
    scale : array_like, shape (n_in, n_out)
        The weight s of each edge.
    groups : array_like of int, shape (n_in, n_out)
        The group of each edge, 0 … groups - 1.

    Attributes
    ----------
    weights : ndarray
        `shared` and then `scale`, which are views of it.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit together, or the domains differ.

    Examples
    --------
    >>> from minikan import KAN
    >>> KAN([2, 5, 1], groups=1)  # all edges of a layer share one curve
    KAN([2, 5, 1]: 33 parameters)
      SharedLayer(2 → 5, G=5, k=3, groups=1: 19 parameters)
      SharedLayer(5 → 1, G=5, k=3, groups=1: 14 parameters)
    """

    is_linear = False  # curves are multiplied by weights

    def __init__(self, basis: Basis, shared: ArrayLike, scale: ArrayLike, groups: ArrayLike) -> None:
        shared, scale, groups = as_numbers(shared, "shared"), as_numbers(scale, "scale"), np.array(groups)
        if shared.ndim != 2 or shared.shape[1] != basis.m:
            raise ValueError(f"shared must have shape (groups, {basis.m}) for {basis!r}, got {shared.shape}")
        if scale.ndim != 2 or len(scale) != basis.n_in or 0 in scale.shape:
            raise ValueError(f"scale must have shape ({basis.n_in}, n_out), got {scale.shape}")
        if not (basis.domain == basis.domain[0]).all():
            raise ValueError(f"all inputs need the same domain to share curves, got {basis.domain.tolist()}")
        if groups.shape != scale.shape or groups.dtype.kind not in "iu" or {*groups.flat} != {*range(len(shared))}:
            raise ValueError(f"groups must hold for each edge {scale.shape} a number 0 … {len(shared) - 1}, all in use")
        self.basis, self.groups, (self.n_in, self.n_out) = basis, groups, scale.shape
        self._end = shared.size
        self.weights = np.concatenate([shared.ravel(), scale.ravel()])

    @classmethod
    def of(cls, basis: Basis, n_out: int, groups: int | ArrayLike) -> SharedLayer:
        """Make a layer of zeros. A number of groups deals out the edges evenly, input by input."""
        shape = basis.n_in, n_out
        if not np.iterable(groups):
            count, edges = as_integer(groups, "groups", 1), basis.n_in * n_out
            if count > edges:
                raise ValueError(f"groups must be at most the number of edges, {edges}, got {count}")
            groups = (np.arange(edges) * count // edges).reshape(shape)
        count = len(np.unique(groups))
        return cls(basis, np.zeros((count, basis.m)), np.zeros(shape), groups)

    def _parts(self, weights):
        """View weights (P,) as curves (groups, m) and scales (n_in, n_out)."""
        return weights[: self._end].reshape(-1, self.basis.m), weights[self._end :].reshape(self.n_in, self.n_out)

    @property
    def shared(self) -> np.ndarray:
        return self._parts(self.weights)[0]

    @property
    def scale(self) -> np.ndarray:
        return self._parts(self.weights)[1]

    @property
    def table(self) -> np.ndarray:
        """All weights of all features, W_imj = s_ij c_gm: (n_in, m, n_out)."""
        return self.shared[self.groups].swapaxes(1, 2) * self.scale[:, None]

    @property
    def label(self) -> str:
        return f"{self.basis.label}, groups={len(self.shared)}"

    def _weighted(self, features):
        z, cache = super()._weighted(features)
        return z, cache._replace(tied=self.weights.copy())

    def tie(self, cache: Cache, table: np.ndarray) -> np.ndarray:
        """Go from derivatives in W (n_in, m, n_out, ...) to those in curves and scales (P, ...)."""
        shared, scale = self._parts(cache.tied)
        rest = table.shape[3:]
        by_edge = np.moveaxis(table, 2, 1)  # (n_in, n_out, m, ...)
        in_shared = np.zeros((*shared.shape, *rest))
        np.add.at(in_shared, self.groups, by_edge * scale.reshape(*scale.shape, *[1] * (by_edge.ndim - 2)))
        in_scale = np.einsum("iom,iom...->io...", shared[self.groups], by_edge)
        return np.concatenate([in_shared.reshape(-1, *rest), in_scale.reshape(-1, *rest)])

    def write_rows(self, cache: Cache, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        table = np.empty((self.n_in, self.basis.m, self.n_out, *out.shape[1:]))
        super().write_rows(cache, rows, sensitivity, table)
        out[:] = self.tie(cache, table)

    def edge_features(self, cache: Cache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        (shared, scale), m = self._parts(cache.tied), self.basis.m
        features = self.features(cache).reshape(self.n_in, m, -1)
        for i, j in self.edge_list:
            g = self.groups[i, j]
            places = np.append(np.arange(g * m, (g + 1) * m), self._end + i * self.n_out + j)
            yield i, j, places, np.vstack([scale[i, j] * features[i], shared[g] @ features[i]])

    def raise_by(self, heights: np.ndarray) -> None:
        raise NotImplementedError  # constants are added to separate edges only

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> None:
        return None  # what is left after pruning no longer shares

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield np.arange(self._end).reshape(-1, self.basis.m), self.basis.roughness()

    def copy(self) -> SharedLayer:
        return SharedLayer(self.basis, self.shared, self.scale, self.groups)

    def arrays(self) -> dict[str, Any]:
        return self.basis.arrays() | {"shared": self.shared, "scale": self.scale, "groups": self.groups}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> SharedLayer:
        return cls(Basis.from_arrays(arrays), arrays["shared"], arrays["scale"], arrays["groups"])

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw a straight line with noise for each group, and a weight of ±1 / √n_in for each edge."""
        self.shared[:] = self.basis.line()[0] + rng.normal(0, noise, self.shared.shape)
        self.scale[:] = rng.choice([-1.0, 1.0], self.scale.shape) / np.sqrt(self.n_in)

    def on_basis(self, new: Basis) -> SharedLayer:
        return SharedLayer(new, self.shared @ self.basis.projection(new)[0].T, self.scale, self.groups)

    def fitted(self, x: np.ndarray, uniform_weight: float) -> SharedLayer:
        """Lay one grid where the data of all inputs are."""
        return self.on_basis(self.basis.fitted([x.ravel()] * self.n_in, uniform_weight))
