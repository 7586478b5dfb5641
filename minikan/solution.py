"""How an equation was solved: residuals at and between the points, coefficients and how sure they are (chapter 10)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from .history import History
from .objective import Objective
from .residuals import Residuals

SMALL = 1e-6  # residuals, in units of u, that are as good as none
POOR = 3.0  # times larger residuals between the points than at them: they are too few


@dataclass
class Solution:
    """How an equation was solved.

    Attributes
    ----------
    history : History
    coefficients, standard_errors : dict
        Unknown numbers in the equation, and how exactly measurements determine them.
    residuals : list of (str, float, float)
        For each term its name, and the root mean square of its residuals at the points and between them.
    """

    history: History
    coefficients: dict[str, float]
    standard_errors: dict[str, float]
    residuals: list[tuple[str, float, float]]

    def __repr__(self):
        loss = self.history.loss
        lines = [f"Solution({self.history.step[-1]} steps: loss {loss[0]:.1e} → {loss.min():.1e})"]
        for name, at, between in self.residuals:
            beside = "" if np.isnan(between) else f", {between:.1e} between them"
            lines.append(f"  {name}: residual {at:.1e} at the points{beside}")
        for name, value in self.coefficients.items():
            lines.append(f"  {name} = {value:.6g} ± {self.standard_errors[name]:.2g}")
        return "\n".join(lines)


def judged(objective: Objective, history: History, known: dict[str, float]) -> Solution:
    """Measure residuals at and between the points, and how sure the coefficients are."""
    model, rows, few = objective.model, [], []
    for term in objective.terms:
        if not isinstance(term, Residuals):
            continue
        at = np.sqrt(np.mean(term.residuals(model, slice(None)) ** 2))
        beside = term.between()
        between = np.nan if beside is None else np.sqrt(np.mean(beside.residuals(model, slice(None)) ** 2))
        rows.append((term.title, float(at), float(between)))
        if between > max(POOR * at, SMALL * term.plan.size):
            few.append(
                f"{term.title} has residuals of {at:.1e} at its {term.n} points and {between:.1e} between them"
            )
    if few:
        warnings.warn(
            f"{'; '.join(few)}: they are too few for the grid, and the solution may be wrong; take more",
            RuntimeWarning,
            stacklevel=3,
        )
    values = dict(zip(known, model.layers[-1].weights.tolist(), strict=True))
    return Solution(history, values, _standard_errors(objective, known), rows)


def _standard_errors(objective, known):
    """Carry the noise of measurements over to the coefficients: δθ = H⁻¹ Mᵀ δy, with H of all terms and M of these."""
    noisy = [term for term in objective.terms if isinstance(term, Residuals) and term.noisy]
    if not known or not noisy:
        return dict.fromkeys(known, np.nan)
    _, _, matrix = objective.curvature()
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-14 * values[-1]
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    variance = np.zeros(len(known))
    for term in noisy:
        rows = np.concatenate([block.rows for block in term.blocks(objective.model)], axis=1)
        effect = inverse @ rows[:-1]  # of a residual, in units of the loss: (P, n)
        free = term.n - np.einsum("pn,pn->", effect, rows[:-1])
        noise = rows[-1] @ rows[-1] / free if free > 0.5 else np.nan
        variance += noise * (effect[-len(known) :] ** 2).sum(axis=1)
    return dict(zip(known, np.sqrt(variance).tolist(), strict=True))
