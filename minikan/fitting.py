"""Shapes of splines, fitted to samples: on coarse grids first, from several starts, under functions (chapter 12)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .functions import LIBRARY, Function
from .grids import refine
from .kan import KAN
from .named import FunctionEdge
from .shapes import Shape
from .sparse import SparseLayer
from .surrogate import Surrogate, Targets
from .training import fit

GRID, COARSE = 8, 5  # cells of a curve, to begin with; the same if curves follow on curves
VALLEY = 0.03  # an RMSE, over the spread, with which no other start is tried
PRECISE = 2e-3  # an RMSE, over the spread, that is worth names at once: richer shapes are not waited for
MOST = 800  # samples that are looked at
POSITIVE = (
    0.9  # a share of y that is positive, so that functions around a shape are tried; the rest may be noise
)
FLATTEST, STEEPEST = 0.3, 0.5 * np.pi  # the largest angle in targets that may be an arcsine
CLEARER = (
    0.3  # times the error of polynomials elsewhere, that makes an arcsine worth a try, and a view the first
)


@dataclass(frozen=True)
class Out:
    """A function around a shape: its inverse, and the inverse's slope squared, up to a factor; both of y / unit."""

    name: str
    inverse: Callable = np.copy
    squared_slope: Callable = np.ones_like
    unit: float = 1.0
    is_positive: bool = True  # all values of the function

    def under(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute what has to stand inside, and weights, 0 where y (n,) cannot be a value of the function."""
        usable = (y > 0) | (not self.is_positive)
        y = np.where(usable, y, np.median(y)) / self.unit
        weights = self.squared_slope(y)
        return self.inverse(y), usable * np.clip(weights / np.median(weights), 1e-12, 30)

    def around(self, model: KAN, z: np.ndarray, size: float = 1.0) -> KAN:
        """Put the function around a model whose outputs are z (n,), in units of `size`."""
        edge = FunctionEdge(self.name, [size, 0.0, self.unit, 0.0], (float(z.min()), float(z.max())))
        return KAN.from_layers([*model.layers, SparseLayer(1, 1, {(0, 0): edge})])


ALONE = Out("", is_positive=False)
OUTS = [
    Out("exp", np.log, lambda y: y**-2.0),
    Out("1/x", lambda y: 1 / y, lambda y: y**-4.0),
    Out("sqrt", np.square, np.square),
    Out("1/sqrt", lambda y: y**-2.0, lambda y: y**-6.0),
]
ARCSINE = Out("arcsin", np.sin, lambda y: np.cos(y) ** 2, is_positive=False)


@dataclass
class Fitted:
    """A shape, the network of splines that was fitted, its RMSE in training and held out, over the spread of y."""

    shape: Shape
    model: KAN
    error: float
    held_out: float

    @property
    def size(self) -> int:
        return self.model.parameters.size


class Clock:
    """Seconds from now on, how many of them are left, and whether anything was left out for want of time, `cut`."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.start, self.cut = seconds, time.perf_counter(), False

    def left(self) -> float:
        return self.seconds - (time.perf_counter() - self.start)

    def is_over(self, reserve: float = 0.0) -> bool:
        """Tell whether no more than the reserve is left; then something is left out."""
        over = self.left() <= reserve
        self.cut |= over
        return over


class Fitting:
    """Fits shapes to scaled samples, and keeps the best of each in `fitted`.

    X (n, n_in) and y (n,) are shuffled samples; a fifth of them is held out, and only the first `MOST` are looked at.
    y is in units of `size_y`. `outs` holds the functions that are tried around shapes: {name: function}.
    """

    def __init__(
        self, X: np.ndarray, y: np.ndarray, library: Sequence[Function], clock: Clock, size_y: float = 1.0
    ) -> None:
        self.library, self.clock = library, clock
        cut = max(min(len(X), MOST) // 5, 1)
        self.held, self.train = (X[:cut], y[:cut]), (X[cut:MOST], y[cut:MOST])
        outs = [ALONE, *(OUTS if np.mean(y > 0) > POSITIVE else [])]
        self.outs = {out.name: out for out in outs if out is ALONE or LIBRARY[out.name] in library}
        self.surrogate, self.reserve = Surrogate(self.train[0], self.held[0]), 0.0
        least = CLEARER * min(map(self.unexplained, self.outs.values()))
        for out in [
            replace(ARCSINE, unit=unit / size_y) for unit in (1.0, 180 / np.pi)
        ]:  # in radians, in degrees
            is_angle = FLATTEST < np.abs(y).max() / out.unit < STEEPEST and LIBRARY[out.name] in library
            if is_angle and (error := self.unexplained(out)) < least:
                self.outs[out.name], least = out, error
        self.unclear = min(map(self.unexplained, self.outs.values()))
        self.fitted: dict[Shape, Fitted] = {}

    def targets(self, out: Out) -> Targets:
        """Compute what has to stand inside of a function `out`."""
        (y, weights), (held, held_weights) = (out.under(y) for _, y in (self.train, self.held))
        return Targets(y, held, weights, held_weights)

    def unexplained(self, out: Out) -> float:
        """Compute how far polynomials are from what has to stand inside of a function `out`."""
        return self.surrogate.error(self.targets(out))

    def explains(self, model: Any) -> bool:
        """Tell whether what a model leaves looks like noise."""
        return self.surrogate.explains(model(self.train[0])[:, 0] - self.train[1])

    def late(self) -> bool:
        return self.clock.is_over(self.reserve)

    def best(self) -> float:
        """Return the smallest error of splines on samples held out."""
        return min((each.held_out for each in self.fitted.values()), default=np.inf)

    def learn(self, shape: Shape, starts: int = 2) -> Fitted | None:
        """Fit a shape, on finer grids as long as these help; a deep one on a coarse grid first, from several starts."""
        for seed in range(starts if shape.is_deep else 0):
            self.remember(shape, self.network(shape, COARSE, seed))
            if self.late():
                break
            if self.error(shape) < VALLEY:
                self.remember(shape, self.improved(refine(self.fitted[shape].model, 2 * COARSE)))
                break
        curves = sum(len(factor.inputs) for factor in shape.factors)
        most = len(self.train[0]) // (2 * curves)  # cells for each curve
        for grid in [] if shape.is_deep else [min(GRID, most), 2 * GRID, 4 * GRID, 8 * GRID]:
            before = self.error(shape)
            if not 0 < grid <= most:
                break
            self.remember(shape, self.network(shape, grid, 0))
            known = self.fitted.get(shape)
            if known and (known.held_out < PRECISE or self.explains(known.model)):
                break
            if shape.interactions and self.error(shape) > 0.5 * before:  # sums may be of waves
                break
        return self.fitted.get(shape)

    def error(self, shape: Shape) -> float:
        return self.fitted[shape].held_out if shape in self.fitted else np.inf

    def remember(self, shape: Shape, model: KAN | None) -> None:
        """Keep a fitted network, if it is the best of its shape."""
        if model is not None and (held_out := self.rmse(model, self.held)) < self.error(shape):
            self.fitted[shape] = Fitted(shape, model, self.rmse(model, self.train), held_out)

    def improved(self, model: KAN) -> KAN | None:
        """Go on with the training of a network."""
        try:
            _fit(model, *self.train, steps=15, progress=False, tol=0.02)
        except ValueError:
            return None
        return model

    def network(self, shape: Shape, grid: int, seed: int) -> KAN | None:
        """Fit the curves of a shape: with a function around it, first to the targets under its inverse."""
        X, y = self.train
        model = shape.network(X, grid, seed)
        options: dict = dict(progress=False, update_grid=shape.is_deep)
        if grid <= GRID:  # on finer grids fast waves take a while to be found
            options["tol"] = 0.02
        try:
            if not shape.out:
                _fit(model, X, y, steps=25, **options)
                return model
            out = self.outs[shape.out]
            z, weights = out.under(y)
            size = np.sqrt(np.average(z**2, weights=weights)) or 1.0
            _fit(model, X, z / size, steps=25, sample_weight=weights, **options)
            model = out.around(model, z / size, size)
            _fit(model, X, y, steps=8, progress=False)
        except ValueError:  # an overflow
            return None
        return model

    def simplify(self, found: Fitted) -> Fitted:
        """Take curves away, one by one, as long as the error on samples held out stays."""
        while True:
            offers = []
            for shape, edge in found.shape.simpler():
                if self.late():
                    return found
                each = self.fitted.get(shape) or self.learn(shape)
                if edge and self.error(shape) > found.held_out:  # without the edge, and the rest where it is
                    self.remember(shape, self.improved(without(found.model, edge)))
                    each = self.fitted.get(shape)
                if shape != found.shape and each and each.held_out <= max(1.3 * found.held_out, 2e-6):
                    offers.append(each)
            if not offers:
                return found
            found = min(offers, key=lambda each: (each.size, each.held_out))

    def rmse(self, model: Any, samples: tuple) -> float:
        with np.errstate(all="ignore"):
            return float(np.sqrt(np.mean((model(samples[0])[:, 0] - samples[1]) ** 2)))


def without(model: KAN, edge: tuple[int, int]) -> KAN:
    """Make the same model without an edge of the first layer."""
    first, *others = model.layers
    edges = {at: first.edge(*at) for at in first.edge_list if at != edge}
    return KAN.from_layers([SparseLayer(first.n_in, first.n_out, edges), *others])


def _fit(model, X, y, **options):
    history = fit(model, X, y, **options)
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
