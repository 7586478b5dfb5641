"""A quick look at a table through polynomials: which inputs matter, which of them interact, what is left (chapter 12).

Least squares with all products of Legendre polynomials up to some degree takes milliseconds. That is no law, but it
tells which laws are worth fitting.
"""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
from numpy.polynomial.legendre import legvander

MATTERS = 1.1  # how much larger errors on samples held out become without what matters
EXACT = 1e-9  # of the spread: smaller errors are rounding
ROUGH = 0.3  # of the spread: polynomials with larger errors tell nothing
Pairs = frozenset[tuple[int, int]]


class Surrogate:
    """Polynomials over samples X (n, d), compared with each other on samples `held` (m, d)."""

    def __init__(self, X: np.ndarray, held: np.ndarray) -> None:
        (n, d), low, high = X.shape, X.min(axis=0), X.max(axis=0)
        high, self.X = np.where(high > low, high, low + 1), X
        degree = next(p for p in range(6, 0, -1) if comb(d + p, p) <= n / 3 or p == 1)
        self.powers = np.array([each for each in product(range(degree + 1), repeat=d) if sum(each) <= degree])
        tables = [legvander(2 * (part - low) / (high - low) - 1, degree) for part in (X, held)]
        self.columns, self.held = (
            np.stack([table[:, range(d), each].prod(axis=1) for each in self.powers], axis=1)
            for table in tables
        )

    def error(self, y, held_y, weights=1.0, held_weights=1.0, some=slice(None)) -> float:
        """Compute the RMSE on samples held out of the polynomials `some`, fitted to y (n,)."""
        root = np.sqrt(np.broadcast_to(weights, len(y)))
        found = np.linalg.lstsq(self.columns[:, some] * root[:, None], y * root, rcond=1e-8)[0]
        return float(
            np.sqrt(np.average((self.held[:, some] @ found - held_y) ** 2, weights=held_weights + 0 * held_y))
        )

    def relevant(self, y: np.ndarray, held_y: np.ndarray) -> list[int]:
        """List the inputs that matter: what polynomials without them, or without any input, leave depends on them.

        For waves, which are too fast for polynomials, neighbours count: from each x to the next, what is left changes
        less than between samples at random (J. von Neumann, Ann. Math. Stat. 12, 367).
        """
        whole, rest = max(self.error(y, held_y), EXACT * y.std()), self.rest(y, self.columns)
        found = []
        for i, x in enumerate(self.X.T):
            alone = np.delete(self.powers, i, axis=1).sum(axis=1) == 0
            steps = np.diff(rest[np.argsort(x)])
            if (
                np.mean(steps**2) < (2 - 10 / np.sqrt(len(y))) * rest.var()
                or self.error(y, held_y, some=self.powers[:, i] == 0) > MATTERS * whole
                or not self.explains(y - y.mean(), alone)
            ):
                found.append(i)
        return found

    def interactions(self, y, held_y, weights, held_weights, inputs) -> Pairs | None:
        """Find the pairs of inputs that no sum of functions of the one and of the other can replace.

        None if polynomials are too far from y to tell.
        """
        samples = y, held_y, weights, held_weights
        middle = np.average(held_y, weights=held_weights)
        spread = np.sqrt(np.average((held_y - middle) ** 2, weights=held_weights))
        whole = max(self.error(*samples), EXACT * spread)
        if not whole < ROUGH * spread:
            return None
        return frozenset(
            (i, j)
            for i, j in combinations(sorted(inputs), 2)
            if self.error(*samples, some=(self.powers[:, [i, j]] == 0).any(axis=1)) > MATTERS * whole
        )

    def explains(self, residuals: np.ndarray, some=slice(None)) -> bool:
        """Tell whether residuals (n,) look like noise: polynomials take no more of them than of noise."""
        columns = self.columns[:, some]
        n, m = columns.shape
        left = float(np.sum(self.rest(residuals, columns) ** 2))
        seen, spare = float(residuals @ residuals) - left, max(n - m, 1)
        return bool(seen / m <= left / spare * np.exp(3 * np.sqrt(2 / m + 2 / spare)))

    @staticmethod
    def rest(y, columns):
        return y - columns @ np.linalg.lstsq(columns, y, rcond=1e-8)[0]


def components(inputs, pairs: Pairs) -> list[tuple[int, ...]]:
    """Group inputs so that those of different groups do not interact."""
    groups = [{i} for i in inputs]
    for i, j in sorted(pairs):
        joined = [group for group in groups if i in group or j in group]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return sorted(tuple(sorted(group)) for group in groups)
