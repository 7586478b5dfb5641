"""The explorables of chapter 06: a penalty and a threshold, and the diagram of a network in every state."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..diagram import plot
from ..grids import refine
from ..kan import KAN
from ..plotting import PALETTE
from ..problems import PROBLEMS
from ..pruning import prune
from ..sparsity import attribute
from ..training import fit
from .explorer import Explorer, choice, slider

_N = 300


def samples(function: Callable, n_in: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Draw samples to learn from and to test with: X, y, X, y."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.uniform(-1, 1, (_N, n_in)), rng.uniform(-1, 1, (_N, n_in))
    return X, function(X), X_test, function(X_test)


def _two_of_four(X):
    return X[:, 0] ** 2 + np.sin(3 * X[:, 2])


class PruningDial(Explorer):
    """Networks trained under ever stronger penalties, and a threshold below which edges are cut off."""

    description = (
        "Scores of the fifteen edges of a network [2, 5, 1], trained under a penalty of strength λ, and a "
        "threshold: edges below it are cut off; and the error, before and after the cut."
    )
    storyboard = (
        {"strength": 0, "threshold": -0.5},
        {"strength": 3, "threshold": -2.0},
        {"strength": 4, "threshold": -2.0},
        {"strength": 4, "threshold": 0.0},
    )
    size = (7.0, 3.1)
    strengths: tuple[float, ...] = (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    names = ("0", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "0.1")
    thresholds = np.arange(-4.0, 0.01, 0.5)
    seed = 0  # of the start

    def __init__(self) -> None:
        X, y, X_test, y_test = samples(PROBLEMS["exp_sin"], 2)
        self.scores, self.errors, self.cut = [], [], []
        for strength in self.strengths:
            model = KAN([2, 5, 1], grid=5, seed=self.seed)
            fit(model, X, y, steps=30, sparsity=strength, update_grid=True, progress=False)
            scores = attribute(model, X)
            self.scores.append(np.sort(np.concatenate([edge.ravel() for edge in scores.edges]))[::-1])
            self.errors.append(_rmse(model, X_test, y_test))
            self.cut.append([self._after(model, 10.0**t, X, X_test, y_test) for t in self.thresholds])
        super().__init__()

    @staticmethod
    def _after(model, threshold, X, X_test, y_test):
        """Prune: edges that are left, hidden nodes that are left, and the error without any retraining."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that an output keeps its strongest path is told in the chapter
            smaller = prune(model, X, threshold=threshold, verbose=False)
        edges = sum(len(layer.edge_list) for layer in smaller.layers)
        return edges, smaller.widths[1], _rmse(smaller, X_test, y_test)

    def controls(self) -> dict[str, Any]:
        """Make the controls: the strength of the penalty, and the threshold."""
        names = [(name, k) for k, name in enumerate(self.names)]
        return {
            "strength": choice("penalty λ", names, 3, lambda k: f"penalty λ = {self.names[k]}"),
            "threshold": slider(
                "log₁₀ of the threshold", -4.0, 0.0, -2.0, 0.5, lambda t: f"threshold {10**t:.2g}"
            ),
        }

    def caption(self, strength: int, threshold: float) -> str:
        """Tell what is left, and the errors."""
        edges, hidden, after = self._outcome(strength, threshold)
        before = self.errors[strength]
        above = np.count_nonzero(self.scores[strength] > 10.0**threshold)
        why = "; what leads nowhere goes, too" if edges < above else ""
        why = ", its strongest path" if edges > above else why
        left = f"What remains: [2, {hidden}, 1] with {edges} edges{why}."
        return f"{left} Error {before:.2g} before, {after:.2g} after the cut."

    def _outcome(self, strength, threshold):
        return self.cut[strength][int(np.abs(self.thresholds - threshold).argmin())]

    def draw(self, figure: Figure, strength: int, threshold: float) -> None:
        """Draw the scores with the threshold, and the errors for all strengths."""
        figure.subplots_adjust(wspace=0.3)
        bars, errors = figure.subplots(1, 2)
        low, scores = 1e-6, np.maximum(self.scores[strength], 1e-6)
        colours = [PALETTE["blue" if score > 10.0**threshold else "grey"] for score in self.scores[strength]]
        bars.bar(np.arange(1, 16), scores - low, bottom=low, color=colours)
        bars.axhline(10.0**threshold, color=PALETTE["vermillion"], linewidth=2)
        bars.set(yscale="log", xlim=(0.2, 15.8), ylim=(low, 4), xlabel="edge, the largest first")
        bars.set_title("scores, blue above the threshold")
        bars.set_xticks([1, 5, 10, 15])
        places = np.arange(len(self.strengths))
        after = [self._outcome(k, threshold)[2] for k in places]
        errors.semilogy(
            places, self.errors, "s:", color=PALETTE["black"], label="before the cut", markersize=4
        )
        errors.semilogy(places, after, color=PALETTE["blue"], label="after the cut")
        errors.semilogy(strength, after[strength], "o", color=PALETTE["blue"], markersize=8)
        errors.set(ylim=(1e-4, 20), xlabel="penalty λ", title="error on unseen samples")
        errors.set_xticks(places, self.names, fontsize=9)
        errors.legend(loc="upper left", ncols=2, fontsize=8)
        for axes in (bars, errors):
            axes.minorticks_off()  # half of the time of a picture


class NetworkDiagram(Explorer):
    """Networks as pictures: what they have learned, on every edge, in four states."""

    description = (
        "A network, inputs below, output above, on each edge its curve; the darker an edge, the "
        "more it moves the node above it. Trained plainly, under a penalty, pruned, and refined."
    )
    storyboard = (
        {"target": "product", "state": 2},
        {"target": "two of four", "state": 2},
        {"target": "exp", "state": 2},
        {"target": "exp", "state": 3},
    )
    size = (7.0, 3.4)
    states = ("trained plainly", "trained under a penalty", "pruned", "refined, trained again")
    targets = {
        "exp": ("exp(sin πx + y²)", PROBLEMS["exp_sin"], [2, 5, 1], 1e-3),
        "product": ("x · y", PROBLEMS["xy"], [2, 5, 1], 1e-3),
        "two of four": ("x₁² + sin 3x₃, four inputs", _two_of_four, [4, 3, 1], 1e-2),
    }
    frame = {"xlim": (-6.2, 6.2), "ylim": (-0.85, 5.17)}  # room for twelve panels, which keep their size

    def __init__(self) -> None:
        self.models = {name: self._train(*target[1:]) for name, target in self.targets.items()}
        super().__init__()

    def _train(self, function, widths, strength):
        """Make a network in four states: (model, samples, error of each)."""
        X, y, X_test, y_test = samples(function, widths[0])
        plain, sparse = (KAN(widths, grid=4, seed=0) for _ in range(2))
        fit(plain, X, y, steps=15, update_grid=True, progress=False)
        fit(sparse, X, y, steps=25, sparsity=strength, update_grid=True, progress=False)
        pruned = prune(sparse, X, verbose=False)
        again = refine(pruned, 12)
        fit(again, X, y, steps=15, update_grid=True, progress=False)
        return [(model, X[:150], _rmse(model, X_test, y_test)) for model in (plain, sparse, pruned, again)]

    def controls(self) -> dict[str, Any]:
        """Make the controls: the function that was learned, and the state of the network."""
        names = [(label, name) for name, (label, *_) in self.targets.items()]
        return {
            "target": choice("learned", names, "exp", lambda name: f"learned: {self.targets[name][0]}"),
            "state": choice(
                "network", [(label, k) for k, label in enumerate(self.states)], 1, lambda k: self.states[k]
            ),
        }

    def caption(self, target: str, state: int) -> str:
        """Tell shape and error."""
        model, _, error = self.models[target][state]
        return f"Shape {model.widths}, error on unseen samples {error:.2g}."

    def draw(self, figure: Figure, target: str, state: int) -> None:
        """Draw the diagram."""
        model, X, _ = self.models[target][state]
        axes = figure.add_axes((0, 0, 1, 1))
        letters = ["x", "y"] if X.shape[1] == 2 else ["x₁", "x₂", "x₃", "x₄"]
        plot(model, X, inputs=letters, outputs=["f"], axes=axes)
        axes.set(**self.frame)


def _rmse(model, X, y):
    return float(np.sqrt(np.mean((model(X)[:, 0] - y) ** 2)))
