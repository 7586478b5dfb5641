"""Formulas are the networks they are read off, with the exact constants that the data allow."""

import numpy as np
import pytest
import sympy
from models import small

from minikan import KAN, fit, fix_symbolic, formula
from minikan.canonical import canonical
from minikan.formulas import _shorter, _terms
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.snap import nice_number
from minikan.sparse import SparseLayer

X2 = np.random.default_rng(1).uniform(-1, 1, (500, 2))


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
        SparseLayer(2, 2, {(i, j): edge() for i in range(2) for j in range(2)}),
        SparseLayer(2, 1, {(i, 0): edge() for i in range(2)}),
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
    model = KAN.from_layers([SparseLayer(2, 1, edges)])
    expression = formula(model, ["x", "y"], digits=4)
    x, y = sympy.symbols("x y", real=True)
    assert expression.coeff(sympy.sin(sympy.pi * x)) == sympy.Rational(1, 2)
    assert str(expression.coeff(y)) == "0.1235"
    said = capsys.readouterr().out
    assert "snapped 3.141592654 ± " in said and "to pi" in said and "0.1234" not in said
    plain = formula(model, ["x", "y"], snap=False, verbose=False)
    assert not plain.has(sympy.pi)


def test_snapping_respects_the_data():
    """0.501 is one half if the noise says so, and is not if the data are exact."""
    x = np.linspace(-1, 1, 200)[:, None]
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x"], [1, 0, 0.501, 0])})])
    exact = formula(model, ["x"], x, 0.501 * x, verbose=False)
    noisy = formula(
        model, ["x"], x, 0.501 * x + np.random.default_rng(0).normal(0, 0.01, x.shape), verbose=False
    )
    symbol = sympy.Symbol("x", real=True)
    assert exact.coeff(symbol) == sympy.Rational(501, 1000) or abs(float(exact.coeff(symbol)) - 0.501) < 1e-9
    assert noisy.coeff(symbol) == sympy.Rational(1, 2)


def test_nice_numbers():
    assert nice_number(1.5, 1e-9)[2] == "3/2*1"
    assert nice_number(-2 * np.pi / 3, 1e-9)[2] == "-2/3*pi"
    assert nice_number(1e-12, 1e-9)[1:] == (0.0, "0")
    assert nice_number(0.123456, 1e-9)[0] == np.inf
    assert nice_number(0.7, np.inf)[1] == nice_number(-3.0, np.inf)[1] == 0


def test_formula_refuses():
    with pytest.raises(ValueError, match="names must differ from each other, got a, a"):
        formula(small(), ["a", "a"])
    with pytest.raises(ValueError, match="names must hold 2 names, got 1"):
        formula(small(), ["x"])
    with pytest.raises(ValueError, match="X must have 2 columns, got 1"):
        formula(small(), X=[[1.0]])
    with pytest.raises(ValueError, match="digits must be at least 1"):
        formula(small(), digits=0)


def test_a_curvature_beyond_float64_is_left_out():
    steep = SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x^5"], [1e-300, -1e12, 1e-6, 0])})
    found = formula(KAN.from_layers([steep]), X=[[0.0], [1.0], [100.0]], verbose=False)
    assert float(found) == pytest.approx(-1e54)  # whatever x


def test_a_formula_that_would_fill_pages_is_not_expanded():
    """Powers of powers: written out, it has thousands of terms, and sympy needs minutes for them."""
    power = FunctionEdge(LIBRARY["x^4"], [1.1, 0.7, 0.9, 0.3])
    layers = [SparseLayer(n, 1, {(i, 0): power for i in range(n)}) for n in (2, 1, 1)]
    assert formula(KAN.from_layers(layers), X=X2, snap=False, verbose=False).count_ops() < 30


def test_a_tiny_factor_of_something_large_stays():
    """The current through a diode: 1e-12 is no zero."""
    diode = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["exp"], [38, 0, 1e-12, 0])})])
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


def test_constants_that_the_data_leave_open_walk_to_one():
    """9 / (3 - x y) - 3 as a quotient of squares that any a fits: from 0.178 it is far to where all are exact."""
    a, line, square = 0.178, LIBRARY["x"], LIBRARY["x^2"]
    below = {(0, 0): a, (0, 1): -a, (1, 0): -1, (1, 1): -1}
    model = KAN.from_layers(
        [
            SparseLayer(2, 2, {place: FunctionEdge(line, [1, 0, c, 0]) for place, c in below.items()}),
            SparseLayer(
                2,
                1,
                {
                    (0, 0): FunctionEdge(square, [1, 0, 1, 12 * a]),
                    (1, 0): FunctionEdge(square, [1, 0, -1, 0]),
                },
            ),
            SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["1/x"], [1, 0, 36 * a, -3])}),
        ]
    )
    X = np.abs(X2) * [1, 2]
    y = 9 / (3 - X[:, 0] * X[:, 1]) - 3
    np.testing.assert_allclose(model(X)[:, 0], y, atol=1e-13)
    x, y_ = sympy.symbols("x y", real=True)
    found = formula(model, ["x", "y"], X, y, verbose=False)
    assert not found.atoms(sympy.Float) and sympy.simplify(found - (9 / (3 - x * y_) - 3)) == 0


@pytest.mark.parametrize("seed", range(8))
def test_constants_of_a_fit_without_any_error(seed):
    """Its own outputs are all that a formula is held against: some fits are exact to the last bit."""
    rng = np.random.default_rng(seed)
    weights, X = rng.normal(size=4), rng.uniform(-2, 2, (30, 1))
    named = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["tanh"], weights)})])
    found = sympy.lambdify(sympy.Symbol("x", real=True), formula(named, ["x"], X, verbose=False))
    np.testing.assert_allclose(found(X[:, 0]), named(X)[:, 0], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "names",
    [
        ["x", "y"],
        ["I", "E"],
        ["lambda", "pi"],
        ["temp_Annual_%", "x y"],
        ["s_1", "s_2"],
        ["2*x", "a-b"],
        ["β", "$\\alpha"],
        [0, 1],
    ],
)
@pytest.mark.parametrize("widths", [[2, 1], [2, 2, 2], [2, [1, 1], 1]])
def test_splines_are_functions_that_lambdify_computes(names, widths):
    model = KAN(widths, grid=3, seed=4)
    model = fix_symbolic(model, X2, 0, 1, 0, "sin")
    found = formula(model, names, X2, verbose=False)
    symbols = [sympy.Symbol(str(name), real=True) for name in names]
    values = sympy.lambdify(symbols, found)(*X2.T)
    np.testing.assert_allclose(np.atleast_2d(values).T, model(X2), atol=1e-12)
    first = found[0] if isinstance(found, list) else found
    assert float(first.evalf(subs=dict(zip(symbols, X2[0], strict=True)))) == pytest.approx(
        model(X2[:1])[0, 0]
    )


def test_next_to_splines_no_constant_is_made_exact():
    model = fix_symbolic(KAN([2, 1], seed=4), X2, 0, 0, 0, "sin", a=3.1415926, b=0, c=0.5, d=0)
    found = formula(model, ["x", "y"], X2, verbose=False)
    assert not found.has(sympy.pi) and found.has(sympy.sin)


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1e6, 1e7), (1e-12, 0)])
@pytest.mark.parametrize("function", [lambda x: np.sin(3 * x) + 0.3 * x**2, lambda x: np.exp(x) / (1 + x**2)])
def test_names_that_are_clearly_worse_than_splines_make_nothing_exact(function, scale, shift):
    x = np.linspace(-1, 1, 300)[:, None]
    y = scale * function(x) + shift
    model = KAN([1, 1], grid=20)
    fit(model, x, y, progress=False)
    model = fix_symbolic(model, x, 0, 0, 0, "sin")
    with pytest.warns(UserWarning, match=r"RMSE \d.* instead of about \d.*, so no constant is made exact"):
        found = formula(model, ["x"], x, y, verbose=False)
    assert all(number.is_Float or number in (0, 1) for number in found.atoms(sympy.Number))


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_reason_to_doubt_names(seed):
    """Warnings are errors here."""
    rng = np.random.default_rng(seed)
    y = small()(X2)[:, 0]
    y += rng.normal(0, 0.1 * y.std(), len(y))
    model = small()
    fit(model, X2, y, steps=20, progress=False)
    formula(model, ["x", "y"], X2, y, verbose=False)


@pytest.mark.parametrize("shift", [800, -800, 1e4, 3])
@pytest.mark.parametrize("a", [1.0, -2.0])
def test_a_constant_far_from_zero_inside_of_exp(shift, a):
    """exp(a (z + shift) - a shift), in which neither exp(a shift) nor its inverse is a number."""
    below = SparseLayer(1, 1, {(0, 0): FunctionEdge("1/x", [1, 1, 1, shift], (0.5, 3))})
    above = SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [a, -a * shift, 1, 0])})
    x = sympy.Symbol("x", real=True)
    model = KAN.from_layers([below, above])
    assert formula(model, ["x"], verbose=False) == sympy.exp(sympy.nsimplify(a) / (x + 1))
    plain = formula(model, ["x"], snap=False)
    assert float(plain.subs({x: 2})) == pytest.approx(np.exp(a / 3))


def test_a_constant_beyond_float64_is_refused():
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [1, -800, 1, 0], (799, 801))})])
    with pytest.raises(
        ValueError, match=r"formula overflows float64: it needs a constant of .*shift or scale"
    ):
        formula(model, ["x"], snap=False)


@pytest.mark.parametrize("most", [20, 60, 99])
def test_terms_that_the_data_do_not_need_disappear(most):
    """Next to exp(99) nothing is left of b + c - 1 in double precision."""
    X = np.random.default_rng(0).integers(0, most + 1, (500, 3)).astype(float)
    X[0, 0] = most
    edges = {(0, 0): FunctionEdge("exp", [1, 0, 1, 0])}
    edges |= {(i, 0): FunctionEdge("x", [1, 0, 1, -0.5]) for i in (1, 2)}
    model = KAN.from_layers([SparseLayer(3, 1, edges)])
    found = formula(model, ["a", "b", "c"], X, np.exp(X[:, 0]), verbose=False)
    assert found == sympy.exp(sympy.Symbol("a", real=True))
