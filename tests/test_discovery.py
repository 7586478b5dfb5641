"""Laws are found in tables of any units, with sure constants, and nothing is claimed that the data do not say."""

import contextlib
import copy
import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import sympy

from minikan import KAN, compile_formula, discover, structure, tidying
from minikan import discovery as discovery_module
from minikan import laws as laws_module
from minikan import search as search_module
from minikan.fitting import Clock
from minikan.formulas import least_squares, shortened
from minikan.functions import LIBRARY
from minikan.laws import Law
from minikan.named import FunctionEdge
from minikan.objective import Objective
from minikan.snap import Constant, Constrained, snap_constants
from minikan.sparse import SparseLayer
from minikan.surrogate import Surrogate

QUIET: dict = dict(progress=False, seconds=3600)  # no test depends on how fast a computer is
N = 200
REAL = {name: sympy.Symbol(name, real=True) for name in "xyz"}


def table(low, high, seed=0, n=N):
    return np.random.default_rng(seed).uniform(low, high, (n, len(low)))


LAWS = {  # names, lowest, highest, law; its inputs are the first ones
    "ideal gas": ("n T V idle", [0.5, 250, 0.01, 1], [3, 400, 0.05, 2], "8.314*n*T/V"),
    "Arrhenius": ("T idle", [280, 1], [400, 2], "1e13*exp(-9000/T)"),
    "Michaelis-Menten": ("s idle", [1, 0.1], [20, 4], "3.7*s/(2.3 + s)"),
    "Kepler": ("a idle", [1e10, 1], [1e12, 2], "5.45e-10*a**(3/2)"),
    "a sum": ("x z", [-3, -1], [3, 1], "2*cos(x) + z**2/2"),
    "thin lens": ("p q", [1, 1], [2, 3], "1/(1/p + 1/q)"),
    "free fall": ("t idle", [0.5, 1], [3, 2], "4.903*t**2"),
    "Planck": ("f idle", [1e14, 1], [9e14, 2], "6.62607e-34*f"),
}


def sample(law, X=None, seed=0):
    names, low, high, text = LAWS[law]
    X = table(low, high, seed) if X is None else X
    symbols = sympy.symbols(names, real=True)
    truth = sympy.sympify(text, locals=dict(zip(names.split(), symbols, strict=True)))
    return X, sympy.lambdify(symbols, truth)(*X.T), names.split()


@pytest.fixture(scope="module")
def of():
    """Give what is found in the table of a law; each is searched once."""
    known = {}

    def found(law):
        if law not in known:
            known[law] = discover(*sample(law), **QUIET)
        return known[law]

    return found


@pytest.mark.parametrize("law", LAWS)
def test_exact_laws_in_the_units_of_the_table(law, of):
    names, _, high, _ = LAWS[law]
    found, (_, y, _) = of(law), sample(law)
    assert found.finished and found.verdict.startswith("The law is exact") and found.best in found.laws
    assert max(found.best.error, found.best.held_out) < 1e-9 * y.std()
    idle = [name for name in names.split() if name == "idle"]
    assert found.unused == idle and ("not needed: idle" in found.verdict) == bool(idle)
    used = {str(symbol) for symbol in found.best.formula.free_symbols}
    assert used == set(names.split()) - {"idle"}
    # It holds further on, too: inputs 30% above what was seen.
    X, wanted, _ = sample(law, table(high, 1.3 * np.array(high), seed=1))
    with pytest.warns(UserWarning, match="outside"):
        np.testing.assert_allclose(found.best.predict(X), wanted, rtol=1e-6, atol=1e-6 * y.std())


@pytest.mark.parametrize("law", ["ideal gas", "Arrhenius", "a sum"])
def test_predict_is_the_formula_and_the_model(law, of):
    X, _, names = sample(law, seed=2)
    best = of(law).best
    low, high = sample(law)[0].min(axis=0), sample(law)[0].max(axis=0)
    X = np.clip(X, low + 0.2 * (high - low), high - 0.2 * (high - low))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = best.predict(X)
    symbols = {name: sympy.Symbol(name, real=True) for name in names}
    points = [{symbols[name]: value for name, value in zip(names, row, strict=True)} for row in X[:5]]
    np.testing.assert_allclose(values[:5], [float(best.formula.subs(point)) for point in points], rtol=1e-9)
    np.testing.assert_allclose(best.model(X)[:, 0], values, rtol=1e-9)


def test_samples_outside_are_told(of):
    (X, *_), best = sample("a sum"), of("a sum").best
    X = 0.8 * X[:10]
    X[:3, 0] = 4.0
    with pytest.warns(UserWarning, match=r"^3 of 10 samples lie outside of the table's ranges of x:"):
        best.predict(X)


def test_exact_constants_are_found(of):
    found = of("a sum").best
    exact = {constant.exact for constant in found.constants}
    assert {"1/2"} < exact
    x, z = sympy.symbols("x z", real=True)
    assert sympy.simplify(found.formula - (2 * sympy.cos(x) + z**2 / 2)) == 0
    X = table([0.5, -1], [3, 1])
    law = discover(X, np.pi * X[:, 0] ** 2, ["r", "idle"], **QUIET).best
    assert law.formula == sympy.pi * sympy.Symbol("r", real=True) ** 2
    assert "pi" in {constant.exact for constant in law.constants}


def test_constants_say_how_sure_they_are():
    assert repr(Constant("c_1", 8.3145, 0.02)) == "c_1 = 8.315 ± 0.02"
    assert repr(Constant("c_1", 8990, 800.0)) == "c_1 = 8.99e+03 ± 8e+02"
    assert repr(Constant("c_1", 2.5, 1e-15)) == "c_1 = 2.5 ± 1e-15"
    assert repr(Constant("c_1", 0.1, 3.0)) == "c_1 = 0.1 ± 3"
    assert repr(Constant("exact", np.pi, 1e-9, "pi")) == "pi exactly, from 3.1415927 ± 1e-09"


def test_the_front_goes_from_simple_to_exact_and_has_one_arrow(noisy):
    lines = repr(noisy).splitlines()
    assert lines[0].split() == ["complexity", "training", "held", "out", "formula"]
    assert len(lines) == len(noisy.laws) + 2 and lines[-1] == noisy.verdict
    marked = [k for k, line in enumerate(lines) if "→" in line]
    assert marked == [1 + noisy.laws.index(noisy.best)]
    prices = [law.complexity for law in noisy.laws]
    assert prices == sorted(prices)


@pytest.mark.parametrize("exponent", [-34, -7, 14])
def test_units_do_not_matter(exponent, of):
    """Columns and targets times powers of ten: the same structure, the same errors over the spread."""
    X, y, names = sample("Michaelis-Menten")
    before = of("Michaelis-Menten").best
    for X_scale, y_scale in [(1.0, 10.0**exponent), (10.0**exponent, 1.0)]:
        best = discover(X * X_scale, y * y_scale, names, **QUIET).best
        assert best.held_out < 1e-10 * y_scale * y.std()
        values = [law.model.parameters for law in (before, best)]
        edges = [[(layer.edge_list, [layer.edge(*at).name for at in layer.edge_list]) for layer in law.model.layers]
                 for law in (before, best)]  # fmt: skip
        assert edges[0] == edges[1] and len(values[0]) == len(values[1])
        np.testing.assert_allclose(best.predict(X * X_scale), y * y_scale, rtol=1e-9)


FEW: dict = dict(
    library=["x^2"], **QUIET
)  # under noise all functions of a library are tried, again and again


def with_noise():
    X, y, names = sample("free fall")
    return X, y + 0.01 * y.std() * np.random.default_rng(1).normal(size=N), names


@pytest.fixture(scope="module")
def noisy():
    return discover(*with_noise(), **FEW)


def test_a_noisy_law_is_told_with_its_uncertainty(noisy):
    _, y, _ = sample("free fall")
    assert noisy.verdict.startswith("The law is as good as the splines") and noisy.unused == ["idle"]
    assert 0.6 < noisy.best.held_out / (0.01 * y.std()) < 1.5
    assert not any(constant.exact for constant in noisy.best.constants)
    assert any(abs(each.value - 4.903) < 4 * each.error for each in noisy.best.constants)
    assert noisy.best.structure.free_symbols >= {
        sympy.Symbol(constant.symbol, real=True) for constant in noisy.best.constants
    }


def test_what_is_found_can_be_pickled_and_copied(noisy):
    X, _, _ = sample("free fall")
    for other in (pickle.loads(pickle.dumps(noisy)), copy.deepcopy(noisy)):
        assert repr(other) == repr(noisy) and repr(other.best.constants) == repr(noisy.best.constants)
        np.testing.assert_array_equal(other.best.predict(X), noisy.best.predict(X))


def test_columns_of_a_data_frame_are_names(of):
    pandas = pytest.importorskip("pandas")
    X, y, names = sample("Michaelis-Menten")
    found = discover(pandas.DataFrame(X, columns=names), pandas.Series(y), **QUIET)
    assert repr(found) == repr(of("Michaelis-Menten")) and found.names == names
    found = discover(pandas.DataFrame(X, columns=names), y, ["u", "v"], **QUIET)
    assert found.unused == ["v"] and str(found.best.formula.free_symbols) == "{u}"


def test_the_same_seed_gives_the_same_answer(noisy):
    """Also with the fixture's search and others in between."""
    again = discover(*with_noise(), **FEW)
    assert repr(again) == repr(noisy)
    np.testing.assert_array_equal(again.best.model.parameters, noisy.best.model.parameters)


def test_the_table_stays_as_it_was():
    X, y, names = sample("a sum")
    before = X.copy(), y.copy(), list(names), np.geterr()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    discover(X, y, names, **QUIET)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert names == before[2] and np.geterr() == before[3]


X2, Y2 = table([1, 1], [2, 3]), np.arange(N, dtype=float)
X3 = table([-1, -1, -1], [1, 1, 1])
LOOK = structure(compile_formula("x*y + z**2", "xyz", (-1, 1)), X3, names=list("xyz"), progress=False)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ((X2[:, 0], Y2), {}, ValueError, r"X must have two .* use X.reshape\(-1, 1\) for one column"),
        ((X2, Y2[1:]), {}, ValueError, "X and y must have the same length, got 200 and 199"),
        ((X2, np.c_[Y2, Y2]), {}, ValueError, "y must have 1 columns"),
        ((np.where(X2 > 1.99, np.nan, X2), Y2), {}, ValueError, "X must be finite, got nan at"),
        ((X2, np.where(Y2 == 7, np.inf, Y2)), {}, ValueError, r"y must be finite, got inf at position \(7,\)"),
        ((X2.astype(str), Y2), {}, TypeError, "X must hold real numbers"),
        ((None, Y2), {}, TypeError, "X must hold real numbers"),
        ((X2[:0], Y2[:0]), {}, ValueError, "X must hold at least one sample"),
        ((X2, np.ones(N)), {}, ValueError, "y and an input must vary"),
        ((np.ones((N, 2)), Y2), {}, ValueError, "y and an input must vary"),
        ((X2, Y2, ["a", "a"]), {}, ValueError, "names must"),
        ((X2, Y2, ["a"]), {}, ValueError, "names must"),
        ((X2, Y2, "a b"), {}, ValueError, r"hold 2 names, got 3, \['a', ' ', 'b'\]"),
        ((X2, Y2), {"library": ["foo"]}, ValueError, "there is no function 'foo'"),
        ((X2, Y2), {"library": []}, ValueError, "library must hold at least one"),
        ((X2, Y2), {"seconds": -1}, ValueError, "seconds must be at least 0"),
        ((X2, Y2), {"seconds": "long"}, TypeError, "seconds must hold real numbers"),
        ((X2, Y2), {"seed": "one"}, TypeError, "seed must be"),
        ((X2, Y2), {"start": "x*y"}, TypeError, "start must be what structure returns, got str"),
        ((X2, Y2), {"start": LOOK}, ValueError, r"start must be of the inputs \['x_1', 'x_2'\], got \['x', 'y'"),
    ],
)  # fmt: skip
def test_bad_input_gives_one_clear_error(arguments, options, error, text):
    with pytest.raises(error, match=text) as told:
        discover(*arguments, progress=False, **options)
    assert told.value.__suppress_context__ or told.value.__context__ is None


@pytest.mark.parametrize("seconds", [0, 1e-3])
def test_no_time_at_all_is_told(seconds):
    found = discover(*with_noise(), seconds=seconds, progress=False)
    assert not found.finished and found.verdict.endswith("the search was not finished.")
    assert found.best is None and found.laws == [] and repr(found).endswith(found.verdict)


@pytest.mark.parametrize("looks", [4, 20])
def test_a_limit_of_time_ends_the_search(looks, monkeypatch):
    """The clock is looked at again and again: as soon as it says that time is over, no shape is begun."""
    calls = []
    left = lambda clock: float(clock.seconds if len(calls) < looks else -1)  # noqa: E731
    monkeypatch.setattr(Clock, "left", lambda clock: (calls.append(0), left(clock))[1])
    learned = []
    learn = search_module.Search.learn
    monkeypatch.setattr(
        search_module.Search,
        "learn",
        lambda *args: (learned.append(len(calls)), learn(*args))[1],
    )
    found = discover(*with_noise(), library=["x^2"], progress=False)
    assert not found.finished and "not finished" in found.verdict
    assert sum(when > looks for when in learned) <= 8  # what `simplify` was at


def test_shapes_that_are_left_out_for_want_of_time_are_told(monkeypatch):
    """The last part of the time belongs to names, so shapes end before it is over: this counts, too."""
    monkeypatch.setattr(Clock, "left", lambda clock: 0.2 * clock.seconds)
    found = discover(*with_noise(), library=["x^2"], progress=False)
    assert found.best is not None and not found.finished and "not finished" in found.verdict


def test_progress_speaks_of_columns_by_their_names(monkeypatch):
    notes = []
    bar = lambda *_: contextlib.nullcontext(notes.append)  # noqa: E731
    monkeypatch.setattr(discovery_module, "progress_bar", bar)
    discover(X3, X3[:, 0] * X3[:, 2] ** 2, ["x2", "idle", "mass"], library=["x^2"], **QUIET)
    assert any("mass" in note for note in notes) and not any("x3" in note for note in notes)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.9])
def test_an_interrupt_returns_what_has_been_found(share, steps, monkeypatch):
    """Ctrl-C at a moment within one of the search's many small steps."""
    count, moment, linearised = [0], int(share * steps) + 1, Objective._linearised

    def interrupted(objective):
        count[0] += 1
        if count[0] == moment:
            raise KeyboardInterrupt
        return linearised(objective)

    monkeypatch.setattr(Objective, "_linearised", interrupted)
    try:
        found = discover(*with_noise(), **FEW)
    except KeyboardInterrupt:  # it would end all tests
        pytest.fail("the interrupt was handed on")
    assert not found.finished and "not finished" in found.verdict
    assert repr(found).endswith(found.verdict) and (found.best is None) == (not found.laws)
    if share > 0.5:
        assert found.best.held_out <= 2 * found.splines
    if found.best:
        assert np.isfinite(found.best.predict(sample("free fall")[0])).all()


@pytest.fixture(scope="module")
def steps():
    """Count the steps of the search in `with_noise`, those of the report at its end left out."""
    counts, linearised, report = [0, 0], Objective._linearised, discover.__globals__["_report"]

    def counted(objective):
        counts[0] += 1
        return linearised(objective)

    def reported(*args):
        counts[1] = counts[0]
        return report(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objective, "_linearised", counted)
        patch.setitem(discover.__globals__, "_report", reported)
        discover(*with_noise(), **FEW)
    return counts[1]


def test_constants_are_the_numbers_of_the_formula(noisy):
    law = noisy.best
    free = [each for each in law.constants if not each.exact]
    values = {sympy.Symbol(each.symbol, real=True): each.value for each in free}
    assert set(values) <= law.structure.free_symbols and len(values) == law.free
    numbers = sorted(abs(float(each)) for each in law.formula.atoms(sympy.Float))
    np.testing.assert_allclose(sorted(abs(value) for value in values.values()), numbers)
    places = [str(law.formula).find(f"{abs(each.value):.12g}"[:-1]) for each in free]
    assert places == sorted(places) and places[0] >= 0


def test_a_front_has_no_twins(noisy, of):
    for found in (noisy, of("Michaelis-Menten")):
        pairs = list(zip(found.laws, found.laws[1:], strict=False))
        assert all(a.complexity <= b.complexity and b.error < 0.9 * a.error for a, b in pairs)


@pytest.mark.parametrize("periods", [8, 13, 20])
def test_a_wave_is_found(periods):
    x = table([0], [1], n=800)
    found = discover(x, np.sin(2 * np.pi * periods * x[:, 0]), ["t"], **QUIET)
    assert found.best.formula == sympy.sin(2 * periods * sympy.pi * sympy.Symbol("t", real=True))


def test_a_way_to_write_a_law_may_fail(monkeypatch):
    """Leaving out a small term of a denominator can leave nothing of it: that version is not a candidate."""
    monkeypatch.setattr(laws_module, "tidied", lambda expression, size: sympy.zoo)
    x = table([0.5], [2])
    assert discover(x, 2.5 * x[:, 0] ** 3, ["t"], **QUIET).verdict.startswith("The law is exact")


def test_a_bad_law_of_what_splines_can_predict_is_not_blamed_on_the_table():
    x = table([-1], [1], n=400)
    y = np.sin(7 * x[:, 0])
    found = discover(x, y, library=["x"], **QUIET)
    assert found.best.held_out > 0.9 * y.std() and found.splines < 0.1
    assert found.verdict.startswith("No law was found that explains the data")


def test_a_library_is_obeyed():
    x = table([0.5], [2])
    found = discover(x, np.exp(x[:, 0]), library=["x", "x^2"], **QUIET)
    assert not any(law.formula.has(sympy.exp, sympy.log, sympy.sqrt) for law in found.laws)


def law_of(seed, n=150):
    """The law of A·exp(-k t) + x² in noisy samples, its form given: what is left are its constants."""
    rng = np.random.default_rng(seed)
    X = rng.uniform([0, -1], [2, 1], (2 * n, 2))
    y = 2.3456 * np.exp(-1.7654 * X[:, 0]) + 0.8765 * X[:, 1] ** 2 + 0.05 * rng.normal(size=2 * n)
    edges = {(0, 0): FunctionEdge("exp", [-1.5, 0, 2, 0]), (1, 0): FunctionEdge("x^2", [1, 0, 1, 0])}
    floor = 1e-22 * float(y.var())
    objective = shortened(KAN.from_layers([SparseLayer(2, 1, edges)]), X[:n], y[:n, None], floor)
    found = objective, snap_constants(objective, floor)
    return Law(*found, ["t", "x"], (X[:n], y[:n]), (X[n:], y[n:])), X[n:], y[n:]


def plausible(hits, of, share):
    """Tell whether so many hits are no surprise, by the binomial distribution: 1 in 10,000 on each side."""
    low, high = pytest.importorskip("scipy.stats").binom.ppf([1e-4, 1 - 1e-4], of, share)
    return low <= hits <= high


@pytest.fixture(scope="module")
def thirty():
    return [law_of(seed) for seed in range(30)]


def test_intervals_of_constants_hold_the_truth(thirty):
    """95% of two standard errors, counted over 30 samples of three constants, and so are 68% of one."""
    ratios = []
    for law, *_ in thirty:
        for truth in (2.3456, 1.7654, 0.8765):
            near = min(law.constants, key=lambda each: abs(abs(each.value) - truth))
            ratios.append(abs(abs(near.value) - truth) / near.error)
            assert not near.exact
    ratios = np.array(ratios)
    assert len(ratios) == 90
    for level, width in [(0.95, 1.96), (0.68, 0.9945), (0.5, 0.6745)]:
        assert plausible((ratios < width).sum(), len(ratios), level)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_hold_new_measurements(level, thirty):
    hits = of = 0
    for law, X, y in thirty:
        ends = law._samples[0].min(axis=0), law._samples[0].max(axis=0)
        inside = (np.clip(X, *ends) == X).all(axis=1)
        low, high = law.interval(X[inside], level).T
        hits, of = hits + ((low <= y[inside]) & (y[inside] <= high)).sum(), of + inside.sum()
        assert (low < high).all()
    assert abs(hits / of - level) < 0.02  # of more than 4000


def test_correlations_are_those_of_the_constants(thirty):
    law = thirty[0][0]
    assert law.correlations.shape == 2 * (len([each for each in law.constants if not each.exact]),)
    np.testing.assert_allclose(law.correlations.diagonal(), 1)
    np.testing.assert_allclose(law.correlations, law.correlations.T)
    assert np.abs(law.correlations).max() < 1 + 1e-12
    assert np.abs(law.correlations - np.eye(len(law.correlations))).max() > 0.1  # A and k go together


def test_levels_are_checked(thirty):
    law, X, _ = thirty[0]
    with pytest.raises(ValueError, match="level must be from 0 to 1"):
        law.interval(X[:2], 1.5)
    with pytest.raises(ValueError, match="X must have 2 columns"):
        law.predict(X[:, :1])


def test_noise_is_no_reason_for_a_bend():
    """Many forms are tried, so the best of them fits noise, too: a straight line has to stay one."""
    bends = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, (60, 2))
        y = 1.7 * X[:, 0] + 0.3 + rng.normal(0, 0.3, len(X))
        law = discover(X, y, ["a", "b"], **QUIET).best.formula
        bends += [law] if any(law.diff(a, b) != 0 for a in law.free_symbols for b in law.free_symbols) else []
    assert len(bends) <= 1, bends


def test_of_columns_that_say_the_same_one_stays():
    rng = np.random.default_rng(8)
    a, b = rng.uniform([1, 0], [3, 1], (60, 2)).T
    X = np.c_[a, 20 * b + 15, 20 * b + 288.15]  # a temperature in °C, and in K
    found = discover(X, 2 * a + b, ["a", "C", "K"], **QUIET)
    assert found.verdict.startswith("The law is exact") and found.unused in (["C"], ["K"])


@pytest.mark.parametrize("power", [1, -2, 1.5])
def test_exponents_near_integers_are_offered_as_integers(power):
    """That is a simpler law, which competes with the other; an exponent that the data know to be another stays."""
    x = table([280], [400], n=60)
    rng = np.random.default_rng(0)
    y = (x[:, 0] / 280) ** power
    y += 0.01 * y.std() * rng.normal(size=60)
    log = FunctionEdge("log", [1, 0, power, 0], (280, 400), held="abd")
    exp = FunctionEdge("exp", [1, 0, 280.0**-power, 0], (-20, 20), held="abd")
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): edge}) for edge in (log, exp)])
    objective = shortened(model, x, y[:, None], 0.0)
    objective.settle()
    law = Law(objective, {}, ["t"], (x, y), (x, y))
    assert law.free == 2 and all(each.exp.is_Float for each in law.formula.atoms(sympy.Pow))
    whole = law.with_whole_numbers()
    if power == 1.5:
        assert whole is None
    else:
        t = sympy.Symbol("t", real=True)
        assert whole.free == 1 and whole.formula.coeff(t**power).is_Float
        assert law.error <= whole.error < 1.2 * law.error


def test_what_is_not_a_number_is_told_by_its_column():
    frame = pd.DataFrame({"p": [1.0, 2.0, 3.0], "T": [1.0, np.nan, 2.0]})
    with pytest.raises(ValueError, match=r"X must be finite, got nan at position \(1, 1\), column 'T'$"):
        discover(frame, [1.0, 2.0, 3.0], **QUIET)


def test_without_sympy_nothing_is_searched(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    monkeypatch.setattr(discovery_module, "explore", lambda searches: pytest.fail("searched"))
    x = table([0], [1])
    with pytest.raises(ModuleNotFoundError, match="sympy"):
        discover(x, x[:, 0], **QUIET)


def test_a_form_that_holds_further_is_preferred():
    """tanh of tanh⁻¹ u + tanh⁻¹ v ends where u = 1; (u + v) / (1 + u v), the same in the table, does not.

    With velocities in m/s the constant in front of u v is 1e-17, and no rounding.
    """
    X = table([-0.7, 0.1], [0.9, 0.8], n=150)
    u, v = REAL["x"], REAL["y"]
    found = discover(3e8 * X, 3e8 * (X[:, 0] + X[:, 1]) / (1 + X[:, 0] * X[:, 1]), ["x", "y"], **QUIET)
    assert found.best.formula.atoms(sympy.Float) and found.best.free == 1
    assert float(found.best.formula.subs({u: 2e8, v: -1e8})) == pytest.approx(1e8 / (1 - 2 / 9), rel=1e-9)
    assert not found.best.formula.has(sympy.atanh) and "no values" not in found.verdict


def test_a_formula_that_ends_beyond_the_samples_is_told():
    x = table([1], [2])
    found = discover(x, 3 * np.sqrt(x[:, 0] - 0.95), ["t"], **QUIET)
    assert found.best.ends(found.best.formula)
    assert "just beyond the samples the formula has no values" in found.verdict


@pytest.mark.parametrize(
    ("name", "at", "ends"), [("sqrt", -0.9, True), ("sqrt", 0.2, False), ("x^2", -0.9, False)]
)
def test_where_a_formula_ends(name, at, ends):
    x = table([1], [2])
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(name, [1, at, 1, 0], (1, 2))})])
    y = model(x)[:, 0]
    objective = Constrained(model, [least_squares(x, y[:, None])], np.ones(4, bool))
    law = Law(objective, {}, ["x"], (x, y), (x, y))
    assert law.ends(law.formula) == ends
    law._samples = (x - 0.9, y)
    assert law.ends(sympy.log(REAL["x"])) is False  # positive inputs stay positive


def test_of_laws_as_good_the_one_that_goes_on_is_the_best(monkeypatch):
    """What a formula is worth that ends just beyond the samples: as much as one of higher complexity."""
    x = table([1], [2])
    y = np.sqrt(x[:, 0] - 0.9) + 0.005 * np.random.default_rng(1).normal(size=N)
    best = {}
    for cost in (0.0, 1e3):
        monkeypatch.setattr(discovery_module, "ENDS", cost)
        law = discover(x, y, ["x"], library=["x", "sqrt", "log", "arctan", "tanh"], **QUIET).best
        best[cost] = law.ends(law.formula)
    assert best == {0.0: True, 1e3: False}


def test_numbers_that_are_often_whole():
    x, y = REAL["x"], REAL["y"]
    formula = 2.5 * sympy.tanh(0.9 * sympy.atanh(x) + 1.2 * sympy.log(y)) + y**-1.9 + 3 * sympy.atan(x)
    assert sorted(tidying.often_whole(formula)) == [0.9, 1.9]


@pytest.mark.parametrize("f", ["tanh", "tan"])
def test_inverse_functions_are_added_up(f):
    x, y = REAL["x"], REAL["y"]
    f, inverse = getattr(sympy, f), getattr(sympy, f"a{f}")
    whole = 3 * f(inverse(x) + inverse(y)) + x
    found = tidying.added_up(whole)
    assert len(found) == 2 and not any(each.has(inverse) for each in found)
    for each in found:
        assert float((each - whole).subs({x: 0.3, y: -0.6})) == pytest.approx(0, abs=1e-12)
    assert tidying.added_up(f(x + y) + inverse(x)) == []


@pytest.mark.parametrize("n", [10, 12, 15])
def test_few_rows_are_enough_for_a_line(n):
    x = np.random.default_rng(n).uniform(0, 1, (n, 2))
    found = discover(x, 2.3 * x[:, 0] + 1.1, ["t", "idle"], **QUIET)
    assert found.verdict.startswith("The law is exact") and "inf" not in found.verdict


def test_constants_come_from_all_rows():
    """The search looks at some hundred rows; 10,000 rows make constants surer by the root of their number."""
    x = np.random.default_rng(0).uniform(0, 1, (10_000, 1))
    y = 2.3456 * x[:, 0] + np.random.default_rng(1).normal(size=len(x))
    (slope,) = discover(x, y, library=["x", "x^2"], **QUIET).best.constants
    assert slope.error < 0.03 and abs(slope.value - 2.3456) < 4 * slope.error


def test_functions_of_one_input_are_matched_at_once(monkeypatch):
    monkeypatch.setattr(search_module.Search, "learn", None)  # no shape is fitted
    x = table([1], [60], n=60)
    found = discover(x, 3 * x[:, 0] / (20 + x[:, 0]), ["S"], **QUIET)
    assert found.verdict.startswith("The law is exact") and "splines" not in found.verdict


def test_a_law_that_no_splines_were_compared_with_is_not_praised(monkeypatch):
    """Time may be over before the first splines are fitted, but after the first functions were matched."""
    monkeypatch.setattr(search_module.Search, "learn", lambda *args: None)
    X = table([-1, -1], [1, 1], n=100)
    found = discover(X, np.sin(3 * X[:, 0]) * X[:, 1], ["a", "b"], **QUIET)
    assert found.splines == np.inf and found.best.held_out > 0.1
    assert (
        found.verdict.startswith("The law was not compared with splines")
        and "not needed" not in found.verdict
    )


def test_noise_that_grows_is_told():
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 5, (200, 1))
    y = 3 * x[:, 0] ** 2 * (1 + 0.05 * rng.normal(size=200))
    told = "what is left is larger where y is larger"
    assert told in discover(x, y, library=["x", "x^2"], **QUIET).verdict
    y = 3 * x[:, 0] ** 2 + 2 * rng.normal(size=200)
    assert told not in discover(x, y, library=["x", "x^2"], **QUIET).verdict


def test_few_rows_that_are_held_out_are_told():
    x = np.random.default_rng(0).uniform(1, 5, (150, 1))
    y = 3 * x[:, 0] ** 2 + np.random.default_rng(1).normal(size=150)
    told = "so few samples hardly tell forms apart"
    for n in (30, 150):
        assert (told in discover(x[:n], y[:n], library=["x", "x^2"], **QUIET).verdict) == (n == 30)


def test_columns_with_few_values_are_told():
    rng = np.random.default_rng(5)
    site, other = rng.integers(1, 4, 60), rng.uniform(size=60)
    y = np.array([0, 1.9, 2.3, 7])[site] + 0.05 * rng.normal(size=60)
    assert "site has only 3 values" in discover(np.c_[site, other], y, ["site", "q"], **QUIET).verdict


def test_given_noise_counts_in_the_errors():
    x = table([0], [1], n=100)
    y = 3.77 * x[:, 0] + 0.01 * np.random.default_rng(0).normal(size=100)
    own, given = (discover(x, y, library=["x"], noise=noise, **QUIET).best for noise in (None, 0.1))
    size = lambda law: law.covariance[0, 0] ** 0.5  # noqa: E731
    assert 5 < size(given) / size(own) < 20
    inner = np.sort(x, axis=0)[20:-20]
    assert 5 < np.diff(given.interval(inner)).mean() / np.diff(own.interval(inner)).mean() < 20


def test_columns_of_a_data_frame_may_come_in_any_order():
    pandas = pytest.importorskip("pandas")
    x = table([0, 1], [1, 2])
    frame = pandas.DataFrame(x, columns=["a", "b"])
    best = discover(frame, 3 * x[:, 0] - x[:, 1], **QUIET).best
    frame["idle"] = True
    np.testing.assert_array_equal(best.predict(frame[["idle", "b", "a"]]), best.predict(x))
    np.testing.assert_array_equal(best.interval(frame[["b", "a"]]), best.interval(x))
    with pytest.raises(ValueError, match="X must have the columns a, b, got no b"):
        best.predict(frame[["a", "idle"]])
    assert discover(frame, 3 * x[:, 0] - x[:, 1], **QUIET).unused == ["idle"]
    with pytest.raises(TypeError, match="X must hold real numbers, but its column 'place' does not"):
        discover(frame.assign(place="here"), x[:, 0])


def test_a_law_that_ends_near_its_samples_has_constants():
    """log(t + b) ends at t = -b, close to the first sample: a step of b beyond it is left out."""
    x, b = table([0], [1], n=80), -1e-3
    x[0] = 1.0000001e-3
    y = np.log(x[:, 0] + b)
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge("log", [1, b, 1, 0], (0, 1))})])
    objective = Constrained(model, [least_squares(x, y[:, None])], np.array([False, True, False, False]))
    (constant,) = Law(objective, {}, ["t"], (x, y), (x, y)).constants
    assert abs(constant.value) == 1e-3 and 0 < constant.error < 1e-9


def test_a_formula_with_other_values_than_its_network_is_refused():
    """An edge goes on as a straight line where its function ends; a formula does not."""
    x = table([-1], [1], n=80)
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge("log", [1, 0, 1, 0], (0.5, 1))})])
    y = model(x)[:, 0]
    objective = Constrained(model, [least_squares(x, y[:, None])], np.zeros(4, bool))
    with pytest.raises(ValueError, match="the formula does not have the values of its network"):
        Law(objective, {}, ["t"], (x, y), (x, y)).formula  # noqa: B018


@pytest.mark.parametrize("start", [None, LOOK])
def test_shapes_that_a_structure_speaks_for_come_first(start, monkeypatch):
    tried, learn = [], search_module.Search.learn
    monkeypatch.setattr(
        search_module.Search, "learn", lambda *a: (tried.append(a[1].interactions), learn(*a))[1]
    )
    monkeypatch.setattr(Surrogate, "interactions", lambda *a: None)  # polynomials cannot tell
    y = X3[:, 0] * X3[:, 1] + X3[:, 2] ** 2
    found = discover(X3, y, ["x", "y", "z"], start=start, **QUIET)
    assert LOOK.pairs == {(0, 1)}
    assert sympy.simplify(found.best.formula - sympy.sympify("x*y + z**2", locals=REAL)) == 0
    first = next(each for each in tried if each)
    assert (first == {(0, 1)}) == (start is LOOK)


def test_years_have_no_logarithm():
    """Over 40 years the logarithm is a straight line, and powers of years are absurd."""
    x = table([1980], [2020], n=60)
    assert [look.is_log.any() for look in discovery_module.views(x, 1.0, True)] == [False]
    assert [look.is_log.any() for look in discovery_module.views(x - 1970, 1.0, True)] == [False, True]
    skewed = np.c_[np.geomspace(1, 1e3, 50), np.linspace(1, 2, 50)]
    looks = [look.is_log.tolist() for look in discovery_module.views(skewed, 1.0, True)]
    assert looks == [[True, False], [True, True], [False, False]]


def test_products_of_several_sums_are_offered(monkeypatch):
    X = table([1, 5, 1, 1], [2, 9, 4, 2])
    tried: list = []
    monkeypatch.setattr(
        search_module.Search, "learn", lambda self, shape, starts=2: tried.append(repr(shape))
    )
    search = search_module.Search(
        X, X[:, 0] * (X[:, 1] - X[:, 2]) / X[:, 3], [*LIBRARY.values()], Clock(3600)
    )
    next(search.rounds([0, 1, 2, 3]))
    assert "x1·(x2+x3)·x4 + x1+x2+x3+x4" in tried


def test_the_view_in_which_polynomials_see_clearest_is_the_first(monkeypatch):
    """A parabola of N is exact in N; log N and all logarithms have to wait."""
    looks: list = []
    monkeypatch.setattr(discovery_module, "explore", lambda searches: looks.extend(searches))
    N = np.c_[np.geomspace(5, 1200, N_ROWS := 150), table([0], [1], n=N_ROWS)]
    for y in (N[:, 0] * (1 - N[:, 0] / 830), N[:, 0] ** 0.37):
        discover(N, y, **QUIET)
    first, second = looks[0], looks[len(looks) // 2]
    assert np.ptp(first.train[0][:, 0]) < 1 < np.ptp(second.train[0][:, 0])  # scaled N, and log N


def test_high_powers_of_small_numbers():
    """A well of two powers, in metres and joules: r**-12 is 1e120, and its factor 1e-134."""
    r = table([3.3e-10], [8e-10], n=300)
    y = 6.6e-21 * ((3.4e-10 / r[:, 0]) ** 12 - (3.4e-10 / r[:, 0]) ** 6)
    found = discover(r, y, ["r"], **QUIET)
    assert found.verdict.startswith("The law is exact")
    assert {float(each.exp) for each in found.best.formula.atoms(sympy.Pow)} == {-6, -12}


@pytest.mark.parametrize("unit", [1, 180 / np.pi])
def test_angles_are_inverse_functions(unit):
    """Refraction, in radians and in degrees."""
    X = table([1.2, 0.05], [2.4, 1.4], n=300)
    found = discover(X, np.arcsin(np.sin(X[:, 1]) / X[:, 0]) * unit, ["n", "a"], **QUIET)
    assert found.verdict.startswith("The law is exact") and found.best.formula.has(sympy.asin)


def test_constants_that_end_in_zeros_are_found_in_the_formula():
    """In a formula sympy prints them without these zeros."""
    x = table([0, 0], [30, 100], n=80)
    values = [898.956, -0.0045440014808639, -0.25]
    z = values[0] * np.exp(values[1] * x[:, 1] + values[2] * x[:, 0])
    edges = {(0, 0): ["x", 1, 0, values[2], 0], (1, 0): ["x", 1, 0, values[1], 0]}
    first = SparseLayer(
        2, 1, {at: FunctionEdge(name, w, (0, 100), held="abd") for at, (name, *w) in edges.items()}
    )
    top = SparseLayer(1, 1, {(0, 0): FunctionEdge("exp", [1, 0, values[0], 0], (-9, 9), held="abd")})
    model = KAN.from_layers([first, top])
    objective = Constrained(model, [least_squares(x, z[:, None])], np.array([0, 0, 1, 0] * 3, bool))
    law = Law(objective, {}, ["d", "t"], (x, z), (x, z))
    symbols = [each.symbol for each in law.constants]
    places = [str(law.structure).index(symbol) for symbol in symbols]
    assert len(symbols) == 3 and places == sorted(places)


@pytest.mark.slow
def test_constants_that_were_refused_are_tried_again_when_others_are_exact():
    """A force between masses of 1e12: one pass leaves a mass with an offset that explains nothing."""
    rng = np.random.default_rng(11)
    m, M, E = rng.uniform(1e12, 5e12, 60), rng.uniform(1e12, 5e12, 60), rng.uniform(1e3, 4e3, 60)
    y = 6.674e-11 * m * M / E**2
    y = y + 0.005 * y.std() * rng.normal(size=60)
    found = discover(np.column_stack([m, M, E]), y, ["m1", "l", "E"], library=["x", "log", "exp"], **QUIET)
    m1, l, E = sympy.symbols("m1 l E", real=True)  # noqa: E741
    assert sympy.simplify(found.best.formula * E**2 / (m1 * l)).is_number


def test_exact_fractions_are_no_inexact_numbers():
    rng = np.random.default_rng(0)
    a, M = np.exp(rng.uniform(np.log([5e10, 1e27]), np.log([5e12, 2e30]), (40, 2))).T
    y = 1.5 * np.log(a) - np.log(M) / 2 + 13.553 + 0.002 * rng.normal(size=40)
    best = discover(np.c_[a, M], y, ["a", "M"], **QUIET).best
    assert best.free == 1 and [each.exact for each in best.constants] == ["", "-1/2", "3/2"]
    assert best.constants[0].error < 0.001  # the others are known
