"""Pruning on networks whose truth is known: what matters stays, what it cut off stays as a constant."""

import warnings

import numpy as np
import pytest
from models import exp_sin, planted, uniform

from minikan import KAN, MLP, fit, prune


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
    said = "prune: [3, 3, 1] with 12 edges → [3, 1, 1] with 2; no longer used: x_2, x_3\n"
    assert rule == "magnitude" or capsys.readouterr().out == said
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
    with pytest.raises(ValueError, match="rule must be one of backward, magnitude, got 'forward'"):
        prune(model, uniform(), rule="forward")
    with pytest.raises(ValueError, match="threshold must be at least 0, got -1"):
        prune(model, uniform(), threshold=-1)
    with pytest.raises(TypeError, match="prune needs a KAN, whose edges are curves, got MLP"):
        prune(MLP([2, 1]), uniform())
