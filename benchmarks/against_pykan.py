"""Train minikan and pykan 0.2.8 side by side: same data, same shape, same grids; time to the same error.

    python benchmarks/against_pykan.py          (in the environment that `peers.py` makes, or one like it)

One thread, float64, exp(sin πx + y²), [2, 1, 1], 3000 samples, G = 5, 10, 20. pykan trains as its notebooks
do: L-BFGS, `refine` from grid to grid, grids that follow the data; 200 steps on each grid.
Then minikan climbs the same stairs; what counts is the time until its error is below pykan's last one.
The table goes to where chapter 05 shows it. Fails unless minikan needs at most a fiftieth of pykan's time.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import contextlib  # noqa: E402
import io  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import kan  # noqa: E402
import torch  # noqa: E402
from stairs import rmse, samples, stairs  # noqa: E402

from minikan.problems import PROBLEMS  # noqa: E402

GRIDS = (5, 10, 20)
STEPS = 200  # on each grid, as in pykan's notebooks on accuracy
SEEDS = (0, 1, 2)
LEAST = 50  # times faster
TABLE = Path(__file__).parents[1] / "tutorial/data/against_pykan.csv"


def train_pykan(X, y, X_test, y_test, seed):
    """Give (G, test RMSE, seconds so far) for each grid."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    data = {
        "train_input": torch.from_numpy(X),
        "train_label": torch.from_numpy(y[:, None]),
        "test_input": torch.from_numpy(X_test),
        "test_label": torch.from_numpy(y_test[:, None]),
    }
    seconds, found = 0.0, []
    for grid in GRIDS:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            start = time.perf_counter()
            if grid == GRIDS[0]:
                model = kan.KAN(width=[2, 1, 1], grid=grid, k=3, seed=seed, auto_save=False)
            else:
                model = model.refine(grid)
                model.auto_save = False  # nor a folder of checkpoints
            model.fit(data, opt="LBFGS", steps=STEPS)
            seconds += time.perf_counter() - start
            with torch.no_grad():
                error = float(torch.sqrt(torch.mean((model(data["test_input"]) - data["test_label"]) ** 2)))
        found.append((grid, error, seconds))
    return found


def compare():
    """Print the errors and times of all seeds; give how many times faster minikan was, and the table's lines."""
    ratios, lines = [], ["seed,G,pykan RMSE,pykan seconds,minikan RMSE,minikan seconds"]
    for seed in SEEDS:
        X, y, X_test, y_test = samples(PROBLEMS["exp_sin"], 3000, seed)
        theirs = train_pykan(X, y, X_test, y_test, seed)
        ours = [
            (grid, rmse(model, X_test, y_test), seconds)
            for grid, (model, seconds) in zip(GRIDS, stairs(X, y, [2, 1, 1], GRIDS, seed), strict=True)
        ]
        print(f"seed {seed}     pykan               minikan")
        for (grid, error, seconds), (_, our_error, our_seconds) in zip(theirs, ours, strict=True):
            print(f"  G = {grid:3} {error:8.2e} {seconds:6.1f} s   {our_error:8.2e} {our_seconds:6.2f} s")
            lines.append(f"{seed},{grid},{error:.3e},{seconds:.1f},{our_error:.3e},{our_seconds:.2f}")
        reached = [seconds for _, error, seconds in ours if error <= theirs[-1][1]]
        ratios.append(theirs[-1][2] / reached[0] if reached else 0.0)
        print(f"  to pykan's last error: {ratios[-1]:.0f} times faster")
    return ratios, lines


def main():
    ratios, lines = compare()
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"the least of {len(ratios)}: {min(ratios):.0f} times faster, at least {LEAST} wanted")
    sys.exit(0 if min(ratios) >= LEAST else "missed")


if __name__ == "__main__":
    main()
