"""The estimators pass scikit-learn's own checks, and work wherever its own estimators do."""

import copy
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas
import pytest
import sympy
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from minikan import KANClassifier, KANRegressor, fit

with warnings.catch_warnings():  # that they do not inherit from BaseEstimator is meant
    warnings.filterwarnings("ignore", ".*does not inherit from `sklearn.base.BaseEstimator`")
    own_checks = parametrize_with_checks([KANRegressor(), KANClassifier()])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*does not inherit from `sklearn.base.BaseEstimator`")
@own_checks
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def curve(n=120, seed=0):
    """Samples of a curve of two features in odd units, and classes made of it."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.uniform(1000, 3000, n), rng.uniform(-1e-3, 1e-3, n)])
    y = 50 + 10 * np.sin(X[:, 0] / 400) + (X[:, 1] * 3e3) ** 2
    return X, y, np.where(y > np.median(y), "high", "low")


SMALL = dict(hidden=(2,), grid=4, steps=15)


def test_a_curve_is_learned():
    X, y, labels = curve()
    X_new, y_new, labels_new = curve(seed=1)
    assert KANRegressor(hidden=()).fit(X, y).score(X_new, y_new) > 0.95
    assert KANRegressor(hidden=(), roughness=1e-4).fit(X, y).score(X_new, y_new) > 0.999
    assert KANClassifier(roughness=1e-3).fit(X, labels).score(X_new, labels_new) > 0.9


def test_roughness_trades_bends_for_calm():
    """More of it bends less; with all of it only a straight line is left, and the ends of the scale differ."""
    X, y, _ = curve()
    X, y = X[:, :1], y + np.random.default_rng(0).normal(0, 5, len(y))
    along = np.linspace(1000, 3000, 50)[:, None]
    bends = []
    for roughness in (0, 1e-2, 1, 1e6):
        bends.append(
            np.abs(np.diff(KANRegressor(hidden=(), roughness=roughness).fit(X, y).predict(along), 2)).max()
        )
    assert bends == sorted(bends, reverse=True)
    assert bends[-1] < 1e-4 < bends[0]


@pytest.mark.parametrize(
    "estimator", [KANRegressor(**SMALL), KANClassifier(**SMALL)], ids=lambda e: type(e).__name__
)
def test_units_do_not_matter(estimator):
    """Any affine change of units changes predictions by less than 1e-6 of their size."""
    X, y, labels = curve()
    regresses = isinstance(estimator, KANRegressor)
    first = clone(estimator).fit(X, y if regresses else labels)
    expected = first.predict(X) if regresses else first.predict_proba(X)
    for scale, shift in (([1e-9, 1e9], [0, 0]), ([1e200, 1e-200], [0, 0]), ([3, 1.8], [2000, 7e-3])):
        for unit, zero in ((1, 0), (1e-150, 0), (1e150, 0), (9 / 5, 32)) if regresses else ((1, 0),):
            Z, t = X * scale + shift, y * unit + zero if regresses else labels
            twin = clone(estimator).fit(Z, t)
            got = (twin.predict(Z) - zero) / unit if regresses else twin.predict_proba(Z)
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_in_a_pipeline_a_search_and_a_cross_validation():
    X, y, labels = curve()
    pipeline = make_pipeline(StandardScaler(), KANRegressor(**SMALL))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.7
    search = GridSearchCV(pipeline, {"kanregressor__roughness": [10.0, 1e-3]}, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"kanregressor__roughness": 1e-3}
    assert search.score(X, y) > 0.95
    scores = cross_val_score(KANClassifier(**SMALL), X, labels, cv=3, scoring="neg_log_loss")
    assert scores.mean() > -0.5
    pipeline.fit(X, y, kanregressor__sample_weight=np.r_[1.0, np.zeros(len(y) - 1)])
    np.testing.assert_allclose(pipeline.predict(X[:1]), y[:1])  # it has seen one sample


def test_a_weight_of_two_is_the_sample_twice():
    """Copies of a row may differ in their last bits behind the first layer; grids must not take them for two."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y, counts = rng.random((8, 30)), rng.integers(0, 3, 8), rng.integers(0, 5, 8)
        copies = np.repeat(np.arange(8), counts)
        model = KANRegressor(hidden=(3,), steps=1)  # three nodes: some are summed up one by one
        weighted, repeated = clone(model).fit(X, y, counts), clone(model).fit(X[copies], y[copies])
        for one, other in zip(weighted.model_.layers, repeated.model_.layers, strict=True):
            np.testing.assert_allclose(one.knots, other.knots, rtol=0, atol=1e-12)
        np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=0, atol=1e-9)


def test_scores_are_those_of_scikit_learn():
    X, y, labels = curve()
    weights = np.random.default_rng(0).uniform(0, 1, len(y))
    model = KANRegressor(**SMALL).fit(X, np.column_stack([y, y**2]))
    targets = np.column_stack([y + 1, y])
    assert model.score(X, targets) == pytest.approx(r2_score(targets, model.predict(X)))
    assert model.score(X, targets, weights) == pytest.approx(
        r2_score(targets, model.predict(X), sample_weight=weights)
    )
    classifier = KANClassifier(**SMALL).fit(X, labels)
    found = accuracy_score(labels, classifier.predict(X), sample_weight=weights)
    assert classifier.score(X, labels, weights) == pytest.approx(found)
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)


def test_pickle_joblib_and_clone(tmp_path):
    X, y, _ = curve()
    model = KANRegressor(**SMALL).fit(X, y)
    expected = model.predict(X)
    joblib.dump(model, tmp_path / "model")
    for twin in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model"),
        joblib.load(tmp_path / "model", mmap_mode="r"),
        copy.deepcopy(model),
    ):
        np.testing.assert_array_equal(twin.predict(X), expected)
        assert twin.get_params() == model.get_params()
        history = fit(twin.model_, twin.model_.layers[0].knots[:, 3:5].T, [0.0, 0.0], steps=3)  # it is alive
        assert history.loss[-1] < history.loss[0]
    assert not hasattr(clone(model), "model_")
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), expected)


def test_feature_names():
    X, y, _ = curve()
    frame = pandas.DataFrame(X, columns=["length", "charge"])
    model = KANRegressor(**SMALL).fit(frame, y)
    assert model.feature_names_in_.tolist() == ["length", "charge"]
    np.testing.assert_array_equal(model.predict(frame), KANRegressor(**SMALL).fit(X, y).predict(X))
    with pytest.raises(ValueError, match="same order"):
        model.predict(frame[["charge", "length"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)


def test_what_is_wrong_is_said():
    X, y, labels = curve()
    for parameters, words in (
        (dict(hidden=(0,)), "every width must be at least 1"),
        (dict(hidden=3), "hidden must list"),
        (dict(grid=0), "grid must be at least 1"),
        (dict(roughness=-1), "roughness must be at least 0"),
        (dict(steps=0), "steps must be at least 1"),
    ):
        with pytest.raises(ValueError, match=words):
            KANRegressor(**parameters).fit(X, y)
    with pytest.raises(ValueError, match="no parameter 'depth'"):
        KANRegressor().set_params(depth=3)
    for weights in (np.zeros(len(y)), -np.ones(len(y)), [1.0]):
        with pytest.raises(ValueError, match="sample_weight must hold"):
            KANRegressor().fit(X, y, weights)
    with pytest.raises(ValueError, match="at least two classes, got one class"):
        KANClassifier().fit(X, labels, (labels == "low").astype(float))


def test_predictions_beyond_float64_are_refused():
    X, y, labels = curve()
    with pytest.raises(ValueError, match="predict overflows float64"):
        KANRegressor(**SMALL).fit(X, y * 1e306).predict(1e6 * X)
    classifier = KANClassifier(**SMALL, roughness=0.03).fit(X, labels)
    z = classifier._outputs(X)
    classifier.model_.layers[-1].weights *= 1.7e308 / np.abs(z).max()  # differences are larger than float64
    np.testing.assert_array_equal(classifier.predict_proba(X), z == z.max(axis=1, keepdims=True))


def test_repr_shows_what_is_not_a_default():
    assert repr(KANRegressor()) == "KANRegressor()"
    assert repr(KANClassifier(hidden=(), steps=9)) == "KANClassifier(hidden=(), steps=9)"


@pytest.mark.parametrize(
    "y", [np.zeros(20), np.full(20, 1e300), np.r_[1e12, np.arange(19.0)]], ids=["zero", "huge", "outlier"]
)
@pytest.mark.parametrize(
    "X",
    [np.zeros((20, 2)), np.repeat(np.arange(20.0)[:, None], 3, axis=1), np.r_[1e12, np.arange(19.0)][:, None],
     np.r_[1e300, -1e300, 5e-324 * np.arange(18)][:, None]],
    ids=["constant", "collinear", "outlier", "extreme"],
)  # fmt: skip
def test_awkward_samples(X, y):
    model = KANRegressor(**SMALL).fit(X, y)
    assert model.history_.loss.min() <= model.history_.loss[0]
    if np.ptp(y) == 0:
        np.testing.assert_allclose(model.predict(X), y, rtol=1e-9, atol=1e-9)
    else:
        assert model.score(X, y) > -1e-9
    far = model.predict(np.vstack([X.max(0) + 1e250, X.min(0) - 1e250])) if np.abs(y).max() < 1e300 else 0
    assert np.isfinite(far).all()


def test_scikit_learn_is_not_imported():
    code = (
        "import sys, numpy as np; from minikan import KANRegressor;"
        "m = KANRegressor(steps=2).fit(np.eye(3), [1, 2, 3]); m.predict(np.eye(3)), m.score(np.eye(3), [1, 2, 3]);"
        "\ntry: KANRegressor().predict([[1]])"
        "\nexcept ValueError as e: print(type(e).__name__, 'sklearn' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["NotFittedError", "False"]


def test_class_weights_are_those_of_scikit_learn():
    """A class's weight multiplies those of its samples; balanced classes have equal sums."""
    X, y, _ = curve()
    rare = np.where(y > np.quantile(y, 0.9), "rare", "usual")
    sums = np.where(rare == "rare", 1 / (rare == "rare").sum(), 1 / (rare == "usual").sum())
    for given, weights in (("balanced", sums), ({"rare": 3}, np.where(rare == "rare", 3.0, 1.0))):
        one = KANClassifier(**SMALL, class_weight=given).fit(X, rare)
        other = KANClassifier(**SMALL).fit(X, rare, weights)
        np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-6, atol=1e-9)
    assert abs(one.predict_proba(X) - KANClassifier(**SMALL).fit(X, rare).predict_proba(X)).max() > 0.01
    assert clone(one).class_weight == {"rare": 3}
    numbers = KANClassifier(**SMALL, class_weight={0: 1, np.int64(1): 2}).fit(X, (rare == "rare").astype(int))
    assert numbers.classes_.tolist() == [0, 1]
    for wrong, words in (
        ("equal", "class_weight must be None"),
        ({"no": 1}, "must name classes"),
        ({"rare": -1}, "class_weight must hold"),
    ):
        with pytest.raises(ValueError, match=words):
            KANClassifier(class_weight=wrong).fit(X, rare)


def test_a_formula_in_names_and_units_of_the_table():
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.uniform([0, 500], [3, 900], (300, 2)), columns=["x", "z"])
    model = KANRegressor(hidden=()).fit(frame, 4 * frame.x + 4 * frame.z)
    assert str(model.formula(verbose=False)) == "4*x + 4*z"
    model.fit(frame, np.exp(frame.x) + 2)
    found = model.formula(frame, np.exp(frame.x) + 2, library=["x", "exp"], verbose=False)
    values = [
        float(found.subs({each: row[each.name] for each in found.free_symbols}))
        for _, row in frame[:5].iterrows()
    ]
    np.testing.assert_allclose(values, np.exp(frame.x[:5]) + 2, rtol=1e-6)
    one = KANRegressor(hidden=()).fit(frame, np.column_stack([1e6 * frame.x, frame.z - 7]))
    assert [str(each) for each in one.formula(library=["x"], verbose=False)] == ["1000000.0*x", "z - 7"]
    with pytest.raises(ValueError, match="not fitted"):
        KANRegressor().formula()


@pytest.mark.parametrize("hidden", [(), (1,)])
@pytest.mark.parametrize("shift", [0, 1e6])
def test_curves_without_a_name_are_written_in_units_of_the_table(hidden, shift):
    X = np.random.default_rng(0).uniform([0.5, 300], [3, 700], (300, 2))
    wave = X[:, 1] / 500 * np.sin(X[:, 1] / 40)
    y = shift + 50 * (wave + np.exp(X[:, 0]) / 10 if not hidden else np.exp(0.5 * wave + 0.2 * X[:, 0]))
    for targets in (y, np.column_stack([y, X[:, 0]])) if not hidden else (y,):
        model = KANRegressor(hidden=hidden, grid=16).fit(X, targets)
        with pytest.warns(UserWarning, match="splines stay"):
            found = model.formula(library=["x", "exp"], verbose=False)
        shown, symbols = np.atleast_1d(found), sympy.symbols("x_1 x_2", real=True)
        assert "s_1(" in str(shown[0])
        values = [np.broadcast_to(sympy.lambdify(symbols, each)(*X.T), 300) for each in shown]
        wanted = np.reshape(targets, (300, -1))
        assert (np.std(np.transpose(values) - wanted, axis=0) < 0.1 * np.std(wanted, axis=0)).all()
        assert (np.abs(np.mean(np.transpose(values) - wanted, axis=0)) < 0.1 * np.std(wanted, axis=0)).all()


def test_figures_and_scores_have_the_names_of_the_table():
    X, y, labels = curve()
    frame = pandas.DataFrame(X, columns=["length", "charge"])
    model = KANRegressor(hidden=()).fit(frame, y)
    scores = model.attribute()
    assert list(scores) == ["length", "charge"] and scores["length"] > scores["charge"] > 0.01
    assert scores == pytest.approx(model.attribute(frame))
    texts = {text.get_text() for text in model.plot().axes[0].texts}
    assert {"length", "charge"} <= texts
    assert list(KANClassifier(**SMALL).fit(X, labels).attribute()) == ["x_1", "x_2"]
