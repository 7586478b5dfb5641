"""Typical wrong answers to the exercises of chapter 09."""

import numpy as np


def work_of_each_curve_once(groups, m):
    total = (groups.max() + 1) * m + groups.size
    return total, total


def work_without_scales(groups, m):
    curves = sum(len(set(row)) for row in groups.tolist())
    return (groups.max() + 1) * m, curves * m


def work_of_every_curve_at_every_input(groups, m):
    count = groups.max() + 1
    return count * m + groups.size, groups.shape[0] * count * m + groups.size


def work_of_every_edge(groups, m):
    return (groups.max() + 1) * m + groups.size, groups.size * m


def legendre_without_factors(u, degree, derivative):
    T = np.zeros((degree + 1, *np.shape(u)))
    for d in range(derivative + 1):
        lower, T = T, np.zeros_like(T)
        T[:2] = [(np.ones_like(u), u), (0 * u, np.ones_like(u)), (0 * u, 0 * u)][min(d, 2)]
        for m in range(1, degree):
            T[m + 1] = 2 * u * T[m] + 2 * d * lower[m] - T[m - 1]
    return T


def legendre_slopes_without_product_rule(u, degree, derivative):
    P = np.zeros((degree + 1, *np.shape(u)))
    P[:2] = [(np.ones_like(u), u), (0 * u, np.ones_like(u)), (0 * u, 0 * u)][min(derivative, 2)]
    for m in range(1, degree):
        P[m + 1] = ((2 * m + 1) * u * P[m] - m * P[m - 1]) / (m + 1)
    return P


def legendre_first_rule_for_all(u, degree, derivative):
    P = np.zeros((degree + 1, *np.shape(u)))
    for d in range(derivative + 1):
        lower, P = P, np.zeros_like(P)
        P[:2] = [(np.ones_like(u), u), (0 * u, np.ones_like(u)), (0 * u, 0 * u)][min(d, 2)]
        for m in range(1, degree):
            P[m + 1] = ((2 * m + 1) * (u * P[m] + lower[m]) - m * P[m - 1]) / (m + 1)
    return P


def curve_mean(curves):
    curve = curves.mean(axis=0)
    size = np.sqrt(np.mean(curve**2)) or 1.0
    curve = curve / size
    return curve, curves @ curve / max(curve @ curve, 1e-300)


def curve_of_the_largest(curves):
    curve = curves[np.argmax(np.sum(curves**2, axis=1))]
    curve = curve / np.sqrt(np.mean(curve**2))
    return curve, curves @ curve / (curve @ curve)


def curve_of_length_one(curves):
    U, s, V = np.linalg.svd(curves, full_matrices=False)
    return V[0], U[:, 0] * s[0]


def roof_sums(parts, peak, bandwidth):
    flops, read, handed = parts.T
    traffic = read + handed + np.append(0, handed[:-1])
    fused = flops.sum() / peak + (read.sum() + handed[-1]) / bandwidth
    return float(np.sum(flops / peak + traffic / bandwidth)), float(fused)


def roof_of_the_total(parts, peak, bandwidth):
    flops, read, handed = parts.T
    traffic = read + handed + np.append(0, handed[:-1])
    fused = max(flops.sum() / peak, (read.sum() + handed[-1]) / bandwidth)
    return float(max(flops.sum() / peak, traffic.sum() / bandwidth)), float(fused)


def roof_hands_on_once(parts, peak, bandwidth):
    flops, read, handed = parts.T
    apart = np.maximum(flops / peak, (read + handed) / bandwidth).sum()
    return float(apart), float(max(flops.sum() / peak, (read.sum() + handed[-1]) / bandwidth))


def roof_fused_hands_on(parts, peak, bandwidth):
    flops, read, handed = parts.T
    apart = np.maximum(flops / peak, (read + handed + np.append(0, handed[:-1])) / bandwidth).sum()
    return float(apart), float(max(flops.sum() / peak, (read.sum() + handed.sum()) / bandwidth))


def _parts(x, w, centres, width):
    v = (x[:, None] - centres) / width
    return v, np.exp(-0.5 * v**2)


def bumps_with_weights_in_front(x, w, centres, width, g):
    v, bump = _parts(x, w, centres, width)
    return g @ (w * bump), g @ (w * bump * v) / width, np.sum(g @ (w * bump * v**2)) / width


def bumps_to_the_left(x, w, centres, width, g):
    v, bump = _parts(x, w, centres, width)
    return g @ bump, -g @ (w * bump * v) / width, np.sum(g @ (w * bump * v**2)) / width


def bumps_without_weights(x, w, centres, width, g):
    v, bump = _parts(x, w, centres, width)
    return g @ bump, g @ (bump * v) / width, np.sum(g @ (bump * v**2)) / width


def bumps_with_a_width_each(x, w, centres, width, g):
    v, bump = _parts(x, w, centres, width)
    return g @ bump, g @ (w * bump * v) / width, g @ (w * bump * v**2) / width


WRONG = {
    "09.1": [
        (work_of_each_curve_once, "counts one curve for all edges"),
        (work_without_scales, "counts one curve for all edges"),
        (work_of_every_curve_at_every_input, "counts one curve for each input"),
        (work_of_every_edge, "counts groups that cross the layer"),
    ],
    "09.2": [
        (legendre_without_factors, "has the right values"),
        (legendre_slopes_without_product_rule, "has the right first derivative"),
        (legendre_first_rule_for_all, "has higher derivatives"),
    ],
    "09.3": [
        (curve_mean, "survives edges of opposite sign"),
        (curve_of_the_largest, "leaves as little over as can be"),
        (curve_of_length_one, "gives the curve size 1"),
    ],
    "09.4": [
        (roof_sums, "knows both limits of a part"),
        (roof_of_the_total, "decides for each part by itself"),
        (roof_hands_on_once, "counts what is handed on twice"),
        (roof_fused_hands_on, "counts what is handed on twice"),
    ],
    "09.5": [
        (bumps_with_weights_in_front, "knows the weights"),
        (bumps_to_the_left, "moves the centres"),
        (bumps_without_weights, "moves the centres"),
        (bumps_with_a_width_each, "changes the width"),
    ],
}
