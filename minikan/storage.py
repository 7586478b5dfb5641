"""A model is a handful of arrays, and so is its file (all chapters; one .npz, no pickle).

A file may come from anywhere. It is never executed, and nothing is allocated that it only claims to hold: its
arrays are stored as they are, so that none is larger than the file.
"""

import os
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from .borders import as_numbers, as_vector
from .edges import EdgeLayer, FunctionEdge, SplineEdge
from .functions import LIBRARY
from .layer import KANLayer
from .mlp import ACTIVATIONS, MLP, MLPLayer, identity
from .network import KAN, Network

FORMAT = 1
SHEET = ("knots", "coef", "base_weight")
FUNCTIONS = {"identity": identity} | ACTIVATIONS  # what an MLP's layer does with its inputs


def save(model: Network, path: str | os.PathLike) -> None:
    """Write a model to a file: the old file or the new one is there at any time, never a part.

    Parameters
    ----------
    model : KAN or MLP
    path : str or path-like
        Written as it is named; an existing file is replaced.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    ValueError
        If a parameter is not finite.

    Examples
    --------
    >>> from minikan import KAN, load, save
    >>> save(KAN([2, 5, 1], seed=0), "model.npz")
    >>> load("model.npz")
    KAN([2, 5, 1]: 135 parameters)
      KANLayer(2 → 5, G=5, k=3: 90 parameters)
      KANLayer(5 → 1, G=5, k=3: 45 parameters)
    """
    as_numbers(model.parameters, "parameters")
    arrays = {}
    for depth, layer in enumerate(model.layers):
        arrays |= _pack(layer, f"layer{depth}/")
    arrays |= {"minikan_format": np.array(FORMAT), "minikan_arrays": np.array(len(arrays))}
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


def load(path: str | os.PathLike) -> KAN | Any:
    """Read a model that `save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    KAN or MLP

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one of minikan's, is damaged, or comes from a newer version.

    Examples
    --------
    >>> from minikan import KAN, load, save
    >>> model = KAN([1, 1], grid=3, seed=0)
    >>> save(model, "model.npz")
    >>> bool((load("model.npz").parameters == model.parameters).all())  # bit for bit
    True
    """
    with open(path, "rb") as file:
        try:
            arrays = _read(file)
            depths = len({name.partition("/")[0] for name in arrays})
            layers = [_unpack(arrays, f"layer{depth}/") for depth in range(depths)]
            kinds = {MLP if isinstance(layer, MLPLayer) else KAN for layer in layers} or {KAN}
            if len(kinds) > 1:
                raise ValueError("it mixes layers of an MLP with others")
            return kinds.pop().from_layers(layers)
        except Exception as error:  # zip, npy, shapes: whatever is wrong with a file, it is one thing to say
            raise ValueError(f"{os.fspath(path)!r} is not a minikan model: {error}") from None


def _pack(layer, prefix):
    """Name a layer's arrays: those of a sheet, or those of each edge and the shape."""
    if isinstance(layer, KANLayer):
        return {prefix + name: getattr(layer, name) for name in SHEET}
    if isinstance(layer, MLPLayer):
        return {prefix + "weights": layer.weights, prefix + "activation": np.array(layer.activation.__name__)}
    arrays = {prefix + "shape": np.array([layer.n_in, layer.n_out])}
    for (i, j), edge in layer.sheet.items():
        here = f"{prefix}{i}-{j}/"
        if isinstance(edge, SplineEdge):
            arrays |= _pack(edge.layer, here)
        else:
            parts = {"function": edge.function.name, "weights": edge.weights, "span": edge.span}
            arrays |= {here + name: np.array(part) for name, part in parts.items()}
    return arrays


def _unpack(arrays, prefix):
    """Make a layer of what `_pack` wrote."""
    if prefix + "activation" in arrays:
        return MLPLayer(arrays[prefix + "weights"], FUNCTIONS[str(arrays[prefix + "activation"])])
    if prefix + "shape" not in arrays:
        return KANLayer(*(arrays[prefix + name] for name in SHEET))
    edges = {}
    for here in dict.fromkeys(name.rpartition("/")[0] for name in arrays if name.count("/") == 2):
        if here.startswith(prefix):
            place = tuple(int(number) for number in here.removeprefix(prefix).split("-"))
            edges[place] = _unpack_edge(arrays, here + "/")
    n_in, n_out = (int(width) for width in arrays[prefix + "shape"])
    if len({j for _, j in edges}) != n_out:
        raise ValueError(f"not all of {n_out} nodes are reached by an edge")
    return EdgeLayer(n_in, n_out, edges)


def _unpack_edge(arrays, prefix):
    if prefix + "function" not in arrays:
        return SplineEdge(KANLayer(*(arrays[prefix + name] for name in SHEET)))
    name, weights = str(arrays[prefix + "function"]), as_vector(arrays[prefix + "weights"], "weights")
    if name not in LIBRARY:
        raise ValueError(f"it uses the function {name!r}, which is not in the library; register it first")
    if weights.shape != (4,):
        raise ValueError(f"a function has 4 weights, got {weights.size}")
    span = as_vector(arrays[prefix + "span"], "span").tolist()
    if len(span) != 2 or span[0] > span[1]:
        raise ValueError(f"the span of a function must be a pair (low, high), got {span}")
    return FunctionEdge(LIBRARY[name], weights, span)


def _read(file):
    """Read the arrays of an .npz archive: {name: array}."""
    if not zipfile.is_zipfile(file):
        raise ValueError("it is not an .npz archive")
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("its arrays are compressed")
        if sum(entry.file_size for entry in entries) > size:
            raise ValueError("its arrays claim to be larger than the file")
        arrays = {entry.filename.removesuffix(".npy"): _array(archive.read(entry)) for entry in entries}
    version = arrays.pop("minikan_format", None)
    if version is None:
        raise ValueError("it holds other arrays")
    if version != FORMAT:
        raise ValueError(f"its format is {version}, this minikan reads format {FORMAT}")
    if arrays.pop("minikan_arrays", None) != len(arrays):  # a damaged directory may hide some
        raise ValueError("arrays are missing")
    return arrays


def _array(data):
    """Make an array of the bytes of an .npy file; `reshape` refuses if they are not as many as its shape says."""
    file = BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("its arrays have an unknown format")
    shape, transposed, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("it holds a pickled object, and minikan reads with allow_pickle=False")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if transposed else "C")
