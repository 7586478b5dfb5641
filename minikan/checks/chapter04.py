"""Checks of the exercises of chapter 04, training."""

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 04.1

rate = Exercise("04.1", "the largest step")


@rate.property(
    "is right for a single curvature", cause="the error is multiplied by 1 - rate · h in each step"
)
def _rate_single(answer):
    expect_close(answer(np.array([[4.0]])), 0.5, "the limit for a curvature of 4")


@rate.property("is set by the steepest direction", cause="a single direction that grows is enough to diverge")
def _rate_steepest(answer):
    expect_close(answer(np.diag([1.0, 10.0, 0.1])), 0.2, "the limit for curvatures 1, 10 and 0.1")


@rate.property(
    "looks for directions, not at axes", cause="curvatures are the eigenvalues of H, not its diagonal"
)
def _rate_turned(answer):
    turn = np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5
    expect_close(
        answer(turn @ np.diag([1.0, 8.0]) @ turn.T), 0.25, "the limit for curvatures 1 and 8, turned"
    )


# 04.2

adam = Exercise("04.2", "find the bug")


def _adam(gradients, learning_rate):
    """The algorithm, by loops: parameters after each step, from 0."""
    p, mean, square, way = 0.0, 0.0, 0.0, []
    for step, g in enumerate(gradients, 1):
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
        p -= learning_rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        way.append(p)
    return way


def _walk(answer, gradients, learning_rate):
    p, mean, square, way = np.zeros(1), np.zeros(1), np.zeros(1), []
    for step, g in enumerate(gradients, 1):
        p, mean, square = expect_parts(
            answer(p, np.array([g]), mean, square, step, learning_rate), 3, "parameters, mean, square"
        )
        expect_shape(p, (1,), "the parameters")
        way.append(float(p[0]))
    return way


@adam.property(
    "takes a first step of the learning rate", cause="both means begin at 0; divide by 1 - decay**step"
)
def _adam_first(answer):
    for g in (3.0, -1e-3):
        expect_close(
            _walk(answer, [g], 0.1), [-0.1 * np.sign(g)], f"the first step for a gradient of {g:g}", 1e-4
        )


@adam.property("goes on like Adam", cause="correct both means in every step, and remember them uncorrected")
def _adam_on(answer):
    gradients = [1.0, 0.5, -0.2, 0.1, 2.0]
    expect_close(_walk(answer, gradients, 0.03), _adam(gradients, 0.03), "the way", 1e-6)


@adam.property("keeps every parameter's own scale", cause="mean and square have an entry for each parameter")
def _adam_scale(answer):
    p, *_ = expect_parts(
        answer(np.zeros(2), np.array([5.0, -1e-4]), np.zeros(2), np.zeros(2), 1, 0.1),
        3,
        "parameters, mean, square",
    )
    expect_close(p, [-0.1, 0.1], "the first step for gradients of 5 and -0.0001", 1e-3)


# 04.3

step = Exercise("04.3", "one step of Levenberg–Marquardt")


def _problem():
    rng = np.random.default_rng(4)
    return rng.normal(size=(12, 3)), rng.normal(size=12)


@step.property("has an entry for each parameter", cause="the unknown of the equations is δ, of shape (P,)")
def _step_shape(answer):
    J, r = _problem()
    expect_shape(answer(J, r, 0.1), (3,), "the step")


@step.property("is the Gauss–Newton step without damping", cause="(JᵀJ + μ I) δ = -Jᵀr, with μ = 0")
def _step_newton(answer):
    J, r = _problem()
    expect_close(answer(J, r, 0.0), -np.linalg.lstsq(J, r, rcond=None)[0], "the step for μ = 0")


@step.property("goes down the gradient under heavy damping", cause="for large μ the step is -Jᵀr / μ")
def _step_gradient(answer):
    J, r = _problem()
    expect_close(1e9 * np.asarray(answer(J, r, 1e9)), -J.T @ r, "μ δ for a very large μ", 1e-6)


@step.property("is right in between", cause="add μ to the diagonal of JᵀJ, and to nothing else")
def _step_between(answer):
    J, r = _problem()
    expect_close(answer(J, r, 2.0), np.linalg.solve(J.T @ J + 2 * np.eye(3), -J.T @ r), "the step for μ = 2")


@step.property(
    "lives with columns that say the same", cause="with μ > 0 the matrix can be inverted, whatever J is"
)
def _step_singular(answer):
    J, r = _problem()
    J = J[:, [0, 0]]
    expect_close(
        answer(J, r, 0.5), np.linalg.solve(J.T @ J + 0.5 * np.eye(2), -J.T @ r), "the step for equal columns"
    )


# 04.4

gain = Exercise("04.4", "can the model be trusted?")


@gain.property("is 1 where the model is exact", cause="predicted: |r|² - |r + J δ|²")
def _gain_exact(answer):
    J, r = _problem()
    delta = np.array([0.1, -0.2, 0.05])
    expect_close(answer(r, r + J @ delta, J, delta), 1.0, "the gain ratio of a linear problem")


@gain.property(
    "compares actual with predicted", cause="actual: |r|² - |r_new|², divided by the predicted one"
)
def _gain_ratio(answer):
    J, r = _problem()
    delta = np.linalg.solve(J.T @ J + np.eye(3), -J.T @ r)
    new = 0.9 * r
    expected = (r @ r - new @ new) / (r @ r - np.sum((r + J @ delta) ** 2))
    expect_close(answer(r, new, J, delta), expected, "the gain ratio")


@gain.property(
    "is negative after a bad step", cause="where the loss has risen, the actual decrease is below 0"
)
def _gain_bad(answer):
    J, r = _problem()
    delta = np.linalg.solve(J.T @ J + np.eye(3), -J.T @ r)
    value = answer(r, 2 * r, J, delta)
    expect_shape(value, (), "one number")
    expect(value < 0, "a negative ratio for a loss that has risen", f"{float(value):.3g}")


# 04.5

early = Exercise("04.5", "when to stop")


def _expect_stop(answer, errors, patience, best, last):
    parts = expect_parts(answer(np.array(errors), patience), 2, "the best epoch, the last epoch")
    for value, expected, what in zip(parts, (best, last), ("the best epoch", "the last epoch"), strict=True):
        expect_close(value, expected, f"{what} for errors {errors} and patience {patience}")


@early.property("stops after a while without progress", cause="count epochs since the best one so far")
def _early_stops(answer):
    _expect_stop(answer, [5.0, 3.0, 4.0, 4.5, 4.6, 1.0], 2, 1, 3)
    _expect_stop(answer, [5.0, 3.0, 4.0, 3.8, 3.6, 1.0], 2, 1, 3)  # better than the last is not better


@early.property("starts counting anew at each progress", cause="a better epoch resets the count")
def _early_resets(answer):
    _expect_stop(answer, [5.0, 6.0, 4.0, 4.5, 3.0, 3.5, 3.6, 3.7], 2, 4, 6)


@early.property(
    "runs to the end if there is progress", cause="if patience never runs out, the last epoch is the last"
)
def _early_end(answer):
    _expect_stop(answer, [5.0, 4.0, 3.0, 2.0], 1, 3, 3)


@early.property("takes no tie for progress", cause="equal is not better")
def _early_tie(answer):
    _expect_stop(answer, [2.0, 2.0, 2.0, 1.0], 2, 0, 2)
