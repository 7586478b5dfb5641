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
        """List the inputs that matter: without them y is predicted worse, or what is left depends on them.

        Waves are too fast for polynomials; but from each x to the next, what is left changes less than between samples
        at random (J. von Neumann, Ann. Math. Stat. 12, 367).
        """
        n, whole = len(y), self.error(y, held_y)
        rest = y - self.columns @ np.linalg.lstsq(self.columns, y, rcond=1e-8)[0]
        steps = np.array([np.mean(np.diff(rest[np.argsort(x)]) ** 2) for x in self.X.T])
        smooth = steps < (2 - 10 / np.sqrt(n)) * rest.var()
        return [
            i
            for i, is_smooth in enumerate(smooth)
            if is_smooth or self.error(y, held_y, some=self.powers[:, i] == 0) > MATTERS * whole
        ]

    def interactions(self, y, held_y, weights, held_weights, inputs) -> Pairs | None:
        """Find the pairs of inputs that no sum of functions of the one and of the other can replace.

        None if polynomials are too far from y to tell.
        """
        samples = y, held_y, weights, held_weights
        whole = self.error(*samples)
        middle = np.average(held_y, weights=held_weights)
        if not whole < ROUGH * np.sqrt(np.average((held_y - middle) ** 2, weights=held_weights)):
            return None
        return frozenset(
            (i, j)
            for i, j in combinations(sorted(inputs), 2)
            if self.error(*samples, some=(self.powers[:, [i, j]] == 0).any(axis=1)) > MATTERS * whole
        )

    def explains(self, residuals: np.ndarray) -> bool:
        """Tell whether residuals (n,) look like noise: polynomials explain no more of them than they would of noise."""
        Q = np.linalg.qr(self.columns)[0]
        n, m = Q.shape
        seen = float(((Q.T @ residuals) ** 2).sum())
        left = (float(residuals @ residuals) - seen) / max(n - m, 1)
        return seen / m <= left * (1 + 3 * np.sqrt(2 / m + 2 / max(n - m, 1)))


def components(inputs, pairs: Pairs) -> list[tuple[int, ...]]:
    """Group inputs so that those of different groups do not interact."""
    groups = [{i} for i in inputs]
    for i, j in sorted(pairs):
        joined = [group for group in groups if i in group or j in group]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return sorted(tuple(sorted(group)) for group in groups)
