"""What a search for laws has found, and whether it can be believed (chapter 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .laws import Law
from .tidying import rounded

FEW = 4  # values of an input, through which many curves go


@dataclass
class Discovery:
    """What `discover` found; prints as a table with the verdict.

    Attributes
    ----------
    laws : list of Law
        From simple to exact: each is more accurate than all simpler ones. `best` is one of them, or None.
    best : Law or None
        The law with the least n log(mean squared error) + 2 log(n) complexity: Schwarz's criterion, twice as strict,
        as the best of many forms fits noise, too.
    verdict : str
        A sentence: what the law reached on samples held out, what the splines did, and whether they agree.
    names, unused : list of str
        Names of the inputs, and of those that the best law does not need.
    noise, splines : float
        Standard deviation of the noise, given or estimated, and RMSE of the best splines on samples held out, in the
        units of the targets; infinite if none were fitted, as a function of one input was exact or time was over.
    finished, interrupted : bool
        Whether the search ended by itself, and whether it was interrupted.
    """

    laws: list[Law]
    best: Law | None
    verdict: str
    names: list[str]
    unused: list[str]
    noise: float
    splines: float
    finished: bool
    interrupted: bool = False

    def __repr__(self):
        lines = ["  complexity  training  held out  formula"]
        for law in self.laws:
            mark = "→" if law is self.best else " "
            formula = rounded(law.formula, 6)
            lines.append(f"{mark} {law.complexity:10.3g}  {law.error:8.2g}  {law.held_out:8.2g}  {formula}")
        return "\n".join([*lines, self.verdict])


def grows(predicted: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether the size of residuals grows with that of predictions (n,): Spearman's correlation of ranks."""
    size, rest = (np.abs(each).argsort().argsort() for each in (predicted, y - predicted))
    return bool(np.corrcoef(size, rest)[0, 1] * np.sqrt(len(y) - 1) > 4)


def sentence(
    best: Law | None,
    splines: float,
    spread: float,
    held: int,
    unused: Sequence[str],
    remarks: Sequence[str],
    done: bool,
) -> str:
    """Say in a sentence what was reached, and whether it can be believed."""
    rest, end = f"{splines / spread:.1e}", "." if done else "; the search was not finished."
    if best is None:
        return (
            "No law was found"
            + (f"; the splines are off by {rest} of the spread" if splines < np.inf else "")
            + end
        )
    how, without = "No law was found that explains the data", "not in the best formula"
    if best.held_out <= 1e-7 * spread:
        how, without = "The law is exact", "not needed"
    elif splines == np.inf:
        how = "The law was not compared with splines"
    elif min(best.held_out, splines) > 0.9 * spread:
        how = "No law was found: nothing predicts y much better than its mean"
    elif best.held_out <= 1.1 * splines:
        how, without = "The law is as good as the splines", "not needed"
    elif best.held_out <= 2 * splines:
        how = f"The law errs {best.held_out / splines:.1f} times as much as the splines"
    text = f"{how}: {best.held_out / spread:.1e} of the spread on {held} samples held out"
    text += f" (splines: {rest})" if splines < np.inf else ""
    text += f"; {without}: {', '.join(unused)}" if unused else ""
    return "; ".join([text, *remarks]) + end
