"""fit(..., starts=5): it finds what one start does not, for every network and option, and breaks nothing."""

import numpy as np
import pytest

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Gaussians,
    KANClassifier,
    KANRegressor,
    LevenbergMarquardt,
    fit,
    fix_symbolic,
)
from minikan.losses import MeanSquaredError
from minikan.optimizers import Optimizer
from minikan.penalties import Roughness
from minikan.screening import Search
from minikan.starts import solvable
from minikan.terms import Data

pytestmark = pytest.mark.slow


def data(n=600, seed=0):
    """One start fails here: the outer function is a wave."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, np.sin(np.pi * (X[:, 0] + X[:, 1] ** 2))


def rmse(model, X, y):
    return np.sqrt(np.mean((model(X)[:, 0] - y) ** 2))


def test_one_start_is_the_training_without_starts():
    X, y = data()
    plain, one = KAN([2, 2, 1]), KAN([2, 2, 1])
    fit(plain, X, y, steps=5, update_grid=True)
    fit(one, X, y, steps=5, update_grid=True, starts=1, seed=7)
    assert np.array_equal(plain.parameters, one.parameters)


@pytest.mark.parametrize("seed", range(3))
def test_several_starts_find_a_wave_that_one_start_misses(seed):
    (X, y), test = data(), data(1000, 1)
    one, best = KAN([2, 1, 1], seed=seed), KAN([2, 1, 1], seed=seed)
    fit(one, X, y, steps=30)
    fit(best, X, y, steps=30, starts=3, seed=seed)
    assert rmse(one, *test) > 0.2
    assert rmse(best, *test) < 0.03


def test_scale_and_domain_do_not_matter():
    X, y = data()
    model = KAN([2, 1, 1], domain=[(0, 100), (-1, 1)])
    fit(model, X * [50, 1] + [50, 0], 1e3 * y + 5e3, steps=30, starts=3)
    assert rmse(model, X * [50, 1] + [50, 0], 1e3 * y + 5e3) < 30


def test_weights_count():
    """Samples of weight zero say something else, and nobody listens."""
    X, y = data()
    wrong = np.arange(len(X)) % 2 == 0
    model = KAN([2, 1, 1])
    fit(model, X, np.where(wrong, 10 * X[:, 0], y), steps=30, starts=3, sample_weight=~wrong)
    assert rmse(model, X[~wrong], y[~wrong]) < 0.03


def test_samples_of_weight_zero_are_as_if_not_there():
    X, y = data(200)
    junk = np.concatenate([X, 0.5 * X]), np.concatenate([y, 100 + y])
    counts = np.repeat([1.0, 0.0], 200)
    models = KAN([2, 1, 1]), KAN([2, 1, 1])
    fit(models[0], X, y, steps=4, starts=2)
    fit(models[1], *junk, steps=4, starts=2, sample_weight=counts)
    assert np.allclose(models[0].parameters, models[1].parameters, rtol=1e-6, atol=1e-8)


NETWORKS = {
    "mlp": lambda: MLP([2, 4, 1]),
    "one layer": lambda: KAN([2, 1]),
    "products": lambda: KAN([2, [1, 1], 1]),
    "shared": lambda: KAN([2, 2, 1], groups=1),
    "chebyshev": lambda: KAN([2, 2, 1], basis=Chebyshev, grid=12),
    "gaussians": lambda: KAN([2, 2, 1], basis=Gaussians),
    "staircases": lambda: KAN([2, 2, 1], order=0),
    "deep, moved grids": lambda: KAN([2, 2, 1, 1], grid=12, domain=(-2, 3)),
    "named": lambda: fix_symbolic(KAN([2, 2, 1]), data()[0], 0, 0, 0, "sin"),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("optimizer", ["lm", "adam"])
def test_every_network_can_start_several_times(kind, optimizer):
    X, y = data(200)
    options = {"optimizer": optimizer}
    if optimizer == "adam":
        options["batch_size"] = 50
        if kind != "mlp":
            options |= {"penalty": Roughness(1e-3), "update_grid": True}
    model, again = NETWORKS[kind](), NETWORKS[kind]()
    first, shapes = rmse(model, X, y), [layer.weights.shape for layer in model.layers]
    history = fit(model, X, y, steps=4, starts=2, **options)
    assert rmse(model, X, y) < first
    assert [layer.weights.shape for layer in model.layers] == shapes
    assert len(history.step) > 1
    fit(again, X, y, steps=4, starts=2, **options)
    assert np.array_equal(model.parameters, again.parameters)


def test_named_edges_keep_their_numbers_when_others_are_drawn():
    X, y = data(200)
    model = NETWORKS["named"]()
    before = model.layers[0].edge(0, 0).weights.copy()
    seen = []

    class Looking(LevenbergMarquardt):
        def move(self, objective):
            seen.append(objective.model.layers[0].edge(0, 0).weights.copy())
            return False

    fit(model, X, y, steps=4, starts=2, optimizer=Looking())
    assert len(seen) > 5
    assert all(np.array_equal(before, each) for each in seen)


def test_where_a_search_is_possible():
    assert solvable(KAN([4, 2, 1, 1])) == [1, 2]
    assert solvable(KAN([2, 3, 2])) == [1]
    for kind in ("mlp", "one layer", "products", "shared", "named"):
        assert solvable(NETWORKS[kind]()) == []


def test_a_found_network_gives_what_the_search_said():
    X, y = data(300)
    X, model = 2 + 3 * X, KAN([2, 2, 1, 1], domain=(-1, 5), seed=3)
    terms = [
        Data(part, values[None], np.full(len(part), 1 / len(part)), MeanSquaredError())
        for part, values in ((X[:200], y[:200]), (X[200:], y[200:]))
    ]
    for depth in (1, 2):
        search, rng = Search(model.layers, depth, *terms), np.random.default_rng(0)
        tables = [rng.normal(size=(3, layer.n_out, layer.n_in, 4)) for layer in model.layers[:depth]]
        errors, W, scaled = search.solve(tables)
        for k in range(3):
            network = KAN.from_layers(search.network([table[k] for table in scaled], W[k]))
            half = 0.5 * (y.max() - y.min())  # the search works with targets from -1 to 1
            assert np.mean((network(X[200:])[:, 0] - y[200:]) ** 2) == pytest.approx(
                errors[k] * half**2, rel=1e-6
            )
            hidden, _ = network.layers[0].forward(X.T)
            assert [hidden.min(), hidden.max()] == pytest.approx([-1, 1])


def test_cross_entropy():
    X, _ = data(200)
    classes = (X[:, 0] * X[:, 1] > 0).astype(int)
    model = KAN([2, 2, 2])
    fit(model, X, classes, loss="cross-entropy", steps=10, starts=2, penalty=Roughness(1e-3))
    assert np.mean(model(X).argmax(axis=1) == classes) > 0.9


def test_few_samples_alike_or_huge():
    for n in (1, 2, 3):
        fit(KAN([2, 1, 1]), *data(n), steps=2, starts=2)
    fit(KAN([2, 1, 1]), np.zeros((20, 2)), np.ones(20), steps=2, starts=2)
    fit(KAN([2, 1, 1]), 1e60 * data(20)[0], np.ones(20), steps=2, starts=2)


def test_a_better_model_is_kept():
    X, y = data()
    model = KAN([2, 1, 1], grid=30)
    fit(model, X, y, steps=30, starts=3)
    before = rmse(model, X, y)
    fit(model, X, y, steps=1, starts=2)
    assert rmse(model, X, y) <= before


def test_validation_decides_and_callbacks_see_the_last_training_only():
    X, y = data(300)
    calls = []
    model = KAN([2, 1, 1])
    history = fit(
        model, X, y, steps=5, starts=2, validation=data(100, 1), callback=lambda *a: calls.append(a)
    )
    assert [step for step, _ in calls] == history.step.tolist()
    assert history.validation_rmse.min() == pytest.approx(rmse(model, *data(100, 1)))


class Breaking(Optimizer):
    """Goes down a little, and breaks at its n-th move, over all copies."""

    moves = 0

    def __init__(self, after, error):
        self.after, self.error = after, error

    def move(self, objective):
        Breaking.moves += 1
        if Breaking.moves == self.after:
            raise self.error
        objective.parameters -= 1e-2 * objective.loss_and_gradient()[1]
        return True


@pytest.mark.parametrize("network", [lambda: KAN([2, 1, 1]), lambda: MLP([2, 3, 1])])
def test_an_interrupt_leaves_the_best_so_far(network, monkeypatch):
    X, y = data(300)
    monkeypatch.setattr(Breaking, "moves", 0)
    model = network()
    first = rmse(model, X, y)
    history = fit(model, X, y, steps=20, starts=2, optimizer=Breaking(9, KeyboardInterrupt()))
    assert history.stopped == "interrupted"
    assert history.step.tolist() == [0]
    assert history.rmse[0] == pytest.approx(rmse(model, X, y))
    assert rmse(model, X, y) < first


def test_an_interrupt_of_the_search_leaves_the_model(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    X, y = data(300)
    model = KAN([2, 1, 1])
    before = model.parameters.copy()
    monkeypatch.setattr(Search, "run", interrupted)
    assert fit(model, X, y, starts=2).stopped == "interrupted"
    assert np.array_equal(model.parameters, before)


def test_an_error_leaves_the_model_alone(monkeypatch):
    X, y = data(300)
    model = KAN([2, 1, 1])
    before = model.state()
    for after in (1, 9, 14):
        monkeypatch.setattr(Breaking, "moves", 0)
        with pytest.raises(ZeroDivisionError):
            fit(
                model,
                X,
                y,
                steps=20,
                starts=2,
                update_grid=True,
                optimizer=Breaking(after, ZeroDivisionError()),
            )
        assert model.is_in(before)
    for wrong in ({"starts": 0}, {"starts": 1.5}, {"starts": 2, "seed": -1}):
        with pytest.raises((ValueError, TypeError), match=r"starts|seed"):
            fit(model, X, y, **wrong)
        assert model.is_in(before)


def test_estimators_start_several_times():
    X, y = data(400)
    settings = dict(hidden=(1,), grid=5, steps=30, roughness=1e-5)
    one, best = KANRegressor(**settings), KANRegressor(**settings, starts=3)
    assert one.fit(X, y).score(X, y) < 0.9 < 0.99 < best.fit(X, y).score(X, y)
    assert KANClassifier((1,), starts=2, steps=5).fit(X, y > 0).score(X, y > 0) > 0.6
    assert "starts=3" in repr(best)
