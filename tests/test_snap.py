"""An exact name is a claim: known constants are found, random ones hardly ever, and open ones disappear."""

import numpy as np
import pytest
import sympy

from minikan import KAN
from minikan import snap as snap_module
from minikan.losses import MeanSquaredError
from minikan.named import FunctionEdge
from minikan.snap import Constrained, exact_number, nice_number, snap_constants
from minikan.sparse import SparseLayer
from minikan.terms import Data

KNOWN = [
    "1/2",
    "3",
    "-2/3",
    "pi",
    "-pi/2",
    "2*pi",
    "sqrt(2)",
    "1/pi",
    "E",
    "sqrt(3)/2",
    "sqrt(pi)",
    "sqrt(2*pi)",
]


@pytest.mark.parametrize("width", [3e-2, 1e-3, 1e-6, 1e-10])
def test_random_numbers_get_no_exact_names(width):
    """2,000 numbers in all; 5% are allowed."""
    values = np.random.default_rng(0).uniform(-1, 1, 500)
    values = np.sign(values) * 10 ** (4 * np.abs(values) - 2)  # from 0.01 to 100, of both signs
    named = [value for value in values if nice_number(value, width * abs(value))[0] < np.inf]
    assert len(named) <= 25


@pytest.mark.parametrize("text", KNOWN)
@pytest.mark.parametrize("width", [1e-6, 1e-9])
def test_known_constants_are_found_where_the_width_allows_it(text, width):
    exact = sympy.sympify(text)
    value = float(exact)
    for shift in (0.0, 0.9, -0.9):
        cost, number, name = nice_number(value * (1 + shift * width), width * abs(value))
        assert exact_number(name).equals(exact) and cost < np.inf
        assert number == pytest.approx(value, rel=1e-15)
        assert nice_number(value * (1 + 3 * width), width * abs(value))[1] != number


def test_a_wide_interval_makes_no_claim():
    for text in KNOWN:
        value = float(sympy.sympify(text))
        assert nice_number(value, 0.5 * abs(value))[0] == np.inf


def test_simpler_numbers_cost_less():
    costs = [nice_number(value, 1e-9)[0] for value in (1.0, 2.0, 1 / 2, np.pi, 3 * np.pi / 7)]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


@pytest.mark.parametrize("text", ["3/2*1", "-2/3*pi", "1*1/pi", "5/7*sqrt(2*pi)", "2*E", "-1*sqrt(3)", "0"])
def test_texts_become_sympy_numbers(text):
    ratio, _, name = text.partition("*")
    wanted = sympy.sympify(f"({ratio})*({name or 1})")
    assert exact_number(text) == wanted


def law(edges, X, y, free):
    """Edges of a sum {i: (name, a, b, c, d)} and the objective to fit them to y (n,)."""
    named = {(i, 0): FunctionEdge(name, weights) for i, (name, *weights) in edges.items()}
    model = KAN.from_layers([SparseLayer(X.shape[1], 1, named)])
    data = Data(X, y[None], np.full(len(X), 1 / len(X)), MeanSquaredError())
    return Constrained(model, [data], np.array(free, bool))


X2 = np.random.default_rng(1).uniform(0.5, 2, (200, 2))


def test_measured_constants_become_exact_and_the_others_stay():
    X, y = X2[:, :1], np.sin(np.pi * X2[:, 0] + 0.5) * 0.731234567
    objective = law({0: ("sin", 3.14, 0.49, 0.73, 0.01)}, X, y, [1, 1, 1, 1])
    found = snap_constants(objective, 1e-22)
    assert {k: text for k, (text, *_) in found.items()} == {0: "1*pi", 1: "1/2*1", 3: "0"}
    assert objective.parameters[0] == np.pi and objective.free.tolist() == [False, False, True, False]
    assert objective.parameters[2] == pytest.approx(0.731234567, rel=1e-12)


def test_what_the_data_leave_open_disappears():
    """Of two constants only the sum matters: one becomes 0, and the other takes all of it."""
    y = 1.2345678 * X2[:, 0] ** 2 + 0.87654321 * X2[:, 1] + 3.3123456
    objective = law({0: ("x^2", 1, 0, 1, 5.0), 1: ("x", 1, 0, 1, -2.0)}, X2, y, [0, 0, 1, 1, 0, 0, 1, 1])
    found = snap_constants(objective, 1e-22)
    texts = {k: text for k, (text, *_) in found.items()}
    assert list(texts.values()) == ["0"] and set(texts) < {3, 7}
    assert sorted(objective.parameters[[3, 7]]) == pytest.approx([0, 3.3123456], rel=1e-9)
    np.testing.assert_allclose(objective.model(X2)[:, 0], y, rtol=1e-10)


def test_constants_that_do_nothing_become_zero():
    """Inside of 0 · sin(a x + b) nothing is known of a and b."""
    y = 1.2345678 * X2[:, 1]
    objective = law({0: ("sin", 1.7, 0.3, 0, 0), 1: ("x", 1, 0, 1, 0)}, X2, y, [1, 1, 0, 0, 0, 0, 1, 0])
    found = snap_constants(objective, 1e-22)
    assert {k: text for k, (text, *_) in found.items()} == {0: "0", 1: "0"}
    assert objective.parameters[:2].tolist() == [0, 0] and objective.free.sum() == 1


def test_a_name_lies_within_the_error():
    """3.01 ± 0.0001 is not 3, and 3.0000 ± 0.0001 is."""
    rng, X = np.random.default_rng(2), X2[:, :1]
    y = 3.01 * X[:, 0] + 1e-3 * rng.normal(size=len(X))
    objective = law({0: ("x", 1, 0, 1, 0)}, X, y, [0, 0, 1, 0])
    assert snap_constants(objective, 1e-22) == {} and abs(objective.parameters[2] - 3.01) < 1e-3
    objective = law({0: ("x", 1, 0, 1, 0)}, X, y - 0.01 * X[:, 0], [0, 0, 1, 0])
    assert [text for text, *_ in snap_constants(objective, 1e-22).values()] == ["3*1"]


def test_standard_errors_are_those_of_least_squares():
    rng = np.random.default_rng(3)
    y = 1.2345 * X2[:, 0] - 0.777 * X2[:, 1] + 0.1 * rng.normal(size=len(X2))
    objective = law({0: ("x", 1, 0, 1, 0), 1: ("x", 1, 0, 1, 0)}, X2, y, [0, 0, 1, 0, 0, 0, 1, 0])
    objective.settle()
    weights, rest, *_ = np.linalg.lstsq(X2, y, rcond=None)
    np.testing.assert_allclose(objective.parameters[[2, 6]], weights, rtol=1e-9)
    covariance, unknown = objective.covariance()
    wanted = rest[0] / (len(y) - 2) * np.linalg.inv(X2.T @ X2)
    np.testing.assert_allclose(covariance[np.ix_([2, 6], [2, 6])], wanted, rtol=1e-6)
    assert not unknown.any()


def test_an_exact_constant_at_a_pole_is_refused(monkeypatch):
    """1/(x - 0.98)² with a sample at x = 1: the derivatives of 1/(x - 1)² overflow there."""
    x = np.linspace(1, 3, 60)[:, None]
    y = 1 / (x[:, 0] - 0.98) ** 2 + 3 * np.random.default_rng(0).normal(size=60)
    objective = law({0: ("1/x^2", 1.0, -0.98, 1.0, 0.0)}, x, y, [False, True, True, True])
    offer = snap_module.nice_number
    monkeypatch.setattr(
        snap_module,
        "nice_number",
        lambda value, width: (0, -1.0, "-1") if -1 < value < -0.9 else offer(value, width),
    )
    with np.errstate(all="ignore"):  # as `formula` does
        found = snap_constants(objective, 1e-22)
    assert "-1" not in {name for name, _, _ in found.values()}
    assert np.isfinite(objective.loss()) and np.isfinite(objective.parameters).all()
