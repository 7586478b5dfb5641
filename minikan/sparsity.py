"""Score how much edges, nodes and inputs matter (chapter 06; paper, sections 2.5.1 and 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .validation import as_choice, as_finite, as_kan, as_samples


@dataclass(frozen=True)
class Attribution:
    """Scores of edges, for each layer (n_out, n_in), and of nodes, for each row (n_l,), inputs first."""

    edges: list
    nodes: list
    rule: str

    @property
    def inputs(self) -> np.ndarray:
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
    rule : {"backward", "magnitude"}
        "backward", as in pykan 0.2.8: outputs score 1; an edge scores std(φ) / std(z) times the score of its node z;
        other nodes score the sum over the edges that leave them. Where nodes multiply, φ is their change, to first
        order, if only one factor varies. "magnitude", as in the paper: an edge scores its mean absolute activation; a
        node, the smaller of its largest incoming and its largest outgoing edge.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape or there is no such rule.

    Examples
    --------
    >>> from minikan import KAN, attribute, fit
    >>> X, model = np.random.default_rng(0).uniform(-1, 1, (200, 2)), KAN([2, 1])
    >>> run = fit(model, X, np.sin(3 * X[:, 0]))  # the second input does not matter
    >>> attribute(model, X).inputs.round(2)
    array([1., 0.])
    """
    X = as_samples(X, as_kan(model, "attribute").widths[0])
    rule = as_choice(rule, "rule", ("backward", "magnitude"))
    edges, nodes = _scores(model, samples_last(X), rule)
    as_finite([*edges, *nodes], "attribute")
    return Attribution(edges, nodes, rule)


@np.errstate(all="ignore")
def _scores(model, z, rule):
    """Score edges and nodes on samples z (n_in, n)."""
    layers = []  # activations of edges (n_out, n_in, n), and deviations of the nodes above (n_out,)
    for layer in model.layers:
        above, cache = layer.forward(z)
        layers.append((layer.contributions(cache, z), above.std(axis=1)))
        z = above
    if rule == "magnitude":
        edges = [np.abs(phi).mean(axis=2) for phi, _ in layers]
        incoming = [np.full(model.widths[0], np.inf), *(score.max(axis=1) for score in edges)]
        outgoing = [*(score.max(axis=0) for score in edges), np.full(model.widths[-1], np.inf)]
        return edges, [np.minimum(a, b) for a, b in zip(incoming, outgoing, strict=True)]
    edges, nodes = [], [np.ones(model.widths[-1])]
    for phi, deviation in reversed(layers):
        shares = phi.std(axis=2) / np.where(deviation > 0, deviation, 1)[:, None]
        edges.insert(0, shares * nodes[0][:, None])
        nodes.insert(0, edges[0].sum(axis=0))
    return edges, nodes
