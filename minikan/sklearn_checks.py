"""scikit-learn's protocol: parameters, samples and scores, with the messages its own checks expect (all chapters)."""

from __future__ import annotations

import inspect
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_generator, as_numbers

if TYPE_CHECKING:
    from typing import Self


class Estimator:
    """Parameters and samples of an estimator; once it is fitted, it has a `model_`."""

    kind, several_targets = "regressor", False
    random_state: Any

    def _parameters(self):
        return [*inspect.signature(type(self)).parameters]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor in a dict."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; returns the estimator."""
        for name, value in params.items():
            if name not in (known := self._parameters()):
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; use {known}")
            setattr(self, name, value)
        return self

    def __repr__(self):
        defaults = type(self)().get_params()
        shown = [f"{k}={v!r}" for k, v in self.get_params().items() if repr(v) != repr(defaults[k])]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self):
        """Describe the estimator; only scikit-learn calls this, so it can be imported here."""
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        own = {"classifier": ClassifierTags(), "regressor": RegressorTags()}[self.kind]
        targets = TargetTags(required=True, multi_output=self.several_targets)
        return Tags(self.kind, targets, **{f"{self.kind}_tags": own})

    def _fitted(self):
        """Return the estimator, if it was fitted."""
        if not hasattr(self, "model_"):
            error = sklearn_class("NotFittedError", (ValueError, AttributeError))
            raise error(f"This {type(self).__name__} instance is not fitted yet: call fit first")
        return self

    def _generator(self):
        """Make the random generator; scikit-learn may pass NumPy's older one."""
        seed = self.random_state
        return as_generator(seed.randint(2**31 - 1) if hasattr(seed, "randint") else seed)

    def _samples(self, X, first, least=1):
        """Check samples (n, n_in); compare names and number of features with those of `fit`, or store them."""
        names, array, me = feature_names(X), as_floats(X, "X"), type(self).__name__
        if array.ndim != 2:
            advice = "Reshape your data: X.reshape(-1, 1) makes one column, X.reshape(1, -1) one sample"
            raise ValueError(f"X must be 2-dimensional (n, n_in), got shape {array.shape}. {advice}")
        for size, what, wanted in zip(array.shape, ("sample", "feature"), (least, 1), strict=True):
            if size < wanted:
                found = f"{size} {what}(s) (shape={array.shape}) while a minimum of {wanted} is required."
                raise ValueError(f"Found array with {found}")
        if first:
            self.n_features_in_ = array.shape[1]
            self.__dict__.pop("feature_names_in_", None)
            self.__dict__ |= {} if names is None else {"feature_names_in_": names}
            return array
        check_feature_names(names, getattr(self, "feature_names_in_", None), me)
        if (n_in := array.shape[1]) != (expected := self.n_features_in_):
            raise ValueError(f"X has {n_in} features, but {me} is expecting {expected} features as input")
        return array


class Regressor(Estimator):
    """An estimator of numbers."""

    def score(self: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute R², the share of the variance of y that is explained; for several outputs, their mean."""
        prediction = self.predict(X)
        y = as_target_columns(y, len(prediction)).reshape(len(prediction), -1)
        unit, _, variance = moments(y, sample_weight)
        prediction = prediction.reshape(len(y), -1) / unit
        error = np.average((y / unit - prediction) ** 2, axis=0, weights=sample_weight)
        r2 = 1 - error / np.where(variance > 0, variance, 1)
        return float(np.mean(np.where(variance > 0, r2, error == 0)))


def moments(y: np.ndarray, weights: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For the columns of y (n, n_out): a unit in which no square overflows; mean and variance in this unit."""
    largest = np.abs(y).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    mean = np.average(y / unit, axis=0, weights=weights)
    return unit, mean, np.average((y / unit - mean) ** 2, axis=0, weights=weights)


def as_floats(values: ArrayLike, name: str) -> np.ndarray:
    """Check numbers as `as_numbers` does, but take arrays of objects that are numbers, too."""
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must be dense, got a sparse {type(values).__name__}; use {name}.toarray()")
    array = np.asarray(values)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} must hold real numbers")
    if array.dtype.kind == "O":
        try:
            array = array.astype(float)
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name} must hold real numbers: {error}") from None
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite: it contains NaN or infinity (inf)")
    return as_numbers(array, name)


def as_target_columns(y: Any, n: int) -> np.ndarray:
    """Check targets: numbers (n,) or (n, n_out)."""
    shape = np.asarray(y).shape
    if shape[:1] != (n,) or len(shape) > 2 or 0 in shape:
        raise ValueError(f"y should be a 1d array ({n},) or have shape ({n}, n_out), got shape {shape}")
    return as_floats(y, "y")


def as_target(y: ArrayLike | None, n: int) -> np.ndarray:
    """Check targets of one output: numbers (n,)."""
    y = as_target_columns(_flat(y), n)
    if y.ndim > 1:
        raise ValueError(f"y should be a 1d array ({n},), got shape {y.shape}: one output at a time")
    return y


def _flat(y):
    """Make one column of targets (n, 1) a vector (n,), with a warning."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        category = sklearn_class("DataConversionWarning", (UserWarning,))
        warnings.warn("A column-vector y was passed when a 1d array was expected", category, stacklevel=4)
        y = y[:, 0]
    return y


def as_labels(y: ArrayLike | None, n: int) -> np.ndarray:
    """Check labels (n,): of any type that can be sorted; floats must be whole numbers."""
    y = _flat(y)
    if y.shape != (n,):
        raise ValueError(f"y should be a 1d array, a class for each of {n} samples, got shape {y.shape}")
    if y.dtype.kind in "cf" and (as_floats(y, "y") != np.round(y)).any():
        raise ValueError("Unknown label type: continuous; use whole numbers or strings for classes")
    return y


def as_weights(values: ArrayLike | None, n: int, name: str = "sample_weight") -> np.ndarray:
    """Check the weights of n samples; ones by default."""
    weights = np.ones(n) if values is None else as_floats(values, name)
    if weights.shape != (n,) or (weights < 0).any() or not weights.any():
        wanted = f"{n} numbers, none negative and not all sample weights zero"
        raise ValueError(f"{name} must hold {wanted}; got shape {weights.shape}")
    return weights


def class_weights(given: dict | str | None, classes: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return the weight of each class (k,), from those given for some, or from the weights (k,) of its samples."""
    if isinstance(given, str) and given == "balanced":
        return totals.sum() / (len(classes) * np.where(totals > 0, totals, np.inf))
    if given is not None and not isinstance(given, dict):
        raise ValueError(f'class_weight must be None, "balanced" or a dict {{label: weight}}, got {given!r}')
    labels = classes.tolist()
    if unknown := [label for label in given or {} if label not in labels]:
        raise ValueError(f"class_weight must name classes of y, {labels}, got {unknown}")
    return as_weights([(given or {}).get(label, 1) for label in labels], len(labels), "class_weight")


def feature_names(X: Any) -> np.ndarray | None:
    """Return the names of a data frame's columns, if all of them are strings."""
    names = np.asarray(getattr(X, "columns", []), dtype=object)
    return names if len(names) and all(isinstance(name, str) for name in names) else None


def check_feature_names(names: np.ndarray | None, known: np.ndarray | None, estimator: str) -> None:
    """Compare the feature names of new samples with those of `fit`; None where X had no names."""
    if names is None or known is None:
        if names is not known:
            has, was = ("has", "without") if known is None else ("does not have valid", "with")
            message = f"X {has} feature names, but {estimator} was fitted {was} feature names"
            warnings.warn(message, stacklevel=5)
    elif names.tolist() != known.tolist():
        lines = ["The feature names should match those that were passed during fit."]
        new, missing = (sorted(set(a) - set(b)) for a, b in ((names, known), (known, names)))
        for title, found in (("unseen at fit time", new), ("seen at fit time, yet now missing", missing)):
            lines += [f"Feature names {title}:", *(f"- {name}" for name in found)] if found else []
        if not new and not missing:
            lines.append("Feature names must be in the same order as they were in fit.")
        raise ValueError("\n".join([*lines, ""]))


def sklearn_class(name: str, bases: tuple[type, ...]) -> type:
    """Return scikit-learn's class of an error or warning if it is loaded, else a class of the same name."""
    module = sys.modules.get("sklearn.exceptions")
    return getattr(module, name) if module else type(name, bases, {})
