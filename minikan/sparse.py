"""A layer of chosen edges: some are curves, some are named functions, and most may be missing (chapter 06).

    z_j = Σ_i φ_ji(x_i)        over the edges that are there

`KANLayer` is a full sheet, fast because all its edges are alike. Pruning leaves a few edges of it, and symbolic regression
gives these names. Here each edge is a layer of its own, from one node to one node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .layer import CurveLayer


class SparseLayer(CurveLayer):
    """A sheet of n_in × n_out places, with edges on some of them; samples run along the last axis in here.

    Parameters
    ----------
    n_in, n_out : int
    sheet : dict
        {(i, j): edge} from input i to output j: layers 1 → 1. Copied.

    Attributes
    ----------
    weights : ndarray, shape (P,)
        All parameters, edge by edge; the edges' weights are views of it.

    Raises
    ------
    ValueError
        If there is no edge, or one leads from or to nowhere.
    """

    parts = ("n_in", "n_out", "sheet")

    def __init__(self, n_in: int, n_out: int, sheet: Mapping[tuple[int, int], CurveLayer]) -> None:
        if not sheet:
            raise ValueError("a layer needs at least one edge, got none")
        self.n_in, self.n_out = n_in, n_out
        self.sheet = {at: sheet[at].copy() for at in sorted(sheet)}
        if any(not (0 <= i < n_in and 0 <= j < n_out) for i, j in self.sheet):
            raise ValueError(f"edges must lead from 0 … {n_in - 1} to 0 … {n_out - 1}, got {[*self.sheet]}")
        self.weights = np.concatenate([edge.weights.ravel() for edge in self.sheet.values()])

    def __setstate__(self, state):
        """Copies and unpickled layers, too, keep all parameters in one vector."""
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
        self.row_inputs = np.repeat([i for i, _ in self.sheet], [edge.weights.size for edge in self.sheet.values()])

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
        """Carry the loss's gradient back through the layer, edge by edge."""
        gradient, dx = np.zeros_like(self.weights), np.zeros((self.n_in, upstream.shape[1]))
        for (i, j), edge in self.sheet.items():
            its_gradient, its_dx = edge.backward(cache[i, j], upstream[j : j + 1], wants_x)
            gradient[self._slices[i, j]] = its_gradient.ravel()
            if wants_x:
                dx[i] += its_dx[0]
        return gradient, dx if wants_x else None

    def curves(self, cache: dict, derivative: int = 0) -> np.ndarray:
        curves = {at: edge.curves(cache[at], derivative)[0, 0] for at, edge in self.sheet.items()}
        sheet = np.zeros((self.n_out, self.n_in, len(next(iter(curves.values())))))
        for (i, j), curve in curves.items():
            sheet[j, i] = curve
        return sheet

    def features(self, cache: dict, derivative: int = 0) -> np.ndarray:
        return np.concatenate([edge.features(cache[at], derivative) for at, edge in self.sheet.items()])

    def write_rows(self, cache: dict, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Multiply each weight's feature by the sensitivity to the one node that it feeds."""
        for (_, j), where in self._slices.items():
            np.einsum("crn,mcn->rmn", rows[:, where], sensitivity[:, :, j], out=out[where])

    def edge(self, i: int, j: int) -> CurveLayer:
        return self.sheet[i, j].copy()

    def edge_features(self, cache: dict) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        places = np.arange(self.weights.size)
        for (i, j), edge in self.sheet.items():
            yield i, j, places[self._slices[i, j]], edge.features(cache[i, j])

    def raise_by(self, heights: np.ndarray) -> None:
        """Add constants (n_out,) to the outputs: the first edge into each node carries them."""
        for j, height in enumerate(heights):
            next(edge for (_, to), edge in self.sheet.items() if to == j).raise_by(height[None])

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at, edge in self.sheet.items():
            yield from ((self._slices[at].start + places, rows) for places, rows in edge.roughness())

    def differences(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at, edge in self.sheet.items():
            yield from ((self._slices[at].start + places, rows) for places, rows in edge.differences())

    def covers(self, x: np.ndarray) -> bool:
        return all(edge.covers(x[i : i + 1]) for (i, _), edge in self.sheet.items())

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> SparseLayer:
        edges = {
            (i, j): self.sheet[source, node]
            for j, node in enumerate(outputs)
            for i, source in enumerate(inputs)
            if mask[node, source]
        }
        return SparseLayer(len(inputs), len(outputs), edges)

    def map(self, change: Callable[[int, CurveLayer], CurveLayer]) -> SparseLayer:
        """Make a layer whose edges from input i are change(i, edge)."""
        return SparseLayer(self.n_in, self.n_out, {at: change(at[0], edge) for at, edge in self.sheet.items()})

    def fitted(self, x: np.ndarray, uniform_weight: float | None) -> SparseLayer:
        return self.map(lambda i, edge: edge.fitted(x[i : i + 1], uniform_weight))

    def refined(self, grid: int) -> SparseLayer:
        return self.map(lambda _, edge: edge.refined(grid))

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        for (_, j), edge in self.sheet.items():
            if not edge.name:
                edge.initialise(rng, noise)
                edge.weights /= np.sqrt(sum(to == j for _, to in self.sheet))

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        sums: list = [0] * self.n_out
        for (i, j), edge in self.sheet.items():
            first = self._slices[i, j].start
            sums[j] += edge.expressions([inputs[i]], lambda k, first=first: number(first + k))[0]
        return sums
