"""Laws in the units of a table: formula, constants with their certainty, predictions with intervals (chapter 12)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .formulas import written
from .functions import LIBRARY
from .snap import Constrained, exact_number
from .validation import as_number, as_samples


class Constant(NamedTuple):
    """A constant of a law: its symbol, its value and standard error, and its exact name, if it has one."""

    symbol: str
    value: float
    error: float
    exact: str = ""

    def __repr__(self):
        if self.exact:
            return f"{self.symbol} = {self.exact}"
        return f"{self.symbol} = {self.value:.8g} ± {self.error:.1g}"


class Law:
    """A formula for a table, with what is known about it.

    Attributes
    ----------
    formula : sympy expression
        In the units and names of the table.
    constants : list of Constant
        Values with standard errors, or exact names, in the order of `structure`.
    structure : sympy expression
        The formula with symbols c_1, c_2, … for its constants.
    complexity : float
        Half the number of operations in the formula, and 1 for each constant that is not exact.
    error, held_out : float
        RMSE on the samples of the search, and on those held out, in the units of the targets.
    model : KAN
        The law as a network, which takes and gives the units of the table.
    """

    def __init__(self, objective: Constrained, found: dict, names: list, samples: tuple, held: tuple) -> None:
        import sympy

        self.model: Any = objective.model
        self._objective, self._found, self._names, self._samples = objective, found, names, samples
        self.error, self.held_out = (self._rmse(*each) for each in (samples, held))
        free = np.flatnonzero(objective.free)
        letters = (
            f"c_{count}" for count in range(1, len(free) + len(names) + 1) if f"c_{count}" not in names
        )
        self._symbols = {k: sympy.Symbol(letter, real=True) for k, letter in zip(free, letters, strict=False)}

    def __repr__(self):
        return f"Law({self.formula}: RMSE {self.error:.2g} in training, {self.held_out:.2g} held out)"

    def _rmse(self, X, y):
        return float(np.sqrt(np.mean((self.model(X)[:, 0] - y) ** 2)))

    @cached_property
    def complexity(self) -> float:
        return len(self._symbols) + 0.5 * float(self.formula.count_ops())

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the constants c_1, c_2, … (m, m), from the curvature of the error and the residuals."""
        where = list(self._symbols)
        floor = 1e-24 * float(self._samples[1].var())
        return self._objective.covariance(floor)[0][np.ix_(where, where)]

    @property
    def correlations(self) -> np.ndarray:
        """Correlations of the constants c_1, c_2, … (m, m)."""
        sizes = np.sqrt(self.covariance.diagonal())
        return self.covariance / np.where(sizes > 0, sizes, 1)[:, None] / np.where(sizes > 0, sizes, 1)

    @cached_property
    def structure(self) -> Any:
        import sympy

        def number(k):
            if k in self._symbols:
                return self._symbols[k]
            if k in self._found:
                return exact_number(self._found[k][0])
            return sympy.Integer(round(self.model.parameters[k]))

        return written(self.model, self._inputs(), number)[0]

    def _inputs(self):
        import sympy

        return [sympy.Symbol(name, real=True) for name in self._names]

    @cached_property
    def formula(self) -> Any:
        """Choose the shortest of several ways to write the law that keep its values."""
        X, y = self._samples
        wanted, allowed = self.model(X)[:, 0], 1e-3 * self.error + 1e-12 * float(np.abs(y).max())
        for version in sorted(self._versions(), key=_length):
            with np.errstate(all="ignore"):
                if np.abs(self._evaluator(version)(*X.T) - wanted).max() <= allowed:
                    return version
        return self._versions()[0]

    def _versions(self):
        import sympy

        values = {symbol: sympy.Float(self.model.parameters[k]) for k, symbol in self._symbols.items()}
        plain = self.structure.subs(values)
        versions = [plain, sympy.powsimp(plain.expand(power_exp=False, power_base=False, log=False))]
        if plain.has(sympy.log):  # functions of exp(log x) are powers
            powers = sympy.powdenest(sympy.expand_power_exp(self.structure.rewrite(sympy.exp)), force=True)
            versions += [each.subs(values).evalf() for each in (powers, sympy.cancel(sympy.together(powers)))]
        return versions + [_tidied(each) for each in versions]

    def _evaluator(self, formula):
        import sympy

        bessel = {"besselj": lambda _, u: LIBRARY["J0"].evaluate(u, 0)[0]}
        return sympy.lambdify(self._inputs(), formula, [bessel, "numpy"])

    @property
    def constants(self) -> list[Constant]:
        values = self.model.parameters
        errors = dict(zip(self._symbols, np.sqrt(self.covariance.diagonal()), strict=True))
        free = [Constant(str(s), float(values[k]), float(errors[k])) for k, s in self._symbols.items()]
        found = [(k, exact_number(text), error) for k, (text, _, error) in self._found.items()]
        found = [(k, name, error) for k, name, error in found if name not in (0, 1, -1)]
        return free + [
            Constant("exact", float(values[k]), float(error), str(name)) for k, name, error in found
        ]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Compute the formula: X (n, n_in) → (n,). Warns of samples outside of the table's ranges."""
        X, known = as_samples(X, len(self._names)), self._samples[0]
        outside = (known.min(axis=0) > X) | (known.max(axis=0) < X)
        if outside.any():
            where = ", ".join(name for name, one in zip(self._names, outside.any(axis=0), strict=True) if one)
            warnings.warn(
                f"{outside.any(axis=1).sum()} of {len(X)} samples lie outside of the table's ranges of {where}: "
                "there the law is a guess",
                stacklevel=2,
            )
        return self._values(X)

    def _values(self, X):
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(self._evaluator(self.formula)(*X.T), len(X)), dtype=float)

    def interval(self, X: ArrayLike, level: float = 0.95) -> np.ndarray:
        """Compute where a new measurement lies with probability `level`: X (n, n_in) → (n, 2).

        The law is linearised in its constants, and the noise is taken as normal with one standard deviation.
        """
        from statistics import NormalDist

        middle, n, where = self.predict(X), len(self._samples[0]), list(self._symbols)
        J = self.model.jacobian(as_samples(X, len(self._names)))[:, 0, where]
        noise = self.error**2 * n / max(n - len(where), 1)
        width = np.sqrt(np.einsum("np,pq,nq->n", J, self.covariance, J) + noise)
        reach = NormalDist().inv_cdf(0.5 + as_number(level, "level", 0, 1) / 2) * width
        return np.column_stack([middle - reach, middle + reach])


def _length(expression):
    """Count operations, and then numbers."""
    import sympy

    return expression.count_ops(), len(expression.atoms(sympy.Float))


def _tidied(expression):
    """Leave out terms that only rounding made, and divide fractions by a number of their denominators."""
    import sympy

    def swept(terms):
        sizes = [abs(term.as_coeff_Mul()[0]) for term in terms.args]
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
        each for each in expression.atoms(sympy.Float) if abs(each) < 1e6 and abs(each - round(each)) < 1e-12
    ]
    return expression.xreplace({each: sympy.Integer(round(each)) for each in whole})


@dataclass
class Discovery:
    """What `discover` found: laws from simple to exact, the best one, and a verdict. Prints as a table."""

    laws: list[Law]
    best: Law | None
    verdict: str
    names: list[str]
    unused: list[str]
    noise: float
    splines: float
    finished: bool

    def __repr__(self):
        lines = ["  complexity  training  held out  formula"]
        for law in self.laws:
            mark = "→" if law is self.best else " "
            formula = str(law.formula.evalf(6)) if law.formula.free_symbols else str(law.formula)
            lines.append(f"{mark} {law.complexity:10.3g}  {law.error:8.2g}  {law.held_out:8.2g}  {formula}")
        return "\n".join([*lines, self.verdict])
