"""What a layer is: a function of a batch, with all its derivatives (chapter 03; paper, section 2.2).

    z = f(x; weights)            x (n_in, n), z (n_out, n): samples run along the last axis in here

`Layer` lists what every layer offers, and the laws that hold for it. A network asks for nothing else, so that a
new kind of layer is at home in every network. In an `AdditiveLayer` nodes add, z_j = Σ_i φ_ji(x_i): then all
derivatives in x follow from those of the single edges φ_ji. A `CurveLayer` has curves on its edges that one can
look at, cut off, and name.

A jet is a value with its first and second derivatives along D directions in the space of the network's inputs (chapter
10): an array (1 + 2D, …) that holds z, then ż of each direction, then z̈ of each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self

    from .edges import Edge


class JetCache(NamedTuple):
    """What `forward_jets` found out, and the jets of the layer's inputs."""

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
        What a move of the grids changes beside the weights. A tuple of the same length may be assigned.
    has_curves : bool
        Whether it can be a part of a KAN: its edges are curves, or it has no edges of its own.
    edge_list : list of (i, j)
        The edges that are curves, from input i to output j.
    """

    n_in: int
    n_out: int
    weights: np.ndarray
    bases: tuple = ()
    has_curves = True
    edge_list: Sequence[tuple[int, int]] = ()
    kinds: ClassVar[dict[str, type[Layer]]] = {}  # all kinds of layers that have been defined, by name

    def __init_subclass__(cls) -> None:
        Layer.kinds[cls.__name__] = cls

    @property
    def floats_per_sample(self) -> int:
        """How many numbers a pass keeps of each sample: tells a network how many samples to take at once."""
        return self.n_in + self.n_out

    @abstractmethod
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute z (n_out, n), and a cache: all that the methods below need, weights included."""

    @abstractmethod
    def backward(self, cache: Any, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        """Carry ∂loss/∂z (n_out, n) back: the gradient in the weights, and in x (n_in, n) if it is wanted."""

    @abstractmethod
    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Write down derivatives of M outputs of the network in the weights, sample by sample.

        Parameters
        ----------
        cache : object
        sensitivity : ndarray, shape (M, n_out, n)
            Derivatives of the outputs in z.
        out : ndarray, of the weights' shape and then (M, n)
        """

    @abstractmethod
    def slopes(self, cache: Any) -> np.ndarray:
        """Differentiate in the inputs: ∂z_j/∂x_i, (n_out, n_in, n)."""

    @abstractmethod
    def second_derivative(self, cache: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Differentiate twice, along a and b (..., n_in, n): Σ_ik ∂²z_j/∂x_i∂x_k a_i b_k, (..., n_out, n)."""

    @abstractmethod
    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Carry derivatives in the jet of z, (M, 1 + 2D, n_out, n), back to the jet of x, (M, 1 + 2D, n_in, n)."""

    @abstractmethod
    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Do as `jacobian` for derivatives in the jet of z, (M, 1 + 2D, n_out, n)."""

    def forward_jets(self, x: np.ndarray) -> tuple[np.ndarray, JetCache]:
        """Compute the jet of z from the jet of x, (1 + 2D, n_in, n).

            ż = f′ ẋ,       z̈ = f″ ẋ ẋ + f′ ẍ
        """
        D = len(x) // 2
        first, second = x[1 : D + 1], x[D + 1 :]
        z, cache = self.forward(np.ascontiguousarray(x[0]))
        slopes = self.slopes(cache)
        bent = self.second_derivative(cache, first, first)
        along = np.einsum("jin,cin->cjn", slopes, x[1:])
        along[D:] += bent
        return np.concatenate([z[None], along]), JetCache(cache, first, second)

    @abstractmethod
    def copy(self) -> Self:
        """Make a layer of the same numbers."""

    @abstractmethod
    def arrays(self) -> dict[str, Any]:
        """Arrays and texts by name, to be stored; `from_arrays` makes the same layer of them, bit for bit."""

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
        """Tell how each input moves each output, in first order where nodes do not add: (n_out, n_in, n)."""
        return self.slopes(cache) * (x - x.mean(axis=1, keepdims=True))

    def roughness(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield places of curves in the weights (curves, m), and rows (rows, m) whose products' squares cost."""
        yield from ()

    def wiring(self) -> np.ndarray:
        """Tell which inputs lead to which outputs: (n_out, n_in) of bool."""
        return np.ones((self.n_out, self.n_in), bool)

    def keep(self, mask: np.ndarray, outputs: np.ndarray) -> Layer:
        """Make a layer of some outputs, and of the inputs in mask (n_out, n_in) that lead to them; see `prune`."""
        raise NotImplementedError

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        """Write the outputs as sympy expressions of the inputs; `number(k)` is the layer's k-th weight."""
        raise NotImplementedError


class AdditiveLayer(Layer):
    """A layer whose nodes add: z_j = Σ_i φ_ji(x_i), each edge linear in weights or not.

    What a subclass says of its edges one by one makes up all derivatives of the layer.
    """

    row_inputs: np.ndarray  # (rows,), the input that each row of `features` belongs to

    @abstractmethod
    def curves(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Evaluate every edge, or its first, second or third derivative: (n_out, n_in, n)."""

    @abstractmethod
    def features(self, cache: Any, derivative: int = 0) -> np.ndarray:
        """Differentiate the edges, or a derivative of them, in the weights: rows (rows, n)."""

    def write_rows(self, cache: Any, rows: np.ndarray, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Multiply C sets of features with what depends on the nodes they feed, and add the products up.

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
        """Differentiate the jet of z in the weights: with features Φ it is the weights times a jet of features.

        z: Φ        ż: Φ′ẋ        z̈: Φ″ẋ² + Φ′ẍ
        """
        value, slope, second = (self.features(jets.cache, d) for d in range(3))
        first, twice = jets.first[:, self.row_inputs], jets.second[:, self.row_inputs]  # (D, rows, n)
        rows = np.concatenate([value[None], slope * first, second * first**2 + slope * twice])
        self.write_rows(jets.cache, rows, sensitivity, out)

    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Carry derivatives in the jet of z back to the jet of x, with s, ṡ and s̈ for those in z, ż and z̈.

        x: φ′s + φ″ẋ ṡ + (φ‴ẋ² + φ″ẍ) s̈        ẋ: φ′ṡ + 2 φ″ẋ s̈        ẍ: φ′s̈
        """
        D, first = len(jets.first), jets.first
        slope, second, third = (self.curves(jets.cache, d) for d in (1, 2, 3))
        below = np.einsum("jin,mcjn->mcin", slope, sensitivity)
        once, twice = (
            np.einsum("jin,mdjn->mdin", second, s) for s in (sensitivity[:, 1 : D + 1], sensitivity[:, D + 1 :])
        )
        bent = np.einsum("jin,mdjn->mdin", third, sensitivity[:, D + 1 :])
        below[:, 0] += (first * once + first**2 * bent + jets.second * twice).sum(axis=1)
        below[:, 1 : D + 1] += 2 * first * twice
        return below


class CurveLayer(AdditiveLayer):
    """An additive layer whose edges are curves that one can look at, cut off, and name."""

    @property
    def edge_list(self) -> list[tuple[int, int]]:
        """All edges (i, j) from input i to output j that are there."""
        return list(np.ndindex(self.n_in, self.n_out))

    @abstractmethod
    def edge(self, i: int, j: int) -> Edge:
        """Copy one edge."""

    @abstractmethod
    def edge_features(self, cache: Any) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Yield for each edge i, j, the places of its weights in the layer's (p,), and its derivatives in them (p, n)."""

    def backward_edges(self, cache: Any, upstream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Do as `backward` for a gradient in every single edge, upstream (n_out, n_in, n)."""
        gradient = np.zeros(self.weights.size)
        for i, j, places, rows in self.edge_features(cache):
            gradient[places] += rows @ upstream[j, i]
        return gradient.reshape(self.weights.shape), np.einsum("jin,jin->in", upstream, self.curves(cache, 1))

    def wiring(self) -> np.ndarray:
        wiring = np.zeros((self.n_out, self.n_in), bool)
        wiring[tuple(np.array(self.edge_list).T[::-1])] = True
        return wiring
