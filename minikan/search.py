"""The search for laws: shapes of splines from simple to rich, then names for the best of them (chapter 12).

samples  →  fitted shapes  →  without superfluous curves  →  names, by beam search  →  laws
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from .fitting import PRECISE, Clock, Fitted, Fitting
from .functions import Function
from .interactions import components
from .kan import KAN
from .matching import match
from .named import FunctionEdge
from .naming import EXACT, Named, name_all, name_edges, slim, trained
from .pairs import couples
from .shapes import Factor, Node, Shape, divided, multiplied, same, shapes
from .sparse import SparseLayer

NEAR = 2e-2  # an RMSE, over the spread, with which a shape may still be right, if its curves are steep
ROUGH = 1e-4  # a loss, over the variance of the targets, up to which all names are as good at first
SINGLE = 3  # functions that are tried for each input alone
STARTS = 8  # for shapes in which the inputs interact as they seem to in the table


class Found(NamedTuple):
    """A law in scaled units, its RMSE on samples held out, over the spread of y, and the shape it comes from."""

    named: Named
    held_out: float
    shape: Shape


class Search(Fitting):
    """The search for laws in scaled samples: `laws` grow while it runs.

    If `pairs` of inputs that act together are known, they take the place of those that polynomials see.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        library: Sequence[Function],
        clock: Clock,
        note: Callable = lambda text: None,
        size_y: float = 1.0,
        pairs: frozenset[tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(X, y, library, clock, size_y)
        self.note, self.pairs = note, pairs
        self.named: set[tuple[Shape, bool]] = set()
        self.laws: list[Found] = []

    def rounds(self, inputs: list[int]) -> Iterator[None]:
        """Fit shapes from simple to rich, one list after another; name the best as soon as they are precise.

        First come the shapes in which exactly those inputs interact that seem to, then those in which more do; and
        first the functions around them under which polynomials see clearest.
        """
        outs = sorted(self.outs, key=lambda name: self.unexplained(self.outs[name]))
        pairs = {out: self.surrogate.interactions(self.targets(self.outs[out]), inputs) for out in outs}
        if self.pairs is not None:
            pairs[""] = frozenset(pair for pair in self.pairs if {*pair} <= {*inputs})
        sums, *richer = shapes(inputs, [out for out in self.outs if out])
        every = frozenset(combinations(sorted(inputs), 2))
        for out, each in pairs.items():
            if each is not None:
                sums += divided(components(inputs, each), out)
                sums += multiplied(components(inputs, every - each), out)
        for likely, offers, out in product((True, False), (sums, *richer), outs):
            for shape in offers:
                needed = pairs[out]
                as_it_seems = needed is None or shape.interactions in (needed, frozenset())
                if self.clock.is_over(0.3 * self.clock.seconds):
                    break
                if (
                    shape.out == out
                    and as_it_seems == likely
                    and (likely or (needed or set()) < shape.interactions)
                ):
                    self.note(f"{shape}")
                    often = likely and needed and (len(needed) < len(every) or out == outs[0])
                    self.learn(shape, STARTS if often else 2)
            if self.best() < PRECISE or (out == outs[-1] and self.is_precise()):
                self.name_best(0.5)
            if self.exact() or out == outs[-1]:
                yield

    def match_inputs(self, inputs: Sequence[int]) -> None:
        """Try functions of one input, c f(a x + b) + d, straight on the samples."""
        X, y = self.train
        for i in inputs:
            for found in match(X[:, i], y, self.library)[:SINGLE]:
                if self.late() or self.exact():
                    return
                self.note(f"{found.function.name} of x{i + 1}")
                edge = FunctionEdge(found.function, found.weights, found.span)
                model = KAN.from_layers([SparseLayer(X.shape[1], 1, {(i, 0): edge})])
                self.keep(trained(model, X, y, 40), Shape((Node((Factor((i,)),)),)))

    def is_precise(self) -> bool:
        """Tell whether the best splines leave nothing that can be seen: names are worth a try."""
        best = min(self.fitted.values(), key=lambda each: each.held_out, default=None)
        return best is not None and (best.held_out < PRECISE or self.explains(best.model))

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
        for name, out in self.outs.items():
            if out.is_positive and y.min() <= 0:
                continue
            z, _ = out.under(y)
            self.note(f"couples {name}")
            for model, is_product in couples(X[:, i], z, self.library):
                if self.clock.is_over() or self.exact():
                    return
                first = model.layers[0]
                edges = {(i, j): first.edge(0, j) for j in (0, 1)}
                model = KAN.from_layers([SparseLayer(X.shape[1], 2, edges), *model.layers[1:]])
                found = trained(model, X, z, 60)
                if name:
                    found = trained(out.around(model, z), X, y, 30)
                factors = tuple(Factor((i,)) for _ in range(2))
                nodes = (Node(factors),) if is_product else tuple(Node((each,)) for each in factors)
                self.keep(found, Shape(nodes, name))

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

    def promising(self) -> list[Fitted]:
        """List the fitted shapes that are worth names, the smallest first."""
        least = self.best()
        enough = max(1.25 * least, min(NEAR, 30 * least))
        good = [each for each in self.fitted.values() if each.held_out <= enough]
        return sorted(good, key=lambda each: (each.size, each.held_out))[:5]

    def name(self, each: Fitted, pairs: bool) -> None:
        """Look for names for all curves of a fitted shape, with `pairs` also for functions of functions."""
        X, y = self.train
        self.note(f"names for {each.shape}")
        line = [each for each in self.library if each.is_linear]
        for library in [] if pairs else filter(None, [self.library, line]):
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
        if found.loss < 1.5 * max(least, EXACT) and not self.late():
            found = slim(found, self.train[0], self.train[1], EXACT)
        self.laws.append(Found(found, self.rmse(found.model, self.held), shape))

    def exact(self) -> bool:
        return any(law.named.loss <= EXACT for law in self.laws[-3:])


def explore(searches: Sequence[Search]) -> None:
    """Search the same samples in several views, by turns: first the inputs that seem to matter, then all.

    A law ends the search if it is exact; if it leaves nothing but noise, each view has another turn for a simpler one.
    """
    every = np.flatnonzero(np.ptp(searches[0].train[0], axis=0) > 0).tolist()
    looks = [(each.surrogate, each.targets(out)) for each in searches for out in each.outs.values()]
    clearest, targets = min(looks, key=lambda look: look[0].error(look[1]))
    some = clearest.relevant(targets)
    for inputs in [some, every] if 0 < len(some) < len(every) else [every]:
        for each in searches:
            each.match_inputs(inputs)
            if each.exact():
                return
        turns = deque((each, each.rounds(inputs)) for each in searches)
        more = np.inf
        while turns and more > 0:
            each, rounds = turns.popleft()
            if next(rounds, "over") is None:
                turns.append((each, rounds))
            if each.exact():
                return
            more = len(turns) if more == np.inf and each.done() else more - 1
        best = min(map(Search.best, searches))
        steps: list[tuple[Callable, float]] = [
            (Search.name_best, 0.5 if inputs is some else 1.0),
            (Search.couple, best),
        ]
        for step, value in steps:
            for each in sorted(searches, key=Search.best):
                step(each, value)
            if any(each.done() for each in searches):
                return


def with_room(model: KAN, shape: Shape) -> KAN:
    """Make the same model with edges that change nothing after all sums, where curves of curves have their place."""
    if any(factor.curve or factor.product for factor in shape.factors):
        return model
    count = len(shape.factors)
    room = SparseLayer(count, count, {(m, m): same() for m in range(count)})
    return KAN.from_layers([model.layers[0], room, *model.layers[1:]])
