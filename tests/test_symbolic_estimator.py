"""Laws in scikit-learn's pipelines: its own checks, names and units, no law, interrupts. Time is counted by looks."""

import copy
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas
import pytest
from models import interrupt_after
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from minikan import SymbolicKANRegressor, fitting

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", ".*does not inherit from `sklearn.base.BaseEstimator`")
    own_checks = parametrize_with_checks([SymbolicKANRegressor(library=["x^2"])])


@pytest.fixture
def counted(monkeypatch):
    """A clock on which every look takes a second."""

    class Ticks:
        now = 0

        @classmethod
        def perf_counter(cls):
            cls.now += 1
            return cls.now

    monkeypatch.setattr(fitting, "time", Ticks)


@own_checks
@pytest.mark.filterwarnings("ignore:.*(does not inherit from|No law was found)")
def test_scikit_learns_own_checks(estimator, check, counted):
    estimator.set_params(
        seconds=40 if "regressors_train" in repr(check) else 3
    )  # that one wants a good score
    check(estimator)


def fall(n=80, seed=0):
    """The distance g t² / 2 of a fall in cm, t in ms, and an idle column."""
    frame = pandas.DataFrame(
        np.random.default_rng(seed).uniform(1, [900, 2], (n, 2)), columns=["t ms", "idle"]
    )
    return frame, 490.5e-6 * frame["t ms"].to_numpy() ** 2


QUICK = SymbolicKANRegressor(library=["x^2"], seconds=3600)


@pytest.fixture(scope="module")
def fitted():
    return clone(QUICK).fit(*fall())


def test_a_law_in_names_and_units_of_the_table(fitted):
    frame, y = fall(seed=1)
    assert fitted.discovery_.unused == ["idle"] and fitted.feature_names_in_.tolist() == ["t ms", "idle"]
    (t,) = fitted.formula_.free_symbols
    assert str(t) == "t ms" and float(fitted.formula_.coeff(t**2)) == pytest.approx(490.5e-6, rel=1e-9)
    assert fitted.formula() == fitted.formula_ == fitted.discovery_.best.formula
    np.testing.assert_allclose(fitted.predict(frame), y, rtol=1e-9)
    np.testing.assert_allclose(fitted.model_(frame.to_numpy())[:, 0], y, rtol=1e-9)
    assert fitted.score(frame, y) == pytest.approx(1) and fitted.n_features_in_ == 2
    assert list(fitted.attribute()) == ["t ms", "idle"] and fitted.attribute()["idle"] == 0
    assert "t ms" in {text.get_text() for text in fitted.plot().axes[0].texts}


def test_far_away_it_predicts_without_a_word(fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        far = fitted.predict(pandas.DataFrame({"t ms": [1e4], "idle": [0.0]}))
    np.testing.assert_allclose(far, 49050, rtol=1e-9)
    with pytest.raises(ValueError, match="same order"):
        fitted.predict(fall()[0][["idle", "t ms"]])
    with pytest.warns(UserWarning, match="does not have valid feature names") as told:
        fitted.predict(fall()[0].to_numpy())
    assert told[0].filename == __file__


def test_parameters_copies_and_pickles(fitted, tmp_path):
    assert repr(QUICK) == "SymbolicKANRegressor(library=['x^2'], seconds=3600)"
    assert repr(SymbolicKANRegressor()) == "SymbolicKANRegressor()"
    assert SymbolicKANRegressor().get_params() == dict(library=None, seconds=60, noise=None, random_state=0)
    assert clone(fitted).get_params() == QUICK.get_params() and not hasattr(clone(fitted), "formula_")
    joblib.dump(fitted, tmp_path / "law")
    frame, _ = fall(seed=2)
    for twin in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "law"), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(twin.predict(frame), fitted.predict(frame))
        assert repr(twin.discovery_) == repr(fitted.discovery_) and twin.formula() == fitted.formula()
    with pytest.raises(ValueError, match="no parameter 'steps'"):
        QUICK.set_params(steps=3)


def test_in_a_pipeline_and_a_cross_validation():
    frame, y = fall()
    pipeline = make_pipeline(FunctionTransformer(np.sqrt), clone(QUICK).set_params(library=["x^2", "x^3"]))
    X = frame.to_numpy() ** 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cross_val_score(pipeline, X, y, cv=2).min() > 1 - 1e-9


@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_where_no_law_is_found_it_is_told_and_the_mean_is_predicted(unit, counted):
    rng = np.random.default_rng(0)
    X, y = rng.uniform(0, 1, (40, 2)), unit * rng.normal(3, 1, 40)
    for seconds, target in ((0, y), (3600, np.full(40, 7 * unit))):
        model = SymbolicKANRegressor(["x^2"], seconds)
        with pytest.warns(UserWarning, match=r"^No law was found.* predict returns the mean of y$") as told:
            model.fit(X, target)
        assert told[0].filename == __file__ and len(told) == 1
        for twin in (model, pickle.loads(pickle.dumps(model))):
            np.testing.assert_allclose(twin.predict(X), target.mean(), rtol=1e-12)
            assert float(twin.formula_) == pytest.approx(target.mean(), rel=1e-12, abs=0)
            assert set(twin.attribute().values()) == {0}
    assert model.score(X, target) == 1 and model.discovery_ is None


def test_a_formula_that_explains_nearly_nothing_is_told(counted):
    rng = np.random.default_rng(2)
    X, y = rng.uniform(0, 1, (100, 1)), rng.normal(size=100)
    with pytest.warns(
        UserWarning, match="nothing predicts y much better than its mean.* returns the best formula$"
    ):
        model = SymbolicKANRegressor(["x^2"], 20).fit(X, y)
    assert model.discovery_.best and model.score(X, y) > -0.2


def test_where_the_formula_is_not_defined_it_says_so():
    x = np.linspace(1, 20, 60)[:, None]
    model = SymbolicKANRegressor(["log"], 3600).fit(x, 2 + np.log(x[:, 0]))
    with pytest.raises(ValueError, match=r"log\(x_1\).* is not defined on 2 of 3 samples, first on sample 1"):
        model.predict([[3.0], [-1.0], [-2.0]])


def test_what_is_wrong_is_said():
    frame, y = fall()
    for X, target, options, words in (
        (frame[:9], y[:9], {}, r"9 sample\(s\) .* minimum of 10"),
        (frame, np.column_stack([y, y]), {}, "one output at a time"),
        (frame, y[1:], {}, r"y should be a 1d array \(80,\)"),
        (frame, y, dict(library=["foo"]), "there is no function 'foo'"),
        (frame, y, dict(seconds=-1), "seconds must be at least 0"),
        (frame, y, dict(noise=-1), "noise must be at least 0"),
    ):
        with pytest.raises(ValueError, match=words):
            SymbolicKANRegressor(**options).fit(X, target)
    with pytest.raises(ValueError, match="not fitted"):
        SymbolicKANRegressor().formula()


def test_an_interrupt_ends_a_fit_and_a_cross_validation(monkeypatch):
    X, y = fall()
    y = y + np.random.default_rng(0).normal(0, 1, len(y))
    with monkeypatch.context() as patch:
        calls = interrupt_after(0, patch)
        clone(QUICK).fit(X, y)
    for count in np.random.default_rng(0).integers(1, len(calls), 6).tolist():
        for run in (clone(QUICK).fit, lambda X, y: cross_val_score(QUICK, X, y, cv=2)):
            with monkeypatch.context() as patch:
                interrupt_after(count, patch)
                with pytest.raises(KeyboardInterrupt):
                    run(X, y)


def test_a_limit_of_time_is_no_interrupt(counted):
    X, y = fall()
    y = y + np.random.default_rng(0).normal(0, 1, len(y))
    for seconds in range(0, 12, 2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = clone(QUICK).set_params(seconds=seconds).fit(X, y)
        assert np.isfinite(model.predict(X)).all()
        assert model.discovery_.finished or "not finished" in model.discovery_.verdict


def test_seeds_of_all_kinds():
    X, y = fall()
    for seed in (1, np.random.default_rng(1), np.random.RandomState(1)):
        assert clone(QUICK).set_params(random_state=seed).fit(X, y).score(X, y) > 1 - 1e-12
    with pytest.raises(TypeError, match="seed must be"):
        clone(QUICK).set_params(random_state="one").fit(X, y)


def test_scikit_learn_is_not_imported():
    code = (
        "import sys, numpy as np; from minikan import SymbolicKANRegressor; x = np.arange(20.0)[:, None];"
        "print(SymbolicKANRegressor(['x^2']).fit(x, 3 * x[:, 0] ** 2).formula_, 'sklearn' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["3*x_1**2", "False"]
