"""The functions that the chapters learn, each with its formula, domain, shape and source (all chapters).

    PROBLEMS["exp_sin"]        f(x, y) = exp(sin(πx) + y²) on [-1, 1]², a KAN of shape [2, 1, 1]

There are four groups: the paper's scaling functions (section 3.1), its small examples of interpretability
(section 4.1), special functions of two variables (Table 1) and Feynman's equations without units (Table 2).

The first group is defined on [-1, 1]^d. Where the paper prints no domain for the others, we chose one, often that
of pykan's `feynman.py`, on which the function is finite and smooth (`distance` alone has a kink, at 0).

The shapes are the paper's. In its tables they are the smallest pruned KANs with a test RMSE below 1e-2:
enough to come close, not always to be exact. For `four_dimensional` the paper takes [4, 4, 2, 1];
[4, 2, 1, 1], which pykan's notebooks use, is the smallest that can be exact.

Most special functions are integrals, and Gauss–Legendre quadrature with 100 nodes computes each to 1e-13.
DLMF is the Digital Library of Mathematical Functions, dlmf.nist.gov.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

import numpy as np
from numpy import arcsin, arcsinh, cos, cosh, exp, log, pi, sin, sinc, sinh, sqrt, tanh
from numpy.typing import ArrayLike

from .validation import as_domain, as_integer, as_numbers, as_samples, require

__all__ = [
    "PROBLEMS", "Problem", "bessel_j0", "bessel_j", "bessel_y", "bessel_i", "bessel_k",
    "elliptic_f", "elliptic_e", "jacobi_sn", "legendre_p",
]  # fmt: skip


@dataclass(frozen=True, repr=False)
class Problem:
    """A function to learn, and where it comes from. Call it with samples: `problem(X)`.

    Parameters
    ----------
    name : str
        Its key in `PROBLEMS`.
    formula : str
        The function in the names of `inputs`, in the syntax of `sympy.sympify`.
    inputs : tuple of str
        The names of the n_in inputs.
    domain : tuple of (low, high)
        An interval for each input.
    shape : tuple of int
        The widths of a KAN that learns it, from n_in to 1.
    source : str
        Section or table of the paper.
    function : callable
        X (n, n_in) → y (n,), finite on the whole domain.

    Raises
    ------
    ValueError, TypeError
        If the inputs, the domain and the shape do not fit together.

    Examples
    --------
    >>> from minikan import PROBLEMS
    >>> PROBLEMS["xy"].formula
    'x*y'
    >>> PROBLEMS["xy"]([[2.0, 3.0]])
    array([6.])
    """

    name: str
    formula: str
    inputs: tuple[str, ...]
    domain: tuple[tuple[float, float], ...]
    shape: tuple[int, ...]
    source: str
    function: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self):
        n_in = len(self.inputs)
        if len(self.domain) != n_in:
            raise ValueError(f"domain must have an interval per input, got {len(self.domain)} for {n_in}")
        for name, interval in zip(self.inputs, self.domain, strict=True):
            as_domain(interval, f"domain of {name}")
        widths = [as_integer(width, "shape", 1) for width in self.shape]
        if len(widths) < 2 or widths[0] != n_in or widths[-1] != 1:
            raise ValueError(f"shape must lead from {n_in} to 1, got {widths}")

    def __repr__(self):
        where = []
        for interval, group in groupby(zip(self.inputs, self.domain, strict=True), key=lambda pair: pair[1]):
            names = [name for name, _ in group]
            names = names if len(names) < 7 else [names[0], "…", names[-1]]
            where.append(f"{', '.join(names)} in [{interval[0]:.4g}, {interval[1]:.4g}]")
        shape = " → ".join(map(str, self.shape))
        return f"Problem({self.name}: {self.formula} for {' and '.join(where)}, KAN {shape})"

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Evaluate the function: X (n, n_in) → y (n,)."""
        return self.function(as_samples(X, len(self.inputs)))

    def sample(self, n: int, seed: int | np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw n samples, uniform in the domain: X (n, n_in) and y (n,).

        The seed is a whole number or a numpy.random.Generator; the same number gives the same samples.
        """
        low, high = np.array(self.domain, dtype=float).T
        X = np.random.default_rng(seed).uniform(low, high, (as_integer(n, "n", 1), len(low)))
        return X, self(X)


# Special functions. Each takes numbers or arrays, which broadcast against each other; inside, the nodes are
# the last axis.

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)  # on (-1, 1)


def _integral(f, end):
    """Integrate f from 0 to end, a number or an array (..., 1); f maps (..., 100) to (..., 100)."""
    half = end / 2
    return (half * f(half * (1 + _NODES))) @ _WEIGHTS


def _within(values, name, low, high):
    """Check an argument against the range where the quadrature is exact: (...) → (..., 1)."""
    array = as_numbers(values, name)
    outside = array[(array < low) | (array > high)]
    if outside.size:
        raise ValueError(f"{name} must lie in [{low:.4g}, {high:.4g}], got {outside[0]:.4g}")
    return array[..., None]


def bessel_j0(x: ArrayLike) -> np.ndarray:
    """Bessel function J_0(x) = 1/π ∫ cos(x sin t) dt over [0, π], for |x| ≤ 100 (DLMF 10.9.1)."""
    x = _within(x, "x", -100, 100)
    return _integral(lambda t: cos(x * sin(t)), pi) / pi


def _bessel(v, x):
    """Check order and argument; beyond t = `end`, exp(-x sinh t) is below exp(-100), about 4e-44."""
    v, x = _within(v, "v", 0, 4), _within(x, "x", 0.5, 50)
    return v, x, arcsinh(100 / x)


def bessel_j(v: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Bessel function of the first kind, J_v(x) = scipy's jv(v, x), for v in [0, 4], x in [0.5, 50].

    π J_v(x) = ∫ cos(vt - x sin t) dt over [0, π] - sin(πv) ∫ exp(-x sinh t - vt) dt over [0, ∞)
    (DLMF 10.9.6).
    """
    v, x, end = _bessel(v, x)
    tail = _integral(lambda t: sin(pi * v) * exp(-x * sinh(t) - v * t), end)
    return (_integral(lambda t: cos(v * t - x * sin(t)), pi) - tail) / pi


def bessel_y(v: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Bessel function of the second kind, Y_v(x) = scipy's yv(v, x), for v in [0, 4], x in [0.5, 50].

    π Y_v(x) = ∫ sin(x sin t - vt) dt over [0, π] - ∫ (exp(vt) + cos(πv) exp(-vt)) exp(-x sinh t) dt
    over [0, ∞) (DLMF 10.9.7).
    """
    v, x, end = _bessel(v, x)
    tail = _integral(lambda t: (exp(v * t) + cos(pi * v) * exp(-v * t)) * exp(-x * sinh(t)), end)
    return (_integral(lambda t: sin(x * sin(t) - v * t), pi) - tail) / pi


def bessel_i(v: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Modified Bessel function I_v(x) = scipy's iv(v, x), for v in [0, 4], x in [0.5, 50].

    π I_v(x) = ∫ exp(x cos t) cos(vt) dt over [0, π] - sin(πv) ∫ exp(-x cosh t - vt) dt over [0, ∞)
    (DLMF 10.32.4).
    """
    v, x, end = _bessel(v, x)
    tail = _integral(lambda t: sin(pi * v) * exp(-x * cosh(t) - v * t), end)
    return (_integral(lambda t: exp(x * cos(t)) * cos(v * t), pi) - tail) / pi


def bessel_k(v: ArrayLike, x: ArrayLike) -> np.ndarray:
    """Modified Bessel function K_v(x) = scipy's kv(v, x), for v in [0, 4], x in [0.5, 50].

    K_v(x) = ∫ exp(-x cosh t) cosh(vt) dt over [0, ∞) (DLMF 10.32.9).
    """
    v, x, end = _bessel(v, x)
    return _integral(lambda t: exp(-x * cosh(t)) * cosh(v * t), end)


def elliptic_f(phi: ArrayLike, m: ArrayLike) -> np.ndarray:
    """Elliptic integral of the first kind, scipy's ellipkinc(phi, m), for |phi| ≤ π/2, m in [0, 0.99].

    F(phi, m) = ∫ 1/sqrt(1 - m sin²t) dt over [0, phi] (DLMF 19.2.4, where k² is our m).
    """
    phi, m = _within(phi, "phi", -pi / 2, pi / 2), _within(m, "m", 0, 0.99)
    return _integral(lambda t: 1 / sqrt(1 - m * sin(t) ** 2), phi)


def elliptic_e(phi: ArrayLike, m: ArrayLike) -> np.ndarray:
    """Elliptic integral of the second kind, scipy's ellipeinc(phi, m), for |phi| ≤ π/2, m in [0, 0.99].

    E(phi, m) = ∫ sqrt(1 - m sin²t) dt over [0, phi] (DLMF 19.2.5, where k² is our m).
    """
    phi, m = _within(phi, "phi", -pi / 2, pi / 2), _within(m, "m", 0, 0.99)
    return _integral(lambda t: sqrt(1 - m * sin(t) ** 2), phi)


def jacobi_sn(u: ArrayLike, m: ArrayLike) -> np.ndarray:
    """Jacobi's elliptic sine sn(u, m), the first of scipy's ellipj(u, m), for |u| ≤ 10, m in [0, 0.99].

    sn = sin φ where u = F(φ, m). Means a, g = (a + g)/2, √(a g), from 1 and √(1 - m), agree after six steps; then φ is
    2⁶ a u, and each step taken back halves it: sin(2φ' - φ) = (c/a) sin φ with c = (a - g)/2 (DLMF 22.20(ii)).
    """
    u, m = _within(u, "u", -10, 10)[..., 0], _within(m, "m", 0, 0.99)[..., 0]
    a, g, ratios = np.ones_like(m), sqrt(1 - m), []
    for _ in range(6):
        a, g, c = (a + g) / 2, sqrt(a * g), (a - g) / 2
        ratios.append(c / a)
    angle = 2**6 * a * u
    for ratio in reversed(ratios):
        angle = (angle + arcsin(ratio * sin(angle))) / 2
    return sin(angle)


def legendre_p(v: ArrayLike, x: ArrayLike, order: int = 0) -> np.ndarray:
    """Legendre function of any degree, P_v^m(x) = scipy's lpmv(m, v, x), for v in [0, 20].

    For x in [-0.99, 1], or [-0.99, 0.99] if the order m is 1 or 2. P_v(x) = 2/π ∫ cos((2v + 1) a) / cos(a) dt over
    [0, π/2], where sin(a) = sqrt((1 - x)/2) sin(t) (DLMF 14.12.1, Mehler–Dirichlet, with its angle written as 2a to
    remove the singularity at its end). P_v^1 = -sqrt(1 - x²) P_v' and P_v^2 = (1 - x²) P_v'' (14.6.1), where
    (1 - x²) P_v' = (v + 1) (x P_v - P_{v+1}) and (1 - x²) P_v'' = 2x P_v' - v (v + 1) P_v (14.10.5, 14.2.1).
    """
    require(order in (0, 1, 2), "order", "be 0, 1 or 2", repr(order))
    v, x = _within(v, "v", 0, 20), _within(x, "x", -0.99, 0.99 if order else 1)
    p, above = _legendre(v, x), _legendre(v + 1, x)
    v, x = v[..., 0], x[..., 0]
    if order == 0:
        return p
    slope = (v + 1) * (x * p - above) / (1 - x**2)
    return -sqrt(1 - x**2) * slope if order == 1 else 2 * x * slope - v * (v + 1) * p


def _legendre(v, x):
    """Compute P_v(x); v and x (..., 1) → (...)."""

    def integrand(t):
        a = arcsin(sqrt((1 - x) / 2) * sin(t))
        return cos((2 * v + 1) * a) / cos(a)

    return _integral(integrand, pi / 2) * 2 / pi


# The table. The domain also names the inputs, in their order.


def _problem(name, formula, domain, shape, source, function):
    """Make a row: `function` takes a column (n,) per input."""
    inputs, intervals = zip(*domain.items(), strict=True)
    return Problem(name, formula, inputs, intervals, shape, source, lambda X: function(*X.T))


_SCALING, _TOYS = "paper, section 3.1", "paper, section 4.1"
_SPECIAL, _FEYNMAN = "paper, Table 1", "paper, Table 2"
# Rows that we derived from Feynman's equation by dropping its units; they were not compared with the paper's table.
_DERIVED = "paper, Table 2 (formula derived from Feynman's equation, not checked against the table)"

_ALL, _UNIT, _NEAR_1, _TURN = (-1, 1), (0, 1), (0.5, 2), (0, 2 * pi)
_ORDER, _RADIUS = (0, 2), (1, 5)

# fmt: off
_TABLE = [
    _problem("bessel", "besselj(0, 20*x)", dict(x=_ALL), (1, 1), _SCALING,
             lambda x: bessel_j0(20 * x)),
    _problem("exp_sin", "exp(sin(pi*x) + y**2)", dict(x=_ALL, y=_ALL), (2, 1, 1), _SCALING,
             lambda x, y: exp(sin(pi * x) + y**2)),
    _problem("xy", "x*y", dict(x=_ALL, y=_ALL), (2, 2, 1), _SCALING,
             lambda x, y: x * y),
    _problem("high_dimensional", "exp(Sum(sin(pi*x[i]/2)**2, (i, 1, 100))/100)",
             {f"x{i}": _ALL for i in range(1, 101)}, (100, 1, 1), _SCALING,
             lambda *x: exp(np.mean(sin(pi / 2 * np.array(x)) ** 2, axis=0))),
    _problem("four_dimensional", "exp((sin(pi*(x1**2 + x2**2)) + sin(pi*(x3**2 + x4**2)))/2)",
             dict(x1=_ALL, x2=_ALL, x3=_ALL, x4=_ALL), (4, 4, 2, 1), _SCALING,
             lambda a, b, c, d: exp((sin(pi * (a**2 + b**2)) + sin(pi * (c**2 + d**2))) / 2)),

    _problem("division", "x/y", dict(x=_NEAR_1, y=_NEAR_1), (2, 1, 1), _TOYS,
             lambda x, y: x / y),
    _problem("exp_bessel", "exp(besselj(0, 20*x) + y**2)", dict(x=_ALL, y=_ALL), (2, 1, 1), _TOYS,
             lambda x, y: exp(bessel_j0(20 * x) + y**2)),
    _problem("phase_transition", "tanh(5*(x1**4 + x2**4 + x3**4 - 1))",
             dict(x1=_ALL, x2=_ALL, x3=_ALL), (3, 1, 1), _TOYS,
             lambda a, b, c: tanh(5 * (a**4 + b**4 + c**4 - 1))),
    _problem("distance", "sqrt((x1 - x2)**2 + (x3 - x4)**2)",
             dict(x1=_ALL, x2=_ALL, x3=_ALL, x4=_ALL), (4, 2, 1, 1), _TOYS,
             lambda a, b, c, d: np.hypot(a - b, c - d)),

    _problem("ellipkinc", "elliptic_f(phi, m)", dict(phi=(0, pi / 2), m=(0, 0.9)), (2, 2, 1, 1), _SPECIAL,
             elliptic_f),
    _problem("ellipeinc", "elliptic_e(phi, m)", dict(phi=(0, pi / 2), m=(0, 0.9)), (2, 2, 1, 1), _SPECIAL,
             elliptic_e),
    _problem("ellipj", "sn(u, m)", dict(u=(0, 4), m=(0, 0.9)), (2, 2, 1), _SPECIAL, jacobi_sn),
    _problem("jv", "besselj(v, x)", dict(v=_ORDER, x=_RADIUS), (2, 2, 1), _SPECIAL, bessel_j),
    _problem("yv", "bessely(v, x)", dict(v=_ORDER, x=_RADIUS), (2, 3, 1), _SPECIAL, bessel_y),
    _problem("kv", "besselk(v, x)", dict(v=_ORDER, x=_RADIUS), (2, 1, 1), _SPECIAL, bessel_k),
    _problem("iv", "besseli(v, x)", dict(v=_ORDER, x=_RADIUS), (2, 4, 3, 2, 1, 1), _SPECIAL, bessel_i),
    _problem("lpmv_0", "legendre(v, x)", dict(v=(0, 4), x=(-0.9, 0.9)), (2, 2, 1), _SPECIAL, legendre_p),
    _problem("lpmv_1", "(v + 1)*(legendre(v + 1, x) - x*legendre(v, x))/sqrt(1 - x**2)",
             dict(v=(0, 4), x=(-0.9, 0.9)), (2, 4, 1), _SPECIAL, lambda v, x: legendre_p(v, x, 1)),
    _problem("lpmv_2", "2*x*(v + 1)*(x*legendre(v, x) - legendre(v + 1, x))/(1 - x**2) - v*(v + 1)*legendre(v, x)",
             dict(v=(0, 4), x=(-0.9, 0.9)), (2, 2, 1), _SPECIAL, lambda v, x: legendre_p(v, x, 2)),
    _problem("sph_harm_0_1", "sqrt(3/(4*pi))*cos(phi)", dict(theta=_TURN, phi=(0, pi)), (2, 1, 1), _SPECIAL,
             lambda theta, phi: sqrt(3 / (4 * pi)) * cos(phi)),
    _problem("sph_harm_0_2", "sqrt(5/(16*pi))*(3*cos(phi)**2 - 1)", dict(theta=_TURN, phi=(0, pi)),
             (2, 1, 1), _SPECIAL, lambda theta, phi: sqrt(5 / (16 * pi)) * (3 * cos(phi) ** 2 - 1)),
    # Real parts.
    _problem("sph_harm_1_1", "-sqrt(3/(8*pi))*sin(phi)*cos(theta)", dict(theta=_TURN, phi=(0, pi)),
             (2, 2, 1), _SPECIAL, lambda theta, phi: -sqrt(3 / (8 * pi)) * sin(phi) * cos(theta)),
    _problem("sph_harm_1_2", "-sqrt(15/(8*pi))*sin(phi)*cos(phi)*cos(theta)", dict(theta=_TURN, phi=(0, pi)),
             (2, 2, 1), _SPECIAL,
             lambda theta, phi: -sqrt(15 / (8 * pi)) * sin(phi) * cos(phi) * cos(theta)),
    _problem("sph_harm_2_2", "sqrt(15/(32*pi))*sin(phi)**2*cos(2*theta)", dict(theta=_TURN, phi=(0, pi)),
             (2, 2, 1), _SPECIAL, lambda theta, phi: sqrt(15 / (32 * pi)) * sin(phi) ** 2 * cos(2 * theta)),

    # In Feynman's book (and in pykan) the first two are I.6.20 and I.6.20b, and II.11.7 is II.11.17.
    _problem("I.6.2", "exp(-theta**2/(2*sigma**2))/sqrt(2*pi*sigma**2)",
             dict(theta=_ALL, sigma=_NEAR_1), (2, 2, 1), _FEYNMAN,
             lambda t, s: exp(-(t**2) / (2 * s**2)) / sqrt(2 * pi * s**2)),
    _problem("I.6.2b", "exp(-(theta - theta1)**2/(2*sigma**2))/sqrt(2*pi*sigma**2)",
             dict(theta=(-1.5, 1.5), theta1=(-1.5, 1.5), sigma=_NEAR_1), (3, 4, 1), _FEYNMAN,
             lambda t, t1, s: exp(-((t - t1) ** 2) / (2 * s**2)) / sqrt(2 * pi * s**2)),
    _problem("I.9.18", "a/((b - 1)**2 + (c - d)**2 + (e - f)**2)",
             dict(a=_ALL, b=(-1, 0.5), c=_ALL, d=_ALL, e=_ALL, f=_ALL), (6, 4, 1, 1), _FEYNMAN,
             lambda a, b, c, d, e, f: a / ((b - 1) ** 2 + (c - d) ** 2 + (e - f) ** 2)),
    _problem("I.12.11", "1 + a*sin(theta)", dict(a=_ALL, theta=_TURN), (2, 2, 1), _FEYNMAN,
             lambda a, t: 1 + a * sin(t)),
    _problem("I.13.12", "a*(1/b - 1)", dict(a=_UNIT, b=_NEAR_1), (2, 2, 1), _FEYNMAN,
             lambda a, b: a * (1 / b - 1)),
    _problem("I.15.3x", "(1 - a)/sqrt(1 - b**2)", dict(a=_ALL, b=(-0.9, 0.9)), (2, 1, 1), _DERIVED,
             lambda a, b: (1 - a) / sqrt(1 - b**2)),
    _problem("I.16.6", "(a + b)/(1 + a*b)", dict(a=(-0.8, 0.8), b=(-0.8, 0.8)), (2, 2, 1), _FEYNMAN,
             lambda a, b: (a + b) / (1 + a * b)),
    _problem("I.18.4", "(1 + a*b)/(1 + a)", dict(a=_NEAR_1, b=_ALL), (2, 2, 1), _FEYNMAN,
             lambda a, b: (1 + a * b) / (1 + a)),
    _problem("I.26.2", "asin(n*sin(theta2))", dict(n=(0, 0.9), theta2=_TURN), (2, 2, 1), _FEYNMAN,
             lambda n, t: arcsin(n * sin(t))),
    _problem("I.27.6", "1/(1 + a*b)", dict(a=_NEAR_1, b=_NEAR_1), (2, 1, 1), _FEYNMAN,
             lambda a, b: 1 / (1 + a * b)),
    _problem("I.29.16", "sqrt(1 + a**2 - 2*a*cos(theta1 - theta2))",
             dict(a=(0, 0.9), theta1=_TURN, theta2=_TURN), (3, 2, 2, 1), _FEYNMAN,
             lambda a, t1, t2: sqrt(1 + a**2 - 2 * a * cos(t1 - t2))),
    _problem("I.30.3", "sin(n*theta/2)**2/sin(theta/2)**2",
             dict(n=(0, 4), theta=(0.4 * pi, 1.6 * pi)), (2, 4, 3, 1), _DERIVED,
             lambda n, t: sin(n * t / 2) ** 2 / sin(t / 2) ** 2),
    _problem("I.30.5", "asin(a/n)", dict(a=(-0.9, 0.9), n=(1, 2)), (2, 1, 1), _FEYNMAN,
             lambda a, n: arcsin(a / n)),
    _problem("I.37.4", "1 + a + 2*sqrt(a)*cos(delta)", dict(a=(0.1, 1), delta=_TURN), (2, 2, 1), _FEYNMAN,
             lambda a, d: 1 + a + 2 * sqrt(a) * cos(d)),
    _problem("I.40.1", "n0*exp(-a)", dict(n0=_UNIT, a=_ALL), (2, 2, 1), _FEYNMAN,
             lambda n0, a: n0 * exp(-a)),
    _problem("I.44.4", "n*log(a)", dict(n=_UNIT, a=_NEAR_1), (2, 2, 1), _FEYNMAN,
             lambda n, a: n * log(a)),
    _problem("I.50.26", "cos(a) + alpha*cos(a)**2", dict(a=_TURN, alpha=_UNIT), (2, 3, 1), _FEYNMAN,
             lambda a, alpha: cos(a) + alpha * cos(a) ** 2),
    _problem("II.2.42", "(a - 1)*b", dict(a=_UNIT, b=_UNIT), (2, 2, 1), _FEYNMAN,
             lambda a, b: (a - 1) * b),
    # c includes Feynman's factor 3.
    _problem("II.6.15a", "c*sqrt(a**2 + b**2)/(4*pi)",
             dict(a=(0.1, 1), b=(0.1, 1), c=_UNIT), (3, 2, 1, 1), _DERIVED,
             lambda a, b, c: c * sqrt(a**2 + b**2) / (4 * pi)),
    _problem("II.11.7", "n0*(1 + a*cos(theta))", dict(n0=_UNIT, a=_ALL, theta=_TURN), (3, 3, 1, 1), _FEYNMAN,
             lambda n0, a, t: n0 * (1 + a * cos(t))),
    _problem("II.11.27", "n*alpha/(1 - n*alpha/3)", dict(n=_UNIT, alpha=(0, 2)), (2, 1, 1), _DERIVED,
             lambda n, alpha: n * alpha / (1 - n * alpha / 3)),
    _problem("II.35.18", "n0/(exp(a) + exp(-a))", dict(n0=_UNIT, a=_UNIT), (2, 1, 1), _FEYNMAN,
             lambda n0, a: n0 / (exp(a) + exp(-a))),
    _problem("II.36.38", "a + alpha*b", dict(a=_UNIT, alpha=_UNIT, b=_UNIT), (3, 2, 1), _FEYNMAN,
             lambda a, alpha, b: a + alpha * b),
    _problem("II.38.3", "a/b", dict(a=_UNIT, b=_NEAR_1), (2, 1, 1), _DERIVED,
             lambda a, b: a / b),
    _problem("III.9.52", "a*sin((b - c)/2)**2/((b - c)/2)**2",
             dict(a=_UNIT, b=(0, pi), c=(0, pi)), (3, 3, 2, 1), _DERIVED,
             lambda a, b, c: a * sinc((b - c) / (2 * pi)) ** 2),  # sinc(u) = sin(πu)/(πu), and 1 at 0
    _problem("III.10.19", "sqrt(1 + a**2 + b**2)", dict(a=_UNIT, b=_UNIT), (2, 1, 1), _FEYNMAN,
             lambda a, b: sqrt(1 + a**2 + b**2)),
    _problem("III.17.37", "beta*(1 + alpha*cos(theta))",
             dict(beta=_UNIT, alpha=_UNIT, theta=_TURN), (3, 3, 1), _FEYNMAN,
             lambda beta, alpha, t: beta * (1 + alpha * cos(t))),
]
# fmt: on

PROBLEMS: Mapping[str, Problem] = MappingProxyType({problem.name: problem for problem in _TABLE})
