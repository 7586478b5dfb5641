"""Replace the curves of a network by named functions (chapter 07; paper, section 2.5.1).

edge  →  candidates c f(a x + b) + d  →  the one with the best evidence, trained with all others
"""

from __future__ import annotations

import warnings
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .functions import Function
from .grids import refine
from .matching import Candidate, Library, Suggestions, as_library, match
from .named import FunctionEdge, edge_data, replace, unnamed
from .naming import EXACT, criterion, most_trials, name_all, name_edges, trained
from .network import Network
from .progress import progress_bar
from .validation import as_finite, as_integer, as_kan, as_number, as_samples, as_targets

M = TypeVar("M", bound=Network)
CLEARLY = 4.0  # times the loss that the splines reach: names are clearly worse
ROUGH = 1e-5  # of the variance of y: smaller losses are equal in a first search


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


def fix_symbolic(
    model: M,
    X: ArrayLike,
    layer: int,
    i: int,
    j: int,
    name: str | Function,
    *,
    a: float | None = None,
    b: float | None = None,
    c: float | None = None,
    d: float | None = None,
) -> M:
    """Make a new model in which one edge is c f(a x + b) + d, fitted to the old edge; the old model is not changed.

    ValueError or TypeError, if there is no such edge or function, or it is not defined on all samples.

    Parameters
    ----------
    model, X, layer, i, j, name
        As for `suggest`, and the name of a function of the library, or a `Function`.
    a, b, c, d : float, optional
        Values that are held fixed, here and in training.

    Returns
    -------
    KAN

    Examples
    --------
    >>> from minikan import KAN, fix_symbolic
    >>> model = fix_symbolic(KAN([2, 1]), [[0, 1], [1, 0], [1, 1]], 0, 1, 0, "sin", b=0)
    >>> [model.layers[0].edge(i, 0).name for i in (0, 1)]
    ['', 'sin']
    """
    x, y = edge_data(as_kan(model, "fix_symbolic"), X, layer, i, j)
    given = {"a": a, "b": b, "c": c, "d": d}
    held = {letter: as_number(value, letter, -np.inf) for letter, value in given.items() if value is not None}
    found = match(x, y, [name])
    if held:
        found = _with_held(x, y, as_library([name])[0], held, found)
    if not found:
        best = "".join(f"; {rival.function.name} fits best" for rival in match(x, y)[:1])
        raise ValueError(f"no {getattr(name, 'name', name)} is defined on all samples of this edge{best}")
    return replace(model, {(layer, i, j): found[0]})


@np.errstate(all="ignore")
def _with_held(x, y, function, held, found):
    """Fit c f(a x + b) + d to a curve with some weights held: a list with the best `Candidate`, or none.

    Starting points are pairs (a, b) of all sizes and places, and where the function would be without these bounds.
    """
    middle, half = 0.5 * (x.max() + x.min()), 0.5 * np.ptp(x) or 1.0
    sizes = np.geomspace(0.03, 60, 50) / half
    a = np.array([held["a"]]) if "a" in held else np.concatenate([sizes, -sizes])
    places = middle + half * np.concatenate([np.linspace(-2, 2, 33), [-30, 30]])
    b = np.broadcast_to(held["b"], (len(a), 1)) if "b" in held else -a[:, None] * places
    pairs = np.stack(np.broadcast_arrays(a[:, None], b), axis=-1).reshape(-1, 2)
    free = [each.weights[:2] for each in found if each.function is function]
    pairs = np.concatenate([pairs, [[held.get("a", w[0]), held.get("b", w[1])] for w in free] or pairs[:0]])
    some = np.argsort(x)[np.linspace(0, len(x) - 1, min(len(x), 60)).astype(int)]
    values = function.evaluate(pairs[:, :1] * x[some] + pairs[:, 1:], 0)[0]  # (rows, 60)
    centred, target = (values, y[some] - held["d"]) if "d" in held else (_centred(values), _centred(y[some]))
    c = held.get("c", centred @ target / np.maximum((centred**2).sum(axis=1), 1e-300))
    d = held.get("d", (y[some] - (c * values.T).T).mean(axis=1))
    weights = np.column_stack(np.broadcast_arrays(*pairs.T, c, d))
    errors = np.square(weights[:, 2:3] * values + weights[:, 3:] - y[some]).mean(axis=1)
    best, span, tried = np.argsort(errors, kind="stable")[:5], (float(x.min()), float(x.max())), []
    for start in weights[best][np.isfinite(weights[best]).all(axis=1)]:
        edge = FunctionEdge(function, start, span, "".join(held))
        new = trained(Network.from_layers([edge]), x[:, None], y, 60)
        (a, b, *_) = new.model.parameters
        if function.defined(a * x + b):
            error = new.loss / max(float(y.var()), 1e-300)
            tried.append(Candidate(function, new.model.parameters, span, error, held="".join(held)))
    return sorted(tried, key=lambda each: each.error)[:1]


def _centred(values):
    return values - values.mean(axis=-1, keepdims=True)


@np.errstate(all="ignore")  # a wrong name may overflow in training: then it fails
def symbolify(
    model: M,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    library: Library = None,
    progress: bool = True,
) -> M:
    """Make a new model whose edges are named functions.

    First every edge gets the function with the best evidence, and all constants are trained. If the result is not
    exact, edges are named one by one, from the inputs up, by the beam search of `minikan.naming`. The best has the
    least n log(loss) + log(n) complexity (Schwarz's criterion). If even this is clearly worse than the splines, only
    the names that hold are kept, and the other edges stay splines.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    y, library : optional
        Targets (n, n_out) or (n,), by default the model's own outputs, which names need not follow closer than splines
        with half as many cells; candidates, by default the whole library.
    progress : bool
        Show a bar when the work takes longer than about a second.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X or y is wrong, or there is no such function.
    KeyboardInterrupt
        At once, if the search is interrupted; the model is not changed.

    Warns
    -----
    UserWarning
        If names would be clearly worse than the splines: it tells the errors of both, and which edges stay splines.

    Examples
    --------
    >>> from minikan import KAN, fit, symbolify
    >>> x, model = np.linspace(-1, 1, 100)[:, None], KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.exp(x))
    >>> symbolify(model, x, np.exp(x)).layers[0].edge(0, 0).function
    Function(exp)
    """
    X, functions = as_samples(X, as_kan(model, "symbolify").widths[0]), as_library(library)
    targets = model(X) if y is None else as_targets(y, len(X), model.widths[-1])
    exact = EXACT * targets.var()
    as_finite([exact], "symbolify")
    left, good = unnamed(model), max(_reached(model, X, y), exact)
    n = min(len(X), 8 * model.parameters.size)  # with more samples the search only takes longer
    some = np.linspace(0, len(X) - 1, n).astype(int)
    with progress_bar(most_trials(len(left)), "symbolify", progress) as advance:
        best: Any = _best_names(
            model, X[some], targets[some], functions, good, exact if y is not None else good, advance
        )
        if best is not None and n < len(X):
            best = trained(best.model, X, targets, 40)
        if best is not None and (best.loss <= CLEARLY * good or not left):
            return best.model
        kept = _names_that_hold(model, X[some], targets[some], functions, CLEARLY * good)
    splines = ", ".join(f"{i} → {j} of layer {depth}" for depth, i, j in unnamed(kept))
    warnings.warn(
        f"names are clearly worse than splines: RMSE {np.sqrt(best.loss if best else np.inf):.2g} instead of "
        f"{np.sqrt(good):.2g}, so splines stay: {splines}",
        stacklevel=3,
    )
    return kept


def _reached(model, X, y):
    """Compute the mean squared error that names have to match.

    For targets it is the splines' on new data; for the model's own outputs, that of splines with half as many cells,
    or 1% of the spread, if there is but one.
    """
    if y is None:
        half = (
            min([model.layers[depth].edge(i, j).basis.grid for depth, i, j in unnamed(model)], default=1) // 2
        )
        if half == 0:
            return 1e-4 * float(model(X).var())
        return float(np.mean((refine(model, half)(X) - model(X)) ** 2))
    n = len(X)  # P parameters have fitted a part of the noise of n samples
    loss = model.loss_and_gradient(X, y)[0] * n / max(n - model.parameters.size, 1)
    return loss * (1 + 4 * np.sqrt(2 / n))  # 4 standard errors


def _best_names(model, X, y, library, good, enough, note):
    """Search for names of all edges, until the loss is `enough`: a `Named`, or None if there are none."""
    best, least = None, np.inf
    rough = max(good, ROUGH * y.var())  # where all errors are equal first, so that simple names win
    searches = (name_edges(model, X, y, library, floor, note=note) for floor in dict.fromkeys([rough, good]))
    first = filter(None, [name_all(model, X, y, library)])
    for search in chain([first], searches):
        for found in search:
            cost = criterion(found.loss, found.complexity, len(X), EXACT * y.var())
            best, least = (found, cost) if cost < least else (best, least)
            if found.loss <= enough or not unnamed(model):
                return best
        if search is not first and best is not None and best.loss <= good:
            break
    return best


def _names_that_hold(model, X, y, library, enough):
    """Name one edge after the other, if training the others brings the loss down to `enough`."""
    for at in unnamed(model):
        for each in match(*edge_data(model, X, *at), library)[:3]:
            found = trained(replace(model, {at: each}), X, y, 20)
            if found.loss <= enough:
                model = found.model
                break
    return model
