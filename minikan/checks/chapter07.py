"""Checks of the exercises of chapter 07, symbolic regression."""

from fractions import Fraction

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 07.1

slopes = Exercise("07.1", "the slopes of a named edge")

_WEIGHTS = np.array([1.7, 0.3, -0.8, 0.4])
_X = np.linspace(-1, 1, 7)


def _sine(answer, weights=_WEIGHTS):
    return answer(np.sin, np.cos, _X, weights)


@slopes.property("has a slope for each of the four numbers and for x", cause="stack five rows of n entries")
def _slopes_shape(answer):
    expect_shape(_sine(answer), (5, 7), "the slopes")


def _difference(k):
    h, step = 1e-6, np.eye(4)[k]

    def edge(w):
        return w[2] * np.sin(w[0] * _X + w[1]) + w[3]

    return (edge(_WEIGHTS + h * step) - edge(_WEIGHTS - h * step)) / (2 * h)


@slopes.property("agrees with differences in c and d", cause="the edge is a straight line in c and in d")
def _slopes_outer(answer):
    found = np.asarray(_sine(answer), dtype=float)
    expect_close(found[2], _difference(2), "the slope in c", 1e-6)
    expect_close(found[3], _difference(3), "the slope in d", 1e-6)


@slopes.property("agrees with differences in a and b", cause="the chain rule: what is inside f, times c")
def _slopes_inner(answer):
    found = np.asarray(_sine(answer), dtype=float)
    expect_close(found[1], _difference(1), "the slope in b", 1e-6)
    expect_close(found[0], _difference(0), "the slope in a", 1e-6)


@slopes.property("agrees with differences in x", cause="the inner slope is a, the outer one c")
def _slopes_x(answer):
    a, b, c, _ = _WEIGHTS
    h = 1e-6
    measured = (c * np.sin(a * (_X + h) + b) - c * np.sin(a * (_X - h) + b)) / (2 * h)
    expect_close(np.asarray(_sine(answer), dtype=float)[4], measured, "the slope in x", 1e-6)


# 07.2

line = Exercise("07.2", "c and d by regression")


def _cloud():
    rng = np.random.default_rng(7)
    v = rng.normal(size=40)
    return v, 2.5 * v - 1 + 0.3 * rng.normal(size=40)


@line.property("finds c and d where they are exact", cause="c is covariance over variance of v")
def _line_exact(answer):
    v, _ = _cloud()
    c, d, left = expect_parts(answer(v, -0.7 * v + 3), 3, "c, d, what is left over")
    expect_close([c, d], [-0.7, 3], "c and d of y = -0.7 v + 3")
    expect_close(left, 0, "what is left over there")


@line.property("finds the best c and d where nothing is exact", cause="d = mean of y - c · mean of v")
def _line_best(answer):
    v, y = _cloud()
    c, d, _ = expect_parts(answer(v, y), 3, "c, d, what is left over")
    expect_close([c, d], np.polyfit(v, y, 1), "c and d of a noisy line")


@line.property(
    "says which share of the variance is left over", cause="squares of what is missed, over those of y - mean"
)
def _line_left(answer):
    v, y = _cloud()
    left = expect_parts(answer(v, y), 3, "c, d, what is left over")[2]
    expect_close(left, 1 - np.corrcoef(v, y)[0, 1] ** 2, "what is left over")


@line.property("does not depend on units", cause="a share has no unit: divide by the variance of y")
def _line_units(answer):
    v, y = _cloud()
    one = expect_parts(answer(v, y), 3, "c, d, what is left over")[2]
    expect_close(
        expect_parts(answer(10 * v + 4, 1000 * y), 3, "c, d, what is left over")[2],
        one,
        "what is left over in other units",
    )


# 07.3

twin = Exercise("07.3", "a sigmoid is a tanh")


def _sigmoid(x, w):
    return w[2] / (1 + np.exp(-(w[0] * x + w[1]))) + w[3]


def _tanh(x, w):
    return w[2] * np.tanh(w[0] * x + w[1]) + w[3]


@twin.property("returns four numbers", cause="a, b, c, d of the tanh, in this order")
def _twin_shape(answer):
    expect_shape(answer(np.array([1.0, 0, 1, 0])), (4,), "the weights")


@twin.property("is right for the plain sigmoid", cause="put u = 0 and large u into both sides")
def _twin_plain(answer):
    w = np.array([1.0, 0, 1, 0])
    x = np.linspace(-4, 4, 9)
    expect_close(_tanh(x, np.asarray(answer(w), dtype=float)), _sigmoid(x, w), "the tanh's curve")


@twin.property(
    "is right for every sigmoid", cause="the half goes inside on a and b, outside on c, and d moves"
)
def _twin_any(answer):
    x = np.linspace(-4, 4, 9)
    for w in np.array([[2.0, 0.7, 1, 0], [-1.0, 0.4, 3, 0], [0.5, -2, -2, 1.5]]):
        expect_close(_tanh(x, np.asarray(answer(w), dtype=float)), _sigmoid(x, w), f"the curve for {w}")


# 07.4

errors = Exercise("07.4", "standard errors")


def _regression(n=50, noise=0.1, seed=4):
    rng = np.random.default_rng(seed)
    J = np.stack([rng.normal(size=n), np.ones(n)])
    return J, noise * rng.normal(size=n)


@errors.property("has an error for each number", cause="the diagonal of a matrix P × P")
def _errors_shape(answer):
    J, r = _regression()
    expect_shape(answer(J, r), (2,), "the standard errors")


@errors.property("grows with what is left over", cause="multiply by the spread of the residuals")
def _errors_noise(answer):
    J, r = _regression()
    expect_close(
        answer(J, 10 * r), 10 * np.asarray(answer(J, r), dtype=float), "the errors for residuals × 10"
    )


@errors.property("is that of a mean, for a constant", cause="s² is the sum of squares over n - P, not over n")
def _errors_mean(answer):
    _, r = _regression(12)
    r = r - r.mean()
    expect_close(answer(np.ones((1, 12)), r), [r.std(ddof=1) / np.sqrt(12)], "the error of a mean")


@errors.property(
    "minds that numbers help each other out", cause="invert the matrix first, then take its diagonal"
)
def _errors_together(answer):
    n = 30
    x = np.linspace(4, 6, n)
    J, r = np.stack([x, np.ones(n)]), _regression(n)[1]
    r = r - J.T @ np.linalg.lstsq(J.T, r, rcond=None)[0]
    s2 = r @ r / (n - 2)
    spread = ((x - x.mean()) ** 2).sum()
    expected = np.sqrt([s2 / spread, s2 * (1 / n + x.mean() ** 2 / spread)])
    expect_close(answer(J, r), expected, "the errors of slope and height of a line far from 0")


# 07.5

simple = Exercise("07.5", "the simplest fraction")


@simple.property("finds a fraction that is one", cause="try q = 1, 2, 3, …; p is q · value, rounded")
def _simple_exact(answer):
    for p, q in ((1, 2), (-7, 3), (4, 1), (0, 1), (5, 12)):
        found = expect_parts(answer(p / q, 1e-9), 2, "p and q")
        expect(Fraction(int(found[0]), int(found[1])) == Fraction(p, q), f"{p}/{q}", f"{found[0]}/{found[1]}")


@simple.property("takes the smallest denominator", cause="stop at the first q that is near enough")
def _simple_first(answer):
    for value, width, p, q in (
        (0.499, 0.005, 1, 2),
        (0.53, 0.04, 1, 2),
        (3.1416, 0.003, 22, 7),
        (0.334, 0.002, 1, 3),
    ):
        p_, q_ = expect_parts(answer(value, width), 2, "p and q")
        expect((p_, q_) == (p, q), f"{p}/{q} for {value} ± {width}", f"{p_}/{q_}")


@simple.property("finds none where there is none", cause="after the last q return (None, None)")
def _simple_none(answer):
    found = expect_parts(answer(np.sqrt(2), 1e-6), 2, "p and q, or None and None")
    expect(found[0] is None and found[1] is None, "(None, None) for the root of 2 ± 1e-6", f"{tuple(found)}")


@simple.property(
    "finds none where every number would have one",
    cause="fractions with q lie 1/q apart: ask for width · q² ≤ 0.2",
)
def _simple_news(answer):
    found = expect_parts(answer(0.37, 0.05), 2, "p and q, or None and None")
    expect(
        found[0] is None and found[1] is None,
        "(None, None) for 0.37 ± 0.05: q = 3 comes near enough, but that is no news",
        f"{found[0]}/{found[1]}",
    )
