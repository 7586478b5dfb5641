"""Checks of the exercises of chapter 11, products and structure."""

from __future__ import annotations

import numpy as np

from .expectations import PropertyFailed, expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 11.1

squares = Exercise("11.1", "a product of four, from squares")


class _Number:
    """A number that can be added, and multiplied by plain numbers, but not by its like."""

    __array_ufunc__ = None

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return _Number(self.value + getattr(other, "value", other))

    __radd__ = __add__

    def __sub__(self, other):
        return _Number(self.value - getattr(other, "value", other))

    def __rsub__(self, other):
        return _Number(other - self.value)

    def __neg__(self):
        return _Number(-self.value)

    def __mul__(self, other):
        if isinstance(other, _Number):
            raise PropertyFailed("no product of two variables", "one", "only sums, and `square`, may be used")
        return _Number(self.value * other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, _Number):
            raise PropertyFailed(
                "no quotient of two variables", "one", "only sums, and `square`, may be used"
            )
        return _Number(self.value / other)

    def __pow__(self, other):
        raise PropertyFailed("no power but by `square`", f"a power {other}", "call `square`")


def _product_of(answer, values):
    calls = []

    def square(x):
        calls.append(1)
        return _Number(getattr(x, "value", x) ** 2)

    found = answer(*map(_Number, values), square)
    return getattr(found, "value", found), len(calls)


@squares.property("multiplies positive numbers", cause="xy = ((x + y)² - (x - y)²) / 4, used three times")
def _squares_positive(answer):
    expect_close(_product_of(answer, (1.0, 2.0, 3.0, 4.0))[0], 24.0, "1 · 2 · 3 · 4")


@squares.property("knows signs and zeros", cause="(x + y)² alone does not know the sign of xy")
def _squares_signs(answer):
    factor = _product_of(answer, (1.0, 1.0, 1.0, 1.0))[0]  # a wrong one is told above
    factor = factor if factor > 0 else 1.0
    for values in (
        (-1.5, 2.0, 3.0, 1.0),
        (-1.0, -2.0, 0.5, -3.0),
        (0.0, 2.0, 3.0, 4.0),
        (1.0, 1.0, -1.0, 0.0),
    ):
        expect_close(_product_of(answer, values)[0] / factor, np.prod(values), f"the product of {values}")


@squares.property(
    "needs few squares", cause="ab and cd first, then their product: two squares for each product"
)
def _squares_few(answer):
    calls = _product_of(answer, (1.0, 2.0, 3.0, 4.0))[1]
    expect(calls <= 6, "at most 6 calls of square", f"{calls}")


# 11.2

constant = Exercise("11.2", "the constant of a product")
_RNG = np.random.default_rng(0)
_X, _Y = _RNG.uniform(0.2, 1.5, (2, 60))


def _product_field(c):
    g, h = np.sin(_X) + 0.5, _Y**2 + _Y
    return c + g * h, np.cos(_X) * h, g * (2 * _Y + 1), np.cos(_X) * (2 * _Y + 1)


def _expect_constant(answer, field, c, tolerance=1e-8):
    found, distance = expect_parts(answer(*field), 2, "c, distance")
    if np.shape(found) == (1,):  # as least squares gives it
        found = found[0]
    expect_shape(found, (), "c")
    expect_close(found, c, "the constant", tolerance)
    return float(distance)


@constant.property("finds zero for a plain product", cause="(f - c) f_xy = f_x f_y at each sample, for one c")
def _constant_zero(answer):
    _expect_constant(answer, _product_field(0.0), 0.0)


@constant.property(
    "finds the constant", cause="least squares in c: the column is f_xy, the target f f_xy - f_x f_y"
)
def _constant_found(answer):
    for c in (-3.0, 7.5):
        _expect_constant(answer, _product_field(c), c)


@constant.property(
    "divides nowhere", cause="where f_xy is zero a sample says nothing of c; it must not give nan"
)
def _constant_zeros(answer):
    f, fx, fy, fxy = _product_field(2.0)
    fx, fxy = fx.copy(), fxy.copy()
    fx[:3], fxy[:3] = 0.0, 0.0  # where g has no slope
    _expect_constant(answer, (f, fx, fy, fxy), 2.0)


@constant.property(
    "weighs samples by what they say",
    cause="the mean of f - f_x f_y / f_xy trusts samples with a tiny f_xy most; least squares trusts them least",
)
def _constant_noise(answer):
    rng = np.random.default_rng(1)
    f, fx, fy, fxy = _product_field(2.0)
    fxy = fxy.copy()
    fxy[::2] = 1e-4
    fx, fy = fx.copy(), fy.copy()
    fx[::2], fy[::2] = 1e-2 * rng.normal(size=(2, 30))
    u, r = fxy, f * fxy - fx * fy
    _expect_constant(answer, (f, fx, fy, fxy), (u @ r) / (u @ u), 1e-6)


@constant.property("says how far it is from a product", cause="distance is the RMS of (f - c) f_xy - f_x f_y")
def _constant_distance(answer):
    distance = _expect_constant(answer, _product_field(1.0), 1.0)
    expect(distance < 1e-9, "distance 0 for a product", f"{distance:.3g}")
    f, fx, fy, fxy = np.sin(_X * _Y) + _X, _Y * np.cos(_X * _Y) + 1, _X * np.cos(_X * _Y), None
    fxy = np.cos(_X * _Y) - _X * _Y * np.sin(_X * _Y)
    r = f * fxy - fx * fy
    c = (fxy @ r) / (fxy @ fxy)
    _, distance = expect_parts(answer(f, fx, fy, fxy), 2, "c, distance")
    expect_close(distance, np.sqrt(np.mean((r - c * fxy) ** 2)), "the distance of sin(xy) + x", 1e-8)


# 11.3

parts = Exercise("11.3", "from pairs to groups")


def _expect_groups(answer, size, limit, expected):
    size, limit = np.array(size, float), np.array(limit, float)
    found = answer(size + size.T, limit if limit.ndim else np.full(size.shape, float(limit)))
    try:
        got = [[int(i) for i in group] for group in found]
    except TypeError:
        raise PropertyFailed("a list of lists of numbers", repr(found)[:60]) from None
    same = sorted(sorted(group) for group in got) == expected
    expect(same, f"the groups {expected}, in any order", f"{got}")


def _matrix(d, pairs):
    size = np.zeros((d, d))
    for i, j in pairs:
        size[i, j] = 1.0
    return size


@parts.property(
    "leaves a sum of single inputs alone", cause="no pair acts together: each input is its own group"
)
def _parts_single(answer):
    _expect_groups(answer, np.zeros((3, 3)), 0.1, [[0], [1], [2]])


@parts.property("joins a pair", cause="two inputs that act together belong to one group")
def _parts_pair(answer):
    _expect_groups(answer, _matrix(4, [(1, 3)]), 0.1, [[0], [1, 3], [2]])


@parts.property(
    "follows chains", cause="a acts with b and b with c: then a, b, c are one group, also if a and c do not"
)
def _parts_chain(answer):
    _expect_groups(answer, _matrix(5, [(0, 2), (2, 4)]), 0.1, [[0, 2, 4], [1], [3]])
    _expect_groups(answer, _matrix(6, [(0, 5), (3, 4), (1, 3), (4, 5)]), 0.1, [[0, 1, 3, 4, 5], [2]])


@parts.property("keeps groups apart", cause="two pairs without a link are two groups")
def _parts_apart(answer):
    _expect_groups(answer, _matrix(4, [(0, 3), (1, 2)]), 0.1, [[0, 3], [1, 2]])


@parts.property(
    "asks the limit of each pair", cause="a pair acts together if its size is above *its own* limit"
)
def _parts_limit(answer):
    limit = np.full((3, 3), 0.1)
    limit[0, 1] = limit[1, 0] = 2.0
    _expect_groups(answer, _matrix(3, [(0, 1)]), limit, [[0], [1], [2]])
    _expect_groups(answer, 0.01 * _matrix(3, [(0, 2)]), np.full((3, 3), 0.001), [[0, 2], [1]])


# 11.4

slopes = Exercise("11.4", "one function of two inputs")


def _together(at, z):
    """f = sin(s) z + s² with s = x + 2 y²: gradient and Hessian in x, y, z."""
    x, y = at
    s, sx, sy, syy = x + 2 * y**2, np.ones_like(x), 4 * y, 4 * np.ones_like(x)
    first, second = np.cos(s) * z + 2 * s, -np.sin(s) * z + 2
    zero = np.zeros_like(x)
    gradient = np.stack([first * sx, first * sy, np.sin(s)], axis=1)
    rows = [
        [second * sx * sx, second * sx * sy, np.cos(s) * sx],
        [second * sx * sy, second * sy * sy + first * syy, np.cos(s) * sy],
        [np.cos(s) * sx, np.cos(s) * sy, zero],
    ]
    return gradient, np.moveaxis(np.array(rows), 2, 0)


_AT, _Z = np.random.default_rng(2).uniform(-1, 1, (2, 40)), np.random.default_rng(3).uniform(-1, 1, 40)


def _expect_residual(answer, field, order, what, expected):
    found = answer(*field, *order)
    expect_shape(found, (len(field[0]),), what)
    expect_close(found, expected, what, 1e-9)


@slopes.property(
    "is zero where the ratio is fixed", cause="f_a / f_b does not depend on k: differentiate it in k"
)
def _slopes_zero(answer):
    _expect_residual(answer, _together(_AT, _Z), (0, 1, 2), "the residual", np.zeros(40))


@slopes.property(
    "is not zero where it is not",
    cause="the quotient rule: (f_ak f_b - f_a f_bk) / f_b², and this times f_b²",
)
def _slopes_not(answer):
    gradient, hessian = _together(_AT, _Z)
    hessian = hessian.copy()
    hessian[:, 0, 2] += 1.0
    hessian[:, 2, 0] += 1.0  # f + x z
    gradient = gradient + np.stack([_Z, 0 * _Z, _AT[0]], axis=1)
    a, b = hessian[:, 0, 2] * gradient[:, 1], hessian[:, 1, 2] * gradient[:, 0]
    found = answer(gradient, hessian, 0, 1, 2)
    expect_shape(found, (40,), "the residual")
    close = np.allclose(found, a - b) or np.allclose(found, b - a)
    expect(close, "f_ak f_b - f_bk f_a, up to its sign", f"an array that begins with {np.asarray(found)[:3]}")


@slopes.property("uses the inputs it is told", cause="a, b and k are numbers of columns")
def _slopes_order(answer):
    gradient, hessian = _together(_AT, _Z)
    turn = [2, 0, 1]  # z, x, y
    turned = gradient[:, turn], hessian[:, turn][:, :, turn]
    _expect_residual(answer, turned, (1, 2, 0), "the residual, with columns turned", np.zeros(40))


@slopes.property("divides nowhere", cause="multiply by f_b²: slopes may be zero")
def _slopes_divides(answer):
    gradient, hessian = _together(np.vstack([_AT[:1], 0 * _AT[1:]]), _Z)  # at y = 0, f_y = 0
    _expect_residual(answer, (gradient, hessian), (0, 1, 2), "the residual where f_y = 0", np.zeros(40))


# 11.5

missing = Exercise("11.5", "what the law is missing")


def _gas(n, seed, noise):
    rng = np.random.default_rng(seed)
    T, V = rng.uniform(3.0, 4.5, n), rng.uniform(0.1, 0.5, n)
    F = np.stack([np.ones(n), V, V**2, V**3], axis=1)
    truth = F @ [2.0, -5.0, 4.0, 1.0], F @ [-1.5, 6.0, -9.0, 5.0]
    return T, T * truth[0] + truth[1] + noise * rng.normal(size=n), F, truth


def _expect_missing(answer, n, seed, noise, tolerance):
    T, P, F, truth = _gas(n, seed, noise)
    g, h, error = expect_parts(answer(T, P, F), 3, "g, h, error")
    for value, true, name in zip((g, h), truth, "gh", strict=True):
        expect_shape(value, (n,), f"{name} at the samples")
        expect_close(value, true, f"{name} at the samples", tolerance)
    return T, P, F, np.asarray(g), np.asarray(h), error


@missing.property(
    "finds g and h without noise", cause="P = T g + h is linear in the weights: columns T F and F"
)
def _missing_exact(answer):
    _expect_missing(answer, 50, 0, 0.0, 1e-7)


@missing.property("finds them with noise", cause="all samples and all columns in one least-squares problem")
def _missing_noise(answer):
    T, P, F, *_ = _expect_missing(answer, 400, 1, 0.02, 0.2)
    A = np.hstack([T[:, None] * F, F])
    w = np.linalg.lstsq(A, P, rcond=None)[0]
    g = expect_parts(answer(T, P, F), 3, "g, h, error")[0]
    expect_close(g, F @ w[:4], "g, the least-squares one", 1e-6)


@missing.property(
    "says how sure h is", cause="covariance σ² (AᵀA)⁻¹, then the variance of F w for the weights of h"
)
def _missing_error(answer):
    T, P, F, g, h, error = _expect_missing(answer, 100, 2, 0.02, 0.5)
    expect_shape(error, (100,), "the standard error of h")
    A = np.hstack([T[:, None] * F, F])
    residual = P - T * g - h
    covariance = np.linalg.inv(A.T @ A)[4:, 4:] * (residual @ residual) / (100 - 8)
    expected = np.sqrt(np.einsum("na,ab,nb->n", F, covariance, F))
    ratio = float(np.median(np.asarray(error) / expected))
    expect(0.99 < ratio < 1.01, "standard errors of h", f"{ratio:.3g} times these")
    expect_close(error, expected, "the standard errors of h", 1e-4)


@missing.property("counts its weights", cause="σ² = residuals squared over n less the number of weights, 2 M")
def _missing_few(answer):
    T, P, F, _ = _gas(12, 3, 0.02)
    error = expect_parts(answer(T, P, F), 3, "g, h, error")[2]
    A = np.hstack([T[:, None] * F, F])
    _, (left,) = np.linalg.lstsq(A, P, rcond=None)[:2]
    covariance = np.linalg.inv(A.T @ A)[4:, 4:] * left / (12 - 8)
    expect_close(
        error, np.sqrt(np.einsum("na,ab,nb->n", F, covariance, F)), "the standard errors, n = 12", 1e-4
    )
