"""A finer grid can hold the same function and more (chapter 05; paper, section 2.4)."""

import numpy as np

from .borders import as_integer
from .bspline import basis, fit_coefficients, make_grid
from .layer import KANLayer
from .network import KAN


def refine(model, grid):
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
    """
    grid = as_integer(grid, "grid", 1)
    return KAN.from_layers([_refine_layer(layer, grid) for layer in model.layers])


def _refine_layer(layer, grid):
    k = layer.order
    in_cell = 0.5 - 0.5 * np.cos(np.pi * (np.arange(k + 1) + 0.5) / (k + 1))  # Chebyshev points in (0, 1)
    knots, coef, done = [], [], {}
    for old, c in zip(layer.knots, layer.coef, strict=True):
        if old.tobytes() not in done:  # inputs often share a grid: solve for the change of basis once
            points = old[k : k + layer.G + 1]
            finer = np.interp(np.linspace(0, layer.G, grid + 1), np.arange(layer.G + 1), points)
            new = make_grid(grid=finer, order=k)
            x = (finer[:-1, None] + np.diff(finer)[:, None] * in_cell).ravel()
            done[old.tobytes()] = new, fit_coefficients(x, basis(x, old, k), new, k)
        new, change = done[old.tobytes()]  # change of basis: (G' + k, G + k)
        knots.append(new)
        coef.append(change @ c)
    return KANLayer(np.stack(knots), np.stack(coef), layer.base_weight)
