"""Penalties: sparsity and roughness by their formulas and derivatives; every optimiser takes them."""

import numpy as np
import pytest
from models import exp_sin, small, uniform

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Fourier,
    Gaussians,
    LevenbergMarquardt,
    Roughness,
    Sparsity,
    fit,
    prune,
)
from minikan.curves import RIDGE
from minikan.losses import LOSSES
from minikan.named import FunctionEdge
from minikan.network import BLOCK
from minikan.objective import Objective, as_objective
from minikan.penalties import entropy
from minikan.sparse import SparseLayer


@pytest.fixture(params=[1.0, 0.2, 7.0])
def objective(request):
    """Targets of several spreads."""
    X = uniform(BLOCK + 9, 3)
    weights = np.random.default_rng(1).uniform(0, 2, len(X))
    model = KAN([3, 2, 2], seed=1, noise=1)
    model.layers[-1].weights *= request.param
    y = X[:, :2] * [request.param / 2, request.param]
    return as_objective(model, X, y, weights, LOSSES["mse"](), penalties=[Sparsity(0.1, 1.5)])


def test_penalty_is_the_papers(objective):
    """λ σ² Σ_layers (Σ|φ|₁ + μ S), by loops, with a smoothing that does not matter."""
    model, (data, _), expected = objective.model, objective.terms, 0
    means = np.average(data.y, axis=1, weights=data.weights)[:, None]
    square = np.average((data.y - means) ** 2, axis=1, weights=data.weights).mean()
    z = data.X.T
    for layer in model.layers:
        curves = layer.edges(z)
        unit = np.sqrt(square) if layer is model.layers[-1] else 1.0
        sizes = [np.sum(data.weights * np.abs(curve)) / unit for curve in curves.reshape(-1, z.shape[1])]
        shares = np.array(sizes) / sum(sizes)
        expected += 0.1 * square * (sum(sizes) + 1.5 * -np.sum(shares * np.log(shares)))
        z = curves.sum(axis=1)
    penalty = Sparsity(0.1, 1.5, smoothing=1e-9).on(data.X, data.weights, np.sqrt(square))
    assert penalty.value(model) == pytest.approx(expected, rel=1e-9)
    assert objective.loss() - objective.error() == pytest.approx(expected, rel=1e-4)


def test_gradient_agrees_with_differences(objective):
    loss, gradient = objective.loss_and_gradient()
    assert objective.loss() == pytest.approx(loss, rel=1e-12)
    start = objective.parameters.copy()
    for seed in range(3):
        direction, sides = np.random.default_rng(seed).normal(size=start.size), []
        for h in (1e-6, -1e-6):
            objective.parameters = start + h * direction
            sides.append(objective.loss())
        objective.parameters = start
        assert gradient @ direction == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-6)


def test_curvature_has_the_same_gradient_and_parabolas_above(objective):
    """In the last layer, where sizes depend on weights alone, the quadratic model lies above the penalty."""
    _, gradient = objective.loss_and_gradient()
    loss, same, matrix = objective.curvature()
    np.testing.assert_allclose(same, gradient, atol=1e-12)
    start, last = objective.parameters.copy(), objective.model.split(np.arange(gradient.size))[-1].ravel()
    assert np.linalg.eigvalsh(matrix).min() > -1e-12
    data, penalty = objective.terms
    objective.terms = (data, Sparsity(0.1, entropy=0).on(penalty.X, penalty.weights, penalty.unit))
    loss, gradient, matrix = objective.curvature()
    rng = np.random.default_rng(2)
    for scale in (0.1, 1, 10):
        step = np.zeros_like(start)
        step[last] = scale * rng.normal(size=last.size)
        objective.parameters = start + step
        assert objective.loss() <= loss + gradient @ step + step @ matrix @ step / 2 + 1e-12
        objective.parameters = start


def test_the_triangle_is_the_same(objective):
    """Also where the gradient is not the sum of the blocks'."""
    loss, gradient, matrix = objective.curvature()
    same_loss, R, q, extra = objective.triangle()
    assert same_loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(R.T @ R, matrix, atol=1e-11)
    np.testing.assert_allclose(R.T @ q + extra, gradient, atol=1e-12)
    _, exact = objective.terms[1].loss_and_gradient(objective.model)
    np.testing.assert_allclose(extra, exact, atol=1e-14)


def test_entropy():
    assert entropy(np.ones((2, 4))) == pytest.approx(np.log(8))
    assert entropy(np.array([[1.0, 1e-12]])) == pytest.approx(0, abs=1e-10)


OPTIMISERS = {name: name for name in ("lm", "lbfgs", "adam", "gd")}
OPTIMISERS["orthogonal"] = LevenbergMarquardt(orthogonal=True)


@pytest.mark.parametrize("optimizer", OPTIMISERS.values(), ids=OPTIMISERS)
@pytest.mark.parametrize(
    "penalty", [Sparsity(1e-2), Roughness(1e-2), [Sparsity(1e-2), Roughness(1e-2)]], ids=str
)
def test_every_optimizer_takes_them(optimizer, penalty):
    X, model = uniform(300), KAN([2, 3, 1], seed=2)
    history = fit(model, X, exp_sin(X), steps=30, penalty=penalty, optimizer=optimizer)
    assert history.loss.min() < 0.9 * history.loss[0]
    assert (history.loss > history.error).all()
    error = model.loss_and_gradient(X, exp_sin(X))[0]
    assert error == pytest.approx(history.error[history.loss.argmin()], rel=1e-9)


def test_sparsity_is_a_short_name_of_the_penalty():
    X, runs = uniform(100), []
    for options in (dict(sparsity=1e-2), dict(sparsity=Sparsity(1e-2)), dict(penalty=Sparsity(1e-2))):
        model = KAN([2, 2, 1], seed=2)
        fit(model, X, exp_sin(X), steps=5, **options)
        runs.append(model.parameters)
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_without_a_penalty_loss_and_error_are_one():
    X = uniform(50)
    history = fit(KAN([2, 1]), X, exp_sin(X), steps=2)
    np.testing.assert_array_equal(history.loss, history.error)


def test_a_part_of_it_sees_a_part_of_the_samples(objective):
    """Weighted by the samples' shares, the sizes on all parts add up to those on all samples."""
    _, penalty = objective.terms
    halves = [np.arange(0, 1000), np.arange(1000, len(penalty.X))]
    shares = [penalty.weights[half].sum() for half in halves]
    parts = [penalty.part(half).sizes(objective.model) for half in halves]
    for whole, *some in zip(penalty.sizes(objective.model), *parts, strict=True):
        np.testing.assert_allclose(
            whole, sum(s * size for s, size in zip(shares, some, strict=True)), rtol=1e-10
        )


# --------------------------------------------------------------------------------- the unit of the targets


def sparse_run(unit, seed, function=exp_sin, shift=0.0, n=300, **options):
    """Train on targets in some unit; edges that are left; history and outputs in units of one."""
    X, model = uniform(n, seed=seed), KAN([2, 4, 1], grid=5, seed=seed)
    options = {"sparsity": 1e-3, "steps": 30, **options}
    history = fit(model, X, unit * (function(X) + shift), progress=False, **options)
    smaller = prune(model, X, verbose=False)
    edges = [layer.edge_list for layer in smaller.layers]
    return edges, history.loss / unit**2, history.rmse / unit, model(X) / unit


@pytest.mark.parametrize("unit", [1e-8, 1e8, 1e-100, 7.0])
@pytest.mark.parametrize(
    "options",
    [{}, dict(update_grid=True), dict(starts=2, steps=10), dict(sparsity=Sparsity(1e-2, 1.0)), dict(optimizer="adam"),
     dict(optimizer="lbfgs"), dict(shift=-40.0)],
    ids=str,
)  # fmt: skip
def test_the_unit_of_the_targets_does_not_matter(unit, options):
    for seed in range(2):
        edges, loss, rmse, outputs = sparse_run(1.0, seed, **options)
        its_edges, its_loss, its_rmse, its_outputs = sparse_run(unit, seed, **options)
        assert its_edges == edges and len(loss) == len(its_loss)
        np.testing.assert_allclose(its_loss, loss, rtol=1e-5)
        np.testing.assert_allclose(its_rmse[:10], rmse[:10], rtol=1e-6)
        np.testing.assert_allclose(its_outputs, outputs, atol=1e-3 * outputs.std())


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_a_trained_model_is_trained_on(unit):
    """It begins where it was, whatever its unit, and the history is in the unit of the targets."""
    X, model = uniform(300), KAN([2, 4, 1], seed=1)
    y = unit * exp_sin(X)
    told = []
    fit(
        model,
        X,
        y,
        sparsity=1e-3,
        steps=20,
        callback=lambda *row: told.append((*row, model.loss_and_gradient(X, y)[0])),
    )
    history = fit(model, X, y, sparsity=1e-3, steps=3, validation=(X, y))
    np.testing.assert_allclose(history.validation_rmse, history.rmse, rtol=1e-9)
    assert history.error[0] == pytest.approx(min(told, key=lambda row: row[1])[2], rel=1e-6)
    assert [row[1] > row[2] for row in told] == [True] * len(told)
    error = model.loss_and_gradient(X, y)[0]
    assert error == pytest.approx(history.error[history.validation_rmse.argmin()], rel=1e-6)
    for sparsity in (0.0, 1e-9):
        before = model(X)
        assert fit(model, X, y, sparsity=sparsity, steps=3).error[0] == pytest.approx(
            np.mean((before[:, 0] - y) ** 2), rel=1e-6
        )


@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_outputs_of_different_spreads_share_one_unit(unit):
    """Also with products in the middle; where the outputs themselves are products, there is none."""
    X = uniform(300)
    targets = np.column_stack([exp_sin(X), 0.1 * X[:, 0]])
    for make in (lambda: KAN([2, 4, 2], seed=1), lambda: KAN([2, [2, 2], 2], seed=1)):
        one, other = make(), make()
        runs = [
            fit(one, X, targets, sparsity=1e-3, steps=15),
            fit(other, X, unit * targets, sparsity=1e-3, steps=15),
        ]
        np.testing.assert_allclose(runs[1].loss / unit**2, runs[0].loss, rtol=1e-5)
    product = KAN([2, [0, 1]], seed=1)
    first = product.loss_and_gradient(X, unit * X[:, 0])[0]
    assert fit(product, X, unit * X[:, 0], sparsity=1e-3, steps=3).error[0] == pytest.approx(first)


def test_held_weights_stay_to_the_last_bit():
    X, lower = uniform(200), [layer.copy() for layer in small().layers]
    for held in np.random.default_rng(0).normal(size=(10, 3)).tolist():
        edge = FunctionEdge("x", [1, *held], held="bcd")
        model = KAN.from_layers([*lower, SparseLayer(1, 1, {(0, 0): edge})])
        fit(model, X, 3e-5 * exp_sin(X), sparsity=1e-3, steps=2)
        np.testing.assert_array_equal(model.parameters[-3:], held)


def test_an_interrupt_leaves_the_best_in_the_unit_of_the_targets():
    X, seen = uniform(200), []
    y, model = 1e6 * exp_sin(X), KAN([2, 3, 1], seed=1)

    def stop(step, loss):
        seen.append((loss, model.loss_and_gradient(X, y)[0]))
        if step == 6:
            raise KeyboardInterrupt

    history = fit(model, X, y, sparsity=1e-3, steps=20, callback=stop)
    assert history.stopped == "interrupted" and len(seen) == 7
    assert model.loss_and_gradient(X, y)[0] == pytest.approx(min(seen)[1], rel=1e-9)


# ------------------------------------------------------------------------------------------ roughness

CURVES = {
    "cubic": lambda: KAN([2, 3, 1], grid=4, order=3),
    "staircase": lambda: KAN([1, 1], grid=1, order=0),
    "straight": lambda: KAN([1, 2], grid=1, order=1),
    "no silu": lambda: KAN([2, 1], base=None),
    "Gaussians": lambda: KAN([2, 2, 1], basis=Gaussians),
    "Chebyshev": lambda: KAN([2, 2, 1], basis=Chebyshev, domain=(0, 3)),
    "Fourier": lambda: KAN([2, 2, 1], basis=Fourier),
    "pruned": lambda: prune(KAN([2, 3, 1], seed=3), uniform(), threshold=0.2, verbose=False),
    "symbolic": small,
}


@pytest.mark.parametrize("make", CURVES.values(), ids=CURVES)
def test_roughness_is_differentiated_exactly(make):
    """It is a quadratic form: differences over any distance are exact, and the blocks say all of it."""
    rng, model, penalty = np.random.default_rng(0), make(), Roughness(0.3)
    objective = Objective(model, [penalty])
    value, gradient, matrix = objective.curvature()
    assert value == pytest.approx(penalty.value(model), rel=1e-12)
    same, slope = penalty.loss_and_gradient(model)
    assert same == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(slope, gradient, atol=1e-12 * (1 + np.abs(gradient).max()))
    direction, start, changes = rng.normal(size=gradient.size), model.parameters.copy(), []
    for sign in (1, -1):
        model.parameters = start + sign * direction
        changes.append(penalty.value(model) - value)
    model.parameters = start
    scale = 1e-9 * (1 + value)
    assert (changes[0] - changes[1]) / 2 == pytest.approx(gradient @ direction, abs=scale)
    assert sum(changes) == pytest.approx(direction @ matrix @ direction, abs=scale)


def test_roughness_of_splines_written_out():
    """Second differences of the coefficients, the square of silu's weight, and a little of every coefficient."""
    model, expected = KAN([2, 3, 1], seed=1, noise=1), 0.0
    for layer in model.layers:
        second = layer.coef[:, 2:] - 2 * layer.coef[:, 1:-1] + layer.coef[:, :-2]
        expected += (second**2).sum() + (layer.base_weight**2).sum() + RIDGE * (layer.coef**2).sum()
    assert Roughness(0.3).value(model) == pytest.approx(0.3 * expected, rel=1e-12)


def test_names_are_never_rough():
    model = small()
    value, gradient = Roughness(1.0).loss_and_gradient(model)
    assert value == 0 and not gradient.any()


# -------------------------------------------------------------------------------------------- refusals


def test_fit_refuses():
    X = uniform(10)
    y = exp_sin(X)
    for options, verb in ((dict(sparsity=1e-3), "sparsity"), (dict(penalty=Roughness(1e-3)), "roughness")):
        model = MLP([2, 1])
        before = model.parameters.copy()
        with pytest.raises(TypeError, match=f"{verb} needs a KAN, whose edges are curves, got MLP"):
            fit(model, X, y, **options)
        np.testing.assert_array_equal(model.parameters, before)
    with pytest.raises(ValueError, match="sparsity must be at least 0"):
        fit(KAN([2, 1]), X, y, sparsity=-1)
    for penalty in (3.0, [Roughness(1.0), "rough"]):
        with pytest.raises(
            TypeError, match="penalty must be a Term, such as Roughness, or several of them, got"
        ):
            fit(KAN([2, 1]), X, y, penalty=penalty)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Sparsity(-1), "sparsity must be at least 0, got -1"),
        (lambda: Sparsity(1, entropy=-2), "entropy must be at least 0, got -2"),
        (lambda: Sparsity(1, smoothing=0), "smoothing must be at least 1e-12, got 0"),
        (lambda: Roughness(-1), "roughness must be at least 0, got -1"),
        (lambda: Roughness("much"), "roughness must hold real numbers"),
    ],
)
def test_penalties_refuse(make, words):
    with pytest.raises((ValueError, TypeError)) as error:
        make()
    assert words in str(error.value)


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_roughness_at_no_price_takes_no_work(strength):
    model, penalty = KAN([3, 2, 2], seed=1, noise=1), Roughness(strength)
    loss, gradient = penalty.loss_and_gradient(model)
    assert (loss > 0) == gradient.any() == (len(list(penalty.blocks(model))) > 0) == (strength > 0)


@pytest.mark.parametrize("y", [[1e200, 1e200], [1e200, -1e200], [1e200, 1.0]])
@pytest.mark.parametrize("penalty", [Roughness(0.1), Sparsity(0.1)])
def test_targets_that_are_too_large_are_told_with_penalties_too(y, penalty):
    with pytest.raises(ValueError, match="too large for float64"):
        fit(KAN([1, 1]), [[0.1], [0.5]], y, penalty=penalty, steps=1, progress=False)
