"""From curves to named functions (chapter 07; paper, section 2.5.1).

    edge  →  candidates c f(a x + b) + d  →  the one with the best evidence, trained with all others

`suggest` looks at one edge, `fix_symbolic` names one, `symbolify` names all.
"""

import numpy as np

from .borders import as_integer, as_samples, as_targets
from .edges import EdgeLayer, FunctionEdge, edge_of, places
from .matching import as_library, match
from .network import KAN, samples_last
from .training import fit

TRIALS = 6  # names that an edge with several truths is tried with


class Suggestions(list):
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

    def reason(self):
        """Say why the first one is the first."""
        first, *rivals = self
        if not rivals:
            return f"{first.function.name}: no rival is defined here"
        rival = rivals[0]
        more, name = first.function.complexity - rival.function.complexity, rival.function.name
        ratio = rival.error / first.error if first.error else np.inf
        if ratio >= 1:
            cost = (
                f", and is {'no more' if more == 0 else 'less'} complex"
                if more <= 0
                else f", worth its {more:g} more of complexity"
            )
            return f"{first.function.name} leaves {ratio:.2g} times less than {name}{cost}"
        return f"{first.function.name} leaves {1 / ratio:.2g} times more than {name}, but is simpler by {-more:g}"


def suggest(model, X, layer, i, j, library=None, top=5):
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
    """
    x, y = edge_data(model, X, layer, i, j)
    return Suggestions(match(x, y, library)[: as_integer(top, "top", 1)])


def fix_symbolic(model, X, layer, i, j, name):
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
    """
    x, y = edge_data(model, X, layer, i, j)
    found = match(x, y, [name])
    if not found:
        rival = match(x, y)[0].function.name
        name = getattr(name, "name", name)
        raise ValueError(f"no {name} is defined on all samples of this edge; {rival} fits best")
    return replace(model, {(layer, i, j): found[0]})


def symbolify(model, X, y=None, *, library=None):
    """Make a new model whose edges are named functions.

    First every edge becomes the function that fits it best, and all numbers are trained together. If the
    result is as good as the splines were, it is done. If not, some edge had several truths, or its curve was
    bent by what others had to make good. Then edges are named one after the other, from the inputs up, simple
    functions first; each name is tried by training all that is left, and stays if nothing is lost.

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
        If X or y has the wrong shape, or there is no such function.
    """
    X, library = as_samples(X, model.widths[0]), as_library(library)
    y = model(X) if y is None else as_targets(y, len(X), model.widths[-1])
    enough = max(model.loss_and_gradient(X, y)[0], 1e-12 * y.var())
    chosen, z = {}, samples_last(X)
    for depth, layer in enumerate(model.layers):
        curves = layer.edges(z)
        for i, j in places(layer):
            if not isinstance(edge_of(layer, i, j), FunctionEdge):
                found = match(z[i], curves[j, i], library)
                chosen[depth, i, j] = found[0] if found else None
        z = curves.sum(axis=1)
    quick = None
    if None not in chosen.values():
        quick, loss = _trained(replace(model, chosen), X, y, enough)
        if loss <= enough:
            return quick
    careful = model
    for place in chosen:
        trials = []
        for candidate in sorted(match(*edge_data(careful, X, *place), library), key=_simple_first)[:TRIALS]:
            trials.append(_trained(replace(careful, {place: candidate}), X, y, 2 * enough))
            if trials[-1][1] <= 2 * enough:
                break
        careful, loss = min(trials, key=lambda trial: trial[1])
    return careful


def _simple_first(candidate):
    """Order candidates that come near by complexity, and the others behind them."""
    return candidate.error > 0.05, candidate.function.complexity, candidate.error


def _trained(model, X, y, enough):
    """Train a model until its loss is small enough; return both."""
    history = fit(
        model, X, y, steps=25, update_grid=True, progress=False, callback=lambda _, loss: loss <= enough
    )
    return model, history.loss.min()


def edge_data(model, X, layer, i, j):
    """Look up what goes into an edge and what comes out: two arrays (n,)."""
    z = samples_last(as_samples(X, model.widths[0]))
    layer, i, j = (as_integer(value, name, 0) for value, name in ((layer, "layer"), (i, "i"), (j, "j")))
    if layer >= len(model.layers) or (i, j) not in places(model.layers[layer]):
        raise ValueError(f"{model.widths} has no edge from node {i} to node {j} in layer {layer}")
    for below in model.layers[:layer]:
        z, _ = below.forward(z)
    return z[i], model.layers[layer].edges(z)[j, i]


def replace(model, chosen):
    """Make a model with other edges: {(layer, i, j): Candidate}."""
    layers = []
    for depth, layer in enumerate(model.layers):
        edges = {(i, j): edge_of(layer, i, j) for i, j in places(layer)}
        for (d, i, j), candidate in chosen.items():
            if d == depth:
                edges[i, j] = FunctionEdge(candidate.function, candidate.weights, candidate.span)
        layers.append(EdgeLayer(layer.n_in, layer.n_out, edges))
    return KAN.from_layers(layers)
