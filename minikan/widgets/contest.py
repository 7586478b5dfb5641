"""The explorables of chapter 08: what was learned and forgotten, and who won which race."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..kan import KAN
from ..mlp import MLP
from ..penalties import Roughness
from ..plotting import PALETTE
from ..training import fit
from .explorer import Explorer, choice, slider, toggle

CENTRES = np.linspace(-0.8, 0.8, 5)
_HELPER = {"color": PALETTE["grey"], "linewidth": 1.2}


def peaks(x: np.ndarray) -> np.ndarray:
    """Evaluate the paper's five peaks at x (n,)."""
    return np.exp(-300 * (x[:, None] - CENTRES) ** 2).sum(axis=1)


class Forgetting(Explorer):
    """Five peaks come one after the other: which are still there?"""

    description = (
        "Five peaks are learned one after the other, each from samples of its own: the curve of a network "
        "after each lesson, beside all five peaks."
    )
    storyboard = (
        {"lesson": 5, "family": "splines"},
        {"lesson": 2, "family": "silu"},
        {"lesson": 5, "family": "hidden"},
        {"lesson": 5, "family": "mlp"},
    )
    size = (7.0, 3.1)
    x = np.linspace(-1, 1, 1001)

    def __init__(self) -> None:
        families = {
            "splines": (KAN([1, 1], grid=200, noise=0, base=None), 10),
            "silu": (KAN([1, 1], grid=200, noise=0), 10),
            "hidden": (KAN([1, 5, 1], grid=40, base=None, seed=1), 20),
            "mlp": (MLP([1, 33, 1], activation="tanh"), 40),
        }
        for name in ("splines", "silu"):
            families[name][0].parameters[:] = 0
        self.curves = {name: self._lessons(*family) for name, family in families.items()}
        super().__init__()

    def _lessons(self, model, steps):
        """Teach peak by peak; return the curve after each, (5, points)."""
        curves, alone = [], Roughness(0) if isinstance(model, KAN) else None
        for centre in CENTRES:
            x = np.linspace(centre - 0.2, centre + 0.2, 100)
            fit(model, x[:, None], peaks(x), steps=steps, penalty=alone, progress=False)
            curves.append(model(self.x[:, None])[:, 0])
        return np.array(curves)

    def controls(self) -> dict[str, Any]:
        """Make the controls: how many lessons are over, and the network."""
        names = [
            ("splines alone", "splines"),
            ("splines and silu", "silu"),
            ("KAN [1, 5, 1]", "hidden"),
            ("MLP [1, 33, 1]", "mlp"),
        ]
        return {"lesson": slider("lessons so far", 1, 5, 3), "family": choice("network", names, "splines")}

    def caption(self, lesson: int, family: str) -> str:
        """Tell the errors on what was learned last, and on what was learned before."""
        wrong = (self.curves[family][lesson - 1] - peaks(self.x)) ** 2
        last, left = abs(self.x - CENTRES[lesson - 1]) <= 0.2, self.x < CENTRES[lesson - 1] - 0.2
        text = f"Error (RMSE) on the last peak: {np.sqrt(wrong[last].mean()):.1e}"
        if lesson == 1:
            return text + "; nothing was learned before it."
        return text + f", on what was learned before: {np.sqrt(wrong[left].mean()):.1e}."

    def draw(self, figure: Figure, lesson: int, family: str) -> None:
        """Draw all peaks, the curve, and where the last samples were."""
        axes = figure.subplots()
        axes.plot(self.x, peaks(self.x), ":", **_HELPER)
        colour = PALETTE["vermillion"] if family == "mlp" else PALETTE["blue"]
        axes.plot(self.x, self.curves[family][lesson - 1], color=colour)
        axes.axvspan(CENTRES[lesson - 1] - 0.2, CENTRES[lesson - 1] + 0.2, color=PALETTE["amber"], alpha=0.2)
        axes.text(CENTRES[lesson - 1], 1.42, "last samples", ha="center", color=PALETTE["grey"])
        axes.set(xlim=(-1, 1), ylim=(-0.7, 1.6), xlabel="x")
        axes.text(-0.97, -0.6, "dotted: all five peaks", color=PALETTE["grey"])


def race_table() -> dict[str, np.ndarray]:
    """Load the stored race of chapter 08: from the course beside the package, or from inside the wheel."""
    package = Path(__file__).resolve().parents[1]
    places = [folder / "tutorial/data/kan_or_mlp.npz" for folder in (package.parent, package)]
    with np.load(next(place for place in places if place.exists())) as table:
        return dict(table)


class Race(Explorer):
    """Stored trainings of KANs and MLPs on several tasks: all of them, and those that validation chose."""

    description = (
        "Test errors of KANs and MLPs on six tasks, five draws each: of all sizes or of some, with and without "
        "noise in what they learn from; the training that validation chose is marked."
    )
    storyboard = (
        {"task": "composition", "size": -1, "noise": True},
        {"task": "10 bent inputs", "size": 3, "noise": False},
        {"task": "digits", "size": -1, "noise": False},
        {"task": "diabetes", "size": -1, "noise": False},
    )
    size = (7.0, 3.1)
    tasks = ("composition", "10 bent inputs", "jump", "20 directions", "digits", "diabetes")

    def __init__(self) -> None:
        self.table = race_table()
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the task, which sizes run, and noise."""
        quarters = ("the smallest", "small ones", "large ones", "the largest")  # by their parameters
        sizes = [("all, validation chooses", -1), *((name, i) for i, name in enumerate(quarters))]
        return {
            "task": choice("task", list(self.tasks), "composition"),
            "size": choice("sizes", sizes, -1),
            "noise": toggle("noise in the samples", False, words=lambda on: "noise" if on else "no noise"),
        }

    def _rows(self, task, size, noise):
        """Collect for each family that runs: its name, test errors (draws, trainings) and the chosen (draws,)."""
        name = f"{task} + noise" if noise and f"{task} + noise" in self.table["tasks"] else task
        at = list(self.table["tasks"]).index(name)
        for row, family in enumerate(self.table["families"]):
            parameters, validation, test = (
                self.table[each][at, row] for each in ("parameters", "validation", "test")
            )
            ran = np.flatnonzero(~np.isnan(test).any(axis=0))
            if len(ran):
                rising = ran[np.argsort(parameters[0, ran], kind="stable")]  # from few parameters to many
                some = ran if size < 0 else np.array_split(rising, 4)[size]
                chosen = validation[:, some].argmin(axis=1)[:, None]
                yield str(family), test[:, some], np.take_along_axis(test[:, some], chosen, axis=1)[:, 0]

    def caption(self, task: str, size: int, noise: bool) -> str:
        """Tell the median error of each family."""
        rows = list(self._rows(task, size, noise))
        text = "Median of five draws: " + ", ".join(
            f"{name} {np.median(chosen):.2g}" for name, _, chosen in rows
        )
        real = task in ("digits", "diabetes")
        return text + ("; to this table no noise was added." if real and noise else ".")

    def draw(self, figure: Figure, task: str, size: int, noise: bool) -> None:
        """Draw every training as a stroke, the chosen ones as dots, a row for each family that runs."""
        axes = figure.subplots()
        colours = {"KAN, shape known": "green", "KAN": "blue", "MLP": "vermillion"}
        rows = list(self._rows(task, size, noise))[::-1]
        heights = np.arange(len(rows)) + (3 - len(rows)) / 2  # two rows stand in the middle
        for row, (name, test, chosen) in enumerate(rows):
            colour, at = PALETTE[colours[name]], heights[row]
            axes.plot(np.log10(test.ravel()), np.full(test.size, at - 0.14), "|", color=colour, alpha=0.6)
            axes.plot(np.log10(chosen), np.full(len(chosen), at + 0.1), "o", color=colour, markersize=7)
        axes.set(xlim=(-7, 0.6), ylim=(-0.6, 2.6))
        axes.set_title("test error: dots were chosen, strokes are all trainings")
        axes.set_yticks(heights, [name.replace(", shape ", ",\n") for name, *_ in rows])
        axes.set_xticks([-6, -4, -2, 0], ["1e-6", "1e-4", "1e-2", "1"])
