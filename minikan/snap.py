"""Constants are measured quantities, and some of them are exact numbers (chapter 07).

    3.14159 ± 0.00002   →   π               2.9998 ± 0.0005   →   3               0.7312 ± 0.0004   →   stays

The simplest exact number within the uncertainty of each constant is tried, and stays if the loss does not rise beyond
what noise explains.
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

CHANCE = 0.12  # that a random number looks like a fraction of one of these bases
WALK = 12  # steps of a constant that the data leave open on its way to 1
BASES = {  # the exact numbers whose multiples are tried, and what it costs to use one
    "1": (1.0, 0), "pi": (np.pi, 3), "sqrt(2)": (np.sqrt(2), 4), "1/pi": (1 / np.pi, 5), "E": (np.e, 5),
    "sqrt(3)": (np.sqrt(3), 5), "sqrt(pi)": (np.sqrt(np.pi), 6), "sqrt(2*pi)": (np.sqrt(2 * np.pi), 6),
}  # fmt: skip


def exact_number(text: str) -> Any:
    """Make a sympy number of a text of `nice_number`, as "3/2*sqrt(pi)"; nothing is evaluated."""
    import sympy

    ratio, _, name = text.partition("*")
    symbols = {"pi": sympy.pi, "E": sympy.E, "1/pi": 1 / sympy.pi, "sqrt(pi)": sympy.sqrt(sympy.pi)}
    symbols |= {f"sqrt({n})": sympy.sqrt(n) for n in (2, 3)} | {"sqrt(2*pi)": sympy.sqrt(2 * sympy.pi)}
    return sympy.Rational(ratio) * symbols.get(name, 1)


class Constrained(Objective):
    """An objective of which some parameters stay where they are.

    Attributes
    ----------
    free : ndarray of bool, shape (P,)
        Which ones may move.
    """

    def __init__(self, model: Network, terms: Sequence[Term], free: np.ndarray) -> None:
        super().__init__(model, terms)
        self.free = free

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
        curvatures, directions = np.linalg.eigh(matrix[np.ix_(where, where)])
        flat = curvatures < 1e-11 * curvatures.max()
        scatter = 2 * loss / max(self.n - len(where), 1)
        variances = scatter * directions**2 @ (~flat / np.where(flat, 1, curvatures))
        errors[where] = np.where((directions[:, flat] ** 2).sum(axis=1) > 0.01, np.inf, np.sqrt(variances))
        return errors


def snap_constants(objective: Constrained, floor: float) -> dict:
    """Replace measured numbers by exact ones, as long as the loss does not rise beyond noise.

    Parameters
    ----------
    objective : Constrained
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
        # Along a flat direction, which may be curved, it may be far to go: there in small steps.
        for ratio in np.linspace(0, 1, WALK + 1)[1:] if widths[k] == np.inf and values[k] else [1.0]:
            objective.parameters[k] = value * abs(values[k] / value) ** (1 - ratio) if value else 0.0
            risen = objective.settle()
        if risen <= floor or objective.n * (risen - loss) <= 16 * loss:  # four standard errors
            snapped[k], loss = (text, values[k], errors[k]), risen
        else:
            objective.parameters[:], objective.free[k] = values, True
    return snapped


def nice_number(value: float, width: float) -> tuple[float, float, str]:
    """Find the simplest exact number within a width: (cost, number, text); the cost is infinite if there is none.

    Fractions with a denominator of q are 1 / q apart, and those with denominators up to q are about 3 q² / π² in each
    unit: so a random number lies within a width of one of them with a probability of about 0.6 width q². A match says
    something only where this is small. Where the width is infinite, 1 is as good as any number.
    """
    if width == np.inf:
        return (-1, np.sign(value), f"{np.sign(value):.0f}") if value else (-1, 1.0, "1")
    if abs(value) <= width:
        return (0, 0.0, "0") if width < 0.1 else (np.inf, value, "")
    best = (np.inf, value, "")
    for name, (base, cost) in BASES.items():
        for q in range(1, 13):
            p = round(value / base * q)
            if p and abs(p * base / q - value) <= width and width * q**2 <= CHANCE / 0.6 * base:
                ratio = Fraction(p, q)
                total = cost + np.log2(abs(ratio.numerator)) + 2 * np.log2(ratio.denominator)
                if total < best[0]:
                    best = (total, p * base / q, f"{ratio}*{name}")
    return best
