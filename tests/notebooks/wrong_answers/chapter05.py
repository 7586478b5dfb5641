"""Typical wrong answers to the exercises of chapter 05."""

import itertools

import numpy as np

from minikan import basis, fit_coefficients


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


def _line(sizes, errors):
    u, v = np.log(sizes), np.log(errors)
    slope, height = np.polyfit(u, v, 1)
    return u, slope, v - height - slope * u


def exponent_of_the_ends(sizes, errors):
    return -np.log(errors[-1] / errors[0]) / np.log(sizes[-1] / sizes[0]), 0.0


def exponent_with_its_sign(sizes, errors):
    u, slope, r = _line(sizes, errors)
    return slope, np.sqrt(np.sum(r**2) / (len(u) - 2) / np.sum((u - u.mean()) ** 2))


def exponent_alone(sizes, errors):
    return -_line(sizes, errors)[1]


def exponent_with_m(sizes, errors):
    u, slope, r = _line(sizes, errors)
    return -slope, np.sqrt(np.mean(r**2) / np.sum((u - u.mean()) ** 2))


def exponent_with_scatter(sizes, errors):
    u, slope, r = _line(sizes, errors)
    return -slope, np.sqrt(np.sum(r**2) / (len(u) - 2))


def extend_keeps_knots(c, old, new, order):
    return c


def extend_by_interpolating_coefficients(c, old, new, order):
    size = len(new) - order - 1
    return np.interp(np.linspace(0, 1, size), np.linspace(0, 1, len(c)), c)


def extend_on_minus_one_to_one(c, old, new, order):
    x = np.linspace(-1, 1, 10 * len(new))
    return fit_coefficients(x, basis(x, old, order) @ c, new, order)


def extend_always_cubic(c, old, new, order):
    x = np.linspace(old[3], old[-4], 10 * len(new))
    return fit_coefficients(x, basis(x, old, 3) @ c, new, 3)


def count_times_k(widths, grid=None, order=3):
    pairs = sum(a * b for a, b in itertools.pairwise(widths))
    return pairs + sum(widths[1:]) if grid is None else pairs * (grid * order + 1)


def count_without_weight(widths, grid=None, order=3):
    pairs = sum(a * b for a, b in itertools.pairwise(widths))
    return pairs + sum(widths[1:]) if grid is None else pairs * (grid + order)


def count_always_cubic(widths, grid=None, order=3):
    pairs = sum(a * b for a, b in itertools.pairwise(widths))
    return pairs + sum(widths[1:]) if grid is None else pairs * (grid + 4)


def count_without_biases(widths, grid=None, order=3):
    pairs = sum(a * b for a, b in itertools.pairwise(widths))
    return pairs if grid is None else pairs * (grid + order + 1)


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
        (exponent_of_the_ends, "fits all points, not two"),
        (exponent_with_its_sign, "finds an exact law"),
        (exponent_alone, "finds an exact law"),
        (exponent_with_m, "tells how sure the exponent is"),
        (exponent_with_scatter, "tells how sure the exponent is"),
    ],
    "05.3": [
        (extend_keeps_knots, "has a coefficient for each new function"),
        (extend_by_interpolating_coefficients, "keeps the curve where grids are nested"),
        (extend_on_minus_one_to_one, "works on any interval and for any order"),
        (extend_always_cubic, "works on any interval and for any order"),
    ],
    "05.4": [
        (count_times_k, "counts a KAN"),
        (count_without_weight, "counts a KAN"),
        (count_always_cubic, "counts another order"),
        (count_without_biases, "counts an MLP"),
    ],
    "05.5": [
        (window_of_slopes, "keeps all points of a pure law"),
        (window_from_first_to_last, "finds the longest stretch, the first of equals"),
        (window_last_of_equals, "finds the longest stretch, the first of equals"),
        (window_whole_if_none, "says so if there is none"),
    ],
}
