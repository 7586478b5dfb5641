"""A model comes back bit for bit; anything else is refused; a file is never half written."""

import pickle

import numpy as np
import pytest

from minikan import KAN, KANLayer, load, make_grid, save


@pytest.fixture
def model():
    return KAN([2, 3, 1], grid=7, order=2, seed=1)


def test_round_trip_is_exact(model, tmp_path):
    path = tmp_path / "model.npz"
    save(model, path)
    twin = load(str(path))
    np.testing.assert_array_equal(twin.parameters, model.parameters)
    for a, b in zip(twin.layers, model.layers, strict=True):
        np.testing.assert_array_equal(a.knots, b.knots)
        assert (a.order, a.G) == (b.order, b.G)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


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


def test_every_truncation_is_refused(model, tmp_path):
    path = tmp_path / "m"
    save(model, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is not a minikan model"):
            load(path)


def test_damage_is_refused(model, tmp_path):
    path = tmp_path / "m"
    save(model, path)
    whole = bytearray(path.read_bytes())
    middle = whole.index(b"NUMPY", len(whole) // 2) + 200  # among the numbers of an array
    whole[middle] ^= 255
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="is not a minikan model"):
        load(path)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (dict(x=np.ones(3)), "it holds other arrays"),
        (dict(minikan_format=np.array(99)), "its format is 99, this minikan reads format 1"),
        (dict(minikan_format=np.array(1)), "at least one layer"),
        ({"minikan_format": np.array(1), "layer0/knots": np.ones(3)}, ""),
        ({"minikan_format": np.array(1), "layer0/knots": np.array([Bomb()], object)}, "allow_pickle=False"),
        (
            {
                "minikan_format": np.array(1),
                "layer0/knots": np.zeros((1, 12)),
                "layer0/coef": np.zeros((1, 8, 1)),
                "layer0/base_weight": np.zeros((1, 1)),
            },
            "strictly increasing",
        ),
    ],
    ids=["foreign", "newer", "empty", "incomplete", "pickled array", "absurd"],
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
