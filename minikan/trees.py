"""How a function is built, from sums, products and functions of few inputs (chapter 11; arXiv 2408.10205, section 4).

f(x)  →  which inputs can be parted?  →  hold the others where they are, and look at each part again
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from .interactions import (
    DEGREES,
    ROUNDING,
    Curve,
    Evidence,
    Field,
    components,
    evidence,
    relation,
    relevance,
    standard,
)

PLACES = 8  # samples at which other inputs may be held
KINDS = "sum", "product", *DEGREES  # these belong to functions of a sum


@dataclass(frozen=True)
class Node:
    """A part of a function: an "input", a "sum", a "product", a "function" of a sum, "any" function, or "unclear"."""

    kind: str
    inputs: tuple[int, ...]
    children: tuple[Node, ...] = ()
    constant: float = 0.0  # of a product on top: what has to be subtracted first

    def text(self, names: Sequence[str]) -> str:
        """Write it in short: each name stands for any function of this input, g for any function."""
        if len(self.inputs) < 2:
            return names[self.inputs[0]] if self.inputs else "a constant"
        parts = [child.text(names) for child in self.children]
        if self.kind == "product":
            sums = [child.kind == "sum" for child in self.children]
            return "·".join(f"({part})" if is_sum else part for part, is_sum in zip(parts, sums, strict=True))
        if self.kind in ("sum", "function"):
            return " + ".join(parts) if self.kind == "sum" else f"g({' + '.join(parts)})"
        return f"{'?' if self.kind == 'unclear' else 'g'}({', '.join(parts)})"


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


@dataclass
class Grower:
    """The networks, which output, and the spreads of the inputs (n_in,)."""

    models: list
    output: int
    spreads: np.ndarray

    def field(self, X: np.ndarray, curves: Sequence[Curve]) -> Field:
        field = Field.of(self.models, X, self.output, self.spreads)
        for curve in curves:
            field = field.through(curve)
        return field

    def grow(self, inputs: Iterable[int], X: np.ndarray, curves: list[Curve]) -> Node:
        """Find how a function of some inputs is built; X holds the others; `curves` undo what is around it."""
        inputs = tuple(int(i) for i in inputs)
        if len(inputs) < 2:
            return Node("input" if inputs else "any", inputs)
        field = self.field(X, curves)
        scale, (middle, spread) = standard(field.value), (field.value[0].mean(), field.value[0].std())
        field = field.through(scale)
        for kind in KINDS:
            groups, cross = _divided(field, inputs, kind)
            if cross:
                found = relation(kind, field.value[0], *(each[0] for each in field.pairs(cross)))
                inner = [*curves, scale, _straight(field.value, found)] if kind in DEGREES else curves
                constant = middle - spread * found[1] / found[0] if kind == "product" else 0.0
                constant = float(constant) if abs(constant) > ROUNDING * spread else 0.0
                children = tuple(self.part(group, X, inner) for group in groups)
                return Node("function" if kind in DEGREES else str(kind), inputs, children, constant)
        groups = _merged(field, inputs)
        parts = [self.part(group, X, curves) for group in groups]
        children = tuple(replace(each, kind="sum") if each.kind == "function" else each for each in parts)
        alone = [evidence(field, kind, [pair], True) for kind in KINDS for pair in combinations(inputs, 2)]
        is_open = len(groups) == len(inputs) and any(
            not e.clear[0] and e.distance[0] <= e.limit[0] for e in alone
        )
        return Node("unclear" if is_open else "any", inputs, children)

    def part(self, group: tuple[int, ...], X: np.ndarray, curves: list[Curve]) -> Node:
        """Look at a group of inputs; the others are held where the group matters neither least nor most."""
        if len(group) == 1:
            return Node("input", group)
        held, found = [i for i in range(X.shape[1]) if i not in group], []
        for place in X[:: max(len(X) // PLACES, 1)]:
            moved = X.copy()
            moved[:, held] = place[held]
            known = relevance(self.field(moved[::5], curves), list(group))
            found.append(((known.distance / known.limit).min(), moved))
        middle = sorted(found, key=lambda pair: pair[0])[len(found) // 2]
        return replace(self.grow(group, middle[1], curves), constant=0.0)


def _divided(field, inputs, kind):
    """Find groups of inputs whose functions make f a sum, a product or a function of a sum, and pairs across them."""
    pairs = list(combinations(inputs, 2))
    holds = evidence(field, kind, pairs, False).holds
    if kind != "sum":  # then all pairs across groups act together
        holds &= ~evidence(field, "sum", pairs, True).holds
    together = {pair for pair, held in zip(pairs, holds, strict=True) if not held}
    while True:
        groups = components(inputs, together)
        home = {i: group for group in groups for i in group}
        cross = [pair for pair in pairs if home[pair[0]] != home[pair[1]]]
        if not cross:
            return groups, cross
        found = evidence(field, kind, cross, True)
        if found.holds.all():
            return groups, cross
        together.add(cross[int(np.argmax(np.where(found.holds, 0, found.distance / found.limit)))])


def _merged(field, inputs):
    """Find groups of inputs of which f needs only one function: the ratio of two slopes depends on no other input."""
    u = field.hessian
    apart = evidence(field, "sum", list(permutations(inputs, 2)), True).holds
    apart = dict(zip(permutations(inputs, 2), apart, strict=True))
    groups = {(i,) for i in inputs}
    for pair in combinations(inputs, 2):
        group = list(pair)
        for a in group:  # which grows
            for b in group[: group.index(a)]:
                for k in [k for k in inputs if k not in group]:
                    one, other = u[..., a, k] * field.gradient[..., b], u[..., b, k] * field.gradient[..., a]
                    found = Evidence.of((one - other)[:, None], np.hypot(one[0], other[0])[None])
                    if not (found.holds[0] or (apart[a, k] and apart[b, k])):
                        group.append(k)
        if len(group) < len(inputs):
            groups.add(tuple(sorted(group)))
    chosen: list = []
    for group in sorted(groups, key=lambda group: (-len(group), group)):
        if not any(set(group) & set(other) for other in chosen):
            chosen.append(group)
    return sorted(chosen)


def _straight(w, found):
    """Make the inverse of F in f = F(sum), from p F″ = q F′²: its slope is exp(-∫ q/p), if p has no zero."""
    p, q = (Polynomial(half) for half in np.split(found, 2))

    def curve(f):
        ends = min(f.min(), w.min()), max(f.max(), w.max())
        if np.ptp(np.sign(p(np.linspace(*ends, 1000)))) > 0:
            return f, np.ones_like(f), np.zeros_like(f)
        rate = Chebyshev.interpolate(lambda f: q(f) / p(f), 100, ends).integ()
        slope = Chebyshev.interpolate(lambda f: np.exp(rate(0) - rate(f)), 100, ends)
        return slope.integ()(f), slope(f), -q(f) / p(f) * slope(f)

    return curve
