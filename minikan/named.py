"""An edge that is a named function (chapter 07; paper, section 2.5.1).

φ  = c f(a x + b) + d             φ⁽ᵈ⁾ = c aᵈ f⁽ᵈ⁾(a x + b)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .functions import Function, named
from .layer import CurveLayer
from .network import Network, samples_last
from .sparse import SparseLayer
from .validation import as_integer, as_samples, as_vector, finite_results

M = TypeVar("M", bound=Network)


class NamedCache(NamedTuple):
    x: np.ndarray  # (n,)
    weights: np.ndarray  # of this pass, (4,)
    f: tuple  # f and its three derivatives at a x + b, each (n,)


class FunctionEdge(CurveLayer):
    """An edge that is a named function, with weights (4,) a, b, c, d; `span`: where it was looked at.

    Weights `held`, such as "ad", are not trained. In a template `weights` is None: they are drawn, and where training
    has several starts, drawn anew for each of them.

    Examples
    --------
    Of 2 exp(-x) sin(5 x + 1) only the structure is known, so a product of two named edges is trained from 10 starts;
    any other edge could be a curve, such as `KAN([1, 1]).layers[0]`.

    >>> from minikan import KAN, fit
    >>> from minikan.products import Products
    >>> x, span = np.linspace(0, 3, 100)[:, None], (0, 3)
    >>> edges = {(0, 0): FunctionEdge("exp", None, span), (0, 1): FunctionEdge("sin", None, span, held="cd")}
    >>> model = KAN.from_layers([SparseLayer(1, 2, edges), Products([2])])
    >>> history = fit(model, x, 2 * np.exp(-x) * np.sin(5 * x + 1), starts=10, progress=False)
    >>> print(f"{abs(model.layers[0].edge(0, 1).weights[0]):.6f}")
    5.000000
    """

    n_in = n_out = 1
    parts = ("function", "weights", "span", "held", "is_open")
    row_inputs = np.zeros(4, int)

    def __init__(
        self,
        function: Function | str,
        weights: ArrayLike | None = None,
        span: ArrayLike = (-1.0, 1.0),
        held: str = "",
        is_open: bool = False,
    ) -> None:
        self.function = named(function) if isinstance(function, str) else function
        self.is_open, self.held = bool(is_open) or weights is None, str(held)
        weights = [1.0, 0.0, 1.0, 0.0] if weights is None else weights
        self.weights, self.span = as_vector(weights, "weights").copy(), tuple(np.array(span, float).tolist())
        if not set(self.held) <= set("abcd"):
            raise ValueError(f"held must name some of the weights a, b, c, d, got {held!r}")
        self.trains = np.array([name not in self.held for name in "abcd"])
        if self.weights.shape != (4,):
            raise ValueError(f"a function has 4 weights, got {self.weights.size}")
        if len(self.span) != 2 or not self.span[0] <= self.span[1]:
            raise ValueError(f"the span of a function must be a pair (low, high), got {self.span}")
        self.name = self.function.name

    def __repr__(self):
        a, b, c, d = self.weights
        return f"{c:.4g} {self.name}({a:.4g} x {b:+.4g}) {d:+.4g}"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, NamedCache]:
        a, b, c, d = self.weights
        f = self.function.evaluate(a * x[0] + b)
        return c * f[0][None] + d, NamedCache(x[0], self.weights.copy(), f)

    def backward(
        self, cache: NamedCache, upstream: np.ndarray, wants_x: bool = True
    ) -> tuple[np.ndarray, Any]:
        return self.features(cache) @ upstream[0], self.curves(cache, 1)[0] * upstream if wants_x else None

    def curves(self, cache: NamedCache, derivative: int = 0) -> np.ndarray:
        a, _, c, d = cache.weights
        return (c * a**derivative * cache.f[derivative] + (d if derivative == 0 else 0.0))[None, None]

    def features(self, cache: NamedCache, derivative: int = 0) -> np.ndarray:
        """Differentiate φ⁽ᵈ⁾ = c aᵈ f⁽ᵈ⁾(a x + b) in a, b, c and d: (4, n)."""
        (a, _, c, _), f, k = cache.weights, cache.f, derivative
        in_b = c * a**k * f[k + 1]
        in_a = in_b * cache.x + (k * c * a ** (k - 1) * f[k] if k else 0.0)
        rows = np.stack([in_a, in_b, a**k * f[k], np.full_like(cache.x, float(k == 0))])
        rows[~self.trains] = 0
        return rows

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw the weights of a template: up to a few waves over the span; c and d are found soon."""
        if self.is_open:
            low, high = self.span
            a = rng.choice([-1, 1]) * np.exp(rng.uniform(-1, 2.5)) * 2 / (high - low or 1.0)
            drawn = a, rng.normal() - a * (low + high) / 2, rng.normal(), 0.0
            self.weights[self.trains] = np.array(drawn)[self.trains]

    def edge(self, i: int, j: int) -> FunctionEdge:
        return self.copy()

    def edge_features(self, cache: NamedCache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        yield 0, 0, np.arange(4), self.features(cache)

    def multipliers(self) -> np.ndarray:
        return np.array([False, False, True, True])

    def raise_by(self, heights: np.ndarray) -> None:
        self.weights[3] += heights[0]

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        a, b, c, d = (number(k) for k in range(4))
        return [c * self.function.expression(a * inputs[0] + b) + d]


def unnamed(model: Network) -> list[tuple[int, int, int]]:
    """List the edges (layer, i, j) without a name."""
    every = [(depth, layer, at) for depth, layer in enumerate(model.layers) for at in layer.edge_list]
    return [(depth, *at) for depth, layer, at in every if not layer.edge(*at).name]


@finite_results
def edge_data(model: Network, X: ArrayLike, layer: int, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the inputs and outputs of one edge on samples: two arrays (n,)."""
    z = samples_last(as_samples(X, model.widths[0]))
    layer, i, j = (as_integer(value, name, 0) for value, name in ((layer, "layer"), (i, "i"), (j, "j")))
    if layer >= len(model.layers) or (i, j) not in model.layers[layer].edge_list:
        raise ValueError(f"{model.widths} has no edge from node {i} to node {j} in layer {layer}")
    for below in model.layers[:layer]:
        z, _ = below.forward(z)
    return z[i], model.layers[layer].edges(z)[j, i]


def replace(model: M, chosen: Mapping[tuple[int, int, int], Any]) -> M:
    """Make a model in which some edges are functions: {(layer, i, j): Candidate}."""
    layers = []
    for depth, layer in enumerate(model.layers):
        named = {(i, j): found for (where, i, j), found in chosen.items() if where == depth}
        edges = {at: layer.edge(*at) for at in layer.edge_list}
        edges |= {
            at: FunctionEdge(found.function, found.weights, found.span, found.held)
            for at, found in named.items()
        }
        layers.append(SparseLayer(layer.n_in, layer.n_out, edges) if named else layer)
    return type(model).from_layers(layers)
