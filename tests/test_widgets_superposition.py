"""The explorables of chapter 01: what they draw and say is what the formulas and ψ are."""

import numpy as np
import pytest
from drawing import drawn

from minikan.superposition import inner_function
from minikan.widgets.superposition import InnerZoom, Superposition


@pytest.fixture(scope="module")
def terms():
    return Superposition()


@pytest.fixture(scope="module")
def zoom():
    return InnerZoom()


@pytest.mark.parametrize("target", Superposition.targets)
def test_two_terms_make_the_target_and_one_does_not(terms, target):
    total, truth = terms.landscapes(target, True, True)
    np.testing.assert_allclose(total, truth, atol=1e-15)
    assert "everywhere" in terms.caption(target, True, True)
    for first, second in ((True, False), (False, True), (False, False)):
        total, _ = terms.landscapes(target, first, second)
        worst = np.abs(total - truth).max()
        assert worst > 0.4
        assert f"up to {worst:.2f} away" in terms.caption(target, first, second)
    assert "both terms are missing" in terms.caption(target, False, False)
    assert not np.any(total)


@pytest.mark.parametrize("target", ["x y", "max(x, y)"])
def test_the_first_term_alone_is_right_on_the_diagonal(terms, target):
    """The answer that the chapter gives."""
    total, truth = terms.landscapes(target, True, False)
    wrong = np.abs(total - truth)
    assert np.diag(wrong).max() < 1e-15 and np.diag(wrong[::-1]).min() > 0


def test_what_is_switched_off_is_dotted(terms):
    plus, minus, total, target, scale = drawn(terms, target="x y", first=True, second=False)
    assert plus.lines[0].get_linestyle() == "-" and minus.lines[0].get_linestyle() == ":"
    assert minus.get_title() == "switched off"
    sums = terms.landscapes("x y", True, False)
    for axes, values in zip((total, target), sums, strict=True):
        shown = axes.images[0].get_array()
        assert (shown <= values + 1e-8).all() and (values < shown + 1 / 8 + 1e-8).all()
    assert [label.get_text() for label in scale.get_yticklabels()] == ["−1", "0", "1"]


def test_the_window_holds_psi(zoom):
    for depth, level, digit in ((1, 0, 5), (3, 1, 5), (5, 3, 9), (5, 1, 0), (2, 3, 7)):
        x, psi = zoom.window(depth, level, digit)
        start = int(str(digit) * level or "0") / 10**level
        assert x[0] == pytest.approx(start) and x[-1] == pytest.approx(start + 10.0**-level)
        digits = min(max(depth, level, 1), level + 3)
        assert len(x) == 10 ** (digits - level) + 1
        np.testing.assert_allclose(psi, inner_function(x, digits), atol=1e-15)


def test_every_cell_of_the_first_digit_is_cut_alike(zoom):
    """The answer that the chapter gives to its first question."""
    shapes = []
    for digit in range(10):
        window = drawn(zoom, depth=3, zoom=1, digit=digit)[1]
        shapes.append(window.lines[0].get_ydata())
    np.testing.assert_allclose(shapes, [shapes[0]] * 10, atol=1e-12)


def test_the_rise_moves_into_the_last_two_tenths(zoom):
    """The shares that the chapter tells: a fifth, 92%, 99.92%."""
    assert "20% of that in the last two tenths" in zoom.caption(2, 0, 5)
    assert "From x = 0.5 to 0.6 ψ rises by 0.1, and 92%" in zoom.caption(3, 1, 5)
    assert "99.92%" in zoom.caption(4, 2, 5)
    assert "it is straight there" in zoom.caption(2, 2, 5)


def test_a_tiny_window_can_still_be_seen(zoom):
    whole = drawn(zoom, depth=5, zoom=3, digit=5)[0]
    assert min(whole.patches[0].get_width(), whole.patches[0].get_height()) >= 0.02


def test_the_stills_answer_the_questions_beside_them(terms, zoom):
    """One term of the product, the corner of the maximum, both waves; two windows alike, a deeper one."""
    assert [state["target"] for state in terms.storyboard] == list(terms.targets)
    first, second, third = (zoom.caption(**state) for state in zoom.storyboard)
    assert "92% of that" in first and "92% of that" in second and "99.92% of that" in third
