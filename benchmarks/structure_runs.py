"""Learn many functions, ask the networks who acts with whom, and store the answers that chapter 11 shows.

    python benchmarks/structure_runs.py [structure.npz] [--seeds 6] [--dask ADDRESS]

- "alarms": random functions of three inputs, of the ten forms of `benchmarks/structure.py`, with several amounts of
  noise, with a penalty on roughness and without. Of each pair of inputs: do they act together, the median and the root
  mean square of the scaled mixed derivative, and the limit below which `structure` sees nothing. Of each function: what
  its tree is worth.
- "talks": five functions of four inputs, three amounts of noise, three numbers of samples, what the explorable *who
  talks to whom* draws. One seed.

Nothing is chosen by the outcome. All cores are used, two for about eight minutes; with --dask the workers of a Dask
cluster.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from itertools import combinations  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from structure import FORMS, NAMES, OUTER, SAMPLES, curve, some_waves, verdict  # noqa: E402
from workers import add_options, executor  # noqa: E402

from minikan import KAN, Roughness, fit, structure, sweep  # noqa: E402
from minikan.widgets.structure import COUNTS, NOISES, TALKS, table_of  # noqa: E402

TABLE = Path(__file__).parent.parent / "tutorial" / "data" / "structure.npz"
SETTINGS = (
    (0.0, False),
    (0.01, True),
    (0.05, True),
    (0.01, False),
)  # noise, and whether roughness is punished
VERDICTS = ("right", "kind", "less", "wrong")


def alarms(form, noise, smooth, seed):
    """Learn a random function of a form: for each pair, truth, median and RMS of ∂²f/∂x_i∂x_j, limit; a verdict."""
    rng = np.random.default_rng([seed, *map(ord, form)])
    X = rng.uniform(-1, 1, (SAMPLES, 3))
    inner, outer = [curve(x, rng) for x in X.T], OUTER[rng.integers(len(OUTER))]
    y = FORMS[form][0](*inner, outer, some_waves(rng))
    y = (y - y.mean()) / y.std() + noise * rng.normal(size=SAMPLES)
    model, options = (
        KAN([3, 6, 1], grid=4, seed=seed),
        {"penalty": Roughness(noise**2 / 10)} if smooth else {},
    )
    fit(model, X, y, steps=60, progress=False, **options)
    found = structure(model, X, y, NAMES, progress=False, **options)
    spread, hessian = X.std(axis=0), model.input_derivatives(X)[1][:, 0]
    pairs = [
        (
            NAMES[i] + NAMES[j] not in FORMS[form][2],
            np.median(np.abs(hessian[:, i, j])) * spread[i] * spread[j] / y.std(),
            found.interactions[i, j],
            found.limit[i, j],
        )
        for i, j in combinations(range(3), 2)
    ]
    return {"pairs": np.array(pairs, float), "verdict": VERDICTS.index(verdict(found, form))}


def talks(name, noise, n):
    """Learn one of the functions of four inputs: interactions, their noise, their limits, the tree and the error."""
    X, y, options = table_of(name, noise, n)
    model = KAN([4, 6, 1], grid=4, seed=0)
    fit(model, X, y, steps=60, progress=False, **options)
    found = structure(model, X, y, list("abcd"), progress=False, **options)
    pairs = list(combinations(range(4), 2))
    numbers = [[table[pair] for pair in pairs] for table in (found.interactions, found.noise, found.limit)]
    return {"numbers": np.array(numbers), "tree": found.tree.text(found.names), "rmse": found.error}


def run(what, **setting):
    """Learn one function, of either part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {"alarms": alarms, "talks": talks}[what](**setting)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--seeds", type=int, default=6, help="random functions of each form")
    add_options(parser)
    args = parser.parse_args()
    rows = [
        {"what": "talks", "name": name, "noise": noise, "n": n}
        for name in TALKS
        for noise in NOISES
        for n in COUNTS
    ]
    rows += [
        {"what": "alarms", "form": form, "noise": noise, "smooth": smooth, "seed": seed}
        for noise, smooth in SETTINGS
        for form in FORMS
        for seed in range(args.seeds)
    ]
    with executor(args, "structure") as workers:
        table = sweep(run, rows, workers)
    if table.failed:
        sys.exit(f"some trainings failed:\n{table.failed}")
    first, second = ([row for row in table if row["what"] == what] for what in ("talks", "alarms"))
    shape = len(SETTINGS), len(FORMS), args.seeds
    np.savez_compressed(
        args.out,
        talks=np.array([row["numbers"] for row in first]).reshape(len(TALKS), len(NOISES), len(COUNTS), 3, 6),
        trees=np.array([row["tree"] for row in first]).reshape(len(TALKS), len(NOISES), len(COUNTS)),
        rmse=np.array([row["rmse"] for row in first]).reshape(len(TALKS), len(NOISES), len(COUNTS)),
        settings=np.array(SETTINGS, float),
        forms=np.array(list(FORMS)),
        pairs=np.array([row["pairs"] for row in second]).reshape(*shape, 3, 4),
        verdicts=np.array([row["verdict"] for row in second]).reshape(shape),
    )


if __name__ == "__main__":
    main()
