"""From curves to named functions; whole loops end in exact formulas."""

import numpy as np
import pytest
import sympy

import minikan.symbolic
from minikan import KAN, MLP, KANLayer, fit, fix_symbolic, formula, prune, refine, suggest, symbolify
from minikan.functions import LIBRARY, Function
from minikan.levenberg_marquardt import LevenbergMarquardt
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


def curve(function, grid=20, n=300):
    x = np.linspace(-1, 1, n)[:, None]
    model = KAN([1, 1], grid=grid)
    fit(model, x, function(x), progress=False)
    return model, x, function(x)


@pytest.mark.parametrize(
    ("function", "grid"),
    [
        (lambda x: x * np.sin(20 * np.pi * x), 200),
        (lambda x: 3e7 * (np.sin(3 * x) + 0.3 * x**2), 20),
        (lambda x: np.exp(-20 * x**2) * (1 + 3 * x), 40),
    ],
)
@pytest.mark.parametrize("given", [True, False])
def test_where_no_name_holds_splines_stay_and_it_is_said(function, grid, given):
    model, x, y = curve(function, grid)
    with pytest.warns(
        UserWarning, match=r"clearly worse than splines: RMSE \d.* instead of \d.*0 → 0 of layer 0"
    ):
        found = symbolify(model, x, y if given else None)
    assert unnamed(found) == [(0, 0, 0)]
    np.testing.assert_array_equal(found(x), model(x))


def test_names_that_hold_are_kept_next_to_splines():
    y = np.exp(X2[:, :1]) + X2[:, 1:] * np.sin(9 * X2[:, 1:])
    model = KAN([2, 1], grid=40)
    fit(model, X2, y, progress=False)
    with pytest.warns(UserWarning, match="so splines stay: 1 → 0 of layer 0"):
        found = symbolify(model, X2, y)
    assert found.layers[0].edge(0, 0).name == "exp" and unnamed(found) == [(0, 1, 0)]
    assert np.sqrt(np.mean((found(X2) - y) ** 2)) < 1e-4


def moves(monkeypatch, stop=np.inf):
    """Count the steps of training; the one with number `stop` is interrupted."""
    count, move = [], LevenbergMarquardt.move

    def counted(self, objective):
        count.append(1)
        if len(count) >= stop:
            raise KeyboardInterrupt
        return move(self, objective)

    monkeypatch.setattr(LevenbergMarquardt, "move", counted)
    return count


@pytest.mark.parametrize("noise", [0, 0.05])
def test_without_targets_it_takes_no_longer(monkeypatch, noise):
    y = np.exp(np.sin(3 * X2[:, 0]) + X2[:, 1] ** 2)
    y += noise * np.random.default_rng(2).normal(size=len(y))
    model = KAN([2, 1, 1], grid=10, seed=0)
    fit(model, X2, y, steps=40, update_grid=True, progress=False)
    count, steps = moves(monkeypatch), []
    for targets in (y, None):
        before = len(count)
        names = symbolify(model, X2, targets)
        steps.append(len(count) - before)
        found = [names.layers[k].edge(i, 0).name for k, i in ((0, 0), (0, 1), (1, 0))]
        assert found == ["sin", "x^2", "exp"] or (
            noise and targets is None
        )  # then there is noise in the curves
    assert steps[1] <= 1.2 * steps[0]


@pytest.mark.parametrize("stop", [1, 7, 40, 60, 101, 300])
def test_an_interrupt_ends_the_search_at_once(monkeypatch, stop):
    y = np.exp(X2[:, 0]) * X2[:, 1]
    model = KAN([2, 2, 1], seed=0)
    fit(model, X2, y, steps=20, progress=False)
    before, count = model.parameters.copy(), moves(monkeypatch, stop)
    with pytest.raises(KeyboardInterrupt):
        symbolify(model, X2, y, library=["x", "x^2", "exp"])
    assert len(count) == stop
    np.testing.assert_array_equal(model.parameters, before)


def test_progress_is_shown_if_it_is_wanted(monkeypatch):
    bars, bar = [], minikan.symbolic.progress_bar
    monkeypatch.setattr(
        minikan.symbolic, "progress_bar", lambda *options: bars.append(options) or bar(*options[:2], False)
    )
    model, x, y = curve(np.exp)
    symbolify(model, x, y)
    symbolify(model, x, y, progress=False)
    assert [(label, wanted) for _, label, wanted in bars] == [("symbolify", True), ("symbolify", False)]
    assert all(total > 0 for total, *_ in bars)


@pytest.mark.parametrize(
    ("function", "name", "held", "weights"),
    [
        (lambda x: 2 * np.sin(3 * x) + 1, "sin", dict(b=0), (3, 0, 2, 1)),
        (lambda x: np.exp(-x) * 3, "exp", dict(b=0, d=0), (-1, 0, 3, 0)),
        (lambda x: 2 * np.log(3 * x + 4), "log", dict(c=2, d=0), (3, 4, 2, 0)),
        (lambda x: 2 / (x + 1.5), "1/x", dict(c=1, d=0), (0.5, 0.75, 1, 0)),
        (lambda x: (2 * x + 1) ** 2 + 0.5, "x^2", dict(a=2), (2, 1, 1, 0.5)),
        (lambda x: np.sqrt(5 * x + 6), "sqrt", dict(c=1, d=0), (5, 6, 1, 0)),
    ],
)
def test_values_can_be_held_fixed(function, name, held, weights):
    model, x, y = curve(function)
    found = fix_symbolic(model, x, 0, 0, 0, name, **held)
    mine = found.layers[0].edge(0, 0).weights
    np.testing.assert_allclose(mine * np.sign(mine[0] * weights[0]) ** (name == "sin"), weights, atol=1e-3)
    fit(found, x, 1.1 * y + 0.2, steps=5, progress=False)  # in training, too
    mine = dict(zip("abcd", found.layers[0].edge(0, 0).weights, strict=True))
    assert {letter: mine[letter] for letter in held} == held


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam", "gd"])
def test_no_optimizer_moves_what_is_held(optimizer):
    model, x, _ = curve(np.sin)
    found = fix_symbolic(model, x, 0, 0, 0, "sin", b=0.5, d=-0.25)
    fit(found, x, np.cos(2 * x), steps=10, optimizer=optimizer, progress=False)
    a, b, c, d = found.layers[0].edge(0, 0).weights
    assert (b, d) == (0.5, -0.25) and np.isfinite([a, c]).all()


def test_a_value_to_hold_is_a_number():
    model, x, _ = curve(np.sin)
    with pytest.raises(TypeError, match="b must hold real numbers"):
        fix_symbolic(model, x, 0, 0, 0, "sin", b="0")
    with pytest.raises(ValueError, match="no log is defined on all samples of this edge"):
        fix_symbolic(model, x, 0, 0, 0, "log", a=1, b=-3)
