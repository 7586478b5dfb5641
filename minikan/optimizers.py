"""Ways downhill: follow the gradient, or solve for the step (chapter 04; paper, section 3.1).

An optimiser has one method, `step(problem)`, which moves `problem.parameters` and returns whether it
could. A problem offers its loss, its gradient, and its normal equations.
"""

import numpy as np


class Adam:
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
    """

    def __init__(self, learning_rate=1e-2, mean_decay=0.9, square_decay=0.999):
        self.learning_rate, self.mean_decay, self.square_decay = learning_rate, mean_decay, square_decay
        self.steps = 0

    def step(self, problem):
        """Take one step; it always moves."""
        _, gradient = problem.loss_and_gradient()
        if self.steps == 0:
            self.mean, self.square = np.zeros_like(gradient), np.zeros_like(gradient)
        self.steps += 1
        self.mean += (1 - self.mean_decay) * (gradient - self.mean)
        self.square += (1 - self.square_decay) * (gradient**2 - self.square)
        mean = self.mean / (1 - self.mean_decay**self.steps)  # both began at zero: undo the bias
        square = self.square / (1 - self.square_decay**self.steps)
        problem.parameters -= self.learning_rate * mean / (np.sqrt(square) + 1e-8)
        return True


class LevenbergMarquardt:
    """Solve the linearised least-squares problem, as far as the linearisation can be trusted.

        (JᵀJ / n + μ I) δ = -Jᵀr / n

    A small damping μ gives the Gauss–Newton step, a large one a short step down the gradient. The gain
    ratio, actual over predicted decrease of the loss, tells which of them was right: μ shrinks after
    a good step and grows after a rejected one, which is undone. So the loss never rises.

    Parameters
    ----------
    damping : float
        First μ, relative to the largest diagonal entry of JᵀJ / n.

    References
    ----------
    D. W. Marquardt, J. SIAM 11 (1963) 431; the update of μ: H. B. Nielsen, *Damping Parameter in
    Marquardt's Method*, IMM-REP-1999-05.
    """

    tries = 30  # rejected steps in a row after which there is no way down

    def __init__(self, damping=1e-3):
        self.damping = damping
        self.mu = None

    def step(self, problem):
        """Take one step down; False, and nothing moved, if there is none."""
        loss, gradient, matrix = problem.normal_equations()
        if not gradient.any():
            return False
        largest = matrix.diagonal().max()
        if self.mu is None:
            self.mu = self.damping * largest
        start, growth = problem.parameters.copy(), 2.0
        for _ in range(self.tries):
            self.mu = max(self.mu, 1e-15 * largest)  # below this rounding would make the system singular
            damped = matrix.copy()
            damped.flat[:: len(damped) + 1] += self.mu
            step = -np.linalg.solve(damped, gradient)
            predicted = -(2 * gradient + matrix @ step) @ step
            problem.parameters[:] = start + step
            decrease = loss - problem.loss()
            if predicted > 0 and decrease > 0:
                self.mu *= max(1 / 3, 1 - (2 * decrease / predicted - 1) ** 3)
                return True
            self.mu, growth = self.mu * growth, growth * 2
        problem.parameters[:] = start
        return False
