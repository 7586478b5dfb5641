"""The prior that lets curves continue where few samples fall: its derivatives, its size, and where there is none."""

import warnings

import numpy as np
import pytest
from models import small
from residuals import run

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Fourier,
    Gaussians,
    LevenbergMarquardt,
    Roughness,
    Splines,
    fit,
    fix_symbolic,
    refine,
)
from minikan.bspline import differences
from minikan.losses import MeanSquaredError
from minikan.network import Network
from minikan.objective import as_objective
from minikan.smoothness import SmoothPrior
from minikan.sparse import SparseLayer

X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
Y = np.exp(np.sin(np.pi * X[:, :1]) + X[:, 1:] ** 2)


def sparse():
    """Curves on grids of their own, a named edge, and a gap."""
    model = fix_symbolic(KAN([2, 2, 1], grid=6, seed=1, noise=0.5), X, 0, 0, 0, "sin")
    first, second = model.layers
    edges = {at: first.edge(*at) for at in first.edge_list if at != (1, 1)}
    edges[0, 1] = KAN([1, 1], grid=9, order=2, seed=4, noise=0.5).layers[0]
    return KAN.from_layers([SparseLayer(2, 2, edges), second])


MODELS = {
    "KAN": lambda: KAN([2, 3, 1], grid=6, seed=1, noise=0.5),
    "no silu": lambda: KAN([2, 2, 1], grid=8, order=2, base=None, seed=2, noise=0.5),
    "few cells": lambda: KAN([2, 2, 1], grid=2, seed=3, noise=0.5),
    "sparse": sparse,
    "shared": lambda: KAN([2, 3, 1], grid=7, groups=2, seed=1, noise=0.5),
    "products": lambda: KAN([2, [1, 1], 1], grid=5, seed=1, noise=0.5),
    "splines on others": lambda: Network.from_layers(
        [*KAN([2, 2], basis=Chebyshev).layers, *KAN([2, 1], grid=6, seed=1, noise=0.5).layers]
    ),
}
NONE = {
    "MLP": lambda: MLP([2, 3, 1]),
    "named edges": small,
    "Chebyshev": lambda: KAN([2, 2, 1], basis=Chebyshev),
    "Fourier": lambda: KAN([2, 2, 1], basis=Fourier),
    "Gaussians": lambda: KAN([2, 2, 1], basis=Gaussians),
    "Gaussians, shared": lambda: KAN([2, 2, 1], basis=Gaussians, groups=1),
    "one cell": lambda: KAN([2, 2, 1], grid=1),
}


def state(model):
    """What the prior is made of: model, n, loss, diagonal."""
    loss, _, H = as_objective(model, X, Y, None, MeanSquaredError()).curvature()
    return model, len(X), loss, H.diagonal().copy()


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


def blocks_of(prior, model):
    """All blocks in full: J (rows, P) and r (rows,). A block may hold several curves, with places of their own."""
    J, r = [np.zeros((0, model.parameters.size))], [np.zeros(0)]
    for block in prior.blocks(model):
        several = block.rows.ndim == 3
        loss = 0.0
        for each, where in zip(
            *((block.rows, block.where) if several else ([block.rows], [block.where])), strict=True
        ):
            rows = np.zeros((each.shape[1], model.parameters.size))
            rows[:, where] = each[:-1].T
            J.append(rows)
            r.append(each[-1])
            loss += 0.5 * each[-1] @ each[-1]
        assert block.loss == pytest.approx(loss, rel=1e-13)
    return np.vstack(J), np.concatenate(r)


def test_its_blocks_give_its_value_and_derivatives(model):
    """At the weights of the place where it was made, wherever the parameters go from there."""
    prior, rng, start = SmoothPrior(*state(model)), np.random.default_rng(1), model.parameters.copy()
    J, r = blocks_of(prior, model)
    assert prior.value(model) == pytest.approx(0.5 * r @ r, rel=1e-12) and r.any()
    for _ in range(3):
        step = rng.normal(size=start.size)
        sides = []
        for sign in (1, -1):
            model.parameters = start + sign * 1e-3 * step
            sides.append(prior.value(model))
        assert r @ J @ step == pytest.approx((sides[0] - sides[1]) / 2e-3, rel=1e-6, abs=1e-12)
        model.parameters = start + step  # it is quadratic
        change = r + J @ step
        assert prior.value(model) == pytest.approx(0.5 * change @ change, rel=1e-12)
        same_J, same_r = blocks_of(prior, model)
        np.testing.assert_array_equal(same_J, J)
        np.testing.assert_allclose(same_r, change, atol=1e-12 * np.abs(change).max())
        model.parameters = start


def curves(model):
    """Plainly: for each spline its place among the parameters, and its differences."""
    for layer, numbers in zip(model.layers, model.split(np.arange(model.parameters.size)), strict=True):
        for places, D in layer.differences():
            yield from ((numbers.ravel()[each], D) for each in places)


def test_it_weighs_each_curve_as_the_formula_says(model):
    model, n, loss, diagonal = state(model)
    J, r = blocks_of(SmoothPrior(model, n, loss, diagonal), model)
    row = 0
    for where, D in curves(model):
        d = D @ model.parameters[where]
        weight = loss / (n * np.median(np.abs(d)) ** 2 + n * loss / diagonal[where].sum())
        np.testing.assert_allclose(r[row : row + len(D)], np.sqrt(2 * weight) * d, rtol=1e-12)
        np.testing.assert_allclose(J[row : row + len(D), where], np.sqrt(2 * weight) * D, rtol=1e-12)
        row += len(D)
    assert row == len(r)


def test_it_sees_coefficients_of_splines_only():
    """Not silu's weights; curves on grids of their own have differences of their own."""
    model = KAN([2, 3, 1], grid=6, seed=1, noise=0.5)
    J, _ = blocks_of(SmoothPrior(*state(model)), model)
    for numbers in model.split(np.arange(model.parameters.size)):
        assert not J[:, numbers[:, -1].ravel()].any() and J[:, numbers[:, :-1].ravel()].any(axis=0).all()
    found = [D for _, D in curves(sparse())][:2]
    np.testing.assert_array_equal(found[0], differences(sparse().layers[0].sheet[0, 1].knots[0], 2))
    assert [D.shape for D in found] == [(5, 11), (1, 9)]


def test_it_weighs_no_more_than_one_sample(model):
    """As much where curves are perfectly smooth, and less elsewhere; nothing where no sample is at all."""
    model, n, loss, diagonal = state(model)
    for parameters in (
        model.parameters.copy(),
        np.zeros(model.parameters.size),
        np.ones(model.parameters.size),
    ):
        model.parameters = parameters
        for factor in (1.0, 1e12, 1e-12):
            prior = SmoothPrior(model, n, factor * loss, diagonal)
            for places, _, weights in prior.curves:
                one_sample = diagonal[places].sum(axis=1) / n
                assert (weights >= 0).all() and (weights <= one_sample * (1 + 1e-12)).all()
                if not parameters.any():
                    np.testing.assert_allclose(weights, one_sample, rtol=1e-9)
    for nothing in (SmoothPrior(model, n, loss, 0 * diagonal), SmoothPrior(model, n, 0.0, 0 * diagonal)):
        assert not any(weights.any() for _, _, weights in nothing.curves)


def test_it_fades_with_the_loss(model):
    """Once samples are less off than curves are rough, in proportion to the loss."""
    model, n, loss, diagonal = state(model)
    values = [
        SmoothPrior(model, n, loss * share, diagonal).value(model) for share in (1, 1e-3, 1e-9, 1e-12, 0)
    ]
    assert values[0] > values[1] > values[2] > values[3] > 0 == values[4]
    assert values[2] / values[3] == pytest.approx(1e3, rel=1e-3)


@pytest.mark.parametrize("make", NONE.values(), ids=NONE)
def test_some_have_none(make):
    model = make()
    prior = SmoothPrior(*state(model))
    assert prior.value(model) == 0
    assert not blocks_of(prior, model)[1].size


@pytest.mark.parametrize("scale", [2.0**-26, 2.0**40])
def test_it_has_no_units(scale):
    """Outputs in other units: the same weights, and a value in the units of the loss."""
    model = KAN([2, 1], grid=6, seed=1, noise=0.5)
    _, n, loss, diagonal = state(model)
    here = SmoothPrior(model, n, loss, diagonal)
    value = here.value(model)
    model.parameters *= scale
    there = SmoothPrior(model, n, scale**2 * loss, diagonal)
    assert there.value(model) == pytest.approx(scale**2 * value, rel=1e-12)
    for (_, _, one), (_, _, other) in zip(here.curves, there.curves, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# ------------------------------------------------------------------------------------ in training


def objective(model, prior=True, y=Y):
    made = as_objective(model, X, y, None, MeanSquaredError())
    made.prior = SmoothPrior if prior else None
    return made


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("acceleration", [False, True])
def test_both_ways_to_solve_take_the_same_step_with_it(name, acceleration):
    models = [MODELS[name]() for _ in range(3)]
    for model, orthogonal, prior in zip(models, (False, True, False), (True, True, False), strict=True):
        optimizer = LevenbergMarquardt(1e-3, acceleration, orthogonal)
        assert optimizer.step(objective(model, prior))
    steps = [model.parameters - MODELS[name]().parameters for model in models]
    np.testing.assert_allclose(steps[0], steps[1], atol=1e-8 * np.abs(steps[0]).max())
    assert np.abs(steps[0] - steps[2]).max() > 1e-6 * np.abs(steps[0]).max()  # it does make a difference


@pytest.fixture
def made(monkeypatch):
    """The losses at which fit has made priors."""
    losses = []

    class Watched(SmoothPrior):
        def __init__(self, *state):
            losses.append(state[2])
            super().__init__(*state)

    monkeypatch.setattr("minikan.training.SmoothPrior", Watched)
    return losses


def test_fit_uses_it_with_lm_once_the_valley_is_found(made):
    """From an error below 1% of the targets' variance on, in every step; before it would keep curves straight."""
    y, model = np.sin(3 * X[:, :1]) + X[:, 1:] ** 2, KAN([2, 1], grid=8)
    history = fit(model, X, y, steps=25, tol=0)
    expected = [loss for loss in history.loss[:-1] if loss < 0.01 * y.var()]
    assert 0 < len(expected) < 25
    np.testing.assert_allclose(made, expected, rtol=1e-12)
    twin = KAN([2, 1], grid=8)
    each = objective(twin, y=y)
    each.prior = lambda *state: SmoothPrior(*state) if state[2] < 0.01 * y.var() else None
    losses = run(LevenbergMarquardt(), each, 25)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    plain = run(LevenbergMarquardt(), objective(KAN([2, 1], grid=8), prior=False, y=y), 25)
    assert len(losses) != len(plain) or not np.allclose(losses, plain, rtol=1e-9)


@pytest.mark.parametrize(
    "arguments",
    [
        dict(penalty=Roughness(1e-6)),
        dict(sparsity=1e-6),
        dict(optimizer="adam"),
        dict(optimizer="lbfgs"),
        dict(loss="cross-entropy"),
    ],
    ids=str,
)
def test_fit_goes_without(arguments, made):
    """Beside a penalty of the user's, with other optimisers, and where a loss is no squared error."""
    model = KAN([2, 1, 2])
    y = (X[:, 0] > 0).astype(int) if "loss" in arguments else np.hstack([Y, -Y])
    fit(model, X, y, steps=4, **arguments)
    assert made == []


def test_it_ends_where_samples_determine_all_there_is(made):
    """On targets that a network can reach: the prior does not hold it up, down to rounding."""
    target, model = KAN([1, 1], grid=8), KAN([1, 1], grid=8, seed=4)
    x = X[:, :1]
    fit(target, x, np.exp(np.sin(2 * x)), steps=10, optimizer="lbfgs")
    y = target(x)
    made.clear()
    history = fit(model, x, y, steps=100, tol=0)
    assert history.rmse.min() < 1e-12
    assert len(made) > 5 and min(made) > 1e-20 * y.var() > history.loss.min()


@pytest.mark.parametrize(("rate", "grid", "n"), [(10, 10, 50), (20, 20, 200)])
def test_it_does_not_keep_curves_straight_that_samples_bend(rate, grid, n):
    """One edge is a linear problem: its least-squares solution is known, and the prior should change it little."""
    x = np.random.default_rng(0).uniform(-1, 1, (n, 1))
    y = np.sin(rate * x)
    model = KAN([1, 1], grid=grid)
    features = model.layers[0].basis.features(x.T).matrix().T
    best = np.sqrt(np.mean((features @ np.linalg.lstsq(features, y, rcond=None)[0] - y) ** 2))
    assert fit(model, x, y, steps=60).rmse.min() < 2 * best


def test_a_single_cell_trains_without_a_word():
    """There are no differences of its coefficients, and no warnings about them."""
    x = np.linspace(-1, 1, 30)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit(KAN([1, 1], grid=1), x, x**2, steps=20).rmse.min() < 1e-9


def test_units_of_the_targets_do_not_matter():
    """A power of two changes not even rounding."""
    histories, models = [], [KAN([2, 1], grid=20, seed=1) for _ in range(2)]
    for model, scale in zip(models, (1.0, 2.0**-26), strict=True):
        model.parameters *= scale
        histories.append(fit(model, X, scale * Y, steps=8, tol=0))
    np.testing.assert_array_equal(models[0].parameters * 2.0**-26, models[1].parameters)
    np.testing.assert_array_equal(histories[0].rmse * 2.0**-26, histories[1].rmse)


def rmse(model, X, y):
    return np.sqrt(np.mean((model(X)[:, 0] - y) ** 2))


def valley(X):
    return np.cos(1.5 * X[:, 0] + np.exp(X[:, 1]) / 2)


def test_fine_grids_stay_accurate_between_their_samples():
    """cos(1.5x + exp(y)/2) on ever finer grids: on new samples as good as on old ones, and α ≈ k + 1."""
    rng, grids, errors, ratios = np.random.default_rng(0), (5, 10, 20, 50, 100), [], []
    X, X_test = rng.uniform(-1, 1, (2000, 2)), rng.uniform(-1, 1, (8000, 2))
    model = KAN([2, 1, 1], grid=5, seed=0)  # a start that ends in the good valley
    for grid in grids:
        model = refine(model, grid)
        fit(model, X, valley(X), steps=40 if grid == 5 else 20)
        errors.append(rmse(model, X_test, valley(X_test)))
        ratios.append(errors[-1] / rmse(model, X, valley(X)))
    assert max(ratios) <= 3, ratios
    assert -np.polyfit(np.log(grids), np.log(errors), 1)[0] >= 3.8, errors


def test_a_stretch_without_samples_is_bridged():
    """A fine spline with a hole in its data: the curve goes on, where least squares alone leaves it to chance."""
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (600, 1))
    x = x[np.abs(x[:, 0] - 0.3) > 0.06]
    inside, errors = np.linspace(0.24, 0.36, 50)[:, None], []
    for prior in (True, False):
        model = KAN([1, 1], grid=40, seed=0)
        each = as_objective(
            model, x, np.sin(3 * x) + 0.01 * rng.normal(size=x.shape), None, MeanSquaredError()
        )
        each.prior = SmoothPrior if prior else None
        run(LevenbergMarquardt(), each, 30)
        errors.append(rmse(model, inside, np.sin(3 * inside[:, 0])))
    assert errors[0] < 0.05 and errors[0] < 0.2 * errors[1]


def test_bases_without_differences_have_none():
    for family in (Chebyshev, Fourier, Gaussians):
        assert family([(-1, 1)] * 2, 6).differences() == []
    assert len(Splines.on([(-1, 1), (0, 5)], 9, 3, None).differences()) == 2
