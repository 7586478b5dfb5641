"""Replace measured constants by exact ones, where their uncertainty allows it (chapter 07).

3.14159 ± 0.00002   →   π               2.9998 ± 0.0005   →   3               0.7312 ± 0.0004   →   stays
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .levenberg_marquardt import LevenbergMarquardt
from .network import Network
from .objective import Objective
from .terms import Term
from .validation import as_finite

BASES = {  # exact numbers whose multiples are tried, and the cost of using one
    "1": (1.0, 0), "pi": (np.pi, 3), "sqrt(2)": (np.sqrt(2), 4), "1/pi": (1 / np.pi, 5), "E": (np.e, 5),
    "sqrt(3)": (np.sqrt(3), 5), "sqrt(pi)": (np.sqrt(np.pi), 6), "sqrt(2*pi)": (np.sqrt(2 * np.pi), 6),
}  # fmt: skip


def exact_number(text: str) -> Any:
    """Make a sympy number from a text of `nice_number`, such as "3/2*sqrt(pi)", without evaluating the text as code."""
    import sympy

    ratio, _, name = text.partition("*")
    symbols = {"pi": sympy.pi, "E": sympy.E, "1/pi": 1 / sympy.pi, "sqrt(pi)": sympy.sqrt(sympy.pi)}
    symbols |= {f"sqrt({n})": sympy.sqrt(n) for n in (2, 3)} | {"sqrt(2*pi)": sympy.sqrt(2 * sympy.pi)}
    return sympy.Rational(ratio) * symbols.get(name, 1)


class Constrained(Objective):
    """An objective in which only the parameters `free` (P,) may change."""

    def __init__(self, model: Network, terms: Sequence[Term], free: np.ndarray) -> None:
        super().__init__(model, terms)
        self.free = free

    def curvature(self) -> tuple[float, np.ndarray, np.ndarray]:
        loss, gradient, matrix = super().curvature()
        return loss, gradient * self.free, matrix * np.outer(self.free, self.free)

    def settle(self, steps: int = 8) -> float:
        """Improve the free parameters by a few steps; return the loss."""
        optimizer = LevenbergMarquardt(damping=1e-6, acceleration=False)
        while steps and optimizer.step(self):
            steps -= 1
        return self.loss()

    def uncertainty(self) -> np.ndarray:
        """Estimate the standard errors of the parameters (P,): 0 if not free, infinite where the loss is flat."""
        loss, _, matrix = super().curvature()
        as_finite([matrix], "formula")
        where, errors = np.flatnonzero(self.free), np.zeros(len(matrix))
        curvatures, directions = np.linalg.eigh(matrix[np.ix_(where, where)])
        flat = curvatures < 1e-11 * curvatures.max()
        variance = 2 * loss / max(self.n - len(where), 1)  # of the noise
        variances = variance * directions**2 @ (~flat / np.where(flat, 1, curvatures))
        errors[where] = np.where((directions[:, flat] ** 2).sum(axis=1) > 0.01, np.inf, np.sqrt(variances))
        return errors


def snap_constants(objective: Constrained, floor: float) -> dict:
    """Replace constants by the simplest exact ones within 3 errors, as long as noise can explain the rise of the loss.

    A loss up to `floor` is zero. Returns {index of the parameter: (exact number as text, old value, error)}.
    """
    snapped, loss = {}, objective.settle()
    untried = objective.free.copy()
    while untried.any():
        values, errors = objective.parameters.copy(), objective.uncertainty()
        widths = 3 * errors + 1e-9 * (1 + np.abs(values)) + 1e-3 * np.sqrt(floor)
        offers = [(*nice_number(values[k], widths[k]), k) for k in np.flatnonzero(untried)]
        cost, value, text, k = min(offers, key=lambda offer: offer[0])
        if cost == np.inf:
            break
        untried[k] = objective.free[k] = False
        # A flat direction may be curved: so a constant far away is moved in small steps, the others following.
        for ratio in np.linspace(0, 1, 13)[1:] if widths[k] == np.inf and values[k] else [1.0]:
            objective.parameters[k] = value * abs(values[k] / value) ** (1 - ratio) if value else 0.0
            new = objective.settle()
        if new <= floor or objective.n * (new - loss) <= 16 * loss:  # four standard errors
            snapped[k], loss = (text, values[k], errors[k]), new
        else:
            objective.parameters[:], objective.free[k] = values, True
    return snapped


def nice_number(value: float, width: float) -> tuple[float, float, str]:
    """Find the simplest exact number in value ± width: (cost, number, text); the cost is infinite if there is none.

    About 3 q² / π² fractions between 0 and 1 have denominators up to q. So a random number is within `width` of one
    with probability 0.6 width q² (for multiples of a base: width / base). A match counts only if this is small.
    """
    if width == np.inf:
        return (-1, np.sign(value), f"{np.sign(value):.0f}") if value else (-1, 1.0, "1")
    if abs(value) <= width:
        return (0, 0.0, "0") if width < 0.1 else (np.inf, value, "")
    best = (np.inf, value, "")
    for name, (base, cost) in BASES.items():
        for q in range(1, 13):
            p = round(value / base * q)
            if p and abs(p * base / q - value) <= width and 0.6 * (width / base) * q**2 <= 0.12:
                ratio = Fraction(p, q)
                total = cost + np.log2(abs(ratio.numerator)) + 2 * np.log2(ratio.denominator)
                best = min(best, (total, p * base / q, f"{ratio}*{name}"), key=lambda offer: offer[0])
    return best
