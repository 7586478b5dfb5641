"""The explorables of chapter 04: four descents from the same start, and the damping of a single step."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..kan import KAN
from ..optimizers import Adam, GradientDescent
from ..penalties import Roughness
from ..plotting import PALETTE
from ..training import OPTIMIZERS, fit
from .explorer import Explorer, choice, slider, toggle

_NAMES = {"lm": "Levenberg–Marquardt", "lbfgs": "L-BFGS", "adam": "Adam", "gd": "gradient descent"}
_STYLES = dict(zip(_NAMES, ("-", "--", "-.", ":"), strict=True))


def _powers_of_ten(axes, across, up):
    """Label plain axes: matplotlib's logarithmic ones take twice as long to draw."""
    axes.set_xticks(across, [f"1e{k}" if k else "1" for k in across])
    axes.set_yticks(up, [f"1e{k}" if k else "1" for k in up])


class TrainingScrubber(Explorer):
    """The same network under four optimisers: what it has learned after so many steps."""

    description = (
        "A small KAN learns a wave, with a kink or without, from 60 samples. Slide through its steps, and choose "
        "the optimiser: its curve on the left, the error of all four on the right."
    )
    storyboard = (
        {"snapshot": 6, "optimizer": "gd", "kink": True},
        {"snapshot": 4, "optimizer": "lm", "kink": True},
        {"snapshot": 10, "optimizer": "lm", "kink": False},
    )
    size = (7.0, 3.2)
    steps = (0, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100)
    x = np.linspace(-1, 1, 201)
    rates = {"adam": Adam(0.03), "gd": GradientDescent(0.1)}  # the largest that do not shake

    def __init__(self) -> None:
        self.X = np.linspace(-1, 1, 60)[:, None]
        self.y, self.curves, self.errors = {}, {}, {}
        for kink in (True, False):
            self.y[kink] = np.sin(5 * self.X) + (2 * np.abs(self.X - 0.3) if kink else (self.X - 0.3) ** 2)
            for name in OPTIMIZERS:
                self._train(name, kink)
        super().__init__()

    def _train(self, name, kink):
        """Train, on least squares and nothing else, and keep curves and errors."""
        model, curves = KAN([1, 2, 1], grid=8, seed=4), {}

        def keep(step, loss):
            if step in self.steps:
                curves[step] = model(self.x[:, None])[:, 0]

        alone = {"steps": self.steps[-1], "tol": 0, "penalty": Roughness(0), "progress": False}
        history = fit(
            model, self.X, self.y[kink], optimizer=self.rates.get(name, name), callback=keep, **alone
        )
        self.curves[name, kink] = [curves[max(s for s in curves if s <= step)] for step in self.steps]
        self.errors[name, kink] = history.step, history.rmse

    def controls(self) -> dict[str, Any]:
        """Make the controls: which snapshot, whose, of which wave."""
        return {
            "snapshot": slider("snapshot no.", 0, len(self.steps) - 1, 6),
            "optimizer": choice("optimiser", [(name, key) for key, name in _NAMES.items()], "adam"),
            "kink": toggle("the wave has a kink", True),
        }

    def _state_in_words(self, state):
        wave = "with a kink" if state["kink"] else "without the kink"
        return f"The wave {wave}: {_NAMES[state['optimizer']]}, step {self.steps[state['snapshot']]}"

    def _error(self, snapshot, optimizer, kink):
        steps, errors = self.errors[optimizer, kink]
        return errors[np.searchsorted(steps, self.steps[snapshot], side="right") - 1]

    def caption(self, snapshot: int, optimizer: str, kink: bool) -> str:
        """Say the step and the error."""
        steps, error = self.steps[snapshot], self._error(snapshot, optimizer, kink)
        return f"After {steps} steps of {_NAMES[optimizer]}: RMSE {error:.1e}."

    def draw(self, figure: Figure, snapshot: int, optimizer: str, kink: bool) -> None:
        """Draw samples and curve, and beside them the errors over the steps."""
        curve, errors = figure.subplots(1, 2)
        figure.subplots_adjust(wspace=0.28)
        curve.plot(self.X, self.y[kink], "o", color=PALETTE["grey"], markersize=3)
        curve.plot(self.x, self.curves[optimizer, kink][snapshot], color=PALETTE["vermillion"])
        curve.set(xlim=(-1.05, 1.05), ylim=(-1.6, 4.0), xlabel="x", title="samples and network")
        for name in _NAMES:
            steps, rmse = self.errors[name, kink]
            mine = name == optimizer
            errors.plot(
                np.log10(steps + 1),
                np.log10(rmse),
                _STYLES[name],
                color=PALETTE["vermillion" if mine else "grey"],
                linewidth=2 if mine else 1.2,
                label=_NAMES[name],
            )
        error = self._error(snapshot, optimizer, kink)
        errors.plot(np.log10(self.steps[snapshot] + 1), np.log10(error), "o", color=PALETTE["vermillion"])
        errors.set(xlim=(-0.05, 2.05), ylim=(-7.0, 0.6), xlabel="step + 1", title="error (RMSE)")
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
        {"damping": -0.25, "start": "far from the minimum"},
        {"damping": -3.0, "start": "near the minimum"},
    )
    size = (7.0, 3.6)
    dampings = np.arange(-3, 3.01, 0.25)
    window, enlarged = ((-1.6, 1.6), (-3.8, 2.4)), ((0.85, 1.15), (0.75, 1.25))  # across, up

    def controls(self) -> dict[str, Any]:
        """Make the controls: the damping, and where the step begins."""
        return {
            "damping": slider(
                "log₁₀ of the damping μ", -3.0, 3.0, -1.0, 0.25, lambda log: f"damping μ = {10**log:.2g}"
            ),
            "start": choice("start", list(self.starts), "far from the minimum"),
        }

    def _state_in_words(self, state):
        return f"Damping μ = {10.0 ** state['damping']:.3g}; start {state['start']}"

    @staticmethod
    def residuals(p: float | np.ndarray, q: float | np.ndarray) -> np.ndarray:
        """Two residuals whose squares make a curved valley with its minimum at (1, 1)."""
        return np.array([1 - p, 3 * (q - p**2)])

    def step(
        self, start: tuple[float, float] | np.ndarray, mu: float | np.floating
    ) -> tuple[np.ndarray, list[float]]:
        """Solve (H + μ I) δ = -∇loss, H = 2/n JᵀJ, n = 2; return δ, and the loss before, as predicted, after."""
        p, q = start
        r, J = self.residuals(p, q), np.array([[-1.0, 0.0], [-6 * p, 3.0]])
        delta = np.linalg.solve(J.T @ J + mu * np.eye(2), -J.T @ r)
        losses = [
            float(np.mean(v**2)) for v in (r, r + J @ delta, self.residuals(*(np.array(start) + delta)))
        ]
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

    def _draw_valley(self, axes, window, lowest, origin, path, end):
        """Draw contours, the minimum, the start, the ends of the step for all dampings, and the step."""
        p, q = np.meshgrid(*(np.linspace(*limits, 91) for limits in window))
        loss = np.mean(self.residuals(p, q) ** 2, axis=0)
        axes.contour(p, q, loss, levels=lowest * 3.0 ** np.arange(7), colors=PALETTE["sky"], linewidths=0.8)
        axes.plot(*path.T, color=PALETTE["grey"], linewidth=1)
        axes.plot(1, 1, "*", color=PALETTE["green"], markersize=12)
        axes.plot(*origin, "o", color=PALETTE["black"])
        arrow = {"arrowstyle": "->", "color": PALETTE["vermillion"], "lw": 2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, origin, arrowprops=arrow, annotation_clip=True)
        axes.plot(*end, "o", color=PALETTE["vermillion"], markersize=8, fillstyle="none", markeredgewidth=2)
        axes.set(xlim=window[0], ylim=window[1])

    def draw(self, figure: Figure, damping: float, start: str) -> None:
        """Draw the valley with the step, and beside it the losses for all dampings."""
        valley, losses = figure.subplots(1, 2)
        figure.subplots_adjust(wspace=0.28)
        origin = np.array(self.starts[start])
        path = np.array([origin + self.step(origin, 10.0**d)[0] for d in self.dampings])
        end = origin + self.step(origin, 10.0**damping)[0]
        self._draw_valley(valley, self.window, 0.1, origin, path, end)
        valley.set(xlabel="first parameter", ylabel="second parameter", title="the step")
        inset = valley.inset_axes([0.02, 0.02, 0.42, 0.36])
        self._draw_valley(inset, self.enlarged, 0.003, origin, path, end)
        inset.set(xticks=[], yticks=[])
        inset.set_title("near the star", fontsize=8)
        inset.spines[:].set_visible(True)
        table = np.array([self.step(origin, 10.0**d)[1] for d in self.dampings])
        losses.plot(self.dampings, np.log10(table[:, 2]), color=PALETTE["blue"], label="found")
        losses.plot(self.dampings, np.log10(table[:, 1]), "--", color=PALETTE["amber"], label="predicted")
        losses.axhline(np.log10(table[0, 0]), color=PALETTE["grey"], linewidth=1.2, label="before")
        losses.axvline(damping, color=PALETTE["vermillion"], linewidth=1.2)
        losses.set(xlim=(-3.1, 3.1), ylim=(-6, 3), xlabel="damping μ", title="loss after the step")
        _powers_of_ten(losses, [-3, -1, 1, 3], [-6, -3, 0, 3])
        losses.legend(loc="lower right", fontsize=8)
