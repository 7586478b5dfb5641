"""Grids can move (chapter 04) and become finer (chapter 05; paper, sections 2.2 and 2.4).

The curves of the new model are the least-squares projections of the old ones on the new basis (`Basis.projection`).
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
    """Make a new model with nearly the same function, whose grids cover the values of inputs and hidden nodes.

    Each grid covers the range of its values and 2% more on both sides. Its points are ε times evenly spaced points
    plus 1 - ε times quantiles of the values (repeated values count once). If all values are equal, the grid is shifted
    so that it contains them. Splines are fitted to the old ones at order + 1 points in each new cell.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    uniform_weight : float, optional
        The paper's ε (`grid_eps` in pykan), from 0 to 1, used as 0.01 at least. With mostly even points every cell has
        samples that determine its coefficients. By default 0.7, or 1 if there are fewer than 100 samples per cell.

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
    X = as_samples(X, as_kan(model, "update_grid").widths[0])
    if uniform_weight is not None:
        uniform_weight = as_number(uniform_weight, "uniform_weight", 0, 1)
    return type(model).from_layers(_change(model, X, lambda layer, x: layer.fitted(x, uniform_weight)))


def covered(model: M, X: np.ndarray) -> M | None:
    """Make even grids for hidden nodes that can leave their grids or use only a part; None if there are none."""

    def change(layer, x):
        return layer if layer is model.layers[0] or layer.covers(x) else layer.fitted(x, 1.0)

    layers = _change(model, X, change)
    return None if layers == model.layers else type(model).from_layers(layers)


def _change(model, X, change):
    """Call change(layer, x) for all layers; x (n_in, n + 2): the inputs, and how low and how high they can get."""
    x, z, layers = samples_last(X), samples_last(X), []
    for layer in model.layers:
        layers.append(change(layer, x))
        z, cache = layers[-1].forward(z)
        low, high = layers[-1].reach(cache, z)  # where all edges are extreme at once, if that is not too far
        most = WIDEST * np.ptp(z, axis=1)
        low, high = np.maximum(low, z.min(axis=1) - most), np.minimum(high, z.max(axis=1) + most)
        x = np.column_stack([z, low, high])
    return layers


@finite_results
def refine(model: M, grid: int) -> M:
    """Make a new model with finer grids that computes the same function (paper, section 2.4).

    Splines are fitted to the old ones at order + 1 points in each new cell. The fit is exact, but for rounding, if the
    new grid contains the points of the old one, as 20 cells contain those of 5.

    Parameters
    ----------
    model : KAN
    grid : int
        The new number of cells G, at least 1.

    Returns
    -------
    KAN

    Examples
    --------
    >>> from minikan import KAN, refine
    >>> coarse, x = KAN([1, 1], grid=5), np.linspace(-1, 1, 100)[:, None]
    >>> bool(np.allclose(refine(coarse, grid=20)(x), coarse(x), atol=1e-12))
    True
    """
    grid = as_integer(grid, "grid", 1)
    layers = [layer.refined(grid) for layer in as_kan(model, "refine").layers]
    return type(model).from_layers(layers)
