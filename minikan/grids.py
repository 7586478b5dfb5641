"""Grids can move and become finer (chapter 05; paper, sections 2.2 and 2.4).

`update_grid` lays grids where the data are; `refine` cuts their cells, so that a network can hold the
function it has learned and more. Both leave the model alone and return a new one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_integer, as_number, as_samples, finite_results
from .bspline import basis, fit_coefficients, make_grid
from .edges import EdgeLayer, SplineEdge
from .layer import KANLayer, silu
from .network import KAN, samples_last

MARGIN = 0.02  # of the range of the data, left free on both sides: new samples reach beyond the old ones
LEAST_UNIFORM = 0.01  # keeps a width in cells between which there are no data


@finite_results
def update_grid(model: KAN, X: ArrayLike, uniform_weight: float = 0.7) -> KAN:
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
    z = samples_last(as_samples(X, model.widths[0]))
    uniform_weight = as_number(uniform_weight, "uniform_weight", 0, 1)
    layers = []
    for layer in model.layers:
        layers.append(_regrid(layer, lambda i, old, z=z: _points(z[i], old, uniform_weight)))
        z, _ = layers[-1].forward(z)
    return KAN.from_layers(layers)


def _points(x, old, uniform_weight):
    """Choose grid points for the data x (n,), given the old ones (G + 1,)."""
    low, high = x.min(), x.max()
    if high - low <= 1e-9 * max(old[-1] - old[0], abs(low), abs(high)):
        center = 0.5 * (low + high)
        return old if old[0] <= center <= old[-1] else old + (center - 0.5 * (old[0] + old[-1]))
    margin = MARGIN * (high - low)
    even = np.linspace(low - margin, high + margin, len(old))
    weight = max(uniform_weight, LEAST_UNIFORM)
    quantiles = np.quantile(np.unique(x), np.linspace(0, 1, len(old)))
    quantiles[[0, -1]] = even[[0, -1]]
    return weight * even + (1 - weight) * quantiles


@finite_results
def refine(model: KAN, grid: int) -> KAN:
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
    cuts = np.linspace(0, 1, grid + 1)

    def cut(_, old):
        return np.interp(cuts, np.linspace(0, 1, len(old)), old)

    return KAN.from_layers([_regrid(layer, cut) for layer in model.layers])


def _regrid(layer, choose):
    """Lay a layer's splines on new grid points: choose(i, old) for input i and the points (G + 1,) it has."""
    if isinstance(layer, EdgeLayer):
        return layer.map(
            lambda i, j, edge: (
                SplineEdge(_regrid(edge.layer, lambda _, old: choose(i, old)))
                if isinstance(edge, SplineEdge)
                else edge
            )
        )
    k = layer.order
    in_cell = 0.5 - 0.5 * np.cos(np.pi * (np.arange(k + 1) + 0.5) / (k + 1))  # Chebyshev points in (0, 1)
    all_knots, coef, known = [], [], {}
    for i, (old, c, w) in enumerate(zip(layer.knots, layer.coef, layer.base_weight, strict=True)):
        points = choose(i, layer.points[i])
        key = old.tobytes() + points.tobytes()
        if key not in known:  # inputs often share a grid: solve for the change of basis once
            knots = make_grid(grid=points, order=k)
            x = (points[:-1, None] + np.diff(points)[:, None] * in_cell).ravel()
            bent = _straightened_silu(x, old[k], old[-k - 1]) - _straightened_silu(x, points[0], points[-1])
            features = np.column_stack([basis(x, old, k), bent])  # silu bends where it was straight: undo it
            known[key] = knots, fit_coefficients(x, features, knots, k)  # (G' + k, G + k + 1)
        knots, change = known[key]
        all_knots.append(knots)
        coef.append(change @ np.concatenate([c, w[None]]))
    return KANLayer(np.stack(all_knots), np.stack(coef), layer.base_weight)


def _straightened_silu(x, low, high):
    """Evaluate silu on a grid's domain, and its straight continuation beyond."""
    inside = np.clip(x, low, high)
    value, slope = silu(inside)
    return value + slope * (x - inside)
