"""Typical wrong answers to the exercises of chapter 02."""

import numpy as np

from minikan import make_grid

# 02.1


def hat_without_floor(x, left, peak, right):
    return np.minimum((x - left) / (peak - left), (right - x) / (right - peak))


def hat_of_even_sides(x, left, peak, right):
    return np.maximum(0, 1 - np.abs(x - peak) / (right - peak))


def hat_of_one_number(x, left, peak, right):
    return (x - left) / (peak - left) if x < peak else (right - x) / (right - peak)


def hat_of_half_height(x, left, peak, right):
    hat = np.minimum((x - left) / (right - left), (right - x) / (right - left))
    return np.maximum(0, hat)


# 02.2


def alive_one_short(x, knots, order):
    cell = np.searchsorted(knots, x, side="right") - 1
    return np.arange(cell - order, cell)


def alive_shifted(x, knots, order):
    cell = np.searchsorted(knots, x, side="right") - 1
    return np.arange(cell, cell + order + 1)


def alive_by_a_slice(x, knots, order):
    cell = np.searchsorted(knots[order:-order], x, side="right") - 1  # for order 0 the slice is empty
    return np.arange(cell, cell + order + 1)


def alive_on_even_grids(x, knots, order):
    cell = int((x - knots[order]) / (knots[1] - knots[0]))
    return np.arange(cell, cell + order + 1)


def alive_beyond_the_end(x, knots, order):
    cell = np.searchsorted(knots, x, side="right") - 1
    return np.arange(cell - order, cell + 1)


# 02.3


def rung_with_shares_swapped(parents, x, knots, p):
    w = (x[:, None] - knots[:-p]) / (knots[p:] - knots[:-p])
    return (1 - w[:, :-1]) * parents[:, :-1] + w[:, 1:] * parents[:, 1:]


def rung_of_one_cell(parents, x, knots, p):
    w = ((x[:, None] - knots[:-1]) / np.diff(knots))[:, : parents.shape[1]]
    return w[:, :-1] * parents[:, :-1] + (1 - w[:, 1:]) * parents[:, 1:]


def rung_with_one_share(parents, x, knots, p):
    w = (x[:, None] - knots[:-p]) / (knots[p:] - knots[:-p])
    return w[:, :-1] * parents[:, :-1] + (1 - w[:, :-1]) * parents[:, 1:]


def rung_of_all_parents(parents, x, knots, p):
    w = (x[:, None] - knots[:-p]) / (knots[p:] - knots[:-p])
    return w * parents + (1 - w) * np.roll(parents, -1, axis=1)


# 02.4


def antiderivative_without_start(c, knots, order):
    return np.cumsum(c * (knots[order + 2 : -1] - knots[1 : -order - 2]) / (order + 1))


def antiderivative_without_degree(c, knots, order):
    return np.append(0, np.cumsum(c * (knots[order + 2 : -1] - knots[1 : -order - 2])))


def antiderivative_of_one_cell(c, knots, order):
    return np.append(0, np.cumsum(c * np.diff(knots)[: len(c)]))


def antiderivative_with_start_of_one(c, knots, order):
    return 1 + np.append(0, np.cumsum(c * (knots[order + 2 : -1] - knots[1 : -order - 2]) / (order + 1)))


# 02.5


def corner_once(grid, order, corner):
    return np.sort(np.append(make_grid(grid=grid, order=order), corner))


def corner_too_often(grid, order, corner):
    return np.sort(np.append(make_grid(grid=grid, order=order), [corner] * (order + 1)))


def corner_at_the_end(grid, order, corner):
    return np.append(make_grid(grid=grid, order=order), [corner] * order)


def corner_in_the_grid(grid, order, corner):
    return make_grid(grid=np.sort(np.append(grid, [corner] * order)), order=order)


def corner_without_outer_knots(grid, order, corner):
    return np.sort(np.append(grid, [corner] * order))


# 02.6


def grid_even(x, y, cells):
    return np.linspace(x[0], x[-1], cells + 1)


def grid_of_percentiles(x, y, cells):
    return np.percentile(x, np.linspace(0, 100, cells + 1))


def grid_of_heights(x, y, cells):
    rise = np.append(0, np.cumsum(np.abs(np.diff(y))))
    return np.interp(np.linspace(0, rise[-1], cells), rise, x)


def grid_of_steepest_points(x, y, cells):
    steepest = np.argsort(-np.abs(np.gradient(y, x)))[: cells + 1]
    return np.sort(x[steepest])


def grid_of_arc_length(x, y, cells):
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    return np.interp(np.linspace(0, length[-1], cells + 1), length, x)


def grid_of_bends(x, y, cells):
    bend = np.abs(np.gradient(np.gradient(y, x), x))
    return np.interp(np.linspace(0, np.sum(bend), cells + 1), np.cumsum(bend), x)


def grid_without_floor(x, y, cells):
    steep = np.append(0, np.cumsum(np.abs(np.diff(y)) > 0.9 * np.abs(np.diff(y)).max()))
    return x[np.searchsorted(steep, np.linspace(0, steep[-1], cells + 1))]


WRONG = {
    "02.1": [
        (hat_without_floor, "is 0 outside its two cells"),
        (hat_of_even_sides, "is a straight line on either side"),
        (hat_of_one_number, "is a straight line on either side"),
        (hat_of_half_height, "is 1 at its peak"),
        (hat_of_half_height, "shares 1 with its neighbour"),
    ],
    "02.2": [
        (alive_one_short, "has k + 1 members"),
        (alive_shifted, "names the living"),
        (alive_by_a_slice, "works for blocks, too"),
        (alive_on_even_grids, "also copes with uneven knots"),
        (alive_beyond_the_end, "stays within the basis at the right end"),
    ],
    "02.3": [
        (rung_with_shares_swapped, "makes hats of blocks"),
        (rung_of_one_cell, "climbs to the cubics"),
        (rung_with_one_share, "loses nothing inside"),
        (rung_of_all_parents, "has one child fewer than parents"),
    ],
    "02.4": [
        (antiderivative_without_start, "has one coefficient more"),
        (antiderivative_with_start_of_one, "starts at 0"),
        (antiderivative_of_one_cell, "has the given spline as its slope"),
        (antiderivative_without_degree, "grows by the area"),
    ],
    "02.5": [
        (corner_once, "allows the corner"),
        (corner_too_often, "keeps the value continuous"),
        (corner_at_the_end, "does not decrease"),
        (corner_in_the_grid, "does not decrease"),
        (corner_without_outer_knots, "keeps the domain"),
    ],
    "02.6": [
        (grid_even, "beats the even grid threefold"),
        (grid_of_arc_length, "beats it twentyfold"),
        (grid_of_bends, "beats it twentyfold"),
        (grid_of_percentiles, "beats the even grid threefold"),
        (grid_of_heights, "has cells + 1 points"),
        (grid_of_steepest_points, "spans the data"),
        (grid_without_floor, "increases"),
    ],
}
