"""Other families of curves: Gaussians, Chebyshev polynomials, waves (chapter 09).

    KAN([2, 5, 1], basis=Chebyshev, grid=8)

Its features and their derivatives are formulas on u in [-1, 1], to which the domain is mapped.
References: Z. Li, *Kolmogorov–Arnold networks are radial basis function networks*, arXiv 2405.06721; J. P. Boyd,
*Chebyshev and Fourier Spectral Methods* (2001), chapter 2; J. Xu et al., *FourierKAN-GCF*, arXiv 2406.01034.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermeval

from .curves import Basis

BEYOND = 2  # centres outside the domain on each side, so that curves are as flexible at its ends


class Gaussians(Basis):
    """A straight line, and Gaussians exp(-v²/2), v = (u - centre) / width; the width is the distance of the centres.

    Parameters
    ----------
    domain, grid, base
        Intervals (n_in, 2), the number of cells between centres, and an activation to add.

    Examples
    --------
    >>> Gaussians((-1, 1), grid=5)
    Gaussians(Gaussians 5)
    """

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Use dᵈ/dvᵈ exp(-v²/2) = (-1)ᵈ He_d(v) exp(-v²/2), with Hermite's polynomial He_d."""
        width, count = 2 / self.grid, self.grid + 1 + BEYOND
        v = (u - _column(-1 + width * np.arange(-BEYOND, count), u)) / width
        bells = (-1 / width) ** derivative * hermeval(v, np.eye(derivative + 1)[-1]) * np.exp(-0.5 * v**2)
        return np.concatenate([_straight(u, derivative), bells])


class Chebyshev(Basis):
    """Chebyshev polynomials T_m(u) = cos(m arccos u), m = 0 … `grid`.

    Parameters
    ----------
    domain, grid, base
        Intervals (n_in, 2), the degree, and an activation to add.

    Examples
    --------
    >>> Chebyshev((-1, 1), grid=8)
    Chebyshev(Chebyshev 8)
    """

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Use the recursion T_(m+1) = 2 u T_m - T_(m-1), differentiated: arccos has an infinite slope at ±1."""
        T = np.zeros((self.grid + 1, *np.shape(u)))
        for d in range(derivative + 1):
            lower, T = T, np.zeros_like(T)
            T[:2] = _straight(u, d)
            for m in range(1, self.grid):
                T[m + 1] = 2 * u * T[m] + 2 * d * lower[m] - T[m - 1]  # lower: the derivative of order d - 1
        return T


class Fourier(Basis):
    """A straight line, which waves cannot follow, and waves cos(m π u) and sin(m π u), m = 1 … `grid`.

    Parameters
    ----------
    domain, grid, base
        Intervals (n_in, 2), the number of frequencies, and an activation to add.

    Examples
    --------
    >>> Fourier((-1, 1), grid=4)
    Fourier(Fourier 4)
    """

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """Use cos(mπu) + i sin(mπu) = exp(iπu)ᵐ: the next wave is a product, and a derivative multiplies by imπ."""
        table = np.empty((2 + 2 * self.grid, *np.shape(u)))
        table[:2], first = _straight(u, derivative), np.exp(1j * np.pi * u)
        wave = np.full_like(first, 1j**derivative)
        for m in range(1, self.grid + 1):
            wave *= first
            size = (m * np.pi) ** derivative
            table[1 + m], table[1 + self.grid + m] = size * wave.real, size * wave.imag
        return table


def _straight(u, derivative):
    """Evaluate the features 1 and u, or a derivative of them: (2, ...)."""
    return np.stack([(np.ones_like(u), u), (0 * u, np.ones_like(u)), (0 * u, 0 * u)][min(derivative, 2)])


def _column(numbers, u):
    """Give numbers (count,) the shape (count, 1, …), which broadcasts with u."""
    return numbers.reshape(-1, *[1] * np.ndim(u))
