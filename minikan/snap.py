"""Replace measured constants by exact ones, where their uncertainty allows it (chapter 07).

3.14159 ± 0.00002   →   π               2.9998 ± 0.0005   →   3               0.7312 ± 0.0004   →   stays
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from .network import Network
from .objective import Objective
from .terms import Term
from .validation import as_finite

BASES = {  # exact numbers whose multiples are tried, and the cost of using one
    "1": (1.0, 0), "pi": (np.pi, 3), "sqrt(2)": (np.sqrt(2), 4), "1/pi": (1 / np.pi, 5), "E": (np.e, 5),
    "sqrt(3)": (np.sqrt(3), 5), "sqrt(pi)": (np.sqrt(np.pi), 6), "sqrt(2*pi)": (np.sqrt(2 * np.pi), 6),
    "1/sqrt(2*pi)": (1 / np.sqrt(2 * np.pi), 6),
}  # fmt: skip

CHANCE = 0.03  # a random constant gets an exact name with at most this probability
MOST_NUMERATOR = 10_000
FLAT = 1e-12  # curvatures, over those of single constants, in which the loss does not change


class Constant(NamedTuple):
    """A constant of a law: its symbol, its value and standard error, and its exact name, if it has one."""

    symbol: str
    value: float
    error: float
    exact: str = ""

    def __repr__(self):
        digits = np.log10(max(abs(self.value) / max(self.error, 1e-300), 1e-300)) + 2  # that are known
        number = f"{self.value:.8g}" if not 1 <= digits < 9 else f"{self.value:#.{int(digits)}g}".rstrip(".")
        number += f" ± {self.error:.1g}"
        return f"{self.exact} exactly, from {number}" if self.exact else f"{self.symbol} = {number}"


def exact_number(text: str) -> Any:
    """Make a sympy number from a text of `nice_number`, such as "3/2*sqrt(pi)", without evaluating the text as code."""
    import sympy

    ratio, _, name = text.partition("*")
    symbols = {"pi": sympy.pi, "E": sympy.E, "1/pi": 1 / sympy.pi, "sqrt(pi)": sympy.sqrt(sympy.pi)}
    symbols |= {f"sqrt({n})": sympy.sqrt(n) for n in (2, 3)} | {"sqrt(2*pi)": sympy.sqrt(2 * sympy.pi)}
    symbols["1/sqrt(2*pi)"] = 1 / symbols["sqrt(2*pi)"]
    return sympy.Rational(ratio) * symbols.get(name, 1)


class Constrained(Objective):
    """An objective in which only the parameters `free` (P,) may change."""

    def __init__(self, model: Network, terms: Sequence[Term], free: np.ndarray) -> None:
        super().__init__(model, terms)
        self.free = free

    def system(self) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return loss, gradient, sizes of the free parameters' steps, and curvatures and directions in these units."""
        loss, gradient, matrix = Objective.curvature(self)
        as_finite([matrix], "formula")
        where = np.flatnonzero(self.free)
        diagonal = matrix.diagonal()[where]
        size = 1 / np.sqrt(np.where(diagonal > 0, diagonal, np.inf))  # constants come in all units
        curvatures, directions = np.linalg.eigh(size[:, None] * matrix[np.ix_(where, where)] * size)
        return loss, gradient[where], size, curvatures, directions

    def settle(self, steps: int = 8) -> float:
        """Improve the free parameters by a few Gauss–Newton steps, halved where they are too long; return the loss.

        Infinite derivatives, at a pole, end it.
        """
        for _ in range(steps if self.free.any() else 0):
            try:
                loss, gradient, size, curvatures, directions = self.system()
            except ValueError:
                break
            steep = curvatures > FLAT
            part = directions[:, steep]
            step = -size * (part @ ((part.T @ (size * gradient)) / curvatures[steep]))
            start = self.parameters[self.free]
            for halvings in range(12):
                self.parameters[self.free] = start + step / 2**halvings
                if (new := self.loss()) < loss:
                    break
            else:
                self.parameters[self.free] = start
                break
            if new > (1 - 1e-6) * loss:
                break
        return self.loss()

    def covariance(self, floor: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the covariance of all parameters (P, P), and which are open (P,): there the loss is flat.

        The variance of the noise is estimated from the loss, or from `floor` if that is larger.
        """
        loss, _, size, curvatures, directions = self.system()
        flat, where = curvatures < FLAT, np.flatnonzero(self.free)
        variance = 2 * max(loss, floor) / max(self.n - len(where), 1)
        inverse = (directions * (~flat / np.where(flat, 1, curvatures))) @ directions.T
        whole, open_ = np.zeros((len(self.free), len(self.free))), np.zeros(len(self.free), bool)
        whole[np.ix_(where, where)] = variance * size[:, None] * inverse * size
        open_[where] = (directions[:, flat] ** 2).sum(axis=1) > 0.01
        return whole, open_


def snap_constants(objective: Constrained, floor: float) -> dict:
    """Replace constants by the simplest exact ones within 3 errors, as long as noise can explain the rise of the loss.

    A loss up to `floor` is zero. What the data leave open becomes 0, so that its term disappears; if the loss does not
    allow that, 1 or -1. Returns {index of the parameter: (exact number as text, old value, error)}.
    """
    snapped, loss = {}, objective.settle()
    untried = objective.free.copy()
    while untried.any():
        values, (covariance, unknown) = objective.parameters.copy(), objective.covariance(floor)
        errors = np.where(unknown, np.inf, np.sqrt(covariance.diagonal()))
        widths = 3 * errors + 1e-9 * np.abs(values)
        offers = [(*nice_number(values[k], widths[k]), k) for k in np.flatnonzero(untried)]
        cost, value, text, k = min(offers, key=lambda offer: offer[0])
        if cost == np.inf:
            break
        untried[k] = objective.free[k] = False
        sign = np.sign(values[k]) or 1.0
        for number, name in [(value, text), (sign, f"{sign:.0f}")][: 1 + unknown[k]]:
            # A flat direction may be curved: so a constant far away is moved in small steps, the others following.
            for ratio in np.linspace(0, 1, 13)[1:] if unknown[k] and number and values[k] else [1.0]:
                objective.parameters[k] = number * abs(values[k] / number) ** (1 - ratio) if number else 0.0
                new = objective.settle()
            if new <= floor or objective.n * (new - loss) <= 16 * max(loss, floor):  # four standard errors
                snapped[k], loss = (name, values[k], errors[k]), new
                break
            objective.parameters[:] = values
        else:
            objective.free[k] = True
    return snapped


def nice_number(value: float, width: float) -> tuple[float, float, str]:
    """Find the simplest exact number in value ± width: (cost, number, text); the cost is infinite if there is none.

    An exact name is a claim. All numbers that are as simple are counted, with every base and denominator: if one of
    them would be met by chance, for a number from value / √2 to value √2, more often than `CHANCE`, it is no news.
    """
    if abs(value) <= width:
        return 0, 0.0, "0"
    low, high = abs(value) / np.sqrt(2), abs(value) * np.sqrt(2)
    offers, costs = [], []
    for name, (base, price) in BASES.items():
        for q in range(1, 13):
            first, last = (min(end / base * q, MOST_NUMERATOR + 1.0) for end in (low, high))
            p = np.arange(max(np.ceil(first), 1), min(np.floor(last), MOST_NUMERATOR) + 1).astype(int)
            p = p[np.gcd(p, q) == 1]
            cost = price + np.log2(p) + 2 * np.log2(q)
            costs.append(cost)
            near = np.abs(p * base / q - abs(value)) <= width
            offers += [
                (c, n * base / q, f"{Fraction(int(n), q)}*{name}")
                for c, n in zip(cost[near], p[near], strict=True)
            ]
    if not offers:
        return np.inf, value, ""
    cost, number, text = min(offers)
    rivals = (np.concatenate(costs) <= cost).sum()
    if rivals * 2 * width > CHANCE * (high - low):
        return np.inf, value, ""
    return (cost, number, text) if value > 0 else (cost, -number, f"-{text}")
