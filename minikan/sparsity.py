"""Score how much edges, nodes and inputs matter (chapter 06; paper, sections 2.5.1 and 4.2).

score of edge e   std(φ_e) / std(z) times the score of its node, whose value is z
score of a node   the sum of the scores of the edges that leave it; 1 for outputs
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
    """Scores of edges, for each layer (n_out, n_in), and of nodes, for each row (n_l,), inputs first."""

    edges: list
    nodes: list
    rule: str

    @property
    def inputs(self) -> np.ndarray:
        """The scores of the inputs, (n_0,)."""
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
        "magnitude", the paper's: the score of an edge is its mean absolute activation `|φ|₁`; that of a node is
        the smaller of its largest incoming and its largest outgoing edge. "backward", as in pykan 0.2.8: outputs have
        score 1; an edge has the score of its node times std(φ) / std(z), over the samples; a node has the sum of
        the scores of its outgoing edges. Where a node multiplies, φ is its change, to first order, if only one
        factor varies.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape or there is no such rule.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, attribute, fit
    >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    >>> model = KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input does not matter
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
    activations, deviations = [], []  # of edges (n_out, n_in, n), and of the nodes above (n_out,)
    for layer in model.layers:
        above, cache = layer.forward(z)
        activations.append(layer.contributions(cache, z))
        deviations.append(above.std(axis=1))
        z = above
    if rule == "magnitude":
        edges = [np.abs(phi).mean(axis=2) for phi in activations]
        incoming = [np.full(model.widths[0], np.inf), *(score.max(axis=1) for score in edges)]
        outgoing = [*(score.max(axis=0) for score in edges), np.full(model.widths[-1], np.inf)]
        return edges, [np.minimum(a, b) for a, b in zip(incoming, outgoing, strict=True)]
    edges, nodes = [], [np.ones(model.widths[-1])]
    for phi, deviation in zip(reversed(activations), reversed(deviations), strict=True):
        shares = phi.std(axis=2) / np.where(deviation > 0, deviation, 1)[:, None]
        edges.insert(0, shares * nodes[0][:, None])
        nodes.insert(0, edges[0].sum(axis=0))
    return edges, nodes
