"""From a formula to a network that computes it, and can be trained further (chapter 11; arXiv 2408.10205, section 3).

name → input,   c f(a u + b) + d → edge,   sum → node that adds,   product → node that multiplies its sums

Nodes lie on levels: one above the highest node they need. What they need from lower levels is handed up by edges x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .functions import LIBRARY
from .kan import KAN
from .named import FunctionEdge
from .products import Products
from .sparse import SparseLayer
from .unnaming import loosen
from .validation import as_domains, require

SAMPLES = 1000  # where each edge is looked at: is its function defined, and from where to where
Place = tuple[int, int]  # of a node: level, and number in it


class Term(NamedTuple):
    """An edge from a node: a named function with weights a, b, c, d."""

    node: Place
    name: str = "x"
    weights: tuple[float, float, float, float] = (1.0, 0.0, 1.0, 0.0)


class Sum(NamedTuple):
    terms: list[Term]
    constant: float


def compile_formula(
    expressions: Any,
    names: Sequence[str],
    domain: ArrayLike = (-1, 1),
    *,
    splines: bool | Sequence[tuple[int, int, int]] = False,
    grid: int = 10,
    constants_only: bool = False,
) -> KAN:
    """Make a network that computes a formula: named functions on its edges, nodes that add or multiply.

    All constants are weights, which training may change: where a formula is nearly right, `fit` corrects them. Where
    one of its functions is in doubt, let its edge be a spline, which begins as this function.

    Parameters
    ----------
    expressions : sympy expression or str, or a list of them
        One for each output: sums, products, quotients, powers, and functions of the library, nested as you like.
    names : list of str
        The names of the inputs, in their order; some need not occur.
    domain : pair of float, or one pair per input
        Where the formula is used. There it must be real, and its functions defined.
    splines, grid : bool or list of (layer, i, j), and int
        Which edges become splines (True: all), with so many cells; see `loosen`.
    constants_only : bool
        Whether training changes only the constants that the formula has: a, b, c, d that are not 1, 0, 1, 0.

    Returns
    -------
    KAN

    Raises
    ------
    ValueError, TypeError
        If a name or function is unknown, or a function is not defined on the whole domain: it says which.

    Examples
    --------
    >>> from minikan import compile_formula, formula
    >>> model = compile_formula("m*v**2/2 + 9.81*m*h", ["m", "v", "h"], domain=(0, 2))
    >>> print(model([[1.0, 2.0, 0.5]]).round(9), formula(model, ["m", "v", "h"], verbose=False))
    [[6.905]] 9.81*h*m + m*v**2/2
    """
    import sympy

    symbols = [sympy.Symbol(str(name), real=True) for name in names]
    require(0 < len(set(symbols)) == len(symbols), "names", "be different names, at least one", f"{names!r}")
    listed = [expressions] if isinstance(expressions, (str, sympy.Basic)) else list(expressions)
    known = {symbol.name: symbol for symbol in symbols}
    listed = [sympy.sympify(each, locals=known) for each in listed]
    listed = [each.xreplace({s: known.get(s.name, s) for s in each.free_symbols}) for each in listed]
    low, high = as_domains(domain, len(symbols)).T
    X = np.random.default_rng(0).uniform(low, high, (SAMPLES, len(symbols)))
    plan = _Plan(symbols, X)
    outputs = [plan.sum(each) for each in listed]
    require(outputs, "expressions", "hold at least one formula", "none")
    level = 1 + max(term.node[0] for output in outputs for term in output.terms)
    for output in outputs:
        plan.place([output], level)
    model = KAN.from_layers(plan.layers(np.stack([low, high], axis=1), constants_only))
    return loosen(model, X, None if splines is True else splines, grid=grid) if splines else model


class _Plan:
    """Nodes, level by level: each is a list of factors {number of a node below: (name, weights)}, with values (n,)."""

    def __init__(self, symbols, X):
        import sympy

        self.symbols, self.values = symbols, [[*X.T]]
        self.nodes: list[list[list[dict]]] = [[]]
        self.known: dict = {symbol: (0, i) for i, symbol in enumerate(symbols)}
        u = sympy.Dummy(real=True)
        written = [(name, sympy.sympify(function.expression(u))) for name, function in LIBRARY.items()]
        self.library = {key: name for name, each in written for key, inner in _patterns(each) if inner == u}
        self.powers = {
            key[2][0]: name for key, name in self.library.items() if key[0] is sympy.Pow and key[2]
        }
        self.powers[sympy.S.One] = "x"

    def sum(self, expression: Any) -> Sum:
        """Read an expression as Σ c f(a u + b) + d."""
        constant, rest = expression.as_independent(*self.symbols, as_Add=True)
        terms = [self.term(each) for each in rest.as_ordered_terms()] if rest != 0 else [Term((0, 0), "0")]
        for k, term in enumerate(terms):  # of two edges between the same nodes, one gets a node in between
            if term.node in [other.node for other in terms[:k]]:
                terms[k] = Term(self.single(term))
        return Sum(terms, _number(constant))

    def term(self, expression: Any) -> Term:
        """Read an expression as c f(a u + b), where u is the value of a node."""
        import sympy

        factor, rest = expression.as_independent(*self.symbols, as_Add=False)
        if rest.is_Pow and rest.exp.is_Rational:
            found = self.power(*self.line(rest.base), rest.exp)
        elif rest.is_Pow:
            found = self.term(sympy.exp(rest.exp * sympy.log(rest.base), evaluate=False))
        elif rest.is_Add or rest.is_Mul or rest.is_Symbol:
            found = Term(self.node(rest))
        else:
            matches = [(self.library[key], inner) for key, inner in _patterns(rest) if key in self.library]
            require(matches, "functions", "be in the library (see minikan.functions.register)", rest)
            name, inner = matches[0]
            node, a, b = self.line(inner)
            found = self.edge(node, name, a, b)
        a, b, c, d = found.weights
        return found._replace(weights=(a, b, c * _number(factor), d))

    def line(self, expression: Any) -> tuple[Place, float, float]:
        """Read an expression as a u + b: the node of u, a and b."""
        constant, rest = expression.as_independent(*self.symbols, as_Add=True)
        factor, rest = rest.as_independent(*self.symbols, as_Add=False)
        return self.node(rest), _number(factor), _number(constant)

    def node(self, expression: Any) -> Place:
        """Find or make the node that computes an expression."""
        if expression not in self.known:
            factors = expression.args if expression.is_Mul else [expression]
            self.known[expression] = self.place([self.sum(each) for each in factors])
        return self.known[expression]

    def power(self, node: Place, a: float, b: float, n: Any) -> Term:
        """Read (a u + b)ⁿ as c f(a u + b), if need be of another node."""
        u, is_whole = a * self.value(node) + b, n.is_Integer
        if n in self.powers and is_whole and (u < 0).all():
            return self.edge(node, self.powers[n], -a, -b, (-1.0) ** int(n))
        if n in self.powers and not (is_whole and n < 0 and (u < 0).any()):
            return self.edge(node, self.powers[n], a, b)
        if is_whole and n < 0 and (u < 0).any():  # 1/u = u / u², for both signs of u
            square = self.single(self.power(node, a, b, n * 0 + 2))
            even = self.power(square, 1.0, 0.0, (n - n % 2) / 2)
            return self.times(self.edge(node, "x", a, b), even) if n % 2 else even
        parts = [m for m in (5, 4, 3, 2) if n % m == 0] if is_whole else [2 * n] * (2 * n).is_Integer
        if parts:
            return self.power(self.single(self.power(node, a, b, n / parts[0])), 1.0, 0.0, n * 0 + parts[0])
        if is_whole:
            five = 5 * n / abs(n)
            return self.times(self.power(node, a, b, five), self.power(node, a, b, n - five))
        logarithm = self.single(self.edge(node, "log", a, b))
        return self.edge(logarithm, "exp", float(n), 0.0)

    def edge(self, node: Place, name: str, a: float, b: float, c: float = 1.0) -> Term:
        """Make an edge, if its function is defined on all samples."""
        u, function = a * self.value(node) + b, LIBRARY[name]
        if not function.defined(u):
            wrong = u[(u < function.low) | (u > function.high)][0]
            raise ValueError(
                f"the formula needs {name} at {wrong:.3g} in this domain, where it is not defined"
            )
        return Term(node, name, (a, b, c, 0.0))

    def times(self, *factors: Term) -> Term:
        return Term(self.place([Sum([each], 0.0) for each in factors]))

    def single(self, term: Term) -> Place:
        return self.place([Sum([term], 0.0)])

    def value(self, node: Place) -> np.ndarray:
        return self.values[node[0]][node[1]]

    def place(self, factors: list[Sum], level: int = 0) -> Place:
        """Make a node that multiplies sums, on the lowest level that is free to use all they need."""
        level = level or 1 + max(term.node[0] for each in factors for term in each.terms)
        value: Any = 1.0
        for each in factors:
            parts = [
                c * LIBRARY[name].evaluate(a * self.value(node) + b, 0)[0]
                for node, name, (a, b, c, _) in each.terms
            ]
            value = value * (sum(parts) + each.constant)
        sheets = [
            {self.lifted(t.node, level - 1)[1]: (t.name, t.weights) for t in each.terms} for each in factors
        ]
        for each, sheet in zip(factors, sheets, strict=True):
            first = next(iter(sheet))
            name, weights = sheet[first]
            sheet[first] = name, (*weights[:3], each.constant)
        if level == len(self.nodes):
            self.nodes.append([])
            self.values.append([])
        self.nodes[level].append(sheets)
        self.values[level].append(value)
        return level, len(self.nodes[level]) - 1

    def lifted(self, node: Place, level: int) -> Place:
        """Hand a value up to a level."""
        while node[0] < level:
            if node not in self.known:
                self.known[node] = self.single(Term(node))
            node = self.known[node]
        return node

    def layers(self, domain: np.ndarray, constants_only: bool) -> list:
        """Make layers of edges, with layers of products where nodes multiply."""
        layers: list = []
        spans = [tuple(ends) for ends in domain]
        for below, nodes in zip(self.values, self.nodes[1:], strict=False):
            spans = spans if not layers else [(u.min(), u.max()) for u in below]
            sums = [sheet for sheets in nodes for sheet in sheets]
            edges = {
                (i, j): FunctionEdge(name, weights, spans[i], _trivial(weights) if constants_only else "")
                for j, sheet in enumerate(sums)
                for i, (name, weights) in sheet.items()
            }
            layers.append(SparseLayer(len(below), len(sums), edges))
            if len(sums) > len(nodes):
                layers.append(Products([len(sheets) for sheets in nodes]))
        return layers


def _trivial(weights):
    """Name those of the weights a, b, c, d that change nothing."""
    return "".join(
        name for name, value, usual in zip("abcd", weights, (1, 0, 1, 0), strict=True) if value == usual
    )


def _patterns(expression):
    """Yield an expression as a function of each of its arguments: what it is without it, and the argument."""
    for i, inner in enumerate(expression.args):
        yield (expression.func, expression.args[:i], expression.args[i + 1 :]), inner


def _number(expression):
    """Turn a sympy number into a float."""
    if expression.free_symbols:
        raise ValueError(f"names must hold all names of the formula, not only {expression.free_symbols}")
    value = complex(expression.evalf(17))
    require(value.imag == 0 and np.isfinite(value.real), "numbers", "be real and finite", expression)
    return value.real
