"""The multilayer perceptron, so that comparisons are fair: same loss, same optimisers (chapter 05).

    MLP(x) = W_Lᵀ a(… a(W_1ᵀ x + b_1) …) + b_L        a: an activation that never changes

An MLP learns the numbers W and b; its nodes carry a function each, all the same. Seen as a stack of
layers it is as linear as a KAN: a layer multiplies weights with features, which here are the activations
of its inputs and a constant one, that carries the bias.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_choice, as_generator, as_numbers, as_widths
from .layer import LinearLayer, silu
from .network import Network


def tanh(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate tanh and its slope."""
    value = np.tanh(x)
    return value, 1 - value**2


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate max(x, 0) and its slope."""
    return np.maximum(x, 0), (x > 0).astype(float)


def identity(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate x and its slope: what the first layer does with the inputs."""
    return x, np.ones_like(x)


ACTIVATIONS = {"silu": silu, "tanh": tanh, "relu": relu}


class MLPCache(NamedTuple):
    """What `forward` found out and `backward` needs."""

    features: np.ndarray  # (n_in + 1, n), the last row is one
    slope: np.ndarray  # (n_in, n) of the activation


class MLPLayer(LinearLayer):
    """Activate the inputs, then mix them: z_j = Σ_i W_ij a(x_i) + b_j; samples run along the last axis.

    Attributes
    ----------
    weights : ndarray, shape (n_in + 1, n_out)
        W, and b as its last row.
    """

    def __init__(self, weights: ArrayLike, activation: Callable) -> None:
        weights = as_numbers(weights, "weights")
        if weights.ndim != 2 or len(weights) < 2 or weights.shape[1] < 1:
            raise ValueError(f"weights must have shape (n_in + 1, n_out), got {weights.shape}")
        self.weights, self.activation = weights, activation
        self.n_in, self.n_out = weights.shape[0] - 1, weights.shape[1]
        self.numbers = self.n_in + self.n_out  # that a pass keeps of each sample

    def copy(self) -> MLPLayer:
        """Make a layer of the same numbers."""
        return MLPLayer(self.weights.copy(), self.activation)

    def __repr__(self):
        return f"MLPLayer({self.n_in} → {self.n_out}, {self.activation.__name__}: {self.weights.size} parameters)"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, MLPCache]:
        """Compute z: x (n_in, n) → z (n_out, n), and what `backward` needs."""
        value, slope = self.activation(x)
        features = np.concatenate([value, np.ones((1, x.shape[1]))])
        return self.weights.T @ features, MLPCache(features, slope)

    def backward(
        self, cache: MLPCache, upstream: np.ndarray, wants_x: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Carry the loss's gradient back through the layer.

        ∂loss/∂W_ij = Σ_samples  a(x_i) upstream_j
        ∂loss/∂x_i  = a'(x_i) Σ_j  W_ij upstream_j
        """
        gradient = cache.features @ upstream.T
        return gradient, cache.slope * (self.weights[:-1] @ upstream) if wants_x else None

    def features(self, cache: MLPCache) -> np.ndarray:
        """Write down what the weights multiply: (n_in + 1, n)."""
        return cache.features

    def slopes(self, cache: MLPCache) -> np.ndarray:
        """Differentiate the outputs in the inputs, ∂z_j/∂x_i: (n_out, n_in, n)."""
        return self.weights[:-1].T[:, :, None] * cache.slope


class MLP(Network):
    """A multilayer perceptron with hand-written derivatives, for comparison.

    Parameters
    ----------
    widths : sequence of int
        Nodes per layer, [n_0, …, n_L]: inputs first, outputs last.
    activation : {"silu", "tanh", "relu"}
        The function of all hidden nodes.
    seed : int or numpy.random.Generator
        Where the first weights come from: normal, of variance 2 / n_in (1 / n_in with tanh); biases
        are uniform between ±1 / √n_in.

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two widths, one is below 1, or there is no such activation.

    References
    ----------
    The variance 2 / n_in: K. He et al., arXiv 1502.01852, section 2.2.

    Examples
    --------
    >>> MLP([2, 10, 1])
    MLP([2, 10, 1]: 41 parameters)
      MLPLayer(2 → 10, identity: 30 parameters)
      MLPLayer(10 → 1, silu: 11 parameters)
    """

    def __init__(
        self, widths: Sequence[int], activation: str = "silu", seed: int | np.random.Generator = 0
    ) -> None:
        widths, activation = as_widths(widths), as_choice(activation, "activation", ACTIVATIONS)
        rng = as_generator(seed)
        layers = []
        for n_in, n_out in pairwise(widths):
            function = ACTIVATIONS[activation] if layers else identity
            gain = 1 if function in (identity, tanh) else np.sqrt(2)
            W = rng.normal(0, gain / np.sqrt(n_in), (n_in, n_out))
            b = rng.uniform(-1, 1, (1, n_out)) / np.sqrt(n_in)
            layers.append(MLPLayer(np.concatenate([W, b]), function))
        self._adopt(layers)
