"""Optimisers on problems with known answers, and beside SciPy's."""

import numpy as np
import pytest
from scipy.optimize import least_squares, line_search, minimize

from minikan import LBFGS, Adam, GradientDescent, LevenbergMarquardt
from minikan.optimizers import strong_wolfe


class Residuals:
    """A small least-squares problem, loss = |r|² / 2, with residuals and Jacobian written out."""

    def __init__(self, residuals, jacobian, start):
        self.residuals, self.jacobian = residuals, jacobian
        self.parameters = np.array(start, float)
        self.calls = 0

    def loss(self):
        r = self.residuals(self.parameters)
        return 0.5 * float(r @ r)

    def loss_and_gradient(self):
        self.calls += 1
        return self.curvature()[:2]

    def curvature(self):
        r, J = self.residuals(self.parameters), self.jacobian(self.parameters)
        return 0.5 * r @ r, J.T @ r, J.T @ J

    def triangle(self):
        r, J = self.residuals(self.parameters), self.jacobian(self.parameters)
        P = J.shape[1]
        rows = np.linalg.qr(
            np.column_stack([np.vstack([J, np.zeros((P + 1, P))]), [*r, *np.zeros(P + 1)]]), "r"
        )
        return 0.5 * r @ r, rows[:P, :P], rows[:P, P]

    def bend(self, step, h=1e-3):
        there, here, back = (self.residuals(self.parameters + s * step) for s in (h, 0, -h))
        return self.jacobian(self.parameters).T @ ((there - 2 * here + back) / h**2)


def rosenbrock():
    return Residuals(
        lambda p: np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]]),
        lambda p: np.array([[-20 * p[0], 10], [-1, 0]]),
        [-1.2, 1],
    )


def decay():
    """A decay through data that also swing: the residuals stay large."""
    t = np.linspace(0, 3, 20)
    data = 2 * np.exp(-t) + np.cos(7 * t)
    return Residuals(
        lambda p: p[0] * np.exp(-p[1] * t) - data,
        lambda p: np.stack([np.exp(-p[1] * t), -p[0] * t * np.exp(-p[1] * t)], axis=1),
        [0.5, 0.1],
    )


def run(optimizer, problem, steps, enough=0.0):
    losses = [problem.loss()]
    while len(losses) <= steps and losses[-1] > enough and optimizer.step(problem):
        losses.append(problem.loss())
    return losses


LM = {
    "plain": lambda: LevenbergMarquardt(acceleration=False),
    "accelerated": lambda: LevenbergMarquardt(),
    "orthogonal": lambda: LevenbergMarquardt(orthogonal=True),
    "carefree": lambda: LevenbergMarquardt(damping=1e-3),
}


@pytest.mark.parametrize("make", LM.values(), ids=LM)
class TestLevenbergMarquardt:
    def test_rosenbrock_as_scipy(self, make):
        problem = rosenbrock()
        losses = run(make(), problem, 60, 1e-28)
        assert (np.diff(losses) < 0).all()  # it never takes a step up
        expected = least_squares(problem.residuals, [-1.2, 1], problem.jacobian, method="lm")
        np.testing.assert_allclose(problem.parameters, expected.x, atol=1e-10)

    def test_large_residuals_as_scipy(self, make):
        problem = decay()
        run(make(), problem, 200)
        expected = least_squares(problem.residuals, [0.5, 0.1], problem.jacobian, xtol=1e-15, ftol=1e-15)
        np.testing.assert_allclose(problem.parameters, expected.x, rtol=1e-6)
        assert problem.loss() == pytest.approx(expected.cost, rel=1e-12)
        assert problem.loss() > 1

    def test_a_rank_deficient_jacobian(self, make):
        problem = Residuals(lambda p: np.array([p[0] + p[1] - 3.0]), lambda p: np.ones((1, 2)), [0.0, 0.0])
        run(make(), problem, 40)
        np.testing.assert_allclose(problem.parameters, 1.5, atol=1e-9)  # the nearest of all solutions

    def test_it_stops_where_it_stands_when_there_is_no_way_down(self, make):
        problem = Residuals(lambda p: p - 2.0, lambda p: np.eye(2), [2.0, 2.0])
        assert make().step(problem) is False
        np.testing.assert_array_equal(problem.parameters, [2, 2])

    def test_it_goes_back_when_every_step_fails(self, make):
        problem = Residuals(lambda p: p, lambda p: np.eye(2), [1.0, 1.0])
        problem.loss = lambda: np.nan
        assert make().step(problem) is False
        np.testing.assert_array_equal(problem.parameters, [1, 1])

    def test_it_never_meets_a_singular_system(self, make):
        """A minimum along a line, with residuals that cannot vanish: damping must not shrink to nothing."""
        problem = Residuals(lambda p: p.sum() - np.array([3.0, 5.0]), lambda p: np.ones((2, 2)), [0.1, 0.7])
        optimizer = make()
        for _ in range(60):
            problem.parameters += [1e-3, -2e-3]  # pushed away, so that there is always a step to take
            optimizer.step(problem)
        assert problem.parameters.sum() == pytest.approx(4, abs=1e-8)


def test_qr_sees_what_the_normal_equations_lose():
    """Läuchli's matrix: its columns differ by 1e-9, which the square of 1e-9 does not show."""
    J = np.array([[1, 1], [1e-9, 0], [0, 1e-9]])
    solution = np.array([1.0, -2.0])
    errors = []
    for orthogonal in (False, True):
        problem = Residuals(lambda p: J @ (p - solution), lambda p: J, [0.0, 0.0])
        run(LevenbergMarquardt(acceleration=False, orthogonal=orthogonal), problem, 40)
        errors.append(np.abs(problem.parameters - solution).max())
    assert errors[1] < 1e-4 < 1e-1 < errors[0]


def test_acceleration_shortens_the_way_through_a_bent_valley():
    counts = [
        len(run(LevenbergMarquardt(acceleration=acceleration), rosenbrock(), 200, 1e-20))
        for acceleration in (False, True)
    ]
    assert counts[1] < 0.8 * counts[0]


def test_damping_is_relative_to_the_problem():
    """Residuals a million times larger: the same steps."""
    ways = []
    for scale in (1.0, 2.0**20):  # a power of two: not even rounding differs
        base = rosenbrock()
        problem = Residuals(
            lambda p, s=scale, b=base: s * b.residuals(p),
            lambda p, s=scale, b=base: s * b.jacobian(p),
            [-1.2, 1],
        )
        run(LevenbergMarquardt(), problem, 5)
        ways.append(problem.parameters)
    np.testing.assert_allclose(*ways, rtol=1e-12)


def test_a_step_that_bends_too_much_is_refused():
    """However far the loss falls: what the linearisation says so far away is not worth much."""
    for limit, trusted in ((np.inf, True), (-1.0, False)):
        problem, optimizer = rosenbrock(), LevenbergMarquardt()
        optimizer.bend_limit = limit
        start = problem.parameters.copy()
        assert optimizer.step(problem) is trusted
        assert np.array_equal(problem.parameters, start) is not trusted


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
