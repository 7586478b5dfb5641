"""Checks of the exercises of chapter 12, laws from data."""

from math import erfc, log1p

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise

# 12.1

pareto = Exercise("12.1", "the front")


def _expect_front(answer, complexity, error, expected, what):
    found = answer(np.array(complexity, dtype=float), np.array(error, dtype=float))
    found = [int(k) for k in np.atleast_1d(np.asarray(found if len(found) else [], dtype=float))]
    expect(found == expected, f"{expected} {what}", str(found))


@pareto.property(
    "keeps what is more accurate than all simpler laws",
    cause="go from simple to complex, and keep a law if its error is below that of all laws kept so far",
)
def _front_sorted(answer):
    _expect_front(answer, [1, 2, 3, 4, 5], [9, 4, 3, 2, 1], [0, 1, 2, 3, 4], "for errors that fall")
    _expect_front(answer, [1, 2, 3], [5, 6, 7], [0], "for errors that rise")


@pareto.property(
    "compares with the best so far, and not with the neighbour",
    cause="a law that beats only the law before it may still be worse than an older one",
)
def _front_best(answer):
    _expect_front(answer, [1, 2, 3, 4], [2, 8, 5, 1], [0, 3], "for the errors 2, 8, 5, 1")


@pareto.property(
    "takes laws in any order", cause="sort by complexity first; return places in the given arrays"
)
def _front_order(answer):
    _expect_front(answer, [5, 1, 3], [1, 9, 4], [1, 2, 0], "for the complexities 5, 1, 3")


@pareto.property(
    "of equally complex laws takes the most accurate",
    cause="sort by complexity and, where that is equal, by error",
)
def _front_ties(answer):
    _expect_front(answer, [2, 1, 2, 2], [4, 9, 3, 3], [1, 2], "where three laws have complexity 2")


# 12.2

news = Exercise("12.2", "the best of many")


def _chance(z, m):
    one = erfc(z / np.sqrt(2))
    return -np.expm1(m * log1p(-one))


@news.property(
    "is right for one column", cause="the two tails beyond z of a standard normal number: erfc(z / √2)"
)
def _news_one(answer):
    for z in (0.5, 1.0, 2.0, 3.0):
        expect_close(answer(z, 1), _chance(z, 1), f"the probability for z = {z} and one column", 1e-6)


@news.property(
    "grows with the number of columns",
    cause="the best stays below z only if all of them do: (1 - p)^m",
)
def _news_many(answer):
    for z, m in ((2.0, 10), (3.0, 200), (1.0, 50)):
        expect_close(answer(z, m), _chance(z, m), f"the probability for z = {z} and {m} columns", 1e-6)


@news.property("is a probability", cause="m · p is only near to it while it is small; above, it exceeds 1")
def _news_bounded(answer):
    found = float(answer(1.5, 1000))
    expect(0 <= found <= 1, "a number from 0 to 1 for z = 1.5 and 1000 columns", f"{found:.3g}")


@news.property(
    "does not lose tiny probabilities",
    cause="1 - (1 - p)^m rounds to 0 where p is below 1e-16: use np.expm1 and np.log1p",
)
def _news_tiny(answer):
    found, expected = float(answer(9.0, 100)), _chance(9.0, 100)
    expect(
        abs(found - expected) < 1e-3 * expected, f"{expected:.4g} for z = 9 and 100 columns", f"{found:.4g}"
    )


# 12.3

units = Exercise("12.3", "what units allow")

# Columns: a (m), G (m³ kg⁻¹ s⁻²), M (kg); rows: metre, kilogram, second.
_KEPLER = np.array([[1, 3, 0], [0, -1, 1], [0, -2, 0]])


def _powers(answer, table, wanted):
    p, free = expect_parts(answer(np.array(table, dtype=float), np.array(wanted, dtype=float)), 2, "p, free")
    return p, free


@units.property("finds exponents that give the unit", cause="one equation for each unit: units @ p = wanted")
def _units_solves(answer):
    p, _ = _powers(answer, _KEPLER, [0, 0, 1])
    expect(p is not None, "exponents for a time from a, G and M", "None")
    expect_close(p, [1.5, -0.5, -0.5], "the exponents of a, G and M for a time", 1e-7)


@units.property(
    "works where there are more quantities than units", cause="any solution will do: np.linalg.lstsq"
)
def _units_more(answer):
    table = [[1, 1, 0, 0], [0, 0, 0, 1], [0, -2, 1, 0]]  # length, acceleration, time, mass
    p, _ = _powers(answer, table, [1, 0, -1])
    expect(p is not None, "exponents for a speed from length, acceleration, time and mass", "None")
    expect_shape(p, (4,), "the exponents")
    expect_close(np.array(table) @ np.asarray(p), [1, 0, -1], "the unit of the power law", 1e-7)


@units.property(
    "counts what units leave open",
    cause="the number of quantities minus the rank of the matrix: so many groups without a unit",
)
def _units_free(answer):
    for table, wanted, free, what in (
        (_KEPLER, [0, 0, 1], 0, "a, G, M"),
        ([[1, 1, 0, 0], [0, 0, 0, 1], [0, -2, 1, 0]], [1, 0, -1], 1, "length, acceleration, time, mass"),
        ([[1, 1, 1], [0, 0, 0], [0, 0, 0]], [1, 0, 0], 2, "three lengths"),
    ):
        found = _powers(answer, table, wanted)[1]
        expect(found == free, f"{free} open for {what}", str(found))


@units.property(
    "says when no power law has the unit",
    cause="least squares always returns something: look at what is left over",
)
def _units_none(answer):
    p, free = _powers(answer, [[1, 1], [0, 0], [0, 0]], [0, 1, 0])
    expect(p is None and free is None, "(None, None) for a mass from two lengths", f"({p}, {free})")


# 12.4

step = Exercise("12.4", "the best distance")


def _mean_square(h, noise, bend):
    return (h**2 * bend / 12) ** 2 + 6 * noise**2 / h**4


@step.property(
    "balances noise and bending",
    cause="set the derivative of bias² + variance in h to zero; h⁸ is on one side",
)
def _step_best(answer):
    for noise, bend in ((1e-3, 20.0), (0.5, 2.0)):
        h = float(expect_parts(answer(noise, bend), 2, "h, error")[0])
        expect(h > 0, "a positive distance", f"{h:.3g}")
        tried = _mean_square(h * np.array([0.99, 1.0, 1.01]), noise, bend)
        expect(
            bool(tried[1] <= tried.min()),
            f"no smaller error at h ± 1%, for σ = {noise} and M = {bend}",
            f"h = {h:.4g}, and one of them is better",
        )


@step.property(
    "scales like a fourth root", cause="units: σ is a length, M a length over time⁴, so h is (σ / M)^(1/4)"
)
def _step_scales(answer):
    one, two = (float(answer(noise, 3.0)[0]) for noise in (1e-4, 16e-4))
    expect_close(two / one, 2.0, "the factor of h for 16 times the noise", 1e-6)


@step.property("returns the error there", cause="the root of bias² + variance; six noise variances, over h⁴")
def _step_error(answer):
    for noise, bend in ((1e-3, 20.0), (2e-2, 500.0)):
        h, error = (float(each) for each in expect_parts(answer(noise, bend), 2, "h, error"))
        expected = np.sqrt(_mean_square(h, noise, bend))
        expect_close(error / expected, 1.0, "the error over the expected one", 1e-6)


# 12.5

law = Exercise("12.5", "a search for power laws")


def _table(seed, powers, n=60, noise=0.02, factor=3.0):
    """Draw a table of a power law with relative noise."""
    rng = np.random.default_rng(seed)
    X = np.exp(rng.uniform(-2, 3, (n, len(powers))))
    return X, factor * np.prod(X ** np.array(powers), axis=1) * np.exp(noise * rng.standard_normal(n))


def _law(answer, X, y):
    factor, powers, errors = expect_parts(answer(X, y), 3, "factor, exponents, standard errors")
    expect_shape(powers, (X.shape[1],), "the exponents")
    expect_shape(errors, (X.shape[1],), "the standard errors")
    return float(factor), np.asarray(powers, dtype=float), np.asarray(errors, dtype=float)


@law.property(
    "finds the exponents", cause="take logarithms: then it is a straight line in the logarithm of each column"
)
def _law_exponents(answer):
    powers = _law(answer, *_table(0, [1.5, -0.5], noise=1e-6))[1]
    expect_close(powers, [1.5, -0.5], "the exponents", 1e-4)


@law.property("finds the factor", cause="the constant of the straight line is log c: c is its exponential")
def _law_factor(answer):
    expect_close(_law(answer, *_table(0, [1.5, -0.5], noise=1e-6))[0], 3.0, "the factor", 1e-4)


@law.property(
    "says how sure it is",
    cause="variance of what is left, over n minus the number of constants, times the inverse of FᵀF",
)
def _law_errors(answer):
    X, y = _table(3, [2.0, -1.0], n=25, noise=0.05)
    F = np.column_stack([np.ones(25), np.log(X)])
    rest = np.linalg.lstsq(F, np.log(y), rcond=None)[1]
    expected = np.sqrt(rest[0] / (25 - 3) * np.linalg.inv(F.T @ F).diagonal())[1:]
    expect_close(
        _law(answer, X, y)[2] / expected, np.ones(2), "the standard errors, over the expected ones", 1e-4
    )


@law.property(
    "leaves out columns that do not matter",
    cause="a useless exponent is seldom 0 by itself: leave out columns whose price is higher than their gain",
)
def _law_useless(answer):
    kept = 0
    for seed in range(40):
        X, y = _table(seed, [1.0, 0.0, 0.0], noise=0.1)
        kept += int(np.count_nonzero(_law(answer, X, y)[1][1:]))
    expect(
        kept <= 4, "at most 4 of 80 useless columns kept (exponent exactly 0 for the others)", f"{kept} kept"
    )


@law.property(
    "keeps weak columns that do matter",
    cause="judge an exponent by its standard error and not by its size; a limit near 3 keeps one of five",
)
def _law_weak(answer):
    powers = _law(answer, *_table(5, [2.0, 0.005, 0.0], n=200, noise=0.02))[1]  # nearly five standard errors
    expect(abs(powers[1] - 0.005) < 0.004, "an exponent near 0.005 for the second column", f"{powers[1]:.4g}")


@law.property(
    "fits again after leaving out",
    cause="with a column gone, factor, exponents and standard errors of the others change: fit anew",
)
def _law_again(answer):
    rng = np.random.default_rng(11)
    X, _ = _table(7, [1.0, 0.0], n=20)
    X[:, 1] = X[:, 0] ** 0.9 * np.exp(0.1 * rng.standard_normal(20))  # nearly a power of the first
    y = 2 * X[:, 0] * np.exp(0.1 * rng.standard_normal(20))
    found, powers, errors = _law(answer, X, y)
    expect(
        powers[1] == 0,
        "an exponent of exactly 0 for a column that is nearly a power of another",
        f"{powers[1]:.3g}",
    )
    F = np.column_stack([np.ones(20), np.log(X[:, :1])])
    w, rest = np.linalg.lstsq(F, np.log(y), rcond=None)[:2]
    error = np.sqrt(rest[0] / 18 * np.linalg.inv(F.T @ F)[1, 1])
    expect_close([powers[0], np.log(found)], [w[1], w[0]], "exponent and logarithm of the factor", 1e-6)
    expect_close(
        [errors[0] / error, errors[1]], [1, 0], "standard errors (the first over the expected one)", 1e-4
    )
