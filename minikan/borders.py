"""What comes in is checked here, once, and named in words a student understands.

Every public function passes its arguments through these helpers; behind them the code trusts its
inputs. An error says which argument it was, what it was, and what it must be.
"""

from numbers import Integral

import numpy as np


def as_numbers(values, name):
    """Turn anything array-like into a float64 array without NaN, infinity or foreign types."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must be a rectangular array of numbers; its rows differ in length"
        ) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got an array of type {array.dtype}")
    array = np.asarray(array, dtype=np.float64, order="C")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at position {where}")
    return array


def as_samples(values, width, name="X"):
    """Check samples: an array of shape (n, width) with n >= 1."""
    array = as_numbers(values, name)
    if array.ndim != 2:
        hint = f"; use {name}.reshape(-1, 1) for one column" if array.ndim == 1 and width == 1 else ""
        raise ValueError(f"{name} must have two dimensions (n, {width}), got shape {array.shape}{hint}")
    if array.shape[1] != width:
        raise ValueError(f"{name} must have {width} columns, got {array.shape[1]} (shape {array.shape})")
    if array.shape[0] == 0:
        raise ValueError(f"{name} must hold at least one sample, got none (shape {array.shape})")
    return array


def as_targets(values, n, width, name="y"):
    """Check targets: an array of shape (n, width); one output may come as (n,)."""
    array = as_numbers(values, name)
    if array.ndim == 1 and width == 1:
        array = array[:, None]
    if array.ndim == 2 and len(array) != n:
        raise ValueError(f"X and {name} must have the same length, got {n} and {len(array)}")
    return as_samples(array, width, name)


def as_vector(values, name):
    """Check one column of numbers: an array of shape (n,) with n >= 1."""
    array = as_numbers(values, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a vector of at least one number, got shape {array.shape}")
    return array


def as_integer(value, name, minimum):
    """Check a whole number not below a minimum."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def as_number(value, name, minimum, maximum=np.inf):
    """Check one real number from a minimum to a maximum."""
    number = as_numbers(value, name)
    if number.ndim != 0:
        raise ValueError(f"{name} must be a single number, got shape {number.shape}")
    if not minimum <= number <= maximum:
        limits = f"at least {minimum:g}" if maximum == np.inf else f"from {minimum:g} to {maximum:g}"
        raise ValueError(f"{name} must be {limits}, got {number:g}")
    return float(number)


def as_domain(value, name="domain"):
    """Check an interval (low, high) with low < high."""
    array = as_numbers(value, name)
    if array.shape != (2,):
        raise ValueError(f"{name} must be a pair (low, high), got shape {array.shape}")
    low, high = array.tolist()
    if not low < high:
        raise ValueError(f"{name} must have low < high, got ({low:g}, {high:g})")
    return low, high
