"""Levenberg–Marquardt on problems with known answers, and beside SciPy's."""

import numpy as np
import pytest
from residuals import Residuals, decay, rosenbrock, run
from scipy.optimize import least_squares

from minikan import LevenbergMarquardt

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


def test_a_step_whose_second_half_is_too_long_is_refused():
    """However far the loss falls: what the linearisation says so far away is not worth much."""
    for limit, trusted in ((np.inf, True), (-1.0, False)):
        problem, optimizer = rosenbrock(), LevenbergMarquardt()
        optimizer.longest_second = limit
        start = problem.parameters.copy()
        assert optimizer.step(problem) is trusted
        assert np.array_equal(problem.parameters, start) is not trusted


def test_gradients_beyond_the_blocks_count_for_both_solvers():
    """A part of the gradient that no residual gives: H = JᵀJ, gradient = Jᵀr + extra."""
    J, extra = np.array([[2.0, 1.0], [0.5, 3.0], [1.0, 1.0]]), np.array([0.3, -0.2])
    solutions = []
    for orthogonal in (False, True):
        problem = Residuals(lambda p: J @ p - 1.0, lambda p: J, [0.0, 0.0])
        plain = problem.curvature, problem.triangle

        def with_extra(loss, gradient, matrix, problem=problem):
            return loss + extra @ problem.parameters, gradient + extra, matrix

        problem.curvature = lambda plain=plain: with_extra(*plain[0]())
        problem.triangle = lambda plain=plain, p=problem: (
            plain[1]()[0] + extra @ p.parameters,
            *plain[1]()[1:3],
            extra,
        )
        problem.loss = lambda plain=plain, p=problem: plain[0]()[0] + extra @ p.parameters
        run(LevenbergMarquardt(acceleration=False, orthogonal=orthogonal), problem, 60)
        solutions.append(problem.parameters)
    expected = np.linalg.solve(J.T @ J, J.T @ np.ones(3) - extra)
    np.testing.assert_allclose(solutions, [expected, expected], atol=1e-7)
