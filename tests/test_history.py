"""History tells what happened in a training, and Log keeps the best of it."""

from types import SimpleNamespace

import numpy as np
import pytest
from models import data

import minikan.history
from minikan import KAN, Roughness, fit
from minikan.plotting import plot_history


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that is a second later whenever it is looked at."""
    seconds = iter(range(1000))
    monkeypatch.setattr(minikan.history, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))


def test_history_tells_what_happened():
    X, y = data()
    history = fit(KAN([2, 1, 1]), X, y, steps=4)
    assert history.loss.shape == (5,)
    np.testing.assert_array_equal(history.time, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(history.rmse**2, history.loss, rtol=1e-14)
    assert history.validation_rmse is None and history.stopped == ""
    assert history.step.tolist() == [0, 1, 2, 3, 4] and history.grid_changes.size == 0
    assert (np.diff(history.evaluations) >= 1).all()
    assert repr(history).startswith("History(4 steps: RMSE ")


def test_loss_has_the_penalties_and_error_has_not():
    X, y = data(100)
    model = KAN([2, 2, 1])
    history = fit(model, X, y, steps=5, penalty=Roughness(0.01), validation=(X[:10], y[:10]))
    error = model.loss_and_gradient(X, y)[0]
    best = history.validation_rmse.argmin()
    assert history.error[best] == pytest.approx(error, rel=1e-12)
    assert history.loss[best] == pytest.approx(error + Roughness(0.01).value(model), rel=1e-12)
    np.testing.assert_allclose(history.rmse**2, history.error, rtol=1e-14)
    on_held_out = model.loss_and_gradient(X[:10], y[:10])[0]
    assert history.validation_rmse[best] ** 2 == pytest.approx(on_held_out, rel=1e-12)


def test_it_is_drawn():
    X, y = data(100)
    history = fit(KAN([2, 2, 1]), X, y, steps=4, update_grid=1, validation=(X[:10], y[:10]))
    axes = plot_history(history).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), history.rmse)
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), history.validation_rmse)
    assert [line.get_xdata()[0] for line in axes.lines[2:]] == history.grid_changes.tolist() == [0, 1]


def test_converged_is_said():
    x = np.linspace(-1, 1, 50)[:, None]
    history = fit(KAN([1, 1]), x, 0 * x, steps=100)
    assert history.stopped.startswith("converged") and len(history.loss) < 100
    assert "converged" in repr(history)
