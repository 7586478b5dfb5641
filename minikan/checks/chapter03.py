"""Checks of the exercises of chapter 03, layers and backprop."""

from itertools import product

import numpy as np

from ..activations import silu
from ..bspline import basis, make_grid
from ..kan import KAN
from .expectations import PropertyFailed, expect, expect_close, expect_parts, expect_shape
from .framework import Exercise
from .gradient import check_gradient


def _expect_gradient(function, gradient, x, what):
    """Fail unless an array is the gradient of a function at x, as measured by central differences."""
    expect_shape(gradient, x.shape, what)
    result = check_gradient(function, gradient, x)
    worst = np.argmax(np.abs(result.analytic - result.numeric))
    expect(
        result.holds,
        f"{what} to give the slope {result.numeric[worst]:.5g} along a random direction",
        f"{result.analytic[worst]:.5g}",
    )


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

slope = Exercise("03.2", "find the bug")


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


# 03.3

scaled = Exercise("03.3", "the edge of the paper")


def _scaled_edge():
    x = np.linspace(-0.9, 0.8, 7)
    B, c = basis(x, make_grid((-1, 1), 5, 3), 3), np.array([-0.9, 0.2, 1.2, 0.4, -0.8, -0.2, 1.0, 0.9])
    return silu(x)[0], B, 0.7, c, np.linspace(-1, 2, 7)


def _scaled_loss(w_b, w_s, c):
    base, B, _, _, upstream = _scaled_edge()
    return upstream @ (w_b * base + w_s * (B @ c))


def _scaled_parts(answer):
    return expect_parts(answer(*_scaled_edge()), 3, "the gradients in w_b, in w_s, and in c")


@scaled.property("gives w_b its gradient", cause="w_b multiplies silu, and every sample adds its share")
def _scaled_base(answer):
    _, _, w_s, c, _ = _scaled_edge()
    got = _scaled_parts(answer)[0]
    _expect_gradient(lambda w: _scaled_loss(w, w_s, c), got, np.array(0.4), "the gradient in w_b")


@scaled.property("gives w_s its gradient", cause="w_s multiplies the whole spline, and not a single function")
def _scaled_scale(answer):
    _, _, w_s, c, _ = _scaled_edge()
    got = _scaled_parts(answer)[1]
    _expect_gradient(lambda w: _scaled_loss(0.4, w, c), got, np.array(w_s), "the gradient in w_s")


@scaled.property("gives c its gradient", cause="here each coefficient passes through w_s before it counts")
def _scaled_coef(answer):
    _, _, w_s, c, _ = _scaled_edge()
    got = _scaled_parts(answer)[2]
    _expect_gradient(lambda c: _scaled_loss(0.4, w_s, c), got, c, "the gradient in c")


@scaled.property("shows that w_s is redundant", cause="c · ∂loss/∂c and w_s ∂loss/∂w_s have to be the same")
def _scaled_redundant(answer):
    _, _, w_s, c, _ = _scaled_edge()
    _, in_scale, in_coef = _scaled_parts(answer)
    expect_shape(in_coef, c.shape, "the gradient in c")
    expect_close(c @ np.asarray(in_coef), w_s * np.asarray(in_scale), "c · (gradient in c)")


# 03.4

down = Exercise("03.4", "what goes down")


def _down_case(above=2):
    layer = KAN([3, above], grid=4, seed=5).layers[0]
    rng = np.random.default_rng(0)
    return layer, rng.uniform(-1, 1, (3, 6)), rng.normal(size=(above, 6))


def _down_answer(answer, layer, x, g):
    """Ask for the gradient in x; an index that is out of range has mixed up below and above."""
    try:
        return answer(layer, x, g)
    except IndexError as error:
        raise PropertyFailed(
            f"a gradient for a layer from {layer.n_in} nodes to {layer.n_out}",
            f"IndexError: {error}",
            "the edge from i to j has coef[i, :, j] and base_weight[i, j]: below first, above last",
        ) from error


@down.property("has a number for each input of each sample", cause="what goes down has the shape of x")
def _down_shape(answer):
    expect_shape(_down_answer(answer, *_down_case()), (3, 6))


def _expect_down(answer, layer, x, g, what):
    got = _down_answer(answer, layer, x, g)
    _expect_gradient(lambda x: (g * layer.forward(x)[0]).sum(), got, x, f"the gradient in x, {what},")


@down.property("takes the slope of the splines", cause="the basis goes in with its derivative, not its value")
def _down_spline(answer):
    layer, x, g = _down_case(above=1)  # a single node: whether nodes are added is another property
    layer.base_weight[:] = 0
    _expect_down(answer, layer, x, g, "without silu")


@down.property("takes the slope of silu", cause="an edge is spline and silu, and both have a slope")
def _down_base(answer):
    layer, x, g = _down_case(above=1)
    layer.coef[:] = 0
    _expect_down(answer, layer, x, g, "without splines")


@down.property("hears every node above", cause="an input sums what comes back along all edges that leave it")
def _down_sum(answer):
    layer, x, g = _down_case()
    layer.base_weight[:] = 0
    for j in range(2):
        only = np.where(np.arange(2)[:, None] == j, g, 0)
        _expect_down(answer, layer, x, only, f"if only node {j} above is asked")


@down.property("keeps the samples apart", cause="x of one sample is told nothing by the g of another")
def _down_apart(answer):
    layer, x, g = _down_case()
    only = np.where(np.arange(6) == 2, g, 0)
    others = np.delete(_down_answer(answer, layer, x, only), 2, axis=1)
    expect_close(others, np.zeros((3, 5)), "what the other samples hear if g is 0 for all but one")


# 03.5

chain = Exercise("03.5", "backprop through any depth")


def _stack(*widths):
    model = KAN(widths, grid=4, seed=6)
    rng = np.random.default_rng(2)
    return model, rng.uniform(-1, 1, (widths[0], 10)), rng.normal(size=(widths[-1], 10))


def _stack_parts(answer, *widths):
    """Return a network, its x and g, and the answer for it: a list of gradients, and the gradient in x."""
    model, x, g = _stack(*widths)
    gradients, dx = expect_parts(answer(model.layers, x, g), 2, "a list of gradients, and the gradient in x")
    count = len(model.layers)
    expect(
        len(gradients) == count, f"{count} gradients for {count} layers", f"{len(gradients)}", "one per layer"
    )
    shapes, found = [layer.weights.shape for layer in model.layers], [np.shape(each) for each in gradients]
    cause = "the list stands on its head: backprop meets the top layer first" if found == shapes[::-1] else ""
    expect(found == shapes, f"gradients of shapes {shapes}, from the bottom up", f"{found}", cause)
    return model, x, g, gradients, dx


def _gradient_of_layer(answer, depth, *widths):
    model, x, g, gradients, _ = _stack_parts(answer, *widths)

    def loss(weights):
        model.layers[depth].weights[:] = weights
        return (g * model.forward(x)[0]).sum()

    start = model.layers[depth].weights.copy()
    _expect_gradient(loss, gradients[depth], start, f"the gradient of layer {depth} of {len(gradients)}")


@chain.property(
    "works for a single layer", cause="with one layer, its upstream is the upstream you are given"
)
def _chain_single(answer):
    _gradient_of_layer(answer, 0, 2, 3)


@chain.property("lists the gradients from the bottom to the top", cause="backprop meets the top layer first")
def _chain_order(answer):
    _stack_parts(answer, 2, 3, 1)


@chain.property(
    "gives the top layer its gradient", cause="the cache of the top layer belongs to its own input"
)
def _chain_top(answer):
    _gradient_of_layer(answer, 2, 2, 3, 2, 1)


@chain.property(
    "gives the layers below their gradients", cause="their upstream is what the layer above sends down"
)
def _chain_below(answer):
    for depth in (1, 0):
        _gradient_of_layer(answer, depth, 2, 3, 2, 1)


@chain.property("reaches the inputs", cause="what the lowest layer sends down is the gradient in x")
def _chain_inputs(answer):
    model, x, g, _, dx = _stack_parts(answer, 2, 3, 2, 1)
    _expect_gradient(lambda x: (g * model.forward(x)[0]).sum(), dx, x, "the gradient in x")


# 03.6

culprit = Exercise("03.6", "who is wrong?")


def _network_loss():
    """Make the loss of a network with 81 parameters, a place θ, and the gradient there."""
    model = KAN([2, 3, 1], seed=3)
    rng = np.random.default_rng(4)
    model.parameters = rng.normal(0, 0.3, model.parameters.size)
    X, y = rng.uniform(-1, 1, (100, 2)), rng.normal(size=100)

    def loss(theta):
        model.parameters = theta
        return model.loss_and_gradient(X, y)[0]

    return loss, model.parameters.copy(), model.loss_and_gradient(X, y)[1]


def _steep_and_flat():
    """Make a function that is steep in few of its 64 numbers, and hardly feels the others."""
    weights = np.where(np.arange(64) % 7 == 3, 1.0, 1e-9)
    theta = np.linspace(-1, 1, 64)

    def loss(theta):
        return 1 + weights @ np.sin(theta)

    return loss, theta, weights * np.cos(theta)


def _expect_found(answer, case, places, errors=(0.3,)):
    loss, theta, gradient = case
    for place, error in product(places, errors):
        wrong = gradient.copy()
        wrong[place] += error * np.abs(gradient).max()
        found = answer(loss, theta, wrong)
        expect_shape(found, (), "one index")
        expect(
            found == place,
            f"the index {place}, where the gradient is off by {error:g} of its largest entry",
            str(found),
            "the largest entry need not be the wrong one" if found == np.abs(wrong).argmax() else "",
        )


@culprit.property(
    "finds the wrong entry, wherever it is",
    cause="if a half passes the test, the culprit is in the other one; and no difference is quite exact",
)
def _culprit_places(answer):
    _expect_found(answer, _network_loss(), (0, 40, 57, 80))


@culprit.property(
    "finds small and negative errors, too",
    cause="look at the size of the difference, without its sign; rounding is far below a hundredth",
)
def _culprit_sizes(answer):
    _expect_found(answer, _network_loss(), (23,), errors=(-0.3, 0.01, -0.01))


@culprit.property(
    "is not misled by numbers that hardly matter",
    cause="where all slopes are tiny, rounding is large beside them: compare with the largest entry of all",
)
def _culprit_flat(answer):
    _expect_found(answer, _steep_and_flat(), (5, 31, 60))


@culprit.property(
    "asks for the loss seldom enough",
    cause="one difference along a direction through many entries tests all of them: two calls halve the suspects",
)
def _culprit_calls(answer):
    loss, theta, gradient = _network_loss()
    calls = [0]

    def counted(theta):
        calls[0] += 1
        return loss(theta)

    gradient[70] += 0.3 * np.abs(gradient).max()
    answer(counted, theta, gradient)
    expect(calls[0] > 0, "some calls of loss", "none", "only loss can tell what the gradient has to be")
    expect(calls[0] <= 16, "at most 16 calls of loss for 81 entries", f"{calls[0]} calls")
