"""The explorables of chapter 12: what they draw and say is what was stored, and the chapter's answers hold."""

import numpy as np
import pytest
from drawing import drawn

from minikan import discover
from minikan.widgets.laws import (
    COUNTS,
    DRAWS,
    FRONTS,
    FUNCTIONS,
    MINUTES,
    NOISES,
    TABLES,
    TIMES,
    WORLDS,
    Front,
    HowSure,
    beyond,
    coffee,
    cooling,
    law_runs,
    paper_table,
    pendulum,
    planck,
    smooth,
    spectrum,
    swing,
    worlds,
)


@pytest.fixture(scope="module")
def front():
    return Front()


@pytest.fixture(scope="module")
def sure():
    return HowSure()


def test_the_worlds_obey_kepler():
    X, T, names = worlds()
    assert names == WORLDS.split() and X.shape == (28, 3) and names[12] == "Callisto"
    law = 2 * np.pi * np.sqrt(X[:, 0] ** 3 / (6.6743e-11 * X[:, 1]))
    assert abs(T / law - 1).max() < 0.01
    assert X[:, 2].tolist() == [len(name) for name in names]


def test_a_pendulum_is_integrated_rightly():
    t = np.linspace(0, 3, 301)
    path = swing(lambda x, v: -4 * x, 1.0, 0.0, t)
    np.testing.assert_allclose(path, np.column_stack([np.cos(2 * t), -2 * np.sin(2 * t)]), atol=1e-6)
    quiet, noisy = pendulum(0.0, 0), pendulum(0.01, 3)
    assert 0.008 < (noisy[1] - quiet[1]).std() < 0.012 and quiet[1][0] == 2.5


def test_smoothing_chooses_its_roughness():
    t, x = pendulum(0.005, 1)
    bend = smooth(t, x).input_derivatives(t[:, None])[1].ravel()
    inside = (t > 0.5) & (t < 11.5)
    path = swing(lambda x, v: -9 * np.sin(x) - 0.3 * v, 2.5, 0.0, np.linspace(0, 12, 2397))[::4]
    truth = -9 * np.sin(path[:, 0]) - 0.3 * path[:, 1]
    assert np.sqrt(np.mean((bend - truth)[inside] ** 2)) < 0.2


def test_plancks_law_has_its_limits():
    h, k, c = 6.62607015e-34, 1.380649e-23, 2.99792458e8
    assert planck(1e-3, 5000.0) == pytest.approx(1e9 * 2 * (1e9) ** 2 * k * 5000 / c**2, rel=1e-4)
    assert planck(5e3, 5000.0) == pytest.approx(
        1e9 * 2 * h * 5e15**3 / c**2 * np.exp(-h * 5e15 / (k * 5000)), rel=1e-9
    )


def test_stored_searches_have_the_sizes_that_are_said():
    stored, shape = law_runs(), (len(NOISES), len(COUNTS), DRAWS)
    assert stored["coffee_right"].shape == stored["coffee_text"].shape == shape
    assert stored["coffee_curve"].shape == stored["coffee_reach"].shape == (*shape, len(MINUTES))
    assert stored["worlds_right"].shape == (2, 5)
    for key, name in [(f"pendulum_{seed}", "pendulum") for seed in range(3)] + [(n, n) for n in FRONTS[1:]]:
        assert stored[f"{key}_curve"].shape == (len(stored[f"{key}_text"]), len(beyond(name)))
        assert np.all(np.diff(stored[f"{key}_complexity"]) >= 0)
        assert 0 <= stored[f"{key}_best"] < len(stored[f"{key}_text"])
    assert not any("FAKE" in str(text) for key, text in stored.items() if key.endswith("_text"))


def test_a_stored_search_is_what_discover_finds():
    t, y = coffee(120, 0.1, 2)
    law = discover(t[:, None], y, ["t"], library=FUNCTIONS, seconds=3000, progress=False).best
    stored = law_runs()
    with pytest.warns(UserWarning, match="outside"):
        curve = law.predict(MINUTES[:, None])
    np.testing.assert_allclose(stored["coffee_curve"][0, 3, 2], curve, atol=1e-2)


def test_the_laws_of_a_pendulum_were_driven():
    stored = law_runs()
    start = stored["pendulum_0_curve"][:, 0]
    np.testing.assert_allclose(start, 2.5)
    truth = swing(lambda x, v: -9 * np.sin(x) - 0.3 * v, 2.5, 0.0, TIMES)[:, 0]
    off = np.sqrt(np.mean((stored["pendulum_0_curve"] - truth)[:, TIMES <= 12] ** 2, axis=1))
    np.testing.assert_allclose(off, stored["pendulum_0_off"], atol=0.03)


def test_front_draws_errors_and_curve(front):
    for table in FRONTS:
        left, right = drawn(front, table=table, law=1)
        part = front.fronts[table]
        np.testing.assert_allclose(left.lines[0].get_ydata(), part["training"] / part["training"][0])
        np.testing.assert_allclose(left.lines[1].get_ydata(), part["held"] / part["training"][0])
        curve = part["curve"][0][np.isfinite(part["curve"][0])]
        size = np.abs(front.readings[table][1]).max()
        np.testing.assert_allclose(right.lines[1].get_ydata() * size, curve)
        assert right.get_xlim()[1] >= beyond(table)[-1] / TABLES[table][1]
        assert left.lines[0].get_xdata().max() < left.get_xlim()[1]
        low, high = left.get_ylim()
        shown = np.concatenate([line.get_ydata() for line in left.lines[:2]])
        assert low < shown.min() and shown.max() < high
        best = int(part["best"])
        assert "recommended" in front.caption(table, best + 1)


def test_how_sure_draws_a_stored_search(sure):
    left, right = drawn(sure, noise=0.5, n=30, draw=3)
    stored = law_runs()
    np.testing.assert_allclose(left.lines[0].get_ydata(), cooling(MINUTES))
    np.testing.assert_allclose(left.lines[1].get_xdata(), coffee(30, 0.5, 2)[0])
    np.testing.assert_allclose(left.lines[2].get_ydata(), stored["coffee_curve"][1, 1, 2])
    for line, row in zip(right.lines, stored["coffee_right"].mean(axis=2), strict=False):
        np.testing.assert_allclose(line.get_ydata(), row)
    word = "right" if stored["coffee_right"][1, 1, 2] else "wrong"
    assert f"the form is {word}" in sure.caption(0.5, 30, 3)


def test_the_law_of_the_spectrum_is_a_look_alike():
    y = spectrum(0)[1]
    stored = law_runs()
    curve, at = stored["spectrum_curve"][stored["spectrum_best"]], beyond("spectrum")
    off = abs(curve - planck(at, 5772.0))
    assert off[(at > 50) & (at < 1200)].max() < 0.02 * y.max()
    assert off[0] > 0.3 * planck(20.0, 5772.0)


def test_the_papers_table_has_its_columns_if_it_is_there():
    for row in paper_table():
        assert {"section", "name", "paper", "median", "reached", "note"} <= set(row)


def test_only_the_bias_of_smoothing_makes_a_correction():
    stored = law_runs()
    simple = stored["smoothing_complexity"] == 3.5
    assert simple.tolist() == [False, True, True, True]
    assert all("sin(x)" in text for text in stored["smoothing_text"][1:])


def test_a_right_form_has_three_constants():
    stored = law_runs()
    assert all(
        "exp" in text and text.count(" + ") == 1 for text in stored["coffee_text"][stored["coffee_right"]]
    )
