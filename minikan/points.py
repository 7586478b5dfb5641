"""Points at which an equation is asked for: inside a box, and on its faces (chapter 10)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_choice, as_domains, as_generator, as_integer, require

KINDS = {
    "chebyshev": lambda n: (
        -np.cos(np.pi * (np.arange(n) + 0.5) / n)
    ),  # denser at the ends, where errors are largest
    "even": lambda n: (2 * np.arange(n) + 1) / n - 1,
}


def interior(
    domain: ArrayLike, n: int, kind: str = "chebyshev", seed: int | np.random.Generator = 0
) -> np.ndarray:
    """Make points inside a box.

    Parameters
    ----------
    domain : (low, high), or one such pair for each input
    n : int
        Points along each input; of random ones, in all.
    kind : "chebyshev", "even" or "random"
        Denser towards the ends, where splines have fewest data; all at the same distance; independent and uniform.
    seed : int or numpy.random.Generator
        Draws random points.

    Returns
    -------
    ndarray, shape (n ** n_in, n_in), or (n, n_in) of random ones

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is said above.

    Examples
    --------
    >>> interior([(0, 1), (0, 2)], 2, "even").tolist()
    [[0.25, 0.5], [0.25, 1.5], [0.75, 0.5], [0.75, 1.5]]
    """
    low, high = as_domains(domain).T
    n, kind = as_integer(n, "n", 1), as_choice(kind, "kind", (*KINDS, "random"))
    if kind == "random":
        u = as_generator(seed).uniform(-1, 1, (n, len(low)))
    else:
        axes = np.meshgrid(*[KINDS[kind](n)] * len(low), indexing="ij")
        u = np.stack(axes, axis=-1).reshape(-1, len(low))
    return 0.5 * (low + high) + 0.5 * (high - low) * u


def face(domain: ArrayLike, n: int, axis: int, end: int, kind: str = "chebyshev") -> np.ndarray:
    """Make points on one face of a box, such as the start of a time.

    Parameters
    ----------
    domain, n
        As for `interior`.
    axis : int
        The input that is the same in all points, counted from 0.
    end : int
        Whether it has its low value (0) or its high one (1).
    kind : "chebyshev" or "even"

    Returns
    -------
    ndarray, shape (n ** (n_in - 1), n_in)

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is said above.

    Examples
    --------
    >>> face([(0, 1), (0, 2)], 2, 1, 0, "even").tolist()
    [[0.25, 0.0], [0.75, 0.0]]
    """
    domain = as_domains(domain)
    axis, end = as_integer(axis, "axis", 0), as_integer(end, "end", 0)
    require(axis < len(domain), "axis", f"be one of {len(domain)} inputs, counted from 0", axis)
    require(end < 2, "end", "be 0 (low) or 1 (high)", end)
    others = [i for i in range(len(domain)) if i != axis]
    X = np.full((n ** len(others), len(domain)), domain[axis, end])
    if others:
        X[:, others] = interior(domain[others], n, kind)
    return X


def boundary(domain: ArrayLike, n: int, kind: str = "chebyshev") -> np.ndarray:
    """Make points on all faces of a box.

    Parameters
    ----------
    domain, n, kind
        As for `interior`.

    Returns
    -------
    ndarray, shape (2 n_in n ** (n_in - 1), n_in)

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is said above.

    Examples
    --------
    >>> boundary((0, 1), 1).tolist()
    [[0.0], [1.0]]
    """
    faces = [face(domain, n, axis, end, kind) for axis in range(len(as_domains(domain))) for end in (0, 1)]
    return np.concatenate(faces)
