"""Solve differential equations without data, and measure the errors against exact or independent solutions.

    python benchmarks/equations.py [rows ...] [--seeds 3] [--csv TABLE]

Rows: poisson, helmholtz, heat, bratu, sine-gordon, burgers, allen-cahn, inverse, corner, formula; by default all, in
about 25 minutes on one core. Each line is one training, from an own start: the relative L2 error on 10,000 points that
were drawn at random, and the processor's time. "published" names the best result of a KAN that we know. An MLP of tanh
is trained by the same `solve`, on the same points, with the same optimiser, and for the same time.

- poisson: the paper's, u = sin πx sin πy² on [-1, 1]², boundary soft; helmholtz: jaxKAN's, a = 1, 4.
- heat: u_t = u_xx / π², one wave; bratu: u″ = exp u; sine-gordon: a breather on [-5, 5] × [0, 5].
- burgers: ν = 0.01 / π; allen-cahn: u_t = 1e-4 u_xx + 5 (u - u³). Both in slabs of time. Each begins with the end of
  the one before, which is also the first guess at all its times; of three starts that of the least loss is taken. They
  are held against the Cole–Hopf integral and against a Fourier method with 2000 points.
- inverse: a diffusivity from 20 measurements with noise of 1%; how often two standard errors contain the truth.
- corner: Laplace's equation on an L, u = r^(2/3) sin(2φ/3). Its second derivatives are so large at the corner that
  their mean square is infinite: finer grids and more points there make the residual larger, and the solution no better.
- formula: from the equation to the formula, from ten starts each.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import contextlib  # noqa: E402
import csv  # noqa: E402
import io  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from itertools import pairwise  # noqa: E402

import numpy as np  # noqa: E402
from scipy.interpolate import RectBivariateSpline  # noqa: E402
from scipy.optimize import brentq  # noqa: E402

from minikan import (  # noqa: E402
    KAN,
    MLP,
    Equation,
    LevenbergMarquardt,
    boundary,
    discover,
    face,
    fit,
    fixed,
    formula,
    interior,
    measured,
    periodic,
    prune,
    refine,
    solve,
    symbolify,
    update_grid,
)

π, sin, cos = np.pi, np.sin, np.cos
SQUARE, ROD, UNIT = [(-1, 1), (-1, 1)], [(0, 1), (0, 1)], [(0, 1)]


# ------------------------------------------------------------------------------------------- problems


@dataclass(frozen=True)
class Problem:
    """Terms on n points along each axis, the exact solution of X (n, n_in), and how it is trained."""

    domain: list
    terms: Callable
    exact: Callable
    inputs: str = "xy"

    def error(self, u, X=None):
        """Compute the relative L2 error."""
        X = interior(self.domain, 10_000, "random", seed=99) if X is None else X
        exact = self.exact(X)
        return float(np.linalg.norm(u(X)[:, 0] - exact) / np.linalg.norm(exact))


@dataclass(frozen=True)
class Plan:
    """A KAN, and its way from coarse to fine: cells, points along each axis, and steps."""

    widths: list
    stages: list
    seconds: float
    starts: int = 1
    order: int = 7


def poisson_source(X):
    x, y = X.T
    return 2 * π * sin(π * x) * cos(π * y**2) - π**2 * (1 + 4 * y**2) * sin(π * x) * sin(π * y**2)


poisson = Equation("u_xx u_yy", lambda X, a, b: a + b - poisson_source(X), lambda X, a, b: (1, 1))


def helmholtz_wave(X):
    return sin(π * X[:, 0]) * sin(4 * π * X[:, 1])


helmholtz = Equation(
    "u u_xx u_yy",
    lambda X, u, a, b: a + b + u - (1 - 17 * π**2) * helmholtz_wave(X),
    lambda X, u, a, b: (1, 1, 1),
)
heat = Equation("u_t u_xx", lambda X, a, b: a - b / π**2, lambda X, a, b: (1, -1 / π**2))
bratu = Equation("u u_xx", lambda X, u, a: a - np.exp(u), lambda X, u, a: (-np.exp(u), 1))
sine_gordon = Equation("u u_tt u_xx", lambda X, u, a, b: a - b + sin(u), lambda X, u, a, b: (cos(u), 1, -1))


def walls(domain, n, kind="chebyshev"):
    """Points at both ends of the first input."""
    return np.concatenate([face(domain, n, 0, 0, kind), face(domain, n, 0, 1, kind)])


def heat_terms(n):
    start = face(ROD, n, 1, 0)
    return [heat.at(interior(ROD, n)), fixed(start, sin(π * start[:, 0])), fixed(walls(ROD, n))]


BRATU = brentq(lambda c: c - np.sqrt(2) * cos(c / 4), 0.5, 2)
BREATHER, BOX = 0.5, [(-5, 5), (0, 5)]
WIDTH = np.sqrt(1 - BREATHER**2)


def breather(X):
    """A solution of the sine-Gordon equation that swings in place."""
    return 4 * np.arctan(WIDTH / BREATHER * sin(BREATHER * X[:, 1]) / np.cosh(WIDTH * X[:, 0]))


def breather_terms(n):
    start, sides = face(BOX, 2 * n, 1, 0), walls(BOX, n)
    speed = 4 * WIDTH / np.cosh(WIDTH * start[:, 0])
    return [
        sine_gordon.at(interior(BOX, n)),
        fixed(start),
        fixed(start, speed, "u_t"),
        fixed(sides, breather(sides)),
    ]


def square_terms(equation):
    return lambda n: [equation.at(interior(SQUARE, n)), fixed(boundary(SQUARE, n))]


PROBLEMS = {
    "poisson": Problem(SQUARE, square_terms(poisson), lambda X: sin(π * X[:, 0]) * sin(π * X[:, 1] ** 2)),
    "helmholtz": Problem(SQUARE, square_terms(helmholtz), helmholtz_wave),
    "heat": Problem(ROD, heat_terms, lambda X: np.exp(-X[:, 1]) * sin(π * X[:, 0]), "xt"),
    "bratu": Problem(
        UNIT,
        lambda n: [bratu.at(interior(UNIT, n)), fixed([[0.0], [1.0]])],
        lambda X: 2 * np.log(BRATU / cos(BRATU * (X[:, 0] - 0.5) / 2)) - np.log(2),
        "x",
    ),
    "sine-gordon": Problem(BOX, breather_terms, breather, "xt"),
}
FINE = [(3, 16, 60), (6, 20, 60), (12, 30, 60), (18, 40, 400)]
PLANS = {
    "poisson": {
        "[2, 5, 1]": Plan([2, 5, 1], FINE, 30),
        "one product": Plan([2, [0, 1]], [(4, 14, 40), (8, 24, 30), (24, 52, 40)], 5, 6),
    },
    "helmholtz": {
        "[2, 10, 1]": Plan([2, 10, 1], [(6, 22, 80), (12, 36, 400)], 30, order=9),
        "one product": Plan([2, [0, 1]], [(4, 16, 40), (12, 32, 30), (28, 60, 30)], 5, 3),
    },
    "heat": {
        "[2, 5, 1]": Plan([2, 5, 1], [(3, 16, 60), (8, 26, 300)], 10),
        "one product": Plan([2, [0, 1]], [(3, 14, 40), (8, 26, 40)], 5, 6),
    },
    "bratu": {"[1, 1]": Plan([1, 1], [(8, 50, 60)], 2)},
    "sine-gordon": {"[2, 5, 1]": Plan([2, 5, 1], [(4, 16, 60), (8, 26, 60), (18, 44, 300)], 20)},
}
MLPS = {"bratu": [1, 16, 1], "helmholtz": [2, 20, 20, 1]}  # about as many parameters as the KAN
PUBLISHED = {
    "poisson": "mean squared error 1e-7, about 6e-4 (arXiv 2404.19756, section 3.4)",
    "helmholtz": "1.02e-3 in 1,828 s on a GPU (jaxKAN's notebook)",
    "burgers": "2.43e-2 in 1,411 s on a GPU (jaxKAN's notebook)",
    "allen-cahn": "1.41e-2 in 1,212 s (jaxKAN's notebook, D = 1e-3), 2.5e-5 in 93 minutes (KKAN's), both on a GPU",
}


# ------------------------------------------------------------------------------------------- training


def train(model, terms, stages, seconds, seed, inputs, starts=1):
    """Solve on one grid after the other; returns the model, the last `Solution` and the seconds on the processor.

    What `solve` tells of too few points on the way is not shown: the errors are measured here.
    """
    begun = time.process_time()
    for k, (grid, n, steps) in enumerate(stages):
        model = refine(model, grid) if k and grid else model
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*too few for the grid")
            solution = solve(
                model,
                terms(n),
                inputs=inputs,
                steps=steps,
                starts=1 if k else starts,
                tol=1e-3,
                seed=seed,
                optimizer=LevenbergMarquardt(1e-3),
                callback=lambda step, loss: time.process_time() - begun > seconds,
                progress=False,
            )
    return model, solution, time.process_time() - begun


def rows_of(name, seeds):
    """Yield lines (problem, network, seed, parameters, error, seconds) of a problem with an exact solution."""
    problem = PROBLEMS[name]
    for label, plan in PLANS[name].items():
        for seed in range(seeds):
            model = KAN(
                plan.widths, grid=plan.stages[0][0], order=plan.order, domain=problem.domain, seed=seed
            )
            model, _, seconds = train(
                model, problem.terms, plan.stages, plan.seconds, seed, problem.inputs, plan.starts
            )
            yield name, label, seed, model.parameters.size, problem.error(model), seconds
    first = next(iter(PLANS[name].values()))
    widths = MLPS.get(name, [2, 16, 16, 1])
    for seed in range(seeds):
        stages = [(0, n, steps) for _, n, steps in first.stages]
        model, _, seconds = train(
            MLP(widths, "tanh", seed), problem.terms, stages, first.seconds, seed, problem.inputs
        )
        yield name, f"MLP {widths}", seed, model.parameters.size, problem.error(model), seconds


# ------------------------------------------------------------------------------------------- in slabs of time

VISCOSITY = 0.01 / π
burgers = Equation(
    "u u_t u_x u_xx",
    lambda X, u, a, b, c: a + u * b - VISCOSITY * c,
    lambda X, u, a, b, c: (b, 1, u, -VISCOSITY),
)
allen_cahn = Equation(
    "u u_t u_xx",
    lambda X, u, a, b: a - 1e-4 * b + 5 * (u**3 - u),
    lambda X, u, a, b: (15 * u**2 - 5, 1, -1e-4),
)


def cole_hopf(X):
    """The solution of Burgers' equation that starts as -sin πx: an integral, by Gauss–Hermite quadrature."""
    z, w = np.polynomial.hermite.hermgauss(200)
    y = X[:, :1] - 2 * np.sqrt(VISCOSITY * np.maximum(X[:, 1:], 1e-14)) * z
    weights = w * np.exp((-cos(π * y) - 1) / (2 * π * VISCOSITY))
    return -(sin(π * y) * weights).sum(axis=1) / weights.sum(axis=1)


def allen_cahn_reference(n=2000, dt=1e-4):
    """The solution of the Allen–Cahn equation, by Strang splitting: diffusion in Fourier space, reaction exactly."""
    x = np.linspace(-1, 1, n + 1)
    half = np.exp(-1e-4 * (2 * π * np.fft.fftfreq(n, 2 / n)) ** 2 * dt / 2)
    u, growth = (x**2 * cos(π * x))[:-1], np.exp(10 * dt)
    kept = [u]
    for step in range(1, round(1 / dt) + 1):
        u = np.fft.ifft(half * np.fft.fft(u)).real
        u = u * np.sqrt(growth / (1 + u**2 * (growth - 1)))
        u = np.fft.ifft(half * np.fft.fft(u)).real
        if step % 50 == 0:
            kept.append(u)
    table = np.column_stack([kept, [each[0] for each in kept]])
    spline = RectBivariateSpline(np.linspace(0, 1, len(kept)), x, table)
    return lambda X: spline.ev(X[:, 1], X[:, 0])


def product_grid(x, t):
    return np.array(np.meshgrid(x, t)).reshape(2, -1).T


def graded(points, finest=0.005):
    """Move points in [-1, 1] towards 0, where cells become as small as `finest`."""
    return finest * np.sinh(points * np.arcsinh(1 / finest))


def burgers_terms(n, n_t, slab, start):
    box = [(-1, 1), slab]
    even = interior([(-1, 1)], 2 * n)[:, 0]
    share = np.cosh(even * np.arcsinh(1 / 0.005))  # of x that each of the points stands for
    X = product_grid(graded(even), interior([slab], n_t)[:, 0])
    first = product_grid(graded(interior([(-1, 1)], 3 * n)[:, 0]), slab[:1])
    weight = np.tile(share / share.mean(), n_t)
    return [burgers.at(X, weight), fixed(first, start(first)), fixed(walls(box, n))]


def allen_cahn_terms(n, n_t, slab, start):
    box = [(-1, 1), slab]
    X = product_grid(interior([(-1, 1)], n, "even")[:, 0], interior([slab], n_t)[:, 0])
    first = product_grid(interior([(-1, 1)], 2 * n, "even")[:, 0], slab[:1])
    sides = periodic(face(box, n_t, 0, 0), face(box, n_t, 0, 1))
    return [allen_cahn.at(X), fixed(first, start(first)), sides]


SLABS = {
    "burgers": dict(
        terms=burgers_terms,
        graded=True,
        ends=[0, 0.2, 0.35, 0.5, 0.75, 1],
        widths=[2, [0, 4], 1],
        stages=[(8, 14, 40), (20, 30, 60)],
        n_t=30,
        start=lambda X: -sin(π * X[:, 0]),
    ),
    "allen-cahn": dict(
        terms=allen_cahn_terms,
        graded=False,
        ends=[0, 0.3, 0.5, 0.65, 0.8, 0.9, 1],
        widths=[2, [0, 5], 1],
        stages=[(12, 60, 30), (28, 130, 40)],
        n_t=34,
        start=lambda X: X[:, 0] ** 2 * cos(π * X[:, 0]),
    ),
}


TRIES = 3  # starts in each slab


def slab_network(setting, kind, slab, start, seed, seconds):
    """Solve in one slab of time: a network that is first fitted to `start` at all times. Returns its loss, too."""
    stages, domain = setting["stages"], [(-1, 1), slab]

    def terms(n):
        return setting["terms"](n, setting["n_t"], slab, start)

    X = terms(stages[0][1])[0].X
    if kind == "KAN":
        model = KAN(setting["widths"], grid=stages[0][0], order=5, domain=domain, seed=seed, noise=0.3)
        if setting["graded"]:  # cells where the points are
            model = update_grid(model, X, 0.05)
    else:
        model, stages = MLP([2, 20, 20, 1], "tanh", seed), [(0, stages[-1][1], 1000)]
    fit(model, X, start(np.column_stack([X[:, 0], 0 * X[:, 1] + slab[0]])), progress=False)
    model, solution, _ = train(model, terms, stages, seconds, seed, "xt")
    return solution.history.loss.min(), model


def slab_rows(name, seeds):
    """Yield lines of a problem that is solved slab by slab, each network starting where the one before has ended."""
    setting = SLABS[name]
    exact = cole_hopf if name == "burgers" else allen_cahn_reference()
    ends, budget = setting["ends"], np.inf  # the MLP has the time of the KAN
    for kind in ("KAN", "MLP"):
        share = np.inf if kind == "KAN" else budget / TRIES / (len(ends) - 1)
        for seed in range(seeds):
            begun, start, pieces = time.process_time(), setting["start"], []
            for slab in pairwise(ends):
                tries = [
                    slab_network(setting, kind, slab, start, seed + 100 * k, share) for k in range(TRIES)
                ]
                model = min(tries, key=lambda each: each[0])[1]
                pieces.append((slab[1], model))
                start = lambda X, model=model: model(X)[:, 0]  # noqa: E731
            seconds = time.process_time() - begun
            budget = seconds if kind == "KAN" else budget

            def whole(X, pieces=pieces):
                number = np.searchsorted([high for high, _ in pieces], X[:, 1]).clip(max=len(pieces) - 1)
                u = np.empty((len(X), 1))
                for k, (_, piece) in enumerate(pieces):
                    if (number == k).any():
                        u[number == k] = piece(X[number == k])
                return u

            error = Problem([(-1, 1), (0, 1)], None, exact).error(whole)
            label = f"{setting['widths'] if kind == 'KAN' else 'MLP [2, 20, 20, 1]'} in {len(pieces)} slabs"
            yield name, label, seed, sum(m.parameters.size for _, m in pieces), error, seconds


# ------------------------------------------------------------------------------------------- the rest


def inverse_rows(seeds, draws=20, truth=0.1):
    """Yield lines of experiments: a diffusivity, its distance from the truth in standard errors, and the time."""
    equation = Equation(
        "u_t u_xx", lambda X, a, b, D: a - D * b, lambda X, a, b, D: (1, -D, -b), coefficients="D"
    )
    start, sides = face(ROD, 15, 1, 0), walls(ROD, 10)

    def exact(X):
        return np.exp(-truth * π**2 * X[:, 1]) * sin(π * X[:, 0])

    makers = {
        "[2, 3, 1]": lambda seed: KAN([2, 3, 1], grid=2, order=7, domain=ROD, seed=seed),
        "MLP [2, 8, 8, 1]": lambda seed: MLP([2, 8, 8, 1], "tanh", seed),
    }
    for label, maker in makers.items():
        inside = 0
        for seed in range(draws):
            begun, rng = time.process_time(), np.random.default_rng(seed)
            X = rng.uniform(0, 1, (20, 2))
            terms = [equation.at(interior(ROD, 12)), fixed(start, exact(start)), fixed(sides)]
            terms.append(measured(X, exact(X) + rng.normal(0, 0.01, 20)))
            model = maker(seed)
            found = solve(model, terms, inputs="xt", coefficients={"D": 0.5}, progress=False)
            D, error = found.coefficients["D"], found.standard_errors["D"]
            inside += abs(D - truth) < 2 * error
            if seed < seeds:
                said = f"{label}: D = {D:.5f} ± {error:.5f}, {abs(D - truth) / error:.1f} standard errors off"
                seconds = time.process_time() - begun
                yield "inverse", said, seed, model.parameters.size, abs(D - truth) / truth, seconds
        said = f"{label}: two standard errors contain the truth in {inside} of {draws} draws"
        yield "inverse", said, 0, model.parameters.size, np.nan, np.nan


def corner_rows(seeds):
    """Yield lines of Laplace's equation on an L-shaped domain, on ever finer grids."""

    def exact(X):
        angle = np.arctan2(X[:, 1], X[:, 0])
        angle = np.where(angle < -1e-12, angle + 2 * π, angle)
        return np.hypot(*X.T) ** (2 / 3) * sin(2 * angle / 3)

    def outside(X):
        return (X[:, 0] > 0) & (X[:, 1] < 0)

    laplace = Equation("u_xx u_yy", lambda X, a, b: a + b, lambda X, a, b: (1, 1))
    test = interior(SQUARE, 13_500, "random", seed=99)
    test = test[~outside(test)][:10_000]
    edge = np.linspace(0, 1, 60)
    inner = np.concatenate([np.column_stack([edge, 0 * edge]), np.column_stack([0 * edge, -edge])])

    def terms(n):
        X, rim = interior(SQUARE, n), boundary(SQUARE, n)
        X, rim = X[~outside(X)], np.concatenate([rim[~outside(rim)], inner])
        return [laplace.at(X), fixed(rim, exact(rim))]

    for seed in range(seeds):
        model = KAN([2, 5, 1], grid=2, order=5, seed=seed)
        for grid in (2, 4, 8, 16):
            model, _, seconds = train(
                refine(model, grid), terms, [(grid, 16 + 2 * grid, 100)], 30, seed, "xy"
            )
            error = Problem(SQUARE, terms, exact).error(model, test)
            yield "corner", f"[2, 5, 1], {grid} cells", seed, model.parameters.size, error, seconds
    for seed in range(seeds):
        model, _, seconds = train(MLP([2, 16, 16, 1], "tanh", seed), terms, [(0, 48, 400)], 10, seed, "xy")
        error = Problem(SQUARE, terms, exact).error(model, test)
        yield "corner", "MLP [2, 16, 16, 1]", seed, model.parameters.size, error, seconds


def formula_rows(starts=10):
    """Yield how many of ten starts end in the exact solution, from the equation alone."""
    import sympy

    for name in ("heat", "poisson"):
        plan, problem, right, seconds = PLANS[name]["one product"], PROBLEMS[name], 0, []
        truth = {"heat": "exp(-t)*sin(pi*x)", "poisson": "sin(pi*x)*sin(pi*y**2)"}[name]
        symbols = sympy.symbols(list(problem.inputs), real=True)
        truth = sympy.sympify(truth, locals={str(s): s for s in symbols})
        for seed in range(starts):
            begun = time.process_time()
            model = KAN(plan.widths, grid=plan.stages[0][0], order=7, domain=problem.domain, seed=seed)
            model, *_ = train(
                model, problem.terms, plan.stages, plan.seconds, seed, problem.inputs, plan.starts
            )
            X = interior(problem.domain, 1000, "random", seed=seed)
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                if name == "heat":
                    named = symbolify(prune(model, X), X, progress=False)
                else:
                    named = discover(X, model(X)[:, 0], list(problem.inputs), progress=False).best.model
                solve(named, problem.terms(30), inputs=problem.inputs, steps=30, progress=False)
                found = formula(named, list(problem.inputs))
            right += sympy.simplify(found - truth) == 0
            seconds.append(time.process_time() - begun)
        label = f"{truth}, exactly, from {right} of {starts} starts"
        yield "formula", label, 0, 0, problem.error(named), float(np.median(seconds))


ROWS = {
    **{name: lambda seeds, name=name: rows_of(name, seeds) for name in PROBLEMS},
    **{name: lambda seeds, name=name: slab_rows(name, seeds) for name in SLABS},
    "inverse": inverse_rows,
    "corner": corner_rows,
    "formula": lambda seeds: formula_rows(),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--csv", help="write the table there, too")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    table = []
    print(f"{'problem':<12} {'seed':>4} {'numbers':>7} {'error':>8} {'seconds':>7}  network")
    for name in arguments.rows or ROWS:
        for problem, label, seed, size, error, seconds in ROWS[name](arguments.seeds):
            table.append((problem, label, seed, size, error, seconds))
            print(f"{problem:<12} {seed:>4} {size:>7} {error:>8.1e} {seconds:>7.1f}  {label}", flush=True)
        if name in PUBLISHED:
            print(f"{'':<12} published: {PUBLISHED[name]}", flush=True)
    if arguments.csv:
        with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [("problem", "network", "seed", "parameters", "error", "seconds"), *table]
            )


if __name__ == "__main__":
    main()
