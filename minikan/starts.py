"""Several starts, of which the best is trained to the end (chapter 04; the paper has one).

Training ends in the valley where it starts, and some are poor. `fit(..., starts=K)` compares 3K candidates: the model
as it is, and 3K - 1 others, which a search has found (`Search`) or, where it cannot, are drawn like a new network. All
take a few steps. Those that do best on held-out samples take more, and the best of these is what `fit` trains.

Reference: K. Jamieson and A. Talwalkar, arXiv 1502.07943 (successive halving).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from .grids import update_grid
from .history import Log
from .network import Network
from .objective import Objective
from .progress import progress_bar
from .screening import Search
from .terms import Data

CANDIDATES = 3  # per start
SHARES = 0.2, 0.6  # of the steps: for all candidates, and for half as many as there are starts
SAMPLES = 600  # that candidates see, or five for each parameter; a third of them is held out
COARSE = 10  # cells or waves of a candidate, at most: enough for a shape, and soon trained
NOISES = 0.1, 0.3, 1.0  # in turn, where there is no search


def best_start(loop: Any, starts: int, progress: bool) -> None:
    """Find the best start for a loop of `fit`, whose seed is a generator, and put the loop's model there.

    An interrupt leaves the model at the best candidate so far, an error leaves it as it was.
    """
    data, rng, heats = loop.log.objective.terms[0], loop.seed, (CANDIDATES * starts, -(-starts // 2))
    steps = [max(1, round(share * loop.steps)) for share in SHARES]
    depths = solvable(loop.log.objective.model) if data.criterion.is_quadratic else []
    field: list = []
    try:
        with warnings.catch_warnings(), progress_bar(int(np.dot(heats, steps)), "starts", progress) as advance:
            warnings.simplefilter("ignore", RuntimeWarning)  # a candidate may fail
            first = coarse(loop) if depths else loop.log.objective.model
            counted = rng.permutation(np.flatnonzero(data.weights))[: max(SAMPLES, 5 * first.parameters.size)]
            third = len(counted) // 3
            hold, learn = (counted[:third], counted[third:]) if third else (counted, counted)
            new = searched(first, depths, data.part(learn), data.part(hold), heats[0] - 1, rng)
            for network in chain([first], new if depths else redrawn(first, heats[0] - 1, rng)):
                entrant = candidate(loop, network, learn, hold)
                if np.isfinite(entrant.log.objective.loss() + entrant.log.held_out.error()):
                    field.append(entrant)
            for size, number in zip(steps, heats, strict=True):
                field = sorted(field, key=error)[:number]
                for each in field:
                    replace(each, steps=size).run(advance)
                    each.log.objective.model.restore(each.log.best)
    except KeyboardInterrupt:
        adopt(loop, field, depths)
        raise
    adopt(loop, field, depths)


def error(candidate: Any) -> float:
    """The least error on the held-out samples so far, infinite before the first step."""
    return candidate.log.best_loss


def candidate(loop: Any, network: Network, learn: np.ndarray, hold: np.ndarray) -> Any:
    """Make a loop that trains a copy of a network on some of the samples, and holds out some others."""
    network, terms = network.from_layers(network.layers), loop.log.objective.terms
    objective = Objective(network, [term.part(learn) for term in terms])
    log, optimizer = Log(objective, Objective(network, [terms[0].part(hold)])), copy(loop.optimizer)
    optimizer.forget()
    return replace(loop, log=log, optimizer=optimizer, patience=np.inf, callback=None)


def adopt(loop: Any, field: list, depths: list) -> None:
    """Put the best candidate into the loop's model, if it is better than the model."""
    if not field:
        return
    best, whole = min(field, key=error), loop.log.objective
    whole.evaluations += sum(each.log.objective.evaluations * each.log.objective.n for each in field) / whole.n
    if error(best) < Objective(whole.model, best.log.held_out.terms).error():
        best.log.objective.model.restore(best.log.best)
        layers = best.log.objective.model.layers
        if depths:  # back to fine grids
            pairs = list(zip(layers, whole.model.layers, strict=True))
            layers = [new.refined(old.basis.grid) if loop.every else new.on_basis(old.basis) for new, old in pairs]
        loop.log.best = whole.model.from_layers(layers).state()
        whole.model.restore(loop.log.best)


def solvable(model: Network) -> list[int]:
    """List the depths of layers that a `Search` can solve for: hidden layers below, and straight ones above."""
    n_out, linear = model.widths[-1], all(layer.is_linear for layer in model.layers)
    return [d for d in range(1, len(model.layers)) if linear and {*model.widths[d + 1 :]} == {n_out}]


def coarse(loop: Any) -> Network:
    """Make the loop's model coarser, with grids where the samples are, if it is allowed to move them."""
    model, data = loop.log.objective.model, loop.log.objective.terms[0]
    model = model.from_layers([layer.refined(min(COARSE, layer.basis.grid)) for layer in model.layers])
    return update_grid(model, data.X) if loop.every else model


def searched(
    model: Network, depths: list, learn: Data, hold: Data, count: int, rng: np.random.Generator
) -> Iterator[Network]:
    """Search below one depth after the other, twice as often below the first as below the second."""
    shares = 1 / np.arange(1, len(depths) + 1)
    ends = np.round(count * np.cumsum(shares) / shares.sum()).astype(int)
    for depth, number in zip(depths, np.diff(ends, prepend=0), strict=True):
        for layers in Search(model.layers, depth, learn, hold).run(number, rng):
            yield model.from_layers(layers)


def redrawn(model: Network, count: int, rng: np.random.Generator) -> Iterator[Network]:
    """Draw new weights; edges with names keep theirs."""
    for k in range(count):
        new = model.from_layers(model.layers)
        for layer in new.layers:
            layer.initialise(rng, NOISES[k % len(NOISES)])
        yield new
