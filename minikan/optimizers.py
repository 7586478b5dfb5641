"""Ways downhill: follow the gradient, remember it, or solve for the step (chapter 04; paper, section 3.1).

An optimiser has one method, `step(objective)`, which moves `objective.parameters` and returns whether it
could. An objective offers its `loss()`; its `loss_and_gradient()`; its `curvature()`, that is loss,
gradient and Gauss–Newton matrix; and the same as a `triangle()`. `forget()` tells an optimiser that the
ground has changed: what it remembers of its way is void.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .objective import Objective


class Optimizer:
    """What all optimisers have in common: they stand on one point and may be told to forget."""

    stochastic = False  # can it live with a gradient from a part of the samples?

    def step(self, objective: Objective) -> bool:
        """Move `objective.parameters`; False, and nothing moved, if there is no way down."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop what was learned on the way here."""


class GradientDescent(Optimizer):
    """Steps down the gradient, all of the same rate.

        θ ← θ - rate ∇loss

    Parameters
    ----------
    learning_rate : float
        Where it exceeds 2 over the largest curvature of the loss, steps overshoot and the loss grows.

    References
    ----------
    A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées* (1847).

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, GradientDescent, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> run = fit(KAN([1, 1]), x, np.sin(3 * x), optimizer=GradientDescent(learning_rate=0.5), steps=500)
    >>> bool(run.rmse[-1] < 0.1)
    True
    """

    stochastic = True

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = learning_rate

    def step(self, objective: Objective) -> bool:
        """Take one step; it always moves."""
        objective.parameters -= self.learning_rate * objective.loss_and_gradient()[1]
        return True


class Adam(Optimizer):
    """Gradient steps, each parameter scaled by how large its gradient usually is.

    Parameters
    ----------
    learning_rate : float
        Length of a step in a parameter whose gradient is steady.
    mean_decay, square_decay : float
        How much of the running means of gradient and squared gradient is kept at each step.

    References
    ----------
    D. P. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization*, arXiv 1412.6980, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, Adam, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> run = fit(KAN([1, 1]), x, np.sin(3 * x), optimizer=Adam(learning_rate=0.1), steps=200)
    >>> bool(run.rmse[-1] < 0.05)
    True
    """

    stochastic = True

    mean: float | np.ndarray  # 0.0 before the first step
    square: float | np.ndarray

    def __init__(
        self, learning_rate: float = 1e-2, mean_decay: float = 0.9, square_decay: float = 0.999
    ) -> None:
        self.learning_rate, self.mean_decay, self.square_decay = learning_rate, mean_decay, square_decay
        self.forget()

    def forget(self) -> None:
        """Begin the running means anew."""
        self.steps, self.mean, self.square = 0, 0.0, 0.0

    def step(self, objective: Objective) -> bool:
        """Take one step; it always moves."""
        _, gradient = objective.loss_and_gradient()
        self.steps += 1
        self.mean = self.mean_decay * self.mean + (1 - self.mean_decay) * gradient
        self.square = self.square_decay * self.square + (1 - self.square_decay) * gradient**2
        mean = self.mean / (1 - self.mean_decay**self.steps)  # both began at zero: undo the bias
        square = self.square / (1 - self.square_decay**self.steps)
        objective.parameters -= self.learning_rate * mean / (np.sqrt(square) + 1e-8)
        return True


class LBFGS(Optimizer):
    """Guess the curvature from how the gradient changed in the last steps.

    A quasi-Newton step H ∇loss, where H is the inverse of the second derivative as far as the last
    `memory` pairs of moves s and changes of the gradient y tell (the two-loop recursion), and as long as a
    line search says (strong Wolfe conditions).

    Parameters
    ----------
    memory : int
        Pairs (s, y) that are remembered.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization* (2006), algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, LBFGS, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> run = fit(KAN([1, 1]), x, np.sin(3 * x), optimizer=LBFGS(memory=20), steps=50)
    >>> bool(run.rmse[-1] < 0.01)
    True
    """

    here: tuple | None  # loss and gradient, where they are known

    def __init__(self, memory: int = 10) -> None:
        self.memory = memory
        self.forget()

    def forget(self) -> None:
        """Drop all pairs."""
        self.pairs, self.here = [], None

    def step(self, objective: Objective) -> bool:
        """Take one step down; False, and nothing moved, if there is none."""
        loss, gradient = self.here or objective.loss_and_gradient()
        if not gradient.any():
            return False
        direction = -self._times_inverse(gradient)
        if not gradient @ direction < 0:  # rounding has spoilt the pairs
            self.pairs, direction = [], -gradient
        start = objective.parameters.copy()
        there: Any = None  # length, loss and gradient where `along` was last

        def along(length):
            nonlocal there
            objective.parameters[:] = start + length * direction
            there = length, *objective.loss_and_gradient()
            return there[1], there[2] @ direction

        first = 1.0 if self.pairs else min(1.0, 1 / np.abs(gradient).sum())
        length = strong_wolfe(along, loss, gradient @ direction, first)
        if length == 0:
            objective.parameters[:] = start
            pairs = bool(self.pairs)
            self.forget()
            return pairs and self.step(objective)  # perhaps the bare gradient knows better
        if there[0] != length:
            along(length)
        self.here = there[1:]
        s, y = objective.parameters - start, self.here[1] - gradient
        if s @ y > 1e-10 * np.linalg.norm(s) * np.linalg.norm(y):
            self.pairs = [*self.pairs, (s, y, 1 / (s @ y))][-self.memory :]
        return True

    def _times_inverse(self, vector):
        """Multiply by the guess of the inverse second derivative, without ever writing it down."""
        shares = []
        for s, y, scale in reversed(self.pairs):
            shares.append(scale * (s @ vector))
            vector = vector - shares[-1] * y
        if self.pairs:
            s, y, _ = self.pairs[-1]
            vector = vector * ((s @ y) / (y @ y))
        for (s, y, scale), share in zip(self.pairs, reversed(shares), strict=True):
            vector = vector + (share - scale * (y @ vector)) * s
        return vector


def strong_wolfe(
    along: Callable[[float], tuple[float, float]], loss: float, slope: float, length: float, tries: int = 25
) -> float:
    """Find how far to go in a direction: far enough, but not too far.

        along(a)[0] ≤ loss + 1e-4 a slope        the loss falls as the slope has promised, in part
        |along(a)[1]| ≤ 0.9 |slope|              and the way has become flatter

    Parameters
    ----------
    along : callable
        Returns loss and slope at a length.
    loss, slope : float
        Their values at length 0; the slope is negative.
    length : float
        The first guess.
    tries : int
        Evaluations, at most.

    Returns
    -------
    float
        A length that meets both conditions; the best one that meets the first when tries run out; 0 when
        none does.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization* (2006), algorithms 3.5 and 3.6.
    """
    low, high = (0.0, loss, slope), None  # the best point so far, and one that is known to be too far
    for _ in range(tries):
        f, d = along(length)
        if not (f < loss and f <= min(loss + 1e-4 * length * slope, low[1])):
            high = (length, f, d)
        elif abs(d) <= 0.9 * abs(slope):
            return length
        else:
            if d * (1 if high is None else high[0] - low[0]) >= 0:
                high = low
            low = (length, f, d)
        length = 2 * length if high is None else _between(low, high)
    return low[0]


def _between(low, high):
    """Find the minimum of the cubic through two points with slopes, or the middle if it is too near an end."""
    (a, f, d), (b, g, e) = low, high
    with np.errstate(all="ignore"):
        u = d + e - 3 * (g - f) / (b - a)
        root = np.sign(b - a) * np.sqrt(u * u - d * e)
        length = b - (b - a) * (e + root - u) / (e - d + 2 * root)
    margin = 0.1 * abs(b - a)
    return length if min(a, b) + margin <= length <= max(a, b) - margin else 0.5 * (a + b)


class LevenbergMarquardt(Optimizer):
    """Solve the linearised least-squares problem, as far as the linearisation can be trusted.

        (H + μ I) δ = -∇loss,       H = Jᵀ (∂²loss/∂z²) J      the Gauss–Newton matrix
        (H + μ I) b = -Jᵀ (∂²loss/∂z²) z''                     z'': how the outputs bend along δ
        θ ← θ + δ + b / 2

    A small damping μ gives the Gauss–Newton step, a large one a short step down the gradient. The gain
    ratio, actual over predicted decrease of the loss, tells which of them was right: μ shrinks after
    a good step and grows after a rejected one, which is undone. So the loss never rises. The second line
    (geodesic acceleration) follows the bend of a long narrow valley, where straight steps have to be short.

    Parameters
    ----------
    damping : float
        First μ, relative to the largest diagonal entry of H. 1 begins with careful steps; 1e-3 is faster near
        a solution, and is caught more often by a bad minimum far from it (chapter 04).
    acceleration : bool
        Follow the bend. It costs three passes through the samples, but no Jacobian.
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

    tries = 30  # rejected steps in a row after which there is no way down
    bend_limit = 0.75  # of the bend's length to the step's, beyond which the step is too long

    def __init__(self, damping: float = 1.0, acceleration: bool = True, orthogonal: bool = False) -> None:
        self.damping, self.acceleration, self.orthogonal = damping, acceleration, orthogonal
        self.mu: float | None = None

    def step(self, objective: Objective) -> bool:
        """Take one step down; False, and nothing moved, if there is none."""
        local = Triangle(*objective.triangle()) if self.orthogonal else Quadratic(*objective.curvature())
        if not local.gradient.any():
            return False
        if self.mu is None:
            self.mu = self.damping * local.largest
        start, growth = objective.parameters.copy(), 2.0
        for _ in range(self.tries):
            self.mu = max(self.mu, local.smallest)
            step = -local.solve(self.mu, local.gradient)
            bend = -local.solve(self.mu, objective.bend(step)) if self.acceleration else 0.0 * step
            predicted = local.decrease(step)
            objective.parameters[:] = start + step + 0.5 * bend
            actual = local.loss - objective.loss()
            trusted = np.linalg.norm(bend) <= self.bend_limit * np.linalg.norm(step)
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
        self.largest = matrix.diagonal().max()
        self.smallest = 1e-15 * self.largest  # with less damping rounding would make the system singular

    def solve(self, mu: float, vector: np.ndarray) -> np.ndarray:
        """Solve (H + μ I) x = vector."""
        damped = self.matrix.copy()
        damped.flat[:: len(damped) + 1] += mu
        return np.linalg.solve(damped, vector)

    def decrease(self, step: np.ndarray) -> float:
        """Predict how far the loss falls."""
        return -(self.gradient + 0.5 * self.matrix @ step) @ step


class Triangle:
    """The same with the triangle R and the vector q of a QR decomposition: H = RᵀR, gradient = Rᵀq."""

    def __init__(self, loss: float, R: np.ndarray, q: np.ndarray) -> None:
        self.loss, self.R, self.q, self.gradient = loss, R, q, R.T @ q
        self.largest = (R * R).sum(axis=0).max()
        self.smallest = 1e-22 * self.largest

    def solve(self, mu: float, vector: np.ndarray) -> np.ndarray:
        """Solve (RᵀR + μ I) x = vector; for the gradient without ever forming Rᵀq."""
        P = len(self.q)
        right = self.q if vector is self.gradient else np.linalg.lstsq(self.R.T, vector, rcond=None)[0]
        rows = np.zeros((2 * P, P + 1))
        rows[:P, :P], rows[:P, P] = self.R, right
        np.fill_diagonal(rows[P:], np.sqrt(mu))
        rows = np.linalg.qr(rows, mode="r")
        return np.linalg.solve(rows[:P, :P], rows[:P, P])

    def decrease(self, step: np.ndarray) -> float:
        """Predict how far the loss falls."""
        change = self.R @ step
        return -(self.q + 0.5 * change) @ change
