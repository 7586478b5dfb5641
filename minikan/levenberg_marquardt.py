"""Levenberg–Marquardt: least squares with residuals and their Jacobian (chapter 04).

loss = ½ ‖r‖²,   J = ∂r/∂θ:      ∇loss = Jᵀr,   Hessian = JᵀJ + a part that vanishes with the residuals r
"""

from __future__ import annotations

import contextlib

import numpy as np

from .objective import Objective, add_products, add_rows
from .optimizers import Optimizer
from .terms import Block

FEW = 200  # parameters: up to here two calls of `solve` are faster than Cholesky and two substitutions


class LevenbergMarquardt(Optimizer):
    """Solve the linearised least-squares problem, with a damping that keeps the step short enough.

        (H + μ I) δ = -∇loss,       H = JᵀJ        the Gauss–Newton matrix of the residuals r
        (H + μ I) a = -Jᵀr″                        r″: the second derivative of r along δ
        θ ← θ + δ + a / 2

    A small damping μ gives the Gauss–Newton step, a large one a short step against the gradient. A step that raises the
    loss is undone, and μ grows; else μ changes with the gain ratio, the actual over the predicted decrease of the loss.
    The second line, geodesic acceleration, bends the step along a curved valley.

    Parameters
    ----------
    damping : float
        First μ, over the largest diagonal entry of H. 1e-3 is faster, but ends in bad minima more often.
    acceleration : bool
        Whether to add a / 2, at the cost of three passes through the samples.
    orthogonal : bool
        Use a QR decomposition of J instead of JᵀJ: smaller rounding errors, several times slower.

    References
    ----------
    K. Levenberg, Q. Appl. Math. 2 (1944) 164; D. W. Marquardt, J. SIAM 11 (1963) 431. Update of μ: H. B.
    Nielsen, IMM-REP-1999-05, with a faster decrease. Acceleration: M. Transtrum and J. Sethna, arXiv 1201.5885.

    Examples
    --------
    >>> from minikan import KAN, LevenbergMarquardt, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> bool(fit(KAN([1, 1]), x, np.sin(3 * x), optimizer=LevenbergMarquardt(1e-3), steps=5).rmse[-1] < 0.01)
    True
    """

    second_order = True
    tries = 30  # rejected steps in a row, after which there is no way down
    longest_second = 0.75  # the largest ‖a‖ / ‖δ‖ of a step that is accepted

    def __init__(self, damping: float = 1.0, acceleration: bool = True, orthogonal: bool = False) -> None:
        self.damping, self.acceleration, self.orthogonal = damping, acceleration, orthogonal
        self.restart()

    def restart(self) -> None:
        self.mu: float | None = None  # set in the first step

    def move(self, objective: Objective) -> bool:
        local = Triangle(*objective.triangle()) if self.orthogonal else Quadratic(*objective.curvature())
        if not local.gradient.any():
            return False
        if self.mu is None:
            self.mu = self.damping * local.diagonal.max()
        prior = objective.prior and objective.prior(objective.model, objective.n, local.loss, local.diagonal)
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
    """The loss near a point: loss + gradientᵀδ + δᵀHδ / 2, gradient (P,), H (P, P)."""

    def __init__(self, loss: float, gradient: np.ndarray, matrix: np.ndarray) -> None:
        self.loss, self.gradient, self.matrix = loss, gradient, matrix
        self.diagonal = matrix.diagonal().copy()
        self.smallest = 1e-15 * self.diagonal.max()  # less damping could leave a singular system

    def add(self, block: Block) -> None:
        """Add residuals that depend on some of the parameters."""
        self.loss += block.loss
        add_products(self.gradient, self.matrix, block)

    def damp(self, mu: float) -> np.ndarray:
        """Prepare H + μ I for `solve`; return the step (P,)."""
        self.damped, self.L = self.matrix.copy(), None
        self.damped.flat[:: len(self.damped) + 1] += mu
        if len(self.damped) > FEW:
            with contextlib.suppress(np.linalg.LinAlgError):  # but for rounding it is positive definite
                self.L = np.linalg.cholesky(self.damped)
        return -self.solve(self.gradient)

    def solve(self, vector: np.ndarray) -> np.ndarray:
        """Solve (H + μ I) x = vector."""
        if self.L is None:
            try:
                return np.linalg.solve(self.damped, vector)
            except np.linalg.LinAlgError:  # numbers are too large: no step is trusted
                return np.full_like(vector, np.nan)
        y = substitute(self.L, vector)  # L y = vector; then Lᵀ x = y, in reversed order
        return substitute(self.L.T[::-1, ::-1], y[::-1])[::-1]

    def decrease(self, step: np.ndarray) -> float:
        """Predict the decrease of the loss."""
        return -(self.gradient + 0.5 * (self.matrix @ step)) @ step


class Triangle:
    """The same from a QR decomposition: H = RᵀR, gradient = Rᵀq + extra; R (P, P), q and extra (P,)."""

    def __init__(self, loss: float, R: np.ndarray, q: np.ndarray, extra: np.ndarray) -> None:
        self.loss, self.R, self.q, self.extra = loss, R, q, extra
        self.gradient, self.diagonal = R.T @ q + extra, (R * R).sum(axis=0)
        self.smallest = 1e-22 * self.diagonal.max()

    def add(self, block: Block) -> None:
        self.loss += block.loss
        self.R, self.q = add_rows(self.R, self.q, block)
        self.gradient = self.R.T @ self.q + self.extra

    def damp(self, mu: float) -> np.ndarray:
        damping = Block(0.0, np.sqrt(mu) * np.eye(len(self.q) + 1, len(self.q)))  # more residuals, √μ δ
        self.damped, q = add_rows(self.R, self.q, damping)
        step = -np.linalg.solve(self.damped, q)
        return step - self.solve(self.extra) if self.extra.any() else step

    def solve(self, vector: np.ndarray) -> np.ndarray:
        return np.linalg.solve(self.damped, np.linalg.solve(self.damped.T, vector))

    def decrease(self, step: np.ndarray) -> float:
        change = self.R @ step
        return -(self.q + 0.5 * change) @ change - self.extra @ step


def substitute(L: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solve L x = b, L (P, P) a lower triangle: the first half of x, then the second."""
    if len(b) <= 64:
        return np.linalg.solve(L, b)
    half = len(b) // 2
    x = substitute(L[:half, :half], b[:half])
    return np.concatenate([x, substitute(L[half:, half:], b[half:] - L[half:, :half] @ x)])
