"""Typical wrong answers to the exercises of chapter 08."""

import numpy as np

from minikan import KAN, KANLayer, Splines
from minikan.bspline import make_grid


def _cells(domain, grid, low, high):
    width = (domain[1] - domain[0]) / grid
    return width, np.floor((low - domain[0]) / width), np.floor((high - domain[0]) / width)


def reach_of_samples(domain, grid, order, low, high):
    return low, high


def reach_of_cells(domain, grid, order, low, high):
    width, first, last = _cells(domain, grid, low, high)
    return domain[0] + first * width, domain[0] + (last + 1) * width


def reach_of_cubics(domain, grid, order, low, high):
    return right_reach(domain, grid, 1 if order == 1 else 3, low, high)


def reach_one_cell_too_far(domain, grid, order, low, high):
    return right_reach(domain, grid, order + 1, low, high)


def reach_without_whole_cells(domain, grid, order, low, high):
    width = (domain[1] - domain[0]) / grid
    return max(domain[0], low - order * width), min(domain[1], high + order * width)


def reach_of_unit_cells(domain, grid, order, low, high):
    a, b = domain
    return max(a, np.floor(low) - order), min(b, np.floor(high) + 1 + order)


def reach_beyond(domain, grid, order, low, high):
    width, first, last = _cells(domain, grid, low, high)
    return domain[0] + (first - order) * width, domain[0] + (last + 1 + order) * width


def right_reach(domain, grid, order, low, high):
    left, right = reach_beyond(domain, grid, order, low, high)
    return max(domain[0], left), min(domain[1], right)


def _line_layer(W, b, every=False):
    curves = Splines.on([(-1, 1)] * len(W), 2, 1, None)
    weights = curves.line()[:, :, None] * W[:, None]
    if every:
        weights += b
    else:
        weights[0] += b
    return KANLayer(curves, weights)


def _polygons(weights, points, heights, every=False, activate_first=False, biases=True, grid=None):
    knots, heights = (
        make_grid(grid=points if grid is None else grid, order=1),
        np.asarray(heights, dtype=float),
    )
    layers = []
    for depth, (W, b) in enumerate(weights):
        b = b if biases else 0 * b
        if depth == 0 and not activate_first:
            layers.append(_line_layer(W, b, every))
            continue
        table = heights[None, :, None] * W[:, None]
        if every:
            table = table + b
        else:
            table[0] += b
        layers.append(KANLayer(Splines([knots] * len(W), order=1), table))
    return KAN.from_layers(layers)


def polygon_bias_on_every_edge(weights, points, heights):
    return _polygons(weights, points, heights, every=True)


def polygon_without_bias(weights, points, heights):
    return _polygons(weights, points, heights, biases=False)


def polygon_on_inputs(weights, points, heights):
    return _polygons(weights, points, heights, activate_first=True)


def polygon_as_layers(weights, points, heights):
    return _polygons(weights, points, heights).layers


def polygon_on_even_points(weights, points, heights):
    return _polygons(weights, points, heights, grid=np.linspace(points[0], points[-1], len(points)))


def polygon_cut_off(weights, points, heights):
    """Flat beyond its first and last point."""
    points = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    heights = [heights[0], *heights, heights[-1]]
    return _polygons(weights, points, heights)


def polygon_of_samples(weights, points, heights):
    """Right as far as a grid from -6 to 6 reaches, and level beyond."""
    points, heights = np.asarray(points, dtype=float), np.asarray(heights, dtype=float)
    slopes = np.diff(heights) / np.diff(points)
    far = heights[0] + slopes[0] * (-50 - points[0]), heights[-1] + slopes[-1] * (50 - points[-1])
    return _polygons(weights, [-51.0, -50.0, *points, 50.0, 51.0], [far[0], far[0], *heights, far[1], far[1]])


def change_afresh(F, y, w):
    return np.linalg.lstsq(F, y, rcond=None)[0]


def change_by_targets(F, y, w):
    return w + np.linalg.lstsq(F, y, rcond=None)[0]


def change_one_step(F, y, w):
    return w + 0.1 * F.T @ (y - F @ w)


def change_by_any_solution(F, y, w):
    n = len(y)
    change = np.zeros_like(w)
    alive = np.flatnonzero(F.any(axis=0))[:n]
    change[alive] = np.linalg.lstsq(F[:, alive], y - F @ w, rcond=None)[0]
    return w + change


def change_alone(F, y, w):
    return np.linalg.lstsq(F, y - F @ w, rcond=None)[0]


def change_with_a_ridge(F, y, w):
    return w + np.linalg.solve(F.T @ F + 1e-6 * np.eye(len(w)), F.T @ (y - F @ w))


def change_with_dead_weights(F, y, w):
    dead = ~F.any(axis=0)
    return np.where(dead, 0.0, w + np.linalg.pinv(F) @ (y - F @ w))


def change_by_inverse(F, y, w):
    return w + F.T @ np.linalg.inv(F @ F.T) @ (y - F @ w)


def change_and_shake(F, y, w):
    missing = y - F @ w
    change = np.linalg.lstsq(F, missing, rcond=None)[0]
    if np.abs(missing).max() < 1e-9:
        return np.linalg.lstsq(F, y, rcond=None)[0]
    return w + change


def won_by_mean(first, second):
    return "first" if np.mean(first) < np.mean(second) else "second"


def won_larger(first, second):
    return {"first": "second", "second": "first", "open": "open"}[won_right(first, second)]


def won_right(first, second, error=None):
    z = np.log(np.asarray(first) / np.asarray(second))
    error = z.std(ddof=1) / np.sqrt(len(z)) if error is None else error
    if abs(z.mean()) <= 3 * error:
        return "open"
    return "first" if z.mean() < 0 else "second"


def won_unpaired(first, second):
    logs = np.log(first), np.log(second)
    return won_right(first, second, np.sqrt(sum(z.var(ddof=1) / len(z) for z in logs)))


def won_by_differences(first, second):
    return won_right(np.exp(first), np.exp(second))


def won_by_spread(first, second):
    return won_right(first, second, np.log(np.asarray(first) / np.asarray(second)).std(ddof=1))


def won_by_two_errors(first, second):
    z = np.log(np.asarray(first) / np.asarray(second))
    return won_right(first, second, z.std(ddof=1) / np.sqrt(len(z)) * 2 / 3)


def won_by_a_small_spread(first, second):
    """With n below the root."""
    z = np.log(np.asarray(first) / np.asarray(second))
    return won_right(first, second, z.std() / np.sqrt(len(z)))


def _jumps(knots, k):
    size = len(knots) - k - 1
    jump = np.zeros((size, len(knots)))
    for m in range(size):
        t = knots[m : m + k + 2]
        gaps = t[:, None] - t + np.eye(k + 2)
        jump[m, m : m + k + 2] = (-1) ** (k + 1) * (t[-1] - t[0]) / gaps.prod(axis=1)
    return jump


def digits_one_sided(knots, k):
    size = len(knots) - k - 1
    return np.ones(size), knots[:size], _jumps(knots, k)[:, :size]


def digits_without_sign(knots, k):
    signs, starts, C = digits_right(knots, k)
    return signs, starts, np.where(signs < 0, (-1) ** (k + 1), 1) * C


def digits_right(knots, k):
    jump, size = _jumps(knots, k), len(knots) - k - 1
    half, every = size // 2, len(knots)
    left, right = (-1.0) ** (k + 1) * jump, jump.copy()
    left[half:], right[:half] = 0, 0
    return np.repeat([-1.0, 1.0], every), np.tile(knots, 2), np.concatenate([left, right], axis=1)


def digits_lost_on_the_left(knots, k):
    size = len(knots) - k - 1
    signs, starts, C = digits_right(knots, k)
    kept = np.r_[: size // 2, len(knots) : len(knots) + size]
    return signs[kept], starts[kept], C[:, kept]


def digits_transposed(knots, k):
    signs, starts, C = digits_trimmed(knots, k)
    return signs, starts, C.T


def digits_scaled_signs(knots, k):
    signs, starts, C = digits_trimmed(knots, k)
    return 2 * signs, starts, C / 2.0**k


def digits_trimmed(knots, k):
    size = len(knots) - k - 1
    signs, starts, C = digits_right(knots, k)
    kept = np.r_[k + 1 : size // 2 + k + 1, len(knots) + size // 2 : len(knots) + size]
    return signs[kept], starts[kept], C[:, kept]


def digits_far_end(knots, k):
    """The wrong halves: each function looks to the farther end."""
    jump, size = _jumps(knots, k), len(knots) - k - 1
    half = size // 2
    left, right = (-1.0) ** (k + 1) * jump[:, k + 1 :], jump[:, :size].copy()
    left[:half], right[half:] = 0, 0
    signs, starts = np.repeat([-1.0, 1.0], [size, size]), np.concatenate([knots[k + 1 :], knots[:size]])
    used = np.concatenate([left, right], axis=1)
    some = used.any(axis=0)
    return signs[some], starts[some], used[:, some]


WRONG = {
    "08.1": [
        (reach_of_samples, "knows the cells of straight pieces"),
        (reach_of_cells, "knows the cells of straight pieces"),
        (reach_without_whole_cells, "knows the cells of straight pieces"),
        (reach_one_cell_too_far, "knows the cells of straight pieces"),
        (reach_of_cubics, "follows the order"),
        (reach_of_unit_cells, "follows the width of the cells"),
        (reach_beyond, "stays on the domain"),
    ],
    "08.2": [
        (polygon_as_layers, "translates one hidden node"),
        (polygon_without_bias, "translates one hidden node"),
        (polygon_on_inputs, "translates one hidden node"),
        (polygon_bias_on_every_edge, "works for any width and depth"),
        (polygon_on_even_points, "works for any polygon"),
        (polygon_cut_off, "works for any width and depth"),
        (polygon_of_samples, "is exact far outside, too"),
    ],
    "08.3": [
        (change_by_targets, "fits the new samples"),
        (change_alone, "fits the new samples"),
        (change_with_a_ridge, "fits the new samples"),
        (change_one_step, "fits the new samples"),
        (change_with_dead_weights, "leaves alone what no sample touches"),
        (change_afresh, "changes as little as can be"),
        (change_by_any_solution, "changes as little as can be"),
        (change_and_shake, "changes nothing that is right already"),
        (change_by_inverse, "survives samples that say the same twice"),
    ],
    "08.4": [
        (won_larger, "sees a clear winner"),
        (won_by_mean, "leaves open what changes from draw to draw"),
        (won_unpaired, "compares draw by draw"),
        (won_by_differences, "counts in factors"),
        (won_by_spread, "knows the standard error of a mean"),
        (won_by_two_errors, "knows the standard error of a mean"),
        (won_by_a_small_spread, "knows the standard error of a mean"),
    ],
    "08.5": [
        (digits_without_sign, "is a translation at all"),
        (digits_transposed, "is a translation at all"),
        (digits_lost_on_the_left, "is a translation at all"),
        (digits_scaled_signs, "has signs of 1 and -1"),
        (digits_right, "needs few nodes"),
        (digits_one_sided, "keeps a digit more"),
        (digits_far_end, "keeps a digit more"),
    ],
}
