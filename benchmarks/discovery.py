"""Find laws from tables: the paper's toys and Feynman's equations, and laws of the laboratory in real units.

    python benchmarks/discovery.py [--noise 0.01] [--peers] [--structure] [paper | laws | name ...]

No shape is given, no library is picked by hand.

- `laws`: 300 samples in SI units, and an input that does not matter. A law counts as found if it leaves that input out
  and if, on a domain widened by 30%, its error is below 1% of the spread of the targets (without noise 1e-6). The last
  30 of the 56 were written down when the search was done; it found 26 of them, and 23 with noise. After that it was
  changed for what they had shown: inputs over powers of ten, formulas that end just beyond the samples, functions of
  functions under noise, products of several sums.
- `paper`: 1000 samples of the paper's toys and of Feynman's equations. Without noise the error on new samples has to be
  below 1e-6 of the spread; with noise the form has to be right: the error has to fall below that, if the formula's
  constants are fitted anew to samples without noise.

With `--structure`, a network is trained first, and `discover` starts with what `structure` finds in it. When this was
measured, it found as many of the paper's formulas without noise as the search alone, 29, in twice the time: the
polynomials that `discover` looks at by itself see the pairs, too.

With `--peers`, pyoperon, rils-rols and gplearn get the same samples and the same time, in an environment of their own
that the first run makes; with noise, 1% of the spread on new samples is enough for them. Prints a row for each law, the
shares that were found, and the median time.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import venv  # noqa: E402
import warnings  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import NamedTuple  # noqa: E402

import numpy as np  # noqa: E402

from minikan import KAN, Roughness, discover, fit, structure  # noqa: E402
from minikan.problems import PROBLEMS  # noqa: E402

SECONDS = 60  # for each law
TOYS = "bessel exp_sin xy division exp_bessel phase_transition distance four_dimensional".split()  # noqa: SIM905
EXACT, CLOSE = 1e-6, 1e-2  # errors, over the spread of the targets
LEAST = {
    ("paper", False): 29,
    ("paper", True): 24,
    ("laws", False): 50,
    ("laws", True): 46,
}  # that have to be found
PEERS = {"pyoperon": "pyoperon==0.6.2", "rils-rols": "rils-rols==1.3.2", "gplearn": "gplearn==0.4.3"}
PAPER = [name for name in PROBLEMS if name[0] == "I" or name in TOYS]
HOME = Path(tempfile.gettempdir()) / "minikan-symbolic-peers"  # their environment
R, BOLTZMANN, PLANCK, LIGHT, GRAVITY = 8.314462618, 1.380649e-23, 6.62607015e-34, 2.99792458e8, 6.6743e-11
CHARGE, ELECTRON, FARADAY = 1.602176634e-19, 9.1093837e-31, 96485.33212


class Table(NamedTuple):
    """A law of the laboratory: its function, and for each input name, low and high, in SI units."""

    function: object
    inputs: dict


LAWS = {
    "Arrhenius": Table(lambda T, A: A * np.exp(-5.2e4 / (R * T)), dict(T=(280, 420), A=(1e11, 5e11))),
    "ideal gas": Table(lambda n, T, V: n * R * T / V, dict(n=(0.5, 3), T=(250, 400), V=(1e-3, 2e-2))),
    "Michaelis-Menten": Table(lambda S, v: v * S / (3e-5 + S), dict(S=(1e-6, 2e-4), v=(1e-7, 6e-7))),
    "competitive inhibition": Table(
        lambda S, J: 4e-7 * S / (2e-5 * (1 + J / 5e-6) + S), dict(S=(1e-6, 1e-4), J=(0, 3e-5))
    ),
    "Hill": Table(lambda L: L**2.7 / (4e-6**2.7 + L**2.7), dict(L=(5e-7, 2e-5))),
    "Planck": Table(
        lambda f, T: 2 * PLANCK * f**3 / LIGHT**2 / np.expm1(PLANCK * f / (BOLTZMANN * T)),
        dict(f=(5e13, 8e14), T=(2000, 6000)),
    ),
    "Stefan-Boltzmann": Table(lambda T, A: 5.670374e-8 * A * T**4, dict(T=(200, 1200), A=(0.1, 2))),
    "projectile": Table(lambda v, a: v**2 * np.sin(2 * a) / 9.81, dict(v=(5, 40), a=(0.1, 1.4))),
    "pendulum": Table(lambda L, g: 2 * np.pi * np.sqrt(L / g), dict(L=(0.1, 3), g=(1.6, 25))),
    "thin lens": Table(lambda a, f: 1 / (1 / f - 1 / a), dict(a=(0.5, 3), f=(0.05, 0.3))),
    "Nernst": Table(
        lambda T, a, b: R * T / (2 * FARADAY) * np.log(a / b), dict(T=(275, 320), a=(1e-3, 1), b=(1e-3, 1))
    ),
    "Rydberg": Table(lambda p, q: 1.0973731568e7 * (1 / p**2 - 1 / q**2), dict(p=(1, 3), q=(4, 9))),
    "Doppler": Table(lambda f, v, w: f * (343 + v) / (343 - w), dict(f=(200, 2000), v=(0, 60), w=(0, 60))),
    "damped oscillation": Table(lambda t: 0.03 * np.exp(-1.7 * t) * np.cos(23 * t), dict(t=(0, 2))),
    "capacitor": Table(lambda t, U: U * (1 - np.exp(-t / 4.7e-3)), dict(t=(0, 2e-2), U=(1, 12))),
    "Kepler": Table(
        lambda a, M: 2 * np.pi * np.sqrt(a**3 / (GRAVITY * M)), dict(a=(5e10, 5e12), M=(1e30, 6e30))
    ),
    "Coulomb": Table(
        lambda p, q, r: 8.9875e9 * p * q / r**2, dict(p=(-1e-6, 1e-6), q=(-1e-6, 1e-6), r=(0.05, 0.5))
    ),
    "relativistic energy": Table(
        lambda p: np.sqrt((p * LIGHT) ** 2 + (ELECTRON * LIGHT**2) ** 2), dict(p=(0, 1e-21))
    ),
    "diode": Table(
        lambda V, T: 2e-9 * np.expm1(CHARGE * V / (1.7 * BOLTZMANN * T)), dict(V=(0.1, 0.5), T=(280, 340))
    ),
    "logistic growth": Table(lambda t, K: K / (1 + 49 * np.exp(-0.62 * t)), dict(t=(0, 14), K=(50, 500))),
    "Poiseuille": Table(
        lambda r, p, L: np.pi * r**4 * p / (8e-3 * L), dict(r=(1e-4, 1e-3), p=(100, 5000), L=(0.01, 0.2))
    ),
    "Kleiber": Table(lambda M: 3.4 * M**0.75, dict(M=(0.02, 4000))),
    "rest and motion": Table(
        lambda v, m: m * LIGHT**2 / np.sqrt(1 - (v / LIGHT) ** 2), dict(v=(1e7, 2.2e8), m=(1e-27, 4e-27))
    ),
    "van der Waals": Table(
        lambda n, T: n * R * T / (1e-2 - n * 4.3e-5) - 0.364 * n**2 / 1e-4, dict(n=(0.5, 20), T=(260, 500))
    ),
    "Bragg": Table(lambda w, d: np.arcsin(w / (2 * d)), dict(w=(5e-11, 2e-10), d=(1.5e-10, 5e-10))),
    "resonance": Table(
        lambda w, F: F / np.sqrt((400 - w**2) ** 2 + (3.2 * w) ** 2), dict(w=(5, 40), F=(0.2, 2))
    ),
    # From here on, written down when the search was done.
    "electric power": Table(lambda U, R: U**2 / R, dict(U=(1, 240), R=(10, 500))),
    "Clausius-Clapeyron": Table(
        lambda T, p: p * np.exp(-4.07e4 / R * (1 / T - 1 / 373.15)), dict(T=(280, 400), p=(8e4, 1.1e5))
    ),
    "decay": Table(lambda N, t: N * 0.5 ** (t / 8.02), dict(N=(1e6, 9e6), t=(0, 30))),
    "parallel resistors": Table(lambda a, b: a * b / (a + b), dict(a=(10, 500), b=(10, 500))),
    "drag": Table(
        lambda A, v, rho: 0.5 * 0.47 * rho * A * v**2, dict(A=(0.01, 0.5), v=(1, 50), rho=(0.9, 1.3))
    ),
    "Stokes": Table(
        lambda p, r, m: 2 / 9 * (p - 998) * 9.81 * r**2 / m,
        dict(p=(1200, 8000), r=(1e-5, 1e-3), m=(5e-4, 2e-3)),
    ),
    "RC impedance": Table(
        lambda R, w: np.sqrt(R**2 + 1 / (w * 2.2e-6) ** 2), dict(R=(50, 500), w=(300, 6000))
    ),
    "RL phase": Table(lambda w, R: np.arctan(w * 0.05 / R), dict(w=(100, 9000), R=(20, 300))),
    "Debye length": Table(
        lambda T, c: np.sqrt(78.5 * 8.8541878128e-12 * BOLTZMANN * T / (2 * 6.02214076e23 * CHARGE**2 * c)),
        dict(T=(275, 360), c=(1, 200)),
    ),
    "Henderson-Hasselbalch": Table(lambda a, h: 4.76 + np.log10(a / h), dict(a=(1e-3, 0.2), h=(1e-3, 0.2))),
    "Beer-Lambert": Table(
        lambda c, d, J: J * np.exp(-1.2e3 * c * d), dict(c=(1e-5, 1e-3), d=(0.1, 2), J=(1, 5))
    ),
    "Haldane": Table(lambda S: 0.8 * S / (0.05 + S + S**2 / 1.3), dict(S=(0.005, 3))),
    "Gompertz": Table(lambda t, K: K * np.exp(-4.1 * np.exp(-0.31 * t)), dict(t=(0, 20), K=(100, 900))),
    "escape velocity": Table(lambda M, r: np.sqrt(2 * GRAVITY * M / r), dict(M=(1e22, 2e27), r=(1e6, 7e7))),
    "Manning": Table(
        lambda n, R, S: R ** (2 / 3) * np.sqrt(S) / n, dict(n=(0.01, 0.05), R=(0.2, 3), S=(1e-4, 1e-2))
    ),
    "barometric": Table(
        lambda h, T: 101325 * np.exp(-0.02896 * 9.81 * h / (R * T)), dict(h=(0, 9000), T=(240, 310))
    ),
    "Malus": Table(lambda J, a: J * np.cos(a) ** 2, dict(J=(0.1, 5), a=(0, 1.5))),
    "slit": Table(lambda x: (np.sin(5.3 * x) / (5.3 * x)) ** 2, dict(x=(0.05, 1.5))),
    "Lennard-Jones": Table(
        lambda r: 4 * 1.65e-21 * ((3.4e-10 / r) ** 12 - (3.4e-10 / r) ** 6), dict(r=(3.3e-10, 9e-10))
    ),
    "Morse": Table(lambda r: 4.5 * (1 - np.exp(-1.9 * (r - 0.74))) ** 2, dict(r=(0.5, 3))),
    "Lorentzian": Table(lambda f, A: A / ((f - 21.4) ** 2 + 2.3**2), dict(f=(10, 33), A=(1, 6))),
    "gravitation": Table(
        lambda m, M, r: GRAVITY * m * M / r**2, dict(m=(10, 5000), M=(1e22, 1e25), r=(5e6, 5e7))
    ),
    "rocket": Table(lambda v, a, b: v * np.log(a / b), dict(v=(2000, 4500), a=(5e4, 5e5), b=(5e3, 4e4))),
    "velocity addition": Table(
        lambda u, v: (u + v) / (1 + u * v / LIGHT**2), dict(u=(-2e8, 2.5e8), v=(1e7, 2.5e8))
    ),
    "conduction": Table(
        lambda k, a, b, d: k * 2.5 * (a - b) / d, dict(k=(0.03, 2), a=(290, 310), b=(250, 285), d=(0.05, 0.5))
    ),
    "growth rate": Table(lambda N, r: r * N * (1 - N / 830), dict(N=(5, 1200), r=(0.1, 0.9))),
    "Bateman": Table(
        lambda t, D: D * 1.4 / (1.4 - 0.22) * (np.exp(-0.22 * t) - np.exp(-1.4 * t)),
        dict(t=(0, 18), D=(50, 500)),
    ),
    "Fermi": Table(
        lambda e, T: 1 / (np.exp((e - 8e-19) / (BOLTZMANN * T)) + 1), dict(e=(6e-19, 1e-18), T=(1000, 4000))
    ),
    "Compton": Table(
        lambda w, a: w + PLANCK / (ELECTRON * LIGHT) * (1 - np.cos(a)), dict(w=(1e-12, 1e-11), a=(0, 3.1))
    ),
    "Langmuir": Table(lambda p, q: q * 3.1e-5 * p / (1 + 3.1e-5 * p), dict(p=(1e3, 2e5), q=(0.5, 4))),
}


def sample(name, n, seed, noise=0.0, widen=0.0):
    """Draw a table of a law: X (n, n_in + 1), the last input of which does not matter, y (n,) and the names."""
    law, rng = LAWS[name], np.random.default_rng(seed)
    columns = []
    for low, high in law.inputs.values():
        if low > 0 and high / low > 50:
            reach = np.log(high / low) * widen / 2
            columns.append(np.exp(rng.uniform(np.log(low) - reach, np.log(high) + reach, n)))
        else:
            reach = (high - low) * widen / 2
            columns.append(
                rng.uniform(max(low - reach, 0.5 * low) if low >= 0 else low - reach, high + reach, n)
            )
    y = law.function(*columns)
    X = np.column_stack([*columns, rng.uniform(10, 20, n)])
    return X, y + noise * y.std() * rng.standard_normal(n), [*law.inputs, "unused"]


def problem(name, n, seed, noise=0.0):
    """Draw a table of one of the paper's problems."""
    X, y = PROBLEMS[name].sample(n, seed)
    noise = noise * y.std() * np.random.default_rng(seed + 1).standard_normal(n)
    return X, y + noise, list(PROBLEMS[name].inputs)


def tables(name, noise):
    """Draw samples X, y, names; new inputs and their targets; and samples without noise."""
    if name in LAWS:
        return sample(name, 300, 0, noise), sample(name, 1000, 9, widen=0.3)[:2], None
    return problem(name, 1000, 0, noise), problem(name, 1000, 9)[:2], problem(name, 1000, 0)[:2]


def look(X, y, names, noise):
    """Train a network on a table, and find its structure."""
    y, n_in = (y - y.mean()) / y.std(), X.shape[1]
    model = KAN([n_in, 2 * n_in, 1], grid=4, domain=np.stack([X.min(axis=0), X.max(axis=0)], axis=1))
    options = {"penalty": Roughness(noise**2 / 10)} if noise else {}
    fit(model, X, y, steps=60, **options)
    return structure(model, X, y, names, progress=False, **options)


def row(name, noise, structured=False):
    """Search for one law; return whether it was found, the seconds of the processor, and a text."""
    (X, y, names), (new, truth), clean = tables(name, noise)
    start = time.process_time()
    first = look(X, y, names, noise) if structured and len(names) > 1 else None
    found = discover(X, y, names, seconds=SECONDS, start=first, progress=False)
    seconds = time.process_time() - start
    if found.best is None:
        return False, seconds, found.verdict
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        error = rmse(found.best.predict(new), truth)
        if noise and clean is not None:
            model = found.best.model
            fit(model, *clean, steps=200, progress=False)
            right = rmse(model(clean[0])[:, 0], clean[1]) < EXACT
        else:
            right = error < (CLOSE if noise else EXACT) and (name not in LAWS or "unused" in found.unused)
    return right, seconds, f"{error:.0e}  {found.best.formula.evalf(5)}"


def peer_row(peer, name, noise):
    """Let a peer search for the same law."""
    (X, y, _), (new, truth), _ = tables(name, noise)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.npz"
        np.savez(table, X=X, y=y, new=new)
        script = Path(__file__).with_name("symbolic_peers.py")
        command = [make_environment(), script, peer, table, str(SECONDS)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return False, np.nan, done.stderr.strip().splitlines()[-1]
        predicted = np.load(f"{table}.{peer}.npy")
    error = rmse(predicted, truth)
    seconds, _, formula = done.stdout.strip().splitlines()[-1].partition(" ")
    return error < (CLOSE if noise else EXACT), float(seconds), f"{error:.0e}  {formula}"


def make_environment():
    """Install the peers, once; give the environment's Python."""
    python = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (HOME / "complete.txt").exists():
        venv.create(HOME, with_pip=True, clear=True)
        for package in PEERS.values():
            subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
        (HOME / "complete.txt").touch()
    return python


def rmse(predicted, truth):
    return np.sqrt(np.mean((predicted - truth) ** 2)) / truth.std()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="laws or problems, or `laws`, or `paper`; all by default")
    parser.add_argument("--noise", type=float, default=0.0, help="as a share of the spread of y")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--structure", action="store_true", help="start from the structure of a network")
    args = parser.parse_args()
    failed = False
    groups = {"paper": PAPER, "laws": list(LAWS)}
    names = [(each, groups.get(each, [each])) for each in args.names or groups]
    for group, members in names:
        peers = {peer: partial(peer_row, peer) for peer in PEERS if args.peers}
        for label, search in ({"minikan": partial(row, structured=args.structure)} | peers).items():
            print(label)
            rows = []
            for name in members:
                right, seconds, text = search(name, args.noise)
                rows.append((right, seconds))
                print(f"  {name:24} {'yes' if right else 'NO':4} {seconds:5.1f} s  {text[:150]}", flush=True)
            count, middle = sum(right for right, _ in rows), np.nanmedian([seconds for _, seconds in rows])
            print(
                f"{label}, {group}, noise {args.noise:g}: {count} of {len(rows)} found, median {middle:.1f} s"
            )
            failed |= label == "minikan" and count < LEAST.get((group, args.noise > 0), 0)
    sys.exit(failed)


if __name__ == "__main__":
    main()
