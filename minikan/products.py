"""A layer without parameters, some of whose nodes multiply (chapters 03 and 11; KAN 2.0, arXiv 2408.10205, section 2).

    z_j = Π_i x_i        over the inputs that feed node j: several, or only one, which is copied

All derivatives need, for each input, the product of the others, its `rest`: ∂z_j/∂x_i = rest_i.
A jet of z is the product of its factors' jets, without terms of order three or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import mul
from typing import Any

import numpy as np

from .layer import JetCache, Layer
from .validation import as_integer


class Products(Layer):
    """Nodes that multiply neighbouring inputs: output j takes the next `arity[j]` of them (at least one each).

    >>> Products([1, 2]).forward(np.array([[2.0], [3.0], [4.0]]))[0].tolist()  # 2, and 3 · 4
    [[2.0], [12.0]]
    """

    parts = ("arity",)

    def __init__(self, arity: Sequence[int]) -> None:
        self.arity = [as_integer(number, "every arity", 1) for number in arity]
        if not self.arity:
            raise ValueError("arity must hold a number for each output, got none")
        self.n_in, self.n_out, self.weights = sum(self.arity), len(self.arity), np.zeros(0)
        self.start = np.concatenate([[0], np.cumsum(self.arity)[:-1]])  # the first input of each output
        self.node = np.repeat(np.arange(self.n_out), self.arity)  # the output of each input
        self.others = np.full(
            (max(self.arity) - 1, self.n_in), self.n_in
        )  # the others of its node; n_in: a constant 1
        for i, j in enumerate(self.node):
            rest = [k for k in range(self.start[j], self.start[j] + self.arity[j]) if k != i]
            self.others[: len(rest), i] = rest

    def __repr__(self):
        return f"Products({self.n_in} → {self.n_out}, arity {self.arity}: 0 parameters)"

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.multiply.reduceat(x, self.start, axis=0), x

    def backward(self, cache: Any, upstream: np.ndarray, wants_x: bool = True) -> tuple[np.ndarray, Any]:
        return self.weights, upstream[self.node] * self.rest(cache)

    def rest(self, x: np.ndarray) -> np.ndarray:
        """Multiply, for each input, the others of its node: x (n_in, n) → (n_in, n)."""
        return np.concatenate([x, np.ones_like(x[:1])])[self.others].prod(axis=0)

    def rest_jets(self, x: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, ...]:
        """Multiply jets in the same way: x (n_in, n), ẋ and ẍ (..., n_in, n) → three arrays of their shapes."""
        jet = [
            np.concatenate([part, np.full_like(part[..., :1, :], constant)], axis=-2)
            for part, constant in ((x, 1.0), (first, 0.0), (second, 0.0))
        ]
        r, dr, ddr = np.ones_like(x), np.zeros_like(first), np.zeros_like(second)
        for other in self.others:
            u, du, ddu = (part[..., other, :] for part in jet)
            r, dr, ddr = r * u, dr * u + r * du, ddr * u + 2 * dr * du + r * ddu
        return r, dr, ddr

    def slopes(self, cache: np.ndarray) -> np.ndarray:
        return np.where(self.wiring()[:, :, None], self.rest(cache), 0.0)

    def second_derivative(self, cache: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.add.reduceat(
            a * self.rest_jets(cache, b, 0 * b)[1], self.start, axis=-2
        )  # Σ_i a_i d(rest_i)

    def jacobian(self, cache: Any, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Do nothing: there are no weights."""

    def jacobian_of_jets(self, jets: JetCache, sensitivity: np.ndarray, out: np.ndarray) -> None:
        """Do nothing, either."""

    def pull_jets(self, jets: JetCache, sensitivity: np.ndarray) -> np.ndarray:
        """Use the jet of the rest r: z = x r, ż = ẋ r + x ṙ, z̈ = ẍ r + 2 ẋ ṙ + x r̈."""
        D, (r, dr, ddr) = len(jets.first), self.rest_jets(jets.cache, jets.first, jets.second)
        s = sensitivity[:, :, self.node]  # (M, 1 + 2D, n_in, n)
        below = s * r
        below[:, 0] += (s[:, 1 : D + 1] * dr + s[:, D + 1 :] * ddr).sum(axis=1)
        below[:, 1 : D + 1] += 2 * s[:, D + 1 :] * dr
        return below

    def wiring(self) -> np.ndarray:
        return self.node == np.arange(self.n_out)[:, None]

    def part(self, mask: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> Products:
        return Products([int(mask[j].sum()) for j in outputs])

    def expressions(self, inputs: list, number: Callable[[int], Any]) -> list:
        return [
            reduce(mul, inputs[first : first + count])
            for first, count in zip(self.start, self.arity, strict=True)
        ]
