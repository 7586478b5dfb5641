"""From curves to named functions (chapter 07; paper, section 2.5.1).

    edge  →  candidates c f(a x + b) + d  →  the one with the best evidence, trained with all others

`suggest` ranks candidates for one edge, `fix_symbolic` replaces one edge, `symbolify` all.
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

FAILURES = 8  # number of failures in a row after which the search ends
PER_PARAMETER = 8  # largest number of samples per parameter that a trial uses
ERRORS_ALLOWED = (0.1, 1e-3)  # the two rounds of the search: errors 1 - R² below this count as equal


def suggest(
    model: Network, X: ArrayLike, layer: int, i: int, j: int, library: Library = None, top: int = 5
) -> Suggestions:
    """Fit all functions of the library to one edge, and rank them.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
        Samples: they decide which range of the edge is compared.
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
        If there is no such edge or function, or X has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, suggest
    >>> x, model = np.linspace(-1, 1, 200)[:, None], KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.sin(3 * x))
    >>> best, *rivals = suggest(model, x, 0, 0, 0)
    >>> best.function, len(rivals)
    (Function(sin), 4)
    """
    x, y = edge_data(as_kan(model, "suggest"), X, layer, i, j)
    return Suggestions(match(x, y, library)[: as_integer(top, "top", 1)])


def fix_symbolic(model: M, X: ArrayLike, layer: int, i: int, j: int, name: str | Function) -> M:
    """Make a new model in which one edge is a named function, fitted to the old edge; the old model is not changed.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    layer, i, j : int
        The edge from node i of a layer to node j of the next.
    name : str or Function

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If there is no such edge or function, or the function is not defined on all samples.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, fix_symbolic
    >>> x, model = np.linspace(-1, 1, 200)[:, None], KAN([1, 1], grid=20)
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


@np.errstate(all="ignore")  # a wrong name may overflow in training: then it fails
def symbolify(model: M, X: ArrayLike, y: ArrayLike | None = None, *, library: Library = None) -> M:
    """Make a new model whose edges are named functions.

    First every edge gets the function with the best evidence, and all constants are trained. An exact result is the
    answer. Otherwise some splines may be wrong: several networks compute the same function. Then edges are named one by
    one, from the inputs up. A name is kept if training the other splines restores the loss; after each, the rest is
    named at once, as before. There are two rounds: in the first, errors below a tenth of an edge's variance count as
    equal, so that simple functions come first; in the second, errors below a thousandth. The best network is returned,
    by Schwarz's criterion: n log(loss) + log(n) complexity (Ann. Statist. 6 (1978) 461).

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
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

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, symbolify
    >>> x, model = np.linspace(-1, 1, 100)[:, None], KAN([1, 1], grid=20)
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
    trial = _Trial(model, X, y)
    for allowed in ERRORS_ALLOWED:
        for found in _name_in_turn(model, trial, library, allowed):
            best = min(best, _name_rest(found, X, y, library, exact), key=lambda named: named[2])
            if best[1] <= exact:
                return best[0]
        if trial.noisy and best[1] <= trial.good:
            break
    return best[0]


def _name_rest(model, X, y, library, enough):
    """Name all splines at once and train: new model, loss, Schwarz's criterion; or old model, infinity, infinity."""
    names = {}
    for at in unnamed(model):
        found = match(*edge_data(model, X, *at), library)
        if not found:
            return model, np.inf, np.inf
        names[at] = found[0]
    model, loss = _trained(replace(model, names), X, y, enough, steps=40)
    complexity = sum(layer.edge(*at).function.complexity for layer in model.layers for at in layer.edge_list)
    return model, loss, len(X) * np.log(max(loss, 1e-300)) + np.log(len(X)) * complexity


def _name_in_turn(model, trial, library, allowed):
    """Name the splines one by one, the lowest layer first; yield the model after each name that passes its trial.

    Of all edges of a layer and all functions the pair with the best evidence comes first, where errors below `allowed`
    count as equal. Ends when all edges have names, when there is nothing left to try, or after too many failures.
    """
    tried, failures = set(), 0
    while (left := unnamed(model)) and failures < FAILURES:
        offers = [
            (candidate.evidence(allowed), candidate.error, at, candidate)
            for at in left
            if at[0] == left[0][0]
            for candidate in match(*edge_data(model, trial.X, *at), library)
            if (at, candidate.function.name) not in tried
        ]
        if not offers:
            return
        _, _, at, candidate = min(offers, key=lambda offer: offer[:2])
        tried.add((at, candidate.function.name))
        passed = trial(replace(model, {at: candidate}))
        failures = 0 if passed else failures + 1
        if passed:
            model = passed
            yield model


class _Trial:
    """After an edge was named: can training the other splines restore the loss?

    If the targets are noisy, a good network reaches the level of the noise, and none can do better. If they are not,
    the loss of a right network falls when the grid becomes finer; that of a wrong one does not.
    """

    def __init__(self, model: Network, X: np.ndarray, y: np.ndarray) -> None:
        n = min(len(X), PER_PARAMETER * model.parameters.size)
        some = np.linspace(0, len(X) - 1, n).astype(int)
        self.X, self.y = X[some], y[some]
        finer, loss = _finer(model), self._corrected(model, model.loss_and_gradient(self.X, self.y)[0])
        on_finer = self._corrected(finer, _trained(finer, self.X, self.y, 0.1 * loss, steps=20)[1])
        self.noisy = on_finer > 0.5 * loss
        self.good = max(loss, 1e-16 * y.var()) * (1 + 4 * np.sqrt(2 / n))  # 4 standard errors

    def _corrected(self, model, loss):
        """Estimate the loss on new data: n samples, of which P parameters have fitted a part of the noise."""
        return loss * len(self.X) / max(len(self.X) - model.parameters.size, 1)

    def __call__(self, model: Network) -> Network | None:
        """Train a model; return it if it passes."""
        model, loss = _trained(model, self.X, self.y, self.good)
        if self.noisy or not unnamed(model):
            return model if loss <= self.good else None
        if loss > 100 * self.good:
            return None
        on_finer = _trained(_finer(model), self.X, self.y, loss / 4, steps=25)[1]
        return model if on_finer <= loss / 4 else None


def _trained(model, X, y, enough, steps=100):
    """Train a model until its loss is at most `enough`, or falls too slowly; return both."""
    losses = []

    def callback(_, loss):
        losses.append(loss)
        slow = len(losses) > 15 and loss > 0.3 * losses[-11]
        slower = len(losses) > 25 and loss > 0.7 * losses[-11]
        return loss <= enough or (slow and loss > 100 * enough) or slower

    history = fit(model, X, y, steps=steps, progress=False, callback=callback)
    return model, history.loss.min()


def _finer(model):
    """Double the number of cells of all splines."""
    depth, i, j = unnamed(model)[0]
    return refine(model, 2 * model.layers[depth].edge(i, j).basis.grid)


def unnamed(model: Network) -> list[tuple[int, int, int]]:
    """List the edges (layer, i, j) without a name."""
    edges = [(depth, *at) for depth, layer in enumerate(model.layers) for at in layer.edge_list]
    return [(depth, i, j) for depth, i, j in edges if not model.layers[depth].edge(i, j).name]


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
    layers = list(model.layers)
    for (depth, *at), found in chosen.items():
        layer = layers[depth]
        edges = {each: layer.edge(*each) for each in layer.edge_list}
        edges[tuple(at)] = FunctionEdge(found.function, found.weights, found.span)
        layers[depth] = SparseLayer(layer.n_in, layer.n_out, edges)
    return type(model).from_layers(layers)
