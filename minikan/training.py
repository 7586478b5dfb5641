"""To train is to walk downhill on the mean squared error (chapter 04; paper, section 3.1).

loss(θ) = mean over samples and outputs of (model(X) - y)²
"""

import time
from dataclasses import dataclass

import numpy as np

from .borders import as_integer, as_samples, as_targets
from .network import blocks
from .optimizers import Adam, LevenbergMarquardt

OPTIMIZERS = {"lm": LevenbergMarquardt, "adam": Adam}


@dataclass
class History:
    """What happened during training: one entry before the first step and one after each.

    Attributes
    ----------
    loss, rmse : ndarray, shape (steps + 1,)
        Mean squared error on the training samples, and its square root.
    validation_rmse : ndarray, shape (steps + 1,), or None
        The same on the validation samples, where there were any.
    time : ndarray, shape (steps + 1,)
        Seconds since the start.
    converged : bool
        True when the optimiser found no way down before all steps were taken.
    """

    loss: np.ndarray
    validation_rmse: np.ndarray | None
    time: np.ndarray
    converged: bool

    @property
    def rmse(self):
        return np.sqrt(self.loss)

    def __repr__(self):
        end = ", converged" if self.converged else ""
        return f"History({len(self.loss) - 1} steps: RMSE {self.rmse[0]:.1e} → {self.rmse[-1]:.1e}{end})"


class LeastSquares:
    """A model and its samples as the optimisers see them: parameters, loss, derivatives."""

    def __init__(self, model, X, y):
        self.model, self.X, self.y = model, X, y
        self.parameters = model.parameters

    def loss(self):
        return float(np.mean((self.model(self.X) - self.y) ** 2))

    def loss_and_gradient(self):
        return self.model.loss_and_gradient(self.X, self.y)

    def normal_equations(self):
        """Compute the loss, Jᵀr / N of shape (P,) and JᵀJ / N of shape (P, P), r the N residuals."""
        P, N = self.parameters.size, self.y.size
        loss, gradient, matrix = 0.0, np.zeros(P), np.zeros((P, P))
        for block in blocks(len(self.X)):
            outputs, jacobian = self.model.linearise(self.X[block].T)
            residuals = (outputs - self.y[block].T).ravel()
            jacobian = jacobian.reshape(P, -1)
            loss += residuals @ residuals / N
            gradient += jacobian @ residuals / N
            matrix += jacobian @ jacobian.T / N
        return loss, gradient, matrix


def fit(model, X, y, *, steps=50, optimizer="lm", validation=None):
    """Train a model in place.

    Parameters
    ----------
    model : KAN
        Its parameters change.
    X : array_like, shape (n, n_in)
        Samples.
    y : array_like, shape (n, n_out), or (n,) for one output
        Targets.
    steps : int
        Steps of the optimiser, at most.
    optimizer : "lm", "adam" or an object with a method step(problem)
        Levenberg–Marquardt, or Adam on all samples at once.
    validation : (Xv, yv), optional
        Samples held out. The parameters that do best on them are kept.

    Returns
    -------
    History
        The course of the training.

    Raises
    ------
    ValueError, TypeError
        If X or y have the wrong shape, are not finite real numbers or differ in length, if `steps` < 1,
        or if there is no such optimizer.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> history = fit(KAN([1, 1], grid=10), x, np.sin(3 * x), steps=5)
    >>> bool(history.rmse[-1] < 1e-3)
    True
    """
    problem = as_problem(model, X, y, "X", "y")
    held_out = None
    if validation is not None:
        try:
            Xv, yv = validation
        except (TypeError, ValueError):
            raise ValueError("validation must be a pair (X, y)") from None
        held_out = as_problem(model, Xv, yv, "validation X", "validation y")
    steps = as_integer(steps, "steps", 1)
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
        optimizer = OPTIMIZERS[optimizer]()
    start, losses, held_out_losses, times = time.perf_counter(), [], [], []

    def record():
        losses.append(problem.loss())
        times.append(time.perf_counter() - start)
        if held_out:
            held_out_losses.append(held_out.loss())
        return (held_out_losses or losses)[-1]

    best_loss, best = record(), model.parameters.copy()
    converged = False
    for _ in range(steps):
        if not optimizer.step(problem):
            converged = True
            break
        loss = record()
        if loss < best_loss:
            best_loss, best = loss, model.parameters.copy()
    model.parameters = best
    validation_rmse = np.sqrt(held_out_losses) if held_out else None
    return History(np.array(losses), validation_rmse, np.array(times), converged)


def as_problem(model, X, y, name_X, name_y):
    """Check samples and targets and bind them to the model."""
    X = as_samples(X, model.widths[0], name_X)
    return LeastSquares(model, X, as_targets(y, len(X), model.widths[-1], name_y))
