"""Other families of curves: Gaussians, Chebyshev polynomials, waves (chapter 09).

    KAN([2, 5, 1], basis=Chebyshev, grid=8)

Each lives on u in [-1, 1], to which its domain is mapped, and says its features and their derivatives in closed form.
Whatever else a network does with curves, `Basis` does for all of them.

References: Gaussians: Z. Li, *Kolmogorov–Arnold networks are radial basis function networks*, arXiv 2405.06721.
Chebyshev: J. P. Boyd, *Chebyshev and Fourier Spectral Methods* (2001), chapter 2; S. Sidharth, arXiv 2405.07200.
Fourier: J. Xu et al., *FourierKAN-GCF*, arXiv 2406.01034.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermeval

from .basis import Basis

BEYOND = 2  # centres on each side of the domain, without which curves could not follow at its ends


class Gaussians(Basis):
    """Bells exp(-v²/2), v = (u - centre) / width, at evenly spaced centres, and a straight line.

    The width is the distance of the centres: wider bells are smoother together and harder to tell apart. `grid` is the
    number of cells between the centres on the domain.

    Examples
    --------
    >>> from minikan import KAN
    >>> from minikan.bases import Gaussians
    >>> KAN([2, 1], basis=Gaussians, grid=5)
    KAN([2, 1]: 24 parameters)
      KANLayer(2 → 1, Gaussians 5: 24 parameters)
    """

    @property
    def size(self) -> int:
        return self.grid + 1 + 2 * BEYOND + 2

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """The d-th derivative of exp(-v²/2) in v is (-1)ᵈ He_d(v) exp(-v²/2), with Hermite's polynomial He_d."""
        width = 2 / self.grid
        centres = -1 + width * np.arange(-BEYOND, self.grid + 1 + BEYOND)
        v = (u - centres.reshape(-1, *[1] * np.ndim(u))) / width
        hermite = hermeval(v, np.eye(derivative + 1)[-1])
        bells = (-1 / width) ** derivative * hermite * np.exp(-0.5 * v**2)
        line = [np.ones_like(u), u] if derivative == 0 else [0 * u, np.full_like(u, float(derivative == 1))]
        return np.concatenate([bells, np.stack(line)])

    def constant(self) -> np.ndarray:
        return _unit(self, self.size - 2)

    def line(self) -> np.ndarray:
        return np.tile(_unit(self, self.size - 1), (self.n_in, 1))


class Chebyshev(Basis):
    """Chebyshev polynomials T_0 … T_degree; `grid` is the degree.

    They are cos(m arccos u). Three-term recursions give values and derivatives without arccos, whose slope is infinite
    at ±1:

        T_(m+1) = 2 u T_m - T_(m-1),      and d times differentiated:  T⁽ᵈ⁾_(m+1) = 2 u T⁽ᵈ⁾_m + 2 d T⁽ᵈ⁻¹⁾_m - T⁽ᵈ⁾_(m-1)

    Examples
    --------
    >>> from minikan import KAN
    >>> from minikan.bases import Chebyshev
    >>> KAN([2, 1], basis=Chebyshev, grid=8)
    KAN([2, 1]: 18 parameters)
      KANLayer(2 → 1, Chebyshev 8: 18 parameters)
    """

    @property
    def size(self) -> int:
        return self.grid + 1

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        lower = np.zeros((self.size, *np.shape(u)))
        for d in range(derivative + 1):
            T = np.zeros_like(lower)
            T[0] = d == 0
            T[1] = u if d == 0 else float(d == 1)
            for m in range(1, self.grid):
                T[m + 1] = 2 * u * T[m] + 2 * d * lower[m] - T[m - 1]
            lower = T
        return lower

    def constant(self) -> np.ndarray:
        return _unit(self, 0)

    def line(self) -> np.ndarray:
        return np.tile(_unit(self, 1), (self.n_in, 1))


class Fourier(Basis):
    """Waves cos(m π u) and sin(m π u), m = 1 … waves, and a straight line; `grid` is the number of waves.

    Waves alone repeat: a curve would have to end where it began. The straight line takes the difference.

    Examples
    --------
    >>> from minikan import KAN
    >>> from minikan.bases import Fourier
    >>> KAN([2, 1], basis=Fourier, grid=4)
    KAN([2, 1]: 20 parameters)
      KANLayer(2 → 1, Fourier 4: 20 parameters)
    """

    @property
    def size(self) -> int:
        return 2 * self.grid + 2

    def functions(self, u: np.ndarray, derivative: int) -> np.ndarray:
        """A derivative is a quarter of a turn, and a factor m π."""
        rate = np.pi * np.arange(1, self.grid + 1).reshape(-1, *[1] * np.ndim(u))
        phase = rate * u + 0.5 * np.pi * derivative
        line = [np.ones_like(u), u] if derivative == 0 else [0 * u, np.full_like(u, float(derivative == 1))]
        return np.concatenate([np.stack(line), rate**derivative * np.cos(phase), rate**derivative * np.sin(phase)])

    def constant(self) -> np.ndarray:
        return _unit(self, 0)

    def line(self) -> np.ndarray:
        return np.tile(_unit(self, 1), (self.n_in, 1))


def _unit(basis, k):
    """The weights of one feature alone, (m,)."""
    weights = np.zeros(basis.m)
    weights[k] = 1
    return weights
