"""Draw who acts with whom, and the tree of a function's structure (all chapters; shown in chapter 11)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .diagram import is_math
from .interactions import HIDDEN
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
    names = [text if len(text) < 17 or is_math(text) else f"{text[:8]}…{text[-7:]}" for text in found.names]
    size, letters = float(np.clip(0.55 * d + 1, 2.8, 7)), max(map(len, names))
    width = float(np.clip(d * (0.3 + 0.1 * letters), 3.6, 12))
    fig, (left, right) = figure(
        size + width + 0.09 * letters, size + 0.09 * letters * (letters > 4), 1, 2, width_ratios=[size, width]
    )
    most = max(found.interactions.max(), 1e-300)
    for i, j in np.ndindex(d, d):
        value, limit = found.interactions[i, j], found.limit[i, j]
        seen, share = value > limit, np.sqrt(value / most)
        face, alpha = (PALETTE["blue"], 0.9 * share) if seen else ("#eeeeee" if i == j else "white", 1.0)
        left.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, linewidth=0, facecolor=face, alpha=alpha))
        if d <= MOST and i != j:
            text = f"{value:.2g}" if seen else "?" if limit > HIDDEN else "0"
            ink = PALETTE["grey"] if not seen else "white" if share > 0.9 else PALETTE["black"]
            left.text(j, i, text, ha="center", va="center", fontsize=10, color=ink)
    left.set(xlim=(-0.5, d - 0.5), ylim=(d - 0.5, -0.5), aspect="equal", title="act together")
    font = 11 if d <= MOST else max(4, 130 / d)
    left.set_xticks(range(d), names, rotation=90 if letters > 4 else 0, fontsize=font)
    left.set_yticks(range(d), names, fontsize=font)
    for label in [*left.get_xticklabels(), *left.get_yticklabels()]:
        label.set_parse_math(is_math(label.get_text()))
    left.tick_params(length=0)
    left.grid(False)
    left.spines[:].set_visible(False)
    leaves = _draw(right, found.tree, names, 0.0, 0)[1]
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
    text = SIGNS.get(node.kind, "") if places or not node.inputs else names[node.inputs[0]]
    ink = PALETTE["black" if not places else "vermillion" if node.kind == "unclear" else "blue"]
    box = dict(boxstyle="round,pad=0.35", facecolor="white", edgecolor=ink, linewidth=1.2)
    axes.text(
        x, -depth, text, ha="center", va="center", fontsize=12, color=ink, bbox=box, parse_math=is_math(text)
    )
    return x, after
