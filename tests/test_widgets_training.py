"""The explorables of chapter 04: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from minikan.widgets.training import DampingDial, TrainingScrubber


@pytest.fixture(scope="module")
def scrubber():
    return TrainingScrubber()


@pytest.fixture(scope="module")
def dial():
    return DampingDial()


def drawn(explorer, **state):
    figure = Figure()
    explorer.draw(figure, **state)
    return figure.axes


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam", "gd"])
def test_snapshots_and_errors_belong_together(scrubber, optimizer):
    """The error of the drawn curve, at the samples, is the one on the right."""
    at = np.abs(scrubber.x[:, None] - scrubber.X.T).argmin(axis=0)
    close = np.abs(scrubber.x[at] - scrubber.X[:, 0]) < 0.006
    for snapshot in (0, 4, 11):
        curve, errors = drawn(scrubber, snapshot=snapshot, optimizer=optimizer)
        heights = curve.lines[1].get_ydata()[at][close]
        rmse = np.sqrt(np.mean((heights - scrubber.y[close, 0]) ** 2))
        shown = 10 ** errors.lines[-1].get_ydata()[0]
        assert rmse == pytest.approx(shown, rel=0.25, abs=0.02)
        assert f"RMSE {shown:.1e}." in scrubber.caption(snapshot, optimizer)


def test_all_start_at_the_same_place(scrubber):
    starts = [curves[0] for curves in scrubber.curves.values()]
    for other in starts[1:]:
        np.testing.assert_array_equal(other, starts[0])


def test_levenberg_marquardt_is_lowest(scrubber):
    last = {name: rmse.min() for name, (_, rmse) in scrubber.errors.items()}
    assert min(last, key=last.get) == "lm" and last["gd"] > 10 * last["lm"]


def test_little_damping_is_gauss_newton_and_much_is_the_gradient(dial):
    start = (-0.6, 0.2)
    r, J = dial.residuals(*start), np.array([[-1.0, 0.0], [3.6, 3.0]])
    np.testing.assert_allclose(dial.step(start, 1e-12)[0], -np.linalg.solve(J, r), rtol=1e-9)
    np.testing.assert_allclose(1e9 * dial.step(start, 1e9)[0], -J.T @ r, rtol=1e-6)


def test_prediction_and_truth_meet_near_the_minimum(dial):
    """The shorter the step, the nearer to 1 the gain ratio."""
    for start in dial.starts.values():
        before, predicted, after = dial.step(start, 1e4)[1]
        assert (before - after) / (before - predicted) == pytest.approx(1, abs=0.05)


def test_the_dial_says_when_a_step_is_rejected(dial):
    states = [(d, s) for d in (-3.0, 0.0, 3.0) for s in dial.starts]
    said = {dial.caption(*state).split(", ")[-1] for state in states}
    assert "more damping." in said and "less damping." in said


def test_the_arrow_ends_at_the_step(dial):
    valley, losses = drawn(dial, damping=1.0, start="far from the minimum")
    delta, values = dial.step(dial.starts["far from the minimum"], 10.0)
    np.testing.assert_allclose(valley.texts[0].xy, np.array(dial.starts["far from the minimum"]) + delta)
    k = np.abs(losses.lines[0].get_xdata() - 1).argmin()
    assert losses.lines[0].get_ydata()[k] == pytest.approx(np.log10(values[2]))
    assert losses.lines[1].get_ydata()[k] == pytest.approx(np.log10(values[1]))


def test_the_answer_to_the_second_question(dial):
    """From the start in the chapter: which dampings are accepted, and which step is the best."""
    start = dial.starts["far from the minimum"]
    losses = np.array([dial.step(start, 10.0**d)[1] for d in dial.dampings])
    accepted = dial.dampings[losses[:, 2] < losses[:, 0]]
    assert 10 ** accepted.min() == pytest.approx(0.3, rel=0.1)
    assert 10 ** dial.dampings[losses[:, 2].argmin()] == pytest.approx(0.6, rel=0.1)


def test_the_answer_to_the_third_question(dial):
    start = dial.starts["near the minimum"]
    before, _, after = dial.step(start, 1e-3)[1]
    assert after < before / 10
