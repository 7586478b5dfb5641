"""Checks of the exercises of chapter 04, training."""

import tracemalloc

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 04.1

rate = Exercise("04.1", "the largest step")


def _expect_rate(value, limit, what):
    expect_shape(value, (), "one number")
    halved = "the error may change its sign in each step: 1 - rate · h may go down to -1, not to 0"
    expect_close(value, limit, what, cause=halved if np.isclose(value, limit / 2) else "")


@rate.property(
    "is right for a single curvature", cause="the error is multiplied by 1 - rate · h in each step"
)
def _rate_single(answer):
    _expect_rate(answer(np.array([[4.0]])), 0.5, "the limit for a curvature of 4")


@rate.property("is set by the steepest direction", cause="a single direction that grows is enough to diverge")
def _rate_steepest(answer):
    _expect_rate(answer(np.diag([1.0, 10.0, 0.1])), 0.2, "the limit for curvatures 1, 10 and 0.1")


@rate.property(
    "looks for directions, not at axes", cause="curvatures are the eigenvalues of H, not its diagonal"
)
def _rate_turned(answer):
    turn = np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5
    H = turn @ np.diag([1.0, 8.0]) @ turn.T
    _expect_rate(answer(H), 0.25, "the limit for curvatures 1 and 8, turned")


# 04.2

length = Exercise("04.2", "the best length")


def _problem():
    rng = np.random.default_rng(4)
    return rng.normal(size=(12, 3)), rng.normal(size=12)


@length.property(
    "makes the predicted loss as small as can be", cause="set the derivative of |r + α J d|² in α to zero"
)
def _length_smallest(answer):
    J, r = _problem()
    d = np.array([1.0, -2.0, 0.5])
    best = -(r @ J @ d) / np.sum((J @ d) ** 2)
    value = answer(J, r, d)
    expect_shape(value, (), "one number")
    cause = ""
    if np.isclose(value, -best):
        cause = "the sign: the derivative is 2 (J d)·(r + α J d)"
    elif np.isclose(value * (d @ d), best * np.sum((J @ d) ** 2)):
        cause = "divide by |J d|², the curvature along d, not by |d|²"
    expect_close(value, best, "the length", cause=cause)


@length.property("steps back where d leads uphill", cause="α may be negative")
def _length_uphill(answer):
    J, r = _problem()
    d = J.T @ r
    value = answer(J, r, d)
    expect_shape(value, (), "one number")
    expect(value < 0, "a negative length along the gradient", f"{float(value):.3g}")


@length.property("ends at the same place for d and for 10 d", cause="α d must not depend on the length of d")
def _length_scaled(answer):
    J, r = _problem()
    d = -J.T @ r
    expect_close(10 * np.asarray(answer(J, r, 10 * d)), answer(J, r, d), "10 times the length for 10 d")


@length.property(
    "stays where no sample hears the direction", cause="if J d is zero, every length is as good; return 0"
)
def _length_unheard(answer):
    J, r = _problem()
    with np.errstate(all="ignore"):
        expect_close(
            answer(J * [1.0, 1.0, 0.0], r, np.array([0.0, 0.0, 2.0])), 0.0, "the length where J d = 0"
        )


# 04.3

step = Exercise("04.3", "more parameters than samples")

_OTHER_MU = "μ is added to JᵀJ here; in `marquardt_step` it is added to H = 2/n JᵀJ, which makes it another μ"


def _wide(n=5, P=40):
    rng = np.random.default_rng(5)
    return rng.normal(size=(n, P)), rng.normal(size=n)


def _damped(J, r, mu):
    return np.linalg.solve(J.T @ J + mu * np.eye(J.shape[1]), -J.T @ r)


@step.property("has an entry for each parameter", cause="δ = Jᵀu has the shape (P,); u alone has (n,)")
def _step_shape(answer):
    J, r = _wide()
    expect_shape(answer(J, r, 0.1), (40,), "the step")


@step.property("goes down the gradient under heavy damping", cause="for large μ the step is -Jᵀr / μ")
def _step_gradient(answer):
    J, r = _wide()
    value, cause = 1e9 * np.asarray(answer(J, r, 1e9)), ""
    if value.shape == (40,) and np.allclose(value, -2 / len(r) * J.T @ r, rtol=1e-5):
        cause = _OTHER_MU
    elif value.shape == (40,) and np.allclose(value, J.T @ r, rtol=1e-5):
        cause = "the sign: a step goes down the gradient, against Jᵀr"
    expect_close(value, -J.T @ r, "μ δ for a very large μ", 1e-6, cause=cause)


@step.property(
    "is the step of Levenberg–Marquardt", cause="put δ = Jᵀu into (JᵀJ + μ I) δ = -Jᵀr, and solve for u"
)
def _step_right(answer):
    J, r = _wide()
    value, cause = answer(J, r, 2.0), ""
    if np.shape(value) == (40,) and np.allclose(value, _damped(J, r, 2.0 * len(r) / 2)):
        cause = _OTHER_MU
    expect_close(value, _damped(J, r, 2.0), "the step for μ = 2", cause=cause)


@step.property(
    "is right for more samples than parameters, too",
    cause="nothing in the derivation needs n < P; mend the properties above first",
)
def _step_tall(answer):
    J, r = _problem()
    expect_close(answer(J, r, 0.5), _damped(J, r, 0.5), "the step for 12 samples and 3 parameters")


@step.property(
    "builds no matrix of P × P", cause="the matrix to solve with has a row and a column for each sample"
)
def _step_small(answer):
    J, r = _wide(4, 1500)  # P × P numbers would be 18 MB
    was_on = tracemalloc.is_tracing()
    if not was_on:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        answer(J, r, 1.0)
        used = (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        if not was_on:
            tracemalloc.stop()
    expect(used < 6, "less than 6 MB for 4 samples and 1500 parameters", f"{used:.0f} MB")


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
    found, end = expect_parts(answer(np.array(errors), patience), 2, "the best epoch, the last epoch")
    case = f"for errors {errors} and patience {patience}"
    expect_close(found, best, f"the best epoch {case}")
    late = "an epoch too late: stop where the best lies `patience` epochs behind"
    expect_close(end, last, f"the last epoch {case}", cause=late if np.array_equal(end, last + 1) else "")


@early.property("stops after a while without progress", cause="stop `patience` epochs after the best so far")
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


# 04.6

classes = Exercise("04.6", "Levenberg–Marquardt for classes")


def _labelled(n=9, C=3, P=4):
    rng = np.random.default_rng(6)
    return rng.normal(size=(n, C)), rng.integers(0, C, n), rng.normal(size=(n, C, P))


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _by_loops(z, labels, J, mu):
    """Gradient and step, sample by sample."""
    P = J.shape[2]
    g, H = np.zeros(P), np.zeros((P, P))
    for p, label, Ji in zip(_softmax(z), labels, J, strict=True):
        g += Ji.T @ (p - np.eye(len(p))[label]) / len(z)
        H += Ji.T @ (np.diag(p) - np.outer(p, p)) @ Ji / len(z)
    return g, np.linalg.solve(H + mu * np.eye(P), -g)


@classes.property(
    "has an entry for each parameter", cause="J has the shape (n, classes, P): sum over samples and classes"
)
def _classes_shape(answer):
    expect_shape(answer(*_labelled(), 0.1), (4,), "the step")


@classes.property(
    "goes down the gradient under heavy damping",
    cause="in the outputs the loss has the derivative p, less 1 at the true class; average over samples",
)
def _classes_gradient(answer):
    z, labels, J = _labelled()
    value = 1e9 * np.asarray(answer(z, labels, J, 1e9))
    g = _by_loops(z, labels, J, 1.0)[0]
    cause = "the loss is an average over the samples" if np.allclose(value, -len(z) * g, rtol=1e-5) else ""
    expect_close(value, -g, "μ δ for a very large μ", 1e-6, cause=cause)


@classes.property(
    "uses the whole curvature", cause="diag(p) - p pᵀ between Jᵀ and J of each sample, averaged"
)
def _classes_curvature(answer):
    z, labels, J = _labelled()
    expect_close(answer(z, labels, J, 0.1), _by_loops(z, labels, J, 0.1)[1], "the step for μ = 0.1")


@classes.property(
    "does not change if every sample is there twice", cause="both H and the gradient are averages"
)
def _classes_twice(answer):
    z, labels, J = _labelled()
    twice = answer(np.tile(z, (2, 1)), np.tile(labels, 2), np.tile(J, (2, 1, 1)), 0.1)
    expect_close(twice, answer(z, labels, J, 0.1), "the step")


@classes.property(
    "survives large outputs", cause="exp(1000) is too large for a number; take the largest output off first"
)
def _classes_large(answer):
    z, labels, J = _labelled()
    with np.errstate(all="ignore"):
        large = answer(z + 1000.0, labels, J, 0.1)
    expect_close(large, answer(z, labels, J, 0.1), "the step with 1000 added to all outputs", 1e-6)
