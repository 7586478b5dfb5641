"""Let families of curves learn the same functions, in shallow and in deep networks, and let edges share curves.

    python benchmarks/curves.py [other_curves.npz] [--draws 10] [--dask ADDRESS]

Chapter 09 reads the table, and trains a few of these networks again. Ten draws of samples and starts for each row:

- "families": three functions of two inputs, networks [2, 4, 1] with 12 features for each edge, so 144 parameters;
- "deep": the first function, networks [2, 4, 4, 4, 1] with 12 features for each edge, and Chebyshev's degree 4;
- "sharing": two functions of six inputs, networks [6, 4, 1] whose 24 first edges share ever fewer curves, dealt
  input by input; then three curves that inputs of different kinds share; last, nothing shared and no scales;
- "directions": eight random directions of six inputs, networks [6, 8, 1] whose 48 first edges have curves of their
  own, of 5 cells, one curve in common, or curves of their own of 3 cells.

Errors are RMSE on 2000 test samples, over the standard deviation of the targets; "middle" is the median |error| over
the same, "worst" the share of the squared errors that the worst 1% of the samples have. Nothing is chosen by them: a
network is the one of the least training loss. "step" is the processor's time for a step of Levenberg–Marquardt, on
one thread. All cores are used, two idle ones for two minutes, with --draws 1 for some seconds; with --dask the
workers of a Dask cluster.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from workers import add_options, executor  # noqa: E402

from minikan import KAN, PROBLEMS, Splines, fit, sweep  # noqa: E402
from minikan.bases import Chebyshev, Fourier, Gaussians  # noqa: E402
from minikan.widgets.families import dealt, kinds, loners  # noqa: E402

TWELVE = {
    "splines": (Splines, 8),
    "Gaussians": (Gaussians, 5),
    "Chebyshev": (Chebyshev, 11),
    "Fourier": (Fourier, 5),
}
CURVES = TWELVE | {"degree 4": (Chebyshev, 4)}
COUNTS = (24, 12, 6, 3, 2, 1)
SHARING = {"three kinds": kinds, "six kinds": loners}
TABLE = Path(__file__).parents[1] / "tutorial/data/other_curves.npz"


def waves(X):
    """Waves of two frequencies: X (n, 2) → (n,)."""
    return np.sin(4 * np.pi * X[:, 0]) + X[:, 1] * np.cos(3 * np.pi * X[:, 1])


def step(X):
    """A cliff along a parabola: X (n, 2) → (n,)."""
    return np.tanh(15 * (X[:, 0] + X[:, 1] ** 2 - 0.5))


TARGETS = {"smooth": PROBLEMS["exp_sin"], "waves": waves, "step": step}


def train(model, f, n, steps, seed):
    """Train on n samples; return errors, seconds of a step, and the number of parameters."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.uniform(-1, 1, (n, model.widths[0])), rng.uniform(-1, 1, (2000, model.widths[0]))
    y, unseen = f(X), f(X_test)
    start = time.process_time()
    fit(model, X, y, steps=steps, update_grid=True, progress=False)
    seconds = (time.process_time() - start) / steps
    apart = np.sort(np.abs(model(X_test)[:, 0] - unseen)) / unseen.std()
    training = np.sqrt(np.mean((model(X)[:, 0] - y) ** 2)) / y.std()
    return {
        "test": np.sqrt(np.mean(apart**2)),
        "middle": np.median(apart),
        "worst": np.sum(apart[-20:] ** 2) / np.sum(apart**2),
        "training": training,
        "step": seconds,
        "size": model.parameters.size,
    }


def family(target, name, seed, widths=(2, 4, 1), n=1000, steps=40):
    """Train a network of a family; with the path of test errors."""
    curves, grid = CURVES[name]
    model, path, f = KAN(list(widths), basis=curves, grid=grid, seed=seed), [], TARGETS[target]
    rng = np.random.default_rng(seed)
    X, X_test = rng.uniform(-1, 1, (n, 2)), rng.uniform(-1, 1, (2000, 2))
    unseen = f(X_test)

    def callback(_, loss):
        best = loss if not path else min(loss, path[-1][0])
        error = np.sqrt(np.mean((model(X_test)[:, 0] - unseen) ** 2)) / unseen.std()
        path.append((best, error if best == loss else path[-1][1]))

    fit(model, X, f(X), steps=steps, update_grid=True, progress=False, callback=callback)
    errors = [error for _, error in path]
    errors += [errors[-1]] * (steps + 1 - len(errors))
    again = KAN(list(widths), basis=curves, grid=grid, seed=seed)  # the clock runs without the callback
    return train(again, f, n, steps, seed) | {"path": np.array(errors[: steps + 1])}


def shared(name, count, seed):
    """Train a network whose first edges share `count` curves; 0: three that are dealt badly; -1: nothing is shared."""
    groups = dealt(count or 3) if count >= 0 else None
    if count == 0:
        groups[0] = np.repeat(np.arange(6) % 3, 4).reshape(6, 4)
    return train(KAN([6, 4, 1], seed=seed, groups=groups), SHARING[name], 300, 30, seed)


def directions(count, grid, seed):
    """Train a network on eight directions, with one curve for its 48 first edges or (0) with 48."""
    W = np.random.default_rng(100 + seed).normal(size=(6, 8))
    groups = [np.zeros((6, 8), int), np.arange(8).reshape(8, 1)] if count else None
    model = KAN([6, 8, 1], grid=grid, seed=seed, groups=groups)
    return train(model, lambda X: np.sin(X @ W) @ np.array([1.0, -1] * 4), 1000, 40, seed)


def run(what, **setting):
    """Train one network, of any of the four parts."""
    return {"families": family, "deep": family, "sharing": shared, "directions": directions}[what](**setting)


def settings(draws):
    """List all rows, part by part: what `run` is called with."""
    deep = {"target": "smooth", "widths": (2, 4, 4, 4, 1), "steps": 20}
    rows = {
        "families": [{"target": target, "name": name} for target in TARGETS for name in TWELVE],
        "deep": [{"name": name, **deep} for name in CURVES],
        "sharing": [{"name": name, "count": count} for name in SHARING for count in (*COUNTS, 0, -1)],
        "directions": [{"count": 0, "grid": 5}, {"count": 1, "grid": 5}, {"count": 0, "grid": 3}],
    }
    return [
        {"what": what, **row, "seed": seed}
        for what, part in rows.items()
        for row in part
        for seed in range(draws)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--draws", type=int, default=10, help="draws of samples and starts for each row")
    add_options(parser)
    args = parser.parse_args()
    with executor(args) as workers:
        table = sweep(run, settings(args.draws), workers)
    if table.failed:
        sys.exit(f"some trainings failed:\n{table.failed}")
    shapes = {"families": (3, 4), "deep": (5,), "sharing": (2, 8), "directions": (3,)}
    arrays = {}
    for what, shape in shapes.items():
        rows = [row for row in table if row["what"] == what]
        for name in ("test", "middle", "worst", "training", "step", "size"):
            found = np.array([row[name] for row in rows], np.float32)
            arrays[f"{what}_{name}"] = found.reshape(*shape, args.draws)
    paths = [row["path"] for row in table if row["what"] == "families"]
    arrays["families_path"] = np.array(paths, np.float32).reshape(3, 4, args.draws, -1)
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
