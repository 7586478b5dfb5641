"""A learnable function of one variable is a weighted sum of B-splines (chapter 02; paper, section 2.2).

    s(x) = Σ_m c_m B_m(x),   m = 1 … G + k

The knots t are G + 1 grid points, which cut the domain into G cells, and k more on each side. The order k (the paper's
word) is the polynomial degree. On one cell k + 1 basis functions are not zero, and each of them is one polynomial. So
the Cox–de Boor recursion runs once per grid, on polynomials (`polynomial_pieces`); to evaluate a spline is to find the
cell and to sum a few powers. Outside the domain basis functions continue as straight lines, value and slope matched.
Reference: C. de Boor, *A Practical Guide to Splines* (2001), chapters IX and X.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_domain, as_increasing, as_integer, as_numbers, as_vector, finite_results, require


def make_grid(domain: tuple[float, float] = (-1, 1), grid: int | ArrayLike = 5, order: int = 3) -> np.ndarray:
    """Make the knots of a spline: a grid on the domain and `order` more knots on each side.

    Parameters
    ----------
    domain : pair of float
        The interval of the inputs, low < high; ignored if `grid` is an array.
    grid : int or array_like, shape (G + 1,)
        The number G >= 1 of equal cells, or strictly increasing grid points.
    order : int
        Polynomial degree k >= 0; splines of order 3 are cubic.

    Returns
    -------
    ndarray, shape (G + 2k + 1,)
        Knots t; the domain is t[k] … t[G + k]. The outer knots are one mean cell width apart.

    Examples
    --------
    >>> make_grid((0, 1), grid=2, order=1)
    array([-0.5,  0. ,  0.5,  1. ,  1.5])
    """
    k = as_integer(order, "order", 0)
    if not np.iterable(grid):
        points = np.linspace(*as_domain(domain), as_integer(grid, "grid", 1) + 1)
    else:
        points = as_vector(grid, "grid")
        require(len(points) > 1, "grid", "hold at least two points", len(points))
    as_increasing(points, "grid points")
    steps = np.arange(1, k + 1) * (points[-1] - points[0]) / (len(points) - 1)
    return as_increasing(np.concatenate([points[0] - steps[::-1], points, points[-1] + steps]), "knots")


def polynomial_pieces(knots: np.ndarray, order: int) -> np.ndarray:
    """Run the Cox–de Boor recursion on polynomials, on all cells at once.

    A basis function of degree p - 1 on the knots t_lo … t_hi is split between two of degree p: the share
    w = (x - t_lo) / (t_hi - t_lo) goes to the right one, the rest, 1 - w, to the left one. So the basis sums to one.
    knots (..., G + 2k + 1) → pieces (..., G, k + 1, k + 1): `pieces[..., g, r, d]` is the factor of u**d in the r-th
    basis function that is not zero on cell g, where u = (x - t[k+g]) / (t[k+g+1] - t[k+g]).
    """
    k, G = order, knots.shape[-1] - 2 * order - 1
    left = knots[..., k : k + G]
    width = knots[..., k + 1 : k + G + 1] - left
    pieces = np.zeros((*left.shape, k + 1, k + 1))
    pieces[..., 0, 0] = 1  # degree 0: one on the cell
    for p in range(1, k + 1):
        parents, pieces = pieces, np.zeros_like(pieces)
        for r in range(p):
            t_lo = knots[..., k + r - p + 1 : k + r - p + 1 + G]
            t_hi = knots[..., k + r + 1 : k + r + 1 + G]
            span = np.where(width > 0, t_hi - t_lo, 1)  # never zero where the cell has a width
            parent = parents[..., r, :]
            share = ((left - t_lo) / span)[..., None] * parent  # w(u) = w(0) + u * width / span
            share[..., 1:] += (width / span)[..., None] * parent[..., :-1]
            pieces[..., r + 1, :] += share
            pieces[..., r, :] += parent - share
    return pieces


def differences(knots: np.ndarray, order: int) -> np.ndarray:
    """Make the matrix D (rows, G + k) of a spline's differences, of order 2k + 2 or as high as few cells allow.

    After k + 1 of them come the jumps of the k-th derivative at the knots: zero where the spline is one polynomial.
    """
    k, D = order, np.eye(len(knots) - order - 1)
    knots = knots / (knots[-k - 1] - knots[k])  # of any size
    for p in range(k, 0, -1):  # the coefficients of the derivative, k times
        spans = knots[k + 1 : k + len(D)] - knots[k - p + 1 : k - p + len(D)]
        D = np.diff(D, axis=0) / spans[:, None]
    times = min(k + 2, len(D) - 1)
    D = np.diff(D, times, axis=0) if times else D[:0]
    return D * np.sqrt(comb(2 * (k + times), k + times) / (D * D).sum(axis=1, keepdims=True))


class SplineGrid:
    """Grids of several inputs, knots (n_in, G + 2k + 1), prepared to evaluate the basis functions of order k."""

    def __init__(self, knots: np.ndarray, order: int) -> None:
        k, G = order, knots.shape[1] - 2 * order - 1
        self.order, self.last = k, G - 1.0
        self.left, self.width = knots[:, k : k + G], np.diff(knots[:, k : k + G + 1])  # (n_in, G)
        pieces = np.moveaxis(polynomial_pieces(knots, k), -1, 0)  # (power of u, n_in, G, k+1)
        pieces = pieces.reshape(k + 1, -1, k + 1).swapaxes(1, 2).copy()  # (power, k+1, n_in * G)
        self.pieces = [pieces]  # and those of the derivatives in u: u**d becomes d u**(d - 1)
        for _ in range(k):
            pieces = pieces[1:] * np.arange(1, len(pieces))[:, None, None]
            self.pieces.append(pieces)
        self.row = G * np.arange(len(knots))[:, None]  # where an input's cells begin in these tables
        # On an even grid a division finds the cell, and all cells have the same polynomials.
        low, high = knots[:, k, None], knots[:, k + G, None]  # the domain, (n_in, 1)
        self.shared = float(low.max()), float(high.min())  # the part that all domains have in common
        if (knots == knots[0]).all():
            low, high = low[:1], high[:1]  # (1, 1): NumPy is twice as fast with one number for all inputs
        self.low, self.high = low, high
        even = low + np.arange(-k, G + k + 1) * ((high - low) / G)
        few_ulps = 8 * np.finfo(float).eps
        self.per_unit = G / (high - low)  # cells per unit of x, like low
        self.nudge = 1 + few_ulps  # so that a cell includes its left knot in spite of rounding
        near = np.abs(knots - even) <= few_ulps * np.abs(knots).max(1, keepdims=True)
        found = ((self.left - low) * self.per_unit * self.nudge).astype(np.intp) == np.arange(G)
        self.uniform = near.all() and found.all()

    def locate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find for x (n_in, n) its cell, half-open, the position u in it, and the nearest point of the domain."""
        inside, (low, high) = x, self.shared
        if not low <= x.min() <= x.max() <= high:  # false for NaN, too
            inside = np.fmin(np.fmax(x, self.low), self.high)  # NaN becomes low
        if self.uniform:
            position = (inside - self.low) * self.per_unit  # in cells from the left end
            left = np.floor(position * self.nudge).clip(0, self.last)
            return left.astype(np.intp), position - left, inside
        cells = np.empty(x.shape, np.intp)
        for i, (left, width) in enumerate(zip(self.left, self.width, strict=True)):
            last = np.flatnonzero(width)[-1]  # repeated knots leave cells of no width
            cells[i] = np.minimum(np.searchsorted(left, inside[i], side="right") - 1, last)
        where = cells + self.row
        return cells, (inside - self.left.take(where)) / self.width.take(where), inside

    def powers(self, u: np.ndarray) -> np.ndarray:
        """Compute 1, u, u**2, … u**k: (k + 1, n_in, n)."""
        powers = np.ones((self.order + 1, *u.shape))
        powers[1:2] = u
        for d in range(2, self.order + 1):
            np.multiply(powers[d - 1], u, out=powers[d])
        return powers

    def live(self, cells: np.ndarray, powers: np.ndarray, derivative: int = 0) -> np.ndarray:
        """Evaluate the k + 1 basis functions that are not zero at each x, or a derivative in u: (k + 1, n_in, n)."""
        if derivative > self.order:
            return np.zeros_like(powers)
        pieces, powers = self.pieces[derivative], powers[: len(self.pieces[derivative])]
        if self.uniform:
            return (pieces[:, :, 0].T @ powers.reshape(len(pieces), -1)).reshape(-1, *cells.shape)
        where = cells + self.row
        return sum(piece.take(where, axis=1) * power for piece, power in zip(pieces, powers, strict=True))

    def scale(self, cells: np.ndarray) -> np.ndarray:
        """Return du/dx, in cells per unit of x: (n_in, n), or a shape that broadcasts to it."""
        return self.per_unit if self.uniform else 1 / self.width.take(cells + self.row)


@finite_results
def basis(x: ArrayLike, knots: ArrayLike, order: int, derivative: int = 0) -> np.ndarray:
    """Evaluate all B-splines of a knot vector, or their derivatives.

    Parameters
    ----------
    x : array_like, shape (n,)
    knots : array_like, shape (G + 2k + 1,)
        Knots t, not decreasing, as from `make_grid`. A knot may be repeated, but t[k] < t[G + k].
    order, derivative : int
        Polynomial degree k >= 0, and the order of the derivative: 0 for the values.

    Returns
    -------
    ndarray, shape (n, G + k)
        Column m is B_m(x), inside the domain zero outside t[m] … t[m + k + 1]. Rows sum to one, a derivative's to zero.

    Examples
    --------
    The slow version is the recursion of Cox and de Boor as it stands in books, one function at one point:

    >>> def B(m, k, t, x):
    ...     if k == 0:
    ...         return float(t[m] <= x < t[m + 1])
    ...     left = (x - t[m]) / (t[m + k] - t[m]) * B(m, k - 1, t, x)
    ...     return left + (t[m + k + 1] - x) / (t[m + k + 1] - t[m + 1]) * B(m + 1, k - 1, t, x)
    >>> t = make_grid((0, 1), grid=2, order=1).tolist()
    >>> basis([0.2], t, order=1), [B(m, 1, t, 0.2) for m in range(3)]
    (array([[0.6, 0.4, 0. ]]), [0.6, 0.4, 0.0])
    """
    x, knots = as_vector(x, "x"), as_vector(knots, "knots")
    k = as_integer(order, "order", 0)
    derivative, G = as_integer(derivative, "derivative", 0), len(knots) - 2 * k - 1
    require(G > 0, "knots", f"hold at least 2 * order + 2 = {2 * k + 2} numbers", len(knots))
    if (np.diff(knots) < 0).any() or not knots[k] < knots[k + G]:
        raise ValueError("knots must not decrease, and the domain knots[k] … knots[G + k] needs a width")
    grid = SplineGrid(knots[None], k)
    cells, u, inside = grid.locate(x[None])  # (1, n)
    powers = grid.powers(u)
    live = grid.live(cells, powers, derivative)  # (k+1, 1, n)
    if derivative == 0:
        live += grid.live(cells, powers, derivative=1) * ((x - inside) * grid.scale(cells))
    elif derivative > 1:
        live *= (grid.low <= x) & (x <= grid.high)  # straight lines have no higher derivatives
    values = np.zeros((len(x), G + k))
    np.put_along_axis(values, cells.T + np.arange(k + 1), (live * grid.scale(cells) ** derivative)[:, 0].T, 1)
    return values


@finite_results
def fit_coefficients(x: ArrayLike, y: ArrayLike, knots: ArrayLike, order: int) -> np.ndarray:
    """Fit a spline to points: the coefficients of least squared error; if several have it, the smallest ones.

    Parameters
    ----------
    x : array_like, shape (n,)
    y : array_like, shape (n,) or (n, m)
        Values of one curve, or of m curves at once.
    knots, order
        As for `basis`.

    Returns
    -------
    ndarray, shape (G + k,) or (G + k, m)

    Examples
    --------
    >>> x, knots = np.linspace(0, 1, 5), make_grid((0, 1), grid=2, order=1)
    >>> fit_coefficients(x, 3 * x + 1, knots, order=1).round(6)  # a spline represents a line exactly
    array([1. , 2.5, 4. ])
    """
    matrix = basis(x, knots, order)
    y = as_numbers(y, "y")
    n, fits = len(matrix), y.ndim in (1, 2) and len(y) == len(matrix)
    require(fits, "y", f"have shape ({n},) or ({n}, m) as x has", y.shape)
    return np.linalg.lstsq(matrix, y, rcond=None)[0]
