"""An edge that is a named function (chapter 07; paper, section 2.5.1).

φ  = c f(a x + b) + d             φ⁽ᵈ⁾ = c aᵈ f⁽ᵈ⁾(a x + b)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .functions import Function, named
from .layer import CurveLayer
from .validation import as_vector


class NamedCache(NamedTuple):
    x: np.ndarray  # (n,)
    weights: np.ndarray  # of this pass, (4,)
    f: tuple  # f and its three derivatives at a x + b, each (n,)


class FunctionEdge(CurveLayer):
    """An edge that is a named function, with weights (4,) a, b, c, d; `span`: where it was looked at."""

    n_in = n_out = 1
    parts = ("function", "weights", "span")
    row_inputs = np.zeros(4, int)

    def __init__(self, function: Function | str, weights: ArrayLike, span: ArrayLike = (-1.0, 1.0)) -> None:
        self.function = named(function) if isinstance(function, str) else function
        self.weights, self.span = as_vector(weights, "weights").copy(), tuple(np.array(span, float).tolist())
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
        return np.stack([in_a, in_b, a**k * f[k], np.full_like(cache.x, float(k == 0))])

    def edge(self, i: int, j: int) -> FunctionEdge:
        return self.copy()

    def edge_features(self, cache: NamedCache) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        yield 0, 0, np.arange(4), self.features(cache)

    def raise_by(self, heights: np.ndarray) -> None:
        self.weights[3] += heights[0]

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        a, b, c, d = (number(k) for k in range(4))
        return [c * self.function.expression(a * inputs[0] + b) + d]
