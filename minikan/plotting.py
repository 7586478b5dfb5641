"""Figures in one style, shown in notebooks with a description in words (all chapters)."""

import ast
import base64
import inspect
import io
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from cycler import cycler
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

if TYPE_CHECKING:
    from .history import History

# The colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), amber darkened; sky and yellow are for areas.
PALETTE = {
    "blue": "#0072B2", "vermillion": "#D55E00", "green": "#008F68", "purple": "#B8618F", "black": "#262626",
    "amber": "#A87400", "grey": "#7A7A7A", "sky": "#56B4E9", "yellow": "#F0E442",
}  # fmt: skip
LINE_COLOURS = list(PALETTE.values())[:6]
DPI = 144  # pixels per inch in the file
CSS_DPI = 96  # pixels per inch on the page; 1.5 pixels of the file for each make text sharp

# Only settings that an Axes reads when it is made, so that `figure` can leave the context before one draws.
_STYLE = {
    "figure.facecolor": "white", "axes.facecolor": "white",
    "axes.prop_cycle": cycler(color=LINE_COLOURS) * cycler(linewidth=[1.8]),
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#595959",
    "axes.labelcolor": "#262626", "xtick.color": "#595959", "ytick.color": "#595959",
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#E6E6E6", "grid.linewidth": 0.8,
}  # fmt: skip


@contextmanager
def style() -> Iterator[None]:
    """Make axes in minikan's style inside this context; outside, matplotlib is as it was."""
    with mpl.rc_context(_STYLE):
        yield


def figure(
    width: float = 7.0, height: float = 3.0, rows: int = 1, cols: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """Make a styled figure of width × height inches (a page is about 7 wide) with rows × cols axes.

    The options go to `Figure.subplots`. The axes come as one Axes, or as an array (cols,), (rows,) or (rows, cols).
    """
    with style():
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, cols, **options)


def to_png(fig: Figure, dpi: float = DPI) -> bytes:
    """Render a figure to the bytes of a PNG file; the same picture gives the same bytes."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def png_output(png: bytes, text: str, width: float) -> tuple[dict, dict]:
    """Make data and metadata of a notebook output: a picture `width` inches wide, 256 colours, and its description."""
    buffer, picture = io.BytesIO(), Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(buffer, "png", optimize=True)
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode("ascii"), "text/plain": text}
    return data, {"image/png": {"alt": text, "width": round(width * CSS_DPI)}}


def show(fig: Figure, alt: str) -> None:
    """Display a figure in a notebook, with a description for readers who cannot see it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure; if pyplot made it, it is closed.
    alt : str
        What one sees, in a sentence or two, never empty: "Four bumps of equal height, each over four cells …".

    Examples
    --------
    >>> from minikan.plotting import figure, show
    >>> fig, ax = figure()
    >>> _ = ax.plot([-1, 0, 1], [0, 1, 0])
    >>> show(fig, "A tent with its peak in the middle.")  # a notebook shows the picture  # doctest: +ELLIPSIS
    {'image/png': '...', 'text/plain': 'A tent with its peak in the middle.'}
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say in words what one sees in the picture, got {alt!r}")
    data, metadata = png_output(to_png(fig), " ".join(alt.split()), fig.get_figwidth())
    display(data, metadata=metadata, raw=True)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(fig)


def plot_history(history: "History", axes: Axes | None = None) -> Figure:
    """Draw the RMSE of a `History` over the steps, with dotted lines at grid updates; returns the figure."""
    axes = figure(7, 3)[1] if axes is None else axes
    axes.semilogy(history.step, history.rmse, label="training")
    if history.validation_rmse is not None:
        axes.semilogy(history.step, history.validation_rmse, "--", label="validation")
    for step in history.grid_changes:
        label = "grids move" if step == history.grid_changes[0] else None
        axes.axvline(step, color=PALETTE["grey"], linestyle=":", linewidth=1, label=label)
    axes.set(xlabel="step", ylabel="RMSE")
    axes.legend()
    return axes.figure


def show_source(obj: Any, docstring: bool = False) -> None:
    """Display the source of a function, class or method as it stands in the package.

    Parameters
    ----------
    obj : function, class or method
    docstring : bool
        Whether to show whole docstrings; otherwise only the first line of each.

    Examples
    --------
    >>> from minikan.activations import silu
    >>> show_source(silu)  # a notebook shows it in colour  # doctest: +ELLIPSIS
    {'text/markdown': '`minikan.activations.silu`...def silu(x: ...', 'text/plain': 'The source of ...'}
    """
    source = textwrap.dedent(inspect.getsource(obj))
    source = source if docstring else _shorten_docstrings(source)
    name = f"{obj.__module__}.{obj.__qualname__}"
    text = f"The source of {name}, {len(source.splitlines())} lines."
    display({"text/markdown": f"`{name}`\n\n```python\n{source.rstrip()}\n```", "text/plain": text}, raw=True)


def _shorten_docstrings(source):
    """Keep the first line of each docstring, so that the code stands out."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno - 1
            lines[first] += '"""' if first < last else ""
            lines[first + 1 : last + 1] = [None] * (last - first)
    return "\n".join(line for line in lines if line is not None)
