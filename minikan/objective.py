"""A model and a sum of terms make an objective: what an optimiser sees of them (chapter 04).

    loss(θ),   ∇loss(θ),   H = JᵀJ,   and Jᵀr″, how the residuals curve along a step

`loss` is the sum of all terms; `error` leaves the penalties out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .losses import Loss
from .network import Network
from .terms import Block, Data, Term
from .validation import as_generator, as_numbers, as_samples


class Objective:
    """A model and what it is trained to make small: parameters, loss and derivatives.

    Attributes
    ----------
    evaluations : float
        How often each sample has been looked at: passes for a loss, a gradient or a Jacobian.
    prior : callable, optional
        What Levenberg–Marquardt adds while it takes a step, as prior(model, n, loss, diagonal of JᵀJ): `SmoothPrior`.
    whole : Objective
        The objective that this is a part of; itself, if it is none.
    """

    def __init__(self, model: Network, terms: Sequence[Term], whole: Objective | None = None) -> None:
        self.model, self.terms, self.whole, self.evaluations = model, tuple(terms), whole or self, 0.0
        self.prior: Callable | None = None
        self._known: tuple = (None, (), 0.0, 0.0)  # state of the model, terms, and error and penalty there

    @property
    def parameters(self) -> np.ndarray:
        return self.model.parameters

    @parameters.setter
    def parameters(self, values: np.ndarray) -> None:
        self.model.parameters[:] = values

    @property
    def n(self) -> int:
        """The number of samples, over all terms that have any."""
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
        """Compute error and penalty, unless neither model nor terms have changed since they were computed."""
        state, terms, *values = self._known
        if terms is not self.terms or not self.model.is_in(state):
            self.evaluations += 1
            values = [0.0, 0.0]
            for term in self.terms:
                values[term.is_penalty] += term.value(self.model)
            self._known = (self.model.state(), self.terms, *values)
        return values

    def loss_and_gradient(self) -> tuple[float, np.ndarray]:
        self.evaluations += 1
        parts = [term.loss_and_gradient(self.model) for term in self.terms]
        return sum(loss for loss, _ in parts), np.sum([gradient for _, gradient in parts], axis=0)

    def _blocks(self) -> Iterator[tuple[Block, bool]]:
        """Yield all terms' blocks, and whether loss and gradient are to be taken from them."""
        self.evaluations += 1
        for term in self.terms:
            for block in term.blocks(self.model):
                yield block, term.blocks_give_gradient

    def _others(self) -> tuple[float, np.ndarray]:
        """Compute loss and gradient of those terms whose blocks do not give them."""
        parts = [term.loss_and_gradient(self.model) for term in self.terms if not term.blocks_give_gradient]
        return sum(loss for loss, _ in parts), sum((gradient for _, gradient in parts), np.zeros(self.parameters.size))

    def curvature(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Compute loss, gradient (P,) and Gauss–Newton matrix (P, P)."""
        loss, gradient = self._others()
        P = gradient.size
        products = np.zeros((P + 1, P + 1))  # of J with r as one row more, and itself: JJᵀ, and Jr in the last row
        for block, counts in self._blocks():
            loss += block.loss if counts else 0.0
            if isinstance(block.where, slice):
                products += block.rows @ block.rows.T
            else:
                where = np.append(block.where, P)
                products[np.ix_(where, where)] += block.rows @ block.rows.T
        return loss, gradient + products[P, :P], products[:P, :P]

    def triangle(self) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """Compute loss, R (P, P), q (P,) and extra (P,): JᵀJ = RᵀR, and the gradient is Rᵀq + extra.

        R and q come from a QR decomposition of J with r as one more column, block by block. The rest of
        the gradient belongs to terms whose blocks do not give it.
        """
        loss, extra = self._others()
        P = extra.size
        triangle = np.zeros((P, P + 1))
        for block, counts in self._blocks():
            loss += block.loss if counts else 0.0
            rows = np.zeros((block.rows.shape[1], P + 1))
            rows[:, np.append(np.arange(P)[block.where], P)] = block.rows.T
            triangle = np.linalg.qr(np.concatenate([triangle, rows]), mode="r")
        return loss, triangle[:P, :P], triangle[:P, P], extra

    def second_order(self, step: np.ndarray, h: float = 0.1) -> np.ndarray:
        """Compute Jᵀr″, where r″ is the residuals' second derivative along a step: (P,)."""
        self.evaluations += 3
        return np.zeros(step.size) + sum(term.second_order(self.model, step, h) for term in self.terms)


def batches(objective: Objective, size: int, seed: int | np.random.Generator) -> Iterator[Objective]:
    """Yield the objective with `size` samples at a time, in ever new orders."""
    rng, n = as_generator(seed), objective.n
    while True:
        order = rng.permutation(n)
        for start in range(0, n, size):
            part = objective.part(order[start : start + size])
            yield part
            objective.evaluations += part.evaluations * part.n / n


def as_data(
    model: Network, X: ArrayLike, y: ArrayLike, weights: ArrayLike | None, criterion: Loss, name: str = ""
) -> Data:
    """Check samples, targets and weights, and make a term of them."""
    X = as_samples(X, model.widths[0], f"{name}X")
    n = len(X)
    y = criterion.targets(y, n, model.widths[-1], f"{name}y")
    weights = as_numbers(np.ones(n) if weights is None else weights, "sample_weight")
    if weights.shape != (n,) or (weights < 0).any() or not weights.any():
        raise ValueError(f"sample_weight must hold {n} numbers, none negative and not all of them zero")
    weights = weights / weights.max()  # their sum may overflow
    return Data(X, y, weights / weights.sum(), criterion)


def as_objective(
    model: Network,
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None,
    criterion: Loss,
    name: str = "",
    penalties: Sequence[Term] = (),
) -> Objective:
    """Check samples, targets and weights, and make an objective of them and of penalties."""
    data = as_data(model, X, y, weights, criterion, name)
    for penalty in penalties:
        penalty.check(model)
    return Objective(model, [data, *(penalty.on(data.X, data.weights) for penalty in penalties)])
