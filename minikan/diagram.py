"""Draw a network with the curve of every edge (all chapters; paper, figure 2.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike

from .formulas import formula
from .network import Network
from .pruning import as_names
from .symbolic import unnamed
from .validation import as_finite, as_kan, as_samples

INK, FAINT, NAMED = "#222222", "#8c8c8c", "#9c3d00"
HALF = 0.4  # half the width of a panel; the centres of neighbours are at least 1 apart
CLOSE = 0.45  # distance of two rows of nodes without panels between them, relative to others
TITLE, NAMES, NAME, SMALLEST = 13, 12, 8, 6  # font sizes in points: of titles, nodes, edges; and the smallest
RAISED = str.maketrans("0123456789.", "⁰¹²³⁴⁵⁶⁷⁸⁹·")


def plot(
    model: Network,
    X: ArrayLike,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Draw a network: inputs below, outputs above, and on each edge the curve it has learned.

    A curve fills its panel, over the range of its input on the samples. Its opacity is tanh(3 A), A its standard
    deviation over the samples, divided by the largest in its layer; below A = 0.01 it is not drawn. A named function is
    never faint, and has a colour and its name. Dots with + add their edges; those with × multiply.
    ValueError or TypeError, if X is wrong, names are too few, too many or equal, or curves overflow.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
    inputs, outputs, title : sequence of str, and str, optional
        Names of any letters, shortened where there is no room; a name in dollars, as "$x_1$", is written as a formula.
        By default those of a data frame's columns, or x₁, x₂, …, and y. A title, by default the formula of a network of
        named functions, if not long.
    axes : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from minikan import KAN, plot
    >>> X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    >>> plot(KAN([2, 5, 1]), X, inputs=["x", "y"], outputs=["f(x, y)"]).savefig("network.png")
    """
    drawn = _curves(as_kan(model, "plot"), as_samples(X, model.widths[0]).T)
    n_in, n_out = model.widths[0], model.widths[-1]
    shown = as_names(inputs, n_in, "inputs", X) or [f"$x_{{{i + 1}}}$" for i in range(n_in)]
    upper = (
        as_names(outputs, n_out, "outputs")
        or ["y"] * (n_out == 1)
        or [f"$y_{{{i + 1}}}$" for i in range(n_out)]
    )
    title = _formula(model, X, shown, upper[0]) if title is None else title
    names = (shown, -0.1, "top"), (upper, 0.1, "bottom")
    counts = [len(layer.edge_list) for layer in model.layers]
    span = max(*counts, *(1.5 * width for width in model.widths), 3)
    height = 2.2 * max(1.0, span / 12)  # from one row of nodes to the next
    levels = np.cumsum([0.0, *(height * (1 if count else CLOSE) for count in counts)])  # of the rows
    top = levels[-1]
    if axes is None:
        inches = min(max(0.62 * span, 2.8), 16)
        figure = Figure(figsize=(inches, top * inches / span + (1.2 if title else 0.9)), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
    box = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())  # in inches
    below, above = 0.45, 0.75 if title else 0.45  # space for names and title, in inches
    inch = max(span / box.width, top / max(box.height - below - above, 0.1))  # in units of the drawing
    across = 0.5 * inch * box.width
    axes.set(xlim=(-across, across), ylim=(-below * inch, inch * (box.height - below)), aspect="equal")
    axes.axis("off")
    rows = [_positions(width, span) for width in model.widths]
    for depth, (layer, (z, curves, opacity)) in enumerate(zip(model.layers, drawn, strict=True)):
        low, high = levels[depth : depth + 2]
        for (i, j), x in zip(layer.edge_list, _positions(counts[depth], span), strict=True):
            ends = (rows[depth][i], low), (rows[depth + 1][j], high)
            _draw_edge(axes, x, ends, z[i], curves[j, i], opacity[j, i], layer.edge(i, j).name, inch)
        wires, sign = (opacity > 0, "+") if layer.edge_list else (layer.wiring(), "x")
        for x, below in zip(rows[depth + 1], wires, strict=True):
            for i in np.flatnonzero(below) if sign == "x" else ():
                axes.plot([rows[depth][i], x], [low, high], lw=1, color=INK)
            if below.sum() > 1:
                axes.plot(x, high, sign, color="white", ms=5, mew=1.2, zorder=4)
    for row, level in zip(rows, levels, strict=True):
        axes.scatter(row, np.full(len(row), level), s=50, lw=0, color=INK, zorder=3)
    for (texts, away, side), row, level in zip(names, (rows[0], rows[-1]), (0, top), strict=True):
        for x, text in zip(row, texts, strict=True):
            _write(axes, (x, level + away * inch), text, 0.88 * span / len(row) / inch, va=side)
    if title:
        width = TextPath((0, 0), title, size=TITLE).get_extents().width / 72
        style = dict(ha="center", va="center", fontsize=TITLE * min(1, 0.95 * box.width / width), color=INK)
        if style["fontsize"] >= SMALLEST:
            axes.text(0, top + 0.54 * inch, title, **style)
    return axes.figure


def _curves(model, z):
    """Compute for each layer: its sorted inputs (n_in, n), the edges there (n_out, n_in, n), and their opacity."""
    drawn = []
    for layer in model.layers:
        with np.errstate(all="ignore"):
            above, cache = layer.forward(z)
            curves = layer.contributions(cache, z)
            deviations = curves.std(axis=2)  # (n_out, n_in)
            as_finite([z.std(axis=1), deviations], "plot")
        order = z.argsort(axis=1)
        share = deviations / (deviations.max() or 1.0)
        opacity = np.where(share < 0.01, 0.0, np.tanh(3 * share))
        for i, j in layer.edge_list:
            opacity[j, i] = max(opacity[j, i], 0.6 if layer.edge(i, j).name else 0.0)
        drawn.append((np.take_along_axis(z, order, 1), np.take_along_axis(curves, order[None], 2), opacity))
        z = above
    return drawn


def _formula(model, X, inputs, output):
    """Write the formula of a network of named functions with one output; "" for other networks."""
    if model.widths[-1] > 1 or unnamed(model):
        return ""
    from sympy import latex

    letters = [f"x_{i}" for i in range(len(inputs))]
    found = formula(model, letters, X, digits=3, verbose=False)
    names = {each: _mathtext(inputs[letters.index(each.name)]) for each in found.free_symbols}
    text = latex(found, inv_trig_style="full", symbol_names=names).replace(r"\operatorname", r"\mathrm")
    title = rf"${_mathtext(output, '')} = {text}$"
    return title if is_math(title) else ""


def is_math(text: str) -> bool:
    """Tell whether a text is a formula that matplotlib can draw, as "$x_1$" is."""
    try:
        return bool(re.fullmatch(r"\$([^$\\]|\\.)+\$", text)) and bool(TextPath((0, 0), text))
    except ValueError:
        return False


def _mathtext(name, variable="[A-Za-z]+(_?[0-9]+)?"):
    """Write a name as a part of a formula: as a variable if it looks like one, else letter by letter."""
    from sympy import Symbol, latex

    if is_math(name):
        return name[1:-1]
    if re.fullmatch(variable, name):
        return latex(Symbol(name))
    return r"\text{" + re.sub(r"[$\\{}]", r"\\\g<0>", name) + "}"


def _write(axes, place, name, room, **style):
    """Write a name, at most `room` inches wide: if need be smaller, and then without its middle."""
    math, name = is_math(name), "".join(letter if letter.isprintable() else " " for letter in name)
    keep, size = len(name) if math else min(len(name), 200), NAMES  # more letters take long to measure
    while name.strip():
        text = name if keep == len(name) else f"{name[: (keep + 1) // 2]}…{name[len(name) - keep // 2 :]}"
        raw = text if math else text.replace("$", r"\$")
        width = TextPath((0, 0), raw, size=NAMES).get_extents().width / 72
        size = max(NAME, NAMES * min(1, room / width))
        if math or keep < 2 or width * size <= 1.001 * NAMES * room:
            axes.text(*place, text, parse_math=math, ha="center", fontsize=size, color=INK, **style)
            break
        keep = int(min(keep - 1, max(keep * room * NAMES / (width * size), 1)))


def _positions(count, span):
    """Return x for `count` nodes or panels: centred on 0, evenly spaced over `span`."""
    return (np.arange(count) - (count - 1) / 2) * (span / max(count, 1))


def _draw_edge(axes, x, ends, inputs, curve, alpha, name, inch):
    """Draw a panel at x with the curve over its inputs, its name above it, and lines to the nodes at both ends."""
    (x0, y0), (x1, y1) = ends
    y, room = 0.5 * (y0 + y1), 0.0  # for the name
    if name:
        name = re.sub(r"\^([\d.]+)", lambda power: power[1].translate(RAISED), name)
        width = TextPath((0, 0), name.replace("$", r"\$"), size=NAME).get_extents().width / 72
        size = min(NAME, 0.9 * NAME / (inch * width), 25 / inch)  # neighbours are at least 1 apart
        room = 1.35 * size / 72 * inch
        axes.text(
            x,
            y + HALF + 0.2 * room,
            name,
            fontsize=size,
            color=NAMED,
            ha="center",
            va="baseline",
            parse_math=False,
        )
    style = dict(color=NAMED if name else INK, alpha=alpha, solid_capstyle="round")
    axes.plot([x0, x], [y0, y - HALF], [x, x1], [y + HALF + room, y1], lw=1, **style)
    frame = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * HALF
    axes.plot(x + frame[:, 0], y + frame[:, 1], color=FAINT, lw=0.8, alpha=alpha)
    low, high, width = curve.min(), curve.max(), (inputs[-1] - inputs[0]) or 1.0
    across = (inputs - (inputs[0] / 2 + inputs[-1] / 2)) / width * 1.7 * HALF
    up = (curve - (low / 2 + high / 2)) / ((high - low) or 1.0) * 1.5 * HALF
    axes.plot(x + across, y + up, lw=1.8, **style)
