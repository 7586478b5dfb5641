"""Remove the edges and nodes that matter little (chapter 06; paper, section 2.5.1)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .sparse import SparseLayer
from .sparsity import attribute, change
from .validation import as_kan, as_number, as_samples, finite_results, require

M = TypeVar("M", bound=Network)
MUCH = 3  # a change of the outputs by more than so many thresholds is much
ROUNDING = 1e-9  # a change that small is none


@finite_results
def prune(
    model: M,
    X: ArrayLike,
    *,
    threshold: float = 1e-2,
    rule: str = "backward",
    names: Sequence[str] | None = None,
    verbose: bool = True,
) -> M:
    """Remove the edges and nodes that matter little; returns a smaller model.

    Edges and hidden nodes stay if their score exceeds the threshold and they lie on a path from an input to an output.
    The mean of a removed edge stays as a constant. Unused inputs keep their column. A node that multiplies keeps all
    factors, and each at least its strongest edge. A layer that loses an edge shares no curves any more. An output
    always keeps its strongest path. The change of the outputs on X is measured: where it is more than three times the
    threshold, edges that change an output by more than the threshold alone (rule "effect") stay as well.

    Parameters
    ----------
    model : KAN
        It is not changed.
    X : array_like, shape (n, n_in)
    threshold, rule : float, and {"backward", "magnitude", "effect"}
        The score that must be exceeded, a share of the outputs' spread (for "magnitude", a size); how to score
        (`attribute`).
    names : sequence of str, optional
        Names of the inputs; by default those of a data frame's columns, else x_1, x_2, and so on.
    verbose : bool
        Print what was removed, and how much the outputs change: the largest RMS change, in units of their spread.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X or names have the wrong shape, the threshold is negative, or there is no such rule.

    Warns
    -----
    RuntimeWarning
        If the outputs change by more than three times the threshold all the same, or one loses all paths but one.

    Examples
    --------
    >>> from minikan import KAN, fit, prune
    >>> X, model = np.random.default_rng(0).uniform(-1, 1, (200, 2)), KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input does not matter
    >>> smaller = prune(model, X)
    prune: [2, 1] with 2 edges → [2, 1] with 1; outputs change by less than 0.1% of their spread; no longer used: x_2
    """
    n_in, frame = as_kan(model, "prune").widths[0], X
    X = as_samples(X, n_in)
    shown = as_names(names, n_in, "names", frame) or [f"x_{i + 1}" for i in range(n_in)]
    threshold = as_number(threshold, "threshold", 0)
    before, allowed = samples_last(model(X)), MUCH * threshold + ROUNDING
    masks, poor = [], set(range(model.widths[-1]))  # outputs that would have lost their last path
    for each in dict.fromkeys((rule, "effect")):
        scores = attribute(model, X, each)
        masks.append(_above(model, scores, threshold))
        lost = np.flatnonzero(~masks[-1][-1].any(axis=1)).tolist()
        for output in lost:
            _keep_paths(model, masks[-1], scores.edges, len(model.layers) - 1, output)
        kept = [np.logical_or.reduce(both) for both in zip(*masks, strict=True)]
        poor &= set(lost)
        smaller = _cut(model, X, kept)
        moved = change(before, samples_last(smaller(X)))
        if moved <= allowed:
            break
    told = [f"output {output} would have lost its last path; its strongest is kept" for output in poor]
    if moved > allowed:
        what = f"prune changes the outputs by {moved:.1%} of their spread, the threshold is {threshold:.1%}"
        told.append(f"{what}; edges that are weak alone matter together")
    for text in told:
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    if verbose:
        old, new = (sum(len(layer.edge_list) for layer in each.layers) for each in (model, smaller))
        unused = ", ".join(shown[i] for i in np.flatnonzero(~kept[0].any(axis=0)))
        by = f"{moved:.1%}" if moved >= 1e-3 else "less than 0.1%"
        text = f"prune: {model.widths} with {old} edges → {smaller.widths} with {new}; outputs change by {by}"
        print(f"{text} of their spread; no longer used: {unused}" if unused else f"{text} of their spread")
    return smaller


def as_names(names: Sequence[str] | None, count: int, argument: str, frame: Any = None) -> list[str]:
    """Check names, all different; by default those of a data frame's columns, or none."""
    given = [*(getattr(frame, "columns", []) if names is None else names)]
    strings = all(isinstance(name, str) for name in given)
    if names is None and not strings:
        return []
    require(strings, argument, "hold strings", given)
    require(names is None or len(given) == count, argument, f"hold {count} names", f"{len(given)}, {given}")
    repeated = sorted({name for name in given if given.count(name) > 1})
    require(not repeated, argument, "differ", f"several times {repeated}")
    return given


def _above(model, scores, threshold):
    """Tell which edges have scores above the threshold, as their nodes have, and lie on a path: masks (n_out, n_in)."""
    kept = [score > threshold for score in scores.edges]
    for depth, score in enumerate(scores.nodes[1:-1], 1):
        kept[depth - 1][score <= threshold] = False
    _drop_dead_ends(model, kept, scores.edges)
    return kept


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
                smaller = SparseLayer.of(layer).part(keep, used, nodes)
            if layer.edge_list:
                smaller.raise_by((layer.curves(cache).mean(axis=2) * ~keep).sum(axis=1)[nodes])
        layers.append(smaller)
        z, used = above, nodes
    return type(model).from_layers(layers)
