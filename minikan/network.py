"""A network is a stack of layers (chapter 03; paper, section 2.2).

    network(x) = (f_{L-1} ∘ … ∘ f_1 ∘ f_0)(x)       widths [n_0, n_1, …, n_L]

`Network` computes and differentiates any layers. `KAN`, and the `MLP` of chapter 05, choose which layers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .layer import Layer
from .validation import as_numbers, as_samples, as_targets, finite_results

if TYPE_CHECKING:
    from typing import Self

BLOCK = 4096  # samples at a time for a whole Jacobian; otherwise …
CACHE = (
    2**17
)  # … so many that a layer's arrays hold at most this many numbers, 1 MB: they fit into a processor's cache


class Network:
    """A stack of layers with hand-written derivatives; their weights are views of `parameters` (P,)."""

    @classmethod
    def from_layers(cls, layers: Sequence[Layer]) -> Self:
        """Stack copies of layers; each must have as many inputs as the one before has outputs."""
        layers = [layer.copy() for layer in layers]
        if not layers:
            raise ValueError("layers must hold at least one layer, got none")
        for below, above in pairwise(layers):
            if below.n_out != above.n_in:
                raise ValueError(
                    f"layers must fit: {below!r} gives {below.n_out}, {above!r} takes {above.n_in}"
                )
        model = cls.__new__(cls)
        model._adopt(layers)
        return model

    def _adopt(self, layers):
        """Copy all parameters into one vector, and make the layers' weights views of it."""
        self.layers = layers
        self._parameters = np.concatenate([layer.weights.ravel() for layer in layers])
        ends = np.cumsum([layer.weights.size for layer in layers]).tolist()
        self._slices = [slice(end - layer.weights.size, end) for layer, end in zip(layers, ends, strict=True)]
        for layer, part in zip(layers, self.split(self._parameters), strict=True):
            layer.weights = part

    def __setstate__(self, state):
        """Copy or unpickle: here, too, the layers' weights are views of one vector."""
        self.__dict__.update(state)
        self._adopt([layer.copy() for layer in self.layers])  # a shallow copy shares them

    def split(self, vector: np.ndarray) -> list[np.ndarray]:
        """Cut a vector (P, ...) into views (*weights.shape, ...), one per layer."""
        return [
            vector[part].reshape(layer.weights.shape + vector.shape[1:])
            for layer, part in zip(self.layers, self._slices, strict=True)
        ]

    @property
    def parameters(self) -> np.ndarray:
        return self._parameters

    @parameters.setter
    def parameters(self, values: ArrayLike) -> None:
        values = as_numbers(values, "parameters")
        if values.shape != self._parameters.shape:
            raise ValueError(f"parameters must have shape {self._parameters.shape}, got {values.shape}")
        self._parameters[:] = values

    def state(self) -> tuple[np.ndarray, list]:
        """Return what training changes, for `restore`: a copy of the parameters, and the bases."""
        return self.parameters.copy(), [layer.bases for layer in self.layers]

    def restore(self, state: tuple[np.ndarray, list]) -> None:
        """Return to a state of this model or of one with the same shape."""
        self._parameters[:], bases = state
        for layer, its_bases in zip(self.layers, bases, strict=True):
            layer.bases = its_bases

    def is_in(self, state: tuple[np.ndarray, list] | None) -> bool:
        """Return whether the model is in a state."""
        if state is None or not np.array_equal(self._parameters, state[0]):
            return False
        return [layer.bases for layer in self.layers] == state[1]

    @property
    def widths(self) -> list[int]:
        return [self.layers[0].n_in] + [layer.n_out for layer in self.layers]

    def __repr__(self):
        head = f"{type(self).__name__}({self.widths}: {self.parameters.size} parameters)"
        return "\n  ".join([head, *map(repr, self.layers)])

    def blocks(self, n: int) -> list[slice]:
        """Cut n samples into blocks, so small that the arrays of every layer fit into a processor's cache."""
        return blocks(n, max(layer.floats_per_sample for layer in self.layers))

    def forward(self, x: np.ndarray, first: Any = None) -> tuple[np.ndarray, list]:
        """Go through all layers: x (n_in, n) → (n_out, n), and caches; `first`: the first, from an earlier pass."""
        caches: list = []
        for layer in self.layers:
            x, cache = layer.forward(x) if caches or first is None else layer.again(x, first)
            caches.append(cache)
        return x, caches

    @finite_results
    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Evaluate the network: X (n, n_in) → (n, n_out)."""
        X = as_samples(X, self.widths[0])
        outputs = np.empty((len(X), self.widths[-1]))
        for block in self.blocks(len(X)):
            outputs[block] = self.forward(samples_last(X[block]))[0].T
        return outputs

    @finite_results
    def backward(self, X: ArrayLike, upstream: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Carry a gradient in the outputs, (n, n_out), back to parameters, (P,), and inputs, (n, n_in)."""
        X = as_samples(X, self.widths[0])
        upstream = as_targets(upstream, len(X), self.widths[-1], "upstream")
        gradient, dX = np.zeros(self.parameters.size), np.empty_like(X)
        for block in self.blocks(len(X)):
            _, caches = self.forward(samples_last(X[block]))
            dX[block] = self.propagate(caches, upstream[block].T, gradient).T
        return gradient, dX

    def propagate(
        self, caches: list, upstream: np.ndarray, gradient: np.ndarray, wants_x: bool = True
    ) -> Any:
        """Carry ∂loss/∂z (n_out, n) back, last layer first: add to `gradient` (P,), return that in x (n_in, n)."""
        for depth in reversed(range(len(self.layers))):
            step, upstream = self.layers[depth].backward(caches[depth], upstream, wants_x or depth > 0)
            gradient[self._slices[depth]] += step.ravel()
        return upstream

    @finite_results
    def loss_and_gradient(self, X: ArrayLike, y: ArrayLike) -> tuple[float, np.ndarray]:
        """Compute the mean squared error of y (n, n_out) or (n,) at X (n, n_in), and its gradient (P,)."""
        X = as_samples(X, self.widths[0])
        y = as_targets(y, len(X), self.widths[-1])

        def mean_squared_error(outputs, block):
            residuals = outputs - y[block].T  # (n_out, n)
            return np.vdot(residuals, residuals) / y.size, residuals * (2 / y.size)

        return self.differentiate(X, mean_squared_error)

    def differentiate(self, X: np.ndarray, loss_of: Callable) -> tuple[float, np.ndarray]:
        """Compute any loss of the samples X (n, n_in), and its gradient (P,).

        `loss_of(outputs, block)` returns a block's share of the loss, and its gradient in the outputs (n_out, n).
        """
        loss, gradient = 0.0, np.zeros(self.parameters.size)
        for block in self.blocks(len(X)):
            outputs, caches = self.forward(samples_last(X[block]))
            share, upstream = loss_of(outputs, block)
            loss += share
            self.propagate(caches, upstream, gradient, wants_x=False)
        return float(loss), gradient

    def jacobian_of(self, caches: list, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Turn derivatives in the outputs, sensitivity (M, n_out, n), into those in the parameters, `out` (P, M, n)."""
        parts = self.split(out)
        for depth in reversed(range(len(self.layers))):
            layer, cache = self.layers[depth], caches[depth]
            layer.jacobian(cache, sensitivity, parts[depth])
            if depth > 0:
                sensitivity = np.einsum("mjn,jin->min", sensitivity, layer.slopes(cache))

    @finite_results
    def jacobian(self, X: ArrayLike) -> np.ndarray:
        """Differentiate the outputs in the parameters: X (n, n_in) → (n, n_out, P)."""
        z, caches = self.forward(samples_last(as_samples(X, self.widths[0])))
        n_out, n = z.shape
        jacobian = np.empty((self.parameters.size, n_out, n))
        self.jacobian_of(caches, np.broadcast_to(np.eye(n_out)[:, :, None], (n_out, n_out, n)), jacobian)
        return np.ascontiguousarray(jacobian.transpose(2, 1, 0))

    @finite_results
    def input_derivatives(self, X: ArrayLike) -> tuple[np.ndarray, ...]:
        """Differentiate the outputs in the inputs, once and twice; beyond their domains curves are straight.

            G ← f′ G,       H ← f″ G G + f′ H            layer by layer, from G = 1 and H = 0

        X (n, n_in) → gradient G (n, n_out, n_in) and Hessian H (n, n_out, n_in, n_in).
        """
        z = samples_last(as_samples(X, self.widths[0]))
        n_in, n = z.shape
        gradient = np.broadcast_to(np.eye(n_in)[:, :, None], (n_in, n_in, n))  # ∂z_i/∂x_a at [a, i]
        hessian = np.zeros((n_in, n_in, n_in, n))  # ∂²z_i/∂x_a∂x_b at [a, b, i]
        for layer in self.layers:
            z, cache = layer.forward(z)
            slopes = layer.slopes(cache)  # (n_out, n_in, n)
            curved = layer.second_derivative(
                cache, gradient[:, None], gradient[None]
            )  # (n_in, n_in, n_out, n)
            hessian = curved + np.einsum("jin,abin->abjn", slopes, hessian)
            gradient = np.einsum("jin,ain->ajn", slopes, gradient)
        return np.ascontiguousarray(gradient.T), np.ascontiguousarray(hessian.T)


def samples_last(X: np.ndarray) -> np.ndarray:
    """Turn X (n, n_in) into (n_in, n), the values of each input next to each other in memory."""
    return np.ascontiguousarray(X.T)


def blocks(n: int, numbers: int = CACHE // BLOCK) -> list[slice]:
    """Cut n samples, of so many numbers each, into slices of almost equal size."""
    count = -(-n // max(64, CACHE // numbers))
    return [slice(i * n // count, (i + 1) * n // count) for i in range(count)]
