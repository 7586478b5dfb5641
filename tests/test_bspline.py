"""The basis against SciPy's, against its slow twin, and by its properties."""

from math import comb

import numpy as np
import pytest
from scipy.interpolate import BSpline
from twins import slow_basis

from minikan import basis, fit_coefficients, make_grid
from minikan.bspline import SplineGrid, differences, polynomial_pieces

ORDERS = range(6)


def uneven(G, seed=0):
    """Grid points of very different distances."""
    rng = np.random.default_rng(seed)
    return np.concatenate([[-1], np.sort(rng.uniform(-0.9, 0.9, G - 1)), [1]])


GRIDS = {"one cell": 1, "even": 5, "even, fine": 64, "uneven": uneven(7), "uneven, fine": uneven(40)}


@pytest.fixture(params=GRIDS, ids=str)
def grid(request):
    return GRIDS[request.param]


def points_of(knots, k):
    """All knots of the domain, both ends among them, and points between."""
    inside = np.random.default_rng(1).uniform(knots[k], knots[-k - 1], 200)
    return np.concatenate([knots[k : len(knots) - k], inside])


def scipy_basis(x, knots, k, derivative=0):
    """All basis functions by SciPy; some versions crash where a derivative is above the degree."""
    coefficients = np.eye(len(knots) - k - 1)
    if derivative > k:
        return np.zeros((*np.shape(x), len(coefficients)))
    return BSpline(knots, coefficients, k)(x, nu=derivative)


@pytest.mark.parametrize("k", ORDERS)
@pytest.mark.parametrize("derivative", [0, 1, 2])
def test_basis_equals_scipy(k, derivative, grid):
    knots = make_grid((-1, 1), grid, k)
    x = points_of(knots, k)
    expected = scipy_basis(x, knots, k, derivative)
    error = np.abs(basis(x, knots, k, derivative) - expected).max()
    assert error <= 1e-12 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("k", ORDERS)
def test_basis_equals_its_slow_twin(k):
    knots = make_grid((-1, 1), uneven(5), k)
    x = points_of(knots, k)[:40]
    expected = [[slow_basis(m, k, knots, value) for m in range(5 + k)] for value in x]
    inside = x < 1  # the recursion closes the very last knot only, we close the domain
    np.testing.assert_allclose(basis(x, knots, k)[inside], np.array(expected)[inside], atol=1e-14)


@pytest.mark.parametrize("k", ORDERS)
@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_continuation_is_the_tangent(k, end, grid):
    knots = make_grid((-1, 1), grid, k)
    beyond = end * np.array([1.0 + 1e-6, 1.5, 4.0, 100.0])
    value, slope = (scipy_basis(end, knots, k, derivative) for derivative in (0, 1))
    expected = value + (beyond - end)[:, None] * slope
    np.testing.assert_allclose(basis(beyond, knots, k), expected, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(
        basis(beyond, knots, k, 1), slope + 0 * expected, atol=1e-12 * (1 + np.abs(slope).max())
    )
    if k > 1:
        assert (basis(beyond, knots, k, 2) == 0).all()


@pytest.mark.parametrize("k", ORDERS)
def test_basis_sums_to_one_everywhere_and_derivatives_to_zero(k, grid):
    knots = make_grid((-1, 1), grid, k)
    x = np.linspace(-3, 3, 301)
    np.testing.assert_allclose(basis(x, knots, k).sum(1), 1, atol=1e-10)
    slopes = basis(x, knots, k, 1)
    np.testing.assert_allclose(slopes.sum(1), 0, atol=1e-13 * (1 + np.abs(slopes).max()))


@pytest.mark.parametrize("k", ORDERS)
def test_support_is_k_plus_1_cells_and_positive(k, grid):
    knots = make_grid((-1, 1), grid, k)
    x = np.linspace(-1, 1, 500)
    values = basis(x, knots, k)
    m = np.arange(values.shape[1])
    apart = (x[:, None] < knots[m] - 1e-12) | (x[:, None] > knots[m + k + 1] + 1e-12)
    assert (values[apart] == 0).all()
    assert (np.count_nonzero(values, axis=1) <= k + 1).all()
    assert values.min() >= -1e-14


@pytest.mark.parametrize("k", range(1, 6))
def test_spline_is_smooth_to_order_k_minus_1_and_no_further(k):
    knots = make_grid((-1, 1), uneven(6), k)
    coef = np.random.default_rng(2).normal(size=6 + k)
    at = knots[k + 1 : -k - 1]
    for derivative in range(k + 1):
        after = basis(at, knots, k, derivative) @ coef
        before = basis(np.nextafter(at, -2), knots, k, derivative) @ coef
        scale = np.abs(basis(np.linspace(-1, 1, 99), knots, k, derivative) @ coef).max()
        jump = np.abs(after - before).max() / scale
        assert (jump < 1e-9) == (derivative < k)


@pytest.mark.parametrize("k", range(1, 5))
def test_repeated_knots_cost_a_derivative_each(k):
    """With the middle knot k times in the vector the basis is still there, sums to one and has a corner."""
    knots = np.sort(np.concatenate([make_grid((-1, 1), 4, k), np.zeros(k - 1)]))
    x = np.linspace(-1, 1, 101)
    np.testing.assert_allclose(basis(x, knots, k), scipy_basis(x, knots, k), atol=1e-13)
    corner = basis([-1e-12, 0.0], knots, k, 1)
    assert np.abs(corner[1] - corner[0]).max() > 0.1


def test_clamped_knots_reach_the_ends():
    knots = np.array([0, 0, 0, 0, 0.5, 1, 1, 1, 1.0])
    np.testing.assert_allclose(basis([0, 1], knots, 3), [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], atol=1e-15)


def test_a_domain_that_ends_or_begins_in_repeated_knots():
    knots = np.array([-1, 0, 1, 1, 1, 2.0])
    expected = np.array([[1, 0, 0, 0], [0.75, 0.25, 0, 0], [0, 1, 0, 0], [-1, 2, 0, 0]])
    np.testing.assert_allclose(basis([0, 0.25, 1, 2], knots, 1), expected)
    mirrored = basis([-2, -0.25, 0], -knots[::-1], 1)
    np.testing.assert_allclose(mirrored, expected[[3, 1, 0], ::-1])


@pytest.mark.parametrize("k", range(1, 6))
def test_derivative_of_a_spline_is_a_spline(k):
    knots = make_grid((-1, 1), uneven(6), k)
    coef = np.random.default_rng(3).normal(size=6 + k)
    lower = k * np.diff(coef) / (knots[k + 1 : -1] - knots[1 : -k - 1])
    x = np.linspace(-1, 0.999, 50)
    expected = basis(x, knots[1:-1], k - 1) @ lower
    np.testing.assert_allclose(basis(x, knots, k, 1) @ coef, expected, rtol=1e-10, atol=1e-10)


def test_evenness_is_a_shortcut_and_changes_nothing():
    """The same uniform grid, once by division and once by search."""
    knots = make_grid((-3, 5), 50, 3)[None]
    fast, slow = SplineGrid(knots, 3), SplineGrid(knots, 3)
    assert fast.uniform
    slow.uniform = False
    x = np.concatenate([knots[0], np.random.default_rng(4).uniform(-6, 8, 500)])[None]
    for derivative in range(3):
        places = [g.locate(x)[:2] for g in (fast, slow)]
        values = [
            g.live(cells, g.powers(u), derivative) for g, (cells, u) in zip((fast, slow), places, strict=True)
        ]
        np.testing.assert_allclose(*values, atol=1e-10)
    np.testing.assert_array_equal(fast.locate(knots)[0], slow.locate(knots)[0])


@pytest.mark.parametrize("domain", [(-1, 1), (0, 1e-6), (1e6, 1e6 + 1), (-7.3, 11.9), (0, 1e12)])
@pytest.mark.parametrize("G", [1, 3, 7, 100, 997])
def test_every_knot_opens_its_cell(domain, G):
    knots = make_grid(domain, G, 3)
    cells, u, _ = SplineGrid(knots[None], 3).locate(knots[None, 3:-4])
    np.testing.assert_array_equal(cells[0], np.arange(G))
    np.testing.assert_allclose(u, 0, atol=1e-9 * G)


def test_pieces_of_the_cardinal_cubic_spline():
    """On even knots the classic table, 1/6 (1 - u)³ and so on (de Boor, chapter X)."""
    table = polynomial_pieces(np.arange(8.0), 3)[0]
    np.testing.assert_allclose(
        6 * table, [[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]], atol=1e-14
    )


def test_fit_recovers_a_spline_and_a_cubic():
    rng = np.random.default_rng(5)
    knots = make_grid((-1, 1), 8, 3)
    coef = rng.normal(size=(11, 2))
    x = rng.uniform(-1, 1, 200)
    np.testing.assert_allclose(fit_coefficients(x, basis(x, knots, 3) @ coef, knots, 3), coef, atol=1e-10)
    one = fit_coefficients(x, x**3 - x, knots, 3)
    assert one.shape == (11,)
    np.testing.assert_allclose(basis(x, knots, 3) @ one, x**3 - x, atol=1e-12)


def test_fit_with_fewer_points_than_coefficients_is_the_smallest():
    knots = make_grid((-1, 1), 20, 3)
    x = np.array([-0.5, 0.5])
    coef = fit_coefficients(x, [1.0, 2.0], knots, 3)
    np.testing.assert_allclose(basis(x, knots, 3) @ coef, [1, 2], atol=1e-12)
    np.testing.assert_allclose(coef[10], 0, atol=1e-12)  # alive at neither point


@pytest.mark.parametrize("k", range(4))
def test_error_falls_with_the_power_k_plus_1(k):
    x = np.linspace(-1, 1, 4001)
    y = np.sin(3 * x)
    errors = []
    for G in (16, 32):
        knots = make_grid((-1, 1), G, k)
        errors.append(np.abs(basis(x, knots, k) @ fit_coefficients(x, y, knots, k) - y).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(k + 1, abs=0.2)


def polynomial(degree, knots, k, seed=6):
    """The coefficients of the spline that is a random polynomial."""
    x = np.linspace(knots[k], knots[-k - 1], 20 * len(knots))
    y = np.random.default_rng(seed).normal(size=degree + 1) @ np.vander(x, degree + 1).T
    return fit_coefficients(x, y, knots, k)


@pytest.mark.parametrize("k", range(1, 6))
def test_differences_do_not_see_one_polynomial(k, grid):
    knots = make_grid((-1, 1), grid, k)
    D = differences(knots, k)
    for degree in range(k + 1):
        c = polynomial(degree, knots, k)
        np.testing.assert_allclose(D @ c, 0, atol=1e-7 * np.abs(D).max(initial=0) * np.abs(c).max())


@pytest.mark.parametrize("k", range(1, 6))
def test_differences_see_jumps_of_the_kth_derivative(k):
    """On uneven knots: further differences of the jumps, and nothing else; with one inner knot, the jump itself."""
    knots = make_grid((-1, 1), uneven(12), k)
    D, at = differences(knots, k), knots[k + 1 : -k - 1]
    c = np.random.default_rng(7).normal(size=12 + k)
    ends = np.nextafter(at, -2), at
    jumps = np.subtract(*(basis(x, knots, k, k) @ np.eye(12 + k) for x in ends))  # (knots, coefficients)
    expected = np.diff(jumps, k + 1, axis=0)
    expected *= np.linalg.norm(D, axis=1, keepdims=True) / np.linalg.norm(expected, axis=1, keepdims=True)
    signs = np.sign((D * expected).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(D, signs * expected, atol=1e-7 * np.abs(D).max())
    assert np.abs(D @ c).min() > 1e-3
    corner = np.maximum(np.linspace(-1, 1, 99) - 0.2, 0) ** k  # two polynomials that meet at a knot
    knots = make_grid((-1, 1), [-1, -0.7, 0.2, 1], k)
    c = fit_coefficients(np.linspace(-1, 1, 99), corner, knots, k)
    assert np.abs(differences(knots, k) @ c).max() > 1e-2


@pytest.mark.parametrize("k", range(6))
def test_differences_on_an_even_grid_are_those_of_order_2k_plus_2(k):
    D = differences(make_grid((-3, 5), 2 * k + 9, k), k)
    expected = np.diff(np.eye(3 * k + 9), 2 * k + 2, axis=0)
    np.testing.assert_allclose(np.abs(D), np.abs(expected), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(D * D[:, :1][0, 0], expected * expected[0, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("k", range(6))
@pytest.mark.parametrize("domain", [(-1, 1), (0, 1e-6), (1e6, 1e6 + 10)])
def test_rows_of_differences_are_as_long_on_all_grids(k, domain):
    low, high = domain
    for points in (uneven(40), uneven(5, seed=1), [-1, 1], [-1, 0.9, 1], [-1, -0.9, 0, 1]):
        G = len(points) - 1
        D = differences(make_grid(grid=low + (np.array(points) + 1) * (high - low) / 2, order=k), k)
        order = min(2 * k + 2, k + G - 1)  # no more than there are coefficients for
        assert D.shape == (G + k - order if G > 1 else 0, G + k)
        np.testing.assert_allclose((D * D).sum(axis=1), comb(2 * order, order), rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(domain=(1, -1)), "low < high, got (1, -1)"),
        (dict(domain=(1, 1)), "low < high, got (1, 1)"),
        (dict(domain=(0, np.inf)), "domain must be finite"),
        (dict(domain=(-1.79e308, 1.79e308)), "domain must lie between -1e+150 and 1e+150, got 1.79e+308"),
        (dict(domain=(1, 2, 3)), r"domain must be a pair"),
        (dict(domain=(1, 1 + 1e-15), grid=100), "strictly increasing"),
        (dict(grid=0), "grid must be at least 1, got 0"),
        (dict(grid=2.5), "grid must be a whole number, got 2.5"),
        (dict(grid=True), "grid must be a whole number, got True"),
        (dict(grid=[0, 1, 1]), "strictly increasing"),
        (dict(grid=[0.5]), "at least two points"),
        (dict(grid=[]), "grid must be a vector of at least one number"),
        (dict(order=-1), "order must be at least 0, got -1"),
    ],
)
def test_make_grid_refuses(arguments, words):
    with pytest.raises((ValueError, TypeError)) as error:
        make_grid(**arguments)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.0], [0, 1, 2], 3), "at least 2 * order + 2 = 8 numbers, got 3"),
        (([0.0], [0, 1, 2, 1.9], 1), "must not decrease"),
        (([0.0], [0, 1, 1, 2], 1), "needs a width"),
        (([[0.0]], [0, 1, 2, 3], 1), "x must be a vector"),
        (([np.nan], [0, 1, 2, 3], 1), "x must be finite, got nan at position (0,)"),
        (([0.0], [0, 1, 2, 3], 1, -1), "derivative must be at least 0"),
    ],
)
def test_basis_refuses(arguments, words):
    with pytest.raises(ValueError) as error:
        basis(*arguments)
    assert words in str(error.value)


def test_fit_refuses_other_lengths():
    with pytest.raises(ValueError, match=r"y must have shape \(2,\) or \(2, m\) as x has, got \(3,\)"):
        fit_coefficients([0.0, 0.1], [1, 2, 3], make_grid(), 3)
