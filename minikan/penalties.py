"""Penalties: rough curves cost (chapter 04), and so do many edges (chapter 06; paper, section 2.5.1).

    roughness   λ Σ_curves ‖D w‖²               D: second differences, or the like; see `Basis.roughness`
    sparsity    λ Σ_layers (Σ_e |φ_e|₁ + μ S)   |φ|₁ = Σ_s w_s |φ(x_s)|, the size of an edge: its mean activation
                S = -Σ_e p_e log p_e            p_e = |φ_e|₁ / Σ|φ|₁: the entropy of a layer's sizes

A size has a kink at 0. It is rounded off: |φ| becomes √(φ² + ε²). Such a root is the lowest of all parabolas
that touch it from above, and that is how a least-squares solver takes it:

    √(φ² + ε²) ≤ (φ² / r + r) / 2,   r = √(φ² + ε²) at the present φ      (reweighted least squares)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from .network import Network, blocks, samples_last
from .terms import Block, Term
from .validation import as_kan, as_number


@dataclass(frozen=True, eq=False)
class Roughness(Term):
    """A penalty on how rough curves are, and a little on their weights.

    The second part makes the minimiser unique, since edges can pass constants to each other at no cost, and keeps it
    finite where classes can be separated without error.

    Parameters
    ----------
    strength : float
        λ, in units of the loss.

    Raises
    ------
    ValueError, TypeError
        If the strength is not a number >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, Roughness, fit
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> noisy = x + np.random.default_rng(0).normal(0, 0.3, x.shape)
    >>> rough, smooth = KAN([1, 1], grid=15), KAN([1, 1], grid=15)
    >>> history = fit(rough, x, noisy), fit(smooth, x, noisy, penalty=Roughness(0.1))
    >>> t = np.linspace(-1, 1, 200)[:, None]
    >>> errors = [np.sqrt(np.mean((model(t) - t) ** 2)) for model in (rough, smooth)]
    >>> bool(errors[1] < errors[0])
    True
    """

    strength: float

    def __post_init__(self):
        as_number(self.strength, "roughness", 0)

    def check(self, model: Network) -> None:
        as_kan(model, "roughness")

    def _curves(self, model):
        """Yield, for a layer at a time, the parameters of its curves (curves, m), and D (rows, m)."""
        start = 0
        for layer in model.layers:
            for places, rows in layer.roughness():
                yield start + places, rows
            start += layer.weights.size

    def value(self, model: Network) -> float:
        return self.loss_and_gradient(model)[0]

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        loss, gradient = 0.0, np.zeros(model.parameters.size)
        for places, rows in self._curves(model):
            residuals = model.parameters[places] @ rows.T  # (curves, rows)
            loss += self.strength * float(np.vdot(residuals, residuals))
            gradient[places] += 2 * self.strength * residuals @ rows
        return loss, gradient

    def blocks(self, model: Network) -> Iterator[Block]:
        for places, rows in self._curves(model):
            jacobian = np.sqrt(2 * self.strength) * rows.T  # (m, rows)
            for where in places:
                residuals = model.parameters[where] @ jacobian
                yield Block(0.5 * float(residuals @ residuals), np.vstack([jacobian, residuals]), where)


@dataclass(frozen=True, eq=False)
class Sparsity(Term):
    """The paper's penalty on the sizes of edges.

    Its gradient is exact: an edge also answers for what it does to the layers above. Its blocks treat each edge
    by itself, and the parabola in the place of the root.

    Parameters
    ----------
    strength : float
        λ, in units of the loss; 1e-3 to 1e-2 suits targets of a size about one.
    entropy : float
        μ, how much the entropy counts beside the sizes.
    smoothing : float
        ε, below which an activation counts as small.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not a number, or is negative.

    References
    ----------
    Paper, section 2.5.1, equations 2.17 to 2.20. Reweighted least squares: I. Daubechies et al., arXiv 0807.0575.
    """

    strength: float
    entropy: float = 2.0
    smoothing: float = 1e-3
    X: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # samples (n, n_in) …
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))  # … and how much each counts (n,): see `on`

    blocks_give_gradient = False

    def __post_init__(self):
        as_number(self.strength, "sparsity", 0)
        as_number(self.entropy, "entropy", 0)
        as_number(self.smoothing, "smoothing", 1e-12)

    def check(self, model: Network) -> None:
        as_kan(model, "sparsity")

    def on(self, X: np.ndarray, weights: np.ndarray) -> Sparsity:
        return replace(self, X=X, weights=weights / weights.sum())

    def part(self, samples: np.ndarray) -> Sparsity:
        return self.on(self.X[samples], self.weights[samples])

    def _passes(self, model):
        """Go through the network, a block of samples at a time: yield their weights, and the layers' caches."""
        for block in blocks(len(self.X)):
            yield self.weights[block], model.forward(samples_last(self.X[block]))[1]

    def sizes(self, model: Network) -> list[np.ndarray]:
        """Measure all edges: an array (n_out, n_in) for each layer, zeros where it has no edges of its own."""
        sizes = [np.zeros((layer.n_out, layer.n_in)) for layer in model.layers]
        for weights, caches in self._passes(model):
            for layer, cache, size in zip(model.layers, caches, sizes, strict=True):
                if layer.edge_list:
                    size += self._rounded(layer.curves(cache)) @ weights
        return sizes

    def value(self, model: Network) -> float:
        return self._sum(self.sizes(model))

    def _sum(self, sizes):
        return self.strength * float(sum(size.sum() + self.entropy * entropy(size) for size in sizes if size.any()))

    def price(self, size: np.ndarray) -> np.ndarray:
        """Differentiate the penalty in a layer's sizes: what an edge pays for growing. Large ones pay less."""
        share = size / size.sum()
        change = -(np.log(share) + entropy(size)) / size.sum()  # of the entropy
        return self.strength * (1 + self.entropy * change)

    def in_activations(
        self, curves: np.ndarray, price: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Differentiate in activations (n_out, n_in, n): once, and the parabola's second derivative."""
        second = price[:, :, None] * weights / self._rounded(curves)
        return second * curves, np.maximum(second, 0)

    def _rounded(self, curves):
        return np.sqrt(curves**2 + self.smoothing**2)

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        sizes, gradient = self.sizes(model), np.zeros(model.parameters.size)
        steps = list(zip(model.layers, sizes, model.split(gradient), strict=True))
        for weights, caches in self._passes(model):
            upstream = np.zeros((model.layers[-1].n_out, len(weights)))
            for (layer, size, part), cache in zip(reversed(steps), reversed(caches), strict=True):
                if layer.edge_list:
                    own, _ = self.in_activations(layer.curves(cache), self.price(size), weights)
                    change, upstream = layer.backward_edges(cache, own + upstream[:, None])
                else:
                    change, upstream = layer.backward(cache, upstream)
                part += change
        return self._sum(sizes), gradient

    def blocks(self, model: Network) -> Iterator[Block]:
        sizes, places = self.sizes(model), model.split(np.arange(model.parameters.size))
        for weights, caches in self._passes(model):
            for layer, cache, size, place in zip(model.layers, caches, sizes, places, strict=True):
                if layer.edge_list:
                    _, second = self.in_activations(layer.curves(cache), self.price(size), weights)
                    for i, j, where, features in layer.edge_features(cache):
                        root = np.sqrt(second[j, i])
                        yield Block(0.0, np.vstack([features * root, 0 * root]), place.ravel()[where])


def entropy(sizes: np.ndarray) -> float:
    """Compute the entropy of a layer's sizes: 0 if one edge has it all, log(edges) if all are alike."""
    share = sizes / sizes.sum()
    return -float((share * np.log(share)).sum())
