"""Attribution by both rules, on networks whose truth is known."""

import numpy as np
import pytest
from models import planted, uniform

from minikan import KAN, MLP, attribute


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


def test_attribute_refuses():
    with pytest.raises(ValueError, match="X must have 2 columns"):
        attribute(KAN([2, 1]), [[1.0]])
    with pytest.raises(ValueError, match="rule must be one of backward, magnitude, got 'forward'"):
        attribute(KAN([2, 1]), uniform(), "forward")
    with pytest.raises(TypeError, match="attribute needs a KAN, whose edges are curves, got MLP"):
        attribute(MLP([2, 1]), uniform())
