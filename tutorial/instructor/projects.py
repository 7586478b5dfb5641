"""Individual data for the two projects, from a student's number.

    python tutorial/instructor/projects.py law 123456        a law from data
    python tutorial/instructor/projects.py scaling 123456    the scaling law of a function

The same number gives the same data, another number another function and other samples. What the student gets
goes into `build/projects/students/<number>/`, what the instructor keeps into `build/projects/keys/`.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minikan.validation import as_integer

OUTPUT = Path(__file__).resolve().parents[2] / "build" / "projects"
NAMES = {
    name: getattr(np, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "pi")
}  # what a formula may use
RATES = ("1/2*", "", "3/2*", "2*")
NOISES = (0.001, 0.002, 0.005)  # of the spread of y


@dataclass(frozen=True)
class Task:
    """What one student is given, and what the instructor knows.

    Attributes
    ----------
    kind : "law" or "scaling"
    student : int
        The number that everything follows from.
    tables : dict
        File name -> (names of the columns, array (n, columns)), for the student.
    key : dict
        The formula and what there is to find; for the instructor.
    """

    kind: str
    student: int
    tables: dict
    key: dict


def evaluate(formula, X, inputs):
    """Evaluate a formula of this module on samples X (n, len(inputs)): y (n,)."""
    values = dict(zip(inputs, np.asarray(X, dtype=float).T, strict=True))
    return eval(formula, {"__builtins__": {}}, {**NAMES, **values}) + np.zeros(len(X))


def law(student):
    """Make the project "a law from data": three inputs, one of which does nothing, and noise.

    Parameters
    ----------
    student : int
        0 or larger.

    Returns
    -------
    Task
        Tables `law.csv` (600 samples) and `held_out.csv` (200 samples without their y).

    Raises
    ------
    TypeError, ValueError
        If the number is not a whole number from 0 on.
    """
    student = as_integer(student, "student", 0)
    rng = np.random.default_rng([student, 1])
    first, second, idle = rng.permutation(["x1", "x2", "x3"])
    rate, scale = rng.choice(RATES), rng.choice(RATES)
    wave = rng.choice(["sin(pi*{})", "sin(2*{})", "cos(pi*{})", "{}**3"]).format(first)
    bowl = rng.choice(["{}**2", "exp({})"]).format(second)
    inner = f"{rate}{wave} + {scale}{bowl}"
    outer = rng.choice(["exp({})", "sqrt({} + 5)", "tanh({} - 1)", "log({} + 4)"])
    formula, inputs, noise = outer.format(inner), ["x1", "x2", "x3"], float(rng.choice(NOISES))
    X, X_out = rng.uniform(-1, 1, (600, 3)), rng.uniform(-1, 1, (200, 3))
    y, y_out = evaluate(formula, X, inputs), evaluate(formula, X_out, inputs)
    sigma = noise * y.std()
    key = {
        "formula": formula,
        "inputs": inputs,
        "idle": str(idle),
        "noise": noise,
        "sigma": float(sigma),
        "held_out_y": [float(value) for value in y_out],
    }
    seen = np.column_stack([X, y + sigma * rng.normal(size=len(y))])
    return Task("law", student, {"law.csv": ([*inputs, "y"], seen), "held_out.csv": (inputs, X_out)}, key)


def scaling(student):
    """Make the project "the scaling law of a function": samples without noise, and the same with noise.

    The function is exp of a wave of x1 and a bowl of x2. The bowl is smooth, or it has a corner at a place
    between the points of the usual grids; then no finer grid makes the exponent 4.

    Parameters
    ----------
    student : int
        0 or larger.

    Returns
    -------
    Task
        Tables `exact.csv` and `noisy.csv`, both 4000 samples, and `test.csv`, 2000 without noise.

    Raises
    ------
    TypeError, ValueError
        If the number is not a whole number from 0 on.
    """
    student = as_integer(student, "student", 0)
    rng = np.random.default_rng([student, 2])
    wave = f"sin({rng.choice(['2', 'pi', '4'])}*x1)"
    corner = bool(rng.integers(2))
    place = round(float(rng.uniform(0.13, 0.37)), 3) * int(rng.choice([-1, 1]))
    bowl = f"abs(x2 - ({place}))" if corner else f"{rng.choice(RATES)}x2**2"
    formula, inputs = f"exp(({wave} + {bowl})/2)", ["x1", "x2"]
    X, X_test = rng.uniform(-1, 1, (4000, 2)), rng.uniform(-1, 1, (2000, 2))
    y, y_test = evaluate(formula, X, inputs), evaluate(formula, X_test, inputs)
    noise = 1e-3 * y.std()
    key = {
        "formula": formula,
        "inputs": inputs,
        "corner": place if corner else None,
        "exponent": 1.5 if corner else 4.0,
        "sigma": float(noise),
    }
    names = [*inputs, "y"]
    tables = {
        "exact.csv": (names, np.column_stack([X, y])),
        "noisy.csv": (names, np.column_stack([X, y + noise * rng.normal(size=len(y))])),
        "test.csv": (names, np.column_stack([X_test, y_test])),
    }
    return Task("scaling", student, tables, key)


PROJECTS = {"law": law, "scaling": scaling}


def write(task, folder):
    """Write a task: the student's tables and the instructor's key, in folders apart."""
    students, keys = folder / "students" / str(task.student), folder / "keys"
    for place in (students, keys):
        place.mkdir(parents=True, exist_ok=True)
    for name, (columns, table) in task.tables.items():
        np.savetxt(students / name, table, "%.17g", ",", header=",".join(columns), comments="")
    key = json.dumps({"student": task.student, **task.key}, indent=1)
    (keys / f"{task.kind}_{task.student}.json").write_text(key + "\n", encoding="utf-8")
    return students, keys / f"{task.kind}_{task.student}.json"


def main():
    """Write the data of the students named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", choices=PROJECTS)
    parser.add_argument("students", nargs="+", type=int, help="their numbers, such as 123456")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder, build/projects if not given")
    args = parser.parse_args()
    for student in args.students:
        for path in write(PROJECTS[args.project](student), args.output):
            print(path)


if __name__ == "__main__":
    main()
