"""The explorables of chapter 02: what a spline does when a coefficient, a knot or the grid moves."""

import functools
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..bspline import basis, fit_coefficients, make_grid
from ..plotting import PALETTE
from .explorer import Explorer, choice, slider, toggle

_AREA = {"facecolor": PALETTE["sky"], "alpha": 0.25, "linewidth": 0}
_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


class LocalSupport(Explorer):
    """Nudge one coefficient: only k + 1 cells of the curve feel it."""

    description = (
        "Nudge one coefficient of a spline: the curve bends below one basis function and nowhere else, "
        "on at most k + 1 cells."
    )
    storyboard = (
        {"k": 1, "m": 4, "nudge": 1.5},
        {"k": 3, "m": 4, "nudge": 1.5},
        {"k": 3, "m": 8, "nudge": 1.5},
    )
    size = (7.0, 3.9)
    cells = 6
    coef = np.array([0.5, 1.4, -0.8, -1.2, 0.6, 1.3, -0.5, -1.4, 0.6])  # before the nudge
    x = np.linspace(0, cells, 241)[:-1]  # the step at the last knot is not for plotting

    def controls(self) -> dict[str, Any]:
        """Make the controls: the order, which function, and the change of its coefficient."""
        return {
            "k": slider("order k", 0, 3, 3),
            "m": slider("basis function m", 0, self.cells + 2, 4),
            "nudge": slider("add to its coefficient", -2.0, 2.0, 1.5, 0.25),
        }

    def caption(self, k: int, m: int, nudge: float) -> str:
        """Say where the curve has changed, and what remains of a choice that does not exist."""
        m, count = self._existing(k, m)
        first, last = self._reach(k, m)
        note = f"With k = {k} there are {count} functions. Number {m}"
        return f"{note} is alive on {last - first} of {self.cells} cells, from x = {first} to {last}."

    def draw(self, figure: Figure, k: int, m: int, nudge: float) -> None:
        """Draw the curve before and after, and below it the basis with the function that was nudged."""
        m, count = self._existing(k, m)
        values = basis(self.x, make_grid((0, self.cells), self.cells, k), k)
        before = values @ self.coef[:count]
        curve, bumps = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for ax in (curve, bumps):
            ax.axvspan(*self._reach(k, m), **_AREA)
        draw = {"drawstyle": "steps-post" if k == 0 else "default"}  # a staircase has no slopes
        curve.plot(self.x, before + nudge * values[:, m], color=PALETTE["blue"], label="after", **draw)
        curve.plot(self.x, before, "--", **_HELPER, label="before", **draw)
        curve.set(ylim=(-3.2, 3.2), yticks=(-2, 0, 2), ylabel="spline")
        curve.legend(loc="upper left", ncols=2)
        bumps.plot(self.x, values, **_HELPER, **draw)
        bumps.plot(self.x, values[:, m], color=PALETTE["vermillion"], linewidth=3, **draw)
        bumps.plot(self.x, values.sum(1), ":", color=PALETTE["black"])
        bumps.text(self.cells, 1.06, "the sum of all", ha="right", fontsize=9)
        bumps.set(xlim=(0, self.cells), ylim=(0, 1.3), yticks=(0, 1), xlabel="x", ylabel="basis")

    def _existing(self, k, m):
        count = self.cells + k
        return min(m, count - 1), count

    def _reach(self, k, m):
        return max(m - k, 0), min(m + 1, self.cells)


class CoxDeBoorLadder(Explorer):
    """One rung of the ladder: a child collects a share of each of its two parents."""

    description = (
        "A child of degree p is the sum of two shares: a rising share of its left parent "
        "and a falling share of its right parent."
    )
    storyboard = (
        {"p": 1, "x": 1.4, "uneven": False},
        {"p": 2, "x": 1.5, "uneven": False},
        {"p": 3, "x": 2.0, "uneven": False},
        {"p": 3, "x": 2.0, "uneven": True},
    )
    size = (7.0, 2.9)
    grids = {False: np.array([0.0, 1, 2, 3, 4]), True: np.array([0.0, 0.4, 1.8, 2.6, 4])}  # by `uneven`
    x = np.linspace(0, 4, 321)[:-1]

    def controls(self) -> dict[str, Any]:
        """Make the controls: the rung, the place of the cursor, and the kind of grid."""
        return {
            "p": slider("degree p of the child", 1, 3, 2),
            "x": slider("cursor x", 0.0, 3.9, 1.5, 0.1),
            "uneven": toggle("uneven knots", words=lambda uneven: "uneven knots" if uneven else "even knots"),
        }

    def caption(self, p: int, x: float, uneven: bool) -> str:
        """Work out the child's value at the cursor."""
        (left, right), (rising, falling) = self._family(np.array([x]), p, uneven)
        shares = [
            f"{share[0]:.2f} of the {side} parent's {height[0]:.3f}"
            for side, share, height in (("left", rising, left), ("right", falling, right))
            if height[0] > 0
        ]
        if not shares:
            return f"At x = {x:.1f} both parents are 0, and so is the child."
        child = rising * left + falling * right
        return f"At x = {x:.1f}: {' + '.join(shares)} = {child[0]:.3f}."

    def draw(self, figure: Figure, p: int, x: float, uneven: bool) -> None:
        """Draw the parents with their shares, and beside them the child as a stack of two areas."""
        (left, right), (rising, falling) = self._family(self.x, p, uneven)
        parents, child = figure.subplots(1, 2, sharey=True)
        for name, height, share, line, colour in (
            ("left", left, rising, "-", PALETTE["blue"]),
            ("right", right, falling, "--", PALETTE["vermillion"]),
        ):
            parents.plot(self.x, height, line, color=colour, label=name)
            live = height > 0  # a share of nothing is nothing
            parents.plot(self.x[live], share[live], ":", color=colour, linewidth=1.4)
        parents.set(title=f"two parents, degree {p - 1}; dotted: share", ylabel="value")
        parents.legend(loc="upper center", ncols=2, fontsize=9)
        first = rising * left
        whole = first + falling * right
        child.fill_between(self.x, first, facecolor=PALETTE["sky"], alpha=0.6)
        child.fill_between(
            self.x, first, whole, facecolor="white", edgecolor=PALETTE["vermillion"], hatch="//"
        )
        child.plot(self.x, whole, color=PALETTE["black"])
        child.set(title=f"their child, degree {p}")
        for ax in (parents, child):
            ax.axvline(x, ymax=1.05 / 1.3, color=PALETTE["black"], linewidth=1)
            ax.set(xlim=(0, 4), ylim=(0, 1.3), xlabel="x", xticks=self.grids[uneven], yticks=(0, 0.5, 1))

    def _family(self, x, p, uneven):
        """Return the two parents of the first child of degree p, and the shares it gets of them."""
        t = self.grids[uneven]
        margin = np.arange(1, p)  # knots that make the parents whole functions on [0, 4]
        padded = np.concatenate([t[0] - margin[::-1], t, t[-1] + margin])
        parents = basis(x, padded, p - 1)[:, p - 1 : p + 1].T
        return parents, ((x - t[0]) / (t[p] - t[0]), 1 - (x - t[1]) / (t[p + 1] - t[1]))


class Knots(Explorer):
    """Move a knot and repeat it: details come where knots are, corners where they are repeated."""

    description = (
        "Move one knot of a cubic spline and repeat it: with each copy the curve may be one degree "
        "rougher there, and three copies under the corner catch it exactly."
    )
    storyboard = (
        {"place": 0.2, "copies": 1},
        {"place": -0.1, "copies": 1},
        {"place": -0.1, "copies": 3},
        {"place": 0.2, "copies": 3},
    )
    size = (7.0, 3.4)
    corner = 0.2
    x = np.linspace(-1, 1, 401)
    allowed = {
        1: "its third derivative may jump",
        2: "its second derivative may jump",
        3: "its slope may jump: a corner is allowed",
        4: "its value may jump: it is two curves",
    }

    def controls(self) -> dict[str, Any]:
        """Make the controls: where the knot is and how often."""
        return {
            "place": slider(
                "place of the knot", -0.4, 0.4, 0.0, 0.05, words=lambda x: f"the knot at {x:.2g}"
            ),
            "copies": slider(
                "how often it is there", 1, 4, 1, words=lambda q: f"{q} cop{'y' if q == 1 else 'ies'}"
            ),
        }

    def caption(self, place: float, copies: int) -> str:
        """Say what the spline may do at the knot, and how far it is from the target."""
        values, curve = self._fit(place, copies)
        error, count = np.abs(curve - self.target).max(), values.shape[1]
        times = f"{copies} times" if copies > 1 else "once"
        return f"Knot there {times}: {self.allowed[copies]}. {count} coefficients, largest error {error:.3f}."

    def draw(self, figure: Figure, place: float, copies: int) -> None:
        """Draw target and fit, and below them the basis functions and the knots."""
        values, curve = self._fit(place, copies)
        fit, bumps = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        fit.plot(self.x, self.target, "--", **_HELPER, label="target")
        fit.plot(self.x, curve, color=PALETTE["blue"], label="least-squares spline")
        fit.set(ylim=(-0.6, 1.5), yticks=(0, 1), ylabel="curve")
        fit.legend(loc="upper right")
        bumps.plot(self.x, values)
        for ax in (fit, bumps):
            ax.axvline(place, color=PALETTE["vermillion"], linewidth=0.8 + copies, alpha=0.5)
        bumps.set(xlim=(-1, 1), xticks=(-1, -0.5, 0, 0.5, 1), xlabel="x")
        bumps.set(ylim=(0, 1.1), yticks=(0, 1), ylabel="basis")

    @property
    def target(self) -> np.ndarray:
        """A cubic with a corner."""
        return 0.8 - 1.8 * np.abs(self.x - self.corner) + 0.9 * self.x**2 - 0.3 * self.x**3

    def _fit(self, place, copies):
        knots = np.sort(np.append(make_grid((-1, 1), [-1, -0.5, 0.5, 1], 3), [place] * copies))
        values = basis(self.x, knots, 3)
        return values, values @ fit_coefficients(self.x, self.target, knots, 3)


class GridExtension(Explorer):
    """Make the grid finer: the error falls by a power of G, until the curve begins to learn the noise."""

    description = (
        "Make the grid finer: without noise the error falls like a power of G; with noise it falls, "
        "turns and rises again, a U, while the curve begins to follow each point."
    )
    storyboard = (
        {"G": 8, "noise": 0.3, "k": 3},
        {"G": 50, "noise": 0.3, "k": 3},
        {"G": 16, "noise": 0.01, "k": 3},
        {"G": 20, "noise": 0.0, "k": 3},
    )
    size = (7.0, 3.4)
    floor = -4.2  # of the error's axis, in powers of ten; a U of noise is to fill it
    grids = np.unique(np.round(np.geomspace(2, 60, 24)).astype(int))

    points = np.linspace(-1, 1, 80)
    x = np.linspace(-1, 1, 481)

    def __init__(self) -> None:
        self.wiggles = np.random.default_rng(2).standard_normal(80)  # one draw; the slider scales it
        self.fit = functools.cache(self._fit)
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: number of cells, size of the noise, order."""
        return {
            "G": slider("cells G", 2, 60, 20),
            "noise": choice("noise", [("none", 0.0), 0.001, 0.01, 0.1, 0.3], 0.3),
            "k": choice("order k", [0, 1, 2, 3], 3),
        }

    def caption(self, G: int, noise: float, k: int) -> str:
        """Tell the two errors of the fit."""
        seen, truth = self._errors(G, noise, k)
        return f"{G + k} coefficients: error {truth:.2g} against the true curve, {seen:.2g} on the points."

    def draw(self, figure: Figure, G: int, noise: float, k: int) -> None:
        """Draw the fit to the points, and its error among those of all grids."""
        figure.subplots_adjust(wspace=0.3, left=0.085, right=0.985)
        curve, scale = figure.subplots(1, 2)
        clean, bent = self.fit(G, k)[1]
        curve.plot(self.points, self._noisy(noise), ".", color=PALETTE["grey"], ms=4)
        curve.plot(self.x, self._truth(self.x), "--", color=PALETTE["black"], linewidth=1.2)
        curve.plot(self.x, clean + noise * bent, color=PALETTE["blue"])
        curve.set(xlim=(-1, 1), xticks=(-1, 0, 1), xlabel="x", ylim=(-2.2, 2.2), yticks=(-2, 0, 2))
        curve.set(title="points, truth (dashed), spline", ylabel="curve")
        seen, truth = np.log10([self._errors(grid, noise, k) for grid in self.grids]).T
        scale.plot(np.log10(self.grids), seen, ":", color=PALETTE["vermillion"], label="on the points")
        scale.plot(np.log10(self.grids), truth, color=PALETTE["blue"], label="against the truth")
        here = np.log10(self._errors(G, noise, k)[1])
        scale.plot(np.log10(G), max(here, self.floor), "o" if here > self.floor else "v", clip_on=False,
                   color=PALETTE["blue"], ms=8)  # fmt: skip
        ticks = [2, 5, 10, 20, 50]
        scale.set(xlim=(0.2, 1.9), xticks=np.log10(ticks), xticklabels=ticks, xlabel="cells G")
        powers = range(-4, 1)
        scale.set(
            ylim=(self.floor, 0.2), yticks=powers, yticklabels=[f"$10^{{{power}}}$" for power in powers]
        )
        scale.set(title="error (both axes logarithmic)")
        scale.legend(loc="lower left", fontsize=8, handlelength=1.4)

    def _truth(self, x):
        return np.sin(6 * np.exp(0.8 * x))

    def _noisy(self, noise):
        return self._truth(self.points) + noise * self.wiggles

    def _fit(self, G, k):
        """Fit truth and noise apart: fitting is linear, so that every mixture of the two is known at once.

        Returns the two splines at the points, (2, 80), and along the curve, (2, 481).
        """
        knots = make_grid((-1, 1), G, k)
        both = np.stack([self._truth(self.points), self.wiggles], axis=1)
        coef = fit_coefficients(self.points, both, knots, k)
        return (basis(self.points, knots, k) @ coef).T, (basis(self.x, knots, k) @ coef).T

    def _errors(self, G, noise, k):
        """Return the root mean square errors on the noisy points and against the true curve."""
        mix = np.array([1.0, noise])
        on_points, on_curve = self.fit(G, k)
        seen = mix @ on_points - self._noisy(noise)
        truth = mix @ on_curve - self._truth(self.x)
        return np.sqrt(np.mean(seen**2)), np.sqrt(np.mean(truth**2))
