"""From named functions back to splines, so that training can change more than their constants (chapter 11).

c f(a x + b) + d    →    Σ_m c_m B_m(x) + w silu(x)        nearly the same curve, where samples need it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .kan_layer import KANLayer
from .network import Network, samples_last
from .sparse import SparseLayer
from .splines import Splines
from .validation import as_integer, as_kan, as_samples, require

M = TypeVar("M", bound=Network)


def loosen(
    model: M,
    X: ArrayLike,
    edges: Sequence[tuple[int, int, int]] | None = None,
    *,
    grid: int = 10,
    order: int = 3,
) -> M:
    """Make a new model, some of whose edges are splines: nearly the same curves, where the samples need them.

    The opposite of `fix_symbolic`: training can then change not only their constants, but their form.

    Parameters
    ----------
    model : KAN
        It is not changed.
    X : array_like, shape (n, n_in)
        Samples: they show the ranges of the edges' inputs, on which the splines are fitted by least squares.
    edges : list of (layer, i, j), optional
        From node i of a layer to node j of the next; by default all edges.
    grid, order : int
        Cells and degree of the splines.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If there is no such edge, or the arguments are not as described.

    Examples
    --------
    >>> from minikan import compile_formula, loosen
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> model = loosen(compile_formula("exp(sin(2*x))", ["x"]), x, [(0, 0, 0)])
    >>> [model.layers[depth].edge(0, 0).name for depth in (0, 1)]
    ['', 'exp']
    """
    z = samples_last(as_samples(X, as_kan(model, "loosen").widths[0]))
    grid, order = as_integer(grid, "grid", 1), as_integer(order, "order", 0)
    every = {(depth, *at) for depth, layer in enumerate(model.layers) for at in layer.edge_list}
    chosen = every if edges is None else {tuple(at) for at in edges}
    require(chosen <= every, "edges", f"be some of {sorted(every)}", sorted(chosen - every))
    layers = []
    for depth, layer in enumerate(model.layers):
        sheet = {at: layer.edge(*at) for at in layer.edge_list}
        new = {
            at: _spline(edge, z[at[0]], grid, order) for at, edge in sheet.items() if (depth, *at) in chosen
        }
        z, _ = layer.forward(z)
        layers.append(SparseLayer(layer.n_in, layer.n_out, sheet | new) if new else layer)
    return type(model).from_layers(layers)


def _spline(edge, x, grid, order):
    """Fit splines to an edge on the range of x (n,)."""
    low, high = x.min(), x.max()
    basis = Splines.on([(low, high) if high > low else (low - 1, low + 1)], grid, order, "silu")
    points = basis.sample_points()
    weights = np.linalg.lstsq(basis.features(points).matrix().T, edge.edges(points)[0, 0], rcond=None)[0]
    return KANLayer(basis, weights.reshape(1, -1, 1))
