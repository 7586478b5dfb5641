"""Pruning on networks whose truth is known: what matters stays, what it cut off stays as a constant."""

import warnings

import numpy as np
import pandas
import pytest
from models import exp_sin, planted, uniform

from minikan import KAN, MLP, attribute, fit, prune
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer


def shapes(function, widths, steps, sparsity):
    for seed in range(20):
        X = uniform(n_in=widths[0], seed=seed)
        model = KAN(widths, grid=5, seed=seed)
        fit(model, X, function(X), steps=steps, sparsity=sparsity)
        smaller = prune(model, X, verbose=False)
        yield smaller.widths, {i for i, _ in smaller.layers[0].edge_list}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "start", "end"),
    [(exp_sin, [2, 5, 1], [2, 1, 1]), (lambda X: X[:, 0] * X[:, 1], [2, 5, 1], [2, 2, 1])],
)
def test_sparse_training_finds_the_shape(function, start, end):
    found = [widths for widths, _ in shapes(function, start, 40, 1e-3)]
    assert found.count(end) >= 19, found


@pytest.mark.slow
def test_inputs_that_do_not_matter_are_lost():
    inputs = [used for _, used in shapes(exp_sin, [4, 5, 1], 30, 1e-2)]
    assert inputs.count({0, 1}) >= 19, inputs


@pytest.mark.parametrize("rule", ["backward", "magnitude"])
def test_prune_keeps_what_is_planted(rule, capsys):
    X, model = uniform(500, 3), planted()
    before = model.parameters.copy()
    smaller = prune(model, X, rule=rule, threshold=1e-6)
    np.testing.assert_allclose(smaller(X), model(X), atol=1e-12)  # the constant is passed on
    assert smaller.widths == ([3, 1, 1] if rule == "backward" else [3, 2, 1])
    said = (
        "prune: [3, 3, 1] with 12 edges → [3, 1, 1] with 2; outputs change by less than 0.1% of their spread"
    )
    assert rule == "magnitude" or capsys.readouterr().out == f"{said}; no longer used: x_2, x_3\n"
    np.testing.assert_array_equal(model.parameters, before)
    with pytest.raises(ValueError, match="X must have 3 columns, got 1"):
        smaller(X[:, :1])


def test_the_last_path_is_never_cut_silently():
    X, model = uniform(300), KAN([2, 3, 2], seed=3)
    with pytest.warns(RuntimeWarning, match="would have lost its last path") as caught:
        smaller = prune(model, X, threshold=1e9, verbose=False)
    assert len(caught) == 2
    assert smaller.widths[0] == 2 and smaller.widths[-1] == 2
    assert np.ptp(smaller(X), axis=0).min() > 0


def test_a_constant_target():
    X = uniform(100)
    model = KAN([2, 2, 1], seed=1)
    fit(model, X, np.full(100, 3.0), steps=20, sparsity=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smaller = prune(model, X, verbose=False)
    np.testing.assert_allclose(smaller(X), model(X), atol=0.1)


def test_pruning_twice_is_pruning_once():
    X, model = uniform(500, 3), planted()
    once = prune(model, X, verbose=False)
    twice = prune(once, X, verbose=False)
    assert repr(once) == repr(twice)
    np.testing.assert_allclose(once(X), twice(X), atol=1e-13)


def test_prune_refuses():
    model = KAN([2, 1])
    with pytest.raises(ValueError, match="rule must be one of backward, magnitude, effect, got 'forward'"):
        prune(model, uniform(), rule="forward")
    with pytest.raises(ValueError, match="threshold must be at least 0, got -1"):
        prune(model, uniform(), threshold=-1)
    with pytest.raises(TypeError, match="prune needs a KAN, whose edges are curves, got MLP"):
        prune(MLP([2, 1]), uniform())
    with pytest.raises(ValueError, match="names must hold 2 names, got 1"):
        prune(model, uniform(), names=["a"])
    with pytest.raises(ValueError, match=r"names must differ, got several times \['a'\]"):
        prune(model, pandas.DataFrame(uniform(), columns=["a", "a"]))
    with pytest.raises(ValueError, match="names must hold strings, got "):
        prune(model, uniform(), names=[1, "a"])


def test_what_is_no_longer_used_has_its_name(capsys):
    X, model = uniform(500, 3), planted()
    prune(model, X, names=["time", "mass %", ""])
    prune(model, pandas.DataFrame(X, columns=["time", "mass $", "length"]))
    prune(model, pandas.DataFrame(X, columns=[7, 8, 9]))
    said = [line.split("no longer used: ")[1] for line in capsys.readouterr().out.splitlines()]
    assert said == ["mass %, ", "mass $, length", "x_2, x_3"]


def gated():
    """The function exp(x + 200 (open - 1)), where open is 0 or 1: only if it is 1 does x matter."""
    below = {(i, 0): FunctionEdge("x", [a, b, 1, 0]) for i, (a, b) in enumerate([(1, 0), (200, -200)])}
    layers = SparseLayer(2, 1, below), SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [1, 0, 1, 0])})
    return KAN.from_layers(layers), np.column_stack([uniform(400, 1), np.arange(400) % 2])


@pytest.mark.parametrize("rule", ["backward", "effect"])
def test_an_input_that_another_switches_off_stays(rule):
    model, X = gated()
    smaller = prune(model, X, rule=rule, verbose=False)
    assert smaller.layers[0].edge_list == [(0, 0), (1, 0)]
    np.testing.assert_array_equal(smaller(X), model(X))


def equal_inputs(count=40):
    """The mean of equal inputs: each alone has a share of 1 / count."""
    x = uniform(300, 1)
    edges = {(i, 0): FunctionEdge("x", [1, 0, 1 / count, 0]) for i in range(count)}
    return KAN.from_layers([SparseLayer(count, 1, edges)]), np.tile(x, (1, count))


def test_edges_that_matter_only_together_are_not_lost_in_silence(capsys):
    model, X = equal_inputs()
    told = r"prune changes the outputs by 97.5% of their spread, the threshold is 5.0%"
    with pytest.warns(RuntimeWarning, match=told), pytest.warns(RuntimeWarning, match="last path"):
        smaller = prune(model, X, threshold=0.05)
    assert "with 1; outputs change by 97.5% of their spread; no longer used" in capsys.readouterr().out
    assert np.std(smaller(X) - model(X)) / model(X).std() == pytest.approx(0.975)


@pytest.mark.parametrize("rule", ["backward", "magnitude", "effect"])
def test_there_is_a_warning_just_when_outputs_change_by_much(rule):
    """For random networks; in every other one the inputs move together."""
    rng, loud = np.random.default_rng(0), 0
    for seed in range(40):
        n_in, hidden, n_out = rng.integers([3, 1, 1], [9, 6, 3])
        X = rng.uniform(-1, 1, (200, n_in)) * (rng.uniform(size=n_in) < 0.8)
        X = np.sort(X, axis=0) if seed % 2 else X
        model = KAN(
            [n_in, hidden, [int(n_out), 1], 1] if seed % 3 else [n_in, hidden, n_out], grid=4, noise=1
        )
        for layer in model.layers:
            layer.weights *= 10 ** rng.normal(0, 0.7, layer.weights.shape)
        threshold = 10 ** rng.uniform(-4, -0.5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            smaller = prune(model, X, threshold=threshold, rule=rule, verbose=False)
        change = (np.sqrt(((smaller(X) - model(X)) ** 2).mean(axis=0)) / model(X).std(axis=0)).max()
        warned = any("changes the outputs" in str(each.message) for each in caught)
        assert warned == (change > 3 * threshold)
        loud += warned
    assert loud < 40


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e12])
def test_units_of_the_outputs_do_not_matter(scale):
    model, X = KAN([3, 4, 2], noise=1, seed=4), uniform(300, 3)
    threshold = np.median(attribute(model, X).edges[1])
    kept = [layer.edge_list for layer in prune(model, X, threshold=threshold, verbose=False).layers]
    model.layers[-1].weights *= scale
    assert [layer.edge_list for layer in prune(model, X, threshold=threshold, verbose=False).layers] == kept
