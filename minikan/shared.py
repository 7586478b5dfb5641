"""Edges that share one curve, and have a weight each (chapters 03 and 09; paper, section 6).

    φ_ji(x) = s_ji ψ_g(x),   g = the group of the edge from i to j

It is a `KANLayer` whose weights are tied, W_imj = s_ij c_gm. By the product rule the gradient in a shared curve
is a sum over its group, ∂loss/∂c_gm = Σ_(i,j) in g s_ij ∂loss/∂W_imj, and ∂loss/∂s_ij = Σ_m c_gm ∂loss/∂W_imj.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .basis import Basis
from .edges import basis_of
from .kan_layer import Cache, KANLayer
from .validation import as_integer, as_numbers


class SharedLayer(KANLayer):
    """A sheet of edges in groups.

    Parameters
    ----------
    basis : Basis
        With the same domain for each input, as a curve is the same wherever it is used.
    curves : array_like, shape (groups, m)
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

    def __init__(self, basis: Basis, curves: ArrayLike, scale: ArrayLike, groups: ArrayLike) -> None:
        curves, scale = as_numbers(curves, "curves"), as_numbers(scale, "scale")
        groups = _as_groups(groups, scale.shape)
        if curves.ndim != 2 or curves.shape[1] != basis.m:
            raise ValueError(f"curves must have shape (groups, {basis.m}) for {basis!r}, got {curves.shape}")
        if scale.ndim != 2 or len(scale) != basis.n_in or scale.size == 0:
            raise ValueError(f"scale must have shape ({basis.n_in}, n_out), got {scale.shape}")
        if not basis.same_as(basis.rows([0] * basis.n_in)):
            raise ValueError("edges that share a curve need the same domain for all inputs")
        if groups.max() + 1 != len(curves):
            raise ValueError(f"curves must hold one for each of {groups.max() + 1} groups, got {len(curves)}")
        self.basis, self.groups, (self.n_in, self.n_out) = basis, groups, scale.shape
        self.count = len(curves)
        self.weights = np.concatenate([curves.ravel(), scale.ravel()])

    @classmethod
    def of(cls, basis: Basis, n_out: int, groups: int | ArrayLike) -> SharedLayer:
        """Make a layer of zeros: a number of groups deals out the edges evenly, input by input."""
        shape = basis.n_in, n_out
        if not np.iterable(groups):
            count = as_integer(groups, "groups", 1)
            if count > shape[0] * shape[1]:
                raise ValueError(f"groups must be at most the number of edges, {shape[0] * shape[1]}, got {count}")
            groups = (np.arange(shape[0] * shape[1]) * count // (shape[0] * shape[1])).reshape(shape)
        groups = _as_groups(groups, shape)
        return cls(basis, np.zeros((groups.max() + 1, basis.m)), np.zeros(shape), groups)

    @property
    def shared(self) -> np.ndarray:
        """The weights of the groups' curves, a view of shape (groups, m)."""
        return self.weights[: self.count * self.basis.m].reshape(self.count, -1)

    @property
    def scale(self) -> np.ndarray:
        """The weights of the edges, a view of shape (n_in, n_out)."""
        return self.weights[self.count * self.basis.m :].reshape(self.n_in, self.n_out)

    @property
    def table(self) -> np.ndarray:
        """All weights of all features, W_imj = s_ij c_gm: (n_in, m, n_out)."""
        return self.shared[self.groups].swapaxes(1, 2) * self.scale[:, None]

    def __repr__(self):
        label = f"{self.basis.label}, groups={self.count}"
        return f"SharedLayer({self.n_in} → {self.n_out}, {label}: {self.weights.size} parameters)"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Cache]:
        z, cache = super().forward(x)
        return z, cache._replace(weights=self.weights.copy())

    def tied(self, cache: Cache, table: np.ndarray) -> np.ndarray:
        """Go from derivatives in W (n_in, m, n_out, ...) to those in curves and scales (P, ...)."""
        end = self.count * self.basis.m
        shared, scale = cache.weights[:end].reshape(self.count, -1), cache.weights[end:].reshape(self.scale.shape)
        rest = table.shape[3:]
        by_edge = np.moveaxis(table, 2, 1)  # (n_in, n_out, m, ...)
        scaled = by_edge * scale.reshape(*scale.shape, 1, *[1] * len(rest))
        in_curves = np.zeros((self.count, self.basis.m, *rest))
        np.add.at(in_curves, self.groups, scaled)
        in_scale = np.einsum("iom,iom...->io...", shared[self.groups], by_edge)
        return np.concatenate([in_curves.reshape(end, *rest), in_scale.reshape(-1, *rest)])

    def write_rows(self, cache: Cache, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        table = np.empty((self.n_in, self.basis.m, self.n_out, *out.shape[1:]))
        super().write_rows(cache, rows, sensitivity, table)
        out[:] = self.tied(cache, table)

    def edge_features(self, cache: Cache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        m, end = self.basis.m, self.count * self.basis.m
        shared, scale = cache.weights[:end].reshape(self.count, m), cache.weights[end:].reshape(self.scale.shape)
        features = self.features(cache).reshape(self.n_in, m, -1)
        for i, j in self.edge_list:
            g = self.groups[i, j]
            places = np.append(np.arange(g * m, (g + 1) * m), end + i * self.n_out + j)
            yield i, j, places, np.vstack([scale[i, j] * features[i], shared[g] @ features[i]])

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The edges' weights cost, too: else a curve could be made small, and its weights large, for nothing."""
        yield np.arange(self.shared.size).reshape(self.shared.shape), self.basis.roughness()
        yield np.arange(self.shared.size, self.weights.size)[:, None], np.ones((1, 1))

    def copy(self) -> SharedLayer:
        return SharedLayer(self.basis, self.shared, self.scale, self.groups)

    def arrays(self) -> dict[str, Any]:
        basis = {f"basis/{name}": array for name, array in self.basis.arrays().items()}
        return basis | {"curves": self.shared, "scale": self.scale, "groups": self.groups}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> SharedLayer:
        return cls(basis_of(arrays), arrays["curves"], arrays["scale"], arrays["groups"])

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw a straight line with noise for each group, and a weight of ±1 / √n_in for each edge."""
        self.shared[:] = self.basis.line()[0] + rng.normal(0, noise, self.shared.shape)
        self.scale[:] = rng.choice([-1.0, 1.0], self.scale.shape) / np.sqrt(self.n_in)

    def on_basis(self, new: Basis) -> SharedLayer:
        change = self.basis.projection(new)[0]
        return SharedLayer(new, self.shared @ change.T, self.scale, self.groups)

    def fitted(self, x: np.ndarray, uniform_weight: float) -> SharedLayer:
        """Lay one grid where the data of all inputs are."""
        return self.on_basis(self.basis.fitted([x.ravel()] * self.n_in, uniform_weight))


def _as_groups(groups, shape):
    """Check the group of each edge: whole numbers 0, 1, … without a gap."""
    try:
        array = np.array(groups)
    except ValueError:  # its rows differ in length
        array = np.zeros(0)
    used = np.unique(array)
    if array.shape != shape or array.dtype.kind not in "iu" or not np.array_equal(used, range(len(used))):
        raise ValueError(f"groups must hold for each edge {shape} a whole number: 0, 1, … with none left out")
    return array
