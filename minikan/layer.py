"""What a layer is: a function of a batch of samples, with all its derivatives (chapter 03; paper, section 2.2).

    z = f(x; weights)            x (n_in, n), z (n_out, n): samples run along the last axis in here

`Layer` lists what every layer offers, and a network asks for nothing else: a new kind of layer is at home in every
network. In an `AdditiveLayer` nodes add, z_j = Σ_i φ_ji(x_i), so that all derivatives in x follow from those of the
edges φ_ji. The edges of a `CurveLayer` are curves that one can look at, cut off, and name.

A jet is a value with its first and second derivatives along D directions in the space of the network's inputs (chapter
10): an array (1 + 2D, …) that holds z, then ż for each direction, then z̈ for each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self


class JetCache(NamedTuple):
    """What `forward_jets` found out: the cache of the values, and the derivatives of the layer's inputs."""

    cache: Any
    first: np.ndarray  # ẋ, (D, n_in, n)
    second: np.ndarray  # ẍ, (D, n_in, n)


class Layer(ABC):
    """A function of samples, with weights or without.

    Attributes
    ----------
    n_in, n_out : int
    weights : ndarray
        All parameters, an array of any shape; in a network a view of the network's vector. May be empty.
    bases : tuple
        What training may change beside the weights, as when grids move. May be assigned.
    has_curves : bool
        Whether it can be a part of a KAN: its edges are curves, or it has no edges of its own.
    is_linear : bool
        Whether z = Wᵀ Φ(x) with a `basis` and weights W of the shape (n_in, m, n_out), which least squares can find.
    edge_list : list of (i, j)
        The edges that are curves, from input i to output j.
    floats_per_sample : int
        How many numbers a pass keeps of a sample; it tells a network how many samples to take at once.
    """

    n_in: int
    n_out: int
    weights: np.ndarray
    bases: tuple = ()
    has_curves = True
    is_linear = False
    edge_list: Sequence[tuple[int, int]] = ()
    kinds: ClassVar[dict[str, type[Layer]]] = {}  # every kind of layer by its name, for `load`

    def __init_subclass__(cls) -> None:
        Layer.kinds[cls.__name__] = cls

    @property
    def floats_per_sample(self) -> int:
        return self.n_in + self.n_out

    @abstractmethod
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute z (n_out, n), and a cache: all that the derivatives need, the weights of this pass included."""

    def again(self, x: np.ndarray, cache: Any) -> tuple[np.ndarray, Any]:
        """Do as `forward` for the x of an earlier pass, with the present weights."""
        return self.forward(x)

    @abstractmethod
    def backward(self, cache: Any, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        """Carry ∂loss/∂z (n_out, n) back: the gradient in the weights, and in x (n_in, n) if it is wanted."""

    @abstractmethod
    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Write the derivatives of M quantities in the weights, sample by sample.

        `sensitivity` (M, n_out, n) are their derivatives in z; `out` has the weights' shape and then (M, n).
        """

    @abstractmethod
    def slopes(self, cache: Any) -> np.ndarray:
        """Differentiate in the inputs: ∂z_j/∂x_i, (n_out, n_in, n)."""

    @abstractmethod
    def second_derivative(self, cache: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Differentiate twice, along a and b (..., n_in, n): Σ_ik ∂²z_j/∂x_i∂x_k a_i b_k, (..., n_out, n)."""

    @abstractmethod
    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Do as `jacobian` for derivatives in the jet of z, sensitivity (M, 1 + 2D, n_out, n)."""

    @abstractmethod
    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Carry derivatives in the jet of z, (M, 1 + 2D, n_out, n), back to the jet of x, (M, 1 + 2D, n_in, n)."""

    def forward_jets(self, x: np.ndarray) -> tuple[np.ndarray, JetCache]:
        """Compute the jet of z from the jet of x, (1 + 2D, n_in, n): ż = f′ẋ and z̈ = f″ẋẋ + f′ẍ."""
        D = len(x) // 2
        first, second = x[1 : D + 1], x[D + 1 :]
        z, cache = self.forward(np.ascontiguousarray(x[0]))
        derivatives = np.einsum("jin,cin->cjn", self.slopes(cache), x[1:])
        derivatives[D:] += self.second_derivative(cache, first, first)
        return np.concatenate([z[None], derivatives]), JetCache(cache, first, second)

    @abstractmethod
    def copy(self) -> Self:
        """Make a layer of the same numbers."""

    @abstractmethod
    def arrays(self) -> dict[str, Any]:
        """Give arrays and texts by name, to be stored; `from_arrays` makes the same layer of them, bit for bit."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Self:
        """Make a layer of what `arrays` gave."""

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        """Draw new weights, as a new network has them."""

    def fitted(self, x: np.ndarray, uniform_weight: float) -> Self:
        """Lay the grids where the inputs x (n_in, n) are, with the same function there; see `update_grid`."""
        return self.copy()

    def refined(self, grid: int) -> Self:
        """Make the curves finer, with the same function; see `refine`."""
        return self.copy()

    def contributions(self, cache: Any, x: np.ndarray) -> np.ndarray:
        """Tell how each input moves each output, here to first order: (n_out, n_in, n)."""
        return self.slopes(cache) * (x - x.mean(axis=1, keepdims=True))

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield places of curves in the weights, (curves, m), and the rows (rows, m) of `Basis.roughness`."""
        yield from ()

    def wiring(self) -> np.ndarray:
        """Tell which inputs lead to which outputs: (n_out, n_in) of bool."""
        return np.ones((self.n_out, self.n_in), bool)

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> Layer | None:
        """Make a layer of the same kind of the edges in mask (n_out, n_in), with some inputs and outputs; see `prune`.

        None where this kind of layer has no such part.
        """
        return None

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        """Write the outputs as sympy expressions of the inputs; `number(k)` is the layer's k-th weight."""
        raise NotImplementedError


class AdditiveLayer(Layer):
    """A layer whose nodes add, z_j = Σ_i φ_ji(x_i): what a subclass says of its edges makes up all derivatives.

    Attributes
    ----------
    row_inputs : ndarray of int, shape (rows,)
        The input that each row of `features` belongs to.
    """

    row_inputs: np.ndarray

    @abstractmethod
    def curves(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or its first, second or third derivative: (n_out, n_in, n)."""

    @abstractmethod
    def features(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Differentiate the edges, or a derivative of them, in the weights: (rows, n)."""

    def write_rows(self, cache: Any, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Multiply C sets of features by the sensitivity to the nodes that they feed, and write the sum.

        rows (C, rows, n), sensitivity (M, C, n_out, n) → out, of the weights' shape and then (M, n). Here weights
        have the shape (…, n_out): each row feeds all nodes.
        """
        out = out.reshape(-1, self.n_out, *out.shape[-2:])
        np.multiply(rows[0][:, None, None], sensitivity[:, 0].swapaxes(0, 1), out=out)
        for c in range(1, len(rows)):
            out += rows[c][:, None, None] * sensitivity[:, c].swapaxes(0, 1)

    def edges(self, x: np.ndarray, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge at x (n_in, n), or a derivative of it: (n_out, n_in, n)."""
        return self.curves(self.forward(x)[1], derivative)

    def slopes(self, cache: Any) -> np.ndarray:
        return self.curves(cache, 1)

    def second_derivative(self, cache: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("jin,...in,...in->...jn", self.curves(cache, 2), a, b)

    def contributions(self, cache: Any, x: np.ndarray) -> np.ndarray:
        return self.curves(cache)

    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        self.write_rows(cache, self.features(cache)[None], sensitivity[:, None], out)

    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Differentiate the jet of z in the weights: with features Φ it is linear in a jet of features.

        z: Φ        ż: Φ′ẋ        z̈: Φ″ẋ² + Φ′ẍ
        """
        value, slope, second = (self.features(jets.cache, d) for d in range(3))
        first, twice = jets.first[:, self.row_inputs], jets.second[:, self.row_inputs]  # (D, rows, n)
        rows = np.concatenate([value[None], slope * first, second * first**2 + slope * twice])
        self.write_rows(jets.cache, rows, sensitivity, out)

    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Carry derivatives s, ṡ and s̈ in z, ż and z̈ back to the jet of x.

        x: φ′s + φ″ẋ ṡ + (φ‴ẋ² + φ″ẍ) s̈        ẋ: φ′ṡ + 2 φ″ẋ s̈        ẍ: φ′s̈
        """
        D, first = len(jets.first), jets.first
        slope, second, third = (self.curves(jets.cache, d) for d in (1, 2, 3))
        s1, s2 = sensitivity[:, 1 : D + 1], sensitivity[:, D + 1 :]
        once, twice = (np.einsum("jin,mdjn->mdin", second, s) for s in (s1, s2))
        thrice = np.einsum("jin,mdjn->mdin", third, s2)
        below = np.einsum("jin,mcjn->mcin", slope, sensitivity)
        below[:, 0] += (first * once + first**2 * thrice + jets.second * twice).sum(axis=1)
        below[:, 1 : D + 1] += 2 * first * twice
        return below


class CurveLayer(AdditiveLayer):
    """An additive layer whose edges are curves that one can look at, cut off, and name.

    One edge by itself is a layer, too, from one node to one node: `edge(i, j)`.

    Attributes
    ----------
    name : str
        Of a single edge: the function that it is, "" for a curve without a name.
    """

    name = ""

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        return list(np.ndindex(self.n_in, self.n_out))

    @abstractmethod
    def edge(self, i: int, j: int) -> CurveLayer:
        """Copy one edge: a layer 1 → 1."""

    @abstractmethod
    def edge_features(self, cache: Any) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Yield i, j, the places of the edge's weights in the layer's (p,), and its derivatives in them (p, n)."""

    @abstractmethod
    def raise_by(self, heights: np.ndarray) -> None:
        """Add constants (n_out,) to the outputs."""

    def backward_edges(self, cache: Any, upstream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Do as `backward` for a gradient in every single edge, upstream (n_out, n_in, n)."""
        gradient = np.zeros(self.weights.size)
        for i, j, places, rows in self.edge_features(cache):
            gradient[places] += rows @ upstream[j, i]
        return gradient.reshape(self.weights.shape), np.einsum("jin,jin->in", upstream, self.curves(cache, 1))

    def wiring(self) -> np.ndarray:
        wiring = np.zeros((self.n_out, self.n_in), bool)
        for i, j in self.edge_list:
            wiring[j, i] = True
        return wiring
