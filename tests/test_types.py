"""Type hints: public functions have them, their bodies keep them, and who uses minikan is told by them."""

import inspect
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from sysconfig import get_path

import numpy as np
import pytest
from public import functions

import minikan

ROOT = Path(__file__).resolve().parents[1]
RIGHT = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
WRONG = """\
import os
import numpy as np
from minikan import KAN, LBFGS, KANRegressor, fit, formula, load, make_grid, prune, refine, save
model = KAN("2,5,1")
model = KAN([2, 5, 1], grid="5")
fit(model)
fit(model, np.ones((3, 2)), np.ones(3), optimiser="lm")
fit(model, np.ones((3, 2)), np.ones(3)).rmse()
model.parameters.append(1)
model.fit(np.ones((3, 2)))
refine(model, 7.5)
prune(model, [[0.0, 1.0]]).layer
KANRegressor(hidden=3).predict([[0.0]]).columns
make_grid(domain=3)
formula(model, names=2)
LBFGS(memory="10")
save(model, 3)
load(None)
"""
CODE = WRONG.splitlines()
FAULTS = range(4, len(CODE) + 1)


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """Run mypy with one cache, for an environment that has this checkout as `pip install -e .` would leave it."""
    home = tmp_path_factory.mktemp("mypy")
    venv.create(home / "environment", with_pip=False)
    python = home / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (site,) = (home / "environment").rglob("site-packages")
    (site / "installed.pth").write_text(f"{ROOT}\n{get_path('purelib')}\n")

    def run(*arguments, cwd=home):
        command = [sys.executable, "-m", "mypy", "--python-executable", str(python)]
        command += ["--cache-dir", str(home / "cache"), *arguments]
        return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8")

    run.home = home
    return run


@pytest.mark.slow
@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 has other hints of its own functions")
def test_the_package_keeps_its_hints(mypy):
    run = mypy("--config-file", str(ROOT / "pyproject.toml"), cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert int(re.search(r"no issues found in (\d+) source files", run.stdout)[1]) > 40


@pytest.mark.slow
def test_users_are_told_by_the_hints(mypy):
    """Outside of the repository, with mypy's own settings: only `py.typed` makes it look at minikan."""
    (mypy.home / "right.py").write_text(RIGHT, encoding="utf-8")
    (mypy.home / "wrong.py").write_text(WRONG, encoding="utf-8")
    run = mypy("--config-file=", "right.py", "wrong.py")
    assert run.stderr == ""
    errors = re.findall(r"^(\w+)\.py:(\d+): error: ", run.stdout, re.MULTILINE)
    assert [line for name, line in errors if name == "right"] == [], run.stdout
    found = {int(line) for name, line in errors if name == "wrong"}
    assert {number: CODE[number - 1] for number in FAULTS if number not in found} == {}
    assert found == set(FAULTS), run.stdout


def test_public_functions_have_hints():
    missing, seen = [], 0
    for name, function in functions():
        signature = inspect.signature(function)
        hints = {part: each.annotation for part, each in signature.parameters.items()}
        hints["return"] = signature.return_annotation
        missing += [
            f"{name}: {part}"
            for part, hint in hints.items()
            if hint is inspect.Signature.empty and part not in ("self", "cls")
        ]
        seen += 1
    assert missing == []
    assert seen > 300


def test_the_stub_names_what_the_package_has():
    """`__init__.pyi` says statically what `__init__.py` does when a name is first used."""
    stub = (ROOT / "minikan" / "__init__.pyi").read_text(encoding="utf-8")
    lines = re.findall(r"^from \.(\w+) import (\w+) as (\w+)$", stub, re.MULTILINE)
    assert {name: module for module, name, _ in lines} == minikan._HOME
    assert all(name == known for _, name, known in lines)
