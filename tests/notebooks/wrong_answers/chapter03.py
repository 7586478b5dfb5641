"""Typical wrong answers to the exercises of chapter 03."""

import numpy as np

from minikan import basis
from minikan.layer import silu


def fair_without_biases(M, grid, order):
    return 3 * M // (3 * (grid + order + 1))


def fair_without_silu(M, grid, order):
    return (4 * M + 1) // (3 * (grid + order))


def fair_with_a_product(M, grid, order):
    return (4 * M + 1) // (3 * max(grid * order, 1))


def fair_without_rounding(M, grid, order):
    return (4 * M + 1) / (3 * (grid + order + 1))


def fair_with_at_least_one(M, grid, order):
    return max(1, (4 * M + 1) // (3 * (grid + order + 1)))


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
        (fair_without_biases, "is fair on the usual grid"),
        (fair_without_silu, "is fair on the usual grid"),
        (fair_with_a_product, "takes grid and order into account"),
        (fair_without_rounding, "is fair on the usual grid"),
        (fair_with_at_least_one, "is 0 when not even one node fits"),
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
