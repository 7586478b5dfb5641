"""Checks of the exercises of chapter 08, KAN or MLP."""

from itertools import pairwise

import numpy as np

from ..bspline import basis, make_grid
from ..network import Network
from .expectations import expect, expect_close, expect_parts, expect_shape, in_short
from .framework import Exercise

# 08.1

reach = Exercise("08.1", "how far does a lesson reach?")


def _expect_interval(answer, domain, grid, order, low, high):
    found = expect_parts(answer(domain, grid, order, low, high), 2, "left end, right end")
    knots = make_grid(domain, grid, order)
    alive = basis(np.linspace(low, high, 1001), knots, order).any(axis=0)
    first, last = np.flatnonzero(alive)[[0, -1]]
    ends = max(knots[first], domain[0]), min(knots[last + order + 1], domain[1])
    expect_close(
        found,
        ends,
        f"the ends for {grid} cells of order {order} on {domain}, samples from {low} to {high}",
        cause=_inside_cells(found, domain, grid),
    )


def _inside_cells(ends, domain, grid):
    """Tell of ends that are in the middle of a cell."""
    places = (np.asarray(ends, dtype=float) - domain[0]) * grid / (domain[1] - domain[0])
    if np.abs(places - places.round()).max() < 1e-6:
        return ""
    return "one sample moves all of its cell: go to the cell's ends first, then count whole cells"


@reach.property(
    "knows the cells of straight pieces",
    cause="a hat lives on two cells: with a sample in one cell the cells beside it may change, too",
)
def _reach_hats(answer):
    _expect_interval(answer, (0, 10), 10, 1, 4.3, 4.6)


@reach.property("follows the order", cause="a spline of order k lives on k + 1 cells")
def _reach_order(answer):
    for order in (2, 3, 5):
        _expect_interval(answer, (0, 20), 20, order, 9.4, 10.7)


@reach.property("follows the width of the cells", cause="count in cells, of width (high - low) / G")
def _reach_width(answer):
    _expect_interval(answer, (-1, 1), 40, 3, -0.22, 0.13)
    _expect_interval(answer, (-3, 5), 25, 1, 0.7, 2.9)


@reach.property(
    "stays on the domain", cause="you are asked for no more than the domain: cut the interval there"
)
def _reach_ends(answer):
    _expect_interval(answer, (-1, 1), 8, 3, -0.9, -0.6)
    _expect_interval(answer, (-1, 1), 8, 3, 0.3, 0.95)


# 08.2

bent = Exercise("08.2", "any polygon will do")

_POLYGONS = {
    "a leaky ReLU": ([-1.0, 0.0, 1.0], [-0.1, 0.0, 1.0]),
    "a hard tanh": ([-2.0, -1.0, 1.0, 2.0], [-1.0, -1.0, 1.0, 1.0]),
    "an absolute value": ([-1.0, 0.0, 3.0], [1.0, 0.0, 3.0]),
    "a zigzag": ([-0.7, 0.1, 0.2, 0.9], [0.3, -1.0, 0.8, 0.1]),
}


def _polygon(z, points, heights):
    points, heights = np.asarray(points), np.asarray(heights)
    slopes = np.diff(heights) / np.diff(points)
    cell = np.clip(np.searchsorted(points, z) - 1, 0, len(slopes) - 1)
    return heights[cell] + slopes[cell] * (z - points[cell])


def _network(widths, seed):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=shape) * np.sqrt(2 / shape[0]), rng.normal(size=shape[1]))
        for shape in pairwise(widths)
    ]


def _expect_translated(answer, widths, name, spread=1.0, seed=0):
    weights, (points, heights) = _network(widths, seed), _POLYGONS[name]
    copies = [(W.copy(), b.copy()) for W, b in weights]
    kan = answer(weights, points, heights)
    expect(isinstance(kan, Network), "a KAN", in_short(kan), "join the layers by `KAN.from_layers`")
    X = spread * np.random.default_rng(seed + 1).uniform(-1, 1, (40, widths[0]))
    z = often = X
    for depth, (W, b) in enumerate(copies):
        z, often = ((_polygon(each, points, heights) if depth else each) @ W for each in (z, often))
        z, often = z + b, often + len(W) * b
    found = kan(X)
    expect_shape(found, z.shape, f"the outputs of a network {list(widths)}")
    scale = np.abs(z).max()
    every = np.abs(found - often).max() < 1e-9 * np.abs(often).max()  # a bias on every edge
    cause = "the outputs are right, if each bias is added as often as there are inputs: it must come once"
    expect_close(
        found / scale, z / scale, f"the outputs of {list(widths)} with {name}", 1e-12, cause if every else ""
    )


@bent.property("translates one hidden node", cause="of order 1 a coefficient is the height at a grid point")
def _bent_one(answer):
    _expect_translated(answer, [1, 1, 1], "a leaky ReLU")


@bent.property(
    "works for any width and depth",
    cause="an output adds many edges, and its bias must come once; the first layer has no activation before it",
)
def _bent_any(answer):
    for seed, widths in enumerate(([2, 5, 1], [3, 4, 6, 2], [1, 3, 3, 3, 3, 2], [4, 1])):
        _expect_translated(answer, widths, "a leaky ReLU", seed=seed)


@bent.property("works for any polygon", cause="the grid points are the polygon's, equally spaced or not")
def _bent_polygons(answer):
    for seed, name in enumerate(_POLYGONS):
        _expect_translated(answer, [2, 6, 6, 1], name, seed=seed)


@bent.property(
    "is exact far outside, too", cause="the layers go on as straight lines: no grid has to be wide for that"
)
def _bent_far(answer):
    for name in _POLYGONS:
        _expect_translated(answer, [2, 5, 5, 1], name, spread=100.0)


# 08.3

gentle = Exercise("08.3", "learn with the least change")


def _lesson(n, P, seed, dead=()):
    rng = np.random.default_rng(seed)
    F = rng.normal(size=(n, P))
    F[:, list(dead)] = 0
    return F, rng.normal(size=n), rng.normal(size=P)


@gentle.property("fits the new samples", cause="the change has to make up for what is missing, y - F w")
def _gentle_fits(answer):
    F, y, w = _lesson(5, 12, 0)
    found = answer(F, y, w)
    expect_shape(found, (12,), "the new weights")
    _expect_fit(F, y, w, found)


def _expect_fit(F, y, w, found):
    """Expect weights that fit; tell a change that comes alone, or one that is a little too short."""
    found, rest = np.asarray(found), np.abs(F @ np.asarray(found) - y).max()
    if np.abs(F @ (w + found) - y).max() < 1e-6:
        cause = "this is the change alone: add it to the old weights"
    else:
        cause = "a ridge, or a damping, leaves a rest: do without" if rest < 0.1 else ""
    expect(rest < 1e-7, "F times the new weights within 1e-7 of y", f"{rest:.1e} beside it", cause)


@gentle.property(
    "leaves alone what no sample touches", cause="a weight whose feature is 0 has no reason to move"
)
def _gentle_dead(answer):
    F, y, w = _lesson(4, 12, 1, dead=(0, 5, 11))
    expect_close(
        np.asarray(answer(F, y, w))[[0, 5, 11]], w[[0, 5, 11]], "the weights of features that are 0", 1e-8
    )


@gentle.property(
    "changes as little as can be",
    cause="it is the change that has to be small, not the new weights themselves",
)
def _gentle_least(answer):
    F, y, w = _lesson(5, 12, 2)
    least = w + F.T @ np.linalg.solve(F @ F.T, y - F @ w)
    found = np.asarray(answer(F, y, w))
    expect_close(np.linalg.norm(found - w), np.linalg.norm(least - w), "the length of the change", 1e-5)


@gentle.property(
    "changes nothing that is right already", cause="what is missing is 0 then, and so is the change"
)
def _gentle_still(answer):
    F, _, w = _lesson(5, 12, 3)
    expect_close(answer(F, F @ w, w), w, "the new weights where the old ones fit", 1e-8)


@gentle.property(
    "survives samples that say the same twice", cause="F Fᵀ is singular then: use `np.linalg.lstsq` or `pinv`"
)
def _gentle_twice(answer):
    F, y, w = _lesson(4, 10, 4)
    F, y = np.concatenate([F, F]), np.concatenate([y, y])
    _expect_fit(F, y, w, answer(F, y, w))


# 08.4

verdict = Exercise("08.4", "who has won?")


def _expect_verdict(answer, first, second, expected, which):
    found = answer(np.array(first), np.array(second))
    expect(isinstance(found, str) and found == expected, f"{expected!r} {which}", in_short(found))


@verdict.property("sees a clear winner", cause="the smaller error wins")
def _verdict_clear(answer):
    _expect_verdict(
        answer,
        [0.010, 0.011, 0.012, 0.009, 0.01],
        [0.1, 0.12, 0.11, 0.1, 0.1],
        "first",
        "for ten times less error",
    )
    _expect_verdict(
        answer,
        [0.1, 0.12, 0.11, 0.1, 0.1],
        [0.010, 0.011, 0.012, 0.009, 0.01],
        "second",
        "the other way round",
    )


@verdict.property(
    "leaves open what changes from draw to draw", cause="compare the mean with three standard errors"
)
def _verdict_open(answer):
    even, uneven = [0.1, 0.2, 0.1, 0.3, 0.1], [0.15, 0.1, 0.2, 0.12, 0.1]
    _expect_verdict(answer, even, uneven, "open", "where the order changes")
    larger = [0.101, 0.11, 0.11, 0.16, 0.2]
    _expect_verdict(
        answer, [0.1] * 5, larger, "open", "for five draws of one order, but very different in size"
    )


@verdict.property(
    "compares draw by draw",
    cause="a hard draw is hard for both: take the differences first, then their spread",
)
def _verdict_pairs(answer):
    hard = np.array([0.01, 0.1, 1.0, 0.3, 0.03])
    bumps = np.array([1.0, 1.05, 0.95, 1.02, 0.98])
    _expect_verdict(
        answer, hard, 1.3 * hard * bumps, "first", "if it is 1.3 times better in each of five uneven draws"
    )


@verdict.property(
    "counts in factors", cause="take logarithms: one draw with large errors must not outvote all others"
)
def _verdict_factors(answer):
    first = [1e-6, 1e-5, 1e-6, 2e-5, 0.011]
    second = [4e-6, 5e-5, 4e-6, 7e-5, 0.030]
    _expect_verdict(answer, first, second, "first", "if it is some four times better, at any size of error")


@verdict.property(
    "knows the standard error of a mean",
    cause="the spread of the draws, with n - 1 below the root, over √n; and three of them",
)
def _verdict_standard_error(answer):
    z = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    error = z.std(ddof=1) / np.sqrt(5)
    for factor, expected in ((2.8, "open"), (3.2, "second")):
        _expect_verdict(
            answer, np.exp(z + factor * error), np.ones(5), expected, f"at {factor} standard errors"
        )


# 08.5

digits = Exercise("08.5", "a translation that keeps more digits")


def _one_sided(knots, k):
    size = len(knots) - k - 1
    C = np.zeros((size, len(knots)))
    for m in range(size):
        t = knots[m : m + k + 2]
        gaps = t[:, None] - t + np.eye(k + 2)
        C[m, m : m + k + 2] = (-1) ** (k + 1) * (t[-1] - t[0]) / gaps.prod(axis=1)
    return np.ones(size), knots[:size], C[:, :size]


def _mistake(parts, knots, k, seed):
    """The largest error of a translated spline with random coefficients, relative to its size."""
    signs, starts, C = (np.asarray(part, dtype=float) for part in parts)
    x = np.linspace(*knots[[k, -k - 1]], 2001)
    coef = np.random.default_rng(seed).normal(size=len(knots) - k - 1)
    exact = basis(x, knots, k) @ coef
    found = np.maximum(signs * (x[:, None] - starts), 0) ** k @ (C.T @ coef)
    return np.abs(found - exact).max() / np.abs(exact).max()


def _parts(answer, knots, k):
    parts = expect_parts(answer(knots, k), 3, "signs, starts, C")
    number = np.size(parts[0])
    expect_shape(parts[0], (number,), "the signs")
    expect_shape(parts[1], (number,), "the starts")
    expect_shape(parts[2], (len(knots) - k - 1, number), "C")
    return parts


@digits.property(
    "is a translation at all",
    cause="compare one function at a time with `basis`; row m of C holds the weights of function m",
)
def _digits_exact(answer):
    mistakes = {}
    for k, grid in ((1, 4), (2, 6), (3, 7)):
        knots = make_grid((-1, 1), grid, k)
        mistakes[k] = _mistake(_parts(answer, knots, k), knots, k, grid)
    wrong = [k for k, mistake in mistakes.items() if not mistake < 1e-10]
    cause = "for even k the jumps of a power that rises to the left change their sign" if wrong == [2] else ""
    for k in wrong:
        expect(False, f"an error below 1e-10 for order {k}", f"{mistakes[k]:.1e}", cause)


@digits.property(
    "has signs of 1 and -1", cause="1 for a power that rises to the right, -1 for one to the left"
)
def _digits_signs(answer):
    signs = np.asarray(_parts(answer, make_grid((-1, 1), 6, 3), 3)[0])
    expect(set(np.unique(signs)) <= {-1.0, 1.0}, "signs of 1 and -1", in_short(np.unique(signs)))


@digits.property(
    "needs few nodes", cause="nodes with the same sign and start are one node; G + 3k + 3 are enough"
)
def _digits_few(answer):
    for k, grid in ((3, 10), (5, 20)):
        number = np.size(_parts(answer, make_grid((-1, 1), grid, k), k)[0])
        expect(
            number <= grid + 3 * k + 3,
            f"at most {grid + 3 * k + 3} nodes for G = {grid}, k = {k}",
            f"{number}",
        )


@digits.property(
    "keeps a digit more",
    cause="errors grow with the distance from the first knot: let each function look to the nearer end of the grid",
)
def _digits_better(answer):
    for k, grid in ((5, 10), (5, 20)):
        knots = make_grid((-1, 1), grid, k)
        pairs = [(_mistake(_parts(answer, knots, k), knots, k, s), _mistake(_one_sided(knots, k), knots, k, s))
                 for s in range(5)]  # fmt: skip
        ratio = np.exp(np.mean([np.log(old / new) for new, old in pairs]))
        expect(ratio > 8, f"errors at least 8 times smaller for order {k}, G = {grid}", f"{ratio:.1f} times")
