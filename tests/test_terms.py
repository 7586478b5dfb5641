"""A term of one's own: whoever writes three methods can have it minimised by every optimiser, beside all others."""

import numpy as np
import pytest

from minikan import (
    KAN,
    MLP,
    Adam,
    Chebyshev,
    GradientDescent,
    LevenbergMarquardt,
    Roughness,
    Sparsity,
    fit,
    refine,
)
from minikan.losses import MeanSquaredError
from minikan.objective import Objective, as_objective
from minikan.terms import Block, Term

X = np.random.default_rng(0).uniform(-1, 1, (80, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2


class Integral(Term):
    """½ strength (mean of the output over some points - value)²: pulls the integral of the output to a value."""

    def __init__(self, value, strength=10.0):
        self.wanted, self.strength = value, strength
        self.points = np.random.default_rng(1).uniform(-1, 1, (40, 2))

    def residual(self, model):
        return np.sqrt(self.strength) * (model(self.points).mean() - self.wanted)

    def value(self, model):
        return 0.5 * self.residual(model) ** 2

    def loss_and_gradient(self, model):
        upstream = np.full((40, 1), np.sqrt(self.strength) / 40)
        gradient, _ = model.backward(self.points, upstream)
        return self.value(model), self.residual(model) * gradient

    def blocks(self, model):
        jacobian = model.jacobian(self.points).mean(axis=0)  # (1, P)
        row = np.sqrt(self.strength) * jacobian.T
        yield Block(self.value(model), np.vstack([row, [[self.residual(model)]]]))


MODELS = {
    "KAN": lambda: KAN([2, 2, 1], grid=3),
    "product": lambda: KAN([2, [1, 1], 1], grid=3, basis=Chebyshev),
    "shared": lambda: KAN([2, 2, 1], grid=3, groups=1),
    "MLP": lambda: MLP([2, 5, 1]),
}
OPTIMIZERS = {
    "lm": LevenbergMarquardt,
    "lm, orthogonal": lambda: LevenbergMarquardt(orthogonal=True),
    "lm, straight": lambda: LevenbergMarquardt(acceleration=False),
    "lbfgs": lambda: "lbfgs",
    "adam": Adam,
    "gd": lambda: GradientDescent(0.02),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_takes_a_term_of_ones_own(name, optimizer):
    free, pulled = MODELS[name](), MODELS[name]()
    term, steps = Integral(2.0), 100 if optimizer in ("adam", "gd") else 15
    fit(free, X, Y, steps=steps, optimizer=OPTIMIZERS[optimizer]())
    history = fit(pulled, X, Y, steps=steps, optimizer=OPTIMIZERS[optimizer](), penalty=term)
    assert history.loss.min() < history.loss[0]
    assert abs(pulled(term.points).mean() - 2.0) < 0.5 * abs(free(term.points).mean() - 2.0)
    np.testing.assert_allclose(
        history.loss.min(), np.mean((pulled(X)[:, 0] - Y) ** 2) + term.value(pulled), rtol=1e-10
    )


def test_mini_batches_take_it_too():
    model = KAN([2, 1], grid=3)
    history = fit(
        model, X, Y, steps=120, optimizer="adam", batch_size=20, penalty=[Integral(2.0), Sparsity(1e-3)]
    )
    assert history.loss.min() < 0.5 * history.loss[0]
    assert abs(model(Integral(2.0).points).mean() - 2.0) < 1


def test_both_ways_to_solve_take_the_same_step():
    models = [KAN([2, 2, 1], grid=3) for _ in range(2)]
    for model, orthogonal in zip(models, (False, True), strict=True):
        fit(
            model,
            X,
            Y,
            steps=1,
            optimizer=LevenbergMarquardt(orthogonal=orthogonal),
            penalty=[Integral(2.0), Sparsity(0.1)],
        )
    assert not np.array_equal(models[0].parameters, KAN([2, 2, 1], grid=3).parameters)
    np.testing.assert_allclose(models[0].parameters, models[1].parameters, atol=1e-9)


def test_loss_and_error_mean_the_same_everywhere():
    model, seen = KAN([2, 2, 1], grid=3), []
    penalties = [Integral(2.0), Roughness(1e-3), Sparsity(1e-3)]

    def callback(step, loss):
        objective = as_objective(model, X, Y, None, MeanSquaredError(), penalties=penalties)
        seen.append((step, loss, objective.loss(), objective.error()))

    history = fit(model, X, Y, steps=5, penalty=penalties, callback=callback, tol=0)
    steps, told, losses, errors = np.array(seen).T
    np.testing.assert_array_equal(steps, history.step)
    np.testing.assert_array_equal(told, history.loss)
    np.testing.assert_allclose(losses, history.loss, rtol=1e-13)
    np.testing.assert_allclose(errors, history.error, rtol=1e-13)
    np.testing.assert_allclose(history.rmse**2, errors, rtol=1e-13)
    objective = as_objective(model, X, Y, None, MeanSquaredError(), penalties=penalties)
    gradient = objective.loss_and_gradient()[0], objective.curvature()[0], objective.triangle()[0]
    np.testing.assert_allclose(gradient, [objective.loss()] * 3, rtol=1e-12)
    np.testing.assert_allclose(objective.error(), np.mean((model(X)[:, 0] - Y) ** 2), rtol=1e-12)


def test_what_is_known_is_never_of_another_state():
    """Weights written in place, on any layer's arrays; other knots of the same layer; other terms."""
    model = KAN([2, [1, 1], 1], grid=3)
    objective = as_objective(model, X, Y, None, MeanSquaredError(), penalties=[Integral(2.0)])

    def plain():
        return sum(term.value(model) for term in objective.terms)

    changes = [
        lambda: model.layers[0].coef.__setitem__((0, 1, 2), 3.0),
        lambda: model.layers[2].base_weight.__iadd__(0.1),
        lambda: model.parameters.__setitem__(-1, 0.7),
        lambda: setattr(model.layers[0], "bases", (Chebyshev([(-2, 1), (-1, 3)], 5, "silu"),)),
        lambda: setattr(objective, "terms", objective.terms[:1]),
    ]
    known = objective.loss()
    for change in changes:
        change()
        assert objective.loss() == plain() != known
        known = objective.loss()


def test_a_new_objective_forgets_the_damping():
    """An optimiser that was used before takes the steps of a new one."""
    used, new = LevenbergMarquardt(), LevenbergMarquardt()
    fit(KAN([2, 1]), X, Y, steps=10, optimizer=used)
    model, same = KAN([2, 2, 1]), KAN([2, 2, 1])
    assert used.mu != new.mu
    histories = fit(model, X, Y, steps=4, optimizer=used), fit(same, X, Y, steps=4, optimizer=new)
    np.testing.assert_array_equal(histories[0].loss, histories[1].loss)
    one, other = (
        Objective(KAN([2, 1]), as_objective(model, X, Y, None, MeanSquaredError()).terms) for _ in range(2)
    )
    used.step(one)
    mu = used.mu
    used.step(one)
    assert used.mu < mu  # the same objective: it learns
    used.step(other)
    assert used.mu == mu


def test_terms_see_a_model_that_becomes_finer():
    model = KAN([2, 1], grid=3)
    term = Integral(2.0)
    fit(model, X, Y, steps=10, penalty=term)
    finer = refine(model, 9)
    np.testing.assert_allclose(term.value(finer), term.value(model), rtol=1e-9)
    before = fit(finer, X, Y, steps=10, penalty=[term, Roughness(1e-6)])
    assert before.loss.min() <= before.loss[0]


@pytest.mark.parametrize("penalty", ["rough", [Roughness(1.0), 3], [Roughness]], ids=str)
def test_what_is_no_term_is_refused(penalty):
    with pytest.raises(TypeError, match="penalty must be a Term, such as Roughness, or several of them"):
        fit(KAN([2, 1]), X, Y, penalty=penalty)
