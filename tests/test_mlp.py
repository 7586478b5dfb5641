"""The MLP: values written out, derivatives by differences, the same interface as a KAN."""

import numpy as np
import pytest

from minikan import MLP, check_gradient, fit

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(-1, 1, (40, 2)), RNG.normal(size=(40, 2))
KINDS = ["silu", "tanh", "relu"]


@pytest.mark.parametrize("kind", KINDS)
def test_values_written_out(kind):
    model = MLP([2, 4, 3, 2], kind, seed=1)
    function = {
        "silu": lambda x: x / (1 + np.exp(-x)),
        "tanh": np.tanh,
        "relu": lambda x: np.where(x > 0, x, 0),
    }[kind]
    z = X
    for depth, layer in enumerate(model.layers):
        z = (function(z) if depth else z) @ layer.weights[:-1] + layer.weights[-1]
    np.testing.assert_allclose(model(X), z, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_in_parameters_and_inputs(kind):
    model = MLP([2, 4, 3, 2], kind, seed=1)

    def loss(parameters):
        model.parameters = parameters
        return model.loss_and_gradient(X, Y)[0]

    start = model.parameters.copy()
    gradient = model.loss_and_gradient(X, Y)[1]
    assert check_gradient(loss, gradient, start).holds
    model.parameters = start
    upstream = RNG.normal(size=(40, 2))
    assert check_gradient(lambda x: np.vdot(model(x), upstream), model.backward(X, upstream)[1], X).holds


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian(kind):
    model = MLP([2, 4, 3, 2], kind, seed=1)
    start, jacobian = model.parameters.copy(), model.jacobian(X)
    assert jacobian.shape == (40, 2, start.size)
    direction = RNG.normal(size=start.size)
    sides = []
    for sign in (1, -1):
        model.parameters = start + sign * 1e-6 * direction
        sides.append(model(X))
    np.testing.assert_allclose(jacobian @ direction, (sides[0] - sides[1]) / 2e-6, atol=1e-7)


def test_parameters_are_one_vector_and_counted():
    model = MLP([2, 10, 1])
    assert model.parameters.size == 2 * 10 + 10 + 10 + 1
    model.parameters[:] = 0
    assert all((layer.weights == 0).all() for layer in model.layers)
    assert repr(model) == (
        "MLP([2, 10, 1]: 41 parameters)\n"
        "  MLPLayer(2 → 10, identity: 30 parameters)\n"
        "  MLPLayer(10 → 1, silu: 11 parameters)"
    )


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam"])
def test_it_learns_with_every_optimiser(optimizer):
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    model = MLP([2, 8, 1], seed=0)
    history = fit(model, X, y, steps=500, optimizer=optimizer)
    assert history.rmse.min() < 0.3 * history.rmse[0]


def test_scale_of_the_start():
    """Signals keep their size through ten layers."""
    X = np.random.default_rng(0).normal(size=(500, 50))
    for kind in KINDS:
        spread = MLP([50] * 11 + [1], kind, seed=0)(X).std()
        assert 0.05 < spread < 5, kind


def test_same_seed_same_network():
    assert (MLP([2, 3, 1], seed=5).parameters == MLP([2, 3, 1], seed=5).parameters).all()
    assert (MLP([2, 3, 1], seed=5).parameters != MLP([2, 3, 1], seed=6).parameters).any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(widths=[2]), "widths must list at least inputs and outputs"),
        (dict(widths=[2, 0, 1]), "every width must be at least 1, got 0"),
        (dict(widths=[2, 1], activation="gelu"), "activation must be one of silu, tanh, relu, got 'gelu'"),
    ],
)
def test_it_refuses(arguments, words):
    with pytest.raises(ValueError) as error:
        MLP(**arguments)
    assert words in str(error.value)
