"""Polynomials see which inputs matter, which of them interact, and whether anything is left."""

import numpy as np
import pytest

from minikan.interactions import components
from minikan.shapes import Factor, Node, Shape
from minikan.surrogate import Surrogate, Targets


def table(law, n=500, d=3, seed=0, low=-1.0, noise=0.0):
    """A surrogate and targets of a law: 80% of n samples of d inputs, and those held out."""
    rng = np.random.default_rng(seed)
    X, cut = rng.uniform(low, 1, (n, d)), n // 5
    y = law(*X.T)
    y = y + noise * y.std() * rng.standard_normal(n)
    return Surrogate(X[cut:], X[:cut]), y[cut:], y[:cut]


def plain(y, held):
    return Targets(y, held, np.ones_like(y), np.ones_like(held))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0, 0.01, 0.1])
@pytest.mark.parametrize(
    "law, matter",
    [
        (lambda a, b, c: np.exp(a) * c, [0, 2]),
        (lambda a, b, c: a + 0 * b, [0]),
        (lambda a, b, c: np.sin(40 * b) + a**2, [0, 1]),
        (lambda a, b, c: np.sin(40 * b) * np.exp(2 * b), [1]),
        (lambda a, b, c: a * b + c, [0, 1, 2]),
    ],
)
def test_inputs_that_matter_are_seen(law, matter, noise, seed):
    surrogate, y, held = table(law, 600, seed=seed, noise=noise)
    assert set(matter) <= set(surrogate.relevant(plain(y, held)))


@pytest.mark.parametrize("noise", [0, 0.01, 0.1])
def test_inputs_that_do_not_matter_are_seldom_taken(noise):
    taken = 0
    for seed in range(40):
        surrogate, y, held = table(lambda a, b, c: np.exp(a) * (1 + 0 * b * c), 300, seed=seed, noise=noise)
        taken += len(surrogate.relevant(plain(y, held))) - 1
    assert taken <= 8  # of 80


@pytest.mark.parametrize("noise", [0, 0.01])
@pytest.mark.parametrize(
    "law, pairs",
    [
        (lambda a, b, c, d: a * b + np.exp(c), [(0, 1)]),
        (lambda a, b, c, d: np.sin(a + b) + np.cos(c - d), [(0, 1), (2, 3)]),
        (lambda a, b, c, d: a + b**2 + c**3, []),
        (lambda a, b, c, d: a * b * c, [(0, 1), (0, 2), (1, 2)]),
    ],
)
def test_interactions_are_seen(law, pairs, noise):
    surrogate, y, held = table(law, d=4, noise=noise)
    assert surrogate.interactions(plain(y, held), range(4)) == set(pairs)


def test_interactions_under_weights():
    """A logarithm makes a product a sum; samples near zero, where it is steep, hardly count."""
    surrogate, y, held = table(lambda a, b, c: (a + 1.001) * np.exp(b * c), low=-1.0)
    see = lambda inverse, weight: surrogate.interactions(  # noqa: E731
        Targets(inverse(y), inverse(held), weight(y), weight(held)), range(3)
    )
    assert see(np.copy, np.ones_like) == {(0, 1), (0, 2), (1, 2)}
    assert see(np.log, np.square) == {(1, 2)}


def test_polynomials_that_are_far_off_tell_no_interactions():
    surrogate, y, held = table(lambda a, b, c: np.sin(40 * a) * b)
    assert surrogate.interactions(plain(y, held), range(3)) is None


def test_residuals_that_are_noise_and_those_that_are_not():
    rng, said, missed = np.random.default_rng(0), 0, 0
    for seed in range(50):
        surrogate, y, _ = table(lambda a, b, c: a * b, 300, seed=seed)
        noise = 1e-6 * rng.standard_normal(len(y))
        said += surrogate.explains(noise)
        missed += surrogate.explains(noise + 1e-6 * y / y.std())
    assert said >= 48 and missed == 0


@pytest.mark.parametrize("turns", [3, 15, 30])
def test_waves_are_not_noise(turns):
    surrogate, y, _ = table(lambda a: np.sin(2 * np.pi * turns * a), 400, d=1)
    assert not surrogate.explains(y)


def test_few_samples_and_constant_inputs_are_no_error():
    X = np.column_stack([np.arange(12.0), np.ones(12)])
    surrogate = Surrogate(X[4:], X[:4])
    assert surrogate.relevant(plain(X[4:, 0], X[:4, 0])) == [0]
    assert isinstance(surrogate.explains(np.ones(8)), bool)


def test_components():
    assert components(range(5), frozenset({(0, 3), (1, 3)})) == [(0, 1, 3), (2,), (4,)]
    assert components([2, 4], frozenset()) == [(2,), (4,)]


@pytest.mark.parametrize(
    "nodes, pairs",
    [
        ([Node((Factor((0, 1, 2)),))], []),
        ([Node((Factor((0, 1)),), True), Node((Factor((2,)),))], [(0, 1)]),
        ([Node((Factor((0, 1)), Factor((2,))))], [(0, 2), (1, 2)]),
        ([Node((Factor((0,)), Factor((1, 2), True)))], [(0, 1), (0, 2), (1, 2)]),
        ([Node((Factor((0,)), Factor((0, 1), True, True)))], [(0, 1)]),
    ],
)
def test_interactions_of_shapes(nodes, pairs):
    """Mixed second differences of a network with random curves vanish exactly where inputs do not interact."""
    shape, X = Shape(tuple(nodes)), np.random.default_rng(0).uniform(-1, 1, (200, 3))
    assert shape.interactions == set(pairs)
    model = shape.network(X, 5, 0)
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        moved = [X.copy() for _ in range(3)]
        moved[0][:, i] = moved[2][:, i] = 0.3
        moved[1][:, j] = moved[2][:, j] = -0.4
        mixed = model(X) - model(moved[0]) - model(moved[1]) + model(moved[2])
        assert (np.abs(mixed).max() > 1e-9) == ((i, j) in pairs)
