"""A layer of chosen edges: some are curves, some named functions, others are missing (chapter 06).

    z_j = Σ_i φ_ji(x_i)        over the edges that are there

In a `KANLayer` all edges are of one kind, which is fast. Here each edge is a layer of its own, from one node to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .layer import CurveLayer


class SparseLayer(CurveLayer):
    """A layer with edges `sheet` {(i, j): layer 1 → 1} from input i to output j, which are copied.

    Their weights become views of the layer's `weights` (P,), edge by edge; samples run along the last axis.
    """

    parts = ("n_in", "n_out", "sheet")

    def __init__(self, n_in: int, n_out: int, sheet: Mapping[tuple[int, int], CurveLayer]) -> None:
        if not sheet:
            raise ValueError("a layer needs at least one edge, got none")
        self.n_in, self.n_out = n_in, n_out
        self.sheet = {at: sheet[at].copy() for at in sorted(sheet)}
        if any(not (0 <= i < n_in and 0 <= j < n_out) for i, j in self.sheet):
            raise ValueError(f"edges must lead from 0 … {n_in - 1} to 0 … {n_out - 1}, got {[*self.sheet]}")
        if len({j for _, j in self.sheet}) < n_out:
            raise ValueError(f"not all of {n_out} nodes are reached by an edge")
        self.weights = np.concatenate([edge.weights.ravel() for edge in self.sheet.values()])

    @classmethod
    def of(cls, layer: Any) -> SparseLayer:
        """Make each edge of a layer of curves an object of its own."""
        return cls(layer.n_in, layer.n_out, {at: layer.edge(*at) for at in layer.edge_list})

    def __setstate__(self, state):  # after copying, too, the edges' weights are views
        self.__dict__.update(state)
        self.weights = self._weights

    @property
    def weights(self) -> np.ndarray:
        return self._weights

    @weights.setter
    def weights(self, view: np.ndarray) -> None:
        self._weights, self._slices, start = view, {}, 0
        for at, edge in self.sheet.items():
            self._slices[at] = slice(start, start + edge.weights.size)
            edge.weights = view[self._slices[at]].reshape(edge.weights.shape)
            start += edge.weights.size
        sizes = [edge.weights.size for edge in self.sheet.values()]
        self.row_inputs = np.repeat([i for i, _ in self.sheet], sizes)

    @property
    def smoothness(self) -> float:
        return min((edge.smoothness for edge in self.sheet.values()), default=np.inf)

    @property
    def bases(self) -> tuple:
        return tuple(edge.bases for edge in self.sheet.values())

    @bases.setter
    def bases(self, bases: tuple) -> None:
        for edge, its_bases in zip(self.sheet.values(), bases, strict=True):
            edge.bases = its_bases

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        return list(self.sheet)

    @property
    def floats_per_sample(self) -> int:
        return self.weights.size

    def __repr__(self):
        lines = [f"SparseLayer({self.n_in} → {self.n_out}: {self.weights.size} parameters)"]
        return "\n    ".join([*lines, *(f"{i} → {j}: {edge!r}" for (i, j), edge in self.sheet.items())])

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, dict]:
        """Compute z_j = Σ_i φ_ji(x_i): x (n_in, n) → z (n_out, n), and the edges' caches."""
        z, cache = np.zeros((self.n_out, x.shape[1])), {}
        for (i, j), edge in self.sheet.items():
            values, cache[i, j] = edge.forward(x[i : i + 1])
            z[j] += values[0]
        return z, cache

    def backward(self, cache: dict, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        gradient, dx = np.zeros_like(self.weights), np.zeros((self.n_in, upstream.shape[1]))
        for (i, j), edge in self.sheet.items():
            its_gradient, its_dx = edge.backward(cache[i, j], upstream[j : j + 1], wants_x)
            gradient[self._slices[i, j]] = its_gradient.ravel()
            if wants_x:
                dx[i] += its_dx[0]
        return gradient, dx if wants_x else None

    def curves(self, cache: dict, derivative: int = 0) -> np.ndarray:
        curves = [edge.curves(cache[at], derivative)[0, 0] for at, edge in self.sheet.items()]
        sheet, (i, j) = np.zeros((self.n_out, self.n_in, len(curves[0]))), np.array(self.edge_list).T
        sheet[j, i] = curves
        return sheet

    def features(self, cache: dict, derivative: int = 0) -> np.ndarray:
        return np.concatenate([edge.features(cache[at], derivative) for at, edge in self.sheet.items()])

    def write_rows(self, cache: dict, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Multiply each weight's feature by the sensitivity of the one node that it feeds."""
        for (_, j), where in self._slices.items():
            np.einsum("crn,mcn->rmn", rows[:, where], sensitivity[:, :, j], out=out[where])

    def edge(self, i: int, j: int) -> CurveLayer:
        return self.sheet[i, j].copy()

    def edge_features(self, cache: dict) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        places = np.arange(self.weights.size)
        for at, edge in self.sheet.items():
            yield *at, places[self._slices[at]], edge.features(cache[at])

    def multipliers(self) -> np.ndarray:
        return np.concatenate([edge.multipliers().ravel() for edge in self.sheet.values()])

    def raise_by(self, heights: np.ndarray) -> None:
        for j, height in enumerate(heights):  # by the first edge into each node
            next(edge for (_, to), edge in self.sheet.items() if to == j).raise_by(height[None])

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at, edge in self.sheet.items():
            yield from ((self._slices[at].start + places, rows) for places, rows in edge.roughness())

    def differences(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at, edge in self.sheet.items():
            yield from ((self._slices[at].start + places, rows) for places, rows in edge.differences())

    def covers(self, x: np.ndarray) -> bool:
        return all(edge.covers(x[i : i + 1]) for (i, _), edge in self.sheet.items())

    def wiring(self) -> np.ndarray:
        return np.array([[(i, j) in self.sheet for i in range(self.n_in)] for j in range(self.n_out)])

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> SparseLayer:
        rows, columns, places = list(inputs), list(outputs), np.ndindex(len(inputs), len(outputs))
        edges = {(i, j): self.sheet[rows[i], columns[j]] for i, j in places if mask[columns[j], rows[i]]}
        return SparseLayer(len(inputs), len(outputs), edges)

    def fitted(self, x: np.ndarray, uniform_weight: float | None) -> SparseLayer:
        sheet = {(i, j): edge.fitted(x[i : i + 1], uniform_weight) for (i, j), edge in self.sheet.items()}
        return SparseLayer(self.n_in, self.n_out, sheet)

    def refined(self, grid: int) -> SparseLayer:
        return SparseLayer(self.n_in, self.n_out, {at: edge.refined(grid) for at, edge in self.sheet.items()})

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        for (_, j), edge in self.sheet.items():
            edge.initialise(rng, noise)  # of named edges only those of a template change
            if not edge.name:
                edge.weights /= np.sqrt(sum(to == j for _, to in self.sheet))

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        sums: list = [0] * self.n_out
        numbers = [number(k) for k in range(self.weights.size)]
        for (i, j), edge in self.sheet.items():
            sums[j] += edge.expressions([inputs[i]], numbers[self._slices[i, j]].__getitem__)[0]
        return sums
