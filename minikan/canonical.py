"""Write the same function with as many constants 0 or 1 as possible (chapter 07).

    exp(x + b) = eᵇ exp(x)          c f(z / s) with z → s z          (u f)(g / u) = f g

A hidden node can be rescaled and shifted, if the edges above undo it; factors of a product can exchange a constant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .layer import Layer
from .network import Network
from .sparse import SparseLayer

A, B, C, D = range(4)


def canonical(model: Network) -> tuple[Network, np.ndarray]:
    """Write a network with as many constants 0 or 1 as possible: the network, and which are free still, bool (P,)."""
    model = type(model).from_layers(merged(model.layers))
    # For each layer {(i, j): (edge, which of its 4 weights are free)}
    sheets = [
        {at: (layer.sheet[at], layer.sheet[at].trains.copy()) for at in layer.edge_list}
        for layer in model.layers
    ]

    def edges(depth, node, end):  # those that start (end 0) or end (1) at a node, in one layer
        return [pair for sheet in sheets[depth : depth + 1] for at, pair in sheet.items() if at[end] == node]

    for depth, node in (
        (depth, node) for depth, layer in enumerate(model.layers) for node in range(layer.n_out)
    ):
        _centre(edges(depth, node, 1), edges(depth + 1, node, 0))
    for edge, free in (pair for sheet in sheets for pair in sheet.values()):
        _simplify(edge, free)
    for depth, layer in enumerate(model.layers):
        for node in range(layer.n_out):
            if layer.edge_list:
                into = edges(depth, node, 1)
                first, *others = into
                for edge, free in others:  # one edge gets the constants d of all
                    first[0].weights[D] += edge.weights[D]
                    edge.weights[D], free[D] = 0, False
                _rescale_node(into, edges(depth + 1, node, 0))
            elif depth > 0 and model.layers[depth - 1].edge_list:  # a product of nodes that edges feed
                first, *others = [edges(depth - 1, i, 1) for i in np.flatnonzero(layer.wiring()[node])]
                for factor in others:  # the first factor gets the sizes of all
                    size = _fix_largest(factor)
                    _rescale(factor, 1 / size)
                    _rescale(first, size)
                _rescale_node(first, edges(depth + 1, node, 0), shifts=not others)
    masks = [free for sheet in sheets for _, free in sheet.values()]
    return model, np.concatenate([np.zeros(0, bool), *masks])


def _centre(into, out):
    """Shift a hidden node so that b = 0 in the first edge above: exp(b) of a large b would be 0 or infinite."""
    if into and out and out[0][0].weights[A]:
        above, first = out[0][0], into[0][0]
        shift = above.weights[B] / above.weights[A]
        first.weights[D] += shift
        for edge, _ in out:
            edge.weights[B] -= edge.weights[A] * shift


def _is_straight(layer):
    return all(edge.function.is_linear for edge in layer.sheet.values())


def merged(layers: Sequence[Layer]) -> list[Layer]:
    """Merge layers of straight lines into the layers of edges below: Σ c (Σ φ) + d is a sum of edges itself."""
    done: list = []
    for layer in layers:
        below = done[-1] if done else None
        if isinstance(layer, SparseLayer) and isinstance(below, SparseLayer) and _is_straight(layer):
            edges = {}
            for (middle, j), line in layer.sheet.items():
                a, b, c, d = line.weights
                for (i, to), edge in below.sheet.items():
                    if to == middle:
                        edges.setdefault((i, j), []).append(new := edge.copy())
                        new.weights[[C, D]] *= a * c
                next(edges[at] for at in edges if at[1] == j)[-1].weights[D] += c * b + d
            if all(len(each) == 1 for each in edges.values()):
                done[-1] = SparseLayer(below.n_in, layer.n_out, {at: each[0] for at, each in edges.items()})
                continue
        done.append(layer)
    return done


def _simplify(edge, free):
    """Write one edge with a = ±1, b = 0 or a > 0, as its function allows."""
    f, w = edge.function, edge.weights
    if f.shift_is_scale and (w[C] == 0 or 1e-300 < abs(w[C] * np.exp(w[B])) < np.inf):
        w[C] *= np.exp(w[B])
        w[B], free[B] = 0, False
    if f.scale_is_free:
        size = abs(w[A]) or 1.0
        if f.scale_is_shift:
            w[D] += w[C] * np.log(size)
        else:
            w[C] *= size**f.degree
        w[B] /= size
        w[A], free[A] = np.sign(w[A]) or 1, False
    if w[A] < 0 and f.parity:
        w[[A, B]] *= -1
        w[C] *= f.parity
    if f.is_linear:
        w[D] += w[C] * w[B]
        w[B], free[B] = 0, False
    if f.degree == 0 and f.parity == 1:  # a constant
        w[[B, C]], free[[B, C]] = 0, False
    if f.half_period:  # b between -half_period / 2 and half_period / 2
        halves = np.round(w[B] / f.half_period)
        w[B] -= halves * f.half_period
        w[C] *= (-1) ** (halves % 2)


def _rescale(into, scale):
    """Multiply a node by a number: `into` are the edges that end there."""
    for edge, free in into:
        edge.weights[[C, D]] *= scale
        if not free[C]:
            edge.weights[C] = np.round(edge.weights[C])  # ±1 but for rounding


def _fix_largest(into):
    """Decide that the largest |c| of some edges becomes 1; return what it is now."""
    largest, free = max(into, key=lambda pair: abs(pair[0].weights[C]))
    free[C] = False
    return abs(largest.weights[C]) or 1.0


def _rescale_node(into, out, shifts=True):
    """Replace a hidden node z by scale z + shift, or scale z, so that the first edge above gets a = 1, and b = 0."""
    if not out:
        return
    (above, above_free), (first, first_free) = out[0], into[0]
    f, (a, b, *_) = above.function, above.weights
    scale = a / _fix_largest(into) if f.scale_is_free else a or 1.0  # a = ±1 already: c = ±1 below instead
    shift = b * scale / (a or 1.0) if shifts else 0.0
    if shifts and (f.shift_is_scale or f.is_linear):  # b = 0 already: d = 0 below instead
        shift, first_free[D] = -scale * first.weights[D], False
    _rescale(into, scale)
    first.weights[D] += shift
    for edge, free in out:
        edge.weights[A] /= scale
        edge.weights[B] -= edge.weights[A] * shift
        _simplify(edge, free)
    above.weights[A], above_free[A] = 1, False  # but for rounding it is
    if shifts:
        above.weights[B], above_free[B] = 0, False
