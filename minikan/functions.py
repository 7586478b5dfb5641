"""The functions that an edge may turn out to be, with their derivatives (chapter 07; paper, section 2.5.1).

    LIBRARY["sin"].evaluate(u, 2)        sin u, cos u, -sin u

Where it is not defined, a function continues as a straight line, as splines do. It never gives NaN.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np

from .activations import sigmoid, tanh
from .validation import as_number


@dataclass(frozen=True, repr=False)
class Function:
    """A function of one variable, and what is known about it."""

    name: str
    derivatives: Callable  # u (n,) → value and first three derivatives, each (n,)
    expression: Callable  # sympy symbol or number → sympy expression
    complexity: float  # the price of choosing it: x costs 1, x² and exp 2, sin 2.5
    low: float = -np.inf  # from low to high it is defined, and safe to compute
    high: float = np.inf
    degree: float | None = None  # n, if f(s u) = sⁿ f(u) for all s > 0
    parity: int = 0  # 1 if even, -1 if odd, 0 if neither
    scale_is_shift: bool = False  # f(s u) = f(u) + log s for all s > 0, as log has it
    shift_is_scale: bool = False  # f(u + b) = eᵇ f(u), as exp has it
    half_period: float | None = None  # h, if f(u + h) = -f(u)
    twin: str = ""  # a simpler function for which c f(a x + b) + d gives the same curves

    @property
    def is_linear(self) -> bool:
        return self.degree == 1 and self.parity == -1

    @property
    def scale_is_free(self) -> bool:
        """Whether the size of a in c f(a x + b) + d is superfluous, because b, c and d can do the same."""
        return self.degree is not None or self.scale_is_shift

    def __repr__(self):
        return f"Function({self.name})"

    def __reduce__(self):
        """Pickle a function of the library by its name: most of them hold lambdas, which cannot be pickled."""
        if LIBRARY.get(self.name) is self:
            return named, (self.name,)
        try:
            pickle.dumps((self.derivatives, self.expression))
        except (pickle.PicklingError, AttributeError, TypeError):
            raise pickle.PicklingError(f"register {self.name} first: then its name is pickled") from None
        return super().__reduce__()

    def __deepcopy__(self, memo):
        return self  # it never changes

    def evaluate(self, u: np.ndarray, order: int = 3) -> tuple[np.ndarray, ...]:
        """Compute value and derivatives up to an order, each of u's shape; a straight line outside of [low, high]."""
        if self.low == -np.inf and self.high == np.inf:
            return self.derivatives(u)[: order + 1]
        inside = np.clip(u, self.low, self.high)
        value, slope, *higher = self.derivatives(inside)
        higher = [np.where(u == inside, each, 0.0) for each in higher]
        return (value + slope * (u - inside), slope, *higher)[: order + 1]

    def defined(self, u: np.ndarray) -> bool:
        """Tell whether all of u lies from low to high."""
        return bool(((self.low <= u) & (u <= self.high)).all())


LIBRARY: dict[str, Function] = {}
OWN: set[str] = set()  # names that cannot be replaced


def named(name: str) -> Function:
    """Look up a function of the library."""
    if name not in LIBRARY:
        raise ValueError(f"there is no function {name!r} in the library; register it first")
    return LIBRARY[name]


def as_function(name: str, edge: Any) -> Function:
    """Make a function of a curve, a layer 1 → 1, that sympy can write and `sympy.lambdify` computes."""
    from sympy.core.function import UndefinedFunction

    curve = Curve(edge)
    return Function(name, curve.derivatives, UndefinedFunction(name, _imp_=curve), 0.0)


class Curve:
    """The values of a curve; in a module's class, so that formulas can be pickled."""

    def __init__(self, edge: Any) -> None:
        self.edge = edge

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.derivatives(u)[0]

    def derivatives(self, u: np.ndarray) -> tuple:
        u = np.asarray(u, float)
        _, cache = self.edge.forward(u.reshape(1, -1))
        return tuple(self.edge.curves(cache, order).reshape(u.shape) for order in range(4))


def register(function: Function, check: bool = True) -> None:
    """Add a function to the library, or replace one that was registered before under this name.

    ValueError or TypeError, if it is no `Function`, has the name of one of minikan's own, its interval is wrong or,
    with `check`, derivatives or expression. A pickled model stores the name: who loads it registers the function first.

    Examples
    --------
    What is needed is the value with three derivatives, an expression for sympy, and a price:

    >>> from minikan.functions import Function, register
    >>> sixth = Function("x^6", lambda u: (u**6, 6 * u**5, 30 * u**4, 120 * u**3), lambda u: u**6, complexity=5)
    >>> register(sixth)

    A wrong derivative is found, and where it is wrong is said:

    >>> register(Function("x^6", lambda u: (u**6, 6 * u, 30 * u**4, 120 * u**3), lambda u: u**6, complexity=5))
    Traceback (most recent call last):
    ...
    ValueError: the slope of x^6 does not agree with differences: at u = -0.67 it is -4.02, they give -0.81
    """
    if not isinstance(function, Function):
        raise TypeError(f"a library holds Functions, got {function!r}")
    as_number(function.complexity, "complexity", 0)
    if function.name in OWN:
        raise ValueError(f"{function.name} is one of minikan's own functions; choose another name")
    if not function.low < function.high:
        raise ValueError(f"{function.name} must have low < high, got ({function.low:g}, {function.high:g})")
    if check:
        _check(function)
    LIBRARY[function.name] = function


def _check(function):
    """Compare derivatives with central differences, and the expression with the values, at four points."""
    import sympy

    low = max(function.low, min(-1.3, function.high - 1))
    high = min(function.high, max(1.7, low + 1))
    u, h = low + (high - low) * np.array([0.21, 0.43, 0.67, 0.88]), 1e-5 * (high - low)
    with np.errstate(all="ignore"):
        given = function.derivatives(u)
        count = len(given) if np.ndim(given[0]) else 1
        if count != 4:
            raise ValueError(f"{function.name} must give value and three derivatives, got {count} arrays")
        right, left, here = (function.evaluate(point) for point in (u + h, u - h, u))
    tolerance = 1e-4 * (1 + sum(np.abs(each) for each in here))
    for order, what in enumerate(("slope", "second derivative", "third derivative")):
        mine, difference = here[order + 1], (right[order] - left[order]) / (2 * h)
        for k in np.flatnonzero(~(np.abs(mine - difference) <= tolerance))[:1]:
            where = f"at u = {u[k]:.3g} it is {mine[k]:.3g}, they give {difference[k]:.3g}"
            raise ValueError(f"the {what} of {function.name} does not agree with differences: {where}")
    exact = [complex(sympy.N(function.expression(sympy.Float(point)))) for point in u]
    if not (np.abs(np.array(exact) - here[0]) <= 1e-4 * tolerance).all():
        raise ValueError(f"the expression of {function.name} does not agree with its values")


def _power(name, n, complexity):
    """Make the function uⁿ."""

    def derivatives(u):
        factors = 1, n, n * (n - 1), n * (n - 1) * (n - 2)
        return tuple(c * u ** (n - d) if c else 0 * u for d, c in enumerate(factors))

    whole = n > 0 and n == int(n)
    low, parity = (
        (-np.inf, (-1) ** int(n)) if whole else (_POSITIVE ** min(1, 4 / (3 - n)), 0)
    )  # u^(n-3) is finite
    return Function(name, derivatives, lambda u: u ** Fraction(n), complexity, low, degree=n, parity=parity)


def _sym(name):
    """Take a function of sympy, which is imported when the function is called."""
    return lambda *arguments: getattr(import_module("sympy"), name)(*arguments)


def _asin(u):
    root = np.sqrt(1 - u**2)
    return np.arcsin(u), 1 / root, u / root**3, (1 + 2 * u**2) / root**5


def _exp_of_inverse(u):
    v = 1 / u
    e = np.exp(v)
    return e, -e * v**2, e * v**3 * (2 + v), -e * v**4 * (6 + 6 * v + v**2)


def _bose(u):
    n = 1 / np.expm1(u)
    return n, -n * (1 + n), n * (1 + n) * (1 + 2 * n), -n * (1 + n) * (1 + 6 * n * (1 + n))


def _sech(u):
    s, t = 1 / np.cosh(u), np.tanh(u)
    return s, -s * t, s * (t**2 - s**2), s * t * (5 * s**2 - t**2)


def _bessel(u):
    """J0(u) is the mean of cos(u sin t) over a quarter turn; 20 points give it to rounding for |u| ≤ 30."""
    wave = np.sin(np.pi / 40 * (np.arange(20) + 0.5))[:, None]
    phase = wave * np.ravel(u)
    cosine, sine = np.cos(phase), np.sin(phase)
    means = cosine, -wave * sine, -(wave**2) * cosine, wave**3 * sine
    return tuple(each.mean(axis=0).reshape(np.shape(u)) for each in means)


_BEFORE_POLE, _POSITIVE = np.pi / 2 - 1e-3, 1e-75
_UNIT: dict[str, Any] = dict(low=-1 + 1e-9, high=1 - 1e-9)
for _function in (
    Function("0", lambda u: (0 * u,) * 4, lambda u: 0, 0, degree=0, parity=1),
    _power("x", 1, 1), _power("x^2", 2, 2), _power("x^3", 3, 3), _power("x^4", 4, 3.5), _power("x^5", 5, 4),
    _power("1/x", -1.0, 2), _power("1/x^2", -2.0, 3), _power("1/x^3", -3.0, 4), _power("1/x^4", -4.0, 4.5),
    _power("1/x^5", -5.0, 5), _power("sqrt", 0.5, 2), _power("x^1.5", 1.5, 3), _power("1/sqrt", -0.5, 3),
    Function("exp", lambda u: (np.exp(u),) * 4, _sym("exp"), 2, high=300.0, shift_is_scale=True),
    Function("log", lambda u: (np.log(u), 1 / u, -1 / u**2, 2 / u**3),
             _sym("log"), 2, low=_POSITIVE, scale_is_shift=True),
    Function("abs", lambda u: (np.abs(u), np.sign(u), 0 * u, 0 * u), _sym("Abs"), 3, degree=1, parity=1),
    Function("sgn", lambda u: (np.sign(u), *[0 * u] * 3), _sym("sign"), 3, degree=0, parity=-1),
    Function("sin", lambda u: (s := np.sin(u), c := np.cos(u), -s, -c), _sym("sin"), 2.5, parity=-1, half_period=np.pi),
    Function("cos", lambda u: (c := np.cos(u), -(s := np.sin(u)), -c, s),
             _sym("cos"), 2.5, parity=1, half_period=np.pi, twin="sin"),
    Function("tan", lambda u: (t := np.tan(u), d := 1 + t**2, 2 * t * d, d * (2 + 6 * t**2)),
             _sym("tan"), 3, low=-_BEFORE_POLE, high=_BEFORE_POLE, parity=-1),
    Function("tanh", lambda u: tanh(u, 3), _sym("tanh"), 3, parity=-1),
    Function("sigmoid", lambda u: (s := sigmoid(u), d := s * (1 - s), d * (1 - 2 * s), d * (1 - 6 * d)),
             lambda u: 1 / (1 + _sym("exp")(-u)), 3, twin="tanh"),
    Function("arctan", lambda u: (np.arctan(u), d := 1 / (1 + u**2), -2 * u * d**2, (6 * u**2 - 2) * d**3),
             _sym("atan"), 3, parity=-1),
    Function("arcsin", _asin, _sym("asin"), 3, **_UNIT, parity=-1),
    Function("arccos", lambda u: (np.arccos(u), *(-d for d in _asin(u)[1:])), _sym("acos"), 3, **_UNIT, twin="arcsin"),
    Function("arctanh", lambda u: (np.arctanh(u), d := 1 / (1 - u**2), 2 * u * d**2, (2 + 6 * u**2) * d**3),
             _sym("atanh"), 3, **_UNIT, parity=-1),
    Function("cosh", lambda u: (np.cosh(u), np.sinh(u)) * 2, _sym("cosh"), 3, low=-100.0, high=100.0, parity=1),
    Function("sinh", lambda u: (np.sinh(u), np.cosh(u)) * 2, _sym("sinh"), 3, low=-100.0, high=100.0, parity=-1),
    Function("1/cosh", _sech, lambda u: 1 / _sym("cosh")(u), 3, low=-100.0, high=100.0, parity=1),
    Function("1/(exp-1)", _bose, lambda u: 1 / (_sym("exp")(u) - 1), 3.5, low=_POSITIVE, high=100.0),
    Function("exp(1/x)", _exp_of_inverse, lambda u: _sym("exp")(1 / u), 3, low=1e-2),
    Function("gaussian", lambda u: (g := np.exp(-(u**2)), -2 * u * g, (4 * u**2 - 2) * g, (12 - 8 * u**2) * u * g),
             lambda u: _sym("exp")(-(u**2)), 3, parity=1),
    Function("J0", _bessel, lambda u: _sym("besselj")(0, u), 4, low=-30.0, high=30.0, parity=1),
):  # fmt: skip
    register(_function, check=False)  # the tests check these
OWN.update(LIBRARY)
