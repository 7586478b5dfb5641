"""Other families of curves: Gaussians, Chebyshev polynomials, waves (chapter 09).

    KAN([2, 5, 1], basis=Chebyshev, grid=8)

Each lives on u in [-1, 1], to which its domain is mapped, and has its features and their derivatives in closed form.
Whatever else a network does with curves, `Basis` does for all of them.

References: Z. Li, *Kolmogorov–Arnold networks are radial basis function networks*, arXiv 2405.06721. J. P. Boyd, *Chebyshev
and Fourier Spectral Methods* (2001), chapter 2. J. Xu et al., *FourierKAN-GCF*, arXiv 2406.01034.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermeval

from .curves import Basis

BEYOND = 2  # centres on each side of the domain, without which curves could not follow at its ends


class Gaussians(Basis):
    """A straight line, and bells exp(-v²/2), v = (u - centre) / width, as wide as their centres lie apart.

    Wider bells are smoother together, and harder to tell apart. `grid` is the number of cells between centres.

    Examples
    --------
    >>> from minikan import KAN, Gaussians
    >>> KAN([2, 1], basis=Gaussians, grid=5)
    KAN([2, 1]: 24 parameters)
      KANLayer(2 → 1, Gaussians 5: 24 parameters)
    """

    @staticmethod
    def count(grid: int) -> int:
        return grid + 1 + 2 * BEYOND + 2

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """The d-th derivative of exp(-v²/2) in v is (-1)ᵈ He_d(v) exp(-v²/2), with Hermite's polynomial He_d."""
        width = 2 / self.grid
        centres = -1 + width * np.arange(-BEYOND, self.grid + 1 + BEYOND)
        v = (u - _upright(centres, u)) / width
        bells = (-1 / width) ** derivative * hermeval(v, np.eye(derivative + 1)[-1]) * np.exp(-0.5 * v**2)
        return np.concatenate([_straight(u, derivative), bells])


class Chebyshev(Basis):
    """Chebyshev polynomials T_m(u) = cos(m arccos u), m = 0 … degree; `grid` is the degree.

    Recursions give values and derivatives without arccos, whose slope is infinite at ±1:

        T_(m+1) = 2 u T_m - T_(m-1),   and d times differentiated   T⁽ᵈ⁾_(m+1) = 2 u T⁽ᵈ⁾_m + 2 d T⁽ᵈ⁻¹⁾_m - T⁽ᵈ⁾_(m-1)

    Examples
    --------
    >>> from minikan import KAN, Chebyshev
    >>> KAN([2, 1], basis=Chebyshev, grid=8)
    KAN([2, 1]: 18 parameters)
      KANLayer(2 → 1, Chebyshev 8: 18 parameters)
    """

    @staticmethod
    def count(grid: int) -> int:
        return grid + 1

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        T = np.zeros((self.size, *np.shape(u)))
        for d in range(derivative + 1):
            lower, T = T, np.zeros_like(T)
            T[:2] = _straight(u, d)
            for m in range(1, self.grid):
                T[m + 1] = 2 * u * T[m] + 2 * d * lower[m] - T[m - 1]
        return T


class Fourier(Basis):
    """A straight line, and waves cos(m π u) and sin(m π u), m = 1 … `grid`.

    Waves alone repeat: a curve would have to end where it began. The straight line takes the difference.

    Examples
    --------
    >>> from minikan import KAN, Fourier
    >>> KAN([2, 1], basis=Fourier, grid=4)
    KAN([2, 1]: 20 parameters)
      KANLayer(2 → 1, Fourier 4: 20 parameters)
    """

    @staticmethod
    def count(grid: int) -> int:
        return 2 * grid + 2

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """A derivative is a quarter of a turn, and a factor m π."""
        rate = _upright(np.pi * np.arange(1, self.grid + 1), u)
        phase, size = rate * u + 0.5 * np.pi * derivative, rate**derivative
        return np.concatenate([_straight(u, derivative), size * np.cos(phase), size * np.sin(phase)])


def _straight(u, derivative):
    """The features 1 and u, or a derivative of them: (2, ...)."""
    return np.stack([np.full_like(u, float(derivative == 0)), u if derivative == 0 else np.full_like(u, float(derivative == 1))])


def _upright(numbers, u):
    """Turn numbers (count,) into a column along a new first axis of u: (count, 1, …)."""
    return numbers.reshape(-1, *[1] * np.ndim(u))
