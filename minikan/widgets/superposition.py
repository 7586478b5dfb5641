"""The explorables of chapter 01: terms switched on and off, and the inner function under a microscope."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..plotting import PALETTE
from ..superposition import inner_function
from .explorer import Explorer, choice, slider, toggle

_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


class Superposition(Explorer):
    """A curve of x + y, a curve of x - y, and the landscape that is their sum."""

    description = (
        "Switch on a curve of x + y and a curve of x - y: their sum is a landscape over x and y, beside the one "
        "that it should be. With both terms the two are the same."
    )
    storyboard = (
        {"target": "x y", "first": True, "second": False},
        {"target": "max(x, y)", "first": False, "second": True},
        {"target": "sin πx cos πy", "first": True, "second": True},
    )
    size = (7.0, 2.4)
    s = np.linspace(-2, 2, 41)
    x, y = np.meshgrid(np.linspace(-1, 1, 80), np.linspace(-1, 1, 80))
    targets: dict[str, tuple] = {  # what it is, its curve of x + y, its curve of x - y
        "x y": (lambda x, y: x * y, lambda s: s**2 / 4, lambda s: -(s**2) / 4),
        "max(x, y)": (np.maximum, lambda s: s / 2, lambda s: np.abs(s) / 2),
        "sin πx cos πy": (
            lambda x, y: np.sin(np.pi * x) * np.cos(np.pi * y),
            lambda s: np.sin(np.pi * s) / 2,
            lambda s: np.sin(np.pi * s) / 2,
        ),
    }

    def controls(self) -> dict[str, Any]:
        """Make the controls: the target, and a switch for each of the two terms."""
        return {
            "target": choice("build", list(self.targets), "x y", lambda name: f"to build {name}"),
            "first": toggle("the term of x + y", True, lambda on: f"{_with(on)} the term of x + y"),
            "second": toggle("the term of x - y", False, lambda on: f"{_with(on)} the term of x - y"),
        }

    def landscapes(self, target: str, first: bool, second: bool) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate the sum of what is switched on, and the target, on a grid."""
        truth, plus, minus = self.targets[target]
        total = first * plus(self.x + self.y) + second * minus(self.x - self.y)
        return total, truth(self.x, self.y)

    def caption(self, target: str, first: bool, second: bool) -> str:
        """Say how far the sum is from the target."""
        total, truth = self.landscapes(target, first, second)
        worst = np.abs(total - truth).max()
        if worst < 1e-12:
            return f"Both terms: the sum is {target} everywhere, to rounding."
        missing = "a term is missing" if first or second else "both terms are missing"
        return f"The sum is up to {worst:.2f} away from {target}: {missing}."

    def draw(self, figure: Figure, target: str, first: bool, second: bool) -> None:
        """Draw the two curves, the sum, and the target."""
        figure.subplots_adjust(left=0.06, right=0.92)
        axes = figure.subplots(1, 5, width_ratios=[1, 1, 0.1, 1, 1], gridspec_kw={"wspace": 0.2})
        axes[2].remove()
        axes = axes[[0, 1, 3, 4]]
        curves = zip((first, second), self.targets[target][1:], ("x + y", "x - y"), strict=True)
        for ax, (on, curve, name) in zip(axes[:2], curves, strict=True):
            style = {"color": PALETTE["blue"], "linewidth": 2.2} if on else {**_HELPER, "linestyle": ":"}
            ax.plot(self.s, curve(self.s), **style)
            ax.set(xlim=(-2, 2), ylim=(-1.1, 1.1), xticks=(-2, 0, 2), yticks=(-1, 0, 1), xlabel=name)
            ax.set_title("" if on else "switched off", fontsize=10)
        axes[1].tick_params(labelleft=False)
        maps = zip(self.landscapes(target, first, second), ("their sum", target), strict=True)
        for ax, (values, name) in zip(axes[2:], maps, strict=True):
            bands = np.floor(8 * values + 1e-9) / 8  # steps of 1/8, cheaper to draw than contours
            image = ax.imshow(bands, extent=(-1, 1, -1, 1), origin="lower", vmin=-1, vmax=1, aspect="auto")
            ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1), xlabel="x")
            ax.grid(False)
            ax.set_title(name, fontsize=10)
        axes[2].set_ylabel("y", labelpad=-6)
        axes[3].tick_params(labelleft=False)
        box = axes[3].get_position()
        scale = figure.add_axes((box.x1 + 0.015, box.y0, 0.013, box.height))
        figure.colorbar(image, cax=scale, ticks=(-1, 0, 1))


def _with(on):
    return "with" if on else "without"


class InnerZoom(Explorer):
    """The inner function ψ, digit by digit, under a microscope: ever the same stairs."""

    description = (
        "The inner function ψ with more and more digits, and a window that magnifies it tenfold: nearly all "
        "of each rise lies in the last two tenths of the window, at every depth."
    )
    storyboard = (
        {"depth": 3, "zoom": 1, "digit": 5},
        {"depth": 3, "zoom": 1, "digit": 9},
        {"depth": 4, "zoom": 2, "digit": 5},
    )
    size = (7.2, 3.0)

    def controls(self) -> dict[str, Any]:
        """Make the controls: digits of x, magnification, and where the window lies."""
        return {
            "depth": slider("digits of ψ", 1, 5, 3),
            "zoom": slider("zoom, tenfold each", 0, 3, 1, words=lambda zoom: f"zoom {10**zoom}-fold"),
            "digit": slider("window at digit", 0, 9, 5),
        }

    def window(self, depth: int, zoom: int, digit: int) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate ψ on the window: all its points of so many digits, or of three digits more than the window's."""
        depth = max(depth, zoom)
        shown = min(depth, zoom + 3)
        start = digit * (10**zoom - 1) // 9  # the digits ddd
        numerators = np.arange(start * 10 ** (shown - zoom), (start + 1) * 10 ** (shown - zoom) + 1)
        shown = max(shown, 1)
        x = numerators / 10**shown
        return x, inner_function(x, shown)

    def caption(self, depth: int, zoom: int, digit: int) -> str:
        """Say where the window is, and where in it ψ rises."""
        x, psi = self.window(depth, zoom, digit)
        rise = psi[-1] - psi[0]
        words = f"From x = {x[0]:.{zoom}f} to {x[-1]:.{zoom}f} ψ rises by {rise:.2g}"
        if depth <= zoom:
            return f"{words}. With {depth} digits it is straight there."
        share = (psi[-1] - np.interp(x[0] + 0.8 * (x[-1] - x[0]), x, psi)) / rise
        return f"{words}, and {100 * share:.6g}% of that in the last two tenths."

    def draw(self, figure: Figure, depth: int, zoom: int, digit: int) -> None:
        """Draw ψ and the window, and beside it what the window shows, scaled to fill its frame."""
        figure.subplots_adjust(wspace=0.25)
        whole, window = figure.subplots(1, 2)
        x, psi = self.window(depth, 0, digit)
        whole.plot(x, psi, color=PALETTE["blue"], linewidth=1.4)
        x, psi = self.window(depth, zoom, digit)
        box = {"fill": False, "edgecolor": PALETTE["vermillion"], "linewidth": 1.5}
        side = np.maximum([x[-1] - x[0], psi[-1] - psi[0]], 0.02)  # still to be seen when it is tiny
        whole.add_patch(Rectangle([x[0], psi[0]], *side, **box))
        whole.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="x", title=f"ψ with {depth} digits")
        whole.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        window.plot((x - x[0]) / (x[-1] - x[0]), (psi - psi[0]) / (psi[-1] - psi[0]), color=PALETTE["blue"])
        window.axvspan(0.8, 1, facecolor=PALETTE["sky"], alpha=0.25, linewidth=0)
        window.set(
            xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="next digit of x", title="the window, magnified"
        )
        window.set_xticks([0, 0.5, 0.8, 0.9], ["0", "5", "8", "9"])
        window.set_yticks([0, 0.5, 1], ["0", "half", "all"])
