"""Grids can move (chapter 04) and become finer (chapter 05; paper, sections 2.2 and 2.4).

`update_grid` adapts the grids to the data; `refine` increases the number of cells. Both return a new model: its curves
are the least-squares projections of the old ones on the new basis (`Basis.projection`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .curves import WIDEST
from .network import Network, samples_last
from .validation import as_integer, as_kan, as_number, as_samples, finite_results

M = TypeVar("M", bound=Network)


@finite_results
def update_grid(model: M, X: ArrayLike, uniform_weight: float | None = None) -> M:
    """Make a new model with the same function, whose grids cover the values of inputs and hidden nodes.

    Each grid covers the range of its values and 2% of it more on both sides. Its points are a mixture: evenly spaced
    points with weight ε, quantiles of the values with weight 1 - ε. (Repeated values count once, and ε is at least
    0.01: so no cell has width 0.) If all values are equal, the grid keeps its shape; it is shifted if it does not
    contain them. New splines are fitted to the old ones by least squares at order + 1 points in each new cell.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    uniform_weight : float
        The paper's ε (section 2.2; `grid_eps` in pykan), from 0 to 1. Even spacing suits smooth curves, quantiles suit
        crowded samples. Prefer mostly even: then every cell has samples that determine its coefficients.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape, or the weight is not between 0 and 1.

    Examples
    --------
    >>> from minikan import KAN, update_grid
    >>> model = update_grid(KAN([1, 1], grid=2, order=1), [[0.0], [100.0]])
    >>> model.layers[0].knots.round(2)
    array([[-54.,  -2.,  50., 102., 154.]])
    """
    x = z = samples_last(as_samples(X, as_kan(model, "update_grid").widths[0]))
    if uniform_weight is not None:
        uniform_weight = as_number(uniform_weight, "uniform_weight", 0, 1)
    layers = []
    for layer in model.layers:
        layers.append(layer.fitted(x, uniform_weight))
        z, x = _with_reach(layers[-1], z)
    return type(model).from_layers(layers)


def _with_reach(layer, z):
    """Compute a layer's outputs (n_out, n), and the same with two samples more: how low and how high they may get.

    All edges into a node may be extreme at once, even if they are in no sample. With many edges that is far away: a
    tenth of the outputs' range is the most.
    """
    z, cache = layer.forward(z)
    low, high = layer.reach(cache, z)
    most = WIDEST * np.ptp(z, axis=1)
    low, high = np.maximum(low, z.min(axis=1) - most), np.minimum(high, z.max(axis=1) + most)
    return z, np.column_stack([z, low, high])


def covered(model: M, X: np.ndarray) -> M | None:
    """Lay grids of hidden nodes anew, evenly, where nodes can leave them, or fill them badly; None if all are well."""
    z, layers, well = samples_last(X), list(model.layers), True
    x = z
    for depth, layer in enumerate(layers):
        if depth > 0 and not layer.covers(x):
            layers[depth], well = layer.fitted(x, 1.0), False
        if depth + 1 < len(layers):
            z, x = _with_reach(layers[depth], z)
    return None if well else type(model).from_layers(layers)


@finite_results
def refine(model: M, grid: int) -> M:
    """Make a new model with finer grids that computes the same function (paper, section 2.4).

    New splines are fitted to the old ones by least squares at order + 1 points in each new cell. The fit is exact,
    but for rounding, if the new grid contains the points of the old one, as 20 cells contain those of 5.

    Parameters
    ----------
    model : KAN
    grid : int
        The new number of cells G.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If `grid` is not a whole number or below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, refine
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> coarse = KAN([1, 1], grid=5, seed=0)
    >>> fine = refine(coarse, 20)
    >>> fine
    KAN([1, 1]: 24 parameters)
      KANLayer(1 → 1, G=20, k=3: 24 parameters)
    >>> bool(np.allclose(fine(x), coarse(x), atol=1e-12))
    True
    """
    grid = as_integer(grid, "grid", 1)
    return type(model).from_layers([layer.refined(grid) for layer in as_kan(model, "refine").layers])
