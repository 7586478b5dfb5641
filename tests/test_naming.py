"""Names of edges are judged by the whole network, with the freedom that other edges leave."""

import numpy as np
import pytest

from minikan import KAN
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.naming import OUTER, complexity, criterion, free_curves, match_pair, name_edges, slim, trained
from minikan.shapes import Factor, Node, Shape, same
from minikan.sparse import SparseLayer

SOME = [LIBRARY[name] for name in ("x", "x^2", "1/x", "exp", "sin", "log", "sqrt")]
X2 = np.random.default_rng(0).uniform(0.5, 2, (200, 2))


def product(X, extra):
    """A network of splines for A(x1)·B(x2) + C, C a sum over the inputs `extra`."""
    nodes = [Node((Factor((0,)), Factor((1,))))] + ([Node((Factor(extra),))] if extra else [])
    return Shape(tuple(nodes)).network(X, 4, 1)


def values(model, at):
    return model.layers[0].edges(X2.T)[at[1], at[0]]


@pytest.mark.parametrize(
    "inner, outer, curve",
    [
        ("x^2", "sin", lambda x: np.sin(np.pi * x**2)),
        ("x^2", "sin", lambda x: np.cos(4 * x**2) - 0.3),  # changes its sign
        ("x^3", "sin", lambda x: np.sin(3 * x**3 + 1)),
        ("1/x", "sin", lambda x: 2 * np.sin(6 / (x + 1.5))),
        ("log", "sin", lambda x: np.sin(5 * np.log(x + 1.5))),
        ("x^2", "exp", lambda x: np.exp(-3 * x**2) - 0.5),
    ],
)
def test_pairs_of_any_function_of_a_power_are_found(inner, outer, curve):
    x = np.linspace(-1, 1, 400)
    moved = x if inner in ("x^2", "x^3") else x + 1.5
    library = [LIBRARY[name] for name in ("x", "x^2", "x^3", "1/x", "sqrt", "log", "sin", "exp")]
    (f, g), *_ = match_pair(moved, curve(x), library)
    assert (g.function.name, f.function.name) == (inner, outer)
    assert g.error < 1e-10
    u = g.weights[2] * g.function.evaluate(g.weights[0] * moved + g.weights[1], 0)[0] + g.weights[3]
    a, b, c, d = f.weights
    np.testing.assert_allclose(c * f.function.evaluate(a * u + b, 0)[0] + d, curve(x), atol=1e-4)


def test_a_constant_in_a_factor_is_undone_by_another_term():
    """A·B + C = (A + k)·B + (C - k B): to C a multiple of B may be added, with another multiple of the way to A + k."""
    model = product(X2, (1,))
    shapes, ways = free_curves(model, X2, (0, 1, 2))
    B = values(model, (1, 1))
    [k] = [k for k in range(len(shapes)) if abs(np.corrcoef(shapes[k], B)[0, 1]) > 1 - 1e-9]
    np.testing.assert_allclose(shapes[k], -B * (shapes[k] @ -B) / (B @ B), atol=1e-9 * np.ptp(B))
    # Walk along the way, and add the curve to C: the network computes what it did.
    before, moved = model(X2), KAN.from_layers(model.layers)
    moved.parameters += 0.7 * ways[k]
    assert np.abs(moved(X2) - before).max() > 0.01  # A alone changes a lot
    np.testing.assert_allclose(moved(X2)[:, 0] + 0.7 * shapes[k], before[:, 0], atol=1e-9)


def test_nothing_is_free_where_nothing_makes_up_for_it():
    for at in [(0, 0, 0), (0, 1, 1)]:  # C is missing
        shapes, ways = free_curves(product(X2, ()), X2, at)
        assert len(shapes) == len(ways) == 0
    shapes, _ = free_curves(
        product(X2, (0,)), X2, (0, 1, 1)
    )  # C(x1) can undo neither A + k nor change with B
    assert len(shapes) == 0


@pytest.mark.parametrize("outer", [name for name in OUTER if name != "log"])
def test_a_function_of_a_function_is_found(outer):
    x = np.linspace(0.5, 3, 200)
    inner, g = ("1/x", 1 / x) if outer == "exp" else ("exp", np.exp(x))
    u = g + 1.5
    curve = -2.5 * LIBRARY[outer].evaluate(u, 0)[0]
    found = match_pair(x, curve, [*SOME, LIBRARY[outer]])
    assert (outer, inner) in [(f.function.name, g.function.name) for f, g in found]
    for f, g in found:
        if (f.function.name, g.function.name) == (outer, inner):
            (a, b, c, d), (p, q, r, s) = f.weights, g.weights
            middle = r * g.function.evaluate(p * x + q, 0)[0] + s
            np.testing.assert_allclose(c * f.function.evaluate(a * middle + b, 0)[0] + d, curve, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("outer", "curve"),
    [("1/x", lambda x: 1 / ((x - 21.4) ** 2 + 2.3**2)), ("exp", lambda x: np.exp(-(((x - 20) / 3) ** 2)))],
)
def test_small_values_do_not_hide_a_pair(outer, curve, seed):
    """1/y and log y of a peak's flanks are nearly all noise: the square inside is found where y is large."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(10, 33, 240))
    y, noise = curve(x), 0.01 * curve(x).std() * rng.normal(size=240)
    noisy = np.abs(y + noise) + 1e-6 * y.max()
    found = match_pair(x, noisy, [*SOME, LIBRARY["1/cosh"]])
    pairs = [(f.function.name, g.function.name) for f, g in found]
    assert (outer, "x^2") in pairs
    f, g = found[pairs.index((outer, "x^2"))]
    assert g.error < 1.5 * np.var(noisy - y) / np.var(noisy)
    middle = g.weights[2] * (g.weights[0] * x + g.weights[1]) ** 2 + g.weights[3]
    values = f.weights[2] * f.function.evaluate(f.weights[0] * middle + f.weights[1], 0)[0] + f.weights[3]
    np.testing.assert_allclose(values, y, atol=0.01 * y.max())


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize(
    ("inner", "curve"),
    [
        ("exp", lambda x: 4.5 * (1 - np.exp(-1.9 * (x - 0.74))) ** 2),  # Morse's potential
        ("log", lambda x: 2 - 3 * (np.log(x) - 0.4) ** 2),
        ("cos", lambda x: (np.cos(x) - 0.3) ** 2 + 1),
    ],
)
def test_squares_of_what_changes_its_sign_are_found(inner, curve, noise):
    x = np.linspace(0.5, 3, 240)
    y = curve(x)
    y = y + noise * y.std() * np.random.default_rng(0).normal(size=240)
    f, g = match_pair(x, y, list(LIBRARY.values()))[0]
    assert (f.function.name, g.function.name.replace("sin", "cos")) == ("x^2", inner)
    assert g.error < 1.2 * noise**2 + 1e-20


def test_pairs_are_sorted_and_not_found_where_there_are_none():
    x = np.linspace(0.5, 3, 200)
    found = match_pair(x, np.exp(-2 / x), SOME)
    assert [found[0][k].function.name for k in (0, 1)] == ["exp", "1/x"]
    costs = [inner.evidence() + np.log(3) * outer.function.complexity for outer, inner in found]
    assert costs == sorted(costs) and len(found) <= 4
    assert {outer.function for outer, _ in found} <= set(SOME)
    for curve in (np.zeros(200), np.random.default_rng(0).normal(size=200)):
        assert match_pair(x, curve, SOME) == []


def sum_of(edges):
    """A network of named edges {i: (name, a, b, c, d)} into one sum."""
    return KAN.from_layers([SparseLayer(2, 1, {(i, 0): FunctionEdge(n, w) for i, (n, *w) in edges.items()})])


def test_slim_takes_away_what_does_nothing():
    y = X2[:, 0] ** 2
    idle = trained(sum_of({0: ("x^2", 1, 0, 1, 0), 1: ("sin", 1, 0, 1e-3, 0)}), X2, y, 20)
    found = slim(idle, X2, y, 1e-18)
    assert found.model.layers[0].edge_list == [(0, 0)] and found.complexity < idle.complexity
    np.testing.assert_allclose(found.model(X2)[:, 0], y, atol=1e-8)


def test_slim_keeps_what_is_needed():
    y = X2[:, 0] ** 2 + 0.01 * np.sin(X2[:, 1])
    needed = trained(sum_of({0: ("x^2", 1, 0, 1, 0), 1: ("sin", 1, 0, 0.01, 0)}), X2, y, 20)
    assert slim(needed, X2, y, 1e-18).model.layers[0].edge_list == [(0, 0), (1, 0)]
    alone = trained(sum_of({0: ("x^2", 1, 0, 1, 0)}), X2, y, 20)
    assert slim(alone, X2, y, 1e-18) is alone  # the last edge stays


def test_edges_that_change_nothing_are_free():
    model = sum_of({0: ("x^2", 1, 0, 1, 0), 1: ("sin", 1, 0, 1, 0)})
    more = KAN.from_layers([*model.layers, SparseLayer(1, 1, {(0, 0): same()})])
    price = LIBRARY["x^2"].complexity + LIBRARY["sin"].complexity
    assert complexity(model) == complexity(more) == price
    more.layers[1].weights[2] = 2
    assert complexity(KAN.from_layers(more.layers)) >= price


def test_the_criterion_prefers_simple_below_the_floor():
    assert criterion(1e-9, 3, 100, 1e-8) < criterion(1e-12, 4, 100, 1e-8)
    assert criterion(1e-9, 3, 100, 1e-18) > criterion(1e-12, 4, 100, 1e-18)
    assert np.isfinite(criterion(0.0, 1, 100, 0.0))


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_the_best_network_of_names_has_the_true_ones(scale):
    """The first network that the beam yields is exact; targets of any size are the same to it."""
    model = Shape((Node((Factor((0, 1)),)),)).network(X2, 8, 0)
    y = scale * (np.exp(X2[:, 0]) + np.sin(3 * X2[:, 1]))
    trained(model, X2, y, 30)
    before = model.parameters.copy()
    found = next(name_edges(model, X2, y, SOME, 1e-10 * y.var()))
    np.testing.assert_array_equal(model.parameters, before)  # trials leave the network as it was
    names = [found.model.layers[0].edge(i, 0).name for i in (0, 1)]
    assert names == ["exp", "sin"] and found.loss < 1e-16 * y.var()
