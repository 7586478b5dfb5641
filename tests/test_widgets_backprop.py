"""The explorables of chapter 03: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from drawing import drawn

from minikan.bspline import basis
from minikan.widgets.backprop import EdgeBackprop, StepSizeDial


@pytest.fixture(scope="module")
def edge():
    return EdgeBackprop()


@pytest.fixture(scope="module")
def dial():
    return StepSizeDial()


def bars(explorer, **state):
    """Draw a state and return the heights of its bars."""
    return np.array([bar.get_height() for bar in drawn(explorer, **state)[1].patches])


@pytest.mark.parametrize("x", [-2.4, -1.0, -0.5, 0.05, 0.2, 1.0, 2.3])
@pytest.mark.parametrize("g", [-1.0, 0.25])
def test_bars_are_the_gradient_of_the_layer(edge, x, g):
    cache = edge.edge.forward(np.array([[x]]))[1]
    gradient, dx = edge.edge.backward(cache, np.array([[g]]))
    np.testing.assert_allclose(bars(edge, x=x, g=g, fading=False), gradient.ravel(), atol=1e-13)
    assert f"= {dx.item():.2f}." in edge.caption(x, g, False)


@pytest.mark.parametrize("fading", [False, True])
def test_bars_and_slope_are_derivatives_of_the_drawn_curve(edge, fading):
    h = 1e-6
    for x in (-2.3, -1.5, 0.33, 1.2, 2.05):
        low, high = edge._edge([x - h, x + h], fading)
        assert edge._edge([x], fading, derivative=1)[0] == pytest.approx((high - low) / (2 * h), abs=1e-8)
        told = bars(edge, x=x, g=1.0, fading=fading)
        assert told @ np.append(edge.coef, edge.base) == pytest.approx(edge._edge([x], fading)[0], abs=1e-13)


def test_four_coefficients_learn_inside_and_three_on_a_knot(edge):
    for x, count in ((0.05, 4), (-0.7, 4), (0.2, 3), (-1.0, 3), (1.0, 3)):
        assert edge.caption(x, 1.0, False).startswith(f"{count} of 8 coefficients learn.")


def test_only_silu_hears_a_sample_where_the_basis_has_faded(edge):
    assert np.count_nonzero(bars(edge, x=2.3, g=1.0, fading=True)) == 1
    assert edge.caption(2.3, 1.0, True).startswith("0 of 8 coefficients learn.")
    assert edge.caption(2.3, 1.0, False).startswith("3 of 8 coefficients learn.")


def test_fading_changes_nothing_inside_the_grid(edge):
    x = np.linspace(-1, 1, 101)
    for derivative in (0, 1):
        np.testing.assert_allclose(
            edge._edge(x, True, derivative), edge._edge(x, False, derivative), atol=1e-12
        )


def test_faded_basis_is_zero_beyond_the_last_knot(edge):
    beyond = np.array([edge.knots[0] - 1e-9, edge.knots[-1] + 1e-9])
    assert not edge._features(beyond, True)[0].any()
    assert basis(beyond, edge.knots, 3).any()


def test_last_layer_is_exact_at_a_step_of_one_and_the_others_are_not(dial):
    assert dial._log_error(0, 0.0) < -12
    assert dial._log_error(1, 0.0) > -4
    assert dial._log_error(2, 0.0) > -4


@pytest.mark.parametrize("kind", [1, 2])
def test_below_the_last_layer_the_errors_form_a_v(dial, kind):
    errors = np.array(dial.errors[kind])
    lowest = dial.exponents[errors.argmin()]
    assert -7 < lowest < -3
    right = (dial.exponents > -3.3) & (dial.exponents < -1.2)
    assert np.polyfit(dial.exponents[right], errors[right], 1)[0] == pytest.approx(2, abs=0.2)
    left = dial.exponents < lowest - 1
    assert np.polyfit(dial.exponents[left], errors[left], 1)[0] == pytest.approx(-1, abs=0.3)


def test_dial_says_both_numbers_and_their_digits(dial):
    assert "0 digits agree." in dial.caption(-14.0, 1)
    assert dial.caption(-12.0, 1).endswith(": 1 digit agrees.")
    said = dial.caption(-5.0, 1)
    by_hand, rest = said.removeprefix("By hand ").split(", by difference ")
    assert float(by_hand) == pytest.approx(dial.truth[1], abs=1e-11)
    assert int(rest.split(": ")[1].split()[0]) >= 7


def test_dial_leaves_its_model_as_it_was(dial):
    for kind in range(3):
        dial.caption(-1.0, kind)
    np.testing.assert_array_equal(dial.model.parameters, dial.start)


def test_stills_say_powers_of_ten_and_answer_the_questions(edge, dial):
    for state, step in zip(dial.storyboard, ("1", "10⁻⁵", "10⁻¹²"), strict=True):
        assert dial._state_in_words(state).startswith(f"step h = {step}")
    assert "step h = 10⁻⁴·⁵" in dial._state_in_words({"exponent": -4.5, "which": 2})
    learning = [edge.caption(**state).split(" of ")[0] for state in edge.storyboard]
    assert learning == ["4", "3", "3", "0"]
    valley = edge.storyboard[0]
    assert abs(edge._edge([valley["x"]], False, derivative=1)[0]) < 0.1
