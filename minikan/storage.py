"""A model is a handful of arrays, and so is its file (all chapters; one .npz, no pickle)."""

import os
import tempfile
from pathlib import Path

import numpy as np

from .layer import KANLayer
from .network import KAN

FORMAT = 1


def save(model, path):
    """Write a model to a file: the old file or the new one is there at any time, never a part.

    Parameters
    ----------
    model : KAN
    path : str or path-like
        Written as it is named; an existing file is replaced.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    """
    arrays = {"minikan_format": np.array(FORMAT)}
    for depth, layer in enumerate(model.layers):
        for name in ("knots", "coef", "base_weight"):
            arrays[f"layer{depth}/{name}"] = getattr(layer, name)
    path = Path(path)
    handle, draft = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def load(path):
    """Read a model that `save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    KAN

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one of minikan's, is damaged, or comes from a newer version.
    """
    with open(path, "rb") as file:
        try:
            arrays = _read(file)
            layers = [
                KANLayer(*(arrays[f"layer{depth}/{name}"] for name in ("knots", "coef", "base_weight")))
                for depth in range(len(arrays) // 3)
            ]
            return KAN.from_layers(layers)
        except Exception as error:  # zip, npy, shapes: whatever is wrong with a file, it is one thing to say
            raise ValueError(f"{os.fspath(path)!r} is not a minikan model: {error}") from None


def _read(file):
    archive = np.load(file, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError("it is not an .npz archive")
    with archive:
        arrays = dict(archive)
    version = arrays.pop("minikan_format", None)
    if version is None:
        raise ValueError("it holds other arrays")
    if version != FORMAT:
        raise ValueError(f"its format is {version}, this minikan reads format {FORMAT}")
    return arrays
