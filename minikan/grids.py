"""Grids can move (chapter 04) and become finer (chapter 05; paper, sections 2.2 and 2.4).

`update_grid` lays grids where the data are; `refine` cuts their cells, so that a network can hold the
function it has learned and more. Both leave the model alone and return a new one: its curves are the projections
of the old ones, by least squares, on the new basis (`Basis.projection`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .basis import WIDEST
from .network import Network, samples_last
from .validation import as_integer, as_kan, as_number, as_samples, finite_results

M = TypeVar("M", bound=Network)


@finite_results
def update_grid(model: M, X: ArrayLike, uniform_weight: float | None = None) -> M:
    """Make a new model whose grids lie where its inputs and hidden nodes are, with the same function there.

    Each grid covers the range of its data and a fiftieth of it more on both sides. Its points are a
    mixture: evenly spaced ones, weighted by ε, and quantiles of the data, weighted by 1 - ε. (Repeated
    values count once, and ε never falls below 0.01, so that all cells have a width.) A grid whose data are
    constant keeps its points, and is moved if the data are not on it. New splines are the least-squares fit to
    the old edges at order + 1 points in every new cell.

    Parameters
    ----------
    model : KAN
        Left as it is.
    X : array_like, shape (n, n_in)
        Samples.
    uniform_weight : float
        The paper's ε, from 0 to 1. Even spacing suits smooth edges, quantiles suit samples that crowd. Mostly
        even is best for both: no cell runs empty, where a coefficient that no sample hears could do harm.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape, or the weight is not between 0 and 1.

    References
    ----------
    Paper, section 2.2, "grid updates", and its appendix on hyperparameters (ε is `grid_eps` in pykan).

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
    """Make a new model with finer grids that computes the same function.

    The new splines are the least-squares fit to the old ones, at order + 1 points in every new cell.
    Where the new grid contains the old one (as 20 cells contain 5) nothing is lost but rounding.

    Parameters
    ----------
    model : KAN
        Left as it is.
    grid : int
        The new number of cells G.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If `grid` is not a whole number or below 1.

    References
    ----------
    Paper, section 2.4.

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
