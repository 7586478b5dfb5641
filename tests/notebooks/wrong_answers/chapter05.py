"""Typical wrong answers to the exercises of chapter 05."""

import math

import numpy as np


def cells_with_exponent_k(error, grid, wanted, order):
    return max(grid, int(np.ceil(grid * (error / wanted) ** (1 / order) - 1e-9)))


def cells_always_cubic(error, grid, wanted, order):
    return max(grid, int(np.ceil(grid * (error / wanted) ** 0.25 - 1e-9)))


def cells_rounded(error, grid, wanted, order):
    return max(grid, round(grid * (error / wanted) ** (1 / (order + 1))))


def cells_lifted_by_rounding(error, grid, wanted, order):
    return max(grid, int(np.ceil(grid * (error / wanted) ** (1 / (order + 1)))))


def cells_fractional(error, grid, wanted, order):
    return max(grid, grid * (error / wanted) ** (1 / (order + 1)))


def cells_fewer(error, grid, wanted, order):
    return int(np.ceil(grid * (error / wanted) ** (1 / (order + 1)) - 1e-9))


def _squared(grid, a, sigma, edges, n, order):
    return (a * grid ** -(order + 1.0)) ** 2 + sigma**2 * edges * (grid + order + 1) / n


def best_exact(a, sigma, edges, n, order):
    return (2 * (order + 1) * a**2 * n / (sigma**2 * edges)) ** (1 / (2 * order + 3))


def best_where_both_are_equal(*setting):
    grids = np.arange(1, 5000)
    a, _, _, _, order = setting
    law = (a * grids ** -(order + 1.0)) ** 2
    return int(grids[np.argmin(np.abs(2 * law - _squared(grids, *setting)))])


def best_of_cubics(a, sigma, edges, n, order):
    grids = np.arange(1, 5000)
    return int(grids[np.argmin(_squared(grids, a, sigma, edges, n, 3))])


def best_rounded(*setting):
    return max(1, round(best_exact(*setting)))


def best_with_no_cell(*setting):
    low = int(best_exact(*setting))
    return min(low, low + 1, key=lambda G: _squared(G, *setting)) if low else 0


def double_each_twice(c, order):
    return np.repeat(c, 2)[: 2 * (len(c) - order) + order]


def double_means(c, order):
    new = np.interp(np.arange(2 * len(c) - 1) / 2, np.arange(len(c)), c)
    cut = (len(new) - 2 * (len(c) - order) - order) // 2
    return new[cut : len(new) - cut]


def _spread_out(c, order, weights):
    wide = np.zeros(2 * len(c) - 1)
    wide[::2] = c
    return np.convolve(wide, weights)


def double_uncut(c, order):
    return _spread_out(c, order, np.array([math.comb(order + 1, j) for j in range(order + 2)]) / 2**order)


def double_without_weights(c, order):
    row = np.array([math.comb(order + 1, j) for j in range(order + 2)]) / 2 ** (order + 1)
    return _spread_out(c, order, row)[order:][: 2 * (len(c) - order) + order]


def double_always_cubic(c, order):
    if order == 1:
        return double_means(c, order)
    return _spread_out(c, order, np.array([1, 4, 6, 4, 1]) / 8)[order:][: 2 * (len(c) - order) + order]


def fair_by_test(validation, test, seconds, budget):
    ready = np.cumsum(seconds) <= budget
    found = np.where(ready & ~np.isnan(validation), test, np.inf)
    return found.min()


def _chosen(validation, test, ready):
    validation = np.where(ready, validation, np.inf)
    return test[np.nanargmin(validation)] if np.isfinite(validation).any() else np.inf


def fair_in_its_own_time(validation, test, seconds, budget):
    return _chosen(validation, test, np.array(seconds) <= budget)


def fair_skipping_the_slow(validation, test, seconds, budget):
    ready, used = [], 0.0
    for each in seconds:
        ready.append(used + each <= budget)
        used += each if ready[-1] else 0.0
    return _chosen(validation, test, ready)


def fair_argmin(validation, test, seconds, budget):
    ready = np.cumsum(seconds) <= budget
    return test[np.argmin(np.where(ready, validation, np.inf))] if ready.any() else np.inf


def fair_always_the_first(validation, test, seconds, budget):
    ready = np.cumsum(seconds) <= budget
    ready[0] = True
    return test[np.nanargmin(np.where(ready, validation, np.inf))]


def _good(sizes, errors, alpha, tolerance):
    return np.abs(-np.diff(np.log(errors)) / np.diff(np.log(sizes)) - alpha) <= tolerance


def window_of_slopes(sizes, errors, alpha, tolerance):
    good = np.flatnonzero(_good(sizes, errors, alpha, tolerance))
    return (int(good[0]), int(good[-1])) if len(good) else (None, None)


def window_from_first_to_last(sizes, errors, alpha, tolerance):
    good = np.flatnonzero(_good(sizes, errors, alpha, tolerance))
    return (int(good[0]), int(good[-1]) + 1) if len(good) else (None, None)


def _runs(sizes, errors, alpha, tolerance):
    runs, start = [], None
    for i, good in enumerate([*_good(sizes, errors, alpha, tolerance), False]):
        if good and start is None:
            start = i
        if not good and start is not None:
            runs.append((start, i))
            start = None
    return runs


def window_last_of_equals(sizes, errors, alpha, tolerance):
    runs = _runs(sizes, errors, alpha, tolerance)
    return max(runs, key=lambda run: (run[1] - run[0], run[0])) if runs else (None, None)


def window_whole_if_none(sizes, errors, alpha, tolerance):
    runs = _runs(sizes, errors, alpha, tolerance)
    return max(runs, key=lambda run: run[1] - run[0]) if runs else (0, len(sizes) - 1)


def _law(sizes, errors, alpha, weights):
    sizes = np.asarray(sizes) / sizes[0]
    A = np.column_stack([sizes**-alpha, np.ones_like(sizes)]) * weights[:, None]
    solution = np.linalg.lstsq(A, errors * weights, rcond=None)[0]
    return np.sum((A @ solution - errors * weights) ** 2), alpha, solution[1]


def _best_law(sizes, errors, weights, alphas):
    return min(_law(sizes, errors, alpha, weights) for alpha in alphas)[1:]


def floor_by_a_straight_line(sizes, errors):
    return -np.polyfit(np.log(sizes), np.log(errors), 1)[0], 0.0


def floor_is_the_last_error(sizes, errors):
    c = 0.999 * np.min(errors)
    return -np.polyfit(np.log(sizes), np.log(errors - c), 1)[0], c


def floor_of_absolute_errors(sizes, errors):
    return _best_law(sizes, errors, np.ones(len(sizes)), np.linspace(0.1, 10, 9901))


def floor_near_four(sizes, errors):
    return _best_law(sizes, errors, 1 / errors, np.linspace(3, 5, 2001))


def floor_may_be_negative(sizes, errors):
    return _best_law(sizes, errors, 1 / errors, np.linspace(0.1, 10, 9901))


WRONG = {
    "05.1": [
        (cells_with_exponent_k, "follows the fourth power for cubics"),
        (cells_always_cubic, "follows the order"),
        (cells_rounded, "rounds up to whole cells"),
        (cells_lifted_by_rounding, "rounds up to whole cells"),
        (cells_fractional, "rounds up to whole cells"),
        (cells_fewer, "never takes cells away"),
    ],
    "05.2": [
        (best_where_both_are_equal, "has the least error"),
        (best_exact, "has the least error"),
        (best_of_cubics, "follows the order"),
        (best_rounded, "is the better one of two whole numbers"),
        (best_with_no_cell, "has one cell at least"),
    ],
    "05.3": [
        (double_each_twice, "keeps a polygon"),
        (double_uncut, "keeps a polygon"),
        (double_without_weights, "keeps a polygon"),
        (double_means, "keeps a cubic spline"),
        (double_always_cubic, "works for any order"),
    ],
    "05.4": [
        (fair_by_test, "chooses by validation"),
        (fair_in_its_own_time, "counts the time of every training"),
        (fair_skipping_the_slow, "counts the time of every training"),
        (fair_argmin, "never chooses a failure"),
        (fair_always_the_first, "says so if nothing was ready in time"),
    ],
    "05.5": [
        (window_of_slopes, "keeps all points of a pure law"),
        (window_from_first_to_last, "finds the longest stretch, the first of equals"),
        (window_last_of_equals, "finds the longest stretch, the first of equals"),
        (window_whole_if_none, "says so if there is none"),
    ],
    "05.6": [
        (floor_by_a_straight_line, "finds the law above its floor"),
        (floor_is_the_last_error, "finds the law above its floor"),
        (floor_of_absolute_errors, "cares for small errors as much as for large ones"),
        (floor_near_four, "works for other exponents and sizes"),
        (floor_may_be_negative, "finds no floor where there is none"),
    ],
}
