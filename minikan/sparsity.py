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
    rule : {"backward", "magnitude", "effect"}
        "backward", as in pykan 0.2.8: outputs score 1; an edge scores std(φ) / std(z) times the score of its node z;
        other nodes score the sum over the edges that leave them. Where nodes multiply, φ is their change, to first
        order, if only one factor varies. "magnitude", as in the paper: an edge scores its mean absolute activation; a
        node, the smaller of its largest incoming and its largest outgoing edge. "effect": how much an output changes
        (RMS, in units of its spread) if this edge alone, or all edges that leave a node, are held at their means. It
        takes a pass for each edge, and sees what "backward" misses: inputs that others switch on and off.

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
    rule = as_choice(rule, "rule", ("backward", "magnitude", "effect"))
    edges, nodes = _scores(model, samples_last(X), rule)
    as_finite([*edges, *nodes], "attribute")
    return Attribution(edges, nodes, rule)


@np.errstate(all="ignore")
def _scores(model, z, rule):
    """Score edges and nodes on samples z (n_in, n)."""
    layers = []  # activations of edges (n_out, n_in, n), and the nodes above (n_out, n)
    for layer in model.layers:
        above, cache = layer.forward(z)
        layers.append((layer.contributions(cache, z), above))
        z = above
    if rule == "effect":
        return _effects(model, layers)
    if rule == "magnitude":
        edges = [np.abs(phi).mean(axis=2) for phi, _ in layers]
        incoming = [np.full(model.widths[0], np.inf), *(score.max(axis=1) for score in edges)]
        outgoing = [*(score.max(axis=0) for score in edges), np.full(model.widths[-1], np.inf)]
        return edges, [np.minimum(a, b) for a, b in zip(incoming, outgoing, strict=True)]
    edges, nodes = [], [np.ones(model.widths[-1])]
    for phi, above in reversed(layers):
        shares = phi.std(axis=2) / _spread(above)[:, None]
        edges.insert(0, shares * nodes[0][:, None])
        nodes.insert(0, edges[0].sum(axis=0))
    return edges, nodes


def _effects(model, layers):
    """Hold each edge, and each node's edges, at their means; `layers` as in `_scores`."""
    edges, nodes = [], []
    for depth, (phi, above) in enumerate(layers):
        moves = phi - phi.mean(axis=2, keepdims=True)

        def effect(move, nodes=slice(None), above=above, rest=model.layers[depth + 1 :]):
            z = above.copy()
            z[nodes] -= move
            for layer in rest:
                z = layer.forward(z)[0]
            return change(layers[-1][1], z)

        edges.append(np.array([[effect(move, j) for move in row] for j, row in enumerate(moves)]))
        nodes.append(np.array([effect(move) for move in moves.swapaxes(0, 1)]))
    return edges, [*nodes, np.ones(model.widths[-1])]


def change(z: np.ndarray, new: np.ndarray) -> float:
    """Compare outputs (n_out, n): the largest RMS difference, in units of the spread of z."""
    return float((np.sqrt(((new - z) ** 2).mean(axis=1)) / _spread(z)).max())


def _spread(z):
    """Compute the standard deviation of nodes z (n_out, n); of those that rest, but for rounding, their size, or 1."""
    deviation, size = z.std(axis=1), np.abs(z).max(axis=1)
    return np.where(deviation > 1e-12 * size, deviation, np.maximum(size, 1))
