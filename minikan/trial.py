"""Conditions that are built in: a trial solution meets them whatever the network does (chapter 10).

    u(x) = g(x) + d(x) N(x)        d is zero where the condition holds, and u = g there

I. Lagaris, A. Likas, D. Fotiadis, arXiv physics/9705023, section 2. g and d are formulas, so that u can become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .network import Network, samples_last
from .validation import as_samples, finite_results, require


class Frame(NamedTuple):
    """The jets (1 + 2D, n) of d and g at points."""

    factor: np.ndarray
    offset: np.ndarray

    def lift(self, z: np.ndarray) -> np.ndarray:
        """Turn the jets of N (1 + 2D, n_out, n) into those of u: the product rule."""
        D, (value, first, second) = len(z) // 2, self._parts()
        u = value * z
        u[1 : D + 1] += first * z[0]
        u[D + 1 :] += second * z[0] + 2 * first * z[1 : D + 1]
        return u + self.offset[:, None]

    def pull(self, s: np.ndarray) -> np.ndarray:
        """Turn derivatives in the jets of u into derivatives in those of N."""
        D, (value, first, second) = len(s) // 2, self._parts()
        below = value * s
        below[0] += (first * s[1 : D + 1] + second * s[D + 1 :]).sum(axis=0)
        below[1 : D + 1] += 2 * first * s[D + 1 :]
        return below

    def _parts(self):
        D, jets = len(self.factor) // 2, self.factor[:, None]
        return jets[0], jets[1 : D + 1], jets[D + 1 :]


class TrialSolution:
    """A network inside u = g + d N, for `solve`.

    Parameters
    ----------
    model : KAN or MLP
        N. `solve` trains it in place.
    factor, offset : sympy expression or str
        Formulas d and g of the inputs, such as "x * (1 - x)" and "sin(pi*x)". All outputs have the same.
    inputs : sequence of str, optional
        Names of the inputs in the formulas; by default x, y, z.

    Raises
    ------
    ValueError
        If a formula uses other names than those of the inputs.

    Examples
    --------
    >>> from minikan import KAN
    >>> u = TrialSolution(KAN([1, 1]), "x * (1 - x)", "1 + x")
    >>> u([[0.0], [1.0]]).ravel()
    array([1., 2.])
    """

    def __init__(
        self, model: Network, factor: Any, offset: Any = 0, inputs: Sequence[str] | None = None
    ) -> None:
        import sympy

        self.model, n_in = model, model.widths[0]
        names = list("xyz"[:n_in] if inputs is None else inputs)
        require(len(names) == n_in, "inputs", f"name {n_in} inputs", repr(names))
        self.symbols = [sympy.Symbol(name, real=True) for name in names]
        self.factor, self.offset = (
            sympy.sympify(each, locals=dict(zip(names, self.symbols, strict=True)))
            for each in (factor, offset)
        )
        self._functions = []
        for what, f in (("factor", self.factor), ("offset", self.offset)):
            unknown = f.free_symbols - set(self.symbols)
            require(not unknown, what, f"be a formula of {', '.join(names)}", f)
            derivatives = [f, *(f.diff(s) for s in self.symbols)]
            derivatives += [f.diff(s, t) for s in self.symbols for t in self.symbols]
            self._functions.append(sympy.lambdify(self.symbols, derivatives, "numpy"))

    def frame(self, x: np.ndarray, directions: np.ndarray) -> Frame:
        """Compute the jets of d and g at x (n_in, n) along directions (D, n_in)."""
        n_in, n = x.shape
        jets = []
        for function in self._functions:
            value, *rest = (np.broadcast_to(part, n) for part in function(*x))
            gradient, hessian = np.array(rest[:n_in]), np.array(rest[n_in:]).reshape(n_in, n_in, n)
            second = np.einsum("di,dk,ikn->dn", directions, directions, hessian)
            jets.append(np.concatenate([value[None], directions @ gradient, second]))
        return Frame(*jets)

    @finite_results
    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Evaluate u: X (n, n_in) → (n, n_out)."""
        X = as_samples(X, self.model.widths[0])
        frame = self.frame(samples_last(X), np.zeros((0, X.shape[1])))
        return frame.lift(self.model(X).T[None])[0].T

    def formula(self, **options: Any) -> Any:
        """Write u as a formula: g + d times `formula(model, names)`; one for each output, or a single one."""
        from .formulas import formula

        found = formula(self.model, [str(s) for s in self.symbols], **options)
        outputs = [
            self.offset + self.factor * each for each in (found if isinstance(found, list) else [found])
        ]
        return outputs if isinstance(found, list) else outputs[0]
