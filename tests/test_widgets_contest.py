"""The explorables of chapter 08: what they draw and say is what was trained and stored."""

import numpy as np
import pytest
from drawing import drawn

from minikan.widgets.contest import CENTRES, Forgetting, Race, peaks


@pytest.fixture(scope="module")
def forgetting():
    return Forgetting()


@pytest.fixture(scope="module")
def race():
    return Race()


def whole(forgetting, family, lesson=5):
    return np.sqrt(np.mean((forgetting.curves[family][lesson - 1] - peaks(forgetting.x)) ** 2))


def test_splines_alone_keep_all_peaks(forgetting):
    assert whole(forgetting, "splines") < 1e-5


@pytest.mark.parametrize(
    ("family", "least", "most"), [("silu", 0.03, 1), ("hidden", 0.01, 1), ("mlp", 1, 100)]
)
def test_the_others_do_not(forgetting, family, least, most):
    assert least < whole(forgetting, family) < most


def test_an_old_lesson_is_untouched_by_later_ones(forgetting):
    """The answer to the chapter's first question: to the last bit, where no function overlaps."""
    first = forgetting.x < CENTRES[0] + 0.15
    curves = forgetting.curves["splines"][:, first]
    np.testing.assert_array_equal(curves[1:], np.tile(curves[0], (4, 1)))


def test_silu_lifts_the_old_peak_as_a_whole(forgetting):
    """The change from lesson 1 to lesson 2 is smooth over the old peak: a weight times silu."""
    old = abs(forgetting.x - CENTRES[0]) < 0.15
    change = np.diff(forgetting.curves["silu"][:2], axis=0)[0]
    assert np.ptp(change[old]) < np.abs(change[old]).max() and np.abs(change[old]).max() > 0.05


def test_forgetting_draws_the_curve(forgetting):
    (axes,) = drawn(forgetting, lesson=4, family="mlp")
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), forgetting.curves["mlp"][3])
    assert "nothing was learned before" in forgetting.caption(1, "splines")


def test_the_race_chooses_by_validation(race):
    at = list(race.table["tasks"]).index("jump")
    for name, test, chosen in race._rows("jump", -1, False):
        family = list(race.table["families"]).index(name)
        best = race.table["validation"][at, family].argmin(axis=1)
        np.testing.assert_array_equal(chosen, race.table["test"][at, family][range(5), best])
        assert test.shape == (5, 8)


def test_the_race_shows_sizes_and_families(race):
    assert [name for name, *_ in race._rows("composition", -1, True)] == ["KAN, shape known", "KAN", "MLP"]
    assert [test.shape for _, test, _ in race._rows("digits", 1, False)] == [(5, 2), (5, 2)]
    assert "no noise was added" in race.caption("digits", -1, True)


def test_sizes_go_from_few_parameters_to_many(race):
    (_, known, _), *_ = race._rows("composition", 0, False)
    assert known.shape == (5, 2)
    at = list(race.table["tasks"]).index("jump")
    for row, (_, test, _) in zip((1, 2), race._rows("jump", 3, False), strict=True):
        largest = np.argsort(race.table["parameters"][at, row, 0], kind="stable")[-2:]
        np.testing.assert_array_equal(test, race.table["test"][at, row][:, largest])


def test_dots_lie_on_the_axes(race):
    for task in race.tasks:
        (axes,) = drawn(race, task=task, size=-1, noise=False)
        low, high = axes.get_xlim()
        for line in axes.lines:
            assert low < line.get_xdata().min() and line.get_xdata().max() < high


def test_a_hidden_layer_forgets_the_neighbour_most(forgetting):
    """The answer to the chapter's third question."""
    wrong = np.abs(forgetting.curves["hidden"][4] - peaks(forgetting.x))
    worst = [wrong[abs(forgetting.x - centre) < 0.2].max() for centre in CENTRES]
    assert np.argmax(worst) == 3
