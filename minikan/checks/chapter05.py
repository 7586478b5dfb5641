"""Checks of the exercises of chapter 05, scaling laws."""

import numpy as np

from ..bspline import basis, make_grid
from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 05.1

cells = Exercise("05.1", "how many cells?")


@cells.property("follows the fourth power for cubics", cause="the exponent is k + 1, not k")
def _cells_cubic(answer):
    expect_close(answer(1.6e-2, 10, 1e-3, 3), 20, "the cells for 16 times less error")


@cells.property("follows the order", cause="straight pieces have the exponent 2")
def _cells_order(answer):
    expect_close(answer(1e-2, 5, 1e-4, 1), 50, "the cells for 100 times less error with order 1")
    expect_close(answer(1.0, 4, 1 / 64, 5), 8, "the cells for 64 times less error with order 5")


@cells.property(
    "rounds up to whole cells",
    cause="use the ceiling; rounding errors may lift a whole number, so take a little off before",
)
def _cells_whole(answer):
    found = answer(1e-2, 10, 6e-3, 3)
    expect_close(found, 12, "the cells for an error of 0.006 instead of 0.01")
    expect_close(answer(3.125, 7, 1e-3, 4), 35, "the cells for an error 3125 times smaller with order 4")
    expect(float(found).is_integer(), "a whole number", repr(found))


@cells.property(
    "never takes cells away", cause="an error that is small enough already needs no other grid: `max`"
)
def _cells_enough(answer):
    expect_close(answer(1e-6, 12, 1e-2, 3), 12, "the cells where the error is small enough already")


# 05.2

slope = Exercise("05.2", "the exponent and its standard error")


@slope.property("finds an exact law", cause="fit a line to the logarithms of both")
def _slope_exact(answer):
    sizes = np.array([10.0, 30.0, 50.0, 200.0])
    alpha, error = expect_parts(answer(sizes, 7.0 * sizes**-2.5), 2, "exponent, standard error")
    expect_close(alpha, 2.5, "the exponent of 7 · N^(-2.5)", 1e-6, "a falling error has a positive exponent")
    expect(abs(error) < 1e-6, "a standard error of 0 for an exact law", f"{error:.3g}")


def _scattered():
    """Points about the slope -3 and, worked out by formulas that do not use polyfit, what comes out."""
    u = np.array([1.0, 2.0, 2.5, 4.0, 5.0, 7.0])
    v = 0.3 - 3 * u + np.array([0.1, -0.2, 0.05, 0.12, -0.15, 0.08])
    design = np.column_stack([np.ones_like(u), u])
    solution, rest, *_ = np.linalg.lstsq(design, v, rcond=None)
    covariance = rest[0] / (len(u) - 2) * np.linalg.inv(design.T @ design)
    return np.exp(u), np.exp(v), -solution[1], np.sqrt(covariance[1, 1])


@slope.property("fits all points, not two", cause="a slope between the ends leaves out the points in between")
def _slope_fit(answer):
    sizes, errors, alpha, _ = _scattered()
    expect_close(
        expect_parts(answer(sizes, errors), 2, "exponent, standard error")[0], alpha, "the exponent", 1e-6
    )


@slope.property(
    "tells how sure the exponent is", cause="divide Σ r² by m - 2, then by Σ (u - mean)², then take the root"
)
def _slope_error(answer):
    sizes, errors, _, spread = _scattered()
    found = expect_parts(answer(sizes, errors), 2, "exponent, standard error")[1]
    expect_close(100 * np.asarray(found), 100 * spread, "a hundred times the standard error", 1e-6)


# 05.3

extension = Exercise("05.3", "extend a grid")


@extension.property("has a coefficient for each new function", cause="fit on the new knots, not on the old")
def _extension_shape(answer):
    old, new = make_grid((-1, 1), 4, 3), make_grid((-1, 1), 12, 3)
    expect_shape(answer(np.ones(7), old, new, 3), (15,), "the new coefficients")


@extension.property(
    "keeps the curve where grids are nested", cause="evaluate the old curve with the old coefficients"
)
def _extension_same(answer):
    c = np.random.default_rng(5).normal(size=7)
    old, new = make_grid((-1, 1), 4, 3), make_grid((-1, 1), 12, 3)
    x = np.linspace(-0.99, 0.99, 57)
    found = basis(x, new, 3) @ np.asarray(answer(c, old, new, 3), dtype=float)
    expect_close(found, basis(x, old, 3) @ c, "the new curve", 1e-9)


@extension.property(
    "works on any interval and for any order", cause="the interval is old[order] … old[-order - 1]"
)
def _extension_anywhere(answer):
    c = np.random.default_rng(6).normal(size=5)
    old, new = make_grid((2, 7), 3, 2), make_grid((2, 7), 9, 2)
    x = np.linspace(2.01, 6.99, 57)
    found = basis(x, new, 2) @ np.asarray(answer(c, old, new, 2), dtype=float)
    expect_close(found, basis(x, old, 2) @ c, "the new curve", 1e-9)


# 05.4

counted = Exercise("05.4", "count fairly")


@counted.property("counts a KAN", cause="each edge has G + k coefficients and a weight")
def _counted_kan(answer):
    expect_close(answer([2, 1, 1], 5, 3), 27, "the parameters of a KAN [2, 1, 1] with G = 5")
    expect_close(answer([4, 2, 1, 1], 20, 3), 264, "the parameters of a KAN [4, 2, 1, 1] with G = 20")


@counted.property("counts another order", cause="the order is in G + k")
def _counted_order(answer):
    expect_close(answer([3, 2], 10, 1), 72, "the parameters of a KAN [3, 2] with G = 10 and k = 1")


@counted.property("counts an MLP", cause="a bias for every node that is not an input, and no coefficients")
def _counted_mlp(answer):
    expect_close(answer([2, 10, 10, 1]), 151, "the parameters of an MLP [2, 10, 10, 1]")


# 05.5

window = Exercise("05.5", "where does the law hold?")


def _errors(slopes):
    """Errors at sizes 1, 2, 4, … with these local slopes."""
    return 2.0 ** np.arange(len(slopes) + 1), 2.0 ** -np.cumsum([0.0, *slopes])


def _expect_window(answer, slopes, expected):
    found = tuple(expect_parts(answer(*_errors(slopes), 4.0, 0.3), 2, "first and last point"))
    expect(found == expected, f"{expected} for local slopes {slopes}", f"{found}")


@window.property(
    "keeps all points of a pure law", cause="m points have m - 1 slopes: the last point is m - 1"
)
def _window_all(answer):
    _expect_window(answer, [4.0, 4.1, 3.9], (0, 3))


@window.property(
    "leaves out the start and the floor", cause="a point belongs to it if a good slope ends or begins there"
)
def _window_middle(answer):
    _expect_window(answer, [1.0, 7.0, 4.0, 4.2, 3.8, 0.5, 0.0], (2, 5))


@window.property(
    "finds the longest stretch, the first of equals", cause="compare a run with the best one so far by `>`"
)
def _window_longest(answer):
    _expect_window(answer, [4.0, 1.0, 4.0, 4.0, 1.0, 4.0, 4.0], (2, 4))
    _expect_window(answer, [4.0, 4.0, 1.0, 4.0], (0, 2))


@window.property("says so if there is none", cause="return None, None")
def _window_none(answer):
    _expect_window(answer, [1.0, 2.0, 0.0], (None, None))
