"""Unknown numbers that are trained with a network, such as the coefficients of an equation (chapter 10).

z = x        a layer that changes nothing; its weights appear in an objective, and not in its output
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .layer import JetCache, Layer
from .validation import as_integer, as_numbers


class Coefficients(Layer):
    """Pass `n_in` inputs on, and keep numbers (q,) that are trained like weights.

    >>> Coefficients(1, [0.5]).forward(np.array([[2.0]]))[0].tolist()
    [[2.0]]
    """

    parts = ("n_in", "weights")

    def __init__(self, n_in: int, weights: ArrayLike) -> None:
        self.n_in = self.n_out = as_integer(n_in, "n_in", 1)
        self.weights = as_numbers(weights, "weights").copy()

    def __repr__(self):
        return f"Coefficients({self.n_in} → {self.n_out}: {self.weights.size} parameters)"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x, x

    def backward(self, cache: Any, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        return np.zeros_like(self.weights), upstream

    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        out[:] = 0.0

    def slopes(self, cache: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.eye(self.n_in)[:, :, None], (self.n_in, self.n_in, cache.shape[1]))

    def second_derivative(self, cache: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return 0.0 * a * b

    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        out[:] = 0.0

    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        return sensitivity

    def wiring(self) -> np.ndarray:
        return np.eye(self.n_in, dtype=bool)

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> Coefficients:
        return Coefficients(len(outputs), self.weights)

    def expressions(self, inputs: list, number: Any) -> list:
        return inputs
