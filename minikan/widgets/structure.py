"""The explorables of chapter 11: who talks to whom, and networks that compute a formula."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..compiling import compile_formula
from ..diagram import plot
from ..penalties import Roughness
from ..plotting import PALETTE
from .explorer import Explorer, choice, toggle

TALKS = {  # functions of four inputs, written as `structure` writes them, and which pairs act together
    "a·(b + c) + d": (lambda a, b, c, d: (a + 1.5) * (b**2 + c) + np.sin(3 * d), "ab ac"),
    "a·b + c·d": (lambda a, b, c, d: a * np.exp(b) + c**2 * d, "ab cd"),
    "a + b + c + d": (lambda a, b, c, d: np.sin(3 * a) + b**2 + np.exp(c) - d, ""),
    "g(a + b)·c + d": (lambda a, b, c, d: np.sqrt(1.5 + a + b**2 / 2) * (c + 1.4) + np.exp(d) / 2, "ab ac bc"),
    "g(a, b) + c·d": (lambda a, b, c, d: np.sin(3 * a * b + a) + c * d / 2, "ab cd"),
}  # fmt: skip
NOISES, COUNTS = (0.0, 0.01, 0.05), (250, 500, 2000)
PAIRS = list(combinations("abcd", 2))
GAS = 0.083145  # R in 100 bar · litres per mole and 100 K


def carbon_dioxide(
    n: int, seed: int, noise: float = 0.005, low: float = 3.1, high: float = 4.5
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a gas: X (n, 2) of temperatures in 100 K and litres per mole, and pressures (n,) in 100 bar, with noise.

    Nature is played by a law of 1873 with the constants of carbon dioxide; chapter 11 finds it.
    """
    rng = np.random.default_rng(seed)
    X = np.stack([rng.uniform(low, high, n), rng.uniform(0.1, 0.5, n)], axis=1)
    T, V = X.T
    return X, GAS * T / (V - 0.04267) - 0.0364 / V**2 + noise * rng.normal(size=n)


def table_of(name: str, noise: float, n: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Sample a function of four inputs: X (n, 4), y (n,) of spread one, and what to tell `fit`."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (n, 4))
    y = TALKS[name][0](*X.T)
    y = (y - y.mean()) / y.std() + noise * rng.normal(size=n)
    return X, y, {"penalty": Roughness(noise**2 / 10)} if noise else {}


def structure_runs() -> dict[str, np.ndarray]:
    """Load the stored runs of chapter 11: from the course beside the package, or from inside the wheel."""
    package = Path(__file__).resolve().parents[1]
    places = [folder / "tutorial/data/structure.npz" for folder in (package.parent, package)]
    with np.load(next(place for place in places if place.exists())) as table:
        return dict(table)


class WhoTalks(Explorer):
    """Which of four inputs act together, as a trained network tells, beside what it cannot see."""

    description = (
        "Four inputs on a circle, joined by a line where a trained network shows that they act together; beside it the "
        "size of each mixed derivative, as a dot, and the limit below which nothing is seen, as a bar."
    )
    storyboard = (
        {"name": "a·(b + c) + d", "noise": 0.01, "n": 500},
        {"name": "a·(b + c) + d", "noise": 0.05, "n": 250},
        {"name": "a·(b + c) + d", "noise": 0.0, "n": 2000},
        {"name": "g(a + b)·c + d", "noise": 0.05, "n": 2000},
    )
    size = (7.2, 3.4)

    def __init__(self) -> None:
        self.stored = structure_runs()
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the function, the noise, the number of samples."""
        share = [("none", 0.0), ("1%", 0.01), ("5%", 0.05)]
        return {
            "name": choice("function", list(TALKS), "a·(b + c) + d"),
            "noise": choice("noise", share, 0.01),
            "n": choice("samples", list(COUNTS), 500),
        }

    def found(self, name: str, noise: float, n: int) -> tuple[np.ndarray, str, float]:
        """Look up sizes, their noise and limits (3, 6), the tree as a text, and the relative error of the network."""
        at = list(TALKS).index(name), NOISES.index(noise), COUNTS.index(n)
        return self.stored["talks"][at], str(self.stored["trees"][at]), float(self.stored["rmse"][at])

    def caption(self, name: str, noise: float, n: int) -> str:
        """Tell what is seen, what is true, and how large the error is."""
        (size, _, limit), tree, rmse = self.found(name, noise, n)
        truth = TALKS[name][1].split()
        seen = ["".join(pair) for pair, is_seen in zip(PAIRS, size > limit, strict=True) if is_seen]
        told = ", ".join(seen) or "none"
        wrong = len(set(seen) - set(truth)), len(set(truth) - set(seen))
        return (
            f"Seen: {told}; {wrong[0]} too many, {wrong[1]} missing. Built as {tree}. "
            f"Error {100 * rmse:.2g}% of the spread."
        )

    def draw(self, figure: Figure, name: str, noise: float, n: int) -> None:
        """Draw the circle of inputs, and sizes and limits of all pairs."""
        figure.subplots_adjust(wspace=0.3)
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
        (size, _, limit), _, _ = self.found(name, noise, n)
        places = dict(zip("abcd", ((-1, 1), (1, 1), (1, -1), (-1, -1)), strict=True))
        for (i, j), value, least in zip(PAIRS, size, limit, strict=True):
            ends = np.array([places[i], places[j]]).T
            if value > least:
                left.plot(*ends, color=PALETTE["blue"], linewidth=1 + 8 * min(value, 1.0), zorder=1)
        for letter, place in places.items():
            box = dict(boxstyle="circle,pad=0.35", facecolor="white", edgecolor=PALETTE["black"])
            left.text(*place, letter, ha="center", va="center", fontsize=13, bbox=box)
        left.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", title="act together")
        left.axis("off")
        rows = np.arange(6)[::-1]
        right.barh(rows, np.log10(limit) + 6, left=-6, height=0.5, color="#d5d5d5", label="not seen")
        seen = size > limit
        for at, colour, text in ((seen, PALETTE["blue"], "seen"), (~seen, PALETTE["grey"], None)):
            right.plot(np.log10(size[at]), rows[at], "o", color=colour, label=text)
        right.set(xlim=(-5, 1), ylim=(-1.4, 5.6), title="mixed derivative, scaled")
        right.set_xticks(range(-5, 2), ["10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "0.1", "1", "10"])
        right.set_yticks(rows, [f"{i} {j}" for i, j in PAIRS])
        right.legend(loc="lower right", fontsize=8, ncols=2)


FORMULAS = {
    "m v²/2 + 9.81 m h": ("m*v**2/2 + 9.81*m*h", "h m v", (0.5, 2.0)),
    "T/V": ("T/V", "T V", (0.5, 2.0)),
    "distance": ("sqrt((x - u)**2 + (y - v)**2)", "x y u v", (-1.0, 1.0)),
    "a b c": ("a*b*c", "a b c", (-1.0, 1.0)),
    "(u + v)/(1 + u v)": ("(u + v)/(1 + u*v)", "u v", (0.1, 0.9)),
    "exp(-x²/2) sin(π y)": ("exp(-x**2/2)*sin(pi*y)", "x y", (-1.0, 1.0)),
}


class Compile(Explorer):
    """A formula and the network that computes it."""

    description = (
        "A network that computes a formula: inputs below, a named function on each edge, nodes that add or multiply; "
        "or the same network with splines on its edges."
    )
    storyboard = (
        {"name": "m v²/2 + 9.81 m h", "loose": False},
        {"name": "(u + v)/(1 + u v)", "loose": False},
        {"name": "T/V", "loose": True},
    )
    size = (7.2, 4.2)

    def __init__(self) -> None:
        self.models = {}
        for name, (text, names, domain) in FORMULAS.items():
            names = names.split()
            X = np.random.default_rng(0).uniform(*domain, (100, len(names)))
            for loose in (False, True):
                self.models[name, loose] = compile_formula(text, names, domain, splines=loose), X, names
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the formula, and whether its edges are splines."""
        return {
            "name": choice("formula", list(FORMULAS), "m v²/2 + 9.81 m h"),
            "loose": toggle("splines on the edges", False),
        }

    def caption(self, name: str, loose: bool) -> str:
        """Tell edges, products and parameters."""
        model = self.models[name, loose][0]
        edges = sum(len(layer.edge_list) for layer in model.layers)
        products = sum(
            int((layer.wiring().sum(axis=1) > 1).sum()) for layer in model.layers if not layer.edge_list
        )
        said = f"{products} node{'s' * (products != 1)} that multipl{'y' if products != 1 else 'ies'}"
        return f"{edges} edges, {said}, {model.parameters.size} parameters."

    def draw(self, figure: Figure, name: str, loose: bool) -> None:
        """Draw the network."""
        model, X, names = self.models[name, loose]
        axes = figure.add_axes((0, 0, 1, 1))
        plot(model, X, inputs=names, outputs=["f"], title=name, axes=axes)
