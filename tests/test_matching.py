"""The right function comes first for a curve, and for the right reason."""

import numpy as np
import pytest

from minikan.functions import LIBRARY, Function
from minikan.matching import match

X1 = np.random.default_rng(0).uniform(-1, 1, 500)


def best(y, x=X1, **options):
    return match(x, y, **options)[0]


@pytest.mark.parametrize(
    ("name", "y"),
    [
        ("sin", 1e-3 * np.sin(3 * X1 + 1)),
        ("sin", np.cos(9 * X1)),
        ("arctan", np.arctan(2 * X1 + 0.3)),
        ("tanh", np.tanh(2 * X1 + 0.3)),
        ("tanh", 1 / (1 + np.exp(-3 * X1))),
        ("x^2", X1**2),
        ("cosh", np.cosh(2 * X1)),
        ("abs", np.abs(X1 - 0.2)),
        ("x", 2 * X1 + 1),
        ("0", np.full(500, 3.0)),
        ("0", np.full(500, 1e6) + 1e-9 * X1),
        ("exp", np.exp(-2 * X1)),
        ("log", np.log(X1 + 1.5)),
        ("sqrt", np.sqrt(X1 + 1.01)),
        ("1/x", 1 / (1.2 - X1)),
        ("1/sqrt", (X1 + 2) ** -0.5),
        ("x^3", (X1 - 0.2) ** 3),
        ("gaussian", np.exp(-2 * X1**2)),
        ("arcsin", np.arcsin(0.9 * X1)),
        ("J0", LIBRARY["J0"].evaluate(20 * X1)[0]),
    ],
)
def test_the_right_function_comes_first(name, y):
    found = best(y)
    assert found.function.name == name
    a, b, c, d = found.weights
    np.testing.assert_allclose(
        c * found.function.evaluate(a * X1 + b)[0] + d, y, atol=1e-7 * (np.ptp(y) + 1e-3)
    )


@pytest.mark.parametrize("shift", [1e4, -3.0])
@pytest.mark.parametrize("scale", [1e-5, 1e5])
def test_units_do_not_matter(shift, scale):
    found = best(scale * np.sin(3 * X1), scale * X1 + shift)
    assert found.function.name == "sin" and found.error < 1e-12
    assert found.weights[0] == pytest.approx(3 / scale, rel=1e-5)


@pytest.mark.parametrize("half", [1.0, 0.3, 0.12])
def test_a_short_piece_of_a_curve_is_enough(half):
    """Where cosh is nearly x², its numbers are hard to tell: they are found all the same."""
    found = best(np.cosh(half * X1), half * X1)
    assert found.function.name == "cosh" and found.error < 1e-15
    assert abs(found.weights[0]) == pytest.approx(1, rel=1e-2)


def test_limits_are_no_rivals():
    """A sine near its crest is a parabola in the limit, a root far from 0 a line: such mimics stay behind."""
    for name, y in (("x^2", (X1 - 0.1) ** 2), ("x", X1)):
        first, *others = match(X1, y)
        assert first.function.name == name and first.error < 1e-25
        assert min(c.error for c in others if c.function.degree != 1) > 1e-10
        for c in others:
            a, b, *_ = c.weights  # X1 goes from -1 to 1 or nearly so
            assert (
                abs(a) > 0.099
                if c.function.degree is None and c.function.name != "log"
                else abs(b) < 32 * abs(a)
            )


def test_noise_does_not_buy_complexity():
    y = X1**2 + np.random.default_rng(2).normal(0, 0.01, 500)
    assert best(y).function.name == "x^2"


def test_a_kink_is_not_an_absolute_value():
    y = np.where(X1 < 0.2, -0.2 * (X1 - 0.2), X1 - 0.2)  # slopes -0.2 and 1: |x| alone cannot do it
    assert best(y).error > 1e-3


def test_held_out_range_tells_mimics():
    found = {c.function.name: c for c in match(X1, np.sin(2 * X1))}
    assert found["sin"].held_out < 1e-20 < 1e-4 < found["x^3"].held_out
    assert found["arctan"].held_out > 5 * found["arctan"].error


def test_undefined_candidates_are_left_out():
    names = [c.function.name for c in match(X1, np.sin(2 * X1), ["sin", "tan", "log"])]
    assert names[0] == "sin"
    for candidate in match(X1, np.sin(40 * X1)):
        a, b, *_ = candidate.weights
        assert candidate.function.defined(a * X1 + b) and np.isfinite(candidate.error)


def test_a_curve_beyond_float64_is_refused():
    for x, y in (([-1.7e308, 1.7e308], [0, 1]), ([0, 1], [1e200, -1e200])):
        with pytest.raises(ValueError, match="match overflows float64"):
            match(x, y)


def test_a_curve_may_be_few_points_at_its_ends():
    for x, y in (([0, 1], [0, 1]), ([0, 0, 1], [1, 0, 2]), ([2.0], [3.0])):
        assert match(x, y)[0].error < 1


def test_match_is_a_border():
    with pytest.raises(ValueError, match=r"same length, got 2 and 3"):
        match([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="x must be a vector"):
        match([[0, 1]], [0, 1])
    for junk in ([None], [3], ["no such"], "sin"):
        with pytest.raises(ValueError, match=r"there is no function .+; the library has 0, x, "):
            match([0, 1], [0, 1], junk)


@pytest.mark.parametrize("periods", [3, 9, 11, 13, 20, 47, 150])
@pytest.mark.parametrize(("low", "width"), [(0, 1), (250, 150), (-3e-9, 1e-9)])
def test_fast_waves_are_found_by_their_spectrum(periods, low, width):
    x = np.sort(np.random.default_rng(periods).uniform(low, low + width, 1000))
    a = 2 * np.pi * periods / width
    found = best(3e5 + 1e4 * np.cos(a * (x - low) + 0.7), x)
    assert found.function.name == "sin" and found.error < 1e-15
    assert abs(found.weights[0]) == pytest.approx(a, rel=1e-9)


@pytest.mark.parametrize("periods", [2, 15, 60])
def test_fast_waves_are_found_in_noise(periods):
    x = np.linspace(0, 1, 2000)
    y = np.sin(2 * np.pi * periods * x) + np.random.default_rng(3).normal(size=2000)
    found = best(y, x)
    assert found.function.name == "sin" and found.error < 0.75
    assert abs(found.weights[0]) == pytest.approx(2 * np.pi * periods, abs=1)


def test_a_wave_of_any_form_is_found_by_its_spectrum():
    def derivatives(u):  # sin u + sin(3 u) / 3
        s, c, s3, c3 = np.sin(u), np.cos(u), np.sin(3 * u), np.cos(3 * u)
        return s + s3 / 3, c + c3, -s - 3 * s3, -c - 9 * c3

    wave = Function("wave", derivatives, lambda u: u, 3, half_period=np.pi)
    x = np.linspace(0, 1, 2000)
    found = match(x, derivatives(80 * np.pi * x + 0.5)[0], [wave])[0]
    assert found.error < 1e-15 and abs(found.weights[0]) == pytest.approx(80 * np.pi)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [3, 40, 1999])
def test_no_fit_is_worse_than_none(seed, n):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, n)
    for y in (np.sin(60 * np.pi * x), rng.standard_cauchy(n)):
        assert max(found.error for found in match(x, y)) <= 1 + 1e-12


@pytest.mark.parametrize("noise", [0.5, 1.2, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_what_explains_nothing_does_not_come_first(noise, seed):
    """A line with R² = 0.01 is simpler than a sine with 0.75, and worth less."""
    x = np.linspace(-1, 1, 2000)
    y = np.sin(10 * x) + noise * np.random.default_rng(seed).normal(size=2000)
    names = [found.function.name for found in match(x, y, ["x", "x^2", "sin"])]
    assert names[0] == "sin"
