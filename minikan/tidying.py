"""Shorten formulas with inexact numbers (chapter 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .functions import LIBRARY


def as_function_of(symbols: Sequence, expression: Any) -> Callable:
    """Make a NumPy function of an expression."""
    import sympy

    bessel = {"besselj": lambda _, u: LIBRARY["J0"].evaluate(u, 0)[0]}
    return sympy.lambdify(symbols, expression, [bessel, "numpy"])


def evaluated(expression: Any) -> Any:
    """Compute numbers that are made of inexact ones."""
    inexact = lambda each: each.is_number and not each.is_Atom and any(a.is_Float for a in each.atoms())  # noqa: E731
    expression = expression.replace(inexact, lambda each: each.evalf())
    return expression.replace(
        lambda each: (each.is_Mul or each.is_Add) and any(arg.is_Float for arg in each.args),
        lambda each: _merged(each),
    )


def _merged(expression):
    """Merge the numbers of a sum or product, one of which is inexact."""
    numbers = [arg for arg in expression.args if arg.is_number]
    others = [arg for arg in expression.args if not arg.is_number]
    return expression.func(expression.func(*numbers).evalf(), *others)


def rounded(expression: Any, digits: int) -> Any:
    """Round the inexact numbers of an expression."""
    import sympy

    return expression.xreplace({each: sympy.Float(each, digits) for each in expression.atoms(sympy.Float)})


def length(expression: Any) -> tuple[int, int]:
    """Count operations, and then numbers."""
    import sympy

    return expression.count_ops(), len(expression.atoms(sympy.Float))


def often_whole(expression: Any) -> list[float]:
    """List sizes of inexact numbers that are integers in most laws: exponents, and factors of tanh⁻¹ and tan⁻¹."""
    import sympy

    inverses = sympy.atanh, sympy.atan
    numbers = [each.exp for each in expression.atoms(sympy.Pow)]
    numbers += [each.args[0] for each in expression.atoms(sympy.Mul) if isinstance(each.args[-1], inverses)]
    return [abs(float(number)) for number in numbers if number.is_Float]


def added_up(expression: Any) -> list:
    """List the formula with (u + v) / (1 + u v) for tanh of tanh⁻¹ u + tanh⁻¹ v, and alike for tan, if it has any."""
    import sympy

    if not any(each.has(sympy.atanh, sympy.atan) for each in expression.atoms(sympy.tanh, sympy.tan)):
        return []
    sums = sympy.expand_trig(expression)
    return [sums, sympy.cancel(sympy.together(sums))]


def tidied(expression: Any, size: Callable[[Any], float]) -> Any:
    """Leave out terms of tiny `size`, which only rounding made, and divide fractions by a number of denominators."""
    import sympy

    def swept(terms):
        sizes = [size(term) for term in terms.args]
        return sympy.Add(
            *[term for term, size in zip(terms.args, sizes, strict=True) if size > 1e-12 * max(sizes)]
        )

    def monic(power):
        factor = next(
            (term.as_coeff_Mul()[0] for term in power.base.args if not term.is_number), sympy.Integer(1)
        )
        if power.exp != -1:
            factor = abs(factor)
        return factor**power.exp * (power.base / factor).expand() ** power.exp

    expression = expression.replace(lambda each: each.is_Add, swept)
    expression = expression.replace(
        lambda each: each.is_Pow and each.base.is_Add and each.exp.is_number, monic
    )
    whole = [
        each
        for each in expression.atoms(sympy.Float)
        if 0.5 < abs(each) < 1e6 and abs(each - round(each)) < 1e-12
    ]
    return expression.xreplace({each: sympy.Integer(round(each)) for each in whole})
