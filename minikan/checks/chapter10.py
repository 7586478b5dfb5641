"""Checks of the exercises of chapter 10, differential equations."""

import numpy as np

from ..bspline import basis, make_grid
from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 10.1

product = Exercise("10.1", "a jet of a product")

_S = np.array([-0.6, 0.3, 1.1])
_SINE = np.sin(2 * _S), 2 * np.cos(2 * _S), -4 * np.sin(2 * _S)
_POWER = _S**3, 3 * _S**2, 6 * _S


def _expect_jet(answer, a, b, which, expected):
    what = ("the value", "the first derivative", "the second derivative")[which]
    found = expect_parts(answer(a, b), 3, "value, first, second")
    expect_close(found[which], expected, f"{what} of the product")


@product.property("multiplies values", cause="the first entry is the product of the first entries")
def _product_value(answer):
    _expect_jet(answer, _SINE, _POWER, 0, np.sin(2 * _S) * _S**3)


@product.property("has the first derivative", cause="product rule: each factor is differentiated once")
def _product_first(answer):
    _expect_jet(answer, _SINE, _POWER, 1, _SINE[1] * _POWER[0] + _SINE[0] * _POWER[1])


@product.property(
    "squares x rightly",
    cause="(x, 1, 0) times itself is (x², 2x, 2): when both factors move, there is a term of both first derivatives",
)
def _product_square(answer):
    line = (_S, np.ones(3), np.zeros(3))
    _expect_jet(answer, line, line, 2, np.full(3, 2.0))


@product.property(
    "has the second derivative",
    cause="differentiate the first derivative of the product once more, term by term",
)
def _product_second(answer):
    expected = -4 * np.sin(2 * _S) * _S**3 + 2 * 2 * np.cos(2 * _S) * 3 * _S**2 + np.sin(2 * _S) * 6 * _S
    _expect_jet(answer, _SINE, _POWER, 2, expected)


# 10.2

second = Exercise("10.2", "all second derivatives")


def _expect_hessian(answer, H):
    H = np.array(H, dtype=float)
    n, calls = len(H), []

    def along(v):
        v = np.asarray(v, dtype=float)
        expect_shape(v, (n,), "a direction")
        calls.append(v)
        return float(v @ H @ v)

    found = answer(along, n)
    expect_close(found, H, f"the matrix of second derivatives, for n = {n}")
    return len(calls)


@second.property(
    "finds the diagonal",
    cause="along e_i the second derivative is ∂²u/∂x_i²; entries off the diagonal may be zero",
)
def _second_diagonal(answer):
    _expect_hessian(answer, np.diag([2.0, -1.0, 0.5]))


@second.property(
    "finds mixed derivatives",
    cause="along e_i + e_j it is H_ii + 2 H_ij + H_jj: take the diagonal away, then halve",
)
def _second_mixed(answer):
    _expect_hessian(answer, [[0.0, 1.5], [1.5, 0.0]])
    _expect_hessian(answer, [[2.0, 1.5], [1.5, -1.0]])


@second.property("works for any number of inputs", cause="every pair of inputs needs a direction of its own")
def _second_any(answer):
    A = np.random.default_rng(0).normal(size=(4, 4))
    _expect_hessian(answer, A + A.T)
    _expect_hessian(answer, [[3.0]])


@second.property(
    "asks no more than it must", cause="H is symmetric: n along the axes, and one for each pair of inputs"
)
def _second_few(answer):
    A = np.random.default_rng(1).normal(size=(4, 4))
    calls = _expect_hessian(answer, A + A.T)
    expect(calls <= 10, "at most 10 calls for n = 4", f"{calls}")


# 10.3

linear = Exercise("10.3", "a linear equation")


def _splines(cells, order, end=1.0):
    knots = make_grid((0, end), cells, order)
    return lambda x, derivative: basis(x, knots, order, derivative)


_X = 0.5 - 0.5 * np.cos(np.pi * (np.arange(60) + 0.5) / 60)
_AT = np.linspace(0, 1, 9)


def _expect_solution(answer, p, q, u, what):
    """`u` returns a value and two derivatives of the solution."""
    features = _splines(12, 5)

    def f(x):
        value, first, bent = u(x)
        return bent + p(x) * first + q(x) * value

    left, right = u(np.array([0.0, 1.0]))[0]
    w = answer(features, p, q, f, float(left), float(right), _X)
    expect_shape(w, (17,), "the weights")
    expect_close(features(_AT, 0) @ np.asarray(w), u(_AT)[0], what, 1e-4)


def _wave(x):
    return np.sin(3 * x), 3 * np.cos(3 * x), -9 * np.sin(3 * x)


def _wave_up(x):
    value, first, bent = _wave(x)
    return value + 2 - x, first - 1, bent


@linear.property("solves u″ = f", cause="rows of the equation: the features' second derivative at each point")
def _linear_plain(answer):
    zero = np.zeros_like
    _expect_solution(
        answer, zero, zero, lambda x: (x - x**2, 1 - 2 * x, 0 * x - 2), "u, for u″ = -2, zero at both ends"
    )


@linear.property(
    "meets both conditions",
    cause="two more rows, at 0 and at 1, with a large weight; and the weight belongs on the right-hand side, too",
)
def _linear_ends(answer):
    zero = np.zeros_like
    _expect_solution(answer, zero, zero, _wave_up, "u, for u″ = f with u(0) = 2 and u(1) = 1.14")


@linear.property("takes numbers q that change with x", cause="q(x) multiplies each row: q(x)[:, None]")
def _linear_q(answer):
    _expect_solution(answer, np.zeros_like, lambda x: 5 + x**2, _wave_up, "u, for u″ + (5 + x²) u = f")


@linear.property("takes the first derivative", cause="p(x) belongs to features(x, 1), q(x) to features(x, 0)")
def _linear_p(answer):
    _expect_solution(
        answer, lambda x: 4 * np.cos(x), lambda x: 1 + x, _wave_up, "u, for u″ + 4 cos(x) u′ + (1 + x) u = f"
    )


# 10.4

built = Exercise("10.4", "built in")

_NETWORKS = (lambda t: np.cos(3 * t) + 1, lambda t: np.exp(-t) - 4 * t, lambda t: 0 * t - 4.9)


def _thrown(answer, N, height=1.5, speed=-2.0):
    u = answer(N, height, speed)
    expect(callable(u), "a function of t", type(u).__name__)
    return u


@built.property(
    "starts at the height", cause="at t = 0 the term with N must vanish, and what is left is the height"
)
def _built_height(answer):
    for N in _NETWORKS:
        expect_close(_thrown(answer, N)(np.array([0.0])), np.array([1.5]), "u(0)")


@built.property(
    "starts with the speed",
    cause="u′ = g′ + d′ N + d N′: at 0 also d′ must vanish, or N changes the speed",
)
def _built_speed(answer):
    h = 1e-5
    for N in _NETWORKS:
        u = _thrown(answer, N)
        found = (4 * u(np.array([h])) - 3 * u(np.array([0.0])) - u(np.array([2 * h]))) / (2 * h)
        expect_close(found, np.array([-2.0]), "u′(0)", 1e-4)


@built.property("listens to the network", cause="away from t = 0 the network must be heard")
def _built_listens(answer):
    t = np.array([0.5, 2.0])
    one, two = (np.asarray(_thrown(answer, N)(t)) for N in _NETWORKS[:2])
    expect(bool(np.all(np.abs(one - two) > 1e-3)), "different networks, different u", f"u = {one} and {two}")


@built.property(
    "leaves the acceleration free",
    cause="u″(0) is the same for all networks: what multiplies N vanishes too fast. Take the lowest power that works",
)
def _built_free(answer):
    h, bends = 1e-3, []
    for N in (lambda t: 1.0 + t, lambda t: -3.0 - 3.0 * t):  # they differ in value and in slope
        u = _thrown(answer, N)
        start, middle, end = (float(np.squeeze(u(np.array([s])))) for s in (0.0, h, 2 * h))
        bends.append((end - 2 * middle + start) / h**2)
    expect(
        abs(bends[0] - bends[1]) > 0.1,
        "different u″(0) for N = 1 + t and N = -3 - 3t",
        f"{bends[0]:.3g} and {bends[1]:.3g}",
    )


# 10.5

rate = Exercise("10.5", "a rate from few measurements")


def _expect_rate(answer, k, s, noise=0.0, tolerance=5e-3, cells=8, end=2.0):
    features, s = _splines(cells, 5, end), np.array(s, dtype=float)
    t = end * (0.5 - 0.5 * np.cos(np.pi * (np.arange(40) + 0.5) / 40))
    y = np.exp(-k * s) + noise * np.array([1.0, -1.0, 0.5, -0.5, 1.0, -1.0])[: len(s)]
    if noise:  # then not the true rate is asked for, but the one that fits best
        rates = np.linspace(0.01, 10, 9991)
        k = rates[np.argmin(((np.exp(-np.outer(rates, s)) - y) ** 2).sum(axis=1))]
    found, w = expect_parts(answer(features, t, s, y), 2, "k, w")
    expect_close(found, k, f"k, from measurements at {s.tolist()}", tolerance)
    return features, found, np.asarray(w)


@rate.property(
    "finds the rate from exact measurements",
    cause="k is one of the unknowns: its column of the Jacobian is ∂r/∂k = u at the points",
)
def _rate_exact(answer):
    _expect_rate(answer, 1.7, [0.2, 0.5, 0.8, 1.1, 1.5, 1.9])


@rate.property(
    "needs only one measurement",
    cause="the equation draws the curve, and the measurement only chooses k: all unknowns in one least-squares problem",
)
def _rate_one(answer):
    _expect_rate(answer, 0.8, [0.9])


@rate.property(
    "returns the curve, too", cause="w are the weights of u = e^(-kt): u(0) = 1, and u′ = -k u everywhere"
)
def _rate_curve(answer):
    features, _, w = _expect_rate(answer, 1.3, [0.5, 1.2])
    t = np.linspace(0, 2, 9)
    expect_shape(w, (13,), "the weights")
    expect_close(features(t, 0) @ w, np.exp(-1.3 * t), "the curve", 1e-3)


@rate.property(
    "finds fast and slow rates",
    cause="iterate until nothing moves; if a step makes the sum of squares grow, halve it",
)
def _rate_range(answer):
    _expect_rate(answer, 3.0, [0.1, 0.3, 0.5], tolerance=0.02, cells=14)
    _expect_rate(answer, 0.1, [0.5, 1.5])


@rate.property(
    "bears noise",
    cause="equation and condition are exact and weigh more than measurements (10 to 1000): not the curve through these",
)
def _rate_noise(answer):
    _expect_rate(answer, 1.2, [0.2, 0.4, 0.6, 0.8, 1.5, 1.9], noise=0.1, tolerance=0.02)


@rate.property(
    "bears measurements near zero",
    cause="logarithms of noisy numbers near zero are useless, some are negative: minimise the sum of squares of u - y",
)
def _rate_near_zero(answer):
    _expect_rate(answer, 3.0, [0.5, 0.8, 1.1, 1.4, 1.7, 2.0], noise=0.02, tolerance=0.02, cells=14)
