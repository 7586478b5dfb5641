"""What a network is trained to make small (chapter 04; paper, section 3.1).

    mean squared error    loss = Σ_s w_s Σ_o (z_o - y_o)² / n_out           Σ_s w_s = 1
    cross-entropy         loss = -Σ_s w_s log p_y,   p = softmax(z)

A loss is a function of the outputs z. Beside its value and its gradient in them it offers its second derivative,
and a way to treat it as a sum of squares: with a square root S of the second derivative, ∂²loss/∂z² = S Sᵀ,
and pseudo-residuals r with ∂loss/∂z = S r, a least-squares solver works with the Jacobian SᵀJ and with r,
whatever the loss (the generalised Gauss–Newton method).

Reference: N. Schraudolph, Neural Computation 14 (2002) 1723, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .validation import as_numbers, as_targets


class MeanSquaredError:
    """The mean over samples and outputs of the squared residual."""

    is_quadratic = True  # in the outputs: linear least squares minimises it

    def targets(self, y: ArrayLike, n: int, n_out: int, name: str) -> np.ndarray:
        """Check targets (n, n_out); keep them samples last."""
        return np.ascontiguousarray(as_targets(y, n, n_out, name).T)

    def value_and_gradient(self, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Compute loss and gradient: z, y (n_out, n), weights (n,) → float, (n_out, n)."""
        residuals = z - y
        upstream = residuals * (weights * (2 / len(z)))
        return 0.5 * np.vdot(residuals, upstream), upstream

    def hessian_product(self, z: np.ndarray, direction: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Multiply a direction in the outputs (n_out, n) by the second derivative."""
        return direction * (weights * (2 / len(z)))

    def residuals(self, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute the weighted residuals r, of z's shape."""
        return (z - y) * np.sqrt(2 / len(z) * weights)

    def root(self, z: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute Sᵀ for each sample, (n_out, n_out, n): here a multiple of the identity."""
        return np.eye(len(z))[:, :, None] * np.sqrt(2 / len(z) * weights)


class CrossEntropy:
    """The mean of -log p_y, where p is the softmax of the outputs and y the class."""

    is_quadratic = False

    def targets(self, y: ArrayLike, n: int, n_out: int, name: str) -> np.ndarray:
        """Check classes: whole numbers 0 … n_out - 1, of shape (n,)."""
        y = as_numbers(y, name)
        if y.shape != (n,):
            raise ValueError(f"{name} must hold a class for each of {n} samples, got shape {y.shape}")
        if n_out < 2:
            raise ValueError("cross-entropy needs a model with an output for each class, at least 2")
        if (y != np.round(y)).any() or y.min() < 0 or y.max() >= n_out:
            raise ValueError(
                f"{name} must hold classes 0 … {n_out - 1}, got numbers from {y.min():g} to {y.max():g}"
            )
        return y.astype(np.intp)

    def value_and_gradient(self, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Compute loss and gradient: z (n_out, n), y, weights (n,) → float, (n_out, n)."""
        z = z - z.max(axis=0)
        p = np.exp(z)
        total = p.sum(axis=0)
        p /= total
        samples = np.arange(len(y))
        loss = weights @ (np.log(total) - z[y, samples])
        p[y, samples] -= 1
        return loss, p * weights

    def hessian_product(self, z: np.ndarray, direction: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Multiply a direction in the outputs (n_out, n) by the second derivative, w (diag(p) - p pᵀ)."""
        p = self._root(z) ** 2
        return p * (direction - (p * direction).sum(axis=0)) * weights

    def residuals(self, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute r = √w (√p - e_y / √p_y), of z's shape."""
        residuals = root = self._root(z)
        samples = np.arange(len(y))
        residuals[y, samples] -= 1 / np.maximum(root[y, samples], 1e-150)
        return residuals * np.sqrt(weights)

    def root(self, z: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Compute Sᵀ for each sample, (n_out, n_out, n): S = √w diag(√p) (1 - √p √pᵀ)."""
        root = self._root(z)
        return (np.eye(len(z))[:, :, None] - root[:, None] * root) * (root * np.sqrt(weights))

    @staticmethod
    def _root(z):
        """Compute √p (n_out, n): columns of length 1."""
        root = np.exp(0.5 * (z - z.max(axis=0)))
        return root / np.sqrt((root**2).sum(axis=0))


Loss = MeanSquaredError | CrossEntropy
LOSSES: dict[str, type[Loss]] = {"mse": MeanSquaredError, "cross-entropy": CrossEntropy}
