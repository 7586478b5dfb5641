"""Write the same function with as many numbers 0 or 1 as possible (chapter 07).

    exp(x + b) = eᵇ exp(x)          c f(z / s) with z → s z          (u f)(g / u) = f g

A network of named functions has more numbers than its formula. A hidden node may be stretched and moved if the edges
above undo it; factors of a product may pass a constant to each other; and many functions turn one of their four
numbers into another. This freedom is spent here.
"""

from __future__ import annotations

import numpy as np

from .network import Network

A, B, C, D = range(4)


def canonical(model: Network) -> tuple[Network, np.ndarray]:
    """Write the same function with as many numbers 0 or 1 as possible.

    Parameters
    ----------
    model : KAN
        All its edges are functions.

    Returns
    -------
    model : KAN
    free : ndarray of bool, shape (P,)
        Which of its parameters are not 0 or 1 by choice.
    """
    model = type(model).from_layers(model.layers)
    sheets = [
        {at: (layer.sheet[at], np.ones(4, bool)) for at in layer.edge_list} for layer in model.layers
    ]

    def into(depth, node):
        return [pair for (_, j), pair in sheets[depth].items() if j == node]

    def out(depth, node):
        return [pair for (i, _), pair in sheets[depth].items() if i == node] if depth < len(sheets) else []

    for sheet in sheets:
        for edge, mask in sheet.values():
            _tidy(edge, mask)
    for depth, layer in enumerate(model.layers):
        for node in range(layer.n_out):
            if layer.edge_list:
                first, *others = into(depth, node)
                for edge, mask in others:  # one edge carries the constants of all
                    first[0].weights[D] += edge.weights[D]
                    edge.weights[D], mask[D] = 0, False
                _settle(into(depth, node), out(depth + 1, node))
            else:  # a product of the nodes below
                first, *others = [into(depth - 1, i) for i in np.flatnonzero(layer.wiring()[node])]
                for factor in others:
                    _hand_over(factor, first)
                _settle(first, out(depth + 1, node), shifts=not others)
    return model, np.concatenate([mask for sheet in sheets for _, mask in sheet.values()])


def _is_line(function):
    return function.degree == 1 and function.parity == -1


def _tidy(edge, mask):
    """Write one edge with a = ±1, b = 0 or a > 0, as its function allows."""
    f, w = edge.function, edge.weights
    if f.name == "exp":
        w[C] *= np.exp(w[B])
        w[B], mask[B] = 0, False
    elif f.name == "log" or f.degree is not None:
        size = abs(w[A]) or 1.0
        w[D] += w[C] * np.log(size) if f.name == "log" else 0
        w[C] *= 1 if f.name == "log" else size**f.degree
        w[B] /= size
        w[A], mask[A] = np.sign(w[A]) or 1, False
    if w[A] < 0 and f.parity:
        w[[A, B]] *= -1
        w[C] *= f.parity
    if _is_line(f):
        w[D] += w[C] * w[B]
        w[B], mask[B] = 0, False
    if f.name == "0":
        w[[B, C]], mask[[B, C]] = 0, False
    if f.name == "sin":  # a phase between -π/2 and π/2
        turns = np.round(w[B] / np.pi)
        w[B] -= turns * np.pi
        w[C] *= (-1) ** (turns % 2)


def _stretch(into, scale):
    """Multiply a node by a number."""
    for edge, mask in into:
        edge.weights[[C, D]] *= scale
        if not mask[C]:
            edge.weights[C] = np.round(edge.weights[C])  # ±1, but for rounding


def _hand_over(factor, first):
    """Hand the size of a factor over to the first factor of the product: its largest c becomes ±1."""
    largest, mask = max(factor, key=lambda pair: abs(pair[0].weights[C]))
    size = abs(largest.weights[C]) or 1.0
    mask[C] = False
    _stretch(factor, 1 / size)
    _stretch(first, size)


def _settle(into, out, shifts=True):
    """Stretch and move a hidden node, z → scale z + shift, so that the first edge that leaves it gets a = 1 and b = 0.

    A product cannot be moved by moving a factor: there `shifts` is False.
    """
    if not out:
        return
    (lead, lead_mask), (first, first_mask) = out[0], into[0]
    f, (a, b, *_) = lead.function, lead.weights
    if f.degree is not None or f.name == "log":  # it has a = ±1 already: let an edge below have c = ±1
        largest, mask = max(into, key=lambda pair: abs(pair[0].weights[C]))
        scale, mask[C] = a / (abs(largest.weights[C]) or 1.0), False
    else:
        scale = a or 1.0
    if not shifts:
        shift = 0.0
    elif f.name == "exp" or _is_line(f):
        shift, first_mask[D] = -scale * first.weights[D], False
    else:
        shift = b * scale / (a or 1.0)
    _stretch(into, scale)
    first.weights[D] += shift
    for edge, mask in out:
        edge.weights[A] /= scale
        edge.weights[B] -= edge.weights[A] * shift
        _tidy(edge, mask)
    lead.weights[A], lead_mask[A] = 1, False  # but for rounding it is
    if shifts:
        lead.weights[B], lead_mask[B] = 0, False
