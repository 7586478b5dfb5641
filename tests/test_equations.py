"""Equations: what they need, their terms with all derivatives, and solutions held against exact ones."""

import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
import sympy

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Equation,
    Fourier,
    Gaussians,
    LevenbergMarquardt,
    Roughness,
    TrialSolution,
    boundary,
    face,
    fix_symbolic,
    fixed,
    formula,
    interior,
    measured,
    periodic,
    refine,
    solve,
    symbolify,
)
from minikan.coefficients import Coefficients
from minikan.needs import Names
from minikan.objective import Objective

SQUARE = [(-1, 1), (-1, 1)]
NAMES = Names(["x", "y"], ["u", "v"], ["c", "k"])
wild = Equation(
    "u v_x u_xx u_xy v_yy",
    lambda X, u, vx, uxx, uxy, vyy, k: u * vx + k * uxx**2 + uxy * vyy - X[:, 0],
    lambda X, u, vx, uxx, uxy, vyy, k: (vx, u, 2 * k * uxx, vyy, uxy, uxx**2),
    "k",
)


def points(n=40, n_in=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, n_in))


def joint(model, numbers=(0.3, 0.7)):
    """A network with unknown coefficients on top, as `solve` makes it; curved, so that nothing vanishes."""
    model.parameters[:] += np.random.default_rng(3).normal(0, 0.1, model.parameters.size)
    return model.from_layers([*model.layers, Coefficients(model.widths[-1], numbers)])


MODELS = {
    "splines": lambda: KAN([2, 3, 2], grid=4, order=5, domain=(-1.2, 1.2)),
    "products": lambda: KAN([2, [1, 1], 2], grid=4, order=5, domain=(-1.2, 1.2)),
    "Gaussians": lambda: KAN([2, 2, 2], basis=Gaussians, domain=(-1.2, 1.2)),
    "MLP": lambda: MLP([2, 4, 2], "tanh"),
}
TRIALS = {"plain": None, "trial": ("(1 - x**2) * (2 + y)", "sin(x*y)")}


@pytest.fixture(params=MODELS)
def model(request):
    return joint(MODELS[request.param]())


@pytest.fixture(params=TRIALS)
def trial(request, model):
    return TRIALS[request.param] and TrialSolution(model, *TRIALS[request.param])


def slopes(function, model, h=1e-5):
    """Central differences of a function of the model, in all parameters: (P, ...)."""
    here, rows = model.parameters.copy(), []
    for step in h * np.eye(here.size):
        model.parameters[:] = here + step
        up = function()
        model.parameters[:] = here - step
        rows.append((up - function()) / (2 * h))
    model.parameters[:] = here
    return np.array(rows)


def close(found, expected, tolerance=1e-6):
    assert np.abs(np.asarray(found) - expected).max() <= tolerance * max(1, np.abs(expected).max())


# ------------------------------------------------------------------------------------------- needs


@pytest.mark.parametrize(
    "need, expected",
    {"u": (0, []), "v_y": (1, [1]), "u_xx": (0, [0, 0]), "u_yx": (0, [0, 1]), "v_yy": (1, [1, 1])}.items(),
)
def test_needs_are_read(need, expected):
    assert NAMES.derivative(need) == expected


def test_names_of_several_letters_are_read():
    names = Names(["x1", "x", "theta"], ["u"], [])
    assert names.derivative("u_x1x") == (0, [0, 1])
    assert names.derivative("u_thetatheta") == (0, [2, 2])


@pytest.mark.parametrize(
    "need, sentence",
    {"w_x": "outputs u, v", "u_t": "no input is called 't'", "u_xxx": "up to the second"}.items(),
)
def test_needs_that_cannot_be_met_are_refused(need, sentence):
    with pytest.raises(ValueError, match=sentence):
        NAMES.derivative(need)


def test_derivatives_are_those_of_the_network(model, trial):
    """All first and second derivatives, mixed ones included, against differences of the function itself."""
    needs = "u v u_x v_y u_xx v_yy u_xy v_yx"
    every = Equation(needs, lambda X, *d: sum(d), lambda X, *d: (1,) * len(d))
    X, h, names = points(), 1e-4, NAMES
    term = every.at(X).bound(model, names, np.ones(2), trial)
    found = term.needs(model, slice(None))[0]
    whole = model if trial is None else trial

    def at(*shift):
        return whole(X + h * np.array(shift))

    u, v = at(0, 0).T
    close(found[:2], np.array([u, v]), 1e-13)
    close(found[2], ((at(1, 0) - at(-1, 0)) / (2 * h))[:, 0], 1e-4)
    close(found[3], ((at(0, 1) - at(0, -1)) / (2 * h))[:, 1], 1e-4)
    close(found[4], ((at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / h**2)[:, 0], 1e-3)
    close(found[5], ((at(0, 1) - 2 * at(0, 0) + at(0, -1)) / h**2)[:, 1], 1e-3)
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h**2)
    close(found[6:], mixed.T, 1e-3)


# ------------------------------------------------------------------------------------------- terms

TERMS = {
    "equation": lambda: wild.at(points()),
    "weights": lambda: wild.at(points(), np.linspace(0, 3, 40)),
    "values": lambda: fixed(points(), np.linspace(-1, 1, 40), "u_x"),
    "periodic": lambda: periodic(points(), points(seed=1), "v_y"),
    "measured": lambda: measured(points(), 2.0, "v"),
    "several blocks": lambda: wild.at(points(1500)),
}


@pytest.mark.parametrize("kind", TERMS)
def test_gradient_and_jacobian_of_a_term(kind, model, trial):
    term = TERMS[kind]().bound(model, NAMES, np.array([2.0, 1.0]), trial)
    loss, gradient = term.loss_and_gradient(model)
    assert loss == pytest.approx(term.value(model), rel=1e-12)
    close(gradient, slopes(lambda: term.value(model), model), 1e-6)
    blocks = list(term.blocks(model))
    rows = np.concatenate([block.rows for block in blocks], axis=1)
    assert sum(block.loss for block in blocks) == pytest.approx(loss, rel=1e-12)
    assert rows.shape == (model.parameters.size + 1, term.n)
    scaled = term.residuals(model, slice(None)) * term.plan.scale
    close(rows[-1], scaled, 1e-12)
    if term.n < 100:
        close(rows[:-1], slopes(lambda: term.residuals(model, slice(None)) * term.plan.scale, model))


def test_blocks_of_another_state_are_not_taken_for_those_of_this(model):
    term = wild.at(points()).bound(model, NAMES, np.ones(2))
    before = term.loss_and_gradient(model)[0]
    model.parameters[:] *= 1.1
    assert term.loss_and_gradient(model)[0] == pytest.approx(term.value(model), rel=1e-12) != before


def test_large_jacobians_are_not_kept(model, monkeypatch):
    term = wild.at(points()).bound(model, NAMES, np.ones(2))
    expected = term.loss_and_gradient(model)[1]
    monkeypatch.setattr("minikan.residuals.KEPT", 1)
    term = replace(term)
    np.testing.assert_array_equal(term.loss_and_gradient(model)[1], expected)
    assert not term._last


def test_second_order_is_the_curvature_of_the_residuals_along_a_step(model, trial):
    term = wild.at(points()).bound(model, NAMES, np.ones(2), trial)
    step, here, h = (
        np.random.default_rng(4).normal(0, 0.1, model.parameters.size),
        model.parameters.copy(),
        1e-3,
    )

    def residuals(t):
        model.parameters[:] = here + t * step
        return term.residuals(model, slice(None)) * term.plan.scale

    second = (residuals(h) - 2 * residuals(0) + residuals(-h)) / h**2
    model.parameters[:] = here
    rows = next(iter(term.blocks(model))).rows
    close(term.second_order(model, step, h), rows[:-1] @ second, 1e-9)
    np.testing.assert_array_equal(model.parameters, here)


def test_residuals_are_in_units_of_the_function():
    """A wave of size one, half a period long, gives residuals of about one, in any domain and with any factor."""
    sizes = []
    for length in (1e-3, 1.0, 1e3):
        for factor in (1e-6, 1e6):
            X = interior((0, length), 50)
            plain = Equation("u_xx", lambda X, a, f=factor: f * a, lambda X, a, f=factor: (f,))
            model = joint(KAN([1, 1], domain=(0, length), order=5), ())
            sizes.append(plain.at(X).bound(model, Names(["x"], ["u"], []), np.array([length])).plan.size)
            assert sizes[-1] == pytest.approx(factor * (np.pi / length) ** 2)


def test_points_where_residuals_are_large_come_twice():
    bump = Equation("u", lambda X, u: np.exp(-1000 * (X[:, 0] - 0.5) ** 2) + 0 * u, lambda X, u: (0 * u,))
    model = joint(KAN([2, 2]), ())
    term = bump.at(points(400)).bound(model, Names(["x", "y"], ["u", "v"], []), np.ones(2))
    X = term.samples(model)
    np.testing.assert_array_equal(X[:400], term.X)
    assert len(X) == 800 and (abs(X[400:, 0] - 0.5) < 0.1).mean() > 0.95
    assert fixed(points(), 1.0).bound(model, NAMES, np.ones(2)).samples(model).shape == (40, 2)


def test_points_between_lie_between_neighbours():
    X = interior(SQUARE, 12)
    inside = X[~((X[:, 0] > 0) & (X[:, 1] > 0))]  # an L
    term = wild.at(inside).bound(joint(KAN([2, 2], order=5)), NAMES, np.ones(2))
    between = term.between().X
    distance = np.sqrt(((between[:, None] - inside) ** 2).sum(axis=2)).min(axis=1)
    assert 0.01 < distance.min() <= distance.max() < 0.2
    assert fixed(X, 0.0).bound(joint(KAN([2, 2], order=5)), NAMES, np.ones(2)).between() is None


# ------------------------------------------------------------------------------------------- solutions


def root_mean_square(values):
    return float(np.sqrt(np.mean(np.square(values))))


def wave(model, n=30, **options):
    """u″ = -u, u(0) = 0, u′(0) = 1 on [0, 3]; returns the solution and its largest error against the sine."""
    equation = Equation("u u_xx", lambda X, u, a: a + u, lambda X, u, a: (1, 1))
    start = [fixed([[0.0]], 0.0), fixed([[0.0]], 1.0, "u_x")]
    found = solve(model, [equation.at(interior((0, 3), n)), *start], progress=False, **options)
    x = np.linspace(0, 3, 200)[:, None]
    return found, np.abs(model(x) - np.sin(x)).max()


@pytest.mark.parametrize("order, reached", [(3, 2e-3), (5, 1e-5), (7, 1e-7)])
def test_an_oscillator(order, reached):
    """Higher orders are more exact, and the solution is none of the training's numbers but the sine itself."""
    for seed in range(3):
        found, error = wave(KAN([1, 1], grid=6, order=order, domain=(0, 3), seed=seed))
        assert error < reached
        assert found.history.loss[-1] <= found.history.loss[0]


@pytest.mark.parametrize("family", [Gaussians, Chebyshev, Fourier])
def test_other_families_solve_too(family):
    _, error = wave(KAN([1, 1], grid=10, domain=(-0.5, 3.5), basis=family))
    assert error < 1e-3


def test_a_multilayer_perceptron_solves_too():
    _, error = wave(MLP([1, 10, 1], "tanh"), steps=200)
    assert error < 1e-3


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "gd", LevenbergMarquardt(orthogonal=True)])
def test_every_optimiser_lowers_the_loss(optimizer):
    model = KAN([1, 1], grid=4, order=5, domain=(0, 3))
    found, _ = wave(model, optimizer=optimizer, steps=30)
    assert found.history.loss.min() < 0.5 * found.history.loss[0]


def test_in_three_dimensions():
    """Poisson's equation in a cube; u = xyz + x² is found from its Laplacian 2 and its boundary."""
    cube = [(0, 1)] * 3
    poisson = Equation("u_xx u_yy u_zz", lambda X, a, b, c: a + b + c - 2, lambda X, a, b, c: (1, 1, 1))

    def exact(X):
        return X.prod(axis=1) + X[:, 0] ** 2

    wall = boundary(cube, 6)
    model = KAN([3, 3, 1], grid=1, order=5, domain=(0, 1), seed=1)
    solve(model, [poisson.at(interior(cube, 7)), fixed(wall, exact(wall))], steps=60, progress=False)
    X = np.random.default_rng(0).uniform(0, 1, (500, 3))
    assert root_mean_square(model(X)[:, 0] - exact(X)) < 2e-3


def test_a_system_of_two_equations():
    """u′ = v, v′ = -u: one network with two outputs."""
    first = Equation("u_x v", lambda X, a, v: a - v, lambda X, a, v: (1, -1))
    second = Equation("v_x u", lambda X, a, u: a + u, lambda X, a, u: (1, 1))
    model, X = KAN([1, 2], grid=6, order=5, domain=(0, 3)), interior((0, 3), 30)
    solve(model, [first.at(X), second.at(X), fixed([[0.0]], 0, "u"), fixed([[0.0]], 1, "v")], progress=False)
    x = np.linspace(0, 3, 100)[:, None]
    assert np.abs(model(x) - np.column_stack([np.sin(x), np.cos(x)])).max() < 1e-4


def test_periodic_conditions():
    """u″ = -sin(πx) on [-1, 1] with u and u′ periodic, and u(0) = 0: sin(πx) / π²."""
    equation = Equation("u_xx", lambda X, a: a + np.sin(np.pi * X[:, 0]), lambda X, a: (1,))
    ends = [[-1.0]], [[1.0]]
    model = KAN([1, 1], grid=8, order=5)
    terms = [equation.at(interior((-1, 1), 40)), fixed([[0.0]]), periodic(*ends), periodic(*ends, "u_x")]
    solve(model, terms, progress=False)
    x = np.linspace(-1, 1, 100)[:, None]
    assert np.abs(model(x) - np.sin(np.pi * x) / np.pi**2).max() < 1e-5


def test_mixed_derivatives_in_a_disc():
    """u_xy = 1, u_xx = u_yy = 0 in a disc given by points: u = xy, up to what the rim fixes."""
    X = interior(SQUARE, 12)
    X = X[(X**2).sum(axis=1) < 1]
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rim = np.column_stack([np.cos(angle), np.sin(angle)])
    mixed = Equation("u_xy", lambda X, a: a - 1, lambda X, a: (1,))
    flat = Equation("u_xx u_yy", lambda X, a, b: a + b, lambda X, a, b: (1, 1))
    model = KAN([2, [0, 1]], grid=2, order=5, seed=2)
    solve(model, [mixed.at(X), flat.at(X), fixed(rim, rim.prod(axis=1))], starts=4, progress=False)
    assert root_mean_square(model(X)[:, 0] - X.prod(axis=1)) < 1e-6


HEAT = Equation("u_t u_xx", lambda X, a, b, D: a - D * b, lambda X, a, b, D: (1, -D, -b), coefficients="D")
BOX = [(0, 1), (0, 1)]


def diffusivity(seed, noise=0.01, D=0.1, **options):
    """The diffusivity from 20 noisy measurements of a decaying wave."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, (20, 2))

    def exact(X):
        return np.exp(-D * np.pi**2 * X[:, 1]) * np.sin(np.pi * X[:, 0])

    start = face(BOX, 15, 1, 0)
    walls = np.concatenate([face(BOX, 10, 0, 0), face(BOX, 10, 0, 1)])
    terms = [HEAT.at(interior(BOX, 12)), fixed(start, exact(start)), fixed(walls)]
    terms += [measured(X, exact(X) + rng.normal(0, noise, 20))] if noise is not None else []
    model = KAN([2, 3, 1], grid=2, order=7, domain=BOX, seed=seed)
    options = {"inputs": "xt", "coefficients": {"D": 0.5}, "progress": False, **options}
    return solve(model, terms, **options), model


@pytest.mark.slow
def test_an_unknown_coefficient_comes_with_an_honest_error():
    """Of 12 experiments, two standard errors contain the truth as often as they should, and are not wide."""
    found = [diffusivity(seed)[0] for seed in range(12)]
    errors = np.array([each.standard_errors["D"] for each in found])
    wrong = np.abs([each.coefficients["D"] - 0.1 for each in found]) / errors
    assert (wrong < 2).sum() >= 9 and wrong.max() < 4
    assert (errors < 0.01).all()
    assert 0.4 < root_mean_square(wrong) < 1.8


def test_a_coefficient_without_measurements_has_no_error():
    found, _ = diffusivity(0, noise=None, steps=3)
    assert np.isnan(found.standard_errors["D"]) and "D = " in repr(found)


def test_conditions_that_are_built_in_hold_exactly():
    model = KAN([2, [0, 1]], grid=4, order=7, domain=BOX, seed=1)
    trial = TrialSolution(model, "x * (1 - x) * t", "sin(pi*x)", inputs="xt")
    known = Equation("u_t u_xx", lambda X, a, b: a - b / np.pi**2, lambda X, a, b: (1, -1 / np.pi**2))
    solve(trial, known.at(interior(BOX, 16)), inputs="xt", starts=3, progress=False)
    edge = np.concatenate([face(BOX, 20, 0, 0), face(BOX, 20, 0, 1), face(BOX, 20, 1, 0)])
    np.testing.assert_allclose(trial(edge)[:, 0], np.sin(np.pi * edge[:, 0]), atol=1e-12)
    X = np.random.default_rng(0).uniform(0, 1, (500, 2))
    assert root_mean_square(trial(X)[:, 0] - np.exp(-X[:, 1]) * np.sin(np.pi * X[:, 0])) < 1e-5


def test_a_trial_solution_is_written_as_a_formula():
    trial = TrialSolution(KAN([2, 1], seed=2), "x*(1-t)", "3*x", inputs="xt")
    x, t = sympy.symbols("x t", real=True)
    found, named = trial.formula(), TrialSolution(_polynomial(), "x*(1-t)", "3*x", inputs="xt")
    assert "s_1(x)" in str(found) and found.subs(x, 0) == 0
    X = points()
    values = sympy.lambdify((x, t), named.formula(), "numpy")(*X.T)
    np.testing.assert_allclose(values, named(X)[:, 0], atol=1e-12)


def _polynomial():
    """The network x² + t."""
    model = fix_symbolic(KAN([2, 1]), points(), 0, 0, 0, "x^2", a=1, b=0, c=1, d=0)
    return fix_symbolic(model, points(), 0, 1, 0, "x", a=1, b=0, c=1, d=0)


def test_a_solution_becomes_a_formula():
    """Heat in a rod, from the equation alone."""
    model = KAN([2, [0, 1]], grid=3, order=7, domain=BOX, seed=0)
    known = Equation("u_t u_xx", lambda X, a, b: a - b / np.pi**2, lambda X, a, b: (1, -1 / np.pi**2))
    X, start = interior(BOX, 16), face(BOX, 20, 1, 0)
    walls = np.concatenate([face(BOX, 10, 0, 0), face(BOX, 10, 0, 1)])
    terms = [known.at(X), fixed(start, np.sin(np.pi * start[:, 0])), fixed(walls)]
    solve(model, terms, inputs="xt", progress=False, starts=3)
    named = symbolify(model, X, progress=False)
    solve(named, terms, inputs="xt", progress=False)
    x, t = sympy.symbols("x t", real=True)
    found = sympy.lambdify((x, t), formula(named, ["x", "t"]), "numpy")
    np.testing.assert_allclose(found(*X.T), np.exp(-X[:, 1]) * np.sin(np.pi * X[:, 0]), atol=1e-6)


# ------------------------------------------------------------------------------------------- training


def test_the_same_seed_gives_the_same_solution():
    models = [KAN([1, 2, 1], grid=3, order=5, domain=(0, 3)) for _ in range(2)]
    for model in models:
        wave(model, starts=3, steps=10)
    np.testing.assert_array_equal(models[0].parameters, models[1].parameters)


def test_starts_find_a_better_valley():
    """The model's own start is one that cannot move: all weights are zero, and so are all slopes of a product."""
    known = Equation("u_xx u_yy", lambda X, a, b: a + b - 4, lambda X, a, b: (1, 1))
    terms = [known.at(interior(SQUARE, 10)), fixed(boundary(SQUARE, 8), 0.0)]
    losses = []
    for starts in (1, 3):
        model = KAN([2, [0, 1]], order=5, grid=2)
        model.parameters[:] = 0
        losses.append(solve(model, terms, starts=starts, steps=20, progress=False).history.loss.min())
    assert losses[1] < 0.8 * losses[0]


def test_history_and_callback_see_the_training():
    seen, model = [], KAN([1, 1], grid=4, order=5, domain=(0, 3))
    found, _ = wave(
        model, steps=5, callback=lambda step, loss: seen.append((step, loss, model([[1.0]])[0, 0]))
    )
    steps, losses, values = zip(*seen, strict=True)
    assert list(steps) == found.history.step.tolist() and list(losses) == found.history.loss.tolist()
    assert len(set(values)) == len(values)  # the model was at its point
    stopped, _ = wave(KAN([1, 1], order=5, domain=(0, 3)), callback=lambda step, loss: step == 2)
    assert stopped.history.step[-1] == 2


def test_an_interrupt_returns_the_best_so_far():
    model = KAN([1, 3, 1], grid=4, order=5, domain=(0, 3))

    def interrupt(step, loss):
        if step == 3:
            raise KeyboardInterrupt

    found, _ = wave(model, callback=interrupt)
    assert found.history.stopped == "interrupted" and found.history.step[-1] == 3
    assert np.isfinite(model.parameters).all()


def test_an_error_in_a_callback_leaves_the_best():
    model = KAN([1, 3, 1], grid=4, order=5, domain=(0, 3))
    with pytest.raises(ZeroDivisionError):
        wave(model, callback=lambda step, loss: 1 / (step - 2))
    assert np.isfinite(model.parameters).all()


def test_other_terms_stand_beside_equations():
    rough = wave(KAN([1, 1], grid=8, order=5, domain=(0, 3)))[1]
    equation = Equation("u u_xx", lambda X, u, a: a + u, lambda X, u, a: (1, 1))
    terms = [equation.at(interior((0, 3), 30)), fixed([[0.0]]), fixed([[0.0]], 1.0, "u_x"), Roughness(1.0)]
    model = KAN([1, 1], grid=8, order=5, domain=(0, 3))
    solve(model, terms, progress=False)
    x = np.linspace(0, 3, 100)[:, None]
    assert np.abs(model(x) - np.sin(x)).max() > 100 * rough  # the penalty is felt


def test_grids_follow_the_residual():
    """A boundary layer of width 0.02: with grids that follow, its cells are small where it is steep."""
    width = 0.02
    layer = Equation(
        "u_x u_xx", lambda X, a, b: a + width * b, lambda X, a, b: (1, width)
    )  # u = (1 - exp(-x / w)) / (1 - exp(-1 / w))
    X = interior((0, 1), 200)
    ends = fixed([[0.0], [1.0]], [0.0, 1.0])
    errors = []
    for update_grid in (False, True):
        model = KAN([1, 1], grid=12, order=5, domain=(0, 1))
        solve(model, [layer.at(X), ends], update_grid=update_grid, steps=40, progress=False)
        x = np.linspace(0, 1, 500)[:, None]
        errors.append(root_mean_square(model(x) - (1 - np.exp(-x / width))))
    assert errors[1] < 0.5 * errors[0]


def test_solving_works_in_other_threads():
    """No state is shared: two solutions at a time are the same as one after the other."""
    models = [KAN([1, 1], grid=6, order=5, domain=(0, 3)) for _ in range(2)]
    threads = [threading.Thread(target=wave, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = KAN([1, 1], grid=6, order=5, domain=(0, 3))
    wave(alone)
    for model in models:
        np.testing.assert_array_equal(model.parameters, alone.parameters)


# ------------------------------------------------------------------------------------------- what is refused

poisson = Equation("u_xx u_yy", lambda X, a, b: a + b, lambda X, a, b: (1, 1))
good = poisson.at(interior(SQUARE, 5))
WRONG = {
    "wrong partials": (
        lambda: Equation("u u_xx", lambda X, u, a: a + u**2, lambda X, u, a: (u, 1)).at(interior(SQUARE, 5)),
        "partials must be those of the residual: in u ",
    ),
    "too few partials": (
        lambda: Equation("u_xx u_yy", lambda X, a, b: a + b, lambda X, a, b: (1,)).at(interior(SQUARE, 5)),
        "partials must return 2 derivatives",
    ),
    "a sum over points": (
        lambda: Equation("u_xx", lambda X, a: a.sum(), lambda X, a: (1,)).at(interior(SQUARE, 5)),
        "residual must have shape",
    ),
    "an unknown letter": (
        lambda: Equation("u_t", lambda X, a: a, lambda X, a: (1,)).at(interior(SQUARE, 5)),
        "no input is called 't', only x, y",
    ),
    "an unknown output": (lambda: fixed([[0.0, 0.0]], 0.0, "p"), "be of outputs u"),
    "a coefficient without a value": (
        lambda: Equation("u_x", lambda X, a, k: a - k, lambda X, a, k: (1, -1), "k").at(interior(SQUARE, 5)),
        "first value of 'k'",
    ),
    "points in one dimension": (lambda: poisson.at(interior((-1, 1), 5)), r"shape \(n, 2\)"),
    "points outside": (lambda: poisson.at([[0.0, 1.5]]), "must lie on the model's domain"),
    "negative weights": (lambda: poisson.at(interior(SQUARE, 5), -1.0), "weight must be positive"),
    "weights of another length": (
        lambda: poisson.at(interior(SQUARE, 5), [1, 2]),
        "be a number, or 25 of them",
    ),
    "no equation": (lambda: Roughness(1.0), "at least one equation"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_bad_input_is_told_and_loses_nothing(kind):
    make, sentence = WRONG[kind]
    model = KAN([2, 1], order=5)
    before = model.parameters.copy()
    with pytest.raises((ValueError, TypeError), match=sentence):
        solve(model, [make()], progress=False)
    np.testing.assert_array_equal(model.parameters, before)


@pytest.mark.parametrize(
    "model, needs",
    [
        (KAN([2, 1], order=1), "u_x"),
        (KAN([2, 1], order=2), "u_xx"),
        (MLP([2, 5, 1], "relu"), "u_x"),
    ],
)
def test_curves_that_are_not_smooth_enough_are_refused(model, needs):
    equation = Equation(needs, lambda X, a: a, lambda X, a: (1,))
    with pytest.raises(ValueError, match=r"only \d of the model's are continuous"):
        solve(model, equation.at(interior(SQUARE, 5)), progress=False)
    plain = Equation("u", lambda X, u: u - 1, lambda X, u: (1,))  # without derivatives they will do
    assert solve(model, plain.at(interior(SQUARE, 20)), steps=3, progress=False).history.loss[-1] < 1


@pytest.mark.parametrize(
    "arguments",
    [
        dict(inputs="x"),
        dict(inputs="xx"),
        dict(outputs=["u_1"]),
        dict(steps=0),
        dict(starts=0),
        dict(tol=-1),
        dict(optimizer="newton"),
        dict(coefficients={"D": np.nan}),
        dict(coefficients={"D": "1"}),
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises((ValueError, TypeError)):
        solve(KAN([2, 1], order=5), good, progress=False, **arguments)


def test_values_of_conditions_are_checked():
    with pytest.raises(ValueError, match="value must be a number, or 3 of them"):
        fixed(np.zeros((3, 1)), [1.0, 2.0])
    with pytest.raises(ValueError, match="other must have the shape of X"):
        periodic([[0.0]], [[0.0], [1.0]])
    with pytest.raises(ValueError, match="needs must name at least one derivative"):
        Equation("", lambda X: X, lambda X: ())
    with pytest.raises(ValueError, match="factor must be a formula of x"):
        TrialSolution(KAN([1, 1]), "x * y")
    with pytest.raises(ValueError, match="model must be a KAN"):
        solve("network", good)


def test_an_equation_without_a_value_at_the_start_is_refused():
    equation = Equation("u", lambda X, u: np.log(u - 1e9), lambda X, u: (1 / (u - 1e9),))
    with pytest.raises(ValueError, match=r"first loss|partials"):
        solve(KAN([2, 1], order=5), equation.at(interior(SQUARE, 5)), progress=False)


def test_partials_are_compared_where_the_residual_has_a_value():
    """The comparison moves u, perhaps to where its logarithm does not exist; this is no mistake of the partials."""
    growth = Equation("u_x u", lambda X, a, u: a - np.log(u), lambda X, a, u: (1, -1 / u))
    model = KAN([1, 1], order=5, domain=(0, 1), noise=0.0)
    model.parameters[:] = 0
    model.layers[0].raise_by(np.array([0.05]))
    solve(model, [growth.at(interior((0, 1), 30)), fixed([[0.0]], 0.05)], steps=1, progress=False)


def test_wrong_partials_of_small_coefficients_are_found():
    wrong = Equation("u_x u_xx", lambda X, a, b: a - 1e-7 * b, lambda X, a, b: (1, 1e-7))
    with pytest.raises(ValueError, match="in u_xx it is 1e-07"):
        solve(KAN([1, 1], order=5), wrong.at(interior((-1, 1), 30)), progress=False)


def test_too_few_points_for_the_grid_are_told():
    """The residual falls and the error does not: with more points than coefficients, nothing is said."""
    with pytest.warns(RuntimeWarning, match="too few for the grid") as told:
        _, error = wave(KAN([1, 1], grid=40, order=5, domain=(0, 3)), n=20, steps=60)
    assert told[0].filename == __file__  # the line that called `solve`
    assert error > 1e-3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wave(KAN([1, 1], grid=40, order=5, domain=(0, 3)), n=120)


# ------------------------------------------------------------------------------------------- points


def test_points_of_a_box():
    box = [(0, 1), (2, 5)]
    X = interior(box, 7)
    assert X.shape == (49, 2) and (X.min(axis=0) > [0, 2]).all() and (X.max(axis=0) < [1, 5]).all()
    even = interior(box, 4, "even")
    np.testing.assert_allclose(np.diff(np.unique(even[:, 1])), 0.75)
    drawn = interior(box, 1000, "random", seed=1)
    assert drawn.shape == (1000, 2) and abs(drawn.mean(axis=0) - [0.5, 3.5]).max() < 0.1
    np.testing.assert_array_equal(drawn, interior(box, 1000, "random", seed=1))
    assert boundary(box, 5).shape == (20, 2) and boundary([(0, 1)] * 3, 5).shape == (150, 3)
    assert (face(box, 5, 1, 1)[:, 1] == 5).all() and (face(box, 5, 0, 0)[:, 0] == 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: interior(SQUARE, 0),
        lambda: interior(SQUARE, 5, "dense"),
        lambda: interior((1, 0), 5),
        lambda: face(SQUARE, 5, 2, 0),
        lambda: face(SQUARE, 5, 0, 2),
    ],
)
def test_wrong_points_are_refused(wrong):
    with pytest.raises(ValueError):
        wrong()


def test_refined_models_go_on():
    """From coarse to fine: the error falls with every grid."""
    model, errors = KAN([1, 1], grid=2, order=5, domain=(0, 3)), []
    for grid in (2, 4, 8):
        model = refine(model, grid)
        errors.append(wave(model)[1])
    assert errors[0] > 5 * errors[1] > 25 * errors[2]


def test_objectives_count_all_points():
    model = joint(KAN([2, 1], order=5), ())
    terms = [each.bound(model, Names(["x", "y"], ["u"], []), np.ones(2)) for each in (good, fixed(points()))]
    assert Objective(model, terms).n == 25 + 40
