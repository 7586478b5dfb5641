"""The explorables of chapter 09: families of curves inside and outside their domain, and curves shared by groups."""

from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ..bases import Chebyshev, Fourier, Gaussians
from ..curves import Basis
from ..kan import KAN
from ..plotting import PALETTE
from ..splines import Splines
from ..training import fit
from .explorer import Explorer, choice, slider

_GREY = PALETTE["grey"]
_COLOURS = {"splines": "blue", "Gaussians": "green", "Chebyshev": "vermillion", "Fourier": "purple"}
FEWEST = {"splines": 4, "Gaussians": 8, "Chebyshev": 2, "Fourier": 4}  # features of the smallest basis


def family(name: str, size: int) -> Basis:
    """Make a basis of a family on [-1, 1] with `size` features, or one fewer (Fourier), without a base function."""
    if name == "splines":
        return Splines.on([(-1, 1)], size - 3, 3, None)
    return {
        "Gaussians": lambda: Gaussians((-1, 1), size - 7),
        "Chebyshev": lambda: Chebyshev((-1, 1), size - 1),
        "Fourier": lambda: Fourier((-1, 1), size // 2 - 1),
    }[name]()


def own_formula(basis: Basis, x: np.ndarray) -> np.ndarray:
    """Evaluate features at x (n,) by their formulas, outside [-1, 1], too, where splines are zero: (m, n)."""
    if isinstance(basis, Splines):
        return basis.features(x[None].clip(-1, 1)).matrix() * (np.abs(x) <= 1)
    return basis.functions(x, 0)


TARGETS = {
    "a bell": lambda x: np.exp(-8 * (x - 0.2) ** 2),
    "a wave": lambda x: 0.5 * np.sin(3 * np.pi * x + 1),
    "a corner": lambda x: np.abs(x - 0.3) - 0.5,
    "a step": lambda x: 0.5 * np.tanh(25 * (x + 0.1)),
}


class Families(Explorer):
    """One curve, fitted by each family: inside, outside, and the error over the number of features."""

    description = (
        "A curve fitted by one of four families: within the domain, beyond it as a straight line and by the "
        "family's own formula, and the errors of all four over the number of features."
    )
    storyboard = (
        {"target": "a bell", "name": "Chebyshev", "size": 12},
        {"target": "a wave", "name": "Fourier", "size": 12},
        {"target": "a corner", "name": "Chebyshev", "size": 24},
        {"target": "a step", "name": "Fourier", "size": 24},
    )
    size = (7.2, 3.3)
    sizes = range(8, 41, 2)
    x = np.linspace(-1, 1, 801)
    wide = np.linspace(-1.5, 1.5, 601)

    def __init__(self) -> None:
        bases = {(name, size): family(name, size) for name in _COLOURS for size in self.sizes}
        matrices = {key: basis.features(self.x[None]).matrix().T for key, basis in bases.items()}
        self.errors, self.curves = {}, {}
        for target, f in TARGETS.items():
            for key, matrix in matrices.items():
                weights = np.linalg.lstsq(matrix[::2], f(self.x[::2]), rcond=None)[0]
                self.errors[target, *key] = np.sqrt(np.mean((matrix @ weights - f(self.x)) ** 2))
                self.curves[target, *key] = weights
        self.bases = bases
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the curve to be fitted, the family, and its number of features."""
        return {
            "target": choice("the curve", list(TARGETS), "a bell"),
            "name": choice("family", list(_COLOURS), "Chebyshev"),
            "size": slider("features", self.sizes[0], self.sizes[-1], 12, 2),
        }

    def caption(self, target: str, name: str, size: int) -> str:
        """Tell the error of this family, and which of the four has the least."""
        found = {each: self.errors[target, each, size] for each in _COLOURS}
        best = min(found, key=found.__getitem__)
        least = f"the least is that of {best}, {found[best]:.0e}"
        return f"{name}, {size} features: error {found[name]:.0e} inside; {least}."

    def draw(self, figure: Figure, target: str, name: str, size: int) -> None:
        """Draw the curve and its fit, both continuations, and the errors of all families."""
        figure.subplots_adjust(wspace=0.28)
        left, right = figure.subplots(1, 2)
        basis, weights = self.bases[name, size], self.curves[target, name, size]
        colour = PALETTE[_COLOURS[name]]
        left.axvspan(-1, 1, color=_GREY, alpha=0.12, linewidth=0)
        left.plot(
            self.wide, TARGETS[target](self.wide), color=_GREY, linewidth=3, alpha=0.5, label="the curve"
        )
        left.plot(
            self.wide, own_formula(basis, self.wide).T @ weights, ":", color=colour, label="own formula"
        )
        left.plot(
            self.wide, basis.features(self.wide[None]).matrix().T @ weights, color=colour, label="straight"
        )
        left.set(xlim=(-1.5, 1.5), ylim=(-1.6, 2.2), xlabel="x", title=f"{name}, {size} features")
        left.set_xticks([-1, 0, 1])
        left.set_yticks([-1, 0, 1])
        left.legend(loc="upper center", ncols=3, fontsize=8, handlelength=1.4, columnspacing=1.0)
        for each, hue in _COLOURS.items():
            line = np.log10([self.errors[target, each, m] for m in self.sizes])
            right.plot(self.sizes, line, color=PALETTE[hue], linewidth=2.4 if each == name else 1.2)
            right.text(
                0.03,
                0.5 - 0.07 * list(_COLOURS).index(each),
                each,
                color=PALETTE[hue],
                transform=right.transAxes,
            )
        right.plot(size, np.log10(self.errors[target, name, size]), "o", color=colour, markersize=8)
        right.set(xlim=(6, 42), ylim=(-16.5, 0.5), xlabel="features", title="error inside (RMSE)")
        right.set_xticks([10, 20, 30, 40])
        right.set_yticks([-15, -10, -5, 0], ["1e-15", "1e-10", "1e-5", "1"])


def kinds(X: np.ndarray) -> np.ndarray:
    """Three pairs of inputs, each pair with one kind of curve: X (n, 6) → (n,)."""
    waves = -np.sin(np.pi * X[:, 0]) + 0.7 * np.sin(np.pi * X[:, 1])
    bowls = X[:, 2] ** 2 + X[:, 3] ** 2
    steps = 0.3 * np.tanh(3 * X[:, 4]) - 0.5 * np.tanh(3 * X[:, 5])
    return np.exp(waves / 2 + bowls / 3 + steps)


def loners(X: np.ndarray) -> np.ndarray:
    """Six inputs, each with a curve of its own kind: X (n, 6) → (n,)."""
    a, b, c, d, e, f = X.T
    curves = [np.sin(np.pi * a), b**2, np.tanh(3 * c), np.exp(d), np.abs(e), np.cos(4 * f)]
    return np.exp(sum(curves) / 4)


def dealt(count: int) -> list[np.ndarray]:
    """Deal the 6 · 4 edges of the first layer to `count` groups, input by input; those above stay alone."""
    return [(np.arange(24) * count // 24).reshape(6, 4), np.arange(4).reshape(4, 1)]


class Groups(Explorer):
    """A network [6, 4, 1] whose 24 first edges share ever fewer curves."""

    description = (
        "The 24 first curves of a network [6, 4, 1], coloured by the curve they share, and its test error over "
        "the number of shared curves: sharing is free as long as edges share that are alike."
    )
    storyboard = (
        {"target": "three kinds", "step": 0},
        {"target": "three kinds", "step": 3},
        {"target": "three kinds", "step": 4},
        {"target": "six kinds", "step": 3},
    )
    size = (7.2, 3.3)
    counts = (24, 12, 6, 3, 2, 1)
    targets = {"three kinds": kinds, "six kinds": loners}
    t = np.linspace(-0.98, 0.98, 41)

    def __init__(self) -> None:
        self.runs = {
            (name, count): self._learn(f, count) for name, f in self.targets.items() for count in self.counts
        }
        super().__init__()

    def _learn(self, f, count):
        """Train one network: its first curves (4, 6, 41), its test error in units of the spread, its size."""
        rng = np.random.default_rng(1)
        X, X_test = rng.uniform(-1, 1, (300, 6)), rng.uniform(-1, 1, (2000, 6))
        model, unseen = KAN([6, 4, 1], seed=0, groups=dealt(count)), f(X_test)
        fit(model, X, f(X), steps=25, update_grid=True, progress=False)
        curves = model.layers[0].edges(np.tile(self.t, (6, 1)))
        error = np.sqrt(np.mean((model(X_test)[:, 0] - unseen) ** 2)) / unseen.std()
        return curves - curves.mean(axis=2, keepdims=True), error, model.parameters.size

    def controls(self) -> dict[str, Any]:
        """Make the controls: what is learned, and how many curves the first layer has."""
        last = len(self.counts) - 1
        return {
            "target": choice("the function has", list(self.targets), "three kinds"),
            "step": slider(
                "share more", 0, last, 3, words=lambda k: f"curves in the first layer: {self.counts[k]}"
            ),
        }

    def caption(self, target: str, step: int) -> str:
        """Tell curves, parameters and error."""
        _, error, size = self.runs[target, self.counts[step]]
        return f"24 edges share {self.counts[step]} curves: {size} parameters, test error {error:.1g} of the spread."

    def draw(self, figure: Figure, target: str, step: int) -> None:
        """Draw the first layer's curves, a row for each input, and the errors over the number of curves."""
        figure.subplots_adjust(wspace=0.3)
        left, right = figure.subplots(1, 2)
        count = self.counts[step]
        curves, error, _ = self.runs[target, count]
        groups, hues = dealt(count)[0], list(PALETTE.values())[1:7]
        curves = 0.45 * curves / max(np.abs(curves).max(), 1e-12)
        edges = [(i, j) for i in range(6) for j in range(4)]
        lines = [np.column_stack([j + 0.4 * self.t, curves[j, i] - i]) for i, j in edges]
        colours = [hues[groups[i, j] % len(hues)] for i, j in edges]
        left.add_collection(LineCollection(lines, colors=colours, linewidths=1.6), autolim=False)
        left.set(
            xlim=(-0.6, 3.6),
            ylim=(-5.6, 0.6),
            xlabel="to hidden node",
            title="edges, coloured by their curve",
        )
        left.set_xticks(range(4), range(1, 5))
        left.set_yticks(range(0, -6, -1), ["x₁", "x₂", "x₃", "x₄", "x₅", "x₆"])
        places = np.arange(len(self.counts))
        for name in self.targets:
            line = np.log10([self.runs[name, each][1] for each in self.counts])
            chosen = name == target
            colour = PALETTE["blue"] if chosen else _GREY
            right.plot(places, line, "o-" if chosen else "o:", color=colour)
            right.text(
                0.04,
                0.93 - 0.08 * list(self.targets).index(name),
                name,
                color=colour,
                transform=right.transAxes,
            )
        right.plot(step, np.log10(error), "o", color=PALETTE["vermillion"], markersize=9)
        right.set(
            xlim=(-0.4, 5.4),
            ylim=(-2.6, 0.3),
            xlabel="curves in the first layer",
            title="test error / spread",
        )
        right.set_xticks(places, self.counts)
        right.set_yticks([-2, -1, 0], ["0.01", "0.1", "1"])
