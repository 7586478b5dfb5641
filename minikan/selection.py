"""Choose smoothness, cells and optimiser by what the samples say (chapters 04 and 05; the paper, section 2.4).

    loss + λ Σ_curves ‖D w‖²       λ = σ² / (n τ²):    noise σ, n residuals, and curves as rough as τ

Both are estimated. Without noise λ falls to zero, and cells are halved while the expected error on new samples falls.
"""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np

from .grids import refine
from .history import History
from .kan import KAN
from .levenberg_marquardt import LevenbergMarquardt
from .losses import LOSSES
from .objective import as_objective
from .optimizers import LBFGS, Optimizer
from .penalties import Roughness
from .training import as_optimizer, fit

SMOOTH = 0.03  # λ of the first round: smooth curves come first
WAVY, POOR = 1e-6, 0.7  # λ that lets fast waves be, tried where at least so much of the variance is left
ROUND = 5  # Levenberg–Marquardt steps between two estimates of λ
WARM = 1e-3  # damping behind the first round
WORTH = 7  # steps of L-BFGS reach what one of Levenberg–Marquardt does; measured with 2 to 100 inputs
PASS = 130  # products per weight and residual that take as long as a step of L-BFGS; measured
SETTLED = 0.9  # of the loss is left after a round, at least: more of them are not worth it
ENOUGH = 20  # samples per parameter tell whether a grid is worth it
GAIN = 0.8  # of the expected error is left, at most, where a finer grid is worth it
AT_ONCE = 1000  # parameters whose matrix is inverted as a whole; of more, those of single curves …
FEW = 1000  # … on so many samples
LEAST = 0.05  # of the residuals' freedom is left to noise, at least
LIMITS = 1e-16, 1e3  # of λ


class Choice(NamedTuple):
    """A trained model, the λ that suits it, the error expected on new samples, and the history of its last round."""

    model: KAN
    strength: float
    expected: float
    history: History


def by_size(parameters: int, residuals: int) -> Optimizer:
    """Take L-BFGS where it takes less time than the P² N + P³ products of a step of Levenberg–Marquardt."""
    products = parameters**2 * (residuals + parameters)
    return LevenbergMarquardt() if products <= WORTH * PASS * parameters * residuals else LBFGS()


class Selection:
    """Trains networks on samples X (n, n_in), y and weights (n,).

    Optimiser and roughness λ are chosen where they are None. `steps` of Levenberg–Marquardt, or WORTH times as many
    others, are the most for one grid. An interrupt is raised.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weights: np.ndarray,
        loss: str,
        rng: np.random.Generator,
        *,
        steps: int,
        optimizer: str | Optimizer | None,
        roughness: float | None,
    ) -> None:
        order = rng.permutation(len(X))  # so that the first samples are like all
        self.X, self.y, self.weights = X[order], y[order], weights[order]
        self.loss, self.rng = loss, rng
        self.steps, self.optimizer, self.roughness = steps, optimizer, roughness

    def run(self, model: KAN, starts: int, finer: bool) -> Choice:
        """Train a model, and with `finer` others on finer grids: return the best for new samples.

        Grids are compared on as many samples as they need. They grow to 4 √n parameters: a step takes time n² at most.
        """
        strength = SMOOTH if self.roughness is None else self.roughness
        sizes, n, best = 4 * np.sqrt(self.y.size), len(self.X), None
        worst = self.y.var() if self.loss == "mse" else np.inf
        while True:
            some = min(n, ENOUGH * model.parameters.size) if finer else n
            rough = KAN.from_layers(model.layers)
            found = self.train(model, some, strength, starts, warm=best is not None)
            if best and self.roughness is None and found.expected > POOR * worst:  # are there fast waves?
                found = min(
                    found, self.train(rough, some, WAVY, 1, warm=False), key=lambda each: each.expected
                )
            if best is None or found.expected < GAIN * best[0].expected:
                best = found, some
            model, strength, starts = found.model, found.strength, 1
            model = refine(model, 2 * model.layers[0].basis.grid)
            if not finer or model.parameters.size > sizes:
                break
        choice, some = best
        if some < n:
            choice = self.train(choice.model, n, choice.strength * some / n, 1, warm=True)
        return choice

    def train(self, model: KAN, n: int, strength: float, starts: int, warm: bool) -> Choice:
        """Train a model in place on the first n samples, in rounds of a few steps if λ has to be found."""
        X, y, weights = self.X[:n], self.y[:n], self.weights[:n]
        chosen = self.optimizer
        chosen = by_size(model.parameters.size, y.size) if chosen is None else as_optimizer(chosen)
        left, worth = self.steps, 1 if chosen.second_order else WORTH
        while True:
            if warm and self.optimizer is None and chosen.second_order:
                chosen = LevenbergMarquardt(WARM)
            now = min(left, ROUND) if self.roughness is None and starts == 1 else left
            options: dict[str, Any] = dict(
                steps=now * worth, starts=starts, loss=self.loss, sample_weight=weights, seed=self.rng
            )
            penalty = Roughness(strength)
            history = fit(model, X, y, optimizer=copy(chosen), penalty=penalty, progress=False, **options)
            if history.stopped == "interrupted":
                raise KeyboardInterrupt
            objective = as_objective(model, X, y, weights, LOSSES[self.loss](), penalties=[penalty])
            likely, expected = evidence(objective, y.size)
            left, starts, warm = left - now, 1, True
            if self.roughness is not None:
                return Choice(model, strength, expected, history)
            fell = 1 - history.loss[-1] / max(history.loss[0], 1e-300)
            settled = 0.5 < likely / strength < 2 and fell < (1 - SETTLED) / worth
            if settled or left < 1:
                return Choice(model, likely, expected, history)
            strength = likely


def evidence(objective: Any, n: int) -> tuple[float, float]:
    """Estimate λ, and the error on new samples, from n residuals (D. MacKay, *Bayesian interpolation*, 1992).

    τ² = ‖D w‖² / γ and σ² = n error / (n - γ), or 1/2 for cross-entropy, where γ counts the weights that the samples
    determine: all, less the share of the penalty in their covariances. The expected error is that of generalised
    cross-validation, for cross-entropy of Akaike's criterion.
    """
    model, (data, penalty) = objective.model, objective.terms
    curves = list(penalty.curves(model))
    gamma, squares, at_once = float(model.parameters.size), 0.0, model.parameters.size <= AT_ONCE
    if at_once and curves:
        matrix = objective.curvature()[2]
        matrix.flat[:: len(matrix) + 1] += 1e-13 * matrix.diagonal().max()
        inverse = np.linalg.inv(matrix)
    elif curves:
        blocks = data.part(np.arange(min(data.n, FEW))).blocks(model)
        rows = np.concatenate([block.rows[:-1] for block in blocks], axis=1)
    for places, D in curves:  # (curves, m), (rows, m)
        prior = 2 * penalty.strength * D.T @ D
        if at_once:
            covariances = inverse[places[:, :, None], places[:, None]]  # (curves, m, m)
        else:
            covariances = np.linalg.inv(rows[places] @ rows[places].swapaxes(1, 2) + prior)
        gamma -= float((covariances * prior).sum())
        squares += float(((model.parameters[places] @ D.T) ** 2).sum())
    error, left = objective.error(), max(1 - gamma / n, LEAST)
    variance, expected = error / left, error / left**2
    if not data.criterion.is_quadratic:
        variance, expected = 0.5, error + gamma / n
    return float(np.clip(variance * gamma / max(n * squares, 1e-300), *LIMITS)), expected
