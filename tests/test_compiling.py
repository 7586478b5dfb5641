"""Formulas become networks that compute them, and come back; named edges become splines."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minikan import KAN, MLP, PROBLEMS, compile_formula, fit, formula, load, loosen, save
from minikan.named import unnamed
from minikan.sparse import SparseLayer

FORMULAS = {name: problem.formula for name, problem in PROBLEMS.items()}
FORMULAS["high_dimensional"] = "exp((" + "+".join(f"sin(pi*x{i}/2)**2" for i in range(1, 101)) + ")/100)"
SPECIAL = {  # functions of two variables
    *("ellipj", "ellipkinc", "ellipeinc", "jv", "yv", "kv", "iv", "lpmv_0", "lpmv_1", "lpmv_2"),
}
X = np.random.default_rng(0).uniform(-1, 1, (50, 2))


def values(expression, X, names):
    return np.broadcast_to(sympy.lambdify(names, expression, "numpy")(*X.T), len(X))


def far(one, other):
    return np.abs(one - other).max() / np.abs(other).max()


# --- formula → network → formula -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in SPECIAL])
def test_problems_are_compiled_and_come_back(name):
    problem = PROBLEMS[name]
    model = compile_formula(FORMULAS[name], problem.inputs, problem.domain)
    samples, y = problem.sample(300, seed=1)
    assert far(model(samples)[:, 0], y) < 1e-12
    assert not unnamed(model)
    if name == "high_dimensional":  # whose formula takes a minute
        return
    found = formula(model, problem.inputs, verbose=False)
    locals_ = {each: sympy.Symbol(each, real=True) for each in problem.inputs}
    if found != sympy.sympify(problem.formula, locals=locals_) and not found.has(sympy.besselj):
        assert far(values(found, samples, problem.inputs), y) < 1e-12


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_functions_of_two_variables_are_refused(name):
    with pytest.raises(ValueError, match=r"functions must be in the library .*, got [a-z_]+\([^,]+, \w+\)"):
        compile_formula(PROBLEMS[name].formula, PROBLEMS[name].inputs, PROBLEMS[name].domain)


def test_shapes_are_those_of_the_paper_where_its_are_exact():
    for name in ("bessel", "exp_sin", "phase_transition", "distance"):
        problem = PROBLEMS[name]
        assert compile_formula(problem.formula, problem.inputs, problem.domain).widths == [*problem.shape]


EDGES = [
    "sin({})",
    "cos({})",
    "exp({}/4)",
    "tanh({})",
    "({})**2",
    "({})**3",
    "1/(2+({})**2)",
    "sqrt(1+({})**2)",
    "-2*({})",
]
EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "(x-1/3)", "pi"]),
    lambda inner: st.one_of(
        st.builds(str.format, st.sampled_from(EDGES), inner),
        st.builds(
            str.format, st.sampled_from(["({}+{})", "({}-{})", "({})*({})", "({})/(5+sin({}))"]), inner, inner
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS)
def test_any_formula(text):
    x, y = sympy.symbols("x y", real=True)
    expression = sympy.sympify(text, locals={"x": x, "y": y})
    truth = values(expression, X, [x, y])
    assume(0 < np.abs(truth).max() < 1e6)
    model = compile_formula(text, ["x", "y"])
    assert np.abs(model(X)[:, 0] - truth).max() < 1e-11 * max(np.abs(truth).max(), 1)
    np.testing.assert_array_equal(model(X), compile_formula(expression, ["x", "y"])(X))


@pytest.mark.parametrize("n", [*range(-8, 0), *range(2, 13)])
def test_whole_powers_for_both_signs(n):
    one = compile_formula(f"x**({n})", ["x"], domain=(-2, -0.5))
    assert far(one(X[:, :1] / 2 - 1.1)[:, 0], (X[:, 0] / 2 - 1.1) ** n) < 1e-13
    both = compile_formula(f"x**({n})", ["x"])
    assert far(both(X[:, :1])[:, 0], X[:, 0] ** float(n)) < 1e-13


@pytest.mark.parametrize("n", ["1/2", "-1/2", "3/2", "-3/2", "5/2", "1/4", "1/3", "-2/3", "pi"])
def test_other_powers(n):
    base = 1.5 + X[:, :1]
    model = compile_formula(f"(x + 3/2)**({n})", ["x"])
    assert far(model(X[:, :1])[:, 0], base[:, 0] ** float(sympy.sympify(n))) < 1e-13


def test_variable_exponents():
    model = compile_formula("2**x * (y + 2)**x", ["x", "y"])
    assert far(model(X)[:, 0], 2 ** X[:, 0] * (X[:, 1] + 2) ** X[:, 0]) < 1e-13


def test_one_node_for_what_occurs_twice():
    twice = compile_formula("sin(x*y) + exp(x*y)", ["x", "y"])
    assert twice.widths == [2, 2, 1, 2, 1]  # x and y are multiplied once; their product has two edges
    assert far(twice(X)[:, 0], np.sin(X[:, 0] * X[:, 1]) + np.exp(X[:, 0] * X[:, 1])) < 1e-14


def test_two_edges_between_the_same_nodes():
    model = compile_formula("x + x**2 + sin(3*x) + 7", ["x"])
    assert far(model(X[:, :1])[:, 0], X[:, 0] + X[:, 0] ** 2 + np.sin(3 * X[:, 0]) + 7) < 1e-14


def test_several_outputs_and_unused_inputs():
    outputs = ["x", "exp(sin(x*y))", 3, "x*y"]
    model = compile_formula(outputs, ["x", "z", "y"])
    samples = np.insert(X, 1, 5.0, axis=1)
    truth = np.stack([X[:, 0], np.exp(np.sin(X[:, 0] * X[:, 1])), 3 + 0 * X[:, 0], X[:, 0] * X[:, 1]], axis=1)
    np.testing.assert_allclose(model(samples), truth, rtol=1e-13)


def test_a_compiled_network_is_like_any_other(tmp_path):
    model = compile_formula("x*sin(y)/(x + 2)", ["x", "y"])
    save(model, tmp_path / "model.npz")
    np.testing.assert_array_equal(load(tmp_path / "model.npz")(X), model(X))
    assert model.layers[0].edge(0, 0).span == (-1.0, 1.0)  # the domain


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((("x + k"), ["x"]), r"names must hold all names of the formula, not only \{k\}"),
        (("zeta(x)", ["x"]), "functions must be in the library"),
        (("log(x)", ["x"]), "the formula needs log at -.*, where it is not defined"),
        (("sqrt(x - 2)", ["x"]), "needs sqrt at -"),
        (("tan(3*x)", ["x"]), "needs tan at"),
        (("sqrt(-2)*x", ["x"]), "numbers must be real and finite"),
        (([], ["x"]), "expressions must hold at least one formula"),
        (("x", []), "names must be different names"),
        (("x", ["x", "x"]), "names must be different names"),
        (("x", ["x"], (1, 0)), "domain must have low < high"),
    ],
)
def test_what_cannot_be_compiled_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        compile_formula(*arguments)


# --- and further --------------------------------------------------------------------------------------------


def test_constants_that_are_nearly_right_are_trained():
    model = compile_formula("2*exp(-x)*sin(5*x + 1)", ["x"], domain=(0, 3))
    x = np.linspace(0, 3, 100)[:, None]
    y = 2.3 * np.exp(-1.2 * x) * np.sin(5.3 * x + 0.8)
    fit(model, x, y, progress=False)
    assert far(model(x), y) < 1e-9
    found = formula(model, ["x"], x, y, verbose=False)
    assert found.equals(
        sympy.sympify("23*exp(-6*x/5)*sin(53*x/10 + 4/5)/10", locals={"x": sympy.Symbol("x", real=True)})
    )


def test_only_the_constants_of_a_formula_are_trained():
    model = compile_formula("2*exp(-x)*sin(5*x)", ["x"], domain=(0, 3), constants_only=True)
    x = np.linspace(0, 3, 100)[:, None]
    fit(model, x, 0.1 + 2.3 * np.exp(-1.2 * x) * np.sin(5.3 * x), progress=False)  # 0.1 is not in the formula
    found = formula(model, ["x"], digits=3, snap=False)
    assert found.func is sympy.Mul and len(found.atoms(sympy.Float)) == 3
    assert far(model(x), 2.3 * np.exp(-1.2 * x) * np.sin(5.3 * x)) > 1e-3


def test_an_edge_as_a_spline_learns_what_the_formula_does_not_know():
    x, y = X.T
    truth = y * (np.exp(x) + 0.2 * np.sin(4 * x)) + y**2
    exact = compile_formula("y*exp(x) + y**2", ["x", "y"])
    place = next((0, *at) for at in exact.layers[0].edge_list if exact.layers[0].edge(*at).name == "exp")
    model = compile_formula("y*exp(x) + y**2", ["x", "y"], splines=[place], grid=8)
    assert unnamed(model) == [place]
    assert far(model(X), exact(X)) < 1e-4  # it starts as the formula …
    fit(exact, X, truth, progress=False)
    fit(model, X, truth, progress=False)
    assert far(exact(X)[:, 0], truth) > 1e-2
    assert far(model(X)[:, 0], truth) < 1e-3  # … and ends as the law


def test_all_edges_as_splines():
    model = compile_formula("exp(sin(pi*x) + y**2)", ["x", "y"], splines=True, grid=20)
    assert len(unnamed(model)) == 3
    assert far(model(X)[:, 0], PROBLEMS["exp_sin"](X)) < 1e-4


def test_loosened_edges_follow_the_old_ones_and_nothing_else_changes():
    exact = compile_formula("x*sin(3*y)", ["x", "y"])
    before = exact.parameters.copy()
    errors = []
    for grid in (5, 10, 20):
        model = loosen(exact, X, [(0, 1, 1)], grid=grid)
        assert model.layers[0].edge(0, 0).name == "x"
        errors.append(np.abs(model(X) - exact(X)).max())
    np.testing.assert_array_equal(exact.parameters, before)
    assert errors[1] < errors[0] / 8 and errors[2] < errors[1] / 8  # of order 4
    deep = loosen(compile_formula("exp(sin(x))", ["x", "y"]), X, [(0, 0, 0)])
    assert unnamed(deep) == [(0, 0, 0)]
    low, high = loosen(exact, X).layers[0].edge(1, 1).basis.domain[0]
    assert (low, high) == (X[:, 1].min(), X[:, 1].max())


def test_an_edge_with_a_constant_input_can_be_loosened():
    model = loosen(compile_formula("exp(0*x) + y", ["x", "y"]), X)
    assert isinstance(model.layers[0], SparseLayer)
    np.testing.assert_allclose(model([[0.2, 0.3]]), [[1.3]])


def test_what_cannot_be_loosened_is_named():
    with pytest.raises(
        ValueError, match=r"edges must be some of \[\(0, 0, 0\), \(0, 1, 0\)\], got \[\(1, 0, 0\)\]"
    ):
        loosen(KAN([2, 1]), X, [(1, 0, 0)])
    with pytest.raises(TypeError, match="loosen needs a KAN"):
        loosen(MLP([2, 1]), X)
    with pytest.raises(ValueError, match="X must have 2 columns"):
        loosen(KAN([2, 1]), X[:, :1])
