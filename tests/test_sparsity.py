"""Attribution by all rules, on networks whose truth is known."""

import numpy as np
import pytest
from models import planted, uniform

from minikan import KAN, MLP, attribute
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer


def test_attribution_by_both_rules():
    X, model = uniform(2000, 3), planted()
    backward, magnitude = attribute(model, X), attribute(model, X, "magnitude")
    np.testing.assert_allclose(backward.nodes[2], [1])
    np.testing.assert_allclose(backward.nodes[1], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(backward.inputs, [1, 0, 0], atol=1e-12)
    assert magnitude.edges[0][2, 2] == pytest.approx(0.5)
    assert magnitude.nodes[1][0] == 0  # fed, not heard
    assert magnitude.nodes[1][2] == pytest.approx(0.3)
    assert "rule 'backward'" in repr(backward)


def test_the_two_rules_disagree_about_an_offset():
    """Magnitude counts a constant, the standard deviation does not."""
    model = KAN([2, 1])
    model.layers[0].weights[:] = 0
    model.layers[0].coef[0] = 5.0
    model.layers[0].coef[1] = np.linspace(-1, 1, 8)[:, None]
    X = uniform()
    assert attribute(model, X, "magnitude").edges[0].argmax() == 0
    assert attribute(model, X).edges[0].argmax() == 1


@pytest.mark.parametrize("make", [planted, lambda: KAN([3, [1, 1], 2, 1], noise=1, seed=1)])
def test_the_effect_of_edges_and_nodes_is_what_outputs_change(make):
    """Held against copies in which the edges are cut, and inputs held at the mean of what they add."""
    X, model = uniform(300, 3), make()
    scores = attribute(model, X, "effect")
    layer = model.layers[0]
    phi = layer.edges(X.T)
    for j, i in np.ndindex(layer.n_out, layer.n_in):
        cut = KAN.from_layers(model.layers)
        cut.layers[0].weights[i, :, j] = 0
        cut.layers[0].raise_by(np.eye(layer.n_out)[j] * phi[j, i].mean())
        expected = np.sqrt(np.mean((cut(X) - model(X)) ** 2)) / model(X).std()
        assert scores.edges[0][j, i] == pytest.approx(expected, abs=1e-12)
    cut = KAN.from_layers(model.layers)
    cut.layers[0].weights[1] = 0
    cut.layers[0].raise_by(phi[:, 1].mean(axis=1))
    expected = np.sqrt(np.mean((cut(X) - model(X)) ** 2)) / model(X).std()
    assert scores.inputs[1] == pytest.approx(expected, abs=1e-12)
    assert [len(row) for row in scores.nodes] == model.widths


def test_backward_scores_miss_what_another_input_switches_off():
    below = {(i, 0): FunctionEdge("x", [a, b, 1, 0]) for i, (a, b) in enumerate([(1, 0), (200, -200)])}
    layers = SparseLayer(2, 1, below), SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [1, 0, 1, 0])})
    X = np.column_stack([uniform(400, 1), np.arange(400) % 2])
    model = KAN.from_layers(layers)
    assert attribute(model, X).inputs[0] < 0.01
    assert attribute(model, X, "effect").inputs[0] > 0.3


def test_attribute_refuses():
    with pytest.raises(ValueError, match="X must have 2 columns"):
        attribute(KAN([2, 1]), [[1.0]])
    with pytest.raises(ValueError, match="rule must be one of backward, magnitude, effect, got 'forward'"):
        attribute(KAN([2, 1]), uniform(), "forward")
    with pytest.raises(TypeError, match="attribute needs a KAN, whose edges are curves, got MLP"):
        attribute(MLP([2, 1]), uniform())
