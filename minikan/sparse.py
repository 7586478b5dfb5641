"""A layer of chosen edges: some are curves, some are named functions, and most may be missing (chapter 06).

    z_j = Σ_i φ_ji(x_i)        over the edges that are there

`KANLayer` is a full sheet, fast because all its edges are alike. Pruning leaves a few edges of it, and
symbolic regression gives these names. Here each edge is an object of its own, and the layer goes through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .edges import Edge
from .kan_layer import KANLayer
from .layer import CurveLayer
from .validation import as_integer


class SparseLayer(CurveLayer):
    """A sheet of n_in × n_out places, with edges on some of them; samples run along the last axis in here.

    Parameters
    ----------
    n_in, n_out : int
    edges : dict
        {(i, j): Edge} from input i to output j. Copied.

    Attributes
    ----------
    weights : ndarray, shape (P,)
        All parameters, edge by edge; the edges' weights are views of it.

    Raises
    ------
    ValueError
        If there is no edge, or one leads from or to nowhere.
    """

    def __init__(self, n_in: int, n_out: int, edges: Mapping[tuple[int, int], Edge]) -> None:
        if not edges:
            raise ValueError("a layer needs at least one edge, got none")
        self.n_in, self.n_out = n_in, n_out
        self.sheet = {at: edges[at].copy() for at in sorted(edges)}
        if any(not (0 <= i < n_in and 0 <= j < n_out) for i, j in self.sheet):
            raise ValueError(f"edges must lead from 0 … {n_in - 1} to 0 … {n_out - 1}, got {[*self.sheet]}")
        self.weights = np.concatenate([edge.weights for edge in self.sheet.values()])

    def __setstate__(self, state):
        """Copies and unpickled layers, too, keep all parameters in one vector."""
        self.__dict__.update(state)
        self.weights = self._weights

    @property
    def weights(self) -> np.ndarray:
        """All parameters, (P,)."""
        return self._weights

    @weights.setter
    def weights(self, view: np.ndarray) -> None:
        self._weights, self._slices, start = view, {}, 0
        for at, edge in self.sheet.items():
            self._slices[at] = slice(start, start + edge.weights.size)
            edge.weights = view[self._slices[at]]
            start += edge.weights.size
        self.row_inputs = np.repeat([i for i, _ in self.sheet], [edge.weights.size for edge in self.sheet.values()])

    @property
    def bases(self) -> tuple:
        return tuple(edge.basis for edge in self.sheet.values())

    @bases.setter
    def bases(self, bases: tuple) -> None:
        for edge, basis in zip(self.sheet.values(), bases, strict=True):
            edge.basis = basis

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        return list(self.sheet)

    @property
    def floats_per_sample(self) -> int:
        return self.weights.size

    def __repr__(self):
        lines = [f"SparseLayer({self.n_in} → {self.n_out}: {self.weights.size} parameters)"]
        return "\n    ".join([*lines, *(f"{i} → {j}: {edge!r}" for (i, j), edge in self.sheet.items())])

    def edge(self, i: int, j: int) -> Edge:
        return self.sheet[i, j].copy()

    def copy(self) -> SparseLayer:
        return SparseLayer(self.n_in, self.n_out, self.sheet)

    def map(self, change: Callable[[int, int, Edge], Edge]) -> SparseLayer:
        """Make a layer whose edges are change(i, j, edge)."""
        edges = {(i, j): change(i, j, edge) for (i, j), edge in self.sheet.items()}
        return SparseLayer(self.n_in, self.n_out, edges)

    def as_sheet(self) -> KANLayer | SparseLayer:
        """Make a KANLayer if all edges are there and alike, on the same basis from each input."""
        edges, bases = list(self.sheet.values()), []  # input by input
        if len(edges) < self.n_in * self.n_out or any(edge.basis is None for edge in edges):
            return self
        for i in range(self.n_in):
            first, *others = [self.sheet[i, j].basis for j in range(self.n_out)]
            if any(not first.same_as(other) for other in others):
                return self
            bases.append(first)
        basis = type(bases[0]).stacked(bases)
        if basis is None:
            return self
        weights = np.stack([edge.weights for edge in edges]).reshape(self.n_in, self.n_out, -1)
        return KANLayer(basis, weights.swapaxes(1, 2))

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, dict]:
        """Compute z_j = Σ_i φ_ji(x_i): x (n_in, n) → z (n_out, n), and what the derivatives need."""
        z, cache = np.zeros((self.n_out, x.shape[1])), {}
        for (i, j), edge in self.sheet.items():
            values, cache[i, j] = edge.forward(x[i])
            z[j] += values
        return z, cache

    def backward(
        self, cache: dict, upstream: np.ndarray, wants_x: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Carry the loss's gradient back through the layer, as `KANLayer.backward` does."""
        gradient, dx = np.zeros_like(self.weights), np.zeros((self.n_in, upstream.shape[1])) if wants_x else None
        for (i, j), edge in self.sheet.items():
            gradient[self._slices[i, j]] = edge.features(cache[i, j], 0) @ upstream[j]
            if dx is not None:
                dx[i] += edge.curve(cache[i, j], 1) * upstream[j]
        return gradient, dx

    def curves(self, cache: dict, derivative: int = 0) -> np.ndarray:
        n = len(next(iter(self.sheet.values())).curve(next(iter(cache.values())), 0))
        curves = np.zeros((self.n_out, self.n_in, n))
        for (i, j), edge in self.sheet.items():
            curves[j, i] = edge.curve(cache[i, j], derivative)
        return curves

    def features(self, cache: dict, derivative: int = 0) -> np.ndarray:
        return np.concatenate([edge.features(cache[at], derivative) for at, edge in self.sheet.items()])

    def write_rows(self, cache: dict, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Multiply each weight's feature with what depends on the one node that it feeds."""
        for (_, j), where in self._slices.items():
            np.multiply(rows[0, where, None], sensitivity[:, 0, j], out=out[where])
            for c in range(1, len(rows)):
                out[where] += rows[c, where, None] * sensitivity[:, c, j]

    def edge_features(self, cache: dict) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        places = np.arange(self.weights.size)
        for (i, j), edge in self.sheet.items():
            yield i, j, places[self._slices[i, j]], edge.features(cache[i, j], 0)

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        places = np.arange(self.weights.size)
        for at, edge in self.sheet.items():
            if edge.basis is not None:
                yield places[self._slices[at]][None], edge.basis.roughness()

    def arrays(self) -> dict[str, Any]:
        arrays: dict[str, Any] = {"shape": np.array([self.n_in, self.n_out])}
        for (i, j), edge in self.sheet.items():
            parts = {"kind": type(edge).__name__, **edge.arrays()}
            arrays |= {f"{i}-{j}/{name}": part for name, part in parts.items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> SparseLayer:
        parts: dict = {}
        for name, array in arrays.items():
            at, _, rest = name.partition("/")
            if rest:
                parts.setdefault(tuple(int(number) for number in at.split("-")), {})[rest] = array
        edges = {at: Edge.kinds[str(edge.pop("kind"))].from_arrays(edge) for at, edge in parts.items()}
        n_in, n_out = (int(width) for width in arrays["shape"])
        if len({j for _, j in edges}) != n_out:
            raise ValueError(f"not all of {n_out} nodes are reached by an edge")
        return cls(n_in, n_out, edges)

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        for (_, j), edge in self.sheet.items():
            edge.initialise(rng, noise, 1 / np.sqrt(sum(to == j for _, to in self.sheet)))

    def fitted(self, x: np.ndarray, uniform_weight: float) -> SparseLayer:
        def fit(i):
            return lambda basis: basis.fitted([x[i]], uniform_weight)

        return self.map(lambda i, _, edge: edge.on_basis(fit(i)))

    def refined(self, grid: int) -> SparseLayer:
        grid = as_integer(grid, "grid", 1)
        return self.map(lambda i, j, edge: edge.on_basis(lambda basis: basis.refined(grid)))

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        sums: list = [0] * self.n_out
        for (i, j), edge in self.sheet.items():
            first = self._slices[i, j].start
            weights = [number(first + k) for k in range(edge.weights.size)]
            sums[j] += edge.expression(inputs[i], weights)
        return sums
