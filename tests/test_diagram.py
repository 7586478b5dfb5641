"""The diagram: what is drawn, where, and how dark."""

import dataclasses
from itertools import pairwise

import numpy as np
import pandas
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from minikan import KAN, MLP, plot
from minikan.functions import LIBRARY
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer


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
    with pytest.raises(ValueError, match=r"inputs must differ, got several times \['a'\]"):
        plot(KAN([2, 1]), samples(2), inputs=["a", "a"])
    with pytest.raises(ValueError, match=r"outputs must differ, got several times \['\$'\]"):
        plot(KAN([2, 2]), samples(2), outputs=["$", "$"])
    with pytest.raises(ValueError, match="X must have 2 columns, got 3"):
        plot(KAN([2, 1]), samples(3))
    with pytest.raises(TypeError, match="plot needs a KAN, whose edges are curves, got MLP"):
        plot(MLP([2, 1]), samples(2))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e308, 1e200])
@pytest.mark.parametrize("depth", [0, 1])
def test_what_is_too_large_is_not_drawn(depth, value):
    model, axes = KAN([2, 2, 1]), Figure().subplots()
    model.layers[depth].base_weight[0, 0] = value
    with pytest.raises(ValueError, match="plot overflows float64"):
        plot(model, samples(2), axes=axes)
    assert not axes.lines
    assert not axes.texts


def test_samples_that_are_too_large_are_not_drawn():
    for size in (1e160, 1e300, 1e308):
        with pytest.raises(ValueError, match="plot overflows float64"):
            plot(KAN([2, 1]), samples(2) * size)
        idle = KAN([2, 1])
        idle.parameters *= 0  # the curves are all right
        with pytest.raises(ValueError, match="plot overflows float64"):
            plot(idle, samples(2) * size)


def test_constant_samples_are_drawn():
    plot(KAN([2, 2, 1]), np.zeros((1, 2)))
    idle = KAN([2, 1], domain=(-100, 100))
    idle.parameters *= 0
    plot(idle, np.full((1, 2), -1.79e308))
    idle.layers[0].coef[...] = 1.79e308
    idle.layers[0].coef[1] *= -1
    plot(idle, np.zeros((1, 2)))


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


def named():
    edges = [FunctionEdge(LIBRARY["arctanh"], [1, 0, 1, 0]) for _ in range(2)]
    above = SparseLayer(1, 1, {(0, 0): FunctionEdge(LIBRARY["tanh"], [1, 0, 1, 0])})
    return KAN.from_layers([SparseLayer(2, 1, {(i, 0): edge for i, edge in enumerate(edges)}), above])


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_network_of_functions_has_its_formula_as_title():
    X = 0.8 * samples(2)
    said = words(plot(named(), X, inputs=["a", "b"], outputs=["v"]))
    assert (
        r"$\text{v} = \tanh{\left(\mathrm{artanh}{\left(a \right)} + \mathrm{artanh}{\left(b \right)} \right)}$"
        in said
    )
    assert said.count("arctanh") == 2 and "tanh" in said
    assert "speed" in words(plot(named(), X, title="speed"))
    assert not any("=" in text for text in words(plot(named(), X, title="")))
    assert not any("=" in text for text in words(plot(KAN([2, 1, 1]), X)))


def test_a_title_is_as_large_as_fits():
    sizes = []
    for width in (8, 2.5, 0.6):
        figure = Figure(figsize=(width, 4))
        plot(named(), 0.8 * samples(2), axes=figure.add_axes((0, 0, 1, 1)))
        renderer = FigureCanvasAgg(figure).get_renderer()
        titles = [text for text in figure.axes[0].texts if "=" in text.get_text()]
        sizes.append([text.get_fontsize() for text in titles])
        assert all(text.get_window_extent(renderer).width <= figure.bbox.width for text in titles)
    assert sizes[0] == [13] and 6 <= sizes[1][0] < 13 and sizes[2] == []


def of_functions(n_in, n_out, names):
    places = [(i, j) for i in range(n_in) for j in range(n_out)]
    edges = {at: FunctionEdge(LIBRARY[name], [1, 0, 1, 0]) for at, name in zip(places, names, strict=True)}
    return SparseLayer(n_in, n_out, edges)


def signs(figure):
    """Where the white signs on dots are, by sign: {"+": [(x, y), …], "x": …}."""
    found = {"+": [], "x": []}
    for line in figure.axes[0].lines:
        if line.get_marker() in found:
            found[line.get_marker()].append(tuple(line.get_xydata()[0]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("size", [(10, 3.6), (3.3, 3.6), (7, 3), (4, 5)])
def test_names_stand_clear_of_all_lines_and_of_each_other(size):
    """Above the frame, no wider than the place of a panel, with powers raised."""
    names = ["arctanh", "1/x^2", "x^1.5", "gaussian", "sigmoid", "1/sqrt", "arcsin", "x^5", "x"]
    model = KAN.from_layers([of_functions(3, 3, names), of_functions(3, 1, ["exp", "arccos", "x^2"])])
    figure = Figure(figsize=size)
    plot(
        model,
        np.random.default_rng(0).uniform(0.1, 0.9, (50, 3)),
        axes=figure.add_axes((0, 0, 1, 1)),
        title="",
    )
    renderer, (axes,) = FigureCanvasAgg(figure).get_renderer(), figure.axes
    shown = {text.get_text(): text.get_window_extent(renderer) for text in axes.texts}
    assert {"arctanh", "1/x²", "x¹·⁵", "x⁵", "x²"} < shown.keys()
    boxes = list(shown.values())
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for line in axes.lines:
        ends = line.get_transform().transform(line.get_xydata())
        for a, b in pairwise(ends):
            points = a + np.linspace(0, 1, 200)[:, None] * (b - a)
            assert not any(box.contains(*point) for box in boxes for point in points)


def test_dots_say_that_they_add_or_multiply():
    figure = plot(KAN([2, 1, 1], seed=1), samples(2))
    assert signs(figure) == {"+": [(0, pytest.approx(2.2))], "x": []}  # the hidden node alone has two edges
    figure = plot(KAN([2, [1, 1], 1], seed=1), samples(2))
    assert {sign: len(places) for sign, places in signs(figure).items()} == {"+": 4, "x": 1}


def test_what_hardly_moves_is_left_out_but_a_name_never_is():
    model = KAN([2, 1], seed=3)
    model.layers[0].weights[1] *= 0.005
    figure = plot(model, samples(2))
    assert [line.get_alpha() for line in figure.axes[0].lines if len(line.get_xdata()) == 50][1] == 0
    assert signs(figure)["+"] == []
    layer = SparseLayer(
        2, 1, {(i, 0): FunctionEdge(LIBRARY["x"], [1, 0, c, 0]) for i, c in enumerate((1, 1e-6))}
    )
    figure = plot(KAN.from_layers([layer]), samples(2))
    assert min(line.get_alpha() or 1 for line in figure.axes[0].lines) == 0.6
    assert len(signs(figure)["+"]) == 1


AWKWARD = [
    "temp_Annual_%", "$", "cost in $ or $", "$a_$", "a^2", "x_{", "}{", "\\", "a\\", r"\frac", r"\$", "5 % &",
    "Δt in °C", "x̂²", "", " ", "two\nlines", "tab\t\0", "#1", "~'`\"", "a" * 3000, "é" * 90, "$x_1$", r"$\alpha$", "_",
]  # fmt: skip


def rendered(figure):
    """Draw all, and give the boxes of the texts."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return {text.get_text(): text.get_window_extent(renderer) for text in figure.axes[0].texts}


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_of_a_column_can_be_drawn(name):
    """Of splines and of functions, as a formula in the title; it stays inside the picture, clear of its neighbour."""
    X = 0.8 * samples(2)
    for model in (KAN([2, 1]), named()):
        figure = plot(model, pandas.DataFrame(X, columns=[name, "other"]), outputs=[name])
        shown, frame = rendered(figure), figure.bbox
        boxes = list(shown.values())
        assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 for b in boxes)
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        short = name.isprintable() and 0 < len(name.strip()) < 20
        assert not short or name in shown
        assert "other" in shown


def test_a_formula_says_names_letter_by_letter():
    words_ = words(plot(named(), 0.8 * samples(2), inputs=["temp_Annual_%", r"$\alpha$"], outputs=["a$"]))
    inner = r"\mathrm{artanh}{\left(\text{temp_Annual_%} \right)} + \mathrm{artanh}{\left(\alpha \right)}"
    assert rf"$\text{{a\$}} = \tanh{{\left({inner} \right)}}$" in words_


def test_long_names_lose_their_middle():
    names = [f"mean temperature in degrees, {year}" for year in (2019, 2020)]
    shown = [text for text in words(plot(KAN([2, 1]), samples(2), inputs=names)) if "…" in text]
    assert len(set(shown)) == 2
    assert all(text.startswith("mean t") and text[-4:] in ("2019", "2020") for text in shown)


def test_functions_with_odd_names_can_be_drawn():
    odd = dataclasses.replace(LIBRARY["sin"], name="$a_$ {")
    layer = SparseLayer(1, 1, {(0, 0): FunctionEdge(odd, [1, 0, 1, 0])})
    assert "$a_$ {" in rendered(plot(KAN.from_layers([layer]), samples(1)))
