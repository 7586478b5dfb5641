"""Typical wrong answers to the exercises of chapter 03."""

from itertools import pairwise

import numpy as np

from minikan import basis
from minikan.layer import silu


def count_as_in_the_paper(widths, grid, order):
    return sum(a * b * grid * order for a, b in pairwise(widths))


def count_without_silu(widths, grid, order):
    return sum(a * b * (grid + order) for a, b in pairwise(widths))


def count_nodes(widths, grid, order):
    return sum(widths[1:]) * (grid + order + 1)


def count_two_layers_only(widths, grid, order):
    return widths[0] * widths[1] * (grid + order + 1)


def _edge(layer, i, j, x):
    spline = basis(x, layer.knots[i], layer.order) @ layer.coef[i, :, j]
    return layer.base_weight[i, j] * silu(x)[0] + spline


def layer_without_silu(layer, x):
    splines = [basis(row, t, layer.order) @ c for row, t, c in zip(x, layer.knots, layer.coef, strict=True)]
    return sum(splines).T


def layer_without_splines(layer, x):
    return layer.base_weight.T @ silu(x)[0]


def layer_with_the_last_edge_only(layer, x):
    z = np.zeros((layer.n_out, x.shape[1]))
    for i in range(layer.n_in):
        for j in range(layer.n_out):
            z[j] = _edge(layer, i, j, x[i])
    return z


def layer_transposed(layer, x):
    return layer.forward(x)[0].T


def gradient_of_every_sample(B, upstream):
    return B * upstream[:, None]


def gradient_as_mean(B, upstream):
    return (B * upstream[:, None]).mean(axis=0)


def gradient_without_upstream(B, upstream):
    return B.sum(axis=0)


def slope_of_sigma_forgotten(x):
    return 1 / (1 + np.exp(-x))


def slope_of_sigma_only(x):
    s = 1 / (1 + np.exp(-x))
    return x * s * (1 - s)


def slope_summed(x):
    s = 1 / (1 + np.exp(-x))
    return (s + x * s * (1 - s)).sum()


def chain_with_upstream_for_both(lower, upper, x, upstream):
    hidden, below = lower.forward(x)
    _, above = upper.forward(hidden)
    upper_gradient, _ = upper.backward(above, upstream)
    lower_gradient, dx = lower.backward(below, np.repeat(upstream, 3, axis=0))
    return lower_gradient, upper_gradient, dx


def chain_that_stops_in_the_middle(lower, upper, x, upstream):
    hidden, below = lower.forward(x)
    _, above = upper.forward(hidden)
    upper_gradient, middle = upper.backward(above, upstream)
    return lower.backward(below, middle)[0], upper_gradient, middle


def chain_in_the_wrong_order(lower, upper, x, upstream):
    hidden, below = lower.forward(x)
    _, above = upper.forward(hidden)
    upper_gradient, middle = upper.backward(above, upstream)
    lower_gradient, dx = lower.backward(below, middle)
    return upper_gradient, lower_gradient, dx


WRONG = {
    "03.1": [
        (count_as_in_the_paper, "is right for a single edge"),
        (count_without_silu, "is right for a single edge"),
        (count_nodes, "counts an edge for every pair of nodes"),
        (count_two_layers_only, "adds up all layers"),
    ],
    "03.2": [
        (layer_without_silu, "knows silu"),
        (layer_without_splines, "knows the splines"),
        (layer_with_the_last_edge_only, "adds over the inputs"),
        (layer_transposed, "has a row for each output"),
    ],
    "03.3": [
        (gradient_of_every_sample, "has one number for each coefficient"),
        (gradient_as_mean, "sums over the samples"),
        (gradient_without_upstream, "is upstream times basis for a single sample"),
    ],
    "03.4": [
        (slope_of_sigma_forgotten, "agrees with central differences"),
        (slope_of_sigma_only, "is one half at 0"),
        (slope_summed, "keeps the shape of x"),
    ],
    "03.5": [
        (chain_with_upstream_for_both, "gives the lower layer its gradient"),
        (chain_that_stops_in_the_middle, "reaches the inputs"),
        (chain_in_the_wrong_order, "gives the upper layer its gradient"),
    ],
}
