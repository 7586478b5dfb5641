"""Typical wrong answers to the exercises of chapter 11."""

import numpy as np


def squares_without_difference(a, b, c, d, square):
    ab, cd = square(a + b) / 4, square(c + d) / 4
    return square(ab + cd) / 4


def squares_halved(a, b, c, d, square):
    def times(x, y):
        return (square(x + y) - square(x - y)) / 2

    return times(times(a, b), times(c, d))


def squares_by_hand(a, b, c, d, square):
    return a * b * c * d


def squares_of_three_terms(a, b, c, d, square):
    def times(x, y):
        return (square(x + y) - square(x) - square(y)) / 2

    return times(times(a, b), times(c, d))


def squares_of_sizes(a, b, c, d, square):
    def times(x, y):
        return (square(x + y) + -1 * square(x - y)) / 4

    one, two = times(a, b), times(c, d)
    return (square(one + two) - square(one) - square(two)) / -2


def constant_by_mean(f, fx, fy, fxy):
    c = np.mean(f - fx * fy / fxy)
    return c, np.sqrt(np.mean(((f - c) * fxy - fx * fy) ** 2))


def constant_by_mean_where_possible(f, fx, fy, fxy):
    at = fxy != 0
    c = np.mean(f[at] - fx[at] * fy[at] / fxy[at])
    return c, np.sqrt(np.mean(((f - c) * fxy - fx * fy) ** 2))


def constant_with_wrong_sign(f, fx, fy, fxy):
    c = fxy @ (fx * fy - f * fxy) / (fxy @ fxy)
    return c, np.sqrt(np.mean(((f - c) * fxy - fx * fy) ** 2))


def constant_left_out(f, fx, fy, fxy):
    return 0.0, np.sqrt(np.mean((f * fxy - fx * fy) ** 2))


def constant_with_sum(f, fx, fy, fxy):
    c = fxy @ (f * fxy - fx * fy) / (fxy @ fxy)
    return c, np.sqrt(np.sum(((f - c) * fxy - fx * fy) ** 2))


def groups_by_rows(size, limit):
    return sorted(
        {tuple(np.flatnonzero((size[i] > limit[i]) | (np.arange(len(size)) == i))) for i in range(len(size))}
    )


def groups_of_one_pass(size, limit):
    label = list(range(len(size)))
    for i in range(len(size)):
        for j in range(i):
            if size[i, j] > limit[i, j]:
                label[i] = label[j]
    return [[i for i, each in enumerate(label) if each == k] for k in sorted(set(label))]


def groups_with_one_threshold(size, limit):
    label = list(range(len(size)))
    for i in range(len(size)):
        for j in range(len(size)):
            if size[i, j] > 0.1:
                label = [label[i] if each == label[j] else each for each in label]
    return [[i for i, each in enumerate(label) if each == k] for k in sorted(set(label))]


def groups_all_in_one(size, limit):
    joined = {int(i) for i in np.flatnonzero((size > limit).any(axis=0))}
    rest = [[i] for i in range(len(size)) if i not in joined]
    return rest + ([sorted(joined)] if joined else [])


def slopes_by_ratio(gradient, hessian, a, b, k):
    fa, fb = gradient[:, a], gradient[:, b]
    return hessian[:, a, k] / fb - fa * hessian[:, b, k] / fb**2


def slopes_of_mixed(gradient, hessian, a, b, k):
    return hessian[:, a, b]


def slopes_half(gradient, hessian, a, b, k):
    return hessian[:, a, k] * gradient[:, b]


def slopes_of_the_ratio(gradient, hessian, a, b, k):
    return hessian[:, a, k] - gradient[:, a] / gradient[:, b] * hessian[:, b, k]


def slopes_swapped(gradient, hessian, a, b, k):
    return hessian[:, a, k] * gradient[:, a] - hessian[:, b, k] * gradient[:, b]


def slopes_of_the_first_two(gradient, hessian, a, b, k):
    return hessian[:, 0, 2] * gradient[:, 1] - hessian[:, 1, 2] * gradient[:, 0]


def missing_after_the_law(T, P, F):
    w = np.linalg.lstsq(T[:, None] * F, P, rcond=None)[0]
    g = F @ w
    h = F @ np.linalg.lstsq(F, P - T * g, rcond=None)[0]
    return g, h, np.full(len(T), np.std(P - T * g - h))


def _fitted(T, P, F):
    A = np.hstack([T[:, None] * F, F])
    w, M = np.linalg.lstsq(A, P, rcond=None)[0], F.shape[1]
    return A, F @ w[:M], F @ w[M:], P - A @ w


def missing_with_noise_as_error(T, P, F):
    _, g, h, r = _fitted(T, P, F)
    return g, h, np.full(len(T), r.std())


def missing_with_h_alone(T, P, F):
    A, g, h, r = _fitted(T, P, F)
    covariance = np.linalg.inv(F.T @ F) * (r @ r) / (len(T) - A.shape[1])
    return g, h, np.sqrt(np.einsum("na,ab,nb->n", F, covariance, F))


def missing_without_counting(T, P, F):
    A, g, h, r = _fitted(T, P, F)
    M = F.shape[1]
    covariance = np.linalg.inv(A.T @ A)[M:, M:] * np.mean(r**2)
    return g, h, np.sqrt(np.einsum("na,ab,nb->n", F, covariance, F))


def missing_of_g(T, P, F):
    A, g, h, r = _fitted(T, P, F)
    M = F.shape[1]
    covariance = np.linalg.inv(A.T @ A)[:M, :M] * (r @ r) / (len(T) - 2 * M)
    return g, h, np.sqrt(np.einsum("na,ab,nb->n", F, covariance, F))


def missing_centred(T, P, F):
    shifted = T - T.mean()
    A = np.hstack([shifted[:, None] * F, F])
    M, w = F.shape[1], np.linalg.lstsq(A, P, rcond=None)[0]
    change = np.hstack([-T.mean() * F, F])
    covariance = np.linalg.inv(A.T @ A) * np.sum((P - A @ w) ** 2) / (len(T) - 2 * M)
    g = F @ w[:M]
    return g, change @ w, np.sqrt(np.einsum("na,ab,nb->n", change, covariance, change))


def constant_as_an_array(f, fx, fy, fxy):
    r = f * fxy - fx * fy
    c = np.linalg.lstsq(fxy[:, None], r, rcond=None)[0]
    return c, np.sqrt(np.mean((r - c * fxy) ** 2))


RIGHT = {"11.2": [constant_as_an_array], "11.5": [missing_centred]}

WRONG = {
    "11.1": [
        (squares_without_difference, "multiplies positive numbers"),
        (squares_halved, "multiplies positive numbers"),
        (squares_by_hand, "multiplies positive numbers"),
        (squares_of_three_terms, "needs few squares"),
        (squares_of_sizes, "multiplies positive numbers"),
    ],
    "11.2": [
        (constant_by_mean, "divides nowhere"),
        (constant_by_mean_where_possible, "weighs samples by what they say"),
        (constant_with_wrong_sign, "finds the constant"),
        (constant_left_out, "finds the constant"),
        (constant_with_sum, "says how far it is from a product"),
    ],
    "11.3": [
        (groups_by_rows, "follows chains"),
        (groups_of_one_pass, "follows chains"),
        (groups_with_one_threshold, "asks the limit of each pair"),
        (groups_all_in_one, "keeps groups apart"),
    ],
    "11.4": [
        (slopes_by_ratio, "divides nowhere"),
        (slopes_of_mixed, "is zero where the ratio is fixed"),
        (slopes_half, "is zero where the ratio is fixed"),
        (slopes_of_the_ratio, "is not zero where it is not"),
        (slopes_swapped, "is zero where the ratio is fixed"),
        (slopes_of_the_first_two, "uses the inputs it is told"),
    ],
    "11.5": [
        (missing_after_the_law, "finds g and h without noise"),
        (missing_with_noise_as_error, "says how sure h is"),
        (missing_with_h_alone, "says how sure h is"),
        (missing_without_counting, "counts its weights"),
        (missing_of_g, "says how sure h is"),
    ],
}
