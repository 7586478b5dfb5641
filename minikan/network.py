"""A network is a stack of layers (chapter 03; paper, section 2.2).

    network(x) = (f_{L-1} ∘ … ∘ f_1 ∘ f_0)(x)       widths [n_0, n_1, …, n_L]

`Network` computes and differentiates whatever layers it is given, no more; `KAN` and the `MLP` of chapter 05 say
what the layers are. What acts on a model (`fit`, `refine`, …) is a function of a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .validation import (
    as_numbers,
    as_samples,
    as_targets,
    finite_results,
)
from .layer import Layer

if TYPE_CHECKING:
    from typing_extensions import Self

BLOCK = 2048  # samples at a time where a whole Jacobian is made of them; elsewhere …
CACHE = 2**17  # … as many as keep a layer's arrays below so many numbers, 1 MB: what a processor has at hand


class Network:
    """A stack of layers with hand-written derivatives.

    Attributes
    ----------
    parameters : ndarray, shape (P,)
        All parameters. The layers' arrays are views of it: write to either and both change.
    layers : list of Layer
    widths : list of int
        Nodes per layer, [n_0, …, n_L].
    """

    @classmethod
    def from_layers(cls, layers: Sequence[Layer]) -> Self:
        """Stack copies of ready-made layers; each must have as many inputs as the one before has outputs."""
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
        """Move all parameters into one vector, and let the layers look into it."""
        self.layers = layers
        self._parameters = np.concatenate([layer.weights.ravel() for layer in layers])
        ends = np.cumsum([layer.weights.size for layer in layers]).tolist()
        self._slices = [slice(end - layer.weights.size, end) for layer, end in zip(layers, ends, strict=True)]
        for layer, part in zip(layers, self.split(self._parameters), strict=True):
            layer.weights = part

    def __setstate__(self, state):
        """Copies and unpickled models, too, keep all parameters in one vector."""
        self.__dict__.update(state)
        self._adopt(self.layers)

    def split(self, vector: np.ndarray) -> list[np.ndarray]:
        """Cut a vector (P, ...) into the layers' parts, views of their weights' shapes and then (...)."""
        return [
            vector[part].reshape(layer.weights.shape + vector.shape[1:])
            for layer, part in zip(self.layers, self._slices, strict=True)
        ]

    @property
    def parameters(self) -> np.ndarray:
        """All parameters in one vector of shape (P,)."""
        return self._parameters

    @parameters.setter
    def parameters(self, values: ArrayLike) -> None:
        values = as_numbers(values, "parameters")
        if values.shape != self._parameters.shape:
            raise ValueError(f"parameters must have shape {self._parameters.shape}, got {values.shape}")
        self._parameters[:] = values

    def state(self) -> tuple[np.ndarray, list]:
        """Copy what training changes, parameters and bases, for `restore`."""
        return self.parameters.copy(), [layer.bases for layer in self.layers]

    def restore(self, state: tuple[np.ndarray, list]) -> None:
        """Return to a state of this or an equally shaped model."""
        self._parameters[:], bases = state
        for layer, its_bases in zip(self.layers, bases, strict=True):
            layer.bases = its_bases

    def is_in(self, state: tuple[np.ndarray, list] | None) -> bool:
        """Tell whether the model is in a state, without a copy."""
        return (
            state is not None
            and np.array_equal(self._parameters, state[0])
            and [layer.bases for layer in self.layers] == state[1]
        )

    @property
    def widths(self) -> list[int]:
        return [self.layers[0].n_in] + [layer.n_out for layer in self.layers]

    def __repr__(self):
        head = f"{type(self).__name__}({self.widths}: {self.parameters.size} parameters)"
        return "\n  ".join([head, *map(repr, self.layers)])

    def blocks(self, n: int) -> list[slice]:
        """Cut n samples into blocks, so that what the largest layer keeps of one stays in the cache."""
        return blocks(n, max(layer.floats_per_sample for layer in self.layers))

    def forward(self, x: np.ndarray, first: Any = None) -> tuple[np.ndarray, list]:
        """Go through all layers, samples last: x (n_in, n) → (n_out, n), and the layers' caches.

        `first` is the first layer's cache, where the same samples went through before, with other weights.
        """
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
    ) -> np.ndarray:
        """Add to `gradient` (P,) what the caches' samples say, the last layer first."""
        for depth in reversed(range(len(self.layers))):
            step, upstream = self.layers[depth].backward(caches[depth], upstream, wants_x or depth > 0)
            gradient[self._slices[depth]] += step.ravel()
        return upstream

    @finite_results
    def loss_and_gradient(self, X: ArrayLike, y: ArrayLike) -> tuple[float, np.ndarray]:
        """Compute the mean squared error over samples and outputs, and its gradient.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
        y : array_like, shape (n, n_out), or (n,) for one output

        Returns
        -------
        loss : float
        gradient : ndarray, shape (P,)
        """
        X = as_samples(X, self.widths[0])
        y = as_targets(y, len(X), self.widths[-1])

        def mean_squared_error(outputs, block):
            residuals = outputs - y[block].T  # (n_out, n)
            return np.vdot(residuals, residuals) / y.size, residuals * (2 / y.size)

        return self.differentiate(X, mean_squared_error)

    def differentiate(self, X: np.ndarray, loss_of: Callable) -> tuple[float, np.ndarray]:
        """Add up any loss over the samples X (n, n_in), and its gradient (P,).

        `loss_of(outputs, block)` takes the outputs (n_out, n) of a slice of the samples and returns their
        share of the loss, and its gradient in these outputs.
        """
        loss, gradient = 0.0, np.zeros(self.parameters.size)
        for block in self.blocks(len(X)):
            outputs, caches = self.forward(samples_last(X[block]))
            share, upstream = loss_of(outputs, block)
            loss += share
            self.propagate(caches, upstream, gradient, wants_x=False)
        return float(loss), gradient

    def jacobian_of(self, caches: list, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Differentiate M quantities in the parameters, sample by sample: written to `out` (P, M, n).

        `sensitivity` (M, n_out, n) are their derivatives in the outputs. Layer by layer from the last to the first: the
        derivative in a weight is the sensitivity to the node that the weight feeds, times the weight's feature.
        """
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
        """Differentiate the outputs in the inputs, once and twice.

            G ← f′ G,       H ← f″ G G + f′ H            layer by layer, from G = 1 and H = 0

        Parameters
        ----------
        X : array_like, shape (n, n_in)

        Returns
        -------
        gradient : ndarray, shape (n, n_out, n_in)
        hessian : ndarray, shape (n, n_out, n_in, n_in)
            Beyond their domains curves are straight and add no curvature.
        """
        z = samples_last(as_samples(X, self.widths[0]))
        n_in, n = z.shape
        gradient = np.broadcast_to(np.eye(n_in)[:, :, None], (n_in, n_in, n))  # ∂z_i/∂x_a at [a, i]
        hessian = np.zeros((n_in, n_in, n_in, n))  # ∂²z_i/∂x_a∂x_b at [a, b, i]
        for layer in self.layers:
            z, cache = layer.forward(z)
            slopes = layer.slopes(cache)  # (n_out, n_in, n)
            bent = layer.second_derivative(cache, gradient[:, None], gradient[None])  # (n_in, n_in, n_out, n)
            hessian = bent + np.einsum("jin,abin->abjn", slopes, hessian)
            gradient = np.einsum("jin,ain->ajn", slopes, gradient)
        return np.ascontiguousarray(gradient.T), np.ascontiguousarray(hessian.T)


def samples_last(X: np.ndarray) -> np.ndarray:
    """Turn (n, n_in) to (n_in, n): each input one contiguous row, as the layers like it."""
    return np.ascontiguousarray(X.T)


def blocks(n: int, numbers: int = CACHE // BLOCK) -> list[slice]:
    """Cut n samples, of so many numbers each, into even slices."""
    count = -(-n // max(64, CACHE // numbers))
    return [slice(i * n // count, (i + 1) * n // count) for i in range(count)]
