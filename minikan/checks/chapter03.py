"""Checks of the exercises of chapter 03, layers and backprop."""

import numpy as np

from ..bspline import basis, make_grid
from ..layer import KANLayer, silu
from ..network import KAN
from .expectations import expect, expect_close, expect_shape
from .framework import Exercise


def _layer(n_in=2, n_out=3, grid=4, order=3, seed=5):
    return KAN([n_in, n_out], grid=grid, order=order, seed=seed).layers[0]


# 03.1

fair = Exercise("03.1", "a fair fight")


def _parameters(N, grid, order):
    return 3 * N * (grid + order + 1)


def _expect_fair(answer, M, grid, order):
    N, most = answer(M, grid, order), 4 * M + 1
    expect_shape(N, (), "one number")
    expect(int(N) == N, "a whole number of nodes", f"{N:g}", "nodes come whole; round down")
    case = f"for M = {M}, G = {grid}, k = {order}"
    expect(_parameters(N, grid, order) <= most, f"at most {most} parameters {case}", f"N = {N:g}, too many")
    expect(_parameters(N + 1, grid, order) > most, f"no room for one node more {case}", f"N = {N:g}, too few")


@fair.property("is fair on the usual grid", cause="count the MLP's biases, and silu's weight on every edge")
def _fair_usual(answer):
    for M in (27, 20, 1000):
        _expect_fair(answer, M, 5, 3)


@fair.property(
    "takes grid and order into account", cause="an edge has G + k coefficients and one weight of silu"
)
def _fair_grids(answer):
    for grid, order in ((1, 0), (20, 3), (7, 5)):
        _expect_fair(answer, 500, grid, order)


@fair.property("is 0 when not even one node fits", cause="round down, also when the result is below 1")
def _fair_small(answer):
    _expect_fair(answer, 2, 5, 3)


# 03.2

loops = Exercise("03.2", "a layer in loops")


@loops.property(
    "has a row for each output", cause="z has shape (n_out, n): one row of samples for each node above"
)
def _loops_shape(answer):
    expect_shape(answer(_layer(), np.zeros((2, 7))), (3, 7))


@loops.property(
    "knows silu", cause="with all coefficients 0, what remains of an edge is its weight times silu(x)"
)
def _loops_base(answer):
    layer = KANLayer(_layer(1).knots, np.zeros((1, 7, 3)), [[1.0, 2.0, -1.0]])
    x = np.array([[0.5, -0.5]])
    expect_close(answer(layer, x), layer.base_weight.T @ silu(x)[0], "z of one input without splines")


@loops.property("knows the splines", cause="coef[i, :, j] belongs to the edge from node i to node j")
def _loops_splines(answer):
    layer = KANLayer(_layer(1).knots, _layer(1).coef, np.zeros((1, 3)))
    x = np.random.default_rng(0).uniform(-1, 1, (1, 5))
    expect_close(answer(layer, x), layer.forward(x)[0], "z of one input without silu")


@loops.property("adds over the inputs", cause="a node sums all the edges that lead to it")
def _loops_whole(answer):
    layer, x = _layer(4, 2, 6, 2), np.random.default_rng(1).uniform(-1, 1, (4, 3))
    expect_close(answer(layer, x), layer.forward(x)[0], "z of a layer with 4 inputs and 2 outputs")


# 03.3

coefficients = Exercise("03.3", "what the coefficients hear")


@coefficients.property("has one number for each coefficient", cause="the samples are summed over, not kept")
def _coefficients_shape(answer):
    expect_shape(answer(np.ones((6, 8)), np.ones(6)), (8,))


@coefficients.property("is upstream times basis for a single sample", cause="∂z/∂c_m is B_m(x), nothing else")
def _coefficients_single(answer):
    B = basis([0.3], make_grid((-1, 1), 5, 3), 3)
    expect_close(answer(B, np.array([-2.0])), -2 * B[0], "the gradient for one sample with g = -2")


@coefficients.property("sums over the samples", cause="every sample adds its share to the same coefficient")
def _coefficients_sum(answer):
    B = basis(np.linspace(-1, 1, 9), make_grid((-1, 1), 5, 3), 3)
    g = np.linspace(-1, 2, 9)
    expect_close(answer(B, g), B.T @ g, "the gradient for nine samples")


# 03.4

slope = Exercise("03.4", "find the bug")


@slope.property("is one half at 0", cause="at 0, x σ(x) rises like x σ(0)")
def _slope_zero(answer):
    expect_close(answer(np.zeros(1)), [0.5], "the slope at x = 0")


@slope.property(
    "agrees with central differences", cause="compare both terms of the product rule, and their signs"
)
def _slope_numeric(answer):
    x, h = np.array([-3.0, -0.7, 0.4, 2.0]), 1e-5
    measured = (silu(x + h)[0] - silu(x - h)[0]) / (2 * h)
    expect_close(answer(x), measured, f"the slope at x = {x.tolist()}", tolerance=1e-8)


@slope.property("keeps the shape of x", cause="the slope is taken at every x on its own")
def _slope_shape(answer):
    expect_shape(answer(np.zeros((2, 3))), (2, 3))


# 03.5

chain = Exercise("03.5", "chain two layers")


def _two_layers():
    lower, upper = KAN([2, 3, 1], grid=4, seed=6).layers
    rng = np.random.default_rng(2)
    return lower, upper, rng.uniform(-1, 1, (2, 10)), rng.normal(size=(1, 10))


def _expected():
    lower, upper, x, g = _two_layers()
    hidden, below = lower.forward(x)
    _, above = upper.forward(hidden)
    upper_gradient, middle = upper.backward(above, g)
    lower_gradient, dx = lower.backward(below, middle)
    return lower_gradient, upper_gradient, dx


def _returned(answer):
    result = answer(*_two_layers())
    expect(
        isinstance(result, tuple) and len(result) == 3,
        "three things: the lower layer's gradient, the upper one's, and the one in x",
        f"{len(result)} things" if isinstance(result, (tuple, list)) else f"a {type(result).__name__}",
        "return three arrays, separated by commas, in this order",
    )
    return result


@chain.property(
    "gives the upper layer its gradient", cause="the upper layer hears the upstream gradient itself"
)
def _chain_upper(answer):
    expect_close(_returned(answer)[1], _expected()[1], "the gradient in the upper layer's weights")


@chain.property("gives the lower layer its gradient", cause="its upstream is what the upper layer hands down")
def _chain_lower(answer):
    expect_close(_returned(answer)[0], _expected()[0], "the gradient in the lower layer's weights")


@chain.property(
    "reaches the inputs", cause="the lower layer's backward gives the gradient in x as its second result"
)
def _chain_inputs(answer):
    expect_close(_returned(answer)[2], _expected()[2], "the gradient in x")
