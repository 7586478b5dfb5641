"""Typical wrong answers to the exercises of chapter 07."""

import numpy as np


def slopes_of_the_weights_only(f, df, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) * x, c * df(u), f(u), np.ones_like(x)])


def slopes_with_a_for_x(f, df, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) * a, c * df(u), f(u), np.ones_like(x), c * df(u) * x])


def slopes_without_c(f, df, x, weights):
    a, b = weights[:2]
    u = a * x + b
    return np.stack([df(u) * x, df(u), f(u), np.ones_like(x), df(u) * a])


def slopes_with_value_in_c(f, df, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) * x, c * df(u), c * f(u), np.ones_like(x), c * df(u) * a])


def slopes_without_the_inner(f, df, x, weights):
    a, b, c, _ = weights
    u = a * x + b
    return np.stack([c * df(u) * x, c * df(u), f(u), np.ones_like(x), c * df(u)])


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


def errors_matrix(J, r):
    return np.sqrt(np.abs(np.linalg.inv(J @ J.T)) * (r @ r) / (J.shape[1] - len(J)))


def errors_without_noise(J, r):
    return np.sqrt(np.diag(np.linalg.inv(J @ J.T)))


def errors_over_n(J, r):
    return np.sqrt(np.mean(r**2) * np.diag(np.linalg.inv(J @ J.T)))


def errors_one_by_one(J, r):
    return np.sqrt(np.sum(r**2) / (J.shape[1] - len(J)) / np.diag(J @ J.T))


def errors_squared(J, r):
    return np.sum(r**2) / (J.shape[1] - len(J)) * np.diag(np.linalg.inv(J @ J.T))


def fraction_rounded_down(value, width):
    for q in range(1, 13):
        p = int(value * q)
        if abs(p / q - value) <= width and width * q**2 <= 0.2:
            return p, q
    return None, None


def fraction_closest(value, width):
    q = min(range(1, 13), key=lambda q: abs(round(value * q) / q - value))
    if abs(round(value * q) / q - value) <= width and width * q**2 <= 0.2:
        return round(value * q), q
    return None, None


def fraction_always(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width and width * q**2 <= 0.2:
            return p, q
    return p, q


def fraction_without_news(value, width):
    for q in range(1, 13):
        p = round(value * q)
        if abs(p / q - value) <= width:
            return p, q
    return None, None


def fraction_as_number(value, width):
    for q in range(1, 13):
        if abs(round(value * q) / q - value) <= width and width * q**2 <= 0.2:
            return round(value * q) / q
    return None, None


WRONG = {
    "07.1": [
        (slopes_of_the_weights_only, "has a slope for each of the four numbers and for x"),
        (slopes_with_a_for_x, "agrees with differences in a and b"),
        (slopes_without_c, "agrees with differences in a and b"),
        (slopes_with_value_in_c, "agrees with differences in c and d"),
        (slopes_without_the_inner, "agrees with differences in x"),
    ],
    "07.2": [
        (line_through_zero, "finds c and d where they are exact"),
        (line_turned_round, "finds c and d where they are exact"),
        (line_biased, "finds c and d where they are exact"),
        (line_without_rest, "finds c and d where they are exact"),
        (line_with_means_of_zero, "finds the best c and d where nothing is exact"),
        (line_explained, "says which share of the variance is left over"),
        (line_over_sum_of_squares, "says which share of the variance is left over"),
        (line_without_share, "does not depend on units"),
    ],
    "07.3": [
        (twin_half_inside, "is right for the plain sigmoid"),
        (twin_doubled, "is right for the plain sigmoid"),
        (twin_b_forgotten, "is right for every sigmoid"),
        (twin_raised_by_a_half, "is right for every sigmoid"),
        (twin_as_matrix, "returns four numbers"),
    ],
    "07.4": [
        (errors_matrix, "has an error for each number"),
        (errors_without_noise, "grows with what is left over"),
        (errors_squared, "grows with what is left over"),
        (errors_over_n, "is that of a mean, for a constant"),
        (errors_one_by_one, "minds that numbers help each other out"),
    ],
    "07.5": [
        (fraction_rounded_down, "takes the smallest denominator"),
        (fraction_as_number, "finds a fraction that is one"),
        (fraction_closest, "takes the smallest denominator"),
        (fraction_always, "finds none where there is none"),
        (fraction_without_news, "finds none where every number would have one"),
    ],
}
