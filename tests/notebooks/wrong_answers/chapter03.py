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


def down_without_adding(layer, x, upstream):
    dx = np.zeros_like(x)
    for i in range(layer.n_in):
        splines = basis(x[i], layer.knots[i], layer.order, derivative=1) @ layer.coef[i]  # (n, n_out)
        for j in range(layer.n_out):
            dx[i] = upstream[j] * (splines[:, j] + layer.base_weight[i, j] * silu(x[i])[1])
    return dx


def down_for_the_batch(layer, x, upstream):
    return _down(layer, x, upstream).sum(1)


def down_mixing_samples(layer, x, upstream):
    return np.broadcast_to(_down(layer, x, upstream).mean(1, keepdims=True), x.shape)


def down_with_swapped_indices(layer, x, upstream):
    dx = np.zeros_like(x)
    for i in range(layer.n_in):
        slopes = basis(x[i], layer.knots[i], layer.order, derivative=1)
        for j in range(layer.n_out):
            dx[i] += upstream[j] * (layer.base_weight[j, i] * silu(x[i])[1] + slopes @ layer.coef[j, :, i])
    return dx


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


def _culprit(loss, theta, gradient, relative=False, other=False, signed=False, directions=1):
    """Halve the suspects until one is left."""
    rng, suspects, h = np.random.default_rng(0), np.arange(theta.size), 1e-5
    while suspects.size > 1:
        half, rest = np.array_split(suspects, 2)
        passes = []
        for _ in range(directions):
            v = np.zeros(theta.size)
            v[half] = rng.choice([-1, 1], half.size)
            slope = (loss(theta + h * v) - loss(theta - h * v)) / (2 * h)
            error = gradient @ v - slope if signed else abs(gradient @ v - slope)
            size = max(abs(slope), abs(gradient @ v)) if relative else np.abs(gradient).max()
            passes.append(error <= 1e-5 * size)
        suspects = rest if all(passes) != other else half
    return int(suspects[0])


def culprit_one_by_one(loss, theta, gradient):
    h, steps = 1e-5, 1e-5 * np.eye(theta.size)
    measured = np.array([(loss(theta + step) - loss(theta - step)) / (2 * h) for step in steps])
    return int(np.abs(measured - gradient).argmax())


def culprit_largest(loss, theta, gradient):
    return int(np.abs(gradient).argmax())


def culprit_relative(loss, theta, gradient):
    return _culprit(loss, theta, gradient, relative=True)


def culprit_in_the_other_half(loss, theta, gradient):
    return _culprit(loss, theta, gradient, other=True)


def culprit_with_a_sign(loss, theta, gradient):
    return _culprit(loss, theta, gradient, signed=True)


def culprit_along_four_directions(loss, theta, gradient):
    return _culprit(loss, theta, gradient, directions=4)


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
        (down_without_adding, "hears every node above"),
        (down_for_the_batch, "has a number for each input of each sample"),
        (down_mixing_samples, "keeps the samples apart"),
        (down_with_swapped_indices, "takes the slope of the splines"),
    ],
    "03.5": [
        (chain_from_top_to_bottom, "lists the gradients from the bottom to the top"),
        (chain_with_one_upstream_for_all, "gives the layers below their gradients"),
        (chain_of_the_top_layer_only, "gives the top layer its gradient"),
        (chain_that_forgets_the_last_step_down, "reaches the inputs"),
        (chain_without_the_inputs, "works for a single layer"),
    ],
    "03.6": [
        (culprit_one_by_one, "asks for the loss seldom enough"),
        (culprit_largest, "finds small and negative errors, too"),
        (culprit_relative, "is not misled by numbers that hardly matter"),
        (culprit_in_the_other_half, "finds the wrong entry, wherever it is"),
        (culprit_with_a_sign, "finds small and negative errors, too"),
        (culprit_along_four_directions, "asks for the loss seldom enough"),
    ],
}
