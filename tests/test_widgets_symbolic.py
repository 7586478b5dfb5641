"""The explorables of chapter 07: what they draw and say is what the engine computes, and what the chapter answers."""

import numpy as np
import pytest
from drawing import drawn

from minikan import KAN, PROBLEMS, fit
from minikan.matching import match
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer
from minikan.widgets.symbolic import LockIn, Rivals


@pytest.fixture(scope="module")
def rivals():
    return Rivals()


@pytest.fixture(scope="module")
def lock():
    return LockIn()


def test_stills_are_headed_by_words(rivals, lock):
    assert [rivals._state_in_words(state) for state in rivals.storyboard[1:3]] == [
        "curve: edge A, seen for |x| up to 2.5, no noise",
        "curve: edge B, seen for |x| up to 0.5, 1% of noise",
    ]
    assert lock._state_in_words(lock.storyboard[0]) == "function f: sin, a starts at 4, locked in and trained"
    assert rivals._state_in_words({"noise": 1e-3}) == "0.1% of noise"


# --------------------------------------------------------------------------------------------- rivals

TRUTH = {"A": "cosh", "B": "arctan", "C": "gaussian"}


@pytest.mark.parametrize("edge", TRUTH)
def test_all_rivals_look_right_where_the_range_is_narrow(rivals, edge):
    found = rivals._look_up(edge, 0.5, 0.0)
    assert len(found) == 5 and all(error < 0.01 for _, error, _ in found.values())
    assert [name for name, (_, _, missed) in found.items() if missed < 0.01] == [TRUTH[edge]]
    assert "for 5 of 5 functions where x is seen, and for 1 of 5 beyond it" in rivals.caption(edge, 0.5, 0.0)


@pytest.mark.parametrize("edge", TRUTH)
def test_only_the_wrong_ones_get_worse_with_the_range(rivals, edge):
    for name in rivals.edges[edge][1]:
        errors = [rivals._look_up(edge, seen, 0.0)[name][1] for seen in rivals.ranges]
        if name == TRUTH[edge]:
            assert max(errors) < 1e-15
        else:
            assert errors == sorted(errors) and errors[-1] > 20 * errors[0]


def test_r2_alone_decides_edge_a_only_at_the_widest_range(rivals):
    counts = [
        sum(error < 0.01 for _, error, _ in rivals._look_up("A", seen, 0.0).values())
        for seen in rivals.ranges
    ]
    assert counts == [5, 5, 5, 5, 1]


def test_noise_hides_the_truth_within_and_not_beyond(rivals):
    """Edge B with 1% of noise: three functions at the level of the noise, and only one right beyond."""
    found = rivals._look_up("B", 0.5, 1e-2)
    inside = {name: error for name, (_, error, _) in found.items()}
    assert max(inside[name] for name in ("arctan", "tanh", "sin")) < 1.2 * inside["arctan"] < 2e-4
    assert found["arctan"][2] < 1e-3 < 1e-2 < min(found["tanh"][2], found["sin"][2])
    wide = {name: error for name, (_, error, _) in rivals._look_up("B", 2.5, 1e-2).items()}
    assert wide["arctan"] < min(error for name, error in wide.items() if name != "arctan") / 3


def test_the_dots_are_the_errors_of_the_fits(rivals):
    courses, left = drawn(rivals, edge="C", seen=1.0, noise=0.0)
    x = np.linspace(-1, 1, 100)
    candidate = match(x, rivals.edges["C"][0](x), ["sin"])[0]
    row = rivals.edges["C"][1].index("sin")
    (full,) = [
        line for line in left.lines if line.get_fillstyle() == "full" and list(line.get_ydata()) == [row]
    ]
    assert full.get_xdata()[0] == pytest.approx(np.log10(candidate.error))
    course = next(line for line in courses.lines if line.get_label() == "sin").get_ydata()
    dots = courses.lines[-1]
    assert len(dots.get_xdata()) == 9  # those that are seen
    np.testing.assert_allclose(np.interp(dots.get_xdata(), rivals.frame, course), dots.get_ydata(), atol=0.01)


# ---------------------------------------------------------------------------------------------- lock-in


def error(lock, name, stretch):
    return lock.outcomes[name, stretch][3].min()


def test_the_sine_is_found_from_near_and_not_from_far(lock):
    assert max(error(lock, "sin", a) for a in range(1, 7)) < 1e-12
    assert min(error(lock, "sin", a) for a in (7, 8)) > 1


@pytest.mark.parametrize("name", ["J0", "gaussian", "tanh", "x^3"])
def test_wrong_functions_end_at_one_error_wherever_they_start(lock, name):
    ends = [error(lock, name, a) for a in lock.stretches]
    assert min(ends) > 100 * lock.before
    assert max(ends) < 1.001 * min(ends)


def test_no_start_of_j0_ends_below_what_is_told(lock):
    """The edge on x is J0 and starts anywhere; its partners have the right names."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (300, 2))
    y = PROBLEMS["exp_sin"](X)
    ends = []
    for _ in range(12):
        start = FunctionEdge("J0", [rng.uniform(1, 6), rng.uniform(-6, 6), rng.normal(), 0])
        below = SparseLayer(2, 1, {(0, 0): start, (1, 0): FunctionEdge("x^2", [1, 0, 1, 0])})
        model = KAN.from_layers([below, SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [1, 0, 1, 0])})])
        ends.append(fit(model, X, y, steps=60, progress=False).rmse.min())
    assert error(lock, "J0", 4) < 1.001 * min(ends)


def test_the_mirror_image_of_a_start_fits_as_well(lock):
    """The edge is odd: nothing but its ripples would choose between b and -b."""
    before, share, *_ = lock.outcomes["J0", 4]
    mirrored = 2 * lock.edge.mean() - before[::-1]
    left = np.mean((mirrored - lock.edge) ** 2) / lock.edge.var()
    assert 1 - left == pytest.approx(share, abs=1e-3)


def test_the_better_fit_is_the_worse_name(lock):
    share = {name: lock.outcomes[name, 4][1] for name in ("J0", "sin")}
    assert share["J0"] > 0.99 > 0.7 > share["sin"]
    assert "R² = 0.99" in lock.caption("J0", 4, False) and "error" not in lock.caption("J0", 4, False)
    assert "the error is 0.04" in lock.caption("J0", 4, True)
    assert "the error is below 1e-11" in lock.caption("sin", 4, True)


def test_the_curve_chosen_has_the_r2_that_is_told(lock):
    for name in lock.names:
        before, share, *_ = lock.outcomes[name, 3]
        left = np.mean((before - lock.edge) ** 2) / lock.edge.var()
        assert 1 - left == pytest.approx(share, abs=1e-9)


def test_training_is_drawn_only_once_locked(lock):
    curve, course = drawn(lock, name="sin", stretch=2, lock=False)
    assert len(curve.lines) == 2 and len(course.lines) == 1
    curve, course = drawn(lock, name="sin", stretch=2, lock=True)
    trained = curve.lines[-1].get_ydata()
    dots = curve.lines[0]
    missed = np.abs(
        trained[::4] - dots.get_ydata()
    )  # the dots are the splines': they are the less exact ones
    assert np.sqrt(np.mean(missed**2)) < 2 * lock.before and missed.max() < 5 * lock.before
    assert course.lines[1].get_ydata()[-1] < -11
