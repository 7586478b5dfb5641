"""A search for hidden layers, without training (chapter 04; the paper has none).

    y ≈ Wᵀ F(x)        x: the nodes below a layer, F: the features of its curves, W: their weights

With the layers below fixed and those above straight, least squares finds the best W at once. So thousands of hidden
layers can be compared in a second. Their edges are random cubics at first. Again and again they are changed, little or
much, and what does better on held-out samples stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kan_layer import KANLayer
from .terms import Data

FAMILIES = 4  # for each network that is to be found
ROUNDS, CHILDREN = 64, 8  # how often each family has how many children
HALVES = 8, 16  # rounds before which the worse half of the families goes
BENDS = np.array([0.0, 1.0, 1.0, 0.5])  # sizes of random Chebyshev polynomials T0 … T3, …
ROUGH = 0.1, 0.3, 1.0, 3.0  # … times one of these, beside a straight line
STIFFNESS = 3e-2  # what roughness costs beside the residuals, so that outer curves wave little
SAMPLES = 400  # to solve with, or four for each weight; half as many to judge with
MOST = 2**18  # numbers in an array


class Search:
    """The linear layers below the one at `depth`, to be found: `learn` is to solve with, `hold` to judge with."""

    def __init__(self, layers: Sequence[KANLayer], depth: int, learn: Data, hold: Data) -> None:
        self.layers, self.hidden, self.layer = layers, layers[:depth], layers[depth]
        enough = max(SAMPLES, 4 * self.layer.n_in * self.layer.basis.m)
        learn = learn.part(np.arange(min(enough, learn.n)))
        hold = hold.part(np.arange(min(enough // 2, hold.n)))
        self.n, self.weights = learn.n, np.concatenate([learn.weights, hold.weights])
        X, y = np.concatenate([learn.X, hold.X]).T, np.concatenate([learn.y, hold.y], axis=1)
        low, high = y.min(axis=1), y.max(axis=1)
        ends = np.stack([low, np.where(high > low, high, low + 1)], axis=1)
        self.ends = [*(layer.basis.domain for layer in layers[1:]), ends]  # of each layer's outputs
        self.y = 2 * (y - ends[:, :1]) / np.diff(ends) - 1
        self.cubics = [layer.basis.cubics() for layer in self.hidden]  # (n_in, m, 4) each
        self.curves = self.evaluate(0, X[:, None])
        stiffness = (rows := self.layer.basis.roughness()).T @ rows
        self.stiffness = np.kron(np.eye(self.layer.n_in), STIFFNESS * stiffness / stiffness.diagonal().mean())

    def evaluate(self, depth: int, x: np.ndarray) -> np.ndarray:
        """Evaluate T0 … T3, as a hidden layer has them: x (n_in, draws, n) → (draws, n_in * 4, n)."""
        features = features_of(self.layers[depth], x).reshape(x.shape[1], len(x), -1, x.shape[2])
        return (self.cubics[depth].swapaxes(1, 2) @ features).reshape(x.shape[1], -1, x.shape[2])

    def solve(self, tables: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Find W for each draw: held-out errors (draws,), W (draws, K, n_out), and the tables, scaled to fit grids."""
        scaled, curves = [], self.curves
        for depth, table in enumerate(tables):
            z = table.reshape(*table.shape[:2], -1) @ curves  # (draws, n_out, n)
            low, high = z.min(axis=2)[..., None], z.max(axis=2)[..., None]
            scale = np.where(high > low, 2 / (high - low), 0.0)
            scaled.append(table * scale[..., None])
            scaled[-1][..., 0] -= (1 + low * scale) / table.shape[2]
            bottom, top = self.ends[depth].T[:, :, None, None]
            x = bottom + 0.5 * (top - bottom) * ((z - low) * scale).swapaxes(0, 1)
            if depth + 1 < len(tables):
                curves = self.evaluate(depth + 1, x)
        features, learn = features_of(self.layer, x), slice(self.n)
        weighted = features[..., learn] * self.weights[learn]
        A = weighted @ features[..., learn].swapaxes(1, 2)
        A += self.stiffness * A.trace(axis1=1, axis2=2)[:, None, None] / A.shape[1]
        W = np.linalg.solve(A, weighted @ self.y[:, learn].T)
        residuals = W.swapaxes(1, 2) @ features[..., self.n :] - self.y[:, self.n :]
        return (residuals**2).mean(axis=1) @ self.weights[self.n :], W, scaled

    def errors(self, tables: Sequence[np.ndarray]) -> np.ndarray:
        """Judge all draws, not too many at a time: (draws,), infinite where numbers are."""
        size = max(1, MOST // (self.layer.n_in * self.layer.basis.m * len(self.weights)))
        parts = [[table[i : i + size] for table in tables] for i in range(0, len(tables[0]), size)]
        errors = np.concatenate([self.solve(part)[0] for part in parts])
        return np.where(np.isfinite(errors), errors, np.inf)

    def run(self, count: int, rng: np.random.Generator) -> list[list[KANLayer]]:
        """Find the layers of `count` networks, the youngest of one family each; fewer where numbers are too large."""
        tables = [drawn((FAMILIES * count, layer.n_out, layer.n_in), rng) for layer in self.hidden]
        least = self.errors(tables)
        for number in range(ROUNDS):
            if number in HALVES:
                keep = least.argsort()[: max(count, len(least) // 2)]
                tables, least = [table[keep] for table in tables], least[keep]
            children = [changed(np.repeat(table, CHILDREN, axis=0), rng) for table in tables]
            errors = self.errors(children).reshape(-1, CHILDREN)
            best, better = errors.argmin(axis=1), np.flatnonzero(errors.min(axis=1) < least)
            least = np.minimum(least, errors.min(axis=1))
            for table, new in zip(tables, children, strict=True):
                table[better] = new[CHILDREN * better + best[better]]
        _, W, scaled = self.solve(tables)
        networks = [self.network([table[k] for table in scaled], W[k]) for k in range(count)]
        return [layers for layers in networks if all(np.isfinite(layer.weights).all() for layer in layers)]

    def network(self, tables: Sequence[np.ndarray], W: np.ndarray) -> list[KANLayer]:
        """Make layers of tables and W: hidden ones, the one that was solved for, straight ones."""
        layers, depth = [layer.copy() for layer in self.layers], len(tables)
        for d, (layer, ends) in enumerate(zip(layers, self.ends, strict=True)):
            if d < depth:
                weights = np.einsum("imt,jit->imj", self.cubics[d], tables[d])
            elif d == depth:
                weights = W.reshape(layer.weights.shape)
            else:
                weights = layer.basis.line()[:, :, None] * np.eye(layer.n_in)[:, None]
            layer.weights[:] = weights * (0.5 * np.diff(ends)[:, 0])
            layer.raise_by(ends.mean(axis=1))
        return layers


def features_of(layer: KANLayer, x: np.ndarray) -> np.ndarray:
    """Evaluate all features for many draws at once: x (n_in, draws, n) → (draws, K, n)."""
    features = layer.basis.features(x.reshape(len(x), -1)).matrix()
    return features.reshape(-1, *x.shape[1:]).swapaxes(0, 1)


def drawn(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw tables (draws, n_out, n_in, 4), how much of T0 … T3 an edge has: lines with cubics, smooth or rough."""
    tables = rng.choice(ROUGH, (shape[0], 1, 1, 1)) * BENDS * rng.normal(size=(*shape, len(BENDS)))
    tables[..., 1] += rng.choice([-1.0, 1.0], shape)
    return tables * np.exp(rng.normal(0, 0.7, (*shape, 1)))


def changed(tables: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add to some or all edges of each table a new draw, a small or a large part of it; or put it in their place."""
    count = len(tables), 1, 1, 1
    new = drawn(tables.shape[:3], rng)
    sizes = [np.sqrt((each**2).mean(axis=(2, 3), keepdims=True)) for each in (tables, new)]
    new *= 10 ** rng.uniform(-1.5, 0.3, count) * sizes[0] / sizes[1]
    kept = tables * rng.choice([0.0, 1.0, 1.0, 1.0], count)
    chosen = rng.random((*tables.shape[:3], 1)) < rng.choice([0.25, 0.5, 1.0], count)
    return np.where(chosen, kept + new, tables)
