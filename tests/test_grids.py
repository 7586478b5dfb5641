"""Grids move and become finer, and the function stays."""

import numpy as np
import pytest
from twins import spline_layer

from minikan import KAN, MLP, fit, make_grid, refine, update_grid


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
    knots = [make_grid(grid=row) for row in points]
    layer = spline_layer(knots, rng.normal(size=(2, 7, 3)), rng.normal(size=(2, 3)))
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
    with pytest.raises(TypeError, match="refine needs a KAN, whose edges are curves, got MLP"):
        refine(MLP([1, 1]), 5)


# ------------------------------------------------------------------------------------------ update_grid


def rmse(a, b):
    return np.sqrt(np.mean((a - b) ** 2))


def grid_points(model, depth=0):
    layer = model.layers[depth]
    return layer.knots[:, layer.order : layer.order + layer.G + 1]


@pytest.mark.parametrize("weight", [0, 0.3, 1])
@pytest.mark.parametrize("order", [1, 3])
def test_moved_grids_cover_the_data_and_keep_the_function(weight, order):
    X = np.random.default_rng(0).uniform(0, 1, (400, 2)) ** 2 * [2, 30] + [3, -5]  # they crowd at one end
    errors = []
    for grid in (10, 40, 160):
        model = refine(KAN([2, 3, 1], grid=5, order=order, domain=(-5, 25), seed=1, noise=0.3), grid)
        moved = update_grid(model, X, weight)
        for depth, z in enumerate([X.T, moved.layers[0].forward(X.T)[0]]):
            points = grid_points(moved, depth)
            assert (points[:, 0] < z.min(axis=1)).all() and (z.max(axis=1) < points[:, -1]).all()
            np.testing.assert_allclose(np.ptp(points, axis=1), 1.04 * np.ptp(z, axis=1), rtol=1e-12)
        errors.append(rmse(moved(X), model(X)))
    assert errors[0] < 0.2 and errors[-1] < 0.1 * errors[0]


def test_a_finer_grid_on_the_same_place_is_kept_to_rounding():
    """Where the old splines are splines on the new grid, too, the function is the same, silu included."""
    X = np.linspace(-1, 1, 200)[:, None]
    model = KAN([1, 1], grid=1, seed=3, noise=1)  # a single cubic
    moved = update_grid(model, X * 0.5)
    np.testing.assert_allclose(moved(X * 0.5), model(X * 0.5), atol=1e-12)


def test_silu_is_made_up_for_where_it_was_straight():
    X = np.random.default_rng(0).uniform(-4, 4, (500, 1))
    model = KAN([1, 1], grid=30, seed=3, noise=0)
    model.layers[0].base_weight[:] = 2
    moved = update_grid(model, X)
    assert rmse(moved(X), model(X)) < 1e-2
    assert moved.layers[0].base_weight.item() == 2


def test_uniform_weight_goes_from_even_to_quantiles():
    x = np.random.default_rng(0).uniform(0, 1, 1001) ** 3
    model = KAN([1, 1], grid=10)
    even, middle, quantile = (
        grid_points(update_grid(model, x[:, None], weight))[0] for weight in (1, 0.5, 0)
    )
    np.testing.assert_allclose(np.diff(even), np.diff(even)[0], rtol=1e-9)
    np.testing.assert_allclose(quantile[1:-1], np.quantile(x, np.arange(1, 10) / 10), atol=0.01)
    assert (np.diff(quantile) > 0).all()
    assert (middle[1:-1] < even[1:-1]).all() and (quantile[1:-1] < middle[1:-1]).all()


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("constant inside", np.full(50, 0.3)),
        ("constant outside", np.full(50, 7.0)),
        ("one sample", np.array([0.2])),
        ("0 and 1", np.repeat([0.0, 1.0], 50)),
        ("repeated", np.repeat([0.0, 0.1, 0.11, 5.0], 40)),
        ("nearly constant", 1 + 1e-13 * np.arange(5)),
    ],
)
@pytest.mark.parametrize("weight", [0, 1])
def test_awkward_data_give_a_usable_grid(name, x, weight):
    model = KAN([1, 1], grid=5, seed=1)
    moved = update_grid(model, x[:, None], weight)
    points = grid_points(moved)[0]
    cells = np.diff(points)
    assert cells.min() > 1e-3 * cells.max()
    assert points[0] <= x.min() and x.max() <= points[-1]
    assert rmse(moved(x[:, None]), model(x[:, None])) < 0.2
    y = np.sin(x)
    assert fit(moved, x[:, None], y, steps=20).rmse.min() < 1e-6


def test_update_grid_refuses():
    model = KAN([2, 1])
    with pytest.raises(ValueError, match="X must have 2 columns, got 1"):
        update_grid(model, [[1.0]])
    with pytest.raises(ValueError, match=r"uniform_weight must be from 0 to 1, got 1\.5"):
        update_grid(model, [[1.0, 2.0]], 1.5)
    with pytest.raises(TypeError, match="update_grid needs a KAN, whose edges are curves, got MLP"):
        update_grid(MLP([2, 1]), [[1.0, 2.0]])
