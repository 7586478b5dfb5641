"""Sparsity by its formulas and derivatives; attribution and pruning on networks whose truth is known."""

import warnings

import numpy as np
import pytest

from minikan import KAN, MLP, attribute, fit, prune
from minikan.losses import LOSSES
from minikan.network import BLOCK
from minikan.objective import as_objective
from minikan.optimizers import LevenbergMarquardt
from minikan.sparsity import Sparsity, entropy


def samples(n=1000, n_in=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, n_in))


def exp_sin(X):
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


# -------------------------------------------------------------------------------------------- penalty


@pytest.fixture
def objective():
    X = samples(BLOCK + 9, 3)
    weights = np.random.default_rng(1).uniform(0, 2, len(X))
    model = KAN([3, 2, 2], seed=1, noise=1)
    return as_objective(model, X, X[:, :2], weights, LOSSES["mse"](), penalty=Sparsity(0.1, 1.5))


def test_penalty_is_the_papers(objective):
    """λ Σ_layers (Σ|φ|₁ + μ S), by loops, with a smoothing that does not matter."""
    model, expected = objective.model, 0
    z = objective.X.T
    for layer in model.layers:
        curves = layer.edges(z)
        sizes = [np.sum(objective.weights * np.abs(curve)) for curve in curves.reshape(-1, z.shape[1])]
        shares = np.array(sizes) / sum(sizes)
        expected += 0.1 * (sum(sizes) + 1.5 * -np.sum(shares * np.log(shares)))
        z = curves.sum(axis=1)
    penalty = Sparsity(0.1, 1.5, smoothing=1e-9)
    sizes = penalty.sizes(model, objective.X, objective.weights)
    assert penalty.value(sizes) == pytest.approx(expected, rel=1e-9)
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
    objective.penalty = Sparsity(0.1, entropy=0)
    loss, gradient, matrix = objective.curvature()
    rng = np.random.default_rng(2)
    for scale in (0.1, 1, 10):
        step = np.zeros_like(start)
        step[last] = scale * rng.normal(size=last.size)
        objective.parameters = start + step
        assert objective.loss() <= loss + gradient @ step + step @ matrix @ step / 2 + 1e-12
        objective.parameters = start


def test_entropy():
    assert entropy(np.ones((2, 4))) == pytest.approx(np.log(8))
    assert entropy(np.array([[1.0, 1e-12]])) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam", "gd"])
def test_every_optimizer_takes_it(optimizer):
    X, model = samples(300), KAN([2, 3, 1], seed=2)
    history = fit(model, X, exp_sin(X), steps=30, sparsity=1e-2, optimizer=optimizer)
    total = history.loss + history.penalty
    assert total.min() < 0.9 * total[0] and (history.penalty > 0).all()
    assert model.loss_and_gradient(X, exp_sin(X))[0] == pytest.approx(history.loss[total.argmin()], rel=1e-9)


def test_history_without_it():
    X = samples(50)
    history = fit(KAN([2, 1]), X, exp_sin(X), steps=2)
    np.testing.assert_array_equal(history.penalty, 0)


def test_fit_refuses():
    X = samples(10)
    with pytest.raises(ValueError, match="sparsity needs a KAN, got a MLP"):
        fit(MLP([2, 1]), X, exp_sin(X), sparsity=1e-3)
    with pytest.raises(ValueError, match="sparsity must be at least 0"):
        fit(KAN([2, 1]), X, exp_sin(X), sparsity=-1)
    with pytest.raises(ValueError, match="not orthogonal"):
        fit(KAN([2, 1]), X, exp_sin(X), sparsity=1, optimizer=LevenbergMarquardt(orthogonal=True))


# -------------------------------------------------------------------------------------------- pruning


def shapes(function, widths, steps, sparsity):
    for seed in range(20):
        X = samples(n_in=widths[0], seed=seed)
        model = KAN(widths, grid=5, seed=seed)
        fit(model, X, function(X), steps=steps, sparsity=sparsity)
        smaller = prune(model, X, verbose=False)
        yield smaller.widths, {i for i, _ in getattr(smaller.layers[0], "sheet", [(0, 0), (1, 0)])}


@pytest.mark.parametrize(
    ("function", "start", "end"),
    [(exp_sin, [2, 5, 1], [2, 1, 1]), (lambda X: X[:, 0] * X[:, 1], [2, 5, 1], [2, 2, 1])],
)
def test_sparse_training_finds_the_shape(function, start, end):
    found = [widths for widths, _ in shapes(function, start, 40, 1e-3)]
    assert found.count(end) >= 19, found


def test_inputs_that_do_not_matter_are_lost():
    inputs = [used for _, used in shapes(exp_sin, [4, 5, 1], 30, 1e-2)]
    assert inputs.count({0, 1}) >= 19, inputs


def planted():
    """A [3, 3, 1] whose node 1 is fed by input 0 and heard, node 0 is fed and not heard, node 2 is constant."""
    model = KAN([3, 3, 1], seed=0)
    below, above = model.layers
    below.weights[:] = 0
    above.weights[:] = 0
    line = np.linspace(-1, 1, below.coef.shape[1])
    below.coef[0, :, 1] = line
    below.coef[1, :, 0] = line
    below.coef[2, :, 2] = 0.5  # constant
    above.coef[1, :, 0] = line**2
    above.coef[2, :, 0] = 0.3
    return model


@pytest.mark.parametrize("rule", ["backward", "magnitude"])
def test_prune_keeps_what_is_planted(rule, capsys):
    X, model = samples(500, 3), planted()
    before = model.parameters.copy()
    smaller = prune(model, X, rule=rule, threshold=1e-6)
    np.testing.assert_allclose(smaller(X), model(X), atol=1e-12)  # the constant is passed on
    assert smaller.widths == ([3, 1, 1] if rule == "backward" else [3, 2, 1])
    said = "prune: [3, 3, 1] with 12 edges → [3, 1, 1] with 2; no longer used: x_2, x_3\n"
    assert rule == "magnitude" or capsys.readouterr().out == said
    np.testing.assert_array_equal(model.parameters, before)
    with pytest.raises(ValueError, match="X must have 3 columns, got 1"):
        smaller(X[:, :1])


def test_attribution_by_both_rules():
    X, model = samples(2000, 3), planted()
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
    X = samples()
    assert attribute(model, X, "magnitude").edges[0].argmax() == 0
    assert attribute(model, X).edges[0].argmax() == 1


def test_the_last_path_is_never_cut_silently():
    X, model = samples(300), KAN([2, 3, 2], seed=3)
    with pytest.warns(RuntimeWarning, match="would have lost its last path") as caught:
        smaller = prune(model, X, threshold=1e9, verbose=False)
    assert len(caught) == 2
    assert smaller.widths[0] == 2 and smaller.widths[-1] == 2
    assert np.ptp(smaller(X), axis=0).min() > 0


def test_a_constant_target():
    X = samples(100)
    model = KAN([2, 2, 1], seed=1)
    fit(model, X, np.full(100, 3.0), steps=20, sparsity=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smaller = prune(model, X, verbose=False)
    np.testing.assert_allclose(smaller(X), model(X), atol=0.1)


def test_pruning_twice_is_pruning_once():
    X, model = samples(500, 3), planted()
    once = prune(model, X, verbose=False)
    twice = prune(once, X, verbose=False)
    assert repr(once) == repr(twice)
    np.testing.assert_allclose(once(X), twice(X), atol=1e-13)


def test_prune_refuses():
    model = KAN([2, 1])
    with pytest.raises(ValueError, match="rule must be one of backward, magnitude, got 'forward'"):
        prune(model, samples(), rule="forward")
    with pytest.raises(ValueError, match="threshold must be at least 0, got -1"):
        prune(model, samples(), threshold=-1)
    with pytest.raises(ValueError, match="X must have 2 columns"):
        attribute(model, [[1.0]])
