"""Typical wrong answers to the exercises of chapter 10."""

import numpy as np


def jet_entry_by_entry(a, b):
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


def jet_without_mixed_term(a, b):
    return a[0] * b[0], a[1] * b[0] + a[0] * b[1], a[2] * b[0] + a[0] * b[2]


def jet_with_mixed_term_once(a, b):
    return a[0] * b[0], a[1] * b[0] + a[0] * b[1], a[2] * b[0] + a[1] * b[1] + a[0] * b[2]


def hessian_of_axes_alone(second, n):
    return np.diag([second(e) for e in np.eye(n)])


def hessian_without_the_diagonal_taken_away(second, n):
    E = np.eye(n)
    H = np.array([[second(E[i] + E[j]) / 2 for j in range(n)] for i in range(n)])
    H[np.diag_indices(n)] = [second(e) for e in E]
    return H


def hessian_not_halved(second, n):
    E, H = np.eye(n), np.diag([second(e) for e in np.eye(n)])
    for i in range(n):
        for j in range(i):
            H[i, j] = H[j, i] = second(E[i] + E[j]) - H[i, i] - H[j, j]
    return H


def hessian_of_all_pairs(second, n):
    E = np.eye(n)
    return np.array([[(second(a + b) - second(a - b)) / 4 for b in E] for a in E])


def linear_without_conditions(features, p, q, f, left, right, x):
    rows = features(x, 2) + p(x)[:, None] * features(x, 1) + q(x)[:, None] * features(x, 0)
    return np.linalg.lstsq(rows, f(x), rcond=None)[0]


def linear_with_zero_ends(features, p, q, f, left, right, x):
    rows = features(x, 2) + p(x)[:, None] * features(x, 1) + q(x)[:, None] * features(x, 0)
    rows = np.vstack([rows, 1e4 * features(np.array([0.0, 1.0]), 0)])
    return np.linalg.lstsq(rows, np.concatenate([f(x), [0, 0]]), rcond=None)[0]


def linear_with_weight_on_the_left_only(features, p, q, f, left, right, x):
    rows = features(x, 2) + p(x)[:, None] * features(x, 1) + q(x)[:, None] * features(x, 0)
    rows = np.vstack([rows, 1e4 * features(np.array([0.0, 1.0]), 0)])
    return np.linalg.lstsq(rows, np.concatenate([f(x), [left, right]]), rcond=None)[0]


def linear_with_p_and_q_swapped(features, p, q, f, left, right, x):
    rows = features(x, 2) + q(x)[:, None] * features(x, 1) + p(x)[:, None] * features(x, 0)
    rows = np.vstack([rows, 1e4 * features(np.array([0.0, 1.0]), 0)])
    return np.linalg.lstsq(rows, np.concatenate([f(x), [1e4 * left, 1e4 * right]]), rcond=None)[0]


def linear_without_p(features, p, q, f, left, right, x):
    rows = features(x, 2) + q(x)[:, None] * features(x, 0)
    rows = np.vstack([rows, 1e4 * features(np.array([0.0, 1.0]), 0)])
    return np.linalg.lstsq(rows, np.concatenate([f(x), [1e4 * left, 1e4 * right]]), rcond=None)[0]


def built_with_one_power(N, height, speed):
    return lambda t: height + speed * t + t * N(t)


def built_with_three_powers(N, height, speed):
    return lambda t: height + speed * t + t**3 * N(t)


def built_by_adding(N, height, speed):
    return lambda t: height + speed * t + N(t)


def built_without_network(N, height, speed):
    return lambda t: height + speed * t


def rate_from_a_fit(features, t, s, y):
    w = np.linalg.lstsq(features(s, 0), y, rcond=None)[0]
    u, slope = features(s, 0) @ w, features(s, 1) @ w
    return -(slope @ u) / (u @ u), w


def rate_that_stays(features, t, s, y):
    rows = np.vstack([features(t, 1) + features(t, 0), features(np.zeros(1), 0), features(s, 0)])
    return 1.0, np.linalg.lstsq(rows, np.concatenate([0 * t, [1.0], y]), rcond=None)[0]


def rate_by_one_step(features, t, s, y):
    F, slope = features(t, 0), features(t, 1)
    start, there = features(np.zeros(1), 0), features(s, 0)
    w = np.linalg.lstsq(np.vstack([slope + F, start]), np.append(0 * t, 1.0), rcond=None)[0]
    last = np.concatenate([30 * (F @ w), np.zeros(len(s) + 1)])
    J = np.column_stack([np.vstack([30 * (slope + F), 30 * start, there]), last])
    r = np.concatenate([30 * (slope @ w + F @ w), 30 * (start @ w - 1), there @ w - y])
    step = np.linalg.lstsq(J, -r, rcond=None)[0]
    return 1 + step[-1], w + step[:-1]


def rate_without_the_start(features, t, s, y):
    k = (
        float(np.mean(-np.log(np.maximum(np.abs(y / y[0]), 1e-9))[1:] / (s - s[0])[1:]))
        if len(s) > 1
        else 1.0
    )
    rows = np.vstack([features(t, 1) + k * features(t, 0), features(s, 0)])
    return k, np.linalg.lstsq(rows, np.concatenate([0 * t, y]), rcond=None)[0]


def _rate_by_turns(features, t, s, y, weight):
    F, slope, k = features(t, 0), features(t, 1), 1.0
    told = np.vstack([weight * features(np.zeros(1), 0), features(s, 0)])
    targets = np.concatenate([0 * t, [weight], y])
    for _ in range(40):
        rows = np.vstack([weight * (slope + k * F), told])
        w = np.linalg.lstsq(rows, targets, rcond=None)[0]
        last = np.append(weight * (F @ w), np.zeros(len(y) + 1))
        k += np.linalg.lstsq(np.column_stack([rows, last]), targets - rows @ w, rcond=None)[0][-1]
    return k, w


def rate_with_weight_one(features, t, s, y):
    return _rate_by_turns(features, t, s, y, 1.0)


def rate_with_weight_ten(features, t, s, y):
    return _rate_by_turns(features, t, s, y, 10.0)


def rate_with_weight_thousand(features, t, s, y):
    return _rate_by_turns(features, t, s, y, 1000.0)


def rate_by_logarithms(features, t, s, y):
    k = -np.sum(s * np.log(np.abs(y))) / np.sum(s**2)
    return k, np.linalg.lstsq(features(t, 0), np.exp(-k * t), rcond=None)[0]


def rate_by_logarithms_of_what_is_positive(features, t, s, y):
    s, y = s[y > 0], y[y > 0]
    return rate_by_logarithms(features, t, s, y)


def built_with_the_network_less_its_start(N, height, speed):
    return lambda t: height + speed * t + t * (N(t) - N(0 * t))


def built_with_the_network_less_its_start_and_a_square(N, height, speed):
    return lambda t: height + speed * t + t**2 * (N(t) - N(0 * t))


RIGHT = {
    "10.4": [built_with_the_network_less_its_start],
    "10.5": [rate_with_weight_ten, rate_with_weight_thousand],
}

WRONG = {
    "10.1": [
        (jet_entry_by_entry, "has the first derivative"),
        (jet_without_mixed_term, "squares x rightly"),
        (jet_with_mixed_term_once, "squares x rightly"),
    ],
    "10.2": [
        (hessian_of_axes_alone, "finds mixed derivatives"),
        (hessian_without_the_diagonal_taken_away, "finds the diagonal"),
        (hessian_not_halved, "finds mixed derivatives"),
        (hessian_of_all_pairs, "asks no more than it must"),
    ],
    "10.3": [
        (linear_without_conditions, "solves u″ = f"),
        (linear_with_zero_ends, "meets both conditions"),
        (linear_with_weight_on_the_left_only, "meets both conditions"),
        (linear_with_p_and_q_swapped, "takes numbers q that change with x"),
        (linear_without_p, "takes the first derivative"),
    ],
    "10.4": [
        (built_with_one_power, "starts with the speed"),
        (built_by_adding, "starts at the height"),
        (built_without_network, "listens to the network"),
        (built_with_three_powers, "leaves the acceleration free"),
        (built_with_the_network_less_its_start_and_a_square, "leaves the acceleration free"),
    ],
    "10.5": [
        (rate_from_a_fit, "needs only one measurement"),
        (rate_that_stays, "finds the rate from exact measurements"),
        (rate_by_one_step, "finds the rate from exact measurements"),
        (rate_without_the_start, "needs only one measurement"),
        (rate_with_weight_one, "bears noise"),
        (rate_by_logarithms, "bears noise"),
        (rate_by_logarithms, "bears measurements near zero", "logarithms"),
        (rate_by_logarithms_of_what_is_positive, "bears measurements near zero"),
    ],
}
