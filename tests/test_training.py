"""fit: on real targets, with every option, under attack; what it keeps, what it refuses."""

import _thread
import os
import subprocess
import sys
import warnings

import nbformat
import numpy as np
import pytest
from models import classes, data
from nbclient import NotebookClient

from minikan import (
    KAN,
    LBFGS,
    MLP,
    Adam,
    GradientDescent,
    LevenbergMarquardt,
    Roughness,
    Splines,
    fit,
    refine,
)
from minikan.grids import covered
from minikan.optimizers import Optimizer
from minikan.training import OPTIMIZERS


@pytest.mark.parametrize("seed", range(5))
def test_the_readme_network_learns(seed):
    X, y = data(seed=seed)
    model = KAN([2, 5, 1], grid=5, seed=seed)
    fit(model, X, y, steps=50)
    model = refine(model, 10)
    history = fit(model, X, y, steps=50)
    X_test, y_test = data(seed=100 + seed)
    assert np.sqrt(np.mean((model(X_test) - y_test) ** 2)) < 1e-4
    assert history.loss.min() == pytest.approx(model.loss_and_gradient(X, y)[0], rel=1e-9)
    rises = np.diff(history.loss) / history.loss[:-1]
    rises[history.grid_changes] = 0  # a move of the grids costs a little of what was learned
    assert rises.max() < 0.2  # and so may what fit adds for smoothness; the sum of both never rises


@pytest.mark.parametrize("model", [MLP([2, 5, 1]), KAN([2, 1])], ids=repr)
def test_the_loss_never_rises_where_nothing_moves(model):
    """With LM and a penalty, or nothing that could be penalised, every step goes down, and the last is the best."""
    X, y = data(300)
    history = fit(model, X, y, steps=30, tol=0, penalty=Roughness(1e-3) if isinstance(model, KAN) else ())
    assert (np.diff(history.loss) <= 0).all() and history.grid_changes.size == 0
    assert history.error[-1] == pytest.approx(model.loss_and_gradient(X, y)[0], rel=1e-9)


def test_adam_learns_too():
    X, y = data()
    history = fit(KAN([2, 5, 1]), X, y, steps=300, optimizer="adam")
    assert history.rmse[-1] < 0.1 * history.rmse[0]


def test_two_outputs():
    X, y = data()
    history = fit(KAN([2, 5, 2], seed=2), X, np.hstack([y, X[:, :1] * X[:, 1:]]), steps=30)
    assert history.rmse[-1] < 1e-2


def test_the_best_parameters_on_validation_are_kept():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (60, 1))
    y = np.sin(3 * X) + rng.normal(0, 0.3, X.shape)
    Xv = rng.uniform(-1, 1, (200, 1))
    yv = np.sin(3 * Xv)
    model = KAN([1, 3, 1], grid=20, seed=3)
    history = fit(model, X, y, steps=60, validation=(Xv, yv))
    kept = np.sqrt(model.loss_and_gradient(Xv, yv)[0])
    assert kept == pytest.approx(history.validation_rmse.min(), rel=1e-12)
    assert kept < history.validation_rmse[-1]  # it did over-fit


def test_fit_is_deterministic_and_in_place():
    X, y = data(200)
    models = [KAN([2, 2, 1], seed=4) for _ in range(2)]
    vector = models[0].parameters
    for model in models:
        fit(model, X, y, steps=5)
    assert models[0].parameters is vector
    np.testing.assert_array_equal(models[0].parameters, models[1].parameters)


@pytest.mark.parametrize("n", [1, 5])
def test_fewer_samples_than_parameters(n):
    X, y = data(n)
    assert fit(KAN([2, 5, 1]), X, y, steps=20).rmse[-1] < 1e-6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(X=[[0, 1, 2]]), "X must have 2 columns, got 3"),
        (dict(y=[1.0]), "X and y must have the same length, got 3 and 1"),
        (dict(steps=0), "steps must be at least 1, got 0"),
        (dict(steps=2.5), "steps must be a whole number, got 2.5"),
        (dict(optimizer="sgd"), "optimizer must be lm, lbfgs, adam, gd or an Optimizer, got 'sgd'"),
        (dict(optimizer=3), "or an Optimizer, got 3"),
        (dict(loss="hinge"), "loss must be one of mse, cross-entropy, got 'hinge'"),
        (dict(batch_size=2), "batch_size needs adam or gd; LevenbergMarquardt looks at all samples"),
        (dict(batch_size=0, optimizer="adam"), "batch_size must be at least 1, got 0"),
        (dict(sample_weight=[1, 2]), "sample_weight must hold 3 numbers"),
        (dict(sample_weight=[0, 0, 0]), "not all of them zero"),
        (dict(sample_weight=[1, -1, 1]), "none negative"),
        (dict(tol=-1), "tol must be at least 0, got -1"),
        (dict(patience=0), "patience must be at least 1, got 0"),
        (dict(update_grid=-3), "update_grid must be at least 0, got -3"),
        (dict(validation=3), "validation must be a pair (X, y)"),
        (dict(validation=([[0.0]], [0.0])), "validation X must have 2 columns, got 1"),
        (dict(validation=([[0.0, 1.0]], [0.0, 1.0])), "validation y must have the same length"),
    ],
)
def test_fit_refuses_and_changes_nothing(arguments, words):
    model = KAN([2, 1])
    before = model.parameters.copy()
    with pytest.raises((ValueError, TypeError)) as error:
        fit(model, **{"X": np.zeros((3, 2)), "y": np.ones(3), **arguments})
    assert words in str(error.value)
    np.testing.assert_array_equal(model.parameters, before)


def test_update_grid_needs_grids():
    with pytest.raises(TypeError, match="update_grid needs a KAN, whose edges are curves, got MLP"):
        fit(MLP([2, 1]), np.zeros((3, 2)), np.ones(3), update_grid=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_every_seed_finds_the_way(seed):
    """exp(sin πx + y²), [2, 1, 1]: no start ends in a bad minimum, and the whole series obeys the law."""
    X, y = data(3000)
    X_test, y_test = data(3000, seed=99)
    model, errors = KAN([2, 1, 1], grid=5, seed=seed), []
    for grid, steps in ((5, 40), (10, 20), (20, 20)):
        model = refine(model, grid)
        fit(model, X, y, steps=steps, update_grid=True)
        errors.append(np.sqrt(np.mean((model(X_test) - y_test) ** 2)))
    assert (np.array(errors) <= [6.77e-3, 3.35e-4, 1.86e-5]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_makes_it_worse(optimizer):
    X, y = data(200)
    model = KAN([2, 3, 1], seed=3)
    before = model.loss_and_gradient(X, y)[0]
    history = fit(model, X, y, steps=20, optimizer=optimizer)
    after = model.loss_and_gradient(X, y)[0]
    assert after < 0.9 * before
    assert after == pytest.approx(history.loss.min(), rel=1e-12)


def test_grids_follow():
    """Hidden values ten times larger than their grids: with grids that follow the fit is far better."""
    X, y = data()
    errors = []
    for follow in (False, True):
        model = KAN([2, 1, 1], grid=10, seed=0)
        model.layers[0].weights *= 10
        history = fit(model, X, y, steps=60, update_grid=follow)
        errors.append(history.rmse.min())
    assert errors[1] < 0.5 * errors[0]
    assert history.grid_changes.tolist() == [0, 5, 10, 15, 20, 25]
    assert not np.array_equal(model.layers[1].knots, KAN([2, 1, 1], grid=10).layers[1].knots)
    assert history.rmse.min() == pytest.approx(np.sqrt(model.loss_and_gradient(X, y)[0]), rel=1e-9)


def test_hidden_grids_follow_once_the_valley_is_found():
    """With Levenberg–Marquardt, every five steps, from an error below 1% of the variance on, where they must."""
    X, y = data(500)
    model = KAN([2, 2, 1], seed=1)
    inputs, hidden = (layer.knots.copy() for layer in model.layers)
    history = fit(model, X, y, steps=40, tol=0)
    settled = history.error[:-1] < 0.01 * y.var()
    steps = np.arange(40)
    assert history.grid_changes.size > 1 and not settled[0]
    assert set(history.grid_changes) <= set(steps[settled & (steps % 5 == 0)])
    np.testing.assert_array_equal(model.layers[0].knots, inputs)  # these belong to the user
    moved = model.layers[1]
    assert not np.array_equal(moved.knots, hidden)
    np.testing.assert_allclose(np.diff(moved.points), np.ptp(moved.points, axis=1)[:, None] / 5 * np.ones(5))


def test_hidden_grids_that_fit_stay():
    X, y = data(500)
    model = KAN([2, 2, 1], seed=1)
    fit(model, X, y, steps=60)
    knots = model.layers[1].knots
    assert fit(covered(model, X) or model, X, y, steps=1).grid_changes.size == 0
    assert model.layers[1].knots is knots


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (MLP([2, 5, 1]), {}),
        (KAN([2, 1]), {}),
        (KAN([2, 2, 1], seed=1), dict(optimizer="adam")),
        (KAN([2, 2, 1], seed=1), dict(optimizer="lbfgs")),
        (KAN([2, 2, 2], seed=1), dict(loss="cross-entropy")),
        (KAN([2, 2, 1], seed=1), dict(update_grid=100)),  # the user has said when
    ],
    ids=lambda value: str(value).split("\n")[0],
)
def test_hidden_grids_stay_elsewhere(model, arguments):
    X, y = data(300)
    if "loss" in arguments:
        y = (X[:, 0] > 0).astype(int)
    elif isinstance(model, KAN) and len(model.layers) > 1:
        fit(model, X, y, steps=20, penalty=Roughness(1e-9))
        model.layers[-1].bases = (Splines.on([(-9, 9)] * 2, 5, 3, "silu"),)  # far too wide
        y = model(X)
        model.parameters += 1e-5
    history = fit(model, X, y, steps=11, tol=0, **arguments)
    assert history.grid_changes.tolist() == ([0] if "update_grid" in arguments else [])


def test_optimisers_are_told_that_grids_moved():
    fresh = []

    class Told(Adam):
        def move(self, objective):
            fresh.append(self.steps == 0)
            return super().move(objective)

    X, y = data(50)
    history = fit(KAN([2, 1, 1]), X, y, steps=12, optimizer=Told(), update_grid=3)
    assert history.grid_changes.tolist() == [0, 3]
    assert np.flatnonzero(fresh).tolist() == [0, 3] and len(fresh) == 12


def test_the_damping_outlives_a_move_of_the_grids():
    """The function is the same, and so is how far its linearisation can be trusted."""
    found = []

    class Watch(LevenbergMarquardt):
        def move(self, objective):
            found.append(self.mu)
            moved = super().move(objective)
            found.append(self.mu)
            return moved

    X, y = data(200)
    fit(KAN([2, 1, 1]), X, y, steps=12, optimizer=Watch(), update_grid=3)
    assert found[0] is None
    assert found[1:-1:2] == found[2::2]


@pytest.mark.parametrize("optimizer", [LevenbergMarquardt, LBFGS, Adam], ids=lambda o: o.__name__)
def test_an_optimiser_may_be_used_again(optimizer):
    """What it has learned on one problem does no harm on the next one."""
    X, y = data(100)
    used, models = optimizer(), [KAN([2, 2, 1], seed=0) for _ in range(2)]
    fit(KAN([2, 1, 1], seed=1), X, 1e3 * y, steps=7, optimizer=used)
    for model, each in zip(models, (used, optimizer()), strict=True):
        fit(model, X, y, steps=7, optimizer=each)
    np.testing.assert_array_equal(models[0].parameters, models[1].parameters)


def test_best_state_comes_back_with_its_grids():
    """Validation is best before the grids move: knots and parameters have to return together."""
    X, y = data(300)

    class Spoiler(Optimizer):
        def move(self, objective):
            objective.parameters[:] += 1.0
            return True

    model = KAN([2, 2, 1], seed=1)
    fit(model, X, y, steps=3)
    knots, parameters = model.layers[1].knots, model.parameters.copy()
    fit(model, X, y, steps=4, optimizer=Spoiler(), update_grid=1)
    np.testing.assert_array_equal(model.parameters, parameters)
    np.testing.assert_array_equal(model.layers[1].knots, knots)


def test_mini_batches():
    X, y = data(1000)
    looks = []

    class Watch(Adam):
        def move(self, objective):
            looks.append(objective.terms[0].X)
            return super().move(objective)

    model = KAN([2, 3, 1], seed=0)
    history = fit(model, X, y, steps=300, optimizer=Watch(3e-2), batch_size=128, seed=1)
    assert history.rmse.min() < 0.2 * history.rmse[0]
    assert history.step.tolist() == [*range(0, 297, 8), 300]  # a record for each pass
    one_pass = np.vstack(looks[:8])
    np.testing.assert_array_equal(one_pass[np.lexsort(one_pass.T)], X[np.lexsort(X.T)])  # each sample once
    assert not np.array_equal(looks[0], looks[8])
    again = KAN([2, 3, 1], seed=0)
    fit(again, X, y, steps=300, optimizer=Adam(3e-2), batch_size=128, seed=1)
    np.testing.assert_array_equal(again.parameters, model.parameters)


def test_classes_are_learned():
    X, y = classes()
    X_test, y_test = classes(1000, seed=1)
    model = KAN([2, 3, 3], seed=0)
    history = fit(model, X, y, steps=15, loss="cross-entropy")
    assert history.loss[0] > 0.7 and history.loss[-1] < 0.1
    assert (model(X_test).argmax(axis=1) == y_test).mean() > 0.95


def test_a_sample_without_weight_has_no_say():
    """Not in the loss, nor in grids that move, nor in the number of samples."""
    X, y = data(200)
    spoilt = y.copy()
    spoilt[:20] = 1e6
    weights = (np.arange(200) >= 20).astype(float)
    models = [KAN([2, 2, 1], seed=0) for _ in range(2)]
    far = X.copy()
    far[:20] *= 1e3
    histories = [
        fit(models[0], far, spoilt, steps=20, sample_weight=weights),
        fit(models[1], X[20:], y[20:], steps=20),
    ]
    assert histories[0].grid_changes.size
    np.testing.assert_array_equal(histories[0].grid_changes, histories[1].grid_changes)
    np.testing.assert_allclose(models[0].parameters, models[1].parameters, rtol=1e-6, atol=1e-8)


def test_mini_batches_hold_samples_with_weights_only():
    X, y = data(200)
    history = fit(
        KAN([2, 1]), X, y, steps=40, optimizer="adam", batch_size=5, sample_weight=np.arange(200) < 20
    )
    assert history.stopped == "" and history.step.tolist() == [*range(0, 41, 4)]


def test_divergence_is_refused_and_said():
    X, y = data(100)
    model = KAN([2, 2, 1], seed=0)
    before = model.loss_and_gradient(X, y)[0]
    with pytest.warns(RuntimeWarning, match="which is refused; try a smaller learning rate"):
        history = fit(model, X, y, steps=500, optimizer=GradientDescent(1e3))
    assert "refused" in history.stopped and "refused" in repr(history)
    assert np.isfinite(history.loss).all()
    assert model.loss_and_gradient(X, y)[0] <= before


def test_interrupt_leaves_the_best_and_returns_the_history(interruptible):
    X, y = data(2000)
    model = KAN([2, 5, 1], grid=20, seed=0)
    before = model.loss_and_gradient(X, y)[0]

    def interrupt(step, loss):
        if step == 30:
            _thread.interrupt_main()

    history = fit(model, X, y, steps=100_000, tol=0, optimizer="adam", callback=interrupt)
    assert history.stopped == "interrupted"
    assert history.step[-1] in (30, 31)
    after = model.loss_and_gradient(X, y)[0]
    assert after < before
    assert after == pytest.approx(history.loss.min(), rel=1e-9)


def test_callback_sees_every_step_and_may_stop():
    X, y = data(100)
    model, seen = KAN([2, 1], seed=0), []

    def callback(step, loss):
        seen.append((step, loss, model.loss_and_gradient(X, y)[0]))
        return step == 3

    history = fit(model, X, y, steps=10, optimizer="adam", callback=callback)
    assert [step for step, *_ in seen] == [0, 1, 2, 3]
    np.testing.assert_allclose([loss for _, loss, _ in seen], [loss for *_, loss in seen], rtol=1e-12)
    assert history.stopped == "stopped by the callback"
    seen.clear()
    fit(model, X, y, steps=2, optimizer="adam", callback=callback)
    assert [step for step, *_ in seen] == [0, 1, 2]


def test_the_callback_is_told_the_loss_with_its_penalties():
    X, y = data(100)
    seen = []
    history = fit(
        KAN([2, 1]), X, y, steps=3, penalty=Roughness(1.0), callback=lambda _, loss: seen.append(loss)
    )
    np.testing.assert_array_equal(seen, history.loss)


def test_patience():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (60, 1))
    y = np.sin(3 * X) + rng.normal(0, 0.3, X.shape)
    Xv = rng.uniform(-1, 1, (200, 1))
    model = KAN([1, 3, 1], grid=20, seed=3)
    history = fit(model, X, y, steps=200, validation=(Xv, np.sin(3 * Xv)), patience=5)
    assert history.stopped == "no better for 5 records"
    assert len(history.loss) - 1 - history.validation_rmse.argmin() == 5


@pytest.mark.parametrize(
    ("pause", "progress", "disable", "shown"),
    [(0.06, True, "", True), (0.03, True, "", False), (0.06, False, "", False), (0.06, True, "1", False)],
)
def test_a_progress_bar_when_it_takes_long(pause, progress, disable, shown):
    """Only on work of more than a second, only when wanted, and not where TQDM_DISABLE forbids it.

    The clock is made up: each step takes `pause` seconds.
    """
    code = (
        "import tqdm.std; from minikan import KAN, fit; now = [0.0]; tqdm.std.time = lambda: now[0]\n"
        f"def callback(step, loss): now[0] += {pause}\n"
        "fit(KAN([1, 1]), [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], steps=25, optimizer='adam', tol=0,"
        f" callback=callback, progress={progress})"
    )
    environment = {**os.environ, "TQDM_DISABLE": disable}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert ("RMSE" in run.stderr and "fit" in run.stderr) == shown
    assert shown or run.stderr == ""


@pytest.mark.parametrize(("disable", "shown"), [("", True), ("1", False)])
def test_the_progress_bar_of_a_notebook(disable, shown, monkeypatch):
    """A widget, which TQDM_DISABLE forbids too; compared outputs depend on that."""
    monkeypatch.setenv("TQDM_DISABLE", disable)
    code = (
        "import tqdm.std; from minikan.progress import progress_bar\n"
        "now = [0.0]; tqdm.std.time = lambda: now[0]\n"
        "with progress_bar(3, 'fit') as advance:\n"
        "    for _ in range(3): now[0] += 0.6; advance('RMSE 0.1')"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=600, startup_timeout=600).execute()
    outputs = notebook.cells[0].outputs
    assert any("fit" in str(output.get("data")) for output in outputs) == shown
    assert shown or outputs == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("y", [np.zeros(30), np.full(30, 1e12), np.r_[1e12, np.zeros(29)]], ids=str)
def test_awkward_targets_end_no_worse(optimizer, y):
    X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    X[10:20] = X[0]  # repeated rows
    model = KAN([2, 2, 1], seed=0)
    before = np.sqrt(model.loss_and_gradient(X, y)[0])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "step .* is refused")  # what gradient descent has to say to 1e12
        fit(model, X, y, steps=10, optimizer=optimizer)
    assert np.isfinite(model.parameters).all()
    assert np.sqrt(model.loss_and_gradient(X, y)[0]) <= before
