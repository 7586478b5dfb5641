"""Least squares has more to give than a gradient (chapter 04).

Where the loss is a sum of squared residuals, their Jacobian J gives its gradient Jᵀr, and JᵀJ, its curvature but for
a term that vanishes with the residuals. A step that uses both is worth thousands down the gradient.
"""

from __future__ import annotations

import contextlib

import numpy as np

from .objective import Objective
from .optimizers import Optimizer
from .terms import Block

FEW = 200  # parameters, for which two full solutions are faster than a Cholesky decomposition and substitutions


class LevenbergMarquardt(Optimizer):
    """Solve the linearised least-squares problem, as far as the linearisation can be trusted.

        (H + μ I) δ = -∇loss,       H = JᵀJ        the Gauss–Newton matrix of the residuals r
        (H + μ I) a = -Jᵀr″                        r″: the second derivative of r along δ
        θ ← θ + δ + a / 2

    A small damping μ gives the Gauss–Newton step, a large one a short step down the gradient. The gain
    ratio, actual over predicted decrease of the loss, tells which of them was right: μ shrinks after
    a good step and grows after a rejected one, which is undone. So the loss never rises. The second line, geodesic
    acceleration, follows a long narrow valley that is curved, where straight steps have to be short.

    Parameters
    ----------
    damping : float
        First μ, relative to the largest diagonal entry of H. 1 begins with careful steps; 1e-3 is faster near
        a solution, and is caught more often by a bad minimum far from it (chapter 04).
    acceleration : bool
        Follow the curved valley. It costs three passes through the samples, but no Jacobian.
    orthogonal : bool
        Solve with a QR decomposition of J instead of forming H: rounding errors grow with the
        condition of J, and not with its square. Several times slower.

    References
    ----------
    K. Levenberg, Q. Appl. Math. 2 (1944) 164; D. W. Marquardt, J. SIAM 11 (1963) 431. Update of μ: H. B.
    Nielsen, IMM-REP-1999-05, with a faster decrease. Acceleration: M. Transtrum and J. Sethna, arXiv 1201.5885.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, LevenbergMarquardt, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> run = fit(KAN([1, 1]), x, np.sin(3 * x), optimizer=LevenbergMarquardt(damping=1e-3), steps=5)
    >>> bool(run.rmse[-1] < 0.01)
    True
    """

    second_order = True
    tries = 30  # rejected steps in a row after which there is no way down
    longest_second = 0.75  # of the acceleration's length to the step's, beyond which the step is too long

    def __init__(self, damping: float = 1.0, acceleration: bool = True, orthogonal: bool = False) -> None:
        self.damping, self.acceleration, self.orthogonal = damping, acceleration, orthogonal
        self.restart()

    def restart(self) -> None:
        """Begin with the first damping again."""
        self.mu: float | None = None

    def move(self, objective: Objective) -> bool:
        """Take one step down; False, and nothing moved, if there is none."""
        local = Triangle(*objective.triangle()) if self.orthogonal else Quadratic(*objective.curvature())
        if not local.gradient.any():
            return False
        if self.mu is None:
            self.mu = self.damping * local.diagonal.max()
        prior = objective.prior(objective.model, objective.n, local.loss, local.diagonal) if objective.prior else None
        for block in prior.blocks(objective.model) if prior else ():
            local.add(block)
        start, growth = objective.parameters.copy(), 2.0
        for _ in range(self.tries):
            self.mu = max(self.mu, local.smallest)
            step = local.damp(self.mu)
            second = -local.solve(objective.second_order(step)) if self.acceleration else 0.0 * step
            predicted = local.decrease(step)
            objective.parameters[:] = start + step + 0.5 * second
            actual = local.loss - objective.loss() - (prior.value(objective.model) if prior else 0.0)
            trusted = np.linalg.norm(second) <= self.longest_second * np.linalg.norm(step)
            if trusted and predicted > 0 and actual > 0:
                self.mu *= max(1 / 10, 1 - (2 * actual / predicted - 1) ** 3)
                return True
            objective.parameters[:] = start
            self.mu, growth = self.mu * growth, growth * 2
        return False


class Quadratic:
    """The loss near a point: loss + gradientᵀδ + δᵀHδ / 2."""

    def __init__(self, loss: float, gradient: np.ndarray, matrix: np.ndarray) -> None:
        self.loss, self.gradient, self.matrix = loss, gradient, matrix
        self.diagonal = matrix.diagonal().copy()
        self.smallest = 1e-15 * self.diagonal.max()  # with less damping rounding would make the system singular

    def add(self, block: Block) -> None:
        """Add residuals of some parameters."""
        products, where = block.rows @ block.rows.T, block.where
        self.loss += block.loss
        self.gradient[where] += products[-1, :-1]
        self.matrix[np.ix_(where, where)] += products[:-1, :-1]

    def damp(self, mu: float) -> np.ndarray:
        """Prepare H + μ I for `solve`, and find the step."""
        self.damped, self.L = self.matrix.copy(), None
        self.damped.flat[:: len(self.damped) + 1] += mu
        if len(self.damped) > FEW:
            with contextlib.suppress(np.linalg.LinAlgError):  # but for rounding it is positive definite
                self.L = np.linalg.cholesky(self.damped)
        return -self.solve(self.gradient)

    def solve(self, vector: np.ndarray) -> np.ndarray:
        """Solve (H + μ I) x = vector."""
        if self.L is None:
            return np.linalg.solve(self.damped, vector)
        y = substitute(self.L, vector)  # L y = vector, and then Lᵀ x = y, from its end
        return substitute(self.L.T[::-1, ::-1], y[::-1])[::-1]

    def decrease(self, step: np.ndarray) -> float:
        """Predict how far the loss falls."""
        return -(self.gradient + 0.5 * (self.matrix @ step)) @ step


class Triangle:
    """The same with the triangle R and the vector q of a QR decomposition: H = RᵀR, gradient = Rᵀq + extra."""

    def __init__(self, loss: float, R: np.ndarray, q: np.ndarray, extra: np.ndarray) -> None:
        self.loss, self.R, self.q, self.extra = loss, R, q, extra
        self.gradient = R.T @ q + extra
        self.diagonal = (R * R).sum(axis=0)
        self.smallest = 1e-22 * self.diagonal.max()

    def add(self, block: Block) -> None:
        """Add residuals of some parameters."""
        P = len(self.q)
        rows = np.zeros((block.rows.shape[1], P + 1))
        rows[:, np.append(block.where, P)] = block.rows.T
        rows = np.linalg.qr(np.concatenate([np.column_stack([self.R, self.q]), rows]), mode="r")
        self.loss, self.R, self.q = self.loss + block.loss, rows[:P, :P], rows[:P, P]
        self.gradient = self.R.T @ self.q + self.extra

    def damp(self, mu: float) -> np.ndarray:
        """Prepare RᵀR + μ I for `solve`, and find the step, without ever forming Rᵀq: R and √μ I are one triangle."""
        P = len(self.q)
        rows = np.zeros((2 * P, P + 1))
        rows[:P, :P], rows[:P, P] = self.R, self.q
        np.fill_diagonal(rows[P:], np.sqrt(mu))
        rows = np.linalg.qr(rows, mode="r")
        self.damped = rows[:P, :P]
        step = -np.linalg.solve(self.damped, rows[:P, P])
        return step - self.solve(self.extra) if self.extra.any() else step

    def solve(self, vector: np.ndarray) -> np.ndarray:
        """Solve (RᵀR + μ I) x = vector."""
        return np.linalg.solve(self.damped, np.linalg.solve(self.damped.T, vector))

    def decrease(self, step: np.ndarray) -> float:
        """Predict how far the loss falls."""
        change = self.R @ step
        return -(self.q + 0.5 * change) @ change - self.extra @ step


def substitute(L: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solve L x = b for a lower triangle L, one half after the other."""
    if len(b) <= 64:
        return np.linalg.solve(L, b)
    half = len(b) // 2
    x = substitute(L[:half, :half], b[:half])
    return np.concatenate([x, substitute(L[half:, half:], b[half:] - L[half:, :half] @ x)])
