"""A model comes back bit for bit; anything else is refused; a file is never half written."""

import io
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from twins import spline_layer

from minikan import (
    KAN,
    MLP,
    Chebyshev,
    Fourier,
    Gaussians,
    fix_symbolic,
    load,
    make_grid,
    prune,
    save,
    symbolify,
)
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.network import Network
from minikan.sparse import SparseLayer


@pytest.fixture
def model():
    return KAN([2, 3, 1], grid=7, order=2, seed=1)


def samples():
    return np.random.default_rng(0).uniform(-2, 2, (50, 2))


def kinds():
    """A small model of every kind that can be saved."""
    X, spline = samples(), KAN([2, 2, 1], grid=3, seed=1)
    spline.parameters[:4] = [-0.0, 5e-324, 1e300, np.nextafter(1, 2)]
    curves = KAN([2, 1, 1], grid=3, noise=0, seed=1)
    pruned = KAN([2, 3, 1], grid=2, order=1, noise=0)
    pruned.layers[0].weights[1, :, 1:] = 0
    return {
        "KAN": spline,
        "staircase": KAN([1, 2], grid=1, order=0),
        "pruned": prune(pruned, X, verbose=False),
        "half symbolic": fix_symbolic(curves, X, 0, 0, 0, "sin"),
        "symbolic": symbolify(curves, X),
        "splines only": KAN([2, 2, 1], grid=3, base=None),
        "other domains": KAN([2, 1], grid=3, domain=[(0, 1), (-5, 5)]),
        "products": KAN([2, [1, 2], 1], grid=2, arity=[[], [2, 3], []]),
        "shared": KAN([2, 3, 1], grid=2, groups=2),
        **{
            family.__name__: KAN([2, 2, 1], grid=3, basis=family)
            for family in (Gaussians, Chebyshev, Fourier)
        },
        "Fourier and tanh": KAN([2, 1], grid=3, basis=Fourier, base="tanh"),
        "mixed": Network.from_layers([*KAN([2, 2], grid=2).layers, *KAN([2, 1], basis=Chebyshev).layers]),
        "a network of all kinds": Network.from_layers([*KAN([2, 2]).layers, *MLP([2, 1]).layers]),
        "a plain network": Network.from_layers(MLP([2, 2, 1]).layers),
        **{name: MLP([2, 3, 1], activation=name, seed=2) for name in ("silu", "tanh", "relu")},
    }


@pytest.fixture(params=kinds().items(), ids=lambda kind: kind[0])
def any_model(request):
    return request.param[1]


def same(a, b):
    """Tell whether two models are the same, bit for bit."""
    x = np.random.default_rng(1).uniform(-3, 3, (20, a.widths[0]))
    with np.errstate(all="ignore"):
        alike = a.forward(x.T)[0].tobytes() == b.forward(x.T)[0].tobytes()
    return (
        alike
        and type(a) is type(b)
        and repr(a) == repr(b)
        and a.parameters.tobytes() == b.parameters.tobytes()
    )


def assert_same_parts(a, b):
    """Compare what layers, bases and edges are made of, type and number by number."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        a, b = a.values(), b.values()
    elif hasattr(a, "parts"):
        a, b = ([getattr(each, name) for name in each.parts] for each in (a, b))
    else:
        np.testing.assert_array_equal(a, b)
        return
    for one, other in zip(a, b, strict=True):
        assert_same_parts(one, other)


def test_round_trip_is_exact(any_model, tmp_path):
    path = tmp_path / "model.npz"
    save(any_model, path)
    assert same(load(str(path)), any_model)
    for a, b in zip(load(path).layers, any_model.layers, strict=True):
        assert_same_parts(a, b)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def test_loaded_models_are_alive(any_model, tmp_path):
    save(any_model, tmp_path / "m")
    twin = load(tmp_path / "m")
    twin.parameters[:] = 0
    assert not any(layer.weights.any() for layer in twin.layers)


def test_what_is_not_finite_is_not_saved(tmp_path, model):
    model.parameters[3] = np.nan
    with pytest.raises(ValueError, match="parameters must be finite, got nan"):
        save(model, tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_deep_and_uneven_models_too(tmp_path):
    knots = make_grid(grid=[-1, 0, 0.1, 2], order=1)
    deep = KAN.from_layers([spline_layer([knots], np.ones((1, 4, 1)), [[2.0]])] * 12)
    save(deep, tmp_path / "deep")
    assert len(load(tmp_path / "deep").layers) == 12


def test_a_second_save_replaces_the_first(model, tmp_path):
    save(KAN([1, 1]), tmp_path / "m")
    save(model, tmp_path / "m")
    assert load(tmp_path / "m").widths == [2, 3, 1]


def test_a_failed_save_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "m"
    save(model, path)
    old = path.read_bytes()

    def full_disk(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="disk full"):
        save(KAN([1, 1]), path)
    assert path.read_bytes() == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was run')",)


def smallest():
    """The shortest files with all that a file may hold."""
    spline, sine = (
        KAN([1, 1], grid=1, order=0).layers[0].edge(0, 0),
        FunctionEdge(LIBRARY["sin"], np.ones(4)),
    )
    return {
        "KAN": KAN([1, 1], grid=1, order=0),
        "edges": KAN.from_layers([SparseLayer(2, 1, {(0, 0): spline, (1, 0): sine})]),
        "MLP": MLP([1, 1, 1]),
    }


@pytest.fixture(params=smallest().items(), ids=lambda kind: kind[0])
def small_model(request):
    return request.param[1]


def test_every_truncation_is_refused(small_model, tmp_path):
    path = tmp_path / "m"
    save(small_model, path)
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        with pytest.raises(ValueError, match="is not a minikan model"):
            load(path)


@pytest.mark.slow
def test_damage_is_refused(small_model, tmp_path):
    """Every byte is flipped, in one bit or in all. What is still read (dates are of no account) is the same model."""
    path, rng, read = tmp_path / "m", np.random.default_rng(0), 0
    save(small_model, path)
    whole = path.read_bytes()
    with open(path, "r+b", buffering=0) as file:
        for place, byte in enumerate(whole):
            file.seek(place)
            file.write(bytes([byte ^ (255 if place % 2 else 1 << int(rng.integers(8)))]))
            try:
                twin = load(path)
            except ValueError:
                twin = None
            assert twin is None or same(twin, small_model), place
            read += twin is not None
            file.seek(place)
            file.write(bytes([byte]))
    assert path.read_bytes() == whole
    assert read < 0.3 * len(whole)


def hollow(shape):
    """An .npy file that claims a shape and holds nothing."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, dict(descr="<f8", fortran_order=False, shape=shape))
    return file.getvalue()


def bomb(path, kind):
    """Write a file that claims, or unpacks to, far more than it is."""
    shape = {"long": (10**12,), "wide": (10**6, 10**6, 10**9)}.get(kind, (10**7,))
    data = hollow(shape) + (bytes(8 * 10**7) if kind == "unpacks" else b"")
    with zipfile.ZipFile(
        path, "w", zipfile.ZIP_DEFLATED if kind == "unpacks" else zipfile.ZIP_STORED
    ) as archive:
        archive.writestr("layer0/coef.npy", data)
        if kind == "directory":
            archive.filelist[0].file_size = archive.filelist[0].compress_size = 10**9


@pytest.mark.parametrize("kind", ["long", "wide", "unpacks", "directory"])
def test_absurd_claims_are_refused_at_once(kind, tmp_path):
    bomb(tmp_path / "m", kind)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="is not a minikan model"):
            load(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()


def test_a_layer_of_absurd_width_is_refused(tmp_path):
    save(kinds()["symbolic"], tmp_path / "m")
    with np.load(tmp_path / "m") as archive:
        arrays = dict(archive) | {"layer1/n_out": np.array(10**12)}
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(ValueError, match="not all of 1000000000000 nodes are reached"):
        load(tmp_path / "other.npz")


KILLED = """
import os, random, signal, sys
from minikan import KAN, load, save

folder, rng = sys.argv[1], random.Random(0)
path = os.path.join(folder, "model")
models = [KAN([2, 3, 1], seed=seed) for seed in (0, 1)]


class Kill:
    # A trace function that kills its own process after so many lines, of whatever module.
    def __init__(self, lines):
        self.left = lines

    def __call__(self, frame, event, argument):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self


def save_and_count(model, lines=10**9):
    kill = Kill(lines)
    sys.settrace(kill)
    save(model, path)
    sys.settrace(None)
    return lines - kill.left


old = 0
save(models[old], path)
lines = save_and_count(models[old])
for trial in range(100):
    left = rng.randrange(lines if trial % 2 else 4)
    child = os.fork()
    if child == 0:
        save(models[old], path)  # what is done once in a process is done, and takes no lines any more
        save_and_count(models[1 - old], lines - left)
        os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    found = load(path).parameters.tobytes()
    found = [model.parameters.tobytes() for model in models].index(found)
    print("old" if found == old else "new")
    old = found
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_hundred_kills_leave_the_old_file_or_the_new(tmp_path):
    """The process dies between any two lines of what saving is made of, in NumPy and zipfile, too."""
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True)
    assert run.stderr == ""
    found = run.stdout.split()
    assert len(found) == 100
    assert set(found) == {"old", "new"}  # before the file was in its place, and after
    assert len(list(tmp_path.glob("*.part"))) > 10  # and most often in the act


def stored(**changes):
    """The arrays of a small model, with changes; None takes one away."""
    arrays = {
        "minikan_format": np.array(2),
        "minikan_arrays": np.array(7),
        "model": np.array("KAN"),
        "layer0/kind": np.array("KANLayer"),
        "layer0/basis/kind": np.array("Splines"),
        "layer0/basis/knots": np.array([[-2.0, -1, 0, 1]]),
        "layer0/basis/order": np.array(1),
        "layer0/basis/base": np.array("silu"),
        "layer0/weights": np.zeros((1, 3, 1)),
    } | {name.replace("__", "/"): np.asarray(value) for name, value in changes.items()}
    return {name: array for name, array in arrays.items() if array.shape or array.item() is not None}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (dict(x=np.ones(3)), "it holds other arrays"),
        (stored(minikan_format=99), "its format is 99, this minikan reads format 2"),
        (stored(minikan_format=1), "its format is 1, this minikan reads format 2"),
        (stored(minikan_arrays=None), "arrays are missing"),
        (stored(layer0__weights=None), "arrays are missing"),
        (dict(minikan_format=2, minikan_arrays=1, model="KAN"), "at least one layer"),
        (stored(layer0__weights=None, minikan_arrays=6), "weights"),
        (stored(layer0__basis__knots=None, minikan_arrays=6), "knots"),
        (stored(layer0__weights=np.array([Bomb()], object)), "allow_pickle=False"),
        (stored(layer0__basis__knots=np.zeros((1, 4))), "strictly increasing"),
        (stored(layer0__weights=np.full((1, 3, 1), np.inf)), "weights must be finite"),
        (stored(layer0__basis__kind="Wavelets"), "Wavelets"),
        (stored(layer0__basis__order=-1), "order must be at least 0"),
        (stored(layer0__basis__surprise=1, minikan_arrays=8), "surprise"),
        (stored(layer0__kind="Bomb"), "Bomb"),
        (stored(model="Bomb"), "Bomb"),
        (stored(model="MLP"), "it mixes layers of an MLP with others"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)
def test_other_archives_are_refused(arrays, words, tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, **stored())
    assert load(path).widths == [1, 1]
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="is not a minikan model") as error:
        load(path)
    assert words in str(error.value)


def test_other_files_are_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Bomb()))
    for path in tmp_path.iterdir():
        with pytest.raises(ValueError, match="is not a minikan model") as error:
            load(path)
        assert path.name != "array.npy" or "it is not an .npz archive" in str(error.value)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")


def test_an_edge_named_at_a_single_place_comes_back(tmp_path):
    model = fix_symbolic(KAN([1, 1]), [[0.5], [0.5]], 0, 0, 0, "x")
    save(model, tmp_path / "model.npz")
    edge = load(tmp_path / "model.npz").layers[0].sheet[0, 0]
    assert edge.span == (0.5, 0.5)
    np.testing.assert_array_equal(edge.weights, model.parameters)
