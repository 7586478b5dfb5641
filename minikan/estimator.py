"""KANs as scikit-learn's estimators (all chapters; the paper, section 3, fits data without them).

    KANRegressor().fit(X, y).predict(X)         in pipelines, grid searches and cross-validation, too

To fit and predict, scikit-learn need not be installed; the tests run its own checks. Inputs are mapped to [-1, 1] and
targets are standardised, so that units do not matter. Smoothness, cells and optimiser follow from the samples
(`minikan.selection`), so that splines do not follow noise, and become exact as samples without noise become many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import sklearn_checks as checks
from .grids import update_grid
from .kan import KAN
from .optimizers import Optimizer
from .readable import Readable, WithFormula
from .selection import Selection
from .validation import as_finite, as_generator, as_integer

if TYPE_CHECKING:
    from typing import Self


COARSE = 5  # cells of the first grid
KEPT = 2000  # samples of the training that are kept for figures and formulas


class KANEstimator(Readable):
    """The common base of both estimators: parameters, checks of the samples, the network."""

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        grid: int | None = None,
        order: int = 3,
        roughness: float | None = None,
        steps: int = 50,
        starts: int = 1,
        random_state: Any = 0,
        optimizer: str | Optimizer | None = None,
    ) -> None:
        self.hidden, self.grid, self.order, self.roughness = hidden, grid, order, roughness
        self.steps, self.starts, self.random_state, self.optimizer = steps, starts, random_state, optimizer

    _parameters: tuple[str, ...] = (
        "hidden",
        "grid",
        "order",
        "roughness",
        "steps",
        "starts",
        "random_state",
        "optimizer",
    )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor in a dict."""
        return {name: getattr(self, name) for name in self._parameters}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; returns the estimator."""
        for name, value in params.items():
            if name not in self._parameters:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; use {self._parameters}")
            setattr(self, name, value)
        return self

    def __repr__(self):
        defaults = type(self)().get_params()
        shown = [f"{k}={v!r}" for k, v in self.get_params().items() if repr(v) != repr(defaults[k])]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self):
        """Describe the estimator; only scikit-learn calls this, so it can be imported here."""
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        if isinstance(self, KANClassifier):
            return Tags("classifier", TargetTags(required=True), classifier_tags=ClassifierTags())
        return Tags("regressor", TargetTags(required=True, multi_output=True), regressor_tags=RegressorTags())

    def _train(self, X, y, weights, n_out, loss):
        """Train a network on samples (n, n_in) and targets that suit the loss, both in any units."""
        # A weight of zero is the same as no sample, a weight of two as a sample given twice.
        used = weights > 0
        table, where = np.unique(np.column_stack([X, y])[used], axis=0, return_inverse=True)
        weights = np.bincount(where.ravel(), weights[used] / weights.max())
        X, y = np.split(table, [X.shape[1]], axis=1)
        low, high = X.min(axis=0), X.max(axis=0)
        half = 0.5 * high - 0.5 * low
        self._center, self._half_range = 0.5 * low + 0.5 * high, np.where(half > 0, half, 1.0)
        self._y_center, self._y_scale = np.zeros(n_out), np.ones(n_out)
        if loss == "mse":
            unit, mean, variance = _moments(y, weights)
            std = np.sqrt(variance)
            self._y_center, self._y_scale = mean * unit, np.where(std > 1e-14, std, 0.0) * unit
        if not np.iterable(self.hidden):
            raise ValueError(f"hidden must list the nodes of the hidden layers, as (3,), got {self.hidden!r}")
        seed = self.random_state  # scikit-learn may pass NumPy's older generator
        rng = as_generator(seed.randint(2**31 - 1) if hasattr(seed, "randint") else seed)
        grid, widths = COARSE if self.grid is None else self.grid, [X.shape[1], *self.hidden, n_out]
        some = rng.permutation(len(X))[:KEPT]
        self._sample = X[some], y[some]
        Z = self._scaled(X)
        y = self._standard(y) if loss == "mse" else y[:, 0]
        model = update_grid(KAN(widths, grid=grid, order=self.order, seed=rng), Z)
        options: dict[str, Any] = dict(
            steps=as_integer(self.steps, "steps", 1), optimizer=self.optimizer, roughness=self.roughness
        )
        selection = Selection(Z, y, weights, loss, rng, **options)
        self.model_, self.roughness_, _, self.history_ = selection.run(model, self.starts, self.grid is None)
        return self

    def _standard(self, y):
        return (y - self._y_center) / np.where(self._y_scale > 0, self._y_scale, 1)

    def _fitted(self):
        """Return the estimator, if it was fitted."""
        if not hasattr(self, "model_"):
            error = checks.sklearn_class("NotFittedError", (ValueError, AttributeError))
            raise error(f"This {type(self).__name__} instance is not fitted yet: call fit first")
        return self

    @np.errstate(over="ignore")
    def _scaled(self, X):
        """Map the range of the training samples to [-1, 1]."""
        return np.nan_to_num((X - self._center) / self._half_range, posinf=1e300, neginf=-1e300)

    def _outputs(self, X):
        """Check new samples and predict in the units of the targets: (n, n_out)."""
        Z = self._fitted()._scaled(self._samples(X, first=False))
        with np.errstate(over="ignore"):
            outputs = self.model_(Z) * self._y_scale + self._y_center
        as_finite([outputs], "predict")
        return outputs

    def _samples(self, X, first):
        """Check samples (n, n_in); compare names and number of features with those of `fit`, or store them."""
        names, array, me = checks.feature_names(X), checks.as_floats(X, "X"), type(self).__name__
        if array.ndim != 2:
            advice = "Reshape your data: X.reshape(-1, 1) makes one column, X.reshape(1, -1) one sample"
            raise ValueError(f"X must be 2-dimensional (n, n_in), got shape {array.shape}. {advice}")
        if not array.size:
            what = f"0 {'feature' if len(array) else 'sample'}(s) (shape={array.shape})"
            raise ValueError(f"Found array with {what} while a minimum of 1 is required.")
        if first:
            self.n_features_in_ = array.shape[1]
            self.__dict__.pop("feature_names_in_", None)
            self.__dict__ |= {} if names is None else {"feature_names_in_": names}
            return array
        checks.check_feature_names(names, getattr(self, "feature_names_in_", None), me)
        if (n_in := array.shape[1]) != (expected := self.n_features_in_):
            raise ValueError(f"X has {n_in} features, but {me} is expecting {expected} features as input")
        return array


class KANRegressor(WithFormula, KANEstimator):
    """A KAN that predicts numbers, for scikit-learn's pipelines, searches and scores.

    Parameters
    ----------
    hidden : sequence of int
        Nodes of the hidden layers, () for a sum of one curve per feature.
    grid, order : int
        Cells G, by default 5 and twice as many as long as it pays, and degree k of the splines.
    roughness : float, optional
        Weight λ of the penalty on roughness, for targets of variance one; by default what suits the samples' noise.
    steps, starts, random_state : int
        The most Levenberg–Marquardt steps on a grid; the starts that `fit` compares; a seed, or a RandomState.
    optimizer : "lm", "lbfgs", "adam", "gd" or an Optimizer, optional
        By default Levenberg–Marquardt, and L-BFGS for networks so large that its steps cost too much. All but
        Levenberg–Marquardt take 7 times as many steps.

    Attributes
    ----------
    model_, history_, roughness_, n_features_in_, feature_names_in_
        The `KAN`, from scaled inputs to standardised targets; the `History` of its last round of steps; λ; the number
        and names of the features.

    Examples
    --------
    >>> from minikan import KANRegressor
    >>> X = np.linspace(0, 1000, 50)[:, None]
    >>> y = np.sin(X[:, 0] / 200)
    >>> bool(KANRegressor(roughness=0).fit(X, y).score(X, y) > 0.999)
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and y (n,) or (n, n_out), in any units; returns the estimator."""
        X = self._samples(X, first=True)
        y = checks.as_target_columns(y, len(X))
        self._flat = y.ndim == 1
        y = y.reshape(len(X), -1)
        return self._train(X, y, checks.as_weights(sample_weight, len(X)), y.shape[1], "mse")

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict for X (n, n_in): (n,), or (n, n_out) if y was two-dimensional."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute R², the share of the variance of y that is explained; for several outputs, their mean."""
        prediction = self.predict(X)
        y = checks.as_target_columns(y, len(X)).reshape(len(prediction), -1)
        unit, _, variance = _moments(y, sample_weight)
        prediction = prediction.reshape(len(y), -1) / unit
        error = np.average((y / unit - prediction) ** 2, axis=0, weights=sample_weight)
        r2 = 1 - error / np.where(variance > 0, variance, 1)
        return float(np.mean(np.where(variance > 0, r2, error == 0)))


class KANClassifier(KANEstimator):
    """A KAN that predicts classes: one output for each, whose softmax is its probability; the loss is cross-entropy.

    Parameters
    ----------
    hidden, grid, order, roughness, steps, starts, random_state, optimizer
        As for `KANRegressor`, and so are the attributes; besides, `classes_` holds the labels, sorted.
    class_weight : dict {label: weight} or "balanced", optional
        How much samples of each class count, 1 by default; "balanced": all classes count the same in all.

    Examples
    --------
    >>> from minikan import KANClassifier
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> KANClassifier().fit(X, ["low"] * 3 + ["high"] * 3).predict([[0.5], [11.5]]).tolist()
    ['low', 'high']
    """

    _parameters = (*KANEstimator._parameters, "class_weight")

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        grid: int | None = None,
        order: int = 3,
        roughness: float | None = None,
        steps: int = 50,
        starts: int = 1,
        random_state: Any = 0,
        optimizer: str | Optimizer | None = None,
        class_weight: dict | str | None = None,
    ) -> None:
        super().__init__(hidden, grid, order, roughness, steps, starts, random_state, optimizer)
        self.class_weight = class_weight

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and labels y (n,); returns the estimator."""
        X = self._samples(X, first=True)
        y = checks.as_labels(y, len(X))
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = checks.as_weights(sample_weight, len(X))
        totals = np.bincount(codes, weights)
        weights = weights * checks.class_weights(self.class_weight, self.classes_, totals)[codes]
        if len(used := np.unique(codes[weights > 0])) < 2:
            raise ValueError(f"y must hold at least two classes, got one class: {self.classes_[used]}")
        return self._train(X, codes, weights, len(self.classes_), "cross-entropy")

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the probabilities of the classes for X (n, n_in): (n, n_classes)."""
        z = self._outputs(X)
        with np.errstate(over="ignore"):  # exp(-infinity) is 0, as it should be
            p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class for X (n, n_in): (n,)."""
        best = self._outputs(X).argmax(axis=1)  # before classes_: it checks that there are any
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy: the share of samples whose class is predicted."""
        return float(np.average(self.predict(X) == checks.as_labels(y, len(X)), weights=sample_weight))


def _moments(y, weights):
    """For the columns of y (n, n_out): a unit in which no square overflows; mean and variance in this unit."""
    largest = np.abs(y).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    mean = np.average(y / unit, axis=0, weights=weights)
    return unit, mean, np.average((y / unit - mean) ** 2, axis=0, weights=weights)
