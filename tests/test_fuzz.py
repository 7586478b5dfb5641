"""Whatever comes in: finite results of the right shape come out, or one clear error of minikan's own.

    pytest tests/test_fuzz.py                       a fixed choice of 500 cases, always the same
    MINIKAN_FUZZ=20000 pytest tests/test_fuzz.py    so many new ones

A case is a public call with shapes, orders, grids, knots, types, memory layouts and numbers drawn by hypothesis.
"""

import contextlib
import os
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import minikan
from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Fourier,
    Gaussians,
    KANClassifier,
    KANLayer,
    KANRegressor,
    Roughness,
    Sparsity,
    Splines,
    attribute,
    basis,
    fit,
    fit_coefficients,
    fix_symbolic,
    formula,
    load,
    make_grid,
    plot,
    prune,
    refine,
    save,
    suggest,
    symbolify,
    update_grid,
)  # fmt: skip
from minikan.functions import LIBRARY
from minikan.matching import match
from minikan.plotting import to_png
from minikan.sparse import SparseLayer
from minikan.training import OPTIMIZERS

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("MINIKAN_FUZZ", 500))
SHARES = {
    "splines": 0.2, "models": 0.25, "structure": 0.15, "fit": 0.15, "junk": 0.1, "estimators": 0.05, "symbolic": 0.1,
}  # fmt: skip

ORDINARY = st.floats(-3, 3)
ODD = st.sampled_from(
    [
        0.0,
        -0.0,
        5e-324,
        1e-310,
        -1e-300,
        1e-150,
        1e-9,
        1e9,
        -1e12,
        1e150,
        -1e154,
        1e200,
        1e300,
        -1.79e308,
        1.79e308,
    ]
)
WRONG = st.sampled_from([np.nan, np.inf, -np.inf])
NUMBERS = st.one_of(ORDINARY, ORDINARY, ODD, WRONG)
JUNK = st.sampled_from(
    [None, "x", "", b"1", [], {}, (), object(), 1j, np.nan, np.inf, -1, 0, 1.5, True, 10**400, [1, [2, 3]], np.ones(2),
     np.ones((0, 3)), np.array("a"), np.datetime64("2020"), len, [None], [[]], -(2**63), 1e400, np.int64(-3)]
)  # fmt: skip


def cases(share):
    """Run a share of all cases: always the same ones, but in the long mode."""
    return settings(
        max_examples=max(1, round(CASES * SHARES[share])),
        derandomize=CASES == 500,
        phases=[Phase.generate] + [Phase.shrink] * (CASES == 500),
        report_multiple_bugs=False,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def outcome(call, *args, **kwargs):
    """Call; None if it was refused by an error that minikan itself raised."""
    try:
        return call(*args, **kwargs)
    except (ValueError, TypeError) as error:
        refusal = error
    place = Path(traceback.extract_tb(refusal.__traceback__)[-1].filename)
    assert place.is_relative_to(Path(minikan.__file__).parent), f"{place}: {refusal!r}"
    return None


@st.composite
def arrays(draw, *shape, finite=False):
    """Draw an array that often has this shape, a few odd numbers, any type and any layout."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(
        st.one_of(
            *[st.just(shape)] * 6, st.sampled_from([(), (0,), shape[:-1], (*shape, 1), (0, *shape[1:])])
        )
    )
    scale = draw(st.sampled_from([1.0, 1.0, 1.0, 1e-12, 1e12, 0.0]))
    values = np.asarray(rng.uniform(-2, 2, shape) * scale)
    for number in draw(st.lists(st.one_of(ODD) if finite else st.one_of(ODD, ODD, ODD, WRONG), max_size=2)):
        if values.size:
            values.flat[rng.integers(values.size)] = number
    if draw(st.integers(0, 3)) == 0 and values.ndim > 0:  # rows that repeat
        values[len(values) // 2 :] = values[: len(values) - len(values) // 2]
    kind = draw(
        st.sampled_from(
            ["f8"] * 6 + ["f4", "f2", "g", ">f8", "i8", "i1", "u2", "?", "O", "c16", "U8", "M8[s]"]
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = (
            np.clip(np.nan_to_num(values), 0, 100).astype(kind) if kind[0] in "iu?M" else values.astype(kind)
        )
    layout = draw(st.sampled_from(["C", "C", "F", "reversed", "spaced", "frozen", "list"]))
    if layout == "F":
        values = np.asfortranarray(values)
    elif layout == "reversed":
        values = values[::-1] if values.ndim else values
    elif layout == "spaced":
        values = np.repeat(values, 2, axis=-1)[..., ::2] if values.ndim else values
    elif layout == "frozen":
        values.setflags(write=False)
    return values.tolist() if layout == "list" else values


@st.composite
def models(draw, kans_only=False):
    """Draw a model of any kind, with ordinary or odd parameters."""
    widths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    seed, kind = (
        draw(st.integers(0, 9)),
        draw(st.sampled_from(["KAN"] * 4 + ["edges", "function"] + ["MLP"] * 2)),
    )
    if kind == "MLP" and not kans_only:
        model = MLP(widths, draw(st.sampled_from(["silu", "tanh", "relu"])), seed=seed)
    else:
        domain = draw(
            st.sampled_from([(-1, 1)] * 4 + [(0, 1e-150), (0, 1e-12), (-1e150, 1e149), (1e9, 1e9 + 1e-3)])
        )
        model = outcome(KAN, widths, draw(st.integers(1, 6)), draw(st.integers(0, 5)), domain, seed)
        assume(model is not None)
        X = np.random.default_rng(seed).uniform(*domain, (20, widths[0]))
        if kind == "edges":
            model = KAN.from_layers([layer_of_edges(layer) for layer in model.layers])
        elif kind == "function":
            name = draw(st.sampled_from(["x", "sin", "exp", "sqrt", "1/x", "tan", "arcsin", "J0", "x^5"]))
            model = outcome(fix_symbolic, model, X, 0, 0, 0, name)
            assume(model is not None)
    for number in draw(st.lists(NUMBERS, max_size=2)):
        model.parameters[draw(st.integers(0, model.parameters.size - 1))] = number
    return model


def layer_of_edges(layer):
    """Make a SparseLayer of a few edges, at least one into each node."""
    n_in, n_out = layer.n_in, layer.n_out
    kept = {(i, i % n_out) for i in range(n_in)} | {(j % n_in, j) for j in range(n_out)}
    return SparseLayer(n_in, n_out, {place: layer.edge(*place) for place in kept})


def finite(result, *shape):
    if result is not None:
        assert np.shape(result) == shape
        assert np.isfinite(result).all()


def plain(values):
    """The same numbers as an ordinary array."""
    return np.array(values, dtype=float, order="C")


@cases("splines")
@given(st.data())
def test_splines(data):
    draw = data.draw
    G, k, n = draw(st.integers(1, 6)), draw(st.integers(0, 5)), draw(st.integers(1, 6))
    if draw(st.booleans()):
        knots = outcome(make_grid, (draw(NUMBERS), draw(NUMBERS)), G, k)
    elif draw(st.booleans()):
        points = draw(arrays(G + 1))
        with contextlib.suppress(TypeError, ValueError, np.exceptions.AxisError):
            points = np.sort(np.asarray(points), axis=-1)
        knots = outcome(make_grid, grid=points, order=k)
    else:
        knots = np.sort(
            np.round(np.random.default_rng(draw(st.integers(0, 99))).uniform(-2, 2, G + 2 * k + 1), 1)
        )
    if knots is None:
        return
    finite(knots, np.size(knots))
    derivative = draw(st.integers(0, 3))
    x = draw(arrays(n))
    values = outcome(basis, x, knots, k, derivative)
    if values is not None:
        finite(values, np.size(x), len(knots) - k - 1)
        np.testing.assert_array_equal(values, basis(plain(x), knots, k, derivative))
        # rows sum to one, but for what is lost where huge slopes cancel
        np.testing.assert_allclose(
            values.sum(axis=1), derivative == 0, atol=1e-12 * max(1, np.abs(values).max()) * (k + 1)
        )
    y = draw(arrays(n, draw(st.integers(1, 2))))
    c = outcome(fit_coefficients, x, y, knots, k)
    if c is not None:
        finite(c, len(knots) - k - 1, *np.shape(y)[1:])


@cases("models")
@given(st.data())
def test_models(data):
    draw = data.draw
    model, n = draw(models()), draw(st.integers(1, 5))
    n_in, n_out, P = model.widths[0], model.widths[-1], model.parameters.size
    before = model.parameters.copy()
    X, y = draw(arrays(n, n_in)), draw(arrays(n, n_out))
    outputs = outcome(model, X)
    n = len(X) if np.ndim(X) else 0
    finite(outputs, n, n_out)
    if outputs is not None:
        np.testing.assert_array_equal(outputs, model(plain(X)))
        finite(outcome(model.jacobian, X), n, n_out, P)
        if isinstance(model, KAN):
            slopes, bends = outcome(model.input_derivatives, X) or (None, None)
            finite(slopes, n, n_out, n_in)
            finite(bends, n, n_out, n_in, n_in)
    for function, shapes in ((model.loss_and_gradient, [(), (P,)]), (model.backward, [(P,), (n, n_in)])):
        for result, shape in zip(outcome(function, X, y) or (None, None), shapes, strict=True):
            finite(result, *shape)
    np.testing.assert_array_equal(model.parameters, before)
    outcome(setattr, model, "parameters", draw(arrays(P)))


@cases("structure")
@given(st.data())
def test_structure(data):
    draw = data.draw
    model, n = draw(models(kans_only=True)), draw(st.integers(1, 8))
    X = draw(arrays(n, model.widths[0]))
    before, outputs = model.parameters.copy(), outcome(model, X)
    rule = draw(st.sampled_from(["backward", "magnitude"]))
    scores = outcome(attribute, model, X, rule)
    if scores is not None:
        assert all(
            (score >= 0).all() and np.isfinite(score).all() for score in [*scores.edges, *scores.nodes]
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "output . would have lost its last path")
        warnings.filterwarnings("ignore", "prune changes the outputs")  # true, where huge weights cancel
        pruned = outcome(
            prune, model, X, threshold=draw(st.sampled_from([0.0, 0.01, 0.5, 1e9])), rule=rule, verbose=False
        )
    moved = outcome(update_grid, model, X, draw(st.sampled_from([0.0, 0.5, 1.0])))
    finer = outcome(refine, model, draw(st.integers(1, 8)))
    for other in (pruned, moved, finer):
        if other is not None:
            assert np.isfinite(other.parameters).all()
            if outputs is not None:
                finite(outcome(other, X), *outputs.shape)
    np.testing.assert_array_equal(model.parameters, before)


@cases("fit")
@given(st.data())
def test_fit(data):
    draw = data.draw
    model, n = draw(models()), draw(st.integers(1, 8))
    n_in, n_out = model.widths[0], model.widths[-1]
    loss = draw(st.sampled_from(["mse", "mse", "cross-entropy"]))
    X = draw(arrays(n, n_in))
    wants_classes = loss == "cross-entropy" and draw(st.booleans())
    y = np.arange(n) % n_out if wants_classes else draw(arrays(n, n_out))
    options = dict(
        steps=draw(st.integers(1, 4)),
        optimizer=draw(st.sampled_from([*OPTIMIZERS, "lm", "lm"])),
        sparsity=draw(st.sampled_from([0.0, 0.0, 1e-3, Sparsity(1.0, smoothing=1e-12)])),
        penalty=draw(st.sampled_from([(), (), Roughness(0.1), [Roughness(1e9), Sparsity(1e-3)]])),
        sample_weight=draw(
            st.one_of(
                st.none(),
                st.none(),
                arrays(n).map(
                    lambda w: np.abs(w) if isinstance(w, np.ndarray) and w.dtype.kind == "f" else w
                ),
            )
        ),
        batch_size=draw(st.sampled_from([None, None, None, 2])),
        update_grid=draw(st.sampled_from([False, False, 1])),
        validation=draw(st.sampled_from([None, None, (X, y)])),
    )
    before = model.parameters.copy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "step . led to a loss of")
        history = outcome(fit, model, X, y, loss=loss, progress=False, **options)
    if history is None:
        np.testing.assert_array_equal(model.parameters, before)
        return
    assert np.isfinite(model.parameters).all()
    for course in (history.loss, history.error, history.rmse, history.validation_rmse):
        assert course is None or np.isfinite(course).all()
    assert options["validation"] or history.loss.min() <= history.loss[0]


@cases("junk")
@given(st.data())
def test_junk(data):
    draw = data.draw
    X, y = np.linspace(-1, 1, 6)[:, None], np.linspace(0, 1, 6)
    calls = {
        make_grid: dict(domain=(-1, 1), grid=3, order=2),
        basis: dict(x=X[:, 0], knots=make_grid(), order=3, derivative=0),
        fit_coefficients: dict(x=X[:, 0], y=y, knots=make_grid(), order=3),
        KAN: dict(widths=[1, 1], grid=2, order=1, domain=(-1, 1), seed=0, noise=0.1, base="silu", basis=Splines,
                  groups=1, arity=2),
        MLP: dict(widths=[1, 2, 1], activation="tanh", seed=0),
        Splines: dict(knots=make_grid()[None], order=3, base="silu"),
        KANLayer: dict(basis=Splines.on((-1, 1), 5, 3, "silu"), weights=np.ones((1, 9, 1))),
        Gaussians: dict(domain=(-1, 1), grid=3, base=None),
        Chebyshev: dict(domain=(-1, 1), grid=3, base=None),
        Fourier: dict(domain=(-1, 1), grid=3, base=None),
        Roughness: dict(strength=1.0),
        Sparsity: dict(strength=1.0, entropy=1.0, smoothing=0.1),
        update_grid: dict(model=KAN([1, 1]), X=X, uniform_weight=0.5),
        refine: dict(model=KAN([1, 1]), grid=7),
        prune: dict(model=KAN([1, 1]), X=X, threshold=0.1, rule="magnitude", verbose=False),
        attribute: dict(model=KAN([1, 1]), X=X, rule="magnitude"),
        fit: dict(model=KAN([1, 1]), X=X, y=y, steps=1, optimizer="lm", loss="mse", sparsity=0.0, penalty=(),
                  sample_weight=None, validation=None, patience=None, batch_size=None,
                  update_grid=False, tol=0.1, seed=0, progress=False),
        KANRegressor.fit: dict(self=KANRegressor(steps=1), X=X, y=y, sample_weight=None),
        KANClassifier.fit: dict(self=KANClassifier(steps=1), X=X, y=y > 0.5, sample_weight=None),
    }  # fmt: skip
    function = draw(st.sampled_from(list(calls)))
    arguments = calls[function]
    for name in draw(
        st.lists(
            st.sampled_from([n for n in arguments if n not in ("self", "model", "verbose", "progress")]),
            max_size=2,
        )
    ):
        arguments[name] = draw(JUNK)
    if function is fit and draw(st.booleans()):
        arguments["optimizer"] = "adam"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "output . would have lost its last path")
        outcome(function, **arguments)


@cases("estimators")
@given(st.data())
def test_estimators(data):
    draw = data.draw
    n, n_in = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    X, X_new, y = (
        draw(arrays(n, n_in)),
        draw(arrays(4, n_in)),
        draw(arrays(n, *draw(st.sampled_from([(), (), (1,), (2,)])))),
    )
    estimator = draw(st.sampled_from([KANRegressor, KANClassifier]))(
        hidden=draw(st.sampled_from([(), (2,)])), grid=3, steps=2
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A column-vector y was passed")
        if outcome(estimator.fit, X, y) is None:
            return
    prediction = outcome(estimator.predict, X_new)
    if prediction is not None and isinstance(estimator, KANRegressor):
        finite(prediction, len(X_new), *np.shape(y)[1:])
    if isinstance(estimator, KANClassifier):
        probabilities = outcome(estimator.predict_proba, X_new)
        if probabilities is not None:
            finite(probabilities, len(X_new), len(estimator.classes_))
            assert set(prediction) <= set(estimator.classes_)


LIBRARIES = st.one_of(
    st.none(),
    st.lists(st.sampled_from([*LIBRARY, *LIBRARY.values()]), min_size=1, max_size=3),
    st.sampled_from(["sin", [], ["no such"], [None], 1.5, [["x"]], [10**400], LIBRARY["x"]]),
)


def well_matched(candidates, x):
    """Candidates have finite numbers and are defined on x; held out is what was looked at: infinite if far off."""
    for candidate in candidates or []:
        finite(candidate.weights, 4)
        finite([candidate.error, candidate.r2, *candidate.span], 4)
        assert candidate.error >= 0
        assert not candidate.held_out < 0
        a, b, *_ = candidate.weights
        with np.errstate(over="ignore"):  # the bend of a step as steep as 1e80, 1 / infinity, is 0
            assert x is None or np.isfinite(candidate.function.evaluate(a * plain(x) + b)).all()


@cases("symbolic")
@given(st.data())
def test_symbolic(data):
    draw = data.draw
    n, library = draw(st.sampled_from([1, 2, 3, 8, 30])), draw(LIBRARIES)
    if draw(st.integers(0, 4)) == 0:
        x, y = draw(arrays(n)), draw(arrays(n))
        well_matched(outcome(match, x, y, library), x)
        return
    model = draw(models(kans_only=True))
    X, y = draw(arrays(n, model.widths[0])), draw(st.one_of(st.none(), arrays(n, model.widths[-1])))
    before, outputs = model.parameters.copy(), outcome(model, X)
    at = draw(st.one_of(*[st.just((0, 0, 0))] * 3, st.tuples(*[st.one_of(st.integers(-1, 2), JUNK)] * 3)))
    found = outcome(suggest, model, X, *at, library, draw(st.sampled_from([5, 5, 1, 0, -1, 1.5, None])))
    well_matched(found, None)
    assert found is None or str(found)
    fixed = outcome(
        fix_symbolic, model, X, *at, draw(st.one_of(st.sampled_from([*LIBRARY, "no such"]), JUNK))
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "step . led to a loss of")
        warnings.filterwarnings("ignore", "output . would have lost its last path")
        warnings.filterwarnings("ignore", "names are clearly worse than splines")
        named = outcome(symbolify, model, X, y, library=library)
        pruned = outcome(prune, fixed or model, X, threshold=draw(st.sampled_from([0.0, 0.5, 5e-324, 1e300])))
        for other in filter(None, (fixed, named, pruned)):
            assert np.isfinite(other.parameters).all()
            if outputs is not None:
                finite(outcome(other, X), *outputs.shape)
            scores = outcome(attribute, other, X)
            assert scores is None or all(np.isfinite(score).all() for score in [*scores.edges, *scores.nodes])
            with tempfile.TemporaryDirectory() as folder:
                save(other, f"{folder}/model.npz")
                loaded = load(f"{folder}/model.npz")
            np.testing.assert_array_equal(loaded.parameters, other.parameters)
        if named:
            where = draw(st.sampled_from([None, X]))
            found = outcome(
                formula, named, None, where, digits=draw(st.sampled_from([None, 3])), verbose=False
            )
            for expression in found if isinstance(found, list) else [found] * (found is not None):
                assert not expression.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)
        if draw(st.integers(0, 4)) == 0:
            drawn = outcome(plot, named or model, X)
            assert drawn is None or to_png(drawn)
    np.testing.assert_array_equal(model.parameters, before)
