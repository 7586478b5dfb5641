"""The explorables of chapter 03: what an edge tells its coefficients, and how well a difference checks it."""

import numpy as np

from ..bspline import basis, make_grid
from ..layer import KANLayer, silu
from ..network import KAN
from ..plotting import PALETTE
from .explorer import Explorer, choice, slider, toggle

_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


class EdgeBackprop(Explorer):
    """One sample goes through one edge: which coefficients learn, and what does the input hear?"""

    description = (
        "One sample at x, one upstream gradient g: each coefficient receives g times its basis function, "
        "so that k + 1 of them learn; the input receives g times the slope of the curve."
    )
    storyboard = (
        {"x": 0.4, "g": 1.0, "fading": False},
        {"x": 1.5, "g": 1.0, "fading": False},
        {"x": 1.5, "g": 1.0, "fading": True},
    )
    size = (7.0, 3.3)
    knots = make_grid((-1, 1), 5, 3)
    coef = np.array([-0.9, 0.2, 1.2, 0.4, -0.8, -0.2, 1.0, 0.9])
    base = 0.4
    edge = KANLayer(knots[None], coef[None, :, None], [[base]])
    wider = make_grid((-2.2, 2.2), 11, 3)  # three more cells on each side
    x = np.linspace(-2.5, 2.5, 401)

    def controls(self):
        """Make the controls: the sample, its upstream gradient, and what happens beyond the grid."""
        return {
            "x": slider("sample x", -2.4, 2.4, 0.4, 0.05),
            "g": slider("upstream gradient g", -2.0, 2.0, 1.0, 0.25),
            "fading": toggle("fade beyond the grid"),
        }

    def caption(self, x, g, fading):
        """Count who learns, and say what goes on to the input."""
        told = self._told(x, g, fading)
        learning = int(np.count_nonzero(np.abs(told) > 1e-12))
        downstream = g * self._slope(x, fading)
        return (
            f"{learning} of {len(told)} coefficients learn. The input receives g · φ′(x) = {downstream:.2f}."
        )

    def draw(self, figure, x, g, fading):
        """Draw the edge with the sample and its tangent, and beside it the gradient of each coefficient."""
        curve, bars = figure.subplots(1, 2, width_ratios=[1.1, 1])
        curve.axvspan(-1, 1, facecolor=PALETTE["sky"], alpha=0.15, linewidth=0)
        curve.plot(self.x, self._value(self.x, fading))
        height, slope = self._value(np.array([x]), fading)[0], self._slope(x, fading)
        reach = np.array([-0.35, 0.35])
        curve.plot(x + reach, height + slope * reach, "--", color=PALETTE["vermillion"])
        curve.plot(x, height, "o", color=PALETTE["vermillion"])
        curve.set(xlim=(-2.5, 2.5), ylim=(-4, 4), xlabel="x", title="the edge φ and its slope at x")
        told = self._told(x, g, fading)
        bars.bar(np.arange(len(told)), told, color=PALETTE["blue"])
        for m in np.flatnonzero(np.abs(told) > 1e-12):  # the smallest ones can be read, if not seen
            place = {"ha": "center", "va": "bottom" if told[m] > 0 else "top", "fontsize": 8}
            bars.text(m, told[m], f"{told[m]:.2g}", **place)
        bars.axhline(0, **_HELPER)
        bars.set(
            ylim=(-4.4, 4.4), xticks=range(len(told)), xlabel="coefficient m", title="∂loss/∂c = g · B(x)"
        )

    def _told(self, x, g, fading):
        outside = fading and abs(x) > 1
        return g * (self._faded(np.array([x]))[0] if outside else basis([x], self.knots, 3)[0])

    def _value(self, x, fading):
        values = self.edge.edges(x[None])[0, 0]
        if fading:
            faded = self._faded(x) @ self.coef + self.base * silu(x)[0]
            values = np.where(np.abs(x) > 1, faded, values)
        return values

    def _slope(self, x, fading):
        if fading and abs(x) > 1:
            return float((self._faded([x], 1) @ self.coef + self.base * silu(np.array([x]))[1])[0])
        return float(self.edge.edges(np.array([[x]]), derivative=1)[0, 0, 0])

    def _faded(self, x, derivative=0):
        """Evaluate the basis as if more knots followed: beyond the grid each function ends in zero."""
        return basis(x, self.wider, 3, derivative)[:, 3:-3]


class StepSizeDial(Explorer):
    """A central difference against the gradient worked out by hand, for every step size."""

    description = (
        "The error of a central difference over its step size h: for a coefficient of the last layer it "
        "falls all the way to h = 1, for anything below it is a V."
    )
    kinds = ("last layer's coefficient", "first layer's coefficient", "an input")
    storyboard = tuple({"exponent": e, "which": w} for e, w in ((0.0, 0), (-5.0, 1), (-12.0, 2)))
    size = (7.0, 3.3)
    exponents = np.arange(-14, 0.01, 0.25)

    def __init__(self):
        rng = np.random.default_rng(1)
        self.model = KAN([2, 3, 1], grid=5, seed=1)
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

    def controls(self):
        """Make the controls: the step size, and which derivative."""
        return {
            "exponent": slider("log₁₀ of the step h", -14.0, 0.0, -5.0, 0.5),
            "which": choice("derivative in", [(name, i) for i, name in enumerate(self.kinds)], 1),
        }

    def caption(self, exponent, which):
        """Print both numbers."""
        numeric = self._difference(which, 10.0**exponent)
        return f"By hand {self.truth[which]:+.12f}, by difference {numeric:+.12f}."

    def draw(self, figure, exponent, which):
        """Draw the errors of all three, the chosen one in colour, with the dial."""
        ax = figure.subplots()
        for kind, errors in enumerate(self.errors):
            chosen = kind == which
            style = {"color": PALETTE["blue"], "linewidth": 2.4} if chosen else _HELPER
            ax.plot(self.exponents, errors, ("-", "--", ":")[kind], label=self.kinds[kind], **style)
        ax.axvline(exponent, color=PALETTE["vermillion"], linewidth=1.2)
        ax.plot(exponent, self._log_error(which, exponent), "o", color=PALETTE["vermillion"])
        ax.set(xlim=(-14.3, 0.3), ylim=(-17.5, 2), xlabel="step h", title="relative error of the difference")
        # Powers of ten on plain axes: matplotlib's logarithmic ones take twice as long to draw.
        for axis, powers in ((ax.xaxis, range(-14, 1, 2)), (ax.yaxis, range(-16, 1, 4))):
            axis.set_ticks(powers, [f"1e{power}" for power in powers])
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
