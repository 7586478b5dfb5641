"""Remove the edges and nodes that matter little (chapter 06; paper, section 2.5.1)."""

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
    """Remove the edges and nodes that matter little; returns a smaller model.

    Edges and hidden nodes stay if their score exceeds the threshold and they lie on a path from an input to an output.
    The mean of a removed edge stays as a constant. Unused inputs keep their column. A node that multiplies keeps all
    factors, and each at least its strongest edge. A layer that loses an edge shares no curves any more. An output
    always keeps its strongest path; if the scores are too low for that, there is a RuntimeWarning.

    Parameters
    ----------
    model : KAN
        It is not changed.
    X : array_like, shape (n, n_in)
    threshold, rule : float, and {"backward", "magnitude"}
        The score that must be exceeded, for "backward" a share of the output's variation; how to score (`attribute`).
    verbose : bool
        Print what was removed.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape, the threshold is negative, or there is no such rule.

    Examples
    --------
    >>> from minikan import KAN, fit, prune
    >>> X, model = np.random.default_rng(0).uniform(-1, 1, (200, 2)), KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input does not matter
    >>> smaller = prune(model, X)
    prune: [2, 1] with 2 edges → [2, 1] with 1; no longer used: x_2
    """
    X = as_samples(X, as_kan(model, "prune").widths[0])
    threshold = as_number(threshold, "threshold", 0)
    scores = attribute(model, X, rule)
    kept = [score > threshold for score in scores.edges]
    for depth, score in enumerate(scores.nodes[1:-1], 1):
        kept[depth - 1][score <= threshold] = False
    _drop_dead_ends(model, kept, scores.edges)
    for output in np.flatnonzero(~kept[-1].any(axis=1)):
        text = f"output {output} would have lost its last path; its strongest is kept"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        _keep_paths(model, kept, scores.edges, len(kept) - 1, output)
    smaller = _cut(model, X, kept)
    if verbose:
        before, after = (sum(len(layer.edge_list) for layer in each.layers) for each in (model, smaller))
        unused = ", ".join(f"x_{i + 1}" for i in np.flatnonzero(~kept[0].any(axis=0)))
        text = f"prune: {model.widths} with {before} edges → {smaller.widths} with {after}"
        print(f"{text}; no longer used: {unused}" if unused else text)
    return smaller


def _drop_dead_ends(model, kept, scores):
    """Drop edges that lie on no path from an input to an output; all or none of a node's factors are kept."""
    for layer, keep, above in reversed([*zip(model.layers, kept, [*kept[1:], None], strict=True)]):
        if above is not None:
            keep[~above.any(axis=0)] = False
        if not layer.edge_list:
            keep[:] = layer.wiring() & keep.any(axis=1)[:, None]
    for depth, (below, above) in enumerate(pairwise(kept)):
        reached = below.any(axis=1)
        if model.layers[depth + 1].edge_list:
            above[:, ~reached] = False
            continue
        above[~(above & reached).any(axis=1)] = False  # none of its factors is left: drop the node
        for node in np.flatnonzero(above.any(axis=0) & ~reached):
            _keep_paths(model, kept, scores, depth, node)


def _keep_paths(model, kept, scores, depth, node):
    """Keep the strongest edge into a node (all edges, if it multiplies), and a path to it from an input."""
    layer = model.layers[depth]
    into = [i for i, there in enumerate(layer.wiring()[node]) if there]
    if layer.edge_list:
        into = [max(into, key=scores[depth][node].__getitem__)]
    for i in into:
        kept[depth][node, i] = True
        if depth > 0 and not kept[depth - 1][i].any():
            _keep_paths(model, kept, scores, depth - 1, i)


def _cut(model, X, kept):
    """Make a model from the kept edges: a mask (n_out, n_in) per layer."""
    z, layers, used = samples_last(X), [], np.arange(model.widths[0])
    for layer, keep, following in zip(model.layers, kept, [*kept[1:], None], strict=True):
        nodes = np.arange(layer.n_out) if following is None else np.flatnonzero(following.any(axis=0))
        if not layers and not layer.edge_list:  # products of the inputs themselves: all keep their column
            keep, nodes = layer.wiring(), np.arange(layer.n_out)
        above, cache = layer.forward(z)
        smaller = layer
        if not keep.all() or keep.shape != (len(nodes), len(used)):
            smaller = layer.part(keep, used, nodes)
            if smaller is None:  # its curves are shared: make each edge an object of its own
                every = {at: layer.edge(*at) for at in layer.edge_list}
                smaller = SparseLayer(layer.n_in, layer.n_out, every).part(keep, used, nodes)
            if layer.edge_list:
                smaller.raise_by((layer.curves(cache).mean(axis=2) * ~keep).sum(axis=1)[nodes])
        layers.append(smaller)
        z, used = above, nodes
    return type(model).from_layers(layers)
