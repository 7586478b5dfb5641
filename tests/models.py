"""Networks that tests have in common, and samples for them."""

from itertools import pairwise

import numpy as np
from twins import spline_layer

from minikan import KAN, make_grid, refine
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.objective import Objective
from minikan.sparse import SparseLayer


def uneven_model(seed=0, order=3, widths=(2, 3, 2)):
    """A model whose grids differ from input to input and are not even."""
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(widths):
        points = np.cumsum(rng.uniform(0.2, 1, (n_in, 6)), axis=1) - 1.5
        knots = [make_grid(grid=row, order=order) for row in points]
        coef = rng.normal(size=(n_in, 5 + order, n_out))
        layers.append(spline_layer(knots, coef, rng.normal(size=(n_in, n_out))))
    return KAN.from_layers(layers)


MODELS = {
    "even": lambda: KAN([2, 3, 2], grid=5, seed=1),
    "one edge": lambda: KAN([1, 1], grid=1, seed=2),
    "deep": lambda: KAN([3, 2, 2, 1], grid=4, order=2, domain=(-2, 1), seed=3),
    "fine": lambda: refine(KAN([2, 2, 1], grid=4, seed=4), 40),  # the sparse kernel, on a smooth function
    "quintic": lambda: KAN([2, 3, 2], grid=7, order=5, seed=5),
    "straight": lambda: KAN([2, 3, 2], grid=7, order=1, seed=6),
    "uneven": uneven_model,
}


def samples(model, n=60, reach=1.5, seed=7):
    """Samples inside the domain, outside it, and on its knots."""
    layer = model.layers[0]
    rng = np.random.default_rng(seed)
    X = rng.uniform(-reach, reach, (n, layer.n_in))
    if layer.order > 2:  # central differences need two derivatives that are continuous
        X[:5] = layer.knots[:, layer.order : layer.order + 5].T[: len(X[:5])]
    return X


def uniform(n=1000, n_in=2, seed=0):
    """Samples between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1, 1, (n, n_in))


def exp_sin(X):
    """The first example of the paper, exp(sin(πx) + y²)."""
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def data(n=1000, seed=0):
    """Samples and their targets, as a column."""
    X = uniform(n, seed=seed)
    return X, exp_sin(X)[:, None]


def classes(n=400, seed=0):
    """Samples of three classes, between a parabola and a line."""
    X = uniform(n, seed=seed)
    return X, (X[:, 0] ** 2 + X[:, 1] > 0.3).astype(int) + (X[:, 0] > 0.5)


def small():
    """sin below, x² beside it, exp above: [2, 1, 1] in functions."""
    below = {
        (0, 0): FunctionEdge(LIBRARY["sin"], [2.0, 0.3, 0.7, 0.1]),
        (1, 0): FunctionEdge(LIBRARY["x^2"], [1.5, 0.2, -0.4, 0]),
    }
    return KAN.from_layers(
        [
            SparseLayer(2, 1, below),
            SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["exp"], [0.8, -0.1, 1.2, 0.5])}),
        ]
    )


def planted():
    """A [3, 3, 1] whose node 1 is fed by input 0 and heard, node 0 is fed and not heard, node 2 is constant."""
    model = KAN([3, 3, 1], seed=0)
    below, above = model.layers
    below.weights[:] = 0
    above.weights[:] = 0
    line = np.linspace(-1, 1, below.coef.shape[1])
    below.coef[0, :, 1] = line
    below.coef[1, :, 0] = line
    below.coef[2, :, 2] = 0.5  # constant
    above.coef[1, :, 0] = line**2
    above.coef[2, :, 0] = 0.3
    return model


def interrupt_after(count, monkeypatch):
    """Let Ctrl-C come in one of the many small steps of the training; list the steps."""
    linearised, calls = Objective._linearised, []

    def interrupted(objective):
        calls.append(0)
        if len(calls) == count:
            raise KeyboardInterrupt
        return linearised(objective)

    monkeypatch.setattr(Objective, "_linearised", interrupted)
    return calls
