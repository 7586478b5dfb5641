"""The functions that an edge may turn out to be, with their derivatives (chapter 07; paper, section 2.5.1).

    LIBRARY["sin"].evaluate(u, 2)        sin u, cos u, -sin u

A function knows where it is defined, and how complex it is: one unit more has to pay for itself by an error
a few times smaller. Where it is not defined it continues as a straight line, as splines do: never NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .validation import as_number
from .activations import sigmoid, tanh


@dataclass(frozen=True, repr=False)
class Function:
    """A function of one variable.

    Parameters
    ----------
    name : str
    derivatives : callable
        u (n,) → value and first three derivatives, each (n,).
    expression : callable
        Takes a sympy symbol or number, returns the sympy expression.
    complexity : float
        What it costs to be chosen; x costs 1, x² and exp 2, sin 2.5.
    low, high : float
        Ends of the interval where it is defined and smooth enough to compute with.
    degree : float, optional
        n, if f(a u) = aⁿ f(u) for a > 0.
    parity : int
        1 if even, -1 if odd, 0 if neither.
    twin : str
        Another name under which c f(a x + b) + d is the same family: the simpler one is suggested.
    """

    name: str
    derivatives: Callable
    expression: Callable
    complexity: float
    low: float = -np.inf
    high: float = np.inf
    degree: float | None = None
    parity: int = 0
    twin: str = ""

    def __repr__(self):
        return f"Function({self.name})"

    def __reduce__(self):
        """A function of the library is pickled by its name; no other can be pickled if its parts cannot."""
        if LIBRARY.get(self.name) is self:
            return named, (self.name,)
        return super().__reduce__()

    def evaluate(self, u: np.ndarray, order: int = 3) -> tuple[np.ndarray, ...]:
        """Compute the value and all derivatives up to an order; a straight line where there is no function."""
        if self.low == -np.inf and self.high == np.inf:
            return self.derivatives(u)[: order + 1]
        inside = np.clip(u, self.low, self.high)
        value, slope, *higher = self.derivatives(inside)
        continued = value + slope * (u - inside), slope, *(np.where(u == inside, each, 0.0) for each in higher)
        return continued[: order + 1]

    def defined(self, u: np.ndarray) -> bool:
        """Tell whether all of u lies in the domain."""
        return bool(((self.low <= u) & (u <= self.high)).all())


LIBRARY: dict[str, Function] = {}


def named(name: str) -> Function:
    """Look up a function of the library."""
    if name not in LIBRARY:
        raise ValueError(f"there is no function {name!r} in the library; register it first")
    return LIBRARY[name]


def register(function: Function, check: bool = True) -> None:
    """Add a function to the library, or replace the one of this name.

    Parameters
    ----------
    function : Function
    check : bool
        Compare its derivatives with differences and its expression with its values.

    Raises
    ------
    TypeError
        If it is not a `Function`.
    ValueError
        If derivatives, expression or domain do not fit the values.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan.functions import Function, register
    >>> def softplus(u):  # value, slope, second and third derivative
    ...     s = 1 / (1 + np.exp(-u))
    ...     return np.logaddexp(0, u), s, s * (1 - s), s * (1 - s) * (1 - 2 * s)
    >>> def softplus_in_sympy(u):
    ...     from sympy import exp, log
    ...     return log(1 + exp(u))
    >>> register(Function("softplus", softplus, softplus_in_sympy, complexity=3))
    """
    if not isinstance(function, Function):
        raise TypeError(f"a library holds Functions, got {function!r}")
    as_number(function.complexity, "complexity", 0)
    if not function.low < function.high:
        raise ValueError(f"{function.name} must have low < high, got ({function.low:g}, {function.high:g})")
    if check:
        _check(function)
    LIBRARY[function.name] = function


def _check(function):
    """Hold derivatives against central differences, and the expression against the values."""
    import sympy

    low, high = max(function.low, -1.3), min(function.high, 1.7)
    if low >= high:
        low, high = (
            (function.low, function.low + 1)
            if np.isfinite(function.low)
            else (function.high - 1, function.high)
        )
    u, h = low + (high - low) * np.array([0.21, 0.43, 0.67, 0.88]), 1e-5 * (high - low)
    with np.errstate(all="ignore"):
        right, left, here = (function.evaluate(point) for point in (u + h, u - h, u))
    if len(here) != 4:
        raise ValueError(f"derivatives of {function.name} must give value and three derivatives, got {len(here)} arrays")
    value, *rates = here
    scale = 1 + sum(np.abs(each) for each in here)
    for order, what in enumerate(("slope", "second derivative", "third derivative")):
        if not (np.abs(rates[order] - (right[order] - left[order]) / (2 * h)) <= 1e-4 * scale).all():
            raise ValueError(f"the {what} of {function.name} does not agree with differences")
    exact = [complex(sympy.N(function.expression(sympy.Float(point)))) for point in u]
    if not (np.abs(np.array(exact) - value) <= 1e-8 * scale).all():
        raise ValueError(f"the expression of {function.name} does not agree with its values")


def _power(n):
    def derivatives(u):
        factors = 1, n, n * (n - 1), n * (n - 1) * (n - 2)
        return tuple(c * u ** (n - d) if c else 0 * u for d, c in enumerate(factors))

    return derivatives


def _of(name):
    def expression(*arguments):
        import sympy

        return getattr(sympy, name)(*arguments)

    return expression


def _sigmoid(u):
    s = sigmoid(u)
    ds = s * (1 - s)
    return s, ds, ds * (1 - 2 * s), ds * (1 - 6 * ds)


def _tan(u):
    t = np.tan(u)
    dt = 1 + t**2
    return t, dt, 2 * t * dt, dt * (2 + 6 * t**2)


def _gaussian(u):
    g = np.exp(-(u**2))
    return g, -2 * u * g, (4 * u**2 - 2) * g, (12 - 8 * u**2) * u * g


def _arctan(u):
    slope = 1 / (1 + u**2)
    return np.arctan(u), slope, -2 * u * slope**2, (6 * u**2 - 2) * slope**3


def _arcsin(u):
    root = np.sqrt(1 - u**2)
    return np.arcsin(u), 1 / root, u / root**3, (1 + 2 * u**2) / root**5


def _arctanh(u):
    slope = 1 / (1 - u**2)
    return np.arctanh(u), slope, 2 * u * slope**2, (2 + 6 * u**2) * slope**3


def _bessel(u):
    """J0(u) is the mean of cos(u sin t) over a quarter turn; 20 points give it to rounding for |u| ≤ 30."""
    wave = np.sin(np.pi / 40 * (np.arange(20) + 0.5))[:, None]
    phase = wave * np.ravel(u)
    cosine, sine = np.cos(phase), np.sin(phase)
    means = cosine, -wave * sine, -(wave**2) * cosine, wave**3 * sine
    return tuple(each.mean(axis=0).reshape(np.shape(u)) for each in means)


_BEFORE_POLE = np.pi / 2 - 1e-3
_POSITIVE = 1e-6
_UNIT: dict[str, Any] = dict(low=-1 + 1e-9, high=1 - 1e-9)

for _function in (
    Function("0", lambda u: (0 * u,) * 4, lambda u: 0, 0, degree=0, parity=1),
    Function("x", _power(1), lambda u: u, 1, degree=1, parity=-1),
    Function("x^2", _power(2), lambda u: u**2, 2, degree=2, parity=1),
    Function("x^3", _power(3), lambda u: u**3, 3, degree=3, parity=-1),
    Function("x^4", _power(4), lambda u: u**4, 3.5, degree=4, parity=1),
    Function("x^5", _power(5), lambda u: u**5, 4, degree=5, parity=-1),
    Function("1/x", _power(-1.0), lambda u: 1 / u, 2, low=_POSITIVE, degree=-1),
    Function("1/x^2", _power(-2.0), lambda u: 1 / u**2, 3, low=_POSITIVE, degree=-2),
    Function("1/x^3", _power(-3.0), lambda u: 1 / u**3, 4, low=_POSITIVE, degree=-3),
    Function("1/x^4", _power(-4.0), lambda u: 1 / u**4, 4.5, low=_POSITIVE, degree=-4),
    Function("1/x^5", _power(-5.0), lambda u: 1 / u**5, 5, low=_POSITIVE, degree=-5),
    Function("sqrt", _power(0.5), _of("sqrt"), 2, low=1e-12, degree=0.5),
    Function("x^1.5", _power(1.5), lambda u: u * _of("sqrt")(u), 3, low=1e-12, degree=1.5),
    Function("1/sqrt", _power(-0.5), lambda u: 1 / _of("sqrt")(u), 3, low=_POSITIVE, degree=-0.5),
    Function("exp", lambda u: (np.exp(u),) * 4, _of("exp"), 2, high=100.0),
    Function("log", lambda u: (np.log(u), 1 / u, -1 / u**2, 2 / u**3), _of("log"), 2, low=_POSITIVE),
    Function("abs", lambda u: (np.abs(u), np.sign(u), 0 * u, 0 * u), _of("Abs"), 3, degree=1, parity=1),
    Function("sgn", lambda u: (np.sign(u), *[0 * u] * 3), _of("sign"), 3, degree=0, parity=-1),
    Function("sin", lambda u: (s := np.sin(u), c := np.cos(u), -s, -c), _of("sin"), 2.5, parity=-1),
    Function("cos", lambda u: (c := np.cos(u), -(s := np.sin(u)), -c, s), _of("cos"), 2.5, parity=1, twin="sin"),
    Function("tan", _tan, _of("tan"), 3, low=-_BEFORE_POLE, high=_BEFORE_POLE, parity=-1),
    Function("tanh", lambda u: tanh(u, 3), _of("tanh"), 3, parity=-1),
    Function("sigmoid", _sigmoid, lambda u: 1 / (1 + _of("exp")(-u)), 3, twin="tanh"),
    Function("arctan", _arctan, _of("atan"), 3, parity=-1),
    Function("arcsin", _arcsin, _of("asin"), 3, **_UNIT, parity=-1),
    Function("arccos", lambda u: (np.arccos(u), *(-d for d in _arcsin(u)[1:])), _of("acos"), 3, **_UNIT, twin="arcsin"),
    Function("arctanh", _arctanh, _of("atanh"), 3, **_UNIT, parity=-1),
    Function("cosh", lambda u: (np.cosh(u), np.sinh(u)) * 2, _of("cosh"), 3, low=-100.0, high=100.0, parity=1),
    Function("gaussian", _gaussian, lambda u: _of("exp")(-(u**2)), 3, parity=1),
    Function("J0", _bessel, lambda u: _of("besselj")(0, u), 4, low=-30.0, high=30.0, parity=1),
):  # fmt: skip
    register(_function, check=False)  # the tests check these
