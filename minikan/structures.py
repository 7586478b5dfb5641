"""What a trained network tells about the structure of its function (chapter 11; arXiv 2408.10205, section 4).

network  →  exact first and second derivatives  →  who acts with whom, and a tree of sums, products and functions

The derivatives are exact, those of the network; but the network is not. How far they can be trusted is measured: other
networks, trained on other samples, have others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .compiling import compile_formula
from .grids import refine
from .interactions import evidence, relevance, standard
from .kan import KAN
from .named import unnamed
from .network import Network
from .penalties import Roughness
from .progress import progress_bar
from .pruning import as_names
from .training import fit
from .trees import Grower, Node, walk
from .validation import as_generator, as_integer, as_kan, as_samples, as_targets, require

PARTS = 4  # networks that are trained again, each without another part of the samples
STEPS = 40  # of their training
NUMBERS = 1_000_000  # of second derivatives
SAMPLES = 400  # at most
SLIGHT = 0.1  # an input with such an effect, over that of all, may be overlooked


@dataclass(frozen=True, repr=False)
class Structure:
    """What `structure` has found; n_in inputs."""

    names: list[str]
    tree: Node
    relevance: np.ndarray  # RMS of ∂f/∂x_i · σ_i / σ_f, (n_in,)
    interactions: np.ndarray  # RMS of ∂²f/∂x_i∂x_j · σ_i σ_j / σ_f, (n_in, n_in)
    noise: np.ndarray  # of the interactions, (n_in, n_in)
    limit: np.ndarray  # interactions that are smaller may be noise, (n_in, n_in)
    separability: np.ndarray  # 0 where f = constant + g h parts the pair, 1 where nothing is so, (n_in, n_in)
    error: float | None  # RMSE of the network, over the spread of the targets
    source: str  # of the noise

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The parts that the function is built from, on the highest level."""
        return [tuple(self.names[i] for i in child.inputs) for child in self.tree.children]

    @property
    def unused(self) -> list[str]:
        return [name for i, name in enumerate(self.names) if i not in self.tree.inputs]

    @property
    def pairs(self) -> frozenset[tuple[int, int]]:
        """The pairs of inputs, i < j, that act together by more than the noise."""
        every = combinations(range(len(self.names)), 2)
        return frozenset(pair for pair in every if self.interactions[pair] > self.limit[pair])

    def network(self, X: ArrayLike, grid: int = 5, seed: int | np.random.Generator = 0) -> KAN:
        """Make a network of this structure, with splines over the ranges of X (n, n_in), that is still to be trained.

        It has fewer weights than the network that was looked at. If it learns the same targets as well, with a few
        `starts`, the structure is confirmed. Functions of inputs that could not be parted have a hidden layer of four.
        """
        from sympy import Add, Float, Mul, Symbol, tanh

        rng, X = as_generator(seed), as_samples(X, len(self.names))
        names = [f"x_{i + 1}" for i in range(len(self.names))]

        def written(node):  # as a formula, whose functions are only there to be replaced by splines
            leaves = [Symbol(names[i], real=True) for i in node.inputs]
            parts = [written(child) for child in node.children] or leaves
            if node.kind in ("input", "sum", "product"):
                return (Mul if node.kind == "product" else Add)(*parts)
            if node.kind == "function":
                return tanh(Add(*parts) / 2)
            return Add(*(tanh(Add(*(Float(rng.normal()) * part for part in parts))) for _ in range(4)))

        ends = np.stack([X.min(axis=0), X.max(axis=0)], axis=1)
        ends[:, 1] += ends[:, 0] == ends[:, 1]  # of constants
        return compile_formula(written(self.tree), names, ends, splines=True, grid=grid)

    def __repr__(self):
        lines = [
            f"built as {self.tree.text(self.names)}: a name stands for a function of this input, g for any other"
        ]
        if self.tree.constant:
            lines.append(f"it is a product after {self.tree.constant:.4g} has been subtracted")
        pairs = sorted(combinations(self.tree.inputs, 2), key=lambda pair: -self.interactions[pair])
        some = [
            f"{self.names[i]} and {self.names[j]} {self.interactions[i, j]:.2g} ± {self.noise[i, j]:.1g}"
            for i, j in pairs
            if (i, j) in self.pairs
        ]
        lines.append("act together: " + (", ".join(some[:6]) + ", …" * (len(some) > 6) if some else "none"))
        if self.unused:
            lines.append(f"not needed: {', '.join(self.unused)}")
        if any(node.kind == "unclear" for node in walk(self.tree)):
            most = max(self.noise[pair] for pair in pairs)
            lines.append(
                f"The network is too inaccurate to tell more (?): its second derivatives are uncertain by up to "
                f"{most:.1g}. Train on more samples, with another grid, or with a penalty such as Roughness."
            )
        if self.error is not None:
            lines.append(f"RMSE of the network: {100 * self.error:.2g}% of the spread; less is not seen")
        return "\n".join([*lines, f"noise: {self.source}"])


def structure(
    model: Network,
    X: ArrayLike,
    y: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    *,
    rivals: Sequence[Network] | None = None,
    output: int = 0,
    seed: int | np.random.Generator = 0,
    progress: bool = True,
    **options: Any,
) -> Structure:
    """Find how the function that a network has learned is built: from sums, products, functions of few inputs.

    Statements about pairs of inputs (`minikan.interactions`) are tested with the network's exact derivatives, on at
    most 400 samples. A statement holds if it is violated by no more than three times the noise. It is left open if a
    violation of 30% would not be seen. An input is not needed if its effect is within three times the noise, and within
    one and a half where the noise could hide a tenth of the effect of all. Parts are looked at again, with all other
    inputs held at one of the samples, so samples should fill a box.

    Parameters
    ----------
    model : KAN or MLP
    X : array_like, shape (n, n_in)
    y : array_like, shape (n, n_out), optional
        Targets: then the noise is what four more networks differ in, each trained on from here without another quarter
        of the samples. If y is not given, it is the difference to a grid with half as many cells, which knows nothing
        of noise in the samples, or of a network that has not learned well.
    names : sequence of str, optional
        Names of the inputs, by default those of a data frame's columns, else x_1, x_2, and so on.
    rivals : list of networks, optional
        Other networks for the same function, that you have trained in your own way, for the noise.
    output : int
        Which of several outputs.
    seed : int or numpy.random.Generator
        Parts the samples.
    progress : bool
        Show a bar when the work takes longer than about a second.
    **options
        Of `fit`, for the four networks: train them as you trained the model, with the same penalty, if it had one.

    Returns
    -------
    Structure
        Prints as a few sentences. `tree`, `interactions` and their `noise`, `relevance`, `groups` and `unused`;
        `network(X)` makes a sparse network of this structure, for training.

    Raises
    ------
    ValueError, TypeError
        If the arguments do not fit together.

    Examples
    --------
    >>> from minikan import KAN, fit, structure
    >>> X = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    >>> y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 * X[:, 2]
    >>> history = fit(model := KAN([3, 4, 1]), X, y, progress=False)
    >>> found = structure(model, X, y, ["x", "y", "z"], progress=False)
    >>> print(found.tree.text(found.names), found.groups)
    x + y·z [('x',), ('y', 'z')]
    """
    table, n_in = X, model.widths[0]
    X, output = as_samples(X, n_in), as_integer(output, "output", 0)
    require(output < model.widths[-1], "output", f"be less than {model.widths[-1]}", output)
    names = as_names(names, n_in, "names", table) or [f"x_{i + 1}" for i in range(n_in)]
    error, source = None, "none"
    if y is not None:
        y = as_targets(y, len(X), model.widths[-1])
        error = float(np.std(model(X)[:, output] - y[:, output]) / (np.std(y[:, output]) or 1.0))
    if rivals is not None:
        source = f"{len(rivals)} other network{'s' * (len(rivals) > 1)}"
        require(rivals, "rivals", "hold at least one network", "none")
        ends = [[each.widths[0], each.widths[-1]] for each in rivals]
        wanted = [n_in, model.widths[-1]]
        require(
            all(each == wanted for each in ends),
            "rivals",
            "have {} inputs and {} outputs".format(*wanted),
            ends,
        )
    elif y is not None:
        if all(layer.has_curves for layer in model.layers):
            options = {"penalty": Roughness(0), **options}  # grids stay where they are
        rivals = _trained_again(model, X, y, as_generator(seed), progress, {"steps": STEPS, **options})
        source = f"{PARTS} networks, each trained on without another part of the samples"
    else:
        edges = unnamed(as_kan(model, "structure without y"))
        half = min((model.layers[depth].edge(i, j).basis.grid for depth, i, j in edges), default=0) // 2
        rivals = [refine(model, half)] if half else []
        source = "a grid half as fine; give y to see noise and errors of the network, too" if half else source
    some = np.linspace(0, len(X) - 1, min(len(X), SAMPLES, max(NUMBERS // n_in**2, 10))).astype(int)
    grower = Grower([model, *rivals], output, X.std(axis=0))
    field = grower.field(X[some], [])
    field = field.through(standard(field.value))
    single, tables = relevance(field, range(n_in)), np.zeros((4, n_in, n_in))
    if n_in > 1:
        pairs = list(combinations(range(n_in), 2))
        i, j = np.array(pairs).T
        found, other = evidence(field, "sum", pairs, True), evidence(field, "product", pairs, False)
        share = other.distance / np.maximum(other.size, 1e-300)
        tables[:, i, j] = tables[:, j, i] = found.distance, found.noise, found.limit, share
    sure = (single.limit <= SLIGHT) | (single.distance <= single.limit / 2)
    tree = grower.grow(np.flatnonzero(~(single.holds & sure)), X[some], [])
    return Structure(names, tree, single.distance, *tables, error, source)  # type: ignore[call-arg]


def _trained_again(model, X, y, rng, progress, options):
    """Train copies of a model, each without another part of the samples."""
    part, found = rng.permutation(len(X)) % PARTS, []
    with progress_bar(PARTS, "structure", progress) as advance:
        for k in range(PARTS):
            rival = type(model).from_layers(model.layers)
            fit(rival, X[part != k], y[part != k], progress=False, **options)
            found.append(rival)
            advance()
    return found
