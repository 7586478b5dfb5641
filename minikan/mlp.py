"""The multilayer perceptron, so that comparisons are fair: same loss, same optimisers (chapter 05).

    MLP(x) = W_Lᵀ a(… a(W_1ᵀ x + b_1) …) + b_L        a: a fixed activation

As in a KAN a layer multiplies weights by features: here the activations of its inputs, and a constant 1 for the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS
from .layer import AdditiveLayer
from .network import Network
from .validation import as_choice, as_generator, as_numbers, as_widths


class MLPCache(NamedTuple):
    """What derivatives need of a forward pass."""

    x: np.ndarray  # (n_in, n)
    features: np.ndarray  # (n_in + 1, n), the last row is 1
    slope: np.ndarray  # of the activation, (n_in, n)
    weights: np.ndarray  # in this pass, (n_in + 1, n_out)


class MLPLayer(AdditiveLayer):
    """Apply the activation, then a matrix: z_j = Σ_i W_ij a(x_i) + b_j; weights (n_in + 1, n_out) are W and b."""

    has_curves = False
    parts = ("weights", "activation")

    def __init__(self, weights: ArrayLike, activation: str) -> None:
        weights = as_numbers(weights, "weights")
        if weights.ndim != 2 or len(weights) < 2 or weights.shape[1] < 1:
            raise ValueError(f"weights must have shape (n_in + 1, n_out), got {weights.shape}")
        self.weights, self.activation = weights.copy(), as_choice(activation, "activation", ACTIVATIONS)
        self.n_in, self.n_out = weights.shape[0] - 1, weights.shape[1]
        self.row_inputs = np.append(np.arange(self.n_in), 0)  # the bias depends on no input, so any will do

    def __repr__(self):
        return f"MLPLayer({self.n_in} → {self.n_out}, {self.activation}: {self.weights.size} parameters)"

    @property
    def smoothness(self) -> float:
        return 0 if self.activation == "relu" else np.inf

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, MLPCache]:
        value, slope, *_ = ACTIVATIONS[self.activation](x, 1)
        features = np.concatenate([value, np.ones((1, x.shape[1]))])
        return self.weights.T @ features, MLPCache(x, features, slope, self.weights.copy())

    def backward(self, cache: MLPCache, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        # ∂loss/∂W_ij = Σ_samples a(x_i) upstream_j        ∂loss/∂x_i = a′(x_i) Σ_j W_ij upstream_j
        below = cache.slope * (cache.weights[:-1] @ upstream) if wants_x else None
        return cache.features @ upstream.T, below

    def features(self, cache: MLPCache, derivative: int = 0) -> np.ndarray:
        if derivative == 0:
            return cache.features
        values = ACTIVATIONS[self.activation](cache.x, derivative)[derivative]
        return np.concatenate([values, 0 * cache.x[:1]])

    def curves(self, cache: MLPCache, derivative: int = 0) -> np.ndarray:
        return cache.weights[:-1].T[:, :, None] * self.features(cache, derivative)[:-1]

    def initialise(self, rng: np.random.Generator, noise: float) -> None:
        gain = 1 if self.activation in ("identity", "tanh") else np.sqrt(2)
        self.weights[:-1] = rng.normal(0, gain / np.sqrt(self.n_in), (self.n_in, self.n_out))
        self.weights[-1:] = rng.uniform(-1, 1, (1, self.n_out)) / np.sqrt(self.n_in)


class MLP(Network):
    """A multilayer perceptron with hand-written derivatives, for comparison.

    Parameters
    ----------
    widths : sequence of int
        Nodes per layer, [n_0, …, n_L]: inputs first, outputs last.
    activation : {"silu", "tanh", "relu"}
        The function of all hidden nodes.
    seed : int or numpy.random.Generator
        Draws normal weights of variance 2 / n_in, with tanh 1 / n_in (K. He et al., arXiv 1502.01852, section 2.2),
        and uniform biases between ±1 / √n_in.

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two widths, one is below 1, or there is no such activation.

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
        as_choice(activation, "activation", [name for name in ACTIVATIONS if name != "identity"])
        rng, layers = as_generator(seed), []
        for n_in, n_out in pairwise(as_widths(widths)):
            layers.append(MLPLayer(np.zeros((n_in + 1, n_out)), activation if layers else "identity"))
            layers[-1].initialise(rng, 0.0)
        self._adopt(layers)
