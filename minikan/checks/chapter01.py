"""Checks of the exercises of chapter 01, the Kolmogorov–Arnold theorem."""

from fractions import Fraction

import numpy as np

from ..superposition import inner_function
from .expectations import expect, expect_close, expect_parts, expect_shape, in_short
from .framework import Exercise

POSITIVE = np.array([[0.5, 2.0, 3.0, 1.25], [1.5, 0.25, 3.5, 1.0], [2.5, 0.75, 0.5, 4.0]])
SIGNS = np.array([[-0.5, 2.0, -3.0, 0.0], [1.5, -0.25, -3.5, -1.0], [-2.5, -0.75, 0.5, 4.0]])


def _terms(answer):
    """Return the answer's list of terms."""
    terms = answer()
    expect(isinstance(terms, (list, tuple)), "a list of terms", in_short(terms), "return a list: [(…), (…)]")
    expect(
        not any(callable(term) for term in terms),
        "a list of terms, each of them a tuple",
        "the functions of a single term",
        "put brackets around the term, even if it is the only one: [(…, …)]",
    )
    return terms


def _add_up(terms, points):
    """Add up a list of terms, each of them inner functions and last an outer one, at points (inputs, n)."""
    total = np.zeros(points.shape[1])
    for term in terms:
        wanted = (
            f"a tuple of {len(points) + 1} functions for each term: {len(points)} inner ones, an outer one"
        )
        whole = isinstance(term, (list, tuple)) and len(term) == len(points) + 1
        expect(
            whole,
            wanted,
            in_short(term),
            "a term has an inner function for each input, and last an outer one",
        )
        *inner, outer = term
        total = total + outer(sum(phi(x) for phi, x in zip(inner, points, strict=True)))
    return total


# 01.1

resistors = Exercise("01.1", "two resistors")


@resistors.property("makes half of one from two equal ones", cause="two equal ones, x and x, make x / 2")
def _resistors_equal(answer):
    x = np.array([0.5, 2.0, 3.0])
    expect_close(_add_up(_terms(answer), np.stack([x, x])), x / 2, f"the sum at x = y = {x.tolist()}")


@resistors.property(
    "is right for different ones",
    cause="turn the fraction upside down: (x + y) / (x y) is a sum of two parts",
)
def _resistors_different(answer):
    x, y = np.array([0.5, 1.0, 6.0]), np.array([2.0, 1.5, 3.0])
    what = f"the sum at x = {x.tolist()}, y = {y.tolist()}"
    expect_close(_add_up(_terms(answer), np.stack([x, y])), [0.4, 0.6, 2.0], what)


@resistors.property("needs a single term", cause="one sum is enough, if its three curves are the right ones")
def _resistors_single(answer):
    count = len(_terms(answer))
    expect(count == 1, "a single term", f"{count}")


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
    expect_close(answer(5, 0.0, 0.81), 1, "iterations(5, 0, 0.81)")
    expect_close(answer(5, 0.0, 0.5), 4, "iterations(5, 0, 0.5)")
    expect_close(answer(40, 0.0, 0.02), 2, "iterations(40, 0, 0.02)")


@iterations.property(
    "counts the variation within cells", cause="the terms that are right are so only to within ε"
)
def _iterations_epsilon(answer):
    expect_close(answer(5, 0.2, 0.5), 9, "iterations(5, 0.2, 0.5)")
    expect_close(answer(40, 0.2, 0.02), 4, "iterations(40, 0.2, 0.02)")


@iterations.property(
    "follows the number of inputs", cause="the promise has 2 n / terms in it: do not write 4"
)
def _iterations_inputs(answer):
    expect_close(answer(10, 0.1, 0.1, inputs=3), 6, "iterations(10, 0.1, 0.1, inputs=3)")


@iterations.property(
    "says so if there is no promise", cause="a factor of 1 or more makes nothing smaller: np.inf"
)
def _iterations_none(answer):
    for terms, epsilon in ((5, 0.4), (4, 0.0)):
        found = answer(terms, epsilon, 0.5)
        expect(found == np.inf, f"np.inf for {terms} terms and ε = {epsilon}", f"{found}")


# 01.5

one_outer = Exercise("01.5", "one outer function")

_CURVES: list = [np.cos, lambda z: 2 - z, lambda z: z * z - 1, lambda z: np.sin(5 * z)]


def _laid_out(answer, outers, width):
    """Return the answer's shift, checked to be a positive number, and its function."""
    shift, phi = expect_parts(answer(outers, width), 2, "shift and phi")
    expect(
        not callable(shift),
        "a number first",
        f"a function: {in_short(shift)}",
        "return `shift, phi`, in this order",
    )
    expect_shape(shift, (), "shift, a number,")
    expect(callable(phi), "phi, a function", in_short(phi), "return phi itself, not a value of it")
    return float(shift), phi


def _expect_all(answer, outers, width):
    shift, phi = _laid_out(answer, outers, width)
    z = np.linspace(0, width, 9)
    for q, outer in enumerate(outers):
        what = f"phi(z + {q} * {shift:g}), z from 0 to {width}"
        expect_close(phi(z + q * shift), outer(z), what, 1e-9 * max(1, shift))


@one_outer.property(
    "gives two functions back", cause="with a shift of `width` or less the two share a part of the line"
)
def _outer_two(answer):
    _expect_all(answer, _CURVES[:2], 1)


@one_outer.property(
    "gives back any number of functions, of any width", cause="is `width` or the number of functions fixed?"
)
def _outer_many(answer):
    _expect_all(answer, _CURVES, 1)
    _expect_all(answer, _CURVES[:3], 2.5)


@one_outer.property(
    "is continuous in the gaps, too",
    cause="between one function's end and the next one's beginning: a straight line",
)
def _outer_continuous(answer):
    shift, phi = _laid_out(answer, _CURVES, 1)
    ends = np.linspace(0, 3 * shift + 1, 1001)
    for _ in range(16):  # zoom in on the steepest place: a jump stays, a slope fades
        values = phi(ends)
        expect_shape(values, ends.shape, "phi of an array")
        i = int(np.argmax(np.abs(np.diff(values))))
        where, jump = ends[i], float(np.abs(values[i + 1] - values[i]))
        ends = np.linspace(ends[i], ends[i + 1], 11)
    expect(jump < 1e-3, "no jump anywhere", f"a jump of {jump:.3g} near z = {where:.4g}")


# 01.6

product_of = Exercise("01.6", "a product of n")


def _expect_product(answer, points):
    terms = _terms(lambda: answer(len(points)))
    found = _add_up(terms, points)
    alike = {round(float(term[-1](1.5)), 9) for term in terms}
    cause = (
        "all outer functions are the same: their signs must differ, and a `lambda` in a loop sees its last value only"
        if len(alike) == 1 < len(terms)
        else ""
    )
    expect_close(found, points.prod(0), f"the sum of {len(points)} inputs at four points", cause=cause)


@product_of.property(
    "is right for two numbers", cause="squares of x + y and x - y, as in the chapter: divided by 4?"
)
def _product_two(answer):
    _expect_product(answer, POSITIVE[:2])


@product_of.property(
    "is right for three positive numbers",
    cause="x y z comes up 6 times in each cube, and there are 4 cubes; the weight's sign is the product of all signs",
)
def _product_three(answer):
    _expect_product(answer, POSITIVE)


@product_of.property(
    "is right for any signs", cause="logarithms know positive numbers only: try powers of sums"
)
def _product_signs(answer):
    _expect_product(answer, SIGNS)


@product_of.property(
    "is right for four and five numbers",
    cause="the power is n, and x1 … xn comes up n! times in each power",
)
def _product_more(answer):
    _expect_product(answer, np.vstack([SIGNS, POSITIVE[:1]]))
    _expect_product(answer, np.vstack([SIGNS, POSITIVE[:2]]))


@product_of.property(
    "needs at most 2^(n-1) terms", cause="all signs turned round give the same power: fix the first sign"
)
def _product_few(answer):
    for n in (2, 3, 4):
        count = len(_terms(lambda n=n: answer(n)))
        expect(count <= 2 ** (n - 1), f"at most {2 ** (n - 1)} terms for n = {n}", f"{count}")
