"""Let KANs and MLPs race on six functions: the same samples, the same seconds, every choice by validation.

    python benchmarks/race.py [race.npz]
    python benchmarks/race.py unequal

Three families run on each function, with three draws of samples and starts (and, for the last function, directions):

- "shape known": KANs whose shape can be exactly the formula; nobody has that without knowing the formula;
- "generic KAN": shapes that one would try without knowing it;
- "MLP": three shapes, tanh.

Each family has seven trainings, six by Levenberg–Marquardt and one by L-BFGS, and each training has 2 s of one core
(counted by the processor, so that other work on the machine does not matter). KANs start on 5 cells (3 with 20
inputs), and double them while the parameters are at most half as many as the samples; what is left of the time they do
not use, and most generic KANs leave more than half. All learn 1000 samples. 250
others choose: within a training the moment, among the seven the best. 4000 others judge what was chosen; nothing is
ever chosen by them. A quarter of an hour on two idle cores.

The table goes to where chapter 05 reads it: arrays (functions, draws, families, trainings, seconds) with the errors,
in units of the targets' standard deviation, of the best moment up to then; NaN where there is none yet.

"unequal" tries, in one to three draws, what is worth what the sides do not share: KANs leave time unused, and may
begin too fine; they have the prior of `fit`, while MLPs have no penalty; and all MLPs are of tanh. It prints errors.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import copy  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from stairs import rmse  # noqa: E402

from minikan import KAN, MLP, PROBLEMS, fit, refine, sweep  # noqa: E402
from minikan.terms import Block, Term  # noqa: E402

N_TRAIN, N_VALIDATION, N_TEST = 1000, 250, 4000
SECONDS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0)  # when the state of the race is written down
DRAWS = 3
FUNCTIONS = {  # inputs, and the smallest shape that can be exact
    "exp(sin πx + y²)": (2, (1,)),
    "x·y": (2, (2,)),
    "J₀(20x)": (1, ()),
    "exp of sines, 4 inputs": (4, (2, 1)),
    "exp of a mean, 20 inputs": (20, (1,)),
    "8 directions, 6 inputs": (6, (8,)),
}
PAPER = dict(zip(FUNCTIONS, ("exp_sin", "xy", "bessel", "four_dimensional"), strict=False))
FAMILIES = {  # hidden layers, optimiser, steps on each grid, and the numbers of the starts
    "shape known": [(None, "lm", 20, (0, 1, 2)), (None, "lm", 60, (0, 1, 2)), (None, "lbfgs", 100, (0,))],
    "generic KAN": [
        *[(hidden, "lm", 20, (0, 1)) for hidden in ((3,), (5,), (3, 3))],
        ((5,), "lbfgs", 100, (0,)),
    ],
    "MLP": [
        *[(hidden, "lm", 10**6, (0, 1)) for hidden in ((20,), (10, 10), (10, 10, 10))],
        ((10, 10), "lbfgs", 10**6, (0,)),
    ],
}
TABLE = Path(__file__).parents[1] / "tutorial/data/race.npz"


def draw(function, seed):
    """Draw samples to learn, to choose and to judge, one after the other: X (n, n_in), and y (n,) of variance 1."""
    rng, n = np.random.default_rng(seed), N_TRAIN + N_VALIDATION + N_TEST
    X = rng.uniform(-1, 1, (n, FUNCTIONS[function][0]))
    if function in PAPER:
        y = PROBLEMS[PAPER[function]](X)
    elif function.startswith("exp"):
        y = np.exp(np.mean(np.sin(np.pi / 2 * X) ** 2, axis=1))
    else:
        y = np.sin(X @ rng.normal(size=(6, 8))) @ np.array([1.0, -1] * 4)  # a bend that neither family has
    return X, y / np.std(y)


class Stopwatch:
    """Take the processor's time of a training, judge it after each step, and end it when its time is over."""

    def __init__(self, X, y, seconds):
        self.samples, self.seconds = (X, y), seconds
        self.used, self.best, self.rows = 0.0, np.inf, []

    def watch(self, model):
        """Make a callback for `fit`; the clock runs only outside of it."""
        start = time.process_time()

        def callback(step, loss):
            nonlocal start
            self.used += time.process_time() - start
            error = rmse(model, *self.samples)
            if error < self.best and self.used <= self.seconds:
                self.best = error
                self.rows.append((self.used, error, copy.deepcopy(model)))
            start = time.process_time()
            return self.used > self.seconds

        return callback


class Decay(Term):
    """A penalty on the squares of all parameters."""

    def __init__(self, strength):
        self.strength = strength

    def loss_and_gradient(self, model):
        parameters = model.parameters
        return self.strength * float(parameters @ parameters), 2 * self.strength * parameters

    def blocks(self, model):
        rows = np.vstack([np.eye(model.parameters.size), model.parameters]) * np.sqrt(2 * self.strength)
        yield Block(self.value(model), rows)


def climb(stopwatch, widths, grid, X, y, optimizer, steps, seed, rest):
    """Train a KAN on ever finer grids, until the time or the samples are used up; `rest`: train on to the end."""
    model = KAN(widths, grid=grid, seed=seed)
    how = {"optimizer": optimizer, "progress": False}
    fit(model, X, y, steps=2 * steps, callback=stopwatch.watch(model), update_grid=True, **how)
    while stopwatch.used < stopwatch.seconds:
        grid, finer = 2 * grid, refine(model, 2 * grid)
        if finer.parameters.size > len(X) / 2:
            break
        model = finer
        fit(model, X, y, steps=steps, callback=stopwatch.watch(model), update_grid=True, **how)
    if rest and stopwatch.used < stopwatch.seconds:
        fit(model, X, y, steps=10**6, tol=0, callback=stopwatch.watch(model), **how)


def run(
    function, seed, family, hidden, optimizer, steps, start, grid=None, rest=False, activation="tanh", decay=0
):
    """Train once; for each of SECONDS: error on the validation samples, on the test samples, and parameters."""
    X, y = draw(function, seed)
    a, b = N_TRAIN, N_TRAIN + N_VALIDATION
    n_in, known = FUNCTIONS[function]
    widths = [n_in, *(known if hidden is None else hidden), 1]
    stopwatch, start = Stopwatch(X[a:b], y[a:b], SECONDS[-1]), 100 * seed + start
    if family == "MLP":
        model = MLP(widths, activation=activation, seed=start)
        how = {"optimizer": optimizer, "progress": False, "penalty": Decay(decay) if decay else None}
        fit(model, X[:a], y[:a], steps=steps, callback=stopwatch.watch(model), **how)
    else:
        grid = grid or (3 if n_in > 10 else 5)
        climb(stopwatch, widths, grid, X[:a], y[:a], optimizer, steps, start, rest)
    found = np.full((3, len(SECONDS)), np.nan)
    for i, seconds in enumerate(SECONDS):
        reached = [row for row in stopwatch.rows if row[0] <= seconds]
        if reached:
            _, error, model = reached[-1]
            found[:, i] = error, rmse(model, X[b:], y[b:]), model.parameters.size
    return {"found": found}


def settings(seed):
    """List the trainings of a draw: what `run` is called with."""
    return [
        {"function": function, "seed": seed, "family": family, "start": i}
        | {"hidden": hidden, "optimizer": optimizer, "steps": steps}
        for function in FUNCTIONS
        for family, trainings in FAMILIES.items()
        for hidden, optimizer, steps, starts in trainings
        for i in starts
    ]


def unequal():
    """Print the test errors of trainings with what one side of the race has and the other has not."""
    six, twenty = "8 directions, 6 inputs", "exp of a mean, 20 inputs"
    generic = [each for each in settings(0) if each["family"] == "generic KAN" and each["optimizer"] == "lm"]
    known = [{**each, "seed": seed} for seed in range(DRAWS) for each in settings(0)[:6] if not each["start"]]
    mlp = {"seed": 0, "family": "MLP", "start": 0, "optimizer": "lm", "steps": 10**6}
    trials = [
        *[{**each, "rest": True} for each in generic if each["function"] in PAPER],
        *[{**each, "function": six, "grid": 3, "rest": True} for each in known],
        *[
            {**mlp, "function": twenty, "seed": seed, "hidden": (40,), "activation": "silu", "decay": decay}
            for decay in (0, 1e-4, 1e-3)
            for seed in range(DRAWS)
        ],
        *[{**mlp, "function": twenty, "hidden": (20,), "decay": decay} for decay in (1e-3, 1e-2)],
        *[
            {**mlp, "function": "exp of sines, 4 inputs", "seed": seed, "hidden": (10, 10), "decay": decay}
            for seed in (0, 1)
            for decay in (0, 1e-5)
        ],
    ]
    with ProcessPoolExecutor() as executor:
        for trial, row in zip(trials, executor.map(run_trial, trials), strict=True):
            more = {key: trial[key] for key in ("grid", "rest", "activation", "decay") if key in trial}
            print(
                f"{trial['function']:26} {trial['family']:12} {trial['hidden']!s:9} {row:.0e}",
                more,
                flush=True,
            )


def run_trial(trial):
    """Train once, and return the last test error."""
    return run(**trial)["found"][1, -1]


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    draws, shape = [], (len(FUNCTIONS), len(FAMILIES), -1, 3, len(SECONDS))
    for seed in range(DRAWS):
        with ProcessPoolExecutor() as executor:
            table = sweep(run, settings(seed), executor)
        if table.failed:
            sys.exit(f"some trainings failed:\n{table.failed}")
        draws.append(np.array([row["found"] for row in table]).reshape(shape))
        found = np.moveaxis(draws, (4, 1), (0, 1)).astype(np.float32)  # what is judged, functions, draws, …
        np.savez_compressed(
            out,
            functions=list(FUNCTIONS),
            families=list(FAMILIES),
            seconds=SECONDS,
            **dict(zip(("validation", "test", "parameters"), found, strict=True)),
        )


if __name__ == "__main__":
    unequal() if sys.argv[1:] == ["unequal"] else main()
