"""What a network is trained to make small: a function of its outputs z (chapter 04; paper, section 3.1).

    mean squared error    loss = Σ_s w_s Σ_o (z_o - y_o)² / n_out           Σ_s w_s = 1
    cross-entropy         loss = -Σ_s w_s log p_y,   p = softmax(z)

Each has a gradient S r and a Hessian S Sᵀ in z. So a least-squares solver can treat it as a sum of squares, with the
residuals r and the Jacobian Sᵀ ∂z/∂θ: the generalised Gauss–Newton method (N. Schraudolph, Neural Comput. 14, 2002).
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from .validation import as_numbers, as_targets


class MeanSquaredError:
    """The squared residual, averaged over samples and outputs."""

    is_quadratic = True  # in the outputs: linear least squares minimises it

    def targets(self, y: ArrayLike, n: int, n_out: int, name: str) -> ndarray:
        """Check targets (n, n_out), or (n,) for one output, and transpose them: (n_out, n)."""
        return np.ascontiguousarray(as_targets(y, n, n_out, name).T)

    def value_and_gradient(self, z: ndarray, y: ndarray, weights: ndarray) -> tuple[float, ndarray]:
        """Compute loss and gradient: z, y (n_out, n), weights (n,) → float, (n_out, n)."""
        upstream = self.hessian_product(z, z - y, weights)
        return 0.5 * np.vdot(z - y, upstream), upstream

    def hessian_product(self, z: ndarray, direction: ndarray, weights: ndarray) -> ndarray:
        """Multiply a direction (n_out, n) by the Hessian."""
        return direction * (weights * (2 / len(z)))

    def residuals(self, z: ndarray, y: ndarray, weights: ndarray) -> ndarray:
        """Compute r (n_out, n)."""
        return (z - y) * np.sqrt(2 / len(z) * weights)

    def root(self, z: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute Sᵀ (n_out, n_out, n), a matrix for each sample: here a multiple of the identity."""
        return np.eye(len(z))[:, :, None] * np.sqrt(2 / len(z) * weights)


class CrossEntropy:
    """The mean of -log p_y, where p is the softmax of the outputs and y the class."""

    is_quadratic = False

    def targets(self, y: ArrayLike, n: int, n_out: int, name: str) -> ndarray:
        """Check classes (n,): whole numbers from 0 to n_out - 1."""
        y = as_numbers(y, name)
        if y.shape != (n,):
            raise ValueError(f"{name} must hold a class for each of {n} samples, got shape {y.shape}")
        if n_out < 2:
            raise ValueError("cross-entropy needs a model with one output for each class, at least 2")
        if (y != np.round(y)).any() or y.min() < 0 or y.max() >= n_out:
            got = f"got numbers from {y.min():g} to {y.max():g}"
            raise ValueError(f"{name} must hold classes 0 … {n_out - 1}, {got}")
        return y.astype(np.intp)

    def value_and_gradient(self, z: ndarray, y: ndarray, weights: ndarray) -> tuple[float, ndarray]:
        z = z - z.max(axis=0)
        p, samples = np.exp(z), np.arange(len(y))
        total = p.sum(axis=0)
        p /= total
        loss = weights @ (np.log(total) - z[y, samples])
        p[y, samples] -= 1
        return loss, p * weights

    def hessian_product(self, z: ndarray, direction: ndarray, weights: ndarray) -> ndarray:
        p = self._root(z) ** 2  # the Hessian is w (diag(p) - p pᵀ)
        return p * (direction - (p * direction).sum(axis=0)) * weights

    def residuals(self, z: ndarray, y: ndarray, weights: ndarray) -> ndarray:
        """Compute r = √w (√p - e_y / √p_y): (n_out, n)."""
        residuals, samples = self._root(z), np.arange(len(y))
        residuals[y, samples] -= 1 / np.maximum(residuals[y, samples], 1e-150)
        return residuals * np.sqrt(weights)

    def root(self, z: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute Sᵀ (n_out, n_out, n): S = √w diag(√p) (1 - √p √pᵀ)."""
        root = self._root(z)
        return (np.eye(len(z))[:, :, None] - root[:, None] * root) * (root * np.sqrt(weights))

    @staticmethod
    def _root(z):
        """Compute √p (n_out, n); each column has length 1."""
        root = np.exp(0.5 * (z - z.max(axis=0)))
        return root / np.sqrt((root**2).sum(axis=0))


Loss = MeanSquaredError | CrossEntropy
LOSSES: dict[str, type[Loss]] = {"mse": MeanSquaredError, "cross-entropy": CrossEntropy}
