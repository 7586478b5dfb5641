"""What `benchmarks/counting.py` counts on paper is what the code does: every product is watched while a layer runs."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from minikan import KAN, MLP, Chebyshev, Fourier, Gaussians, Splines

PATH = Path(__file__).resolve().parents[1] / "benchmarks" / "counting.py"
SPEC = importlib.util.spec_from_file_location("benchmarks_counting", PATH)
counting = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(counting)

N_IN, N_OUT, N = 3, 5, 40


class Watched(np.ndarray):
    """An array that writes down the products and sums it takes part in: operations, and bytes read and written."""

    done: list = []

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = [np.asarray(each) for each in inputs]
        if "out" in options:
            options["out"] = tuple(np.asarray(each) for each in options["out"])
        result = getattr(ufunc, method)(*inputs, **options)
        if ufunc in (np.matmul, np.add):
            each = 2 * inputs[0].shape[-1] if ufunc is np.matmul else 1
            size = sum(array.nbytes for array in inputs) + result.nbytes
            Watched.done.append((each * result.size, size))
        return result


def watch(run):
    """Return the result of a run, and what was done."""
    Watched.done = []
    return run(), Watched.done


@pytest.mark.parametrize("basis", [Splines, Gaussians, Chebyshev, Fourier])
def test_products_of_a_layer(basis):
    rng = np.random.default_rng(0)
    layer = KAN([N_IN, N_OUT], grid=4, basis=basis).layers[0]
    counted = counting.layer_counts(N_IN, N_IN * layer.basis.m, N_OUT, N)
    layer.weights = layer.weights.view(Watched)
    (_, cache), done = watch(lambda: layer.forward(rng.uniform(-1, 1, (N_IN, N))))
    assert done == [counted["product"]]
    g = rng.normal(size=(N_OUT, N)).view(Watched)
    _, done = watch(lambda: layer.backward(cache, g))
    assert done[:2] == [counted["gradient"], counted["back"]]
    features = cache.features.matrix()
    assert counted["features"][1] == features.nbytes + 8 * N_IN * N
    assert counted["pull"] == (2 * features.size, 3 * features.nbytes + 2 * 8 * N_IN * N)
    assert set(counting.layer_counts(N_IN, 9, N_OUT, N, pulls=False)) == {"features", "product", "gradient"}


def test_products_of_an_mlp():
    """Its features are the activations and a constant 1."""
    layer = MLP([2, N_IN, N_OUT]).layers[1]
    counted = counting.layer_counts(N_IN, N_IN + 1, N_OUT, N)
    layer.weights = layer.weights.view(Watched)
    (_, cache), done = watch(lambda: layer.forward(np.ones((N_IN, N))))
    assert done == [counted["product"]]
    _, done = watch(lambda: layer.backward(cache, np.ones((N_OUT, N)).view(Watched), wants_x=False))
    assert done == [counted["gradient"]]


def test_edges_one_by_one():
    """Here is the loop over all edges that is counted."""
    rng = np.random.default_rng(0)
    layer = KAN([N_IN, N_OUT], grid=4, basis=Chebyshev).layers[0]
    x, m = rng.uniform(-1, 1, (N_IN, N)), layer.basis.m
    counted = counting.edge_counts(N_IN, N_IN * m, N_OUT, N)
    z, size, moved = np.zeros((N_OUT, N)), 0, (0, 0)
    for i, j in np.ndindex(N_IN, N_OUT):
        features = layer.basis.functions(x[i], 0)
        size += x[i].nbytes + features.nbytes
        curve, [done] = watch(lambda i=i, j=j, F=features: layer.weights[i, :, j].view(Watched) @ F)
        moved = moved[0] + done[0], moved[1] + done[1]
        z[j] += curve
    np.testing.assert_allclose(z, layer.forward(x)[0], atol=1e-12)
    assert counted["features"] == (0, size)
    assert counted["product"] == moved
    assert counted["sum"] == (N_IN * N_OUT * N, 8 * (N_IN * N_OUT * N + N_OUT * N))


def test_sums_and_the_roof():
    assert counting.total({"a": (1, 10), "b": (2, 20)}) == (3, 30)
    assert counting.roof(operations=6, size=3, peak=10, bandwidth=4) == 8  # below the ridge: memory decides
    assert counting.roof(operations=60, size=3, peak=10, bandwidth=4) == 10
