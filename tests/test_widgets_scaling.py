"""The explorables of chapter 05: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from drawing import drawn

from minikan.widgets.scaling import Extension, ScalingRuler, fit_power_law


@pytest.fixture(scope="module")
def ruler():
    return ScalingRuler()


@pytest.fixture(scope="module")
def extension():
    return Extension()


def test_a_power_law_is_found_with_its_uncertainty():
    """The same as by the normal equations, and exact for an exact law."""
    sizes = np.array([3.0, 5, 9, 20, 70])
    errors = 2.5 * sizes**-4 * np.array([1.1, 0.9, 1.05, 0.97, 1.0])
    scale, alpha, spread = fit_power_law(sizes, errors)
    design = np.column_stack([np.ones(5), -np.log(sizes)])
    solution, rest, *_ = np.linalg.lstsq(design, np.log(errors), rcond=None)
    variance = rest[0] / 3 * np.linalg.inv(design.T @ design)[1, 1]
    np.testing.assert_allclose([np.log(scale), alpha, spread**2], [*solution, variance])
    np.testing.assert_allclose(fit_power_law(sizes, 7 * sizes**-3.0), (7, 3, 0), atol=1e-9)


@pytest.mark.parametrize("order", [1, 3, 5, 7])
def test_where_the_law_holds_the_ruler_reads_it(ruler, order):
    window = slice(9, 14)
    _, alpha, _ = fit_power_law(ruler.grids[window], ruler.errors[order][window])
    assert alpha == pytest.approx(order + 1, rel=0.1)
    assert f"slope α = {alpha:.2f}" in ruler.caption(9, 13, order)


def test_the_ruler_reads_other_slopes_elsewhere(ruler):
    """What the chapter's text says about windows: too coarse, the plunge, the floor."""
    slopes = [
        fit_power_law(ruler.grids[first : last + 1], ruler.errors[order][first : last + 1])[1]
        for first, last, order in ((0, 3, 7), (4, 6, 7), (16, 18, 7), (0, 18, 3))
    ]
    assert slopes[0] < 1 and slopes[1] > 10 and slopes[2] < 1 and slopes[3] == pytest.approx(4, abs=0.3)
    assert ruler.errors[7][-3:].max() < 1e-15


@pytest.mark.parametrize(("first", "last"), [(0, 2), (16, 2), (16, 18), (5, 5)])
def test_the_ruler_survives_any_window(ruler, first, last):
    (axes,) = drawn(ruler, first=first, last=last, order=3)
    ends = axes.lines[1].get_xdata()
    assert np.isfinite(axes.lines[1].get_ydata()).all() and ends[1] > ends[0]


def test_the_ruler_is_as_long_as_its_window(ruler):
    (axes,) = drawn(ruler, first=4, last=6, order=7)
    np.testing.assert_allclose(10 ** axes.lines[1].get_xdata(), ruler.grids[[4, 6]])


def test_every_stair_is_deeper_where_samples_abound(extension):
    errors = np.array([entry[-1] for entry in extension.stairs["800"]])
    assert (errors[1:] < errors[:-1] / 8).all()


def test_few_samples_and_noise_end_the_law(extension):
    """The answers that the chapter gives to its questions."""
    few, noise = (np.array([entry[-1] for entry in extension.stairs[name]]) for name in ("100", "noise"))
    assert few[-1, 0] < 1e-6 and few[-1, 1] > 1e-5
    assert noise[:, 1].argmin() == 2 and noise[-1, 1] > 1.5 * noise[2, 1]


def test_what_is_drawn_is_what_was_computed(extension):
    for data in extension.stairs:
        curve, errors = drawn(extension, step=2, data=data)
        x, y, at_points, points, table = extension.stairs[data][2]
        assert len(points) == extension.grids[2] + 1
        np.testing.assert_array_equal(curve.lines[0].get_ydata(), y)
        np.testing.assert_allclose(np.interp(points, x, y), at_points, rtol=0.02, atol=0.02)
        assert 10 ** errors.lines[-1].get_ydata()[0] == pytest.approx(table[1])
        assert f"{table[1]:.1e} on others" in extension.caption(2, data)
