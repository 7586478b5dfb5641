"""Read a trained estimator: drawing, scores of features and formula in names and units of the table (all chapters).

z = (x - centre) / half a range:     c f(a z + b) + d  =  c f(a x / half + b - a centre / half) + d
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import sklearn_checks as checks
from .kan import KAN
from .named import FunctionEdge
from .sparse import SparseLayer


class Readable:
    """Drawings and scores; a subclass has `model_` and a `_sample` of X and y."""

    def plot(self: Any, X: ArrayLike | None = None, **options: Any) -> Any:
        """Draw the network with the features' names on samples (n, n_in), by default of the training; see `plot`."""
        from .diagram import plot

        Z = self._scaled(self._fitted()._known(X))
        return plot(self.model_, Z, **{"inputs": self._names(), **options})

    def attribute(self: Any, X: ArrayLike | None = None, rule: str = "backward") -> dict[str, float]:
        """Score each feature on samples (n, n_in), by default of the training: its name and score; see `attribute`."""
        from .sparsity import attribute

        scores = attribute(self._fitted().model_, self._scaled(self._known(X)), rule).inputs
        return dict(zip(self._names(), scores.tolist(), strict=True))

    def _known(self: Any, X):
        return self._sample[0] if X is None else self._samples(X, first=False)

    def _names(self):
        return list(getattr(self, "feature_names_in_", [f"x_{i + 1}" for i in range(self.n_features_in_)]))


class WithFormula:
    """A formula, for regressors."""

    def formula(
        self: Any,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        library: Any = None,
        **options: Any,
    ) -> Any:
        """Write the network as a formula in the units and names of the table, with `symbolify` and `formula`.

        Parameters
        ----------
        X, y : array_like, shapes (n, n_in) and (n,) or (n, n_out), optional
            Samples; by default up to 2000 of the training. Curves without a name are written as functions s_1, s_2, …
        library, **options
            As for `symbolify`, and as for `formula`.

        Returns
        -------
        sympy expression, or a list of them, one for each output

        Examples
        --------
        >>> from minikan import KANRegressor
        >>> X = np.random.default_rng(0).uniform(0, 3, (100, 2))
        >>> KANRegressor(hidden=()).fit(X, 4 * X[:, 0] + 4 * X[:, 1]).formula(library=["x"], verbose=False)
        4*x_1 + 4*x_2
        """
        from .formulas import formula
        from .symbolic import symbolify

        model, own = self._fitted().model_, X is None
        X = self._known(X)
        y = self._sample[1] if own else checks.as_target_columns(y, len(X)).reshape(len(X), -1)
        model = symbolify(model, self._scaled(X), self._standard(y), library=library)
        layers = [SparseLayer.of(layer) if layer.edge_list else layer for layer in model.layers]
        if not all(edge.name for edge in layers[0].sheet.values()):  # splines keep their inputs
            lines = {(i, i): FunctionEdge("x", [1, 0, 1, 0]) for i in range(len(X.T))}
            layers.insert(0, SparseLayer(len(lines), len(lines), lines))
        for (i, _), edge in layers[0].sheet.items():  # a z + b, z = (x - center) / half
            edge.weights[0] /= self._half_range[i]
            edge.weights[1] -= edge.weights[0] * self._center[i]
            edge.span = tuple(np.array(edge.span) * self._half_range[i] + self._center[i])
        for (_, j), edge in layers[-1].sheet.items():
            edge.weights[edge.multipliers()] *= self._y_scale[j]
        layers[-1].raise_by(self._y_center)
        return formula(KAN.from_layers(layers), self._names(), X, y, **options)
