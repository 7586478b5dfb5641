"""Name the curves of a network, judged by what the whole network loses (chapters 07 and 12).

An edge alone cannot tell: what a curve looks like depends on its neighbours, and many functions look alike. So each
promising name is tried: the edge becomes the function, all parameters are trained for a few steps, and the loss of the
whole network counts, together with the complexity of the names. The best few networks are carried on (a beam search),
so that a choice that turns out to be wrong is not final.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .functions import LIBRARY, Function
from .matching import Candidate, match
from .named import FunctionEdge, edge_data, replace, unnamed
from .network import Network
from .sparse import SparseLayer
from .training import fit

BEAM, TRIALS = 3, 12  # networks that are carried on; names that are tried for each
SIMPLE = ("x", "x^2", "1/x", "exp", "log", "sqrt")  # always tried: others may hide them
SEEN, FAR = (
    1e-5,
    300,
)  # a curve's error that may come from its splines; what is so many times worse is not tried
EXACT = 1e-18  # a loss, over the variance of the targets, that is rounding
At = tuple[int, int, int]  # layer, input, output of an edge


class Named(NamedTuple):
    """A network, most or all of whose edges have names, and its loss."""

    model: Network
    loss: float

    @property
    def complexity(self) -> float:
        return complexity(self.model)


def complexity(model: Network) -> float:
    """Add the complexities of all named edges that do something."""
    edges = [layer.edge(*at) for layer in model.layers for at in layer.edge_list]
    return sum(edge.function.complexity for edge in edges if edge.name and not _does_nothing(edge))


def _does_nothing(edge):
    return (
        edge.function.is_linear and edge.weights[0] == edge.weights[2] == 1 and not edge.weights[[1, 3]].any()
    )


def criterion(loss: float, cost: float, n: int, floor: float) -> float:
    """Weigh the loss against complexity by Schwarz's criterion, n log(loss) + log(n) complexity; lower is better."""
    return n * np.log(max(loss, floor, 1e-300)) + np.log(n) * cost


def trained(model: Network, X: np.ndarray, y: np.ndarray, steps: int) -> Named:
    """Train a model in place, for a few steps. KeyboardInterrupt is handed on; if numbers overflow, the loss is inf."""
    try:
        history = fit(model, X, y, steps=steps, progress=False, tol=1e-3)
    except ValueError:
        return Named(model, np.inf)
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return Named(model, float(history.error[-1]))


def most_trials(edges: int) -> int:
    """Bound the number of trials in which `name_edges` names so many edges."""
    return 2 * TRIALS * (1 + BEAM * max(edges - 1, 0))


def name_all(model: Network, X: np.ndarray, y: np.ndarray, library: Sequence[Function]) -> Named | None:
    """Give every edge the function that fits it best, and train."""
    found = {at: match(*edge_data(model, X, *at), library) for at in unnamed(model)}
    if not all(found.values()):
        return None
    return trained(replace(model, {at: best[0] for at, best in found.items()}), X, y, 40)


def name_edges(
    model: Network,
    X: np.ndarray,
    y: np.ndarray,
    library: Sequence[Function],
    floor: float,
    pairs: bool = False,
    note: Callable = lambda text="": None,
    late: Callable[[], bool] = lambda: False,
) -> Iterator[Named]:
    """Name all edges by beam search, and yield networks as they are finished.

    A loss below `floor` counts as `floor`: where noise or coarse grids hide differences, simple names win. With `pairs`
    an edge may become a function of a function, too. Every trial changes the state of the search only through what it
    yields, so that the caller may stop at any time, or by `late`.
    """
    n, states = len(X), [model]
    while states:
        tried = []
        for state in states:
            for _, names, move in _offers(state, X, library, floor / max(float(y.var()), 1e-300), pairs):
                if late():
                    return
                moved = type(state).from_layers(state.layers)
                moved.parameters += move
                with np.errstate(all="ignore"):
                    tried.append(trained(replace(moved, names), X, y, 10))
                note(", ".join(each.function.name for each in names.values()))
        tried.sort(key=lambda found: criterion(found.loss, found.complexity, n, floor))
        states, seen = [], set()
        for found in tried:
            names = tuple(names_of(found.model))
            if names in seen or len(seen) == BEAM:
                continue
            seen.add(names)
            if unnamed(found.model):
                states.append(found.model)
            else:
                yield trained(found.model, X, y, 40)


def names_of(model: Network) -> list:
    """List the edges of a network with their names."""
    return [
        (depth, at, layer.edge(*at).name)
        for depth, layer in enumerate(model.layers)
        for at in layer.edge_list
    ]


def free_curves(model: Network, X: np.ndarray, at: At) -> tuple[np.ndarray, np.ndarray]:
    """Find what may be added to an edge, as others make up for it: A·B + C = (A + k)·B + (C - k B).

    Returns curves (q, n), and for each of them the direction (P,) of the parameters that goes with it, (q, P). They
    come from raising other edges of the same layer by a constant, if a change of this edge can undo it.
    """
    depth, i, j = at
    z, start = X.T, sum(layer.weights.size for layer in model.layers[:depth])
    for below in model.layers[:depth]:
        z, _ = below.forward(z)
    layer, J = model.layers[depth], np.concatenate(model.jacobian(X).swapaxes(0, 1))
    found = layer.edge_features(layer.forward(z)[1])
    edges = {(i, j): (start + places, rows) for i, j, places, rows in found}
    places, features = edges.pop((i, j))
    curves, directions = np.zeros((0, len(X))), np.zeros((0, model.parameters.size))
    for others, rows in edges.values():
        direction = np.zeros(model.parameters.size)
        direction[others] = np.linalg.lstsq(rows.T, np.ones(len(X)), rcond=None)[0]
        effect = J @ direction
        weights = np.linalg.lstsq(J[:, places], -effect, rcond=1e-9)[0]
        curve = weights @ features
        undone = np.linalg.norm(effect + J[:, places] @ weights) < 1e-2 * np.linalg.norm(effect)
        if undone and np.ptp(curve) > 1e-6 * np.abs(curve).max():
            curves, directions = np.vstack([curves, curve]), np.vstack([directions, direction])
    return curves, directions


def _offers(model, X, library, floor, pairs):
    """List what could be named next, {at: Candidate}: of the edges of the lowest layer that has any without a name."""
    left = unnamed(model)
    lowest = [at for at in left if at[0] == left[0][0]]
    simple = {name for name in SIMPLE if LIBRARY[name] in library}
    offers = []
    for at in lowest:
        x, curve = edge_data(model, X, *at)
        free, ways = free_curves(model, X, at)
        found, quota = match(x, curve, library, free), max(TRIALS // len(lowest), 3)
        far = FAR * max([each.error for each in found[:1]] + [floor, SEEN])
        chosen = found[:quota] + [each for each in found[quota:] if each.function.name in simple]
        chosen = [each for each in chosen if each.error <= far]
        offers += [(each.evidence(floor), {at: each}, np.array(each.extra) @ ways) for each in chosen]
        if pairs and _has_room(model, at):
            above = (at[0] + 1, at[2], at[2])
            offers += [
                (
                    inner.evidence(floor) + np.log(3) * outer.function.complexity,
                    {at: inner, above: outer},
                    0.0,
                )
                for outer, inner in match_pair(x, curve, library)
            ]
    offers.sort(key=lambda offer: offer[0])
    return offers[: 2 * TRIALS]


def _has_room(model, at):
    """Tell whether an edge alone feeds a node, and after this comes an edge that does nothing."""
    depth, _, j = at
    alone = sum(to == j for _, to in model.layers[depth].edge_list) == 1
    above = model.layers[depth + 1] if depth + 1 < len(model.layers) else None
    return alone and above is not None and (j, j) in above.edge_list and above.edge(j, j).name == "x"


def slim(found: Named, X: np.ndarray, y: np.ndarray, floor: float) -> Named:
    """Take edges of the first layer away, one by one, as long as the criterion of `criterion` falls."""
    n = len(X)
    while True:
        offers, first = [], found.model.layers[0]
        for at in first.edge_list:
            edges = {other: first.edge(*other) for other in first.edge_list if other != at}
            if len({j for _, j in edges}) == first.n_out:
                model = type(found.model).from_layers(
                    [SparseLayer(first.n_in, first.n_out, edges), *found.model.layers[1:]]
                )
                offers.append(trained(model, X, y, 20))
        best = min(offers, key=lambda each: criterion(each.loss, each.complexity, n, floor), default=None)
        if best is None or criterion(best.loss, best.complexity, n, floor) > criterion(
            found.loss, found.complexity, n, floor
        ):
            return found
        found = best


OUTER: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # functions f of a pair f(g(x)), and their inverses
    "1/x": lambda u: 1 / u, "sqrt": np.square, "1/sqrt": lambda u: u**-2.0, "x^2": np.sqrt,
    "1/x^2": lambda u: u**-0.5, "exp": np.log, "log": np.exp,
}  # fmt: skip


LARGE = 0.1  # of the largest value of a curve: what is smaller has no exact inverse
INNER = "x^2", "x^3", "1/x", "sqrt", "log"  # functions g of a pair f(g(x)) with any f, of x itself


def match_pair(
    x: np.ndarray, curve: np.ndarray, library: Sequence[Function]
) -> list[tuple[Candidate, Candidate]]:
    """Find pairs f(g(x)) for a curve (n,): candidates for f and g, the best first.

    Either f has an inverse, and the curve does not change its sign; or f is a square, and g changes its sign where the
    curve is lowest or highest; or g is one of a few functions of x, not moved. Inverses make much of small values: g
    is fitted where the curve is not small, then both together everywhere.
    """
    top = curve[np.abs(curve).argmax()]
    share, found = curve / (top or 1.0), []
    offers = [(name, share, f(share), top, 0.0) for name, f in OUTER.items() if share.min() > 1e-6]
    for end in (curve.min(), curve.max()) if np.ptp(share) > 1e-6 else ():
        turn, size = x[np.abs(curve - end).argmin()], curve.max() + curve.min() - 2 * end
        values = (curve - end) / size
        offers.append(("x^2", values, np.sign(x - turn) * np.sqrt(values), size, end))
    for name, values, inside, scale, shift in offers:
        if LIBRARY[name] in library:
            large = values > min(LARGE, np.median(values))
            for inner in match(x[large], inside[large], library)[:2]:
                outer = Candidate(LIBRARY[name], np.array([1.0, 0, scale, shift]), _span(values), inner.error)
                found.append(_polished(outer, inner, x, curve))
    for name in INNER if np.ptp(share) > 1e-6 else ():
        if LIBRARY[name] in library and (name in INNER[:2] or x.min() > 0):
            u = LIBRARY[name].evaluate(x, 0)[0]
            span, weights = _span(x), np.array([1.0, 0, 1, 0])
            for outer in match(u, curve, library)[:2]:
                found.append((outer, Candidate(LIBRARY[name], weights, span, outer.error)))
    found = [
        pair for pair in found if pair[1].error < 1e-3 and not any(each.function.is_linear for each in pair)
    ]
    return sorted(found, key=lambda pair: pair[1].evidence() + np.log(3) * pair[0].function.complexity)[:4]


def _span(x):
    return (float(x.min()), float(x.max()))


def _polished(outer, inner, x, curve):
    """Train the eight weights of a pair f(g(x)) on the whole curve (n,); the pair's error is that of both."""
    edges = [FunctionEdge(each.function, each.weights, each.span) for each in (inner, outer)]
    with np.errstate(all="ignore"):
        done = trained(Network.from_layers(edges), x[:, None], curve, 20)
    error = done.loss / max(float(curve.var()), 1e-300)
    weights = done.model.parameters.reshape(2, 4)
    return tuple(
        dataclasses.replace(each, weights=own, error=error)
        for each, own in ((outer, weights[1]), (inner, weights[0]))
    )
