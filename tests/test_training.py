"""Optimisers against known answers; fit on real targets; what it refuses."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from minikan import KAN, Adam, LevenbergMarquardt, fit
from minikan.network import BLOCK
from minikan.training import LeastSquares


def target(X):
    return np.exp(np.sin(np.pi * X[:, :1]) + X[:, 1:] ** 2)


def data(n=1000, seed=0):
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, target(X)


class Residuals:
    """A small least-squares problem with residuals and Jacobian written out."""

    def __init__(self, residuals, jacobian, start):
        self.residuals, self.jacobian = residuals, jacobian
        self.parameters = np.array(start, float)

    def loss(self):
        return float(np.mean(self.residuals(self.parameters) ** 2))

    def normal_equations(self):
        r, J = self.residuals(self.parameters), self.jacobian(self.parameters)
        return r @ r / r.size, J.T @ r / r.size, J.T @ J / r.size

    def loss_and_gradient(self):
        loss, gradient, _ = self.normal_equations()
        return loss, 2 * gradient


def rosenbrock():
    return Residuals(
        lambda p: np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]]),
        lambda p: np.array([[-20 * p[0], 10], [-1, 0]]),
        [-1.2, 1],
    )


def test_levenberg_marquardt_solves_rosenbrock_as_scipy_does():
    problem = rosenbrock()
    optimizer, losses = LevenbergMarquardt(), [problem.loss()]
    while losses[-1] > 1e-28 and len(losses) < 60 and optimizer.step(problem):
        losses.append(problem.loss())
    assert (np.diff(losses) < 0).all()  # it never takes a step up
    expected = least_squares(problem.residuals, [-1.2, 1], problem.jacobian, method="lm")
    np.testing.assert_allclose(problem.parameters, expected.x, atol=1e-10)


def test_levenberg_marquardt_stands_a_singular_jacobian():
    problem = Residuals(lambda p: np.array([p[0] + p[1] - 3.0]), lambda p: np.ones((1, 2)), [0.0, 0.0])
    optimizer = LevenbergMarquardt()
    for _ in range(20):
        optimizer.step(problem)
    np.testing.assert_allclose(problem.parameters, 1.5, atol=1e-9)  # the nearest of all solutions


def test_levenberg_marquardt_stops_where_it_stands_when_there_is_no_way_down():
    problem = Residuals(lambda p: p - 2.0, lambda p: np.eye(2), [2.0, 2.0])
    assert LevenbergMarquardt().step(problem) is False
    np.testing.assert_array_equal(problem.parameters, [2, 2])


def test_levenberg_marquardt_goes_back_when_every_step_fails():
    problem = Residuals(lambda p: p, lambda p: np.eye(2), [1.0, 1.0])
    problem.loss = lambda: np.inf
    assert LevenbergMarquardt().step(problem) is False
    np.testing.assert_array_equal(problem.parameters, [1, 1])


def test_levenberg_marquardt_never_meets_a_singular_system():
    """A minimum along a line, with residuals that cannot vanish: the damping must not shrink to nothing."""
    problem = Residuals(lambda p: p.sum() - np.array([3.0, 5.0]), lambda p: np.ones((2, 2)), [0.1, 0.7])
    optimizer = LevenbergMarquardt()
    for _ in range(60):
        problem.parameters += [1e-3, -2e-3]  # pushed away, so that there is always a step to take
        optimizer.step(problem)
    assert problem.parameters.sum() == pytest.approx(4, abs=1e-9)


def test_adam_takes_the_steps_of_its_paper():
    """The first three steps of algorithm 1, written out for one parameter."""
    problem = Residuals(lambda p: p, lambda p: np.eye(1), [3.0])
    theta, mean, square = 3.0, 0.0, 0.0
    optimizer = Adam(0.1)
    for t in range(1, 4):
        gradient = 2 * theta
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        theta -= 0.1 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        optimizer.step(problem)
        assert problem.parameters[0] == pytest.approx(theta, rel=1e-12)


def test_normal_equations_are_the_jacobians():
    model = KAN([2, 3, 2], seed=1)
    X, y = data(BLOCK + 7)
    y = np.hstack([y, -y])
    loss, gradient, matrix = LeastSquares(model, X, y).normal_equations()
    jacobian = model.jacobian(X).reshape(y.size, -1)
    residuals = (model(X) - y).ravel()
    assert loss == pytest.approx(model.loss_and_gradient(X, y)[0], rel=1e-12)
    np.testing.assert_allclose(2 * gradient, model.loss_and_gradient(X, y)[1], atol=1e-11)
    np.testing.assert_allclose(gradient, jacobian.T @ residuals / y.size, atol=1e-11)
    np.testing.assert_allclose(matrix, jacobian.T @ jacobian / y.size, atol=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_the_readme_network_learns(seed):
    X, y = data(seed=seed)
    model = KAN([2, 5, 1], grid=10, seed=seed)
    history = fit(model, X, y, steps=50)
    X_test, y_test = data(seed=100 + seed)
    assert np.sqrt(np.mean((model(X_test) - y_test) ** 2)) < 1e-3
    assert (np.diff(history.loss) <= 0).all()
    assert history.loss[-1] == pytest.approx(model.loss_and_gradient(X, y)[0], rel=1e-9)


def test_adam_learns_too():
    X, y = data()
    history = fit(KAN([2, 5, 1]), X, y, steps=300, optimizer="adam")
    assert history.rmse[-1] < 0.1 * history.rmse[0]


def test_two_outputs():
    X, y = data()
    history = fit(KAN([2, 5, 2], seed=2), X, np.hstack([y, X[:, :1] * X[:, 1:]]), steps=30)
    assert history.rmse[-1] < 1e-2


def test_history_tells_what_happened():
    X, y = data()
    history = fit(KAN([2, 1, 1]), X, y, steps=4)
    assert history.loss.shape == history.time.shape == (5,)
    np.testing.assert_allclose(history.rmse**2, history.loss, rtol=1e-14)
    assert history.validation_rmse is None and not history.converged
    assert repr(history).startswith("History(4 steps: RMSE ")
    assert (np.diff(history.time) > 0).all()


def test_converged_is_said():
    x = np.linspace(-1, 1, 50)[:, None]
    history = fit(KAN([1, 1]), x, 0 * x, steps=100)
    assert history.converged and len(history.loss) < 100
    assert "converged" in repr(history)


def test_the_best_parameters_on_validation_are_kept():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (60, 1))
    y = np.sin(3 * X) + rng.normal(0, 0.3, X.shape)
    Xv = rng.uniform(-1, 1, (200, 1))
    yv = np.sin(3 * Xv)
    model = KAN([1, 3, 1], grid=20, seed=3)
    history = fit(model, X, y, steps=60, validation=(Xv, yv))
    kept = np.sqrt(model.loss_and_gradient(Xv, yv)[0])
    assert kept == pytest.approx(history.validation_rmse.min(), rel=1e-12)
    assert kept < history.validation_rmse[-1]  # it did over-fit


def test_fit_is_deterministic_and_in_place():
    X, y = data(200)
    models = [KAN([2, 2, 1], seed=4) for _ in range(2)]
    vector = models[0].parameters
    for model in models:
        fit(model, X, y, steps=5)
    assert models[0].parameters is vector
    np.testing.assert_array_equal(models[0].parameters, models[1].parameters)


@pytest.mark.parametrize("n", [1, 5])
def test_fewer_samples_than_parameters(n):
    X, y = data(n)
    assert fit(KAN([2, 5, 1]), X, y, steps=20).rmse[-1] < 1e-6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(X=[[0, 1, 2]]), "X must have 2 columns, got 3"),
        (dict(y=[1.0]), "X and y must have the same length, got 3 and 1"),
        (dict(steps=0), "steps must be at least 1, got 0"),
        (dict(steps=2.5), "steps must be a whole number, got 2.5"),
        (dict(optimizer="sgd"), "optimizer must be one of lm, adam, got 'sgd'"),
        (dict(validation=3), "validation must be a pair (X, y)"),
        (dict(validation=([[0.0]], [0.0])), "validation X must have 2 columns, got 1"),
        (dict(validation=([[0.0, 1.0]], [0.0, 1.0])), "validation y must have the same length"),
    ],
)
def test_fit_refuses_and_changes_nothing(arguments, words):
    model = KAN([2, 1])
    before = model.parameters.copy()
    with pytest.raises((ValueError, TypeError)) as error:
        fit(model, **{"X": np.zeros((3, 2)), "y": np.ones(3), **arguments})
    assert words in str(error.value)
    np.testing.assert_array_equal(model.parameters, before)
