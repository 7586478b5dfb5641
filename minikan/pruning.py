"""Cut off what does not matter (chapter 06; paper, section 2.5.1).

An edge or a hidden node goes when its score does not exceed a threshold. What it added on average stays, as a constant.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .sparse import SparseLayer
from .sparsity import attribute
from .validation import as_kan, as_number, as_samples, finite_results

M = TypeVar("M", bound=Network)


@finite_results
def prune(
    model: M, X: ArrayLike, *, threshold: float = 1e-2, rule: str = "backward", verbose: bool = True
) -> M:
    """Cut off what does not matter, and make a smaller model of the rest.

    Edges and hidden nodes stay if their score exceeds the threshold; so do paths from an input to an output
    only. An edge that is cut off leaves its mean over the samples behind, so that the model loses no more
    than what the edge *changes*. Inputs keep their column, even if nothing reads it any more. A node that multiplies
    keeps all its factors, and each of these at least its strongest edge.

    Parameters
    ----------
    model : KAN
        Left as it is.
    X : array_like, shape (n, n_in)
        Samples.
    threshold : float
        Of the score; for "backward", a share of the output's variation.
    rule : {"backward", "magnitude"}
        How to score, see `attribute`.
    verbose : bool
        Say what was removed.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape, the threshold is negative, or there is no such rule.

    Warns
    -----
    RuntimeWarning
        If an output would have lost its last path: its strongest one is kept.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, prune
    >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    >>> model = KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input plays no part
    >>> smaller = prune(model, X, verbose=False)
    >>> smaller.parameters.size < model.parameters.size
    True
    """
    X = as_samples(X, as_kan(model, "prune").widths[0])
    threshold = as_number(threshold, "threshold", 0)
    scores = attribute(model, X, rule)
    kept = [score > threshold for score in scores.edges]
    for depth, score in enumerate(scores.nodes[1:-1], 1):
        kept[depth - 1][score <= threshold] = False
    _settle(model, kept, scores.edges)
    for output in np.flatnonzero(~kept[-1].any(axis=1)):
        warnings.warn(
            f"output {output} would have lost its last path; its strongest is kept", RuntimeWarning, stacklevel=2
        )
        _keep_paths(model, kept, scores.edges, len(kept) - 1, output)
    smaller = _cut(model, X, kept)
    if verbose:
        print(_report(model, smaller, kept))
    return smaller


def _settle(model, kept, scores):
    """Drop edges into nodes that lead nowhere, and out of hidden nodes that nothing leads to.

    Nodes that multiply are kept or dropped with all their factors.
    """
    for depth in reversed(range(len(kept))):
        if depth + 1 < len(kept):
            kept[depth][~kept[depth + 1].any(axis=0)] = False
        if not model.layers[depth].edge_list:
            kept[depth][:] = model.layers[depth].wiring() & kept[depth].any(axis=1)[:, None]
    for depth, (below, above) in enumerate(pairwise(kept)):
        fed = below.any(axis=1)
        if model.layers[depth + 1].edge_list:
            above[:, ~fed] = False
            continue
        above[~(above & fed).any(axis=1)] = False  # none of its factors is left
        for node in np.flatnonzero(above.any(axis=0) & ~fed):
            _keep_paths(model, kept, scores, depth, node)


def _keep_paths(model, kept, scores, depth, node):
    """Keep the strongest edge into a node of a layer, and whatever it needs below."""
    layer = model.layers[depth]
    into = [i for i, there in enumerate(layer.wiring()[node]) if there]
    if layer.edge_list:
        into = [max(into, key=scores[depth][node].__getitem__)]
    for i in into:
        kept[depth][node, i] = True
        if depth > 0 and not kept[depth - 1][i].any():
            _keep_paths(model, kept, scores, depth - 1, i)


def _cut(model, X, kept):
    """Make a model of the edges that are kept, (n_out, n_in) of bool for each layer."""
    z, layers, used = samples_last(X), [], np.arange(model.widths[0])
    for depth, (layer, keep) in enumerate(zip(model.layers, kept, strict=True)):
        last = depth + 1 == len(kept)
        stays = np.arange(layer.n_out) if last else np.flatnonzero(kept[depth + 1].any(axis=0))
        above, cache = layer.forward(z)
        smaller = layer.part(keep, used, stays) or _separate(layer).part(keep, used, stays)
        if layer.edge_list:
            smaller.raise_by((layer.curves(cache).mean(axis=2) * ~keep).sum(axis=1)[stays])
        layers.append(smaller)
        z, used = above, stays
    return type(model).from_layers(layers)


def _separate(layer):
    """Make each edge of a layer an object of its own."""
    return SparseLayer(layer.n_in, layer.n_out, {at: layer.edge(*at) for at in layer.edge_list})


def _report(model, smaller, kept):
    """Say in a sentence what was removed."""
    before = sum(len(layer.edge_list) for layer in model.layers)
    after = sum(len(layer.edge_list) for layer in smaller.layers)
    text = f"prune: {model.widths} with {before} edges → {smaller.widths} with {after}"
    unused = np.flatnonzero(~kept[0].any(axis=0))
    if len(unused):
        text += f"; no longer used: {', '.join(f'x_{i + 1}' for i in unused)}"
    return text
