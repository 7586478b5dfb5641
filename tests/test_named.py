"""Edges that are named functions: differentiated, trained, saved and pruned as any others."""

import numpy as np
import pytest
from models import small

from minikan import KAN, attribute, fit, load, prune, save
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.products import Products
from minikan.sparse import SparseLayer

X2 = np.random.default_rng(1).uniform(-1, 1, (500, 2))


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
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): edge})])
    x = np.linspace(-2, 2, 101)[:, None]
    assert np.isfinite(model(x)).all()
    history = fit(model, x, np.log(x + 2.5), steps=100)
    assert np.isfinite(history.loss).all()


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(function="sine"), "there is no function 'sine' in the library; register it first"),
        (dict(weights=np.ones(3)), "a function has 4 weights, got 3"),
        (dict(weights=np.ones((4, 1))), "weights must be a vector"),
        (dict(held="be"), "held must name some of the weights a, b, c, d, got 'be'"),
        (dict(span=(1.0, -1.0)), "the span of a function must be a pair (low, high), got (1.0, -1.0)"),
        (dict(span=[1.0]), "the span of a function must be a pair"),
        (dict(span=[0.0, np.nan]), "the span of a function must be a pair"),
    ],
)
def test_what_cannot_be_a_function_is_refused(change, words):
    good: dict = dict(function="sin", weights=np.ones(4), span=(-1.0, 1.0))
    assert FunctionEdge(**good).name == "sin"
    with pytest.raises(ValueError) as error:
        FunctionEdge(**{**good, **change})
    assert words in str(error.value)


def test_an_edge_is_a_layer_and_its_own_edge():
    edge = FunctionEdge("exp", [0.5, 0.1, 2.0, -1.0])
    x = np.linspace(-1, 1, 9)[None]
    z, cache = edge.forward(x)
    np.testing.assert_allclose(z, 2 * np.exp(0.5 * x + 0.1) - 1, rtol=1e-15)
    assert edge.edge_list == [(0, 0)] and edge.curves(cache).shape == (1, 1, 9)
    assert edge.features(cache).shape == (4, 9)
    copy = edge.edge(0, 0)
    copy.raise_by(np.array([3.0]))
    np.testing.assert_allclose(copy.forward(x)[0], z + 3, rtol=1e-14)
    np.testing.assert_array_equal(edge.weights, [0.5, 0.1, 2.0, -1.0])
    edge.weights[0] = 7  # a cache holds the weights of its pass
    np.testing.assert_array_equal(edge.curves(cache)[0], z)
    np.testing.assert_array_equal(KAN.from_layers([edge])(x.T), edge.forward(x)[0].T)


def test_it_says_what_it_is():
    assert repr(FunctionEdge(LIBRARY["sin"], [2, 0.5, -1, 0.25])) == "-1 sin(2 x +0.5) +0.25"


def chain():
    edges = {(0, 0): FunctionEdge("sin"), (1, 0): FunctionEdge("x^2", held="bd")}
    return [SparseLayer(2, 1, edges), SparseLayer(1, 1, {(0, 0): FunctionEdge("exp")})]


def product():
    edges = {(0, 0): FunctionEdge("exp", span=(-1, 1)), (1, 1): FunctionEdge("sin", held="cd")}
    return [SparseLayer(2, 2, edges), Products([2])]


def with_curve():
    return [SparseLayer(2, 1, {(0, 0): FunctionEdge("sin"), (1, 0): KAN([1, 1], grid=20).layers[0]})]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("layers", "function", "enough"),
    [
        (chain, lambda x, y: np.exp(np.sin(4 * x + 0.3) + y**2), 1e-9),
        (product, lambda x, y: 2 * np.exp(-x) * np.sin(9 * y + 1), 1e-9),
        (with_curve, lambda x, y: np.sin(8 * x + 1) + np.cos(3 * y) * y, 1e-3),
    ],
)
def test_a_template_is_trained_from_several_starts(layers, function, enough, seed):
    model = KAN.from_layers(layers())
    held = [edge.weights[~edge.trains] for edge in model.layers[0].sheet.values() if edge.name]
    history = fit(model, X2, function(*X2.T), steps=60, starts=10, seed=seed, progress=False)
    assert history.rmse.min() < enough
    after = [edge.weights[~edge.trains] for edge in model.layers[0].sheet.values() if edge.name]
    np.testing.assert_array_equal(np.concatenate(after), np.concatenate(held))


def test_what_is_held_is_saved_and_copied(tmp_path):
    model = KAN.from_layers(chain())
    save(model, tmp_path / "m.npz")
    for again in (load(tmp_path / "m.npz"), KAN.from_layers(model.layers)):
        assert [(e.held, e.is_open) for e in again.layers[0].sheet.values()] == [("", True), ("bd", True)]
