"""The explorables of chapter 07: a function locked in for an edge, and rivals that only a wider range tells apart."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..functions import LIBRARY
from ..kan import KAN
from ..matching import match
from ..named import FunctionEdge
from ..plotting import PALETTE
from ..problems import PROBLEMS
from ..sparse import SparseLayer
from ..symbolic import fix_symbolic
from ..training import fit
from .explorer import Explorer, choice, slider, toggle

_COLOURS = [PALETTE[name] for name in ("blue", "vermillion", "green", "purple", "amber")]
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


class Rivals(Explorer):
    """Functions fitted to a curve on the range that is seen, and what becomes of them beyond it."""

    description = (
        "Samples of a curve on a range that is seen, five functions fitted to them, and their course beyond "
        "it; and for each function what it leaves unexplained, within the range and beyond."
    )
    storyboard = (
        {"edge": "A", "seen": 0.5, "noise": 0.0},
        {"edge": "A", "seen": 2.5, "noise": 0.0},
        {"edge": "B", "seen": 0.5, "noise": 1e-2},
        {"edge": "B", "seen": 2.5, "noise": 1e-2},
    )
    size = (7.0, 3.2)
    edges: dict[str, tuple] = {
        "A": (np.cosh, ("x^2", "cosh", "sin", "gaussian", "J0")),
        "B": (lambda x: np.arctan(1.5 * x), ("tanh", "arctan", "sin", "x^3", "x")),
        "C": (lambda x: np.exp(-(x**2) / 2), ("x^2", "cosh", "sin", "gaussian", "J0")),
    }
    ranges = np.arange(0.5, 2.6, 0.5)
    frame = np.linspace(-3, 3, 121)

    def __init__(self) -> None:
        self.fits: dict[tuple, dict] = {}  # filled when they are asked for: five small fits at a time
        super().__init__()

    def _fit(self, edge, seen, noise):
        """Fit all rivals: {name: (course over the frame, unexplained within the range, and beyond)}."""
        truth, names = self.edges[edge]
        x = np.linspace(-seen, seen, 100)
        y = truth(x)
        y = y + noise * y.std() * np.random.default_rng(7).normal(size=len(x))
        whole, beyond, found = truth(self.frame), np.abs(self.frame) > seen + 1e-9, {}
        for candidate in match(x, y, list(names)):
            a, b, c, d = candidate.weights
            course = c * candidate.function.evaluate(a * self.frame + b)[0] + d
            missed = np.mean((course - whole)[beyond] ** 2) / whole.var()
            found[candidate.function.name] = course, candidate.error, float(missed)
        return found

    def controls(self) -> dict[str, Any]:
        """Make the controls: the curve, the range that is seen, and the noise on the samples."""
        return {
            "edge": choice("curve", [(f"edge {name}", name) for name in self.edges], "A"),
            "seen": slider(
                "widest |x| seen", 0.5, 2.5, 0.5, 0.5, lambda seen: f"seen for |x| up to {seen:g}"
            ),
            "noise": choice("noise", [("none", 0.0), ("0.1 %", 1e-3), ("1 %", 1e-2)], 0.0, _noise_in_words),
        }

    def _look_up(self, edge, seen, noise):
        key = edge, int(np.abs(self.ranges - seen).argmin()), noise
        if key not in self.fits:
            self.fits[key] = self._fit(edge, self.ranges[key[1]], noise)
        return self.fits[key]

    def caption(self, edge: str, seen: float, noise: float) -> str:
        """Count who is still in the race."""
        found = self._look_up(edge, seen, noise)
        inside = sum(error < 0.01 for _, error, _ in found.values())
        beyond = sum(missed < 0.01 for *_, missed in found.values())
        return (
            f"R² is above 0.99 for {inside} of 5 functions where x is seen, and for {beyond} of 5 beyond it."
        )

    def draw(self, figure: Figure, edge: str, seen: float, noise: float) -> None:
        """Draw the courses, and what each leaves unexplained."""
        truth, names = self.edges[edge]
        found = self._look_up(edge, seen, noise)
        whole = truth(self.frame)
        middle, height = whole[len(whole) // 2], np.ptp(whole)

        def scaled(values):  # all curves fit the same axes
            return (values - middle) / height

        figure.subplots_adjust(wspace=0.36)
        courses, left = figure.subplots(1, 2)
        courses.axvspan(-seen, seen, color=PALETTE["sky"], alpha=0.2, linewidth=0)
        for name, colour, line in zip(names, _COLOURS, _LINES, strict=True):
            if name in found:
                courses.plot(self.frame, scaled(found[name][0]), color=colour, linestyle=line, label=name)
        far, values = self.frame[::5], scaled(whole[::5])
        inside = np.abs(far) <= seen + 1e-9
        courses.plot(
            far[~inside], values[~inside], "o", color=PALETTE["grey"], markersize=4, fillstyle="none"
        )
        courses.plot(far[inside], values[inside], "o", color=PALETTE["black"], markersize=4)
        courses.set_xticks([-3, 0, 3])
        courses.set_yticks([-1, 0, 1])
        courses.set(xlim=(-3, 3), ylim=(-1.15, 1.15), xlabel="x", title="seen (blue), and beyond")
        for k, (name, colour) in enumerate(zip(names, _COLOURS, strict=True)):
            _, error, missed = found.get(name, (None, np.nan, np.nan))
            left.plot(np.log10(np.maximum([error, missed], 1e-12)), [k, k], color=colour, linewidth=1)
            left.plot(np.log10(max(error, 1e-12)), k, "o", color=colour)
            left.plot(np.log10(max(missed, 1e-12)), k, "o", color=colour, fillstyle="none", markersize=8)
        left.axvline(-2, color=PALETTE["grey"], linewidth=1)
        left.set(xlim=(-12.8, 3.2), ylim=(4.6, -0.6), title="1 - R²: seen ●, beyond ○")
        left.set_yticks(range(5), [name.replace("^2", "²").replace("^3", "³") for name in names])
        left.set_xticks([-12, -6, -2, 0], ["≤1e-12", "1e-6", ".01", "1"], fontsize=9)


def _noise_in_words(noise):
    return f"{noise:.1%} of noise".replace(".0%", "%") if noise else "no noise"


class LockIn(Explorer):
    """A function for one edge of a network, where its training starts, and where it ends once it is locked in."""

    description = (
        "An edge that a network has learned, a function laid over it with a chosen stretch a; once it is "
        "locked in, the curve after training all numbers, and the error over the steps."
    )
    storyboard = (
        {"name": "sin", "stretch": 4, "lock": True},
        {"name": "sin", "stretch": 7, "lock": True},
        {"name": "J0", "stretch": 4, "lock": True},
        {"name": "J0", "stretch": 7, "lock": True},
    )
    size = (7.0, 3.2)
    names = ("sin", "J0", "gaussian", "tanh", "x^3")
    stretches = range(1, 9)
    steps = 40

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        X = rng.uniform(-1, 1, (300, 2))
        y = PROBLEMS["exp_sin"](X)
        splines = KAN([2, 1, 1], grid=10, seed=0)
        fit(splines, X, y, steps=40, update_grid=True, progress=False)
        self.before = float(np.sqrt(splines.loss_and_gradient(X, y)[0]))
        self.x = np.linspace(-1, 1, 81)
        grid = np.column_stack([self.x, 0 * self.x])
        self.edge = splines.layers[0].edges(grid.T)[0, 0]
        others = fix_symbolic(fix_symbolic(splines, X, 0, 1, 0, "x^2"), X, 1, 0, 0, "exp")
        self.outcomes = {
            (name, a): self._lock(others, X, y, LIBRARY[name], a)
            for name in self.names
            for a in self.stretches
        }
        super().__init__()

    def _lock(self, others, X, y, function, a):
        """Fit b, c and d for a given a, lock in, train: (curve before, its R², curve after, RMSE by step).

        The edge is odd: b and -b fit it equally well, and only its ripples would choose. We take the negative
        one, from which no wrong function ends higher, and J0, the Gaussian and x³ end lower.
        """
        b = a * np.linspace(-1.5, 0, 16)[:, None]
        values = function.evaluate(a * self.x + b)[0]
        values_c, edge_c = values - values.mean(axis=1, keepdims=True), self.edge - self.edge.mean()
        share = (values_c @ edge_c) ** 2 / ((values_c**2).sum(axis=1) * (edge_c @ edge_c))
        k = share.argmax()
        c = (values_c[k] @ edge_c) / (values_c[k] @ values_c[k])
        weights = a, b[k, 0], c, self.edge.mean() - c * values[k].mean()
        below, above = others.layers
        edges = {**below.sheet, (0, 0): FunctionEdge(function, weights)}
        model = KAN.from_layers([SparseLayer(2, 1, edges), above])
        before = self._curve(model)
        history = fit(model, X, y, steps=self.steps, progress=False)
        return before, float(share[k]), self._curve(model), np.maximum(history.rmse, 1e-17)

    def _curve(self, model):
        return model.layers[0].sheet[0, 0].forward(self.x[None])[0][0]

    def controls(self) -> dict[str, Any]:
        """Make the controls: the function, its stretch a, and whether it is locked in."""
        return {
            "name": choice("function f", list(self.names), "sin"),
            "stretch": slider("stretch a at the start", 1, 8, 1, words=lambda a: f"a starts at {a}"),
            "lock": toggle(
                "lock in and train", False, lambda on: "locked in and trained" if on else "not locked in"
            ),
        }

    def caption(self, name: str, stretch: int, lock: bool) -> str:
        """Tell R² before, and the error after."""
        _, share, _, errors = self.outcomes[name, stretch]
        words = f"With the best b, c and d for a = {stretch}: R² = {share:.3f}."
        if not lock:
            return words
        end = "below 1e-11" if errors.min() < 1e-11 else f"{errors.min():.2g}"
        return f"{words} Locked in and trained, the error is {end}."

    def draw(self, figure: Figure, name: str, stretch: int, lock: bool) -> None:
        """Draw the edge with the function over it, and the error while all numbers are trained."""
        start, _, end, errors = self.outcomes[name, stretch]
        figure.subplots_adjust(wspace=0.25)
        curve, course = figure.subplots(1, 2)
        height = self.edge - self.edge.mean()
        scale = np.abs(height).max()
        curve.plot(self.x[::4], height[::4] / scale, "o", color=PALETTE["black"], markersize=4)
        curve.plot(
            self.x, (start - self.edge.mean()) / scale, "--", color=PALETTE["vermillion"], label="as chosen"
        )
        if lock:  # height and stretch of a hidden node are free: the trained curve is laid over the edge
            curve.plot(self.x, self._laid_over(end) / scale, color=PALETTE["blue"], label="trained")
        curve.legend(loc="upper left")
        curve.set_xticks([-1, 0, 1])
        curve.set_yticks([-1, 0, 1])
        curve.set(xlim=(-1.05, 1.05), ylim=(-1.6, 2.1), xlabel="x", title=f"the edge ●, {name} over it")
        course.axhline(np.log10(self.before), color=PALETTE["grey"], linestyle=":")
        course.text(self.steps, np.log10(self.before) + 0.25, "splines", ha="right", color=PALETTE["grey"])
        if lock:
            course.plot(np.log10(errors), color=PALETTE["blue"])
            course.plot(len(errors) - 1, np.log10(errors[-1]), "o", color=PALETTE["blue"])
        course.set(xlim=(0, self.steps + 1), ylim=(-17.5, 2), xlabel="step", title="error of the network")
        course.set_yticks([-16, -12, -8, -4, 0], ["1e-16", "1e-12", "1e-8", "1e-4", "1"])

    def _laid_over(self, curve):
        centred, edge = curve - curve.mean(), self.edge - self.edge.mean()
        return centred * (centred @ edge) / max(centred @ centred, 1e-300)
