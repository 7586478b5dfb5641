"""Activations: values written out, derivatives by differences, one convention for all."""

import numpy as np
import pytest
from twins import central_difference

from minikan.activations import ACTIVATIONS, silu

VALUES = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0),
    "identity": lambda x: x,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives(name):
    function, x = ACTIVATIONS[name], np.linspace(-8, 8, 34)
    value, *derivatives = function(x, 3)
    np.testing.assert_allclose(value, VALUES[name](x), atol=1e-14)
    assert len(derivatives) == 3
    for order, derivative in enumerate(derivatives):
        expected = central_difference(lambda x, order=order: function(x, 3)[order], x, 1.0)
        np.testing.assert_allclose(derivative, expected, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("order", range(4))
def test_as_many_derivatives_as_asked_for_or_more(name, order):
    x = np.linspace(-3, 3, 7)
    some, all_of_them = ACTIVATIONS[name](x, order), ACTIVATIONS[name](x, 3)
    assert len(some) >= order + 1
    for one, other in zip(some, all_of_them, strict=False):
        np.testing.assert_array_equal(one, other)


def test_silu_of_huge_numbers():
    np.testing.assert_array_equal(silu(np.array([-1e300, 1e300]))[0], [0, 1e300])
