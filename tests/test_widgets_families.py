"""The explorables of chapter 09: what they draw and say is what the engine computes."""

import numpy as np
import pytest
from drawing import drawn

from minikan import KAN, fit
from minikan.widgets.families import TARGETS, Families, Groups, dealt, family, kinds, loners, own_formula

NAMES = ("splines", "Gaussians", "Chebyshev", "Fourier")


@pytest.fixture(scope="module")
def families():
    return Families()


@pytest.fixture(scope="module")
def groups():
    return Groups()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [8, 12, 40])
def test_families_are_compared_at_equal_numbers_of_features(name, size):
    assert family(name, size).m == size


@pytest.mark.parametrize("name", NAMES)
def test_inside_the_formula_is_what_the_package_computes(name):
    basis, x = family(name, 12), np.linspace(-1, 1, 50)
    np.testing.assert_allclose(own_formula(basis, x), basis.features(x[None]).matrix(), atol=1e-12)


def test_outside_the_formulas_do_what_the_chapter_says():
    far = np.array([-1.4, 1.4])
    assert (own_formula(family("splines", 12), far) == 0).all()
    assert np.abs(own_formula(family("Chebyshev", 12), far)).max() > 1000
    waves = family("Fourier", 12)
    np.testing.assert_allclose(own_formula(waves, far)[2:], own_formula(waves, far - [-2, 2])[2:], atol=1e-12)


def test_the_answers_of_families_come_out(families):
    def found(target, size):
        return {name: families.errors[target, name, size] for name in NAMES}

    bell = found("a bell", 10), found("a bell", 40)
    assert min(bell[0], key=bell[0].get) == "Fourier" and min(bell[1], key=bell[1].get) == "Chebyshev"
    assert bell[1]["Chebyshev"] < 1e-13
    splines = [families.errors["a bell", "splines", size] for size in (24, 40)]
    assert np.log(splines[0] / splines[1]) / np.log(37 / 21) == pytest.approx(4, abs=0.5)  # cells
    assert all(families.errors["a wave", "Fourier", size] < 1e-13 for size in families.sizes)
    for target in ("a corner", "a step"):
        errors = found(target, 24).values()
        assert max(errors) < 3 * min(errors)


def test_families_draws_the_fit_and_both_continuations(families):
    left, right = drawn(families, target="a bell", name="Chebyshev", size=12)
    basis, weights = families.bases["Chebyshev", 12], families.curves["a bell", "Chebyshev", 12]
    x, formula, straight = left.lines[1].get_xdata(), left.lines[1].get_ydata(), left.lines[2].get_ydata()
    np.testing.assert_allclose(straight, weights @ basis.features(x[None]).matrix())
    inside = np.abs(x) <= 1
    np.testing.assert_allclose(formula[inside], straight[inside], atol=1e-9)
    assert np.abs(np.diff(straight[x > 1.01], 2)).max() < 1e-9  # a straight line
    error = np.sqrt(
        np.mean((weights @ basis.features(families.x[None]).matrix() - TARGETS["a bell"](families.x)) ** 2)
    )
    assert 10 ** right.lines[-1].get_ydata()[0] == pytest.approx(error)
    assert f"error {error:.0e} inside" in families.caption("a bell", "Chebyshev", 12)


def test_edges_are_dealt_input_by_input():
    assert dealt(24)[0].tolist() == np.arange(24).reshape(6, 4).tolist()
    assert all(len(set(row)) == 1 for row in dealt(6)[0].tolist())
    np.testing.assert_array_equal(dealt(3)[0][:, 0], [0, 0, 1, 1, 2, 2])
    assert dealt(1)[0].max() == 0


def test_sharing_is_free_among_edges_that_are_alike(groups):
    """The answers that the chapter gives to its questions."""
    three, six = ([groups.runs[name, count][1] for count in groups.counts] for name in groups.targets)
    assert three[3] < 5 * three[0] and three[4] > 5 * three[3]
    assert six[2] < 3 * six[0] and six[3] > 5 * six[2]


def test_the_functions_are_of_the_kinds_that_are_said():
    X, t = np.zeros((50, 6)), np.linspace(-1, 1, 50)

    def alone(f, i):
        moved = X.copy()
        moved[:, i] = t
        curve = np.log(f(moved))
        return curve - curve.mean()

    for i, j in ((0, 1), (2, 3), (4, 5)):
        pairs = [np.stack([alone(f, i), alone(f, j)]) for f in (kinds, loners)]
        ranks = [np.linalg.svd(pair, compute_uv=False) for pair in pairs]
        assert ranks[0][1] < 1e-12 * ranks[0][0] and ranks[1][1] > 0.05 * ranks[1][0]


def test_groups_draws_the_trained_curves_in_the_colour_of_their_group(groups):
    left, right = drawn(groups, target="three kinds", step=3)
    curves, error, size = groups.runs["three kinds", 3]
    (drawn_curves,) = left.collections
    segments, colours = drawn_curves.get_segments(), drawn_curves.get_colors()
    assert len(segments) == 24 and len({tuple(colour) for colour in colours}) == 3
    assert [len({tuple(colour) for colour in colours[k : k + 8]}) for k in (0, 8, 16)] == [
        1,
        1,
        1,
    ]  # two inputs
    np.testing.assert_allclose(segments[0][:, 1], 0.45 * curves[0, 0] / np.abs(curves).max())
    np.testing.assert_allclose(segments[5][:, 1], 0.45 * curves[1, 1] / np.abs(curves).max() - 1)
    assert 10 ** right.lines[-1].get_ydata()[0] == pytest.approx(error)
    assert f"{size} parameters" in groups.caption("three kinds", 3)


def test_what_groups_shows_is_a_training(groups):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (300, 6))
    model = KAN([6, 4, 1], seed=0, groups=dealt(2))
    fit(model, X, kinds(X), steps=25, update_grid=True, progress=False)
    assert model.parameters.size == groups.runs["three kinds", 2][2] == 2 * 9 + 24 + 4 * 9 + 4
