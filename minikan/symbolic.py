"""From curves to named functions (chapter 07; paper, section 2.5.1).

    edge  →  candidates c f(a x + b) + d  →  the one with the best evidence, trained with all others

`suggest` looks at one edge, `fix_symbolic` names one, `symbolify` names all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .functions import Function
from .grids import refine
from .matching import Candidate, as_library, match
from .named import FunctionEdge
from .network import Network, samples_last
from .sparse import SparseLayer
from .training import fit
from .validation import as_finite, as_integer, as_kan, as_samples, as_targets, finite_results

M = TypeVar("M", bound=Network)

FAILURES = 8  # names in a row that do not hold, after which the search is given up
PER_PARAMETER = 8  # samples that are enough for a trial
DOUBTS = (0.1, 1e-3)  # shares of an edge's variance that a name may miss without losing rank


class Suggestions(list[Candidate]):
    """Candidates for an edge, the best first; prints as a table with the reason."""

    def __repr__(self):
        rows = [
            (c.function.name, f"{c.error:.1e}", f"{c.held_out:.1e}", f"{c.function.complexity:g}")
            for c in self
        ]
        rows = [("function", "1 - R²", "held out", "complexity"), *rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                f"{text:{'<' if k == 0 else '>'}{width}}"
                for k, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]
        return "\n".join([*lines, self.reason()])

    def reason(self) -> str:
        """Say why the first one is the first."""
        if not self:
            return "no function of the library is defined here"
        first, *rivals = self
        if not rivals:
            return f"{first.function.name}: no rival is defined here"
        rival = rivals[0]
        more, name = first.function.complexity - rival.function.complexity, rival.function.name
        ratio = max(rival.error, 1e-30) / max(first.error, 1e-30)  # as evidence counts
        if ratio >= 1:
            cost = f", worth its {more:g} more of complexity"
            if more <= 0:
                cost = f", and is {'no more' if more == 0 else 'less'} complex"
            return f"{first.function.name} leaves {ratio:.2g} times less than {name}{cost}"
        return f"{first.function.name} leaves {1 / ratio:.2g} times more than {name}, but is simpler by {-more:g}"


def suggest(
    model: Network,
    X: ArrayLike,
    layer: int,
    i: int,
    j: int,
    library: Sequence[str | Function] | None = None,
    top: int = 5,
) -> Suggestions:
    """Name the functions that an edge may be.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
        Samples; the edge is looked at where its input lies on them.
    layer, i, j : int
        The edge from node i of a layer to node j of the next.
    library : list of str or Function, optional
        Candidates; the whole library by default.
    top : int
        How many to return, at most.

    Returns
    -------
    Suggestions
        A list of `Candidate`, the best by evidence first. Prints as a table.

    Raises
    ------
    ValueError, TypeError
        If there is no such edge, no such function, or X has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, suggest
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.sin(3 * x))
    >>> best, *rivals = suggest(model, x, 0, 0, 0)
    >>> best.function, len(rivals)
    (Function(sin), 4)
    """
    x, y = edge_data(as_kan(model, "suggest"), X, layer, i, j)
    return Suggestions(match(x, y, library)[: as_integer(top, "top", 1)])


def fix_symbolic(model: M, X: ArrayLike, layer: int, i: int, j: int, name: str | Function) -> M:
    """Make a new model in which one edge is a named function, fitted to what the edge was.

    Parameters
    ----------
    model : KAN
        Left as it is: to undo the step, go back to it.
    X : array_like, shape (n, n_in)
        Samples.
    layer, i, j : int
        The edge from node i of a layer to node j of the next.
    name : str or Function

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If there is no such edge or function, or the function cannot be defined everywhere on the samples.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, fix_symbolic
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = KAN([1, 1], grid=20)
    >>> history = fit(model, x, 2 * np.sin(3 * x) + 1)
    >>> edge = fix_symbolic(model, x, 0, 0, 0, "sin").layers[0].sheet[0, 0]
    >>> edge.weights.round(3) + 0.0  # a, b, c, d of c sin(a x + b) + d
    array([3., 0., 2., 1.])
    """
    x, y = edge_data(as_kan(model, "fix_symbolic"), X, layer, i, j)
    found = match(x, y, [name])
    if not found:
        best = "".join(f"; {rival.function.name} fits best" for rival in match(x, y)[:1])
        raise ValueError(f"no {getattr(name, 'name', name)} is defined on all samples of this edge{best}")
    return replace(model, {(layer, i, j): found[0]})


@np.errstate(all="ignore")  # a wrong name may lead anywhere; where it overflows it does not hold
def symbolify(
    model: M, X: ArrayLike, y: ArrayLike | None = None, *, library: Sequence[str | Function] | None = None
) -> M:
    """Make a new model whose edges are named functions.

    First every edge becomes the function with the best evidence, and all numbers are trained together. Where
    that is exact it is the answer. If not, some curves may not be what they should be: several networks compute
    the same function, and the splines found one between the simple ones. Then edges are named one after the
    other, from the inputs up. A name is kept if training the other splines again restores the
    loss; then the rest is named at once, as before. The search runs in two rounds: in the first, simple functions come first even if
    they miss a tenth of the variance, in the second only if they miss a thousandth. The best model is returned,
    by Schwarz's criterion: n log(loss) + log(n) complexity.

    Parameters
    ----------
    model : KAN
        Left as it is.
    X : array_like, shape (n, n_in)
        Samples.
    y : array_like, shape (n, n_out), or (n,) for one output, optional
        Targets, to train on; the model's own outputs by default.
    library : list of str or Function, optional
        Candidates; the whole library by default.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X or y has the wrong shape, the variance of y overflows, or there is no such function.

    References
    ----------
    Paper, section 2.5.1. G. Schwarz, *Estimating the dimension of a model*, Ann. Statist. 6 (1978) 461.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, symbolify
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> model = KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.exp(x))
    >>> symbolify(model, x, np.exp(x)).layers[0].sheet[0, 0].function
    Function(exp)
    """
    X, library = as_samples(X, as_kan(model, "symbolify").widths[0]), as_library(library)
    y = model(X) if y is None else as_targets(y, len(X), model.widths[-1])
    exact = 1e-16 * y.var()
    as_finite([exact], "symbolify")
    best = _name_rest(model, X, y, library, exact)
    if best[1] <= exact or not unnamed(model):
        return best[0]
    trial = Trial(model, X, y)
    enough = trial.good if trial.noisy else exact

    def rank(named):  # Schwarz's criterion, with the complexity in the place of the number of parameters
        model, loss = named
        if loss == np.inf:
            return loss
        return len(X) * np.log(max(loss, 1e-300)) + np.log(len(X)) * _complexity(model)

    for doubt in DOUBTS:
        for found in _name_in_turn(model, trial, library, doubt):
            best = min(best, _name_rest(found, X, y, library, exact), key=rank)
            if best[1] <= exact:
                return best[0]
        if best[1] <= enough:
            break
    return best[0]


def _complexity(model):
    """Add up the complexities of a network of functions."""
    return sum(layer.edge(*at).function.complexity for layer in model.layers for at in layer.edge_list)


def _name_rest(model, X, y, library, enough):
    """Name all splines at once and train: the model and its loss, or the old one and infinity."""
    names = {}
    for at in unnamed(model):
        found = match(*edge_data(model, X, *at), library)
        if not found:
            return model, np.inf
        names[at] = found[0]
    return _trained(replace(model, names), X, y, enough, steps=40)


def _name_in_turn(model, trial, library, doubt):
    """Name one spline after the other, the lowest layer first; yield the model after each name that holds.

    In a layer the edge and the name with the best evidence come first, where errors below `doubt` all count
    the same. It ends when all have a name, or when too many names in a row have not held.
    """
    tried, failures = set(), 0
    while (left := unnamed(model)) and failures < FAILURES:
        lowest = [at for at in left if at[0] == left[0][0]]
        offers = [
            (candidate.evidence(doubt), candidate.error, at, candidate)
            for at in lowest
            for candidate in match(*edge_data(model, trial.X, *at), library)
            if (at, candidate.function.name) not in tried
        ]
        if not offers:
            return
        _, _, at, candidate = min(offers, key=lambda offer: offer[:2])
        tried.add((at, candidate.function.name))
        kept, failures = trial(replace(model, {at: candidate})), failures + 1
        if kept:
            model, failures = kept, 0
            yield model


class Trial:
    """Can training the splines of a network restore the loss after an edge was named?

    With noise in the targets a good network reaches the noise, and no network can do better. Without noise,
    splines of a right network come as much closer as their grid becomes finer; a wrong one comes to a halt.
    """

    def __init__(self, model: Network, X: np.ndarray, y: np.ndarray) -> None:
        enough = np.linspace(0, len(X) - 1, min(len(X), PER_PARAMETER * model.parameters.size)).astype(int)
        self.X, self.y = X[enough], y[enough]
        loss = self._without_luck(model, model.loss_and_gradient(self.X, self.y)[0])
        finer = _finer(model)
        on_finer = self._without_luck(finer, _trained(finer, self.X, self.y, 0.1 * loss, steps=20)[1])
        self.noisy = on_finer > 0.5 * loss
        self.good = max(loss, 1e-16 * y.var()) * (1 + 4 * np.sqrt(2 / len(enough)))  # 4 standard errors

    def _without_luck(self, model, loss):
        """Correct a loss for what the parameters have learned of the noise."""
        return loss * len(self.X) / max(len(self.X) - model.parameters.size, 1)

    def __call__(self, model: Network) -> Network | None:
        """Train a model; return it if its names hold."""
        model, loss = _trained(model, self.X, self.y, self.good)
        if self.noisy or not unnamed(model):
            return model if loss <= self.good else None
        if loss > 100 * self.good:
            return None
        on_finer = _trained(_finer(model), self.X, self.y, loss / 4, steps=25)[1]
        return model if on_finer <= loss / 4 else None


def _trained(model, X, y, enough, steps=100):
    """Train a model until its loss is small enough, or until there is no hope for it; return both."""
    losses = []

    def callback(_, loss):
        losses.append(loss)
        slow = len(losses) > 15 and loss > 0.3 * losses[-11]
        slower = len(losses) > 25 and loss > 0.7 * losses[-11]
        return loss <= enough or (slow and loss > 100 * enough) or slower

    history = fit(model, X, y, steps=steps, progress=False, callback=callback)
    return model, history.loss.min()


def _finer(model):
    """Make all curves without a name twice as fine."""
    depth, i, j = unnamed(model)[0]
    return refine(model, 2 * model.layers[depth].edge(i, j).basis.grid)


def unnamed(model: Network) -> list[tuple[int, int, int]]:
    """List the edges (layer, i, j) without a name."""
    return [
        (depth, i, j)
        for depth, layer in enumerate(model.layers)
        for i, j in layer.edge_list
        if not layer.edge(i, j).name
    ]


@finite_results
def edge_data(model: Network, X: ArrayLike, layer: int, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Look up what goes into an edge and what comes out: two arrays (n,)."""
    z = samples_last(as_samples(X, model.widths[0]))
    layer, i, j = (as_integer(value, name, 0) for value, name in ((layer, "layer"), (i, "i"), (j, "j")))
    if layer >= len(model.layers) or (i, j) not in model.layers[layer].edge_list:
        raise ValueError(f"{model.widths} has no edge from node {i} to node {j} in layer {layer}")
    for below in model.layers[:layer]:
        z, _ = below.forward(z)
    return z[i], model.layers[layer].edges(z)[j, i]


def replace(model: M, chosen: dict[tuple[int, int, int], Candidate]) -> M:
    """Make a model with other edges: {(layer, i, j): Candidate}."""
    layers = []
    for depth, layer in enumerate(model.layers):
        named = {at[1:]: candidate for at, candidate in chosen.items() if at[0] == depth}
        if named:
            edges = {at: layer.edge(*at) for at in layer.edge_list}
            edges |= {at: FunctionEdge(each.function, each.weights, each.span) for at, each in named.items()}
            layer = SparseLayer(layer.n_in, layer.n_out, edges)
        layers.append(layer)
    return type(model).from_layers(layers)
