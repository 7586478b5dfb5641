"""Each problem computes its formula, stays finite on its domain, and fits the shape it names."""

import dataclasses
import math
from collections import Counter

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy

from minikan import problems
from minikan.problems import PROBLEMS, Problem

every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())


def parse(problem):
    """Read the formula with SymPy, which knows nothing of the function: its inputs and an expression."""
    inputs = sympy.symbols(problem.inputs)
    x, i = sympy.IndexedBase("x"), sympy.Symbol("i", integer=True)
    names = {"x": x, "i": i, **dict(zip(problem.inputs, inputs, strict=True))}
    expression = sympy.sympify(problem.formula, locals=names)
    if expression.has(sympy.Sum):  # x[1], …, x[100] are the inputs x1, …, x100
        expression = expression.doit().subs({x[j]: symbol for j, symbol in enumerate(inputs, 1)})
    return inputs, expression


# ------------------------------------------------------------------------------------ every problem


@every_problem
def test_the_function_computes_its_formula(problem):
    inputs, expression = parse(problem)
    unused = {"theta"} if problem.name.startswith("sph_harm_0") else set()
    assert {symbol.name for symbol in expression.free_symbols} == set(problem.inputs) - unused
    X, y = problem.sample(50, seed=0)
    sn = {"sn": lambda u, m: mpmath.ellipfun("sn", u, m=m)}
    slow = sympy.lambdify(inputs, expression, [sn, "mpmath"])
    np.testing.assert_allclose(y, [float(slow(*row)) for row in X.tolist()], rtol=1e-10, atol=1e-10)


@every_problem
def test_the_function_is_finite_on_its_domain(problem):
    rng = np.random.default_rng(1)
    low, high = np.array(problem.domain, dtype=float).T
    sides = rng.integers(0, 2, (1000, len(low)))
    if len(low) < 9:
        sides[: 2 ** len(low)] = list(np.ndindex(*[2] * len(low)))  # all corners
    corners = np.where(sides, high, low)
    faces = np.where(rng.random(corners.shape) < 0.5, corners, rng.uniform(low, high, corners.shape))
    diagonal = low + (high - low) * np.linspace(0, 1, 1000)[:, None]
    for X in (corners, faces, diagonal, problem.sample(1000, seed=2)[0]):
        y = problem(X)
        assert y.shape == (len(X),)
        assert y.dtype == np.float64
        assert np.isfinite(y).all()
        assert np.abs(y).max() < 100


@every_problem
def test_the_shape_fits_the_inputs(problem):
    assert len(set(problem.inputs)) == len(problem.domain) == problem.shape[0]
    assert problem.shape[-1] == 1
    assert all(type(width) is int and width >= 1 for width in problem.shape)
    assert all(name.isidentifier() for name in problem.inputs)


@every_problem
def test_samples_are_uniform_and_belong_to_their_seed(problem):
    X, y = problem.sample(2000, seed=3)
    low, high = np.array(problem.domain, dtype=float).T
    assert X.shape == (2000, len(problem.inputs))
    assert X.flags.c_contiguous
    unit = (X - low) / (high - low)
    assert unit.min() >= 0 and unit.max() <= 1
    np.testing.assert_allclose(unit.mean(axis=0), 0.5, atol=0.04)
    np.testing.assert_allclose(unit.std(axis=0), 12**-0.5, atol=0.02)
    np.testing.assert_array_equal(y, problem(X))
    again, values = problem.sample(2000, seed=3)
    np.testing.assert_array_equal(again, X)
    np.testing.assert_array_equal(values, y)
    assert not np.isin(problem.sample(2000, seed=4)[0], X).any()


@every_problem
def test_repr_teaches(problem):
    text = repr(problem)
    assert text.startswith(f"Problem({problem.name}: {problem.formula} for {problem.inputs[0]}")
    assert text.endswith(f", KAN {' → '.join(map(str, problem.shape))})")
    assert len(text) < 160


def test_repr_names_each_interval_once():
    assert repr(PROBLEMS["exp_sin"]) == (
        "Problem(exp_sin: exp(sin(pi*x) + y**2) for x, y in [-1, 1], KAN 2 → 1 → 1)"
    )
    assert repr(PROBLEMS["I.6.2b"]).endswith(
        " for theta, theta1 in [-1.5, 1.5] and sigma in [0.5, 2], KAN 3 → 4 → 1)"
    )
    assert " for x1, …, x100 in [-1, 1], " in repr(PROBLEMS["high_dimensional"])


# ---------------------------------------------------------------------------------------- the table


def test_the_table_is_complete_and_in_order():
    sources = [problem.source.partition(" (")[0] for problem in PROBLEMS.values()]
    groups = {"paper, section 3.1": 5, "paper, section 4.1": 4, "paper, Table 1": 15, "paper, Table 2": 27}
    assert Counter(sources) == groups
    assert list(dict.fromkeys(sources)) == list(groups)
    assert len(problems._TABLE) == len(PROBLEMS)  # no name stands twice
    assert all(name == problem.name for name, problem in PROBLEMS.items())


def test_rows_that_were_not_compared_with_the_paper_say_so():
    marked = {name for name, problem in PROBLEMS.items() if "not checked" in problem.source}
    assert marked == {"I.15.3x", "I.30.3", "II.6.15a", "II.11.27", "II.38.3", "III.9.52"}


def test_the_scaling_functions_live_on_the_cube_of_the_paper():
    for problem in PROBLEMS.values():
        if problem.source == "paper, section 3.1":
            assert set(problem.domain) == {(-1, 1)}


def test_angles_make_a_whole_turn_or_stay_off_the_poles():
    assert PROBLEMS["I.12.11"].domain == ((-1, 1), (0, 2 * np.pi))
    assert PROBLEMS["I.30.3"].domain == ((0, 4), (0.4 * np.pi, 1.6 * np.pi))
    assert PROBLEMS["sph_harm_0_1"].domain == ((0, 2 * np.pi), (0, np.pi))


def test_problems_are_read_only():
    with pytest.raises(TypeError, match="does not support item assignment"):
        PROBLEMS["xy"] = PROBLEMS["bessel"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROBLEMS["xy"].name = "yx"


def test_known_values():
    assert PROBLEMS["exp_sin"]([[0.5, 1.0]])[0] == pytest.approx(np.e**2, rel=1e-15)
    assert PROBLEMS["xy"]([[3, -2]]).tolist() == [-6]
    assert PROBLEMS["high_dimensional"](np.ones((1, 100)))[0] == pytest.approx(np.e, rel=1e-15)
    assert PROBLEMS["III.9.52"]([[0.7, 2, 2]]).tolist() == [0.7]  # the limit where the formula is 0/0
    assert PROBLEMS["distance"]([[1, -1, 0.5, -1]]).tolist() == [2.5]


# ----------------------------------------------------------------------------------- special functions

order, radius = (0, 4), (0.5, 50)
angle, parameter = (-np.pi / 2, np.pi / 2), (0, 0.99)

# Each with its oracle, its ranges, and the absolute error allowed next to the relative one of 1e-12:
# 0 where the function keeps its sign, so that small values count too.
special = pytest.mark.parametrize(
    "name, oracle, ranges, atol",
    [
        ("bessel_j0", scipy.special.j0, [(-100, 100)], 1e-12),
        ("bessel_j", scipy.special.jv, [order, radius], 1e-12),
        ("bessel_y", scipy.special.yv, [order, radius], 1e-12),
        ("bessel_i", scipy.special.iv, [order, radius], 1e-15),
        ("bessel_k", scipy.special.kv, [order, radius], 0),
        ("elliptic_f", scipy.special.ellipkinc, [angle, parameter], 0),
        ("elliptic_e", scipy.special.ellipeinc, [angle, parameter], 0),
        ("jacobi_sn", lambda u, m: scipy.special.ellipj(u, m)[0], [(-10, 10), parameter], 1e-12),
        ("legendre_p", lambda v, x: scipy.special.lpmv(0, v, x), [(0, 20), (-0.99, 1)], 1e-12),
    ],
)


@special
def test_special_functions_agree_with_scipy(name, oracle, ranges, atol):
    rng = np.random.default_rng(5)
    points = np.stack([rng.uniform(low, high, 3000) for low, high in ranges])
    points[0, :100] = np.linspace(*ranges[0], 100).round()  # whole orders, where terms vanish
    points[0] = points[0].clip(*ranges[0])
    points[-1, 100:200] = np.repeat(ranges[-1], 50)  # the ends
    points[0, 200:300] = np.repeat(ranges[0], 50)
    values = getattr(problems, name)(*points)
    np.testing.assert_allclose(values, oracle(*points), rtol=1e-12, atol=atol)


@special
def test_special_functions_take_numbers_and_broadcast(name, oracle, ranges, atol):
    function = getattr(problems, name)
    middle = [(low + high) / 2 for low, high in ranges]
    assert np.ndim(function(*middle)) == 0
    assert function(*middle) == pytest.approx(oracle(*middle), rel=1e-12)
    last = np.linspace(*ranges[-1], 6).reshape(2, 3)
    assert function(*middle[:-1], last).shape == (2, 3)
    first = np.linspace(*ranges[0], 4)[:, None]
    if len(ranges) == 2:
        table = function(first, last.ravel())
        np.testing.assert_allclose(table, oracle(first, last.ravel()), rtol=1e-12, atol=atol)
        assert table.shape == (4, 6)


@special
def test_special_functions_refuse_what_they_cannot_compute(name, oracle, ranges, atol):
    function = getattr(problems, name)
    middle = [(low + high) / 2 for low, high in ranges]
    for i, (low, high) in enumerate(ranges):
        for wrong in (low - 0.01, high + 0.01):
            values = [*middle[:i], [middle[i], wrong], *middle[i + 1 :]]
            with pytest.raises(ValueError, match=r"^(x|v|phi|u|m) must lie in \[.+\], got ") as caught:
                function(*values)
            assert caught.value.args[0].endswith(f"got {wrong:.4g}")
    with pytest.raises(ValueError, match="must be finite, got nan"):
        function(*middle[:-1], np.nan)


@pytest.mark.parametrize("order", [1, 2])
def test_legendre_functions_of_an_order_agree_with_scipy(order):
    rng = np.random.default_rng(5)
    v, x = rng.uniform(0, 20, 3000), rng.uniform(-0.99, 0.99, 3000)
    v[:100] = v[:100].round()
    right = scipy.special.lpmv(order, v, x)
    error = problems.legendre_p(v, x, order) - right
    assert np.abs(error).max() < 1e-11 * np.abs(right).max()
    with pytest.raises(ValueError, match=r"x must lie in \[-0.99, 0.99\], got 1"):
        problems.legendre_p(1, 1, order)
    with pytest.raises(ValueError, match="order must be"):
        problems.legendre_p(1, 0, 3)


def test_spherical_harmonics_agree_with_scipy():
    for problem in PROBLEMS.values():
        if problem.name.startswith("sph_harm"):
            order, degree = map(int, problem.name.split("_")[2:])
            (theta, phi), y = problem.sample(500, seed=6)[0].T, problem.sample(500, seed=6)[1]
            size = scipy.special.lpmv(order, degree, np.cos(phi)) * np.cos(order * theta)
            turns = math.factorial(degree - order) / math.factorial(degree + order)
            right = np.sqrt((2 * degree + 1) / (4 * np.pi) * turns) * size
            np.testing.assert_allclose(y, right, rtol=1e-12, atol=1e-14)


# ------------------------------------------------------------------------------------------- errors


def test_samples_are_checked():
    problem = PROBLEMS["exp_sin"]
    with pytest.raises(ValueError, match="X must have 2 columns, got 3"):
        problem(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"X must have two dimensions \(n, 2\), got shape \(2,\)"):
        problem([0.0, 1.0])
    with pytest.raises(ValueError, match=r"X must be finite, got nan at position \(0, 1\)"):
        problem([[0.0, np.nan]])
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        problem.sample(0, seed=0)
    with pytest.raises(TypeError, match=r"n must be a whole number, got 2\.0"):
        problem.sample(2.0, seed=0)


def test_a_generator_goes_on():
    rng = np.random.default_rng(7)
    first, second = (PROBLEMS["xy"].sample(10, rng)[0] for _ in range(2))
    both = np.random.default_rng(7).uniform(-1, 1, (20, 2))
    np.testing.assert_array_equal(np.concatenate([first, second]), both)


def make(**changes):
    """Make a problem of one's own."""
    usual = dict(name="sum", formula="a + b", inputs=("a", "b"), domain=((0, 1), (0, 2)), shape=(2, 1))
    return Problem(**{**usual, "source": "mine", "function": lambda X: X.sum(axis=1), **changes})


def test_a_problem_of_ones_own():
    X, y = make().sample(5, seed=8)
    np.testing.assert_array_equal(y, X[:, 0] + X[:, 1])


@pytest.mark.parametrize(
    "changes, error, message",
    [
        ({"domain": ((0, 1),)}, ValueError, "domain must have an interval per input, got 1 for 2"),
        ({"domain": ((0, 1), (2, 2))}, ValueError, r"domain of b must have low < high, got \(2, 2\)"),
        ({"shape": (3, 1)}, ValueError, r"shape must lead from 2 to 1, got \[3, 1\]"),
        ({"shape": (2, 2)}, ValueError, r"shape must lead from 2 to 1, got \[2, 2\]"),
        ({"inputs": ("a",), "domain": ((0, 1),), "shape": (1,)}, ValueError, "shape must lead from 1 to 1"),
        ({"shape": (2, 0, 1)}, ValueError, "shape must be at least 1, got 0"),
        ({"shape": (2, 1.5, 1)}, TypeError, r"shape must be a whole number, got 1\.5"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)
