"""SparseLayer: chosen edges of a sheet compute what the sheet with all others at zero computes."""

import numpy as np
import pytest

from minikan import KAN, Chebyshev, KANLayer, fit, load, plot, refine, save, update_grid
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
            assert layer.edge(i, j).basis.same_as(sheet.edge(i, j).basis)
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
    np.testing.assert_array_equal(np.concatenate([edge.weights for edge in edges]), few.parameters)
    edges[-1].weights[-1] = -7
    assert few.parameters[-1] == -7
    edges[0].raise_by(2.0)
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


def test_a_complete_layer_becomes_a_sheet():
    layer = KAN([2, 3], domain=[(-1, 1), (0, 5)], seed=5, noise=1).layers[0]
    edges = {(i, j): layer.edge(i, j) for i in range(2) for j in range(3)}
    sheet = SparseLayer(2, 3, edges).as_sheet()
    assert isinstance(sheet, KANLayer)
    np.testing.assert_array_equal(sheet.weights, layer.weights)
    np.testing.assert_array_equal(sheet.knots, layer.knots)


@pytest.mark.parametrize(
    "which",
    [
        "another grid",
        "another place",
        "no silu",
        "finer from one input",
        "another family",
        "another family below",
    ],
)
def test_edges_that_are_not_alike_stay_edges(which):
    layer = KAN([2, 3], seed=5, noise=1).layers[0]
    edges = {(i, j): layer.edge(i, j) for i in range(2) for j in range(3)}
    other = {
        "another grid": KAN([1, 1], grid=7),
        "another place": KAN([1, 1], domain=(-1, 2)),
        "no silu": KAN([1, 1], base=None),
        "finer from one input": KAN([1, 3], grid=7),
        "another family": KAN([1, 1], basis=Chebyshev),
        "another family below": KAN([1, 3], basis=Chebyshev),
    }[which].layers[0]
    edges |= {(0, j): other.edge(0, j) for j in range(other.n_out)}
    mixed = SparseLayer(2, 3, edges)
    assert mixed.as_sheet() is mixed


def test_a_layer_with_a_gap_stays():
    layer = KAN([2, 3]).layers[0]
    missing = SparseLayer(
        2, 3, {(i, j): layer.edge(i, j) for i in range(2) for j in range(3) if (i, j) != (1, 1)}
    )
    assert missing.as_sheet() is missing


def test_it_refuses():
    edge = KAN([1, 1]).layers[0].edge(0, 0)
    with pytest.raises(ValueError, match="edges must lead from 0 … 1 to 0 … 0"):
        SparseLayer(2, 1, {(0, 1): edge})
    with pytest.raises(ValueError, match="at least one edge"):
        SparseLayer(2, 1, {})


def test_it_says_what_it_is():
    few, _ = twins()
    assert repr(few.layers[1]) == (
        "SparseLayer(2 → 2: 16 parameters)\n    0 → 0: Splines(G=4, k=3)\n    1 → 1: Splines(G=4, k=3)"
    )
