"""Slow, plain versions of what the package does fast: loops that read like the formulas."""

import numpy as np

from minikan import KANLayer, Splines


def slow_basis(m, k, t, x):
    """B_m of order k at one x, by the textbook Cox–de Boor recursion; 0/0 counts as 0."""
    if k == 0:
        closes_domain = x == t[-1] and t[m] < t[m + 1] == t[-1]
        return float(t[m] <= x < t[m + 1] or closes_domain)
    value = 0.0
    if t[m + k] > t[m]:
        value += (x - t[m]) / (t[m + k] - t[m]) * slow_basis(m, k - 1, t, x)
    if t[m + k + 1] > t[m + 1]:
        value += (t[m + k + 1] - x) / (t[m + k + 1] - t[m + 1]) * slow_basis(m + 1, k - 1, t, x)
    return value


def slow_edge(layer, i, j, x):
    """φ_{j,i}(x) for one x inside the grid."""
    spline = sum(
        layer.coef[i, m, j] * slow_basis(m, layer.order, layer.knots[i], x)
        for m in range(layer.coef.shape[1])
    )
    return layer.base_weight[i, j] * x / (1 + np.exp(-x)) + spline


def slow_network(model, X):
    """The network as nested loops over samples, layers and edges; grids must hold every activation."""
    outputs = []
    for x in X:
        for layer in model.layers:
            x = [sum(slow_edge(layer, i, j, x[i]) for i in range(layer.n_in)) for j in range(layer.n_out)]
        outputs.append(x)
    return np.array(outputs)


def central_difference(f, x, direction, h=1e-6):
    """The derivative of f at x along a direction, to the order h²."""
    return (np.asarray(f(x + h * direction)) - np.asarray(f(x - h * direction))) / (2 * h)


def spline_layer(knots, coef, base_weight):
    """A KANLayer of knots (n_in, G + 2k + 1), coefficients (n_in, G + k, n_out) and silu's weights (n_in, n_out)."""
    knots, coef, base_weight = np.asarray(knots), np.asarray(coef), np.asarray(base_weight)
    splines = Splines(knots, knots.shape[1] - coef.shape[1] - 1, base="silu")
    return KANLayer(splines, np.concatenate([coef, base_weight[:, None]], axis=1))
