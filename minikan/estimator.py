"""KANs with the sklearn_checks of scikit-learn (all chapters; the paper, section 3, fits data without them).

    KANRegressor().fit(X, y).predict(X)         in pipelines, grid searches and cross-validation, too

The protocol is followed, scikit-learn is not imported: it is not needed to fit and predict. Its own checks run
in the tests. Units do not matter in here: inputs are mapped to [-1, 1], targets are standardised.

Real data are few and noisy, and a spline through noise oscillates: a penalty on roughness keeps it smooth
(`minikan.penalties`).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .grids import update_grid
from .kan import KAN
from .penalties import Roughness
from .sklearn_checks import as_floats, as_labels, as_target_columns, as_weights, differing, feature_names, foreign
from .training import fit
from .validation import as_finite

if TYPE_CHECKING:
    from typing_extensions import Self

class KANEstimator:
    """What both estimators share: parameters, checks of the samples, the network."""

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        grid: int = 5,
        order: int = 3,
        roughness: float = 0.03,
        steps: int = 30,
        starts: int = 1,
        random_state: Any = 0,
    ) -> None:
        self.hidden, self.grid, self.order = hidden, grid, order
        self.roughness, self.steps, self.starts, self.random_state = roughness, steps, starts, random_state

    _parameters = ("hidden", "grid", "order", "roughness", "steps", "starts", "random_state")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters of the constructor in a dict."""
        return {name: getattr(self, name) for name in self._parameters}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; returns the estimator."""
        for name, value in params.items():
            if name not in self._parameters:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; it has {self._parameters}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self):
        defaults = type(self)().get_params()
        shown = [f"{k}={v!r}" for k, v in self.get_params().items() if repr(v) != repr(defaults[k])]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model_")

    def __sklearn_tags__(self):
        """Describe the estimator; only scikit-learn calls this, so it is there to be imported."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        classifies = isinstance(self, KANClassifier)
        return Tags(
            estimator_type="classifier" if classifies else "regressor",
            target_tags=TargetTags(required=True, multi_output=not classifies),
            transformer_tags=None,
            classifier_tags=ClassifierTags() if classifies else None,
            regressor_tags=None if classifies else RegressorTags(),
            input_tags=InputTags(),
        )

    def _train(self, X, y, weights, n_out, loss):
        """Fit a network to samples (n, n_in) of any units, and targets that suit the loss."""
        used = weights > 0  # a weight of zero: as if the sample were not there
        X, y, weights = X[used], y[used], weights[used] / weights.max()
        low, high = X.min(axis=0), X.max(axis=0)
        self._center = 0.5 * low + 0.5 * high
        half = 0.5 * high - 0.5 * low
        self._half_range = np.where(half > 0, half, 1.0)
        center, scale = np.zeros(n_out), np.ones(n_out)
        if loss == "mse":
            center, scale = _standard(y, weights)
            y = (y - center) / scale
        seed = self.random_state
        if hasattr(seed, "randint"):  # NumPy's older generator, which scikit-learn passes around
            seed = seed.randint(2**31 - 1)
        if not np.iterable(self.hidden):
            raise ValueError(f"hidden must list the nodes of the hidden layers, as (3,), got {self.hidden!r}")
        widths = [X.shape[1], *self.hidden, n_out]
        Z = self._scaled(X)
        distinct = np.unique(Z, axis=0)  # twice the weight is the same as twice the sample, here too
        model = update_grid(KAN(widths, grid=self.grid, order=self.order, seed=seed), distinct)
        penalty = Roughness(self.roughness)
        history = fit(
            model, Z, y, steps=self.steps, starts=self.starts, loss=loss, penalty=penalty, sample_weight=weights,
            seed=seed, progress=False
        )
        self.model_, self.history_, self._y_center, self._y_scale = model, history, center, scale
        return self

    def _scaled(self, X):
        """Map samples from the range seen in training to [-1, 1]."""
        with np.errstate(over="ignore"):
            Z = (X - self._center) / self._half_range
        return np.nan_to_num(Z, posinf=1e300, neginf=-1e300)

    def _outputs(self, X):
        """Check new samples, and evaluate the network in the targets' units: (n, n_out)."""
        if not self.__sklearn_is_fitted__():
            raise foreign("NotFittedError", (ValueError, AttributeError))(
                f"This {type(self).__name__} instance is not fitted yet: call fit first"
            )
        Z = self._scaled(self._samples(X, first=False))
        with np.errstate(over="ignore"):
            outputs = self.model_(Z) * self._y_scale + self._y_center
        as_finite([outputs], "predict")
        return outputs

    def _samples(self, X, first):
        """Check samples (n, n_in), and hold names and number of features against those of `fit`.

        Where scikit-learn's checks demand a phrase, the message has it.
        """
        names, me = feature_names(X), type(self).__name__
        array = as_floats(X, "X")
        if array.ndim != 2:
            raise ValueError(
                f"X must be 2-dimensional (n, n_in), got shape {array.shape}. Reshape your data: "
                "X.reshape(-1, 1) makes one column, X.reshape(1, -1) one sample"
            )
        n, n_in = array.shape
        for count, what in ((n, "sample"), (n_in, "feature")):
            if count == 0:
                raise ValueError(
                    f"Found array with 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required."
                )
        if first:
            self.n_features_in_ = n_in
            self.__dict__.pop("feature_names_in_", None)
            if names is not None:
                self.feature_names_in_ = names
            return array
        known = getattr(self, "feature_names_in_", None)
        if names is None and known is not None:
            warnings.warn(
                f"X does not have valid feature names, but {me} was fitted with feature names", stacklevel=4
            )
        elif names is not None and known is None:
            warnings.warn(f"X has feature names, but {me} was fitted without feature names", stacklevel=4)
        elif names is not None and names.tolist() != known.tolist():
            raise ValueError(differing(names.tolist(), known.tolist()))
        if n_in != self.n_features_in_:
            raise ValueError(
                f"X has {n_in} features, but {me} is expecting {self.n_features_in_} features as input"
            )
        return array


class KANRegressor(KANEstimator):
    """A KAN that predicts numbers, for scikit-learn's pipelines, searches and scores.

    Parameters
    ----------
    hidden : sequence of int
        Nodes of the hidden layers; () is an additive model, a sum of one curve for each feature.
    grid, order : int
        Cells G and degree k of the splines.
    roughness : float
        How much bends cost, λ, for targets of variance one. More for few and noisy samples, 0 for exact ones.
    steps : int
        Levenberg–Marquardt steps, at most.
    starts : int
        With 5, say, the best of several starts is trained; see `fit`.
    random_state : int or numpy.random.RandomState
        Where the first parameters come from.

    Attributes
    ----------
    model_ : KAN
        The network; it sees scaled inputs, and predicts standardised targets.
    history_ : History
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X had names for its columns, and they are all strings.

    Raises
    ------
    ValueError, TypeError
        By `fit` and `predict`, if X, y or a parameter is not what is said here.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KANRegressor
    >>> X = np.linspace(0, 1000, 50)[:, None]
    >>> bool(KANRegressor(roughness=0).fit(X, np.sin(X[:, 0] / 200)).score(X, np.sin(X[:, 0] / 200)) > 0.999)
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and y (n,) or (n, n_out), in any units; returns the estimator."""
        X = self._samples(X, first=True)
        y = as_target_columns(y, len(X))
        if y.ndim not in (1, 2) or y.size == 0:
            raise ValueError(f"y must have shape ({len(X)},) or ({len(X)}, n_out), got {y.shape}")
        self._flat = y.ndim == 1
        y = y.reshape(len(X), -1)
        return self._train(X, y, as_weights(sample_weight, len(X)), y.shape[1], "mse")

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict for X (n, n_in): (n,), or (n, n_out) if y was like this."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute R², the share of the variance of y that is explained; over several outputs, the mean of them."""
        prediction = self.predict(X)
        y, prediction = (
            np.reshape(part, (len(prediction), -1)) for part in (as_target_columns(y, len(X)), prediction)
        )
        unit = np.abs(y).max(axis=0)
        y, prediction = (part / np.where(unit > 0, unit, 1) for part in (y, prediction))  # nothing overflows
        mean = np.average(y, axis=0, weights=sample_weight)
        left = np.average((y - prediction) ** 2, axis=0, weights=sample_weight)
        all_of_it = np.average((y - mean) ** 2, axis=0, weights=sample_weight)
        share = left / np.where(all_of_it > 0, all_of_it, 1)
        return float(np.mean(np.where(all_of_it > 0, 1 - share, left == 0)))


class KANClassifier(KANEstimator):
    """A KAN that predicts classes, for scikit-learn's pipelines, searches and scores.

    The network has an output for each class; the softmax of them is the probability, and training minimises
    the cross-entropy.

    Parameters
    ----------
    hidden, grid, order, roughness, steps, starts, random_state
        As for `KANRegressor`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    model_, history_, n_features_in_, feature_names_in_
        As for `KANRegressor`.

    Raises
    ------
    ValueError, TypeError
        By `fit` and `predict`, if X, y or a parameter is not what is said here.

    Examples
    --------
    >>> from minikan import KANClassifier
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> KANClassifier().fit(X, ["low"] * 3 + ["high"] * 3).predict([[0.5], [11.5]]).tolist()
    ['low', 'high']
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and labels y (n,); returns the estimator."""
        X = self._samples(X, first=True)
        y = as_labels(y, len(X))
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = as_weights(sample_weight, len(X))
        counted = np.unique(codes[weights > 0])
        if len(counted) < 2:
            raise ValueError(f"y must hold at least two classes, got one class: {self.classes_[counted]}")
        return self._train(X, codes, weights, len(self.classes_), "cross-entropy")

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the probabilities of the classes for X (n, n_in): (n, n_classes)."""
        z = self._outputs(X)
        with np.errstate(over="ignore"):  # exp(-infinity) is right
            p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class for X (n, n_in): (n,)."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy: the share of samples whose class is predicted."""
        return float(np.average(self.predict(X) == as_labels(y, len(X)), weights=sample_weight))


def _standard(y, weights):
    """Compute mean and standard deviation of each column of y (n, n_out), of any size; 1 where y is constant."""
    largest = np.abs(y).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)  # so that nothing overflows
    mean = np.average(y / unit, axis=0, weights=weights)
    spread = np.sqrt(np.average((y / unit - mean) ** 2, axis=0, weights=weights))
    return mean * unit, np.where(spread > 1e-14, spread, 1.0) * unit
