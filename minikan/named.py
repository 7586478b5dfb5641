"""An edge that has a name: c f(a x + b) + d (chapter 07; paper, section 2.5.1).

    φ  = c f(a x + b) + d             φ⁽ᵈ⁾ = c aᵈ f⁽ᵈ⁾(a x + b)

Its four numbers are trained like any other parameter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .edges import Edge
from .functions import Function, named
from .validation import as_vector


class NamedCache(NamedTuple):
    """What `forward` found out and the derivatives need."""

    x: np.ndarray  # (n,)
    weights: np.ndarray  # of this pass, (4,)
    f: tuple  # f and its three derivatives at a x + b, each (n,)


class FunctionEdge(Edge):
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

    @property
    def name(self) -> str:
        return self.function.name

    def __repr__(self):
        a, b, c, d = self.weights
        return f"{c:.4g} {self.name}({a:.4g} x {b:+.4g}) {d:+.4g}"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, NamedCache]:
        a, b, c, d = self.weights
        f = self.function.evaluate(a * x + b)
        return c * f[0] + d, NamedCache(x, self.weights.copy(), f)

    def curve(self, cache: NamedCache, derivative: int) -> np.ndarray:
        a, _, c, d = cache.weights
        return c * a**derivative * cache.f[derivative] + (d if derivative == 0 else 0.0)

    def features(self, cache: NamedCache, derivative: int) -> np.ndarray:
        """Differentiate φ⁽ᵈ⁾ = c aᵈ f⁽ᵈ⁾(a x + b) in a, b, c and d: (4, n)."""
        (a, _, c, _), f, k = cache.weights, cache.f, derivative
        in_b = c * a**k * f[k + 1]
        in_a = in_b * cache.x + (k * c * a ** (k - 1) * f[k] if k else 0.0)
        return np.stack([in_a, in_b, a**k * f[k], np.full_like(cache.x, float(k == 0))])

    def raise_by(self, height: float) -> None:
        self.weights[3] += height

    def copy(self) -> FunctionEdge:
        return FunctionEdge(self.function, self.weights, self.span)

    def arrays(self) -> dict[str, Any]:
        return {"function": self.name, "weights": self.weights, "span": np.array(self.span)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> FunctionEdge:
        function, weights = named(str(arrays["function"])), as_vector(arrays["weights"], "weights")
        if weights.shape != (4,):
            raise ValueError(f"a function has 4 weights, got {weights.size}")
        span = as_vector(arrays["span"], "span").tolist()
        if len(span) != 2 or span[0] > span[1]:
            raise ValueError(f"the span of a function must be a pair (low, high), got {span}")
        return cls(function, weights, tuple(span))

    def expression(self, x: Any, weights: list) -> Any:
        a, b, c, d = weights
        return c * self.function.expression(a * x + b) + d
