"""Edges that share one curve, each with a weight of its own (chapters 03 and 09; paper, section 6).

    φ_ji(x) = s_ij ψ_g(x),   g = the group of the edge from i to j

This is a `KANLayer` whose weights are tied, W_imj = s_ij c_gm. By the product rule
∂loss/∂c_gm = Σ_(i,j) in g s_ij ∂loss/∂W_imj, and ∂loss/∂s_ij = Σ_m c_gm ∂loss/∂W_imj.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .curves import Basis
from .kan_layer import Cache, KANLayer
from .validation import as_integer, as_numbers


class SharedLayer(KANLayer):
    """Edges in groups: `shared` (groups, m) holds the curves c, `scale` (n_in, n_out) each edge's weight s.

    `groups` (n_in, n_out) holds the group of each edge, 0, 1, …; `weights` holds `shared`, then `scale`: views of it.
    """

    parts = ("basis", "shared", "scale", "groups")
    is_linear = False  # curves are multiplied by weights

    def __init__(self, basis: Basis, shared: ArrayLike, scale: ArrayLike, groups: ArrayLike) -> None:
        shared, scale = as_numbers(shared, "shared"), as_numbers(scale, "scale")
        if scale.ndim != 2 or len(scale) != basis.n_in or scale.size == 0:
            raise ValueError(f"scale must have shape ({basis.n_in}, n_out), got {scale.shape}")
        self.groups = _as_groups(groups, scale.shape)
        count = int(self.groups.max()) + 1
        if shared.shape != (count, basis.m):
            raise ValueError(f"shared must have shape {count, basis.m} for {basis!r}, got {shared.shape}")
        rows = getattr(basis, basis.parts[0])  # knots or domains
        if (rows != rows[0]).any():
            raise ValueError("edges that share a curve need the same domain for all inputs")
        super().__init__(basis, shared[self.groups].swapaxes(1, 2) * scale[:, None])
        self.weights, self._end = np.concatenate([shared.ravel(), scale.ravel()]), shared.size
        self._order = np.argsort(self.groups, axis=None, kind="stable")  # edges, group by group
        self._starts = np.searchsorted(self.groups.ravel()[self._order], np.arange(count))
        self.label += f", groups={len(shared)}"

    @classmethod
    def of(cls, basis: Basis, n_out: int, groups: Any) -> SharedLayer:
        """Make a layer of zeros. A number of groups is dealt out evenly to the edges, input by input."""
        edges = basis.n_in * n_out
        if not np.iterable(groups):
            if as_integer(groups, "groups", 1) > edges:
                raise ValueError(f"groups must be at most the number of edges, {edges}, got {groups}")
            groups = (np.arange(edges) * groups // edges).reshape(basis.n_in, n_out)
        groups = _as_groups(groups, (basis.n_in, n_out))
        return cls(basis, np.zeros((groups.max() + 1, basis.m)), np.zeros(groups.shape), groups)

    def _split(self, weights):
        """View weights (P,) as curves (groups, m) and scales (n_in, n_out)."""
        return weights[: self._end].reshape(-1, self.basis.m), weights[self._end :].reshape(self.groups.shape)

    def __getattr__(self, name):
        if name in ("shared", "scale"):
            return self._split(self.weights)[name == "scale"]
        return super().__getattr__(name)

    @property
    def table(self) -> np.ndarray:
        return self.shared[self.groups].swapaxes(1, 2) * self.scale[:, None]

    def again(self, x: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        z, cache = super().again(x, cache)
        return z, cache._replace(tied=self.weights.copy())

    def tie(self, cache: Cache, table: np.ndarray) -> np.ndarray:
        """Turn derivatives in W (n_in, m, n_out, ...) into those in curves and scales (P, ...)."""
        shared, scale = self._split(cache.tied)
        rest = table.shape[3:]
        by_edge = np.moveaxis(table, 2, 1)  # (n_in, n_out, m, ...)
        scaled = by_edge * scale.reshape(*scale.shape, *[1] * (by_edge.ndim - 2))
        in_shared = np.add.reduceat(
            scaled.reshape(-1, *scaled.shape[2:])[self._order], self._starts
        )  # (groups, m, ...)
        in_scale = np.einsum("iom,iom...->io...", shared[self.groups], by_edge)
        return np.concatenate([in_shared.reshape(-1, *rest), in_scale.reshape(-1, *rest)])

    def write_rows(self, cache: Cache, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        table = np.empty((self.n_in, self.basis.m, self.n_out, *out.shape[1:]))
        super().write_rows(cache, rows, sensitivity, table)
        out[:] = self.tie(cache, table)

    def edge_features(self, cache: Cache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        (shared, scale), m = self._split(cache.tied), self.basis.m
        features = self.features(cache).reshape(self.n_in, m, -1)
        for i, j in self.edge_list:
            g = self.groups[i, j]
            places = np.append(np.arange(g * m, (g + 1) * m), self._end + i * self.n_out + j)
            yield i, j, places, np.vstack([scale[i, j] * features[i], shared[g] @ features[i]])

    def multipliers(self) -> np.ndarray:
        return np.arange(self.weights.size) >= self._end

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> None:
        return None  # what is left after pruning no longer shares

    def _places(self):  # of each curve's weights: (1, groups, m)
        return np.arange(self._end).reshape(1, -1, self.basis.m)

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the scales, too: else a small curve with large scales would cost less, for the same function."""
        yield from super().roughness()
        yield np.arange(self._end, self.weights.size)[:, None], np.ones((1, 1))

    def covers(self, x: np.ndarray) -> bool:
        return self.basis.covers([x.ravel()] * self.n_in)

    def fitted(self, x: np.ndarray, uniform_weight: float | None) -> SharedLayer:
        """Fit one grid to the data of all inputs together."""
        return self.on_basis(self.basis.fitted([x.ravel()] * self.n_in, uniform_weight))

    def on_basis(self, new: Basis) -> SharedLayer:
        return SharedLayer(new, self.shared @ self.basis.projection(new)[0].T, self.scale, self.groups)

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw a straight line with noise for each group, and a weight of ±1 / √n_in for each edge."""
        self.shared[:] = self.basis.line()[0] + rng.normal(0, noise, self.shared.shape)
        self.scale[:] = rng.choice([-1.0, 1.0], self.scale.shape) / np.sqrt(self.n_in)


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
