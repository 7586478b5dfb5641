"""One edge by itself: a curve with weights of its own (chapters 03, 06 and 07).

    φ(x) = Σ_m w_m Φ_m(x)

In a `KANLayer` all edges are alike, and computed together. Pruning leaves a few of them, and symbolic regression
turns these into functions of another kind: then an edge is an object.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .basis import Basis
from .validation import as_vector

if TYPE_CHECKING:
    from typing_extensions import Self


class Edge(ABC):
    """A curve with weights.

    Attributes
    ----------
    weights : ndarray, shape (p,)
        In a layer a view of the layer's weights.
    basis : Basis or None
        What the curve is made of, if it is a family of curves.
    name : str
        The name of the function that it is; "" for a curve without one.
    """

    weights: np.ndarray
    basis: Basis | None = None
    name = ""
    kinds: ClassVar[dict[str, type[Edge]]] = {}

    def __init_subclass__(cls) -> None:
        Edge.kinds[cls.__name__] = cls

    @abstractmethod
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Evaluate the curve at x (n,): its values (n,), and a cache for `curve` and `features`."""

    @abstractmethod
    def curve(self, cache: Any, derivative: int) -> np.ndarray:
        """Differentiate the curve, up to three times: (n,)."""

    @abstractmethod
    def features(self, cache: Any, derivative: int) -> np.ndarray:
        """Differentiate in the weights the curve, or its first or second derivative: (p, n)."""

    @abstractmethod
    def raise_by(self, height: float) -> None:
        """Add a constant to the curve."""

    @abstractmethod
    def copy(self) -> Self:
        """Make an edge of the same numbers."""

    @abstractmethod
    def arrays(self) -> dict[str, Any]:
        """Arrays and texts by name, to be stored."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Self:
        """Make an edge of what `arrays` gave."""

    def on_basis(self, choose: Callable[[Basis], Basis]) -> Edge:
        """Make the same curve on the basis `choose(basis)`; an edge without a basis stays as it is."""
        return self.copy()

    def initialise(self, rng: np.random.Generator, noise: float, scale: float) -> None:  # noqa: B027
        """Draw new weights; an edge that has a name keeps its own."""

    def expression(self, x: Any, weights: list) -> Any:
        """Write the edge as a sympy expression of x and of its weights."""
        raise NotImplementedError


class CurveEdge(Edge):
    """One edge of a family of curves.

    Parameters
    ----------
    basis : Basis
        Of one input.
    weights : array_like, shape (m,)
    """

    def __init__(self, basis: Basis, weights: ArrayLike) -> None:
        self.basis, self.weights = basis, as_vector(weights, "weights").copy()
        if basis.n_in != 1 or self.weights.size != basis.m:
            raise ValueError(f"an edge of {basis!r} has {basis.m} weights and one input, got {self.weights.size}")

    def __repr__(self):
        return repr(self.basis)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        features = self.basis.features(x[None])
        values, kept = features.times(self.weights[:, None])
        return values[0], (features, kept)

    def curve(self, cache: Any, derivative: int) -> np.ndarray:
        features, kept = cache
        return features.curves(kept, derivative)[0, 0]

    def features(self, cache: Any, derivative: int) -> np.ndarray:
        return cache[0].matrix(derivative)

    def raise_by(self, height: float) -> None:
        self.weights += height * self.basis.constant()

    def copy(self) -> CurveEdge:
        return CurveEdge(self.basis, self.weights)

    def arrays(self) -> dict[str, Any]:
        return {f"basis/{name}": array for name, array in self.basis.arrays().items()} | {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> CurveEdge:
        return cls(basis_of(arrays), arrays["weights"])

    def on_basis(self, choose: Callable[[Basis], Basis]) -> CurveEdge:
        new = choose(self.basis)
        return CurveEdge(new, self.basis.projection(new)[0] @ self.weights)

    def initialise(self, rng: np.random.Generator, noise: float, scale: float) -> None:
        line = self.basis.line()[0] * rng.choice([-1.0, 1.0])
        self.weights[:] = scale * (line + rng.normal(0, noise, self.weights.size))


def basis_of(arrays: dict[str, Any]) -> Basis:
    """Take the basis out of the arrays of a layer or an edge."""
    prefix = "basis/"
    return Basis.from_arrays({k.removeprefix(prefix): np.asarray(v) for k, v in arrays.items() if k.startswith(prefix)})
