"""Solve the equations of chapter 10 whose trainings take minutes, and store what the chapter shows of them.

    python benchmarks/equation_runs.py [equations.npz] [--seeds 10] [--only PART] [--dask ADDRESS]

- Four runs over time, what the explorable *time slider* draws: a rod that cools, Burgers' equation with much
  viscosity, and with little, in one piece and in five slabs of time. One seed.
- "poisson": the paper's Poisson problem, ten starts of each of eleven methods; relative L2 errors on 5000 points.
  Nothing is chosen by them.
- "weights": the same with a soft condition of eleven weights, ten starts of each.

`--only time`, `poisson` or `weights` makes one of the parts, and leaves the others as they are stored.
All cores are used, two for about seven minutes; with --dask the workers of a Dask cluster.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from itertools import pairwise  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from workers import add_options, executor  # noqa: E402

from minikan import (  # noqa: E402
    KAN,
    LBFGS,
    MLP,
    Equation,
    LevenbergMarquardt,
    TrialSolution,
    boundary,
    face,
    fixed,
    interior,
    refine,
    solve,
    sweep,
    update_grid,
)
from minikan.widgets.equations import AT, RUNS, TIMES, graded, poisson, poisson_solution  # noqa: E402

TABLE = Path(__file__).parent.parent / "tutorial" / "data" / "equations.npz"
WIDTH = {"heat": 1.0, "gentle": 0.3, "shock": 0.005, "slabs": 0.005}  # how close points stand at x = 0
GRIDS = {"heat": ((3, 60), (8, 60)), "gentle": ((5, 60), (10, 60)), "shock": ((8, 60), (20, 80))}
GRIDS["slabs"] = ((8, 40), (20, 80))  # cells and steps
POINTS = {"heat": ((14, 14), (26, 26)), "gentle": ((32, 18), (48, 24)), "shock": ((40, 40), (70, 60))}
POINTS["slabs"] = ((28, 30), (60, 30))  # along x and along t, for each of the grids
EDGES = {"slabs": (0, 0.2, 0.35, 0.5, 0.75, 1)}  # of the slabs of time


def equation(name):
    """Make the equation of a run: u_t = u_xx / π², or u_t + u u_x = ν u_xx."""
    nu = RUNS[name]
    if not nu:
        return Equation("u_t u_xx", lambda X, a, b: a - b / np.pi**2, lambda X, a, b: (1, -1 / np.pi**2))
    return Equation(
        "u u_t u_x u_xx", lambda X, u, a, b, c: a + u * b - nu * c, lambda X, u, a, b, c: (b, 1, u, -nu)
    )


def terms(name, box, n, before):
    """Ask for the equation in a slab of time, for what was before it, and for zero at both ends."""
    x, t = (interior([side], count)[:, 0] for side, count in zip(box, n, strict=True))
    X = np.array(np.meshgrid(x, t)).reshape(2, -1).T
    start = face(box, n[0] + n[0] // 2, 1, 0)
    weight = np.ones(len(X))
    if name != "heat":
        weight = np.cosh(X[:, 0] * np.arcsinh(1 / WIDTH[name]))  # as much for each point as it has room
        X[:, 0], start[:, 0] = (graded(each[:, 0], WIDTH[name]) for each in (X, start))
    wave = np.sin(np.pi * start[:, 0]) * (1 if name == "heat" else -1)
    ends = [fixed(face(box, n[1], 0, end)) for end in (0, 1)]
    return [
        equation(name).at(X, weight / weight.mean()),
        fixed(start, wave if before is None else before(start)[:, 0]),
        *ends,
    ]


def over_time(name, seed=0):
    """Solve one of the equations, slab by slab; return u at all `TIMES` and places `AT`."""
    edges, before, found = EDGES.get(name, (0, 1)), None, []
    for first, last in pairwise(edges):
        box = [(0.0 if name == "heat" else -1.0, 1.0), (float(first), float(last))]
        widths = [2, [0, 1]] if name == "heat" else [2, [0, 3], 1]
        model = None
        for (grid, steps), n in zip(GRIDS[name], POINTS[name], strict=True):
            asked = terms(name, box, n, before)
            if model is None:
                order, noise = (7, 0.5) if name == "heat" else (5, 0.3)
                model = KAN(widths, grid=grid, order=order, domain=box, seed=seed, noise=noise)
                if name != "heat":
                    model = update_grid(model, asked[0].X, uniform_weight=0.05)
            else:
                model = refine(model, grid)
            starts, optimizer = (
                4 if before is None and grid == GRIDS[name][0][0] else 1,
                LevenbergMarquardt(1e-3),
            )
            solve(
                model,
                asked,
                inputs="xt",
                steps=steps,
                starts=starts,
                optimizer=optimizer,
                tol=1e-3,
                progress=False,
            )
        x = AT[name]
        for t in TIMES[(first <= TIMES) & ((last > TIMES) | (last == 1))]:
            found.append(model(np.column_stack([x, np.full(len(x), t)]))[:, 0])
        before = model
    u = np.array(found)  # heat's errors are smaller than the rounding of single precision
    return {
        "u": u if name == "heat" else u.astype(np.float32),
        "parameters": (len(edges) - 1) * model.parameters.size,
    }


METHODS = {  # of the Poisson problem: a network, its order, conditions built in?, starts; grids, points a side
    "cubic": ([2, 4, 1], 3, False, 1, (3, 8), (14, 22)),
    "order 5": ([2, 4, 1], 5, False, 1, (3, 8), (14, 22)),
    "order 7": ([2, 4, 1], 7, False, 1, (3, 8), (14, 22)),
    "built in": ([2, 4, 1], 7, True, 1, (3, 8), (14, 22)),
    "MLP": ([2, 11, 12, 1], None, False, 1, (1,), (22,)),  # about as many parameters as "order 7"
    "MLP, L-BFGS": ([2, 11, 12, 1], None, False, 1, (1,), (22,)),
    "order 7, 16 cells": ([2, 4, 1], 7, False, 4, (4, 8, 16), (12, 18, 30)),
    "product, 8 cells": ([2, [0, 1]], 7, False, 4, (3, 8), (14, 22)),
    "product, cubic": ([2, [0, 1]], 3, False, 4, (4, 8, 16), (12, 18, 30)),
    "product, order 5": ([2, [0, 1]], 5, False, 4, (4, 8, 16), (12, 18, 30)),
    "product, order 7": ([2, [0, 1]], 7, False, 4, (4, 8, 16), (12, 18, 30)),
}


def square(name, seed):
    """Solve the paper's Poisson problem by one of the methods: relative error and parameters."""
    widths, order, built_in, several, grids, counts = METHODS[name]
    box = [(-1, 1), (-1, 1)]
    for k, (grid, n) in enumerate(zip(grids, counts, strict=True)):
        if order is None:
            model = MLP(widths, activation="tanh", seed=seed)
        else:
            model = refine(model, grid) if k else KAN(widths, grid=grid, order=order, seed=seed)
        asked, u = [poisson.at(interior(box, n))], model
        if built_in:
            u = TrialSolution(model, "(1 - x**2) * (1 - y**2)")
        else:
            asked.append(fixed(boundary(box, n)))
        starts = 1 if k else several
        steps = 60 if order else 120  # as many for the MLP as for both grids of a KAN
        optimizer = LevenbergMarquardt()
        if "L-BFGS" in name:  # cheaper steps; all together they take several times as long
            steps, optimizer = 2000, LBFGS()
        solve(u, asked, steps=steps, starts=starts, optimizer=optimizer, seed=seed, progress=False)
    X = interior(box, 5000, "random", seed=99)
    truth = poisson_solution(X)
    error = np.sqrt(np.mean((u(X)[:, 0] - truth) ** 2) / np.mean(truth**2))
    return {"relative": error, "parameters": model.parameters.size}


WEIGHTS = [10.0**power for power in (-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6)]


def weighted(weight, seed):
    """Solve the problem with few cells and points, and a soft condition of some weight: relative error."""
    box, model = [(-1, 1), (-1, 1)], KAN([2, 4, 1], grid=4, order=5, seed=seed)
    asked = [poisson.at(interior(box, 16)), fixed(boundary(box, 16), 0.0, weight=weight)]
    solve(model, asked, steps=40, progress=False)
    X = interior(box, 5000, "random", seed=9)
    truth = poisson_solution(X)
    return {"relative": np.sqrt(np.mean((model(X)[:, 0] - truth) ** 2) / np.mean(truth**2))}


def run(what, **setting):
    """Solve one problem, of either part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that points are too few: the errors tell
        return {"time": over_time, "poisson": square, "weights": weighted}[what](**setting)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--seeds", type=int, default=10, help="starts of each method of the Poisson problem")
    parser.add_argument("--only", choices=("time", "poisson", "weights"), help="the one part to make")
    add_options(parser)
    args = parser.parse_args()
    rows = [{"what": "time", "name": name} for name in reversed(RUNS)]  # the longest first
    rows += [
        {"what": "poisson", "name": name, "seed": seed} for name in METHODS for seed in range(args.seeds)
    ]
    rows += [
        {"what": "weights", "weight": weight, "seed": seed}
        for weight in WEIGHTS
        for seed in range(args.seeds)
    ]
    rows = [row for row in rows if args.only in (None, row["what"])]
    with executor(args) as workers:
        table = sweep(run, rows, workers)
    if table.failed:
        sys.exit(f"some trainings failed:\n{table.failed}")
    arrays = dict(np.load(args.out)) if args.only else {}
    if args.only in (None, "time"):
        found = [row for row in table if row["what"] == "time"]
        arrays |= {row["name"]: row["u"] for row in found}
        arrays["parameters"] = np.array([row["parameters"] for row in found[::-1]])
    if args.only in (None, "poisson"):
        for name in ("relative", "parameters"):
            found = np.array([row[name] for row in table if row["what"] == "poisson"], np.float32)
            arrays[f"poisson_{name}"] = found.reshape(len(METHODS), args.seeds)
    if args.only in (None, "weights"):
        found = np.array([row["relative"] for row in table if row["what"] == "weights"], np.float32)
        arrays |= {"weights": np.array(WEIGHTS), "weights_relative": found.reshape(len(WEIGHTS), args.seeds)}
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
