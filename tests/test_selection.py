"""Smoothness, cells and optimiser follow from the samples."""

from itertools import pairwise

import numpy as np
import pytest

from minikan import KAN, LBFGS, KANClassifier, KANRegressor, LevenbergMarquardt, Roughness, fit, selection
from minikan.losses import LOSSES
from minikan.objective import as_objective

FUNCTIONS = {
    "exp(sin πx + y²)": lambda x: np.exp(np.sin(np.pi * x[0]) + x[1] ** 2),
    "arctan(x + 2y)": lambda x: np.arctan(x[0] + 2 * x[1]),
    "xy": lambda x: x[0] * x[1],
}


def table(target, n, seed, noise=0.0):
    """Samples of a function of two inputs, with noise as a part of its spread, and more without noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n + 2000, 2))
    y = target(X.T)
    measured = y[:n] + noise * y.std() * rng.normal(size=n)
    return X[:n], measured, X[n:], y[n:]


def error(model, X, y):
    return float(np.sqrt(np.mean((model.predict(X) - y) ** 2)) / y.std())


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_errors_fall_as_samples_without_noise_become_many(name, seed):
    errors = []
    for n in (100, 1000, 10_000, 50_000):
        X, y, *new = table(FUNCTIONS[name], n, seed)
        errors.append(error(KANRegressor(random_state=seed).fit(X, y), *new))
    for before, after in pairwise(errors):
        assert after < max(before, 1e-4)  # what is less hangs on the valley
    assert errors[0] < 0.05 and errors[1] < 5e-3 and errors[3] < 3e-4


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_followed(seed):
    """With more samples the curve comes closer, and always closer than the noise; finer grids are not taken."""
    errors = []
    for n in (100, 1000):
        X, y, *new = table(FUNCTIONS["arctan(x + 2y)"], n, seed, noise=0.3)
        model = KANRegressor(random_state=seed).fit(X, y)
        errors.append(error(model, *new))
        assert model.model_.layers[0].basis.grid == 5
    assert errors[1] < errors[0] < 0.2 and errors[1] < 0.08


def test_straight_lines_are_free():
    x = np.random.default_rng(0).lognormal(size=(5000, 1))
    assert KANRegressor(hidden=()).fit(x, x[:, 0]).score(x, x[:, 0]) > 1 - 1e-6
    X = np.random.default_rng(0).uniform(0, 3, (200, 2))
    assert KANRegressor(hidden=()).fit(X, 4 * X.sum(axis=1)).score(X, 4 * X.sum(axis=1)) > 1 - 1e-10


def test_large_networks_get_lbfgs():
    """A matrix of P² numbers is worth its cost while there are few parameters."""
    for n in (10, 1000, 100_000):
        kinds = [type(selection.by_size(P, n)) for P in (10, 100, 300, 3000, 10_000)]
        assert kinds[0] is LevenbergMarquardt and kinds[-1] is LBFGS
        assert sorted(kinds, key=lambda kind: kind is LBFGS) == kinds  # one change
    assert selection.by_size(800, 100_000).second_order and not selection.by_size(800, 100).second_order


def test_an_optimizer_can_be_chosen(monkeypatch):
    used = []
    monkeypatch.setattr(selection, "fit", lambda *a, **b: used.append(b["optimizer"]) or fit(*a, **b))
    X, y, *new = table(FUNCTIONS["arctan(x + 2y)"], 200, 0)
    assert error(KANRegressor(optimizer="lbfgs").fit(X, y), *new) < 0.05
    assert {type(each) for each in used} == {LBFGS}
    mine = LevenbergMarquardt(0.1)
    KANRegressor(optimizer=mine, steps=2).fit(X, y)
    assert (
        used[-1].damping == 0.1 and used[-1] is not mine and mine.mu is None
    )  # what was given is not changed
    with pytest.raises(ValueError, match="optimizer must be lm, lbfgs"):
        KANRegressor(optimizer="newton").fit(X, y)


def test_many_inputs_and_two_outputs():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (1500, 40))
    y = np.column_stack([np.sin(3 * X[:, 0]) + X[:, 1:20].sum(1) / 4, X[:, 20] ** 2 + X[:, 21:].sum(1) / 4])
    model = KANRegressor(steps=20).fit(X[:1000], y[:1000])
    assert model.model_.parameters.size > selection.AT_ONCE  # each curve alone
    assert model.score(X[1000:], y[1000:]) > 0.97


@pytest.mark.parametrize("at_once", [10**6, 0], ids=["whole", "curves"])
@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_evidence_finds_noise_and_roughness(at_once, noise, monkeypatch):
    """For weights drawn from the penalty's own distribution, λ is found within a factor of three."""
    monkeypatch.setattr(selection, "AT_ONCE", at_once)
    rng, X = np.random.default_rng(0), np.linspace(-1, 1, 600)[:, None]
    model = KAN([1, 1], grid=30)
    ((_, D),) = Roughness(1.0).curves(model)
    truth = KAN([1, 1], grid=30)
    truth.parameters = np.linalg.solve(D.T @ D, D.T @ rng.normal(size=len(D)))  # τ = 1
    y = truth(X) + noise * rng.normal(size=(600, 1))
    strength = 0.03
    for _ in range(8):
        penalty = Roughness(strength)
        fit(model, X, y, penalty=penalty, progress=False)
        objective = as_objective(model, X, y, None, LOSSES["mse"](), penalties=[penalty])
        strength, expected = selection.evidence(objective, 600)
    assert 1 / 3 < strength / (noise**2 / 600) < 3
    assert noise**2 < expected < 1.3 * noise**2


@pytest.mark.parametrize("estimator", [KANRegressor(), KANRegressor(roughness=0.1), KANClassifier()])
def test_interrupts_are_raised(estimator, monkeypatch):
    """`fit` returns when it is interrupted; an estimator must not look as if it were trained."""
    X, y, *_ = table(FUNCTIONS["xy"], 50, 0)
    y = y if isinstance(estimator, KANRegressor) else y > 0
    calls = []

    def interrupted(self, objective):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return move(self, objective)

    move = LevenbergMarquardt.move
    monkeypatch.setattr(LevenbergMarquardt, "move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, y)
    assert len(calls) == 8 and not hasattr(estimator, "model_")


@pytest.mark.parametrize("waves", [10, 20])
@pytest.mark.parametrize(("n", "noise", "hidden"), [(1500, 0.0, ()), (1500, 0.3, ()), (8000, 0.0, (3,))])
def test_fast_waves_are_no_noise(n, noise, hidden, waves):
    """Coarse grids see nothing of many waves; finer ones do, and real noise stays noise."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (n, 1))
    y = X[:, 0] * np.sin(2 * np.pi * waves * X[:, 0])
    model = KANRegressor(hidden=hidden).fit(X, y + noise * rng.normal(size=n))
    assert model.score(X, y) > (0.8 if noise else 0.99)
    if hidden:
        return
    model = KANRegressor(hidden=hidden).fit(X, rng.normal(size=n))
    assert np.std(model.predict(X)) < 0.1
