"""A layer of chosen edges: some are splines, some are formulas, and most may be missing (chapter 06).

`KANLayer` is a full sheet, fast because all its edges are alike. Pruning leaves a few edges of it, and
symbolic regression turns these into functions of another kind. Here an edge is an object of its own:

    edge.weights                (p,)
    edge.evaluate(x)            value (n,), slope (n,), derivatives in the weights (p, n)
    edge.bend(x)                second derivative (n,)
    edge.raise_by(height)       adds a constant
    edge.copy()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .layer import KANLayer

if TYPE_CHECKING:
    from .functions import Function
    from .network import KAN


class SplineEdge:
    """One edge of splines and silu: a layer 1 → 1."""

    def __init__(self, layer: KANLayer) -> None:
        self.layer = layer

    @classmethod
    def of(cls, layer: KANLayer, i: int, j: int) -> SplineEdge:
        """Copy one edge of a KANLayer."""
        row, column = slice(i, i + 1), slice(j, j + 1)
        return cls(KANLayer(layer.knots[row], layer.coef[row, :, column], layer.base_weight[row, column]))

    @property
    def weights(self) -> np.ndarray:
        return self.layer.weights.reshape(-1)

    @weights.setter
    def weights(self, view: np.ndarray) -> None:
        self.layer.weights = view.reshape(self.layer.weights.shape)

    def __repr__(self):
        return f"spline, G={self.layer.G}, k={self.layer.order}"

    def copy(self) -> SplineEdge:
        return SplineEdge(self.layer.copy())

    def raise_by(self, height: float) -> None:
        """Add a constant: the basis functions sum up to one."""
        self.layer.coef[:] += height

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z, cache = self.layer.forward(x[None])
        return z[0], self.layer.slopes(cache)[0, 0], self.layer.features(cache)

    def bend(self, x: np.ndarray) -> np.ndarray:
        return self.layer.edges(x[None], derivative=2)[0, 0]


class FunctionEdge:
    """One edge that is a named function: c f(a x + b) + d.

    Parameters
    ----------
    function : Function
    weights : array_like, shape (4,)
        a, b, c, d.
    span : pair of float
        Where the edge was looked at when it was named.
    """

    def __init__(self, function: Function, weights: ArrayLike, span: tuple[float, ...] = (-1.0, 1.0)) -> None:
        self.function, self.weights, self.span = function, np.array(weights, float), tuple(span)

    def __repr__(self):
        a, b, c, d = self.weights
        return f"{c:.4g} {self.function.name}({a:.4g} x {b:+.4g}) {d:+.4g}"

    def copy(self) -> FunctionEdge:
        return FunctionEdge(self.function, self.weights, self.span)

    def raise_by(self, height: float) -> None:
        self.weights[3] += height

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b, c, d = self.weights
        value, slope, _ = self.function.evaluate(a * x + b)
        return c * value + d, c * a * slope, np.stack([c * slope * x, c * slope, value, np.ones_like(x)])

    def bend(self, x: np.ndarray) -> np.ndarray:
        a, b, c, _ = self.weights
        return c * a * a * self.function.evaluate(a * x + b)[2]


class EdgeLayer:
    """A sheet of n_in × n_out places, with edges on some of them; samples run along the last axis in here.

    Parameters
    ----------
    n_in, n_out : int
    edges : dict
        {(i, j): edge} from input i to output j. Copied.

    Attributes
    ----------
    weights : ndarray, shape (P,)
        All parameters, edge by edge; the edges' weights are views of it.
    """

    def __init__(self, n_in: int, n_out: int, edges: dict[tuple[int, int], Any]) -> None:
        if not edges:
            raise ValueError("a layer needs at least one edge, got none")
        self.n_in, self.n_out = n_in, n_out
        self.sheet = {place: edges[place].copy() for place in sorted(edges)}
        if any(not (0 <= i < n_in and 0 <= j < n_out) for i, j in self.sheet):
            raise ValueError(f"edges must lead from 0 … {n_in - 1} to 0 … {n_out - 1}, got {[*self.sheet]}")
        self.weights = np.concatenate([edge.weights for edge in self.sheet.values()])

    @property
    def weights(self) -> np.ndarray:
        """All parameters, (P,)."""
        return self._weights

    @weights.setter
    def weights(self, view: np.ndarray) -> None:
        self._weights, self._slices, start = view, {}, 0
        for place, edge in self.sheet.items():
            self._slices[place] = slice(start, start + edge.weights.size)
            edge.weights = view[self._slices[place]]
            start += edge.weights.size

    @property
    def numbers(self) -> int:
        """How many numbers per sample a pass keeps: the derivatives in all weights."""
        return self.weights.size

    @property
    def knots(self) -> dict[tuple[int, int], np.ndarray]:
        """The knots of the splines, in a dict."""
        return {p: edge.layer.knots for p, edge in self.sheet.items() if isinstance(edge, SplineEdge)}

    def place(self, knots: dict[tuple[int, int], np.ndarray]) -> None:
        """Lay the splines on other knots; the weights stay what they are."""
        for place, row in knots.items():
            self.sheet[place].layer.place(row)

    def copy(self) -> EdgeLayer:
        """Make a layer of the same numbers."""
        return EdgeLayer(self.n_in, self.n_out, self.sheet)

    def map(self, change: Callable[[int, int, Any], Any]) -> EdgeLayer:
        """Make a layer whose edges are change(i, j, edge)."""
        edges = {(i, j): change(i, j, edge) for (i, j), edge in self.sheet.items()}
        return EdgeLayer(self.n_in, self.n_out, edges)

    def as_sheet(self) -> KANLayer | EdgeLayer:
        """Make a KANLayer if all edges are there and alike, splines on the same grid from each input."""
        edges = list(self.sheet.values())  # input by input
        if len(edges) < self.n_in * self.n_out or not all(isinstance(edge, SplineEdge) for edge in edges):
            return self
        knots = [edge.layer.knots[0] for edge in edges[:: self.n_out]]
        if len({row.size for row in knots}) > 1 or not all(
            np.array_equal(edge.layer.knots[0], knots[i]) for (i, _), edge in self.sheet.items()
        ):
            return self
        weights = np.stack([edge.weights for edge in edges]).reshape(self.n_in, self.n_out, -1).swapaxes(1, 2)
        return KANLayer(knots, weights[:, :-1], weights[:, -1])

    def __repr__(self):
        lines = [f"EdgeLayer({self.n_in} → {self.n_out}: {self.weights.size} parameters)"]
        return "\n    ".join([*lines, *(f"{i} → {j}: {edge!r}" for (i, j), edge in self.sheet.items())])

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, dict]:
        """Compute z_j = Σ_i φ_{j,i}(x_i): x (n_in, n) → z (n_out, n), and what `backward` needs."""
        z, cache = np.zeros((self.n_out, x.shape[1])), {}
        for (i, j), edge in self.sheet.items():
            value, slope, derivatives = edge.evaluate(x[i])
            z[j] += value
            cache[i, j] = slope, derivatives
        return z, cache

    def backward(
        self, cache: dict, upstream: np.ndarray, wants_x: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Carry the loss's gradient back through the layer, as `KANLayer.backward` does."""
        gradient, dx = self.backward_edges(
            cache, np.broadcast_to(upstream[:, None], (self.n_out, self.n_in, upstream.shape[1]))
        )
        return gradient, dx if wants_x else None

    def backward_edges(self, cache: dict, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Do the same for a gradient in every single edge, pull (n_out, n_in, n)."""
        gradient, dx = np.zeros_like(self.weights), np.zeros(pull.shape[1:])
        for (i, j), (slope, derivatives) in cache.items():
            gradient[self._slices[i, j]] = derivatives @ pull[j, i]
            dx[i] += slope * pull[j, i]
        return gradient, dx

    def spread(self, cache: dict, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Write down ∂outputs/∂weights (P, n_outputs, n), given how each node is heard (n_outputs, n_out, n)."""
        for (i, j), (_, derivatives) in cache.items():
            np.multiply(derivatives[:, None], sensitivity[:, j], out=out[self._slices[i, j]])

    def grams(self, cache: dict, importance: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for each edge the places of its weights in the layer's, and Σ_samples importance D Dᵀ."""
        for (i, j), (_, derivatives) in cache.items():
            yield (
                np.arange(*self._slices[i, j].indices(self.weights.size)),
                (derivatives * importance[j, i]) @ derivatives.T,
            )

    def slopes(self, cache: dict) -> np.ndarray:
        """Differentiate the outputs in the inputs, ∂z_j/∂x_i: (n_out, n_in, n)."""
        n = len(next(iter(cache.values()))[0])
        slopes = np.zeros((self.n_out, self.n_in, n))
        for (i, j), (slope, _) in cache.items():
            slopes[j, i] = slope
        return slopes

    def edges(self, x: np.ndarray, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or its first or second derivative: x (n_in, n) → (n_out, n_in, n)."""
        values = np.zeros((self.n_out, *x.shape))
        for (i, j), edge in self.sheet.items():
            values[j, i] = edge.bend(x[i]) if derivative == 2 else edge.evaluate(x[i])[derivative]
        return values


def places(layer: KANLayer | EdgeLayer) -> list[tuple[int, ...]]:
    """List the edges (i, j) that a layer has."""
    return list(layer.sheet) if isinstance(layer, EdgeLayer) else list(np.ndindex(layer.n_in, layer.n_out))


def edge_of(layer: KANLayer | EdgeLayer, i: int, j: int) -> SplineEdge | FunctionEdge:
    """Take one edge out of a layer."""
    return layer.sheet[i, j] if isinstance(layer, EdgeLayer) else SplineEdge.of(layer, i, j)


def splines(model: KAN) -> list[tuple[int, int, int]]:
    """List the places (layer, i, j) of edges without a name."""
    return [
        (depth, i, j)
        for depth, layer in enumerate(model.layers)
        for i, j in places(layer)
        if not isinstance(edge_of(layer, i, j), FunctionEdge)
    ]
