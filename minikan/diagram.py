"""A network drawn with every edge's curve in its place (all chapters; paper, figure 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike

from .network import Network
from .symbolic import unnamed
from .validation import as_finite, as_kan, as_samples

INK, FAINT, NAMED = "#222222", "#8c8c8c", "#9c3d00"
HALF = 0.4  # half a panel, where panels are one apart
CLOSE = 0.45  # of the distance of two rows of nodes, where no panels lie between
TITLE, SMALLEST = 13, 6  # points of a title, and of one that is still readable


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

    A curve is drawn over the range that its input takes on the samples, and scaled to fill its panel. It
    is the darker, the more it moves the node it leads to: opacity tanh(3 A), where A is the standard
    deviation of the edge over the samples, divided by the largest in its layer. An edge that is a named
    function is drawn in colour, with its name.

    Parameters
    ----------
    model : KAN
    X : array_like, shape (n, n_in)
        Samples on which the activations are taken.
    inputs, outputs : sequence of str, optional
        Names; x₁, x₂, … and y by default.
    title : str, optional
        The formula by default, if all edges are named functions; "" for none. A long one is drawn smaller,
        or not at all.
    axes : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError, TypeError
        If X has the wrong shape or is not finite, if there are not as many names as nodes, or if curves are too
        large for float64. Nothing is drawn then.

    Examples
    --------
    >>> import numpy as np
    >>> from minikan import KAN, plot
    >>> X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    >>> fig = plot(KAN([2, 5, 1]), X, inputs=["x", "y"], outputs=["f(x, y)"])
    >>> fig.savefig("network.png")
    """
    sheets = _sheets(as_kan(model, "plot"), as_samples(X, model.widths[0]).T)
    names = [
        _names(inputs, model.widths[0], "x", "inputs"),
        _names(outputs, model.widths[-1], "y", "outputs"),
    ]
    if title is None:
        title = _formula(model, X, inputs, names[1][0])
    counts = [len(layer.edge_list) for layer in model.layers]
    span = max(*counts, *(1.5 * width for width in model.widths), 3)
    height = 2.2 * max(1.0, span / 12)  # from one row of nodes to the next
    levels = np.cumsum([0.0, *(height if count else CLOSE * height for count in counts)])  # of the rows of nodes
    top = levels[-1]
    if axes is None:
        inches = min(max(0.62 * span, 2.8), 16)
        figure = Figure(figsize=(inches, top * inches / span + (1.2 if title else 0.9)), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
    box = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())  # in inches
    below, above = 0.45, 0.75 if title else 0.45  # inches for names and title
    inch = max(span / box.width, top / max(box.height - below - above, 0.1))  # in panels
    axes.set(
        xlim=(-0.5 * inch * box.width, 0.5 * inch * box.width),
        ylim=(-below * inch, inch * (box.height - below)),
        aspect="equal",
    )
    axes.axis("off")
    rows = [_spread(width, span) for width in model.widths]
    for depth, (layer, (z, curves, alphas)) in enumerate(zip(model.layers, sheets, strict=True)):
        low, high = levels[depth], levels[depth + 1]
        for (i, j), x in zip(layer.edge_list, _spread(counts[depth], span), strict=True):
            ends = (rows[depth][i], low), (rows[depth + 1][j], high)
            _draw_edge(axes, x, ends, z[i], curves[j, i], alphas[j, i], layer.edge(i, j).name)
        if not layer.edge_list:
            _draw_wiring(axes, layer.wiring(), rows[depth], low, rows[depth + 1], high)
    for row, level in zip(rows, levels, strict=True):
        axes.scatter(row, np.full(len(row), level), s=28, color=INK, zorder=3)
    for row, y, texts, align in (
        (rows[0], -0.1 * inch, names[0], "top"),
        (rows[-1], top + 0.1 * inch, names[1], "bottom"),
    ):
        for x, text in zip(row, texts, strict=True):
            axes.text(x, y, text, ha="center", va=align, fontsize=12, color=INK)
    if title:
        width = TextPath((0, 0), title, size=TITLE).get_extents().width / 72
        size = TITLE * min(1, 0.95 * box.width / width)
        if size >= SMALLEST:
            axes.text(0, top + 0.54 * inch, title, ha="center", va="center", fontsize=size, color=INK)
    return axes.figure


def _sheets(model, z):
    """For each layer: its inputs in order (n_in, n), the edges there (n_out, n_in, n), and how dark they are."""
    sheets = []
    for layer in model.layers:
        with np.errstate(all="ignore"):
            above, cache = layer.forward(z)
            curves, spread = layer.contributions(cache, z), z.std(axis=1)
            deviations = curves.std(axis=2)  # (n_out, n_in)
        as_finite([spread, deviations], "plot")
        alphas = np.tanh(3 * deviations / (deviations.max() or 1.0))
        order = z.argsort(axis=1)
        sheets.append(
            (np.take_along_axis(z, order, axis=1), np.take_along_axis(curves, order[None], axis=2), alphas)
        )
        z = above
    return sheets


def _draw_wiring(axes, wiring, below, low, above, high):
    """Draw lines from nodes to those that they are handed on to, and a × where several are multiplied."""
    for j, row in enumerate(wiring):
        for i in np.flatnonzero(row):
            axes.plot([below[i], above[j]], [low, high], lw=1, color=INK)
        if row.sum() > 1:
            axes.text(above[j] + 0.14, high, "×", ha="left", va="center", fontsize=13, color=INK)


def _formula(model, X, inputs, output):
    """Write the formula of a network of functions for its title; nothing if there is none, or no short one."""
    if model.widths[-1] > 1 or unnamed(model):
        return ""
    from sympy import latex

    from .formulas import formula

    found = formula(model, inputs, X, digits=3, verbose=False)
    return f"{output} $= {latex(found, inv_trig_style='full')}$".replace(r"\operatorname", r"\mathrm")


def _spread(count, span):
    """Place `count` things evenly, centred, at most `span` wide and panels one apart or more."""
    gap = span / max(count, 1)
    return (np.arange(count) - (count - 1) / 2) * gap


def _draw_edge(axes, x, ends, inputs, curve, alpha, name):
    (x0, y0), (x1, y1) = ends
    y = 0.5 * (y0 + y1)
    style = dict(color=NAMED if name else INK, alpha=alpha, solid_capstyle="round")
    axes.plot([x0, x], [y0, y - HALF], lw=1, **style)
    axes.plot([x, x1], [y + HALF, y1], lw=1, **style)
    frame = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * HALF
    axes.plot(x + frame[:, 0], y + frame[:, 1], color=FAINT, lw=0.8, alpha=alpha)
    low, high = curve.min(), curve.max()
    reach = (inputs[-1] - inputs[0]) or 1.0
    across = (inputs - (inputs[0] / 2 + inputs[-1] / 2)) / reach * 1.7 * HALF
    up = (curve - (low / 2 + high / 2)) / ((high - low) or 1.0) * 1.5 * HALF
    axes.plot(x + across, y + up, lw=1.8, **style)
    if name:  # where the curve leaves most room for it
        spots = 0.9 * HALF * np.array([(side, level) for level in (1, -1) for side in (-1, 1, 0)])
        away = np.abs(np.stack([across, up], axis=-1) - 0.6 * spots[:, None]).max(axis=2).min(axis=1)
        right, upper = spots[away.argmax()]
        align = "right" if right > 0 else "left" if right < 0 else "center"
        level = "top" if upper > 0 else "bottom"
        axes.text(x + right, y + upper, name, ha=align, va=level, fontsize=8, color=NAMED)


def _names(given, count, letter, argument):
    if given is None:
        return [letter] if count == 1 and letter == "y" else [f"${letter}_{{{i + 1}}}$" for i in range(count)]
    if len(given) != count:
        raise ValueError(f"{argument} must hold {count} names, got {len(given)}")
    return list(given)
