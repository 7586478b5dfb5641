"""Grids move and become finer, and the function stays."""

import numpy as np
import pytest
from twins import spline_layer

from minikan import KAN, MLP, Chebyshev, Splines, fit, fix_symbolic, make_grid, refine, update_grid
from minikan.grids import covered


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


def reached(layer, x):
    """How low and how high each output may get: all edges extreme at once, a tenth of its range away at most."""
    z, curves = layer.forward(x)[0], layer.edges(x)
    most = 0.1 * np.ptp(z, axis=1)
    low = np.maximum(curves.min(axis=2).sum(axis=1), z.min(axis=1) - most)
    return low, np.minimum(curves.max(axis=2).sum(axis=1), z.max(axis=1) + most)


@pytest.mark.parametrize("weight", [0, 0.3, 1])
@pytest.mark.parametrize("order", [1, 3])
def test_moved_grids_cover_the_data_and_keep_the_function(weight, order):
    X = np.random.default_rng(0).uniform(0, 1, (400, 2)) ** 2 * [2, 30] + [3, -5]  # they crowd at one end
    errors = []
    for grid in (10, 40, 160):
        model = refine(KAN([2, 3, 1], grid=5, order=order, domain=(-5, 25), seed=1, noise=0.3), grid)
        moved = update_grid(model, X, weight)
        for depth, z in enumerate([X.T, np.column_stack(reached(moved.layers[0], X.T))]):
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


def test_by_default_the_mixture_depends_on_the_samples_in_a_cell():
    """Quantiles of few samples jump about: below 100 samples per cell grids are even."""
    x = np.random.default_rng(0).uniform(0, 1, 1000)[:, None] ** 3
    model = KAN([1, 1], grid=10)
    for n, weight in ((1000, 0.7), (999, 1.0), (30, 1.0)):
        np.testing.assert_array_equal(
            grid_points(update_grid(model, x[:n])), grid_points(update_grid(model, x[:n], weight))
        )


# ---------------------------------------------------------------------------------------------- covered


def hidden_inputs(model, X):
    z = X.T
    for depth, layer in enumerate(model.layers):
        yield depth, layer, z
        z = layer.forward(z)[0]


@pytest.mark.parametrize("move", [update_grid, covered], ids=lambda f: f.__name__)
@pytest.mark.parametrize("widths", [[2, 1, 1], [2, 5, 1], [3, 2, 1]], ids=str)
def test_new_samples_never_lie_beyond_the_grids_of_hidden_nodes(move, widths):
    """Edges that are extreme in different samples may be extreme at once in a new one.

    Nodes that could go further than a tenth of their range are left out: that far grids do not reach.
    """
    checked, extended = 0, 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, new = rng.uniform(-1, 1, (300, widths[0])), rng.uniform(-1, 1, (10_000, widths[0]))
        first, second = move(KAN(widths, seed=seed), X).layers
        z, curves, (low, high) = first.forward(X.T)[0], first.edges(X.T), second.basis.domain.T
        width = np.ptp(z, axis=1)
        far = curves.max(axis=2).sum(axis=1) - z.max(axis=1), z.min(axis=1) - curves.min(axis=2).sum(axis=1)
        near = np.maximum(*far) <= 0.1 * width
        new_z = first.forward(new.T)[0]
        assert (low <= new_z.min(axis=1))[near].all() and (new_z.max(axis=1) <= high)[near].all()
        checked += near.sum()
        extended += (new_z.max(axis=1) > z.max(axis=1) + 0.02 * width)[near].sum()
    assert checked >= 5 and extended > 0  # the margin alone would not do


def test_grids_do_not_become_much_wider_than_the_data_for_what_edges_can_reach_together():
    """With many edges the sum of all extremes is far away: a tenth of the range is the most."""
    X = np.random.default_rng(0).uniform(-1, 1, (500, 30))
    model = KAN([30, 2, 1], seed=0)
    for moved in (update_grid(model, X), covered(model, X)):
        _, (_, layer, z) = hidden_inputs(moved, X)
        low, high = layer.basis.domain.T
        np.testing.assert_allclose((high - low) / np.ptp(z, axis=1), 1.2 * 1.04, rtol=1e-12)


def test_covered_leaves_what_is_well_as_it_is():
    X = np.random.default_rng(1).uniform(-1, 1, (400, 2))
    moved = covered(KAN([2, 3, 2, 1], seed=2, noise=0.3), X)
    assert covered(moved, X) is None
    assert covered(update_grid(KAN([2, 1, 1], seed=1), X), X) is None
    assert covered(KAN([2, 1], domain=(-5, 5)), X) is None  # the grids of inputs are the user's
    assert covered(MLP([2, 3, 1]), X) is None
    assert covered(KAN.from_layers([*moved.layers[:1]]), X) is None


def test_covered_moves_the_layers_that_need_it_and_keeps_the_function():
    X = np.random.default_rng(1).uniform(-1, 1, (400, 2))
    model = covered(refine(KAN([2, 3, 2, 1], grid=5, domain=(-1.5, 1.5), seed=2, noise=0.3), 40), X)
    inner = model.layers[2].basis
    far = Splines.on([(low - 0.5, high + 1) for low, high in inner.domain], 40, 3, "silu")
    layers = [*model.layers[:2], model.layers[2].on_basis(far)]
    spoilt = KAN.from_layers(layers)
    before = spoilt.state()
    moved = covered(spoilt, X)
    assert spoilt.is_in(before)
    np.testing.assert_allclose(moved(X), spoilt(X), atol=1e-3)
    for depth in (0, 1):
        np.testing.assert_array_equal(moved.layers[depth].knots, model.layers[depth].knots)
        np.testing.assert_array_equal(moved.layers[depth].weights, model.layers[depth].weights)
    cells = np.diff(moved.layers[2].points)
    np.testing.assert_allclose(cells, cells[:, :1] * np.ones(40), rtol=1e-9)  # even, whatever the samples
    np.testing.assert_allclose(moved.layers[2].basis.domain, inner.domain, atol=0.02)


@pytest.mark.parametrize(
    ("low", "high", "well"),
    [
        (0.0, 1.0, True),
        (-0.09, 1.09, True),
        (-0.11, 1.0, False),  # more than a tenth is free
        (0.0, 1.11, False),
        (0.001, 1.0, False),  # left at one end
        (0.0, 0.999, False),
    ],
)
def test_a_grid_fits_where_nothing_is_beyond_and_little_is_free(low, high, well):
    x = np.linspace(0, 1, 50)
    for family in (Splines, Chebyshev):
        basis = family.on([(low, high), (-1, 2)], 5, 3, None)
        assert basis.covers([x, np.full(50, 7.0)]) is well  # what does not vary needs no grid


def test_named_edges_have_no_grids():
    X = np.random.default_rng(1).uniform(-1, 1, (100, 2))
    model = fix_symbolic(KAN([2, 2, 1], seed=1, noise=0.3), X, 1, 0, 0, "sin")
    named = model.layers[1].sheet[0, 0]
    for moved in (covered(model, X), update_grid(model, X)):
        other = moved.layers[1].sheet[0, 0]
        assert other.name == "sin" and other.span == named.span
        np.testing.assert_array_equal(other.weights, named.weights)
        assert not np.array_equal(moved.layers[1].sheet[1, 0].knots, model.layers[1].sheet[1, 0].knots)
    alone = fix_symbolic(model, X, 1, 1, 0, "x^2")
    assert covered(alone, 5 * X) is None  # named edges only, above


def test_products_reach_as_far_as_their_samples():
    X = np.random.default_rng(1).uniform(-1, 1, (300, 2))
    model = KAN([2, [0, 2], 1], seed=1, noise=0.3)
    moved = covered(model, X)
    z = moved.layers[1].forward(moved.layers[0].forward(X.T)[0])[0]
    low, high = moved.layers[2].basis.domain.T
    np.testing.assert_allclose(
        [low, high], [z.min(axis=1) - 0.02 * np.ptp(z, axis=1), z.max(axis=1) + 0.02 * np.ptp(z, axis=1)]
    )
    assert covered(moved, X) is None
