"""An objective is a sum of terms: the data, and penalties on the model itself (chapter 04).

    loss(θ) = Σ_terms ½ ‖r(θ)‖²,      ∂r/∂θ = J:      gradient Jᵀr,  Gauss–Newton matrix JᵀJ

A term offers its value, its exact gradient, and, a block at a time, residuals r with their Jacobian. With the last
two a least-squares solver works, with the first two any other optimiser. Whoever has a new kind of term, such as the
residual of a differential equation, writes one class, and all optimisers can minimise it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .losses import Loss
from .network import Network, blocks, samples_last

if TYPE_CHECKING:
    from typing_extensions import Self


REMEMBERED = 2  # blocks of samples whose last pass is kept: enough for 4096 samples


class Block(NamedTuple):
    """Some of a term's residuals r (N,), with their derivatives J = ∂r/∂θ."""

    loss: float  # their share of the term's value
    rows: np.ndarray  # (p + 1, N): J, a row for each of the parameters `where`, and r as the last row
    where: slice | np.ndarray = slice(None)  # all parameters by default


class Term(ABC):
    """A part of an objective; it never changes once it is made.

    Attributes
    ----------
    is_penalty : bool
        Whether it counts for the loss only, and not for the error.
    blocks_give_gradient : bool
        Whether the exact gradient is the sum of the blocks' Jᵀr. Where it is not, because r and J stand for an
        approximation, `loss_and_gradient` is asked.
    """

    is_penalty = True
    blocks_give_gradient = True
    n = 0  # samples

    @abstractmethod
    def value(self, model: Network) -> float:
        """Compute the term."""

    @abstractmethod
    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        """Compute the term and its exact gradient (P,)."""

    @abstractmethod
    def blocks(self, model: Network) -> Iterator[Block]:
        """Yield residuals and their Jacobian, as many at a time as fit into a processor's cache."""

    def second_order(self, model: Network, step: np.ndarray, h: float) -> np.ndarray | float:
        """Compute Jᵀr″, where r″ is the residuals' second derivative along a step: (P,), or 0 where it is left out."""
        return 0.0

    def check(self, model: Network) -> None:
        """Raise an error in one sentence if the term has no meaning for this model."""

    def on(self, X: np.ndarray, weights: np.ndarray) -> Self:
        """The same term for samples X (n, n_in) with weights (n,)."""
        return self

    def part(self, samples: np.ndarray) -> Self:
        """The same term for some of the samples only."""
        return self


@dataclass(frozen=True, eq=False)
class Data(Term):
    """How far the outputs are from the targets."""

    X: np.ndarray  # (n, n_in)
    y: np.ndarray  # (n_out, n), or (n,) classes
    weights: np.ndarray  # (n,), with sum 1
    criterion: Loss
    _last: dict = field(default_factory=dict, init=False)  # of the last pass: see `passes`

    is_penalty = False

    @property
    def n(self) -> int:
        return len(self.X)

    def variance(self) -> float:
        """Compute the weighted mean square of targets (n_out, n) around their means."""
        away = self.y - (self.y @ self.weights)[:, None]
        return float((away**2 @ self.weights).mean())

    def part(self, samples: np.ndarray) -> Data:
        weights = self.weights[samples]
        return replace(self, X=self.X[samples], y=self.y[..., samples], weights=weights / weights.sum())

    def passes(self, model: Network) -> Iterator[tuple[slice, np.ndarray, list]]:
        """Go through the network, a block of samples at a time: the block, its outputs, and the layers' caches.

        What the first blocks gave is remembered until the model has changed.
        """
        if not model.is_in(self._last.get("state")):
            self._last.clear()
            self._last["state"] = model.state()
        for number, block in enumerate(blocks(self.n)):
            done = self._last.get(number) or model.forward(samples_last(self.X[block]))
            if number < REMEMBERED:
                self._last[number] = done
            yield block, *done

    def _loss_of(self, z, block):
        return self.criterion.value_and_gradient(z, self.y[..., block], self.weights[block])

    def value(self, model: Network) -> float:
        return sum(float(self._loss_of(z, block)[0]) for block, z, _ in self.passes(model))

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        return model.differentiate(self.X, self._loss_of)

    def blocks(self, model: Network) -> Iterator[Block]:
        for block, z, caches in self.passes(model):
            y, weights = self.y[..., block], self.weights[block]
            rows = np.empty((model.parameters.size + 1, *z.shape))
            model.jacobian_of(caches, self.criterion.root(z, weights), rows[:-1])
            rows[-1] = self.criterion.residuals(z, y, weights)
            yield Block(float(self._loss_of(z, block)[0]), rows.reshape(len(rows), -1))

    def second_order(self, model: Network, step: np.ndarray, h: float) -> np.ndarray:
        """Central differences of the outputs along the step; then one pass back."""
        here, gradient = model.parameters.copy(), np.zeros_like(model.parameters)
        for block, z, caches in self.passes(model):
            x = samples_last(self.X[block])
            model.parameters[:] = here + h * step
            ahead, _ = model.forward(x, caches[0])
            model.parameters[:] = here - h * step
            behind, _ = model.forward(x, caches[0])
            model.parameters[:] = here
            second = (ahead + behind - 2 * z) / h**2
            upstream = self.criterion.hessian_product(z, second, self.weights[block])
            model.propagate(caches, upstream, gradient, wants_x=False)
        return gradient
