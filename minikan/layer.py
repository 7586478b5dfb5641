"""A layer is a function of a batch of samples, with all its derivatives (chapter 03; paper, section 2.2).

    z = f(x; weights)            x (n_in, n), z (n_out, n): in a layer, samples run along the last axis

A network needs the methods of `Layer` only. A jet (see `jets`) is a value with its first and second derivatives along
D directions in the space of the network's inputs: an array (1 + 2D, …) of z, then D arrays ż, then D arrays z̈.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np


class JetCache(NamedTuple):
    """What `forward_jets` keeps: the cache of the values, and the derivatives of the layer's inputs."""

    cache: Any
    first: np.ndarray  # ẋ, (D, n_in, n)
    second: np.ndarray  # ẍ, (D, n_in, n)


class Layer(ABC):
    """A function of samples, with weights or without."""

    n_in: int
    n_out: int
    weights: (
        np.ndarray
    )  # all parameters, in any shape, perhaps none; in a network a view of the network's vector
    bases: tuple = ()  # what training may change beside the weights: families of curves, whose grids can move
    has_curves = True  # whether it can be part of a KAN: its edges are curves, or it has no edges
    is_linear = (
        False  # whether z = Wᵀ F(x) with a `basis` and weights W (n_in, m, n_out), for least squares to find
    )
    parts: tuple[str, ...] = ()  # names of the constructor's arguments, and of attributes that hold them
    kinds: ClassVar[dict[str, type[Layer]]] = {}  # every kind of layer by its name, for `load`

    def __init_subclass__(cls) -> None:
        Layer.kinds[cls.__name__] = cls

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        """The edges that are curves: pairs (i, j), from input i to output j."""
        return []

    @property
    def smoothness(self) -> float:
        """How many derivatives of the curves are continuous."""
        return min((basis.smoothness for basis in self.bases), default=np.inf)

    @property
    def floats_per_sample(self) -> int:
        """How many numbers `forward` keeps for each sample; a network chooses the size of its blocks by it."""
        return self.n_in + self.n_out

    @abstractmethod
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute z (n_out, n), and a cache: all that derivatives need, these weights included."""

    def again(self, x: np.ndarray, cache: Any) -> tuple[np.ndarray, Any]:
        """Compute the same as `forward`, from the cache of an earlier call with the same x and other weights."""
        return self.forward(x)

    @abstractmethod
    def backward(self, cache: Any, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        """Take ∂loss/∂z (n_out, n); return the gradients in the weights and, if wanted, in x (n_in, n)."""

    @abstractmethod
    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Turn derivatives in z, sensitivity (M, n_out, n), into those in the weights: `out` (*weights.shape, M, n)."""

    @abstractmethod
    def slopes(self, cache: Any) -> np.ndarray:
        """Compute ∂z_j/∂x_i: (n_out, n_in, n)."""

    @abstractmethod
    def second_derivative(self, cache: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Compute Σ_ik ∂²z_j/∂x_i∂x_k a_i b_k: directions a and b (..., n_in, n) → (..., n_out, n)."""

    @abstractmethod
    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Compute as `jacobian` from derivatives in the jet of z, sensitivity (M, 1 + 2D, n_out, n)."""

    @abstractmethod
    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Turn derivatives in the jet of z, (M, 1 + 2D, n_out, n), into those in the jet of x, (M, 1 + 2D, n_in, n)."""

    def forward_jets(self, x: np.ndarray) -> tuple[np.ndarray, JetCache]:
        """Compute the jet of z from the jet of x, (1 + 2D, n_in, n): ż = f′ẋ and z̈ = f″ẋẋ + f′ẍ."""
        D = len(x) // 2
        first, second = x[1 : D + 1], x[D + 1 :]
        z, cache = self.forward(np.ascontiguousarray(x[0]))
        derivatives = np.einsum("jin,cin->cjn", self.slopes(cache), x[1:])
        derivatives[D:] += self.second_derivative(cache, first, first)
        return np.concatenate([z[None], derivatives]), JetCache(cache, first, second)

    def copy(self) -> Any:
        """Make a layer with the same numbers."""
        return type(self)(*(getattr(self, name) for name in self.parts))

    def initialise(self, rng: np.random.Generator, noise: float) -> None:  # noqa: B027 – not all layers have weights
        """Draw the weights of a new network."""

    def fitted(self, x: np.ndarray, uniform_weight: float | None) -> Layer:
        """Make the same layer with grids that cover the inputs x (n_in, n); see `update_grid`."""
        return self.copy()

    def refined(self, grid: int) -> Layer:
        """Make the same layer with finer curves; see `refine`."""
        return self.copy()

    def multipliers(self) -> np.ndarray:
        """Tell which weights, if all of them are multiplied by u, make the outputs u times as large: bool."""
        return np.zeros(self.weights.shape, bool)

    def contributions(self, cache: Any, x: np.ndarray) -> np.ndarray:
        """Compute what each input adds to each output, here to first order: (n_out, n_in, n)."""
        return self.slopes(cache) * (x - x.mean(axis=1, keepdims=True))

    def reach(self, cache: Any, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and largest outputs, (n_out,) each, for any combination of the samples' inputs."""
        return z.min(axis=1), z.max(axis=1)

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield indices of curves' weights, (curves, m), and the rows (rows, m) of `Basis.roughness`."""
        yield from ()

    def differences(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield indices of curves' weights, (curves, size), and the rows (rows, size) of `Basis.differences`."""
        yield from ()

    def covers(self, x: np.ndarray) -> bool:
        """Return whether the curves' domains fit the inputs x (n_in, n); see `minikan.grids.covered`."""
        return True

    def wiring(self) -> np.ndarray:
        """Return which inputs feed which outputs: (n_out, n_in) of bool."""
        return np.ones((self.n_out, self.n_in), bool)

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> Layer | None:
        """Make a layer of some inputs and outputs with the edges in mask (n_out, n_in); None if it cannot (`prune`)."""
        return None

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        """Write the outputs as sympy expressions of the inputs; `number(k)` is the k-th weight."""
        raise NotImplementedError


class AdditiveLayer(Layer):
    """A layer whose nodes add, z_j = Σ_i φ_ji(x_i): all its derivatives follow from those of the edges φ_ji."""

    row_inputs: np.ndarray  # (rows,): the input that each row of `features` belongs to

    @abstractmethod
    def curves(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or its first, second or third derivative: (n_out, n_in, n)."""

    @abstractmethod
    def features(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Compute the features, the derivatives of the edges in the weights, or their derivative in x: (rows, n)."""

    def write_rows(self, cache: Any, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Write Σ_c rows (C, rows, n) × sensitivity (M, C, n_out, n) to out (*weights.shape, M, n), for all pairs."""
        out = out.reshape(-1, self.n_out, *out.shape[-2:])
        np.multiply(rows[0][:, None, None], sensitivity[:, 0].swapaxes(0, 1), out=out)
        for c in range(1, len(rows)):
            out += rows[c][:, None, None] * sensitivity[:, c].swapaxes(0, 1)

    def edges(self, x: np.ndarray, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or a derivative of it, at x (n_in, n): (n_out, n_in, n)."""
        return self.curves(self.forward(x)[1], derivative)

    def slopes(self, cache: Any) -> np.ndarray:
        return self.curves(cache, 1)

    def second_derivative(self, cache: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("jin,...in,...in->...jn", self.curves(cache, 2), a, b)

    def contributions(self, cache: Any, x: np.ndarray) -> np.ndarray:
        return self.curves(cache)

    def reach(self, cache: Any, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        curves = self.curves(cache)
        return curves.min(axis=2).sum(axis=1), curves.max(axis=2).sum(axis=1)

    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        self.write_rows(cache, self.features(cache)[None], sensitivity[:, None], out)

    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Use that the jet of z is linear in the weights, with features z: F, ż: F′ẋ, z̈: F″ẋ² + F′ẍ."""
        value, slope, second = (self.features(jets.cache, d) for d in range(3))
        first, twice = jets.first[:, self.row_inputs], jets.second[:, self.row_inputs]  # (D, rows, n)
        rows = np.concatenate([value[None], slope * first, second * first**2 + slope * twice])
        self.write_rows(jets.cache, rows, sensitivity, out)

    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Turn s, ṡ, s̈ into φ′s + φ″ẋ ṡ + (φ‴ẋ² + φ″ẍ) s̈ for x, φ′ṡ + 2 φ″ẋ s̈ for ẋ, φ′s̈ for ẍ; summed over j."""
        D, first = len(jets.first), jets.first
        below = np.einsum("jin,mcjn->mcin", self.curves(jets.cache, 1), sensitivity)
        bent = np.einsum("jin,mcjn->mcin", self.curves(jets.cache, 2), sensitivity[:, 1:])  # φ″ṡ, φ″s̈
        third = np.einsum("jin,mcjn->mcin", self.curves(jets.cache, 3), sensitivity[:, D + 1 :])
        below[:, 0] += (first * bent[:, :D] + first**2 * third + jets.second * bent[:, D:]).sum(axis=1)
        below[:, 1 : D + 1] += 2 * first * bent[:, D:]
        return below


class CurveLayer(AdditiveLayer):
    """An additive layer whose edges are curves that can be plotted, pruned and named; one edge is a layer 1 → 1."""

    name = ""  # of a single edge: the function that it is, if it has a name

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        return list(np.ndindex(self.n_in, self.n_out))

    @abstractmethod
    def edge(self, i: int, j: int) -> CurveLayer:
        """Copy one edge: a layer 1 → 1."""

    @abstractmethod
    def edge_features(self, cache: Any) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Yield i, j, the indices (p,) of the edge's weights in the layer's, and its derivatives in them (p, n)."""

    @abstractmethod
    def raise_by(self, heights: np.ndarray) -> None:
        """Add constants (n_out,) to the outputs."""

    def backward_edges(self, cache: Any, upstream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute as `backward` from a gradient in every single edge, upstream (n_out, n_in, n)."""
        gradient = np.zeros(self.weights.size)
        for i, j, places, rows in self.edge_features(cache):
            gradient[places] += rows @ upstream[j, i]
        return gradient.reshape(self.weights.shape), np.einsum("jin,jin->in", upstream, self.curves(cache, 1))
