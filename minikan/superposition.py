"""Write a function of two variables with sums and functions of one variable (chapter 01; paper, section 2.1).

    f(x, y) = Σ_q Φ_q(ψ(s x + q a) + λ ψ(s y + q a)),   q = 0 … 4

ψ, s, a and λ are the same for every f. The inner sum of term q maps a point to one number, its address; the outer
function Φ_q maps addresses to values. One iteration stores f in tables on five shifted grids, the next its residual.
Sources: D. Sprecher, Neural Networks 9 (1996), ψ as corrected by M. Köppen, ICANN 2002; J. Braun and M. Griebel,
Constructive Approximation 30 (2009), theorem 3.3. But here straight lines join the plateaus of Φ_q, as ramps that fall
to 0 would overlap them at depth 1; and with s = 1 - 1/γ, s x + q a stays below 1: above it plateaus would overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_integer, as_numbers, as_samples, require

MOST_ENTRIES = 2_000_000  # of a table; each iteration makes one per term


def beta(k: int, inputs: int = 2) -> int:
    """Return the exponent β(k) = 1 + n + … + n^(k-1) for n inputs: 1, 3, 7, 15 for two."""
    return sum(inputs**r for r in range(k))


def inner_function(
    x: ArrayLike, depth: int | None = None, base: int = 10, inputs: int = 2, exact: bool = False
) -> np.ndarray:
    """Evaluate ψ (Braun and Griebel, equation 2.9): continuous, increasing, and nearly flat almost everywhere.

    For each digit k, a cell is cut into γ parts. If `low` and `high` are the values of ψ at its ends, ψ is
    ``low + i γ^-β(k)`` at the start of part i ≤ γ - 2. The last two parts share the rest of the rise equally.

    Parameters
    ----------
    x : array_like
        Numbers from 0 to 1, rounded to `depth` digits.
    depth : int, optional
        Number of digits; by default and at most all that float64 can represent, 15 in base 10.
    base, inputs : int
        The γ of the theorem, at least 2 n + 2, and the number n of variables.
    exact : bool
        Whether to compute with fractions. From depth 5 on float64 loses the tiny steps.

    Returns
    -------
    ndarray of float64 or of `fractions.Fraction`, of the shape of x

    Examples
    --------
    >>> inner_function([0.5, 0.58, 0.59, 0.6], depth=2)
    array([0.5  , 0.508, 0.554, 0.6  ])
    """
    x, inputs = as_numbers(x, "x"), as_integer(inputs, "inputs", 2)
    base = as_integer(base, "base", 2 * inputs + 2)
    most = _digits(base)
    depth = most if depth is None else as_integer(depth, "depth", 1)
    require(depth <= most, "depth", f"be at most {most}, the digits that float64 can represent", depth)
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"x must lie between 0 and 1, got values from {x.min():g} to {x.max():g}")
    return np.asarray(_psi(np.rint(x * float(base**depth)).astype(np.int64), depth, base, inputs, exact))


def _digits(base):
    """Count the digits of a number below 1 that float64 can represent."""
    return next(k for k in range(53, 0, -1) if base**k <= 2**53)


def _psi(numerators, depth, base, inputs=2, exact=False):
    """Evaluate ψ(numerators / base^depth) for whole numbers of any shape."""
    gamma = Fraction(base) if exact else float(base)
    if exact:
        numerators = numerators.astype(object)
    low = numerators // base ** (depth - 1) / gamma
    high = low + 1 / gamma
    for k in range(2, depth + 1):
        digit, step = numerators // base ** (depth - k) % base, gamma ** -beta(k, inputs)
        midway = (low + (base - 2) * step + high) / 2
        start = np.where(digit == base - 1, midway, low + digit * step)
        end = np.where(digit == base - 2, midway, low + (digit + 1) * step)
        low, high = start, np.where(digit == base - 1, high, end)
    return low


class Superposition:
    """A sum of one-variable functions of sums of one-variable functions; `superpose` makes it."""

    def __init__(self, terms: int, base: int) -> None:
        self.terms, self.base = terms, base  # number of Φ_q, and γ
        self.outer = []  # [r][q]: what iteration r adds to Φ_q, the ends of its plateaus and its values there
        self.lam = sum(float(base) ** -beta(r) for r in range(1, 8))  # λ; the next term is 10^-255

    def __repr__(self):
        sizes = ", ".join(f"{len(tables[0][0]) // 2:,}" for tables in self.outer)
        return f"Superposition({self.terms} terms, plateaus in each iteration: {sizes or 'none yet'})"

    def inner_sums(self, X: ArrayLike) -> np.ndarray:
        """Return the addresses ψ(s x + q a) + λ ψ(s y + q a) of points: X (n, 2) → (terms, n)."""
        x, y = as_samples(X, 2).T
        return self._addresses(x, y, _digits(self.base))

    def _addresses(self, x, y, depth):
        """Compute addresses with `depth` digits, for x and y of shapes that broadcast: (terms, …)."""
        scale = float((self.base - 1) * self.base ** (depth - 1))  # s γ^depth
        shift = (self.base ** (depth - 1) - 1) // (self.base - 1)  # a γ^depth: the digits 0.0111…
        x, y = (np.rint(z * scale).astype(np.int64) for z in (x, y))
        pairs = ((_psi(z + q * shift, depth, self.base) for z in (x, y)) for q in range(self.terms))
        return np.stack([first + self.lam * second for first, second in pairs])

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Evaluate at points: X (n, 2) → (n,)."""
        return self._look_up(self.inner_sums(X))

    def _look_up(self, addresses):
        """Add up the outer functions at addresses (terms, …) → (…)."""
        pairs = (pair for tables in self.outer for pair in zip(addresses, tables, strict=True))
        return sum((np.interp(address, *table) for address, table in pairs), np.zeros(addresses.shape[1:]))


def superpose(
    f: Callable[..., ArrayLike], depths: Sequence[int] = (1,), terms: int = 5, base: int = 10
) -> Superposition:
    """Represent a continuous function of two variables on the unit square: one iteration for each depth.

    Parameters
    ----------
    f : callable
        Called as f(x, y) with two arrays of shape (n,); returns an array of shape (n,).
    depths : sequence of int
        The depth k of each iteration: its cells are γ^-k / s wide. If f, or what earlier iterations left of it,
        varies by at most ε max|f| within a cell, at most ((terms - 2) ε + 4) / terms of max|f| is left.
    terms, base : int
        Number of outer functions, at least 2n + 1 = 5 and at most γ - 1; and the γ of the theorem, at least 6.

    Returns
    -------
    Superposition

    Examples
    --------
    >>> superpose(lambda x, y: x * y)
    Superposition(5 terms, plateaus in each iteration: 100)
    """
    base, terms = as_integer(base, "base", 6), as_integer(terms, "terms", 5)
    if terms > base - 1:
        raise ValueError(f"terms must be at most base - 1 = {base - 1}, got {terms}")
    if isinstance(depths, Integral):
        raise TypeError(f"depths must list a depth for each iteration, got {depths}; use ({depths},)")
    model = Superposition(terms, base)
    for depth in depths:
        model.outer.append(_iteration(f, model, as_integer(depth, "depth", 1)))
    return model


def _iteration(f, model, depth):
    """Make tables of f minus the model: for each term the ends of its plateaus, and the values there."""
    cells = (model.base - 1) * model.base ** (depth - 1)
    if (size := (cells + 1) ** 2) > MOST_ENTRIES:
        raise ValueError(f"depth {depth} needs tables of {size:,} entries; at most {MOST_ENTRIES:,} are made")
    corners = np.arange(cells + 1) / cells
    tail = sum(float(model.base) ** -beta(r) for r in range(depth + 1, depth + 4))
    width = (model.base - 2) * tail * (1 + model.lam)  # how much addresses vary well inside a cell
    addresses = model._addresses(corners[:, None], corners, depth).reshape(model.terms, -1)
    order = np.argsort(addresses, axis=1)
    ends = (np.take_along_axis(addresses, order, axis=1)[:, :, None] + [0, width]).reshape(model.terms, -1)
    if not (np.diff(ends) > 0).all():
        raise ValueError(f"at depth {depth} the plateaus lie closer together than float64 can tell")
    X = np.stack(np.meshgrid(corners, corners, indexing="ij"), axis=-1).reshape(-1, 2)
    values = as_numbers(f(X[:, 0].copy(), X[:, 1].copy()), "f(x, y)")
    wanted = f"return a number for each point, ({len(X)},)"
    require(values.shape == (len(X),), "f(x, y)", wanted, f"shape {values.shape}")
    known = model._look_up(model._addresses(corners[:, None], corners, _digits(model.base))).ravel()
    heights = (values - known) / model.terms  # every term adds the same share
    return [(ends[q], np.repeat(heights[order[q]], 2)) for q in range(model.terms)]


def steepness(tables: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the steepest slope in the outer functions of one iteration, ``model.outer[r]``."""
    return max(np.abs(np.diff(heights) / np.diff(ends)).max() for ends, heights in tables)


def oscillation(g: Callable, X: ArrayLike, depth: int, terms: int = 5, base: int = 10) -> float:
    """Compute ε max|g| of `superpose`: the largest |g(x) - g(corner)|, x of X (n, 2) well inside a cell, g(X) (n,)."""
    X = as_samples(X, 2)
    digits, largest = _digits(base), 0.0
    shift, coarse = ((base ** (k - 1) - 1) // (base - 1) for k in (digits, depth))
    numerators = np.rint(X * float((base - 1) * base ** (digits - 1))).astype(np.int64)
    for q in range(terms):
        corner, rest = np.divmod(numerators + q * shift, base ** (digits - depth))
        inside = (rest <= (base - 2) * shift // base ** (depth - 1)).all(axis=1)  # the digits 0.888…
        corners = (corner[inside] - q * coarse) / ((base - 1) * base ** (depth - 1))
        if inside.any():
            largest = max(largest, np.abs(g(X[inside]) - g(corners)).max())
    return float(largest)
