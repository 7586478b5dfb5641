"""An explorable is a picture with at most three controls that redraw it (all chapters).

In JupyterLab the controls are live. On a still page, where nothing can be moved, a storyboard of three or
four states takes their place, and for a reader who cannot see it, one sentence.
"""

import html
import io
from collections.abc import Callable
from typing import Any

from ipywidgets import HTML, Checkbox, Dropdown, FloatSlider, Image, IntSlider, VBox
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image as Pixels
from traitlets import Unicode

from ..plotting import CSS_DPI, DPI, png_output, style, to_png

# Left, bottom, right, top, in inches. They are fixed: margins that follow the tick labels make the axes jump.
_MARGINS = (0.65, 0.5, 0.2, 0.35)
_LOOK = {"style": {"description_width": "12em"}, "layout": {"width": "40em", "max_width": "100%"}}


Words = Callable[[Any], str] | None


def slider(
    label: str, low: float, high: float, value: float, step: float = 1, words: Words = None
) -> IntSlider | FloatSlider:
    """Make a slider with a visible label: of whole numbers if all four numbers are, else of decimals.

    `words`, here and for the other controls, says a value in a storyboard's heading: `lambda t: f"h = {10**t:.0e}"`.
    """
    whole = all(isinstance(number, int) for number in (low, high, value, step))
    kind = IntSlider if whole else FloatSlider
    return _speaking(words, kind(value, min=low, max=high, step=step, description=label, **_LOOK))


def choice(label: str, options: list, value: Any, words: Words = None) -> Dropdown:
    """Make a drop-down list with a visible label; `options` is a list of values or of (label, value)."""
    options = [option if isinstance(option, tuple) else (str(option), option) for option in options]
    return _speaking(words, Dropdown(options=options, value=value, description=label, **_LOOK))


def toggle(label: str, value: bool = False, words: Words = None) -> Checkbox:
    """Make a check box with a visible label."""
    return _speaking(words, Checkbox(value, description=label, **_LOOK))


def _speaking(words, control):
    control.words = words
    return control


class Picture(Image):
    """An image with a name for screen readers, its tooltip.

    The page shows a widget's tooltip only if the widget has an empty description, which an Image lacks.
    """

    description = Unicode("").tag(sync=True)


class Explorer(VBox):
    """Base class of explorables; a subclass says what to draw, this class does the rest.

    A subclass gives

    - `description`: one sentence on what can be seen and moved;
    - `controls()`: a dict of at most three widgets by name, made with `slider`, `choice` and `toggle`;
      their first values are the opening state;
    - `draw(figure, **state)`: draws one state, a value for each control. The figure comes empty and
      styled, `size` inches large, with fixed margins; that limits of axes stay fixed, too, is up to `draw`;
    - `storyboard`: three or four telling states, each a dict of control values;
    - `caption(**state)`, if it likes: what is to be seen in this state, in one sentence.

    Examples
    --------
    >>> class Power(Explorer):
    ...     description = "Turn the exponent and watch the curve bend."
    ...     storyboard = ({"p": 1}, {"p": 2}, {"p": 5})
    ...     def controls(self):
    ...         return {"p": slider("exponent p", 1, 5, 2)}
    ...     def draw(self, figure, p):
    ...         x = np.linspace(0, 1)
    ...         figure.subplots().plot(x, x**p)
    """

    description = ""
    storyboard: tuple[dict, ...] = ()
    size = (7.0, 3.0)  # inches

    def __init__(self) -> None:
        self._controls = self.controls()
        if not 1 <= len(self._controls) <= 3:
            raise ValueError(f"an explorable has one to three controls, got {len(self._controls)}")
        width = f"{round(self.size[0] * CSS_DPI)}px"
        self.picture = Picture(format="png", layout={"width": width, "max_width": "100%"})
        self.message = HTML()
        super().__init__([*self._controls.values(), self.picture, self.message])
        for control in self._controls.values():
            control.observe(lambda change: self._redraw(), "value")
        self._redraw()

    def controls(self) -> dict[str, Any]:
        """Return the controls, a dict of at most three widgets by the name `draw` knows them by."""
        raise NotImplementedError

    def draw(self, figure: Figure, **state: Any) -> None:
        """Draw one state into an empty figure."""
        raise NotImplementedError

    def caption(self, **state: Any) -> str:
        """Say in one sentence what is to be seen in this state; by default the state itself."""
        return self._state_in_words(state)

    @property
    def state(self) -> dict[str, Any]:
        """The value of each control, by name."""
        return {name: control.value for name, control in self._controls.items()}

    def _redraw(self):
        try:
            caption, png = self.caption(**self.state), self._render(**self.state)
        except Exception as error:  # in a callback it would vanish: no cell is running that could show it
            state, reason = self._state_in_words(self.state), f"{type(error).__name__}: {error}"
            self.message.value = (
                f"<b>⚠ No picture for {html.escape(state)}.</b> "
                f"The one above is of an earlier state. The reason: {html.escape(reason)}"
            )
            return
        self.picture.value = png
        self.picture.tooltip = f"{self.description} Now: {caption}"  # the picture's name for screen readers
        self.message.value = html.escape(caption)

    def _render(self, **state):
        width, height = self.size
        left, bottom, right, top = _MARGINS
        with style(), rc_context({"axes.titley": 1.0}):  # no search for a free height: a tenth of the time
            figure = Figure(figsize=self.size)
            figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
            self.draw(figure, **state)
            return to_png(figure)

    def _state_in_words(self, state):
        return ", ".join(_in_words(self._controls[name], value) for name, value in state.items())

    def _storyboard_png(self):
        """Draw the storyboard: its states one below the other, each with its caption above it."""
        panels = []
        for state in self.storyboard:
            words = self._state_in_words(state)
            caption = self.caption(**state)
            panels.append(_title(words if caption == words else f"{words}\n{caption}", self.size[0]))
            panels.append(self._render(**state))
        pictures = [Pixels.open(io.BytesIO(png)).convert("RGB") for png in panels]
        board = Pixels.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)), "white")
        top = 0
        for picture in pictures:
            board.paste(picture, (0, top))
            top += picture.height
        buffer = io.BytesIO()
        board.save(buffer, format="png")
        return buffer.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        widget = super()._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = png_output(self._storyboard_png(), self.description, self.size[0])
        return {**widget, **data}, metadata


def _in_words(control, value):
    """Say a control's value as its reader sees it, by default "label: value"; True and False are yes and no."""
    if control.words:
        return control.words(value)
    if isinstance(control, Dropdown):
        value = next(label for label, option in control.options if option == value)
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    return (
        f"{control.description}: {value:.4g}"
        if isinstance(value, float)
        else f"{control.description}: {value}"
    )


def _title(text, width):
    """Draw the line or two above a picture of the storyboard."""
    lines = text.splitlines()
    figure = Figure(figsize=(width, 0.12 + 0.2 * len(lines)), facecolor="white")
    for i, line in enumerate(lines):
        figure.text(
            0.02,
            1 - (i + 0.75) / (len(lines) + 0.5),
            line,
            va="center",
            fontsize=10,
            weight="normal" if i else "bold",
        )
    return to_png(figure, DPI)
