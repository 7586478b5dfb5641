"""What an equation asks of a function: residuals at points, of its values and derivatives (chapter 10).

    r(x, u, u_x, u_xx, …; c)                   zero at all points, if u solves the equation
    loss = Σ_terms weight · mean (r / s)²      s: by how much r changes when u changes by a wave of size one

The wave is half a period long across the points. In these units equations, values and slopes weigh about alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .jets import forward, jacobian_of_jets
from .needs import Names, jet_of
from .network import Network, blocks, samples_last
from .terms import Block, Term
from .validation import as_numbers, require

FLOATS = 24  # for each sample and number of its jet, by which samples are cut into blocks
KEPT = 2**24  # numbers of a Jacobian that are kept between a step and the judgement of it
STEP = 1e-6  # of the differences that check partial derivatives


class Plan(NamedTuple):
    """How residuals are computed: from which numbers of a jet, and which of the unknown coefficients."""

    directions: np.ndarray  # (D, n_in)
    select: np.ndarray  # (K, 1 + 2D, n_out): what the equation needs, from the jets of the outputs
    places: list[int]  # of the coefficients among all of them
    trial: Any  # a `TrialSolution`, or None
    size: float = 1.0  # s
    scale: Any = 1.0  # (n,): what residuals are multiplied with, √(2 weight / n) / s


@dataclass(frozen=True)
class Equation:
    """An equation r = 0 between a function and its derivatives, with the partial derivatives of r.

    Parameters
    ----------
    needs : str or sequence of str
        The derivatives that r depends on, up to the second, such as "u u_x u_xy"; for several outputs "u_x v_y".
    residual : callable
        Takes points X (n, n_in), an array (n,) for each need, and a number for each coefficient; returns r (n,). It is
        called with different points X, so what depends on x must be computed from X.
    partials : callable
        Takes the same arguments; returns ∂r for each need and each coefficient, in their order: numbers or arrays (n,).
        `solve` compares them with differences of the residual.
    coefficients : str or sequence of str
        Names of unknown numbers in the equation, which are to be found.

    Examples
    --------
    The heat equation u_t = D u_xx with an unknown diffusivity:

    >>> heat = Equation("u_t u_xx", lambda X, u_t, u_xx, D: u_t - D * u_xx,
    ...                 lambda X, u_t, u_xx, D: (1, -D, -u_xx), coefficients="D")
    >>> heat.at([[0.5, 0.1]]).n  # at one point
    1
    """

    needs: str | Sequence[str]
    residual: Callable
    partials: Callable
    coefficients: str | Sequence[str] = ()

    def __post_init__(self):
        for name in ("needs", "coefficients"):
            value = getattr(self, name)
            object.__setattr__(self, name, tuple(value.split() if isinstance(value, str) else value))
        require(self.needs, "needs", "name at least one derivative, such as 'u_xx'", repr(self.needs))

    def at(self, X: ArrayLike, weight: ArrayLike = 1.0, name: str = "equation") -> Residuals:
        """Ask for r = 0 at points X (n, n_in); a weight, or one for each point (n,)."""
        return Residuals(self, as_numbers(X, "X"), weight, name=name)


@dataclass(frozen=True, eq=False)
class Residuals(Term):
    """The residuals of an equation at points; `bound` to a network, it is a term of an objective."""

    equation: Equation
    X: np.ndarray  # (n, n_in)
    weight: ArrayLike
    other: np.ndarray | None = None  # (n, n_in): if given, differences between X and these points count
    target: np.ndarray | None = None  # (n,): what the residual shall be
    name: str = "equation"
    noisy: bool = False  # whether the residuals are noise of measurements
    plan: Any = None
    _last: dict = field(default_factory=dict, init=False)  # blocks of the last state
    is_penalty = False

    @property
    def n(self) -> int:  # type: ignore[override]
        return len(self.X)

    @property
    def title(self) -> str:
        """Say what it is: its name, and what it needs."""
        return f"{self.name} ({', '.join(self.equation.needs)})"

    def bound(self, model: Network, names: Names, lengths: np.ndarray, trial: Any = None) -> Residuals:
        """Make the term for a network, whose last layer holds the coefficients; `lengths` (n_in,) of all points."""
        weight = as_numbers(self.weight, "weight")
        require(weight.shape in ((), (self.n,)), "weight", f"be a number, or {self.n} of them", weight.shape)
        require((weight >= 0).all() and weight.any(), "weight", "be positive", repr(self.weight))
        for name in self.equation.coefficients:
            known = ", ".join(names.coefficients) or "none"
            require(name in names.coefficients, "coefficients", f"hold a first value of {name!r}", known)
        needs = [names.derivative(need) for need in self.equation.needs]
        directions, select = jet_of(needs, len(names.inputs), len(names.outputs))
        places = [names.coefficients.index(name) for name in self.equation.coefficients]
        term = replace(self, plan=Plan(directions, select, places, trial))
        _, partials, _ = term.linearised(model, slice(None))
        term._check_partials(model)
        waves = [np.prod(np.pi / lengths[along]) for _, along in needs]
        change = sum(abs(row) * wave for row, wave in zip(partials, waves, strict=False))
        size = float(np.sqrt(np.mean(np.square(change)))) or 1.0
        scale = np.sqrt(2 * weight / self.n) / size * np.ones(self.n)
        return replace(term, plan=term.plan._replace(size=size, scale=scale))

    def _jets(self, model, X):
        """Compute the needs (K, n) at X (n, n_in), and the caches and frames for `_pull`."""
        plan, x = self.plan, samples_last(X)
        z, caches = forward(model, x, plan.directions)
        frame = plan.trial.frame(x, plan.directions) if plan.trial else None
        z = z if frame is None else frame.lift(z)
        return np.einsum("kco,con->kn", plan.select, z), (caches, frame)

    def _pull(self, model, partials, kept):
        """Turn partial derivatives (K, n) in the needs into those in the parameters, (P, n)."""
        caches, frame = kept
        sensitivity = np.einsum("kco,kn->con", self.plan.select, partials)
        sensitivity = sensitivity if frame is None else frame.pull(sensitivity)
        return jacobian_of_jets(model, caches, sensitivity[None])[:, 0]

    def needs(self, model: Network, block: Any) -> tuple[np.ndarray, list]:
        """Compute what the equation needs (K, n) at some of the points, and what `_pull` takes: a pass or two."""
        here, kept = self._jets(model, self.X[block])
        if self.other is None:
            return here, [(1.0, kept)]
        there, kept_there = self._jets(model, self.other[block])
        return here - there, [(1.0, kept), (-1.0, kept_there)]

    def residuals(self, model: Network, block: Any) -> np.ndarray:
        """Compute r (n,) at some of the points, in the equation's units."""
        return self._residuals(model, block, self.needs(model, block)[0])

    def _residuals(self, model, block, needs):
        X, numbers = self.X[block], model.layers[-1].weights[self.plan.places]
        r = np.asarray(self.equation.residual(X, *needs, *numbers), float)
        require(r.shape == (len(X),), "residual", f"have shape ({len(X)},) for {len(X)} points", r.shape)
        return r if self.target is None else r - self.target[block]

    def linearised(self, model: Network, block: Any) -> tuple[np.ndarray, np.ndarray, list]:
        """Compute r (n,), its partial derivatives (K + coefficients, n), and what `_pull` takes."""
        (needs, kept), X = self.needs(model, block), self.X[block]
        partials = self.equation.partials(X, *needs, *model.layers[-1].weights[self.plan.places])
        count = len(self.equation.needs) + len(self.equation.coefficients)
        found = len(partials) if isinstance(partials, (tuple, list)) else repr(partials)
        require(found == count, "partials", f"return {count} derivatives of the residual, in a tuple", found)
        rows = np.array([np.broadcast_to(np.asarray(row, float), len(X)) for row in partials])
        return self._residuals(model, block, needs), rows, kept

    def _check_partials(self, model):
        """Compare partial derivatives with central differences, at up to 50 points."""
        block, equation = slice(None, None, -(-self.n // 50)), self.equation
        needs, X = self.needs(model, block)[0], self.X[block]
        rng = np.random.default_rng(0)
        needs = needs + 0.1 * rng.standard_normal(needs.shape) * (1 + abs(needs))
        arguments = [*needs, *model.layers[-1].weights[self.plan.places]]
        found, r = equation.partials(X, *arguments), equation.residual(X, *arguments)
        size = np.max(abs(r[np.isfinite(r)]), initial=0.0)
        for k, name in enumerate([*equation.needs, *equation.coefficients]):
            h = STEP * (1 + abs(arguments[k]))
            up, down = ([*arguments[:k], arguments[k] + sign * h, *arguments[k + 1 :]] for sign in (1, -1))
            slope = (equation.residual(X, *up) - equation.residual(X, *down)) / (2 * h)
            known = np.isfinite(slope) & np.isfinite(found[k])  # moved away, a logarithm may have no value
            rounding = 1e-5 * np.max(abs(slope[known]), initial=0.0) + 1e-8 * size
            wrong = known & ~np.isclose(slope, found[k], rtol=1e-3, atol=rounding)
            if wrong.any():
                at, value = np.argmax(wrong), np.broadcast_to(found[k], len(X))
                raise ValueError(
                    f"partials must be those of the residual: in {name} it is {value[at]:.4g}, "
                    f"but differences of the residual give {slope[at]:.4g}, at X = {X[at].tolist()}"
                )

    def slices(self) -> list[slice]:
        """Cut the points into blocks."""
        return blocks(self.n, FLOATS * (1 + 2 * len(self.plan.directions)))

    def value(self, model: Network) -> float:
        rows = [self.residuals(model, block) * self.plan.scale[block] for block in self.slices()]
        return sum(0.5 * float(row @ row) for row in rows)

    def blocks(self, model: Network) -> Iterator[Block]:
        """Yield the blocks at the model's state; those of the last state are kept, if they are not too large."""
        if self._last.get("model") is not model or not model.is_in(self._last["state"]):
            self._last.clear()
            made = (self._block(model, block) for block in self.slices())
            if model.parameters.size * self.n > KEPT:
                yield from made
                return
            self._last.update(blocks=[*made], model=model, state=model.state())
        yield from self._last["blocks"]

    def _block(self, model, block):
        r, partials, passes = self.linearised(model, block)
        scale, K = self.plan.scale[block], len(self.equation.needs)
        rows = np.zeros((model.parameters.size + 1, len(r)))
        for sign, kept in passes:
            rows[:-1] += self._pull(model, partials[:K] * scale * sign, kept)
        last = rows[:-1][model.parameters.size - model.layers[-1].weights.size :]
        for place, row in zip(self.plan.places, partials[K:] * scale, strict=True):
            last[place] = row
        rows[-1] = r * scale
        return Block(0.5 * float(rows[-1] @ rows[-1]), rows)

    def loss_and_gradient(self, model: Network) -> tuple[float, np.ndarray]:
        loss, gradient = 0.0, np.zeros(model.parameters.size)
        for block in self.blocks(model):
            loss, gradient = loss + block.loss, gradient + block.rows[:-1] @ block.rows[-1]
        return loss, gradient

    def second_order(self, model: Network, step: np.ndarray, h: float) -> np.ndarray:
        here, gradient = model.parameters.copy(), np.zeros_like(step)
        near = []  # central differences of the residuals:
        for sign in (1, -1):
            model.parameters[:] = here + sign * h * step
            near.append([self.residuals(model, block) * self.plan.scale[block] for block in self.slices()])
        model.parameters[:] = here
        for up, down, block in zip(*near, self.blocks(model), strict=True):
            gradient += block.rows[:-1] @ ((up + down - 2 * block.rows[-1]) / h**2)
        return gradient

    def samples(self, model: Network) -> np.ndarray:
        """Give the points, and as many again where residuals are large: grids follow these."""
        if self.target is not None:
            return self.X
        mass = np.cumsum(np.concatenate([abs(self.residuals(model, block)) for block in self.slices()]))
        even = (np.arange(self.n) + 0.5) / self.n
        return np.concatenate([self.X, self.X[np.searchsorted(mass, even * mass[-1]).clip(max=self.n - 1)]])

    def between(self, count: int = 500) -> Residuals | None:
        """Make the same equation at points between neighbours; None for conditions, which hold at their points only."""
        if self.target is not None or self.n < 8:
            return None
        rng = np.random.default_rng(0)
        chosen = rng.permutation(self.n)[:count]
        unit = np.ptp(self.X, axis=0)
        X = self.X / np.where(unit > 0, unit, 1.0)
        distance = ((X[chosen, None] - X) ** 2).sum(axis=2)  # (count, n)
        nearest = np.argsort(distance, axis=1)[np.arange(len(chosen)), rng.integers(1, 5, len(chosen))]
        X = 0.5 * (self.X[chosen] + self.X[nearest])
        return replace(self, X=X)
