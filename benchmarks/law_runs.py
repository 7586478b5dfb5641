"""Search for the laws of chapter 12 many times, and store what the chapter shows of them.

    python benchmarks/law_runs.py [laws.npz] [--only PART] [--dask ADDRESS]

- "coffee": a cup that cools, three sizes of noise, four numbers of readings, ten draws of each: whether the form found
  is right, its rate with a standard error, its curve and intervals up to twice the time that was measured.
- "worlds": 28 planets and moons, five seeds, periods as they are and as logarithms: whether the law is Kepler's.
- "pendulum": accelerations of a smoothed x(t), three draws: laws of the front, errors in the table
  and in x(t).
- "smoothing": the same search, with only one of the errors of a smoothed x(t): its bias, as from readings without
  noise, or its noise, three draws, without the bias.
- "fronts": laws for a spectrum and for a string.

`--only` makes one of the parts, and leaves the others as they are stored. All cores are used, two for about ten
minutes; with --dask the workers of a Dask cluster. No search meets its limit of time, so results do not depend on
the speed of the machine.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import sympy  # noqa: E402
from workers import add_options, executor  # noqa: E402

from minikan import discover, sweep  # noqa: E402
from minikan.tidying import as_function_of, rounded  # noqa: E402
from minikan.widgets import laws  # noqa: E402

TABLE = Path(__file__).parent.parent / "tutorial" / "data" / "laws.npz"
SEEDS = 5
MOTION = ["x", "x^2", "x^3", "sin", "cos", "exp"]
SECONDS = 3000  # a search ends by itself, long before
NOISE = 0.005  # of a pendulum's angles, in rad
ROUGHNESS = 1e-4  # the strength that such readings choose
PARTS = {  # and how the keys of each begin
    "coffee": "coffee_",
    "worlds": "worlds_",
    "pendulum": "pendulum_",
    "smoothing": "smoothing_",
    "fronts": tuple(f"{name}_" for name in laws.FRONTS[1:]),
}


def search(X, y, names, functions=None, seed=0):
    """Search, and see that the time was enough."""
    found = discover(X, y, names, library=functions, seconds=SECONDS, seed=seed, progress=False)
    assert found.finished
    return found


def short(formula):
    return str(rounded(formula, 4)).replace("**", "^").replace("*", " ")[:150]


def coffee(noise, n, draw):
    """Search for the law of a cup that cools."""
    t, y = laws.coffee(n, noise, draw)
    law = search(t[:, None], y, ["t"], laws.FUNCTIONS).best
    clean = np.linspace(0, 30, 200)
    try:  # the same form, with the same number of constants
        exact = law.on(clean[:, None], laws.cooling(clean)).model
        right = np.abs(exact(clean[:, None])[:, 0] - laws.cooling(clean)).max() < 1e-4
    except ValueError:
        right = False
    rate = error = np.nan
    curves = law.formula.atoms(sympy.exp)
    if right and len(curves) == 1:
        slope = sympy.diff(curves.pop().args[0], sympy.Symbol("t", real=True))
        near = [each for each in law.constants if np.isclose(abs(each.value), abs(float(slope)), rtol=1e-4)]
        if near:
            rate, error = abs(near[0].value), near[0].error
    band = law.interval(laws.MINUTES[:, None])
    return {
        "right": right,
        "rate": rate,
        "rate_error": error,
        "named": sum(each.exact != "" for each in law.constants),
        "curve": law.predict(laws.MINUTES[:, None]),
        "reach": (band[:, 1] - band[:, 0]) / 2,
        "text": short(law.formula),
        "held_out": law.held_out,
    }


def worlds(seed, logarithms):
    """Search for Kepler's law."""
    X, T, _ = laws.worlds()
    functions = ["x", "log", "exp", "x^2", "1/x"]
    law = search(X, np.log(T) if logarithms else T, ["a", "M", "letters"], functions, seed).best
    a, M = (sympy.log(sympy.Symbol(name, real=True)) for name in ("a", "M"))
    powers = [float(sympy.expand(law.formula).coeff(each)) for each in (a, M)]
    return {"right": logarithms and np.allclose(powers, [1.5, -0.5]), "text": short(law.formula)}


def smoothed(t, x):
    """Smooth x(t) with splines of order 5: x, v and a inside the measured time, (m, 3)."""
    return derived(laws.smooth(t, x), t)


def derived(model, t):
    """Evaluate x, v and a inside the measured time, (m, 3)."""
    derivatives = (each.ravel() for each in model.input_derivatives(t[:, None]))
    return np.column_stack([model(t[:, None])[:, 0], *derivatives])[(t > 0.5) & (t < 11.5)]


def front(found, drive):
    """Describe all laws of a front, with the curve that `drive` makes of each."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return {
            "complexity": np.array([law.complexity for law in found.laws]),
            "training": np.array([law.error for law in found.laws]),
            "held": np.array([law.held_out for law in found.laws]),
            "text": np.array([short(law.formula) for law in found.laws]),
            "curve": np.array([drive(law) for law in found.laws]),
            "best": found.laws.index(found.best),
        }


def pendulum(seed):
    """Search for an equation of motion."""
    t, x = laws.pendulum(NOISE, seed)
    table = smoothed(t, x)
    found = search(table[:, :2], table[:, 2], ["x", "v"], MOTION)
    symbols = [sympy.Symbol(name, real=True) for name in ("x", "v")]

    def drive(law):
        law_of = as_function_of(symbols, law.formula)
        path = laws.swing(lambda x, v: float(np.clip(law_of(x, v), -1e3, 1e3)), 2.5, 0.0, laws.TIMES)[:, 0]
        return np.clip(path, -99, 99)

    rows, steps = front(found, drive), laws.TIMES <= 12
    at = np.round(laws.TIMES[steps] / t[1]).astype(int)  # the nearest readings
    truth = laws.pendulum(0.0, 0)[1][at]
    return rows | {"off": np.sqrt(np.mean((rows["curve"][:, steps] - truth) ** 2, axis=1))}


def smoothing(seed):
    """Search in a table with the bias of smoothing alone (no seed), or with its noise alone."""
    t, clean = laws.pendulum(0.0, 0)
    table = derived(laws.spline(t, clean, ROUGHNESS), t)
    if seed is not None:
        times = np.linspace(0, 12, 4 * len(t) - 3)
        x, v = laws.swing(laws.pulled, 2.5, 0.0, times)[::4].T
        truth = np.column_stack([x, v, laws.pulled(x, v)])[(t > 0.5) & (t < 11.5)]
        noisy = laws.pendulum(NOISE, seed)[1]
        table = truth + derived(laws.spline(t, noisy, ROUGHNESS), t) - table
    law = search(table[:, :2], table[:, 2], ["x", "v"], MOTION).best
    return {"text": short(law.formula), "complexity": law.complexity}


def fronts(name, seed):
    """Search for the law of a curve, and draw its laws up to half the range beyond."""
    x, y = getattr(laws, name)(seed)
    found = search(x[:, None], y, ["f" if name == "spectrum" else "t"])
    return front(found, lambda law: law.predict(laws.beyond(name)[:, None]))


def run(what, **setting):
    """Make one search, of any part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # predictions beyond the table are meant
        return globals()[what](**setting)


def settings():
    """List all searches, the longest first."""
    rows = [{"what": "pendulum", "seed": seed} for seed in range(3)]
    rows += [{"what": "smoothing", "seed": seed} for seed in (None, 0, 1, 2)]
    rows += [{"what": "fronts", "name": name, "seed": 0} for name in laws.FRONTS[1:]]
    rows += [
        {"what": "worlds", "seed": seed, "logarithms": flag}
        for flag in (False, True)
        for seed in range(SEEDS)
    ]
    rows += [
        {"what": "coffee", "noise": noise, "n": n, "draw": draw}
        for noise in laws.NOISES
        for n in laws.COUNTS
        for draw in range(laws.DRAWS)
    ]
    return rows


def stacked(table, what, names, shape):
    """Collect results of a part as arrays, {what_name: (*shape, ...)}."""
    found = [row for row in table if row["what"] == what]
    arrays = {f"{what}_{name}": np.array([row[name] for row in found]) for name in names}
    arrays = {
        key: each.astype(np.float32) if each.dtype == float and each.ndim > 1 else each
        for key, each in arrays.items()
    }
    return {key: each.reshape(*shape, *each.shape[1:]) for key, each in arrays.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--only", choices=PARTS, help="the one part to make")
    add_options(parser)
    args = parser.parse_args()
    with executor(args) as workers:
        table = sweep(run, [row for row in settings() if args.only in (None, row["what"])], workers)
    if table.failed:
        sys.exit(f"some searches failed:\n{table.failed}")
    arrays = dict(np.load(args.out)) if args.only and args.out.exists() else {}
    made = {row["what"] for row in table}
    stale = tuple(start for part in made for start in np.atleast_1d(PARTS[part]))
    arrays = {key: each for key, each in arrays.items() if not key.startswith(stale)}
    if "coffee" in made:
        names = ("right", "rate", "rate_error", "named", "curve", "reach", "text", "held_out")
        arrays |= stacked(table, "coffee", names, (len(laws.NOISES), len(laws.COUNTS), laws.DRAWS))
    if "worlds" in made:
        arrays |= stacked(table, "worlds", ("right", "text"), (2, SEEDS))
    if "smoothing" in made:
        arrays |= stacked(table, "smoothing", ("text", "complexity"), (4,))
    for row in table:
        if row["what"] in ("pendulum", "fronts"):
            key = row.get("name") or f"pendulum_{row['seed']}"
            for name in ("complexity", "training", "held", "text", "curve", "best", "off"):
                if name in row:
                    each = np.asarray(row[name])
                    arrays[f"{key}_{name}"] = each.astype(np.float32) if each.ndim > 1 else each
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
