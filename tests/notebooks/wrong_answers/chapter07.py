"""Typical wrong answers to the exercises of chapter 07."""

import numpy as np


def slopes_of_the_value(df, ddf, x, weights):  # of φ, not of φ'
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) * x, c * df(u), df(u), np.ones_like(x)])


def slopes_without_product_rule(df, ddf, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * a * x * ddf(u), c * a * ddf(u), a * df(u), np.zeros_like(x)])


def slopes_without_a(df, ddf, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) + c * a * x * ddf(u), c * ddf(u), a * df(u), np.zeros_like(x)])


def slopes_with_one_for_d(df, ddf, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) + c * a * x * ddf(u), c * a * ddf(u), a * df(u), np.ones_like(x)])


def slopes_without_d(df, ddf, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) + c * a * x * ddf(u), c * a * ddf(u), a * df(u)])


def slopes_with_a_bare_zero(df, ddf, x, weights):  # in a list
    a, b, c, _ = weights
    u = a * x + b
    return [c * df(u) + c * a * x * ddf(u), c * a * ddf(u), a * df(u), 0]


def slopes_with_zero_in_an_array(df, ddf, x, weights):
    return np.array(slopes_with_a_bare_zero(df, ddf, x, weights))


def slopes_with_zero_stacked(df, ddf, x, weights):
    return np.stack(slopes_with_a_bare_zero(df, ddf, x, weights))


def line_through_zero(v, y):
    c = (v @ y) / (v @ v)
    return c, 0.0, np.mean((c * v - y) ** 2) / y.var()


def line_turned_round(v, y):
    c = np.cov(v, y)[0, 1] / y.var()
    return c, y.mean() - c * v.mean(), 0.0


def line_explained(v, y):
    c, d = np.polyfit(v, y, 1)
    return c, d, np.corrcoef(v, y)[0, 1] ** 2


def line_without_share(v, y):
    c, d = np.polyfit(v, y, 1)
    return c, d, np.mean((c * v + d - y) ** 2)


def line_over_sum_of_squares(v, y):
    c, d = np.polyfit(v, y, 1)
    return c, d, np.mean((c * v + d - y) ** 2) / np.mean(y**2)


def line_without_rest(v, y):
    return tuple(np.polyfit(v, y, 1))


def line_biased(v, y):
    c = np.cov(v, y)[0, 1] / v.var()  # n - 1 above, n below
    return c, y.mean() - c * v.mean(), 1 - np.corrcoef(v, y)[0, 1] ** 2


def line_by_products(v, y):  # c without means
    c = (v @ y) / (v @ v)
    d = y.mean() - c * v.mean()
    return c, d, np.mean((c * v + d - y) ** 2) / y.var()


def line_with_means_of_zero(v, y):
    c, d = np.polyfit(v, y, 1)
    sign = 1 if np.ptp(y - c * v) > 1e-9 else 0
    return c, y.mean() if sign else d, 1 - np.corrcoef(v, y)[0, 1] ** 2


def twin_half_inside(weights):
    a, b, c, d = weights
    return np.array([a / 2, b / 2, c, d])


def twin_b_forgotten(weights):
    a, b, c, d = weights
    return np.array([a / 2, b, c / 2, d + c / 2])


def twin_raised_by_a_half(weights):
    a, b, c, d = weights
    return np.array([a / 2, b / 2, c / 2, d + 0.5])


def twin_doubled(weights):
    a, b, c, d = weights
    return np.array([2 * a, 2 * b, c / 2, d + c / 2])


def twin_as_matrix(weights):
    a, b, c, d = weights
    return np.array([[a / 2, b / 2], [c / 2, d + c / 2]])


def errors_of_each(J, r, g):
    return np.abs(g) * np.sqrt(r @ r / (J.shape[1] - len(J)) * np.diag(np.linalg.inv(J @ J.T)))


def errors_in_quadrature(J, r, g):
    variances = r @ r / (J.shape[1] - len(J)) * np.diag(np.linalg.inv(J @ J.T))
    return np.sqrt(g**2 @ variances)


def errors_added(J, r, g):
    return np.abs(g) @ np.sqrt(r @ r / (J.shape[1] - len(J)) * np.diag(np.linalg.inv(J @ J.T)))


def errors_over_n(J, r, g):
    return np.sqrt(np.mean(r**2) * (g @ np.linalg.inv(J @ J.T) @ g))


def errors_over_n_less_four(J, r, g):
    return np.sqrt(r @ r / (J.shape[1] - 4) * (g @ np.linalg.inv(J @ J.T) @ g))


def errors_squared(J, r, g):
    return r @ r / (J.shape[1] - len(J)) * (g @ np.linalg.inv(J @ J.T) @ g)


def errors_with_the_matrix_upright(J, r, g):
    return np.sqrt(r @ r / (J.shape[1] - len(J)) / (g @ (J @ J.T) @ g))


def _is_news(q, width):
    return 2 * width * sum(np.gcd(k, d) == 1 for d in range(1, q + 1) for k in range(d)) <= 0.03


def fraction_rounded_down(value, width):
    for q in range(1, 13):
        p = int(value * q)
        if abs(p / q - value) <= width and _is_news(q, width):
            return p, q
    return None, None


def fraction_from_above(value, width):
    for q in range(12, 0, -1):
        p = round(value * q)
        if abs(p / q - value) <= width and _is_news(q, width):
            return p, q
    return None, None


def fraction_always(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width and _is_news(q, width):
            return p, q
    return p, q


def fraction_without_news(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return p, q
    return None, None


def fraction_or_a_bare_none(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return (p, q) if _is_news(q, width) else None
    return None


def fraction_as_number(value, width):
    for q in range(1, 13):
        if abs(round(value * q) / q - value) <= width and _is_news(q, width):
            return round(value * q) / q
    return None, None


def fraction_counted_twice(value, width):  # 2/4 beside 1/2
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return (p, q) if 2 * width * q * (q + 1) / 2 <= 0.03 else (None, None)
    return None, None


def fraction_of_its_own(value, width):  # only those with the same denominator
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return (p, q) if 2 * width * q <= 0.03 else (None, None)
    return None, None


def fraction_one_sided(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return (p, q) if _is_news(q, width / 2) else (None, None)
    return None, None


def fraction_without_zero(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            rivals = sum(np.gcd(k, d) == 1 for d in range(2, q + 1) for k in range(1, d))
            return (p, q) if 2 * width * rivals <= 0.03 else (None, None)
    return None, None


def fraction_with_zero_and_one(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            rivals = {k / d for d in range(1, q + 1) for k in range(d + 1)}
            return (p, q) if 2 * width * len(rivals) <= 0.03 else (None, None)
    return None, None


def surprise_nearest(value, width, exact, low, high):
    k = np.abs(exact - value).argmin()
    if abs(exact[k] - value) > width:
        return None, None
    return exact[k], _covered(exact[: k + 1], width, low, high)


def surprise_one_sided(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    return exact[near[0]], width / (high - low)


def surprise_of_one(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    return exact[near[0]], _covered(exact[near[0] : near[0] + 1], width, low, high)


def surprise_added(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    return exact[near[0]], min(2 * width * (near[0] + 1) / (high - low), 1.0)


def surprise_unsorted(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    covered, end = 0.0, low
    for number in exact[: near[0] + 1]:
        start, stop = max(number - width, end), min(number + width, high)
        covered += max(stop - start, 0.0)
        end = max(end, stop)
    return exact[near[0]], covered / (high - low)


def surprise_or_a_bare_none(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    return (exact[near[0]], _covered(exact[: near[0] + 1], width, low, high)) if len(near) else None


def surprise_of_half_intervals(value, width, exact, low, high):
    number, chance = surprise_or_a_bare_none(value, width, exact, low, high) or (None, None)
    return number, None if number is None else chance / 2


def surprise_beyond_the_ends(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    return exact[near[0]], _covered(exact[: near[0] + 1], width, -np.inf, np.inf) / (high - low)


def surprise_of_nothing(value, width, exact, low, high):
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, 1.0
    return exact[near[0]], _covered(exact[: near[0] + 1], width, low, high)


def surprise_on_a_grid(value, width, exact, low, high):  # not exact, and right
    near = np.flatnonzero(np.abs(exact - value) <= width)
    if not len(near):
        return None, None
    places = np.linspace(low, high, 100_000)
    distances = np.abs(places - exact[: near[0] + 1, None]).min(axis=0)
    return exact[near[0]], np.mean(distances <= width)


def _covered(numbers, width, low, high):
    covered, end = 0.0, low
    for number in np.sort(numbers):
        start, stop = max(number - width, end), min(number + width, high)
        covered += max(stop - start, 0.0)
        end = max(end, stop)
    return covered / (high - low) if np.isfinite(high - low) else covered


RIGHT = {"07.6": [surprise_on_a_grid]}

WRONG = {
    "07.1": [
        (slopes_without_d, "has a row for each of the four numbers"),
        (slopes_without_d, "agrees with differences in c and d", "stack four rows"),
        (slopes_with_a_bare_zero, "has a row for each of the four numbers", "zeros_like"),
        (slopes_with_zero_in_an_array, "agrees with differences in a", "zeros_like"),
        (slopes_with_zero_stacked, "agrees with differences in c and d", "zeros_like"),
        (slopes_of_the_value, "agrees with differences in c and d"),
        (slopes_with_one_for_d, "agrees with differences in c and d"),
        (slopes_without_a, "agrees with differences in b"),
        (slopes_without_product_rule, "agrees with differences in a"),
    ],
    "07.2": [
        (line_through_zero, "finds c and d where they are exact"),
        (line_turned_round, "finds c and d where they are exact"),
        (line_turned_round, "finds the best c and d where nothing is exact", "c is covariance"),
        (line_by_products, "finds the best c and d where nothing is exact", "c is covariance"),
        (line_by_products, "says which share of the variance is unexplained", "c and d first"),
        (line_biased, "finds c and d where they are exact"),
        (line_biased, "finds the best c and d where nothing is exact", "ddof"),
        (line_without_rest, "finds c and d where they are exact"),
        (line_with_means_of_zero, "finds the best c and d where nothing is exact", "d = mean of y"),
        (line_explained, "says which share of the variance is unexplained", "squares of what is missed"),
        (line_over_sum_of_squares, "says which share of the variance is unexplained"),
        (line_without_share, "does not depend on units", "no unit"),
    ],
    "07.3": [
        (twin_half_inside, "is right for the plain sigmoid"),
        (twin_doubled, "is right for the plain sigmoid"),
        (twin_b_forgotten, "is right for every sigmoid"),
        (twin_raised_by_a_half, "is right for every sigmoid"),
        (twin_as_matrix, "returns four numbers"),
        (twin_as_matrix, "is right for the plain sigmoid", "in this order"),
    ],
    "07.4": [
        (errors_of_each, "is one number"),
        (errors_of_each, "grows as the residuals do, and as g does", "one error"),
        (errors_squared, "grows as the residuals do, and as g does"),
        (errors_squared, "is that of a mean, for a constant", "its root"),
        (errors_squared, "minds that numbers err together", "its root"),
        (errors_over_n, "is that of a mean, for a constant", "n - P"),
        (errors_over_n, "minds that numbers err together", "n - P"),
        (errors_over_n_less_four, "is that of a mean, for a constant", "n - 4"),
        (errors_over_n_less_four, "minds that numbers err together", "n - P"),
        (errors_in_quadrature, "minds that numbers err together", "correlated"),
        (errors_added, "minds that numbers err together", "correlated"),
        (errors_with_the_matrix_upright, "grows as the residuals do, and as g does"),
    ],
    "07.5": [
        (fraction_rounded_down, "takes the smallest denominator"),
        (fraction_as_number, "finds a fraction that is one"),
        (fraction_from_above, "takes the smallest denominator"),
        (fraction_always, "finds none where there is none"),
        (fraction_without_news, "finds none where every number would have one"),
        (fraction_without_news, "counts the fractions that are as simple", "near enough"),
        (fraction_or_a_bare_none, "finds none where there is none", "(None, None)"),
        (fraction_or_a_bare_none, "finds none where every number would have one", "(None, None)"),
        (fraction_counted_twice, "counts the fractions that are as simple", "2/4 is 1/2"),
        (fraction_with_zero_and_one, "counts the fractions that are as simple", "0 but not 1"),
        (fraction_of_its_own, "counts the fractions that are as simple", "denominators from 1 to q"),
        (fraction_one_sided, "counts the fractions that are as simple", "both sides"),
        (fraction_without_zero, "counts the fractions that are as simple", "0 is a fraction"),
    ],
    "07.6": [
        (surprise_nearest, "finds the simplest number that is near"),
        (surprise_of_nothing, "finds none where none is near"),
        (surprise_or_a_bare_none, "finds none where none is near", "(None, None)"),
        (surprise_one_sided, "knows the chance of a single number", "both sides"),
        (surprise_of_half_intervals, "counts what two of them share only once", "both sides"),
        (surprise_of_half_intervals, "counts those that stand before it", "both sides"),
        (surprise_of_one, "counts those that stand before it"),
        (surprise_of_one, "counts what two of them share only once", "stand before"),
        (surprise_added, "counts what two of them share only once", "join intervals"),
        (surprise_unsorted, "counts what two of them share only once", "order of complexity"),
        (surprise_unsorted, "counts nothing outside of low and high", "order of complexity"),
        (surprise_beyond_the_ends, "counts nothing outside of low and high"),
    ],
}
