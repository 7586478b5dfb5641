"""The explorables of chapter 10: what they draw and say is what the engine computes, and the chapter's answers hold."""

import numpy as np
import pytest
from drawing import drawn
from scipy.integrate import quad

from minikan import KAN, Equation, fixed, interior, solve
from minikan.widgets.equations import (
    AT,
    RUNS,
    TIMES,
    PointsAndCells,
    TimeSlider,
    burgers,
    equation_runs,
    graded,
    over_space,
    poisson,
    poisson_solution,
)


@pytest.fixture(scope="module")
def points():
    return PointsAndCells()


@pytest.fixture(scope="module")
def slider():
    return TimeSlider()


def _sizes(points, *state):
    u, between, _, at = points.runs[state]
    return tuple(np.sqrt(np.mean(each**2)) for each in (at, between, u - np.sin(np.pi * points.x**2)))


def test_a_spline_is_what_solve_finds(points):
    def f(X):
        x = X[:, 0]
        return 2 * np.pi * np.cos(np.pi * x**2) - 4 * np.pi**2 * x**2 * np.sin(np.pi * x**2)

    model = KAN([1, 1], grid=8, order=5, domain=(0, 1), base=None)
    equation = Equation("u_xx", lambda X, u_xx: u_xx - f(X), lambda X, u_xx: (1,))
    solve(model, [equation.at(interior((0, 1), 32)), fixed([[0], [1]], weight=1.0)], progress=False)
    np.testing.assert_allclose(points.runs[8, 32, 5][0], model(points.x[:, None])[:, 0], atol=1e-9)


def test_the_answers_of_residual_and_error_come_out(points):
    at, between, error = _sizes(points, 16, 8, 5)
    assert at < 1e-11 and between > 1 and error > 0.3
    assert _sizes(points, 16, 16, 5)[2] > 0.3
    for n in (24, 32):
        at, between, error = _sizes(points, 16, n, 5)
        assert between < 2 * at and error < 1e-4
    assert _sizes(points, 4, 8, 5)[2] < 1e-2
    errors = [_sizes(points, cells, 64, 5)[2] for cells in points.all_cells]
    assert errors[0] > errors[1] > errors[2] > errors[3] and errors[4] > 0.1
    assert _sizes(points, 16, 64, 3)[1] > 100 * _sizes(points, 16, 64, 5)[1]
    assert _sizes(points, 16, 64, 3)[0] > 0.5 * _sizes(points, 16, 32, 3)[0]


def test_residual_and_error_draws_both(points):
    left, right = drawn(points, cells=16, points=24, order=5)
    u, between, places, at = points.runs[16, 24, 5]
    np.testing.assert_allclose(left.lines[0].get_ydata(), np.sin(np.pi * points.x**2))
    np.testing.assert_allclose(left.lines[1].get_ydata(), u)
    np.testing.assert_allclose(left.lines[2].get_xdata(), interior((0, 1), 24)[:, 0])
    np.testing.assert_allclose(10 ** right.lines[0].get_ydata(), np.maximum(abs(between), 1e-13))
    np.testing.assert_allclose(10 ** right.lines[1].get_ydata(), np.maximum(abs(at), 1e-13))
    np.testing.assert_allclose(np.interp(places, points.x, between), at, atol=1e-3)
    caption = points.caption(16, 24, 5)
    assert "21 weights, 24 points" in caption and f"error of u {_sizes(points, 16, 24, 5)[2]:.0e}" in caption
    assert "residual 0 at them" in points.caption(16, 8, 5)


@pytest.mark.parametrize("nu", [0.1 / np.pi, 0.03])
def test_burgers_is_the_integral_of_cole_and_hopf(nu):
    for x, t in ((0.3, 0.2), (-0.05, 0.6), (0.8, 1.0)):

        def weight(y, x=x, t=t):
            return np.exp(-(np.cos(np.pi * y) + 1) / (2 * np.pi * nu) - (x - y) ** 2 / (4 * nu * t))

        above = quad(lambda y: -np.sin(np.pi * y) * weight(y), x - 4, x + 4, limit=500)[0]
        below = quad(weight, x - 4, x + 4, limit=500)[0]
        assert burgers(np.array([[x, t]]), nu)[0] == pytest.approx(above / below, abs=1e-7)


def test_burgers_solves_its_equation():
    nu, h = 0.01 / np.pi, 1e-4
    for x, t in ((0.2, 0.1), (0.5, 0.3), (0.03, 0.7)):
        u, right, left, later, earlier = burgers(
            np.array([[x, t], [x + h, t], [x - h, t], [x, t + h], [x, t - h]]), nu
        )
        residual = (
            (later - earlier) / (2 * h) + u * (right - left) / (2 * h) - nu * (right - 2 * u + left) / h**2
        )
        assert abs(residual) < 1e-3
    x = np.linspace(-1, 1, 9)
    np.testing.assert_allclose(burgers(np.column_stack([x, 0 * x]), nu), -np.sin(np.pi * x), atol=1e-9)


def test_the_papers_problem_has_the_solution_that_is_said():
    X, h = interior([(-1, 1), (-1, 1)], 5), 1e-3
    bends = [
        (poisson_solution(X + h * e) - 2 * poisson_solution(X) + poisson_solution(X - h * e)) / h**2
        for e in np.eye(2)
    ]
    assert abs(poisson.residual(X, *bends)).max() < 1e-3
    assert poisson.partials(X, *bends) == (1, 1)


def test_points_are_graded_and_errors_are_not():
    x = graded(np.linspace(-1, 1, 11), 0.02)
    np.testing.assert_allclose(x[[0, 5, 10]], [-1, 0, 1], atol=1e-12)
    assert x[6] - x[5] < 0.03 < 0.3 < x[10] - x[9]
    wave = np.sin(np.pi * AT["shock"])
    assert over_space("shock", wave) == pytest.approx(np.sqrt(0.5), rel=1e-2)
    assert over_space("heat", np.ones((2, 101))) == pytest.approx(1)


def test_the_time_slider_compares_stored_runs_with_solutions(slider):
    stored = equation_runs()
    left, right = drawn(slider, name="shock", step=24)
    truth = burgers(np.column_stack([AT["shock"], np.full(121, TIMES[24])]), RUNS["shock"])
    np.testing.assert_allclose(left.lines[0].get_ydata(), truth, atol=1e-12)
    np.testing.assert_allclose(left.lines[1].get_ydata(), stored["shock"][24])
    errors = slider.errors["shock"]
    np.testing.assert_allclose(10 ** right.lines[2].get_ydata(), errors)
    assert 10 ** right.lines[-1].get_ydata()[0] == pytest.approx(errors[24])
    assert f"t = 0.600: error {errors[24]:.1e}" in slider.caption("shock", 24)
    assert len(left.child_axes) == 1 and not drawn(slider, name="heat", step=3)[0].child_axes


def test_the_answers_of_the_time_slider_come_out(slider):
    assert slider.errors["heat"].max() < 1e-9
    assert slider.errors["shock"].max() > 0.03 and slider.relative["shock"] > 5 * slider.relative["slabs"]
    assert slider.relative["slabs"] < 0.01 and slider.relative["gentle"] < 0.01
    x, row = AT["shock"], slider.found["shock"][24]
    inside = abs(x) < 0.1
    place = x[inside][np.argmin(abs(row[inside]))]
    assert abs(place) > 0.003  # beside the middle
    assert slider.errors["shock"][12] > 10 * slider.errors["shock"][0]  # before there was a front


def test_stored_runs_have_the_sizes_that_are_said():
    stored = equation_runs()
    assert all(stored[name].shape == (41, len(AT[name])) for name in RUNS)
    sizes = [KAN([2, [0, 1]], grid=8, order=7), KAN([2, [0, 3], 1], grid=10, order=5)]
    sizes += [KAN([2, [0, 3], 1], grid=20, order=5)] * 2
    assert stored["parameters"].tolist() == [
        model.parameters.size * count for model, count in zip(sizes, (1, 1, 1, 5), strict=True)
    ]
    assert stored["poisson_relative"].shape == (11, 10)
    assert stored["weights_relative"].shape == (len(stored["weights"]), 10)
