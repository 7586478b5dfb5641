"""Laws in the units of a table: formula, constants with their certainty, predictions with intervals (chapter 12)."""

from __future__ import annotations

import warnings
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .formulas import least_squares, written
from .snap import FLAT, Constant, Constrained, exact_number
from .tidying import added_up, as_function_of, evaluated, length, often_whole, tidied
from .validation import as_number, as_samples, require

STEP = 1e-6  # of a constant, for derivatives
STEEP = 100  # an exponent from which on fractions are not cancelled, which could take minutes


class Law:
    """A formula for a table, with what is known about it.

    Attributes
    ----------
    formula : sympy expression
        In the units and names of the table; its symbols are real, `sympy.Symbol("T", real=True)`.
    constants : list of Constant
        The numbers of the formula, with standard errors, or exact names.
    structure : sympy expression
        The formula with symbols c_1, c_2, … for its inexact constants.
    complexity : float
        Half the number of operations in the formula, and 1 for each constant that is not exact.
    error, held_out : float
        RMSE on the samples of the search, and on those held out, in the units of the targets.
    model : KAN
        The law as a network, which takes and gives the units of the table.
    """

    def __init__(
        self,
        objective: Constrained,
        exact: dict,
        names: list,
        samples: tuple,
        held: tuple,
        noise: float | None = None,
    ) -> None:
        self.model: Any = objective.model
        self._free, self._exact, self._names, self._samples = objective.free, exact, names, samples
        self._held, self._given = held, noise
        self.error, self.held_out = (self._rmse(*each) for each in (samples, held))

    def on(self, X: np.ndarray, y: np.ndarray) -> Law:
        """Make the same law with constants fitted to other samples X (n, n_in), y (n,)."""
        objective = self._objective(X, y, self._free)
        objective.settle()
        return Law(objective, self._exact, self._names, (X, y), self._held, self._given)

    def _objective(self, X: np.ndarray, y: np.ndarray, free: np.ndarray) -> Constrained:
        model = type(self.model).from_layers(self.model.layers)
        return Constrained(model, [least_squares(X, y[:, None])], free)

    def with_whole_numbers(self) -> Law | None:
        """Make the law in which those `often_whole` are integers, where these are within three standard errors."""
        X, y = self._samples
        objective = self._objective(X, y, self._free.copy())
        errors = np.sqrt(objective.covariance()[0].diagonal())
        values, sizes = objective.parameters, often_whole(self.formula)
        near = np.array([np.isclose(abs(value), sizes, rtol=1e-9).any() for value in values]) & self._free
        near &= (np.abs(values - values.round()) <= 3 * errors) & (values.round() != 0)
        if not near.any():
            return None
        values[near] = values[near].round()
        objective.free &= ~near
        objective.settle()
        return Law(objective, self._exact, self._names, self._samples, self._held, self._given)

    def __repr__(self):
        return f"Law({self.formula}: RMSE {self.error:.2g} in training, {self.held_out:.2g} held out)"

    def _rmse(self, X, y):
        return float(np.sqrt(np.mean((self.model(X)[:, 0] - y) ** 2)))

    @property
    def free(self) -> int:
        """The number of inexact constants."""
        return len(self._values)

    @cached_property
    def complexity(self) -> float:
        return self.free + 0.5 * float(self.formula.count_ops())

    @cached_property
    def formula(self) -> Any:
        """Choose one of several ways to write the law that keep its values: one that does not end, and is short."""
        X, y = self._samples
        wanted, size = self.model(X)[:, 0], float(np.abs(y).max())

        def off(version):
            with np.errstate(all="ignore"):
                return np.abs(as_function_of(self._inputs, version)(*X.T) - wanted).max()

        plain, *others = self._versions()
        for version in sorted([plain, *others], key=lambda each: (self.ends(each), length(each))):
            if off(version) <= 1e-3 * self.error + 1e-12 * size:
                return version
        if not off(plain) <= 0.1 * self.error + 1e-9 * size:  # functions end where their edges go on
            raise ValueError("the formula does not have the values of its network")
        return plain

    def ends(self, formula: Any) -> bool:
        """Tell whether a formula has no values where the inputs' ranges are wider by 30%; positive inputs stay so."""
        X = self._samples[0]
        low, middle = X.min(axis=0), (X.min(axis=0) + X.max(axis=0)) / 2
        wide = middle + 1.3 * (X - middle)
        wide = np.where(low > 0, np.maximum(wide, low / 2), wide)
        with np.errstate(all="ignore"):
            return not np.isfinite(as_function_of(self._inputs, formula)(*wide.T)).all()

    @property
    def _inputs(self):
        import sympy

        return [sympy.Symbol(name, real=True) for name in self._names]

    def _versions(self):
        import sympy

        def number(k):
            if k in self._exact:
                return exact_number(self._exact[k][0])
            value = self.model.parameters[k]
            return sympy.Float(value) if self._free[k] else sympy.Integer(round(value))

        plain = written(self.model, self._inputs, number)[0]
        versions = [plain, sympy.powsimp(plain.expand(power_exp=False, power_base=False, log=False))]
        if plain.has(sympy.log):  # functions of exp(log x) are powers
            powers = sympy.powdenest(sympy.expand_power_exp(plain.rewrite(sympy.exp)), force=True)
            versions.append(powers)
            if all(abs(each.exp) < STEEP for each in powers.atoms(sympy.Pow) if each.exp.is_number):
                versions.append(sympy.cancel(sympy.together(powers)))
        versions = [self._signed(evaluated(each)) for each in [*versions, *added_up(plain)]]
        versions += [tidied(each, self._size) for each in versions]
        versions = [self._with_names(each) for each in versions]
        return [each for each in versions if not each.has(sympy.zoo, sympy.nan, sympy.oo)] or [plain]

    def _size(self, expression):
        """Compute the largest absolute value in the table; infinite where there is none."""
        with np.errstate(all="ignore"):
            values = as_function_of(self._inputs, expression)(*self._samples[0].T)
        return float(np.nan_to_num(np.abs(values).max(), nan=np.inf))

    def _with_names(self, expression):
        """Write fractions that are exact as fractions again, which `cancel` makes inexact."""
        exact = [exact_number(text) for text, *_ in self._exact.values()]
        fractions = [abs(each) for each in exact if each.is_Rational and not each.is_Integer]
        floats = {number for number in expression.atoms() if number.is_Float}
        named = {
            number: each * (1 if number > 0 else -1)
            for number in floats
            for each in fractions
            if abs(abs(number) - each) < 1e-12 * each
        }
        return expression.xreplace(named)

    def _signed(self, expression):
        """Leave out absolute values of what has one sign in the table."""
        import sympy

        signs = {}
        for each in expression.atoms(sympy.Abs):
            values = as_function_of(self._inputs, each.args[0])(*self._samples[0].T)
            if np.min(values) >= 0 or np.max(values) <= 0:
                signs[each] = each.args[0] * (1 if np.min(values) >= 0 else -1)
        return expression.xreplace(signs)

    @cached_property
    def _values(self) -> dict:
        """The inexact numbers of the formula, in its order: {symbol: number}."""
        import sympy

        text = str(self.formula)
        place = lambda each: text.find(sympy.sstr(abs(each), full_prec=False))  # noqa: E731
        numbers = sorted(self.formula.atoms(sympy.Float), key=lambda each: (place(each), each))
        letters = (f"c_{k}" for k in count(1) if f"c_{k}" not in self._names)
        return {sympy.Symbol(name, real=True): each for name, each in zip(letters, numbers, strict=False)}

    @property
    def structure(self) -> Any:
        return self.formula.xreplace({number: symbol for symbol, number in self._values.items()})

    def _slopes(self, X):
        """Compute the derivatives of the formula in its constants, times these, (n, m), by central differences."""
        law, values = (
            as_function_of([*self._inputs, *self._values], self.structure),
            [float(v) for v in self._values.values()],
        )
        J = np.empty((len(X), len(values)))
        with np.errstate(all="ignore"):
            for k in range(len(values)):
                up, down = (
                    law(*X.T, *values[:k], values[k] * (1 + s), *values[k + 1 :]) for s in (STEP, -STEP)
                )
                J[:, k] = (up - down) / (2 * STEP)
        return J

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the constants c_1, c_2, … (m, m); infinite where the samples leave a constant open."""
        J, values = self._slopes(self._samples[0]), np.array([float(v) for v in self._values.values()])
        J[~np.isfinite(J)] = 0.0  # a step away from the law's constants it may end
        size = np.linalg.norm(J, axis=0)
        size[size == 0] = 1.0
        curvatures, directions = np.linalg.eigh((J / size).T @ (J / size))
        flat = curvatures < FLAT
        inverse = (directions * (~flat / np.where(flat, 1, curvatures))) @ directions.T
        inverse[np.diag_indices_from(inverse)] += np.where(
            (directions[:, flat] ** 2).sum(axis=1) > 0.01, np.inf, 0
        )
        return self._noise * inverse * np.outer(values / size, values / size)

    @property
    def _noise(self):
        """The variance of what is left."""
        if self._given is not None:
            return self._given**2
        n, floor = len(self._samples[1]), 1e-24 * float(self._samples[1].var())
        return max(self.error**2 * n, floor) / max(n - self.free, 1)

    @property
    def correlations(self) -> np.ndarray:
        """Correlations of the constants c_1, c_2, … (m, m)."""
        sizes = np.sqrt(self.covariance.diagonal())
        return self.covariance / np.outer(sizes, sizes)

    @property
    def constants(self) -> list[Constant]:
        errors = np.sqrt(self.covariance.diagonal())
        free = [
            Constant(str(s), float(v), float(e))
            for (s, v), e in zip(self._values.items(), errors, strict=True)
        ]
        found = [(exact_number(text), value, error) for text, value, error in self._exact.values()]
        return free + [
            Constant("exact", float(value), float(error), str(name))
            for name, value, error in found
            if name not in (0, 1, -1)
        ]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Compute the formula: X (n, n_in) → (n,). Warns of samples outside of the table's ranges.

        Columns of a DataFrame are taken by their names.
        """
        return self._values_at(self._rows(X))

    def _rows(self, X):
        """Check samples; columns that have names of inputs are put in their order."""
        labels = [str(label) for label in getattr(X, "columns", [])]
        if set(labels) & set(self._names):
            missing = [name for name in self._names if name not in labels]
            require(
                not missing, "X", f"have the columns {', '.join(self._names)}", f"no {', '.join(missing)}"
            )
            X = X[[X.columns[labels.index(name)] for name in self._names]]
        return as_samples(X, len(self._names))

    def _values_at(self, X):
        known = self._samples[0]
        outside = (known.min(axis=0) > X) | (known.max(axis=0) < X)
        if outside.any():
            where = ", ".join(name for name, one in zip(self._names, outside.any(axis=0), strict=True) if one)
            warnings.warn(
                f"{outside.any(axis=1).sum()} of {len(X)} samples lie outside of the table's ranges of {where}: "
                "there the law is a guess",
                stacklevel=3,
            )
        with np.errstate(all="ignore"):
            values = as_function_of(self._inputs, self.formula)(*X.T)
        return np.array(np.broadcast_to(values, len(X)), dtype=float)

    def interval(self, X: ArrayLike, level: float = 0.95) -> np.ndarray:
        """Compute where a new measurement lies with probability `level`: X (n, n_in) → (n, 2).

        The law is linearised in its constants, and the noise is taken as normal with one standard deviation.
        """
        from statistics import NormalDist

        require(0 < as_number(level, "level", 0, 1) < 1, "level", "lie between 0 and 1", level)
        X = self._rows(X)
        middle, values = self._values_at(X), np.array([float(v) for v in self._values.values()])
        J = self._slopes(X) / values
        width = np.sqrt(np.einsum("np,pq,nq->n", J, self.covariance, J) + self._noise)
        reach = NormalDist().inv_cdf(0.5 + level / 2) * width
        return np.column_stack([middle - reach, middle + reach])
