"""Time a forward and backward pass of minikan, and of pykan beside it where it is installed.

    python benchmarks/speed.py

One thread, float64, mean squared error, gradient in all parameters. The contestants take turns, some
passes each as in a training loop, and the medians of all passes are compared, so that the ratios hold
on a noisy machine. pykan is timed as it comes, and with its symbolic branch switched off (`speed()`).
To have it in the same run: pip install pykan==0.2.8 torch scikit-learn pandas sympy tqdm pyyaml,
in an environment of their own.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import importlib.util  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

from minikan import KAN  # noqa: E402

CASES = [  # shape, cells G, samples n, limit for minikan in ms, least ratio to pykan
    ([2, 5, 1], 5, 1000, 0.40, 13),
    ([2, 10, 1], 100, 1000, 1.0, 80),
]
GROWTH = ([2, 10, 1], 1000, [5, 50, 500])  # live features are gathered: G must not matter


def data(widths, n):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (n, widths[0])), rng.normal(size=(n, widths[-1]))


def minikan_pass(widths, grid, n):
    model, (X, y) = KAN(widths, grid=grid, seed=0), data(widths, n)
    return lambda: model.loss_and_gradient(X, y)


def pykan_pass(widths, grid, n, fast):
    """The same in pykan; `fast` without its symbolic branch."""
    import kan
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    model = kan.KAN(width=list(widths), grid=grid, k=3, seed=0, auto_save=False)
    if fast:
        model.speed()
    X, y = (torch.from_numpy(array) for array in data(widths, n))

    def run():
        model.zero_grad()
        torch.nn.functional.mse_loss(model(X), y).backward()

    return run


def milliseconds(runs, turns=15, seconds=0.1):
    """Let the runs take turns of some passes each; the median time of a pass of each."""
    times = [[] for _ in runs]
    for _ in range(turns):
        for run, record in zip(runs, times, strict=True):
            run()  # not counted: what the others left in the caches
            end = time.perf_counter() + seconds
            while (start := time.perf_counter()) < end:
                run()
                record.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(record) for record in times]


def main():
    with_pykan = importlib.util.find_spec("kan") is not None
    print("forward + backward, ms (median), one thread, float64\n")
    print("shape           G     n | minikan  limit | pykan  ratio  at least | pykan.speed()  ratio")
    for widths, grid, n, limit, least in CASES:
        runs = [minikan_pass(widths, grid, n)]
        if with_pykan:
            runs += [pykan_pass(widths, grid, n, fast) for fast in (False, True)]
        ours, *theirs = milliseconds(runs)
        line = f"{widths!s:12} {grid:4} {n:5} | {ours:7.3f} {limit:6.2f} |"
        if with_pykan:
            plain, fast = theirs
            line += f" {plain:5.1f} {plain / ours:6.1f} {least:9} | {fast:13.1f} {fast / ours:6.1f}"
        print(line)
    widths, n, grids = GROWTH
    times = milliseconds([minikan_pass(widths, grid, n) for grid in grids])
    growth = ", ".join(f"G = {grid}: {time:.3f}" for grid, time in zip(grids, times, strict=True))
    print(
        f"\ngrowth with the grid, {widths}, n = {n}: {growth}; largest / smallest {max(times) / min(times):.2f}"
    )


if __name__ == "__main__":
    main()
