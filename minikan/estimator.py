"""KANs as scikit-learn's estimators (all chapters; the paper, section 3, fits data without them).

    KANRegressor().fit(X, y).predict(X)         in pipelines, grid searches and cross-validation, too

To fit and predict, scikit-learn need not be installed; the tests run its own checks. Inputs are mapped to [-1, 1] and
targets are standardised, so that units do not matter. Smoothness, cells and optimiser follow from the samples
(`minikan.selection`), so that splines do not follow noise, and become exact as samples without noise become many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import sklearn_checks as checks
from .grids import update_grid
from .kan import KAN
from .optimizers import Optimizer
from .readable import Readable, WithFormula
from .selection import Selection
from .validation import as_finite, as_integer

if TYPE_CHECKING:
    from typing import Self


COARSE = 5  # cells of the first grid
KEPT = 2000  # samples of the training that are kept for figures and formulas


class KANEstimator(Readable, checks.Estimator):
    """The common base of both estimators: parameters, checks of the samples, the network."""

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        grid: int | None = None,
        order: int = 3,
        roughness: float | None = None,
        steps: int = 50,
        starts: int = 1,
        random_state: Any = 0,
        optimizer: str | Optimizer | None = None,
    ) -> None:
        self.hidden, self.grid, self.order, self.roughness = hidden, grid, order, roughness
        self.steps, self.starts, self.random_state, self.optimizer = steps, starts, random_state, optimizer

    def _train(self, X, y, weights, n_out, loss):
        """Train a network on samples (n, n_in) and targets that suit the loss, both in any units."""
        # A weight of zero is the same as no sample, a weight of two as a sample given twice.
        used = weights > 0
        table, where = np.unique(np.column_stack([X, y])[used], axis=0, return_inverse=True)
        weights = np.bincount(where.ravel(), weights[used] / weights.max())
        X, y = np.split(table, [X.shape[1]], axis=1)
        low, high = X.min(axis=0), X.max(axis=0)
        half = 0.5 * high - 0.5 * low
        self._center, self._half_range = 0.5 * low + 0.5 * high, np.where(half > 0, half, 1.0)
        self._y_center, self._y_scale = np.zeros(n_out), np.ones(n_out)
        if loss == "mse":
            unit, mean, variance = checks.moments(y, weights)
            std = np.sqrt(variance)
            self._y_center, self._y_scale = mean * unit, np.where(std > 1e-14, std, 0.0) * unit
        if not np.iterable(self.hidden):
            raise ValueError(f"hidden must list the nodes of the hidden layers, as (3,), got {self.hidden!r}")
        rng = self._generator()
        grid, widths = COARSE if self.grid is None else self.grid, [X.shape[1], *self.hidden, n_out]
        some = rng.permutation(len(X))[:KEPT]
        self._sample = X[some], y[some]
        Z = self._scaled(X)
        y = self._standard(y) if loss == "mse" else y[:, 0]
        model = update_grid(KAN(widths, grid=grid, order=self.order, seed=rng), Z)
        options: dict[str, Any] = dict(
            steps=as_integer(self.steps, "steps", 1), optimizer=self.optimizer, roughness=self.roughness
        )
        selection = Selection(Z, y, weights, loss, rng, **options)
        self.model_, self.roughness_, _, self.history_ = selection.run(model, self.starts, self.grid is None)
        return self

    def _standard(self, y):
        return (y - self._y_center) / np.where(self._y_scale > 0, self._y_scale, 1)

    @np.errstate(over="ignore")
    def _scaled(self, X):
        """Map the range of the training samples to [-1, 1]."""
        return np.nan_to_num((X - self._center) / self._half_range, posinf=1e300, neginf=-1e300)

    def _outputs(self, X):
        """Check new samples and predict in the units of the targets: (n, n_out)."""
        Z = self._fitted()._scaled(self._samples(X, first=False))
        with np.errstate(over="ignore"):
            outputs = self.model_(Z) * self._y_scale + self._y_center
        as_finite([outputs], "predict")
        return outputs


class KANRegressor(WithFormula, KANEstimator, checks.Regressor):
    """A KAN that predicts numbers, for scikit-learn's pipelines, searches and scores.

    Parameters
    ----------
    hidden : sequence of int
        Nodes of the hidden layers, () for a sum of one curve per feature.
    grid, order : int
        Cells G, by default 5 and twice as many as long as it pays, and degree k of the splines.
    roughness : float, optional
        Weight λ of the penalty on roughness, for targets of variance one; by default what suits the samples' noise.
    steps, starts, random_state : int
        The most Levenberg–Marquardt steps on a grid; the starts that `fit` compares; a seed, or a RandomState.
    optimizer : "lm", "lbfgs", "adam", "gd" or an Optimizer, optional
        By default Levenberg–Marquardt, and L-BFGS for networks so large that its steps cost too much. All but
        Levenberg–Marquardt take 7 times as many steps.

    Attributes
    ----------
    model_, history_, roughness_, n_features_in_, feature_names_in_
        The `KAN`, from scaled inputs to standardised targets; the `History` of its last round of steps; λ; the number
        and names of the features.

    Examples
    --------
    >>> from minikan import KANRegressor
    >>> X = np.linspace(0, 1000, 50)[:, None]
    >>> y = np.sin(X[:, 0] / 200)
    >>> bool(KANRegressor(roughness=0).fit(X, y).score(X, y) > 0.999)
    True
    """

    several_targets = True

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and y (n,) or (n, n_out), in any units; returns the estimator."""
        X = self._samples(X, first=True)
        y = checks.as_target_columns(y, len(X))
        self._flat = y.ndim == 1
        y = y.reshape(len(X), -1)
        return self._train(X, y, checks.as_weights(sample_weight, len(X)), y.shape[1], "mse")

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict for X (n, n_in): (n,), or (n, n_out) if y was two-dimensional."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs


class KANClassifier(KANEstimator):
    """A KAN that predicts classes: one output for each, whose softmax is its probability; the loss is cross-entropy.

    Parameters
    ----------
    hidden, grid, order, roughness, steps, starts, random_state, optimizer
        As for `KANRegressor`, and so are the attributes; besides, `classes_` holds the labels, sorted.
    class_weight : dict {label: weight} or "balanced", optional
        How much samples of each class count, 1 by default; "balanced": all classes count the same in all.

    Examples
    --------
    >>> from minikan import KANClassifier
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> KANClassifier().fit(X, ["low"] * 3 + ["high"] * 3).predict([[0.5], [11.5]]).tolist()
    ['low', 'high']
    """

    kind = "classifier"

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        grid: int | None = None,
        order: int = 3,
        roughness: float | None = None,
        steps: int = 50,
        starts: int = 1,
        random_state: Any = 0,
        optimizer: str | Optimizer | None = None,
        class_weight: dict | str | None = None,
    ) -> None:
        super().__init__(hidden, grid, order, roughness, steps, starts, random_state, optimizer)
        self.class_weight = class_weight

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (n, n_in) and labels y (n,); returns the estimator."""
        X = self._samples(X, first=True)
        y = checks.as_labels(y, len(X))
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = checks.as_weights(sample_weight, len(X))
        totals = np.bincount(codes, weights)
        weights = weights * checks.class_weights(self.class_weight, self.classes_, totals)[codes]
        if len(used := np.unique(codes[weights > 0])) < 2:
            raise ValueError(f"y must hold at least two classes, got one class: {self.classes_[used]}")
        return self._train(X, codes, weights, len(self.classes_), "cross-entropy")

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the probabilities of the classes for X (n, n_in): (n, n_classes)."""
        z = self._outputs(X)
        with np.errstate(over="ignore"):  # exp(-infinity) is 0, as it should be
            p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class for X (n, n_in): (n,)."""
        best = self._outputs(X).argmax(axis=1)  # before classes_: it checks that there are any
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy: the share of samples whose class is predicted."""
        return float(np.average(self.predict(X) == checks.as_labels(y, len(X)), weights=sample_weight))
