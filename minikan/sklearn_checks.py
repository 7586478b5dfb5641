"""Check the arguments of estimators, with the messages that scikit-learn's own checks expect (all chapters)."""

import sys
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_numbers


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


def as_labels(y: ArrayLike | None, n: int) -> np.ndarray:
    """Check labels (n,): of any type that can be sorted; floats must be whole numbers."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        category = sklearn_class("DataConversionWarning", (UserWarning,))
        warnings.warn("A column-vector y was passed when a 1d array was expected", category, stacklevel=3)
        y = y[:, 0]
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
