"""Check arguments once, where a user passes them in (all chapters): an error says what was wrong with which."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from numbers import Integral
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

LARGEST = 1e150  # grid point: its square is still finite
MOST = 10**9  # the largest whole number accepted
P = ParamSpec("P")  # arguments of a function …
R = TypeVar("R")  # … and its result


def as_finite(results: Iterable, name: str) -> None:
    """Check computed arrays or models: if one is not finite, there was an overflow in the function `name`."""
    for result in results:
        if not np.isfinite(getattr(result, "parameters", result)).all():
            raise ValueError(f"{name} overflows float64: inputs or parameters are too large")


def finite_results(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that returns arrays or a model: `as_finite` checks the results."""
    name = function.__name__.replace("__call__", "the network")

    @wraps(function)
    def checked(*args, **kwargs):
        with np.errstate(all="ignore"):
            results = function(*args, **kwargs)
        as_finite(results if isinstance(results, tuple) else (results,), name)
        return results

    return checked


def as_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Convert anything array-like to a float64 array; it must hold finite real numbers."""
    try:
        array = np.asarray(values, order="C")
    except ValueError:
        message = f"{name} must be a rectangular array of numbers; its rows differ in length"
        raise ValueError(message) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got an array of type {array.dtype}")
    if array.dtype != np.float64:
        with np.errstate(over="ignore"):  # longdouble may hold larger numbers
            array = array.astype(np.float64)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at position {where}")
    return array


def as_samples(values: ArrayLike, width: int, name: str = "X") -> np.ndarray:
    """Check samples: numbers of shape (n, width) with n >= 1."""
    array = as_numbers(values, name)
    if array.ndim != 2:
        hint = f"; use {name}.reshape(-1, 1) for one column" if array.ndim == 1 and width == 1 else ""
        raise ValueError(f"{name} must have two dimensions (n, {width}), got shape {array.shape}{hint}")
    if array.shape[1] != width:
        raise ValueError(f"{name} must have {width} columns, got {array.shape[1]} (shape {array.shape})")
    if len(array) == 0:
        raise ValueError(f"{name} must hold at least one sample, got none (shape {array.shape})")
    return array


def as_targets(values: ArrayLike, n: int, width: int, name: str = "y") -> np.ndarray:
    """Check targets: numbers of shape (n, width); one output may come as (n,)."""
    array = as_numbers(values, name)
    if array.ndim == 1 and width == 1:
        array = array[:, None]
    if array.ndim == 2 and len(array) != n:
        raise ValueError(f"X and {name} must have the same length, got {n} and {len(array)}")
    return as_samples(array, width, name)


def as_vector(values: ArrayLike, name: str) -> np.ndarray:
    """Check numbers of shape (n,) with n >= 1."""
    array = as_numbers(values, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a vector of at least one number, got shape {array.shape}")
    return array


def as_integer(value: Any, name: str, minimum: int) -> int:
    """Check a whole number from `minimum` to 10⁹."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    if value > MOST:
        raise ValueError(f"{name} must be at most {MOST}, got more")
    return int(value)


def as_number(value: float, name: str, minimum: float, maximum: float = np.inf) -> float:
    """Check one real number from `minimum` to `maximum`."""
    number = as_numbers(value, name)
    if number.ndim != 0:
        raise ValueError(f"{name} must be a single number, got shape {number.shape}")
    if not minimum <= number <= maximum:
        limits = f"at least {minimum:g}" if maximum == np.inf else f"from {minimum:g} to {maximum:g}"
        raise ValueError(f"{name} must be {limits}, got {number:g}")
    return float(number)


def as_choice(value: str, name: str, choices: Collection[str]) -> str:
    """Check a choice between words."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return value


def as_generator(seed: int | np.random.Generator) -> np.random.Generator:
    """Make a random generator from a seed; a generator is returned as it is."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise type(error)(f"seed must be a whole number >= 0 or a numpy Generator, got {seed!r}") from None


def as_widths(widths: Sequence[int]) -> list[int]:
    """Check the numbers of nodes per layer, [n_0, …, n_L]."""
    listed = list(widths) if np.iterable(widths) else []
    if len(listed) < 2:
        raise ValueError(f"widths must list at least inputs and outputs, as [2, 5, 1], got {widths!r}")
    return [as_integer(width, "every width", 1) for width in listed]


def as_increasing(points: np.ndarray, name: str) -> np.ndarray:
    """Check points that increase along the last axis, by steps larger than 1 / LARGEST."""
    largest = np.abs(points).max()
    if largest > LARGEST:
        raise ValueError(f"{name} must lie between -{LARGEST:g} and {LARGEST:g}, got {largest:g}")
    if not (np.diff(points) > 1 / LARGEST).all():
        rows = " in every row" if points.ndim > 1 else ""
        raise ValueError(f"{name} must be strictly increasing{rows}, and far enough apart for float64")
    return points


def as_domain(value: ArrayLike, name: str = "domain") -> tuple[float, float]:
    """Check an interval (low, high) with low < high."""
    array = as_numbers(value, name)
    if array.shape != (2,):
        raise ValueError(f"{name} must be a pair (low, high), got shape {array.shape}")
    low, high = array.tolist()
    if not low < high:
        raise ValueError(f"{name} must have low < high, got ({low:g}, {high:g})")
    as_increasing(array, name)
    return low, high


def as_domains(value: ArrayLike, n_in: int | None = None, name: str = "domain") -> np.ndarray:
    """Check intervals (n_in, 2); one pair is repeated for all n_in inputs, or used once if n_in is None."""
    array = as_numbers(value, name)
    if array.ndim == 1:
        return np.tile(as_domain(array, name), (n_in or 1, 1))
    if array.ndim != 2 or array.shape[1] != 2 or len(array) != (n_in or len(array)) or not len(array):
        wanted = "one pair per input" if n_in is None else f"a pair, or {n_in} of them, one per input"
        raise ValueError(f"{name} must be {wanted}: (low, high), got shape {array.shape}")
    return np.array([as_domain(row, f"{name} of input {i}") for i, row in enumerate(array)])


def as_kan(model: Any, verb: str) -> Any:
    """Check that a model is a KAN: no layer has edges that are plain numbers."""
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list) or not all(layer.has_curves for layer in layers):
        raise TypeError(f"{verb} needs a KAN, whose edges are curves, got {type(model).__name__}")
    return model
