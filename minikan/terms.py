"""An objective is a sum of terms: the data, and penalties on the model itself (chapter 04).

loss(θ) = Σ_terms ½ ‖r(θ)‖²,      ∂r/∂θ = J:      gradient Jᵀr,  Gauss–Newton matrix JᵀJ
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from .losses import Loss
from .network import Network, blocks, samples_last

REMEMBERED = 1  # blocks of samples whose last pass is kept: enough for 4096 samples


class Block(NamedTuple):
    """Some of a term's residuals r (N,), with J (N, p), their derivatives in some of the parameters."""

    loss: float  # their share of the term's value; 0 if the blocks do not give the gradient
    rows: np.ndarray  # (p + 1, N): Jᵀ, and r as the last row
    where: slice | np.ndarray = slice(None)  # places (p,) of these parameters in the model's; by default all
    # Several sets of parameters at once, none in two of them: rows (sets, p + 1, N) and where (sets, p).


def block_of_curves(coef: np.ndarray, places: np.ndarray, D: np.ndarray, weights: np.ndarray) -> Block:
    """Make a block of Σ weight |D c|²: coef and places (curves, m), D (rows, m), weights (curves,)."""
    rows = np.concatenate([np.broadcast_to(D.T, (len(coef), *D.T.shape)), (coef @ D.T)[:, None]], axis=1)
    rows *= np.sqrt(2 * weights)[:, None, None]
    return Block(0.5 * float(np.vdot(rows[:, -1], rows[:, -1])), rows, places)


class Term(ABC):
    """A part of an objective; it never changes once it is made."""

    is_penalty = True  # left out of the error
    blocks_give_gradient = True  # the exact gradient is the sum of the blocks' Jᵀr
    n = 0  # samples

    def value(self, model: Network) -> float:
        """Compute the term."""
        return self.loss_and_gradient(model)[0]

    @abstractmethod
    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        """Compute the term and its exact gradient (P,)."""

    @abstractmethod
    def blocks(self, model: Network) -> Iterator[Block]:
        """Yield residuals and their Jacobian, as many at a time as fit into a processor's cache."""

    def second_order(self, model: Network, step: np.ndarray, h: float) -> np.ndarray | float:
        """Compute Jᵀr″ (P,), r″ the residuals' second derivative along a step (P,); 0 leaves it out."""
        return 0.0

    def check(self, model: Network) -> None:  # noqa: B027 (most terms fit every model)
        """Raise an error if the term has no meaning for this model."""

    def on(self, X: np.ndarray, weights: np.ndarray, unit: float = 1.0) -> Term:
        """Make the same term for samples X (n, n_in) with weights (n,), and targets with a unit: their spread."""
        return self

    def samples(self, model: Network) -> np.ndarray:
        """Return samples (n, n_in) that grids shall follow."""
        return self.X  # type: ignore[attr-defined]

    def part(self, samples: np.ndarray) -> Term:
        """Make the same term for some of the samples only."""
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", len(self.X))

    def variance(self) -> float:
        """Compute the weighted mean square of targets (n_out, n) around their means."""
        centred = self.y - (self.y @ self.weights)[:, None]
        return float((centred**2 @ self.weights).mean())

    def unit(self) -> float:
        """Compute the targets' standard deviation; of constant targets their size, and 1 for classes."""
        if not self.criterion.is_quadratic:
            return 1.0
        with np.errstate(over="ignore"):  # `fit` tells that the first loss is infinite
            variance, square = self.variance(), float((self.y**2 @ self.weights).mean())
        return float(np.sqrt(variance if variance > 1e-24 * square else square or 1.0))

    def in_units(self, unit: float) -> Data:
        """Make the same term for targets in another unit."""
        return replace(self, y=self.y / unit)

    def part(self, samples: np.ndarray) -> Data:
        weights = self.weights[samples]
        return replace(self, X=self.X[samples], y=self.y[..., samples], weights=weights / weights.sum())

    def passes(self, model: Network) -> Iterator[tuple[slice, np.ndarray, list]]:
        """Yield blocks of samples, their outputs (n_out, n) and the layers' caches; the first ones are remembered."""
        if self._last.get("model") is not model or not model.is_in(self._last["state"]):
            self._last.clear()
            self._last.update(model=model, state=model.state())
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
            rows = np.empty((model.parameters.size + 1, *z.shape))
            model.jacobian_of(caches, self.criterion.root(z, self.weights[block]), rows[:-1])
            rows[-1] = self.criterion.residuals(z, self.y[..., block], self.weights[block])
            yield Block(float(self._loss_of(z, block)[0]), rows.reshape(len(rows), -1))

    def second_order(self, model: Network, step: np.ndarray, h: float) -> np.ndarray:
        here, gradient = model.parameters.copy(), np.zeros_like(model.parameters)
        for block, z, caches in self.passes(model):
            x, near = samples_last(self.X[block]), []  # central differences of the outputs:
            for sign in (1, -1):
                model.parameters[:] = here + sign * h * step
                near.append(model.forward(x, caches[0])[0])
            model.parameters[:] = here
            second = (near[0] + near[1] - 2 * z) / h**2
            upstream = self.criterion.hessian_product(z, second, self.weights[block])
            model.propagate(caches, upstream, gradient, wants_x=False)
        return gradient
