"""To train is to walk downhill on a loss (chapter 04; paper, section 3.1).

`fit` makes an `Objective` of model, samples and loss; lets an optimiser step; looks after grids,
validation and interrupts; and keeps the best parameters it has seen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_choice, as_integer, as_number, as_numbers
from .grids import update_grid as moved_grids
from .losses import LOSSES
from .network import KAN, Network
from .objective import Objective, as_objective, batches
from .optimizers import LBFGS, Adam, GradientDescent, LevenbergMarquardt, Optimizer
from .progress import progress_bar
from .sparsity import Sparsity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OPTIMIZERS = {"lm": LevenbergMarquardt, "lbfgs": LBFGS, "adam": Adam, "gd": GradientDescent}
GRID_STEPS = 5  # from one move of the grids to the next


@dataclass
class History:
    """What happened during training: an entry before the first step, and one after each that is recorded.

    Every step is recorded; with mini-batches, one in each pass through the samples.

    Attributes
    ----------
    step : ndarray of int, shape (m,)
        Steps taken before the entry.
    loss : ndarray, shape (m,)
        Loss on the training samples, without a penalty.
    penalty : ndarray, shape (m,)
        What `sparsity` adds to it.
    rmse : ndarray, shape (m,)
        Square root of `loss`; the root mean squared error, where the loss is the mean squared one.
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
    penalty: np.ndarray
    validation_rmse: np.ndarray | None
    time: np.ndarray
    evaluations: np.ndarray
    grid_changes: np.ndarray
    stopped: str

    @property
    def rmse(self) -> np.ndarray:
        return np.sqrt(self.loss)

    def __repr__(self):
        end = f"; {self.stopped}" if self.stopped else ""
        return f"History({self.step[-1]} steps: RMSE {self.rmse[0]:.1e} → {self.rmse.min():.1e}{end})"

    def plot(self, axes: Axes | None = None) -> Figure:
        """Draw the RMSE over the steps; returns the matplotlib Figure."""
        from .plotting import plot_history

        return plot_history(self, axes)


def fit(
    model: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    steps: int = 50,
    optimizer: str | Optimizer = "lm",
    loss: str = "mse",
    sparsity: float | Sparsity = 0.0,
    sample_weight: ArrayLike | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    update_grid: bool | int = False,
    tol: float = 1e-12,
    callback: Callable[[int, float], object] | None = None,
    progress: bool = True,
    seed: int | np.random.Generator = 0,
) -> History:
    """Train a model in place, and leave it at the best parameters seen.

    It works in the units it is given: inputs belong on the model's domain and targets are best of size one, which
    is what silu and the grids of the hidden nodes are made for. `KANRegressor` takes any units.

    Parameters
    ----------
    model : KAN or MLP
        Its parameters change, and with `update_grid` its knots.
    X : array_like, shape (n, n_in)
        Samples.
    y : array_like, shape (n, n_out), or (n,) for one output
        Targets. For cross-entropy: classes 0 … n_out - 1, of shape (n,).
    steps : int
        Steps of the optimiser, at most.
    optimizer : "lm", "lbfgs", "adam", "gd" or an Optimizer
        Levenberg–Marquardt, L-BFGS, Adam, gradient descent.
    loss : "mse" or "cross-entropy"
        Mean squared error, or the surprise of the outputs' softmax at the classes.
    sparsity : float or Sparsity
        Strength λ of the penalty on the sizes of edges (chapter 06), on top of the loss; needs a KAN.
    sample_weight : array_like, shape (n,), optional
        How much each sample counts; only ratios matter.
    validation : (Xv, yv), optional
        Samples held out. The best parameters are those that do best on them.
    patience : int, optional
        Stop when this many records have passed without a better one.
    batch_size : int, optional
        Samples of a mini-batch, for Adam and gradient descent. They are drawn without
        replacement until all have had their turn; a step sees one mini-batch.
    update_grid : bool or int
        Let the grids follow the data and the hidden nodes: before the first step and then after every
        5 (or as many as you say), in the first half of the steps.
    tol : float
        Stop when three steps in a row together lower the loss by less than this part of it.
    callback : callable, optional
        Called as callback(step, loss) before the first step and after each recorded one, with the model at
        this point; training stops when it returns True.
    progress : bool
        Show a bar when the work takes longer than about a second.
    seed : int or numpy.random.Generator
        Draws the mini-batches.

    Returns
    -------
    History
        The course of the training. An interrupt (Ctrl-C, or the kernel's) ends training early and
        returns it, too, with the model at its best parameters so far.

    Raises
    ------
    ValueError, TypeError
        If X or y have the wrong shape, are not finite real numbers or differ in length, or if another
        argument is not what is said above. The model is not changed.

    Warns
    -----
    RuntimeWarning
        If a step led to a loss that is not finite. It is refused, and training ends.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> history = fit(KAN([1, 1], grid=10), x, np.sin(3 * x), steps=5)
    >>> bool(history.rmse[-1] < 1e-3)
    True
    """
    as_choice(loss, "loss", LOSSES)
    penalty = sparsity if isinstance(sparsity, Sparsity) else Sparsity(sparsity)
    if penalty.strength and not isinstance(model, KAN):
        raise ValueError(f"sparsity needs a KAN, got a {type(model).__name__}")
    objective = as_objective(
        model, X, y, sample_weight, LOSSES[loss](), penalty=penalty if penalty.strength else None
    )
    held_out = None
    if validation is not None:
        try:
            Xv, yv = validation
        except (TypeError, ValueError):
            raise ValueError("validation must be a pair (X, y)") from None
        held_out = as_objective(model, Xv, yv, None, LOSSES[loss](), "validation ")
    steps, tol = as_integer(steps, "steps", 1), as_number(tol, "tol", 0)
    patience = np.inf if patience is None else as_integer(patience, "patience", 1)
    optimizer = as_optimizer(optimizer)
    every = GRID_STEPS if update_grid is True else as_integer(update_grid or 0, "update_grid", 0)
    if penalty.strength and getattr(optimizer, "orthogonal", False):
        raise ValueError("sparsity needs an optimizer that is not orthogonal")
    if every and not isinstance(model, KAN):
        raise ValueError(f"update_grid needs a KAN, got a {type(model).__name__}, which has no grids")
    as_numbers(model.parameters, "parameters")
    with np.errstate(all="ignore"):
        start = objective.loss() + (held_out.loss() if held_out else 0.0)
    if not np.isfinite(start):
        raise ValueError(f"X, y or the parameters are too large for float64: the first loss is {start}")
    parts, record_every = None, 1
    if batch_size is not None:
        if not optimizer.stochastic:
            raise ValueError(f"batch_size needs adam or gd; {type(optimizer).__name__} looks at all samples")
        batch_size = as_integer(batch_size, "batch_size", 1)
        parts, record_every = batches(objective, batch_size, seed), -(-len(objective.X) // batch_size)

    log = Log(objective, held_out)
    try:
        with np.errstate(all="ignore"), progress_bar(steps, "fit", progress) as advance:
            log.record(0)
            for step in range(steps):
                if callback is not None and log.steps[-1] == step and callback(step, log.errors[-1]) is True:
                    log.stopped = "stopped by the callback"
                    break
                if every and step % every == 0 and 2 * step < steps:
                    model.restore(moved_grids(model, objective.X).state())  # type: ignore[arg-type] # a KAN
                    optimizer.forget()
                    log.grid_changes.append(step)
                if not optimizer.step(next(parts) if parts else objective):
                    log.stopped = "converged: there is no way down"
                    break
                if (step + 1) % record_every == 0 or step + 1 == steps:
                    log.record(step + 1)
                advance(f"RMSE {log.errors[-1] ** 0.5:.1e}")
                if log.must_stop(tol, patience):
                    break
            else:
                if callback is not None:
                    callback(steps, log.errors[-1])
    except KeyboardInterrupt:
        log.stopped = "interrupted"
    finally:
        try:
            model.restore(log.best)
        except KeyboardInterrupt:  # even here
            model.restore(log.best)
            log.stopped = "interrupted"
    return log.history()


class Log:
    """The course of a training and the best state so far."""

    def __init__(self, objective: Objective, held_out: Objective | None) -> None:
        self.objective, self.held_out = objective, held_out
        self.start, self.best_loss, self.best = time.perf_counter(), np.inf, objective.model.state()
        self.steps, self.losses, self.errors, self.held_out_losses = [], [], [], []
        self.times, self.evaluations = [], []
        self.grid_changes, self.stopped, self.since_best = [], "", 0

    def record(self, step: int) -> None:
        """Write down where training stands, and keep the state if it is the best."""
        loss, error = self.objective.loss(), self.objective.error()
        judged = self.held_out.loss() if self.held_out else loss
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
            loss=np.array(self.errors),
            penalty=np.array(self.losses) - self.errors,
            validation_rmse=np.sqrt(self.held_out_losses) if self.held_out else None,
            time=np.array(self.times),
            evaluations=np.array(self.evaluations),
            grid_changes=np.array(self.grid_changes, int),
            stopped=self.stopped,
        )


def as_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """Make an optimiser of its name, or check that it is one."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be {', '.join(OPTIMIZERS)} or an Optimizer, got {optimizer!r}")
    return OPTIMIZERS[optimizer]()
