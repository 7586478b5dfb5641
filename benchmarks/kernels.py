"""Time both kernels of a layer over shapes, and see whether `Splines.features` takes the faster one.

    python benchmarks/kernels.py

Prints how long the dense kernel takes for a pass forward and back, as a multiple of the sparse one's time; in
brackets where the rule takes the dense one. Numbers below 1 should stand in brackets, others not; where exactly
they begin depends on how good the BLAS is at thin matrices. Fails if the rule makes a pass half as long again.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import statistics
import time

import numpy as np

from minikan import KAN
from minikan.kernels import DenseFeatures, SparseFeatures

CELLS = (5, 10, 15, 20, 30, 40, 80, 160)
SHAPES = [(k, n_in, n_out) for k, n_in in ((3, 5), (3, 20), (1, 5), (5, 5)) for n_out in (1, 2, 5, 10, 50)]
WORST = 1.5


def ratio(layer, x, upstream, turns=7):
    """Let the kernels take turns; the median of dense time over sparse time."""
    ratios, basis = [], layer.basis
    for _ in range(turns):
        times = []
        for kernel in (DenseFeatures, SparseFeatures):
            basis.features = lambda x, n_out, kernel=kernel: kernel(basis, x)
            start, passes = time.perf_counter(), 0
            while time.perf_counter() < start + 0.01:
                layer.backward(layer.forward(x)[1], upstream)
                passes += 1
            times.append((time.perf_counter() - start) / passes)
        ratios.append(times[0] / times[1])
    del basis.features
    return statistics.median(ratios)


def main():
    rng, worst = np.random.default_rng(0), 1.0
    print("k  n_in  n_out | G" + "".join(f"{G:>9}" for G in CELLS))
    for order, n_in, n_out in SHAPES:
        row = f"{order}{n_in:6}{n_out:7} |  "
        for G in CELLS:
            layer = KAN([n_in, n_out], grid=G, order=order).layers[0]
            n = max(100, min(1000, 10**6 // (layer.floats_per_sample * 8)))
            x = rng.uniform(-1, 1, (n_in, n))
            found = ratio(layer, x, rng.normal(size=(n_out, n)))
            dense = isinstance(layer.basis.features(x, n_out), DenseFeatures)
            worst = max(worst, found if dense else 1 / found)
            row += f"{f'[{found:.2f}]' if dense else f'{found:.2f} ':>9}"
        print(row, flush=True)
    print(f"\nat worst, the rule's kernel takes {worst:.2f} times as long as the other")
    if worst > WORST:
        raise SystemExit(f"more than {WORST:.2f} times")


if __name__ == "__main__":
    main()
