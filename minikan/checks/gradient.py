"""A derivative written by hand is checked against central differences along random directions (chapter 03).

dᵀ∇f(x)  ≈  (f(x + h d) - f(x - h d)) / 2h        for random unit vectors d
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..validation import as_numbers


class GradientCheck(NamedTuple):
    """Slopes of a function along some directions: from its gradient, and measured."""

    analytic: np.ndarray  # (directions,)
    numeric: np.ndarray  # (directions,)
    tolerance: float

    @property
    def error(self) -> float:
        """The largest difference, relative to the largest slope."""
        scale = np.abs([self.analytic, self.numeric]).max()
        return float(np.abs(self.analytic - self.numeric).max() / scale) if scale != 0 else 0.0

    @property
    def holds(self) -> bool:
        """Whether the two agree to the tolerance; NaN agrees with nothing."""
        return bool(self.error < self.tolerance)

    def __repr__(self):
        slopes = enumerate(zip(self.analytic, self.numeric, strict=True), start=1)
        rows = [f"{i:9d}  {analytic:12.5g}  {numeric:12.5g}" for i, (analytic, numeric) in slopes]
        # Below the tolerance the digits of the error are rounding noise, which differs between machines.
        error = f"below {self.tolerance:.0e}: they agree" if self.holds else f"{self.error:.1e}: they differ"
        return "\n".join(["direction      analytic       numeric", *rows, f"relative error {error}"])


def check_gradient(
    function: Callable[[np.ndarray], Any],
    gradient: Callable[[np.ndarray], ArrayLike] | ArrayLike,
    x: ArrayLike,
    *,
    seed: int = 0,
    directions: int = 4,
    step: float = 1e-5,
    tolerance: float = 1e-6,
) -> GradientCheck:
    """Compare a gradient with central differences of its function.

    Parameters
    ----------
    function : callable
        Takes an array of x's shape, returns one number.
    gradient : callable or array_like
        The gradient at x, or a function that computes it; of x's shape.
    x : array_like
        Where to look, an array of any shape.
    seed : int
        Seed of the random directions.
    directions : int
        How many directions to try; each one involves every entry of x.
    step : float
        The h of the differences.
    tolerance : float
        The relative error to accept.

    Returns
    -------
    GradientCheck
        Prints itself as a table; `holds` tells whether the two agree, `error` how well.

    Raises
    ------
    ValueError
        If the gradient does not have the shape of x, or the function returns more than one number.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import check_gradient
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> check_gradient(lambda x: np.sum(x**2), 2 * x, x).holds
    True
    >>> check_gradient(lambda x: np.sum(x**2), 3 * x, x).holds
    False
    """
    x = as_numbers(x, "x")
    slopes = np.asarray(gradient(x.copy()) if callable(gradient) else gradient, dtype=float)
    if slopes.shape != x.shape:
        raise ValueError(f"gradient must have the shape of x, {x.shape}, got {slopes.shape}")
    d = np.random.default_rng(seed).standard_normal((directions, *x.shape))
    d /= np.sqrt((d * d).sum(axis=tuple(range(1, d.ndim)), keepdims=True))
    numeric = [(_number(function(x + step * di)) - _number(function(x - step * di))) / (2 * step) for di in d]
    return GradientCheck(np.array([(di * slopes).sum() for di in d]), np.array(numeric), tolerance)


def _number(value):
    value = np.asarray(value, dtype=float)
    if value.size != 1:
        raise ValueError(f"function must return one number, got an array of shape {value.shape}")
    return value.item()
