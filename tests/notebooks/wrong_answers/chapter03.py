"""Typical wrong answers to the exercises of chapter 03."""

import numpy as np

from minikan import basis
from minikan.activations import silu


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


def slope_of_x_only(x):
    return 1 / (1 + np.exp(-x))


def slope_of_sigma_only(x):
    s = 1 / (1 + np.exp(-x))
    return x * s * (1 - s)


def slope_summed(x):
    s = 1 / (1 + np.exp(-x))
    return (s + x * s * (1 - s)).sum()


def scaled_without_scale(base, B, w_s, c, upstream):
    return upstream @ base, upstream @ (B @ c), upstream @ B


def scaled_with_scale_twice(base, B, w_s, c, upstream):
    return upstream @ base, w_s * upstream @ (B @ c), w_s * upstream @ B


def scaled_as_means(base, B, w_s, c, upstream):
    return np.mean(upstream * base), np.mean(upstream * (B @ c)), w_s * (upstream @ B) / len(B)


def scaled_for_every_sample(base, B, w_s, c, upstream):
    return upstream * base, upstream * (B @ c), w_s * upstream[:, None] * B


def scaled_without_base(base, B, w_s, c, upstream):
    return upstream @ (B @ c), w_s * upstream @ B


def _down(layer, x, upstream, derivative=1, spline=1.0, base=1.0, nodes=slice(None)):
    dx = np.zeros_like(x)
    for i in range(layer.n_in):
        splines = basis(x[i], layer.knots[i], layer.order, derivative) @ layer.coef[i]  # (n, n_out)
        slopes = spline * splines.T + base * layer.base_weight[i][:, None] * silu(x[i])[1]
        dx[i] = (upstream * slopes)[nodes].sum(0)
    return dx


def down_with_values(layer, x, upstream):
    return _down(layer, x, upstream, derivative=0)


def down_without_silu(layer, x, upstream):
    return _down(layer, x, upstream, base=0.0)


def down_without_splines(layer, x, upstream):
    return _down(layer, x, upstream, spline=0.0)


def down_of_the_last_node(layer, x, upstream):
    return _down(layer, x, upstream, nodes=slice(-1, None))


def down_for_the_batch(layer, x, upstream):
    return _down(layer, x, upstream).sum(1)


def down_mixing_samples(layer, x, upstream):
    return np.broadcast_to(_down(layer, x, upstream).mean(1, keepdims=True), x.shape)


def _chain(layers, x, upstream, pass_down=True):
    caches, gradients = [], []
    for layer in layers:
        x, cache = layer.forward(x)
        caches.append(cache)
    for layer, cache in zip(reversed(layers), reversed(caches), strict=True):
        gradient, dx = layer.backward(cache, upstream)
        gradients.insert(0, gradient)
        upstream = dx if pass_down else np.resize(upstream, dx.shape)
    return gradients, dx


def chain_from_top_to_bottom(layers, x, upstream):
    gradients, dx = _chain(layers, x, upstream)
    return gradients[::-1], dx


def chain_with_one_upstream_for_all(layers, x, upstream):
    return _chain(layers, x, upstream, pass_down=False)


def chain_of_the_top_layer_only(layers, x, upstream):
    return _chain(layers, x, upstream)[0][-1:], x


def chain_that_forgets_the_last_step_down(layers, x, upstream):
    return _chain(layers, x, upstream)[0], upstream


def chain_without_the_inputs(layers, x, upstream):
    return (_chain(layers, x, upstream)[0],)


WRONG = {
    "03.1": [
        (fair_without_biases, "is fair on the usual grid"),
        (fair_without_silu, "is fair on the usual grid"),
        (fair_with_a_product, "takes grid and order into account"),
        (fair_without_rounding, "is fair on the usual grid"),
        (fair_with_at_least_one, "is 0 when not even one node fits"),
    ],
    "03.2": [
        (slope_of_x_only, "agrees with central differences"),
        (slope_of_sigma_only, "is one half at 0"),
        (slope_summed, "keeps the shape of x"),
    ],
    "03.3": [
        (scaled_without_scale, "gives c its gradient"),
        (scaled_without_scale, "shows that w_s is redundant"),
        (scaled_with_scale_twice, "gives w_s its gradient"),
        (scaled_as_means, "gives w_b its gradient"),
        (scaled_for_every_sample, "gives w_b its gradient"),
        (scaled_without_base, "gives w_b its gradient"),
    ],
    "03.4": [
        (down_with_values, "takes the slope of the splines"),
        (down_without_silu, "takes the slope of silu"),
        (down_without_splines, "takes the slope of the splines"),
        (down_of_the_last_node, "hears every node above"),
        (down_for_the_batch, "has a number for each input of each sample"),
        (down_mixing_samples, "keeps the samples apart"),
    ],
    "03.5": [
        (chain_from_top_to_bottom, "lists the gradients from the bottom to the top"),
        (chain_with_one_upstream_for_all, "gives the layers below their gradients"),
        (chain_of_the_top_layer_only, "gives the top layer its gradient"),
        (chain_that_forgets_the_last_step_down, "reaches the inputs"),
        (chain_without_the_inputs, "works for a single layer"),
    ],
}
