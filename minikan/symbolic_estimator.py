"""Laws as a scikit-learn estimator (all chapters).

SymbolicKANRegressor().fit(X, y).formula_:    the law that `discover` recommends; `predict` computes it
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import sklearn_checks as checks
from .discovery import FEWEST, discover
from .kan import KAN
from .matching import Library
from .named import FunctionEdge
from .readable import Readable
from .sparse import SparseLayer

if TYPE_CHECKING:
    from typing import Self


class SymbolicKANRegressor(Readable, checks.Regressor):
    """Searches for a law y = f(X) with `discover`, for scikit-learn's pipelines, searches and scores.

    Parameters
    ----------
    library, seconds, noise
        As for `discover`; its limit of time holds for each fit.
    random_state : int
        A seed, or a RandomState.

    Attributes
    ----------
    discovery_, formula_, model_, n_features_in_, feature_names_in_
        The `Discovery`, or None if y is constant; the recommended formula (sympy), in the units and names of the table,
        and the same law as a `KAN`; the number and names of the features.

    Examples
    --------
    >>> from minikan import SymbolicKANRegressor
    >>> X = np.random.default_rng(0).uniform([1, 5], [2, 9], (100, 2))
    >>> SymbolicKANRegressor(library=["x", "x^2"]).fit(X, 3 * X[:, 0] ** 2 + X[:, 1]).formula_
    3*x_1**2 + x_2
    """

    def __init__(
        self, library: Library = None, seconds: float = 60, noise: float | None = None, random_state: Any = 0
    ) -> None:
        self.library, self.seconds, self.noise, self.random_state = library, seconds, noise, random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Search for a law in X (n, n_in) and y (n,), in any units; returns the estimator.

        Where no law is found, it warns, and the formula is the mean of y. An interrupt is raised.
        """
        X = self._samples(X, first=True, least=FEWEST)
        y = checks.as_target(y, len(X))
        mean, rng, best = float(y.mean()), self._generator(), None
        self.discovery_ = None
        if np.ptp(y) > 0 and np.ptp(X, axis=0).any():
            found = discover(X, y, self._names(), library=self.library, seconds=self.seconds, seed=rng,
                             noise=self.noise, progress=False)  # fmt: skip
            if found.interrupted:
                raise KeyboardInterrupt
            self.discovery_, best = found, found.best
        verdict = self.discovery_.verdict if self.discovery_ else "No law was found: nothing varies."
        if best is None or verdict.startswith("No law"):
            what = "the mean of y" if best is None else "the best formula"
            warnings.warn(f"{verdict} predict returns {what}", stacklevel=2)
        if best is None:
            edge = FunctionEdge("0", [1, 0, 0, mean], (float(X[:, 0].min()), float(X[:, 0].max())))
            self.model_: KAN = KAN.from_layers([SparseLayer(X.shape[1], 1, {(0, 0): edge})])
        else:
            self.model_ = best.model
        self.formula_, self._sample = best.formula if best else _number(mean), (X, y)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Compute the formula: X (n, n_in) → (n,).

        ValueError, if it is not defined there. That samples lie outside of the table's ranges is not told, as in
        cross-validation most do: `discovery_.best.predict` tells it, and `discovery_.best.interval` how sure it is.
        """
        return self._outputs(X)

    def _outputs(self, X):
        X = self._fitted()._samples(X, first=False)
        if self.discovery_ is None or self.discovery_.best is None:
            return self.model_(X)[:, 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            values = self.discovery_.best.predict(X)
        if wrong := np.flatnonzero(~np.isfinite(values)).tolist():
            what = f"{self.formula_} is not defined on {len(wrong)} of {len(X)} samples, first on sample {wrong[0]}"
            raise ValueError(f"predict: {what}")
        return values

    def formula(self) -> Any:
        """Return `formula_`, as a `KANRegressor` does."""
        return self._fitted().formula_

    @staticmethod
    def _scaled(X):
        return X


def _number(value):
    import sympy

    return sympy.Float(value)
