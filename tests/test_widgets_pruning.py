"""The explorables of chapter 06: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from drawing import drawn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba

from minikan.plotting import PALETTE
from minikan.widgets.explorer import choice
from minikan.widgets.pruning import NetworkDiagram, PruningDial


@pytest.fixture(scope="module")
def dial():
    return PruningDial()


@pytest.fixture(scope="module")
def diagram():
    return NetworkDiagram()


@pytest.mark.parametrize("start", range(5))
def test_only_a_penalty_lets_three_edges_stand_out(start):
    """The answers that the chapter gives to its questions, for five starts."""

    class Dial(PruningDial):
        """Two strengths only."""

        strengths, names, seed = (0.0, 1e-2), ("0", "10⁻²"), start

        def controls(self):
            return {"strength": choice("penalty", [0, 1], 0)}

        def _redraw(self):
            pass

    dial = Dial()
    gaps = [scores[2] / scores[3] for scores in dial.scores]
    assert gaps[0] < 10 < 100 < gaps[1]
    factors = [
        [error / before for edges, _, error in cut if edges == 3]
        for cut, before in zip(dial.cut, dial.errors, strict=True)
    ]
    assert not factors[0] or min(factors[0]) > 50  # in some starts there is no such threshold at all
    assert len(factors[1]) >= 4 and max(factors[1]) < 1.3


@pytest.mark.parametrize("strength", [3, 4, 5])
def test_under_a_penalty_three_edges_stand_out(dial, strength):
    scores = dial.scores[strength]
    assert (scores[:3] > 0.1).all() and (scores[3:] < 0.03).all()
    edges, hidden, after = dial._outcome(strength, -1.5)
    assert (edges, hidden) == (3, 1) and after < 1.5 * dial.errors[strength]
    assert "What remains: [2, 1, 1] with 3 edges" in dial.caption(strength, -1.5)


def test_the_gap_is_widest_at_a_tenth_and_so_is_the_error(dial):
    gaps = [scores[2] / scores[3] for scores in dial.scores]
    assert np.argmax(gaps) == np.argmax(dial.errors) == 5 and gaps[5] > 1000 and min(gaps[3:]) > 100


def test_an_output_never_loses_its_last_path(dial):
    assert all(row[-1][:2] == (2, 1) for row in dial.cut)  # the threshold 1: two edges, one hidden node
    assert all(0.5 < row[-1][2] < 0.8 for row in dial.cut)  # about half the spread: only x has a say


def test_a_caption_says_why_more_or_fewer_edges_remain_than_the_blue_ones(dial):
    for strength, row in enumerate(dial.cut):
        for threshold, (edges, _, _) in zip(dial.thresholds, row, strict=True):
            bars, _ = drawn(dial, strength=strength, threshold=threshold)
            blue = to_rgba(PALETTE["blue"])
            above = sum(bar.get_facecolor() == blue for bar in bars.patches)
            caption = dial.caption(strength, threshold)
            assert ("strongest path" in caption) == (edges > above)
            assert ("leads nowhere" in caption) == (edges < above)
        assert "with 2 edges, its strongest path" in caption  # the threshold 1


def test_more_is_cut_at_a_higher_threshold(dial):
    for row in dial.cut:
        edges = [edges for edges, _, _ in row]
        assert edges == sorted(edges, reverse=True)


def test_bars_are_coloured_by_the_threshold(dial):
    bars, errors = drawn(dial, strength=3, threshold=-2.0)
    colours = {bar.get_facecolor() for bar in bars.patches}
    assert len(bars.patches) == 15 and len(colours) == 2
    assert errors.lines[-1].get_ydata()[0] == pytest.approx(dial._outcome(3, -2.0)[2])


@pytest.mark.parametrize(
    ("target", "widths"), [("exp", [2, 1, 1]), ("product", [2, 2, 1]), ("two of four", [4, 1, 1])]
)
def test_the_diagram_ends_with_the_smallest_network(diagram, target, widths):
    states = diagram.models[target]
    assert states[0][0].widths[1] > states[2][0].widths[1] and states[2][0].widths == widths
    assert states[3][2] < states[2][2] / 5
    (axes,) = drawn(diagram, target=target, state=3)
    assert {text.get_text() for text in axes.texts} >= {"f"}
    assert f"Shape {widths}" in diagram.caption(target, 3)


@pytest.mark.parametrize("target", ["exp", "two of four"])
@pytest.mark.parametrize("state", [0, 3])
def test_all_of_the_diagram_is_in_the_picture(diagram, target, state):
    (axes,) = drawn(diagram, target=target, state=state)
    frame, renderer = axes.figure.bbox, FigureCanvasAgg(axes.figure).get_renderer()
    for artist in (*axes.texts, *axes.lines):
        box = artist.get_window_extent(renderer)
        assert frame.y0 <= box.y0 and box.y1 <= frame.y1 and frame.x0 <= box.x0 and box.x1 <= frame.x1


def test_inputs_that_do_not_matter_are_pruned(diagram):
    pruned = diagram.models["two of four"][2][0]
    X = np.random.default_rng(1).uniform(-1, 1, (50, 4))
    other = X.copy()
    other[:, [1, 3]] = 0.3
    np.testing.assert_array_equal(pruned(X), pruned(other))
