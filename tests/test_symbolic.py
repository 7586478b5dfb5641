"""From curves to named functions; whole loops end in exact formulas."""

import numpy as np
import pytest
import sympy

from minikan import KAN, MLP, KANLayer, fit, fix_symbolic, formula, prune, refine, suggest, symbolify
from minikan.functions import LIBRARY, Function
from minikan.matching import Candidate
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer
from minikan.splines import Splines
from minikan.symbolic import Suggestions, unnamed

X2 = np.random.default_rng(1).uniform(-1, 1, (500, 2))


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
    other = fixed.layers[0].sheet[1, 0]
    assert isinstance(other, KANLayer) and not other.name
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


def test_targets_whose_variance_is_beyond_float64_are_refused():
    """Next to an infinite variance every model would pass for exact."""
    x = np.linspace(-1, 1, 50)[:, None]
    large = SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["x"], [1.0, 0.0, 1e160, 0.0], (-1, 1))})
    for call in (lambda m: formula(m, X=x, verbose=False), lambda m: symbolify(m, x)):
        with pytest.raises(ValueError, match=r"(formula|symbolify) overflows float64"):
            call(KAN.from_layers([large]))


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize("number", [np.inf, np.nan, 1e300])
def test_an_edge_beyond_float64_is_refused(number):
    model = KAN([1, 2, 1], grid=1, order=0)
    model.parameters[:] = number
    for call in (suggest, lambda *place: fix_symbolic(*place, "x^2")):
        with pytest.raises(
            ValueError, match="edge_data overflows float64: inputs or parameters are too large"
        ):
            call(model, [[0.5], [0.6]], 1, 0, 0)


def test_nothing_may_fit():
    x = np.array([[0.0], [1e-320], [2e-320]])  # so steep that no stretch of a function is a number
    model = KAN([1, 1], grid=1, order=1)
    model.layers[0].bases = (Splines([[-1e-149, 0, 1e-149, 2e-149]], 1, "silu"),)
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
    assert not unnamed(named)


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


def test_only_kans_have_edges_to_be_named():
    x, mlp = np.linspace(-1, 1, 30)[:, None], MLP([1, 2, 1])
    for call, verb in (
        (lambda: suggest(mlp, x, 0, 0, 0), "suggest"),
        (lambda: fix_symbolic(mlp, x, 0, 0, 0, "x"), "fix_symbolic"),
        (lambda: symbolify(mlp, x), "symbolify"),
        (lambda: formula(mlp), "formula"),
    ):
        with pytest.raises(TypeError, match=f"{verb} needs a KAN, whose edges are curves, got MLP"):
            call()
