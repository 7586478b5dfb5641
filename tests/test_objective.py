"""Objectives: sums of terms with their derivatives, samples with weights, and parts of them."""

import numpy as np
import pytest
from models import classes, data, small

from minikan import KAN, MLP, Roughness, Sparsity, Splines
from minikan.losses import LOSSES
from minikan.named import FunctionEdge
from minikan.network import BLOCK, Network, blocks
from minikan.objective import Objective, as_objective, batches
from minikan.sparse import SparseLayer
from minikan.terms import REMEMBERED, Block, Data, Term


@pytest.fixture(params=LOSSES)
def objective(request):
    """More samples than a block, three outputs, weights."""
    X, y = classes(BLOCK + 7)
    if request.param == "mse":
        y = np.stack([y, -y, y**2], axis=1)
    weights = np.random.default_rng(1).uniform(0, 2, len(X))
    return as_objective(KAN([2, 3, 3], seed=1), X, y, weights, LOSSES[request.param]())


def test_loss_and_gradient_agree_with_differences(objective):
    loss, gradient = objective.loss_and_gradient()
    assert objective.loss() == pytest.approx(loss, rel=1e-13)
    start, direction = objective.parameters.copy(), np.random.default_rng(2).normal(size=gradient.size)
    sides = []
    for sign in (1, -1):
        objective.parameters = start + sign * 1e-6 * direction
        sides.append(objective.loss())
    assert gradient @ direction == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-6)


def test_curvature_is_gauss_newton(objective):
    (data,) = objective.terms
    loss, gradient, matrix = objective.curvature()
    expected_loss, expected_gradient = objective.loss_and_gradient()
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-13)
    jacobian = objective.model.jacobian(data.X)  # (n, n_out, P)
    z = objective.model(data.X).T
    direction = np.random.default_rng(2).normal(size=gradient.size)
    curved = data.criterion.hessian_product(z, (jacobian @ direction).T, data.weights)
    expected = np.einsum("on,nop->p", curved, jacobian)
    np.testing.assert_allclose(matrix @ direction, expected, atol=1e-11)


def test_triangle_is_the_same(objective):
    loss, gradient, matrix = objective.curvature()
    same_loss, R, q, extra = objective.triangle()
    assert same_loss == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(R.T @ R, matrix, atol=1e-12)
    np.testing.assert_allclose(R.T @ q, gradient, atol=1e-13)
    np.testing.assert_array_equal(R, np.triu(R))
    assert not extra.any()


def test_second_order_is_the_outputs_second_derivative(objective):
    """The Gauss–Newton matrix times the second difference, from a finer step."""
    (data,) = objective.terms
    step = 0.1 * np.random.default_rng(3).normal(size=objective.parameters.size)
    start, h, z = objective.parameters.copy(), 1e-3, []
    for shift in (h, 0, -h):
        objective.parameters = start + shift * step
        z.append(objective.model(data.X).T)
    objective.parameters = start
    bent = (z[0] - 2 * z[1] + z[2]) / h**2
    curved = data.criterion.hessian_product(z[1], bent, data.weights)
    expected = np.einsum("on,nop->p", curved, objective.model.jacobian(data.X))
    got = objective.second_order(step)
    np.testing.assert_array_equal(objective.parameters, start)
    np.testing.assert_allclose(got, expected, atol=0.02 * np.abs(expected).max())


def test_weights_count_samples_twice():
    X, y = data(50)
    twice = as_objective(KAN([2, 1]), np.vstack([X, X[:10]]), np.vstack([y, y[:10]]), None, LOSSES["mse"]())
    weighted = as_objective(KAN([2, 1]), X, y, np.where(np.arange(50) < 10, 2, 1), LOSSES["mse"]())
    assert weighted.loss() == pytest.approx(twice.loss(), rel=1e-13)
    np.testing.assert_allclose(weighted.curvature()[2], twice.curvature()[2], atol=1e-14)


def test_evaluations_are_counted():
    X, y = data(100)
    objective = as_objective(KAN([2, 1]), X, y, None, LOSSES["mse"]())
    objective.loss()
    objective.loss()  # known
    objective.loss_and_gradient()
    objective.curvature()
    objective.second_order(objective.parameters)
    assert objective.evaluations == 6
    objective.error()
    objective.loss()
    assert objective.evaluations == 6
    objective.parameters[0] += 1.0  # now nothing is known
    objective.error()
    objective.loss()
    assert objective.evaluations == 7


def test_what_is_known_is_forgotten_when_anything_changes():
    X, y = data(50)
    objective = as_objective(KAN([2, 1]), X, y, None, LOSSES["mse"]())
    data_term = objective.terms[0]
    first = objective.loss()
    objective.parameters[0] += 0.1
    second = objective.loss()
    assert second != first
    objective.model.layers[0].bases = (Splines.on([(-2, 2)] * 2, 5, 3, "silu"),)
    assert objective.loss() != second
    objective.terms = (data_term, data_term)
    assert objective.loss() == pytest.approx(2 * data_term.value(objective.model), rel=1e-14)


def same_passes(data, model):
    """Compare what a term remembers with a pass of today."""
    fresh = Data(data.X, data.y, data.weights, data.criterion)
    for got, expected in zip(data.passes(model), fresh.passes(model), strict=True):
        assert got[0] == expected[0]
        np.testing.assert_array_equal(got[1], expected[1])
    np.testing.assert_array_equal(
        *(
            Objective(model, [term]).second_order(np.full(model.parameters.size, 0.1))
            for term in (data, fresh)
        )
    )
    for got, expected in zip(data.blocks(model), fresh.blocks(model), strict=True):
        np.testing.assert_array_equal(got.loss, expected.loss)
        np.testing.assert_array_equal(got.rows, expected.rows)


def term(model, n):
    X, y = data(n)
    return as_objective(model, X, y, None, LOSSES["mse"]()).terms[0]


@pytest.mark.parametrize("n", [100, 4 * BLOCK + 5], ids=["one block", "more blocks than are remembered"])
def test_a_pass_is_remembered_only_as_long_as_it_is_right(n):
    model = KAN([2, 2, 1], seed=1, noise=0.5)
    samples = term(model, n)
    same_passes(samples, model)
    start = model.state()
    changes = {
        "in the vector": lambda: model.parameters.__setitem__(0, 3.0),
        "in a layer": lambda: model.layers[0].weights.__setitem__((1, 2, 0), -1.0),
        "in the last layer": lambda: model.layers[-1].base_weight.__setitem__(0, 2.0),
        "knots": lambda: setattr(model.layers[1], "bases", (Splines.on([(-2, 2)] * 2, 5, 3, "silu"),)),
        "back": lambda: model.restore(start),
        "not a number": lambda: model.parameters.__setitem__(3, np.nan),
    }
    for change in changes.values():
        change()
        same_passes(samples, model)


def test_a_pass_is_remembered_where_nothing_has_changed(monkeypatch):
    model = KAN([2, 2, 1], seed=1)
    samples, calls = term(model, 100), []
    forward = Network.forward
    monkeypatch.setattr(Network, "forward", lambda *args: calls.append(args) or forward(*args))
    samples.value(model)
    assert len(calls) == 1
    list(samples.blocks(model))
    samples.value(model)
    assert len(calls) == 1
    samples.second_order(model, np.ones(model.parameters.size), 0.1)
    samples.value(model)
    assert len(calls) == 3  # ahead and behind
    large, count = term(model, 5 * BLOCK), len(blocks(5 * BLOCK))
    calls.clear()
    large.value(model)
    large.value(model)
    assert len(calls) == 2 * count - REMEMBERED  # memory does not grow with the samples


@pytest.mark.parametrize("kind", ["named edges", "MLP"])
def test_a_pass_belongs_to_its_model(kind):
    """The same numbers in another model are another function."""
    if kind == "MLP":
        models = [MLP([2, 3, 1], activation=name) for name in ("silu", "tanh")]
    else:
        models = [
            KAN.from_layers([SparseLayer(2, 1, {(0, 0): FunctionEdge(name, [1.0, 0.5, 1.0, 0.0])})])
            for name in ("sin", "exp")
        ]
    models[1].parameters = models[0].parameters
    samples = term(models[0], 50)
    for model in [*models, *models]:
        same_passes(samples, model)


# ---------------------------------------------------------------------------------------- sums of terms


class Anchor(Term):
    """A term of one's own: parameters should stay near a place, for some of them only."""

    def __init__(self, where, place, is_penalty=True):
        self.where, self.place, self.is_penalty = np.array(where), place, is_penalty

    def value(self, model):
        return 0.5 * float(np.sum((model.parameters[self.where] - self.place) ** 2))

    def loss_and_gradient(self, model):
        gradient = np.zeros(model.parameters.size)
        gradient[self.where] = model.parameters[self.where] - self.place
        return self.value(model), gradient

    def blocks(self, model):
        residuals = model.parameters[self.where] - self.place
        rows = np.vstack([np.eye(len(self.where)), residuals])
        yield Block(0.5 * float(residuals @ residuals), rows, self.where)


def sums():
    """Objectives of all kinds of terms."""
    X, y = data(70)

    def terms(model):
        samples = Data(X, np.ascontiguousarray(y.T), np.full(70, 1 / 70), LOSSES["mse"]())
        half = Data(X[:30], np.ascontiguousarray(y[:30].T), np.full(30, 1 / 30), LOSSES["mse"]())
        penalties = [Anchor([0, 3], 2.0), Roughness(0.1), Sparsity(0.1).on(X, samples.weights)]
        return model, [samples, half, *penalties] if isinstance(model, KAN) else [samples, half, penalties[0]]

    return {
        "KAN": terms(KAN([2, 2, 1], seed=1, noise=1)),
        "MLP": terms(MLP([2, 3, 1])),
        "functions": terms(small()),
    }


@pytest.mark.parametrize(("model", "terms"), sums().values(), ids=sums())
def test_everything_adds_up(model, terms):
    objective, alone = Objective(model, terms), [Objective(model, [term]) for term in terms]
    assert objective.loss() == pytest.approx(sum(each.loss() for each in alone), rel=1e-13)
    errors = [each.loss() for each, term in zip(alone, terms, strict=True) if not term.is_penalty]
    assert objective.error() == pytest.approx(sum(errors), rel=1e-13)
    step = 0.1 * np.random.default_rng(0).normal(size=objective.parameters.size)
    calls = {
        "gradient": lambda o: o.loss_and_gradient()[1],
        "curvature": lambda o: o.curvature()[2],
        "its gradient": lambda o: o.curvature()[1],
        "second order": lambda o: o.second_order(step),
    }
    for call in calls.values():
        np.testing.assert_allclose(call(objective), sum(call(each) for each in alone), atol=1e-10)
    loss, gradient, matrix = objective.curvature()
    same_loss, R, q, extra = objective.triangle()
    assert loss == pytest.approx(objective.loss(), rel=1e-12)
    assert same_loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(gradient, objective.loss_and_gradient()[1], atol=1e-10)
    np.testing.assert_allclose(R.T @ R, matrix, atol=1e-10)
    np.testing.assert_allclose(R.T @ q + extra, gradient, atol=1e-10)


def test_terms_without_any_samples_make_an_objective():
    model = KAN([1, 1])
    objective = Objective(model, [Anchor(range(9), 3.0)])
    assert objective.n == 0 and objective.error() == 0
    np.testing.assert_allclose(
        np.linalg.solve(*objective.curvature()[:0:-1]), model.parameters - 3.0, atol=1e-12
    )


def test_parts_belong_to_the_whole_and_count_their_share():
    X, y = data(100)
    objective = as_objective(KAN([2, 1]), X, y, None, LOSSES["mse"](), penalties=[Sparsity(0.1)])
    part = objective.part(np.arange(25))
    assert part.whole is objective.whole is objective
    assert part.n == 25 and part.terms[0].weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(part.terms[0].X, X[:25])
    np.testing.assert_array_equal(part.terms[1].X, X[:25])
    stream = batches(objective, 30, 0)
    sizes = []
    for _ in range(8):
        each = next(stream)
        each.loss()
        sizes.append(each.n)
    next(stream)
    assert sizes == [30, 30, 30, 10] * 2
    assert objective.evaluations == pytest.approx(2)


def test_a_term_can_be_refused_for_a_model():
    X, y = data(10)
    with pytest.raises(TypeError, match="roughness needs a KAN, whose edges are curves, got MLP"):
        as_objective(MLP([2, 1]), X, y, None, LOSSES["mse"](), penalties=[Roughness(1.0)])
