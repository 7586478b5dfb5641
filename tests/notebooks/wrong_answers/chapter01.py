"""Typical wrong answers to the exercises of chapter 01."""

import itertools
import math
from fractions import Fraction

import numpy as np


def same(s):
    return s


def minus(s):
    return -s


def one_over(s):
    return 1 / s


def resistors_as_a_mean():
    return [(one_over, one_over, lambda s: 2 / s)]


def resistors_by_logarithms():
    return [(np.log, np.log, lambda s: np.exp(s) / 2)]


def resistors_without_brackets():
    return (one_over, one_over, one_over)


def resistors_in_two_terms():
    return [(one_over, one_over, lambda s: 0.5 / s)] * 2


def resistors_with_two_functions():
    return [(one_over, one_over)]


def resistors_of_the_smaller():
    return [(same, same, lambda s: s / 4), (same, minus, lambda s: -np.abs(s) / 4)]


def additive_means(table):
    return table.mean(1), table.mean(0)


def additive_swapped(table):
    return table.mean(0) - table.mean(), table.mean(1)


def additive_by_the_edges(table):
    return table[:, 0], table[0] - table[0, 0]


def additive_as_a_table(table):
    return table.mean(1)[:, None] + table.mean(0) - table.mean()


def _recursion(numerator, depth, step, nine):
    if depth == 1:
        return Fraction(numerator, 10)
    front, digit = divmod(numerator, 10)
    if digit < 9 or nine is None:
        return _recursion(front, depth - 1, step, nine) + digit * step(depth)
    before = _recursion(numerator - 1, depth, step, nine)
    return nine(before, front, depth, lambda number: _recursion(number, depth - 1, step, nine))


def _tiny(depth):
    return Fraction(1, 10 ** (2**depth - 1))


def psi_without_a_nine(numerator, depth):
    return _recursion(numerator, depth, _tiny, None)


def psi_with_plain_digits(numerator, depth):
    return _recursion(
        numerator, depth, lambda k: Fraction(1, 10**k), lambda a, f, k, psi: (a + psi(f + 1)) / 2
    )


def psi_with_its_own_front(numerator, depth):
    return _recursion(numerator, depth, _tiny, lambda a, front, k, psi: (a + psi(front)) / 2)


def psi_in_floats(numerator, depth):
    return float(_recursion(numerator, depth, _tiny, lambda a, front, k, psi: (a + psi(front + 1)) / 2))


def psi_that_does_not_carry(numerator, depth):
    return _recursion(
        numerator,
        depth,
        _tiny,
        lambda a, front, k, psi: (a + psi(front + 1 if front % 10 < 9 else front - 9)) / 2,
    )


def psi_without_depth_one(numerator, depth):
    return Fraction(numerator, 10**depth)


def _count(factor, wanted):
    return np.inf if factor >= 1 else np.ceil(np.log(wanted) / np.log(factor))


def iterations_with_one_max(terms, epsilon, wanted, inputs=2):
    return _count((terms - inputs) / terms * epsilon + inputs / terms, wanted)


def iterations_without_epsilon(terms, epsilon, wanted, inputs=2):
    return _count(2 * inputs / terms, wanted)


def iterations_for_two_inputs(terms, epsilon, wanted, inputs=2):
    return _count((terms - 2) / terms * epsilon + 4 / terms, wanted)


def iterations_in_parts(terms, epsilon, wanted, inputs=2):
    factor = (terms - inputs) / terms * epsilon + 2 * inputs / terms
    return np.inf if factor >= 1 else np.log(wanted) / np.log(factor)


def iterations_rounded_down(terms, epsilon, wanted, inputs=2):
    return np.floor(iterations_in_parts(terms, epsilon, wanted, inputs))


def iterations_for_any_factor(terms, epsilon, wanted, inputs=2):
    factor = (terms - inputs) / terms * epsilon + 2 * inputs / terms
    return np.ceil(np.log(wanted) / np.log(factor))


def _side_by_side(outers, shift, blend):
    def phi(z):
        q = np.clip(np.floor(z / shift).astype(int), 0, len(outers) - 1)
        return sum((q == i) * outer(blend(z - i * shift)) for i, outer in enumerate(outers))

    return shift, phi


def outer_that_overlaps(outers, width):
    return _side_by_side(outers, width / 2, same)


def outer_without_gaps(outers, width):
    return _side_by_side(outers, width, same)


def outer_that_jumps(outers, width):
    return _side_by_side(outers, 2 * width, same)


def outer_that_stays_level(outers, width):
    return _side_by_side(outers, 2 * width, lambda z: np.clip(z, 0, width))


def outer_for_a_width_of_one(outers, width):
    shift, phi = (
        2.0,
        lambda z: sum(
            np.clip(1 - np.abs(z - 2 * q - np.clip(z - 2 * q, 0, 1)), 0, 1) * outer(np.clip(z - 2 * q, 0, 1))
            for q, outer in enumerate(outers)
        ),
    )
    return shift, phi


def outer_turned_round(outers, width):
    return outer_that_jumps(outers, width)[::-1]


def _power(weight, exponent):
    return lambda s: weight * s**exponent


def _powers(n, scale, fixed=1, sign=np.prod, power=None):
    terms = []
    for signs in itertools.product([1, -1], repeat=n - fixed):
        inner = [same] * fixed + [same if s > 0 else minus for s in signs]
        terms.append((*inner, _power(sign(signs) / scale, power or n)))
    return terms


def product_by_logarithms(n):
    return [(*[np.log] * n, np.exp)]


def product_of_three_only(n):
    return _powers(n, 24 if n == 3 else 4 if n == 2 else 24)


def product_without_a_factorial(n):
    return _powers(n, 2**n)


def product_with_every_sign_twice(n):
    return _powers(n, math.factorial(n) * 2**n, fixed=0)


def product_without_signs(n):
    return _powers(n, math.factorial(n) * 2 ** (n - 1), sign=lambda signs: 1.0)


def product_by_squares(n):
    return _powers(n, 2**n, power=2)


def product_in_a_loop(n):
    terms = []
    for signs in itertools.product([1, -1], repeat=n - 1):
        inner = [same] + [same if s > 0 else minus for s in signs]
        terms.append((*inner, lambda s: np.prod(signs) * s**n / (math.factorial(n) * 2 ** (n - 1))))  # noqa: B023
    return terms


def product_without_brackets(n):
    return _powers(n, 4)[0]


WRONG = {
    "01.1": [
        (resistors_as_a_mean, "makes half of one from two equal ones"),
        (resistors_by_logarithms, "makes half of one from two equal ones"),
        (resistors_without_brackets, "makes half of one from two equal ones"),
        (resistors_in_two_terms, "needs a single term"),
        (resistors_with_two_functions, "makes half of one from two equal ones"),
        (resistors_of_the_smaller, "is right for different ones"),
    ],
    "01.2": [
        (additive_means, "is exact for a table that is a sum"),
        (additive_swapped, "has a number for each row and each column"),
        (additive_by_the_edges, "leaves nothing that a row or a column could still take"),
        (additive_as_a_table, "has a number for each row and each column"),
    ],
    "01.3": [
        (psi_without_a_nine, "goes half of the way at a digit 9"),
        (psi_with_plain_digits, "takes tiny steps for the digits 0 to 8"),
        (psi_with_its_own_front, "goes half of the way at a digit 9"),
        (psi_in_floats, "is exact at the 31st decimal"),
        (psi_that_does_not_carry, "carries: after 0.99 comes 1.0"),
        (psi_without_depth_one, "takes tiny steps for the digits 0 to 8"),
    ],
    "01.4": [
        (iterations_with_one_max, "counts the votes that may be wrong"),
        (iterations_without_epsilon, "counts the variation within cells"),
        (iterations_for_two_inputs, "follows the number of inputs"),
        (iterations_in_parts, "is a whole number of them"),
        (iterations_rounded_down, "counts the votes that may be wrong"),
        (iterations_for_any_factor, "says so if there is no promise"),
    ],
    "01.5": [
        (outer_that_overlaps, "gives two functions back"),
        (outer_without_gaps, "gives two functions back"),
        (outer_that_jumps, "is continuous in the gaps, too"),
        (outer_that_stays_level, "is continuous in the gaps, too"),
        (outer_for_a_width_of_one, "gives back any number of functions, of any width"),
        (outer_turned_round, "gives two functions back"),
    ],
    "01.6": [
        (product_by_logarithms, "is right for any signs"),
        (product_of_three_only, "is right for four and five numbers"),
        (product_without_a_factorial, "is right for three positive numbers"),
        (product_with_every_sign_twice, "needs at most 2^(n-1) terms"),
        (product_without_signs, "is right for two numbers"),
        (product_by_squares, "is right for three positive numbers"),
        (product_in_a_loop, "is right for two numbers"),
        (product_without_brackets, "is right for two numbers"),
    ],
}
