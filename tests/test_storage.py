"""A model comes back bit for bit; anything else is refused; a file is never half written."""

import io
import os
import pickle
import subprocess
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from minikan import KAN, MLP, KANLayer, fix_symbolic, load, make_grid, prune, save, symbolify
from minikan.edges import EdgeLayer, FunctionEdge, SplineEdge
from minikan.functions import LIBRARY


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


def test_round_trip_is_exact(any_model, tmp_path):
    path = tmp_path / "model.npz"
    save(any_model, path)
    assert same(load(str(path)), any_model)
    for a, b in zip(load(path).layers, any_model.layers, strict=True):
        np.testing.assert_equal(getattr(a, "knots", None), getattr(b, "knots", None))
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
    deep = KAN.from_layers([KANLayer([knots], np.ones((1, 4, 1)), [[2.0]])] * 12)
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
        SplineEdge(KAN([1, 1], grid=1, order=0).layers[0]),
        FunctionEdge(LIBRARY["sin"], np.ones(4)),
    )
    return {
        "KAN": KAN([1, 1], grid=1, order=0),
        "edges": KAN.from_layers([EdgeLayer(2, 1, {(0, 0): spline, (1, 0): sine})]),
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
    start = time.perf_counter()
    try:
        with pytest.raises(ValueError, match="is not a minikan model"):
            load(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 2e6
        assert time.perf_counter() - start < 5
    finally:
        tracemalloc.stop()


def test_a_layer_of_absurd_width_is_refused(tmp_path):
    save(kinds()["symbolic"], tmp_path / "m")
    with np.load(tmp_path / "m") as archive:
        arrays = dict(archive) | {"layer1/shape": np.array([1, 10**12])}
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(ValueError, match="not all of 1000000000000 nodes are reached"):
        load(tmp_path / "other.npz")


KILLED = """
import os, random, signal, sys, time
from minikan import KAN, load, save

folder, rng = sys.argv[1], random.Random(0)
path = os.path.join(folder, "model")
models = [KAN([4, 20, 1], grid=20, seed=seed) for seed in (0, 1)]
start = time.perf_counter()
for model in models:
    save(model, path)
pause = 2 * (time.perf_counter() - start)
for _ in range(100):
    child = os.fork()
    if child == 0:
        while True:
            for model in models:
                save(model, path)
    time.sleep(rng.uniform(0.2, 1) * pause)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = load(path).parameters.tobytes()
    print([model.parameters.tobytes() for model in models].index(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_hundred_kills_leave_the_old_file_or_the_new(tmp_path):
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True)
    assert run.stderr == ""
    found = run.stdout.split()
    assert len(found) == 100
    assert set(found) == {"0", "1"}  # both models were caught
    assert len(list(tmp_path.glob("*.part"))) > 10  # and most often in the act


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (dict(x=np.ones(3)), "it holds other arrays"),
        (dict(minikan_format=np.array(99)), "its format is 99, this minikan reads format 1"),
        (dict(minikan_format=np.array(1)), "arrays are missing"),
        (dict(minikan_format=np.array(1), minikan_arrays=np.array(0)), "at least one layer"),
        (
            {"minikan_format": np.array(1), "minikan_arrays": np.array(1), "layer0/knots": np.ones(3)},
            "layer0/coef",
        ),
        ({"minikan_format": np.array(1), "layer0/knots": np.array([Bomb()], object)}, "allow_pickle=False"),
        (
            {
                "minikan_format": np.array(1),
                "minikan_arrays": np.array(3),
                "layer0/knots": np.zeros((1, 12)),
                "layer0/coef": np.zeros((1, 8, 1)),
                "layer0/base_weight": np.zeros((1, 1)),
            },
            "strictly increasing",
        ),
    ],
    ids=["foreign", "newer", "robbed", "empty", "incomplete", "pickled array", "absurd"],
)
def test_other_archives_are_refused(arrays, words, tmp_path):
    path = tmp_path / "other.npz"
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
