"""What is known of a solution beside its equation: values and slopes at points, periods, measurements (chapter 10)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from .residuals import Equation, Residuals
from .validation import as_numbers, require


def fixed(X: ArrayLike, value: ArrayLike = 0.0, what: str = "u", weight: ArrayLike = 10.0) -> Residuals:
    """Make a condition: a value or slope is given at points.

    Parameters
    ----------
    X : array_like, shape (n, n_in)
    value : float or array_like, shape (n,)
    what : str
        What has this value, such as "u" or "u_x".
    weight : float or array_like, shape (n,)
        How much it counts, beside an equation of weight 1.

    Returns
    -------
    Residuals

    Raises
    ------
    ValueError, TypeError
        If there are not as many values as points.

    Examples
    --------
    >>> fixed([[0.0], [1.0]], [2.0, 3.0]).n  # u(0) = 2, u(1) = 3
    2
    """
    return _given(X, value, what, weight, "condition")


def periodic(X: ArrayLike, other: ArrayLike, what: str = "u", weight: ArrayLike = 10.0) -> Residuals:
    """Make a condition: a value or slope is the same at two sets of points.

    Parameters
    ----------
    X, other : array_like, shape (n, n_in)
        Such as points at both ends of an interval.
    what : str
        What is the same, such as "u" or "u_x"; of an equation of second order both are.
    weight : float or array_like, shape (n,)
        As for `fixed`.

    Returns
    -------
    Residuals

    Raises
    ------
    ValueError, TypeError
        If X and other differ in shape.

    Examples
    --------
    >>> periodic([[-1.0]], [[1.0]], "u_x").n  # u′(-1) = u′(1)
    1
    """
    X, other = as_numbers(X, "X"), as_numbers(other, "other")
    require(other.shape == X.shape, "other", f"have the shape of X, {X.shape}", other.shape)
    return replace(_given(X, 0.0, what, weight, "periodic"), other=other)


def measured(X: ArrayLike, y: ArrayLike, what: str = "u", weight: ArrayLike = 0.1) -> Residuals:
    """Make a term of measurements, which have noise: `solve` derives standard errors of coefficients from it.

    Parameters
    ----------
    X : array_like, shape (n, n_in)
    y : array_like, shape (n,)
    what : str
        What was measured, such as "u" or "u_x".
    weight : float or array_like, shape (n,)
        As for `fixed`; small, so that the equation holds and the noise is left over.

    Returns
    -------
    Residuals

    Raises
    ------
    ValueError, TypeError
        If there are not as many measurements as points.

    Examples
    --------
    >>> measured([[0.2], [0.7]], [0.31, 0.58]).n
    2
    """
    return replace(_given(X, y, what, weight, "measured"), noisy=True)


def _given(X, value, what, weight, name):
    X = as_numbers(X, "X")
    try:
        target = np.broadcast_to(as_numbers(value, "value"), X.shape[:1])
    except ValueError:
        raise ValueError(
            f"value must be a number, or {len(X)} of them, got shape {np.shape(value)}"
        ) from None
    plain = Equation(what, lambda X, u: u, lambda X, u: (1.0,))
    return Residuals(plain, X, weight, target=target, name=name)
