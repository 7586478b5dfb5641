"""From named functions to a formula with exact constants (chapter 07; paper, section 2.5.1).

network of c f(a x + b) + d    →    canonical numbers with uncertainties    →    exact constants    →    sympy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .canonical import canonical
from .losses import MeanSquaredError
from .network import Network
from .snap import Constrained, exact_number, nice_number, snap_constants
from .symbolic import unnamed
from .terms import Data
from .validation import as_finite, as_integer, as_kan, as_samples, as_targets

MOST_TERMS = 1000  # a formula is not expanded into more terms


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

    Parameters
    ----------
    model : KAN
        All its edges must be functions, as `symbolify` makes them, and the arguments fit it; if not, ValueError.
    names : list of str, optional
        Names of the inputs; x_1, x_2, … by default.
    X, y : array_like, shapes (n, n_in) and (n, n_out), optional
        Samples, by default random where the edges were fitted, and targets, by default the model's own outputs.
    digits, snap, verbose : optional
        Digits of inexact constants, all by default; whether to make constants exact if y allows it, and to print which.

    Returns
    -------
    sympy expression, or a list of them, one for each output

    Examples
    --------
    >>> from minikan import KAN, formula, symbolify
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = symbolify(KAN([1, 1]), x, np.sin(np.pi * x) / 2, library=["sin"])
    >>> formula(model, ["x"], x, np.sin(np.pi * x) / 2, verbose=False)
    sin(pi*x)/2
    """
    import sympy

    n_in, n_out = as_kan(model, "formula").widths[0], model.widths[-1]
    for depth, i, j in unnamed(model):
        raise ValueError(f"the edge from node {i} to node {j} of layer {depth} has no name; symbolify first")
    names = [f"x_{i + 1}" for i in range(n_in)] if names is None else list(names)
    if len(names) != n_in:
        raise ValueError(f"names must hold {n_in} names, got {len(names)}")
    X = _where_fitted(model) if X is None else as_samples(X, n_in)
    floor = 1e-14 if y is None else 1e-22  # a model's own outputs are only as exact as its training
    y = model(X) if y is None else as_targets(y, len(X), n_out)
    digits = None if digits is None else as_integer(digits, "digits", 1)
    objective, found = settled(model, X, y, floor, snap)
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
    some = X[:: -(-len(X) // 10)] if snap and objective.loss() <= floor * max(float(y.var()), 1e-300) else []
    points = [dict(zip(symbols, row, strict=True)) for row in some]
    expressions = [_shorter(expression, points) for expression in nodes]
    return expressions[0] if n_out == 1 else expressions


def settled(
    model: Network, X: np.ndarray, y: np.ndarray, floor: float, snap: bool
) -> tuple[Constrained, dict]:
    """Write a network with as few constants as possible, fit them to samples, and make exact what can be.

    Errors below `floor`, over the variance of y, are rounding. Returns the objective, in which the constants that are
    not exact are free, and what was made exact (see `snap_constants`).
    """
    model, free = canonical(model)
    floor *= max(float(y.var()), 1e-300)
    as_finite([floor], "formula")
    data = Data(X, np.ascontiguousarray(y.T), np.full(len(X), 1 / len(X)), MeanSquaredError())
    objective = Constrained(model, [data], free)
    return objective, snap_constants(objective, floor) if snap and free.any() else {}


def written(model: Network, symbols: list, number: Callable[[int], Any]) -> list:
    """Write the outputs of a network as expressions; `number(k)` stands for parameter k."""
    nodes, start = symbols, 0
    for layer in model.layers:
        nodes = layer.expressions(nodes, lambda k, start=start: number(start + k))
        start += layer.weights.size
    return nodes


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
