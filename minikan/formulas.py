"""From named functions to a formula with exact constants (chapter 07; paper, section 2.5.1).

    network of c f(a x + b) + d    →    canonical numbers with uncertainties    →    exact constants    →    sympy

A network of functions has more numbers than its formula: a hidden node may be stretched and moved if the edges
above undo it, and exp(x + b) is a multiple of exp(x). `canonical` spends this freedom, so that as many numbers as
possible are 0 or 1. The others are measured quantities. The simplest exact number within the uncertainty of
each is tried, and stays if the loss does not rise beyond what noise explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .borders import as_finite, as_integer, as_samples, as_targets
from .edges import splines
from .losses import MeanSquaredError
from .network import KAN
from .objective import Objective
from .optimizers import LevenbergMarquardt

A, B, C, D = range(4)
ROUNDING = 1e-11  # what products of a few trained numbers may differ from exact ones
MOST_TERMS = 1000  # of an expanded formula
WALK = 12  # steps of a constant that the data leave open on its way to 1
BASES = {  # the exact numbers whose multiples are tried, and what it costs to use one
    "1": (1.0, 0), "pi": (np.pi, 3), "sqrt(2)": (np.sqrt(2), 4), "1/pi": (1 / np.pi, 5), "E": (np.e, 5),
    "sqrt(3)": (np.sqrt(3), 5), "sqrt(pi)": (np.sqrt(np.pi), 6), "sqrt(2*pi)": (np.sqrt(2 * np.pi), 6),
}  # fmt: skip


# -------------------------------------------------------------------------------------------- canonical


def canonical(model: KAN) -> tuple[KAN, np.ndarray]:
    """Write the same function with as many numbers 0 or 1 as possible.

    Parameters
    ----------
    model : KAN
        All its edges are functions.

    Returns
    -------
    model : KAN
    free : ndarray of bool, shape (P,)
        Which of its parameters are not 0 or 1 by choice.
    """
    model = KAN.from_layers(model.layers)
    sheets = [{at: (edge, np.ones(4, bool)) for at, edge in layer.sheet.items()} for layer in model.layers]
    for sheet in sheets:
        for edge, mask in sheet.values():
            _tidy(edge, mask)
    for depth, layer in enumerate(model.layers):
        for node in range(layer.n_out):
            into = [pair for (_, j), pair in sheets[depth].items() if j == node]
            for edge, mask in into[1:]:  # one edge carries the constants of all
                into[0][0].weights[D] += edge.weights[D]
                edge.weights[D], mask[D] = 0, False
            if depth + 1 < len(sheets):
                _settle(into, [pair for (i, _), pair in sheets[depth + 1].items() if i == node])
    return model, np.concatenate([mask for sheet in sheets for _, mask in sheet.values()])


def _is_line(function):
    return function.degree == 1 and function.parity == -1


def _tidy(edge, mask):
    """Write one edge with a = ±1, b = 0 or a > 0, as its function allows."""
    f, w = edge.function, edge.weights
    if f.name == "exp":
        w[C] *= np.exp(w[B])
        w[B], mask[B] = 0, False
    elif f.name == "log" or f.degree is not None:
        size = abs(w[A]) or 1.0
        w[D] += w[C] * np.log(size) if f.name == "log" else 0
        w[C] *= 1 if f.name == "log" else size**f.degree
        w[B] /= size
        w[A], mask[A] = np.sign(w[A]) or 1, False
    if w[A] < 0 and f.parity:
        w[[A, B]] *= -1
        w[C] *= f.parity
    if _is_line(f):
        w[D] += w[C] * w[B]
        w[B], mask[B] = 0, False
    if f.name == "0":
        w[[B, C]], mask[[B, C]] = 0, False
    if f.name == "sin":  # a phase between -π/2 and π/2
        turns = np.round(w[B] / np.pi)
        w[B] -= turns * np.pi
        w[C] *= (-1) ** (turns % 2)


def _settle(into, out):
    """Stretch and move a hidden node, z → scale z + shift, for the good of the first edge that leaves it."""
    (lead, lead_mask), (first, first_mask) = out[0], into[0]
    f, (a, b, *_) = lead.function, lead.weights
    if f.degree is not None or f.name == "log":  # it has a = ±1 already: let an edge below have c = ±1
        largest, mask = max(into, key=lambda pair: abs(pair[0].weights[C]))
        scale, mask[C] = a / (abs(largest.weights[C]) or 1.0), False
    else:
        scale = a or 1.0
    if f.name == "exp" or _is_line(f):
        shift, first_mask[D] = -scale * first.weights[D], False
    else:
        shift = b * scale / (a or 1.0)
    for edge, mask in into:
        edge.weights[[C, D]] *= scale
        if not mask[C]:
            edge.weights[C] = np.round(edge.weights[C])
    first.weights[D] += shift
    for edge, mask in out:
        edge.weights[A] /= scale
        edge.weights[B] -= edge.weights[A] * shift
        _tidy(edge, mask)
    lead.weights[[A, B]] = 1, 0  # but for rounding they are
    lead_mask[[A, B]] = False


# ------------------------------------------------------------------------------------------------- snap


class Part(Objective):
    """An objective of which some parameters stay where they are."""

    free: np.ndarray  # of bool, shape (P,)

    def curvature(self) -> tuple[float, np.ndarray, np.ndarray]:
        loss, gradient, matrix = super().curvature()
        return loss, gradient * self.free, matrix * np.outer(self.free, self.free)

    def settle(self, steps: int = 8) -> float:
        """Improve the free parameters, and return the loss."""
        optimizer = LevenbergMarquardt(damping=1e-6, acceleration=False)
        while steps and optimizer.step(self):
            steps -= 1
        return self.loss()

    def uncertainty(self) -> np.ndarray:
        """Estimate the standard errors of the parameters, (P,); infinite where the data leave the choice.

        Only free parameters have one. The data leave a choice where the loss is flat along a direction: there
        are several ways to write the same function.
        """
        loss, _, matrix = super().curvature()
        as_finite([matrix], "formula")
        where, errors = np.flatnonzero(self.free), np.zeros(len(matrix))
        bends, directions = np.linalg.eigh(matrix[np.ix_(where, where)])
        flat = bends < 1e-11 * bends.max()
        scatter = 2 * loss / max(len(self.X) - len(where), 1)
        variances = scatter * directions**2 @ (~flat / np.where(flat, 1, bends))
        errors[where] = np.where((directions[:, flat] ** 2).sum(axis=1) > 0.01, np.inf, np.sqrt(variances))
        return errors


def snap_constants(objective: Part, floor: float) -> dict:
    """Replace measured numbers by exact ones, as long as the loss does not rise beyond noise.

    Parameters
    ----------
    objective : Part
    floor : float
        A loss that is as good as none.

    Returns
    -------
    dict
        {index of the parameter: (sympy text of the number, what it was, its uncertainty)}
    """
    snapped, loss = {}, objective.settle()
    open_ones = objective.free.copy()
    while open_ones.any():
        values, errors = objective.parameters.copy(), objective.uncertainty()
        widths = 3 * errors + 1e-9 * (1 + np.abs(values)) + 1e-3 * np.sqrt(floor)
        offers = [(*nice_number(values[k], widths[k]), k) for k in np.flatnonzero(open_ones)]
        cost, value, text, k = min(offers, key=lambda offer: offer[0])
        if cost == np.inf:
            break
        open_ones[k] = objective.free[k] = False
        # Along a flat direction it may be far to go, and round a bend: there in small steps.
        for ratio in np.linspace(0, 1, WALK + 1)[1:] if widths[k] == np.inf and values[k] else [1.0]:
            objective.parameters[k] = value * abs(values[k] / value) ** (1 - ratio) if value else 0.0
            risen = objective.settle()
        if risen <= floor or len(objective.X) * (risen - loss) <= 16 * loss:  # four standard errors
            snapped[k], loss = (text, values[k], errors[k]), risen
        else:
            objective.parameters[:], objective.free[k] = values, True
    return snapped


def nice_number(value: float, width: float) -> tuple[float, float, str]:
    """Find the simplest exact number within a width: (cost, number, text); the cost is infinite if there is none.

    Rationals with a denominator of q lie 1 / q² apart or closer. They are no news where the width is not
    far smaller. Where the width is infinite, 1 is as good as any number.
    """
    if width == np.inf:
        return (-1, np.sign(value), f"{np.sign(value):.0f}") if value else (-1, 1.0, "1")
    if abs(value) <= width:
        return (0, 0.0, "0") if width < 0.1 else (np.inf, value, "")
    best = (np.inf, value, "")
    for name, (base, cost) in BASES.items():
        for q in range(1, 13):
            p = round(value / base * q)
            if p and abs(p * base / q - value) <= width and width * q**2 <= 0.2 * base:
                ratio = Fraction(p, q)
                total = cost + np.log2(abs(ratio.numerator)) + 2 * np.log2(ratio.denominator)
                if total < best[0]:
                    best = (total, p * base / q, f"{ratio}*{name}")
    return best


# ---------------------------------------------------------------------------------------------- formula


def exact_number(text: str) -> Any:
    """Make a sympy number of a text of `nice_number`, as "3/2*sqrt(pi)"; nothing is evaluated."""
    import sympy

    ratio, _, name = text.partition("*")
    symbols = {"pi": sympy.pi, "E": sympy.E, "1/pi": 1 / sympy.pi, "sqrt(pi)": sympy.sqrt(sympy.pi)}
    symbols |= {f"sqrt({n})": sympy.sqrt(n) for n in (2, 3)} | {"sqrt(2*pi)": sympy.sqrt(2 * sympy.pi)}
    return sympy.Rational(ratio) * symbols.get(name, 1)


@np.errstate(all="ignore")  # as in symbolify
def formula(
    model: KAN,
    names: Sequence[str] | None = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    digits: int | None = None,
    snap: bool = True,
    verbose: bool = True,
) -> Any:
    """Read the formula off a network whose edges are functions.

    Parameters
    ----------
    model : KAN
        All its edges are functions, as `symbolify` makes them.
    names : list of str, optional
        Names of the inputs; x_1, x_2, … by default.
    X : array_like, shape (n, n_in), optional
        Samples. By default random points where the edges were fitted.
    y : array_like, shape (n, n_out), or (n,) for one output, optional
        Targets: how far they scatter tells how certain a constant is. By default the model's own outputs.
    digits : int, optional
        Significant digits of constants that have no exact name; all by default.
    snap : bool
        Look for exact constants.
    verbose : bool
        Say which constants were snapped.

    Returns
    -------
    sympy expression, or a list of them, one for each output

    Raises
    ------
    ValueError, TypeError
        If an edge is still a spline, names, X or y do not fit the model, or the variance of y overflows.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, fit, formula, symbolify
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = KAN([1, 1], grid=20)
    >>> history = fit(model, x, np.sin(np.pi * x) / 2)
    >>> formula(symbolify(model, x), ["x"], verbose=False)
    sin(pi*x)/2
    """
    import sympy

    n_in, n_out = model.widths[0], model.widths[-1]
    for depth, i, j in splines(model):
        raise ValueError(f"the edge from node {i} to node {j} of layer {depth} is a spline; symbolify first")
    names = [f"x_{i + 1}" for i in range(n_in)] if names is None else list(names)
    if len(names) != n_in:
        raise ValueError(f"names must hold {n_in} names, got {len(names)}")
    X = _where_fitted(model) if X is None else as_samples(X, n_in)
    floor = 1e-14 if y is None else 1e-22  # a model's own outputs are as exact as its training was
    y = model(X) if y is None else as_targets(y, len(X), n_out)
    digits = None if digits is None else as_integer(digits, "digits", 1)
    model, free = canonical(model)
    objective = Part(model, X, np.ascontiguousarray(y.T), np.full(len(X), 1 / len(X)), MeanSquaredError())
    objective.free = free
    floor *= max(float(y.var()), 1e-300)
    as_finite([floor], "formula")
    found = snap_constants(objective, floor) if snap else {}
    if verbose:
        for text, value, error in found.values():
            print(f"snapped {value:.10g} ± {error:.1g} to {exact_number(text)}")

    def number(k):
        if k in found:
            return exact_number(found[k][0])
        value = model.parameters[k]
        if not free[k] and value == round(value):
            return sympy.Integer(round(value))
        return sympy.Float(value, digits) if digits else sympy.Float(value)

    nodes = symbols = [sympy.Symbol(name, real=True) for name in names]
    left = iter(range(free.size))  # parameters, edge by edge
    for layer in model.layers:
        above = [sympy.Integer(0)] * layer.n_out
        for (i, j), edge in layer.sheet.items():
            a, b, c, d = (number(next(left)) for _ in range(4))
            above[j] += c * edge.function.expression(a * nodes[i] + b) + d
        nodes = above
    points = [dict(zip(symbols, row, strict=True)) for row in X[:: -(-len(X) // 10)]]
    is_exact = snap and objective.loss() <= floor
    expressions = [_shorter(expression, points if is_exact else []) for expression in nodes]
    return expressions[0] if n_out == 1 else expressions


def _where_fitted(model, n=1000):
    """Draw points from the ranges on which the lowest edges were fitted."""
    ranges = np.tile([-1.0, 1.0], (model.widths[0], 1))
    for (i, _), edge in model.layers[0].sheet.items():
        ranges[i] = edge.span
    return np.random.default_rng(0).uniform(*ranges.T, (n, len(ranges)))


def _shorter(expression, points):
    """Expand products if that makes the formula shorter, or its numbers exact, and does not fill pages.

    Constants that the data leave open may multiply to numbers that are exact but for rounding. Where the whole
    formula is exact there are points {symbol: value}: such numbers are written as what they are, if that does
    not move the formula there.
    """
    import sympy

    versions = [expression]
    if _terms(expression) <= MOST_TERMS:
        versions.append(expression.expand(power_exp=False, power_base=False, log=False))
    if points:
        exact = [each.xreplace(_exact_ones(each.atoms(sympy.Float))) for each in versions]
        versions = [each for each in exact if _agree(each, expression, points)] or versions
    return min(versions, key=lambda each: (len(each.atoms(sympy.Float)), each.count_ops()))


def _agree(one, other, points):
    """Tell whether two formulas have the same values, wherever they have any."""
    values = [[each.evalf(subs=point) for each in (one, other)] for point in points]
    one, other = np.array([[complex(v) if v.is_finite else np.nan for v in row] for row in values]).T
    return not (np.abs(one - other) > 1e-6 * (np.ptp(other.real) or 1.0)).any()


def _terms(expression):
    """Bound how many terms an expression has when its products and powers are expanded."""
    counts = [_terms(part) for part in expression.args]
    if expression.is_Pow and expression.exp.is_Number:
        return np.float_power(counts[0], float(max(abs(expression.exp), 1)))
    return np.prod(counts) if expression.is_Mul else max(sum(counts), 1.0)


def _exact_ones(numbers):
    """Find those numbers that differ from an exact one in the last digits only."""
    offers = {number: nice_number(float(number), ROUNDING * (1 + abs(float(number)))) for number in numbers}
    return {number: exact_number(text) for number, (cost, _, text) in offers.items() if cost < np.inf}
