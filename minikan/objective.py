"""A model, its samples and a loss make an objective: what an optimiser sees of them (chapter 04).

    loss(θ),   ∇loss(θ),   H = Jᵀ (∂²loss/∂z²) J,   and how the outputs z bend along a step

A penalty on the model itself, as chapter 06 has one, comes on top of it: `loss` is the sum, `error` leaves it out.

The samples go through the network a block at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_generator, as_numbers, as_samples
from .losses import Loss
from .network import Network, blocks, samples_last
from .sparsity import Sparsity


@dataclass
class Objective:
    """A model and its samples as the optimisers see them: parameters, loss and derivatives."""

    model: Network
    X: np.ndarray  # (n, n_in)
    y: np.ndarray  # (n_out, n), or (n,) classes
    weights: np.ndarray  # (n,), with sum 1
    criterion: Loss
    penalty: Sparsity | None = None
    evaluations: float = 0.0
    known: tuple = field(default=(None, None, None))  # parameters, and error and loss there

    @property
    def parameters(self) -> np.ndarray:
        return self.model.parameters

    @parameters.setter
    def parameters(self, values: np.ndarray) -> None:
        self.model.parameters[:] = values

    def part(self, samples: np.ndarray) -> Objective:
        """Make the same objective with some of the samples only."""
        X, y, weights = self.X[samples], self.y[..., samples], self.weights[samples]
        return Objective(self.model, X, y, weights / weights.sum(), self.criterion, self.penalty)

    def judge(self, z: np.ndarray, block: slice) -> tuple[float, np.ndarray]:
        """Compute the share of a slice of samples in the loss, and its gradient in their outputs z."""
        return self.criterion.judge(z, self.y[..., block], self.weights[block])

    def loss(self) -> float:
        return self._look()[1]

    def error(self) -> float:
        """Compute the loss without the penalty."""
        return self._look()[0]

    def _look(self):
        parameters, *known = self.known
        if parameters is None or not np.array_equal(parameters, self.parameters):
            self.evaluations += 1
            error = loss = 0.0
            for block in blocks(len(self.X)):
                z, _ = self.model.forward(samples_last(self.X[block]))
                error += float(self.judge(z, block)[0])
            if self.penalty:
                loss = self.penalty.value(self.penalty.sizes(self.model, self.X, self.weights))
            known = error, error + loss
            self.known = self.parameters.copy(), *known
        return known

    def loss_and_gradient(self) -> tuple[float, np.ndarray]:
        self.evaluations += 1
        loss, gradient = self.model.differentiate(self.X, self.judge)
        if self.penalty:
            loss += self.penalty.add(self.model, self.X, self.weights, gradient)
        return loss, gradient

    def linearised(self) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """Yield, a block of samples at a time, their loss, their residuals r (N,) and SᵀJ of shape (P, N)."""
        self.evaluations += 1
        for block in blocks(len(self.X)):
            y, weights = self.y[..., block], self.weights[block]
            z, jacobian = self.model.linearise(samples_last(self.X[block]))
            root = self.criterion.rooted(jacobian, z, weights).reshape(len(jacobian), -1)
            yield self.judge(z, block)[0], self.criterion.residuals(z, y, weights).ravel(), root

    def curvature(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Compute loss, gradient (P,) and Gauss–Newton matrix (P, P)."""
        P = self.parameters.size
        loss, gradient, matrix = 0.0, np.zeros(P), np.zeros((P, P))
        for share, residuals, root in self.linearised():
            loss += float(share)
            gradient += root @ residuals
            matrix += root @ root.T
        if self.penalty:
            loss += self.penalty.add(self.model, self.X, self.weights, gradient, matrix)
        return loss, gradient, matrix

    def triangle(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Compute loss, R (P, P) and q (P,), with RᵀR the Gauss–Newton matrix and Rᵀq the gradient.

        The QR decomposition of (SᵀJ)ᵀ with r as one column more: of the rows so far only the triangle is kept.
        """
        P = self.parameters.size
        loss, rows = 0.0, np.zeros((P, P + 1))
        for share, residuals, root in self.linearised():
            loss += float(share)
            rows = np.linalg.qr(np.concatenate([rows, np.vstack([root, residuals]).T]), mode="r")
        return loss, rows[:P, :P], rows[:P, P]

    def bend(self, step: np.ndarray, h: float = 0.1) -> np.ndarray:
        """Compute Jᵀ (∂²loss/∂z²) z'', where z'' is the outputs' second derivative along a step: (P,)."""
        self.evaluations += 3
        here, gradient = self.parameters.copy(), np.zeros_like(self.parameters)
        for block in blocks(len(self.X)):
            x = samples_last(self.X[block])
            self.parameters = here + h * step
            bent, _ = self.model.forward(x)
            self.parameters = here - h * step
            bent += self.model.forward(x)[0]
            self.parameters = here
            z, caches = self.model.forward(x)
            upstream = self.criterion.curve(z, (bent - 2 * z) / h**2, self.weights[block])
            self.model.propagate(caches, upstream, gradient, wants_x=False)
        return gradient


def batches(objective: Objective, size: int, seed: int | np.random.Generator) -> Iterator[Objective]:
    """Yield the objective with `size` samples at a time, in ever new orders."""
    rng, n = as_generator(seed), len(objective.X)
    while True:
        order = rng.permutation(n)
        for start in range(0, n, size):
            part = objective.part(order[start : start + size])
            yield part
            objective.evaluations += part.evaluations * len(part.X) / n


def as_objective(
    model: Network,
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None,
    criterion: Loss,
    name: str = "",
    penalty: Sparsity | None = None,
) -> Objective:
    """Check samples, targets and weights and bind them to the model."""
    X = as_samples(X, model.widths[0], f"{name}X")
    n = len(X)
    y = criterion.targets(y, n, model.widths[-1], f"{name}y")
    weights = as_numbers(np.ones(n) if weights is None else weights, "sample_weight")
    if weights.shape != (n,) or (weights < 0).any() or not weights.any():
        raise ValueError(f"sample_weight must hold {n} numbers, none negative and not all of them zero")
    weights = weights / weights.max()  # their sum may overflow
    return Objective(model, X, y, weights / weights.sum(), criterion, penalty)
