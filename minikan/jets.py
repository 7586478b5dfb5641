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
    return _taken_apart(z.T)


@finite_results
def jets_jacobian(model: Network, X: ArrayLike, directions: ArrayLike | None = None) -> Jets:
    """Differentiate `jets` in the parameters: one axis more, P, at the end. Arguments and errors as there."""
    x, directions = _checked(model, X, directions)
    z, caches = forward(model, x, directions)
    C, n_out, n = z.shape
    each = np.eye(C * n_out).reshape(C * n_out, C, n_out, 1)  # every number of the jet by itself
    jacobian = jacobian_of_jets(model, caches, np.broadcast_to(each, (*each.shape[:3], n)))
    return _taken_apart(jacobian.reshape(-1, C, n_out, n).T)


def forward(model: Network, x: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, list]:
    """Carry jets up: x (n_in, n) and directions (D, n_in) → (1 + 2D, n_out, n), and the layers' caches."""
    first = np.broadcast_to(directions[:, :, None], (*directions.shape, x.shape[1]))
    z, caches = np.concatenate([x[None], first, np.zeros_like(first)]), []
    for layer in model.layers:
        z, cache = layer.forward_jets(z)
        caches.append(cache)
    return z, caches


def jacobian_of_jets(model: Network, caches: list, sensitivity: np.ndarray) -> np.ndarray:
    """Differentiate M quantities in the parameters, sample by sample: (P, M, n).

    `caches` come from `forward`; `sensitivity` (M, 1 + 2D, n_out, n) are their derivatives in the outputs' jets.
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


def _taken_apart(z):
    """Name the parts of jets (n, n_out, 1 + 2D, ...)."""
    D = z.shape[2] // 2
    return Jets(*(np.ascontiguousarray(part) for part in (z[:, :, 0], z[:, :, 1 : D + 1], z[:, :, D + 1 :])))
