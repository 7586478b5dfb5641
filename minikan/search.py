"""The search for laws: shapes of splines from simple to rich, then names for the best of them (chapter 12).

samples  →  fitted shapes  →  without superfluous curves  →  names, by beam search  →  laws
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product, zip_longest
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander

from .kan import KAN
from .named import FunctionEdge
from .naming import EXACT, Named, name_all, name_edges, slim, trained
from .pairs import couples
from .shapes import Factor, Node, Shape, same, shapes
from .sparse import SparseLayer
from .training import fit

GRID = 8  # cells of a curve, to begin with
MOST = 800  # samples that the search looks at
PRECISE = (
    2e-3  # RMSE of splines, over the spread, that is worth names at once: richer shapes are not waited for
)
OUTS = {  # functions around a shape: their inverse, and its slope squared, up to a factor
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
        self.outs = list(OUTS) if y.min() > 0 else []
        self.fitted: dict[Shape, Fitted] = {}
        self.named: set[Shape] = set()
        self.laws: list[Found] = []

    def rounds(self, inputs: list[int]) -> Iterator[None]:
        """Fit shapes from simple to rich, one list of them after another; name the best as soon as they are precise."""
        for offers in shapes(inputs, self.outs):
            for shape in offers:
                if self.clock.left() < 0.3 * self.clock.seconds:
                    break
                self.note(f"{shape}")
                self.learn(shape)
            if self.best() < PRECISE:
                self.name_best()
            yield

    def couple(self) -> None:
        """Try sums and products of two functions of one input, alone and inside of each of the functions `outs`.

        Only if one input was enough so far.
        """
        X, y = self.train
        single = [each for each in self.fitted.values() if len(each.shape.inputs) == 1]
        one = min(single, key=lambda each: each.held_out, default=None)
        if one is None or one.held_out > 2 * self.best():
            return
        i = one.shape.inputs[0]
        for out in ("", *self.outs):
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

    def name_best(self) -> None:
        """Name the most promising shapes, until a law is exact or time is over."""
        for each in self.promising():
            if self.exact() or self.clock.left() < 0:
                return
            each = self.simplify(each)
            if each.shape not in self.named:
                self.named.add(each.shape)
                self.name(each)

    def best(self) -> float:
        """Return the smallest error of splines on samples held out."""
        return min((each.held_out for each in self.fitted.values()), default=np.inf)

    def is_good(self) -> bool:
        """Tell whether a law is as good as the best splines."""
        return any(law.held_out <= 1.1 * max(self.best(), EXACT**0.5) for law in self.laws)

    def promising(self) -> list[Fitted]:
        """List the fitted shapes that are worth names, the smallest first."""
        least = self.best()
        enough = max(1.25 * least, min(8e-3, 30 * least))
        good = [each for each in self.fitted.values() if each.held_out <= enough]
        return sorted(good, key=lambda each: (each.size, each.held_out))[:5]

    def learn(self, shape: Shape) -> Fitted | None:
        """Fit a shape and keep the best: from two starts if it is deep, else on finer grids as long as these help."""
        for seed, grid in (
            [(0, GRID), (1, GRID)] if shape.is_deep else [(0, GRID << finer) for finer in range(4)]
        ):
            known, model = self.fitted.get(shape), self.network(shape, grid, seed)
            if model is None:
                continue
            found = Fitted(shape, model, self.rmse(model, self.train), self.rmse(model, self.held))
            if (known is None and np.isfinite(found.held_out)) or (known and found.held_out < known.held_out):
                self.fitted[shape] = found
            helps = known is None or found.held_out < 0.5 * known.held_out
            if not shape.is_deep and (found.held_out < PRECISE or not helps):
                break
        return self.fitted.get(shape)

    def network(self, shape: Shape, grid: int, seed: int) -> KAN | None:
        """Fit the curves of a shape: with a function around it, first to the targets under its inverse."""
        X, y = self.train
        model = shape.network(X, grid, seed)
        options: dict = dict(progress=False, update_grid=shape.is_deep, tol=0.02)
        try:
            if not shape.out:
                _fit(model, X, y, steps=25, **options)
                return model
            inverse, weight = OUTS[shape.out]
            z, weights = inverse(y), weight(y)
            weights = np.clip(weights / np.median(weights), 1e-3, 30)
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
            for shape in found.shape.simpler():
                each = self.fitted.get(shape) or self.learn(shape)
                if shape != found.shape and each and each.held_out <= max(1.3 * found.held_out, 2e-6):
                    offers.append(each)
            if not offers:
                return found
            found = min(offers, key=lambda each: (each.size, each.held_out))

    def name(self, each: Fitted) -> None:
        """Look for names for all curves of a fitted shape."""
        X, y = self.train
        self.note(f"names for {each.shape}")
        floor = max(each.error**2, EXACT)
        if (found := name_all(each.model, X, y, self.library)) is not None:
            self.keep(found, each.shape)
            if self.exact():
                return
        for pairs in (False, True):
            model = with_room(each.model, each.shape) if pairs else each.model
            for found in name_edges(model, X, y, self.library, floor, pairs):
                self.keep(found, each.shape)
                if self.exact() or self.clock.left() < 0:
                    return
            if self.good(each):
                return

    def good(self, each: Fitted) -> bool:
        """Tell whether a law is about as good as the splines of its shape."""
        return any(law.shape == each.shape and law.held_out <= 1.1 * each.held_out for law in self.laws)

    def keep(self, found: Named, shape: Shape) -> None:
        """Remember a law, without edges that are not needed."""
        least = min((law.named.loss for law in self.laws), default=np.inf)
        if found.loss < 1.5 * max(least, EXACT):
            found = slim(found, *self.train, EXACT)
        self.laws.append(Found(found, self.rmse(found.model, self.held), shape))

    def exact(self) -> bool:
        return any(law.named.loss <= EXACT for law in self.laws[-3:])

    def rmse(self, model: KAN, samples: tuple) -> float:
        with np.errstate(all="ignore"):
            return float(np.sqrt(np.mean((model(samples[0])[:, 0] - samples[1]) ** 2)))


def explore(searches: Sequence[Search]) -> None:
    """Search the same samples in several views, by turns: first the inputs that seem to matter, then all."""
    every = np.flatnonzero(np.ptp(searches[0].train[0], axis=0) > 0).tolist()
    some = relevant(*searches[0].train, *searches[0].held)
    for inputs in [some, every] if 0 < len(some) < len(every) else [every]:
        turns = [((each, None) for _ in each.rounds(inputs)) for each in searches]
        for each, _ in (turn for row in zip_longest(*turns) for turn in row if turn):
            if each.exact():
                return
        for work in (Search.name_best, Search.couple):
            for each in sorted(searches, key=Search.best):
                work(each)
            if any(each.is_good() for each in searches):
                return


def relevant(X: np.ndarray, y: np.ndarray, held: np.ndarray, held_y: np.ndarray) -> list[int]:
    """List the inputs without which polynomials in X (n, n_in) predict samples held out worse."""
    (n, d), low, high = X.shape, X.min(axis=0), X.max(axis=0)
    high = np.where(high > low, high, low + 1)
    degree = next(p for p in range(6, 0, -1) if comb(d + p, p) <= n / 3 or p == 1)
    powers = [each for each in product(range(degree + 1), repeat=d) if sum(each) <= degree]
    tables = [legvander(2 * (part - low) / (high - low) - 1, degree) for part in (X, held)]
    columns = [
        np.stack([table[:, range(d), each].prod(axis=1) for each in powers], axis=1) for table in tables
    ]

    def error(without=None):
        some = [without is None or each[without] == 0 for each in powers]
        weights = np.linalg.lstsq(columns[0][:, some], y, rcond=1e-8)[0]
        return np.sqrt(np.mean((columns[1][:, some] @ weights - held_y) ** 2))

    found = [i for i in range(d) if error(i) > 1.1 * error()]
    if not found:  # waves are too fast for polynomials: does y change little from each x to the next?
        steps = [np.diff(y[np.argsort(x)]) for x in X.T]
        found = [i for i, step in enumerate(steps) if np.mean(step**2) < y.var()]
    return found


def inside(model: KAN, out: str, z: np.ndarray, size: float = 1.0) -> KAN:
    """Put a function around a model whose outputs are z (n,) in units of `size`."""
    edge = FunctionEdge(out, [size, 0.0, 1.0, 0.0], (float(z.min()), float(z.max())))
    return KAN.from_layers([*model.layers, SparseLayer(1, 1, {(0, 0): edge})])


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
