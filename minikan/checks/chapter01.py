"""Checks of the exercises of chapter 01, the Kolmogorov–Arnold theorem."""

from fractions import Fraction

import numpy as np

from ..superposition import inner_function
from .expectations import expect, expect_close, expect_parts, expect_shape, in_short
from .framework import Exercise

POSITIVE = np.array([[0.5, 2.0, 3.0, 1.25], [1.5, 0.25, 3.5, 1.0], [2.5, 0.75, 0.5, 4.0]])
SIGNS = np.array([[-0.5, 2.0, -3.0, 0.0], [1.5, -0.25, -3.5, -1.0], [-2.5, -0.75, 0.5, 4.0]])


def _add_up(answer, points):
    """Add up a list of terms, each of them inner functions and last an outer one, at points (inputs, n)."""
    terms = answer()
    expect(isinstance(terms, (list, tuple)), "a list of terms", in_short(terms), "return a list: [(…), (…)]")
    total = np.zeros(points.shape[1])
    for term in terms:
        *inner, outer = expect_parts(
            term, len(points) + 1, "an inner function for each input, an outer function"
        )
        total = total + outer(sum(phi(x) for phi, x in zip(inner, points, strict=True)))
    return total


# 01.1

smaller = Exercise("01.1", "the smaller of two")


@smaller.property(
    "is right where x is smaller", cause="the larger one is (x + y) / 2 + |x - y| / 2: what changes?"
)
def _smaller_x(answer):
    x, y = np.array([0.5, 1.0, 2.0]), np.array([2.0, 1.5, 7.0])
    expect_close(_add_up(answer, np.stack([x, y])), x, f"the sum at x = {x.tolist()}, y = {y.tolist()}")


@smaller.property("is right where y is smaller", cause="x and y must count alike: |x - y| = |y - x|")
def _smaller_y(answer):
    x, y = np.array([0.5, 3.0, 2.0]), np.array([0.25, 1.5, 0.0])
    expect_close(_add_up(answer, np.stack([x, y])), y, f"the sum at x = {x.tolist()}, y = {y.tolist()}")


@smaller.property(
    "is right for negative numbers", cause="the inner functions should keep the signs of x and y"
)
def _smaller_signs(answer):
    x, y = np.array([-0.5, 3.0, -2.0]), np.array([0.25, -1.5, -4.0])
    expect_close(
        _add_up(answer, np.stack([x, y])),
        [-0.5, -1.5, -4.0],
        f"the sum at x = {x.tolist()}, y = {y.tolist()}",
    )


# 01.2

additive = Exercise("01.2", "the best sum")


def _table(seed=0, rows=5, columns=7):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 1)), rng.normal(size=columns), rng.normal(size=(rows, columns))


def _fitted(answer, table):
    u, v = expect_parts(answer(table), 2, "u and v")
    expect_shape(u, (table.shape[0],), "u, a number for each row,")
    expect_shape(v, (table.shape[1],), "v, a number for each column,")
    return np.asarray(u, dtype=float)[:, None] + np.asarray(v, dtype=float)


@additive.property(
    "has a number for each row and each column", cause="rows are the first axis: average over axis 1"
)
def _additive_shape(answer):
    _fitted(answer, _table()[2])


@additive.property("is exact for a table that is a sum", cause="the mean of the whole table is counted twice")
def _additive_exact(answer):
    u, v, _ = _table(1)
    expect_close(_fitted(answer, u + v), u + v, "u[i] + v[j]")


@additive.property(
    "leaves nothing that a row or a column could still take",
    cause="in the least-squares fit what is left has mean 0 in each row and in each column",
)
def _additive_best(answer):
    table = _table(2)[2]
    left = table - _fitted(answer, table)
    expect_close(left.mean(1), np.zeros(5), "the mean of what is left, row by row")
    expect_close(left.mean(0), np.zeros(7), "the mean of what is left, column by column")


# 01.3

koppen = Exercise("01.3", "Köppen's recursion")


def _expect_psi(answer, numerators, depth):
    for numerator in numerators:
        what = f"ψ({numerator / 10**depth:g})"
        expect_close(answer(numerator, depth), float(_exact(numerator, depth)), what, 1e-13)


def _exact(numerator, depth):
    return inner_function(numerator / 10**depth, depth, exact=True)[()]


@koppen.property("is x itself at depth 1", cause="one digit: numerator / 10")
def _koppen_first(answer):
    _expect_psi(answer, [0, 3, 9, 10], 1)


@koppen.property(
    "takes tiny steps for the digits 0 to 8", cause="the step is 10 ** -β(k), with β(k) = 2 ** k - 1"
)
def _koppen_steps(answer):
    _expect_psi(answer, [0, 1, 30, 38, 75], 2)
    _expect_psi(answer, [123, 808], 3)


@koppen.property(
    "goes half of the way at a digit 9",
    cause="the mean of ψ just before and of ψ where the cell ends, one digit less",
)
def _koppen_nine(answer):
    _expect_psi(answer, [9, 59, 89], 2)
    _expect_psi(answer, [349, 589], 3)


@koppen.property(
    "carries: after 0.99 comes 1.0", cause="the end of a cell is the next number with one digit less"
)
def _koppen_carry(answer):
    _expect_psi(answer, [99, 199, 599], 2 + 1)
    _expect_psi(answer, [99], 2)


@koppen.property(
    "is exact at the 31st decimal",
    cause="float64 has 16 digits: begin with `Fraction(numerator, 10)`, never with `/`",
)
def _koppen_exact(answer):
    step = answer(12346, 5) - answer(12345, 5)
    expect(
        step == Fraction(1, 10**31), "a step of exactly 1e-31 from 0.12345 to 0.12346", f"{float(step):.3g}"
    )


# 01.4

iterations = Exercise("01.4", "how many iterations?")


@iterations.property("is a whole number of them", cause="round up: a part of an iteration does not exist")
def _iterations_whole(answer):
    for wanted in (0.7, 0.3, 0.05):
        found = answer(9, 0.05, wanted)
        expect(found == np.round(found), "a whole number of iterations", f"{found:.4g}")


@iterations.property(
    "counts the votes that may be wrong",
    cause="with n inputs n terms may be wrong, each by up to twice max|f|",
)
def _iterations_votes(answer):
    expect_close(answer(5, 0.0, 0.81), 1, "iterations down to 0.81, 5 terms, ε = 0")
    expect_close(answer(5, 0.0, 0.5), 4, "iterations for a half, 5 terms, ε = 0")
    expect_close(answer(40, 0.0, 0.02), 2, "iterations for a fiftieth, 40 terms, ε = 0")


@iterations.property(
    "counts the variation within cells", cause="the terms that are right are so only to within ε"
)
def _iterations_epsilon(answer):
    expect_close(answer(5, 0.2, 0.5), 9, "iterations for a half, 5 terms, ε = 0.2")
    expect_close(answer(40, 0.2, 0.02), 4, "iterations for a fiftieth, 40 terms, ε = 0.2")


@iterations.property(
    "follows the number of inputs", cause="the promise has 2 n / terms in it: do not write 4"
)
def _iterations_inputs(answer):
    expect_close(answer(10, 0.1, 0.1, inputs=3), 6, "iterations for a tenth, 10 terms, 3 inputs, ε = 0.1")


@iterations.property(
    "says so if there is no promise", cause="a factor of 1 or more makes nothing smaller: np.inf"
)
def _iterations_none(answer):
    for terms, epsilon in ((5, 0.4), (4, 0.0)):
        found = answer(terms, epsilon, 0.5)
        expect(found == np.inf, f"np.inf for {terms} terms and ε = {epsilon}", f"{found}")


# 01.5

triple = Exercise("01.5", "a product of three")


@triple.property(
    "is right for positive numbers", cause="expand your outer functions: all but x y z has to cancel"
)
def _triple_positive(answer):
    expect_close(_add_up(answer, POSITIVE), POSITIVE.prod(0), "the sum at four points with positive numbers")


@triple.property("is right for any signs", cause="logarithms know positive numbers only: try powers of sums")
def _triple_signs(answer):
    expect_close(_add_up(answer, SIGNS), SIGNS.prod(0), "the sum at four points with signs and zeros")


@triple.property(
    "needs few terms", cause="four cubes are enough: flip the sign of one input in each but the first"
)
def _triple_few(answer):
    count = len(answer())
    expect(count <= 8, "at most 8 terms", f"{count}")
