"""Optimisers: follow the gradient, average it, or estimate the curvature (chapter 04; paper, section 3.1)."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from .objective import Objective


class Optimizer(ABC):
    """What all optimisers have in common; a subclass implements `move`."""

    stochastic = False  # a step needs only the gradient on some of the samples (a mini-batch)
    second_order = False  # a step needs residuals and their Jacobian
    _objective: Objective | None = None  # of the last step

    def step(self, objective: Objective) -> bool:
        """Change `objective.parameters`; return False, with nothing changed, if no step could be found."""
        if objective.whole is not self._objective:  # what was learned on another objective is wrong here
            self.restart()
            self._objective = objective.whole
        return self.move(objective)

    @abstractmethod
    def move(self, objective: Objective) -> bool:
        """Do the work of `step`."""

    def forget(self) -> None:  # noqa: B027 (most have nothing to forget)
        """Forget what is wrong after the grids have moved."""

    def restart(self) -> None:
        """Forget everything, before the first step on another objective."""
        self.forget()


class GradientDescent(Optimizer):
    """Steps against the gradient: θ ← θ - learning_rate ∇loss (A. Cauchy, 1847).

    Parameters
    ----------
    learning_rate : float
        More than 2 / (largest eigenvalue of the Hessian) throws the steps out of a valley.

    Examples
    --------
    >>> from minikan import KAN, GradientDescent, fit
    >>> bool(fit(KAN([1, 1]), [[0], [1]], [0, 1], optimizer=GradientDescent(0.5), steps=100).rmse[-1] < 0.1)
    True
    """

    stochastic = True

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = learning_rate

    def move(self, objective: Objective) -> bool:
        objective.parameters -= self.learning_rate * objective.loss_and_gradient()[1]
        return True


class Adam(Optimizer):
    """Gradient steps, scaled by each parameter's usual gradient (D. Kingma and J. Ba, arXiv 1412.6980, algorithm 1).

    Parameters
    ----------
    learning_rate : float
        Change of a parameter in one step while its gradient stays the same.
    mean_decay, square_decay : float
        Weight of the old value in the running means of the gradient and of its square.

    Examples
    --------
    >>> from minikan import KAN, Adam, fit
    >>> bool(fit(KAN([1, 1]), [[0], [1]], [0, 1], optimizer=Adam(0.1), steps=100).rmse[-1] < 0.05)
    True
    """

    stochastic = True

    def __init__(
        self, learning_rate: float = 1e-2, mean_decay: float = 0.9, square_decay: float = 0.999
    ) -> None:
        self.learning_rate, self.mean_decay, self.square_decay = learning_rate, mean_decay, square_decay

    def forget(self) -> None:
        self.steps, self.mean, self.square = 0, np.zeros(1), np.zeros(1)

    def move(self, objective: Objective) -> bool:
        gradient, self.steps = objective.loss_and_gradient()[1], self.steps + 1
        self.mean = self.mean_decay * self.mean + (1 - self.mean_decay) * gradient
        self.square = self.square_decay * self.square + (1 - self.square_decay) * gradient**2
        mean = self.mean / (1 - self.mean_decay**self.steps)  # both began at zero: undo the bias
        square = self.square / (1 - self.square_decay**self.steps)
        objective.parameters -= self.learning_rate * mean / (np.sqrt(square) + 1e-8)
        return True


class LBFGS(Optimizer):
    """Curvature from changes of the gradient: quasi-Newton (J. Nocedal, S. Wright, *Numerical Optimization*, 2006).

    Parameters
    ----------
    memory : int
        How many pairs (s, y) are kept: changes of the parameters and of the gradient.

    Examples
    --------
    >>> from minikan import KAN, LBFGS, fit
    >>> bool(fit(KAN([1, 1]), [[0], [1]], [0, 1], optimizer=LBFGS(20), steps=20).rmse[-1] < 0.01)
    True
    """

    def __init__(self, memory: int = 10) -> None:
        self.memory = memory

    def forget(self) -> None:
        self.pairs: list[tuple] = []  # (s, y, 1 / (s @ y))
        self.here: tuple | None = None  # loss and gradient at the present parameters, if known

    def move(self, objective: Objective) -> bool:
        loss, gradient = self.here or objective.loss_and_gradient()
        if not gradient.any():
            return False
        direction = -self._times_inverse(gradient)
        if not gradient @ direction < 0:  # not downhill: rounding errors have made the pairs useless
            self.pairs, direction = [], -gradient
        start, visited = objective.parameters.copy(), {}

        def along(length):
            objective.parameters[:] = start + length * direction
            visited[length] = objective.loss_and_gradient()
            return visited[length][0], visited[length][1] @ direction

        guess = 1.0 if self.pairs else min(1.0, 1 / np.abs(gradient).sum())
        length = strong_wolfe(along, loss, gradient @ direction, guess)
        if length == 0:
            objective.parameters[:] = start
            again = bool(self.pairs)
            self.forget()
            return again and self.move(objective)  # once more, along the gradient
        objective.parameters[:] = start + length * direction
        self.here = visited[length]
        s, y = objective.parameters - start, self.here[1] - gradient
        if s @ y > 1e-10 * np.linalg.norm(s) * np.linalg.norm(y):  # the curvature along s is positive
            self.pairs = [*self.pairs, (s, y, 1 / (s @ y))][-self.memory :]
        return True

    def _times_inverse(self, vector):
        """Multiply a vector (P,) by H without forming the matrix: the two-loop recursion, algorithm 7.4."""
        factors = []
        for s, y, rho in reversed(self.pairs):
            factors.append(rho * (s @ vector))
            vector = vector - factors[-1] * y
        if self.pairs:
            s, y, _ = self.pairs[-1]
            vector = vector * ((s @ y) / (y @ y))
        for (s, y, rho), factor in zip(self.pairs, reversed(factors), strict=True):
            vector = vector + (factor - rho * (y @ vector)) * s
        return vector


def strong_wolfe(along: Callable, loss: float, slope: float, length: float, tries: int = 25) -> float:
    """Find a step length a: not too long, and not too short (Nocedal and Wright, algorithms 3.5 and 3.6).

    `along(a)` returns loss f and slope d at a; `loss` and `slope` < 0 are those at 0, `length` is the first guess.
    Not too long: f ≤ loss + 1e-4 a slope. Not too short: |d| ≤ 0.9 |slope|. If no length meets both conditions in
    `tries` evaluations, return the best one that meets the first; else 0.
    """
    low, high = (0.0, loss, slope), None  # the best point so far, and one on the other side of the minimum
    for _ in range(tries):
        f, d = along(length)
        if not (f < loss and f <= min(loss + 1e-4 * length * slope, low[1])):
            high = (length, f, d)
        elif abs(d) <= 0.9 * abs(slope):
            return length
        else:
            beyond = d * (1 if high is None else high[0] - low[0]) >= 0  # the minimum is behind us
            low, high = (length, f, d), low if beyond else high
        length = 2 * length if high is None else _between(low, high)
    return low[0]


def _between(low, high):
    """Minimise the cubic through two points (length, loss, slope); near the ends, take the middle instead."""
    (a, f, d), (b, g, e) = low, high
    with np.errstate(all="ignore"):
        u = d + e - 3 * (g - f) / (b - a)
        root = np.sign(b - a) * np.sqrt(u * u - d * e)
        length = b - (b - a) * (e + root - u) / (e - d + 2 * root)
    margin = 0.1 * abs(b - a)
    return length if min(a, b) + margin <= length <= max(a, b) - margin else 0.5 * (a + b)
