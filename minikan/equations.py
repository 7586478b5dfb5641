"""Learn a function from its equation, without data (chapter 10; paper, section 3.4).

    minimise  Σ_terms weight · mean r²  over the parameters of u, and over unknown coefficients of the equation

`solve` trains like `fit`, but on terms of residuals. Jets of the network (`jets`) give u and its derivatives, and their
Jacobian in the parameters, which is all that Levenberg–Marquardt needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .coefficients import Coefficients
from .history import Log
from .needs import Names
from .network import Network
from .objective import Objective
from .optimizers import Optimizer
from .progress import progress_bar
from .residuals import Residuals
from .solution import Solution, judged
from .terms import Term
from .training import GRID_STEPS, Loop, as_optimizer
from .trial import TrialSolution
from .validation import as_generator, as_integer, as_number, require

NOISES = 0.5, 0.1, 1.0  # of the starts, in turn
SHARE = 0.2  # of the steps, for each start


def solve(
    model: Network | TrialSolution,
    terms: Residuals | Sequence[Term],
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    coefficients: Mapping[str, float] | None = None,
    steps: int = 100,
    starts: int = 1,
    optimizer: str | Optimizer = "lm",
    update_grid: bool | int = False,
    tol: float = 1e-4,
    callback: Callable[[int, float], object] | None = None,
    progress: bool = True,
    seed: int | np.random.Generator = 0,
) -> Solution:
    """Train a model in place until it solves equations, and leave it at the best parameters seen.

    Fine grids are best approached from coarse ones: `solve`, `refine`, `solve` again. Splines of order 5 or 7 do better
    than cubic ones, since errors of second derivatives fall with G^-(k - 1) only. As in `fit`, solutions are best of
    size one.

    Parameters
    ----------
    model : KAN, MLP or TrialSolution
        Its parameters change, and grids of hidden nodes: they follow the nodes from the first step on, since a curve
        has no second derivative beyond its grid.
    terms : sequence of Residuals
        Equations at points (`Equation.at`), conditions (`fixed`, `periodic`), measurements (`measured`); other terms,
        such as `Roughness`, may stand beside them. A condition weighs 10 times as much as an equation, a measurement a
        tenth, if its weight is not given.
    inputs, outputs : sequence of str, optional
        The letters of the equations, in the order of the model's inputs and outputs; by default x, y, z and u, v, w.
    coefficients : dict, optional
        First values of the equations' unknown coefficients.
    steps : int
        Steps of the optimiser, at most.
    starts : int
        How many first parameters are tried, each for a fifth of the steps; the best is trained on. The first of them
        are the model's own.
    optimizer : str or Optimizer
        As in `fit`.
    update_grid : bool or int
        Let grids follow the points, and as many again where residuals are large: every 5 steps or as many as you say,
        in the first half of the steps.
    tol : float
        Stop when three steps in a row together lower the loss by less than this part of it.
    callback : callable, optional
        As in `fit`; it is called with the model, and not with the coefficients, at its point.
    progress : bool
        Show a bar when the work takes longer than about a second.
    seed : int or numpy.random.Generator
        Draws the starts.

    Returns
    -------
    Solution
        An interrupt ends the training early and returns it, too.

    Raises
    ------
    ValueError, TypeError
        If terms do not fit the model, partial derivatives are not those of the residual, curves are not smooth enough
        for the derivatives, or another argument is not what is said above. The model is not changed.

    Warns
    -----
    RuntimeWarning
        If residuals between the points are much larger than at the points: they are too few for the grid, and u may be
        wrong although all residuals are small.

    Examples
    --------
    u″ = -u on [0, 3], u(0) = 0, u′(0) = 1: the sine.

    >>> from minikan import KAN, Equation, fixed, interior, solve
    >>> model = KAN([1, 1], grid=6, order=7, domain=(0, 3))
    >>> wave = Equation("u u_xx", lambda X, u, u_xx: u_xx + u, lambda X, u, u_xx: (1, 1))
    >>> start = [fixed([[0.0]], 0.0), fixed([[0.0]], 1.0, "u_x")]
    >>> solution = solve(model, [wave.at(interior((0, 3), 30)), *start])
    >>> x = np.linspace(0, 3, 50)[:, None]
    >>> bool(abs(model(x) - np.sin(x)).max() < 1e-6)
    True
    """
    trial = model if isinstance(model, TrialSolution) else None
    network: Any = model.model if isinstance(model, TrialSolution) else model
    require(isinstance(network, Network), "model", "be a KAN, an MLP or a TrialSolution", repr(model))
    n_in, n_out = network.widths[0], network.widths[-1]
    known = {str(name): as_number(value, name, -np.inf) for name, value in (coefficients or {}).items()}
    names = Names(
        _named(inputs, "xyz", n_in, "inputs"), _named(outputs, "uvw", n_out, "outputs"), list(known)
    )
    terms = [terms] if isinstance(terms, Term) else list(terms)
    equations = [term for term in terms if isinstance(term, Residuals)]
    require(equations, "terms", "hold at least one equation at points", repr(terms))
    steps, starts = as_integer(steps, "steps", 1), as_integer(starts, "starts", 1)
    tol, optimizer, rng = as_number(tol, "tol", 0), as_optimizer(optimizer), as_generator(seed)
    every = GRID_STEPS if update_grid is True else as_integer(update_grid or 0, "update_grid", 0)

    lengths = _lengths(network, equations, names)
    joint = network.from_layers([*network.layers, Coefficients(n_out, list(known.values()))])
    with np.errstate(all="ignore"):
        objective = Objective(joint, [_bound(term, joint, names, lengths, trial) for term in terms])
        first = objective.loss()
    if not np.isfinite(first):
        raise ValueError(f"the first loss is {first}: the equation has no value for the model as it is")

    def restore(state):
        network.restore((state[0][: network.parameters.size], state[1][:-1]))

    def told(step, loss):
        restore(joint.state())
        return callback(step, loss)

    log = Log(objective, None)
    loop = Loop(log, optimizer, steps, every, None, 0, np.inf, tol, np.inf, callback and told)
    try:
        trials = starts * max(1, round(SHARE * steps)) if starts > 1 else 0
        with np.errstate(all="ignore"), progress_bar(trials + steps, "solve", progress) as advance:
            if starts > 1:
                _choose_start(loop, starts, rng, advance)
            loop.run(advance)
    except BaseException as error:
        restore(log.best)
        if not isinstance(error, KeyboardInterrupt):
            raise
        log.stopped = "interrupted"
    if not log.rows:
        log.record(0)
    joint.restore(log.best)
    restore(log.best)
    with np.errstate(all="ignore"):
        return judged(objective, log.history(), known)


def _named(names, default, count, what):
    """Check names, one for each input or output."""
    names = list(default[:count]) if names is None else [str(name) for name in names]
    distinct = len(set(names)) == len(names) == count and all(name and "_" not in name for name in names)
    require(distinct, what, f"name {count} {what}, all different and without underscores", repr(names))
    return names


def _lengths(network, equations, names):
    """Check points and smoothness; return how far all points extend along each input, (n_in,)."""
    layer, n_in = network.layers[0], len(names.inputs)
    for term in equations:
        for X in (term.X, term.other):
            require(
                X is None or (X.ndim == 2 and len(X) and X.shape[1] == n_in),
                "X",
                f"have shape (n, {n_in})",
                np.shape(X),
            )
    X = np.concatenate([each for term in equations for each in (term.X, term.other) if each is not None])
    low, high = layer.basis.domain.T if layer.is_linear else (-np.inf, np.inf)
    slack = 1e-9 * (high - low) if layer.is_linear else 0.0
    if ((low - slack > X) | (high + slack < X)).any():
        raise ValueError(
            f"points must lie on the model's domain, {layer.basis.domain.tolist()}: beyond it curves are straight, and "
            f"solve no equation of second order; got points from {X.min(axis=0).tolist()} to {X.max(axis=0).tolist()}"
        )
    most = max(len(names.derivative(need)[1]) for term in equations for need in term.equation.needs)
    smooth = min(layer.smoothness for layer in network.layers)
    if smooth < most:
        raise ValueError(
            f"the equation needs derivatives up to order {most}, but only {smooth} of the model's are continuous; "
            "splines of order k have k - 1: take order 3 or more, 5 is better (and silu or tanh in an MLP)"
        )
    return np.where(np.ptp(X, axis=0) > 0, np.ptp(X, axis=0), 1.0)


def _bound(term, joint, names, lengths, trial):
    if isinstance(term, Residuals):
        return term.bound(joint, names, lengths, trial)
    term.check(joint)
    return term


def _choose_start(loop, starts, rng, advance):
    """Put a loop's model at the best of several starts, after some steps of each."""
    model, found = loop.log.objective.model, []
    first = model.state()
    for k in range(starts):
        model.restore(first)
        if k:
            for layer in model.layers[:-1]:
                layer.initialise(rng, NOISES[k % len(NOISES)])
        log = Log(loop.log.objective, None)
        try:
            replace(loop, log=log, steps=max(1, round(SHARE * loop.steps)), callback=None).run(advance)
        finally:
            found.append((log.best_loss, log.best))
            loop.log.best = min(found, key=lambda each: each[0])[1]
        loop.optimizer.restart()
    model.restore(loop.log.best)
