"""The explorables of chapter 03: what an edge tells its coefficients, and how well a difference checks it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..activations import silu
from ..bspline import basis, make_grid
from ..kan import KAN
from ..kan_layer import KANLayer
from ..plotting import PALETTE
from ..splines import Splines
from .explorer import Explorer, choice, slider, toggle

_RAISED = {ord(sign): raised for sign, raised in zip("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)}
_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


class EdgeBackprop(Explorer):
    """One sample goes through one edge: which of its numbers learn, and what does the input hear?"""

    description = (
        "One sample at x, one upstream gradient g: each coefficient hears g times its basis function, so "
        "that k + 1 of them learn; the input hears g times the slope of the curve."
    )
    storyboard = (
        {"x": 0.4, "g": 1.0, "fading": False},  # in a valley, where φ′ is nearly 0
        {"x": 0.2, "g": 1.0, "fading": False},  # on a knot
        {"x": 2.3, "g": 1.0, "fading": False},
        {"x": 2.3, "g": 1.0, "fading": True},
    )
    size = (7.0, 3.3)
    knots = make_grid((-1, 1), 5, 3)
    coef = np.array([0.2, -0.8, 0.6, 1.0, -0.6, -0.7, 0.9, -0.1])
    base = 0.4
    edge = KANLayer(Splines([knots], 3, base="silu"), np.append(coef, base)[None, :, None])
    wider = make_grid((-3, 3), 15, 3)  # five more cells on each side
    x = np.linspace(-2.4, 2.4, 241)

    def controls(self) -> dict[str, Any]:
        """Make the controls: the sample, its upstream gradient, and what happens beyond the grid."""
        return {
            "x": slider("sample x", -2.4, 2.4, 0.05, 0.05, words=lambda x: f"x = {x:g}"),
            "g": slider("upstream gradient g", -1.0, 1.0, 1.0, 0.25, words=lambda g: f"g = {g:g}"),
            "fading": toggle("fade beyond the grid", words=_beyond),
        }

    def caption(self, x: float, g: float, fading: bool) -> str:
        """Count who learns, and say what goes on to the input."""
        told = self._told(x, g, fading)[:-1]
        learning = int(np.count_nonzero(np.abs(told) > 1e-12))
        downstream = g * self._edge([x], fading, derivative=1)[0]
        return f"{learning} of {len(told)} coefficients learn. The input hears g · φ′(x) = {downstream:.2f}."

    def draw(self, figure: Figure, x: float, g: float, fading: bool) -> None:
        """Draw the edge with the sample and its tangent, and beside it what each of its numbers hears."""
        curve, bars = figure.subplots(1, 2)
        curve.axvspan(-1, 1, facecolor=PALETTE["sky"], alpha=0.15, linewidth=0)
        curve.text(0, -2.4, "grid", ha="center", color=PALETTE["grey"])
        curve.plot(self.x, self._edge(self.x, fading))
        height, slope = (self._edge([x], fading, derivative)[0] for derivative in (0, 1))
        reach = np.array([-0.5, 0.5])
        curve.plot(x + reach, height + slope * reach, "--", color=PALETTE["vermillion"])
        curve.plot(x, height, "o", color=PALETTE["vermillion"])
        curve.set(xlim=(-3, 3), ylim=(-2.6, 2.6), xlabel="x", title="the edge φ and its slope at x")
        told = self._told(x, g, fading)
        places = [*range(len(self.coef)), len(self.coef) + 0.5]
        drawn = bars.bar(places, told, color=[PALETTE["blue"]] * len(self.coef) + [PALETTE["amber"]])
        drawn[-1].set_hatch("//")
        for place, value in zip(places, told, strict=True):
            if abs(value) > 1e-12:
                up = 1 if value > 0 else -1
                bars.text(place, value + 0.17 * up, f"{value:.2f}", ha="center", va="center", fontsize=8)
        bars.axhline(0, **_HELPER)
        bars.set(
            ylim=(-2.6, 2.6), title="∂ loss / ∂ each number", xlabel="c: g · B(x)       $w_b$: g · silu(x)"
        )
        bars.set_xticks(places, ["c₀", "c₁", "c₂", "c₃", "c₄", "c₅", "c₆", "c₇", "$w_b$"])

    def _told(self, x, g, fading):
        """Compute what each coefficient hears, and last the weight of silu: (G + k + 1,)."""
        features, base = self._features([x], fading)
        return g * np.append(features[0], base)

    def _edge(self, x, fading, derivative=0):
        features, base = self._features(x, fading, derivative)
        return features @ self.coef + self.base * base

    def _features(self, x, fading, derivative=0):
        """Evaluate the basis, (n, G + k), and silu, (n,), with a straight or a fading end."""
        x = np.asarray(x)
        inside = np.clip(x, -1, 1)
        silu_there = silu(inside)
        base = silu_there[1] if derivative else silu_there[0] + silu_there[1] * (x - inside)
        features = basis(x, self.knots, 3, derivative)
        if fading:  # more knots on each side let every function reach its own end, where it is 0
            features = basis(x, self.wider, 3, derivative)[:, 5:-5]
            base = silu(x)[derivative]
        return features, base


class StepSizeDial(Explorer):
    """A central difference against the gradient worked out by hand, for every step size."""

    description = (
        "The error of a central difference over its step size h: for a coefficient of the last layer it "
        "falls all the way to h = 1, for anything below it is a V."
    )
    kinds = ("last layer's coefficient", "first layer's coefficient", "an input")
    storyboard = tuple({"exponent": e, "which": w} for e, w in ((0.0, 0), (-5.0, 2), (-12.0, 1)))
    colours = (PALETTE["blue"], PALETTE["green"], PALETTE["amber"])
    size = (7.0, 3.3)
    exponents = np.arange(-14, 0.01, 0.25)

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.model = KAN([2, 3, 1], seed=1)
        self.X, self.y = rng.uniform(-0.9, 0.9, (40, 2)), rng.normal(size=(40, 1))
        self.start = self.model.parameters.copy()
        gradient = self.model.loss_and_gradient(self.X, self.y)[1]
        residuals = self.model(self.X) - self.y
        dX = self.model.backward(self.X, residuals * (2 / self.y.size))[1]
        first, last = (layer.weights.size for layer in self.model.layers)
        spots = (first + last // 2, first // 2)  # one parameter of each layer
        self.truth = [float(gradient[spots[0]]), float(gradient[spots[1]]), float(dX[0, 0])]
        self.losses = [self._of_parameter(spots[0]), self._of_parameter(spots[1]), self._of_input]
        self.errors = [[self._log_error(kind, e) for e in self.exponents] for kind in range(3)]
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the step size, and which derivative."""
        return {
            "exponent": slider("log₁₀ of the step h", -14.0, 0.0, -5.0, 0.5, words=_step),
            "which": choice("derivative in", [(name, i) for i, name in enumerate(self.kinds)], 1),
        }

    def caption(self, exponent: float, which: int) -> str:
        """Say both numbers, and how well they agree."""
        numeric = self._difference(which, 10.0**exponent)
        digits = int(max(0, -self._log_error(which, exponent)))
        agree = "1 digit agrees" if digits == 1 else f"{digits} digits agree"
        return f"By hand {self.truth[which]:.12f}, by difference {numeric:.12f}: {agree}."

    def draw(self, figure: Figure, exponent: float, which: int) -> None:
        """Draw the errors of all three, the chosen one thick, with the dial."""
        ax = figure.subplots()
        for kind, errors in enumerate(self.errors):
            style = {"linewidth": 2.8} if kind == which else {"linewidth": 1.1, "alpha": 0.7}
            label, dashes = self.kinds[kind], ("-", "--", ":")[kind]
            ax.plot(self.exponents, errors, dashes, color=self.colours[kind], label=label, **style)
        ax.axvline(exponent, color=PALETTE["vermillion"], linewidth=1.2)
        ax.plot(exponent, self._log_error(which, exponent), "o", color=PALETTE["vermillion"])
        ax.set(xlim=(-14.3, 0.3), ylim=(-17.5, 2), xlabel="step h", title="relative error of the difference")
        # Powers of ten on plain axes: matplotlib's logarithmic ones take twice as long to draw.
        for axis, powers in ((ax.xaxis, range(-14, 1, 2)), (ax.yaxis, range(-16, 1, 4))):
            axis.set_ticks(powers, [_power_of_ten(power) for power in powers])
        ax.legend(loc="lower left", fontsize=9)

    def _of_parameter(self, spot):
        def loss(shift):
            self.model.parameters[spot] = self.start[spot] + shift
            value = self.model.loss_and_gradient(self.X, self.y)[0]
            self.model.parameters[spot] = self.start[spot]
            return value

        return loss

    def _of_input(self, shift):
        X = self.X.copy()
        X[0, 0] += shift
        return self.model.loss_and_gradient(X, self.y)[0]

    def _difference(self, kind, h):
        return (self.losses[kind](h) - self.losses[kind](-h)) / (2 * h)

    def _log_error(self, kind, exponent):
        error = abs(self._difference(kind, 10.0**exponent) / self.truth[kind] - 1)
        return np.log10(max(error, 1e-17))  # exact to the last bit still has a place in the picture


def _beyond(fading):
    return "beyond the grid the basis fades" if fading else "beyond the grid the edge is straight"


def _step(exponent):
    return f"step h = {_power_of_ten(exponent)}"


def _power_of_ten(exponent):
    return "10" + f"{exponent:g}".translate(_RAISED) if exponent else "1"
