"""Penalties: rough curves cost (chapter 04), and so do many edges (chapter 06; paper, section 2.5.1).

    roughness   λ Σ_curves ‖D w‖²                  D: for splines, second differences; see `Basis.roughness`
    sparsity    λ σ² Σ_layers (Σ_e |φ_e|₁ + μ S)   |φ|₁ = Σ_s w_s |φ(x_s)| / u, the size of an edge
                S = -Σ_e p_e log p_e               p_e = |φ_e|₁ / Σ|φ|₁: the entropy of a layer's sizes

σ² is the variance of the targets, or the mean of the outputs' variances: they share a loss, so they share a unit. In
the last layer, whose curves have the unit of the targets, u = σ, below it 1. So λ means the same for y and 1e-8 y.
(For classes σ = 1. Where outputs are products, their factors have no unit of their own: u = 1.)

|φ| has a kink at 0: r = √(φ² + ε²) replaces it. In a least-squares solver a parabola takes the place of this root,
(φ² / r + r) / 2 with r at the present φ: it touches the root from above (reweighted least squares, arXiv 0807.0575).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from .network import Network, blocks, samples_last
from .terms import Block, Term, block_of_curves
from .validation import as_kan, as_number


@dataclass(frozen=True, eq=False)
class Roughness(Term):
    """A penalty on rough curves, and a small one on their weights: it makes the minimum unique and finite.

    Parameters
    ----------
    strength : float
        The factor λ >= 0, in units of the loss.

    Examples
    --------
    >>> from minikan import KAN, Roughness, fit
    >>> run = fit(KAN([1, 1]), [[0.0], [1.0]], [0.0, 1.0], penalty=Roughness(1e-3), steps=5)
    >>> bool(run.loss[-1] > run.error[-1])
    True
    """

    strength: float

    def __post_init__(self):
        as_number(self.strength, "roughness", 0)

    def check(self, model: Network) -> None:
        as_kan(model, "roughness")

    def curves(self, model: Network) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for a layer at a time, the places of its curves' weights (curves, m), and D (rows, m)."""
        for layer, part in zip(model.layers, model.split(np.arange(model.parameters.size)), strict=True):
            for places, rows in layer.roughness() if self.strength else ():  # nothing at no price
                yield part.ravel()[places], rows

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        loss, gradient = 0.0, np.zeros(model.parameters.size)
        for places, rows in self.curves(model):
            residuals = model.parameters[places] @ rows.T  # (curves, rows)
            loss += self.strength * float(np.vdot(residuals, residuals))
            gradient[places] += 2 * self.strength * residuals @ rows
        return loss, gradient

    def blocks(self, model: Network) -> Iterator[Block]:
        for places, rows in self.curves(model):
            yield block_of_curves(model.parameters[places], places, rows, np.full(len(places), self.strength))


@dataclass(frozen=True, eq=False)
class Sparsity(Term):
    """The paper's penalty on the sizes of edges (section 2.5.1, equations 2.17 to 2.20).

    The gradient is exact; the blocks leave out an edge's effect on the layers above, and hold the parabola instead.

    Parameters
    ----------
    strength, entropy, smoothing, X, weights, unit
        The factors λ (1e-3 to 1e-2 is usual, whatever the unit of the targets) and μ, and ε: activations below it count
        as small. `fit` sets samples (n, n_in), how much each counts (n,), and σ.

    Examples
    --------
    >>> from minikan import KAN, Sparsity, fit
    >>> run = fit(KAN([1, 1]), [[0.0], [1.0]], [0.0, 1.0], penalty=Sparsity(1e-3), steps=5)
    >>> bool(run.loss[-1] > run.error[-1])
    True
    """

    strength: float
    entropy: float = 2.0
    smoothing: float = 1e-3
    X: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    unit: float = 1.0
    blocks_give_gradient = False

    def __post_init__(self):
        as_number(self.strength, "sparsity", 0)
        as_number(self.entropy, "entropy", 0)
        as_number(self.smoothing, "smoothing", 1e-12)

    def check(self, model: Network) -> None:
        as_kan(model, "sparsity")

    def on(self, X: np.ndarray, weights: np.ndarray, unit: float = 1.0) -> Sparsity:
        return replace(self, X=X, weights=weights / weights.sum(), unit=unit)

    def part(self, samples: np.ndarray) -> Sparsity:
        return self.on(self.X[samples], self.weights[samples], self.unit)

    def _units(self, model):
        """List u for each layer."""
        return [1.0] * (len(model.layers) - 1) + [self.unit]

    def _passes(self, model, *lists):
        """Yield, for a block of samples at a time, their weights, and a tuple (layer, cache, …) for each layer."""
        for block in blocks(len(self.X)):
            _, caches = model.forward(samples_last(self.X[block]))
            yield self.weights[block], list(zip(model.layers, caches, *lists, strict=True))

    def sizes(self, model: Network) -> list[np.ndarray]:
        """Compute the size of every edge: (n_out, n_in) for each layer, zeros where it has no edges of its own."""
        sizes = [np.zeros((layer.n_out, layer.n_in)) for layer in model.layers]
        for weights, layers in self._passes(model, sizes, self._units(model)):
            for layer, cache, size, unit in layers:
                if layer.edge_list:
                    size += np.sqrt((layer.curves(cache) / unit) ** 2 + self.smoothing**2) @ weights
        return sizes

    def value(self, model: Network, sizes: list[np.ndarray] | None = None) -> float:
        used = [size for size in sizes or self.sizes(model) if size.any()]
        penalty = float(sum(size.sum() + self.entropy * entropy(size) for size in used))
        return self.strength * self.unit**2 * penalty

    def _price(self, size):
        """Differentiate the penalty in a layer's sizes (n_out, n_in): what an edge pays for growing."""
        share = size / size.sum()
        change = -(np.log(share) + entropy(size)) / size.sum()  # of the entropy
        return self.strength * self.unit**2 * (1 + self.entropy * change)

    def activation_derivatives(
        self, curves: np.ndarray, price: np.ndarray, weights: np.ndarray, unit: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Differentiate in activations (n_out, n_in, n): once, and the parabola twice."""
        second = price[:, :, None] * weights / np.sqrt((curves / unit) ** 2 + self.smoothing**2) / unit**2
        return second * curves, np.maximum(second, 0)

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        sizes, gradient = self.sizes(model), np.zeros(model.parameters.size)
        for weights, layers in self._passes(model, sizes, self._units(model), model.split(gradient)):
            upstream = np.zeros((model.widths[-1], len(weights)))
            for layer, cache, size, unit, part in reversed(layers):
                if layer.edge_list:
                    curves, price = layer.curves(cache), self._price(size)
                    own, _ = self.activation_derivatives(curves, price, weights, unit)
                    change, upstream = layer.backward_edges(cache, own + upstream[:, None])
                else:
                    change, upstream = layer.backward(cache, upstream)
                part += change
        return self.value(model, sizes), gradient

    def blocks(self, model: Network) -> Iterator[Block]:
        sizes, places = self.sizes(model), model.split(np.arange(model.parameters.size))
        for weights, layers in self._passes(model, sizes, self._units(model), places):
            for layer, cache, size, unit, place in layers:
                if layer.edge_list:
                    curves, price = layer.curves(cache), self._price(size)
                    _, second = self.activation_derivatives(curves, price, weights, unit)
                    for i, j, where, features in layer.edge_features(cache):
                        root = np.sqrt(second[j, i])
                        yield Block(0.0, np.vstack([features * root, 0 * root]), place.ravel()[where])


def entropy(sizes: np.ndarray) -> float:
    """Compute the entropy of sizes: 0 if one edge has it all, log(edges) if all are equal."""
    share = sizes / sizes.sum()
    return -float((share * np.log(share)).sum())
