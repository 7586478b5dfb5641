"""KAN: what its layers are, where its grids lie, where its parameters come from, and what it refuses."""

import numpy as np
import pytest
from twins import spline_layer

from minikan import KAN, KANLayer, Splines, make_grid


def test_grids_lie_on_the_domain_and_hidden_ones_on_minus_one_to_one():
    first, second = KAN([2, 3, 1], grid=4, order=2, domain=(-2, 5)).layers
    np.testing.assert_allclose(first.knots[:, 2:-2], [np.linspace(-2, 5, 5)] * 2)
    np.testing.assert_allclose(second.knots[:, 2:-2], [np.linspace(-1, 1, 5)] * 3)


def test_each_input_may_have_a_domain_of_its_own():
    first, second = KAN([2, 3, 1], grid=4, order=2, domain=[(-2, 5), (0, 1)]).layers
    np.testing.assert_allclose(first.knots[:, 2:-2], [np.linspace(-2, 5, 5), np.linspace(0, 1, 5)])
    np.testing.assert_allclose(second.knots[:, 2:-2], [np.linspace(-1, 1, 5)] * 3)


def test_same_seed_same_model_and_no_global_generator():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    a, b, c = KAN([2, 3, 1], seed=1), KAN([2, 3, 1], seed=1), KAN([2, 3, 1], seed=2)
    np.testing.assert_array_equal(a.parameters, b.parameters)
    assert (a.parameters != c.parameters).any()
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    KAN([2, 1], seed=np.random.default_rng(0))


def test_repr_counts():
    model = KAN([2, 5, 1], grid=5, order=3)
    assert repr(model) == (
        "KAN([2, 5, 1]: 135 parameters)\n"
        "  KANLayer(2 → 5, G=5, k=3: 90 parameters)\n"
        "  KANLayer(5 → 1, G=5, k=3: 45 parameters)"
    )
    assert model.parameters.size == sum((5 + 3 + 1) * a * b for a, b in [(2, 5), (5, 1)])
    assert model.widths == [2, 5, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(widths=[2]), "widths must list at least inputs and outputs, as [2, 5, 1], got [2]"),
        (dict(widths=[]), "widths must list"),
        (dict(widths=3), "widths must list"),
        (dict(widths=[2, 0, 1]), "every width must be at least 1, got 0"),
        (dict(widths=[2, -1]), "every width must be at least 1, got -1"),
        (dict(widths=[2, 1.5]), "every width must be a whole number, got 1.5"),
        (dict(widths=[2, 1], grid=0), "grid must be at least 1, got 0"),
        (dict(widths=[2, 1], grid=[0, 1]), "grid must be a whole number"),
        (dict(widths=[2, 1], order=-1), "order must be at least 0, got -1"),
        (dict(widths=[2, 1], domain=(1, -1)), "domain must have low < high, got (1, -1)"),
        (dict(widths=[2, 1], domain=(1, 1)), "domain must have low < high, got (1, 1)"),
        (dict(widths=[2, 1], domain=(0, np.nan)), "domain must be finite"),
        (dict(widths=[2, 1], domain=[(-1, 1)]), "domain must be a pair, or 2 of them, one per input"),
        (dict(widths=[2, 1], domain=[(-1, 1), (1, 0)]), "domain of input 1 must have low < high, got (1, 0)"),
        (dict(widths=[2, 1], domain="ab"), "domain must hold real numbers"),
    ],
)
def test_bad_models_are_refused(arguments, words):
    with pytest.raises((ValueError, TypeError)) as error:
        KAN(**arguments)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            dict(weights=np.zeros((2, 9))),
            "weights must have shape (2, 9, n_out) for Splines(G=5, k=3), got (2, 9)",
        ),
        (dict(weights=np.zeros((2, 9, 0))), "weights must have shape (2, 9, n_out)"),
        (dict(weights=np.zeros((2, 8, 3))), "weights must have shape (2, 9, n_out)"),
        (dict(weights=np.zeros((3, 9, 3))), "weights must have shape (2, 9, n_out)"),
        (dict(weights=np.full((2, 9, 3), np.nan)), "weights must be finite, got nan at position (0, 0, 0)"),
        (
            dict(knots=np.zeros((2, 7))),
            "knots must have shape (n_in, G + 2k + 1) with k = 3 and G ≥ 1, got (2, 7)",
        ),
        (dict(knots=np.zeros(12)), "knots must have shape"),
        (dict(knots=np.zeros((0, 12))), "knots must have shape"),
        (dict(knots=np.zeros((2, 12))), "knots must be strictly increasing in every row"),
        (dict(order=-1), "order must be at least 0, got -1"),
        (dict(base="gelu"), "base must be one of silu, tanh, relu, identity, got 'gelu'"),
    ],
)
def test_bad_layers_are_refused(change, words):
    def layer(knots, order, base, weights):
        return KANLayer(Splines(knots, order, base), weights)

    good = dict(knots=np.tile(make_grid(), (2, 1)), order=3, base="silu", weights=np.zeros((2, 9, 3)))
    layer(**good)
    with pytest.raises(ValueError) as error:
        layer(**{**good, **change})
    assert words in str(error.value)


def test_parts_of_the_weights_are_views():
    rng = np.random.default_rng(0)
    layer = spline_layer(np.tile(make_grid(), (2, 1)), rng.normal(size=(2, 8, 3)), rng.normal(size=(2, 3)))
    layer.coef[1, 2, 0], layer.base_weight[1, 2] = 5, 7
    assert layer.weights[1, 2, 0] == 5 and layer.weights[1, 8, 2] == 7
    bare = KANLayer(Splines(layer.knots, 3), layer.coef)
    np.testing.assert_array_equal(bare.coef, bare.weights)
    with pytest.raises(AttributeError, match="has no base function"):
        _ = bare.base_weight


def test_a_layer_needs_curves():
    for basis in (None, Splines, make_grid()):
        with pytest.raises(TypeError, match=r"basis must be a family of curves such as Splines\(…\), got"):
            KANLayer(basis, np.zeros((1, 9, 1)))
