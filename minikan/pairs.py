"""Curves that are a sum or a product of two functions of the same input (chapter 12).

    y ≈ c f(a x + b) + e g(p x + q) + d        or        y ≈ c f(a x + b) g(p x + q) + d

Each function is tabulated for some hundred pairs (a, b). For all couples of rows of these tables the best c, d, e, and
what is left of y, follow from products of matrices alone; the best couples are where training starts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .functions import Function
from .kan import KAN
from .matching import TABLE_POINTS, tabulate
from .named import FunctionEdge
from .products import Products
from .shapes import same
from .sparse import SparseLayer

ROWS = 2500  # of all tables together


def couples(
    x: np.ndarray, y: np.ndarray, library: Sequence[Function], top: int = 12
) -> list[tuple[KAN, bool]]:
    """List networks of two functions of x (n,), not trained yet, that come near to y (n,), the best first.

    Returns (network, whether it is a product) for the best couples of functions, at most `top` sums and products each.
    """
    middle, half = 0.5 * (x.max() + x.min()), 0.5 * np.ptp(x)
    order = np.argsort(x)
    s = np.interp(TABLE_POINTS, (x[order] - middle) / half, y[order])
    s = (s - s.mean()) / s.std()
    tables = [tabulate(function)[0] for function in library]
    waves = [function.half_period is not None for function in library]  # every row of theirs counts
    few = [wave or len(table) < 100 for wave, table in zip(waves, tables, strict=True)]
    most = max(ROWS - sum(len(table) for table, each in zip(tables, few, strict=True) if each), 1)
    step = -(-sum(len(table) for table, each in zip(tables, few, strict=True) if not each) // most)
    tables = [table[:: 1 if each else step] for table, each in zip(tables, few, strict=True)]
    owner = np.repeat(np.arange(len(library)), [len(table) for table in tables])
    ab = np.concatenate(tables)
    u = np.split(ab[:, :1] * TABLE_POINTS + ab[:, 1:], np.cumsum([len(table) for table in tables])[:-1])
    F = np.concatenate([function.evaluate(rows, 0)[0] for function, rows in zip(library, u, strict=True)])
    F /= np.sqrt(np.mean(F**2, axis=1, keepdims=True))
    found = []
    for is_product, explained in ((False, _of_sums(F, s)), (True, _of_products(F, s))):
        explained[np.tril_indices(len(F))] = 0
        seen: dict = {}
        for k in np.argsort(explained, axis=None)[::-1][: 400 * top]:
            pair = np.unravel_index(k, explained.shape)
            seen.setdefault(tuple(owner[list(pair)]), pair)
        found += [(float(explained[pair]), pair, is_product) for pair in list(seen.values())[:top]]
    found.sort(key=lambda each: -each[0])
    return [
        (_network(x, y, pair, is_product, library, owner, ab, middle, half), is_product)
        for _, pair, is_product in found
    ]


def _of_sums(F, s):
    """Compute R² of s (m,) on each couple of rows of F (R, m): (R, R)."""
    C = F - F.mean(axis=1, keepdims=True)
    C /= np.linalg.norm(C, axis=1, keepdims=True) + 1e-12
    share, overlap = C @ s / np.linalg.norm(s), C @ C.T
    both = share[:, None] ** 2 + share**2 - 2 * overlap * np.outer(share, share)
    return np.where(overlap**2 < 1 - 1e-4, both / np.maximum(1 - overlap**2, 1e-4), 0)


def _of_products(F, s):
    """Compute R² of s (m,) on the product of each couple of rows of F (R, m): (R, R)."""
    m = len(s)
    variance = (F**2) @ (F**2).T / m - (F @ F.T / m) ** 2
    return np.where(variance > 1e-9, ((F * s) @ F.T / m) ** 2 / np.maximum(variance, 1e-9), 0) / np.mean(s**2)


def _network(x, y, pair, is_product, library, owner, ab, middle, half):
    """Make the network of a couple of rows, with the best c, d, e."""
    edges = []
    for k in pair:
        a, b = ab[k]
        weights = [a / half, b - a * middle / half, 1.0, 0.0]
        edges.append(FunctionEdge(library[owner[k]], weights, (float(x.min()), float(x.max()))))
    curves = np.concatenate([edge.forward(x[None])[0] for edge in edges])
    features = [curves.prod(axis=0)] if is_product else list(curves)
    *scales, offset = np.linalg.lstsq(np.stack([*features, np.ones_like(x)]).T, y, rcond=None)[0]
    for edge, scale in zip(edges, scales, strict=False):
        edge.weights[2] = scale
    layers = [
        SparseLayer(1, 2, {(0, 0): edges[0], (0, 1): edges[1]}),
        *([Products([2])] if is_product else []),
    ]
    ends = {(k, 0): same() for k in range(1 if is_product else 2)}
    ends[0, 0].weights[3] = offset
    return KAN.from_layers([*layers, SparseLayer(len(ends), 1, ends)])
