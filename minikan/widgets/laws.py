"""The explorables of chapter 12: a front of laws to pick from, and how sure one can be of a law."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..kan import KAN
from ..penalties import Roughness
from ..plotting import PALETTE
from ..training import fit
from .explorer import Explorer, choice, slider

_GREY = PALETTE["grey"]
NOISES, COUNTS, DRAWS = (0.1, 0.5, 2.0), (15, 30, 60, 120), 10
MINUTES = np.linspace(0, 60, 61)
FUNCTIONS = ["x", "x^2", "1/x", "sqrt", "exp", "log", "tanh", "arctan", "gaussian"]
FRONTS = ("pendulum", "spectrum", "string")
TIMES = np.linspace(0, 20, 401)  # of the pendulum, measured up to 12
STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3)  # of roughness
_SUN, _JUPITER, _SATURN, _URANUS = 1.9885e30, 1.89813e27, 5.6832e26, 8.6811e25  # kg
WORLDS = """Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune Pluto
Io Europa Ganymede Callisto Amalthea Himalia
Mimas Enceladus Tethys Dione Rhea Titan Hyperion Iapetus
Miranda Ariel Umbriel Titania Oberon"""
# Semi-major axes in 10⁶ km for the Sun, in 10³ km for planets, and sidereal periods in days.
_TABLE = {
    _SUN: """57.909 87.969  108.210 224.701  149.598 365.256  227.956 686.980  778.479 4332.589
    1432.041 10759.22  2867.043 30685.4  4514.953 60189.0  5869.656 90560.0""",
    _JUPITER: """421.8 1.769138  671.1 3.551181  1070.4 7.154553  1882.7 16.689017  181.4 0.498179
    11461 250.56""",
    _SATURN: """185.52 0.942422  238.02 1.370218  294.66 1.887802  377.40 2.736915  527.04 4.517500
    1221.83 15.945421  1481.1 21.276609  3561.3 79.330183""",
    _URANUS: "129.39 1.413479  191.02 2.520379  266.30 4.144177  435.91 8.705872  583.52 13.463239",
}


def worlds() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the table of 28 worlds: distance (m), mass of the centre (kg), letters of the name; periods (s); names.

    From NASA's fact sheets of the planets and of their satellites. The last column does not matter.
    """
    names, rows = WORLDS.split(), []
    for mass, text in _TABLE.items():
        unit = 1e9 if mass == _SUN else 1e6
        for a, days in np.array(text.split(), dtype=float).reshape(-1, 2):
            rows.append((a * unit, mass, len(names[len(rows)]), days * 86400))
    table = np.array(rows)
    return table[:, :3], table[:, 3], names


def cooling(t: ArrayLike) -> np.ndarray:
    """Compute the temperature of a cup of coffee, in °C, t minutes after it was poured."""
    return 21.3 + 61.4 * np.exp(-np.asarray(t) / 13.7)


def coffee(n: int, noise: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw n readings within half an hour: times (n,) in minutes, temperatures (n,) in °C with noise."""
    rng = np.random.default_rng([n, int(1000 * noise), draw])
    t = np.sort(rng.uniform(0, 30, n))
    return t, cooling(t) + noise * rng.standard_normal(n)


def swing(acceleration: Any, x: float, v: float, times: np.ndarray) -> np.ndarray:
    """Integrate x″ = acceleration(x, v) by Runge and Kutta's method of order 4; return x and v at times, (m, 2)."""
    state, path = np.array([x, v], dtype=float), []
    rate = lambda s: np.array([s[1], acceleration(*s)])  # noqa: E731
    for h in np.diff(times, prepend=times[0]):
        one = rate(state)
        two = rate(state + h / 2 * one)
        three = rate(state + h / 2 * two)
        state = state + h / 6 * (one + 2 * two + 2 * three + rate(state + h * three))
        path.append(state)
    return np.array(path)


def pulled(x: Any, v: Any) -> Any:
    """Compute the acceleration of the pendulum, in rad/s²."""
    return -9 * np.sin(x) - 0.3 * v


def pendulum(noise: float, seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Measure a pendulum with drag, x″ = -9 sin x - 0.3 x′, from 2.5 rad: times (n,) in s and noisy angles (n,)."""
    t = np.linspace(0, 12, n)
    x = swing(pulled, 2.5, 0.0, np.linspace(0, 12, 4 * n - 3))[::4, 0]
    return t, x + noise * np.random.default_rng(seed).standard_normal(n)


def smooth(t: np.ndarray, x: np.ndarray) -> KAN:
    """Fit a spline of order 5 to readings x (n,); every fourth of them chooses its roughness, then all are used."""
    rest, errors = np.arange(len(t)) % 4 != 1, []
    for strength in STRENGTHS:
        model = spline(t[rest], x[rest], strength)
        errors.append(np.mean((model(t[~rest, None])[:, 0] - x[~rest]) ** 2))
    return spline(t, x, STRENGTHS[int(np.argmin(errors))])


def spline(t: np.ndarray, x: np.ndarray, strength: float) -> KAN:
    """Fit a spline of order 5 to readings x (n,) from 0 to 12 s, with a penalty on its roughness."""
    model = KAN([1, 1], grid=60, order=5, domain=(0, 12), base=None)
    fit(model, t[:, None], x, penalty=Roughness(strength), steps=20, progress=False)
    return model


def spectrum(seed: int, n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Compute Planck's spectrum at 5772 K, with noise of 1% of its top.

    Frequencies are in THz (n,), spectral radiances in nW / (m² sr Hz).
    """
    rng = np.random.default_rng(seed)
    f = np.sort(rng.uniform(50, 1200, n))
    y = planck(f, 5772.0)
    return f, y + 0.01 * y.max() * rng.standard_normal(n)


def planck(f: np.ndarray, T: Any) -> np.ndarray:
    """Evaluate Planck's law for frequencies in THz and temperatures in K, in nW / (m² sr Hz)."""
    h, k, c = 6.62607015e-34, 1.380649e-23, 2.99792458e8
    return 1e9 * 2 * h * (1e12 * f) ** 3 / c**2 / np.expm1(h * 1e12 * f / (k * T))


def string(seed: int, n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Measure a damped string: times (n,) in s, deflections (n,) in mm with noise."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.uniform(0, 1, n))
    return t, 30 * np.exp(-1.7 * t) * np.cos(23 * t) + 0.5 * rng.standard_normal(n)


def beyond(name: str) -> np.ndarray:
    """Return places at which the curves of a front are drawn, half as far again as was measured (m,)."""
    return {"pendulum": TIMES, "spectrum": np.linspace(20, 1800, 357), "string": np.linspace(0, 1.5, 301)}[
        name
    ]


TABLES = {  # of the explorable: its name, the end of what was measured, axes
    "pendulum": ("a pendulum's x(t)", 12.0, "t over 12 s", "x over its largest reading"),
    "spectrum": ("light of the Sun", 1200.0, "f over 1200 THz", "radiance over its largest reading"),
    "string": ("a damped string", 1.0, "t over 1 s", "x over its largest reading"),
}
MOST = 5  # laws of a front that can be picked


class Front(Explorer):
    """Errors over complexity for the laws of a table; pick one, and see it inside the table and beyond."""

    description = (
        "Errors of the laws of a front over their complexity, in training and held out, and the curve of the "
        "law that is picked, beside the readings and beyond them."
    )
    storyboard = (
        {"table": "pendulum", "law": 3},
        {"table": "pendulum", "law": 5},
        {"table": "spectrum", "law": 2},
        {"table": "string", "law": 3},
    )
    size = (7.2, 3.2)

    def __init__(self) -> None:
        stored = law_runs()
        self.fronts = {}
        for name in FRONTS:
            key = "pendulum_0" if name == "pendulum" else name
            parts = ("complexity", "training", "held", "text", "curve", "best")
            self.fronts[name] = {part: stored[f"{key}_{part}"] for part in parts}
        self.readings = {"pendulum": pendulum(0.005, 0), "spectrum": spectrum(0), "string": string(0)}
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: the table and the law."""
        return {
            "table": choice("table", [(said, name) for name, (said, *_) in TABLES.items()], "pendulum"),
            "law": slider("law (1: simplest)", 1, MOST, 3),
        }

    def pick(self, table: str, law: int) -> int:
        """Find the place of the law; a front may have fewer than the slider."""
        return min(law, len(self.fronts[table]["text"])) - 1

    def caption(self, table: str, law: int) -> str:
        """Tell the law, and whether it is the one that the search recommends."""
        front, k = self.fronts[table], self.pick(table, law)
        words = ", recommended" if k == front["best"] else ""
        text = str(front["text"][k])
        text = text if len(text) < 66 else text[:63] + "..."
        return f"Law {k + 1} of {len(front['text'])}{words}: {text}"

    def draw(self, figure: Figure, table: str, law: int) -> None:
        """Draw the front, and the curve of a law."""
        figure.subplots_adjust(wspace=0.25)
        left, right = figure.subplots(1, 2)
        front, k = self.fronts[table], self.pick(table, law)
        x = front["complexity"]
        left.semilogy(
            x, front["training"] / front["training"][0], "o-", color=PALETTE["blue"], label="training"
        )
        left.semilogy(
            x, front["held"] / front["training"][0], "s--", color=PALETTE["amber"], label="held out"
        )
        left.plot(
            x[k], front["training"][k] / front["training"][0], "o", color=PALETTE["vermillion"], markersize=11
        )
        best = front["best"]
        left.plot(x[best], 0.0045, "^", color=PALETTE["black"], label="recommended")
        left.set(xlim=(0, 16), ylim=(3e-3, 3), xlabel="complexity", title="error, the simplest law's = 1")
        left.legend(loc="upper right", fontsize=8)
        _, end, xlabel, ylabel = TABLES[table]
        t, y = self.readings[table]
        size = np.abs(y).max()
        curve = front["curve"][k] / size
        there = np.isfinite(curve)  # a law may end
        right.plot(t / end, y / size, ".", color=_GREY, markersize=3, label="readings")
        right.plot(beyond(table)[there] / end, curve[there], color=PALETTE["vermillion"], label="the law")
        right.axvline(1, color=PALETTE["black"], linestyle=":", linewidth=1)
        right.set(xlim=(0, 1.7), ylim=(-1.6, 1.6), xlabel=xlabel, title=ylabel)
        right.legend(loc="upper right", fontsize=8)


class HowSure(Explorer):
    """A cup that cools: readings, the law that was found with its interval, and the share of right forms."""

    description = (
        "Readings of a cup that cools, the law that a search found with its interval up to twice the time that was "
        "measured, and the share of right forms over the number of readings."
    )
    storyboard = (
        {"noise": 0.5, "n": 15, "draw": 1},
        {"noise": 0.5, "n": 120, "draw": 1},
        {"noise": 2.0, "n": 30, "draw": 1},
        {"noise": 0.1, "n": 60, "draw": 1},
    )
    size = (7.2, 3.2)

    def __init__(self) -> None:
        self.stored = law_runs()
        super().__init__()

    def controls(self) -> dict[str, Any]:
        """Make the controls: noise, number of readings, and the draw."""
        return {
            "noise": choice("noise in °C", list(NOISES), 0.5),
            "n": choice("readings", list(COUNTS), 15),
            "draw": slider("draw", 1, DRAWS, 1),
        }

    def place(self, noise: float, n: int, draw: int) -> tuple[int, int, int]:
        """Find the run in the stored arrays."""
        return NOISES.index(noise), COUNTS.index(n), draw - 1

    def caption(self, noise: float, n: int, draw: int) -> str:
        """Tell the law, whether its form is right, and what it says for an hour."""
        at = self.place(noise, n, draw)
        right = "right" if self.stored["coffee_right"][at] else "wrong"
        last, reach = self.stored["coffee_curve"][at][-1], self.stored["coffee_reach"][at][-1]
        text = self.stored["coffee_text"][at]
        return f"{text}: the form is {right}. After an hour {last:.1f} ± {reach:.1f} °C; true: {cooling(60.0):.1f}."

    def draw(self, figure: Figure, noise: float, n: int, draw: int) -> None:
        """Draw the law beside the readings, and how often the form is right."""
        figure.subplots_adjust(wspace=0.25)
        left, right = figure.subplots(1, 2)
        at = self.place(noise, n, draw)
        t, y = coffee(n, noise, draw - 1)
        curve, reach = (self.stored[f"coffee_{name}"][at] for name in ("curve", "reach"))
        left.plot(MINUTES, cooling(MINUTES), color=_GREY, linewidth=4, alpha=0.5, label="true")
        left.plot(t, y, ".", color=PALETTE["blue"], markersize=4, label="readings")
        left.fill_between(
            MINUTES, curve - reach, curve + reach, color=PALETTE["vermillion"], alpha=0.25, lw=0
        )
        left.plot(MINUTES, curve, color=PALETTE["vermillion"], label="law ± interval")
        left.axvline(30, color=PALETTE["black"], linestyle=":", linewidth=1)
        left.set(xlim=(0, 60), ylim=(0, 95), xlabel="t in minutes", title="temperature in °C")
        left.legend(loc="upper right", fontsize=8)
        for k, (each, hue) in enumerate(zip(NOISES, ("green", "blue", "purple"), strict=True)):
            share = self.stored["coffee_right"][k].mean(axis=1)
            wide = 2.4 if each == noise else 1.2
            right.plot(COUNTS, share, "o-", color=PALETTE[hue], linewidth=wide, label=f"noise {each} °C")
        share = self.stored["coffee_right"][at[:2]].mean()
        right.plot(n, share, "o", color=PALETTE["black"], markersize=9)
        right.set(
            xlim=(0, 125), ylim=(-0.05, 1.45), xlabel="readings", title="share of right forms, of ten draws"
        )
        right.set_yticks([0, 0.5, 1])
        right.legend(loc="upper right", ncols=2, fontsize=8)


def _data(name):
    """Find a file of the course: beside the package, or inside the wheel."""
    package = Path(__file__).resolve().parents[1]
    places = [folder / "tutorial/data" / name for folder in (package.parent, package)]
    return next((place for place in places if place.exists()), None)


def law_runs() -> dict[str, np.ndarray]:
    """Load the stored searches of chapter 12."""
    with np.load(_data("laws.npz")) as table:
        return dict(table)


def paper_table() -> list[dict]:
    """Load the rows of the paper's tables that were computed again; none if they have not been."""
    path = _data("paper.csv")
    if path is None:
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
