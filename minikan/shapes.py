"""The shapes that a law may have: sums of products of sums of curves (chapter 12).

    y = out( Σ_k g_k( Π_m h_m( Σ_i φ_i(x_i) ) ) )

An inner sum (or product, if the shape says so) is a factor, a product of factors a node. The curves h and g of factors
and nodes may be missing; `out` is a named function, or missing. Most laws of textbooks have such a shape, and all
curves of one can be learned at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import NamedTuple

import numpy as np

from .kan import KAN
from .named import FunctionEdge
from .products import Products
from .sparse import SparseLayer

MOST_FACTORS = 4  # of a product that is tried
MOST_CHOICES = 8  # between sums and products in groups of inputs


class Factor(NamedTuple):
    """h(Σ φ_i(x_i)) over some inputs, or h(Π φ_i(x_i)); without `curve`, the sum itself."""

    inputs: tuple[int, ...]
    curve: bool = False
    product: bool = False


class Node(NamedTuple):
    """g(Π factors); without `curve`, the product itself."""

    factors: tuple[Factor, ...]
    curve: bool = False

    @property
    def inputs(self) -> set[int]:
        return {i for factor in self.factors for i in factor.inputs}


@dataclass(frozen=True)
class Shape:
    """A sum of nodes, inside of the function `out` if there is one."""

    nodes: tuple[Node, ...]
    out: str = ""

    def __repr__(self):
        terms = []
        for node in self.nodes:
            sums = [("·" if f.product else "+").join(f"x{i + 1}" for i in f.inputs) for f in node.factors]
            several = len(sums) > 1
            factors = [
                f"g({text})" if factor.curve else f"({text})" if several and len(factor.inputs) > 1 else text
                for text, factor in zip(sums, node.factors, strict=True)
            ]
            terms.append(f"g({'·'.join(factors)})" if node.curve else "·".join(factors))
        return f"{self.out} of {' + '.join(terms)}" if self.out else " + ".join(terms)

    @property
    def factors(self) -> list[Factor]:
        return [factor for node in self.nodes for factor in node.factors]

    @property
    def inputs(self) -> list[int]:
        return sorted(set().union(*(node.inputs for node in self.nodes)))

    @property
    def interactions(self) -> frozenset[tuple[int, int]]:
        """Pairs of inputs that are more than summed, whatever `out` is."""
        found: set = set()
        for node in self.nodes:
            parts = [factor.inputs for factor in node.factors]
            for part, factor in zip(parts, node.factors, strict=True):
                found |= set(combinations(part, 2)) if factor.curve or factor.product or node.curve else set()
            found |= {pair for a, b in combinations(parts, 2) for pair in product(a, b) if pair[0] != pair[1]}
        return frozenset((min(pair), max(pair)) for pair in found)

    @property
    def is_deep(self) -> bool:
        """Whether curves follow on curves, so that several starts may end in different valleys."""
        return any(factor.curve for factor in self.factors) or any(node.curve for node in self.nodes)

    def network(self, X: np.ndarray, grid: int, seed: int) -> KAN:
        """Make a network of this shape, without `out`, with random curves over the range of X (n, n_in)."""
        rng, low, high = np.random.default_rng(seed), X.min(axis=0), X.max(axis=0)

        def curve(low=-1.0, high=1.0):
            return KAN([1, 1], grid=grid, domain=(low, high), seed=rng).layers[0]

        factors, count = self.factors, len(self.factors)
        arity = [len(factor.inputs) if factor.product else 1 for factor in factors]
        sums, at = {}, 0
        for factor, several in zip(factors, arity, strict=True):
            sums |= {
                (i, at + (k if several > 1 else 0)): curve(low[i], high[i])
                for k, i in enumerate(factor.inputs)
            }
            at += several
        layers: list = [SparseLayer(X.shape[1], at, sums)]
        if at > count:
            layers.append(Products(arity))
        if any(factor.curve for factor in factors):
            edges = {(m, m): curve() if factor.curve else same() for m, factor in enumerate(factors)}
            layers.append(SparseLayer(count, count, edges))
        if count > len(self.nodes):
            layers.append(Products([len(node.factors) for node in self.nodes]))
        top = {(k, 0): curve() if node.curve else same() for k, node in enumerate(self.nodes)}
        return KAN.from_layers([*layers, SparseLayer(len(self.nodes), 1, top)])

    def simpler(self) -> Iterator[tuple[Shape, tuple[int, int] | None]]:
        """Yield the shapes with one curve φ less, and its edge, if nothing else changes in the network."""
        at = 0
        for k, node in enumerate(self.nodes):
            for m, factor in enumerate(node.factors):
                for i in factor.inputs:
                    left = factor._replace(inputs=tuple(j for j in factor.inputs if j != i))
                    factors = node.factors[:m] + ((left,) if left.inputs else ()) + node.factors[m + 1 :]
                    nodes = [Node(factors, node.curve)] if factors else []
                    if shape := tidy([*self.nodes[:k], *nodes, *self.nodes[k + 1 :]], self.out):
                        alike = shape.layout == self.layout and not factor.product
                        yield shape, (i, at) if alike else None
                at += len(factor.inputs) if factor.product else 1

    @property
    def layout(self) -> list:
        """What the network looks like behind the curves φ."""
        return [(node.curve, [(f.curve, f.product) for f in node.factors]) for node in self.nodes]


def same() -> FunctionEdge:
    """Make an edge that changes nothing yet, a x + b."""
    return FunctionEdge("x", [1.0, 0.0, 1.0, 0.0])


def tidy(nodes: Sequence[Node], out: str) -> Shape | None:
    """Make a shape without superfluous parts: no curve on a curve, and only one node that is a plain sum."""
    kept, plain = [], set()
    for node in nodes:
        factors = tuple(f if len(f.inputs) > 1 else Factor(f.inputs) for f in node.factors)
        if len(factors) > 1:
            kept.append(Node(factors, node.curve))
        elif factors[0].product:
            kept.append(Node(tuple(Factor((i,)) for i in factors[0].inputs), True))
        elif len(factors[0].inputs) > 1 and (node.curve or factors[0].curve):
            kept.append(Node((Factor(factors[0].inputs),), True))
        else:
            plain |= set(factors[0].inputs)
    if plain:
        kept.append(Node((Factor(tuple(sorted(plain))),)))
    return Shape(tuple(kept), out) if kept else None


def divided(groups: Sequence[Sequence[int]], out: str) -> Iterator[Shape]:
    """Yield sums of curves of sums, or of products, over groups of inputs that do not interact with each other."""
    large, every = [tuple(group) for group in groups if len(group) > 1], sum(map(tuple, groups), ())
    kinds = [(Node((Factor(group),), True), Node(tuple(Factor((i,)) for i in group))) for group in large]
    for choice in islice(product(*kinds), MOST_CHOICES if len(groups) > 1 and large else 0):
        curved = {i for node in choice if node.curve for i in node.inputs}
        rest = tuple(i for i in every if i not in curved)
        if shape := tidy([*choice, *([Node((Factor(rest),))] if rest else [])], out):
            yield shape


def multiplied(groups: Sequence[Sequence[int]], out: str) -> Iterator[Shape]:
    """Yield the product of sums, each over a group of inputs that do not interact with each other, beside a sum."""
    if 2 <= len(groups) <= MOST_FACTORS and any(len(group) > 1 for group in groups):
        every = tuple(sorted(i for group in groups for i in group))
        factors = tuple(Factor(tuple(group)) for group in groups)
        yield Shape((Node(factors), Node((Factor(every),))), out)


def shapes(inputs: Sequence[int], outs: Sequence[str]) -> Iterator[list[Shape]]:
    """Yield lists of shapes over some inputs, the simplest first; all of them can be made `simpler`.

    The functions `outs` are tried around sums, around products beside a sum, and around what has two curves.
    """
    every, outs = tuple(inputs), ("", *outs)
    rest = Node((Factor(every),))
    yield [Shape((rest,), out) for out in outs]
    if len(every) == 1:
        yield [Shape((Node((Factor(every), Factor(every))),))]
        return
    sets = [some for size in range(2, MOST_FACTORS + 1) for some in combinations(every, size)]
    products = [Node(tuple(Factor((i,)) for i in some)) for some in sets]
    yield [
        Shape((Node((Factor(every),), True),)),
        *(Shape((product, rest), out) for out in outs for product in products),
    ]
    halves = [some for size in range(1, len(every) // 2 + 1) for some in combinations(every, size)]
    pairs = [(some, tuple(i for i in every if i not in some)) for some in halves]
    pairs = [(a, b) for a, b in pairs if len(every) > 2 and (len(a) < len(b) or a < b)]
    chains = [(Factor(a, len(a) > 1), Factor(b, len(b) > 1)) for a, b in pairs]
    yield [
        *(Shape((Node((Factor(a), Factor(b))), rest)) for a, b in pairs),
        *(Shape((Node(product.factors, True), rest)) for product in products),
        *(Shape((Node((Factor((i,)), Factor(every, True))), rest)) for i in every),
        *(Shape((Node((Factor((i,)), Factor(some, True, True))), rest)) for some in sets for i in some),
        *(Shape((Node(pair), rest), out) for out in outs for pair in chains),
        *(shape for out in outs for a, b in chains if (shape := tidy([Node((a,)), Node((b,))], out))),
    ]
