"""Draw who acts with whom, and the tree of a function's structure (all chapters; shown in chapter 11)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .plotting import PALETTE, figure
from .structures import Structure
from .trees import Node

SIGNS = {"sum": "+", "product": "×", "function": "g(+)", "any": "g", "unclear": "?"}
MOST = 12  # inputs whose cells have room for a number


def plot_structure(found: Structure) -> Figure:
    """Draw what `structure` has found: interactions of all pairs of inputs on the left, the tree on the right.

    The darker a cell, the stronger two inputs act together; a cell without colour holds no more than noise, and a ? if
    the noise is large. In the tree + adds, × multiplies, g is any function, g(+) one of a sum, ? could not be told.

    Parameters
    ----------
    found : Structure

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from minikan import compile_formula, plot_structure, structure
    >>> X = np.random.default_rng(0).uniform(-1, 1, (100, 3))
    >>> found = structure(compile_formula("sin(x) + y*z", ["x", "y", "z"]), X, names=["x", "y", "z"])
    >>> plot_structure(found).savefig("structure.png")
    """
    d = len(found.names)
    size, letters = float(np.clip(0.55 * d + 1, 2.8, 7)), max(map(len, found.names))
    width = float(np.clip(d * (0.3 + 0.1 * letters), 3.6, 12))
    fig, (left, right) = figure(size + width, size, 1, 2, width_ratios=[size, width])
    most = max(found.interactions.max(), 1e-300)
    for i, j in np.ndindex(d, d):
        value, limit = found.interactions[i, j], found.limit[i, j]
        seen = i != j and value > limit
        share = np.sqrt(value / most) if seen else 0.0
        style = (
            dict(facecolor=PALETTE["blue"], alpha=0.9 * share)
            if seen
            else dict(facecolor="#eeeeee" if i == j else "none")
        )
        left.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, linewidth=0, **style))
        text = "" if i == j else f"{value:.2g}" if seen else "?" if limit > 0.3 else "0"
        if d <= MOST:
            colour = "white" if share > 0.9 else PALETTE["black"] if seen else PALETTE["grey"]
            left.text(j, i, text, ha="center", va="center", fontsize=10, color=colour)
    left.set(xlim=(-0.5, d - 0.5), ylim=(d - 0.5, -0.5), aspect="equal", title="act together")
    font = 11 if d <= MOST else max(4, 130 / d)
    left.set_xticks(range(d), found.names, rotation=90 if letters > 4 else 0, fontsize=font)
    left.set_yticks(range(d), found.names, fontsize=font)
    left.tick_params(length=0)
    left.grid(False)
    left.spines[:].set_visible(False)
    leaves = _draw(right, found.tree, found.names, 0.0, 0)[1]
    right.set(xlim=(-0.7, max(leaves, 1) - 0.3), title="built as")
    right.margins(y=0.15)
    right.axis("off")
    return fig


def _draw(axes, node: Node, names, start: float, depth: int) -> tuple[float, float]:
    """Draw a node above its parts, the first at x = start: where it is, and where the next one can begin."""
    parts = node.children or tuple(Node("input", (i,)) for i in node.inputs if node.kind != "input")
    places, after = [], start
    for part in parts:
        x, after = _draw(axes, part, names, after, depth + 1)
        places.append(x)
    x, after = (float(np.mean(places)), after) if places else (start, start + 1)
    for place in places:
        axes.plot([x, place], [-depth, -depth - 1], color=PALETTE["grey"], linewidth=1.5, zorder=1)
    is_leaf = not places
    text = names[node.inputs[0]] if is_leaf and node.inputs else SIGNS.get(node.kind, "")
    colour = (
        PALETTE["black"] if is_leaf else PALETTE["vermillion"] if node.kind == "unclear" else PALETTE["blue"]
    )
    box = dict(boxstyle="round,pad=0.35", facecolor="white", edgecolor=colour, linewidth=1.2)
    axes.text(
        x, -depth, text, ha="center", va="center", fontsize=12, color=colour, bbox=box, parse_math=False
    )
    return x, after
