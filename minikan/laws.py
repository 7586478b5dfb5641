"""Laws in the units of a table: formula, constants with their certainty, predictions with intervals (chapter 12)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .formulas import written
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
        Sum of its functions' complexities, and 1 for each constant that is not exact.
    error, held_out : float
        RMSE on the samples of the search, and on those held out, in the units of the targets.
    model : KAN
        The law as a network, which takes and gives the units of the table.
    """

    def __init__(
        self, objective: Constrained, found: dict, names: list, table: tuple, error: float, held_out: float
    ):
        self._objective, self._found, self._names, self._table = objective, found, names, table
        self.model: Any = objective.model
        self.error, self.held_out = error, held_out
        edges = [layer.edge(*at) for layer in self.model.layers for at in layer.edge_list]
        functions = sum(edge.function.complexity for edge in edges if not edge.function.is_linear)
        self.complexity = (
            functions + float(objective.free.sum()) + 0.5 * sum(text != "0" for text, *_ in found.values())
        )

    def __repr__(self):
        return f"Law({self.formula}: RMSE {self.error:.2g} in training, {self.held_out:.2g} held out)"

    @cached_property
    def _covariance(self):
        return self._objective.covariance(1e-24 * float(self._table[1].var()))[0]

    @cached_property
    def _numbered(self):
        """Number the constants that are in the formula: {index of the parameter: symbol}."""
        import sympy

        free = np.flatnonzero(self._objective.free)
        return {k: sympy.Symbol(f"c_{count}", real=True) for count, k in enumerate(free, start=1)}

    @cached_property
    def structure(self) -> Any:
        import sympy

        def number(k):
            if k in self._numbered:
                return self._numbered[k]
            if k in self._found:
                return exact_number(self._found[k][0])
            return sympy.Integer(round(self.model.parameters[k]))

        return written(self.model, [sympy.Symbol(name, real=True) for name in self._names], number)[0]

    @cached_property
    def formula(self) -> Any:
        import sympy

        values = {symbol: sympy.Float(self.model.parameters[k]) for k, symbol in self._numbered.items()}
        versions = [self.structure.subs(values)]
        versions.append(sympy.powsimp(versions[0].expand(power_exp=False, power_base=False, log=False)))
        return min(versions, key=lambda each: each.count_ops())

    @property
    def constants(self) -> list[Constant]:
        errors = np.sqrt(self._covariance.diagonal())
        free = [
            Constant(str(s), float(self.model.parameters[k]), float(errors[k]))
            for k, s in self._numbered.items()
        ]
        exact = [
            Constant("exact", float(self.model.parameters[k]), float(error), str(exact_number(text)))
            for k, (text, _, error) in self._found.items()
            if text != "0"
        ]
        return free + exact

    @property
    def correlations(self) -> np.ndarray:
        """Correlations of the constants c_1, c_2, … (m, m)."""
        where = list(self._numbered)
        covariance = self._covariance[np.ix_(where, where)]
        sizes = np.sqrt(covariance.diagonal())
        return covariance / np.where(sizes > 0, sizes, 1)[:, None] / np.where(sizes > 0, sizes, 1)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Compute the law: X (n, n_in) → (n,). Warns of samples outside of the table's ranges."""
        X = as_samples(X, self._table[0].shape[1])
        low, high = self._table[0].min(axis=0), self._table[0].max(axis=0)
        for name, beyond in zip(self._names, ((low > X) | (high < X)).any(axis=0), strict=True):
            if beyond:
                warnings.warn(f"{name} leaves the range of the table: there the law is a guess", stacklevel=2)
        return self.model(X)[:, 0]

    def interval(self, X: ArrayLike, level: float = 0.95) -> np.ndarray:
        """Compute where a new measurement lies with probability `level`: X (n, n_in) → (n, 2).

        The law is linearised in its constants, and the noise is taken as normal with one standard deviation.
        """
        from statistics import NormalDist

        middle = self.predict(X)
        J = self.model.jacobian(as_samples(X, len(self._names)))[:, 0]
        free = int(self._objective.free.sum())
        noise = self.error**2 * len(self._table[0]) / max(len(self._table[0]) - free, 1)
        width = np.sqrt(np.einsum("np,pq,nq->n", J, self._covariance, J) + noise)
        reach = NormalDist().inv_cdf(0.5 + as_number(level, "level", 0, 1) / 2) * width
        return np.column_stack([middle - reach, middle + reach])


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
