"""Checks of the exercises of chapter 02, B-splines."""

import numpy as np

from ..bspline import basis, fit_coefficients, make_grid
from .expectations import PropertyFailed, expect, expect_close, expect_shape
from .framework import Exercise

UNEVEN = np.array([-2.0, -1.0, 0.0, 0.5, 0.8, 1.5, 3.0, 4.0, 5.5])


# 02.1

hat = Exercise("02.1", "a hat by hand")


@hat.property("is 1 at its peak", cause="both ramps should arrive at 1 where they meet")
def _hat_peak(answer):
    expect_close(answer(np.array([2.0]), 0.0, 2.0, 3.0), [1.0], "the hat 0, 2, 3 at x = 2")


@hat.property("is a straight line on either side", cause="each side has a width of its own to divide by")
def _hat_sides(answer):
    x = np.array([0.5, 1.0, 2.25, 2.75])
    expect_close(answer(x, 0.0, 2.0, 3.0), [0.25, 0.5, 0.75, 0.25], f"the hat 0, 2, 3 at x = {x.tolist()}")


@hat.property(
    "is 0 outside its two cells", cause="the ramps go on below 0, where the hat must not follow them"
)
def _hat_outside(answer):
    x = np.array([-5.0, 0.0, 3.0, 9.0])
    expect_close(answer(x, 0.0, 2.0, 3.0), np.zeros(4), f"the hat 0, 2, 3 at x = {x.tolist()}")


@hat.property("shares 1 with its neighbour", cause="where one hat falls, the next must rise by as much")
def _hat_sum(answer):
    x = np.linspace(2, 3, 5)
    total = answer(x, 0.0, 2.0, 3.0) + answer(x, 2.0, 3.0, 7.0)
    expect_close(total, np.ones(5), "the sum of hats 0, 2, 3 and 2, 3, 7 on the cell from 2 to 3")


# 02.2

alive = Exercise("02.2", "who is alive at x?")


def _expect_alive(answer, x, knots, order):
    values = basis([x], knots, order)[0]
    got = np.sort(np.ravel(answer(x, knots, order)))
    live = np.flatnonzero(values)
    dead = [int(m) for m in got if m not in live]
    expect(not dead, f"only functions that are not 0 at x = {x:g}", f"{got.tolist()}, of which {dead} are 0")
    missed = len(set(live.tolist()) - set(got.tolist()))
    expect(missed == 0, f"all {len(live)} functions alive at x = {x:g}", f"{got.tolist()}: {missed} missing")


@alive.property(
    "has k + 1 members", cause="at any x inside a cell, k + 1 functions are alive: count both ends"
)
def _alive_count(answer):
    for order in (0, 1, 3):
        got = answer(0.3, make_grid((0, 1), 7, order), order)
        expect_shape(got, (order + 1,), f"{order + 1} indices for order {order}")


@alive.property(
    "names the living", cause="cell g, counted from 0, belongs to the functions g, g + 1, … g + k"
)
def _alive_even(answer):
    for x in (0.03, 0.5, 0.97):
        _expect_alive(answer, x, make_grid((0, 1), 7, 3), 3)


@alive.property(
    "works for blocks, too", cause="for order 0 a slice that ends at -0 is empty, as it ends at 0"
)
def _alive_blocks(answer):
    for x in (0.03, 0.5, 0.97):
        _expect_alive(answer, x, make_grid((0, 1), 7, 0), 0)


@alive.property(
    "also copes with uneven knots", cause="look the cell up among the knots; do not divide by a width"
)
def _alive_uneven(answer):
    for x in (0.1, 0.6, 1.4):
        _expect_alive(answer, x, UNEVEN, 2)


@alive.property(
    "stays within the basis at the right end", cause="the last knot of the domain belongs to the last cell"
)
def _alive_end(answer):
    knots = make_grid((0, 1), 4, 1)
    got = np.ravel(answer(1.0, knots, 1))
    expect(
        got.max() == 4,
        "4 as the largest index for x = 1, G = 4, k = 1 (5 functions)",
        f"indices {got.tolist()}",
    )


# 02.3

rung = Exercise("02.3", "one rung of the ladder")


def _blocks(x, knots):
    return ((knots[:-1] <= x[:, None]) & (x[:, None] < knots[1:])).astype(float)


@rung.property("has one child fewer than parents", cause="a child needs two neighbouring parents")
def _rung_shape(answer):
    x = np.linspace(0, 1.4, 6)
    expect_shape(answer(_blocks(x, UNEVEN), x, UNEVEN, 1), (6, 7), "children of 8 parents at 6 points")


@rung.property(
    "makes hats of blocks",
    cause="a child m gets the rising share of parent m, the falling share of parent m + 1",
)
def _rung_hats(answer):
    knots, x = np.arange(4.0), np.array([0.25, 1.25, 1.75, 2.5])
    hats = answer(_blocks(x, knots), x, knots, 1)
    expect_close(hats, [[0.25, 0], [0.75, 0.25], [0.25, 0.75], [0, 0.5]], "hats on the knots 0, 1, 2, 3")


@rung.property("loses nothing inside", cause="the two shares of a parent must add up to 1")
def _rung_sum(answer):
    x = np.linspace(0, 1.4, 8)
    children = answer(answer(_blocks(x, UNEVEN), x, UNEVEN, 1), x, UNEVEN, 2)
    expect_close(np.sum(children, axis=1), np.ones(8), "the sum of all children after two rungs")


@rung.property("climbs to the cubics", cause="a parent of degree p - 1 is p cells wide, not one")
def _rung_climb(answer):
    x = np.linspace(0.5, 1.4, 7)
    values = _blocks(x, UNEVEN)
    for p in (1, 2, 3):
        values = answer(values, x, UNEVEN, p)
    expect_close(values, basis(x, UNEVEN, 3), "cubic functions after three rungs")


# 02.4

antiderivative = Exercise("02.4", "the antiderivative")


def _spline():
    knots = make_grid(grid=[0.0, 0.5, 0.8, 1.5, 3.0], order=3)
    return np.array([0.5, -1.0, 2.0, 0.3, 0.7, -0.4]), knots, 2


@antiderivative.property("has one coefficient more", cause="differences of n + 1 numbers are n numbers")
def _integral_shape(answer):
    expect_shape(answer(*_spline()), (7,), "coefficients of order 3 over those 6 of order 2")


@antiderivative.property("starts at 0", cause="the constant of integration: here the first coefficient is 0")
def _integral_start(answer):
    expect_close(answer(*_spline())[0], 0.0, "the first coefficient")


@antiderivative.property(
    "has the given spline as its slope",
    cause="undo the differences by a running sum, each with its own width",
)
def _integral_slope(answer):
    c, knots, order = _spline()
    x = np.linspace(0, 3, 7)
    slope = basis(x, knots, order + 1, derivative=1) @ answer(c, knots, order)
    expect_close(slope, basis(x, knots[1:-1], order) @ c, "the slope at 7 points")


@antiderivative.property(
    "grows by the area", cause="the degree of the result is order + 1: divide by it once"
)
def _integral_area(answer):
    for order in (1, 0):
        knots = make_grid((0, 2), 4, order + 1)
        area = basis([0.0, 2.0], knots, order + 1) @ answer(np.full(4 + order, 3.0), knots, order)
        expect_close(area[1] - area[0], 6.0, f"the growth from 0 to 2 over the constant 3 of order {order}")


# 02.5

corner_knots = Exercise("02.5", "knots for a corner")

_GRID = np.array([-1.0, -0.4, 0.2, 0.6, 1.0])


def _corner_answer(answer, order):
    try:
        return np.asarray(answer(_GRID, order, 0.1), dtype=float)
    except ValueError as error:
        if "increasing" not in str(error):
            raise
        cause = "`make_grid` wants grid points that increase: give it those without the corner, then add the copies"
        raise PropertyFailed(f"knots for order {order}", f"ValueError: {error}", cause) from None


@corner_knots.property("does not decrease", cause="the copies belong in their place among the knots: sort")
def _corner_order(answer):
    knots = _corner_answer(answer, 3)
    falls = np.diff(knots).min()
    expect(falls >= 0, "knots that never decrease", f"a step of {falls:.3g}")


def _corner_case(answer, order):
    knots = np.sort(_corner_answer(answer, order))
    cause = "k knots lie beyond each end of the grid, as `make_grid` makes them"
    expect_close(knots[[order, -order - 1]], [-1.0, 1.0], f"the domain for order {order}", cause=cause)
    return knots


@corner_knots.property("keeps the domain", cause="the grid's ends must stay where they are")
def _corner_domain(answer):
    for order in (1, 2, 3):
        _corner_case(answer, order)


@corner_knots.property("allows the corner", cause="each copy costs one derivative: which one is to go?")
def _corner_fit(answer):
    x = np.linspace(-1, 1, 201)
    for order in (1, 2, 3):
        knots, target = _corner_case(answer, order), np.abs(x - 0.1)
        error = np.abs(basis(x, knots, order) @ fit_coefficients(x, target, knots, order) - target).max()
        expect(
            error < 1e-9, f"a fit of |x - 0.1| without error for order {order}", f"an error of {error:.2g}"
        )


@corner_knots.property("keeps the value continuous", cause="one copy too many cuts the curve in two")
def _corner_value(answer):
    for order in (1, 2, 3):
        left, right = basis([0.1 - 1e-9, 0.1], _corner_case(answer, order), order)
        jump = np.abs(right - left).max()
        expect(
            jump < 1e-6,
            f"no basis function of order {order} that jumps at the corner",
            f"a jump of {jump:.2g}",
        )


# 02.6

place_grid = Exercise("02.6", "a grid that fits its curve")

_CELLS = 12
_CURVES = {
    "a steep step": lambda x: np.tanh(12 * (x - 0.3)),
    "a narrow bump": lambda x: np.exp(-80 * (x + 0.4) ** 2),
    "a steeper step": lambda x: np.arctan(20 * x),
}


def _error(curve, grid):
    x, knots = np.linspace(-1, 1, 1001), make_grid(grid=grid, order=3)
    return np.sqrt(np.mean((basis(x, knots, 3) @ fit_coefficients(x, curve(x), knots, 3) - curve(x)) ** 2))


def _placed(answer, curve):
    x = np.linspace(-1, 1, 400)
    return np.asarray(answer(x, curve(x), _CELLS), dtype=float)


@place_grid.property("has cells + 1 points", cause="n cells have n + 1 ends")
def _place_count(answer):
    expect_shape(_placed(answer, _CURVES["a steep step"]), (_CELLS + 1,), f"points for {_CELLS} cells")


@place_grid.property("spans the data", cause="the first point is the first x, the last point the last x")
def _place_ends(answer):
    grid = _placed(answer, _CURVES["a narrow bump"])
    expect_close(grid[[0, -1]], [-1.0, 1.0], "the two ends")


@place_grid.property(
    "increases", cause="two points fell together: leave some density where the curve is flat"
)
def _place_order(answer):
    for name, curve in _CURVES.items():
        least = np.diff(_placed(answer, curve)).min()
        expect(least > 1e-6, f"cells with a width for {name}", f"a smallest width of {least:.2g}")


@place_grid.property(
    "beats the even grid threefold",
    cause="put more points where the curve is steep or bends, fewer where it is flat",
)
def _place_error(answer):
    _expect_better(answer, 1 / 3)


@place_grid.property(
    "beats it twentyfold",
    cause="slopes and bends are not what a cubic finds hard: what is the error of one cell made of?",
)
def _place_well(answer):
    _expect_better(answer, 1 / 20)


def _expect_better(answer, share):
    for name, curve in _CURVES.items():
        even = _error(curve, np.linspace(-1, 1, _CELLS + 1))
        ratio = _error(curve, _placed(answer, curve)) / even
        expect(
            ratio < share, f"less than {share:.2f} of the even grid's error on {name}", f"{ratio:.2f} of it"
        )
