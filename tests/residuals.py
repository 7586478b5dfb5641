"""Small least-squares problems with known answers, in the place of an objective."""

import numpy as np


class Residuals:
    """A small least-squares problem, loss = |r|² / 2, with residuals and Jacobian written out."""

    def __init__(self, residuals, jacobian, start):
        self.residuals, self.jacobian = residuals, jacobian
        self.parameters = np.array(start, float)
        self.calls, self.whole, self.prior, self.n = 0, self, None, 1

    def loss(self):
        r = self.residuals(self.parameters)
        return 0.5 * float(r @ r)

    def loss_and_gradient(self):
        self.calls += 1
        return self.curvature()[:2]

    def curvature(self):
        r, J = self.residuals(self.parameters), self.jacobian(self.parameters)
        return 0.5 * r @ r, J.T @ r, J.T @ J

    def triangle(self):
        r, J = self.residuals(self.parameters), self.jacobian(self.parameters)
        P = J.shape[1]
        rows = np.linalg.qr(
            np.column_stack([np.vstack([J, np.zeros((P + 1, P))]), [*r, *np.zeros(P + 1)]]), "r"
        )
        return 0.5 * r @ r, rows[:P, :P], rows[:P, P], np.zeros(P)

    def second_order(self, step, h=1e-3):
        there, here, back = (self.residuals(self.parameters + s * step) for s in (h, 0, -h))
        return self.jacobian(self.parameters).T @ ((there - 2 * here + back) / h**2)


def rosenbrock():
    return Residuals(
        lambda p: np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]]),
        lambda p: np.array([[-20 * p[0], 10], [-1, 0]]),
        [-1.2, 1],
    )


def decay():
    """A decay through data that also swing: the residuals stay large."""
    t = np.linspace(0, 3, 20)
    data = 2 * np.exp(-t) + np.cos(7 * t)
    return Residuals(
        lambda p: p[0] * np.exp(-p[1] * t) - data,
        lambda p: np.stack([np.exp(-p[1] * t), -p[0] * t * np.exp(-p[1] * t)], axis=1),
        [0.5, 0.1],
    )


def run(optimizer, problem, steps, enough=0.0):
    losses = [problem.loss()]
    while len(losses) <= steps and losses[-1] > enough and optimizer.step(problem):
        losses.append(problem.loss())
    return losses
