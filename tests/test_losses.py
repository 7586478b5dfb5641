"""Losses: values, gradients and second derivatives, by differences and by SciPy."""

import numpy as np
import pytest
from scipy.special import log_softmax

from minikan.losses import CrossEntropy, MeanSquaredError

n_out, n = 3, 7
RNG = np.random.default_rng(0)
Z, CHANGE = RNG.normal(size=(2, n_out, n))
WEIGHTS = RNG.uniform(0.5, 1, n)
WEIGHTS /= WEIGHTS.sum()
CASES = {
    "mse": (MeanSquaredError(), RNG.normal(size=(n_out, n))),
    "cross-entropy": (CrossEntropy(), RNG.integers(0, n_out, n)),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def difference(function, h=1e-5):
    return (function(Z + h * CHANGE) - function(Z - h * CHANGE)) / (2 * h)


def test_gradient(case):
    loss, y = case
    slope = difference(lambda z: loss.value_and_gradient(z, y, WEIGHTS)[0])
    assert np.vdot(loss.value_and_gradient(Z, y, WEIGHTS)[1], CHANGE) == pytest.approx(slope, rel=1e-8)


def test_hessian_product_is_the_derivative_of_the_gradient(case):
    loss, y = case
    expected = difference(lambda z: loss.value_and_gradient(z, y, WEIGHTS)[1])
    np.testing.assert_allclose(loss.hessian_product(Z, CHANGE, WEIGHTS), expected, atol=1e-9)


def test_the_root_is_one_of_the_second_derivative_and_gives_the_gradient(case):
    loss, y = case
    root = loss.root(Z, WEIGHTS)  # Sᵀ, (n_out, n_out, n): a row for each residual
    assert root.shape == (n_out, n_out, n)
    hessian_times_change = np.einsum("ran,rbn,bn->an", root, root, CHANGE)
    np.testing.assert_allclose(hessian_times_change, loss.hessian_product(Z, CHANGE, WEIGHTS), atol=1e-14)
    gradient = np.einsum("ran,rn->an", root, loss.residuals(Z, y, WEIGHTS))
    np.testing.assert_allclose(gradient, loss.value_and_gradient(Z, y, WEIGHTS)[1], atol=1e-14)


def test_values():
    loss, y = CASES["mse"]
    assert loss.value_and_gradient(Z, y, WEIGHTS)[0] == pytest.approx(
        WEIGHTS @ np.mean((Z - y) ** 2, axis=0), rel=1e-13
    )
    loss, y = CASES["cross-entropy"]
    expected = -WEIGHTS @ log_softmax(Z, axis=0)[y, np.arange(n)]
    assert loss.value_and_gradient(Z, y, WEIGHTS)[0] == pytest.approx(expected, rel=1e-13)


def test_cross_entropy_of_certainties_is_finite():
    z = np.array([[1e4, -1e4], [0.0, 0.0]])
    loss, y = CrossEntropy(), np.array([0, 0])
    value, gradient = loss.value_and_gradient(z, y, np.full(2, 0.5))
    assert value == pytest.approx(5e3) and np.isfinite(gradient).all()
    assert np.isfinite(loss.residuals(z, y, np.full(2, 0.5))).all()


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0, 1], "y must hold a class for each of 3 samples, got shape (2,)"),
        ([0, 1, 2], "y must hold classes 0 … 1, got numbers from 0 to 2"),
        ([0, -1, 1], "y must hold classes 0 … 1, got numbers from -1 to 1"),
        ([0, 0.5, 1], "y must hold classes 0 … 1"),
        (["a", "b", "c"], "y must hold real numbers"),
    ],
)
def test_classes_are_checked(y, words):
    with pytest.raises((ValueError, TypeError)) as error:
        CrossEntropy().targets(y, 3, 2, "y")
    assert words in str(error.value)


def test_classes_need_two_outputs():
    with pytest.raises(ValueError, match="at least 2"):
        CrossEntropy().targets([0, 0], 2, 1, "y")
