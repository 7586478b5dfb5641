"""A model and a sum of terms make an objective: what an optimiser sees of them (chapter 04).

loss(θ),   ∇loss(θ),   JᵀJ,   and Jᵀr″, r″ the second derivative of the residuals r along a step
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .losses import Loss
from .network import Network
from .terms import Block, Data, Term
from .validation import as_generator, as_numbers, as_samples


class Objective:
    """A model and what it is trained to make small: parameters (P,), loss and derivatives."""

    def __init__(self, model: Network, terms: Sequence[Term], whole: Objective | None = None) -> None:
        self.model, self.terms, self.whole = model, tuple(terms), whole or self  # whole: with all samples
        self.evaluations = 0.0  # passes through all samples so far, for a loss, a gradient or a Jacobian
        self.prior: Callable | None = (
            None  # (model, n, loss, diagonal of JᵀJ) → what Levenberg–Marquardt adds
        )
        self._known: tuple = (None, (), 0.0, 0.0)  # state of the model, terms, and error and penalty there

    @property
    def parameters(self) -> np.ndarray:
        return self.model.parameters

    @parameters.setter
    def parameters(self, values: np.ndarray) -> None:
        self.model.parameters[:] = values

    @property
    def n(self) -> int:
        return sum(term.n for term in self.terms)

    def part(self, samples: np.ndarray) -> Objective:
        """Make the same objective with some of the samples only."""
        return Objective(self.model, [term.part(samples) for term in self.terms], self.whole)

    def loss(self) -> float:
        """Compute the sum of all terms."""
        return sum(self._values())

    def error(self) -> float:
        """Compute the loss without the penalties."""
        return self._values()[0]

    def _values(self):
        """Compute error and penalty, unless neither model nor terms have changed since the last time."""
        state, terms, *values = self._known
        if terms is not self.terms or not self.model.is_in(state):
            values, self.evaluations = [0.0, 0.0], self.evaluations + 1
            for term in self.terms:
                values[term.is_penalty] += term.value(self.model)
            self._known = (self.model.state(), self.terms, *values)
        return values

    def loss_and_gradient(self, terms: Iterable[Term] | None = None) -> tuple[float, np.ndarray]:
        """Compute loss and gradient (P,) of all terms, or of some."""
        self.evaluations += 1
        loss, gradient = 0.0, np.zeros(self.parameters.size)
        for term in self.terms if terms is None else terms:
            value, slope = term.loss_and_gradient(self.model)
            loss, gradient = loss + value, gradient + slope
        return loss, gradient

    def _linearised(self):
        """Return loss and gradient of the terms whose blocks do not give them, and the blocks of all terms."""
        blocks = (block for term in self.terms for block in term.blocks(self.model))
        return *self.loss_and_gradient(term for term in self.terms if not term.blocks_give_gradient), blocks

    def curvature(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Compute loss, gradient (P,) and Gauss–Newton matrix JᵀJ (P, P)."""
        loss, gradient, blocks = self._linearised()
        matrix = np.zeros((gradient.size, gradient.size))
        for block in blocks:
            loss += block.loss
            add_products(gradient, matrix, block)
        return loss, gradient, matrix

    def triangle(self) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """Compute loss, R (P, P), q (P,) and extra (P,): JᵀJ = RᵀR, and the gradient is Rᵀq + extra."""
        loss, extra, blocks = self._linearised()
        R, q = np.zeros((extra.size, extra.size)), np.zeros(extra.size)
        for block in blocks:
            loss += block.loss
            R, q = add_rows(R, q, block)
        return loss, R, q, extra

    def second_order(self, step: np.ndarray, h: float = 0.1) -> np.ndarray:
        """Compute Jᵀr″ (P,), where r″ is the residuals' second derivative along a step (P,)."""
        self.evaluations += 3
        return np.zeros(step.size) + sum(term.second_order(self.model, step, h) for term in self.terms)


def add_products(gradient: np.ndarray, matrix: np.ndarray, block: Block) -> None:
    """Add a block's Jᵀr to a gradient (P,), and its JᵀJ to a matrix (P, P)."""
    products, where = block.rows @ block.rows.swapaxes(-1, -2), block.where
    gradient[where] += products[..., -1, :-1]
    both = (where, where) if isinstance(where, slice) else (where[..., :, None], where[..., None, :])
    matrix[both] += products[..., :-1, :-1]


def add_rows(R: np.ndarray, q: np.ndarray, block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Add a block to a QR decomposition of J with the column r: R (P, P) and q (P,), the part of Qᵀr that matters."""
    sets = zip(block.rows, block.where, strict=True) if block.rows.ndim == 3 else [block[1:]]  # type: ignore[arg-type]
    stack = [np.column_stack([R, q])]
    for rows, where in sets:
        stack.append(np.zeros((rows.shape[1], len(q) + 1)))
        stack[-1][:, :-1][:, where], stack[-1][:, -1] = rows[:-1].T, rows[-1]
    rows = np.linalg.qr(np.vstack(stack), mode="r")
    return rows[: len(q), :-1], rows[: len(q), -1]


def batches(objective: Objective, size: int, seed: int | np.random.Generator) -> Iterator[Objective]:
    """Yield the objective with `size` samples at a time, in a new order in each pass."""
    rng, n = as_generator(seed), objective.n
    while True:
        order = rng.permutation(n)
        for start in range(0, n, size):
            part = objective.part(order[start : start + size])
            yield part
            objective.evaluations += part.evaluations * part.n / n


def as_objective(
    model: Network,
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None,
    criterion: Loss,
    name: str = "",
    penalties: Iterable[Term] = (),
) -> Objective:
    """Check samples, targets and weights, and make an objective of them and of penalties."""
    X = as_samples(X, model.widths[0], f"{name}X")
    y = criterion.targets(y, len(X), model.widths[-1], f"{name}y")
    weights = as_numbers(np.ones(len(X)) if weights is None else weights, "sample_weight")
    if weights.shape != (len(X),) or (weights < 0).any() or not weights.any():
        raise ValueError(f"sample_weight must hold {len(X)} numbers, none negative and not all of them zero")
    if not weights.all():  # a sample without weight has no say in grids, priors and mini-batches, either
        X, y, weights = X[weights > 0], y[..., weights > 0], weights[weights > 0]
    weights = weights / weights.max()  # their sum may overflow
    weights /= weights.sum()
    for penalty in penalties:
        penalty.check(model)
    data = Data(X, y, weights, criterion)
    return Objective(model, [data, *(each.on(X, weights, data.unit()) for each in penalties)])
