"""Ways downhill: follow the gradient, remember it, or solve for the step (chapter 04; paper, section 3.1).

An optimiser has one method, `step(objective)`, which moves `objective.parameters` and returns whether it
could. An objective offers its `loss()` and its `loss_and_gradient()`, and for Levenberg–Marquardt, in a module
of its own, more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from .objective import Objective


class Optimizer(ABC):
    """What all optimisers have in common.

    Attributes
    ----------
    stochastic : bool
        Whether it can work with a gradient from a part of the samples.
    second_order : bool
        Whether it uses residuals and their Jacobian.
    """

    stochastic = False
    second_order = False
    _objective: Objective | None = None  # the one that it remembers something of

    def step(self, objective: Objective) -> bool:
        """Move `objective.parameters`; False, and nothing moved, if there is no way down."""
        if objective.whole is not self._objective:  # what was learned on another one does not hold here
            self.restart()
            self._objective = objective.whole
        return self.move(objective)

    @abstractmethod
    def move(self, objective: Objective) -> bool:
        """Do the work of `step`."""

    def forget(self) -> None:
        """Drop what does not hold where the parameters have another meaning, as when grids have moved."""

    def restart(self) -> None:
        """Drop all that was learned on another objective."""
        self.forget()


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

    def move(self, objective: Objective) -> bool:
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

    def move(self, objective: Objective) -> bool:
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

    def move(self, objective: Objective) -> bool:
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
            return pairs and self.move(objective)  # perhaps the bare gradient knows better
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
