"""First-order optimisers and L-BFGS on problems with known answers, and beside SciPy's."""

import numpy as np
import pytest
from residuals import Residuals, decay, rosenbrock, run
from scipy.optimize import line_search, minimize

from minikan import LBFGS, Adam, GradientDescent, LevenbergMarquardt
from minikan.optimizers import strong_wolfe

# ------------------------------------------------------------------------------------------- first order


def test_gradient_descent_is_one_line():
    problem = rosenbrock()
    _, gradient = problem.loss_and_gradient()
    expected = problem.parameters - 1e-3 * gradient
    assert GradientDescent(1e-3).step(problem) is True
    np.testing.assert_array_equal(problem.parameters, expected)


def test_adam_takes_the_steps_of_its_paper():
    """The first three steps of algorithm 1, written out for one parameter; then again after `forget`."""
    problem = Residuals(lambda p: p, lambda p: np.eye(1), [3.0])
    theta, optimizer = 3.0, Adam(0.1)
    for _ in range(2):
        mean, square = 0.0, 0.0
        for t in range(1, 4):
            gradient = theta
            mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            theta -= 0.1 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
            optimizer.step(problem)
            assert problem.parameters[0] == pytest.approx(theta, rel=1e-12)
        optimizer.forget()


# ------------------------------------------------------------------------------------------------ L-BFGS


@pytest.mark.parametrize("make", [rosenbrock, decay])
def test_lbfgs_as_scipy(make):
    problem = make()
    losses = run(LBFGS(), problem, 300)
    assert (np.diff(losses) < 0).all()

    def value(p):
        return 0.5 * np.sum(problem.residuals(p) ** 2), problem.jacobian(p).T @ problem.residuals(p)

    expected = minimize(value, make().parameters, jac=True, method="L-BFGS-B", tol=1e-15)
    assert problem.loss() <= expected.fun + 1e-12
    assert problem.calls < 3 * expected.nfev + 50


def test_lbfgs_knows_a_quadratic_after_as_many_steps_as_it_has_dimensions():
    """With exact line searches it is the method of conjugate gradients; with inexact ones nearly so."""
    scales = np.array([1.0, 3.0, 10.0, 30.0])
    problem = Residuals(lambda p: scales * p, lambda p: np.diag(scales), np.ones(4))
    assert run(LBFGS(), problem, 25)[-1] < 1e-12


def test_lbfgs_stops_at_the_bottom_and_leaves_the_point():
    problem = Residuals(lambda p: p - 2.0, lambda p: np.eye(2), [2.0, 2.0])
    assert LBFGS().step(problem) is False
    np.testing.assert_array_equal(problem.parameters, [2, 2])


def test_lbfgs_remembers_only_so_much_and_forgets():
    problem, optimizer = rosenbrock(), LBFGS(memory=3)
    run(optimizer, problem, 10)
    assert len(optimizer.pairs) == 3
    optimizer.forget()
    assert optimizer.pairs == [] and optimizer.here is None


def test_lbfgs_refuses_a_cliff():
    """A step that leads to NaN is shortened."""
    problem = Residuals(lambda p: np.sqrt(p) - 1, lambda p: np.diag(0.5 / np.sqrt(p)), [1e-3])
    with np.errstate(invalid="ignore", divide="ignore"):
        run(LBFGS(), problem, 50)
    np.testing.assert_allclose(problem.parameters, 1, atol=1e-6)


LINES = {
    "parabola": (lambda a: (a - 3) ** 2, lambda a: 2 * (a - 3)),
    "steep": (lambda a: np.exp(5 * a) - 20 * a, lambda a: 5 * np.exp(5 * a) - 20),
    "wavy": (lambda a: np.sin(3 * a) - a + 0.1 * a**2, lambda a: 3 * np.cos(3 * a) - 1 + 0.2 * a),
    "far": (lambda a: -a + 1e-4 * a**2, lambda a: -1 + 2e-4 * a),
}


@pytest.mark.parametrize("first", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("name", LINES)
def test_line_search_meets_both_conditions(name, first):
    f, d = LINES[name]
    if d(0.0) > 0:
        f, d = (lambda a, f=f: f(-a)), (lambda a, d=d: -d(-a))
    length = strong_wolfe(lambda a: (f(a), d(a)), f(0.0), d(0.0), first)
    assert f(length) <= f(0.0) + 1e-4 * length * d(0.0)
    assert abs(d(length)) <= 0.9 * abs(d(0.0))
    assert line_search(f, lambda a: np.atleast_1d(d(a)), 0.0, 1.0)[0] is not None  # SciPy finds one, too


def test_line_search_says_when_there_is_nothing_to_gain():
    assert strong_wolfe(lambda a: (a**2, 2 * a), 0.0, -1e-30, 1.0) == 0
    assert strong_wolfe(lambda a: (np.nan, np.nan), 1.0, -1.0, 1.0) == 0


@pytest.mark.parametrize("make", [Adam, LBFGS, LevenbergMarquardt])
def test_another_objective_is_a_fresh_start(make):
    """Without a word of `forget` the steps on a new objective are those of a new optimiser."""
    used, ways = make(), []
    run(used, decay(), 6)
    for optimizer in (used, make()):
        problem = rosenbrock()
        run(optimizer, problem, 6)
        ways.append(problem.parameters)
    np.testing.assert_array_equal(*ways)
