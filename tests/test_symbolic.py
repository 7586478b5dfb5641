"""From curves to formulas: the right function is found, and for the right reason; whole loops end in exact formulas."""

import numpy as np
import pytest
import sympy

from minikan import (
    KAN,
    attribute,
    fit,
    fix_symbolic,
    formula,
    load,
    prune,
    refine,
    save,
    suggest,
    symbolify,
)  # fmt: skip
from minikan.edges import EdgeLayer, FunctionEdge, SplineEdge, splines
from minikan.formulas import _shorter, _terms, canonical, nice_number
from minikan.functions import LIBRARY, Function
from minikan.matching import Candidate, match
from minikan.symbolic import Suggestions

X1 = np.random.default_rng(0).uniform(-1, 1, 500)
X2 = np.random.default_rng(1).uniform(-1, 1, (500, 2))


def best(y, x=X1, **options):
    return match(x, y, **options)[0]


# -------------------------------------------------------------------------------------------- matching


@pytest.mark.parametrize(
    ("name", "y"),
    [
        ("sin", 1e-3 * np.sin(3 * X1 + 1)),
        ("sin", np.cos(9 * X1)),
        ("arctan", np.arctan(2 * X1 + 0.3)),
        ("tanh", np.tanh(2 * X1 + 0.3)),
        ("tanh", 1 / (1 + np.exp(-3 * X1))),
        ("x^2", X1**2),
        ("cosh", np.cosh(2 * X1)),
        ("abs", np.abs(X1 - 0.2)),
        ("x", 2 * X1 + 1),
        ("0", np.full(500, 3.0)),
        ("0", np.full(500, 1e6) + 1e-9 * X1),
        ("exp", np.exp(-2 * X1)),
        ("log", np.log(X1 + 1.5)),
        ("sqrt", np.sqrt(X1 + 1.01)),
        ("1/x", 1 / (1.2 - X1)),
        ("1/sqrt", (X1 + 2) ** -0.5),
        ("x^3", (X1 - 0.2) ** 3),
        ("gaussian", np.exp(-2 * X1**2)),
        ("arcsin", np.arcsin(0.9 * X1)),
        ("J0", LIBRARY["J0"].evaluate(20 * X1)[0]),
    ],
)
def test_the_right_function_comes_first(name, y):
    found = best(y)
    assert found.function.name == name
    a, b, c, d = found.weights
    np.testing.assert_allclose(
        c * found.function.evaluate(a * X1 + b)[0] + d, y, atol=1e-7 * (np.ptp(y) + 1e-3)
    )


@pytest.mark.parametrize("shift", [1e4, -3.0])
@pytest.mark.parametrize("scale", [1e-5, 1e5])
def test_units_do_not_matter(shift, scale):
    found = best(scale * np.sin(3 * X1), scale * X1 + shift)
    assert found.function.name == "sin" and found.error < 1e-12
    assert found.weights[0] == pytest.approx(3 / scale, rel=1e-5)


@pytest.mark.parametrize("half", [1.0, 0.3, 0.12])
def test_a_short_piece_of_a_curve_is_enough(half):
    """Where cosh is nearly x², its numbers are hard to tell: they are found all the same."""
    found = best(np.cosh(half * X1), half * X1)
    assert found.function.name == "cosh" and found.error < 1e-15
    assert abs(found.weights[0]) == pytest.approx(1, rel=1e-2)


def test_limits_are_no_rivals():
    """A sine near its crest is a parabola in the limit, a root far from 0 a line: such mimics stay behind."""
    for name, y in (("x^2", (X1 - 0.1) ** 2), ("x", X1)):
        first, *others = match(X1, y)
        assert first.function.name == name and first.error < 1e-25
        assert min(c.error for c in others if c.function.degree != 1) > 1e-10
        for c in others:
            a, b, *_ = c.weights  # X1 goes from -1 to 1 or nearly so
            assert (
                abs(a) > 0.099
                if c.function.degree is None and c.function.name != "log"
                else abs(b) < 32 * abs(a)
            )


def test_noise_does_not_buy_complexity():
    y = X1**2 + np.random.default_rng(2).normal(0, 0.01, 500)
    assert best(y).function.name == "x^2"


def test_a_kink_is_not_an_absolute_value():
    y = np.where(X1 < 0.2, -0.2 * (X1 - 0.2), X1 - 0.2)  # slopes -0.2 and 1: |x| alone cannot do it
    assert best(y).error > 1e-3


def test_held_out_range_tells_mimics():
    found = {c.function.name: c for c in match(X1, np.sin(2 * X1))}
    assert found["sin"].held_out < 1e-20 < 1e-4 < found["x^3"].held_out
    assert found["arctan"].held_out > 5 * found["arctan"].error


def test_undefined_candidates_are_left_out():
    names = [c.function.name for c in match(X1, np.sin(2 * X1), ["sin", "tan", "log"])]
    assert names[0] == "sin"
    for candidate in match(X1, np.sin(40 * X1)):
        a, b, *_ = candidate.weights
        assert candidate.function.defined(a * X1 + b) and np.isfinite(candidate.error)


# ----------------------------------------------------------------------------------------------- edges


def small():
    """sin below, x² beside it, exp above: [2, 1, 1] in functions."""
    below = {
        (0, 0): FunctionEdge(LIBRARY["sin"], [2.0, 0.3, 0.7, 0.1]),
        (1, 0): FunctionEdge(LIBRARY["x^2"], [1.5, 0.2, -0.4, 0]),
    }
    return KAN.from_layers(
        [
            EdgeLayer(2, 1, below),
            EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["exp"], [0.8, -0.1, 1.2, 0.5])}),
        ]
    )


def test_derivatives_of_symbolic_edges():
    model = small()
    _, gradient = model.loss_and_gradient(X2, X2[:, 0])
    start, direction = model.parameters.copy(), np.random.default_rng(3).normal(size=12)
    sides, outputs = [], []
    for h in (1e-6, -1e-6):
        model.parameters = start + h * direction
        sides.append(model.loss_and_gradient(X2, X2[:, 0])[0])
        outputs.append(model(X2)[:, 0])
    model.parameters = start
    assert gradient @ direction == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-6)
    np.testing.assert_allclose(
        model.jacobian(X2)[:, 0] @ direction, (outputs[0] - outputs[1]) / 2e-6, atol=1e-8
    )
    first, second = model.input_derivatives(X2)
    h = np.array([1e-5, 0])
    np.testing.assert_allclose(first[:, 0, 0], (model(X2 + h) - model(X2 - h))[:, 0] / 2e-5, atol=1e-8)
    up, down = (model.input_derivatives(X2 + s * h)[0][:, 0, 0] for s in (1, -1))
    np.testing.assert_allclose(second[:, 0, 0, 0], (up - down) / 2e-5, atol=1e-7)


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam", "gd"])
def test_symbolic_edges_train_with_every_optimizer(optimizer):
    model, target = small(), small()(X2)
    model.parameters += 0.02 * np.random.default_rng(4).normal(size=12)
    history = fit(model, X2, target, steps=60, optimizer=optimizer)
    assert history.rmse.min() < (1e-9 if optimizer == "lm" else 0.9 * history.rmse[0])


def test_domains_give_no_nan():
    edge = FunctionEdge(LIBRARY["log"], [1.0, 0.0, 1.0, 0.0])
    model = KAN.from_layers([EdgeLayer(1, 1, {(0, 0): edge})])
    x = np.linspace(-2, 2, 101)[:, None]
    assert np.isfinite(model(x)).all()
    history = fit(model, x, np.log(x + 2.5), steps=100)
    assert np.isfinite(history.loss).all()


def test_suggest_and_fix():
    model = KAN([2, 1, 1], seed=0)
    y = np.exp(np.sin(3 * X2[:, 0]) + X2[:, 1] ** 2)
    for grid in (5, 10, 20):
        model = refine(model, grid)
        fit(model, X2, y, steps=30, update_grid=True)
    suggestions = suggest(model, X2, 0, 0, 0, top=3)
    assert len(suggestions) == 3 and suggestions[0].function.name == "sin"
    assert suggestions[0].r2 > 0.9999
    lines = repr(suggestions).splitlines()
    assert lines[0].split() == ["function", "1", "-", "R²", "held", "out", "complexity"]
    assert lines[-1].startswith("sin leaves ") and "times less than" in lines[-1]
    before = model.parameters.copy()
    fixed = fix_symbolic(model, X2, 0, 0, 0, "sin")
    np.testing.assert_array_equal(model.parameters, before)
    assert isinstance(fixed.layers[0].sheet[0, 0], FunctionEdge)
    assert isinstance(fixed.layers[0].sheet[1, 0], SplineEdge)
    np.testing.assert_allclose(fixed(X2), model(X2), atol=1e-3)
    assert symbolify(fixed, X2, y).layers[0].sheet[0, 0].function.name == "sin"
    with pytest.raises(ValueError, match="has no edge from node 0 to node 3 in layer 0"):
        suggest(model, X2, 0, 0, 3)
    with pytest.raises(ValueError, match="has no edge from node 0 to node 0 in layer 2"):
        suggest(model, X2, 2, 0, 0)
    with pytest.raises(ValueError, match="there is no function 'sine'; the library has 0, x,"):
        fix_symbolic(model, X2, 0, 0, 0, "sine")


def test_a_function_that_cannot_be_there():
    model = KAN([1, 1], grid=20)
    x = np.linspace(-1, 1, 300)[:, None]
    fit(model, x, np.sin(5 * x), steps=5)
    impossible = Function(
        "narrow", LIBRARY["sin"].derivatives, LIBRARY["sin"].expression, 2, low=-1e-3, high=1e-3
    )
    with pytest.raises(ValueError, match="no narrow is defined on all samples of this edge; sin fits best"):
        fix_symbolic(model, x, 0, 0, 0, impossible)


def test_symbolic_models_are_saved(tmp_path):
    model = small()
    save(model, tmp_path / "m.npz")
    again = load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again(X2), model(X2))
    assert repr(again) == repr(model) and again.layers[0].sheet[0, 0].span == (-1, 1)


def test_symbolic_models_are_pruned_and_scored():
    model = small()
    model.layers[0].sheet[1, 0].weights[2] = 1e-6
    assert attribute(model, X2).inputs[1] < 1e-4
    smaller = prune(model, X2, verbose=False)
    assert list(smaller.layers[0].sheet) == [(0, 0)]
    np.testing.assert_allclose(smaller(X2), model(X2), atol=1e-5)


# --------------------------------------------------------------------------------------------- formula


def test_canonical_is_the_same_function():
    model = small()
    same, free = canonical(model)
    np.testing.assert_allclose(same(X2), model(X2), rtol=1e-12)
    assert free.sum() == 7  # sin: a, b, c; x²: b, c; exp: c, d; the node's constant went into exp's factor
    np.testing.assert_array_equal(same.layers[1].sheet[0, 0].weights[:2], [1, 0])


@pytest.mark.parametrize("seed", range(20))
def test_canonical_on_all_kinds(seed):
    rng = np.random.default_rng(seed)
    names = [name for name in LIBRARY if name not in ("sgn",)]

    def edge(low=0.3):
        f = LIBRARY[names[rng.integers(len(names))]]
        return FunctionEdge(
            f,
            [
                0.2 * rng.choice([-1, 1]) * (1 if f.parity or f.low < 0 else 0.3),
                0.5,
                rng.normal(),
                rng.normal(),
            ],
        )

    layers = [
        EdgeLayer(2, 2, {(i, j): edge() for i in range(2) for j in range(2)}),
        EdgeLayer(2, 1, {(i, 0): edge() for i in range(2)}),
    ]
    model = KAN.from_layers(layers)
    x, same = rng.uniform(-0.1, 0.1, (50, 2)), canonical(model)[0]
    hidden, _ = model.layers[0].forward(x.T)
    inside = all(
        e.function.defined(e.weights[0] * hidden[i] + e.weights[1]) for (i, _), e in layers[1].sheet.items()
    )
    if inside:
        np.testing.assert_allclose(same(x), model(x), rtol=1e-8, atol=1e-8)


def test_formula_round_trips():
    model = small()
    expression = formula(model, ["x", "y"], verbose=False)
    x, y = sympy.symbols("x y", real=True)
    function = sympy.lambdify([x, y], expression, "numpy")
    np.testing.assert_allclose(function(*X2.T), model(X2)[:, 0], atol=1e-9)


def test_snapping_says_what_it_did_and_keeps_the_rest(capsys):
    edges = {
        (0, 0): FunctionEdge(LIBRARY["sin"], [np.pi * (1 + 1e-12), 0, 0.5, 0]),
        (1, 0): FunctionEdge(LIBRARY["x"], [1, 0, 0.123456789, 0]),
    }
    model = KAN.from_layers([EdgeLayer(2, 1, edges)])
    expression = formula(model, ["x", "y"], digits=4)
    x, y = sympy.symbols("x y", real=True)
    assert expression.coeff(sympy.sin(sympy.pi * x)) == sympy.Rational(1, 2)
    assert str(expression.coeff(y)) == "0.1235"
    said = capsys.readouterr().out
    assert "snapped 3.141592654 ± " in said and "to pi" in said and "0.1234" not in said
    plain = formula(model, ["x", "y"], snap=False, verbose=False)
    assert not plain.has(sympy.pi)


def test_snapping_respects_the_data():
    """0.51 is one half if the noise says so, and is not if the data are exact."""
    x = np.linspace(-1, 1, 200)[:, None]
    model = KAN.from_layers([EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x"], [1, 0, 0.51, 0])})])
    exact = formula(model, ["x"], x, 0.51 * x, verbose=False)
    noisy = formula(
        model, ["x"], x, 0.51 * x + np.random.default_rng(0).normal(0, 0.1, x.shape), verbose=False
    )
    symbol = sympy.Symbol("x", real=True)
    assert exact.coeff(symbol) == sympy.Rational(51, 100) or abs(float(exact.coeff(symbol)) - 0.51) < 1e-9
    assert noisy.coeff(symbol) == sympy.Rational(1, 2)


def test_nice_numbers():
    assert nice_number(1.5, 1e-9)[2] == "3/2*1"
    assert nice_number(-2 * np.pi / 3, 1e-9)[2] == "-2/3*pi"
    assert nice_number(1e-12, 1e-9)[1:] == (0.0, "0")
    assert nice_number(0.123456, 1e-9)[0] == np.inf
    assert nice_number(0.7, np.inf)[1] == 1 and nice_number(-3.0, np.inf)[1] == -1


def test_formula_refuses():
    with pytest.raises(ValueError, match="the edge from node 0 to node 0 of layer 0 is a spline; symbolify"):
        formula(KAN([1, 1]))
    with pytest.raises(ValueError, match="names must hold 2 names, got 1"):
        formula(small(), ["x"])
    with pytest.raises(ValueError, match="X must have 2 columns, got 1"):
        formula(small(), X=[[1.0]])
    with pytest.raises(ValueError, match="digits must be at least 1"):
        formula(small(), digits=0)


def test_a_curvature_beyond_float64_is_refused():
    steep = EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x^5"], [1e-300, -1e12, 1e-6, 0])})
    with pytest.raises(ValueError, match="formula leads beyond the largest float64"):
        formula(KAN.from_layers([steep]), X=[[0.0], [1.0], [100.0]])


def test_a_formula_that_would_fill_pages_is_not_expanded():
    """Powers of powers: written out, it has thousands of terms, and sympy needs minutes for them."""
    power = FunctionEdge(LIBRARY["x^4"], [1.1, 0.7, 0.9, 0.3])
    layers = [EdgeLayer(n, 1, {(i, 0): power for i in range(n)}) for n in (2, 1, 1)]
    assert formula(KAN.from_layers(layers), X=X2, snap=False, verbose=False).count_ops() < 30


def test_a_tiny_factor_of_something_large_stays():
    """The current through a diode: 1e-12 is no zero."""
    diode = KAN.from_layers([EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["exp"], [38, 0, 1e-12, 0])})])
    voltage = np.linspace(0, 1, 100)[:, None]
    for X in (voltage, voltage[::-1]):
        current = formula(diode, ["V"], X, diode(X), verbose=False)
        np.testing.assert_allclose(
            float(current.subs({sympy.Symbol("V", real=True): 1})), diode([[1.0]])[0, 0]
        )


def test_terms_are_bounded_before_they_are_written_out():
    x, y, z = sympy.symbols("x y z")
    for expression in (
        (x + 1) * (y + 2) * (z + 3),
        (x + y) ** 3,
        (x + y + 1) ** -2,
        sympy.sin(x) + y,
        x * y * z,
    ):
        numerator = expression if expression.as_numer_denom()[1] == 1 else 1 / expression
        assert len(sympy.Add.make_args(numerator.expand())) <= _terms(expression) <= 9
    assert _terms((x + 1) * (y + 2) * (z + 3)) == 8


def test_numbers_are_tidied_as_far_as_the_formula_does_not_move():
    x = sympy.Symbol("x", real=True)
    points = [{x: value} for value in np.linspace(0, 1, 10)]
    assert _shorter((0.5 + 1e-13) * x + 1e-14 * sympy.exp(x), points) == x / 2
    assert _shorter(x + 1e-12 * sympy.exp(21 * x), points).has(sympy.exp)  # a thousandth of it, at the end
    rough = (0.5 + 1e-13) * x
    assert _shorter(rough, []) == rough


def test_targets_whose_variance_is_beyond_float64_are_refused():
    """Next to an infinite variance every model would pass for exact."""
    x = np.linspace(-1, 1, 50)[:, None]
    large = EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x"], [1.0, 0.0, 1e160, 0.0], (-1, 1))})
    for call in (lambda m: formula(m, X=x, verbose=False), lambda m: symbolify(m, x)):
        with pytest.raises(ValueError, match=r"(formula|symbolify) leads beyond the largest float64"):
            call(KAN.from_layers([large]))


# ------------------------------------------------------------------------------------------- the loop


def loop(function, widths, seed):
    """From data to formula, as a user would: nothing but samples and a shape."""
    X = np.random.default_rng(seed).uniform(-1, 1, (1000, widths[0]))
    y = function(*X.T)
    model = KAN(widths, grid=5, seed=seed)
    fit(model, X, y, steps=40, sparsity=1e-3, update_grid=True)
    model = prune(model, X, verbose=False)
    for grid in (5, 10, 20):
        model = refine(model, grid)
        fit(model, X, y, steps=20, update_grid=True)
    model = symbolify(model, X, y)
    rmse = fit(model, X, y, steps=30).rmse.min()
    return rmse, formula(model, ["x", "y"], X, y, verbose=False)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "text", ["exp(sin(pi*x) + y**2)", "x*y", "log(2 + x**2 + sin(2*y))", "tanh(2*x + y**2)"]
)
def test_the_loop_finds_the_truth(text, seed):
    x, y = sympy.symbols("x y", real=True)
    truth = sympy.sympify(text, locals={"x": x, "y": y})
    rmse, found = loop(sympy.lambdify([x, y], truth, "numpy"), [2, 5, 1], seed)
    assert rmse < 1e-12
    assert sympy.simplify(found - truth) == 0


def test_noise_is_no_reason_for_a_complicated_name():
    """With noise many networks are good enough: loss and complexity together decide."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (800, 2))
    y = X[:, 0] * X[:, 1]
    y += 0.01 * y.std() * rng.standard_normal(800)
    model = KAN([2, 2, 1], seed=0)
    fit(model, X, y, steps=40, sparsity=1e-4, update_grid=True)
    model = symbolify(model, X, y)
    fit(model, X, y, steps=20)
    x, y_ = sympy.symbols("x y", real=True)
    assert formula(model, ["x", "y"], X, y, verbose=False) == x * y_


def test_constants_that_the_data_leave_open_walk_to_one():
    """9 / (3 - x y) - 3 as a quotient of squares that any a fits: from 0.178 it is far to where all are exact."""
    a, line, square = 0.178, LIBRARY["x"], LIBRARY["x^2"]
    below = {(0, 0): a, (0, 1): -a, (1, 0): -1, (1, 1): -1}
    model = KAN.from_layers(
        [
            EdgeLayer(2, 2, {place: FunctionEdge(line, [1, 0, c, 0]) for place, c in below.items()}),
            EdgeLayer(
                2,
                1,
                {
                    (0, 0): FunctionEdge(square, [1, 0, 1, 12 * a]),
                    (1, 0): FunctionEdge(square, [1, 0, -1, 0]),
                },
            ),
            EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["1/x"], [1, 0, 36 * a, -3])}),
        ]
    )
    X = np.abs(X2) * [1, 2]
    y = 9 / (3 - X[:, 0] * X[:, 1]) - 3
    np.testing.assert_allclose(model(X)[:, 0], y, atol=1e-13)
    x, y_ = sympy.symbols("x y", real=True)
    found = formula(model, ["x", "y"], X, y, verbose=False)
    assert not found.atoms(sympy.Float) and sympy.simplify(found - (9 / (3 - x * y_) - 3)) == 0


# ------------------------------------------------------------------------------------ broken numbers


@pytest.mark.parametrize("number", [np.inf, np.nan, 1e300])
def test_an_edge_beyond_float64_is_refused(number):
    model = KAN([1, 2, 1], grid=1, order=0)
    model.parameters[:] = number
    for call in (suggest, lambda *place: fix_symbolic(*place, "x^2")):
        with pytest.raises(ValueError, match=r"beyond the largest float64, 1.8e308"):
            call(model, [[0.5], [0.6]], 1, 0, 0)


def test_a_curve_beyond_float64_is_refused():
    for x, y in (([-1.7e308, 1.7e308], [0, 1]), ([0, 1], [1e200, -1e200])):
        with pytest.raises(ValueError, match="match leads beyond the largest float64"):
            match(x, y)


def test_a_curve_may_be_few_points_at_its_ends():
    for x, y in (([0, 1], [0, 1]), ([0, 0, 1], [1, 0, 2]), ([2.0], [3.0])):
        assert match(x, y)[0].error < 1


def test_match_is_a_border():
    with pytest.raises(ValueError, match=r"same length, got 2 and 3"):
        match([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="x must be a vector"):
        match([[0, 1]], [0, 1])
    for junk in ([None], [3], ["no such"], "sin"):
        with pytest.raises(ValueError, match=r"there is no function .+; the library has 0, x, "):
            match([0, 1], [0, 1], junk)


def test_nothing_may_fit():
    x = np.array([[0.0], [1e-320], [2e-320]])  # so steep that no stretch of a function is a number
    model = KAN([1, 1], grid=1, order=1)
    model.layers[0].place(np.array([[-1e-149, 0, 1e-149, 2e-149]]))
    model.parameters[:] = [0, 1e175, 0]
    nothing = suggest(model, x, 0, 0, 0)
    assert nothing == []
    assert str(nothing).endswith("no function of the library is defined here")
    with pytest.raises(ValueError, match=r"no sin is defined on all samples of this edge$"):
        fix_symbolic(model, x, 0, 0, 0, "sin")


def test_the_last_spline_of_all_may_get_its_name_in_turn():
    """Four points leave a single edge open; with its name no spline is left whose grid could become finer."""
    X = np.array([[0.55], [-0.92], [-1.84], [-1.93]] * 2)
    named = symbolify(KAN([1, 1], grid=1, order=0), X)
    assert np.isfinite(named.parameters).all()
    assert not splines(named)


@pytest.mark.parametrize("seed", range(8))
def test_constants_of_a_fit_without_any_error(seed):
    """Its own outputs are all that a formula is held against: some fits are exact to the last bit."""
    rng = np.random.default_rng(seed)
    weights, X = rng.normal(size=4), rng.uniform(-2, 2, (30, 1))
    named = KAN.from_layers([EdgeLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["tanh"], weights)})])
    found = sympy.lambdify(sympy.Symbol("x", real=True), formula(named, ["x"], X, verbose=False))
    np.testing.assert_allclose(found(X[:, 0]), named(X)[:, 0], rtol=0, atol=1e-6)


def test_reasons_where_a_rival_is_exact():
    first, rival = (
        Candidate(LIBRARY[name], np.ones(4), (0, 1), e) for name, e in (("x", 1e-31), ("x^2", 0.0))
    )
    assert Suggestions([first, rival]).reason() == "x leaves 1 times less than x^2, and is less complex"
    rival.error, first.error = 0.0, 1e-29
    assert Suggestions([first, rival]).reason() == "x leaves 10 times more than x^2, but is simpler by 1"


def test_what_has_names_only_keeps_them():
    x = np.linspace(-1, 1, 30)[:, None]
    model = fix_symbolic(KAN([1, 1]), x, 0, 0, 0, "x^2")
    found = symbolify(model, x, np.exp(x))  # there is nothing to name, and targets that it cannot reach
    assert found.layers[0].sheet[0, 0].function.name == "x^2"
    assert found.loss_and_gradient(x, np.exp(x))[0] < model.loss_and_gradient(x, np.exp(x))[0]
