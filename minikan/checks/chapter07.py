"""Checks of the exercises of chapter 07, symbolic regression."""

from fractions import Fraction

import numpy as np

from .expectations import PropertyFailed, expect, expect_close, expect_parts, expect_shape
from .framework import Exercise


def _is_number(value):
    return np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number)


def _pair(answer, arguments, names):
    """Call an answer that returns two things; a bare None where there is nothing is told what it should be."""
    try:
        return expect_parts(answer(*arguments), 2, names)
    except PropertyFailed as failure:
        if failure.got != "None":
            raise
        cause = "a pair is asked for, (None, None), where nothing is found, too; or a `return` is missing"
        raise PropertyFailed(f"2 things: {names}", "None alone", cause) from None


# 07.1

slopes = Exercise("07.1", "the slopes of a slope")

_WEIGHTS = np.array([1.7, 0.3, -0.8, 0.4])
_X = np.linspace(-1, 1, 7)


def _sine(answer):
    """Compute the slopes for a cosine; rows of different lengths are told in plain words, once for all."""
    ragged = PropertyFailed(
        "slopes of shape (4, 7)",
        "rows of different lengths",
        "each row has n entries, that for d, too: make it `np.zeros_like(x)`, and not 0",
    )
    try:
        found = answer(np.cos, lambda u: -np.sin(u), _X, _WEIGHTS)
    except ValueError as error:
        if any(words in str(error) for words in ("inhomogeneous", "same shape", "match exactly")):
            raise ragged from None
        raise
    rows = found if isinstance(found, (list, tuple)) or np.asarray(found).dtype == object else []
    if len({np.shape(row) for row in rows}) > 1:
        raise ragged
    return found


def _difference(k):
    h, step = 1e-6, np.eye(4)[k]

    def slope(w):
        return w[2] * w[0] * np.cos(w[0] * _X + w[1])

    return (slope(_WEIGHTS + h * step) - slope(_WEIGHTS - h * step)) / (2 * h)


@slopes.property("has a row for each of the four numbers", cause="stack four rows of n entries")
def _slopes_shape(answer):
    expect_shape(_sine(answer), (4, 7), "the slopes")


def _expect_slope(answer, k):
    found = np.asarray(_sine(answer), dtype=float)
    there = found.ndim == 2 and len(found) > k
    expect(there, f"a row for {'abcd'[k]}", f"shape {found.shape}", "stack four rows of n entries")
    expect_close(found[k], _difference(k), f"the slope in {'abcd'[k]}", 1e-6)


@slopes.property(
    "agrees with differences in c and d", cause="φ' = c a f'(u) is proportional to c, and d is gone"
)
def _slopes_outer(answer):
    _expect_slope(answer, 2)
    _expect_slope(answer, 3)


@slopes.property("agrees with differences in b", cause="only u depends on b: one more derivative of f")
def _slopes_shift(answer):
    _expect_slope(answer, 1)


@slopes.property(
    "agrees with differences in a", cause="a stands in front of f' and within u: the product rule"
)
def _slopes_stretch(answer):
    _expect_slope(answer, 0)


# 07.2

line = Exercise("07.2", "c and d by regression")


def _cloud():
    rng = np.random.default_rng(7)
    v = rng.normal(size=40)
    return v, 2.5 * v - 1 + 0.3 * rng.normal(size=40)


def _line_parts(answer, v, y):
    return expect_parts(answer(v, y), 3, "c, d, the unexplained share")


def _expect_line(c, d, v, y, right, what):
    """Expect c and d, and say which of them is off: d follows from c."""
    n, cause = len(v), "c is right; d = mean of y - c · mean of v"
    if _is_number(c) and not abs(c - right[0]) < 1e-9:
        cause = "c is covariance over variance of v"
        if min(abs(c / right[0] - n / (n - 1)), abs(c / right[0] - (n - 1) / n)) < 1e-9:
            cause = "np.cov divides by n - 1 and np.var by n: give both the same `ddof`"
    expect_close([c, d], right, what, cause=cause)


def _expect_share(answer, v, y, expected, what):
    """Expect the unexplained share; where c and d are off already, it cannot be right."""
    c, d, left = _line_parts(answer, v, y)
    numbers = _is_number(c) and _is_number(d)
    right = numbers and np.allclose([c, d], np.polyfit(v, y, 1), rtol=1e-9, atol=1e-9)
    expect_close(
        left, expected, what, cause="" if right else "mend c and d first: the share follows from them"
    )


@line.property("finds c and d where they are exact", cause="c is covariance over variance of v")
def _line_exact(answer):
    v, _ = _cloud()
    c, d, left = _line_parts(answer, v, -0.7 * v + 3)
    _expect_line(c, d, v, -0.7 * v + 3, [-0.7, 3], "c and d of y = -0.7 v + 3")
    cause = "the share that is not explained is asked for, 1 - R² and not R²" if np.all(left == 1) else ""
    cause = cause or "where the line is exact the share that is not explained is 0"
    expect_close(left, 0, "the unexplained share there", cause=cause)


@line.property("finds the best c and d where nothing is exact", cause="d = mean of y - c · mean of v")
def _line_best(answer):
    v, y = _cloud()
    c, d, _ = _line_parts(answer, v, y)
    _expect_line(c, d, v, y, np.polyfit(v, y, 1), "c and d of a noisy line")


@line.property(
    "says which share of the variance is unexplained",
    cause="squares of what is missed, over those of y - mean",
)
def _line_left(answer):
    v, y = _cloud()
    _expect_share(answer, v, y, 1 - np.corrcoef(v, y)[0, 1] ** 2, "the unexplained share")


@line.property("does not depend on units", cause="a share has no unit: divide by the variance of y")
def _line_units(answer):
    v, y = _cloud()
    one = _line_parts(answer, v, y)[2]
    _expect_share(answer, 10 * v + 4, 1000 * y, one, "the unexplained share in other units")


# 07.3

twin = Exercise("07.3", "a sigmoid is a tanh")


def _sigmoid(x, w):
    return w[2] / (1 + np.exp(-(w[0] * x + w[1]))) + w[3]


def _tanh(x, w):
    return w[2] * np.tanh(w[0] * x + w[1]) + w[3]


def _curve(answer, x, w):
    """Compute the curve of the tanh that an answer gives for a sigmoid."""
    weights = np.asarray(answer(w), dtype=float)
    expect(
        weights.shape == (4,),
        "four numbers",
        f"shape {weights.shape}",
        "a, b, c, d of the tanh, in this order",
    )
    return _tanh(x, weights)


@twin.property("returns four numbers", cause="a, b, c, d of the tanh, in this order")
def _twin_shape(answer):
    expect_shape(answer(np.array([1.0, 0, 1, 0])), (4,), "the weights")


@twin.property("is right for the plain sigmoid", cause="put u = 0 and large u into both sides")
def _twin_plain(answer):
    w = np.array([1.0, 0, 1, 0])
    x = np.linspace(-4, 4, 9)
    expect_close(_curve(answer, x, w), _sigmoid(x, w), "the tanh's curve")


@twin.property(
    "is right for every sigmoid", cause="the half goes inside on a and b, outside on c, and d moves"
)
def _twin_any(answer):
    x = np.linspace(-4, 4, 9)
    for w in np.array([[2.0, 0.7, 1, 0], [-1.0, 0.4, 3, 0], [0.5, -2, -2, 1.5]]):
        expect_close(_curve(answer, x, w), _sigmoid(x, w), f"the curve for {w}")


# 07.4

errors = Exercise("07.4", "the error of a combination")


def _line_far_from_zero(n=30):
    """Slopes (2, n) of a straight line, w_0 x + w_1, far from x = 0, and residuals (n,) of a fit."""
    x = np.linspace(4, 6, n)
    J, r = np.stack([x, np.ones(n)]), 0.1 * np.random.default_rng(4).normal(size=n)
    return x, J, r - J.T @ np.linalg.lstsq(J.T, r, rcond=None)[0]


def _error(answer, J, r, g):
    """Compute the standard error of an answer, one number."""
    got = answer(J, r, g)
    cause = "one quantity has one error: gᵀ C g is a number"
    expect(_is_number(got), "one number", f"shape {np.shape(got)}", cause)
    return got


def _error_cause(ratios, rights):
    """Tell a missing root, or a wrong divisor, by got over right at a few places; "" for all else."""
    if np.allclose(ratios, rights, rtol=1e-9, atol=0):
        return "this is the variance: the standard error is its root"
    if np.ptp(ratios) < 1e-9 * ratios[0]:
        return (
            "off by the same factor everywhere: the sum of the squares is divided by n - P, P the rows of J"
        )
    return ""


@errors.property("is one number", cause="one quantity has one error: gᵀ C g is a number")
def _errors_shape(answer):
    _, J, r = _line_far_from_zero()
    expect_shape(answer(J, r, np.array([1.0, 0.0])), (), "the standard error")


@errors.property("grows as the residuals do, and as g does", cause="the root of a variance is asked for")
def _errors_scale(answer):
    _, J, r = _line_far_from_zero()
    g = np.array([0.3, -1.0])
    one = float(_error(answer, J, r, g))
    expect(one > 0, "a positive number", f"{one:.3g}")
    expect_close(_error(answer, J, 10 * r, g), 10 * one, "the error for residuals × 10")
    expect_close(_error(answer, J, r, -10 * g), 10 * one, "the error for g × (-10)")


@errors.property("is that of a mean, for a constant", cause="the sum of the squares is divided by n - P")
def _errors_mean(answer):
    r = np.random.default_rng(4).normal(size=12)
    r = r - r.mean()
    got = _error(answer, np.ones((1, 12)), r, np.array([1.0]))
    right = r.std(ddof=1) / np.sqrt(12)
    four = abs(got - right * np.sqrt(11 / 8)) < 1e-9
    cause = "here P = 1: divide by n - P, with P the rows of J, and not by n - 4" if four else ""
    cause = cause or _error_cause(np.array([got]) / right, [right])
    expect_close(got, right, "the error of a mean of 12", cause=cause)


@errors.property(
    "minds that numbers err together",
    cause="the two errors are correlated: all entries of the covariance matrix count, not only its diagonal",
)
def _errors_together(answer):
    x, J, r = _line_far_from_zero()
    s2, spread = r @ r / (len(x) - 2), ((x - x.mean()) ** 2).sum()
    places = {"at x = 0": 0.0, "at x = 5, in the middle": 5.0, "at x = 7": 7.0}
    rights = np.array(
        [np.sqrt(s2 * (1 / len(x) + (place - x.mean()) ** 2 / spread)) for place in places.values()]
    )
    got = [_error(answer, J, r, np.array([place, 1.0])) for place in places.values()]
    cause = _error_cause(np.array(got) / rights, rights)
    for where, each, right in zip(places, got, rights, strict=True):
        expect_close(each, right, f"the error of a line's height {where}", cause=cause)


# 07.5

simple = Exercise("07.5", "the simplest fraction")


def _fraction(answer, value, width):
    return _pair(answer, (value, width), "p and q, or None and None")


def _expect_no_fraction(answer, value, width, case, cause=""):
    p, q = _fraction(answer, value, width)
    expect(p is None and q is None, f"(None, None) for {case}", f"({p}, {q})", cause)


@simple.property("finds a fraction that is one", cause="try q = 1, 2, 3, …; p is q · value, rounded")
def _simple_exact(answer):
    for p, q in ((1, 2), (-7, 3), (4, 1), (0, 1), (5, 12)):
        found = _fraction(answer, p / q, 1e-9)
        same = None not in found and Fraction(int(found[0]), int(found[1])) == Fraction(p, q)
        expect(same, f"{p}/{q}", f"{found[0]}/{found[1]}")


@simple.property("takes the smallest denominator", cause="stop at the first q that is near enough")
def _simple_first(answer):
    for value, width, p, q in (
        (0.5, 1e-3, 1, 2),
        (0.499, 0.005, 1, 2),
        (3.1427, 0.0005, 22, 7),
        (0.334, 0.002, 1, 3),
    ):
        p_, q_ = _fraction(answer, value, width)
        cut = q_ != q and int(value * q) != p
        cause = "p is value · q rounded to the nearest whole number; int() cuts off" if cut else ""
        expect((p_, q_) == (p, q), f"{p}/{q} for {value} ± {width}", f"{p_}/{q_}", cause)


@simple.property("finds none where there is none", cause="after the last q return (None, None)")
def _simple_none(answer):
    _expect_no_fraction(answer, np.sqrt(2), 1e-6, "the root of 2 ± 1e-6")


@simple.property(
    "finds none where every number would have one",
    cause="near enough is not enough: add up the pieces around all fractions that are as simple",
)
def _simple_news(answer):
    _expect_no_fraction(answer, 0.37, 0.05, "0.37 ± 0.05: q = 3 comes near enough, but that is no news")


@simple.property(
    "counts the fractions that are as simple", cause="those with denominators from 1 to q, each fraction once"
)
def _simple_count(answer):
    for width, cause in (
        (
            0.002,
            "2/4 is 1/2, and counts once: with denominators up to 4 there are 6 fractions in a stretch of 1",
        ),
        (0.0023, "a stretch of length 1 holds 0 but not 1: with denominators up to 4 there are 6 fractions"),
    ):
        p, q = _fraction(answer, 0.7505, width)
        expect((p, q) == (3, 4), f"3/4 for 0.7505 ± {width}", f"{p}/{q}", cause)
    for width, cause in (
        (0.01, "near enough is not enough: add up the pieces around all fractions that are as simple"),
        (0.0045, "each piece reaches to both sides: it is 2 · `width` long"),
        (0.0035, "not only the fourths: all fractions with denominators from 1 to q count"),
        (0.0028, "0 is a fraction, too, and counts: with denominators up to 4 there are 6 in a stretch of 1"),
    ):
        _expect_no_fraction(answer, 0.7505, width, f"0.7505 ± {width}: 3/4 is near, but is no news", cause)
    for value, width, case in ((0.2, 0.0017, "1/5"), (1 / 7, 0.001, "1/7")):
        _expect_no_fraction(answer, value, width, f"{value:.4g} ± {width}: {case} is near, but is no news")


# 07.6

surprise = Exercise("07.6", "how surprising is an exact number?")

_SORT = "the table is in order of complexity, not of size: sort the numbers, then join their intervals"
_TABLE = np.array([1.0, 2.0, 3.0, 0.5, np.pi])


def _asked(answer, *arguments):
    number, chance = _pair(answer, arguments, "the number and the chance, or None and None")
    return number, chance


def _expect_chance(answer, arguments, number, chance, what, cause=""):
    """Expect a number and its chance, to 1e-4: a union measured on a fine grid is right, too."""
    found = _asked(answer, *arguments)
    got = "None" if found[0] is None else f"{found[0]:.6g}"
    expect(found[0] == number, f"{number:.6g} for {arguments[0]} ± {arguments[1]}", got)
    if _is_number(found[1]) and abs(found[1] - chance / 2) < 1e-9:
        cause = "each number is reached from both sides: its interval is 2 · `width` long"
    expect_close(found[1], chance, what, 1e-4, cause)


@surprise.property(
    "finds the simplest number that is near", cause="the first of the table within `width`, not the nearest"
)
def _surprise_first(answer):
    for value, width, number in ((1.02, 0.05, 1.0), (3.12, 0.2, 3.0), (3.12, 0.05, np.pi), (0.7, 0.25, 0.5)):
        found, _ = _asked(answer, value, width, _TABLE, 0.0, 10.0)
        got = "None" if found is None else f"{found:.6g}"
        expect(found == number, f"{number:.6g} for {value} ± {width}", got)


@surprise.property("finds none where none is near", cause="then return (None, None)")
def _surprise_none(answer):
    found = _asked(answer, 7.3, 0.1, _TABLE, 0.0, 10.0)
    expect(found[0] is None and found[1] is None, "(None, None) for 7.3 ± 0.1", f"{tuple(found)}")


@surprise.property(
    "knows the chance of a single number", cause="it is reached from both sides: 2 · width of high - low"
)
def _surprise_one(answer):
    _expect_chance(answer, (1.02, 0.05, _TABLE, 0.0, 10.0), 1.0, 0.01, "the chance of the first, in 0 … 10")
    _expect_chance(
        answer, (1.02, 0.05, _TABLE, -5.0, 20.0), 1.0, 0.004, "the chance of the first, in -5 … 20"
    )


@surprise.property("counts those that stand before it", cause="the search would have stopped at any of them")
def _surprise_before(answer):
    _expect_chance(answer, (2.97, 0.05, _TABLE, 0.0, 10.0), 3.0, 0.03, "the chance of the third")


@surprise.property(
    "counts what two of them share only once", cause="join intervals that overlap before you add lengths"
)
def _surprise_overlap(answer):
    cases = (  # with the lengths added up; alone, the last would have 2 · width / 10
        ((3.35, 0.3, _TABLE), np.pi, 0.2441592653589793, 0.3, "the chance of π"),
        ((4.7, 0.15, np.array([5.0, 5.2, 4.8, 5.1])), 4.8, 0.07, 0.09, "the chance of 4.8 after 5 and 5.2"),
        ((8.0, 0.2, np.array([5.0, 5.05, 5.02, 8.0])), 8.0, 0.085, 0.16, "the chance of 8"),
    )
    for arguments, number, chance, added, what in cases:
        got = _asked(answer, *arguments, 0.0, 10.0)[1]
        cause = _SORT
        if _is_number(got) and abs(got - added) < 1e-4:
            cause = "join intervals that overlap before you add lengths"
        elif _is_number(got) and min(abs(got - arguments[1] / 5), abs(got - arguments[1] / 10)) < 1e-4:
            cause = "those that stand before the number count, too"
        _expect_chance(answer, (*arguments, 0.0, 10.0), number, chance, what, cause)


@surprise.property("counts nothing outside of low and high", cause="cut each interval at low and high")
def _surprise_ends(answer):
    _expect_chance(answer, (0.9, 0.2, np.array([1.0]), 0.9, 1.9), 1.0, 0.3, "the chance at the lower end")
    outside = np.array([-4.0, 30.0, 1.0])
    lost = _asked(answer, 1.0, 0.2, outside, 0.0, 1.0)[1] == 0  # who walks in the table's order begins at 30
    cause = _SORT if lost else ""
    _expect_chance(
        answer, (1.0, 0.2, outside, 0.0, 1.0), 1.0, 0.2, "the chance beside numbers far outside", cause
    )
    _expect_chance(
        answer, (1.0, 9.0, np.array([1.0, 2.0]), 0.0, 4.0), 1.0, 1.0, "the chance with a huge width"
    )
