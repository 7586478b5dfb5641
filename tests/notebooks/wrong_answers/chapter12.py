"""Typical wrong answers to the exercises of chapter 12."""

from itertools import pairwise
from math import erfc

import numpy as np


def front_of_everything(complexity, error):
    return list(np.argsort(complexity))


def front_by_neighbours(complexity, error):
    order = np.lexsort((error, complexity))
    return [order[0], *(b for a, b in pairwise(order) if error[b] < error[a])]


def front_unsorted(complexity, error):
    return [k for k in range(len(error)) if error[k] < min(error[:k], default=np.inf)]


def front_with_ties_as_they_come(complexity, error):
    kept, best = [], np.inf
    for k in np.argsort(complexity, kind="stable"):
        if error[k] < best:
            kept, best = [*kept, k], error[k]
    return kept


def news_one_tail(z, m):
    return -np.expm1(m * np.log1p(-erfc(z / np.sqrt(2)) / 2))


def news_of_one(z, m):
    return erfc(z / np.sqrt(2))


def news_added(z, m):
    return m * erfc(z / np.sqrt(2))


def news_capped(z, m):
    return min(1.0, m * erfc(z / np.sqrt(2)))


def news_rounded(z, m):
    return 1 - (1 - erfc(z / np.sqrt(2))) ** m


def units_always_something(units, wanted):
    p = np.linalg.lstsq(units, wanted, rcond=None)[0]
    return p, units.shape[1] - np.linalg.matrix_rank(units)


def units_counted_by_rows(units, wanted):
    p = np.linalg.lstsq(units, wanted, rcond=None)[0]
    if abs(units @ p - wanted).max() > 1e-9:
        return None, None
    return p, units.shape[1] - len(units)


def units_by_inverse(units, wanted):
    return np.linalg.inv(units) @ wanted, 0


def step_where_both_are_equal_in_size(noise, bend):
    h = (12 * noise / bend) ** 0.25
    return h, np.sqrt((h**2 * bend / 12) ** 2 + 6 * noise**2 / h**4)


def step_for_a_first_derivative(noise, bend):
    h = (noise / bend) ** (1 / 3)
    return h, np.sqrt((h**2 * bend / 12) ** 2 + 6 * noise**2 / h**4)


def step_with_noise_alone(noise, bend):
    h = (864 * noise**2 / bend**2) ** 0.125
    return h, np.sqrt(6) * noise / h**2


def _fit(X, y, columns):
    F = np.column_stack([np.ones(len(y)), np.log(X[:, columns])])
    w = np.linalg.lstsq(F, np.log(y), rcond=None)[0]
    r = np.log(y) - F @ w
    return w, np.sqrt(r @ r / (len(y) - F.shape[1]) * np.linalg.inv(F.T @ F).diagonal())


def law_with_all_columns(X, y):
    w, s = _fit(X, y, list(range(X.shape[1])))
    return np.exp(w[0]), w[1:], s[1:]


def law_that_drops_small_exponents(X, y):
    w, s = _fit(X, y, list(range(X.shape[1])))
    keep = [j for j in range(X.shape[1]) if abs(w[1 + j]) > 0.1]
    powers, errors = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    w, s = _fit(X, y, keep)
    powers[keep], errors[keep] = w[1:], s[1:]
    return np.exp(w[0]), powers, errors


def law_at_two_standard_errors(X, y):
    keep = list(range(X.shape[1]))
    w, s = _fit(X, y, keep)
    keep = [j for j in keep if abs(w[1 + j]) > 1.5 * s[1 + j]]
    powers, errors = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    w, s = _fit(X, y, keep)
    powers[keep], errors[keep] = w[1:], s[1:]
    return np.exp(w[0]), powers, errors


def law_at_six_standard_errors(X, y):
    keep = list(range(X.shape[1]))
    while True:
        w, s = _fit(X, y, keep)
        z = abs(w[1:]) / s[1:]
        if not keep or z.min() > 6:
            break
        keep.pop(int(z.argmin()))
    powers, errors = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    powers[keep], errors[keep] = w[1:], s[1:]
    return np.exp(w[0]), powers, errors


def law_with_the_logarithm_of_its_factor(X, y):
    factor, powers, errors = law_with_all_columns(X, y)
    return np.log(factor), powers, errors


def law_not_fitted_again(X, y):
    w, s = _fit(X, y, list(range(X.shape[1])))
    unsure = abs(w[1:]) < 3.5 * s[1:]
    return np.exp(w[0]), np.where(unsure, 0, w[1:]), np.where(unsure, 0, s[1:])


def law_with_errors_over_n(X, y):
    factor, powers, errors = law_with_all_columns(X, y)
    n, m = X.shape
    return factor, powers, errors * np.sqrt((n - m - 1) / n)


def law_without_logarithms(X, y):
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    return 1.0, w, np.ones(len(w))


WRONG = {
    "12.1": [
        (front_of_everything, "keeps what is more accurate than all simpler laws"),
        (front_by_neighbours, "compares with the best so far, and not with the neighbour"),
        (front_unsorted, "takes laws in any order"),
        (front_with_ties_as_they_come, "of equally complex laws takes the most accurate"),
    ],
    "12.2": [
        (news_one_tail, "is right for one column"),
        (news_of_one, "grows with the number of columns"),
        (news_added, "is a probability"),
        (news_capped, "grows with the number of columns"),
        (news_rounded, "does not lose tiny probabilities"),
    ],
    "12.3": [
        (units_always_something, "says when no power law has the unit"),
        (units_counted_by_rows, "counts what units leave open"),
        (units_by_inverse, "works where there are more quantities than units"),
    ],
    "12.4": [
        (step_where_both_are_equal_in_size, "balances noise and bending"),
        (step_for_a_first_derivative, "scales like a fourth root"),
        (step_with_noise_alone, "returns the error there"),
    ],
    "12.5": [
        (law_with_all_columns, "leaves out columns that do not matter"),
        (law_that_drops_small_exponents, "keeps weak columns that do matter"),
        (law_at_two_standard_errors, "leaves out columns that do not matter"),
        (law_at_six_standard_errors, "keeps weak columns that do matter"),
        (law_with_the_logarithm_of_its_factor, "finds the factor"),
        (law_not_fitted_again, "fits again after leaving out"),
        (law_with_errors_over_n, "says how sure it is"),
        (law_without_logarithms, "finds the exponents"),
    ],
}
