"""Coefficients that few samples determine continue the curve of their neighbours (chapters 04 and 05).

At the ends of hidden nodes' grids there are few samples: there least squares fits coefficients to small errors. A prior
is added for each spline, with the differences d = D c of its coefficients (`minikan.bspline.differences`):

    E |d|² / (n s² + n E / t)              E: the loss, n: samples, t: the trace of the curve's part in JᵀJ

It expects differences of the size of their median s, and errors of size √E. The part n E / t keeps it weak where many
samples are. It does not depend on units, and vanishes as the loss does. `fit` adds it once the valley is found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .network import Network
from .terms import Block, block_of_curves

EXACT = 1e-20  # a loss, divided by the variance of the targets, below which the samples determine everything


class SmoothPrior:
    """The prior at one point, Σ weight |D c|² over all splines: n samples, E = loss, `diagonal` (P,) of JᵀJ."""

    def __init__(self, model: Network, n: int, loss: float, diagonal: np.ndarray) -> None:
        self.curves, start = [], 0
        for layer in model.layers:
            for places, D in layer.differences():
                if not len(D):  # a single cell has none
                    continue
                places = start + places  # (curves, size)
                d, trace = model.parameters[places] @ D.T, diagonal[places].sum(axis=1)
                usual = np.median(np.abs(d), axis=1) ** 2
                with np.errstate(all="ignore"):
                    weights = np.nan_to_num(loss / (n * (usual + loss / trace)))
                self.curves.append((places, D, weights))
            start += layer.weights.size

    def value(self, model: Network) -> float:
        """Compute the prior."""
        squares = (
            weights @ ((model.parameters[places] @ D.T) ** 2).sum(axis=1)
            for places, D, weights in self.curves
        )
        return sum(float(square) for square in squares)

    def blocks(self, model: Network) -> Iterator[Block]:
        """Yield residuals and their Jacobian, for all curves of the same D at once."""
        for places, D, weights in self.curves:
            yield block_of_curves(model.parameters[places], places, D, weights)
