"""Checks of the exercises of chapter 05, scaling laws."""

import numpy as np

from ..bspline import basis, make_grid
from .expectations import expect, expect_close, expect_parts, expect_shape, in_short
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
    cause="use the ceiling; rounding errors may lift a whole number a little, and the ceiling then adds a cell",
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

balance = Exercise("05.2", "the best grid under noise")


def _squared_error(grid, a, sigma, edges, n, order):
    return (a * grid ** -(order + 1.0)) ** 2 + sigma**2 * edges * (grid + order + 1) / n


def _expect_best(answer, *setting):
    found = answer(*setting)
    grids = np.arange(1, 5000)
    best = int(grids[np.argmin(_squared_error(grids, *setting))])
    names = ", ".join(
        f"{name} = {value:g}" for name, value in zip(("a", "σ", "edges", "n", "k"), setting, strict=True)
    )
    expect_close(found, best, f"the cells for {names}")


@balance.property(
    "has the least error",
    cause="the two errors are not equal at the best grid: it is their derivatives in G that cancel",
)
def _balance_least(answer):
    _expect_best(answer, 3.0, 0.1, 3, 1000, 3)
    _expect_best(answer, 3.0, 0.001, 3, 1000, 3)


@balance.property("follows the order", cause="the law falls with the power 2(k + 1) in the mean square")
def _balance_order(answer):
    _expect_best(answer, 1.0, 0.01, 1, 400, 1)
    _expect_best(answer, 20.0, 0.01, 5, 800, 5)


@balance.property(
    "is the better one of two whole numbers",
    cause="compare the error at the whole numbers below and above the exact G; the nearer one need not be better",
)
def _balance_whole(answer):
    for sigma in np.geomspace(0.003, 1.0, 25):
        _expect_best(answer, 2.0, float(sigma), 2, 300, 3)


@balance.property("has one cell at least", cause="with much noise the exact G is below 1")
def _balance_one(answer):
    _expect_best(answer, 0.01, 5.0, 3, 50, 3)


# 05.3

doubling = Exercise("05.3", "double the cells without a fit")


def _expect_same_curve(answer, order, grid, seed):
    c = np.random.default_rng(seed).normal(size=grid + order)
    old, new = make_grid((2, 7), grid, order), make_grid((2, 7), 2 * grid, order)
    x = np.linspace(2.01, 6.99, 57)
    found = answer(c, order)
    expect_shape(found, (2 * grid + order,), f"the new coefficients for G = {grid} and k = {order}")
    curve = basis(x, new, order) @ np.asarray(found, dtype=float)
    expect_close(curve, basis(x, old, order) @ c, f"the new curve for k = {order}", 1e-9)


@doubling.property(
    "keeps a polygon",
    cause="for k = 1 a coefficient is the height at a knot: keep the old ones, and put the mean between two",
)
def _doubling_line(answer):
    _expect_same_curve(answer, 1, 4, 5)


@doubling.property(
    "keeps a cubic spline",
    cause="an old B-spline is a sum of k + 2 new ones, with the weights of a row of Pascal's triangle over 2^k; "
    "the first and the last k products belong to functions outside of the interval",
)
def _doubling_cubic(answer):
    _expect_same_curve(answer, 3, 4, 6)
    _expect_same_curve(answer, 3, 1, 7)


@doubling.property("works for any order", cause="the weights depend on the order: a row further for each")
def _doubling_any(answer):
    for order in (0, 2, 4, 5):
        _expect_same_curve(answer, order, 3, order)


# 05.4

race = Exercise("05.4", "a fair race")


@race.property("chooses by validation", cause="the test error may judge what was chosen, and not choose")
def _race_validation(answer):
    found = answer([0.3, 0.1, 0.2], [0.25, 0.15, 0.05], [1.0, 1.0, 1.0], 10.0)
    expect_close(found, 0.15, "the test error of the training with the least validation error")


@race.property(
    "counts the time of every training",
    cause="the losers cost time, too: add the seconds up from the first on",
)
def _race_time(answer):
    found = answer([0.3, 0.2, 0.1], [0.35, 0.25, 0.15], [2.0, 2.0, 2.0], 5.0)
    expect_close(found, 0.25, "the test error if 5 s are enough for two trainings of 2 s")
    found = answer([0.3, 0.2, 0.1], [0.35, 0.25, 0.15], [1.0, 4.0, 1.0], 3.0)
    expect_close(
        found, 0.35, "the test error if the second training lasts longer than the time", 1e-9,
        "whoever waits for the second training has no time for the third",
    )  # fmt: skip
    found = answer([0.3, 0.2], [0.35, 0.25], [1.0, 2.0], 3.0)
    expect_close(found, 0.25, "the test error if the time is just enough")


@race.property("never chooses a failure", cause="`argmin` takes nan for the least: `nanargmin` does not")
def _race_failure(answer):
    found = answer([np.nan, 0.4, 0.2], [np.nan, 0.3, 0.5], [1.0, 1.0, 1.0], 3.0)
    expect_close(found, 0.5, "the test error if the first training has failed")


@race.property(
    "says so if nothing was ready in time", cause="return np.inf: who is not ready has learned nothing"
)
def _race_nothing(answer):
    for validation, seconds in (([0.1], [2.0]), ([np.nan, 0.1], [0.5, 2.0])):
        found = answer(validation, validation, seconds, 1.0)
        expect(np.isinf(found), "inf", in_short(found))


# 05.5

window = Exercise("05.5", "where does the law hold?")


def _errors(slopes):
    """Errors at sizes 1, 2, 4, … with these local slopes."""
    return 2.0 ** np.arange(len(slopes) + 1), 2.0 ** -np.cumsum([0.0, *slopes])


def _expect_window(answer, slopes, expected):
    parts = expect_parts(answer(*_errors(slopes), 4.0, 0.3), 2, "first and last point")
    found = tuple(int(part) if isinstance(part, np.integer) else part for part in parts)  # to be read easily
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


# 05.6

floor = Exercise("05.6", "a law with a floor")


def _expect_law(answer, sizes, a, alpha, c, scatter=0.0, tolerance=0.02):
    sizes = np.asarray(sizes, dtype=float)
    bumps = np.exp(scatter * np.random.default_rng(3).normal(size=len(sizes)))
    found = expect_parts(answer(sizes, (a * sizes**-alpha + c) * bumps), 2, "exponent, floor")
    law = f"{a:g} · N^(-{alpha:g}) + {c:g}" + (f", {scatter:.0%} scattered" if scatter else "")
    expect_close(found[0], alpha, f"the exponent of {law}", tolerance)
    expect_close(
        np.asarray(found[1]) / c, 1.0, f"the floor of {law}, as a part of the true one", 5 * tolerance
    )


_SIZES = 5.0 * 2 ** np.arange(7)


@floor.property(
    "finds the law above its floor",
    cause="a straight line in logarithms knows no floor; for a given exponent a and c are a linear fit",
)
def _floor_exact(answer):
    _expect_law(answer, _SIZES, 3.0, 4.0, 1e-7)


@floor.property(
    "cares for small errors as much as for large ones",
    cause="the first error is a million times the last: fit what is relative, (a N^-α + c) / error - 1, or logarithms",
)
def _floor_scattered(answer):
    _expect_law(answer, _SIZES, 3.0, 4.0, 1e-7, 0.03, 0.05)


@floor.property(
    "works for other exponents and sizes", cause="look for the exponent wherever it may be, from 0.1 to 10"
)
def _floor_other(answer):
    _expect_law(answer, np.geomspace(20, 2000, 9), 40.0, 1.5, 0.01)
    _expect_law(answer, np.geomspace(10, 80, 8), 1e8, 8.0, 1e-6)
    _expect_law(answer, np.geomspace(10, 1e5, 10), 0.5, 0.4, 1e-3)


@floor.property(
    "finds no floor where there is none", cause="a floor is not negative: where the fit says so, it is 0"
)
def _floor_none(answer):
    for bend in (0.0, 0.02):  # exact, and a little steeper from point to point
        errors = 7.0 * _SIZES ** (-2.5 - bend * np.log(_SIZES / _SIZES[0]))
        found = expect_parts(answer(_SIZES, errors), 2, "exponent, floor")
        expect_close(found[0], 2.5, "the exponent of a law without a floor", 0.1)
        c = float(found[1])
        small = -1e-6 * errors[-1] <= c <= 1e-3 * errors[-1]
        expect(
            small,
            f"no floor, or one far below the last error, {errors[-1]:.2g}, and not negative",
            f"{c:.3g}",
        )
