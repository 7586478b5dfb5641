"""A quick look at a table through polynomials: which inputs matter, which of them interact, what is left (chapter 12).

Least squares with all products of Legendre polynomials up to some degree takes milliseconds. That is no law, but it
tells which laws are worth fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander

MATTERS = 1.1  # how much larger errors on samples held out become without what matters
EXACT = 1e-9  # of the spread: smaller errors are rounding
ROUGH = 0.3  # of the spread: polynomials with larger errors tell nothing
Pairs = frozenset[tuple[int, int]]


class Targets(NamedTuple):
    """Targets y (n,) and those held out (m,), with weights."""

    y: np.ndarray
    held: np.ndarray
    weights: np.ndarray
    held_weights: np.ndarray


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

    def error(self, targets: Targets, some: Any = slice(None)) -> float:
        """Compute the RMSE on samples held out, over their spread, of the polynomials `some`."""
        root = np.sqrt(targets.weights)
        found = np.linalg.lstsq(self.columns[:, some] * root[:, None], targets.y * root, rcond=1e-8)[0]
        off = self.held[:, some] @ found - targets.held
        middle = np.average(targets.held, weights=targets.held_weights)
        sizes = [np.average(each**2, weights=targets.held_weights) for each in (off, targets.held - middle)]
        return float(np.sqrt(sizes[0] / sizes[1])) if sizes[1] else 0.0

    def relevant(self, targets: Targets) -> list[int]:
        """List the inputs that matter: what polynomials without them, or without any input, leave depends on them.

        For waves, which are too fast for polynomials, neighbours count: from each x to the next, what is left changes
        less than between samples at random (J. von Neumann, Ann. Math. Stat. 12, 367).
        """
        whole, root, found = max(self.error(targets), EXACT), np.sqrt(targets.weights), []
        rest = self._rest(targets.y, root)
        centred = self._rest(targets.y, root, self.powers.sum(axis=1) == 0)
        for i, x in enumerate(self.X.T):
            alone = np.delete(self.powers, i, axis=1).sum(axis=1) == 0
            if (
                _is_smooth(x, rest)
                or self.error(targets, self.powers[:, i] == 0) > MATTERS * whole
                or not _is_noise(centred, self._rest(targets.y, root, alone), alone.sum())
            ):
                found.append(i)
        gone: list[int] = []  # several may say the same: then one of them has to stay
        for i in [i for i in range(self.X.shape[1]) if i not in found]:
            if self.error(targets, (self.powers[:, [*gone, i]] == 0).all(axis=1)) > MATTERS * whole:
                found.append(i)
            else:
                gone.append(i)
        return sorted(found)

    def interactions(self, targets: Targets, inputs: Sequence[int]) -> Pairs | None:
        """Find the pairs of inputs that no sum of functions of the one and of the other can replace.

        None if polynomials are too far from the targets to tell.
        """
        whole = max(self.error(targets), EXACT)
        if not whole < ROUGH:
            return None
        return frozenset(
            (i, j)
            for i, j in combinations(sorted(inputs), 2)
            if self.error(targets, (self.powers[:, [i, j]] == 0).any(axis=1)) > MATTERS * whole
        )

    def explains(self, residuals: np.ndarray) -> bool:
        """Tell whether residuals (n,) look like noise: to polynomials, and from each x to the next."""
        is_smooth = any(_is_smooth(x, residuals) for x in self.X.T)
        return not is_smooth and _is_noise(residuals, self._rest(residuals), len(self.powers))

    def _rest(self, y, root=1.0, some=slice(None)):
        """Take from root · y what the polynomials `some` explain of it."""
        columns = self.columns[:, some] * np.reshape(root, (-1, 1))
        return y * root - columns @ np.linalg.lstsq(columns, y * root, rcond=1e-8)[0]


def _is_smooth(x, rest):
    """Tell whether residuals (n,) change less from each x to the next than noise does, by 5 standard deviations."""
    steps = np.diff(rest[np.argsort(x)])
    return np.mean(steps**2) < (2 - 10 / np.sqrt(len(x))) * rest.var()


def _is_noise(before, after, m):
    """Tell whether m curves explain no more of residuals (n,) than m of n dimensions of noise (an F-test)."""
    spare, left = max(len(after) - m, 1), float(after @ after)
    seen = (float(before @ before) - left) / m
    return bool(seen <= left / spare * np.exp(3 * np.sqrt(2 / m + 2 / spare)))
