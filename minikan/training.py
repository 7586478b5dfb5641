"""To train is to walk downhill on a loss (chapter 04; paper, section 3.1).

`fit` makes an `Objective` of model, samples and loss; lets an optimiser step; looks after grids,
validation and interrupts; and keeps the best parameters it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .grids import covered
from .grids import update_grid as moved_grids
from .history import History, Log
from .levenberg_marquardt import LevenbergMarquardt
from .losses import LOSSES
from .network import Network
from .objective import Objective, as_objective, batches
from .optimizers import LBFGS, Adam, GradientDescent, Optimizer
from .penalties import Sparsity
from .progress import progress_bar
from .smoothness import EXACT, SmoothPrior
from .starts import best_start
from .terms import Term
from .validation import as_choice, as_generator, as_integer, as_kan, as_number, as_numbers

OPTIMIZERS = {"lm": LevenbergMarquardt, "lbfgs": LBFGS, "adam": Adam, "gd": GradientDescent}
SETTLED = 0.01  # of the targets' variance: with less error left the valley is found, and grids may follow
GRID_STEPS = 5  # from one move of the grids to the next


def fit(
    model: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    steps: int = 50,
    starts: int = 1,
    optimizer: str | Optimizer = "lm",
    loss: str = "mse",
    sparsity: float | Sparsity = 0.0,
    penalty: Term | Sequence[Term] | None = None,
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
    is what silu and the grids of the hidden nodes are made for. `KANRegressor` takes any units. (With `sparsity`, the
    unit of the targets does not matter.)

    Parameters
    ----------
    model : KAN or MLP
        Its parameters change, and its knots where grids move: see `update_grid` and `penalty`.
    X : array_like, shape (n, n_in)
        Samples.
    y : array_like, shape (n, n_out), or (n,) for one output
        Targets. For cross-entropy: classes 0 … n_out - 1, of shape (n,).
    steps : int
        Steps of the optimiser, at most.
    starts : int
        With 5, say, not only the model as it is may be trained, but the best of 15 candidates (`minikan.starts`): where
        the first start would end in a poor valley, others are found. It takes the time of several fits.
    optimizer : "lm", "lbfgs", "adam", "gd" or an Optimizer
        Levenberg–Marquardt, L-BFGS, Adam, gradient descent.
    loss : "mse" or "cross-entropy"
        Mean squared error, or the surprise of the outputs' softmax at the classes.
    sparsity : float or Sparsity
        Strength λ of the penalty on the sizes of edges (chapter 06), in units of the targets' variance; needs a KAN.
        Without other penalties the model is trained in these units, so that y and 1e-8 y are trained alike.
    penalty : Term or sequence of Term, optional
        What else is minimised, such as `Roughness`, in units of the loss. Without any,
        Levenberg–Marquardt lets coefficients that few samples determine continue the curve of their neighbours
        (`minikan.smoothness`), and lays grids that hidden nodes can leave anew, once the error is small. `Roughness(0)`
        switches this off.
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
        Draws the mini-batches and the starts.

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
    penalties = [] if penalty is None else list(penalty) if np.iterable(penalty) else [penalty]
    if not all(isinstance(each, Term) for each in penalties):
        raise TypeError(f"penalty must be a Term, such as Roughness, or several of them, got {penalty!r}")
    sparsity = sparsity if isinstance(sparsity, Sparsity) else Sparsity(sparsity)
    penalties += [sparsity] if sparsity.strength else []
    criterion = LOSSES[as_choice(loss, "loss", LOSSES)]()
    objective = as_objective(model, X, y, sample_weight, criterion, penalties=penalties)
    held_out = None
    if validation is not None:
        try:
            Xv, yv = validation
        except (TypeError, ValueError):
            raise ValueError("validation must be a pair (X, y)") from None
        held_out = as_objective(model, Xv, yv, None, criterion, "validation ")
    steps, starts, tol = (
        as_integer(steps, "steps", 1),
        as_integer(starts, "starts", 1),
        as_number(tol, "tol", 0),
    )
    patience = np.inf if patience is None else as_integer(patience, "patience", 1)
    optimizer = as_optimizer(optimizer)
    every = GRID_STEPS if update_grid is True else as_integer(update_grid or 0, "update_grid", 0)
    if every:
        as_kan(model, "update_grid")
    if not as_numbers(model.parameters, "parameters").size:
        raise ValueError(f"model must have parameters to train, got {model!r}")
    with np.errstate(all="ignore"):
        start = objective.loss() + (held_out.error() if held_out else 0.0)
    if not np.isfinite(start):
        raise ValueError(f"X, y or the parameters are too large for float64: the first loss is {start}")
    if batch_size is not None:
        if not optimizer.stochastic:
            raise ValueError(f"batch_size needs adam or gd; {type(optimizer).__name__} looks at all samples")
        batch_size = as_integer(batch_size, "batch_size", 1)
    if starts > 1:
        seed = as_generator(seed)

    plain = loss == "mse" and optimizer.second_order and not penalties
    variance = objective.terms[0].variance() if plain else 0.0  # type: ignore[attr-defined]
    if variance:
        settled = (
            EXACT * variance,
            SETTLED * variance,
        )  # before the prior would hold curves back, behind it says nothing
        objective.prior = lambda *state: SmoothPrior(*state) if settled[0] < state[2] < settled[1] else None
    restore, unit = model.restore, 1.0
    alone = loss == "mse" and all(isinstance(each, Sparsity) for each in penalties)
    if alone and penalties and model.layers[-1].multipliers().any():
        objective, unit, restore = in_units(model, objective)
        if held_out:
            held_out = Objective(objective.model, [held_out.terms[0].in_units(unit)])  # type: ignore[attr-defined]
        callback = callback and told(callback, objective.model, restore)
    log = Log(objective, held_out, unit)
    loop = Loop(log, optimizer, steps, every, batch_size, seed, SETTLED * variance, tol, patience, callback)
    try:
        with np.errstate(all="ignore"):
            if starts > 1:
                best_start(loop, starts, progress)
            with progress_bar(steps, "fit", progress) as advance:
                loop.run(advance)
        restore(log.best)
    except BaseException as error:  # of a callback, or an interrupt, even while the best is restored
        restore(log.best)
        if not isinstance(error, KeyboardInterrupt):
            raise
        log.stopped = "interrupted"
    if not log.rows:  # interrupted before the first step
        log.record(0)
    return log.history()


@dataclass
class Loop:
    """Step after step, until something says that it is over."""

    log: Log
    optimizer: Optimizer
    steps: int
    every: int  # steps between two moves of the grids, 0 for none
    batch_size: int | None
    seed: int | np.random.Generator  # of the mini-batches
    settled: float  # the error below which grids of hidden nodes follow
    tol: float
    patience: float
    callback: Callable[[int, float], object] | None

    def run(self, advance: Callable) -> None:
        """Train; `log` knows how it went."""
        log, objective = self.log, self.log.objective
        parts, record_every = None, 1  # steps between two records
        if self.batch_size:
            parts, record_every = (
                batches(objective, self.batch_size, self.seed),
                -(-objective.n // self.batch_size),
            )
        log.record(0)
        for step in range(self.steps):
            if self._called_off(step):
                log.stopped = "stopped by the callback"
                return
            moved = None
            if self.every and step % self.every == 0 and 2 * step < self.steps:
                moved = moved_grids(objective.model, self._samples())
            elif not self.every and step % GRID_STEPS == 0 and log.last[2] < self.settled:
                moved = covered(objective.model, self._samples())
            if moved is not None:
                objective.model.restore(moved.state())
                self.optimizer.forget()
                log.grid_changes.append(step)
            if not self.optimizer.step(next(parts) if parts else objective):
                log.stopped = "converged: there is no way down"
                return
            if (step + 1) % record_every == 0 or step + 1 == self.steps:
                log.record(step + 1)
            advance(f"RMSE {log.last[2] ** 0.5:.1e}")
            if log.must_stop(self.tol, self.patience):
                return
        self._called_off(self.steps)

    def _samples(self):
        """Give the samples that grids follow."""
        objective = self.log.objective
        return np.concatenate([term.samples(objective.model) for term in objective.terms if term.n])

    def _called_off(self, step):
        """Call the callback, if there is a record of this step."""
        recorded, loss, *_ = self.log.last
        return self.callback is not None and recorded == step and self.callback(step, loss) is True


def in_units(model: Network, objective: Objective) -> tuple[Objective, float, Callable]:
    """Copy a model and its objective, but with the spread of the targets as the unit of targets and outputs.

    A model that does not explain half of the variance is a start, and is taken as it is: for targets of spread one. (If
    its last layer has names, they stay.) The third result puts a state of the copy into the model.
    """
    data: Any = objective.terms[0]
    unit, last, factors = data.unit(), model.layers[-1], np.ones(model.parameters.size)
    model.split(factors)[-1][last.multipliers()] = unit
    given, copy = model.parameters.copy(), model.from_layers(model.layers)
    if objective.error() > 0.5 * unit**2 and not any(last.edge(*at).name for at in last.edge_list):
        given *= factors
    else:
        copy.parameters /= factors
    start = copy.parameters.copy()

    def restore(state):  # what has not changed is the same to the last bit
        model.restore((given + (state[0] - start) * factors, state[1]))

    penalties = [term.on(term.X, term.weights) for term in objective.terms[1:]]  # type: ignore[attr-defined]
    return Objective(copy, [data.in_units(unit), *penalties]), unit, restore


def told(callback: Callable, copy: Network, restore: Callable) -> Callable:
    """Make a callback that finds the model at the point where its copy is."""
    return lambda *record: (restore(copy.state()), callback(*record))[1]


def as_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """Make an optimiser of its name, or check that it is one."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be {', '.join(OPTIMIZERS)} or an Optimizer, got {optimizer!r}")
    return OPTIMIZERS[optimizer]()
