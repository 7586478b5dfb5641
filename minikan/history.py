"""What happened during training, and the best state on the way (chapter 04)."""

import time
import warnings
from dataclasses import dataclass

import numpy as np

from .objective import Objective


@dataclass
class History:
    """What happened during training: before the first step, and after each (with mini-batches, after each pass).

    Attributes
    ----------
    step, time, evaluations : ndarray, shape (m,)
        Steps, seconds, and passes through all samples (for a loss, a gradient or a Jacobian) so far.
    loss, error : ndarray, shape (m,)
        What is minimised, with all penalties; and without them.
    rmse, validation_rmse : ndarray, shape (m,)
        Square root of `error`, and the same on the validation samples (None if there are none).
    grid_changes : ndarray of int
        Steps before which the grids moved.
    stopped : str
        Why training ended early; empty if all steps were taken.

    Examples
    --------
    >>> from minikan import KAN, fit
    >>> fit(KAN([1, 1]), [[0.0], [1.0]], [0.0, 1.0], steps=3).step
    array([0, 1, 2, 3])
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
    """The record of a training, and the best state so far."""

    def __init__(self, objective: Objective, held_out: Objective | None, unit: float = 1.0) -> None:
        self.objective, self.held_out, self.square = objective, held_out, unit**2  # of the targets' unit
        self.start, self.best_loss, self.best = time.perf_counter(), np.inf, objective.model.state()
        self.rows: list[tuple] = []  # step, loss, error, error on the validation samples, time, evaluations
        self.grid_changes: list[int] = []
        self.stopped, self.since_best = "", 0

    @property
    def last(self) -> tuple:
        return self.rows[-1]

    def record(self, step: int) -> None:
        """Add a row, and keep the state if it is the best."""
        objective, seconds = self.objective, time.perf_counter() - self.start
        loss, error = objective.loss() * self.square, objective.error() * self.square
        if not np.isfinite(loss):
            self.stopped = f"step {step} led to a loss of {loss}"
            self.stopped += ", which is refused; try a smaller learning rate"
            warnings.warn(self.stopped, RuntimeWarning, stacklevel=4)
            return
        held_out = self.held_out.error() * self.square if self.held_out else np.nan
        self.rows.append((step, loss, error, held_out, seconds, objective.evaluations))
        judged, self.since_best = held_out if self.held_out else loss, self.since_best + 1
        if judged < self.best_loss:
            self.best_loss, self.best, self.since_best = judged, objective.model.state(), 0

    def must_stop(self, tol: float, patience: float) -> bool:
        """Tell whether training is over; `stopped` says why."""
        recent = [row[1] for row in self.rows[-4:]]
        if not self.stopped and self.since_best >= patience:
            self.stopped = f"no better for {patience} records"
        elif not self.stopped and len(recent) == 4 and 0 <= recent[0] - recent[-1] <= tol * recent[0]:
            self.stopped = "converged: the loss falls no more"
        return bool(self.stopped)

    def history(self) -> History:
        step, loss, error, held_out, seconds, evaluations = np.array(self.rows).reshape(-1, 6).T
        validation, changes = np.sqrt(held_out) if self.held_out else None, np.array(self.grid_changes, int)
        return History(step.astype(int), loss, error, validation, seconds, evaluations, changes, self.stopped)
