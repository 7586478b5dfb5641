"""One edge by itself: values, derivatives in x and in the weights, and moves to other grids."""

import numpy as np
import pytest
from twins import central_difference

from minikan import KAN, Splines
from minikan.basis import Basis
from minikan.edges import CurveEdge, Edge
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge

RNG = np.random.default_rng(0)
SPLINES = Splines.on([(-1, 2)], 5, 5, "silu")  # smooth enough for all differences
EDGES = {
    "spline": CurveEdge(SPLINES, RNG.normal(size=SPLINES.m)),
    "sin": FunctionEdge(LIBRARY["sin"], [1.3, 0.2, -0.7, 0.4]),
    "exp": FunctionEdge(LIBRARY["exp"], [-0.6, 0.1, 1.2, -0.3]),
    "tanh": FunctionEdge(LIBRARY["tanh"], [0.9, -0.4, 2.0, 0.0]),
}
X = RNG.uniform(-0.9, 1.9, 40)


@pytest.fixture(params=EDGES)
def edge(request):
    return EDGES[request.param].copy()


def curve(edge, x, derivative):
    return edge.curve(edge.forward(x)[1], derivative)


def test_the_zeroth_derivative_is_the_value(edge):
    value, cache = edge.forward(X)
    np.testing.assert_allclose(edge.curve(cache, 0), value, atol=1e-14)


@pytest.mark.parametrize("derivative", [1, 2, 3])
def test_derivatives_in_x(edge, derivative):
    expected = central_difference(lambda x: curve(edge, x, derivative - 1), X, 1.0, 1e-5)
    np.testing.assert_allclose(curve(edge, X, derivative), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("derivative", [0, 1, 2])
def test_derivatives_in_the_weights(edge, derivative):
    features, start = edge.features(edge.forward(X)[1], derivative), edge.weights.copy()
    assert features.shape == (start.size, X.size)

    def at(weights):
        edge.weights[:] = weights
        return curve(edge, X, derivative)

    for row, direction in zip(features, np.eye(start.size), strict=True):
        np.testing.assert_allclose(row, central_difference(at, start, direction), rtol=1e-6, atol=1e-7)


def test_a_pass_remembers_its_weights(edge):
    value, cache = edge.forward(X)
    slope = edge.curve(cache, 1).copy()
    edge.weights[:] = 0
    np.testing.assert_allclose(edge.curve(cache, 0), value, atol=1e-14)
    np.testing.assert_array_equal(edge.curve(cache, 1), slope)


def test_it_is_raised(edge):
    before = curve(edge, X, 0)
    edge.raise_by(2.5)
    np.testing.assert_allclose(curve(edge, X, 0), before + 2.5, atol=1e-12)


def test_copies_and_stored_ones_are_the_same_and_apart(edge):
    twins = edge.copy(), Edge.kinds[type(edge).__name__].from_arrays(edge.arrays())
    for twin in twins:
        assert repr(twin) == repr(edge) and twin.name == edge.name
        np.testing.assert_array_equal(curve(twin, X, 0), curve(edge, X, 0))
        twin.weights[:] = 0
    assert edge.weights.any()


def test_it_moves_to_a_finer_grid(edge):
    finer = edge.on_basis(lambda basis: basis.refined(10))
    np.testing.assert_allclose(curve(finer, X, 0), curve(edge, X, 0), atol=1e-10)
    assert (finer.basis is None) == (edge.basis is None)
    assert finer.basis is None or finer.basis.grid == 10


def test_new_weights_of_a_curve_and_none_of_a_function(edge):
    before = edge.weights.copy()
    edge.initialise(np.random.default_rng(1), 0.0, 0.5)
    if edge.name:
        np.testing.assert_array_equal(edge.weights, before)
    else:  # a straight line across the domain, up or down
        np.testing.assert_allclose(np.abs(np.diff(curve(edge, np.array([-1.0, 2.0]), 0))), 1.0, atol=1e-12)


def test_a_curve_refuses_other_weights():
    for basis, weights in ((SPLINES, np.ones(3)), (Splines.on([(0, 1)] * 2, 5, 3, None), np.ones(8))):
        with pytest.raises(ValueError, match="weights and one input"):
            CurveEdge(basis, weights)


def test_edges_of_a_layer_are_copies():
    layer = KAN([2, 3], seed=1).layers[0]
    one = layer.edge(1, 2)
    assert isinstance(one, CurveEdge) and isinstance(one.basis, Basis)
    np.testing.assert_array_equal(one.weights, layer.weights[1, :, 2])
    x = np.tile(X, (2, 1))
    np.testing.assert_allclose(one.forward(X)[0], layer.edges(x)[2, 1], atol=1e-13)
    one.weights[:] = 0
    assert layer.weights[1, :, 2].all()
