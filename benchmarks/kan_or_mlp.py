"""Let KANs and MLPs race for chapter 08: eleven tasks, equal work counted in products, every choice by validation.

    python benchmarks/kan_or_mlp.py                                   one core, some ten minutes
    python benchmarks/kan_or_mlp.py --processes                       all cores of this machine
    python benchmarks/kan_or_mlp.py --dask tcp://SCHEDULER:8786       a Dask cluster
    python benchmarks/kan_or_mlp.py --draws 1 --work 2e8 --out race.npz   a small one, to another place

KANs and MLPs have eight trainings each in each draw, six for the digits; networks of a known shape have six. There are
five draws of samples and starts. A training may make two thousand million products (`--work`): a step of
Levenberg–Marquardt makes about n P² + P³ / 3 of them (n samples, P parameters), a gradient about 3 n P. So small
networks take many steps and large ones few, 250 at most. Levenberg–Marquardt trains a regression if the work pays for
ten of its steps, else L-BFGS does, as it does for all digits. KANs take half of the work on 3 cells and the rest on the
final grid. Validation samples choose the moment within a training and the best of these; test samples judge.

Deep KANs [2, 4, …, 4, 1] of 2 to 6 layers, from four starts, learn 400 samples of the composition with as much work
each, too, five draws. So do KANs [2, 4, 1] that are refined to 12 cells after half of it.

Work is counted, not timed, so that the table does not depend on what else the machine does. The processor's seconds are
stored beside it: a KAN also pays for evaluating its curves.

The table goes to where chapter 08 reads it: arrays (tasks, families, draws, trainings), NaN where a family does not
run. Errors of regressions are RMSE on test samples without noise, in units of the targets' standard deviation; of the
digits the share of images read wrongly. "deep" holds the test errors of deep KANs, (depths, starts, draws), "longer"
those of the deepest after ten times the work, (starts, draws), "refined" those of two layers on 12 cells, (draws).
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from sklearn.datasets import load_diabetes, load_digits  # noqa: E402
from workers import add_options, executor  # noqa: E402

from minikan import KAN, MLP, PROBLEMS, KANLayer, Splines, fit, refine, sweep  # noqa: E402

WORK = 2e9  # products per training
MOST_STEPS, FEWEST_STEPS = 250, 10  # the latter of Levenberg–Marquardt, without which L-BFGS trains
DRAWS = 5
SIZES = {"digits": (1000, 297, 500), "diabetes": (270, 60, 112)}  # to learn, to choose, to judge
GENERAL = (1000, 250, 2000)
NOISE = 0.3  # of the targets' spread
TASKS = (
    *("composition", "10 bent inputs", "jump", "few and noisy", "20 directions", "digits", "diabetes"),
    *("composition + noise", "10 bent inputs + noise", "jump + noise", "20 directions + noise"),
)
FAMILIES = {  # hidden layers, and cells or activation
    "KAN, shape known": [((1,), grid) for grid in (5, 10, 20, 40)] + [((2,), grid) for grid in (10, 20)],
    "KAN": [(hidden, grid) for hidden in ((), (3,), (8,)) for grid in (3, 10)] + [((20,), 3), ((3,), 20)],
    "MLP": [(hidden, name) for hidden in ((10,), (40,), (15, 15), (8, 8)) for name in ("tanh", "silu")],
}
KNOWN = ("composition", "composition + noise", "few and noisy")  # where a shape is known
WIDER = {"KAN": ((), (8,), (16,)), "MLP": ((16,), (64,), (32, 32))}  # for the digits, with their 64 inputs
DEPTHS = (2, 3, 4, 6)  # layers of edges
STARTS = ("the paper's", "straight lines", "lines that pass on", "grown")
TABLE = Path(__file__).parents[1] / "tutorial/data/kan_or_mlp.npz"


def target(task, X, rng):
    """Compute the targets of an artificial task without noise (n,)."""
    if task.startswith("10 bent"):
        powers = np.arange(1, 11)
        return np.sum(np.sin(powers * X) / np.sqrt(powers) + np.abs(X) * (powers % 2), axis=1)
    if task.startswith("jump"):
        return np.where(X[:, 1] > 0.5 * np.sin(np.pi * X[:, 0]), 1.0, -1.0)
    if task.startswith("20 directions"):
        W = rng.normal(size=(6, 20))
        return np.sin(X @ W) @ rng.choice([-1.0, 1.0], 20)
    return PROBLEMS["exp_sin"](X)  # exp(sin πx + y²)


def draw(task, seed):
    """Draw samples to learn, to choose and to judge: three pairs (X, y); the last y is free of noise."""
    rng = np.random.default_rng(seed)
    sizes = SIZES.get(task, (100, 50, 2000) if task == "few and noisy" else GENERAL)
    if task in SIZES:
        X, y = (load_digits if task == "digits" else load_diabetes)(return_X_y=True)
        order = rng.permutation(len(X))
        X, y = X[order], y[order]
        low, high = X[: sizes[0]].min(axis=0), X[: sizes[0]].max(axis=0)
        X = 2 * (X - low) / np.maximum(high - low, 1e-9) - 1 if task == "diabetes" else X / 8 - 1
        y = (y - y[: sizes[0]].mean()) / y[: sizes[0]].std() if task == "diabetes" else y
    else:
        n_in = {"10 bent inputs": 10, "20 directions": 6}.get(task.removesuffix(" + noise"), 2)
        X = rng.uniform(-1, 1, (sum(sizes), n_in))
        y = target(task, X, rng)
        y = (y - y.mean()) / y.std()
        noise = NOISE if "nois" in task else 0.0
        y[: -sizes[2]] += noise * rng.normal(size=len(y) - sizes[2])
    cuts = np.cumsum(sizes[:2])
    return list(zip(np.split(X[: sum(sizes)], cuts), np.split(y[: sum(sizes)], cuts), strict=True))


def error(model, X, y, classes):
    """Judge: RMSE, or the share of classes that are wrong."""
    out = model(X)
    return np.mean(out.argmax(axis=1) != y) if classes else np.sqrt(np.mean((out[:, 0] - y) ** 2))


def steps_for(work, n, P, gradient):
    """Count the steps that a number of products pays for, at most `MOST_STEPS`."""
    return int(min(work / (3 * n * P if gradient else n * P**2 + P**3 / 3), MOST_STEPS))


def train(model, X, y, work, classes, **how):
    """Train by Levenberg–Marquardt, or by L-BFGS for classes and where the former could take too few steps."""
    gradient = classes or steps_for(work, len(X), model.parameters.size, False) < FEWEST_STEPS
    how |= {"loss": "cross-entropy"} if classes else {}
    steps = steps_for(work, len(X), model.parameters.size, gradient)
    fit(model, X, y, steps=steps, optimizer="lbfgs" if gradient else "lm", progress=False, **how)


def run(task, family, hidden, size, seed, start, work):
    """Train once; return errors on validation and test samples, parameters and the processor's seconds."""
    (X, y), chooses, judges = draw(task, seed)
    classes = task == "digits"
    widths = [X.shape[1], *hidden, 10 if classes else 1]
    began, first = time.process_time(), 1000 * seed + start
    if family == "MLP":
        model, stairs = MLP(widths, activation=size, seed=first), [None]
    else:
        model = KAN(widths, grid=min(size, 3), seed=first)
        stairs = [3, size] if size > 3 else [3]
    for grid in stairs:
        model = refine(model, grid) if grid and grid != model.layers[0].G else model
        train(model, X, y, work / len(stairs), classes, validation=chooses, update_grid=bool(grid))
    seconds = time.process_time() - began
    errors = [error(model, *each, classes) for each in (chooses, judges)]
    return {"found": (*errors, model.parameters.size, seconds)}


def trainings_of(task, family):
    """List the trainings of a family."""
    if task != "digits":
        return FAMILIES[family]
    return [
        (hidden, size)
        for hidden in WIDER[family]
        for size in {"KAN": (3, 10), "MLP": ("tanh", "silu")}[family]
    ]


def passing(layer, basis, noise, rng):
    """Make a layer on a basis whose every output is its input, and a little noise."""
    low, high = basis.domain.T
    line = basis.line() * ((high - low) / 2)[:, None] + basis.constant() * ((high + low) / 2)[:, None]
    weights = line[:, :, None] * np.eye(basis.n_in)[:, None]
    return KANLayer(basis, weights + rng.normal(0, noise / np.sqrt(layer.n_in), weights.shape))


def learn(model, X, y, work):
    """Train by as many steps of Levenberg–Marquardt as the work pays for."""
    steps = max(steps_for(work, len(X), model.parameters.size, False), 1)
    fit(model, X, y, steps=steps, update_grid=True, progress=False)


def started(depth, start, seed, X, y, work):
    """Make a KAN [2, 4, …, 4, 1]; a grown one has learned with two layers for half of the work."""
    model, rng = KAN([2] + [4] * (depth - 1) + [1], seed=seed), np.random.default_rng(seed)
    first, *middle, last = model.layers
    if start == "the paper's":
        for layer in model.layers:
            layer.coef[:] = rng.normal(0, 0.1, layer.coef.shape)
            layer.base_weight[:] = rng.normal(
                0, np.sqrt(2 / (layer.n_in + layer.n_out)), layer.base_weight.shape
            )
    if start == "lines that pass on":
        model = KAN.from_layers([first, *(passing(each, each.basis, 0.1, rng) for each in middle), last])
    if start == "grown" and middle:
        small = KAN([2, 4, 1], seed=seed)
        learn(small, X, y, work / 2)
        first, last = small.layers
        grown = Splines(last.knots, last.order, "silu")
        model = KAN.from_layers([first, *(passing(each, grown, 0.0, rng) for each in middle), last])
    return model, work / 2 if start == "grown" and middle else work


def run_deep(depth, start, seed, work):
    """Train a deep KAN; return its test error."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (2400, 2))
    y = PROBLEMS["exp_sin"](X)
    y = (y - y.mean()) / y.std()
    if start == "refined":
        model, work = KAN([2, 4, 1], seed=seed), work / 2
        learn(model, X[:400], y[:400], work)
        model = refine(model, 12)
    else:
        model, work = started(depth, start, seed, X[:400], y[:400], work)
    learn(model, X[:400], y[:400], work)
    return {"found": error(model, X[400:], y[400:], False)}


def settings(draws, work):
    """List all trainings: what `run` is called with."""
    return [
        {"task": task, "family": family, "hidden": hidden, "size": size}
        | {"seed": seed, "start": start, "work": work}
        for task in TASKS
        for family in FAMILIES
        if task in KNOWN or family != "KAN, shape known"
        for seed in range(draws)
        for start, (hidden, size) in enumerate(trainings_of(task, family))
    ]


def deep_settings(draws, work):
    """List the trainings of deep KANs: what `run_deep` is called with."""
    cases = [(depth, start, work) for depth in DEPTHS for start in STARTS]
    cases += [(DEPTHS[-1], start, 10 * work) for start in STARTS] + [(2, "refined", work)]
    return [{"depth": d, "start": s, "seed": seed, "work": w} for d, s, w in cases for seed in range(draws)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, processes=1)
    parser.add_argument("--draws", type=int, default=DRAWS, help="draws of samples and starts (5)")
    parser.add_argument("--work", type=float, default=WORK, help="products per training (2e9)")
    parser.add_argument("--out", type=Path, default=TABLE)
    args = parser.parse_args()
    with executor(args) as workers:
        table = sweep(run, settings(args.draws, args.work), workers)
        deep = sweep(run_deep, deep_settings(args.draws, args.work), workers)
    if failed := table.failed + deep.failed:
        sys.exit(f"some trainings failed:\n{failed}")
    found = np.full((4, len(TASKS), len(FAMILIES), args.draws, 8), np.nan)
    for row in table:
        place = TASKS.index(row["task"]), list(FAMILIES).index(row["family"]), row["seed"], row["start"]
        found[:, *place] = row["found"]
    errors = deep.column("found").reshape(-1, args.draws).astype(np.float32)
    depths = len(DEPTHS) * len(STARTS)
    names = ("validation", "test", "parameters", "seconds")
    np.savez_compressed(
        args.out,
        tasks=TASKS,
        families=list(FAMILIES),
        depths=DEPTHS,
        starts=STARTS,
        deep=errors[:depths].reshape(len(DEPTHS), len(STARTS), args.draws),
        longer=errors[depths:-1],
        refined=errors[-1],
        **dict(zip(names, found.astype(np.float32), strict=True)),
    )


if __name__ == "__main__":
    main()
