"""What the benchmarks share: training down a staircase of ever finer grids (chapter 05)."""

import time

import numpy as np

from minikan import KAN, fit, refine


def rmse(model, X, y):
    """Compute the root mean squared error of a model with one output."""
    return float(np.sqrt(np.mean((model(X)[:, 0] - y) ** 2)))


def samples(problem, n, seed):
    """Draw n samples to learn from and 10 000 to test with, all different: X, y, and X, y."""
    rng = np.random.default_rng(seed)
    return *problem.sample(n, rng), *problem.sample(10_000, rng)


def stairs(X, y, widths, grids, seed, steps=(40, 20)):
    """Train on the first grid, refine, train, and so on; give model and seconds so far after each."""
    start = time.perf_counter()
    model = KAN(widths, grid=grids[0], seed=seed)
    fit(model, X, y, steps=steps[0], update_grid=True, progress=False)
    yield model, time.perf_counter() - start
    for grid in grids[1:]:
        model = refine(model, grid)
        fit(model, X, y, steps=steps[1], update_grid=True, progress=False)
        yield model, time.perf_counter() - start
