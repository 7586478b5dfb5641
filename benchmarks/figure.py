"""Draw the paper's figure of scaling laws: error against parameters, five functions, KANs and MLPs.

    python benchmarks/figure.py [figure.png]

The KANs climb a staircase of grids with Levenberg–Marquardt. The MLPs are trained by L-BFGS, and up to 1200
parameters by Levenberg–Marquardt, too; the better one counts. All learn from the same 3000 samples (10 000
for the 100-dimensional function) and are judged on 10 000 others. Some minutes on two cores.
Without a name the figure goes to where chapter 05 shows it. Paper: figure 3.1.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import sys  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from stairs import rmse, samples, stairs  # noqa: E402

from minikan import MLP, fit, sweep  # noqa: E402
from minikan.plotting import PALETTE, figure, to_png  # noqa: E402
from minikan.problems import PROBLEMS  # noqa: E402

STAIRS = [  # problem, shape, grids; the shapes of the paper, and at last the smallest that can be exact
    ("bessel", (1, 1), (5, 10, 20, 50, 100, 200)),
    ("exp_sin", (2, 1, 1), (3, 5, 10, 20, 50, 100)),
    ("xy", (2, 2, 1), (3, 5, 10, 20, 50, 100)),
    ("high_dimensional", (100, 1, 1), (3, 5, 10, 20)),
    ("four_dimensional", (4, 4, 2, 1), (3, 5, 10, 20)),
    ("four_dimensional", (4, 2, 1, 1), (3, 5, 10, 20, 50)),
]
TITLES = {  # and where the ticks are
    "bessel": ("J₀(20x)", (10, 100, 1000)),
    "exp_sin": ("exp(sin πx + y²)", (30, 100, 300, 1000)),
    "xy": ("xy", (30, 100, 300, 1000)),
    "high_dimensional": ("exp of a mean, 100-D", (500, 1000, 3000)),
    "four_dimensional": ("exp of sines, 4-D", (30, 100, 300, 1000)),
}
MLPS = {1: (5, 10, 20, 40), 2: (5, 10, 20), 3: (5, 10, 20)}  # hidden layers: nodes in each
PATIENCE = {"lm": 1_200, "lbfgs": 20_000}  # most parameters that an optimiser is tried with
STEPS = {"lm": 200, "lbfgs": 2000}
SEEDS = (0, 1, 2, 3)


def split(problem):
    return samples(PROBLEMS[problem], 10_000 if problem == "high_dimensional" else 3000, seed=0)


def learn_stairs(problem, widths, grids, seed):
    """Climb: parameters and test RMSE on each grid."""
    X, y, X_test, y_test = split(problem)
    steps = (60, 20) if problem != "high_dimensional" else (20, 10)
    climbed = stairs(X, y, widths, grids, seed, steps)
    return {"points": [(model.parameters.size, rmse(model, X_test, y_test)) for model, _ in climbed]}


def learn_mlp(problem, depth, hidden):
    """Train one MLP in all ways: parameters and the least test RMSE."""
    X, y, X_test, y_test = split(problem)
    widths = [X.shape[1], *[hidden] * depth, 1]
    best, size = np.inf, MLP(widths).parameters.size
    for optimizer, most in PATIENCE.items():
        if size <= most:
            model = MLP(widths, seed=0)
            fit(model, X, y, steps=STEPS[optimizer], optimizer=optimizer, progress=False)
            best = min(best, rmse(model, X_test, y_test))
    return {"points": [(size, best)]}


def draw(kans, mlps):
    """Draw one panel per function."""
    fig, axes = figure(10.5, 3.0, cols=len(TITLES), sharey=True)
    for ax, (problem, (title, ticks)) in zip(axes, TITLES.items(), strict=True):
        shapes = [widths for name, widths, _ in STAIRS if name == problem]
        for widths, line in zip(shapes, ("o-", "v-"), strict=False):
            climbs = [row["points"] for row in kans if (row["problem"], row["widths"]) == (problem, widths)]
            best = np.array(min(climbs, key=lambda points: points[-1][1]))  # of all seeds
            colour = PALETTE["blue" if line == "o-" else "green"]
            ax.loglog(*best.T, line, color=colour, markersize=5, label="KAN")
            if line == "v-":
                ax.text(
                    best[-1, 0], best[-1, 1] / 8, f"{list(widths)}", ha="center", color=colour, fontsize=8
                )
        law = best[1, 1] * (best[:, 0] / best[1, 0]) ** -4.0
        ax.loglog(best[:, 0], law, ":", color=PALETTE["grey"], linewidth=1.2, label="slope -4")
        for depth, marker in zip(MLPS, "^sD", strict=True):
            rows = [row for row in mlps if (row["problem"], row["depth"]) == (problem, depth)]
            points = np.array([point for row in rows for point in row["points"]])
            style = {"color": PALETTE["vermillion"], "markersize": 4, "linewidth": 1}
            ax.loglog(*points.T, f"{marker}--", label=f"MLP, {depth} hidden", **style)
        ax.set(xlabel="parameters", ylim=(3e-13, 5))
        ax.set_title(title, fontsize=10)
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
    axes[0].set_ylabel("test RMSE")
    axes[3].legend(fontsize=7, loc="lower left")
    return fig


def main():
    out = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "tutorial/images/scaling.png"
    )
    with ProcessPoolExecutor() as executor:
        climbs = [
            dict(problem=problem, widths=widths, grids=grids, seed=seed)
            for problem, widths, grids in STAIRS
            for seed in SEEDS
        ]
        kans = sweep(learn_stairs, climbs, executor)
        nets = [dict(problem=p, depth=d, hidden=h) for p in TITLES for d in MLPS for h in MLPS[d]]
        mlps = sweep(learn_mlp, nets, executor)
    for row in [*kans, *mlps]:
        points = "  ".join(f"{size}: {error:.1e}" for size, error in row.get("points", []))
        shape = list(row["widths"]) if "widths" in row else [row["hidden"]] * row["depth"]
        print(
            f"{'KAN' if 'widths' in row else 'MLP'} {row['problem']:17} {shape!s:15} {points} {row['error']}"
        )
    if kans.failed or mlps.failed:
        sys.exit("some rows failed")
    out.write_bytes(to_png(draw(kans, mlps)))


if __name__ == "__main__":
    main()
