"""How often does a random constant get an exact name, and how often is a true one found?

    python benchmarks/constants.py [number of random constants]

A law with one interesting constant, of several kinds, is sampled with noise from 1e-12 to 0.1 of its spread; its
network of named functions is built by hand and trained, so that only `formula` decides. Prints how many of the random
constants were called exact at each noise, and for true constants how many were found. Fails if more than 5% of the
random ones were called exact at any noise, or if fewer than 90% of the true ones are found where noise is at most 1e-6.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[variable] = "1"  # before NumPy is loaded

import sys  # noqa: E402

import numpy as np  # noqa: E402
import sympy  # noqa: E402

from minikan import KAN, fit, formula  # noqa: E402
from minikan.named import FunctionEdge  # noqa: E402
from minikan.sparse import SparseLayer  # noqa: E402

NOISES = (1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.1)
SAMPLES = 200
# Of each kind: the law, its edge and the weights that it has for a constant k, and the inputs' range.
KINDS = {
    "slope": ("x", lambda k: [1, 0, k, 0], (-1, 1)),
    "amplitude": ("sin", lambda k: [2, 0, k, 0], (-2, 2)),
    "frequency": ("sin", lambda k: [k, 0, 1, 0], (-2, 2)),
    "rate": ("exp", lambda k: [-k, 0, 1, 0], (0, 2)),
    "shift": ("sqrt", lambda k: [1, k, 1, 0], (0, 3)),
    "constant": ("x^2", lambda k: [1, 0, 1, k], (-1, 1)),
}
TRUE = ("pi", "1/2", "sqrt(2)", "3", "2", "3/4", "2*pi", "5/2", "sqrt(3)", "1/pi")


def read(kind, value, noise, rng):
    """Read the formula off noisy samples of a law with the constant `value`."""
    name, weights, ends = KINDS[kind]
    x = rng.uniform(*ends, (SAMPLES, 1))
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(name, weights(value), ends)})])
    y = model(x)
    y += noise * y.std() * rng.standard_normal(y.shape)
    fit(model, x, y, steps=20, progress=False)
    return formula(model, ["x"], x, y, verbose=False)


def is_called_exact(found, value):
    """Tell whether a formula has no inexact number near the random constant."""
    return not any(abs(abs(number) - value) <= 0.3 * value for number in found.atoms(sympy.Float))


def is_right(found, kind, value):
    """Tell whether a formula is the law with the exact constant."""
    x = sympy.Symbol("x", real=True)
    truth = {
        "slope": value * x,
        "amplitude": value * sympy.sin(2 * x),
        "frequency": sympy.sin(value * x),
        "rate": sympy.exp(-value * x),
        "shift": sympy.sqrt(x + value),
        "constant": x**2 + value,
    }[kind]
    return not found.atoms(sympy.Float) and sympy.simplify(found - truth) == 0


def main():
    count, rng = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, np.random.default_rng(0)
    kinds = list(KINDS)
    called = {(kind, noise): [] for noise in NOISES for kind in kinds}
    for k in range(count):
        kind, noise = kinds[k % len(kinds)], NOISES[k // len(kinds) % len(NOISES)]
        value = np.exp(rng.uniform(np.log(0.2), np.log(9)))
        called[kind, noise].append(is_called_exact(read(kind, value, noise, rng), value))
    right = {
        (kind, noise): [
            is_right(read(kind, float(sympy.sympify(text)), noise, rng), kind, sympy.sympify(text))
            for text in TRUE
        ]
        for noise in NOISES
        for kind in kinds
    }
    for title, table in ("random constants called exact", called), ("true constants found", right):
        print(f"{title:30} " + " ".join(f"{noise:7.0e}" for noise in NOISES) + "     all")
        for kind in kinds:
            row = [table[kind, noise] for noise in NOISES]
            shares = [*row, [each for part in row for each in part]]
            print(f"  {kind:28} " + " ".join(f"{np.mean(part):7.0%}" for part in shares if part))
        rows = [[each for kind in kinds for each in table[kind, noise]] for noise in NOISES]
        print(f"  {'all kinds':28} " + " ".join(f"{np.mean(part):7.1%}" for part in rows if part))
    false = max(np.mean([each for kind in kinds for each in called[kind, noise]] or [0]) for noise in NOISES)
    found = np.mean([each for (_, noise), part in right.items() if noise <= 1e-6 for each in part])
    print(f"random constants called exact: at most {false:.1%} at any noise, of {count} in all; 5% allowed")
    print(f"true constants found at noise up to 1e-6: {found:.0%}, at least 90% wanted")
    sys.exit("missed" if false > 0.05 or found < 0.9 else 0)


if __name__ == "__main__":
    main()
