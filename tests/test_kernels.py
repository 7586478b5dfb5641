"""Both spline kernels compute what the definition says, by loops and by all features at once."""

import numpy as np
import pytest
from models import MODELS, samples
from twins import slow_basis

from minikan import KAN
from minikan.activations import silu
from minikan.kernels import DenseFeatures, SparseFeatures
from minikan.splines import Splines


def test_coefficient_gradient_is_upstream_times_basis():
    layer = KAN([2, 3], grid=4, seed=10).layers[0]
    rng = np.random.default_rng(11)
    x, upstream = rng.uniform(-1, 1, (2, 20)), rng.normal(size=(3, 20))
    gradient, _ = layer.backward(layer.forward(x)[1], upstream)
    for i, m, j in np.ndindex(layer.coef.shape):
        expected = sum(upstream[j, s] * slow_basis(m, 3, layer.knots[i], x[i, s]) for s in range(20))
        assert gradient[i, m, j] == pytest.approx(expected, abs=1e-13)
    np.testing.assert_allclose(gradient[:, -1], silu(x)[0] @ upstream.T, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_both_kernels_agree(name, monkeypatch):
    model = MODELS[name]()
    X = samples(model)
    upstream = np.random.default_rng(12).normal(size=(len(X), model.widths[-1]))
    results = []
    for kernel in (DenseFeatures, SparseFeatures):
        monkeypatch.setattr(Splines, "features", lambda self, x, n_out=1, kernel=kernel: kernel(self, x))
        edges = [model.layers[0].edges(X.T, derivative) for derivative in range(4)]
        results.append([model(X), *model.backward(X, upstream), model.jacobian(X), *edges])
    for dense, sparse in zip(*results, strict=True):
        np.testing.assert_allclose(dense, sparse, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("base", [None, "silu", "tanh"])
@pytest.mark.parametrize("kernel", [DenseFeatures, SparseFeatures])
@pytest.mark.parametrize("n_out", [1, 3])
def test_products_are_those_of_the_features_with_all_their_zeros(kernel, n_out, base):
    rng = np.random.default_rng(0)
    splines, x = Splines.on([(-1, 1), (0, 2)], 4, 3, base), rng.uniform(-1.5, 2.5, (2, 30))
    W, g = rng.normal(size=(2 * splines.m, n_out)), rng.normal(size=(n_out, 30))
    features = kernel(splines, x)
    z, kept = features.times(W)
    np.testing.assert_allclose(z, W.T @ features.matrix(), atol=1e-13)
    np.testing.assert_allclose(features.gradient(g), features.matrix() @ g.T, atol=1e-13)
    weights = W.reshape(2, splines.m, n_out)
    for derivative in range(4):
        matrix = features.matrix(derivative).reshape(2, splines.m, -1)
        expected = np.einsum("imo,imn->oin", weights, matrix)
        np.testing.assert_allclose(features.curves(kept, derivative), expected, atol=1e-12)
        if derivative == 1:
            np.testing.assert_allclose(
                features.pull(kept, g), np.einsum("oin,on->in", expected, g), atol=1e-12
            )
    W[:] = 0  # what was kept stays
    np.testing.assert_allclose(features.curves(kept).sum(axis=1), z, atol=1e-12)


def test_kernel_is_chosen_by_shape():
    def kernel(n_out, grid):
        layer = KAN([2, n_out], grid=grid).layers[0]
        return type(layer.forward(np.zeros((2, 1)))[1].features)

    assert kernel(1, 10) is kernel(5, 20) is kernel(100, 80) is DenseFeatures
    assert kernel(1, 11) is kernel(5, 21) is kernel(100, 81) is SparseFeatures
