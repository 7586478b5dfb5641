"""Typical wrong answers to the exercises of chapter 01."""

from fractions import Fraction

import numpy as np


def same(s):
    return s


def minus(s):
    return -s


def half(s):
    return s / 2


def larger():
    return [(same, same, half), (same, minus, lambda s: np.abs(s) / 2)]


def smaller_without_halves():
    return [(same, same, same), (same, minus, lambda s: -np.abs(s))]


def smaller_without_the_mean():
    return [(same, same, half)]


def smaller_clipped():
    return [(same, same, half), (same, minus, lambda s: -np.maximum(-s, 0) / 2)]


def smaller_of_sizes():
    return [(np.abs, np.abs, half), (np.abs, lambda y: -np.abs(y), lambda s: -np.abs(s) / 2)]


def smaller_with_two_functions():
    return [(same, half)]


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


def triple_by_logarithms():
    return [(np.log, np.log, np.log, np.exp)]


def _cubes(scale, flips):
    inner = [tuple(minus if flip == i else same for i in range(3)) for flip in flips]
    signs = [1.0 if flip is None else -1.0 for flip in flips]
    return [
        (*each, lambda s, sign=sign: sign * s**3 / scale) for each, sign in zip(inner, signs, strict=True)
    ]


def triple_with_a_sixth():
    return _cubes(6, [None, 0, 1, 2])


def triple_without_one_flip():
    return _cubes(24, [None, 0, 1])


def triple_of_two_inner_functions():
    return [(same, same, lambda s: s**3 / 24)]


def triple_in_pieces():
    return [
        (*(lambda x, share=share: share * x for _ in range(3)), lambda s, sign=sign: sign * s)
        for share in (1.0, 2.0)
        for sign in (1.0, -1.0)
    ] * 3 + [triple_by_logarithms()[0]]


WRONG = {
    "01.1": [
        (larger, "is right where x is smaller"),
        (smaller_without_halves, "is right where x is smaller"),
        (smaller_without_the_mean, "is right where x is smaller"),
        (smaller_clipped, "is right where y is smaller"),
        (smaller_of_sizes, "is right for negative numbers"),
        (smaller_with_two_functions, "is right where x is smaller"),
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
        (triple_by_logarithms, "is right for any signs"),
        (triple_with_a_sixth, "is right for positive numbers"),
        (triple_without_one_flip, "is right for positive numbers"),
        (triple_of_two_inner_functions, "is right for positive numbers"),
        (triple_in_pieces, "needs few terms"),
    ],
}
