"""Check arguments once, where a user passes them in (all chapters): an error says what was wrong with which."""

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


def require(holds: Any, name: str, wanted: str, found: Any) -> None:
    """Raise an error if a condition on the argument `name` does not hold."""
    if not holds:
        raise ValueError(f"{name} must {wanted}, got {found}")


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
    if array.dtype.kind == "O" and hasattr(values, "columns"):  # of a data frame, of several types
        frame: Any = values
        columns = [np.asarray(frame[label]) for label in frame.columns]
        for label, column in zip(frame.columns, columns, strict=True):
            if column.dtype.kind not in "biuf":
                raise TypeError(f"{name} must hold real numbers, but its column {label!r} does not")
        array = np.column_stack(columns)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got an array of type {array.dtype}")
    with np.errstate(over="ignore"):  # longdouble may hold larger numbers
        array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        column = f", column {values.columns[where[1]]!r}" if hasattr(values, "columns") and where[1:] else ""
        raise ValueError(f"{name} must be finite, got {array[where]} at position {where}{column}")
    return array


def as_samples(values: ArrayLike, width: int, name: str = "X") -> np.ndarray:
    """Check samples: numbers of shape (n, width) with n >= 1."""
    array = as_numbers(values, name)
    hint = f"; use {name}.reshape(-1, 1) for one column" if array.ndim == width == 1 else ""
    require(array.ndim == 2, name, f"have two dimensions (n, {width})", f"shape {array.shape}{hint}")
    require(array.shape[1] == width, name, f"have {width} columns", f"{array.shape[1]} (shape {array.shape})")
    require(len(array) > 0, name, "hold at least one sample", f"none (shape {array.shape})")
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
    flat = as_numbers(values, name)
    require(flat.ndim == 1 and flat.size, name, "be a vector of at least one number", f"shape {flat.shape}")
    return flat


def as_integer(value: Any, name: str, minimum: int) -> int:
    """Check a whole number from `minimum` to 10⁹."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    require(value >= minimum, name, f"be at least {minimum}", value)
    require(value <= MOST, name, f"be at most {MOST}", "more")
    return int(value)


def as_number(value: float, name: str, minimum: float, maximum: float = np.inf) -> float:
    """Check one real number from `minimum` to `maximum`."""
    number = as_numbers(value, name)
    require(number.ndim == 0, name, "be a single number", f"shape {number.shape}")
    limits = f"at least {minimum:g}" if maximum == np.inf else f"from {minimum:g} to {maximum:g}"
    require(minimum <= number <= maximum, name, f"be {limits}", f"{number:g}")
    return float(number)


def as_choice(value: str, name: str, choices: Collection[str]) -> str:
    """Check a choice between words."""
    require(isinstance(value, str) and value in choices, name, f"be one of {', '.join(choices)}", repr(value))
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
    require(len(listed) > 1, "widths", "list at least inputs and outputs, as [2, 5, 1]", repr(widths))
    return [as_integer(width, "every width", 1) for width in listed]


def as_increasing(points: np.ndarray, name: str) -> np.ndarray:
    """Check points that increase along the last axis, by steps larger than 1 / LARGEST."""
    largest = np.abs(points).max()
    require(largest <= LARGEST, name, f"lie between -{LARGEST:g} and {LARGEST:g}", f"{largest:g}")
    if not (np.diff(points) > 1 / LARGEST).all():
        rows = " in every row" if points.ndim > 1 else ""
        raise ValueError(f"{name} must be strictly increasing{rows}, and far enough apart for float64")
    return points


def as_domain(value: ArrayLike, name: str = "domain") -> tuple[float, float]:
    """Check an interval (low, high) with low < high."""
    array = as_numbers(value, name)
    require(array.shape == (2,), name, "be a pair (low, high)", f"shape {array.shape}")
    low, high = array.tolist()
    require(low < high, name, "have low < high", f"({low:g}, {high:g})")
    as_increasing(array, name)
    return low, high


def as_domains(value: ArrayLike, n_in: int | None = None, name: str = "domain") -> np.ndarray:
    """Check intervals (n_in, 2); one pair is repeated for all n_in inputs, or used once if n_in is None."""
    array = as_numbers(value, name)
    if array.ndim == 1:
        return np.tile(as_domain(array, name), (n_in or 1, 1))
    wanted = "one pair per input" if n_in is None else f"a pair, or {n_in} of them, one per input"
    fits = array.ndim == 2 and array.size and array.shape == (n_in or len(array), 2)
    require(fits, name, f"be {wanted}: (low, high)", f"shape {array.shape}")
    return np.array([as_domain(row, f"{name} of input {i}") for i, row in enumerate(array)])


def as_kan(model: Any, verb: str) -> Any:
    """Check that a model is a KAN: no layer has edges that are plain numbers."""
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list) or not all(layer.has_curves for layer in layers):
        raise TypeError(f"{verb} needs a KAN, whose edges are curves, got {type(model).__name__}")
    return model
