"""Replace the curves of a network by named functions (chapter 07; paper, section 2.5.1).

edge  →  candidates c f(a x + b) + d  →  the one with the best evidence, trained with all others
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .functions import Function
from .grids import refine
from .matching import Candidate, Library, Suggestions, as_library, match
from .named import FunctionEdge
from .network import Network, samples_last
from .sparse import SparseLayer
from .training import fit
from .validation import as_finite, as_integer, as_kan, as_samples, as_targets, finite_results

M = TypeVar("M", bound=Network)


def suggest(
    model: Network, X: ArrayLike, layer: int, i: int, j: int, library: Library = None, top: int = 5
) -> Suggestions:
    """Fit all functions of the library to one edge, on the range of the samples, and rank them.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    layer, i, j : int
        The edge from node i of a layer to node j of the next. If there is none, or no such function: ValueError.
    library, top : optional
        Candidates, names or `Function`, by default the whole library; the largest number of results.

    Returns
    -------
    Suggestions
        A list of `Candidate`, the best by evidence first. Prints as a table.

    Examples
    --------
    >>> from minikan import KAN, fit, suggest
    >>> x, model = np.linspace(-1, 1, 200)[:, None], KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.sin(3 * x))
    >>> suggest(model, x, 0, 0, 0)[0].function
    Function(sin)
    """
    x, y = edge_data(as_kan(model, "suggest"), X, layer, i, j)
    return Suggestions(match(x, y, library)[: as_integer(top, "top", 1)])


def fix_symbolic(model: M, X: ArrayLike, layer: int, i: int, j: int, name: str | Function) -> M:
    """Make a new model in which one edge is a named function, fitted to the old edge; the old model is not changed.

    ValueError or TypeError, if there is no such edge or function, or it is not defined on all samples.

    Parameters
    ----------
    model, X, layer, i, j, name
        As for `suggest`, and the name of a function of the library, or a `Function`.

    Returns
    -------
    KAN

    Examples
    --------
    >>> from minikan import KAN, fix_symbolic
    >>> model = fix_symbolic(KAN([2, 1]), [[0, 1], [1, 0], [1, 1]], 0, 1, 0, "sin")
    >>> [model.layers[0].edge(i, 0).name for i in (0, 1)]
    ['', 'sin']
    """
    x, y = edge_data(as_kan(model, "fix_symbolic"), X, layer, i, j)
    found = match(x, y, [name])
    if not found:
        best = "".join(f"; {rival.function.name} fits best" for rival in match(x, y)[:1])
        raise ValueError(f"no {getattr(name, 'name', name)} is defined on all samples of this edge{best}")
    return replace(model, {(layer, i, j): found[0]})


@np.errstate(all="ignore")  # a wrong name may overflow in training: then it fails
def symbolify(model: M, X: ArrayLike, y: ArrayLike | None = None, *, library: Library = None) -> M:
    """Make a new model whose edges are named functions.

    First every edge gets the function with the best evidence, and all constants are trained. If the result is not
    exact, edges are named one by one, from the inputs up. A name is kept if training the other splines restores the
    loss; then the others are named at once. In a first round all errors below a tenth of an edge's variance are equal,
    so that simple functions come first; in a second, below a thousandth. The best has the least n log(loss) + log(n)
    complexity (Schwarz's criterion). ValueError or TypeError, if X or y is wrong, or there is no such function.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    y, library : optional
        Targets (n, n_out) or (n,), by default the model's own outputs; candidates, by default the whole library.

    Returns
    -------
    KAN

    Examples
    --------
    >>> from minikan import KAN, fit, symbolify
    >>> x, model = np.linspace(-1, 1, 100)[:, None], KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.exp(x))
    >>> symbolify(model, x, np.exp(x)).layers[0].edge(0, 0).function
    Function(exp)
    """
    X, library = as_samples(X, as_kan(model, "symbolify").widths[0]), as_library(library)
    y = model(X) if y is None else as_targets(y, len(X), model.widths[-1])
    exact = 1e-16 * y.var()
    as_finite([exact], "symbolify")
    best = _name_rest(model, X, y, library, exact)
    if best[1] <= exact or not unnamed(model):
        return best[0]
    trial = _Trial(model, X, y)
    for allowed in (0.1, 1e-3):
        for found in _name_in_turn(model, trial, library, allowed):
            best = min(best, _name_rest(found, X, y, library, exact), key=lambda named: named[2])
            if best[1] <= exact:
                return best[0]
        if trial.noisy and best[1] <= trial.good:
            break
    return best[0]


def _name_rest(model, X, y, library, enough):
    """Name all splines at once and train: new model, loss, Schwarz's criterion; or old model, infinity, infinity."""
    found = {at: match(*edge_data(model, X, *at), library) for at in unnamed(model)}
    if not all(found.values()):
        return model, np.inf, np.inf
    model, loss = _trained(replace(model, {at: each[0] for at, each in found.items()}), X, y, enough, 40)
    complexity = sum(layer.edge(*at).function.complexity for layer in model.layers for at in layer.edge_list)
    return model, loss, len(X) * np.log(max(loss, 1e-300)) + np.log(len(X)) * complexity


def _name_in_turn(model, trial, library, allowed):
    """Name splines one by one, the lowest layer first, the best evidence first; yield the model after each success."""
    tried = set()
    while left := unnamed(model):
        lowest = [at for at in left if at[0] == left[0][0]]
        found = [(at, each) for at in lowest for each in match(*edge_data(model, trial.X, *at), library)]
        untried = [(at, each) for at, each in found if (at, each.function.name) not in tried]
        untried.sort(key=lambda pair: (pair[1].evidence(allowed), pair[1].error))
        for at, each in untried[:8]:  # the search ends after eight failures in a row
            tried.add((at, each.function.name))
            if passed := trial(replace(model, {at: each})):
                yield (model := passed)
                break
        else:
            return


class _Trial:
    """After an edge was named: training the other splines must restore the loss; without noise, finer ones lower it."""

    def __init__(self, model: Network, X: np.ndarray, y: np.ndarray) -> None:
        n = min(len(X), 8 * model.parameters.size)  # with more samples a trial only takes longer
        some = np.linspace(0, len(X) - 1, n).astype(int)
        self.X, self.y = X[some], y[some]
        # What the loss will be on new data: P parameters have fitted a part of the noise of n samples.
        loss = model.loss_and_gradient(self.X, self.y)[0] * n / max(n - model.parameters.size, 1)
        finer, on_finer = _trained(model, self.X, self.y, 0.1 * loss, 20, finer=True)
        self.noisy = on_finer * n / max(n - finer.parameters.size, 1) > 0.5 * loss
        self.good = max(loss, 1e-16 * y.var()) * (1 + 4 * np.sqrt(2 / n))  # 4 standard errors

    def __call__(self, model: Network) -> Network | None:
        """Train a model; return it if it passes."""
        model, loss = _trained(model, self.X, self.y, self.good)
        passed = loss <= self.good
        if unnamed(model) and not self.noisy and (passed := loss <= 100 * self.good):  # this takes longest
            passed = _trained(model, self.X, self.y, loss / 4, 25, finer=True)[1] <= loss / 4
        return model if passed else None


def _trained(model, X, y, enough, steps=100, finer=False):
    """Train a model, or one with twice as many cells, until its loss is `enough` or falls too slowly; return both."""
    if finer:
        depth, i, j = unnamed(model)[0]
        model = refine(model, 2 * model.layers[depth].edge(i, j).basis.grid)
    losses = []

    def callback(_, loss):
        losses.append(loss)
        slow = len(losses) > 15 and loss > 0.3 * losses[-11] and loss > 100 * enough
        return loss <= enough or slow or (len(losses) > 25 and loss > 0.7 * losses[-11])

    history = fit(model, X, y, steps=steps, progress=False, callback=callback)
    return model, history.loss.min()


def unnamed(model: Network) -> list[tuple[int, int, int]]:
    """List the edges (layer, i, j) without a name."""
    every = [(depth, layer, at) for depth, layer in enumerate(model.layers) for at in layer.edge_list]
    return [(depth, *at) for depth, layer, at in every if not layer.edge(*at).name]


@finite_results
def edge_data(model: Network, X: ArrayLike, layer: int, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the inputs and outputs of one edge on samples: two arrays (n,)."""
    z = samples_last(as_samples(X, model.widths[0]))
    layer, i, j = (as_integer(value, name, 0) for value, name in ((layer, "layer"), (i, "i"), (j, "j")))
    if layer >= len(model.layers) or (i, j) not in model.layers[layer].edge_list:
        raise ValueError(f"{model.widths} has no edge from node {i} to node {j} in layer {layer}")
    for below in model.layers[:layer]:
        z, _ = below.forward(z)
    return z[i], model.layers[layer].edges(z)[j, i]


def replace(model: M, chosen: dict[tuple[int, int, int], Candidate]) -> M:
    """Make a model in which some edges are functions: {(layer, i, j): Candidate}."""
    layers = []
    for depth, layer in enumerate(model.layers):
        named = {(i, j): found for (where, i, j), found in chosen.items() if where == depth}
        edges = {at: layer.edge(*at) for at in layer.edge_list}
        edges |= {at: FunctionEdge(found.function, found.weights, found.span) for at, found in named.items()}
        layers.append(SparseLayer(layer.n_in, layer.n_out, edges) if named else layer)
    return type(model).from_layers(layers)
