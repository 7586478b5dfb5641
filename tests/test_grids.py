"""A refined model is the same function, on a finer grid."""

import numpy as np
import pytest

from minikan import KAN, KANLayer, make_grid, refine


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("grid", [5, 10, 20, 100])
def test_nested_grids_keep_the_function_inside_and_outside(order, grid):
    model = KAN([2, 3, 1], grid=5, order=order, domain=(-1, 2), seed=order)
    finer = refine(model, grid)
    X = np.random.default_rng(0).uniform(-3, 4, (500, 2))
    np.testing.assert_allclose(finer(X), model(X), atol=1e-10)
    assert [layer.G for layer in finer.layers] == [grid, grid]
    assert finer.widths == model.widths


def test_uneven_grids_are_refined_cell_by_cell():
    rng = np.random.default_rng(1)
    points = np.sort(rng.uniform(-1, 1, (2, 5)), axis=1)
    layer = KANLayer(
        [make_grid(grid=row) for row in points], rng.normal(size=(2, 7, 3)), rng.normal(size=(2, 3))
    )
    model = KAN.from_layers([layer])
    finer = refine(model, 12)
    np.testing.assert_allclose(finer.layers[0].knots[:, 3:-3:3], points, atol=1e-15)
    X = rng.uniform(points.max(axis=1).min() - 3, 3, (300, 2))
    np.testing.assert_allclose(finer(X), model(X), atol=1e-9)


def test_other_grids_come_close():
    model = KAN([1, 1], grid=5, seed=2)
    x = np.linspace(-1, 1, 200)[:, None]
    errors = [np.abs(refine(model, grid)(x) - model(x)).max() for grid in (7, 28, 112)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_the_old_model_is_left_alone():
    model = KAN([2, 1], seed=3)
    before = model.parameters.copy()
    refine(model, 10).parameters[:] = 0
    np.testing.assert_array_equal(model.parameters, before)
    assert model.layers[0].G == 5


def test_refine_refuses():
    with pytest.raises(ValueError, match="grid must be at least 1, got 0"):
        refine(KAN([1, 1]), 0)
    with pytest.raises(TypeError, match=r"grid must be a whole number, got 2\.5"):
        refine(KAN([1, 1]), 2.5)
