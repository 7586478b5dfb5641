"""Write a function of two variables with sums and functions of one variable (chapter 01; paper, section 2.1).

    f(x, y) = Σ_q Φ_q(ψ(s x + q a) + λ ψ(s y + q a)),   q = 0 … 4

ψ, s, a and λ are the same for every f: the inner sum gives each point an address on a line. The outer
functions Φ_q look up there what f is. One iteration makes tables of f for five grids, each shifted a little;
every point is well inside a cell of at least three of them. The next iteration does the same with what is left.

The inner function is D. Sprecher's ("A numerical implementation of Kolmogorov's superpositions", Neural Networks
9, 1996) as corrected by M. Köppen ("On the training of a Kolmogorov network", ICANN 2002); the iterations are
those of J. Braun and M. Griebel, "On a constructive proof of Kolmogorov's superposition theorem", Constructive
Approximation 30 (2009), theorem 3.3. Two details are mended here:

- They let Φ_q fall to 0 on either side of a plateau, within γ^-β(k+1). At depth k = 1 two plateaus begin only
  9.1 such widths apart, of which the first one takes 8.8: a ramp would reach into the next plateau. (Their
  lemma 3.4 promises 10.) So neighbours are joined by straight lines. Of all continuous functions with these
  plateaus none is less steep, and they nowhere exceed the plateaus, which is what the proof needs.
- Where x + q a passes 1, plateaus overlap: λ ψ(1) = λ lies next to ψ(0.1). With s = 1 - 1/γ none passes 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_integer, as_numbers, as_samples

MOST_ENTRIES = 2_000_000  # of a table; each iteration makes one for each term


def beta(k: int, inputs: int = 2) -> int:
    """Return the exponent β(k) = 1 + n + … + n^(k-1), which makes room for n inputs: 1, 3, 7, 15 for two."""
    return sum(inputs**r for r in range(k))


def inner_function(
    x: ArrayLike, depth: int | None = None, base: int = 10, inputs: int = 2, exact: bool = False
) -> np.ndarray:
    """Evaluate ψ: continuous, strictly increasing, and nearly flat nearly everywhere.

    Digit by digit, each cell is cut into γ parts (γ is the base). Where `low` and `high` are the values at its
    ends, those in between are ``low + i γ^-β(k)`` for i up to γ - 2: tiny steps. The last one lies midway
    between the one before and `high`: the last two parts share all the rest of the cell's rise.

    Parameters
    ----------
    x : array_like
        Numbers from 0 to 1, rounded to `depth` digits.
    depth : int, optional
        Number of digits; by default all that float64 can tell apart, 15 of base 10.
    base : int
        The γ of the theorem, at least 2 n + 2.
    inputs : int
        The number n of variables for which ψ makes room.
    exact : bool
        Whether to compute with fractions instead of float64. From depth 5 on float64 loses the tiny steps.

    Returns
    -------
    ndarray, of the shape of x
        Of float64, or of `fractions.Fraction`.

    Raises
    ------
    ValueError, TypeError
        If x is not within 0 and 1, the base is too small, or the depth beyond float64.

    References
    ----------
    Braun and Griebel (2009), equation 2.9.

    Examples
    --------
    >>> inner_function([0.5, 0.58, 0.59, 0.6], depth=2)
    array([0.5  , 0.508, 0.554, 0.6  ])
    """
    x = as_numbers(x, "x")
    inputs = as_integer(inputs, "inputs", 2)
    base = as_integer(base, "base", 2 * inputs + 2)
    most = _digits(base)
    depth = most if depth is None else as_integer(depth, "depth", 1)
    if depth > most:
        raise ValueError(f"depth must be at most {most}, the digits that float64 can tell, got {depth}")
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"x must lie between 0 and 1, got values from {x.min():g} to {x.max():g}")
    return np.asarray(_psi(np.rint(x * float(base**depth)).astype(np.int64), depth, base, inputs, exact))


def _digits(base):
    """Count the digits of a number below 1 that float64 can tell."""
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
    """A sum of one-variable functions of sums of one-variable functions; `superpose` makes it.

    Attributes
    ----------
    terms, base : int
        How many outer functions there are, and γ.
    outer : list of list of (ndarray, ndarray)
        ``outer[r][q]`` is what iteration r adds to Φ_q: the ends of its plateaus in increasing order, and its
        heights there. In between it is straight.
    """

    def __init__(self, terms: int, base: int) -> None:
        self.terms, self.base, self.outer = terms, base, []
        self.second = sum(float(base) ** -beta(r) for r in range(1, 8))  # λ; the eighth digit is at 10^-255

    def __repr__(self):
        sizes = ", ".join(f"{len(tables[0][0]) // 2:,}" for tables in self.outer)
        return f"Superposition({self.terms} terms, plateaus in each iteration: {sizes or 'none yet'})"

    def inner_sums(self, X: ArrayLike) -> np.ndarray:
        """Return the addresses ψ(s x + q a) + λ ψ(s y + q a), shape (terms, n), of points X, shape (n, 2)."""
        x, y = as_samples(X, 2).T
        return self._addresses(x, y, _digits(self.base))

    def _addresses(self, x, y, depth):
        """The same, with all numbers cut to so many digits, for x and y of shapes that fit together."""
        scale = float((self.base - 1) * self.base ** (depth - 1))  # s γ^depth
        shift = (self.base ** (depth - 1) - 1) // (self.base - 1)  # a γ^depth: the digits 0.0111…
        x, y = (np.rint(z * scale).astype(np.int64) for z in (x, y))
        pairs = ((_psi(z + q * shift, depth, self.base) for z in (x, y)) for q in range(self.terms))
        return np.stack([first + self.second * second for first, second in pairs])

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Evaluate at points X, shape (n, 2); returns shape (n,)."""
        return self._look_up(self.inner_sums(X))

    def _look_up(self, addresses):
        """Add up what all outer functions say at addresses (terms, …); the result has the shape …"""
        total = np.zeros(addresses.shape[1:])
        for tables in self.outer:
            for at, table in zip(addresses, tables, strict=True):
                total += np.interp(at, *table)
        return total


def superpose(
    f: Callable[[np.ndarray, np.ndarray], ArrayLike],
    depths: Sequence[int] = (1,),
    terms: int = 5,
    base: int = 10,
) -> Superposition:
    """Represent a continuous function of two variables on the unit square: one iteration for each depth.

    Parameters
    ----------
    f : callable
        Called as f(x, y) with two arrays of shape (n,); returns an array of shape (n,).
    depths : sequence of int
        The depth k of each iteration: its tables have cells of width γ^-k / s. If f, or what earlier iterations
        left of it, varies by at most ε max|f| between points so near, an iteration leaves at most
        (terms - 2) / terms ε + 4 / terms of max|f|.
    terms : int
        How many outer functions, m + 1: at least 2n + 1 = 5, at most γ - 1.
    base : int
        The γ of the theorem, at least 6.

    Returns
    -------
    Superposition

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, f does not return a number for each point, a table would have more than
        two million entries, or the plateaus lie closer together than float64 can tell.

    References
    ----------
    Braun and Griebel (2009), theorem 3.3.

    Examples
    --------
    >>> model = superpose(lambda x, y: x * y)
    >>> model
    Superposition(5 terms, plateaus in each iteration: 100)
    >>> bool(abs(model([[0.5, 0.5]])[0] - 0.25) < 0.1)
    True
    """
    base = as_integer(base, "base", 6)
    terms = as_integer(terms, "terms", 5)
    if terms > base - 1:
        raise ValueError(f"terms must be at most base - 1 = {base - 1}, got {terms}")
    if isinstance(depths, Integral):
        raise TypeError(f"depths must list a depth for each iteration, got {depths}; use ({depths},)")
    model = Superposition(terms, base)
    for depth in depths:
        model.outer.append(_iteration(f, model, as_integer(depth, "depth", 1)))
    return model


def _iteration(f, model, depth):
    """Tabulate what the model leaves of f: for each term, the ends of its plateaus and the heights there."""
    cells = (model.base - 1) * model.base ** (depth - 1)
    if (cells + 1) ** 2 > MOST_ENTRIES:
        raise ValueError(
            f"depth {depth} needs tables of {(cells + 1) ** 2:,} entries; at most {MOST_ENTRIES:,} are made"
        )
    corners = np.arange(cells + 1) / cells
    tail = sum(float(model.base) ** -beta(r) for r in range(depth + 1, depth + 4))
    width = (model.base - 2) * tail * (1 + model.second)  # so far the address moves well inside a cell
    addresses = model._addresses(corners[:, None], corners, depth).reshape(model.terms, -1)
    order = np.argsort(addresses, axis=1)
    ends = (np.take_along_axis(addresses, order, axis=1)[:, :, None] + [0, width]).reshape(model.terms, -1)
    if not (np.diff(ends) > 0).all():
        raise ValueError(f"at depth {depth} the plateaus lie closer together than float64 can tell")
    X = np.stack(np.meshgrid(corners, corners, indexing="ij"), axis=-1).reshape(-1, 2)
    known = model._look_up(model._addresses(corners[:, None], corners, _digits(model.base))).ravel()
    heights = (_values(f, X) - known) / model.terms  # each term has one vote
    return [(ends[q], np.repeat(heights[order[q]], 2)) for q in range(model.terms)]


def _values(f, X):
    """Evaluate a reader's function at points X, shape (n, 2)."""
    values = as_numbers(f(X[:, 0].copy(), X[:, 1].copy()), "f(x, y)")
    if values.shape != (len(X),):
        raise ValueError(
            f"f(x, y) must return a number for each point, ({len(X)},), got shape {values.shape}"
        )
    return values


def steepness(tables: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the steepest slope in the outer functions of one iteration, ``model.outer[r]``."""
    return max(np.abs(np.diff(heights) / np.diff(ends)).max() for ends, heights in tables)


def oscillation(
    g: Callable[[np.ndarray], np.ndarray], X: ArrayLike, depth: int, terms: int = 5, base: int = 10
) -> float:
    """Measure how much g varies in the cells of an iteration: the largest |g(x) - g(corner)|, over points X.

    The corner is the point whose value a table of this depth holds for the cell; x is well inside the cell. This
    is the ε of the promise, before it is divided by max|g|.

    Parameters
    ----------
    g : callable
        g(X) for points of shape (n, 2) returns shape (n,): a `Superposition`, or what it leaves.
    X : array_like, shape (n, 2)
        Where to measure.
    depth, terms, base : int
        As for `superpose`.

    Returns
    -------
    float
    """
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
