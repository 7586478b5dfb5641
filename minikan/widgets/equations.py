"""The explorables of chapter 10: residuals and errors over points and cells, and solutions over time."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..bspline import basis, make_grid
from ..plotting import PALETTE
from ..points import interior
from ..residuals import Equation
from .explorer import Explorer, choice, slider

_GREY = PALETTE["grey"]
RUNS = {"heat": 0.0, "gentle": 0.1 / np.pi, "shock": 0.01 / np.pi, "slabs": 0.01 / np.pi}  # and the viscosity
TIMES = np.linspace(0, 1, 41)


def graded(x: np.ndarray, width: float) -> np.ndarray:
    """Move points of [-1, 1] towards 0, where they come to stand about `width` times as far apart."""
    return width * np.sinh(x * np.arcsinh(1 / width))


AT = {
    name: np.linspace(0, 1, 101) if not nu else graded(np.linspace(-1, 1, 121), 0.02)
    for name, nu in RUNS.items()
}


def burgers(X: np.ndarray, nu: float) -> np.ndarray:
    """Evaluate the solution of u_t + u u_x = ν u_xx from -sin πx, at X (n, 2) with columns x and t, by quadrature.

    The transformation of Cole and Hopf turns Burgers' equation into the heat equation, whose solution is an integral.
    """
    z, w = np.polynomial.hermite.hermgauss(200)
    x, t = X[:, :1], np.maximum(X[:, 1:], 1e-14)
    y = x - 2 * np.sqrt(nu * t) * z
    f = w * np.exp(-(np.cos(np.pi * y) + 1) / (2 * np.pi * nu))
    return -(np.sin(np.pi * y) * f).sum(axis=1) / f.sum(axis=1)


def poisson_solution(X: np.ndarray) -> np.ndarray:
    """Evaluate the solution of the paper's Poisson problem, sin πx sin πy², at X (n, 2)."""
    x, y = X.T
    return np.sin(np.pi * x) * np.sin(np.pi * y**2)


def _source(X):
    x, y = X.T
    return (
        np.pi * np.sin(np.pi * x) * (2 * np.cos(np.pi * y**2) - np.pi * (1 + 4 * y**2) * np.sin(np.pi * y**2))
    )


poisson = Equation("u_xx u_yy", lambda X, a, b: a + b - _source(X), lambda X, a, b: (1, 1))


def _truth(x):
    return np.sin(np.pi * x**2)


def _force(x):
    return 2 * np.pi * np.cos(np.pi * x**2) - 4 * np.pi**2 * x**2 * np.sin(np.pi * x**2)


def _rms(values):
    return float(np.sqrt(np.mean(values**2)))


def _power(value):
    """Say a size as a power of ten; below 1e-11 it is rounding."""
    return "0" if value < 1e-11 else f"{value:.0e}"


class PointsAndCells(Explorer):
    """u″ = f by least squares: the residual at points and between them, and the error of u."""

    description = (
        "A solution of u″ = f by a spline with some cells, its residual along x with dots at the points where "
        "it was asked to vanish, and the errors at the points, between them, and of u."
    )
    storyboard = (
        {"cells": 16, "points": 8, "order": 5},
        {"cells": 16, "points": 32, "order": 5},
        {"cells": 64, "points": 64, "order": 5},
        {"cells": 16, "points": 64, "order": 3},
    )
    size = (7.2, 3.3)
    all_cells, all_points, orders = (4, 8, 16, 32, 64), (8, 16, 24, 32, 48, 64), (3, 5, 7)
    x = np.linspace(0, 1, 1001)

    def __init__(self) -> None:
        self.runs = {}
        for k in self.orders:
            for cells in self.all_cells:
                knots = make_grid((0, 1), cells, k)
                tables = [basis(self.x, knots, k, derivative) for derivative in (0, 2)]
                for n in self.all_points:
                    points = interior((0, 1), n)[:, 0]
                    bent = basis(points, knots, k, 2)
                    rows = np.vstack([bent / np.pi**2, np.sqrt(n) * basis([0, 1], knots, k)])
                    aim = np.append(_force(points) / np.pi**2, [0, 0])
                    w = np.linalg.lstsq(rows, aim, rcond=1e-12)[0]
                    residuals = tables[1] @ w - _force(self.x)
                    self.runs[cells, n, k] = tables[0] @ w, residuals, points, bent @ w - _force(points)
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: cells, points and the order of the spline."""
        return {
            "cells": choice("cells", list(self.all_cells), 16),
            "points": choice("points", list(self.all_points), 8),
            "order": choice("order", list(self.orders), 5),
        }

    def caption(self, cells: int, points: int, order: int) -> str:
        """Tell weights, residuals and error."""
        u, between, _, at = self.runs[cells, points, order]
        return (
            f"{cells + order} weights, {points} points: residual {_power(_rms(at))} at them, "
            f"{_power(_rms(between))} between them; error of u {_power(_rms(u - _truth(self.x)))}."
        )

    def draw(self, figure: Figure, cells: int, points: int, order: int) -> None:
        """Draw the solution beside the true one, and the size of the residual."""
        figure.subplots_adjust(wspace=0.25)
        left, right = figure.subplots(1, 2)
        u, between, places, at = self.runs[cells, points, order]
        left.plot(self.x, _truth(self.x), color=_GREY, linewidth=4, alpha=0.5, label="true")
        left.plot(self.x, u, color=PALETTE["blue"], label="by its equation")
        left.plot(places, np.full(len(places), -1.15), "|", color=PALETTE["vermillion"], label="points")
        left.set(xlim=(0, 1), ylim=(-1.25, 1.6), xlabel="x", title="u")
        left.legend(loc="upper left", ncols=3, fontsize=8, handlelength=1.4, columnspacing=1.0)
        line, dots = (np.log10(np.maximum(np.abs(values), 1e-13)) for values in (between, at))
        right.plot(self.x, line, color=PALETTE["blue"], linewidth=1.2)
        right.plot(places, dots, "o", color=PALETTE["vermillion"], markersize=4)
        right.set(xlim=(0, 1), ylim=(-13.5, 5.5), xlabel="x", title="residual, dots at the points")
        right.set_yticks([-12, -8, -4, 0, 4], ["1e-12", "1e-8", "1e-4", "1", "1e4"])


_SAID = {
    "heat": "a rod that cools",
    "gentle": "Burgers, smeared",
    "shock": "Burgers, one piece",
    "slabs": "Burgers, five slabs",
}


class TimeSlider(Explorer):
    """What networks made of equations in space and time, beside the solutions."""

    description = (
        "The solution of an equation and a network's at one time, and the error over time, for heat and for "
        "Burgers' equation with more and with less viscosity."
    )
    storyboard = (
        {"name": "heat", "step": 20},
        {"name": "gentle", "step": 20},
        {"name": "shock", "step": 24},
        {"name": "slabs", "step": 24},
    )
    size = (7.2, 3.3)

    def __init__(self) -> None:
        stored = equation_runs()
        found = {name: stored[name].astype(float) for name in RUNS}
        self.found, self.truth, self.errors, self.relative = found, {}, {}, {}
        for name, nu in RUNS.items():
            X = self.places(name)
            truth = burgers(X, nu) if nu else np.exp(-X[:, 1]) * np.sin(np.pi * X[:, 0])
            self.truth[name] = truth.reshape(found[name].shape)
            off, size = (
                over_space(name, each) for each in (found[name] - self.truth[name], self.truth[name])
            )
            self.errors[name] = off / _rms(size)
            self.relative[name] = _rms(off) / _rms(size)
        super().__init__()

    @staticmethod
    def places(name: str) -> np.ndarray:
        """List all points (x, t) of a run, time by time: (n, 2)."""
        x, t = AT[name], TIMES
        return np.column_stack([np.tile(x, len(t)), np.repeat(t, len(x))])

    def controls(self) -> dict[str, Any]:
        """Make the controls: the run, and the time."""
        last = len(TIMES) - 1
        return {
            "name": choice("equation", [(said, name) for name, said in _SAID.items()], "shock"),
            "step": slider("time t · 40", 0, last, 24, words=lambda k: f"t = {TIMES[k]:.3f}"),
        }

    def caption(self, name: str, step: int) -> str:
        """Tell the time and the error."""
        return f"{_SAID[name]}, t = {TIMES[step]:.3f}: error {self.errors[name][step]:.1e} of the solution's size."

    def draw(self, figure: Figure, name: str, step: int) -> None:
        """Draw both at one time, and the errors of all runs over time."""
        figure.subplots_adjust(wspace=0.3)
        left, right = figure.subplots(1, 2)
        x = AT[name]
        left.plot(x, self.truth[name][step], color=_GREY, linewidth=4, alpha=0.5, label="solution")
        left.plot(x, self.found[name][step], color=PALETTE["vermillion"], label="network")
        left.set(xlim=(-1, 1), ylim=(-1.2, 1.6), xlabel="x", title=f"u at t = {TIMES[step]:.3f}")
        left.legend(loc="upper right", ncols=2, fontsize=8)
        if name in ("shock", "slabs"):
            near = left.inset_axes((0.06, 0.1, 0.36, 0.36))
            near.plot(x, self.truth[name][step], color=_GREY, linewidth=4, alpha=0.5)
            near.plot(x, self.found[name][step], color=PALETTE["vermillion"])
            near.set(xlim=(-0.06, 0.06), ylim=(-1.2, 1.2))
            near.set_xticks([-0.05, 0.05], ["-0.05", "0.05"], fontsize=7)
            near.set_yticks([])
        for each, hue in zip(RUNS, ("green", "blue", "vermillion", "purple"), strict=True):
            line = np.log10(self.errors[each])
            right.plot(
                TIMES, line, color=PALETTE[hue], linewidth=2.4 if each == name else 1.2, label=_SAID[each]
            )
        right.plot(TIMES[step], np.log10(self.errors[name][step]), "o", color=PALETTE["black"], markersize=7)
        right.set(xlim=(0, 1.02), ylim=(-10.5, 0.7), xlabel="t", title="error at each time")
        right.set_yticks([-10, -8, -6, -4, -2, 0], ["1e-10", "1e-8", "1e-6", "1e-4", "0.01", "1"])
        right.legend(loc="center right", bbox_to_anchor=(1.0, 0.34), fontsize=8)


def equation_runs() -> dict[str, np.ndarray]:
    """Load the stored runs of chapter 10: from the course beside the package, or from inside the wheel."""
    package = Path(__file__).resolve().parents[1]
    places = [folder / "tutorial/data/equations.npz" for folder in (package.parent, package)]
    with np.load(next(place for place in places if place.exists())) as table:
        return dict(table)


def over_space(name: str, values: np.ndarray) -> np.ndarray:
    """Average squares of values (..., n) over x, as if the places of a run were evenly spread; take the root."""
    x = AT[name]
    room = np.gradient(x)
    room[[0, -1]] /= 2
    return np.sqrt((values**2 * room).sum(axis=-1) / room.sum())
