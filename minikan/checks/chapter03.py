"""Checks of the exercises of chapter 03, layers and backprop."""

import numpy as np

from ..bspline import basis, make_grid
from ..layer import KANLayer, silu
from ..network import KAN
from .expectations import expect, expect_close, expect_shape
from .framework import Exercise
from .gradient import check_gradient


def _layer(n_in=2, n_out=3, grid=4, order=3, seed=5):
    return KAN([n_in, n_out], grid=grid, order=order, seed=seed).layers[0]


# 03.1

count = Exercise("03.1", "count the parameters")


@count.property("is right for a single edge", cause="an edge has G + k coefficients and one weight of silu")
def _count_edge(answer):
    expect_close(answer([1, 1], 5, 3), 9, "the count for [1, 1], G = 5, k = 3")


@count.property("counts an edge for every pair of nodes", cause="a layer has n_in times n_out edges")
def _count_layer(answer):
    expect_close(answer([3, 4], 2, 1), 48, "the count for [3, 4], G = 2, k = 1")


@count.property("adds up all layers", cause="each pair of neighbouring widths is a layer")
def _count_network(answer):
    expect_close(answer([2, 5, 4, 1], 7, 2), 340, "the count for [2, 5, 4, 1], G = 7, k = 2")


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
    layer = KANLayer(_layer().knots, np.zeros((2, 7, 3)), [[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    x = np.array([[0.5, -0.5], [0.25, 0.75]])
    expect_close(answer(layer, x), layer.base_weight.T @ silu(x)[0], "z of a layer without splines")


@loops.property("knows the splines", cause="coef[i, :, j] belongs to the edge from node i to node j")
def _loops_splines(answer):
    layer = KANLayer(_layer().knots, _layer().coef, np.zeros((2, 3)))
    x = np.random.default_rng(0).uniform(-1, 1, (2, 5))
    expect_close(answer(layer, x), layer.forward(x)[0], "z of a layer without silu")


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


@slope.property("agrees with central differences", cause="use the product rule: σ and x both depend on x")
def _slope_numeric(answer):
    x = np.array([-3.0, -0.7, 0.4, 2.0])
    result = check_gradient(lambda x: silu(x)[0].sum(), answer, x)
    expect(
        result.holds, "slopes as measured by central differences", f"a relative error of {result.error:.1e}"
    )


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
