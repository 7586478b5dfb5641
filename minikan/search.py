"""The search for laws: shapes of splines from simple to rich, then names for the best of them (chapter 12).

samples  →  fitted shapes  →  without superfluous curves  →  names, by beam search  →  laws
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb
from typing import Any, NamedTuple

import numpy as np

from .functions import LIBRARY
from .grids import refine
from .kan import KAN
from .named import FunctionEdge
from .naming import EXACT, Named, name_all, name_edges, slim, trained
from .pairs import couples
from .shapes import Factor, Node, Shape, divided, same, shapes
from .sparse import SparseLayer
from .surrogate import Surrogate, Targets, components
from .training import fit

GRID, COARSE = 8, 5  # cells of a curve, to begin with; the same if curves follow on curves
VALLEY = 0.03  # an RMSE, over the spread, with which no other start is tried
POSITIVE = (
    0.9  # the share of y that is positive, so that functions around a shape are tried; the rest may be noise
)
NEAR = 2e-2  # an RMSE, over the spread, with which a shape may still be right, if its curves are steep
ROUGH = 1e-4  # a loss, over the variance of the targets, up to which all names are as good at first
STARTS = 8  # for shapes in which the inputs interact as they seem to in the table
MOST = 800  # samples that the search looks at
PRECISE = (
    2e-3  # RMSE of splines, over the spread, that is worth names at once: richer shapes are not waited for
)
OUTS: dict[
    str, tuple[Callable, Callable]
] = {  # functions around a shape: their inverse, and its slope squared, up to a factor
    "exp": (np.log, lambda y: y**-2.0),
    "1/x": (lambda y: 1 / y, lambda y: y**-4.0),
    "sqrt": (np.square, np.square),
    "1/sqrt": (lambda y: y**-2.0, lambda y: y**-6.0),
}


@dataclass
class Fitted:
    """A shape, the network of splines that was fitted, its RMSE in training and held out, over the spread of y."""

    shape: Shape
    model: KAN
    error: float
    held_out: float

    @property
    def size(self) -> int:
        return self.model.parameters.size


class Found(NamedTuple):
    """A law in scaled units, its RMSE on samples held out, over the spread of y, and the shape it comes from."""

    named: Named
    held_out: float
    shape: Shape


class Clock:
    """Seconds from now on, and how many of them are left."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.start = seconds, time.perf_counter()

    def left(self) -> float:
        return self.seconds - (time.perf_counter() - self.start)


class Search:
    """The search for laws in scaled samples: `laws` grow while it runs.

    X (n, n_in) and y (n,) are shuffled samples; a fifth of them is held out, and only the first `MOST` are looked at.
    """

    def __init__(self, X, y, library, clock, note=lambda text: None):
        self.library, self.clock, self.note = library, clock, note
        cut = max(min(len(X), MOST) // 5, 1)
        self.held, self.train = (X[:cut], y[:cut]), (X[cut:MOST], y[cut:MOST])
        self.outs = [out for out in OUTS if LIBRARY[out] in library] if np.mean(y > 0) > POSITIVE else []
        self.surrogate, self.reserve = Surrogate(self.train[0], self.held[0]), 0.0
        self.fitted: dict[Shape, Fitted] = {}
        self.named: set[tuple[Shape, bool]] = set()
        self.laws: list[Found] = []

    def rounds(self, inputs: list[int]) -> Iterator[None]:
        """Fit shapes from simple to rich, one list after another; name the best as soon as they are precise.

        First come the shapes in which exactly those inputs interact that seem to, then those in which more do; and
        first the functions around them under which polynomials see clearest.
        """
        outs = sorted(("", *self.outs), key=lambda out: self.surrogate.error(self.targets(out)))
        pairs = {out: self.surrogate.interactions(self.targets(out), inputs) for out in outs}
        known = [(out, components(inputs, each)) for out, each in pairs.items() if each is not None]
        sums, *richer = shapes(inputs, self.outs)
        ladder = [sums + [shape for out, groups in known for shape in divided(groups, out)], *richer]
        every = comb(len(inputs), 2)
        for likely, offers, out in product((True, False), ladder, outs):
            for shape in offers:
                needed = pairs[out]
                as_it_seems = needed is None or shape.interactions in (needed, frozenset())
                if self.clock.left() < 0.3 * self.clock.seconds:
                    break
                if shape.out == out and as_it_seems == likely and (likely or needed < shape.interactions):
                    self.note(f"{shape}")
                    often = likely and needed and (len(needed) < every or out == outs[0])
                    self.learn(shape, STARTS if often else 2)
            if self.best() < PRECISE or (out == outs[-1] and self.is_precise()):
                self.name_best(0.5)
            if self.exact() or out == outs[-1]:
                yield

    def targets(self, out: str) -> Targets:
        """Compute what has to stand inside of a function `out`."""
        (y, weights), (held, held_weights) = (under(out, y) for _, y in (self.train, self.held))
        return Targets(y, held, weights, held_weights)

    def is_precise(self) -> bool:
        """Tell whether the best splines leave nothing that can be seen: names are worth a try."""
        best = min(self.fitted.values(), key=lambda each: each.held_out, default=None)
        return best is not None and (best.held_out < PRECISE or self.explains(best.model))

    def explains(self, model: Any) -> bool:
        """Tell whether what a model leaves looks like noise."""
        return self.surrogate.explains(model(self.train[0])[:, 0] - self.train[1])

    def done(self) -> bool:
        """Tell whether a law is exact, or as good as the splines and leaves nothing but noise."""
        enough = 1.1 * max(self.best(), EXACT**0.5)
        return self.exact() or any(
            law.held_out <= enough and self.explains(law.named.model) for law in self.laws
        )

    def couple(self, best: float) -> None:
        """Try sums and products of two functions of one input, alone and inside of each of the functions `outs`.

        Only if one input is enough to come near to the best RMSE on samples held out so far.
        """
        X, y = self.train
        single = [each for each in self.fitted.values() if len(each.shape.inputs) == 1]
        one = min(single, key=lambda each: each.held_out, default=None)
        if one is None or one.held_out > 2 * best:
            return
        i = one.shape.inputs[0]
        for out in ("", *(self.outs if y.min() > 0 else [])):
            z = OUTS[out][0](y) if out else y
            self.note(f"couples {out}")
            for model, is_product in couples(X[:, i], z, self.library):
                if self.clock.left() < 0 or self.exact():
                    return
                first = model.layers[0]
                edges = {(i, j): first.edge(0, j) for j in (0, 1)}
                model = KAN.from_layers([SparseLayer(X.shape[1], 2, edges), *model.layers[1:]])
                found = trained(model, X, z, 60)
                if out:
                    found = trained(inside(model, out, z), X, y, 30)
                factors = tuple(Factor((i,)) for _ in range(2))
                nodes = (Node(factors),) if is_product else tuple(Node((each,)) for each in factors)
                self.keep(found, Shape(nodes, out))

    def name_best(self, share: float = 1.0) -> None:
        """Name the most promising shapes, until a law is enough, or for a share of the time that is left."""
        self.reserve = max((1 - share) * self.clock.left(), 0)
        for pairs in (False, True):
            for each in self.promising():
                if self.exact() or self.late() or (pairs and self.done()):
                    return
                each = self.simplify(each)
                if (each.shape, pairs) not in self.named:
                    self.named.add((each.shape, pairs))
                    self.name(each, pairs)

    def late(self) -> bool:
        return self.clock.left() <= self.reserve

    def best(self) -> float:
        """Return the smallest error of splines on samples held out."""
        return min((each.held_out for each in self.fitted.values()), default=np.inf)

    def promising(self) -> list[Fitted]:
        """List the fitted shapes that are worth names, the smallest first."""
        least = self.best()
        enough = max(1.25 * least, min(NEAR, 30 * least))
        good = [each for each in self.fitted.values() if each.held_out <= enough]
        return sorted(good, key=lambda each: (each.size, each.held_out))[:5]

    def learn(self, shape: Shape, starts: int = 2) -> Fitted | None:
        """Fit a shape, on finer grids as long as these help; a deep one on a coarse grid first, from several starts."""
        for seed in range(starts if shape.is_deep else 0):
            self.remember(shape, self.network(shape, COARSE, seed))
            if self.error(shape) < VALLEY:
                self.remember(shape, self.improved(refine(self.fitted[shape].model, 2 * COARSE)))
                break
        curves = sum(len(factor.inputs) for factor in shape.factors)
        for grid in [] if shape.is_deep else [GRID, 2 * GRID, 4 * GRID, 8 * GRID]:
            before = self.error(shape)
            if curves * grid > len(self.train[0]) / 2:
                break
            self.remember(shape, self.network(shape, grid, 0))
            known = self.fitted.get(shape)
            if known and (known.held_out < PRECISE or self.explains(known.model)):
                break
            if shape.interactions and self.error(shape) > 0.5 * before:  # sums may be of waves
                break
        return self.fitted.get(shape)

    def error(self, shape: Shape) -> float:
        return self.fitted[shape].held_out if shape in self.fitted else np.inf

    def remember(self, shape: Shape, model: KAN | None) -> None:
        """Keep a fitted network, if it is the best of its shape."""
        if model is not None and (held_out := self.rmse(model, self.held)) < self.error(shape):
            self.fitted[shape] = Fitted(shape, model, self.rmse(model, self.train), held_out)

    def improved(self, model: KAN) -> KAN | None:
        """Go on with the training of a network."""
        try:
            _fit(model, *self.train, steps=15, progress=False, tol=0.02)
        except ValueError:
            return None
        return model

    def network(self, shape: Shape, grid: int, seed: int) -> KAN | None:
        """Fit the curves of a shape: with a function around it, first to the targets under its inverse."""
        X, y = self.train
        model = shape.network(X, grid, seed)
        options: dict = dict(progress=False, update_grid=shape.is_deep, tol=0.02)
        try:
            if not shape.out:
                _fit(model, X, y, steps=25, **options)
                return model
            z, weights = under(shape.out, y)
            size = np.sqrt(np.average(z**2, weights=weights)) or 1.0
            _fit(model, X, z / size, steps=25, sample_weight=weights, **options)
            model = inside(model, shape.out, z / size, size)
            _fit(model, X, y, steps=8, progress=False)
        except ValueError:  # an overflow
            return None
        return model

    def simplify(self, found: Fitted) -> Fitted:
        """Take curves away, one by one, as long as the error on samples held out stays."""
        while True:
            offers = []
            for shape, edge in found.shape.simpler():
                each = self.fitted.get(shape) or self.learn(shape)
                if edge and self.error(shape) > found.held_out:  # without the edge, and the rest where it is
                    self.remember(shape, self.improved(without(found.model, edge)))
                    each = self.fitted.get(shape)
                if shape != found.shape and each and each.held_out <= max(1.3 * found.held_out, 2e-6):
                    offers.append(each)
            if not offers:
                return found
            found = min(offers, key=lambda each: (each.size, each.held_out))

    def name(self, each: Fitted, pairs: bool) -> None:
        """Look for names for all curves of a fitted shape, with `pairs` also for functions of functions."""
        X, y = self.train
        self.note(f"names for {each.shape}")
        for library in [] if pairs else [self.library, [LIBRARY["x"]]]:
            if (found := name_all(each.model, X, y, library)) is not None:
                self.keep(found, each.shape)
            if self.exact():
                return
        model = with_room(each.model, each.shape) if pairs else each.model
        for floor in dict.fromkeys(
            max(each.error**2, level) for level in (ROUGH, EXACT)
        ):  # simple names first
            search = name_edges(model, X, y, self.library, floor, pairs, late=self.late)
            losses = [np.inf]
            while not self.exact() and not self.late() and (found := next(search, None)) is not None:
                self.keep(found, each.shape)
                losses.append(found.loss)
            if min(losses) > floor:  # no ties
                return

    def keep(self, found: Named, shape: Shape) -> None:
        """Remember a law, without edges that are not needed."""
        least = min((law.named.loss for law in self.laws), default=np.inf)
        if found.loss < 1.5 * max(least, EXACT):
            found = slim(found, self.train[0], self.train[1], EXACT)
        self.laws.append(Found(found, self.rmse(found.model, self.held), shape))

    def exact(self) -> bool:
        return any(law.named.loss <= EXACT for law in self.laws[-3:])

    def rmse(self, model: Any, samples: tuple) -> float:
        with np.errstate(all="ignore"):
            return float(np.sqrt(np.mean((model(samples[0])[:, 0] - samples[1]) ** 2)))


def explore(searches: Sequence[Search]) -> None:
    """Search the same samples in several views, by turns: first the inputs that seem to matter, then all.

    A law ends the search if it is exact; if it leaves nothing but noise, each view has another turn for a simpler one.
    """
    every = np.flatnonzero(np.ptp(searches[0].train[0], axis=0) > 0).tolist()
    looks = [(each.surrogate, each.targets(out)) for each in searches for out in ("", *each.outs)]
    clearest, targets = min(looks, key=lambda look: look[0].error(look[1]))
    some = clearest.relevant(targets)
    for inputs in [some, every] if 0 < len(some) < len(every) else [every]:
        turns = deque((each, each.rounds(inputs)) for each in searches)
        more = np.inf
        while turns and more > 0:
            each, rounds = turns.popleft()
            if next(rounds, "over") is None:
                turns.append((each, rounds))
            if each.exact():
                return
            more = len(turns) if more == np.inf and each.done() else more - 1
        for each in sorted(searches, key=Search.best):
            each.name_best(0.5 if inputs is some else 1.0)
        for each in sorted(searches, key=Search.best):
            each.couple(min(search.best() for search in searches))
            if any(each.done() for each in searches):
                return


def under(out: str, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute what has to stand inside of `out`, and weights by which its noise is that of y (n,), if y is positive."""
    inverse, weight = OUTS[out] if out else (np.copy, np.ones_like)
    usable = (y > 0) | (not out)
    y = np.where(usable, y, np.median(y))
    weights = weight(y) / np.median(weight(y))
    return inverse(y), usable * np.clip(weights, 1e-12, 30)


def inside(model: KAN, out: str, z: np.ndarray, size: float = 1.0) -> KAN:
    """Put a function around a model whose outputs are z (n,) in units of `size`."""
    edge = FunctionEdge(out, [size, 0.0, 1.0, 0.0], (float(z.min()), float(z.max())))
    return KAN.from_layers([*model.layers, SparseLayer(1, 1, {(0, 0): edge})])


def without(model: KAN, edge: tuple[int, int]) -> KAN:
    """Make the same model without an edge of the first layer."""
    first, *others = model.layers
    edges = {at: first.edge(*at) for at in first.edge_list if at != edge}
    return KAN.from_layers([SparseLayer(first.n_in, first.n_out, edges), *others])


def with_room(model: KAN, shape: Shape) -> KAN:
    """Make the same model with edges that change nothing after all sums, where curves of curves have their place."""
    if any(factor.curve or factor.product for factor in shape.factors):
        return model
    count = len(shape.factors)
    room = SparseLayer(count, count, {(m, m): same() for m in range(count)})
    return KAN.from_layers([model.layers[0], room, *model.layers[1:]])


def _fit(model, X, y, **options):
    history = fit(model, X, y, **options)
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
