"""Explorables: what they draw, say and store."""

import base64
import io

import pytest
from ipywidgets import FloatSlider, IntSlider
from PIL import Image

from minikan.plotting import DPI
from minikan.widgets.explorer import Explorer, choice, slider, toggle

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Power(Explorer):
    """A curve with an exponent."""

    description = "Turn the exponent and watch the curve bend."
    storyboard = (
        {"p": 1, "dashed": False, "colour": "b"},
        {"p": 2, "dashed": False, "colour": "b"},
        {"p": 3, "dashed": True, "colour": "k"},
    )
    size = (4.0, 2.0)

    def controls(self):
        colours = choice("colour", [("blue", "b"), ("black", "k")], "b")
        return {"p": slider("exponent", 0, 3, 2), "dashed": toggle("dashed"), "colour": colours}

    def draw(self, figure, p, dashed, colour):
        if p == 0:
            raise ZeroDivisionError("no <exponent>")
        figure.subplots().plot([0, 1, 2], [0, 1, 2**p], colour + ("--" if dashed else "-"))


def picture(png):
    return Image.open(io.BytesIO(bytes(png)))


def test_opens_with_a_picture_of_its_first_state():
    explorer = Power()
    assert explorer.state == {"p": 2, "dashed": False, "colour": "b"}
    assert picture(explorer.picture.value).size == (4 * DPI, 2 * DPI)
    assert explorer.picture.layout.width == "384px"
    assert explorer.message.value == "exponent: 2, dashed: no, colour: blue"


def test_a_control_redraws_picture_and_words():
    explorer = Power()
    before = bytes(explorer.picture.value)
    explorer.children[0].value = 3
    assert bytes(explorer.picture.value) != before
    assert explorer.picture.tooltip == (
        "Turn the exponent and watch the curve bend. Now: exponent: 3, dashed: no, colour: blue"
    )
    explorer.children[2].value = "k"
    assert explorer.message.value.endswith("colour: black")


def test_an_error_is_told_in_the_widget_and_goes_away():
    explorer = Power()
    before = bytes(explorer.picture.value)
    explorer.children[0].value = 0
    assert "No picture for exponent: 0, dashed: no" in explorer.message.value
    assert "ZeroDivisionError: no &lt;exponent&gt;" in explorer.message.value
    assert bytes(explorer.picture.value) == before
    explorer.children[0].value = 1
    assert explorer.message.value == "exponent: 1, dashed: no, colour: blue"


def test_controls_say_their_state_in_words_of_their_own():
    class Told(Power):
        """Its controls have words."""

        def controls(self):
            return {
                "p": slider("power of ten", -3, 3, 2, words=lambda p: f"step {10.0**p:g}"),
                "dashed": toggle("dashed", words=lambda dashed: "a dashed line" if dashed else "a full line"),
                "colour": choice("colour", [("blue", "b")], "b", words=lambda colour: f"in {colour}"),
            }

    assert Told().message.value == "step 100, a full line, in b"


def test_a_caption_of_its_own():
    class Captioned(Power):
        """Says more than its state."""

        def caption(self, p, dashed, colour):
            return f"At 2 the curve is at {2**p}."

    explorer = Captioned()
    assert explorer.message.value == "At 2 the curve is at 4."


def test_still_page_gets_the_storyboard_and_one_sentence():
    data, metadata = Power()._repr_mimebundle_()
    board = picture(base64.b64decode(data["image/png"]))
    assert board.width == 4 * DPI
    assert board.height > 3 * 2 * DPI  # three pictures and their captions
    assert data["text/plain"] == metadata["image/png"]["alt"] == Power.description
    assert metadata["image/png"]["width"] == 384
    assert WIDGET_VIEW in data


def test_an_error_in_the_storyboard_is_raised():
    class Broken(Power):
        """Its story holds a state that cannot be drawn."""

        storyboard = ({"p": 0, "dashed": False, "colour": "b"},)

    with pytest.raises(ZeroDivisionError):
        Broken()._repr_mimebundle_()


def test_sliders_of_whole_and_of_decimal_numbers():
    assert type(slider("n", 1, 5, 2)) is IntSlider
    assert type(slider("x", 0, 1, 0.5, 0.1)) is FloatSlider


@pytest.mark.parametrize("count", [0, 4])
def test_one_to_three_controls(count):
    class Crowded(Power):
        """The wrong number of controls."""

        def controls(self):
            return {str(i): slider(str(i), 0, 1, 0) for i in range(count)}

    with pytest.raises(ValueError, match=f"one to three controls, got {count}"):
        Crowded()
