"""The explorables of chapter 11: what they draw and say is what the engine computes, and the chapter's answers hold."""

from itertools import combinations

import numpy as np
import pytest
from drawing import drawn

from minikan import KAN, compile_formula, fit, structure
from minikan.widgets.structure import (
    COUNTS,
    FORMULAS,
    GAS,
    NOISES,
    PAIRS,
    TALKS,
    Compile,
    WhoTalks,
    carbon_dioxide,
    structure_runs,
    table_of,
)


@pytest.fixture(scope="module")
def talks():
    return WhoTalks()


@pytest.fixture(scope="module")
def compiled():
    return Compile()


def _seen(talks, name, noise, n):
    (size, _, limit), tree, _ = talks.found(name, noise, n)
    return " ".join("".join(pair) for pair, above in zip(PAIRS, size > limit, strict=True) if above), tree


@pytest.mark.parametrize("name", TALKS)
def test_pairs_that_act_together_are_those_of_the_formula(name):
    """The mixed derivative by differences, which for other pairs vanishes."""
    f, h = TALKS[name][0], 1e-3
    x = np.array([0.3, -0.4, 0.55, 0.2])
    for j, i in combinations(range(4), 2):
        one, two = np.eye(4)[[i, j]] * h
        mixed = f(*(x + one + two)) - f(*(x + one - two)) - f(*(x - one + two)) + f(*(x - one - two))
        acts = "abcd"[j] + "abcd"[i] in TALKS[name][1].split()
        assert (abs(mixed) / (4 * h**2) > 1e-2) == acts


def test_a_table_has_spread_one_and_the_noise_that_is_said():
    X, y, options = table_of("a·b + c·d", 0.05, 2000)
    exact = table_of("a·b + c·d", 0.0, 2000)
    np.testing.assert_array_equal(X, exact[0])
    assert exact[1].std() == pytest.approx(1) and (y - exact[1]).std() == pytest.approx(0.05, rel=0.1)
    assert "penalty" in options and not exact[2]


def test_the_gas_is_ideal_where_there_is_room_and_obeys_its_law():
    X, P = carbon_dioxide(500, seed=1, noise=0.0)
    T, V = X.T
    np.testing.assert_allclose((P + 0.0364 / V**2) * (V - 0.04267), GAS * T)
    assert (P < GAS * T / V).all() and T.min() > 3.1 and T.max() < 4.5
    assert np.std(carbon_dioxide(500, seed=1)[1] - P) == pytest.approx(0.005, rel=0.1)


def test_a_stored_run_is_what_comes_out_again(talks):
    X, y, options = table_of("a + b + c + d", 0.0, 250)
    fit(model := KAN([4, 6, 1], grid=4, seed=0), X, y, steps=60, progress=False, **options)
    found = structure(model, X, y, list("abcd"), progress=False, **options)
    (size, _, _), tree, rmse = talks.found("a + b + c + d", 0.0, 250)
    np.testing.assert_allclose(found.interactions[np.triu_indices(4, 1)], size, rtol=0.3, atol=1e-3)
    assert found.tree.text(list("abcd")) == tree and found.error == pytest.approx(rmse, rel=0.3)


def test_who_talks_draws_what_is_stored(talks):
    left, right = drawn(talks, name="a·(b + c) + d", noise=0.01, n=500)
    (size, _, limit), tree, rmse = talks.found("a·(b + c) + d", 0.01, 500)
    seen, hidden = right.lines
    np.testing.assert_allclose(10 ** seen.get_xdata(), size[size > limit])
    np.testing.assert_allclose(10 ** hidden.get_xdata(), size[size <= limit])
    np.testing.assert_allclose([10 ** (bar.get_x() + bar.get_width()) for bar in right.patches], limit)
    assert len(left.lines) == 2 and len(left.texts) == 4
    caption = talks.caption("a·(b + c) + d", 0.01, 500)
    assert (
        f"Seen: ab, ac; 0 too many, 0 missing. Built as {tree}" in caption and f"{100 * rmse:.2g}%" in caption
    )


def test_all_sizes_are_within_the_axes(talks):
    for name in TALKS:
        for noise in NOISES:
            for n in COUNTS:
                (size, _, limit), _, _ = talks.found(name, noise, n)
                assert min(size.min(), limit.min()) > 1e-5 and max(size.max(), limit.max()) < 10


def test_the_answers_of_who_talks_come_out(talks):
    name = "a·(b + c) + d"
    size, _, limit = talks.found(name, 0.01, 500)[0]
    assert (size[:2] > 3.5 * limit[:2]).all() and (size[2:] < limit[2:]).all()
    assert _seen(talks, name, 0.05, 500) == ("ab ac", "?(a, b, c, d)")
    assert _seen(talks, name, 0.05, 2000) == ("ab ac", name) and _seen(talks, name, 0.05, 250)[0] == "ab"
    bars = [np.median(talks.found(name, 0.0, n)[0][2]) for n in COUNTS]
    assert bars[0] > 50 * bars[1] and 0.5 < bars[2] / bars[1] < 2 and bars[1] < 1e-3
    hard = "g(a + b)·c + d"
    assert (
        talks.found(hard, 0.0, 2000)[0][0].argsort()[3] == 0
    )  # ab is the least of the three that act together
    assert (
        _seen(talks, hard, 0.05, 2000) == ("ab ac bc", "a·b·c + d") and not _seen(talks, hard, 0.05, 500)[0]
    )


def test_stored_counts_are_those_that_the_chapter_says():
    stored = structure_runs()
    assert stored["pairs"].shape == (4, 10, 6, 3, 4) and stored["talks"].shape == (5, 3, 3, 3, 6)
    acts = stored["pairs"][0, ..., 0] == 1
    assert all(np.array_equal(acts, pairs[..., 0] == 1) for pairs in stored["pairs"])
    alarms = [np.sum(pairs[..., 1][~acts] > 0.01) for pairs in stored["pairs"]]
    assert alarms[0] == alarms[1] == 0 and alarms[2] == 44 and alarms[3] > 20
    assert np.sum(stored["verdicts"] == 0, axis=(1, 2)).tolist()[:3] == [52, 45, 36]
    assert np.sum(stored["verdicts"] == 3, axis=(1, 2)).max() <= 4


@pytest.mark.parametrize("name", FORMULAS)
def test_compiled_networks_compute_their_formula(compiled, name):
    text, names, domain = FORMULAS[name]
    X = np.random.default_rng(1).uniform(*domain, (50, len(names.split())))
    truth = eval(
        text,
        {each: getattr(np, each) for each in ("sqrt", "exp", "sin", "pi")},
        dict(zip(names.split(), X.T, strict=True)),
    )
    named, loose = (compiled.models[name, which][0] for which in (False, True))
    np.testing.assert_allclose(named(X)[:, 0], truth, atol=1e-12)
    np.testing.assert_allclose(loose(X)[:, 0], truth, atol=0.05)
    assert f"{named.parameters.size} parameters" in compiled.caption(name, False)
    assert loose.parameters.size == named.parameters.size * 14 // 4


def test_the_answers_of_compile_come_out(compiled):
    said = {name: compiled.caption(name, False) for name in FORMULAS}
    assert said["(u + v)/(1 + u v)"].startswith("8 edges, 2 nodes that multiply")
    assert all(int(text.split()[0]) <= 8 for text in said.values())
    assert "0 nodes that multiply" in said["distance"] and "1 node that multiplies" in said["T/V"]
    floors = sum(bool(layer.edge_list) for layer in compiled.models["(u + v)/(1 + u v)", False][0].layers)
    assert floors == 3
    assert len(drawn(compiled, name="T/V", loose=False)) == 1


def test_the_gas_edges_are_where_the_chapter_looks_for_them():
    """Layer 0, from V to the factor beside T, and to the added term; three constants of van der Waals."""
    box = [(3.1, 4.5), (0.1, 0.5)]
    text = "0.083145*T/(V - 0.02) - 0.02/V**2"
    model = compile_formula(text, ["T", "V"], box, constants_only=True)
    np.testing.assert_allclose(model.parameters[[14, 5, 18]], [0.083145, -0.02, -0.02])
    first = compile_formula("0.083145*T/V + 0.001*V", ["T", "V"], box).layers[0]
    assert first.edge_list == [(0, 0), (1, 1), (1, 2)] and first.edge(1, 1).name == "1/x"
