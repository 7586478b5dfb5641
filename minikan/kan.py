"""A Kolmogorov–Arnold network: edges learn, nodes add or multiply (chapters 03, 09 and 11; paper, section 2.2).

    KAN(x) = (Φ_{L-1} ∘ … ∘ Φ_1 ∘ Φ_0)(x)       widths [n_0, n_1, …, n_L]

`KAN` makes the layers, `Network` computes with them. Nodes that multiply: KAN 2.0, arXiv 2408.10205, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from .curves import Basis
from .kan_layer import KANLayer
from .network import Network
from .products import Products
from .shared import SharedLayer
from .splines import Splines
from .validation import as_domains, as_generator, as_integer, as_number, as_widths


class KAN(Network):
    """A Kolmogorov–Arnold network with hand-written derivatives.

    Parameters
    ----------
    widths : sequence of int or of [int, int]
        Nodes per layer, [n_0, …, n_L]; a pair is [n_sum, n_product], nodes that add and nodes that multiply.
    grid, order : int
        Cells G per grid (see `minikan.bases` for other families), and polynomial degree k of splines.
    domain : pair of float, or one pair per input
        Interval (low, high) of the curves of the inputs. Those of hidden nodes have (-1, 1).
    seed : int or numpy.random.Generator
        For the first parameters.
    noise : float
        At first each edge is a straight line across its domain, up or down by ±1 / √n_in, and every weight is moved by
        a normal number of standard deviation noise / √n_in. Chapter 04 shows why it is small.
    base : str or None, optional
        One more feature of every edge; by default "silu" for splines, and none for the other families.
    basis : subclass of Basis
        The family of curves: `Splines`, `Gaussians`, `Chebyshev` or `Fourier`.
    groups : int, or a list of int arrays (n_in, n_out), one for each layer of edges, optional
        Edges that share one curve, with a weight each: the number of curves per layer, or the curve of each edge.
    arity : int, or a list of lists of int
        How many nodes each product multiplies: one number, or for each width a list, a number per product.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> KAN([2, [1, 1], 1])  # one node adds, one multiplies two others
    KAN([2, [1, 1], 1]: 72 parameters)
      KANLayer(2 → 3, G=5, k=3: 54 parameters)
      Products(3 → 2, arity [1, 2]: 0 parameters)
      KANLayer(2 → 1, G=5, k=3: 18 parameters)
    """

    def __init__(
        self,
        widths: Sequence[int | Sequence[int]],
        grid: int = 5,
        order: int = 3,
        domain: ArrayLike = (-1, 1),
        seed: int | np.random.Generator = 0,
        noise: float = 0.1,
        *,
        base: str | None = "default",
        basis: type[Basis] = Splines,
        groups: int | Sequence[ArrayLike] | None = None,
        arity: int | Sequence[Sequence[int]] = 2,
    ) -> None:
        nodes = _nodes(widths, arity)
        grid, order = as_integer(grid, "grid", 1), as_integer(order, "order", 0)
        domains = as_domains(domain, len(nodes[0]))
        rng, noise = as_generator(seed), as_number(noise, "noise", 0)
        if not (isinstance(basis, type) and issubclass(basis, Basis)) or basis is Basis:
            raise TypeError(f"basis must be a family of curves such as Splines, got {basis!r}")
        base = basis.default_base if base == "default" else base
        labels = list(groups) if np.iterable(groups) else [groups] * (len(nodes) - 1)
        if len(labels) != len(nodes) - 1:
            got = f"{len(nodes) - 1} arrays, one per layer of edges, got {len(labels)}"
            raise ValueError(f"groups must be a number or hold {got}")
        layers: list = []
        for depth, (below, above) in enumerate(pairwise(nodes)):
            if depth > 0:
                domains = np.tile([-1.0, 1.0], (len(below), 1))
            curves, n_out, label = basis.on(domains, grid, order, base), sum(above), labels[depth]
            if label is None:
                layers.append(KANLayer(curves, np.zeros((len(below), curves.m, n_out))))
            else:
                layers.append(SharedLayer.of(curves, n_out, label))
            layers[-1].initialise(rng, noise)
            if max(above) > 1:
                layers.append(Products(above))
        self._adopt(layers)

    def __repr__(self):
        nodes: list = [self.widths[0]]
        for layer in self.layers:
            if layer.edge_list:
                nodes.append(layer.n_out)
            else:
                products = int((layer.wiring().sum(axis=1) > 1).sum())
                nodes[-1] = [layer.n_out - products, products]
        first, *lines = super().__repr__().split("\n")
        return "\n".join([first.replace(str(self.widths), str(nodes), 1), *lines])


def _nodes(widths, arity):
    """List the nodes of each width, each as the number of what it multiplies: [2, [1, 1]] → [[1, 1], [1, 2]]."""
    listed = list(widths) if np.iterable(widths) else []
    pairs = [[width, 0] if not np.iterable(width) else list(width) for width in listed]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"a width must be a number or a pair [n_sum, n_product], got {widths!r}")
    least = [int(not np.iterable(width)) for width in listed]  # of a pair, one may be 0
    sums = [as_integer(pair[0], "every width", low) for pair, low in zip(pairs, least, strict=True)]
    counts = [as_integer(pair[1], "every width", 0) for pair in pairs]
    as_widths([one + other for one, other in zip(sums, counts, strict=True)])
    if counts[0]:
        raise ValueError(f"inputs cannot multiply, got {widths!r}")
    if not np.iterable(arity):
        arity = [[as_integer(arity, "every arity", 2)] * count for count in counts]
    if [len(row) if np.iterable(row) else -1 for row in arity] != counts:
        wanted = f"a number per product, {counts} of them"
        raise ValueError(f"arity must hold for each width {wanted}, got {arity!r}")
    each = [[as_integer(number, "every arity", 2) for number in row] for row in arity]
    return [[1] * count + row for count, row in zip(sums, each, strict=True)]
