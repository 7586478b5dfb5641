"""The explorables of chapter 05: what a slope tells and hides, and a network on ever finer grids."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..bspline import basis
from ..grids import refine
from ..kan import KAN
from ..penalties import Roughness
from ..plotting import PALETTE
from ..problems import PROBLEMS, bessel_j0
from ..training import fit
from .explorer import Explorer, choice, slider

_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


def fit_power_law(sizes: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """Fit log(error) = log(a) - α log(size) to three points or more: a, α, and the standard error of α."""
    (slope, height), covariance = np.polyfit(np.log(sizes), np.log(errors), 1, cov=True)
    return np.exp(height), -slope, np.sqrt(covariance[0, 0])


class ScalingRuler(Explorer):
    """One curve, one edge, ever finer grids: the slope depends on where the ruler lies."""

    description = (
        "Errors of splines with ever more cells, and a ruler on some of them: the slope it reads is the "
        "law only where the cells are finer than the waves and the error is above rounding."
    )
    storyboard = (
        {"first": 4, "last": 6, "order": 7},
        {"first": 8, "last": 12, "order": 7},
        {"first": 16, "last": 18, "order": 7},
        {"first": 8, "last": 18, "order": 3},
    )
    size = (7.0, 3.3)
    grids = np.round(np.geomspace(4, 1024, 19)).astype(int)
    orders = (1, 3, 5, 7)
    x = np.linspace(-1, 1, 3001)

    def __init__(self) -> None:
        truth = bessel_j0(20 * self.x)
        self.errors = {
            order: np.array([self._error(grid, order, truth) for grid in self.grids]) for order in self.orders
        }
        super().__init__()

    def _error(self, grid, order, truth):
        """Draw a spline through as many points as it has coefficients: its error everywhere else."""
        knots = np.concatenate([[-1.0] * order, np.linspace(-1, 1, grid + 1), [1.0] * order])
        amid = [knots[m + 1 : m + order + 1].mean() for m in range(grid + order)]  # a point in each function
        at = np.array(amid)
        coef = np.linalg.solve(basis(at, knots, order), bessel_j0(20 * at))
        return np.sqrt(np.mean((basis(self.x, knots, order) @ coef - truth) ** 2))

    def controls(self) -> dict[str, Any]:
        """Make the controls: the two ends of the ruler, and the order of the splines."""
        end = len(self.grids) - 1
        return {
            "first": slider(
                "ruler from grid no.", 0, end - 2, 0, words=lambda k: f"ruler from G = {self.grids[k]}"
            ),
            "last": slider("ruler to grid no.", 2, end, 4, words=lambda k: f"to G = {self.grids[k]}"),
            "order": choice("order k", list(self.orders), 3),
        }

    def _window(self, first, last):
        """Make a window of at least three grids, whatever the sliders say."""
        first, last = min(first, last), max(first, last)
        return slice(first, max(last, first + 2) + 1)

    def caption(self, first: int, last: int, order: int) -> str:
        """Tell the slope in the window, and the promise."""
        window = self._window(first, last)
        _, alpha, spread = fit_power_law(self.grids[window], self.errors[order][window])
        low, high = self.grids[window][[0, -1]]
        return f"From G = {low} to {high}: slope α = {alpha:.2f} ± {spread:.2f}. Order {order} promises {order + 1}."

    def draw(self, figure: Figure, first: int, last: int, order: int) -> None:
        """Draw all errors, the ruler, and what the order promises."""
        axes = figure.subplots()
        window = self._window(first, last)
        sizes, errors = np.log10(self.grids), np.log10(self.errors[order])
        scale, alpha, _ = fit_power_law(self.grids[window], self.errors[order][window])
        axes.plot(sizes, errors, "o", color=PALETTE["blue"], markersize=5)
        ends = sizes[window][[0, -1]]
        axes.plot(
            ends,
            np.log10(scale) - alpha * ends,
            "|-",
            color=PALETTE["vermillion"],
            linewidth=2.5,
            markersize=14,
        )
        middle = len(sizes) // 2 + 1
        promise = errors[middle] - (order + 1) * (sizes - sizes[middle])
        axes.plot(sizes, promise, ":", **_HELPER)
        axes.text(0.62, 0.9, f"dotted: slope -{order + 1}", color=PALETTE["grey"], transform=axes.transAxes)
        axes.set(xlim=(0.5, 3.2), ylim=(-16.5, 1), xlabel="cells G", title="error (RMSE)")
        axes.set_xticks([1, 2, 3], ["10", "100", "1000"])
        axes.set_yticks([-15, -10, -5, 0], ["1e-15", "1e-10", "1e-5", "1"])


class Extension(Explorer):
    """A trained network on ever finer grids: the curves hardly change, the errors do."""

    description = (
        "A network [2, 1, 1] on ever finer grids: its outer curve with the grid's points, and its errors. "
        "With few samples or with noise, finer grids make it worse on samples it has not seen."
    )
    storyboard = (
        {"step": 0, "data": "800"},
        {"step": 4, "data": "800"},
        {"step": 4, "data": "100"},
        {"step": 2, "data": "noise"},
    )
    size = (7.0, 3.1)
    grids = (2, 4, 8, 16, 32)
    kinds = {"800": (800, 0.0), "100": (100, 0.0), "noise": (800, 0.01)}

    def __init__(self) -> None:
        self.stairs = {name: self._climb(*kind) for name, kind in self.kinds.items()}
        super().__init__()

    def _climb(self, n, noise):
        """Train on each grid: the network's outer points and curve, its two errors."""
        rng = np.random.default_rng(5)
        (X, truth), (X_test, truth_test) = (PROBLEMS["exp_sin"].sample(size, rng) for size in (n, 2000))
        y = truth + noise * rng.standard_normal(n)
        model, found = KAN([2, 1, 1], grid=self.grids[0], seed=0), []
        for grid in self.grids:
            model = refine(model, grid)
            alone = dict(penalty=Roughness(0), progress=False)  # least squares and nothing else
            fit(model, X, y, steps=12 if found else 30, update_grid=True, **alone)
            errors = [np.sqrt(np.mean((model(A)[:, 0] - b) ** 2)) for A, b in ((X, y), (X_test, truth_test))]
            hidden, outer = model.layers[0].forward(X.T)[0][0], model.layers[1]
            x = np.linspace(hidden.min(), hidden.max(), 121)
            points = np.clip(outer.points[0], x[0], x[-1])
            found.append((x, *(outer.forward(z[None])[0][0] for z in (x, points)), points, errors))
        return found

    def controls(self) -> dict[str, Any]:
        """Make the controls: the step of the staircase, and the samples."""
        names = [("800 samples", "800"), ("100 samples", "100"), ("800 samples, noise 0.01", "noise")]
        return {
            "step": slider("step of the staircase", 0, len(self.grids) - 1, 2),
            "data": choice("learned from", names, "800"),
        }

    def caption(self, step: int, data: str) -> str:
        """Tell cells, parameters and errors."""
        seen, unseen = self.stairs[data][step][-1]
        size = 3 * (self.grids[step] + 4)
        return f"G = {self.grids[step]}, {size} parameters: error {seen:.1e} on its samples, {unseen:.1e} on others."

    def draw(self, figure: Figure, step: int, data: str) -> None:
        """Draw the outer curve with its grid, and the two errors over the grids."""
        figure.subplots_adjust(wspace=0.3)
        curve, errors = figure.subplots(1, 2)
        x, y, at_points, points, _ = self.stairs[data][step]
        turn = -1 if y[-1] < y[0] else 1  # the hidden node's sign is free: draw all alike
        middle, half = x[[0, -1]].mean(), np.ptp(x) / 2
        curve.plot(turn * (x - middle) / half, y, color=PALETTE["blue"])
        curve.plot(
            turn * (points - middle) / half, at_points, "|", color=PALETTE["vermillion"], markersize=12
        )
        curve.set(
            xlim=(-1.1, 1.1), ylim=(-0.8, 8.2), xlabel="hidden value, scaled", title="outer edge and its grid"
        )
        grids, table = np.log10(self.grids), np.log10([entry[-1] for entry in self.stairs[data]])
        errors.plot(grids, table[:, 0], ":", color=PALETTE["vermillion"], label="on its samples")
        errors.plot(grids, table[:, 1], color=PALETTE["blue"], label="on others")
        errors.plot(grids[step], table[step, 1], "o", color=PALETTE["blue"], markersize=8)
        errors.set(xlim=(0.2, 1.65), ylim=(-7.6, 0.6), xlabel="cells G", title="error (RMSE)")
        errors.set_xticks(np.log10([2, 5, 10, 20]), ["2", "5", "10", "20"])
        errors.set_yticks([-6, -4, -2, 0], ["1e-6", "1e-4", "1e-2", "1"])
        errors.legend(loc="lower left")
