"""Checks of the exercises of chapter 09, other curves and faster networks."""

import numpy as np
from numpy.polynomial import legendre as legendre_series

from ..curves import Basis
from ..kan import KAN
from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise
from .gradient import check_gradient

# 09.1

work = Exercise("09.1", "what sharing saves")


def _expect_work(answer, groups, m, parameters, products):
    groups = np.array(groups)
    what = f"groups = {groups.tolist()} and m = {m}"
    found = expect_parts(answer(groups, m), 2, "parameters, products")
    expect_close(found[0], parameters, f"the parameters for {what}")
    expect_close(found[1], products, f"the products for {what}")


@work.property(
    "counts one curve for all edges",
    cause="the curve's weights are stored once, but it has to be evaluated at every input; and each edge has a scale",
)
def _work_one(answer):
    _expect_work(answer, [[0, 0, 0], [0, 0, 0]], 9, 9 + 6, 2 * 9 + 6)


@work.property(
    "counts one curve for each input", cause="an input evaluates only the curves that its own edges use"
)
def _work_inputs(answer):
    _expect_work(answer, [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2]], 7, 21 + 12, 21 + 12)


@work.property(
    "counts groups that cross the layer", cause="how many *different* groups stand in each row of `groups`?"
)
def _work_mixed(answer):
    _expect_work(answer, [[0, 1, 0], [2, 2, 2], [1, 0, 2]], 5, 15 + 9, (2 + 1 + 3) * 5 + 9)


@work.property("counts edges that are alone", cause="sharing nothing still costs a scale for every edge")
def _work_alone(answer):
    _expect_work(answer, [[0, 1], [2, 3]], 9, 36 + 4, 36 + 4)


# 09.2

legendre = Exercise("09.2", "a family of your own")


def _legendre(u, degree, derivative):
    """Evaluate Legendre polynomials by NumPy: (degree + 1, ...)."""
    rows = (legendre_series.legder(row, derivative) for row in np.eye(degree + 1))
    return np.stack([legendre_series.legval(u, row) for row in rows])


def _expect_features(answer, u, degree, derivative):
    what = f"derivative {derivative} of P_0 … P_{degree}"
    found = answer(u, degree, derivative)
    expect_shape(found, (degree + 1, *u.shape), what)
    expect_close(found, _legendre(u, degree, derivative), what)


_U = np.array([-1.0, -0.7, 0.0, 0.31, 1.0])


@legendre.property("has the right values", cause="begin with 1 and u, and go on by the recursion")
def _legendre_values(answer):
    _expect_features(answer, _U, 1, 0)
    _expect_features(answer, _U, 6, 0)


@legendre.property(
    "has the right first derivative",
    cause="the derivative of u P_m is P_m + u P_m′: the second recursion needs the row of the first",
)
def _legendre_slopes(answer):
    _expect_features(answer, _U, 6, 1)


@legendre.property(
    "has higher derivatives",
    cause="the d-th derivative of u P is u times the d-th of P, plus d times the one before",
)
def _legendre_higher(answer):
    _expect_features(answer, _U, 6, 2)
    _expect_features(answer, _U, 7, 3)


@legendre.property("takes u of any shape", cause="make the array with shape (degree + 1, *np.shape(u))")
def _legendre_shapes(answer):
    _expect_features(answer, _U.reshape(5, 1) * np.ones((1, 3)), 4, 1)


@legendre.property(
    "serves a network", cause="a KAN asks for values and slopes: see which property above fails"
)
def _legendre_serves(answer):
    class AnswersFamily(Basis):
        def functions(self, u, derivative):
            return np.asarray(answer(np.asarray(u), self.grid, derivative), dtype=float)

    Basis.kinds.pop("AnswersFamily", None)  # `load` shall not know it
    rng = np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, (20, 2)), rng.normal(size=20)
    model = KAN([2, 2, 1], basis=AnswersFamily, grid=4)
    start = model.parameters.copy()

    def loss(parameters):
        model.parameters[:] = parameters
        return model.loss_and_gradient(X, y)[0]

    def gradient(parameters):
        model.parameters[:] = parameters
        return model.loss_and_gradient(X, y)[1]

    found = check_gradient(loss, gradient, start)
    expect(
        found.holds, "a KAN whose gradient agrees with differences", f"a relative error of {found.error:.1g}"
    )


# 09.3

one_curve = Exercise("09.3", "one curve for many edges")


def _apart(found, curves):
    """Split an answer; return curve, scales and what they leave over."""
    curve, scales = expect_parts(found, 2, "curve, scales")
    expect_shape(curve, curves.shape[1:], "the curve")
    expect_shape(scales, curves.shape[:1], "the scales")
    return curve, scales, float(np.sum((curves - np.outer(scales, curve)) ** 2))


_T = np.linspace(-1, 1, 40)


@one_curve.property(
    "keeps edges that are alike",
    cause="multiples of one curve are a matrix of rank 1; nothing may be left over",
)
def _one_alike(answer):
    curves = np.outer([2.0, -0.5, 1.0], np.sin(2 * _T) + 0.3)
    left = _apart(answer(curves), curves)[2]
    expect(
        left < 1e-18, "nothing left over for three multiples of one curve", f"a sum of squares of {left:.2g}"
    )


@one_curve.property(
    "gives the curve size 1",
    cause="divide the curve by √(mean of its squares), and multiply the scales by it",
)
def _one_size(answer):
    curves = np.outer([2.0, -0.5, 1.0], np.sin(2 * _T) + 0.3)
    curve, *_ = _apart(answer(curves), curves)
    expect_close(np.mean(np.asarray(curve) ** 2), 1.0, "the mean square of the curve")


@one_curve.property(
    "survives edges of opposite sign",
    cause="a mean of φ and -φ is 0: scales may be negative, so signs must not matter",
)
def _one_signs(answer):
    curves = np.outer([1.0, -1.0, 1.0, -1.0], np.cos(3 * _T))
    left = _apart(answer(curves), curves)[2]
    expect(left < 1e-18, "nothing left over for φ, -φ, φ, -φ", f"a sum of squares of {left:.2g}")


@one_curve.property(
    "leaves as little over as can be",
    cause="a mean, or one of the curves, is not the best: which matrix of rank 1 is nearest to `curves`?",
)
def _one_least(answer):
    for seed in range(3):
        curves = np.random.default_rng(seed).normal(size=(5, 40)) + np.outer(np.arange(5) - 1.5, _T)
        least = float(np.sum(np.linalg.svd(curves, compute_uv=False)[1:] ** 2))
        left = _apart(answer(curves), curves)[2]
        expect(left < least * (1 + 1e-9), f"{least:.6g} left over", f"{left:.6g}")


# 09.4

roof = Exercise("09.4", "below the roof")


def _expect_times(answer, parts, peak, bandwidth, apart, fused):
    found = expect_parts(answer(np.array(parts, dtype=float), peak, bandwidth), 2, "apart, fused")
    expect_close(found[0], apart, "the least time of the parts one after the other")
    expect_close(found[1], fused, "the least time of all in one")


@roof.property(
    "knows both limits of a part",
    cause="arithmetic and traffic overlap: the longer one decides, not their sum",
)
def _roof_limits(answer):
    _expect_times(answer, [[200, 10, 10]], 100.0, 10.0, 2.0, 2.0)
    _expect_times(answer, [[200, 30, 10]], 100.0, 10.0, 4.0, 4.0)


@roof.property(
    "decides for each part by itself",
    cause="parts that run one after the other do not overlap: the maximum first, then the sum",
)
def _roof_parts(answer):
    _expect_times(answer, [[500, 10, 0], [0, 70, 0]], 100.0, 10.0, 5 + 7, 8.0)


@roof.property(
    "counts what is handed on twice",
    cause="one part writes it and the next one reads it, so it crosses the memory twice; fused it does not at all",
)
def _roof_handed(answer):
    _expect_times(answer, [[0, 10, 40], [100, 10, 20]], 100.0, 10.0, 5 + 7, 4.0)
    _expect_times(answer, [[0, 10, 40], [0, 0, 40], [100, 0, 20]], 100.0, 10.0, 5 + 8 + 6, 3.0)


# 09.5

moving = Exercise("09.5", "let the bumps move")

_X = np.linspace(-1, 1, 30)
_BUMPS = np.array([0.7, -1.2, 0.4]), np.array([-0.5, 0.1, 0.8])


def _bumps(w, centres, width):
    return np.exp(-0.5 * ((_X[:, None] - centres) / width) ** 2) @ w


def _expect_slopes(answer, which, what):
    (w, centres), width, g = _BUMPS, 0.45, np.cos(4 * _X)
    found = expect_parts(answer(_X, w, centres, width, g), 3, "gradients in weights, centres, width")
    arguments, h, slopes = [w, centres, np.array(width)], 1e-6, []
    for k in np.ndindex(arguments[which].shape):
        values = []
        for sign in (1, -1):
            moved = [argument.copy() for argument in arguments]
            moved[which][k] += sign * h
            values.append(g @ _bumps(*moved))
        slopes.append((values[0] - values[1]) / (2 * h))
    expected = np.reshape(slopes, arguments[which].shape)
    expect_close(found[which], expected, what, 1e-7)


@moving.property(
    "knows the weights",
    cause="φ is linear in its weights: what stands beside w_m? Then add up over the samples, each times its g",
)
def _moving_weights(answer):
    _expect_slopes(answer, 0, "the gradient in the weights")


@moving.property(
    "moves the centres",
    cause="to the right of a centre φ rises if a bump of positive weight comes nearer: mind sign and weight",
)
def _moving_centres(answer):
    _expect_slopes(answer, 1, "the gradient in the centres")


@moving.property(
    "changes the width", cause="∂v/∂width = -v / width; one width serves all bumps, so sum over bumps, too"
)
def _moving_width(answer):
    _expect_slopes(answer, 2, "the gradient in the width")
