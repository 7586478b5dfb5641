"""The diagram: what is drawn, where, and how dark."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from minikan import KAN, plot


def samples(n_in):
    return np.random.default_rng(0).uniform(-1, 1, (50, n_in))


@pytest.mark.parametrize("widths", [[1, 1], [2, 1, 1], [2, 5, 1], [10, 5, 1], [3, 2, 2]])
def test_every_edge_has_its_curve(widths):
    model = KAN(widths, seed=1)
    axes = plot(model, samples(widths[0])).axes[0]
    curves = [line for line in axes.lines if len(line.get_xdata()) == 50]
    assert len(curves) == sum(a * b for a, b in pairwise(widths))
    assert sum(len(nodes.get_offsets()) for nodes in axes.collections) == sum(widths)


def test_curves_are_the_edges():
    model = KAN([2, 1], seed=2)
    X = samples(2)
    curves = [line.get_xydata() for line in plot(model, X).axes[0].lines if len(line.get_xdata()) == 50]
    for i, drawn in enumerate(curves):
        x = np.sort(X[:, i])
        expected = model.layers[0].edges(np.tile(x, (2, 1)))[0, i]
        assert np.corrcoef(drawn[:, 1], expected)[0, 1] == pytest.approx(1)
        assert np.corrcoef(drawn[:, 0], x)[0, 1] == pytest.approx(1)


def test_idle_edges_fade():
    model = KAN([2, 1], seed=3)
    model.layers[0].weights[1] = 0
    drawn = [
        line.get_alpha() for line in plot(model, samples(2)).axes[0].lines if len(line.get_xdata()) == 50
    ]
    assert drawn == [pytest.approx(np.tanh(3)), 0]


def test_text_stays_inside_the_picture_and_apart():
    for widths in ([1, 1], [2, 5, 1], [10, 5, 1]):
        figure = plot(KAN(widths), samples(widths[0]), title="a title")
        frame = figure.bbox
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
        assert all(
            frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes
        )
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_names_and_given_axes():
    figure = Figure()
    axes = figure.subplots()
    assert plot(KAN([2, 1]), samples(2), inputs=["a", "b"], outputs=["c"], title="d", axes=axes) is figure
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="inputs must hold 2 names, got 1"):
        plot(KAN([2, 1]), samples(2), inputs=["a"])
    with pytest.raises(ValueError, match="X must have 2 columns, got 3"):
        plot(KAN([2, 1]), samples(3))


def test_constant_samples_are_drawn():
    plot(KAN([2, 2, 1]), np.zeros((1, 2)))


@pytest.mark.parametrize("size", [(9, 3), (2, 6), (4, 4)])
@pytest.mark.parametrize("widths", [[2, 1, 1], [2, 5, 1], [1, 1]])
def test_all_of_it_is_in_the_frame(size, widths):
    """In axes of any shape, names and title included."""
    figure = Figure(figsize=size)
    axes = figure.add_axes((0, 0, 1, 1))
    plot(KAN(widths, seed=1), samples(widths[0]), title="f", axes=axes)
    frame, renderer = figure.bbox.padded(1), FigureCanvasAgg(figure).get_renderer()
    for artist in (*axes.texts, *axes.lines):
        box = artist.get_window_extent(renderer)
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
