"""Training under attack: awkward data, other units, interrupts, other machines; and nothing done on the sly."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from minikan import KAN, MLP, fit
from minikan.optimizers import GradientDescent
from minikan.training import OPTIMIZERS

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (60, 2))
Y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def mse(model, X, y):
    return float(np.mean((model(X)[:, 0] - y) ** 2))


# ------------------------------------------------------------------------------------------ awkward data

DATA = {
    "constant targets": (X, np.full(60, 3.7)),
    "constant inputs": (np.full((60, 2), 0.3), Y),
    "duplicated rows": (np.repeat(X[:3], 20, axis=0), Y),
    "collinear inputs": (X[:, [0, 0]], Y),
    "two samples": (X[:2], Y[:2]),
    "an outlier in y": (X, np.r_[1e12, Y[1:]]),
    "an outlier in X": (np.r_[[[1e12, -1e12]], X[1:]], Y),
    "tiny X": (X * 1e-100, Y),
    "huge X": (X * 1e100, Y),
    "tiny y": (X, Y * 1e-100),
    "huge y": (X, Y * 1e100),
    "subnormal y": (X, Y * 1e-310),
}


@pytest.mark.parametrize("make", [lambda: KAN([2, 3, 1]), lambda: MLP([2, 5, 1])], ids=["KAN", "MLP"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
def test_no_data_make_it_worse(data, optimizer, make):
    """No NaN, no exception, never worse than the start; a step too far is refused with a warning."""
    X, y = data
    model = make()
    start = mse(model, X, y)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"step \d+ led to a loss")
        history = fit(model, X, y, optimizer=optimizer, steps=8, progress=False)
    assert np.isfinite(history.loss).all()
    assert np.isfinite(model.parameters).all()
    assert mse(model, X, y) <= start * (1 + 1e-12)


@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
def test_grids_that_follow_such_data(data):
    X, y = data
    model = KAN([2, 3, 1])
    start = mse(model, X, y)
    fit(model, X, y, steps=8, update_grid=True, progress=False)
    assert mse(model, X, y) <= start * (1 + 1e-12)


# ---------------------------------------------------------------------------------------------- interrupts


def test_a_hundred_interrupts_at_any_moment():
    """Ctrl-C may come between any two lines. The model is as good as before at least, and whole."""
    rng, seen = np.random.default_rng(1), 0
    for trial in range(100):
        model = KAN([2, 3, 1], grid=3, seed=trial)
        start = mse(model, X, Y)
        optimizer = list(OPTIMIZERS)[trial % 4]
        lines = Interrupt(int(10 ** rng.uniform(1.5, 4.2)))
        sys.settrace(lines)
        try:
            history = fit(
                model, X, Y, optimizer=optimizer, steps=10, update_grid=trial % 3 == 0, progress=False
            )
            seen += history.stopped == "interrupted"
        except KeyboardInterrupt:
            seen += 1  # before the first step or after the last
        finally:
            sys.settrace(None)
        assert np.isfinite(model.parameters).all()
        assert mse(model, X, Y) <= start * (1 + 1e-12)
        model.parameters[:] = 0  # the layers still look into the one vector
        assert not model(X).any()
    assert seen > 60


def test_interrupts_while_the_best_is_restored():
    """The last lines of `fit` put the best parameters and their grids back. There, too, Ctrl-C does no harm."""

    def train(interrupt):
        model = KAN([2, 2, 1], grid=3)
        sys.settrace(interrupt)
        try:
            fit(model, X, Y, optimizer=GradientDescent(5.0), steps=4, update_grid=1, progress=False)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        return model

    counter, start = Interrupt(10**9), mse(KAN([2, 2, 1], grid=3), X, Y)
    best = train(counter)
    lines = 10**9 - counter.left
    for line in range(lines - 80, lines):
        model = train(Interrupt(line))
        assert mse(model, X, Y) <= start
        if line > lines - 40:
            np.testing.assert_array_equal(model(X), best(X))


class Interrupt:
    """A trace function that raises KeyboardInterrupt after so many lines of minikan."""

    def __init__(self, lines):
        self.left = lines

    def __call__(self, frame, event, argument):
        if "minikan" not in frame.f_code.co_filename:
            return None
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self


# --------------------------------------------------------------------------------------------- determinism

TRAINED = """
import sys, numpy as np
from minikan import KAN, KANClassifier, fit, prune, refine
X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
results = []
for optimizer in ("lm", "lbfgs", "adam"):
    model = KAN([2, 3, 1], seed=1)
    fit(model, X, y, optimizer=optimizer, steps=6, update_grid=True, progress=False)
    results.append(model(X)[:, 0])
model = refine(prune(model, X, verbose=False), 6)
fit(model, X, y, steps=5, sparsity=1e-3, progress=False)
results.append(model(X)[:, 0])
results.append(KANClassifier(hidden=(2,), grid=3, steps=5).fit(X, y > 1).predict_proba(X)[:, 0])
sys.stdout.buffer.write(np.concatenate(results).tobytes())
"""


def trained(threads=1, **environment):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads)) | environment
    run = subprocess.run([sys.executable, "-c", TRAINED], capture_output=True, check=True, env=environment)
    return np.frombuffer(run.stdout)


def test_the_same_seed_gives_the_same_result():
    first = trained()
    assert first.size == 5 * 100
    np.testing.assert_array_equal(trained(), first)  # bit for bit
    np.testing.assert_allclose(trained(threads=2), first, rtol=0, atol=1e-9 * np.abs(first).max())


OLDEST = {(3, 11): "1.25.0", (3, 12): "1.26.0", (3, 13): "2.1.0", (3, 14): "2.3.2"}


@pytest.mark.skipif(
    not os.environ.get("CI") and not os.environ.get("MINIKAN_OLDEST_NUMPY"),
    reason="installs a NumPy: in continuous integration, or with MINIKAN_OLDEST_NUMPY=1",
)
def test_the_oldest_numpy_gives_the_same_result(tmp_path):
    """The oldest NumPy that this Python and minikan can have, in a folder of its own."""
    number = OLDEST.get(sys.version_info[:2])
    if number is None:
        pytest.skip("no NumPy is known as the oldest for this Python")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:", "--disable-pip-version-check"]
    unconstrained = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    subprocess.run([*pip, "--target", tmp_path, f"numpy=={number}"], check=True, env=unconstrained)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    numpy = subprocess.run(
        [sys.executable, "-c", "import numpy; print(numpy.__version__)"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert numpy.stdout.strip() == number
    np.testing.assert_allclose(trained(PYTHONPATH=path), trained(), rtol=1e-6, atol=1e-6)


# -------------------------------------------------------------------------------------------- audit hooks

SESSION = """
import io, os, sys
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot, numpy as np, sympy, minikan.diagram, minikan.estimator, minikan.formulas, minikan.sweeps
from minikan import *
from minikan.plotting import plot_history
folder = sys.argv[1]
matplotlib.pyplot.figure().savefig(io.BytesIO())  # finds fonts, fills caches
X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
found, watching = [], False
NEVER = ("exec", "pickle.find_class", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen")
FILES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate")


def watch(event, arguments):
    global watching
    if watching:
        watching = False  # what the hook does is its own affair
        if is_bad(event, arguments) and not imports(sys._getframe()):
            found.append((event, str(arguments)[:200]))
        watching = True


def is_bad(event, arguments):
    if event == "open" and not isinstance(arguments[0], int):
        return arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not asked_for(arguments[0])
    if event in FILES:
        return not asked_for(arguments[0])
    return event in NEVER or event.partition(".")[0] in ("socket", "urllib", "http", "ftplib", "smtplib")


def asked_for(path):
    return os.path.realpath(os.fsdecode(path)).startswith(os.path.realpath(folder))


def imports(frame):
    # To import is to read and to execute: that is what it is for.
    while frame is not None and "importlib" not in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None


sys.addaudithook(watch)
watching = True
WORK
watching = False
print(*found, "files:", len(os.listdir(folder)), sep="\\n")
"""

WORK = """
model = KAN([2, 2, 1], grid=5, seed=1)
fit(model, X, y, steps=20, sparsity=1e-4, progress=False)
model = refine(prune(model, X, verbose=False), 8)
attribute(model, X), update_grid(model, X), suggest(model, X, 0, 0, 0)
save(model, os.path.join(folder, "spline"))
model = load(os.path.join(folder, "spline"))
plot(model, X).savefig(os.path.join(folder, "kan.png"))
model = KAN([2, 1, 1], grid=10)
fit(model, X, y, steps=60, update_grid=True, progress=False)
model = symbolify(model, X, y)
fit(model, X, y, progress=False)
save(model, os.path.join(folder, "functions"))
print(formula(load(os.path.join(folder, "functions")), ["x", "y"], snap=False))
KANRegressor(steps=3).fit(X, y).score(X, y)
plot_history(fit(MLP([2, 5, 1]), X, y, optimizer="adam", steps=5, progress=False))
sweep(lambda seed: dict(size=KAN([1, 1], seed=seed).parameters.size), [dict(seed=0)], progress=False)
"""


def session(work, folder):
    """Run code under the hook; return what it found."""
    folder.mkdir(exist_ok=True)
    code = SESSION.replace("WORK\n", work)
    run = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.slow
def test_a_session_does_nothing_on_the_sly(tmp_path):
    """No eval, no exec, no pickle, no network, no process, and no file but those that were asked for."""
    assert session(WORK, tmp_path)[1:] == ["files:", "3"]  # the first line is the formula


def test_exact_constants_need_no_eval(tmp_path):
    work = """
model = symbolify(KAN([1, 1], grid=20, noise=0), X[:, :1])
print(formula(model, ["x"], verbose=False))
"""
    assert session(work, tmp_path)[1:] == ["files:", "0"]


SINS = """
eval("1 + 1")
import pickle; pickle.loads(pickle.dumps(KAN))
open(folder + "/../x", "w").close()
os.rename(folder + "/../x", folder + "/y")
import socket; socket.socket().close()
import subprocess; subprocess.run([sys.executable, "-V"], stdout=subprocess.DEVNULL)
"""


def test_the_hook_sees_what_should_not_happen(tmp_path):
    noted = "".join(session(SINS, tmp_path / "in"))
    for event in ("exec", "pickle.find_class", "open", "os.rename", "socket.__new__", "subprocess.Popen"):
        assert f"('{event}'" in noted
