"""Check the arguments of estimators, with the messages that scikit-learn's own checks expect (all chapters).

Errors and warnings are of scikit-learn's classes if it is loaded, else of classes with the same names.
"""

from __future__ import annotations

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


def as_target_columns(y: ArrayLike | None, n: int) -> np.ndarray:
    """Check targets: numbers (n,) or (n, n_out)."""
    y = as_floats(_required(y), "y")
    if y.ndim not in (1, 2) or len(y) != n or y.size == 0:
        wanted = f"y must have shape ({n},) or ({n}, n_out)"
        raise ValueError(f"X and y must have the same length: {wanted}, got {y.shape}")
    return y


def _required(y):
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    return y


def as_labels(y: ArrayLike | None, n: int) -> np.ndarray:
    """Check labels (n,): of any type that can be sorted; floats must be whole numbers."""
    y = np.asarray(_required(y))
    if y.ndim == 2 and y.shape[1] == 1:
        category = sklearn_class("DataConversionWarning", (UserWarning,))
        warnings.warn("A column-vector y was passed when a 1d array was expected", category, stacklevel=3)
        y = y[:, 0]
    if y.shape != (n,):
        raise ValueError(f"y must hold a class for each of {n} samples, got shape {y.shape}")
    if y.dtype.kind in "cf" and (as_floats(y, "y") != np.round(y)).any():
        raise ValueError("Unknown label type: continuous; use whole numbers or strings for classes")
    return y


def as_weights(values: ArrayLike | None, n: int) -> np.ndarray:
    """Check the weights of n samples; ones by default."""
    weights = np.ones(n) if values is None else as_floats(values, "sample_weight")
    if weights.shape != (n,) or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"sample_weight must hold {n} numbers, none negative and not all sample weights zero; "
            f"got shape {weights.shape}"
        )
    return weights


def feature_names(X: Any) -> np.ndarray | None:
    """Return the names of a data frame's columns, if all of them are strings."""
    names = np.asarray(getattr(X, "columns", []), dtype=object)
    return names if len(names) and all(isinstance(name, str) for name in names) else None


def check_feature_names(names: np.ndarray | None, known: np.ndarray | None, estimator: str) -> None:
    """Compare the feature names of new samples with those of `fit`; None where X had no names."""
    if names is None and known is not None:
        text = f"X does not have valid feature names, but {estimator} was fitted with feature names"
        warnings.warn(text, stacklevel=5)
    elif names is not None and known is None:
        warnings.warn(f"X has feature names, but {estimator} was fitted without feature names", stacklevel=5)
    elif names is not None and known is not None and names.tolist() != known.tolist():
        lines = ["The feature names should match those that were passed during fit."]
        if new := sorted(set(names) - set(known)):
            lines += ["Feature names unseen at fit time:", *(f"- {name}" for name in new)]
        if missing := sorted(set(known) - set(names)):
            lines += ["Feature names seen at fit time, yet now missing:", *(f"- {name}" for name in missing)]
        if not new and not missing:
            lines.append("Feature names must be in the same order as they were in fit.")
        raise ValueError("\n".join(lines) + "\n")


def sklearn_class(name: str, bases: tuple[type, ...]) -> type:
    """Return scikit-learn's class of an error or warning if it is loaded, else a class of the same name."""
    module = sys.modules.get("sklearn.exceptions")
    return getattr(module, name) if module else type(name, bases, {})
