"""Functions of one variable with their derivatives, all in one convention (chapters 03 and 10).

f(x, order)  →  (f, f′, …, f⁽ᵒʳᵈᵉʳ⁾), perhaps higher ones, too           order = 0 … 3
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Activation = Callable[[np.ndarray, int], tuple[np.ndarray, ...]]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Evaluate σ(x) = 1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):  # 1 / infinity is right
        return 1 / (1 + np.exp(-x))


def silu(x: np.ndarray, order: int = 1) -> tuple[np.ndarray, ...]:
    """Evaluate silu(x) = x σ(x) and its derivatives, with σ′ = σ (1 - σ): the n-th is n σ⁽ⁿ⁻¹⁾ + x σ⁽ⁿ⁾."""
    s = sigmoid(x)
    value = x * s
    slope, ds = s * (1 + (x - value)), s * (1 - s)
    if order < 2:
        return value, slope
    return value, slope, ds * (2 + x * (1 - 2 * s)), ds * (3 * (1 - 2 * s) + x * (1 - 6 * ds))


def tanh(x: np.ndarray, order: int = 1) -> tuple[np.ndarray, ...]:
    """Evaluate t = tanh(x) and its derivatives: t′ = 1 - t², t″ = -2 t t′, t‴ = t′ (6 t² - 2)."""
    t = np.tanh(x)
    slope = 1 - t**2
    return (t, slope) if order < 2 else (t, slope, -2 * t * slope, slope * (6 * t**2 - 2))


def relu(x: np.ndarray, order: int = 1) -> tuple[np.ndarray, ...]:
    """Evaluate max(x, 0) and its derivatives; the slope at 0 is taken as 0."""
    return np.maximum(x, 0), (x > 0).astype(float), *[np.zeros_like(x)] * (order - 1)


def identity(x: np.ndarray, order: int = 1) -> tuple[np.ndarray, ...]:
    """Evaluate x and its derivatives: what the first layer of an MLP does with the inputs."""
    return x.copy(), np.ones_like(x), *[np.zeros_like(x)] * (order - 1)


ACTIVATIONS: dict[str, Activation] = {"silu": silu, "tanh": tanh, "relu": relu, "identity": identity}
