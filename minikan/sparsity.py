"""Make edges compete, see which of them matter, and cut off the rest (chapter 06; paper, section 2.5.1).

    |φ|₁ = Σ_s w_s |φ(x_s)|                size of an edge: its mean activation over the batch
    S    = -Σ_e p_e log p_e,  p_e = |φ_e|₁ / Σ|φ|₁      entropy of a layer: are few edges large or all alike?
    penalty = λ Σ_layers (Σ_e |φ_e|₁ + μ S)

A size has a kink at 0. It is rounded off: |φ| becomes √(φ² + ε²). Such a root is the lowest of all parabolas
that touch it from above, and that is how a least-squares solver takes it:

    √(φ² + ε²) ≤ (φ² / r + r) / 2,   r = √(φ² + ε²) at the present φ      (reweighted least squares)
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_choice, as_finite, as_number, as_samples, finite_results
from .edges import EdgeLayer, edge_of, places
from .network import KAN, Network, blocks, samples_last

RULES = ("backward", "magnitude")


class Sparsity:
    """The paper's penalty on the sizes of edges.

    Parameters
    ----------
    strength : float
        λ, in units of the loss; 1e-3 to 1e-2 suits targets of a size about one.
    entropy : float
        μ, how much the entropy counts beside the sizes.
    smoothing : float
        ε, below which an activation counts as small.

    References
    ----------
    Paper, section 2.5.1, equations 2.17 to 2.20. Reweighted least squares: I. Daubechies et al., arXiv 0807.0575.
    """

    def __init__(self, strength: float, entropy: float = 2.0, smoothing: float = 1e-3) -> None:
        self.strength = as_number(strength, "sparsity", 0)
        self.entropy = as_number(entropy, "entropy", 0)
        self.smoothing = as_number(smoothing, "smoothing", 1e-12)

    def sizes(self, model: Network, X: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
        """Measure all edges over samples X (n, n_in) with weights (n,): an array (n_out, n_in) for each layer."""
        sizes = [np.zeros((layer.n_out, layer.n_in)) for layer in model.layers]
        for block in blocks(len(X)):
            z = samples_last(X[block])
            for layer, size in zip(model.layers, sizes, strict=True):
                curves = layer.edges(z)
                size += self._rounded(curves) @ weights[block]
                z = curves.sum(axis=1)
        return sizes

    def value(self, sizes: list[np.ndarray]) -> float:
        """Compute the penalty."""
        return self.strength * sum(float(size.sum() + self.entropy * entropy(size)) for size in sizes)

    def prices(self, sizes: list[np.ndarray]) -> list[np.ndarray]:
        """Differentiate the penalty in the sizes: what an edge pays for growing. Large ones pay less."""
        prices = []
        for size in sizes:
            share = size / size.sum()
            change = -(np.log(share) + entropy(size)) / size.sum()  # of the entropy
            prices.append(self.strength * (1 + self.entropy * change))
        return prices

    def pulls(
        self, curves: np.ndarray, prices: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Differentiate in activations (n_out, n_in, n): the slope, and the parabola's second derivative."""
        rounded = self._rounded(curves)
        pull = prices[:, :, None] * weights / rounded
        return pull * curves, np.maximum(pull, 0)

    def _rounded(self, curves):
        return np.sqrt(curves**2 + self.smoothing**2)

    def add(
        self,
        model: Network,
        X: np.ndarray,
        weights: np.ndarray,
        gradient: np.ndarray,
        matrix: np.ndarray | None = None,
    ) -> float:
        """Add to a gradient (P,) and to a Gauss–Newton matrix (P, P); return the penalty.

        The gradient is exact: an edge also answers for what it does to the edges above. The matrix knows each
        edge for itself only.
        """
        sizes = self.sizes(model, X, weights)
        prices = self.prices(sizes)
        parts, places = model.split(gradient), model.split(np.arange(len(gradient)))
        for block in blocks(len(X)):
            z, caches, pulls = samples_last(X[block]), [], []
            for layer, price, place in zip(model.layers, prices, places, strict=True):
                pull, importance = self.pulls(layer.edges(z), price, weights[block])
                z, cache = layer.forward(z)
                caches.append(cache)
                pulls.append(pull)
                if matrix is not None:
                    for rows, gram in layer.grams(cache, importance):
                        rows = place.ravel()[rows]
                        matrix[np.ix_(rows, rows)] += gram
            upstream = np.zeros_like(z)
            for layer, cache, pull, part in reversed(
                list(zip(model.layers, caches, pulls, parts, strict=True))
            ):
                step, upstream = layer.backward_edges(cache, pull + upstream[:, None])
                part += step
        return self.value(sizes)


def entropy(sizes: np.ndarray) -> float:
    """Compute the entropy of a layer's sizes: 0 if one edge has it all, log(edges) if all are alike."""
    share = sizes / sizes.sum()
    return -float((share * np.log(share)).sum())


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


def attribute(model: KAN, X: ArrayLike, rule: str = "backward") -> Attribution:
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
        the batch, divided by the node's; and a node collects the scores of the edges it feeds.

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
    X, rule = as_samples(X, model.widths[0]), as_choice(rule, "rule", RULES)
    with np.errstate(all="ignore"):
        edges, nodes = _scores(model, samples_last(X), rule)
    as_finite([*edges, *nodes], "attribute")
    return Attribution(edges, nodes, rule)


def _scores(model, z, rule):
    """Score edges and nodes on samples z (n_in, n)."""
    curves = []
    for layer in model.layers:
        curves.append(layer.edges(z))
        z = curves[-1].sum(axis=1)
    if rule == "magnitude":
        edges = [np.abs(curve).mean(axis=2) for curve in curves]
        into = [np.full(model.widths[0], np.inf), *(score.max(axis=1) for score in edges)]
        out = [*(score.max(axis=0) for score in edges), np.full(model.widths[-1], np.inf)]
        return edges, [np.minimum(a, b) for a, b in zip(into, out, strict=True)]
    edges, nodes = [], [np.ones(model.widths[-1])]
    for curve in reversed(curves):
        spread = curve.sum(axis=1).std(axis=1)  # of the nodes above
        shares = curve.std(axis=2) / np.where(spread > 0, spread, 1)[:, None]
        edges.insert(0, shares * nodes[0][:, None])
        nodes.insert(0, edges[0].sum(axis=0))
    return edges, nodes


@finite_results
def prune(
    model: KAN, X: ArrayLike, *, threshold: float = 1e-2, rule: str = "backward", verbose: bool = True
) -> KAN:
    """Cut off what does not matter, and make a smaller model of the rest.

    Edges and hidden nodes stay if their score exceeds the threshold; so do paths from an input to an output
    only. An edge that is cut off leaves its mean over the samples behind, so that the model loses no more
    than what the edge *changes*. Inputs keep their column, even if nothing reads it any more.

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
    X, threshold = as_samples(X, model.widths[0]), as_number(threshold, "threshold", 0)
    scores = attribute(model, X, rule)
    kept = [score > threshold for score in scores.edges]
    for depth, score in enumerate(scores.nodes[1:-1], 1):
        kept[depth - 1][score <= threshold] = False
    _drop_loose_ends(kept)
    for output in np.flatnonzero(~kept[-1].any(axis=1)):
        warnings.warn(
            f"output {output} would have lost its last path; its strongest is kept",
            RuntimeWarning,
            stacklevel=2,
        )
        node = output
        for depth in reversed(range(len(kept))):
            there = [i for i, j in places(model.layers[depth]) if j == node]
            strongest = max(there, key=scores.edges[depth][node].__getitem__)
            kept[depth][node, strongest] = True
            node = strongest
    smaller = _cut(model, X, kept)
    if verbose:
        print(_report(model, smaller, kept))
    return smaller


def _drop_loose_ends(kept):
    """Drop edges into nodes that lead nowhere, and out of hidden nodes that nothing leads to."""
    for below, above in reversed(list(pairwise(kept))):
        below[~above.any(axis=0)] = False
    for below, above in pairwise(kept):
        above[:, ~below.any(axis=1)] = False


def _cut(model, X, kept):
    """Make a model of the edges that are kept, (n_out, n_in) of bool for each layer."""
    z, layers, used = samples_last(X), [], np.arange(model.widths[0])
    for depth, (layer, keep) in enumerate(zip(model.layers, kept, strict=True)):
        curves = layer.edges(z)
        left_behind = (curves.mean(axis=2) * ~keep).sum(axis=1)
        z = curves.sum(axis=1)
        last = depth + 1 == len(kept)
        stays = np.arange(layer.n_out) if last else np.flatnonzero(kept[depth + 1].any(axis=0))
        edges = {}
        for (j, i), _ in np.ndenumerate(keep[np.ix_(stays, used)]):
            if keep[stays[j], used[i]]:
                edges[i, j] = edge_of(layer, used[i], stays[j])
        smaller = EdgeLayer(len(used), len(stays), edges)
        for j, node in enumerate(stays):
            first = next(edge for (_, to), edge in smaller.sheet.items() if to == j)
            first.raise_by(left_behind[node])
        layers.append(smaller.as_sheet())
        used = stays
    return KAN.from_layers(layers)


def _report(model, smaller, kept):
    """Say in a sentence what was removed."""
    before = sum(len(places(layer)) for layer in model.layers)
    after = sum(len(places(layer)) for layer in smaller.layers)
    text = f"prune: {model.widths} with {before} edges → {smaller.widths} with {after}"
    unused = np.flatnonzero(~kept[0].any(axis=0))
    if len(unused):
        text += f"; no longer used: {', '.join(f'x_{i + 1}' for i in unused)}"
    return text
