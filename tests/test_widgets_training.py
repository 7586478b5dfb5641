"""The explorables of chapter 04: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from drawing import drawn

from minikan.widgets.training import DampingDial, TrainingScrubber


@pytest.fixture(scope="module")
def scrubber():
    return TrainingScrubber()


@pytest.fixture(scope="module")
def dial():
    return DampingDial()


@pytest.mark.parametrize("kink", [True, False])
@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam", "gd"])
def test_snapshots_and_errors_belong_together(scrubber, optimizer, kink):
    """The error of the drawn curve, at the samples, is the one on the right."""
    at = np.abs(scrubber.x[:, None] - scrubber.X.T).argmin(axis=0)
    close = np.abs(scrubber.x[at] - scrubber.X[:, 0]) < 0.006
    for snapshot in (0, 4, 10):
        curve, errors = drawn(scrubber, snapshot=snapshot, optimizer=optimizer, kink=kink)
        heights = curve.lines[1].get_ydata()[at][close]
        rmse = np.sqrt(np.mean((heights - scrubber.y[kink][close, 0]) ** 2))
        shown = 10 ** errors.lines[-1].get_ydata()[0]
        assert rmse == pytest.approx(shown, rel=0.25, abs=0.02)
        assert f"RMSE {shown:.1e}." in scrubber.caption(snapshot, optimizer, kink)


def test_all_start_at_the_same_place(scrubber):
    starts = [curves[0] for curves in scrubber.curves.values()]
    for other in starts[1:]:
        np.testing.assert_array_equal(other, starts[0])


def test_the_order_in_the_answers(scrubber):
    """Levenberg–Marquardt is far below L-BFGS, and that far below the other two, with the kink and without."""
    for kink in (True, False):
        lm, lbfgs, *others = (scrubber.errors[name, kink][1].min() for name in ("lm", "lbfgs", "adam", "gd"))
        assert 5 * lm < lbfgs and 2 * lbfgs < min(others)


def test_only_the_two_best_notice_the_kink(scrubber):
    kinked, smooth = (
        {n: scrubber.errors[n, kink][1].min() for n in ("lm", "lbfgs", "adam", "gd")}
        for kink in (True, False)
    )
    assert all(kinked[name] > 3 * smooth[name] for name in ("lm", "lbfgs"))
    assert kinked["gd"] == pytest.approx(smooth["gd"], rel=0.5)


def test_the_storyboard_is_in_words(scrubber, dial):
    assert [scrubber._state_in_words(state) for state in scrubber.storyboard] == [
        "The wave with a kink: gradient descent, step 12",
        "The wave with a kink: Levenberg–Marquardt, step 5",
        "The wave without the kink: Levenberg–Marquardt, step 100",
    ]
    assert dial._state_in_words(dial.storyboard[0]) == "Damping μ = 0.001; start far from the minimum"


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


def test_the_damping_is_the_chapters(dial):
    """H is 2/n JᵀJ and the gradient that of the mean: the dial's loss is the mean of two squares, as in `fit`."""
    start = np.array((-0.6, 0.2))
    gradient = [
        (dial.step(start + e, 1.0)[1][0] - dial.step(start - e, 1.0)[1][0]) / 2e-6 for e in 1e-6 * np.eye(2)
    ]
    np.testing.assert_allclose(1e9 * dial.step(start, 1e9)[0], -np.array(gradient), rtol=1e-5)


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
