"""Derivatives of a network in its inputs, and of these in its parameters (chapter 10).

    u(x + t v) = u + t u̇ + ½ t² ü + …         a jet: the value, and two derivatives along a direction v

Training on a differential equation needs their Jacobian in the parameters: jets go up layer by layer, as
`Layer.forward_jets` says, and sensitivities to them come down, as `Layer.pull_jets` says.
Mixed derivatives follow from three directions: 2 u_xy = ü along (1, 1) - ü along x - ü along y.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .validation import as_numbers, as_samples, finite_results


class Jets(NamedTuple):
    """Outputs and their derivatives along D directions, or the Jacobian of these, with one axis more: (…, P)."""

    value: np.ndarray  # (n, n_out)
    first: np.ndarray  # (n, n_out, D)
    second: np.ndarray  # (n, n_out, D)


@finite_results
def jets(model: Network, X: ArrayLike, directions: ArrayLike | None = None) -> Jets:
    """Compute the outputs and their first and second derivatives along directions in the space of the inputs.

    Parameters
    ----------
    model : KAN or MLP
    X : array_like, shape (n, n_in)
    directions : array_like, shape (D, n_in), optional
        By default along each input.

    Raises
    ------
    ValueError, TypeError
        If X or the directions have the wrong shape.

    Examples
    --------
    >>> from minikan import KAN
    >>> u, du, ddu = jets(KAN([2, 1]), [[0.5, 0.1]])
    >>> assert du.shape == ddu.shape == (1, 1, 2)
    """
    z, _ = forward(model, *_checked(model, X, directions))
    return _separated(z.T)


@finite_results
def jets_jacobian(model: Network, X: ArrayLike, directions: ArrayLike | None = None) -> Jets:
    """Differentiate `jets` in the parameters: one axis more, P, at the end. Arguments and errors are the same."""
    z, caches = forward(model, *_checked(model, X, directions))
    C, n_out, n = z.shape
    each = np.eye(C * n_out).reshape(-1, C, n_out, 1).repeat(n, axis=3)  # every number of the jet by itself
    return _separated(jacobian_of_jets(model, caches, each).reshape(-1, C, n_out, n).T)


def forward(model: Network, x: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, list]:
    """Carry jets up: x (n_in, n) and directions (D, n_in) → (1 + 2D, n_out, n), and the layers' caches."""
    first = np.broadcast_to(directions[:, :, None], (*directions.shape, x.shape[1]))
    z, caches = np.concatenate([x[None], first, np.zeros_like(first)]), []
    for layer in model.layers:
        z, cache = layer.forward_jets(z)
        caches.append(cache)
    return z, caches


def jacobian_of_jets(model: Network, caches: list, sensitivity: np.ndarray) -> np.ndarray:
    """Turn derivatives in the outputs' jets, (M, 1 + 2D, n_out, n), into those in the parameters, (P, M, n)."""
    jacobian = np.empty((model.parameters.size, len(sensitivity), sensitivity.shape[-1]))
    for layer, cache, part in zip(model.layers[::-1], caches[::-1], model.split(jacobian)[::-1], strict=True):
        layer.jacobian_of_jets(cache, sensitivity, part)
        sensitivity = layer.pull_jets(cache, sensitivity) if layer is not model.layers[0] else sensitivity
    return jacobian


def _checked(model, X, directions):
    n_in = model.widths[0]
    x = samples_last(as_samples(X, n_in))
    directions = np.eye(n_in) if directions is None else as_numbers(directions, "directions")
    if directions.ndim != 2 or directions.shape[1] != n_in:
        raise ValueError(f"directions must have shape (D, {n_in}), got {directions.shape}")
    return x, directions


def _separated(z):
    """Name the parts of jets (n, n_out, 1 + 2D, ...)."""
    D = z.shape[2] // 2
    return Jets(*(np.ascontiguousarray(part) for part in (z[:, :, 0], z[:, :, 1 : D + 1], z[:, :, D + 1 :])))
