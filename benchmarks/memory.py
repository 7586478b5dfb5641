"""Measure the memory and the time of a Levenberg–Marquardt step as the samples grow; fails above the limit.

    python benchmarks/memory.py

One thread; each row in a process of its own, so that the peak is its own. The peak counts everything: Python,
NumPy, the samples, and the normal equations, which are gathered in blocks of samples.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import multiprocessing  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402

import numpy as np  # noqa: E402

from minikan import KAN, LevenbergMarquardt, fit, sweep  # noqa: E402
from minikan.sweeps import Table  # noqa: E402

SAMPLES = [10_000, 100_000, 300_000, 1_000_000]
STEPS = 3
MOST_MEGABYTES = 500  # for the largest number of samples


def measure(n, orthogonal):
    """Take some steps with a network of 300 parameters; give the peak in MB and microseconds per sample."""
    X = np.random.default_rng(0).uniform(-1, 1, (n, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    model = KAN([2, 5, 1], grid=16, seed=0)
    start = time.perf_counter()
    run = fit(model, X, y, steps=STEPS, optimizer=LevenbergMarquardt(orthogonal=orthogonal), progress=False)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "parameters": model.parameters.size,
        "steps": int(run.step[-1]),
        "peak MB": round(peak / 2**20),
        "s per step": seconds / run.step[-1],
        "µs per step and sample": 1e6 * seconds / run.step[-1] / n,
    }


def main():
    table, fresh = Table(), multiprocessing.get_context("spawn")
    for row in [dict(n=n, orthogonal=orthogonal) for orthogonal in (False, True) for n in SAMPLES]:
        with ProcessPoolExecutor(1, mp_context=fresh) as executor:
            table += sweep(measure, [row], executor, progress=False)
    print(table)
    if table.failed or max(table.column("peak MB")) > MOST_MEGABYTES:
        sys.exit(f"a row failed, or needed more than {MOST_MEGABYTES} MB")


if __name__ == "__main__":
    main()
