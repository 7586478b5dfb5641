"""What happened during training, and the best state on the way (chapter 04)."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np

from .objective import Objective


@dataclass
class History:
    """What happened during training: an entry before the first step, and one after each that is recorded.

    Every step is recorded; with mini-batches, one in each pass through the samples.

    Attributes
    ----------
    step : ndarray of int, shape (m,)
        Steps taken before the entry.
    loss : ndarray, shape (m,)
        What is minimised: the error on the training samples and all penalties.
    error : ndarray, shape (m,)
        The loss without the penalties.
    rmse : ndarray, shape (m,)
        Square root of `error`: the root mean squared error, if this is what is minimised.
    validation_rmse : ndarray, shape (m,), or None
        The same on the validation samples, where there are any.
    time : ndarray, shape (m,)
        Seconds since the start.
    evaluations : ndarray of int, shape (m,)
        How often each sample has been looked at, on average: passes for a loss, a gradient or a Jacobian.
    grid_changes : ndarray of int
        Steps before which the grids moved.
    stopped : str
        Why training ended early; empty if all steps were taken.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> history = fit(KAN([1, 1]), x, x**2, steps=3, tol=0)
    >>> history.step
    array([0, 1, 2, 3])
    >>> bool(history.rmse[-1] < history.rmse[0])
    True
    """

    step: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    validation_rmse: np.ndarray | None
    time: np.ndarray
    evaluations: np.ndarray
    grid_changes: np.ndarray
    stopped: str

    @property
    def rmse(self) -> np.ndarray:
        return np.sqrt(self.error)

    def __repr__(self):
        end = f"; {self.stopped}" if self.stopped else ""
        return f"History({self.step[-1]} steps: RMSE {self.rmse[0]:.1e} → {self.rmse.min():.1e}{end})"


class Log:
    """The course of a training and the best state so far."""

    def __init__(self, objective: Objective, held_out: Objective | None) -> None:
        self.objective, self.held_out = objective, held_out
        self.start, self.best_loss, self.best = time.perf_counter(), np.inf, objective.model.state()
        self.steps, self.losses, self.errors, self.held_out_losses = [], [], [], []
        self.times, self.evaluations = [], []
        self.grid_changes, self.stopped, self.since_best = [], "", 0

    @property
    def X(self) -> np.ndarray:
        """All samples of the objective, (n, n_in)."""
        return np.concatenate([term.X for term in self.objective.terms if term.n])

    def record(self, step: int) -> None:
        """Write down where training stands, and keep the state if it is the best."""
        loss, error = self.objective.loss(), self.objective.error()
        judged = self.held_out.error() if self.held_out else loss
        if not np.isfinite(loss):
            self.stopped = (
                f"step {step} led to a loss of {loss}, which is refused; try a smaller learning rate"
            )
            warnings.warn(self.stopped, RuntimeWarning, stacklevel=3)
            return
        self.steps.append(step)
        self.losses.append(loss)
        self.errors.append(error)
        self.held_out_losses.append(judged)
        self.times.append(time.perf_counter() - self.start)
        self.evaluations.append(self.objective.evaluations)
        self.since_best += 1
        if judged < self.best_loss:
            self.best_loss, self.best, self.since_best = judged, self.objective.model.state(), 0

    def must_stop(self, tol: float, patience: float) -> bool:
        """Tell whether training is over, and note why."""
        if not self.stopped and self.since_best >= patience:
            self.stopped = f"no better for {patience} records"
        recent = self.losses[-4:]
        if not self.stopped and len(recent) == 4 and 0 <= recent[0] - recent[-1] <= tol * recent[0]:
            self.stopped = "converged: the loss falls no more"
        return bool(self.stopped)

    def history(self) -> History:
        """Make arrays of it."""
        return History(
            step=np.array(self.steps, int),
            loss=np.array(self.losses),
            error=np.array(self.errors),
            validation_rmse=np.sqrt(self.held_out_losses) if self.held_out else None,
            time=np.array(self.times),
            evaluations=np.array(self.evaluations),
            grid_changes=np.array(self.grid_changes, int),
            stopped=self.stopped,
        )
