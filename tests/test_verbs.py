"""Every verb over every family of curves and every structure: nodes that add or multiply, edges that share a curve.

Networks are small, and begin as straight lines with a little noise: what each verb finds there is known.
"""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Fourier,
    Gaussians,
    LevenbergMarquardt,
    Roughness,
    Sparsity,
    attribute,
    fit,
    fix_symbolic,
    formula,
    load,
    plot,
    prune,
    refine,
    save,
    suggest,
    symbolify,
    update_grid,
)
from minikan.curves import Basis
from minikan.functions import LIBRARY
from minikan.jets import jets, jets_jacobian
from minikan.layer import CurveLayer
from minikan.losses import MeanSquaredError
from minikan.named import FunctionEdge
from minikan.objective import as_objective
from minikan.products import Products
from minikan.shared import SharedLayer
from minikan.sparse import SparseLayer

X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
MODELS = {
    "splines": dict(widths=[2, 2, 1], grid=4),
    "splines alone": dict(widths=[2, 2, 1], grid=4, base=None),
    "order 0": dict(widths=[2, 2, 1], grid=4, order=0),
    "order 1": dict(widths=[2, 1, 1], grid=4, order=1),
    "Gaussians": dict(widths=[2, 2, 1], grid=3, basis=Gaussians),
    "Chebyshev": dict(widths=[2, 2, 1], grid=4, basis=Chebyshev),
    "Chebyshev + silu": dict(widths=[2, 2, 1], grid=3, basis=Chebyshev, base="silu"),
    "Fourier": dict(widths=[2, 1, 1], grid=2, basis=Fourier),
    "a product": dict(widths=[2, [1, 1], 1], grid=3),
    "products of three": dict(widths=[2, [0, 2], [1, 1]], grid=2, arity=[[], [3, 2], [2]]),
    "a product is the output": dict(widths=[2, [0, 1]], grid=3, basis=Chebyshev),
    "one shared curve": dict(widths=[2, 2, 1], grid=4, groups=1),
    "two shared curves": dict(widths=[2, 2, 1], grid=3, groups=2, basis=Gaussians),
    "shared curves and a product": dict(widths=[2, [1, 1], 1], grid=3, groups=1, basis=Chebyshev),
    "domains": dict(widths=[2, 2, 1], grid=4, domain=[(-2, 1), (-1, 3)]),
}
OPTIMIZERS = {"lm", "lbfgs", "adam", "gd", "orthogonal"}


def make(which, noise=0.02, seed=0):
    return KAN(**MODELS[which], noise=noise, seed=seed)


def straight(which):
    """Lines everywhere: their sums and products are known."""
    return make(which, noise=0.0)


def targets(model):
    return np.repeat(X[:, :1] * X[:, 1:] + 0.3 * X[:, :1], model.widths[-1], axis=1)


@pytest.fixture(params=MODELS)
def which(request):
    return request.param


@pytest.fixture
def model(which):
    return make(which)


def unchanged(model, verb):
    """Run a verb that returns something new: it leaves its argument alone."""
    before, text = model.parameters.copy(), repr(model)
    bases = [layer.bases for layer in model.layers]
    result = verb()
    np.testing.assert_array_equal(model.parameters, before)
    assert repr(model) == text
    assert [layer.bases for layer in model.layers] == bases
    return result


# --- fit --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_fit(model, optimizer):
    optimizer = LevenbergMarquardt(orthogonal=True) if optimizer == "orthogonal" else optimizer
    history = fit(
        model, X, targets(model), steps=4, optimizer=optimizer, penalty=Roughness(1e-4), sparsity=1e-4
    )
    assert history.loss.min() < history.loss[0] and (history.loss > history.error).all()


def test_both_ways_to_solve_take_the_same_step(which):
    models = [make(which), make(which)]
    for model, orthogonal in zip(models, (True, False), strict=True):
        optimizer = LevenbergMarquardt(orthogonal=orthogonal)
        fit(model, X, targets(model), steps=1, optimizer=optimizer, penalty=[Roughness(1e-3), Sparsity(1e-2)])
    step = models[1].parameters - make(which).parameters
    assert np.abs(step).max() > 1e-4
    np.testing.assert_allclose(models[0].parameters, models[1].parameters, atol=1e-9 * np.abs(step).max())


@pytest.mark.parametrize("widths", [[2, [0, 1], 1], [2, [0, 1]]], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_product_is_found_to_rounding(widths, seed):
    samples = np.random.default_rng(seed).uniform(-1, 1, (600, 2))
    model = KAN(widths, seed=seed)
    fit(model, samples, samples.prod(axis=1), steps=200, tol=0)
    assert np.sqrt(np.mean((model(X)[:, 0] - X.prod(axis=1)) ** 2)) < 1e-13


def wide_product(seed):
    """Three nodes that add, beside the one that multiplies; and samples of xy."""
    samples = np.random.default_rng(seed).uniform(-1, 1, (600, 2))
    return KAN([2, [3, 1], 1], seed=seed), samples, samples.prod(axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_beside_nodes_that_add_a_product_is_found_to_rounding(seed):
    """Nodes more than are needed make the bottom flat; a little roughness first leads to a point where it is not."""
    model, samples, y = wide_product(seed)
    for damping, penalties in ((1.0, [Roughness(1e-4)]), (1e-6, [])):
        objective = as_objective(model, samples, y, None, MeanSquaredError(), penalties=penalties)
        optimizer = LevenbergMarquardt(damping=damping)
        for _ in range(70):
            if not optimizer.step(objective):
                break
    assert np.sqrt(np.mean((model(X)[:, 0] - X.prod(axis=1)) ** 2)) < 1e-13


def test_fit_finds_it_too():
    """Not to rounding: what fit adds for smoothness holds up the last steps, at 2e-7."""
    model, samples, y = wide_product(0)
    fit(model, samples, y, steps=60, penalty=Roughness(1e-4))
    fit(model, samples, y, steps=100, tol=0, optimizer=LevenbergMarquardt(damping=1e-6))
    assert np.sqrt(np.mean((model(X)[:, 0] - X.prod(axis=1)) ** 2)) < 1e-6


# --- grids ------------------------------------------------------------------------------------------------------------


def test_refine(model):
    finer = unchanged(model, lambda: refine(model, 12))
    assert type(finer) is KAN and finer.widths == model.widths
    assert [type(layer) for layer in finer.layers] == [type(layer) for layer in model.layers]
    tolerance = 1e-5 if "Gaussians" in repr(model) else 1e-12  # their finer bells do not contain the old ones
    np.testing.assert_allclose(finer(X), model(X), atol=tolerance)
    assert all(basis.grid == 12 for layer in finer.layers for basis in layer.bases)


def test_update_grid(which, model):
    moved = unchanged(model, lambda: update_grid(model, 0.5 * X))
    tolerance = 1.5 if which == "order 0" else 0.1
    np.testing.assert_allclose(moved(0.5 * X), model(0.5 * X), atol=tolerance)
    assert [type(layer) for layer in moved.layers] == [type(layer) for layer in model.layers]
    (basis,) = moved.layers[0].bases
    ends = [0.5 * X.ravel()] * 2 if isinstance(moved.layers[0], SharedLayer) else 0.5 * X.T
    np.testing.assert_allclose(
        basis.domain, [[x.min() - 0.02 * np.ptp(x), x.max() + 0.02 * np.ptp(x)] for x in ends]
    )


def test_fit_moves_grids(model):
    history = fit(model, X, targets(model), steps=4, update_grid=2)
    assert history.grid_changes.tolist() == [0] and np.isfinite(history.loss).all()


# --- what matters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["backward", "magnitude"])
def test_attribute(model, rule):
    scores = unchanged(model, lambda: attribute(model, X, rule))
    for layer, edges in zip(model.layers, scores.edges, strict=True):
        assert edges.shape == (layer.n_out, layer.n_in)
        assert (edges[~layer.wiring()] == 0).all() and (edges >= 0).all()
    assert [len(nodes) for nodes in scores.nodes] == model.widths
    # An input that nothing listens to has no score.
    first = model.layers[0]
    if not isinstance(first, SharedLayer):
        first.weights[1] = 0
        deaf = attribute(model, X, rule)
        assert deaf.inputs[1] == 0 and deaf.inputs[0] > 0


def test_prune_removes_what_nothing_listens_to(which, model):
    for layer in model.layers:
        if isinstance(layer, CurveLayer) and not isinstance(layer, SharedLayer) and layer.n_in > 1:
            layer.weights[1] = 0  # edges from the second node
    smaller = unchanged(model, lambda: prune(model, X, verbose=False, threshold=1e-9))
    np.testing.assert_allclose(smaller(X), model(X), atol=1e-12)
    if not any(isinstance(layer, (SharedLayer, Products)) for layer in model.layers) and model.widths[1] > 1:
        assert smaller.widths == [2, 1, 1]
        assert smaller.layers[0].edge_list == [(0, 0)]
    if which == "a product":
        assert smaller.widths == [2, 1, 1, 1]  # the product was heard by none


def test_prune_of_nothing_changes_nothing(model):
    same = prune(model, X, threshold=0, verbose=False)
    assert repr(same) == repr(model)  # shared curves are still shared
    np.testing.assert_array_equal(same.parameters, model.parameters)


@pytest.mark.filterwarnings("ignore:output . would have lost its last path")
@pytest.mark.parametrize("rule", ["backward", "magnitude"])
def test_prune_everything_leaves_one_path_to_each_output(model, rule):
    smaller = prune(model, X, threshold=1e9, rule=rule, verbose=False)
    for layer in smaller.layers:
        assert layer.wiring().any(axis=1).all()
        if isinstance(layer, CurveLayer):
            assert (layer.wiring().sum(axis=1) == 1).all()
    np.testing.assert_allclose(smaller(X).mean(axis=0), model(X).mean(axis=0), atol=0.6)
    assert smaller(X).shape == model(X).shape
    again = prune(smaller, X, threshold=1e9, rule=rule, verbose=False)
    assert repr(again) == repr(smaller)


@pytest.mark.parametrize(
    "family", [dict(), dict(basis=Chebyshev), dict(basis=Fourier), dict(groups=1)], ids=str
)
def test_what_an_edge_added_on_average_stays(family):
    model = KAN([2, 1], grid=3, **family)
    model.parameters[:] = np.random.default_rng(0).normal(size=model.parameters.size)
    scores = attribute(model, X).edges[0][0]
    smaller = prune(model, X, threshold=scores.mean(), verbose=False)
    weak = scores.argmin()
    assert smaller.layers[0].edge_list == [(1 - weak, 0)]
    lost = model(X) - smaller(X)  # no more than what the edge changes
    edge = model.layers[0].edges(X.T)[0, weak]
    np.testing.assert_allclose(lost[:, 0], edge - edge.mean(), atol=1e-12)


def test_a_product_keeps_all_its_factors():
    """One factor is constant: its edges have no score, but without it there is no product."""
    model = KAN([2, [0, 1], 1], grid=3, base=None, noise=0)
    model.layers[0].weights[:, :, 1] = 0
    model.layers[0].weights[0, :, 1] = 2.0
    smaller = prune(model, X, verbose=False)
    assert smaller.layers[1].arity == [2]
    np.testing.assert_allclose(smaller(X), model(X), atol=1e-12)
    assert sum(j == 1 for _, j in smaller.layers[0].edge_list) == 1


def test_a_product_with_a_factor_of_zero_is_nothing():
    model = KAN([2, [1, 1], 1], grid=3, base=None, noise=0)
    model.layers[0].weights[:, :, 2] = 0
    smaller = prune(model, X, verbose=False)
    assert smaller.widths == [2, 1, 1, 1] and smaller.layers[1].arity == [1]
    np.testing.assert_allclose(smaller(X), model(X), atol=1e-12)


# --- names and formulas -----------------------------------------------------------------------------------------------


def test_suggest(which):
    model = straight(which)
    found = unchanged(model, lambda: suggest(model, X, 0, 1, 0, library=["x", "x^2", "sin"]))
    assert "x" in repr(found)
    if which != "order 0":
        assert found[0].function.name == "x" and found[0].error < 1e-20


def test_fix_symbolic(model):
    named = unchanged(model, lambda: fix_symbolic(model, X, 0, 1, 0, "x"))
    assert named.layers[0].edge(1, 0).name == "x" and not named.layers[0].edge(0, 0).name
    assert [type(layer) for layer in named.layers[1:]] == [type(layer) for layer in model.layers[1:]]
    fit(named, X, targets(named), steps=2)
    assert refine(named, 5).layers[0].edge(1, 0).name == "x"
    for verb in (lambda: update_grid(named, X), lambda: prune(named, X, threshold=0, verbose=False)):
        assert unchanged(named, verb).layers[0].edge(1, 0).name == "x"


def test_symbolify_and_formula(which):
    model = straight(which)
    if which == "order 0":
        pytest.skip("a staircase has no name")
    named = unchanged(model, lambda: symbolify(model, X, library=["x"]))
    np.testing.assert_allclose(named(X), model(X), atol=1e-9)
    assert all(layer.edge(*at).name == "x" for layer in named.layers for at in layer.edge_list)
    found = formula(named, ["x", "y"], X, verbose=False, snap=False)
    for expression, output in zip(found if isinstance(found, list) else [found], model(X).T, strict=True):
        values = sympy.lambdify(sympy.symbols("x y", real=True), expression, "numpy")(*X.T)
        np.testing.assert_allclose(values + 0 * output, output, atol=1e-8)


def factors(edges, last="x"):
    """A network whose one product multiplies two sums of named edges: {(input, factor): (name, a, b, c, d)}."""
    first = SparseLayer(
        2, 2, {at: FunctionEdge(LIBRARY[name], numbers) for at, (name, *numbers) in edges.items()}
    )
    return KAN.from_layers(
        [first, Products([2]), SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY[last], [1, 0, 1, 0])})]
    )


@pytest.mark.parametrize(
    ("edges", "text"),
    [
        ({(0, 0): ("x", 2, 0, 1.5, 0), (1, 1): ("x", 0.5, 0, 2 / 3, 0)}, "x*y"),
        ({(0, 0): ("exp", 1, 0.5, np.exp(-0.5) / 3, 0), (1, 1): ("sin", 1, 0, 3, 0)}, "exp(x)*sin(y)"),
        (
            {
                (0, 0): ("x", 1, 0, 2, 0),
                (1, 0): ("x", 1, 0, 2, 0),
                (0, 1): ("x", 0.5, 0, 1, 0),
                (1, 1): ("x", -1, 0, 0.5, 0),
            },
            "(x + y)*(x - y)",
        ),
        ({(0, 0): ("x^2", 2, 0, 0.25, 1), (1, 1): ("x", 1, 0, 1, 0)}, "(x**2 + 1)*y"),
        ({(0, 0): ("x", 1, 0, 1, -1), (1, 1): ("0", 1, 0, 0, 1)}, "x - 1"),
    ],
)
def test_formulas_of_products(edges, text):
    model = factors(edges)
    before = model(X)
    found = formula(model, ["x", "y"], X, verbose=False)
    x, y = sympy.symbols("x y", real=True)
    expected = sympy.sympify(text, locals={"x": x, "y": y})
    assert sympy.expand(found - expected) == 0
    np.testing.assert_array_equal(model(X), before)


def test_from_samples_to_the_formula_of_a_product():
    model = KAN([2, [0, 1], 1], grid=3, seed=1)
    y = np.exp(X[:, 0]) * np.sin(2 * X[:, 1])
    fit(model, X, y, steps=60)
    found = formula(symbolify(model, X, y, library=["x", "exp", "sin"]), ["x", "y"], X, y, verbose=False)
    assert str(found) == "exp(x)*sin(2*y)"


# --- looks, files, copies ---------------------------------------------------------------------------------------------


def test_plot(model):
    figure = unchanged(model, lambda: plot(model, X))
    figure.draw_without_rendering()
    signs = [line.get_marker() for line in figure.axes[0].lines]
    products = sum(
        number > 1 for layer in model.layers if isinstance(layer, Products) for number in layer.arity
    )
    assert signs.count("x") == products
    panels = [line for line in figure.axes[0].lines if line.get_linewidth() == 1.8]
    assert len(panels) == sum(len(layer.edge_list) for layer in model.layers)


def versions(model):
    """The model, with one name, and with names only."""
    yield model
    yield fix_symbolic(model, X, 0, 1, 0, "sin")
    layers = []
    for layer in model.layers:
        edges = {at: FunctionEdge(LIBRARY["tanh"], [0.7, 0.1 * at[0], 1, 0]) for at in layer.edge_list}
        layers.append(SparseLayer(layer.n_in, layer.n_out, edges) if edges else layer)
    yield KAN.from_layers(layers)


def alive(one, other):
    """Equal bit for bit, and independent."""
    np.testing.assert_array_equal(one(X), other(X))
    assert type(one) is type(other) and repr(one) == repr(other)
    before = one(X)
    other.parameters[:] += 0.1
    np.testing.assert_array_equal(one(X), before)
    assert not np.array_equal(other(X), before)
    one.parameters[:] -= 0.1
    assert not np.array_equal(one(X), before)
    one.parameters[:] += 0.1


def test_save_and_load(model, tmp_path):
    for version in versions(model):
        save(version, tmp_path / "model.npz")
        alive(version, load(tmp_path / "model.npz"))


@pytest.mark.parametrize(
    "how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"]
)
def test_copies(model, how):
    for version in versions(model):
        alive(version, how(version))


def test_another_process_can_unpickle(tmp_path):
    models = [
        version for name in ("a product", "shared curves and a product") for version in versions(make(name))
    ]
    (tmp_path / "models").write_bytes(pickle.dumps((models, X)))
    script = (
        "import pickle, sys; models, X = pickle.load(open(sys.argv[1], 'rb'));"
        "pickle.dump([model(X) for model in models], open(sys.argv[1], 'wb'))"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "models"], check=True)
    for model, outputs in zip(models, pickle.loads((tmp_path / "models").read_bytes()), strict=True):
        np.testing.assert_allclose(model(X), outputs, atol=1e-14)


def test_derivatives_in_the_inputs(model):
    for version in versions(model):
        gradient, hessian = version.input_derivatives(X)
        u, du, ddu = jets(version, X)
        np.testing.assert_allclose(u, version(X), atol=1e-13)
        np.testing.assert_allclose(du, gradient, atol=1e-12 * (1 + np.abs(gradient).max()))
        np.testing.assert_allclose(
            ddu, np.einsum("noii->noi", hessian), atol=1e-12 * (1 + np.abs(hessian).max())
        )
        value, first, second = jets_jacobian(version, X[:5], [[0.6, -0.8]])
        direction, h = np.random.default_rng(1).normal(size=version.parameters.size), 1e-5
        here, around = version.parameters.copy(), []
        for t in (-2, -1, 1, 2):
            version.parameters[:] = here + t * h * direction
            around.append(jets(version, X[:5], [[0.6, -0.8]]))
        version.parameters[:] = here
        for got, *values in zip((value, first, second), *around, strict=True):
            expected = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * h)
            np.testing.assert_allclose(got @ direction, expected, atol=1e-7 * (1 + np.abs(expected).max()))


# --- how networks are described ---------------------------------------------------------------------------------------


def test_parameters_are_counted():
    """Features m of an edge; a group has m weights, and each of its edges one."""
    m = 5 + 3 + 1
    assert KAN([2, 5, 1]).parameters.size == 15 * m
    assert KAN([2, 5, 1], groups=1).parameters.size == (m + 10) + (m + 5)
    assert KAN([2, 5, 1], groups=3).parameters.size == (3 * m + 10) + (3 * m + 5)
    assert KAN([2, [3, 2], 1], groups=2, arity=3).parameters.size == (2 * m + 18) + (2 * m + 5)
    assert KAN([2, [0, 1], 1], base=None).parameters.size == 4 * 8 + 8
    assert KAN([2, 3], basis=Chebyshev, grid=4, base="tanh").parameters.size == 6 * 6


def test_groups_by_number_and_by_arrays():
    by_number = KAN([2, 3, 1], groups=2, seed=3)
    assert [layer.groups.tolist() for layer in by_number.layers] == [[[0, 0, 0], [1, 1, 1]], [[0], [0], [1]]]
    groups = [layer.groups for layer in by_number.layers]
    by_arrays = KAN([2, 3, 1], groups=groups, seed=3)
    np.testing.assert_array_equal(by_arrays.parameters, by_number.parameters)
    mixed = KAN([2, 3, 1], groups=[[[0, 1, 0], [1, 0, 1]], 3])
    assert [len(layer.shared) for layer in mixed.layers] == [2, 3]
    for i, j in np.ndindex(2, 3):  # one curve for each group, but for a factor
        ratio = mixed.layers[0].table[i, :, j] / mixed.layers[0].shared[(i + j) % 2]
        np.testing.assert_allclose(ratio, mixed.layers[0].scale[i, j])


def test_a_group_of_one_edge_is_an_edge():
    model = KAN([2, 1], groups=2)
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    assert fit(model, X, y, steps=40).rmse[-1] < 0.01
    scales = KAN([1, 1], groups=1)
    assert scales.parameters.size == 10 and fit(scales, X[:, :1], np.sin(X[:, 0]), steps=40).rmse[-1] < 1e-3


def test_arity_by_number_and_by_lists():
    assert KAN([2, [1, 2], 1], arity=3).layers[1].arity == [1, 3, 3]
    model = KAN([2, [1, 2], [0, 1], 1], arity=[[], [2, 4], [3], []])
    assert model.widths == [2, 7, 3, 3, 1, 1]
    assert [layer.arity for layer in model.layers if isinstance(layer, Products)] == [[1, 2, 4], [3]]
    assert repr(model).startswith("KAN([2, [1, 2], [0, 1], 1]: ")


REFUSED = [
    (dict(widths=[2, [1, 1, 1], 1]), "a width must be a number or a pair [n_sum, n_product]"),
    (dict(widths=[2, "a", 1]), "a width must be a number or a pair"),
    (dict(widths=[2, [0, 0], 1]), "every width must be at least 1, got 0"),
    (dict(widths=[2, [-1, 2], 1]), "every width must be at least 0, got -1"),
    (dict(widths=[2, [1.5, 1], 1]), "every width must be a whole number, got 1.5"),
    (dict(widths=[[1, 1], 1]), "inputs cannot multiply"),
    (dict(widths=[2, [0, 1], 1], arity=1), "every arity must be at least 2, got 1"),
    (dict(widths=[2, [0, 1], 1], arity=2.5), "every arity must be a whole number, got 2.5"),
    (dict(widths=[2, 1], arity=2.5), "every arity must be a whole number, got 2.5"),
    (
        dict(widths=[2, [0, 1], 1], arity=[2]),
        "arity must hold for each width a number per product, [0, 1, 0] of them",
    ),
    (dict(widths=[2, [0, 1], 1], arity=[[], 2, []]), "arity must hold for each width"),
    (dict(widths=[2, [0, 1], 1], arity=[[], [2, 2], []]), "arity must hold for each width"),
    (dict(widths=[2, [0, 1], 1], arity="abc"), "arity must hold for each width"),
    (dict(widths=[2, [0, 1], 1], arity=[[], [1], []]), "every arity must be at least 2, got 1"),
    (dict(widths=[2, 1], groups=0), "groups must be at least 1, got 0"),
    (dict(widths=[2, 1], groups=1.5), "groups must be a whole number, got 1.5"),
    (dict(widths=[2, 1], groups=3), "groups must be at most the number of edges, 2, got 3"),
    (
        dict(widths=[2, 1], groups=[1, 1]),
        "groups must be a number or hold 1 arrays, one per layer of edges, got 2",
    ),
    (
        dict(widths=[2, 1], groups=[[[0], [2]]]),
        "groups must hold for each edge (2, 1) a whole number: 0, 1, … with none left out",
    ),
    (dict(widths=[2, 1], groups=[[[0], [10**12]]]), "groups must hold for each edge (2, 1)"),
    (dict(widths=[2, 1], groups=[[[0], [-1]]]), "groups must hold for each edge (2, 1)"),
    (dict(widths=[2, 1], groups=[[[0.0], [1.0]]]), "groups must hold for each edge (2, 1)"),
    (dict(widths=[2, 1], groups=[[[0, 1]]]), "groups must hold for each edge (2, 1)"),
    (dict(widths=[2, 2], groups=[[[0, 1], [1]]]), "groups must hold for each edge (2, 2)"),
    (
        dict(widths=[2, 1], groups=1, domain=[(0, 1), (0, 2)]),
        "edges that share a curve need the same domain for all inputs",
    ),
    (dict(widths=[2, 1], basis="Splines"), "basis must be a family of curves such as Splines, got 'Splines'"),
    (dict(widths=[2, 1], basis=int), "basis must be a family of curves"),
    (dict(widths=[2, 1], basis=Basis), "basis must be a family of curves"),
    (dict(widths=[2, 1], base="exp"), "base must be one of silu, tanh, relu, identity, got 'exp'"),
    (
        dict(widths=[2, 1], base="exp", basis=Fourier),
        "base must be one of silu, tanh, relu, identity, got 'exp'",
    ),
    (dict(widths=[2, 1], noise=-1), "noise must be at least 0, got -1"),
    (dict(widths=[2, 1], grid=0, basis=Chebyshev), "grid must be at least 1, got 0"),
]


@pytest.mark.parametrize(
    ("arguments", "words"), REFUSED, ids=[str(arguments)[:60] for arguments, _ in REFUSED]
)
def test_bad_descriptions_are_refused(arguments, words):
    with pytest.raises((ValueError, TypeError)) as error:
        KAN(**arguments)
    assert words in str(error.value)


VERBS = {
    "refine": lambda model: refine(model, 5),
    "update_grid": lambda model: update_grid(model, X),
    "attribute": lambda model: attribute(model, X),
    "prune": lambda model: prune(model, X),
    "suggest": lambda model: suggest(model, X, 0, 0, 0),
    "fix_symbolic": lambda model: fix_symbolic(model, X, 0, 0, 0, "sin"),
    "symbolify": lambda model: symbolify(model, X),
    "formula": lambda model: formula(model),
    "plot": lambda model: plot(model, X),
    "sparsity": lambda model: fit(model, X, X[:, 0], sparsity=1e-3),
    "roughness": lambda model: fit(model, X, X[:, 0], penalty=Roughness(1e-3)),
}


@pytest.mark.parametrize("verb", [*VERBS, "fit update_grid"])
def test_an_mlp_is_told_what_is_missing(verb):
    run = VERBS.get(verb, lambda model: fit(model, X, X[:, 0], update_grid=True))
    name = verb.removeprefix("fit ")
    with pytest.raises(TypeError) as error:
        run(MLP([2, 3, 1]))
    assert str(error.value) == f"{name} needs a KAN, whose edges are curves, got MLP"


@pytest.mark.parametrize(
    "verb", [lambda m, at: suggest(m, X, *at), lambda m, at: fix_symbolic(m, X, *at, "x")]
)
def test_a_product_has_no_edges_to_name(verb):
    with pytest.raises(ValueError, match="has no edge from node 0 to node 0 in layer 1"):
        verb(make("a product"), (1, 0, 0))


# --- awkward data -----------------------------------------------------------------------------------------------------


AWKWARD = {
    "one sample": X[:1],
    "constant inputs": np.full((10, 2), 0.3),
    "far outside": 50 * X,
}


@pytest.mark.filterwarnings("ignore:output . would have lost its last path")
@pytest.mark.parametrize("data", AWKWARD)
def test_awkward_data(model, data):
    samples = AWKWARD[data]
    y = np.ones((len(samples), model.widths[-1]))
    history = fit(model, samples, y, steps=2, penalty=[Roughness(1e-3), Sparsity(1e-3)], update_grid=1)
    assert history.loss.min() <= history.loss[0]
    for result in (update_grid(model, samples), refine(model, 5), prune(model, samples, verbose=False)):
        assert np.isfinite(result(samples)).all()
    assert all(np.isfinite(scores).all() for scores in attribute(model, samples).nodes)
    assert all(np.isfinite(part).all() for part in (*jets(model, samples), *model.input_derivatives(samples)))
    assert suggest(model, samples, 0, 0, 0, library=["x", "sin"])
    if data == "constant inputs":
        plot(model, samples).draw_without_rendering()


@pytest.mark.parametrize("kind", [lambda X: X.astype(np.float32), np.asfortranarray, lambda X: X.tolist()])
def test_samples_of_any_kind(model, kind):
    single = X.astype(np.float32).astype(float)  # as exactly as the shortest kind can say it
    samples = kind(single)
    assert fit(copy.deepcopy(model), samples, targets(model), steps=1).loss[1] < np.inf
    for verb in (
        lambda X: model(X),
        lambda X: model.jacobian(X),
        lambda X: update_grid(model, X).parameters,
        lambda X: attribute(model, X).inputs,
        lambda X: jets(model, X).second,
    ):
        np.testing.assert_array_equal(verb(samples), verb(single))


@pytest.mark.filterwarnings("ignore:output . would have lost its last path")
def test_all_weights_zero(model):
    model.parameters[:] = 0
    np.testing.assert_array_equal(model(X), 0)
    for result in (update_grid(model, X), refine(model, 5), prune(model, X, verbose=False)):
        np.testing.assert_array_equal(result(X), 0)
    assert not any(scores.any() for scores in attribute(model, X).edges)
    named = symbolify(model, X)
    assert formula(named, verbose=False) in (0, [0, 0])
    fit(model, X, targets(model), steps=3, sparsity=1e-3)  # perhaps there is no way down
    assert np.isfinite(model.parameters).all()


@pytest.mark.parametrize(
    "domain", [(0, 1e-30), (-1e14, 1e14), (1e14, 1e14 + 100), (-1e-140, 1e-140), (0, 1e145)], ids=str
)
@pytest.mark.parametrize("basis", [None, Gaussians, Chebyshev, Fourier], ids=str)
def test_units_do_not_matter(domain, basis):
    """A curve on any domain is the one on (-1, 1), looked at through a magnifying glass."""
    family = dict(base=None) if basis is None else dict(basis=basis)
    x = np.linspace(-1, 1, 40)[:, None]
    there = domain[0] + (domain[1] - domain[0]) * (0.5 + 0.5 * x)
    x = 2 * ((there - domain[0]) / (domain[1] - domain[0])) - 1  # as exactly as float64 tells
    small, other = KAN([1, 2, 1], **family), KAN([1, 2, 1], domain=domain, **family)
    np.testing.assert_allclose(other(there), small(x), atol=1e-10)
    np.testing.assert_allclose(refine(other, 10)(there), refine(small, 10)(x), atol=1e-10)
    histories = fit(small, x, np.sin(x), steps=5), fit(other, there, np.sin(x), steps=5)
    cell = (domain[1] - domain[0]) / 5  # so exactly can its ends be where they should be
    exactly = np.spacing(np.abs(domain).max()) / cell
    np.testing.assert_allclose(histories[1].rmse, histories[0].rmse, rtol=max(1e-4, exactly))
    assert all(np.isfinite(part).all() for part in other.input_derivatives(there))


def test_a_product_of_four_is_a_power():
    powers = KAN.from_layers([KAN([1, 4], noise=0, grid=3).layers[0], Products([4])])
    powers.layers[0].weights[:] = powers.layers[0].basis.line()[0][:, None]
    x = np.linspace(-1, 1, 9)
    u, du, ddu = jets(powers, x[:, None])  # x⁴
    np.testing.assert_allclose(
        np.stack([u[:, 0], du[:, 0, 0], ddu[:, 0, 0]]), [x**4, 4 * x**3, 12 * x**2], atol=1e-12
    )


# --- products that no sheet of edges feeds ----------------------------------------------------------------------------


def on_inputs():
    """A product of the inputs themselves, and one input by itself; then a sheet of edges."""
    return KAN.from_layers([Products([2, 1]), KAN([2, 1], grid=3, noise=0).layers[0]])


def test_inputs_that_are_multiplied_keep_their_columns():
    model, samples = on_inputs(), np.random.default_rng(2).uniform(-1, 1, (50, 3))
    for deaf in (0, 1):
        model.layers[1].initialise(np.random.default_rng(0), 0.0)
        model.layers[1].weights[deaf] = 0
        smaller = prune(model, samples, verbose=False)
        assert smaller.widths[0] == 3 and len(smaller.layers[1].edge_list) == 1
        np.testing.assert_allclose(smaller(samples), model(samples), atol=1e-12)


def test_formulas_of_products_of_inputs():
    x, y, z = sympy.symbols("x y z", real=True)
    edges = {
        (0, 0): FunctionEdge(LIBRARY["x"], [2, 0, 1.5, 0]),
        (1, 0): FunctionEdge(LIBRARY["x"], [1, 0, -1, 0.5]),
    }
    model = KAN.from_layers([Products([2, 1]), SparseLayer(2, 1, edges)])
    samples = np.random.default_rng(2).uniform(-1, 1, (50, 3))
    assert (
        sympy.expand(
            formula(model, ["x", "y", "z"], samples, verbose=False) - (3 * x * y - z + sympy.Rational(1, 2))
        )
        == 0
    )
    twice = KAN.from_layers(
        [
            factors({(0, 0): ("x", 1, 0, 3, 0), (1, 1): ("x", 1, 0, 1, 1)}).layers[0],
            Products([1, 1]),
            Products([2]),
        ]
    )
    assert sympy.expand(formula(twice, ["x", "y"], X, verbose=False) - 3 * x * (y + 1)) == 0
