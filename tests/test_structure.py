"""Who acts with whom, and how a function is built: on exact networks, on trained ones, and on hopeless ones."""

from itertools import combinations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minikan import KAN, MLP, PROBLEMS, compile_formula, fit, plot_structure, structure
from minikan.interactions import Evidence, Field, components, evidence, relation, standard, terms
from minikan.plotting import to_png
from minikan.trees import walk

NAMES = ["x", "y", "z"]
X = np.random.default_rng(0).uniform(0.2, 1, (150, 3))


def tree(formula, names=NAMES, X=X, **options):
    return structure(compile_formula(formula, names, (0.2, 1)), X, names=names, **options).tree.text(names)


# --- the three statements, against sympy -----------------------------------------------------------------------


def exact_field(formula, X=X):
    """Value, gradient and Hessian by sympy, in place of a network."""
    symbols = sympy.symbols(NAMES)
    f = sympy.sympify(formula, locals=dict(zip(NAMES, symbols, strict=True)))

    def at(expression):
        return np.broadcast_to(sympy.lambdify(symbols, expression, "numpy")(*X.T), len(X)).astype(float)

    gradient = np.stack([at(f.diff(s)) for s in symbols], axis=-1)
    hessian = np.stack([np.stack([at(f.diff(s, t)) for t in symbols], axis=-1) for s in symbols], axis=-1)
    spreads = X.std(axis=0)
    return Field(at(f)[None], (gradient * spreads)[None], (hessian * np.outer(spreads, spreads))[None])


def test_a_networks_field_is_that_of_its_formula():
    formula = "sin(x*y) + z**2/(x + y)"
    model = compile_formula(formula, NAMES, (0.2, 1))
    for mine, exact in zip(Field.of([model], X, 0, X.std(axis=0)), exact_field(formula), strict=True):
        np.testing.assert_allclose(mine, exact, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "outer", ["log({})", "exp({})", "({})**3", "1/({})", "sqrt({})", "sin({})", "tanh({})"]
)
def test_through_a_function(outer):
    inner = "2 + x*y + z**2/4"
    u = sympy.Symbol("u")
    f = sympy.sympify(outer.format("u"))
    curve = [sympy.lambdify(u, each) for each in (f, f.diff(u), f.diff(u, 2))]
    found = exact_field(inner).through(lambda w: tuple(each(w) for each in curve))
    for mine, exact in zip(found, exact_field(outer.format(inner)), strict=True):
        np.testing.assert_allclose(mine, exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "formula, kind, pairs",
    [
        ("x**3 + y*z", "sum", [(0, 1), (0, 2)]),
        ("5 + x*(y + z)**2", "product", [(0, 1), (0, 2)]),
        ("5 + x*(y + z)**2", 1, [(0, 1), (0, 2)]),  # a product is a function of a sum of logarithms
        *(
            (f"{outer}(x**2 + y*z)", 2, [(0, 1), (0, 2)])
            for outer in ("exp", "log", "sqrt", "sin", "tanh", "tan")
        ),
        ("1/(x + y + z)**2", 1, [(0, 1), (0, 2), (1, 2)]),
        ("(x + y)/(1 + x*y)", 2, [(0, 1)]),  # velocities: a sum of arctanh
    ],
)
def test_statements_hold_exactly_where_they_are_true(formula, kind, pairs):
    field = exact_field(formula)
    field = field.through(standard(field.value))
    for common in (True, False):
        found = evidence(field, kind, pairs, common)
        assert (found.distance < 1e-6 * found.size).all()
    assert not found.noise.any()


def test_statements_fail_where_they_are_wrong():
    field = exact_field("sin(3*x + 5*y*z) + x*y**2")
    field = field.through(standard(field.value))
    for kind in ("sum", "product", 1, 2, 3):
        found = evidence(field, kind, [(0, 1), (0, 2), (1, 2)], False)
        assert (found.distance > 1e-2 * found.size).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_weights_of_a_relation_are_found_from_noise_free_pairs(seed):
    rng = np.random.default_rng(seed)
    w, v, c = rng.normal(size=40), rng.normal(size=(2, 40)), rng.normal() * 3
    u = v / (w - c)
    a, b = relation("product", w, u, v)
    np.testing.assert_allclose(-b / a, c, rtol=1e-5)
    P, Q = terms("product", w)
    p, q = np.array([a, b]) @ P, np.array([a, b]) @ Q
    assert np.abs(p * u - q * v).max() < 1e-5 * np.abs(q * v).max()


def test_distances_are_measured_at_a_right_angle():
    """Else w, by which u is multiplied, would count twice: the constant of a noisy product would be too far away."""
    rng = np.random.default_rng(0)
    w, v, c = rng.uniform(-1, 1, 20000), rng.normal(size=(1, 20000)), 2.0
    u, v = v / (w - c) + 0.5 * rng.normal(size=v.shape), v + 0.5 * rng.normal(size=v.shape)
    a, b = relation("product", w, u, v)
    assert abs(-b / a - c) < 0.05


def test_evidence_is_only_as_good_as_the_networks_agree():
    residuals = np.array([[[0.02, -0.02]], [[0.0, -0.03]], [[0.03, -0.02]]])  # (R, m, n) = (3, 1, 2)
    found = Evidence.of(residuals, np.ones((1, 2)))
    np.testing.assert_allclose(found.noise, np.sqrt((0.02**2 + 0.01**2 + 0.01**2) / 4))
    assert found.clear[0] and found.holds[0]
    assert not Evidence.of(10 * residuals, np.ones((1, 2))).holds[
        0
    ]  # within the noise, but nothing would be seen
    assert not Evidence.of(residuals + 0.1, np.ones((1, 2))).holds[0]


def test_components():
    assert components(range(5), {(0, 3), (1, 3)}) == [(0, 1, 3), (2,), (4,)]
    assert components([2, 4], set()) == [(2,), (4,)]


# --- trees of exact networks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula, text",
    [
        ("x + sin(y) - z**2", "x + y + z"),
        ("x + y*z", "x + y·z"),
        ("7 + x*y*z", "x·y·z"),
        ("x*(y + z**2)", "x·(y + z)"),
        ("log(1 + x + y + z)", "g(x + y + z)"),
        ("x*sqrt(y**2 + z**2)", "x·g(y + z)"),
        ("sqrt(x*y + z**2)", "g(x·y + z)"),
        ("sin(z*(x + y)) + (x + y)**2", "g(x + y, z)"),
        ("sin(z*x*y) + (x*y)**2", "g(x + y, z)"),
        ("x + sin(y*z) + z", "x + g(y, z)"),
        ("exp(x*y) + sin(y*z) + x*z**2", "g(x, y, z)"),
        ("sin(3*y)", "y"),
        ("exp(0*x)", "a constant"),
    ],
)
def test_trees(formula, text):
    assert tree(formula) == text


def test_what_does_not_act_together_is_no_reason_to_join():
    """Whether t belongs to x and y cannot be read from a ratio of two slopes that are both nothing but noise."""
    names, domain = ["x", "y", "z", "t"], (0.2, 1)
    samples = np.random.default_rng(0).uniform(0.2, 1, (150, 4))
    f = "sin(3*x*y*z) + (x*y)**2 + z*t"
    rivals = [compile_formula(f"{f} + {k}*(x - 2*y)*t", names, domain) for k in (1e-3, -1e-3)]
    found = structure(compile_formula(f, names, domain), samples, names=names, rivals=rivals)
    assert found.tree.text(names) == "g(x + y, z, t)"


def test_a_deep_tree():
    problem = PROBLEMS["I.9.18"]
    model = compile_formula(problem.formula, problem.inputs, problem.domain)
    found = structure(model, problem.sample(300, seed=0)[0], names=problem.inputs)
    assert found.tree.text(found.names) == "a·g(b + g(c + d) + g(e + f))"
    assert found.groups == [("a",), ("b", "c", "d", "e", "f")]
    assert [node.kind for node in walk(found.tree)].count("input") == 6


def test_the_constant_of_a_product():
    for c in (-4.0, 0.0, 2.5):
        found = structure(compile_formula(f"x*(y + 1) + {c}", NAMES, (0.2, 1)), X)
        assert found.tree.kind == "product" and found.tree.constant == pytest.approx(c, abs=1e-6)
        assert ("has been subtracted" in repr(found)) == (c != 0)
    inner = structure(compile_formula("x + y*z + 3", NAMES, (0.2, 1)), X).tree
    assert all(node.constant == 0 for node in walk(inner))  # it could belong to any part
    assert found.unused == ["x_3"] and "not needed: x_3" in repr(found)


@pytest.mark.parametrize("noise", [0.02, 0.09])
def test_an_input_of_some_effect_stays_where_noise_may_hide_it(noise):
    """y acts with 0.25 of x, and the networks differ in it: 0.25 is within 0.27, but not as good as nothing."""
    f = "x + 0.25*y + 0*z"
    rivals = [compile_formula(f"{f} + {k}*(y + z)", NAMES, (0.2, 1)) for k in (noise, -noise)]
    found = structure(compile_formula("x + 0.25*y + 1e-9*z", NAMES, (0.2, 1)), X, names=NAMES, rivals=rivals)
    assert found.unused == ["z"]


def test_interactions_in_closed_form():
    """For f = x + 3 y z the mixed derivative is 3, and all others are 0."""
    found = structure(compile_formula("x + 3*y*z", NAMES, (0.2, 1)), X)
    spread = X.std(axis=0)
    expected = 3 * spread[1] * spread[2] / np.std(X[:, 0] + 3 * X[:, 1] * X[:, 2])
    np.testing.assert_allclose(found.interactions[1, 2], expected)
    np.testing.assert_allclose(found.interactions, found.interactions.T)
    assert np.abs(found.interactions[0]).max() < 1e-12
    np.testing.assert_allclose(found.relevance[0], spread[0] / np.std(X[:, 0] + 3 * X[:, 1] * X[:, 2]))
    assert (
        found.separability[1, 2]
        > 0.05
        > 1e-6
        > structure(compile_formula("y*z", NAMES), X).separability[1, 2]
    )


@pytest.mark.parametrize("scale, shift", [(1e-6, 0.0), (1e6, 3e6)])
def test_units_do_not_matter(scale, shift):
    here = structure(compile_formula("x + y*z", NAMES, (0.2, 1)), X)
    model = compile_formula(f"{scale}*(x + y*z) + {shift}", NAMES, (0.2, 1))
    there = structure(model, X)
    np.testing.assert_allclose(there.interactions, here.interactions, atol=1e-9)
    assert there.tree == here.tree
    model = compile_formula(f"x/{scale} + y*z", NAMES, [(0.2 * scale, scale), (0.2, 1), (0.2, 1)])
    assert structure(model, X * [scale, 1, 1]).tree == here.tree


def test_permuting_inputs_permutes_the_answer():
    here = structure(compile_formula("x + y*z", NAMES, (0.2, 1)), X, names=NAMES)
    there = structure(compile_formula("x + y*z", ["z", "x", "y"], (0.2, 1)), X[:, [2, 0, 1]])
    np.testing.assert_allclose(
        there.interactions, here.interactions[np.ix_([2, 0, 1], [2, 0, 1])], atol=1e-12
    )
    assert {frozenset(group) for group in there.groups} == {frozenset({"x_2"}), frozenset({"x_1", "x_3"})}


def test_one_of_several_outputs():
    model = compile_formula(["x + y + z", "x*y*z"], NAMES, (0.2, 1))
    assert [structure(model, X, output=k).tree.kind for k in (0, 1)] == ["sum", "product"]


def test_one_input_and_many():
    assert structure(KAN([1, 1]), X[:, :1]).tree.text(["x"]) == "x"
    names = [f"x{i}" for i in range(20)]
    many = np.random.default_rng(0).uniform(-1, 1, (60, 20))
    found = structure(compile_formula("exp((" + "+".join(f"{n}**2" for n in names) + ")/9)", names), many)
    assert found.tree.kind == "product" and len(found.groups) == 20


# --- trained networks ----------------------------------------------------------------------------------------


def trained(f, noise=0.0, n=500, widths=(3, 5, 1), **options):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (n, 3))
    y = f(*X.T)
    y = y / y.std() + noise * rng.normal(size=n)
    model = KAN([*widths], grid=4, seed=0)
    fit(model, X, y, progress=False, **options)
    return model, X, y


def test_a_trained_network():
    model, X, y = trained(lambda x, y, z: np.sin(2 * x) + y**2 * z)
    before = model.parameters.copy()
    found = structure(model, X, y, NAMES, progress=False)
    assert found.tree.text(NAMES) == "x + y·z"
    assert "y and z" in repr(found) and "x and" not in repr(found) and found.error < 1e-3
    np.testing.assert_array_equal(model.parameters, before)
    again = structure(model, X, y, NAMES, progress=False)
    np.testing.assert_array_equal(again.interactions, found.interactions)
    assert again.tree == found.tree and repr(again) == repr(found)
    assert structure(model, X, names=NAMES).tree.text(NAMES) == "x + y·z"  # by half the grid


def test_the_noise_is_that_of_the_second_derivatives():
    """What four networks differ in is about as large as their error, which is known here."""
    model, X, y = trained(lambda x, y, z: np.sin(2 * x) + y**2 * z, noise=0.02)
    found = structure(model, X, y, NAMES, progress=False)
    scale = np.std(np.sin(2 * X[:, 0]) + X[:, 1] ** 2 * X[:, 2])
    truth = np.zeros((len(X), 3, 3))
    truth[:, 1, 2] = 2 * X[:, 1] / scale
    wrong = model.input_derivatives(X[:400])[1][:, 0] - truth[:400]
    spreads = X.std(axis=0)
    errors = np.sqrt((wrong**2).mean(axis=0)) * np.outer(spreads, spreads) / model(X).std()
    for i, j in combinations(range(3), 2):
        assert 0.2 < errors[i, j] / found.noise[i, j] < 3


def test_it_says_that_it_cannot_tell():
    model, X, y = trained(lambda x, y, z: x + y * z, noise=0.5, n=150, steps=30)
    found = structure(model, X, y, NAMES, progress=False)
    assert "?" in found.tree.text(NAMES)
    assert "too inaccurate to tell" in repr(found)


def test_rivals_of_your_own():
    model, X, _ = trained(lambda x, y, z: x + y * z)
    assert not structure(model, X, rivals=[model, model]).noise.any()
    other = trained(lambda x, y, z: x + y + z)[0]
    found = structure(model, X, rivals=[other], names=NAMES)
    assert found.tree.text(NAMES) == "x + ?(y, z)"  # whether y and z act together is all they disagree about
    assert "noise: 1 other network" in repr(found)


def test_an_mlp_has_a_structure_too():
    X = np.random.default_rng(1).uniform(-1, 1, (300, 2))
    model = MLP([2, 8, 1], activation="tanh", seed=0)
    fit(model, X, X[:, 0] + X[:, 1] ** 2, steps=200, progress=False)
    found = structure(model, X, X[:, 0] + X[:, 1] ** 2, progress=False)
    assert found.tree.text(["x", "y"]) == "x + y"
    with pytest.raises(TypeError, match="structure without y needs a KAN"):
        structure(model, X)


@pytest.mark.parametrize(
    "formula, widths",
    [
        ("x + sin(y) - z**2", [3, 1]),
        ("x*(y + z**2)", [3, 2, 1, 1]),
        ("x*sin(y + z)", [3, 2, 2, 1, 1]),
        ("exp(x*y) + sin(y*z) + x*z**2", [3, 4, 1]),
        ("y", [3, 1]),
        ("1 + 0*x", [3, 1]),
    ],
)
def test_a_network_of_the_structure_found(formula, widths):
    model = compile_formula(formula, NAMES, (0.2, 1))
    found = structure(model, X, names=NAMES)
    sparse = found.network(X)
    assert sparse.widths == widths
    assert not any(
        sparse.layers[0].edge(*at).name for at in sparse.layers[0].edge_list if "constant" not in repr(found)
    )
    fit(sparse, X, model(X), starts=3, progress=False)
    assert np.abs(sparse(X) - model(X)).max() < 0.02 * max(model(X).std(), 1e-3)
    used = sparse.input_derivatives(X)[0].any(axis=(0, 1))
    assert not used[[i for i, name in enumerate(NAMES) if name in found.unused and found.tree.inputs]].any()
    np.testing.assert_array_equal(found.network(X).parameters, found.network(X).parameters)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(names=["a"]), "names"),
        (dict(output=1), "output must be less than 1, got 1"),
        (dict(y=np.zeros(3)), "X and y must have the same length"),
        (dict(rivals=[KAN([2, 1])]), "rivals must have 3 inputs"),
        (dict(rivals=[KAN([3, 2])]), "rivals must have"),
        (dict(rivals=[]), "rivals must hold at least one network"),
        (dict(X=np.zeros((3, 2))), "X must have 3 columns"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        structure(KAN([3, 1]), **{"X": X, **arguments})


# --- pictures ------------------------------------------------------------------------------------------------


def texts(fig):
    return [each.get_text() for axes in fig.axes for each in axes.texts]


def test_the_picture_shows_interactions_and_the_tree():
    fig = plot_structure(structure(compile_formula("x + 3*y*z", NAMES, (0.2, 1)), X, names=NAMES))
    assert isinstance(fig, Figure) and len(to_png(fig)) > 1000
    shown = texts(fig)
    assert shown.count("0") == 4 and shown.count("+") == shown.count("×") == 1
    assert all(name in shown for name in NAMES)


def test_pictures_of_what_is_unclear_unused_or_large():
    model, rival = (KAN([3, 2, 1], seed=seed, noise=0.5) for seed in (0, 1))
    found = structure(model, X, rivals=[rival], names=["$a_{$", "b" * 30, "$c$"])  # the first is no formula
    fig = plot_structure(found)
    assert texts(fig).count("?") == 7 and len(to_png(fig)) > 1000  # six cells, and the tree
    assert "bbbbbbbb…bbbbbbb" in texts(fig)
    for formula in ("1 + 0*x", "y"):
        to_png(plot_structure(structure(compile_formula(formula, NAMES), X)))
    many = np.random.default_rng(0).uniform(-1, 1, (40, 15))
    names = [f"x{i}" for i in range(15)]
    to_png(plot_structure(structure(compile_formula("+".join(names), names), many)))
