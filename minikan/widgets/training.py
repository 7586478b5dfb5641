"""The explorables of chapter 04: four descents from the same start, and the damping of a single step."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..kan import KAN
from ..plotting import PALETTE
from ..training import OPTIMIZERS, fit
from .explorer import Explorer, choice, slider

_NAMES = {"lm": "Levenberg–Marquardt", "lbfgs": "L-BFGS", "adam": "Adam", "gd": "gradient descent"}
_STYLES = dict(zip(_NAMES, ("-", "--", "-.", ":"), strict=True))


def _powers_of_ten(axes, across, up):
    """Label plain axes: matplotlib's logarithmic ones take twice as long to draw."""
    axes.set_xticks(across, [f"1e{k}" if k else "1" for k in across])
    axes.set_yticks(up, [f"1e{k}" if k else "1" for k in up])


class TrainingScrubber(Explorer):
    """The same network under four optimisers: what it has learned after so many steps."""

    description = (
        "A small KAN learns a wave with a kink from 60 samples. Slide through its steps, and choose "
        "the optimiser: its curve on the left, the error of all four on the right."
    )
    storyboard = (
        {"snapshot": 6, "optimizer": "gd"},
        {"snapshot": 6, "optimizer": "lm"},
        {"snapshot": 11, "optimizer": "adam"},
    )
    size = (7.0, 3.2)
    steps = (0, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200)
    x = np.linspace(-1, 1, 201)

    def __init__(self) -> None:
        self.X = np.linspace(-1, 1, 60)[:, None]
        self.y = np.sin(5 * self.X) + np.abs(self.X - 0.3)
        self.curves, self.errors = {}, {}
        for name in OPTIMIZERS:
            model, curves = KAN([1, 2, 1], grid=8, seed=4), {}

            def keep(step, loss, model=model, curves=curves):
                if step in self.steps:
                    curves[step] = model(self.x[:, None])[:, 0]

            history = fit(
                model, self.X, self.y, steps=200, optimizer=name, tol=0, callback=keep, progress=False
            )
            self.curves[name] = [curves[max(s for s in curves if s <= step)] for step in self.steps]
            self.errors[name] = history.step, history.rmse
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: which snapshot, whose."""
        return {
            "snapshot": slider("snapshot", 0, len(self.steps) - 1, 6),
            "optimizer": choice("optimiser", [(name, key) for key, name in _NAMES.items()], "adam"),
        }

    def _error(self, snapshot, optimizer):
        steps, errors = self.errors[optimizer]
        return errors[np.searchsorted(steps, self.steps[snapshot], side="right") - 1]

    def caption(self, snapshot: int, optimizer: str) -> str:
        """Say the step and the error."""
        steps = self.steps[snapshot]
        return f"After {steps} steps of {_NAMES[optimizer]}: RMSE {self._error(snapshot, optimizer):.1e}."

    def draw(self, figure: Figure, snapshot: int, optimizer: str) -> None:
        """Draw samples and curve, and beside them the errors over the steps."""
        curve, errors = figure.subplots(1, 2)
        figure.subplots_adjust(wspace=0.28)
        curve.plot(self.X, self.y, "o", color=PALETTE["grey"], markersize=3)
        curve.plot(self.x, self.curves[optimizer][snapshot], color=PALETTE["vermillion"])
        curve.set(xlim=(-1.05, 1.05), ylim=(-1.6, 3.0), xlabel="x", title="samples and network")
        for name, (steps, rmse) in self.errors.items():
            mine = name == optimizer
            errors.plot(
                np.log10(steps + 1),
                np.log10(rmse),
                _STYLES[name],
                color=PALETTE["vermillion" if mine else "grey"],
                linewidth=2 if mine else 1.2,
                label=_NAMES[name],
            )
        here = np.log10(self.steps[snapshot] + 1), np.log10(self._error(snapshot, optimizer))
        errors.plot(*here, "o", color=PALETTE["vermillion"])
        errors.set(xlim=(-0.05, 2.4), ylim=(-6.5, 0.5), xlabel="step + 1", title="RMSE")
        _powers_of_ten(errors, [0, 1, 2], [-6, -4, -2, 0])
        errors.legend(loc="lower left", fontsize=8)


class DampingDial(Explorer):
    """One step of Levenberg–Marquardt in a curved valley, for every damping."""

    description = (
        "A curved valley of two parameters. The damping turns the step from the Gauss–Newton step, long and "
        "bold, to a short step down the gradient; below, how far the loss fell, as predicted and as it did."
    )
    starts = {
        "far from the minimum": (-1.1, 1.6),
        "in the valley": (-0.6, 0.2),
        "near the minimum": (0.95, 0.92),
    }
    storyboard = (
        {"damping": -3.0, "start": "far from the minimum"},
        {"damping": 1.0, "start": "far from the minimum"},
        {"damping": -3.0, "start": "near the minimum"},
    )
    size = (7.0, 3.6)
    dampings = np.arange(-3, 3.01, 0.25)

    def controls(self) -> dict[str, Any]:
        """Make the controls: the damping, and where the step begins."""
        return {
            "damping": slider(
                "log₁₀ of the damping μ", -3.0, 3.0, -1.0, 0.25, lambda log: f"damping μ = {10**log:.2g}"
            ),
            "start": choice("start", list(self.starts), "far from the minimum"),
        }

    @staticmethod
    def residuals(p: float | np.ndarray, q: float | np.ndarray) -> np.ndarray:
        """Two residuals whose squares make a curved valley with its minimum at (1, 1)."""
        return np.array([1 - p, 3 * (q - p**2)])

    def step(
        self, start: tuple[float, float] | np.ndarray, mu: float | np.floating
    ) -> tuple[np.ndarray, list[float]]:
        """Solve (JᵀJ + μ I) δ = -Jᵀr; return δ, and the loss before, as predicted, and after."""
        p, q = start
        r, J = self.residuals(p, q), np.array([[-1.0, 0.0], [-6 * p, 3.0]])
        delta = np.linalg.solve(J.T @ J + mu * np.eye(2), -J.T @ r)
        losses = [float(v @ v) for v in (r, r + J @ delta, self.residuals(*(np.array(start) + delta)))]
        return delta, losses

    def caption(self, damping: float, start: str) -> str:
        """Say the gain ratio and what it means."""
        _, (before, predicted, after) = self.step(self.starts[start], 10.0**damping)
        gain = (before - after) / (before - predicted)
        verdict = (
            "rejected, more damping"
            if gain <= 0
            else "taken, less damping"
            if gain > 0.5
            else "taken, but more damping"
        )
        return f"Loss {before:.3g}; predicted {predicted:.3g}, found {after:.3g}: gain ratio {gain:.2f}, {verdict}."

    def draw(self, figure: Figure, damping: float, start: str) -> None:
        """Draw the valley with the step, and beside it the losses for all dampings."""
        valley, losses = figure.subplots(1, 2)
        figure.subplots_adjust(wspace=0.28)
        p, q = np.meshgrid(np.linspace(-1.6, 1.6, 61), np.linspace(-3.8, 2.4, 61))
        loss = np.sum(self.residuals(p, q) ** 2, axis=0)
        valley.contour(p, q, loss, levels=np.geomspace(0.1, 200, 10), colors=PALETTE["sky"], linewidths=0.8)
        origin = np.array(self.starts[start])
        path = np.array([origin + self.step(origin, 10.0**d)[0] for d in self.dampings])
        valley.plot(*path.T, color=PALETTE["grey"], linewidth=1)
        end = origin + self.step(origin, 10.0**damping)[0]
        valley.annotate(
            "", end, origin, arrowprops={"arrowstyle": "->", "color": PALETTE["vermillion"], "lw": 2}
        )
        valley.plot(*origin, "o", color=PALETTE["black"])
        valley.plot(1, 1, "*", color=PALETTE["green"], markersize=12)
        valley.set(xlim=(-1.6, 1.6), ylim=(-3.8, 2.4), xlabel="first parameter", title="the step")
        table = np.array([self.step(origin, 10.0**d)[1] for d in self.dampings])
        losses.plot(self.dampings, np.log10(table[:, 2]), color=PALETTE["blue"], label="found")
        losses.plot(self.dampings, np.log10(table[:, 1]), "--", color=PALETTE["amber"], label="predicted")
        losses.axhline(np.log10(table[0, 0]), color=PALETTE["grey"], linewidth=1.2, label="before")
        losses.axvline(damping, color=PALETTE["vermillion"], linewidth=1.2)
        losses.set(xlim=(-3.1, 3.1), ylim=(-6, 3), xlabel="damping μ", title="loss after the step")
        _powers_of_ten(losses, [-3, -1, 1, 3], [-6, -3, 0, 3])
        losses.legend(loc="lower right", fontsize=8)
