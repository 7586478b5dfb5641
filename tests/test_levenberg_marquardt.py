"""Levenberg–Marquardt on problems with known answers, and beside SciPy's."""

import numpy as np
import pytest
from residuals import Residuals, decay, rosenbrock, run
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from minikan import LevenbergMarquardt
from minikan.levenberg_marquardt import FEW, Quadratic, Triangle, substitute
from minikan.terms import Block

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


# -------------------------------------------------------------------------------------- the linear algebra


def least_squares_problem(P, seed=0):
    """A random Jacobian and residuals, as both solvers want them: Quadratic and Triangle."""
    rng = np.random.default_rng(seed)
    J, r = rng.normal(size=(2 * P, P)) * np.logspace(0, 2, P), rng.normal(size=2 * P)
    rows = np.linalg.qr(np.column_stack([J, r]), "r")
    loss = 0.5 * r @ r
    return J, r, Quadratic(loss, J.T @ r, J.T @ J), Triangle(loss, rows[:P, :P], rows[:P, P], np.zeros(P))


@pytest.mark.parametrize("P", [1, 30, FEW, FEW + 1, 317], ids=str)
def test_all_ways_to_solve_agree(P):
    J, r, quadratic, triangle = least_squares_problem(P)
    vector = np.random.default_rng(1).normal(size=P)
    for mu in (1e-4, 1.0, 1e6):
        damped = J.T @ J + mu * np.eye(P)
        expected = [-np.linalg.solve(damped, J.T @ r), np.linalg.solve(damped, vector)]
        for local in (quadratic, triangle):
            step = local.damp(mu)
            np.testing.assert_allclose(step, expected[0], atol=1e-9 * np.abs(expected[0]).max())
            np.testing.assert_allclose(
                local.solve(vector), expected[1], atol=1e-9 * np.abs(expected[1]).max()
            )
            change = J @ step
            assert local.decrease(step) == pytest.approx(-(r + 0.5 * change) @ change, rel=1e-9)
        assert (quadratic.L is not None) == (P > FEW)


def test_cholesky_is_asked_where_parameters_are_many_and_lu_where_it_fails(monkeypatch):
    """A matrix that rounding has made indefinite: LU still solves."""
    asked = []
    cholesky = np.linalg.cholesky
    monkeypatch.setattr(np.linalg, "cholesky", lambda A: asked.append(len(A)) or cholesky(A))
    vector = np.random.default_rng(0).normal(size=FEW + 50)
    for P in (FEW, FEW + 50):
        matrix = np.diag(np.r_[-1e-8, np.linspace(1, 2, P - 1)])
        local = Quadratic(1.0, vector[:P], matrix)
        np.testing.assert_allclose(local.damp(1e-10), -vector[:P] / (matrix.diagonal() + 1e-10), rtol=1e-12)
        np.testing.assert_allclose(
            local.solve(vector[:P]), vector[:P] / (matrix.diagonal() + 1e-10), rtol=1e-12
        )
        assert local.L is None
        np.testing.assert_array_equal(local.matrix, matrix)
    assert asked == [FEW + 50]
    local.damp(1.0)  # now it is definite: what failed once is tried again
    assert local.L is not None
    np.testing.assert_allclose(local.solve(vector), vector / (matrix.diagonal() + 1.0), rtol=1e-12)


@pytest.mark.parametrize("P", [1, 2, 64, 65, 128, 129, 200, 333])
def test_substitution_as_scipy(P):
    rng = np.random.default_rng(P)
    L = np.tril(rng.normal(size=(P, P))) / np.sqrt(P) + np.diag(rng.uniform(1, 2, P))
    b = rng.normal(size=P)
    before = L.copy(), b.copy()
    np.testing.assert_allclose(substitute(L, b), solve_triangular(L, b, lower=True), rtol=1e-9, atol=1e-10)
    upper = substitute(L.T[::-1, ::-1], b[::-1])[::-1]
    np.testing.assert_allclose(upper, solve_triangular(L.T, b), rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(L, before[0])
    np.testing.assert_array_equal(b, before[1])


@pytest.mark.parametrize("P", [7, FEW + 20])
@pytest.mark.parametrize(
    "where", [slice(None), np.array([5, 0, 3]), np.array([], int)], ids=["all", "some", "none"]
)
def test_residuals_can_be_added(P, where):
    """A block for some of the parameters: the same as if they had been there from the start."""
    J, r, *locals_ = least_squares_problem(P)
    extra, more = np.zeros((4, P)), np.random.default_rng(2).normal(size=4)
    extra[:, where] = np.random.default_rng(3).normal(size=extra[:, where].shape)
    block = Block(0.5 * more @ more, np.vstack([extra[:, where].T, more]), where)
    J, r = np.vstack([J, extra]), np.concatenate([r, more])
    diagonals = [local.diagonal.copy() for local in locals_]
    for local, diagonal in zip(locals_, diagonals, strict=True):
        local.add(block)
        assert local.loss == pytest.approx(0.5 * r @ r, rel=1e-12)
        np.testing.assert_allclose(local.gradient, J.T @ r, atol=1e-9)
        step = -np.linalg.solve(J.T @ J + np.eye(P), J.T @ r)
        np.testing.assert_allclose(local.damp(1.0), step, atol=1e-9 * np.abs(step).max())
        np.testing.assert_array_equal(local.diagonal, diagonal)  # damping is measured by the problem alone


def test_the_damping_is_forgotten_on_a_new_problem_only():
    optimizer, problem = LevenbergMarquardt(), rosenbrock()
    optimizer.step(problem)
    first = optimizer.mu
    assert first is not None
    optimizer.forget()  # grids have moved: the function is the same
    assert optimizer.mu == first
    optimizer.step(problem)
    second = optimizer.mu
    assert second != first
    optimizer.restart()
    assert optimizer.mu is None
    fresh, other = LevenbergMarquardt(), decay()
    optimizer.mu = 1e30
    optimizer.step(other)
    fresh.step(decay())
    assert optimizer.mu == fresh.mu


class Pull:
    """A prior that wants the first parameter to be 3."""

    def __init__(self, seen):
        self.seen = seen

    def __call__(self, *state):
        self.seen.append(state)
        return self

    def value(self, model):
        return 0.5 * 4.0 * (model.parameters[0] - 3.0) ** 2

    def blocks(self, model):
        residual = 2.0 * (model.parameters[0] - 3.0)
        yield Block(self.value(model), np.array([[2.0], [residual]]), np.array([0]))


@pytest.mark.parametrize("make", LM.values(), ids=LM)
def test_a_prior_counts_in_every_step(make):
    """Two lines cannot fix three parameters; the prior fixes the one that it is about."""
    J = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    problem, seen = Residuals(lambda p: J @ p - [5.0, 4.0], lambda p: J, [0.0, 0.0, 0.0]), []
    problem.model, problem.prior = problem, Pull(seen)
    run(make(), problem, 60)
    np.testing.assert_allclose(problem.parameters, [3, 2, 2], atol=1e-6)
    model, n, loss, diagonal = seen[0]
    assert model is problem and n == 1 and loss == 0.5 * (25 + 16)
    np.testing.assert_allclose(diagonal, [1, 1, 4], rtol=1e-14)


@pytest.mark.parametrize("orthogonal", [False, True])
def test_loss_and_prior_together_never_rise(orthogonal):
    """The loss alone may, while the prior pulls out of its valley."""
    problem = rosenbrock()
    problem.model, problem.prior = problem, Pull([])
    optimizer, sums, losses = LevenbergMarquardt(1e-6, orthogonal=orthogonal), [], []
    for _ in range(40):
        losses.append(problem.loss())
        sums.append(losses[-1] + problem.prior.value(problem))
        if not optimizer.step(problem):
            break
    assert (np.diff(sums) <= 1e-14).all() and (np.diff(losses) > 0).any()
    expected = least_squares(lambda p: np.r_[problem.residuals(p), 2 * (p[0] - 3)], [2, 4], xtol=1e-15).x
    np.testing.assert_allclose(problem.parameters, expected, rtol=1e-5)


def test_without_a_prior_there_is_none():
    problem = rosenbrock()
    problem.prior = lambda *state: None
    other = rosenbrock()
    for each in (problem, other):
        each.model = each
        run(LevenbergMarquardt(), each, 5)
    np.testing.assert_array_equal(problem.parameters, other.parameters)
