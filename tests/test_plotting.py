"""The look of everything shown, and the words that go with it."""

import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from minikan import plotting
from minikan.plotting import LINE_COLOURS, PALETTE, figure, show, show_source, style


@pytest.fixture
def displayed(monkeypatch):
    """Collect what is displayed, as pairs of data and metadata."""
    outputs = []
    monkeypatch.setattr(
        plotting, "display", lambda data, metadata=None, raw=False: outputs.append((data, metadata)) or raw
    )
    return outputs


def luminance(colour):
    """Relative luminance of a colour (WCAG 2.2, definition of relative luminance)."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", [*LINE_COLOURS, PALETTE["grey"]])
def test_lines_stand_out_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3


# How colours reach eyes without red or green cones, in linear RGB: Machado et al. (2009), severity 1.
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]


@pytest.mark.parametrize("eyes", [np.eye(3), PROTANOPIA, DEUTERANOPIA])
def test_first_three_line_colours_differ_for_all_eyes(eyes):
    linear = np.array([mpl.colors.to_rgb(colour) for colour in LINE_COLOURS[:3]]) ** 2.2
    seen = np.clip(linear @ np.transpose(eyes), 0, 1) ** (1 / 2.2)
    for i in range(3):
        for j in range(i):
            assert np.abs(seen[i] - seen[j]).max() > 0.2


def test_style_ends_with_its_context():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["axes.spines.top"] is False
    figure()
    assert dict(mpl.rcParams) == before


def test_figure_is_styled_without_a_context():
    fig, (left, right) = figure(6, 2, cols=2, sharey=True)
    assert [line.get_color() for line in left.plot([0, 1], np.eye(2))] == LINE_COLOURS[:2]
    assert tuple(fig.get_size_inches()) == (6, 2)
    assert not right.spines["top"].get_visible()


def test_show_displays_picture_and_words(displayed):
    fig, ax = figure(4, 2)
    ax.plot([0, 1])
    show(fig, "A line that\n  rises from 0 to 1.")
    ((data, metadata),) = displayed
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size == (4 * plotting.DPI, 2 * plotting.DPI)
    assert data["text/plain"] == metadata["image/png"]["alt"] == "A line that rises from 0 to 1."
    assert metadata["image/png"]["width"] == 4 * plotting.CSS_DPI


def test_stored_picture_looks_like_the_rendered_one(displayed):
    fig, ax = figure(4, 2)
    ax.imshow(np.linspace(0, 1, 300).reshape(1, -1), aspect="auto", cmap="viridis")
    ax.plot(range(300), np.sin(range(300)), color=PALETTE["vermillion"])
    rendered = plotting.to_png(fig)
    show(fig, "A band of colours from purple to yellow and a wave on it.")
    stored = base64.b64decode(displayed[0][0]["image/png"])
    pixels = [np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int) for png in (rendered, stored)]
    difference = np.abs(pixels[0] - pixels[1])
    assert difference.mean() < 2
    assert np.percentile(difference, 99) < 12
    assert len(stored) < len(rendered)


def test_same_picture_same_bytes():
    def draw():
        fig, ax = figure(3, 2)
        ax.plot([0, 1])
        return plotting.to_png(fig)

    assert draw() == draw()


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_show_insists_on_words(alt):
    with pytest.raises(ValueError, match="alt must say in words"):
        show(figure()[0], alt)


def test_show_closes_what_pyplot_opened(displayed):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    show(pyplot.figure(), "An empty sheet of white paper.")
    assert pyplot.get_fignums() == []


class Shown:
    """The first line.

    The rest.
    """

    def method(self):
        """One line."""
        return "text"


def test_show_source_shortens_docstrings(displayed):
    show_source(Shown)
    show_source(Shown, docstring=True)
    (short, _), (long, _) = displayed
    assert short["text/plain"].endswith("Shown, 6 lines.")
    assert '    """The first line."""\n\n    def method' in short["text/markdown"]
    assert "The rest." in long["text/markdown"]
    assert "```python\nclass Shown:" in long["text/markdown"]


def test_show_source_of_a_method(displayed):
    show_source(Shown.method)
    ((data, _),) = displayed
    assert "Shown.method, 3 lines." in data["text/plain"]
    assert '```python\ndef method(self):\n    """One line."""\n' in data["text/markdown"]
