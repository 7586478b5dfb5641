"""Several starts, of which the best is trained to the end (chapter 04; the paper has one).

Training ends in the valley where it starts, and some are poor. `fit(..., starts=K)` compares 3K candidates: the model,
and others that a `Search` finds or, where it cannot, that are drawn like a new network. All take a few steps, the best
on held-out samples take more, and `fit` trains the best of these (successive halving, arXiv 1502.07943).
"""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np

from .grids import update_grid
from .history import Log
from .network import Network
from .objective import Objective
from .progress import progress_bar
from .screening import Search

CANDIDATES = 3  # per start
SHARES = 0.2, 0.6  # of the steps: for all candidates, and for half as many as there are starts
SAMPLES = 600  # that candidates see, or five for each parameter; a third of them is held out
COARSE = 10  # cells or waves of a candidate, at most: enough for a shape, and soon trained
NOISES = 0.1, 0.3, 1.0  # in turn, where there is no search
error = attrgetter("log.best_loss")  # of a candidate, on held-out samples; infinite before the first step


def best_start(loop: Any, starts: int, progress: bool) -> None:
    """Put a loop's model at the best start, or the best before an interrupt; its seed must be a generator."""
    data, rng, heats = loop.log.objective.terms[0], loop.seed, (CANDIDATES * starts, -(-starts // 2))
    steps = [max(1, round(share * loop.steps)) for share in SHARES]
    depths = solvable(loop.log.objective.model) if data.criterion.is_quadratic else []
    field: list = []
    try:
        total = int(np.dot(heats, steps))
        with warnings.catch_warnings(), progress_bar(total, "starts", progress) as advance:
            warnings.simplefilter("ignore", RuntimeWarning)  # a candidate may fail
            first = loop.log.objective.model
            if depths:  # coarser; with grids where the samples are, if it is allowed to move them
                layers = [layer.refined(min(COARSE, layer.basis.grid)) for layer in first.layers]
                first = first.from_layers(layers)
                first = update_grid(first, data.X) if loop.every else first
            counted = rng.permutation(np.flatnonzero(data.weights))[: max(SAMPLES, 5 * first.parameters.size)]
            third = len(counted) // 3
            hold, learn = (counted[:third], counted[third:]) if third else (counted, counted)
            for network in _networks(first, depths, data.part(learn), data.part(hold), heats[0] - 1, rng):
                entrant = _candidate(loop, network, learn, hold)
                if np.isfinite(entrant.log.objective.loss() + entrant.log.held_out.error()):
                    field.append(entrant)
            for size, number in zip(steps, heats, strict=True):
                field = sorted(field, key=error)[:number]
                for each in field:
                    replace(each, steps=size).run(advance)
                    each.log.objective.model.restore(each.log.best)
    except KeyboardInterrupt:
        _adopt(loop, field, depths)
        raise
    _adopt(loop, field, depths)


def _candidate(loop, network, learn, hold):
    """Make a loop that trains a copy of a network on some of the samples, and holds out some others."""
    network, terms = network.from_layers(network.layers), loop.log.objective.terms
    objective = Objective(network, [term.part(learn) for term in terms])
    log, optimizer = Log(objective, Objective(network, [terms[0].part(hold)])), copy(loop.optimizer)
    optimizer.forget()
    return replace(loop, log=log, optimizer=optimizer, patience=np.inf, callback=None)


def _adopt(loop, field, depths):
    """Put the best candidate into the loop's model, if it is better than the model."""
    if not field:
        return
    best, whole = min(field, key=error), loop.log.objective
    parts = [each.log.objective for each in field]
    whole.evaluations += sum(part.evaluations * part.n for part in parts) / whole.n
    if error(best) < Objective(whole.model, best.log.held_out.terms).error():
        best.log.objective.model.restore(best.log.best)
        layers = best.log.objective.model.layers
        if depths:  # back to fine grids
            pairs = zip(layers, [layer.basis for layer in whole.model.layers], strict=True)
            layers = [new.refined(old.grid) if loop.every else new.on_basis(old) for new, old in pairs]
        loop.log.best = whole.model.from_layers(layers).state()
        whole.model.restore(loop.log.best)


def solvable(model: Network) -> list[int]:
    """List the depths of layers that a `Search` can solve for: hidden layers below, and straight ones above."""
    n_out, linear = model.widths[-1], all(layer.is_linear for layer in model.layers)
    return [d for d in range(1, len(model.layers)) if linear and {*model.widths[d + 1 :]} == {n_out}]


def _networks(model, depths, learn, hold, count, rng):
    """Yield the model and others: found below a depth, twice as many below the first as the second, or drawn anew."""
    yield model
    shares = 1 / np.arange(1, len(depths) + 1)
    ends = np.round(count * np.cumsum(shares) / shares.sum()).astype(int)
    for depth, number in zip(depths, np.diff(ends, prepend=0), strict=True):
        for layers in Search(model.layers, depth, learn, hold).run(number, rng):
            yield model.from_layers(layers)
    for k in range(0 if depths else count):  # edges with names keep their weights
        new = model.from_layers(model.layers)
        for layer in new.layers:
            layer.initialise(rng, NOISES[k % len(NOISES)])
        yield new
