"""From named functions to a formula with exact constants (chapter 07; paper, section 2.5.1).

network of c f(a x + b) + d    →    canonical numbers with uncertainties    →    exact constants    →    sympy
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .canonical import canonical
from .functions import as_function
from .losses import MeanSquaredError
from .named import FunctionEdge, unnamed
from .network import Network, samples_last
from .snap import Constrained, exact_number, nice_number, snap_constants
from .sparse import SparseLayer
from .symbolic import CLEARLY
from .terms import Data
from .validation import as_finite, as_integer, as_kan, as_samples, as_targets

MOST_TERMS = 1000  # a formula is not expanded into more terms
DEGREE = 7  # of the polynomials that stand for splines, where names are compared with them


@np.errstate(all="ignore")  # as in symbolify
def formula(
    model: Network,
    names: Sequence[str] | None = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    digits: int | None = None,
    snap: bool = True,
    verbose: bool = True,
) -> Any:
    """Write a network whose edges are functions as a formula.

    Edges that are still splines are written as functions s_1, s_2, …; `sympy.lambdify` knows how to compute them.

    Parameters
    ----------
    model : KAN
        Its edges are functions, as `symbolify` makes them.
    names : list of str, optional
        Names of the inputs, any texts; x_1, x_2, … by default.
    X, y : array_like, shapes (n, n_in) and (n, n_out), optional
        Samples, by default random where the edges were fitted, and targets, by default the model's own outputs.
    digits, snap, verbose : optional
        Digits of inexact constants, all by default; whether to make constants exact if y allows it, and to print which.
        Next to splines, or to names that are clearly worse than splines, they never are.

    Returns
    -------
    sympy expression, or a list of them, one for each output

    Raises
    ------
    ValueError, TypeError
        If the arguments do not fit the model, or constants overflow float64.

    Warns
    -----
    UserWarning
        If curves in place of the names would be clearly closer to y: it tells the errors of both.

    Examples
    --------
    >>> from minikan import KAN, formula, symbolify
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = symbolify(KAN([1, 1]), x, np.sin(np.pi * x) / 2, library=["sin"])
    >>> formula(model, ["x"], x, np.sin(np.pi * x) / 2, verbose=False)
    sin(pi*x)/2

    What has no name is computed all the same:

    >>> from sympy import lambdify
    >>> curve = KAN([1, 1])
    >>> formula(curve, ["x"])
    s_1(x)
    >>> bool(np.allclose(lambdify("x", formula(curve, ["x"]))(x), curve(x)))
    True
    """
    import sympy

    n_in, n_out = as_kan(model, "formula").widths[0], model.widths[-1]
    names = [f"x_{i + 1}" for i in range(n_in)] if names is None else [str(name) for name in names]
    if len(names) != n_in:
        raise ValueError(f"names must hold {n_in} names, got {len(names)}")
    if len(set(names)) < n_in:
        raise ValueError(f"names must differ from each other, got {', '.join(names)}")
    splines = unnamed(model)
    model = _with_curves(model, splines, names)
    X = _where_fitted(model) if X is None else as_samples(X, n_in)
    floor = 1e-14 if y is None else 1e-22  # a model's own outputs are only as exact as its training
    y = model(X) if y is None else as_targets(y, len(X), n_out)
    digits = None if digits is None else as_integer(digits, "digits", 1)
    floor *= max(float(y.var()), 1e-300)
    as_finite([floor], "formula")
    objective, found = shortened(model, X, y, floor), {}
    as_finite(objective.model.parameters, "formula")
    snap = snap and not splines
    if snap and objective.settle() > floor:
        with_names, with_curves = _losses(objective.model, X, y)
        snap = with_names <= CLEARLY * with_curves
        if not snap:
            warnings.warn(
                f"names are clearly worse than splines: RMSE {with_names**0.5:.2g} instead of about "
                f"{with_curves**0.5:.2g}, so no constant is made exact",
                stacklevel=3,
            )
    if snap and objective.free.any():
        found = snap_constants(objective, floor)
    if verbose:
        for text, value, error in found.values():
            print(f"snapped {value:.10g} ± {error:.1g} to {exact_number(text)}")

    def number(k):
        if k in found:
            return exact_number(found[k][0])
        value = objective.model.parameters[k]
        is_whole = not objective.free[k] and value == round(value)
        return sympy.Integer(round(value)) if is_whole else sympy.Float(value, digits)

    symbols = [sympy.Symbol(name, real=True) for name in names]
    nodes = written(objective.model, symbols, number)
    some = X[:: -(-len(X) // 10)] if snap and objective.loss() <= floor else []
    points = [dict(zip(symbols, row, strict=True)) for row in some]
    expressions = [_shorter(expression, points) for expression in nodes]
    for size in [abs(atom) for each in expressions for atom in each.atoms(sympy.Number)]:
        if size is sympy.nan or not (size == 0 or 1e-300 < size < 1e300):
            raise ValueError(
                f"formula overflows float64: it needs a constant of {size}; shift or scale the inputs"
            )
    return expressions[0] if n_out == 1 else expressions


def shortened(model: Network, X: np.ndarray, y: np.ndarray, floor: float) -> Constrained:
    """Write a network with as few constants as possible: an objective in which those that are not 0, 1 or -1 are free.

    It stays as it is, if numbers are beyond float64's reach. Mean squared errors below `floor` are rounding.
    """
    data = least_squares(X, y)
    short, free = canonical(model)
    objective = Constrained(short, [data], free)
    if objective.loss() <= 4 * Constrained(model, [data], free).loss() + floor:
        return objective
    return Constrained(model, [data], np.ones(model.parameters.size, bool))


def least_squares(X: np.ndarray, y: np.ndarray) -> Data:
    """Make the mean squared error on samples X (n, n_in), y (n, n_out)."""
    return Data(X, np.ascontiguousarray(y.T), np.full(len(X), 1 / len(X)), MeanSquaredError())


def written(model: Network, symbols: list, number: Callable[[int], Any]) -> list:
    """Write the outputs of a network as expressions; `number(k)` stands for parameter k."""
    nodes, start = symbols, 0
    for layer in model.layers:
        nodes = layer.expressions(nodes, lambda k, start=start: number(start + k))
        start += layer.weights.size
    return nodes


def _with_curves(model, splines, names):
    """Make a model in which all edges without a name are functions s_1, s_2, …, but for names that inputs have."""
    labels = (f"s_{k}" for k in count(1) if f"s_{k}" not in names)
    layers: list = []
    for depth, layer in enumerate(model.layers):
        edges = {at: layer.edge(*at) for at in layer.edge_list}
        for at in [(i, j) for where, i, j in splines if where == depth]:
            curve, span = as_function(next(labels), edges[at]), edges[at].basis.domain[0]
            edges[at] = FunctionEdge(curve, [1, 0, 1, 0], span, held="abcd")
        layers.append(SparseLayer(layer.n_in, layer.n_out, edges) if edges else layer)
    return type(model).from_layers(layers)


def _losses(model, X, y):
    """Compute mean squared errors: of a model, and if any curve were added to each edge; both to first order.

    The residuals are regressed on the derivatives in the parameters, and then on Chebyshev polynomials of each edge's
    input, too, times the derivatives in its output. Both count as they would on new samples.
    """
    some = np.linspace(0, len(X) - 1, min(len(X), 2000)).astype(int)
    X, y = X[some], y[some]
    sensitivity = np.broadcast_to(np.eye(y.shape[1])[:, :, None], (y.shape[1], y.shape[1], len(X)))
    z, inputs, caches, rows = samples_last(X), [], [], []
    for layer in model.layers:
        inputs.append(z)
        z, cache = layer.forward(z)
        caches.append(cache)
    for layer, x, cache in zip(model.layers[::-1], inputs[::-1], caches[::-1], strict=True):
        for i, j in layer.edge_list:
            t = 2 * (x[i] - x[i].min()) / (np.ptp(x[i]) or 1.0) - 1
            curves = np.polynomial.chebyshev.chebvander(t, DEGREE).T  # (DEGREE + 1, n)
            rows += list(curves[:, None] * sensitivity[:, j])
        sensitivity = np.einsum("mjn,jin->min", sensitivity, layer.slopes(cache))
    own = model.jacobian(X).transpose(2, 1, 0)  # (P, n_out, n)
    losses = []
    for features in (own, np.concatenate([own, rows])):
        A = features.reshape(len(features), -1)
        A = A / np.maximum(np.abs(A).max(axis=1, keepdims=True), 1e-300)
        b = (y.T - z).ravel()
        solution, _, rank, _ = np.linalg.lstsq(A.T, b, rcond=1e-12)
        losses.append(float(np.sum((b - solution @ A) ** 2)) / max(len(b) - rank, 1))
    return losses if 2 * rank < len(b) else [losses[0]] * 2  # else there are too few samples to tell


def _where_fitted(model, n=1000):
    """Draw n random points (n, n_in) from the ranges on which the edges of the first layer were fitted."""
    ranges = np.tile([-1.0, 1.0], (model.widths[0], 1))
    for i, j in model.layers[0].edge_list:
        ranges[i] = model.layers[0].sheet[i, j].span
    return np.random.default_rng(0).uniform(*ranges.T, (n, len(ranges)))


def _shorter(expression, points):
    """Return the shorter of a formula and its expansion; with exact numbers, if its values at the points stay."""
    versions = [expression]
    if _terms(expression) <= MOST_TERMS:
        versions.append(expression.expand(power_exp=False, power_base=False, log=False))
    if points:
        versions = [each for each in map(_exact, versions) if _agree(each, expression, points)] or versions
    return min(versions, key=lambda each: (sum(atom.is_Float for atom in each.atoms()), each.count_ops()))


def _agree(one, other, points):
    """Tell whether two formulas have the same values, wherever both are finite."""
    values = [[each.evalf(subs=point) for each in (one, other)] for point in points]
    one, other = np.array([[complex(v) if v.is_finite else np.nan for v in row] for row in values]).T
    return not (np.abs(one - other) > 1e-6 * (np.ptp(other.real) or 1.0)).any()


def _terms(expression):
    """Bound the number of terms of an expression after its products and powers are expanded."""
    counts = [_terms(part) for part in expression.args]
    if expression.is_Pow and expression.exp.is_Number:
        return np.float_power(counts[0], float(max(abs(expression.exp), 1)))
    return np.prod(counts) if expression.is_Mul else max(sum(counts), 1.0)


def _exact(expression):
    """Replace the numbers in an expression that differ from exact ones only by the rounding of a few products."""
    floats = [atom for atom in expression.atoms() if atom.is_Float]
    offers = {each: nice_number(float(each), 1e-11 * (1 + abs(float(each)))) for each in floats}
    exact = {each: text for each, (cost, _, text) in offers.items() if cost < np.inf}
    return expression.xreplace({each: exact_number(text) for each, text in exact.items()})
