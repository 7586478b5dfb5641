"""See which edges matter (chapter 06; paper, sections 2.5.1 and 4.2).

    share of edge e in its node   std(φ_e) / std(z)          score of e   its share times its node's score
    score of a node               the sum of the scores of the edges that leave it; 1 for outputs
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .validation import as_choice, as_finite, as_kan, as_samples

RULES = ("backward", "magnitude")


@dataclass(frozen=True)
class Attribution:
    """What matters in a network.

    Attributes
    ----------
    edges : list of ndarray, shape (n_out, n_in)
        A score for each edge of each layer.
    nodes : list of ndarray, shape (n_l,)
        A score for each node, inputs first.
    rule : str
    """

    edges: list
    nodes: list
    rule: str

    @property
    def inputs(self) -> np.ndarray:
        """The inputs' scores, (n_0,)."""
        return self.nodes[0]

    def __repr__(self):
        rows = [f"layer {depth}: {np.round(row, 3)}" for depth, row in enumerate(self.nodes)]
        return "\n".join([f"Attribution of nodes, rule {self.rule!r}", *rows])


def attribute(model: Network, X: ArrayLike, rule: str = "backward") -> Attribution:
    """Score edges, nodes and inputs on samples.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
        Samples.
    rule : {"backward", "magnitude"}
        "magnitude", the paper's: an edge counts as much as its mean absolute activation `|φ|₁`; a node as the
        smaller of its largest edge in and its largest edge out. "backward", pykan's: outputs count 1, a node
        passes its score down to the edges that make it, each in proportion to its standard deviation over
        the batch, divided by the node's; and a node collects the scores of the edges it feeds. Where a node
        multiplies, what it would do with one factor moving alone, in first order, stands for an edge.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape or there is no such rule.

    References
    ----------
    Paper, sections 2.5.1 and 4.2 ("pruning"); pykan 0.2.8, `MultKAN.attribute`.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, attribute, fit
    >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    >>> model = KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input plays no part
    >>> attribute(model, X).nodes[0].round(2)
    array([1., 0.])
    """
    X, rule = as_samples(X, as_kan(model, "attribute").widths[0]), as_choice(rule, "rule", RULES)
    with np.errstate(all="ignore"):
        edges, nodes = _scores(model, samples_last(X), rule)
    as_finite([*edges, *nodes], "attribute")
    return Attribution(edges, nodes, rule)


def _scores(model, z, rule):
    """Score edges and nodes on samples z (n_in, n)."""
    activations, spreads = [], []  # of edges (n_out, n_in, n), and of the nodes above (n_out,)
    for layer in model.layers:
        above, cache = layer.forward(z)
        activations.append(layer.contributions(cache, z))
        spreads.append(above.std(axis=1))
        z = above
    if rule == "magnitude":
        edges = [np.abs(each).mean(axis=2) for each in activations]
        into = [np.full(model.widths[0], np.inf), *(score.max(axis=1) for score in edges)]
        out = [*(score.max(axis=0) for score in edges), np.full(model.widths[-1], np.inf)]
        return edges, [np.minimum(a, b) for a, b in zip(into, out, strict=True)]
    edges, nodes = [], [np.ones(model.widths[-1])]
    for each, spread in zip(reversed(activations), reversed(spreads), strict=True):
        shares = each.std(axis=2) / np.where(spread > 0, spread, 1)[:, None]
        edges.insert(0, shares * nodes[0][:, None])
        nodes.insert(0, edges[0].sum(axis=0))
    return edges, nodes
