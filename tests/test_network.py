"""Forward and every derivative: against pykan, against slow twins, against central differences."""

from pathlib import Path

import numpy as np
import pytest
from models import MODELS, samples
from twins import central_difference, slow_network, spline_layer

from minikan import KAN, make_grid
from minikan.network import BLOCK, CACHE, blocks
from minikan.validation import as_samples

PARITY = np.load(Path(__file__).parent / "data" / "pykan_parity.npz")


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


# ------------------------------------------------------------------------------------------- pykan


@pytest.mark.parametrize("name", ["a", "b"])
def test_forward_and_gradients_equal_pykan(name):
    def data(key):
        return PARITY[f"{name}/{key}"]

    depth = len(data("widths")) - 1
    model = KAN.from_layers(
        spline_layer(
            data(f"layer{i}/knots"), data(f"layer{i}/coef").swapaxes(1, 2), data(f"layer{i}/base_weight")
        )
        for i in range(depth)
    )
    assert [model.layers[0].order, model.layers[0].G] == [data("order"), data("grid_intervals")]
    np.testing.assert_allclose(model(data("X")), data("y"), rtol=1e-12, atol=1e-12)
    gradient, dX = model.backward(data("X"), data("upstream"))
    np.testing.assert_allclose(dX, data("dX"), rtol=1e-12, atol=1e-12)
    for i, part in enumerate(model.split(gradient)):
        np.testing.assert_allclose(
            part[:, :-1].swapaxes(1, 2), data(f"layer{i}/dcoef"), rtol=1e-12, atol=1e-12
        )
        np.testing.assert_allclose(part[:, -1], data(f"layer{i}/dbase_weight"), rtol=1e-12, atol=1e-12)


# -------------------------------------------------------------------------------------- slow twins


@pytest.mark.parametrize("order", range(4))
def test_forward_equals_loops_over_samples_and_edges(order):
    model = KAN([2, 3, 1], grid=4, order=order, seed=8)
    model.layers[0].weights *= 0.3  # hidden activations stay on their grids
    X = np.random.default_rng(9).uniform(-1, 1, (10, 2))
    hidden, _ = model.layers[0].forward(X.T)
    assert np.abs(hidden).max() < 1
    np.testing.assert_allclose(model(X), slow_network(model, X), atol=1e-13)


def test_what_leads_beyond_float64_is_named():
    model = KAN([2, 1])
    model.parameters *= 1e300
    X = np.full((1, 2), 1e100)
    with pytest.raises(ValueError, match=r"^the network overflows float64"):
        model(X)
    with pytest.raises(ValueError, match=r"^backward overflows float64"):
        model.backward(X, [[1e300]])


def test_many_samples_are_cut_into_blocks_that_leave_no_trace():
    model = KAN([2, 3, 1], seed=13)
    X = np.random.default_rng(14).uniform(-1, 1, (20_001, 2))
    assert len(model.blocks(len(X))) > 2
    y = X[:, :1]
    loss, gradient = model.loss_and_gradient(X, y)
    outputs, caches = model.forward(X.T)  # all at once
    assert loss == pytest.approx(np.mean((outputs.T - y) ** 2), rel=1e-13)
    whole = np.zeros_like(gradient)
    model.propagate(caches, 2 / y.size * (outputs - y.T), whole)
    np.testing.assert_allclose(gradient, whole, atol=1e-12)
    np.testing.assert_allclose(model(X)[-3:], model(X[-3:]), atol=1e-14)
    upstream = X[:, 1:]
    np.testing.assert_allclose(
        model.backward(X, upstream)[1][-3:], model.backward(X[-3:], upstream[-3:])[1], atol=1e-13
    )


@pytest.mark.parametrize("n", [1, 63, 64, 256, 2 * BLOCK, 2 * BLOCK + 5])
def test_blocks_are_even_and_smaller_in_wide_networks(n):
    largest = {}
    for numbers in (CACHE // BLOCK, 100, 1700, 10**6):
        slices = blocks(n, numbers)
        sizes = [block.stop - block.start for block in slices]
        assert np.concatenate([np.arange(n)[block] for block in slices]).tolist() == list(range(n))
        assert max(sizes) - min(sizes) <= 1
        largest[numbers] = max(sizes)
        assert max(sizes) * numbers <= CACHE or max(sizes) <= 64
    assert len(slices) == -(-n // 64)  # at least so many samples are worth a call
    assert len(blocks(n)) == -(-n // BLOCK)
    assert list(largest.values()) == sorted(largest.values(), reverse=True)


# ----------------------------------------------------------------------------- central differences


def test_parameter_gradient(model):
    X = samples(model)
    rng = np.random.default_rng(15)
    y = rng.normal(size=(len(X), model.widths[-1]))
    _, gradient = model.loss_and_gradient(X, y)
    start = model.parameters.copy()

    def loss(parameters):
        model.parameters = parameters
        return model.loss_and_gradient(X, y)[0]

    for _ in range(5):
        direction = rng.normal(size=start.size)
        expected = central_difference(loss, start, direction)
        assert gradient @ direction == pytest.approx(expected, rel=1e-6)


def test_last_layer_is_quadratic_so_that_a_step_of_one_is_exact():
    model = KAN([2, 3, 1], seed=16)
    X = samples(model)
    _, gradient = model.loss_and_gradient(X, X[:, 0])
    weights = model.layers[-1].weights
    direction = np.random.default_rng(17).normal(size=weights.shape)
    start = weights.copy()

    def loss(values):
        weights[:] = values
        return model.loss_and_gradient(X, X[:, 0])[0]

    expected = central_difference(loss, start, direction, h=1.0)
    assert np.vdot(model.split(gradient)[-1], direction) == pytest.approx(expected, rel=1e-12)


def test_input_gradient(model):
    X = samples(model)
    upstream = np.random.default_rng(18).normal(size=(len(X), model.widths[-1]))
    _, dX = model.backward(X, upstream)
    smooth = model.layers[0].order > 1
    for i in range(X.shape[1]):
        direction = np.eye(X.shape[1])[i]
        expected = (central_difference(model, X, direction) * upstream).sum(1)
        close = np.isclose(dX[:, i], expected, rtol=1e-5, atol=1e-5)
        assert close.all() if smooth else close.mean() > 0.9  # straight edges have corners at the knots


def test_jacobian(model):
    X = samples(model)
    jacobian = model.jacobian(X)
    assert jacobian.shape == (len(X), model.widths[-1], model.parameters.size)
    assert jacobian.flags.c_contiguous
    start = model.parameters.copy()
    rng = np.random.default_rng(19)

    def outputs(parameters):
        model.parameters = parameters
        return model(X)

    for _ in range(3):
        direction = rng.normal(size=start.size)
        expected = central_difference(outputs, start, direction)
        np.testing.assert_allclose(jacobian @ direction, expected, rtol=1e-6, atol=1e-6)
    model.parameters = start
    upstream = rng.normal(size=(len(X), model.widths[-1]))
    np.testing.assert_allclose(
        np.einsum("nop,no->p", jacobian, upstream), model.backward(X, upstream)[0], rtol=1e-10, atol=1e-11
    )


def test_input_derivatives(model):
    X = samples(model)
    gradient, hessian = model.input_derivatives(X)
    n_in, n_out = model.widths[0], model.widths[-1]
    assert gradient.shape == (len(X), n_out, n_in)
    assert hessian.shape == (len(X), n_out, n_in, n_in)
    np.testing.assert_allclose(hessian, hessian.swapaxes(2, 3), atol=1e-9)
    for o in range(n_out):
        upstream = np.zeros((len(X), n_out))
        upstream[:, o] = 1
        np.testing.assert_allclose(gradient[:, o], model.backward(X, upstream)[1], rtol=1e-11, atol=1e-11)
    for i in range(n_in):
        expected = central_difference(lambda X: model.input_derivatives(X)[0], X, np.eye(n_in)[i], 1e-6)
        close = np.isclose(hessian[..., i], expected, rtol=1e-4, atol=1e-3)
        assert (
            close.mean() > 0.9
        )  # the second derivative jumps at the ends of a grid (and at knots when k <= 2)


@pytest.mark.parametrize("derivative", [1, 2, 3])
def test_edge_derivatives(model, derivative):
    layer = model.layers[0]
    x = np.random.default_rng(20).uniform(-1.4, 1.4, (layer.n_in, 200))
    expected = central_difference(lambda x: layer.edges(x, derivative - 1), x, 1.0, 1e-6)
    close = np.isclose(layer.edges(x, derivative), expected, rtol=1e-4, atol=1e-3)
    assert close.mean() > 0.98  # they may jump at knots


def test_curves_of_a_forward_pass_are_the_edges(model):
    """Also where the weights have changed since: the pass remembers them."""
    layer = model.layers[0]
    x = samples(model).T
    expected = [layer.edges(x, derivative) for derivative in range(4)]
    _, cache = layer.forward(x)
    model.parameters[:] = 0
    for derivative, edges in enumerate(expected):
        np.testing.assert_array_equal(layer.curves(cache, derivative), edges)


def test_edges_sum_to_the_layer(model):
    layer = model.layers[0]
    x = samples(model).T
    np.testing.assert_allclose(layer.edges(x).sum(1), layer.forward(x)[0], atol=1e-11)


# -------------------------------------------------------------------------------------- properties


def test_beyond_the_grid_an_edge_is_a_straight_line(model):
    layer = model.layers[0]
    low, high = layer.knots[:, layer.order], layer.knots[:, -1 - layer.order]
    for end, outwards in ((low, -1), (high, 1)):
        at = end[:, None] + outwards * np.array([0, 1e-3, 1, 100])
        edge, slope = layer.edges(at), layer.edges(at, derivative=1)
        np.testing.assert_allclose(
            edge, edge[..., :1] + slope[..., :1] * (at - end[:, None]), rtol=1e-9, atol=1e-9
        )
        np.testing.assert_allclose(slope, np.broadcast_to(slope[..., :1], slope.shape), rtol=1e-9, atol=1e-9)
        assert (layer.edges(at[:, 1:], derivative=2) == 0).all()
        assert (layer.edges(at[:, 1:], derivative=3) == 0).all()


@pytest.mark.parametrize("reach", [(-4.9, 0.9), (0.1, 2.9), (-0.9, 2.9)])
def test_each_input_keeps_to_its_own_domain(reach):
    """Samples that lie on the domain of one input and beyond that of another."""
    rng = np.random.default_rng(16)
    knots = np.stack([make_grid(domain) for domain in [(-1, 1), (0, 3), (-5, 2)]])
    coef, base_weight = rng.normal(size=(3, 8, 2)), rng.normal(size=(3, 2))
    x = rng.uniform(*reach, (3, 50))
    alone = [
        spline_layer(knots[i : i + 1], coef[i : i + 1], base_weight[i : i + 1]).forward(x[i : i + 1])[0]
        for i in range(3)
    ]
    np.testing.assert_allclose(spline_layer(knots, coef, base_weight).forward(x)[0], sum(alone), atol=1e-12)


def test_permuting_hidden_nodes_changes_nothing():
    model = KAN([2, 4, 3], seed=21)
    first, second = model.layers
    order = [2, 0, 3, 1]
    permuted = KAN.from_layers(
        [
            spline_layer(first.knots, first.coef[..., order], first.base_weight[:, order]),
            spline_layer(second.knots[order], second.coef[order], second.base_weight[order]),
        ]
    )
    X = samples(model)
    np.testing.assert_allclose(permuted(X), model(X), atol=1e-12)


def test_parameters_and_layers_are_one_memory():
    model = KAN([2, 3, 1], seed=22)
    model.parameters[:] = 0
    assert all((layer.coef == 0).all() and (layer.base_weight == 0).all() for layer in model.layers)
    model.layers[1].coef[0, 0, 0] = 5
    model.layers[0].base_weight[1, 2] = 7
    assert sorted(model.parameters[model.parameters != 0]) == [5, 7]
    vector = model.parameters
    model.parameters = np.arange(vector.size)
    assert model.parameters is vector
    with pytest.raises(ValueError, match="parameters must have shape"):
        model.parameters = np.zeros(3)
    with pytest.raises(ValueError, match="parameters must be finite"):
        model.parameters = np.full(vector.size, np.nan)


def test_from_layers_copies():
    model = KAN([2, 3, 1], seed=23)
    twin = KAN.from_layers(model.layers)
    twin.parameters[:] = 0
    assert all((layer.coef != 0).all() for layer in model.layers)
    model.parameters[:] = 1
    assert all((layer.coef == 1).all() for layer in model.layers)


# ------------------------------------------------------------------------------------------ border

GOOD = np.random.default_rng(24).uniform(-1, 1, (6, 2))


class FakeDataFrame:
    """What pandas offers to NumPy: an array, column by column."""

    def __array__(self, dtype=None, copy=None):
        return np.asfortranarray(GOOD)


def read_only():
    X = GOOD.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize(
    "X",
    [GOOD.tolist(), read_only(), np.asfortranarray(GOOD), GOOD[::-1][::-1], FakeDataFrame()],
    ids=["list", "read-only", "Fortran", "strided", "DataFrame"],
)
def test_array_likes_work(X):
    model = KAN([2, 3, 1])
    assert as_samples(X, 2).flags.c_contiguous
    np.testing.assert_allclose(model(X), model(GOOD), atol=1e-14)
    loss, gradient = model.loss_and_gradient(X, GOOD[:, 0])
    assert np.isfinite(loss) and np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [int, np.float32, np.uint8, bool])
def test_number_types_become_float64(dtype):
    X = np.array([[0, 1], [1, 0]], dtype)
    outputs = KAN([2, 1])(X)
    assert outputs.dtype == np.float64 and outputs.shape == (2, 1) and outputs.flags.c_contiguous


def test_one_sample_and_a_constant_column_work():
    model = KAN([2, 3, 1])
    assert model([[0.1, 0.2]]).shape == (1, 1)
    constant = np.column_stack([GOOD[:, 0], np.full(6, 0.5)])
    assert np.isfinite(model.loss_and_gradient(constant, GOOD[:, 0])[1]).all()


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ([0.1, 0.2], "X must have two dimensions (n, 2), got shape (2,)"),
        (0.5, "X must have two dimensions (n, 2), got shape ()"),
        (np.zeros((3, 2, 1)), "X must have two dimensions (n, 2), got shape (3, 2, 1)"),
        (np.zeros((3, 4)), "X must have 2 columns, got 4 (shape (3, 4))"),
        (np.zeros((0, 2)), "X must hold at least one sample, got none (shape (0, 2))"),
        ([[0, np.nan]], "X must be finite, got nan at position (0, 1)"),
        ([[0, 0], [-np.inf, 0]], "X must be finite, got -inf at position (1, 0)"),
        ([[1j, 0]], "X must hold real numbers, got an array of type complex128"),
        ([["1", "2"]], "X must hold real numbers, got an array of type <U1"),
        ([[None, 2]], "X must hold real numbers, got an array of type object"),
        ([[1, 2], [3]], "X must be a rectangular array of numbers; its rows differ in length"),
    ],
)
@pytest.mark.parametrize("call", ["forward", "loss", "backward", "jacobian", "input_derivatives"])
def test_bad_samples_are_refused_everywhere(X, words, call):
    model = KAN([2, 3, 1])
    calls = {
        "forward": lambda: model(X),
        "loss": lambda: model.loss_and_gradient(X, [0.0]),
        "backward": lambda: model.backward(X, [0.0]),
        "jacobian": lambda: model.jacobian(X),
        "input_derivatives": lambda: model.input_derivatives(X),
    }
    with pytest.raises((ValueError, TypeError)) as error:
        calls[call]()
    assert words in str(error.value)


def test_one_column_gets_a_hint():
    with pytest.raises(ValueError, match=r"use X.reshape\(-1, 1\) for one column"):
        KAN([1, 1])([0.1, 0.2])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0.0] * 5, "X and y must have the same length, got 6 and 5"),
        (np.zeros((6, 2)), "y must have 1 columns, got 2 (shape (6, 2))"),
        (np.zeros((6, 1, 1)), "y must have two dimensions (n, 1), got shape (6, 1, 1)"),
        ([np.nan] * 6, "y must be finite, got nan at position (0,)"),
    ],
)
def test_bad_targets_are_refused(y, words):
    with pytest.raises(ValueError) as error:
        KAN([2, 1]).loss_and_gradient(GOOD, y)
    assert words in str(error.value)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"gives 3, .* takes 2"):
        KAN.from_layers([KAN([2, 3]).layers[0], KAN([2, 1]).layers[0]])
    with pytest.raises(ValueError, match="at least one layer"):
        KAN.from_layers([])
