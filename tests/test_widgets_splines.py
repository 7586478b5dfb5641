"""The explorables of chapter 02: what they draw and say is true."""

import numpy as np
import pytest
from drawing import drawn

from minikan.bspline import basis, make_grid
from minikan.widgets.splines import CoxDeBoorLadder, GridExtension, Knots, LocalSupport


def curve(axes, label):
    """Return the heights of the line with a label."""
    return next(line for line in axes.lines if line.get_label() == label).get_ydata()


@pytest.mark.parametrize("kind", [LocalSupport, CoxDeBoorLadder, Knots, GridExtension])
def test_same_state_same_picture(kind):
    assert kind().picture.value == kind().picture.value


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("m", [0, 3, 8])
def test_local_support_shades_exactly_what_changes(k, m):
    explorer = LocalSupport()
    top, _ = drawn(explorer, k=k, m=m, nudge=1.5)
    changed = explorer.x[curve(top, "after") != curve(top, "before")]
    first, last = explorer._reach(k, min(m, 5 + k))
    assert first <= changed.min() < first + 0.1
    assert last - 0.1 < changed.max() < last


def test_local_support_says_which_function_it_shows():
    assert "there are 6 functions. Number 5 is alive on 1 of 6 cells" in LocalSupport().caption(0, 8, 1.5)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_ladder_stacks_the_shares_to_the_child(p, uneven):
    explorer = CoxDeBoorLadder()
    t = explorer.grids[uneven]
    x = explorer.x[explorer.x < t[p + 1]]
    padded = np.concatenate([t[0] - np.arange(p, 0, -1), t[: p + 2], t[p + 1] + np.arange(1, p + 1)])
    (left, right), (rising, falling) = explorer._family(x, p, uneven)
    np.testing.assert_allclose(rising * left + falling * right, basis(x, padded, p)[:, p], atol=1e-14)


def test_ladder_says_what_the_child_gets():
    assert CoxDeBoorLadder().caption(3, 2.0, False) == (
        "At x = 2.0: 0.67 of the left parent's 0.500 + 0.67 of the right parent's 0.500 = 0.667."
    )
    assert "both parents are 0" in CoxDeBoorLadder().caption(1, 3.0, False)


@pytest.mark.parametrize("place", [-0.4, 0.2, 0.4])
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_only_three_copies_under_the_corner_catch_it(place, copies):
    explorer = Knots()
    error = np.abs(explorer._fit(place, copies)[1] - explorer.target).max()
    assert (error < 1e-10) == (place == explorer.corner and copies == 3)


def test_grid_extension_without_noise_follows_the_power_law():
    explorer = GridExtension()
    for k in range(4):
        coarse, fine = (explorer._errors(G, 0.0, k)[1] for G in (20, 40))
        assert k + 0.5 < np.log2(coarse / fine) < k + 1.7


def test_grid_extension_with_noise_is_a_u():
    explorer = GridExtension()
    seen, truth = np.transpose([explorer._errors(G, 0.3, 3) for G in (2, 8, 60)])
    assert truth[1] < truth[0] / 3
    assert truth[1] < truth[2] / 2
    assert seen[0] > seen[1] > seen[2]


def test_grid_extension_mixes_what_one_fit_would_give():
    explorer = GridExtension()
    x, knots = explorer.points, make_grid((-1, 1), 9, 3)
    noisy = explorer._truth(x) + 0.3 * explorer.wiggles
    B = basis(x, knots, 3)
    residual = B @ np.linalg.lstsq(B, noisy, rcond=None)[0] - noisy
    assert explorer._errors(9, 0.3, 3)[0] == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_knots_tells_that_copies_are_coefficients():
    once, thrice = (Knots().caption(-0.1, copies) for copies in (1, 3))
    assert "7 coefficients, largest error 0.195" in once
    assert "9 coefficients, largest error 0.118" in thrice


@pytest.mark.parametrize(("G", "marker"), [(10, "o"), (60, "v")])
def test_grid_extension_points_down_at_an_error_below_its_axis(G, marker):
    axes = drawn(GridExtension(), G=G, noise=0.0, k=3)[1]
    line = axes.lines[-1]
    assert line.get_marker() == marker
    assert axes.get_ylim()[0] <= line.get_ydata()[0] <= axes.get_ylim()[1]
