"""SparseLayer: chosen edges of a sheet compute what the sheet with all others at zero computes."""

import numpy as np
import pytest

from minikan import KAN, Chebyshev, fit, load, plot, refine, save, update_grid
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer

X = np.random.default_rng(0).uniform(-1.2, 1.2, (300, 3))  # some of it beyond the grids
PLACES = [[(0, 0), (2, 0), (2, 1)], [(0, 0), (1, 1)], [(0, 0), (1, 0)]]  # input 1 is not used


def twins(order=3):
    """A model with few edges, and the full one with all other weights at zero."""
    sheets = [layer.copy() for layer in KAN([3, 2, 2, 1], grid=4, order=order, seed=1, noise=1).layers]
    for layer, places in zip(sheets, PLACES, strict=True):
        missing = np.ones((layer.n_in, layer.n_out), bool)
        missing[tuple(np.transpose(places))] = False
        layer.weights *= ~missing[:, None]
    few = [
        SparseLayer(layer.n_in, layer.n_out, {place: layer.edge(*place) for place in places})
        for layer, places in zip(sheets, PLACES, strict=True)
    ]
    return KAN.from_layers(few), KAN.from_layers(sheets)


def live(full):
    """Where in the full model's parameters those of the few edges stand, in their order."""
    numbers = full.split(np.arange(full.parameters.size))
    return np.concatenate(
        [part[i, :, j] for part, places in zip(numbers, PLACES, strict=True) for i, j in sorted(places)]
    )


def test_it_has_the_edges_that_it_was_given():
    few, full = twins()
    for layer, sheet, places in zip(few.layers, full.layers, PLACES, strict=True):
        assert layer.edge_list == sorted(places)
        wiring = np.zeros((layer.n_out, layer.n_in), bool)
        for i, j in places:
            wiring[j, i] = True
            np.testing.assert_array_equal(layer.edge(i, j).weights, sheet.edge(i, j).weights)
            for name in layer.edge(i, j).basis.parts:
                a, b = (getattr(each.edge(i, j).basis, name) for each in (layer, sheet))
                np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(layer.wiring(), wiring)


@pytest.mark.parametrize("order", [1, 3])
def test_the_same_values_and_derivatives(order):
    few, full = twins(order)
    np.testing.assert_allclose(few.parameters, full.parameters[live(full)])
    np.testing.assert_allclose(few(X), full(X), atol=1e-13)
    upstream = np.random.default_rng(1).normal(size=(len(X), 1))
    for got, expected in zip(few.backward(X, upstream), full.backward(X, upstream), strict=True):
        np.testing.assert_allclose(
            got, expected if got.shape == X.shape else expected[live(full)], atol=1e-12
        )
    np.testing.assert_allclose(few.jacobian(X), full.jacobian(X)[..., live(full)], atol=1e-12)
    for got, expected in zip(few.input_derivatives(X), full.input_derivatives(X), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10)


def test_pulls_on_single_edges():
    few, full = twins()
    for a, b in zip(few.layers, full.layers, strict=True):
        x = np.random.default_rng(2).uniform(-1, 1, (a.n_in, 50))
        pull = np.random.default_rng(3).normal(size=(a.n_out, a.n_in, 50))
        present = np.zeros((a.n_out, a.n_in, 1))
        for i, j in a.sheet:
            present[j, i] = 1
        got = a.backward_edges(a.forward(x)[1], pull)
        expected = b.backward_edges(b.forward(x)[1], pull * present)
        rows = np.concatenate(
            [np.arange(b.weights.size).reshape(b.weights.shape)[i, :, j] for i, j in a.sheet]
        )
        np.testing.assert_allclose(got[0], expected[0].ravel()[rows], atol=1e-12)
        np.testing.assert_allclose(got[1], expected[1], atol=1e-12)


def test_parameters_are_views():
    few, _ = twins()
    few.parameters[:] = np.arange(few.parameters.size)
    edges = [edge for layer in few.layers for edge in layer.sheet.values()]
    np.testing.assert_array_equal(np.concatenate([edge.weights.ravel() for edge in edges]), few.parameters)
    edges[-1].weights[0, -1] = -7
    assert few.parameters[-1] == -7
    edges[0].raise_by(np.array([2.0]))
    assert few.parameters[0] == 2 and few.parameters[7] == 7  # silu's weight stays


def test_grids_move_and_grow():
    few, _ = twins()
    inside = X.clip(-1, 1)
    finer = refine(few, 8)
    np.testing.assert_allclose(finer(inside), few(inside), atol=1e-12)
    assert finer.parameters.size == few.parameters.size + 4 * 7
    moved = update_grid(few, inside)
    np.testing.assert_allclose(moved(inside), few(inside), atol=0.2)
    assert not np.array_equal(moved.layers[1].sheet[0, 0].basis.knots, few.layers[1].sheet[0, 0].basis.knots)


def test_it_learns_and_comes_back():
    few, full = twins()
    y = full(X)
    few.parameters += np.random.default_rng(4).normal(0, 0.1, few.parameters.size)
    before = few.state()
    outputs = few(X)
    assert fit(few, X, y, steps=20, update_grid=True).rmse.min() < 0.05
    few.restore(before)
    np.testing.assert_allclose(few(X), outputs, atol=1e-13)


def test_it_is_saved_and_drawn(tmp_path):
    few, _ = twins()
    save(few, tmp_path / "few.npz")
    again = load(tmp_path / "few.npz")
    np.testing.assert_array_equal(again(X), few(X))
    assert repr(again) == repr(few)
    panels = [line for line in plot(few, X).axes[0].lines if line.get_linewidth() == 1.8]
    assert len(panels) == 7  # only edges that are there


def test_constants_go_to_the_first_edge_of_each_node():
    few, _ = twins()
    layer, x = few.layers[0], X.T
    before = layer.forward(x)[0]
    layer.raise_by(np.array([0.5, -2.0]))
    np.testing.assert_allclose(layer.forward(x)[0], before + np.array([[0.5], [-2.0]]), atol=1e-13)
    changed = few.parameters != twins()[0].parameters
    assert changed.sum() == 2 * 7 and not changed[[7, 15]].any()  # edges 0 → 0 and 2 → 1, but for silu


def test_a_part_keeps_its_edges():
    """Some inputs, outputs and edges, renumbered; the edges themselves are the same, of whatever kind."""
    first, other, named = KAN([1, 1], seed=5).layers[0], KAN([1, 1], basis=Chebyshev).layers[0], sine()
    layer = SparseLayer(3, 2, {(0, 0): first, (2, 0): other, (2, 1): named, (1, 1): first})
    mask = np.array([[True, False, True], [False, False, True]])
    part = layer.part(mask, np.array([2]), np.array([1, 0]))
    assert part.edge_list == [(0, 0), (0, 1)]
    assert (part.n_in, part.n_out) == (1, 2)
    x = np.linspace(-1.5, 1.5, 40)[None]
    np.testing.assert_array_equal(part.forward(x)[0], np.vstack([named.forward(x)[0], other.forward(x)[0]]))
    part.weights[:] = 0  # a copy
    assert layer.edge(2, 1).weights.any()


def test_a_sheet_takes_any_edges_and_copies_them():
    """Curves on grids of their own, other families, and named functions, side by side."""
    edges = {
        (0, 0): KAN([1, 1], grid=7, seed=1).layers[0],
        (0, 1): KAN([1, 1], domain=(-1, 2), base=None).layers[0],
        (1, 0): KAN([1, 1], basis=Chebyshev, noise=1).layers[0],
        (1, 1): sine(),
    }
    layer = SparseLayer(2, 2, edges)
    assert [type(edge) for edge in layer.sheet.values()] == [type(edge) for edge in edges.values()]
    before = layer.weights.copy()
    for edge in edges.values():
        edge.weights[:] = 0
    np.testing.assert_array_equal(layer.weights, before)
    x = X.T[:2]
    z, cache = layer.forward(x)
    curves = layer.curves(cache)
    np.testing.assert_allclose(z, curves.sum(axis=1), atol=1e-14)
    for i, j in layer.edge_list:
        np.testing.assert_allclose(layer.edge(i, j).forward(x[[i]])[0][0], curves[j, i], atol=1e-14)
        assert layer.edge(i, j).weights.base is None  # a copy, too


def sine():
    return FunctionEdge("sin", [2.0, 0.1, 0.5, 0.3])


def test_it_refuses():
    edge = KAN([1, 1]).layers[0].edge(0, 0)
    with pytest.raises(ValueError, match="edges must lead from 0 … 1 to 0 … 0"):
        SparseLayer(2, 1, {(0, 1): edge})
    with pytest.raises(ValueError, match="not all of 2 nodes are reached by an edge"):
        SparseLayer(2, 2, {(0, 1): edge})
    with pytest.raises(ValueError, match="at least one edge"):
        SparseLayer(2, 1, {})


def test_it_says_what_it_is():
    few, _ = twins()
    assert repr(few.layers[1]) == (
        "SparseLayer(2 → 2: 16 parameters)\n    0 → 0: KANLayer(1 → 1, G=4, k=3: 8 parameters)\n"
        "    1 → 1: KANLayer(1 → 1, G=4, k=3: 8 parameters)"
    )
