"""The theorem made computable: ψ is exact, continuous and increasing, addresses are apart, promises are kept."""

from fractions import Fraction

import numpy as np
import pytest

from minikan import inner_function, superpose
from minikan.superposition import Superposition, _psi, beta, oscillation, steepness


def koppen(numerator, depth, base=10, inputs=2):
    """Evaluate ψ by Köppen's recursion as Braun and Griebel print it (2.9), the slow twin."""
    if depth == 1:
        return Fraction(numerator, base)
    front, digit = divmod(numerator, base)
    if digit < base - 1:
        return koppen(front, depth - 1, base, inputs) + digit * Fraction(1, base ** beta(depth, inputs))
    before = koppen(numerator - 1, depth, base, inputs)
    return (before + koppen(front + 1, depth - 1, base, inputs)) / 2


def exact_psi(depth, base=10, inputs=2):
    """Evaluate ψ exactly on all arguments of a depth, 0 and 1 included."""
    return _psi(np.arange(base**depth + 1), depth, base, inputs, exact=True)


def exact_lambda(base=10, terms=6):
    return sum(Fraction(1, base ** beta(r)) for r in range(1, terms))


def steep_points(rng, n, depth, q, size=15):
    """Choose points whose x + q a lies where ψ rises most: only digits 8 and 9 from the second to `depth`."""
    digits = rng.integers(0, 9, (n, 2, size))
    digits[:, :, 1:depth] = rng.integers(8, 10, (n, 2, depth - 1))
    numerators = (digits * 10 ** np.arange(size - 1, -1, -1)).sum(-1)
    X = (numerators - q * (10 ** (size - 1) - 1) // 9) / (9 * 10.0 ** (size - 1))
    return X[((X >= 0) & (X <= 1)).all(1)]


def product(x, y):
    return x * y


def hills(x, y):
    return np.sin(3 * x) * np.exp(-y) + x * y**2 - 0.5


def corner(x, y):
    return np.maximum(x, y) - np.abs(x - 0.3)


# --------------------------------------------------------------------------------------------- ψ


@pytest.mark.parametrize(("base", "inputs", "depth"), [(10, 2, 3), (6, 2, 4), (8, 3, 3)])
def test_psi_is_koppens(base, inputs, depth):
    expected = [koppen(i, depth, base, inputs) for i in range(base**depth + 1)]
    assert exact_psi(depth, base, inputs).tolist() == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "inputs", "depth"), [(10, 2, 1), (10, 2, 2), (10, 2, 3), (10, 2, 4), (6, 2, 5), (8, 3, 4)]
)
def test_psi_is_strictly_increasing_and_continuous(base, inputs, depth):
    """On all arguments: no step is smaller than γ^-β(k), and the largest at least halves with each digit."""
    values = exact_psi(depth, base, inputs)
    steps = np.diff(values)
    assert values[0] == 0 and values[-1] == 1
    assert steps.min() == Fraction(1, base ** beta(depth, inputs))
    assert steps.max() <= Fraction(1, base * 2 ** (depth - 1))
    if depth > 1:  # more digits change nothing where there were fewer: the limit exists, and it is uniform
        assert values[::base].tolist() == exact_psi(depth - 1, base, inputs).tolist()


def test_float64_is_exact_to_rounding_down_to_depth_4_and_flat_from_depth_5_on():
    for depth in (1, 2, 3, 4):
        rounded = inner_function(np.arange(10**depth + 1) / 10**depth, depth)
        assert (np.diff(rounded) > 0).all()
        assert np.abs(rounded - exact_psi(depth).astype(float)).max() <= 2.0**-52
    x = np.arange(20) / 1e5
    assert (np.diff(inner_function(x, 5)) == 0).any()
    assert (np.diff(inner_function(x, 5, exact=True)) >= Fraction(1, 10**31)).all()


def test_psi_takes_any_shape_and_all_digits_by_default():
    x = np.array([[0.123456789012345, 0.5], [0.0, 1.0]])
    values = inner_function(x)
    assert values.shape == (2, 2) and values.dtype == np.float64
    assert inner_function(x, exact=True)[0, 0] == koppen(123456789012345, 15)
    np.testing.assert_allclose(values[0], [float(koppen(123456789012345, 15)), 0.5], rtol=1e-15)
    assert values[1].tolist() == [0, 1]
    assert inner_function([0.28999999, 0.2900001], depth=2)[0] == inner_function(0.29, depth=2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([0.5, 1.2],), ValueError, "x must lie between 0 and 1, got values from 0.5 to 1.2"),
        ((["a"],), TypeError, "x must hold real numbers"),
        ((0.5, 16), ValueError, "depth must be at most 15"),
        ((0.5, 0), ValueError, "depth must be at least 1"),
        ((0.5, 2, 5), ValueError, "base must be at least 6, got 5"),
        ((0.5, 2, 7, 3), ValueError, "base must be at least 8, got 7"),
    ],
)
def test_psi_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        inner_function(*arguments)


# ------------------------------------------------------------------------------------- addresses


def exact_addresses(depth, q):
    """All addresses of the corners of a depth, in order, as fractions of a common unit, and that unit."""
    unit = 2 ** (depth - 1) * 10 ** (beta(depth) + 31)
    numerators = np.arange(9 * 10 ** (depth - 1) + 1) + q * (10 ** (depth - 1) - 1) // 9
    values = _psi(numerators, depth, 10, exact=True)
    first = np.array([int(value * unit) for value in values], dtype=object)
    second = np.array([int(value * exact_lambda() * unit) for value in values], dtype=object)
    return np.sort((first[:, None] + second).ravel()), unit


@pytest.mark.parametrize(
    ("depth", "q"), [(1, 0), (2, 0), (2, 1), (2, 4), pytest.param(3, 3, marks=pytest.mark.slow)]
)
def test_plateaus_are_apart(depth, q):
    """Exactly, for all pairs of corners; the float64 tables are the same to rounding."""
    addresses, unit = exact_addresses(depth, q)
    tail = sum(Fraction(1, 10 ** beta(r)) for r in range(depth + 1, depth + 4))
    width = 8 * tail * (1 + exact_lambda())
    assert Fraction(int(np.diff(addresses).min()), unit) > width
    ends, _ = superpose(product, (depth,)).outer[0][q]
    exact = (addresses / Fraction(unit)).astype(float)
    assert np.abs(ends[::2] - exact).max() <= 4 * 2.0**-53
    np.testing.assert_allclose(np.diff(ends)[::2], float(width), atol=4 * 2.0**-53)


def test_published_ramps_reach_into_the_next_plateau_at_depth_1_only():
    """Supports one γ^-β(k+1) wider on both sides are apart at depth 2, not at depth 1; lemma 3.4 likewise."""
    for depth, apart in ((1, False), (2, True)):
        addresses, unit = exact_addresses(depth, 0)
        ramp = Fraction(1, 10 ** beta(depth + 1))
        tail = sum(Fraction(1, 10 ** beta(r)) for r in range(depth + 1, depth + 4))
        distance = Fraction(int(np.diff(addresses).min()), unit)
        assert (distance >= 8 * tail * (1 + exact_lambda()) + ramp) == apart
        assert (distance >= 10 * ramp) == apart
        assert distance / ramp == pytest.approx(9.1 if depth == 1 else 49.505, abs=1e-3)


def test_without_the_scale_addresses_of_different_points_collide():
    """ψ(0) + λ ψ(1) lies on the plateau of the point (0.1, 0)."""
    here, there = exact_lambda(), inner_function(0.1, 1, exact=True)[()]
    assert 0 < here - there < Fraction(88, 10**4)


def test_at_depth_4_neighbours_are_closer_than_float64_can_tell():
    found = min(
        abs((koppen(b, 4) - koppen(a, 4)) - exact_lambda() * (koppen(5000, 4) - koppen(c, 4)))
        for a in range(380, 400)
        for b in range(935, 950)
        for c in range(10)
    )
    assert found < Fraction(1, 2**53)


def test_every_point_is_inside_three_of_five_cells():
    rng = np.random.default_rng(1)
    for depth in (1, 2, 5):
        numerators = rng.integers(0, 9 * 10**14, (2000, 2))
        inside = np.zeros(2000, dtype=int)
        for q in range(5):
            shifted = numerators + q * 11111111111111
            inside += (shifted % 10 ** (15 - depth) <= int("8" * (15 - depth))).all(1)
        assert inside.min() == 3


@pytest.mark.slow
def test_inner_sums_are_addresses():
    rng = np.random.default_rng(2)
    numerators = rng.integers(0, 9 * 10**14, (4, 2))
    found = superpose(product).inner_sums(numerators / (9 * 10.0**14))
    for q in range(5):
        first, second = _psi(numerators + q * 11111111111111, 15, 10, exact=True).T
        assert np.abs(found[q] - (first + exact_lambda() * second).astype(float)).max() <= 2.0**-51


# ------------------------------------------------------------------------------------- iterations


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_inside_a_cell_a_term_says_what_f_is_at_its_corner(depth):
    rng = np.random.default_rng(3)
    model = superpose(hills, (depth,))
    for q in range(5):
        digits = rng.integers(0, 9, (500, 2, 15))  # no 9: inside
        digits[:, :, 0] = np.minimum(digits[:, :, 0], 7) + 1
        numerators = (digits * 10 ** np.arange(14, -1, -1)).sum(-1)
        X = (numerators - q * 11111111111111) / (9 * 10.0**14)
        corners = numerators // 10 ** (15 - depth) - q * (10 ** (depth - 1) - 1) // 9
        vote = np.interp(model.inner_sums(X)[q], *model.outer[0][q])
        expected = hills(*(corners / (9 * 10 ** (depth - 1))).T) / 5
        tolerance = 4e-16 * steepness(model.outer[0])  # what rounding of addresses can do
        np.testing.assert_allclose(vote, expected, atol=max(1e-15, tolerance))


@pytest.mark.parametrize("f", [product, hills, corner])
@pytest.mark.parametrize(
    ("depth", "terms", "base"), [(1, 5, 10), (2, 5, 10), (2, 9, 10), (2, 5, 6), (1, 13, 14)]
)
def test_an_iteration_keeps_its_promise(f, depth, terms, base):
    rng = np.random.default_rng(4)
    X = rng.uniform(0, 1, (20000, 2))
    if base == 10:
        X = np.concatenate([X, *(steep_points(rng, 2000, 9, q) for q in range(terms))])
    truth = f(*X.T)
    epsilon = oscillation(lambda Z: f(*Z.T), X, depth, terms, base) / np.abs(truth).max()
    left = np.abs(truth - superpose(f, (depth,), terms, base)(X)).max() / np.abs(truth).max()
    promise = (terms - 2) / terms * epsilon + 4 / terms
    assert 0.05 < left <= promise
    assert promise < 1 or f is not product


def test_at_the_corners_nothing_is_left():
    corners = np.linspace(0, 1, 91)
    X = np.stack(np.meshgrid(corners, corners), -1).reshape(-1, 2)
    for depths in ((2,), (1, 2)):
        assert np.abs(superpose(hills, depths)(X) - hills(*X.T)).max() < 1e-12


def test_iterations_learn_what_the_others_left():
    """The second iteration is the first of the residual."""
    model = superpose(hills, (1, 2))
    first = superpose(hills, (1,))
    second = superpose(lambda x, y: hills(x, y) - first(np.column_stack([x, y])), (2,))
    X = np.random.default_rng(5).uniform(0, 1, (300, 2))
    np.testing.assert_allclose(model(X), first(X) + second(X), atol=1e-12)


def test_outer_functions_never_exceed_a_vote():
    for depths in ((1,), (2,)):
        for ends, heights in superpose(hills, depths).outer[0]:
            assert np.abs(heights).max() <= 0.56 / 5
            assert (np.diff(ends) > 0).all() and (heights[::2] == heights[1::2]).all()


def test_outer_functions_explode():
    slopes = [steepness(superpose(product, (depth,)).outer[0]) for depth in (1, 2, 3)]
    assert slopes[0] > 500 and slopes[1] > 40 * slopes[0] and slopes[2] > 5000 * slopes[1]


def test_steepness_is_the_steepest_difference_quotient():
    ends, heights = np.array([0.0, 1, 1.5, 4]), np.array([2.0, 2, -1, -1])
    assert steepness([(ends, heights), (ends, heights / 3)]) == 6


def test_oscillation_is_measured_from_the_corner_of_a_points_cell():
    """For a plane over x alone it is what the digits say: at most 0.888… of a cell."""
    X = np.linspace(0, 1, 20001)
    X = np.column_stack([X, X])
    for depth in (1, 2, 3):
        cell = 1 / (9 * 10 ** (depth - 1))
        found = oscillation(lambda Z: Z[:, 0], X, depth)
        assert 0.85 * cell < found < 8 / 9 * cell + 1e-9
    assert oscillation(lambda Z: 7 + 0 * Z[:, 0], X, 1) == 0


def test_a_constant_is_exact_and_an_empty_sum_is_zero():
    X = np.random.default_rng(6).uniform(0, 1, (50, 2))
    np.testing.assert_allclose(superpose(lambda x, y: 2 + 0 * x)(X), 2, rtol=1e-15)
    assert superpose(product, ())(X).tolist() == [0] * 50


def test_repr_counts_plateaus():
    assert (
        repr(superpose(product, (1, 2))) == "Superposition(5 terms, plateaus in each iteration: 100, 8,281)"
    )
    assert repr(Superposition(5, 10)) == "Superposition(5 terms, plateaus in each iteration: none yet)"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((product, (1,), 4), ValueError, "terms must be at least 5"),
        ((product, (1,), 10), ValueError, "terms must be at most base - 1 = 9, got 10"),
        ((product, (1,), 5, 5), ValueError, "base must be at least 6"),
        ((product, 2), TypeError, r"depths must list .* use \(2,\)"),
        ((product, (0,)), ValueError, "depth must be at least 1"),
        (
            (product, (4,)),
            ValueError,
            "depth 4 needs tables of 81,018,001 entries; at most 2,000,000 are made",
        ),
        (
            (product, (4,), 5, 6),
            ValueError,
            "at depth 4 the plateaus lie closer together than float64 can tell",
        ),
        ((lambda x, y: 1.0, (1,)), ValueError, r"f\(x, y\) must return a number for each point, \(100,\)"),
        ((lambda x, y: np.where(x > 0.5, np.inf, 0), (1,)), ValueError, r"f\(x, y\) must be finite"),
    ],
)
def test_superpose_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        superpose(*arguments)
