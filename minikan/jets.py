"""Derivatives of a network in its inputs, and of these in its parameters (chapter 10).

    u(x + t v) = u + t u̇ + ½ t² ü + …         a jet: the value, and two derivatives along a direction v

A differential equation is an equation between u, u̇ and ü. To train a network on it takes their Jacobian in the
parameters. Layer by layer a jet goes up (`Layer.forward_jets`), and what an output's jet depends on comes down
(`Layer.pull_jets`), exactly as values and sensitivities do in `Network.linearise`.

Second derivatives in two variables follow from three directions: 2 u_xy = ü along (1, 1) - ü along x - ü along y.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .validation import as_numbers, as_samples, finite_results


class Jets(NamedTuple):
    """Value and derivatives along D directions, of outputs or of their Jacobian.

    Of outputs: value (n, n_out), first and second (n, n_out, D). Of their Jacobian there is one axis more, (…, P).
    """

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray


@finite_results
def jets(model: Network, X: ArrayLike, directions: ArrayLike | None = None) -> Jets:
    """Compute the outputs and their first and second derivatives along directions in the input space.

    Parameters
    ----------
    model : KAN or MLP
    X : array_like, shape (n, n_in)
    directions : array_like, shape (D, n_in), optional
        By default along each input.

    Returns
    -------
    Jets
        value (n, n_out), first (n, n_out, D) and second (n, n_out, D).

    Raises
    ------
    ValueError, TypeError
        If X or the directions have the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit
    >>> from minikan.jets import jets
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> model = KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.sin(x))
    >>> u, du, ddu = jets(model, [[0.5]])
    >>> bool(abs(du.item() - np.cos(0.5)) < 1e-4 and abs(ddu.item() + np.sin(0.5)) < 1e-2)
    True
    """
    z, _ = forward(model, *_checked(model, X, directions))
    return _sorted(z.transpose(2, 1, 0))


@finite_results
def jets_jacobian(model: Network, X: ArrayLike, directions: ArrayLike | None = None) -> Jets:
    """Differentiate `jets` in the parameters.

    Parameters
    ----------
    model, X, directions
        As for `jets`.

    Returns
    -------
    Jets
        value (n, n_out, P), first (n, n_out, D, P) and second (n, n_out, D, P).

    Raises
    ------
    ValueError, TypeError
        As `jets`.

    Examples
    --------
    >>> from minikan import KAN
    >>> from minikan.jets import jets_jacobian
    >>> [part.shape for part in jets_jacobian(KAN([2, 1]), [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])]
    [(3, 1, 18), (3, 1, 2, 18), (3, 1, 2, 18)]
    """
    x, directions = _checked(model, X, directions)
    z, caches = forward(model, x, directions)
    C, n_out, n = z.shape
    every = np.eye(C * n_out).reshape(C, n_out, C, n_out)  # each number of the jet by itself
    every = np.broadcast_to(every.reshape(C * n_out, C, n_out)[..., None], (C * n_out, C, n_out, n))
    jacobian = jacobian_of_jets(model, caches, every).reshape(-1, C, n_out, n)
    return _sorted(jacobian.transpose(3, 2, 1, 0))


def forward(model: Network, x: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, list]:
    """Carry jets up: x (n_in, n) and directions (D, n_in) → (1 + 2D, n_out, n), and the layers' caches."""
    first = np.broadcast_to(directions[:, :, None], (*directions.shape, x.shape[1]))
    z, caches = np.concatenate([x[None], first, np.zeros_like(first)]), []
    for layer in model.layers:
        z, cache = layer.forward_jets(z)
        caches.append(cache)
    return z, caches


def jacobian_of_jets(model: Network, caches: list, sensitivity: np.ndarray) -> np.ndarray:
    """Carry M quantities down, given their derivatives in the outputs' jets.

    Parameters
    ----------
    model : Network
    caches : list
        From `forward`.
    sensitivity : ndarray, shape (M, 1 + 2D, n_out, n)

    Returns
    -------
    ndarray, shape (P, M, n)
        Their derivatives in the parameters, sample by sample.
    """
    jacobian = np.empty((model.parameters.size, len(sensitivity), sensitivity.shape[-1]))
    parts = model.split(jacobian)
    for depth in reversed(range(len(model.layers))):
        layer, cache = model.layers[depth], caches[depth]
        layer.jacobian_of_jets(cache, sensitivity, parts[depth])
        if depth > 0:
            sensitivity = layer.pull_jets(cache, sensitivity)
    return jacobian


def _checked(model, X, directions):
    n_in = model.widths[0]
    x = samples_last(as_samples(X, n_in))
    directions = np.eye(n_in) if directions is None else as_numbers(directions, "directions")
    if directions.ndim != 2 or directions.shape[1] != n_in:
        raise ValueError(f"directions must have shape (D, {n_in}), got {directions.shape}")
    return x, directions


def _sorted(parts):
    """Take jets apart, (n, n_out, 1 + 2D, ...)."""
    D = parts.shape[2] // 2
    return Jets(*(np.ascontiguousarray(part) for part in (parts[:, :, 0], parts[:, :, 1 : D + 1], parts[:, :, D + 1 :])))
