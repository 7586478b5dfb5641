"""Save a model to a file and load it (all chapters; one .npz, no pickle: nothing in a file is executed)."""

import os
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from . import bases, named, sparse  # noqa: F401 – makes their classes known to `Layer.kinds` and the like
from .curves import Basis
from .kan import KAN
from .layer import Layer
from .mlp import MLP
from .network import Network
from .validation import as_numbers

FORMAT = 2
MODELS: dict[str, type[Network]] = {"KAN": KAN, "MLP": MLP, "Network": Network}


def save(model: Network, path: str | os.PathLike) -> None:
    """Write a model, with finite parameters, to a file. If this fails, an older file of that name is left as it was.

    Parameters
    ----------
    model : KAN or MLP
    path : str or path-like

    Examples
    --------
    >>> from minikan import KAN, save
    >>> save(KAN([2, 5, 1], seed=0), "model.npz")
    """
    as_numbers(model.parameters, "parameters")
    arrays: dict[str, Any] = {"model": type(model).__name__}
    for depth, layer in enumerate(model.layers):
        arrays |= _pack(f"layer{depth}", layer)
    arrays |= {"minikan_format": FORMAT, "minikan_arrays": len(arrays)}
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | os.PathLike) -> Any:
    """Read a model that `save` wrote: its parameters are the same bit for bit.

    Parameters
    ----------
    path : str or path-like
        A ValueError tells if the file is not one of minikan's, is damaged, or has another format.

    Returns
    -------
    KAN or MLP

    Examples
    --------
    >>> from minikan import KAN, load, save
    >>> save(KAN([1, 1], grid=3, seed=0), "model.npz")
    >>> load("model.npz").widths
    [1, 1]
    """
    with open(path, "rb") as file:
        try:
            arrays = _read(file)
            model = MODELS[str(arrays.pop("model"))]
            layers = list(_unpack(arrays).values())
            if model is not Network and any(layer.has_curves == (model is MLP) for layer in layers):
                raise ValueError("it mixes layers of an MLP with others")
            return model.from_layers(layers)
        except Exception as error:  # of any kind, as anything can be wrong with a file
            raise ValueError(f"{os.fspath(path)!r} is not a minikan model: {error}") from None


def _pack(name, part):
    """Yield the arrays of a layer, a basis, or a dict of edges, with their names; a function is stored as its name."""
    if isinstance(part, dict):
        inner = {f"{i}-{j}": edge for (i, j), edge in part.items()}
    elif hasattr(part, "parts"):
        inner = {"kind": type(part).__name__} | {name: getattr(part, name) for name in part.parts}
    else:
        inner = {}
        yield name, getattr(part, "name", part)
    for key, value in inner.items():
        if value is not None:
            yield from _pack(f"{name}/{key}", value)


def _unpack(arrays):
    """Make of arrays {name: array} what `_pack` took apart; of a whole file, a dict of layers."""
    if "" in arrays:
        return arrays[""].item() if arrays[""].ndim == 0 else arrays[""]
    groups = {}
    for name, array in arrays.items():
        first, _, rest = name.partition("/")
        groups.setdefault(first, {})[rest] = array
    parts = {name: _unpack(group) for name, group in groups.items()}
    if "kind" in parts:
        return (Layer.kinds | Basis.kinds)[parts.pop("kind")](**parts)
    return {tuple(map(int, name.removeprefix("layer").split("-"))): part for name, part in parts.items()}


def _read(file):
    """Read the arrays of an .npz archive: {name: array}."""
    if not zipfile.is_zipfile(file):
        raise ValueError("it is not an .npz archive")
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("its arrays are compressed")
        if (
            sum(entry.file_size for entry in entries) > os.fstat(file.fileno()).st_size
        ):  # or memory might run out
            raise ValueError("its arrays claim to be larger than the file")
        arrays = {entry.filename.removesuffix(".npy"): _array(archive.read(entry)) for entry in entries}
    if (version := arrays.pop("minikan_format", None)) is None:
        raise ValueError("it holds other arrays")
    if version != FORMAT:
        raise ValueError(f"its format is {version}, this minikan reads format {FORMAT}")
    if arrays.pop("minikan_arrays", None) != len(arrays):  # if the archive's table of contents is damaged
        raise ValueError("arrays are missing")
    return arrays


def _array(data):
    """Make an array from the bytes of an .npy file; `reshape` checks their number."""
    file = BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("its arrays have an unknown format")
    shape, transposed, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("it holds a pickled object, and minikan reads with allow_pickle=False")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if transposed else "C")
