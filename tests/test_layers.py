"""What every layer promises: all laws of `Layer` and its children, over all kinds of layers there are.

A new kind of layer joins with a line in LAYERS. What it promises is held against central differences, and against
loops over samples and edges that are written as the formulas are.
"""

import copy
import math
import pickle
from itertools import product
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from twins import slow_basis

from minikan.activations import ACTIVATIONS
from minikan.bases import Chebyshev, Fourier, Gaussians
from minikan.bspline import make_grid
from minikan.coefficients import Coefficients
from minikan.functions import LIBRARY
from minikan.jets import jets
from minikan.kan_layer import KANLayer
from minikan.kernels import DenseFeatures, SparseFeatures
from minikan.layer import AdditiveLayer, CurveLayer, Layer
from minikan.mlp import MLPLayer
from minikan.named import FunctionEdge
from minikan.network import Network
from minikan.products import Products
from minikan.shared import SharedLayer
from minikan.sparse import SparseLayer
from minikan.splines import Splines
from minikan.storage import load, save

DOMAINS = np.array([[-1.0, 1.0], [0.5, 2.5], [-3.0, -1.0]])  # of three inputs, all two wide


# --- the layers ------------------------------------------------------------------------------------------------------


def random(*shape):
    return np.random.default_rng([7, *shape]).normal(size=shape)


def uneven(grid, order):
    """Splines whose cells differ in width, by up to a factor of three, and from input to input."""
    widths = np.random.default_rng([grid, order]).uniform(1, 3, (3, grid))
    shares = np.concatenate([np.zeros((3, 1)), widths.cumsum(axis=1)], axis=1) / widths.sum(axis=1)[:, None]
    points = DOMAINS[:, :1] + 2 * shares
    return Splines([make_grid(grid=row, order=order) for row in points], order, "silu")


def sheet(basis, n_out=2):
    return KANLayer(basis, random(basis.n_in, basis.m, n_out))


def splines(grid=5, order=3, base="silu", n_out=2):
    return sheet(Splines.on(DOMAINS, grid, order, base), n_out)


def shared(groups, basis):
    layer = SharedLayer.of(basis, 2, groups)
    layer.weights[:] = random(layer.weights.size)
    return layer


def curve(i, basis=None):
    basis = basis or Splines.on(DOMAINS[i], 4, 3, "silu")
    return sheet(basis, 1)


def name(function, a, b, c=1.3, d=-0.4):
    return FunctionEdge(LIBRARY[function], [a, b, c, d])


LAYERS = {
    **{f"splines, order {k}": lambda k=k: splines(order=k) for k in range(6)},
    **{f"splines alone, order {k}": lambda k=k: splines(order=k, base=None) for k in (0, 3)},
    **{f"60 cells, order {k}": lambda k=k: splines(60, k) for k in (1, 3)},
    "60 cells alone": lambda: splines(60, base=None),
    "one cell": lambda: splines(1),
    "one output": lambda: splines(n_out=1),
    "one output, 60 cells": lambda: splines(60, n_out=1),
    "one input, one output": lambda: sheet(Splines.on([(-1, 1)], 4, 3, "silu"), 1),
    "one domain": lambda: sheet(Splines.on([(-1, 1)] * 3, 4, 3, "silu")),
    **{f"uneven, order {k}": lambda k=k: sheet(uneven(5, k)) for k in (0, 3)},
    "uneven, 60 cells": lambda: sheet(uneven(60, 3)),
    "uneven, one output": lambda: sheet(uneven(5, 3), 1),
    "splines + tanh": lambda: splines(base="tanh"),
    "splines + identity": lambda: splines(base="identity"),
    "60 cells + identity": lambda: splines(60, base="identity"),
    "Gaussians": lambda: sheet(Gaussians(DOMAINS, 5)),
    "Gaussians + silu": lambda: sheet(Gaussians(DOMAINS, 4, "silu")),
    "one Gaussian cell": lambda: sheet(Gaussians(DOMAINS, 1)),
    "Chebyshev": lambda: sheet(Chebyshev(DOMAINS, 6)),
    "Chebyshev + tanh": lambda: sheet(Chebyshev(DOMAINS, 4, "tanh")),
    "straight Chebyshev": lambda: sheet(Chebyshev(DOMAINS, 1)),
    "Fourier": lambda: sheet(Fourier(DOMAINS, 3)),
    "Fourier + silu": lambda: sheet(Fourier(DOMAINS, 2, "silu"), 1),
    "one shared curve": lambda: shared(1, Splines.on([(-1, 1)] * 3, 5, 3, "silu")),
    "shared in groups": lambda: shared([[0, 1], [1, 1], [0, 2]], Splines.on([(-1, 1)] * 3, 5, 3, "silu")),
    "shared, 60 cells": lambda: shared(2, Splines.on([(-1, 1)] * 3, 60, 3, "silu")),
    "shared by none": lambda: shared(6, Splines.on([(-1, 1)] * 3, 4, 2, None)),
    "shared Chebyshev": lambda: shared(2, Chebyshev([(-1, 1)] * 3, 5)),
    "all edges sparse": lambda: SparseLayer(3, 2, {(i, j): curve(i) for i in range(3) for j in range(2)}),
    "missing edges": lambda: SparseLayer(3, 2, {(0, 0): curve(0), (2, 0): curve(2), (2, 1): curve(2)}),
    "mixed families": lambda: SparseLayer(
        3,
        2,
        {
            (0, 0): curve(0, Chebyshev(DOMAINS[0], 4)),
            (1, 1): curve(1, Fourier(DOMAINS[1], 2)),
            (2, 1): curve(2),
        },
    ),
    "curves and names": lambda: SparseLayer(
        3, 2, {(0, 0): name("sin", 2, 0.3), (1, 0): curve(1), (1, 1): name("exp", -0.7, 0.2)}
    ),
    "names": lambda: SparseLayer(
        3,
        2,
        {
            (0, 0): name("x^2", 1, 0.1),
            (1, 0): name("tanh", 2, 1),
            (2, 0): name("sqrt", 1, 4),
            (1, 1): name("log", 1, 0),
        },
    ),
    "names with a = 0": lambda: SparseLayer(3, 1, {(0, 0): name("sin", 0, 0.3), (2, 0): name("x^3", 0, 0.5)}),
    **{f"MLP, {each}": lambda each=each: MLPLayer(random(4, 2), each) for each in ACTIVATIONS},
    **{f"products of {n}": lambda n=n: Products([n, n]) for n in (1, 2, 3)},
    "products of 1, 3 and 2": lambda: Products([1, 3, 2]),
    "one product of 4": lambda: Products([4]),
    "unknown numbers": lambda: Coefficients(3, random(2)),
}


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]()


@pytest.fixture
def edges(layer):
    """Those layers that have curves on their edges."""
    if not isinstance(layer, CurveLayer):
        pytest.skip("its edges are no curves, or it has none")
    return layer


# --- where they are looked at -----------------------------------------------------------------------------------------

H = 2e-4  # of half a domain: step of a difference
PLACES = ("inside", "outside", "one inside, another outside")


def domains(layer):
    """The interval of each input that matters, (n_in, 2)."""
    found = np.tile([-1.0, 1.0], (layer.n_in, 1))
    if isinstance(layer, KANLayer):
        found[:] = layer.basis.domain
    if isinstance(layer, SparseLayer):
        found[:] = DOMAINS
    return found


def all_bases(layer):
    """All bases of a layer and of its edges."""

    def flat(bases):
        return [basis for each in bases for basis in (flat(each) if isinstance(each, tuple) else [each])]

    return flat(layer.bases)


def shifted(bases, by=0.3):
    """The same bases, somewhat to the right: what a move of the grids changes."""
    if isinstance(bases, tuple):
        return tuple(shifted(each, by) for each in bases)
    if isinstance(bases, Splines):
        return Splines(bases.knots + by, bases.order, bases.base)
    return type(bases)(bases.domain + by, bases.grid, bases.base)


def kinks(layer, i):
    """Where a derivative of a curve of input i jumps: differences cannot be taken across."""
    found = [0.0, *domains(layer)[i]]
    for basis in all_bases(layer):
        found += [*np.ravel(basis.points if isinstance(basis, Splines) else basis.domain)]
    if isinstance(layer, SparseLayer):
        for (_, _), edge in layer.sheet.items():
            if edge.name and edge.weights[0]:
                ends = np.array([edge.function.low, edge.function.high])
                found += [*(ends[np.isfinite(ends)] - edge.weights[1]) / edge.weights[0]]
    return np.array(found)


def samples(layer, place, n=9):
    """Draw samples x (n_in, n) that are no closer than a few steps to any kink."""
    rng = np.random.default_rng(len(place))
    x = np.empty((layer.n_in, n))
    for i, (low, high) in enumerate(domains(layer)):
        inside, outside = rng.uniform(low, high, 50 * n), rng.uniform(high, high + 1, 50 * n)
        outside = np.where(rng.random(50 * n) < 0.5, outside, low + high - outside)
        drawn = {"inside": inside, "outside": outside}.get(
            place, np.where(rng.random(50 * n) < 0.5, inside, outside)
        )
        near = np.abs(drawn - kinks(layer, i)[:, None]).min(axis=0)
        x[i] = drawn[near > 4 * H][:n]
    return x


def everywhere(test):
    """Hold a law inside the domain, outside, and where some inputs are inside and others outside."""

    def hold(layer):
        for place in PLACES:
            test(layer, place)

    hold.__name__, hold.__doc__ = test.__name__, test.__doc__
    return hold


def difference(f, t=H):
    """f′(0) by the central difference of fourth order."""
    return (8 * (f(t) - f(-t)) - (f(2 * t) - f(-2 * t))) / (12 * t)


def assert_close(got, expected, tolerance=1e-7, size=0.0):
    """Equal to a tolerance, relative to the largest number."""
    assert np.shape(got) == np.shape(expected)
    got, expected = np.asarray(got), np.asarray(expected)
    scale = max(np.abs(expected).max(initial=0), size, 1e-3)
    assert np.isfinite(got).all()
    assert np.abs(got - expected).max(initial=0) <= tolerance * scale


def moved(layer, direction, t):
    """The same layer with its weights moved."""
    other = layer.copy()
    other.weights = layer.weights + t * direction
    return other


def output(layer, x):
    return layer.forward(x)[0]


def jacobian(layer, cache, sensitivity):
    out = np.full((*layer.weights.shape, len(sensitivity), sensitivity.shape[-1]), np.nan)
    layer.jacobian(cache, sensitivity, out)
    return out


def jacobian_of_jets(layer, cache, sensitivity):
    out = np.full((*layer.weights.shape, len(sensitivity), sensitivity.shape[-1]), np.nan)
    layer.jacobian_of_jets(cache, sensitivity, out)
    return out


# --- slow and obvious -------------------------------------------------------------------------------------------------


def slow_features(basis, i, x):
    """All features of input i at one x: textbook formulas inside, tangents beyond."""
    low, high = basis.domain[i].tolist()
    at = min(max(x, low), high)
    values = slow_inside(basis, i, at)
    if at == x:
        return values
    h = 1e-3 * (low - high if x > high else high - low)  # into the domain
    table = [slow_inside(basis, i, at + n * h) for n in range(7)]
    weights = (
        -49 / 20,
        6,
        -15 / 2,
        20 / 3,
        -15 / 4,
        6 / 5,
        -1 / 6,
    )  # the one-sided difference of sixth order
    slopes = [sum(w * row[m] for w, row in zip(weights, table, strict=True)) / h for m in range(basis.m)]
    return [value + slope * (x - at) for value, slope in zip(values, slopes, strict=True)]


def slow_inside(basis, i, x):
    low, high = basis.domain[i].tolist()
    u = (2 * x - low - high) / (high - low)
    if isinstance(basis, Splines):
        knots = basis.knots[i].tolist()
        k, at = basis.order, x if x < high else math.nextafter(high, low)
        values = [slow_basis(m, k, knots, at) for m in range(basis.size)]
    elif isinstance(basis, Gaussians):
        width = 2 / basis.grid
        values = [1, u, *(math.exp(-0.5 * ((u + 1) / width - c) ** 2) for c in range(-2, basis.grid + 3))]
    elif isinstance(basis, Chebyshev):
        values = [math.cos(m * math.acos(min(max(u, -1), 1))) for m in range(basis.grid + 1)]
    elif isinstance(basis, Fourier):
        waves = range(1, basis.grid + 1)
        values = [
            1,
            u,
            *(math.cos(m * math.pi * u) for m in waves),
            *(math.sin(m * math.pi * u) for m in waves),
        ]
    bases = {
        "silu": lambda x: x / (1 + math.exp(-x)),
        "tanh": math.tanh,
        "relu": lambda x: max(x, 0.0),
        "identity": lambda x: x,
    }
    return [*values, bases[basis.base](x)] if basis.base else values


def slow_edge(layer, i, j, x):
    """φ_ji at one x."""
    functions = {"sin": math.sin, "exp": math.exp, "tanh": math.tanh, "sqrt": math.sqrt, "log": math.log}
    functions |= {"x^2": lambda u: u * u, "x^3": lambda u: u**3}
    if isinstance(layer, SparseLayer):
        edge = layer.sheet.get((i, j))
        if edge is None:
            return 0.0
        if edge.name:
            a, b, c, d = edge.weights.tolist()
            return c * functions[edge.name](a * x + b) + d
        return sum(
            w * f for w, f in zip(edge.weights.ravel().tolist(), slow_features(edge.basis, 0, x), strict=True)
        )
    total = 0.0
    for m, feature in enumerate(slow_features(layer.basis, i, x)):
        weight = (
            layer.weights[i, m, j]
            if type(layer) is KANLayer
            else layer.shared[layer.groups[i, j], m] * layer.scale[i, j]
        )
        total += weight * feature
    return total


def slow_layer(layer, x):
    """z (n_out, n) by loops over samples, outputs and inputs."""
    z = np.zeros((layer.n_out, x.shape[1]))
    for s in range(x.shape[1]):
        first = 0
        for j in range(layer.n_out):
            if isinstance(layer, Products):
                z[j, s] = math.prod(x[first : first + layer.arity[j], s].tolist())
                first += layer.arity[j]
            elif isinstance(layer, Coefficients):
                z[j, s] = x[j, s]
            elif isinstance(layer, MLPLayer):
                activation = {"silu": lambda u: u / (1 + math.exp(-u)), "tanh": math.tanh}
                activation |= {"relu": lambda u: max(u, 0.0), "identity": lambda u: u}
                z[j, s] = layer.weights[-1, j] + sum(
                    layer.weights[i, j] * activation[layer.activation](x[i, s]) for i in range(layer.n_in)
                )
            else:
                z[j, s] = sum(slow_edge(layer, i, j, float(x[i, s])) for i in range(layer.n_in))
    return z


def defined(layer, place):
    """Named functions of the slow twin are not continued."""
    return place == "inside" or not any(name in repr(layer) for name in ("sqrt", "log"))


@everywhere
def test_it_computes_what_loops_over_samples_and_edges_compute(layer, place):
    if not defined(layer, place):
        return
    x = samples(layer, place, 3)
    tolerance = 1e-12 if place == "inside" else 2e-7  # there the twin's tangents are differences
    assert_close(output(layer, x), slow_layer(layer, x), tolerance, 1)


# --- first derivatives ------------------------------------------------------------------------------------------------


@everywhere
def test_backward_is_the_difference_in_weights_and_inputs(layer, place):
    x = samples(layer, place)
    upstream, in_x, in_weights = (
        random(layer.n_out, 9),
        random(layer.n_in, 9).clip(-2, 2),
        random(*layer.weights.shape),
    )
    gradient, dx = layer.backward(layer.forward(x)[1], upstream)
    assert gradient.shape == layer.weights.shape and dx.shape == x.shape
    expected = difference(lambda t: (upstream * output(moved(layer, in_weights, t), x)).sum())
    assert_close(np.vdot(gradient, in_weights), expected)
    expected = difference(lambda t: (upstream * output(layer, x + 0.9 * t * in_x)).sum(axis=0)) / 0.9
    assert_close((dx * in_x).sum(axis=0), expected)


def test_the_gradient_in_the_inputs_is_only_made_where_it_is_wanted(layer):
    x, upstream = samples(layer, "inside"), random(layer.n_out, 9)
    _, cache = layer.forward(x)
    np.testing.assert_array_equal(
        layer.backward(cache, upstream, wants_x=False)[0], layer.backward(cache, upstream)[0]
    )


@everywhere
def test_the_jacobian_adds_up_to_the_gradient(layer, place):
    x, upstream = samples(layer, place), random(3, layer.n_out, 9)
    _, cache = layer.forward(x)
    rows = jacobian(layer, cache, upstream)
    for each, row in zip(upstream, np.moveaxis(rows, -2, 0), strict=True):
        assert_close(row.sum(axis=-1), layer.backward(cache, each)[0], 1e-13)
        for s in (0, 5):  # sample by sample
            alone = layer.backward(layer.forward(x[:, s : s + 1])[1], each[:, s : s + 1])[0]
            assert_close(row[..., s], alone, 1e-13, 1)


@everywhere
def test_slopes_and_second_derivatives_are_differences(layer, place):
    x, a, b = samples(layer, place), random(2, layer.n_in, 9).clip(-2, 2), random(1, layer.n_in, 9)
    _, cache = layer.forward(x)
    slopes = layer.slopes(cache)
    assert slopes.shape == (layer.n_out, layer.n_in, 9)
    for each in a:
        expected = difference(lambda t, each=each: output(layer, x + 0.9 * t * each)) / 0.9
        assert_close(np.einsum("jin,in->jn", slopes, each), expected)
    second = layer.second_derivative(cache, a, b)
    assert second.shape == (2, layer.n_out, 9)
    for each, got in zip(a, second, strict=True):

        def along_b(t, each=each):
            return np.einsum("jin,in->jn", layer.slopes(layer.forward(x + 0.9 * t * each)[1]), b[0])

        assert_close(got, difference(along_b) / 0.9)
    every = np.broadcast_to(np.eye(layer.n_in)[:, :, None], (layer.n_in, layer.n_in, 9))
    hessian = layer.second_derivative(cache, every[:, None], every[None])
    assert hessian.shape == (layer.n_in, layer.n_in, layer.n_out, 9)
    np.testing.assert_allclose(hessian, hessian.swapaxes(0, 1), atol=1e-12 * (1 + np.abs(hessian).max()))
    assert_close(np.einsum("ikjn,in,kn->jn", hessian, a[0], b[0]), second[0], 1e-12, np.abs(hessian).max())


@everywhere
def test_curves_are_differences_of_each_other(layer, place):
    if not isinstance(layer, AdditiveLayer):
        pytest.skip("its nodes do not add")
    x = samples(layer, place)
    _, cache = layer.forward(x)
    curves = [layer.curves(cache, d) for d in range(4)]
    rows = [layer.features(cache, d) for d in range(3)]
    for d in range(4):
        assert curves[d].shape == (layer.n_out, layer.n_in, 9)
        np.testing.assert_array_equal(curves[d], layer.edges(x, d))
        if d > 0:
            expected = difference(lambda t, d=d: layer.edges(x + t, d - 1))
            assert_close(curves[d], expected, 1e-7, 1e-4 * max(np.abs(c).max() for c in curves[:d]))
    constants = layer.weights[-1][:, None] if isinstance(layer, MLPLayer) else 0.0
    assert_close(curves[0].sum(axis=1) + constants, output(layer, x), 1e-13, np.abs(curves[0]).max())
    for d, row in enumerate(rows):
        assert row.shape == (len(layer.row_inputs), 9)
        if d > 0:
            assert_close(
                row, difference(lambda t, d=d: layer.features(layer.forward(x + t)[1], d - 1)), 1e-7, 1
            )
    ends = domains(layer)
    if (
        place == "outside"
        and isinstance(layer, (KANLayer, SparseLayer))
        and not any(at.name for at in all_edges(layer))
    ):
        assert ((x < ends[:, :1]) | (x > ends[:, 1:])).all()
        assert not curves[2].any() and not curves[3].any()  # straight lines


def all_edges(layer):
    return [layer.edge(*at) for at in layer.edge_list]


def test_at_the_ends_of_the_domain_all_is_as_it_is_inside(layer):
    """Value and slope go on beyond an end; the end itself counts as inside."""
    a = random(layer.n_in, 1)
    for side in (0, 1):
        end, width = domains(layer)[:, side, None], np.ptp(domains(layer), axis=1)[:, None]
        near = end + (1 - 2 * side) * 1e-9 * width
        for f in (
            lambda x: output(layer, x),
            lambda x: layer.slopes(layer.forward(x)[1]),
            lambda x: layer.second_derivative(layer.forward(x)[1], a, a),
            lambda x: layer.backward(layer.forward(x)[1], random(layer.n_out, 1))[1],
        ):
            assert_close(f(end), f(near), 1e-5)
        beyond = end - (1 - 2 * side) * 1e-9 * width
        assert_close(output(layer, end), output(layer, beyond), 1e-6)
        assert_close(layer.slopes(layer.forward(end)[1]), layer.slopes(layer.forward(beyond)[1]), 1e-5)


def test_edges_have_gradients_of_their_own(edges):
    """A gradient in every edge; where it is the same in all edges of a node, it is the node's."""
    x, upstream = samples(edges, "one inside, another outside"), random(edges.n_out, edges.n_in, 9)
    _, cache = edges.forward(x)
    gradient, dx = edges.backward_edges(cache, upstream)
    direction = random(*edges.weights.shape)
    expected = difference(lambda t: (upstream * moved(edges, direction, t).edges(x)).sum())
    assert_close(np.vdot(gradient, direction), expected)
    assert_close(dx, (upstream * difference(lambda t: edges.edges(x + t))).sum(axis=0))
    of_nodes = np.broadcast_to(upstream[:, :1], upstream.shape)
    for got, expected in zip(
        edges.backward_edges(cache, of_nodes), edges.backward(cache, upstream[:, 0]), strict=True
    ):
        assert_close(got, expected, 1e-12)


def test_every_edge_can_be_taken_out(edges):
    x = samples(edges, "one inside, another outside")
    whole, places = edges.edges(x), set()
    wiring = np.zeros((edges.n_out, edges.n_in), bool)
    for i, j in edges.edge_list:
        edge = edges.edge(i, j)
        assert (edge.n_in, edge.n_out, edge.edge_list) == (1, 1, [(0, 0)])
        value, cache = edge.forward(x[[i]])
        assert_close(value[0], whole[j, i], 1e-13, 1)
        for d in range(4):
            assert_close(
                edge.curves(cache, d)[0, 0], edges.edges(x, d)[j, i], 1e-13, np.abs(edges.edges(x, d)).max()
            )
        edge.raise_by(np.array([0.7]))
        assert_close(output(edge, x[[i]]), value + 0.7, 1e-12, 1)
        np.testing.assert_array_equal(edges.edges(x)[j, i], whole[j, i])  # a copy it was
        wiring[j, i] = True
    np.testing.assert_array_equal(edges.wiring(), wiring)
    assert not whole[~wiring].any()
    for i, j, where, rows in edges.edge_features(edges.forward(x)[1]):
        assert rows.shape == (len(where), 9)
        places |= set(where.tolist())
        wiring[j, i] = False
    assert not wiring.any() and places == set(range(edges.weights.size))


# --- jets -------------------------------------------------------------------------------------------------------------


def jet(layer, place, D=2):
    """A jet of the inputs, (1 + 2D, n_in, n), and another one to move it along."""
    x = np.concatenate([samples(layer, place)[None], random(2 * D, layer.n_in, 9).clip(-2, 2)])
    return x, 0.9 * random(1 + 2 * D, layer.n_in, 9).clip(-2, 2)


@everywhere
def test_jets_are_derivatives_along_a_curve(layer, place):
    """On x + ẋt + ẍt²/2 the outputs are z + żt + z̈t²/2 + …"""
    x, _ = jet(layer, place)
    z, _ = layer.forward_jets(x)
    assert z.shape == (5, layer.n_out, 9)
    np.testing.assert_array_equal(z[0], output(layer, x[0]))
    for c in (1, 2):

        def along(t, c=c):
            return np.stack([x[0] + t * x[c] + 0.5 * t**2 * x[c + 2], x[c] + t * x[c + 2], x[c + 2]])

        assert_close(z[c], difference(lambda t, along=along: output(layer, along(0.9 * t)[0])) / 0.9)
        assert_close(
            z[c + 2], difference(lambda t, along=along: layer.forward_jets(along(0.9 * t))[0][1]) / 0.9
        )


@everywhere
def test_jets_are_pulled_back(layer, place):
    x, direction = jet(layer, place)
    sensitivity = random(3, 5, layer.n_out, 9)
    _, cache = layer.forward_jets(x)
    below, in_weights = layer.pull_jets(cache, sensitivity), random(*layer.weights.shape)
    assert below.shape == (3, 5, layer.n_in, 9)
    rows = jacobian_of_jets(layer, cache, sensitivity)
    for each, got, row in zip(sensitivity, below, np.moveaxis(rows, -2, 0), strict=True):

        def value(other, x, each=each):
            return (each * other.forward_jets(x)[0]).sum(axis=(0, 1))

        expected = difference(lambda t, value=value: value(layer, x + t * direction))
        size = max(np.abs(got[c] * direction[c]).max() for c in range(5))
        assert_close((got * direction).sum(axis=(0, 1)), expected, 1e-7, size)
        expected = difference(lambda t, value=value: value(moved(layer, in_weights, t), x))
        axes = tuple(range(layer.weights.ndim))
        assert_close((row * in_weights[..., None]).sum(axis=axes), expected)


def test_without_derivatives_jets_are_the_jacobian(layer):
    x, sensitivity = samples(layer, "one inside, another outside"), random(2, 1, layer.n_out, 9)
    z, cache = layer.forward_jets(x[None])
    assert z.shape == (1, layer.n_out, 9)
    _, plain = layer.forward(x)
    assert_close(
        jacobian_of_jets(layer, cache, sensitivity), jacobian(layer, plain, sensitivity[:, 0]), 1e-13, 1
    )
    expected = np.stack([layer.backward(plain, each[0])[1] for each in sensitivity])
    assert_close(layer.pull_jets(cache, sensitivity)[:, 0], expected, 1e-12, 1)


@everywhere
def test_jets_agree_with_the_derivatives_in_the_inputs(layer, place):
    model, X = Network.from_layers([layer]), samples(layer, place).T
    u, du, ddu = jets(model, X)
    gradient, hessian = model.input_derivatives(X)
    assert_close(u, model(X), 1e-12)
    assert_close(du, gradient, 1e-12)
    assert_close(ddu, np.einsum("noii->noi", hessian), 1e-12)
    direction = random(1, layer.n_in)
    _, along, twice = jets(model, X, direction)
    assert_close(along, np.einsum("noi,di->nod", gradient, direction), 1e-12)
    assert_close(
        twice, np.einsum("noik,di,dk->nod", hessian, direction, direction), 1e-12, np.abs(hessian).max()
    )


# --- caches -----------------------------------------------------------------------------------------------------------


def everything(layer, cache, jets, upstream):
    """All derivatives that a layer can tell from a pass."""
    first = random(layer.n_in, 9)
    found = [*layer.backward(cache, upstream), jacobian(layer, cache, upstream[None]), layer.slopes(cache)]
    found += [
        layer.second_derivative(cache, first, first),
        layer.pull_jets(jets, np.stack([upstream] * 5)[None]),
    ]
    found += [jacobian_of_jets(layer, jets, np.stack([upstream] * 5)[None])]
    if isinstance(layer, AdditiveLayer):
        found += [*(layer.curves(cache, d) for d in range(4)), layer.features(cache, 2)]
    if isinstance(layer, CurveLayer):
        found += [*layer.backward_edges(cache, np.stack([upstream] * layer.n_in, axis=1))]
    return [each.copy() for each in found]


@pytest.mark.parametrize("kernel", ["its own", DenseFeatures, SparseFeatures])
def test_a_cache_belongs_to_its_pass(layer, kernel, monkeypatch):
    """Weights and bases may change between forward and backward: what comes back is of the pass that was made."""
    if kernel != "its own":
        if Splines not in families(layer):
            pytest.skip("only splines have two kernels")
        monkeypatch.setattr(Splines, "features", lambda self, x, n_out=1: kernel(self, x))
    x, upstream = samples(layer, "one inside, another outside"), random(layer.n_out, 9)
    paths, _ = jet(layer, "inside")
    (z, cache), (_, jets_cache) = layer.forward(x), layer.forward_jets(paths)
    expected, z_before = everything(layer, cache, jets_cache, upstream), z.copy()
    again = layer.forward(x)[1], layer.forward_jets(paths)[1]  # not looked at before the change
    layer.weights += 1.0
    layer.bases = shifted(layer.bases)
    for late in ((cache, jets_cache), again):
        for got, wanted in zip(everything(layer, *late, upstream), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(z, z_before)
    if layer.weights.size and not isinstance(layer, Coefficients):
        assert not np.array_equal(output(layer, x), z)


def test_bases_can_be_exchanged_and_put_back(layer):
    x, kept = samples(layer, "one inside, another outside"), layer.bases
    before = output(layer, x)
    layer.bases = shifted(kept)
    assert np.array_equal(output(layer, x), before) == (not families(layer))
    layer.bases = kept
    np.testing.assert_array_equal(output(layer, x), before)


def test_no_array_that_comes_in_is_changed(layer):
    x, upstream = samples(layer, "one inside, another outside"), random(layer.n_out, 9)
    paths, _ = jet(layer, "outside")
    kept = [each.copy() for each in (x, upstream, paths, layer.weights)]
    everything(layer, layer.forward(x)[1], layer.forward_jets(paths)[1], upstream)
    for now, before in zip((x, upstream, paths, layer.weights), kept, strict=True):
        np.testing.assert_array_equal(now, before)


def test_samples_do_not_depend_on_each_other(layer):
    x = samples(layer, "one inside, another outside")
    z = output(layer, x)
    for s in range(x.shape[1]):
        assert_close(output(layer, x[:, s : s + 1]), z[:, s : s + 1], 1e-13, np.abs(z).max())
    order = np.random.default_rng(3).permutation(9)
    assert_close(output(layer, x[:, order]), z[:, order], 1e-13)


def test_how_numbers_lie_in_memory_does_not_matter(layer):
    x, upstream = samples(layer, "one inside, another outside"), random(layer.n_out, 9)
    there = np.asfortranarray(np.repeat(x, 2, axis=1))[:, ::2]  # every other sample of a larger array
    z, cache = layer.forward(there)
    assert_close(z, output(layer, x), 1e-13)
    for got, expected in zip(
        layer.backward(cache, upstream), layer.backward(layer.forward(x)[1], upstream), strict=True
    ):
        assert_close(got, expected, 1e-13)


def test_the_same_samples_may_go_through_again(layer):
    """With other weights; the cache of the first pass stays what it was."""
    x, upstream = samples(layer, "one inside, another outside"), random(layer.n_out, 9)
    _, cache = layer.forward(x)
    expected = layer.backward(cache, upstream)
    layer.weights[...] += 0.5
    z, second = layer.again(x, cache)
    np.testing.assert_array_equal(z, output(layer, x))
    anew = layer.backward(layer.forward(x)[1], upstream)
    for got, wanted in zip(layer.backward(second, upstream), anew, strict=True):
        np.testing.assert_array_equal(got, wanted)
    for got, wanted in zip(layer.backward(cache, upstream), expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_outputs_lie_within_their_reach(layer):
    if isinstance(layer, MLPLayer):
        pytest.skip("only grids of KANs ask for it")
    x = samples(layer, "inside")
    z, cache = layer.forward(x)
    low, high = layer.reach(cache, z)
    assert low.shape == high.shape == (layer.n_out,)
    assert (low - 1e-12 <= z.min(axis=1)).all() and (z.max(axis=1) <= high + 1e-12).all()
    if isinstance(layer, CurveLayer):  # inputs that have not been seen together
        mixed = output(layer, np.random.default_rng(0).permuted(x, axis=1))
        assert (low[:, None] - 1e-12 <= mixed).all() and (mixed <= high[:, None] + 1e-12).all()


def test_a_part_computes_what_it_did_in_the_whole(layer):
    """The inputs that lead to the last output, and this output alone; or None, where there is no such part."""
    wiring, last = layer.wiring(), layer.n_out - 1
    inputs, mask = np.flatnonzero(wiring[last]), np.zeros_like(wiring)
    mask[last] = wiring[last]
    part = layer.part(mask, inputs, np.array([last]))
    if isinstance(layer, (SharedLayer, MLPLayer)):
        assert part is None
        return
    x = samples(layer, "one inside, another outside")
    assert (part.n_in, part.n_out) == (len(inputs), 1)
    assert_close(output(part, x[inputs]), output(layer, x)[[last]], 1e-13)
    if isinstance(layer, CurveLayer):
        layer = part.copy()
        layer.raise_by(np.array([0.7]))
        assert_close(output(layer, x[inputs]), output(part, x[inputs]) + 0.7, 1e-12)


def test_differences_are_of_splines_and_see_no_straight_line(edges):
    seen = 0
    for places, D in edges.differences():
        assert places.shape[1] == D.shape[1]
        seen += len(places)
        if isinstance(edges, KANLayer) and edges.basis.order > 0:
            assert_close(D @ edges.basis.constant()[: edges.basis.size], np.zeros(len(D)), 1e-9)
    expected = 0 if families(edges) - {Splines} else len(edges.edge_list)
    if isinstance(edges, SharedLayer) and expected:
        expected = len(edges.shared)
    if len(families(edges)) < 2 and not any(each.name for each in all_edges(edges)):
        assert seen == expected


# --- copies, arrays, words --------------------------------------------------------------------------------------------


def filed(layer):
    """What comes back from a file."""
    with TemporaryDirectory() as folder:
        save(Network.from_layers([layer]), folder + "/layer.npz")
        return load(folder + "/layer.npz").layers[0].copy()


def same(one, other):
    x = samples(one, "one inside, another outside")
    for got, expected in zip(one.forward(x)[:1], other.forward(x)[:1], strict=True):
        np.testing.assert_array_equal(got, expected)
    assert type(one) is type(other) and repr(one) == repr(other)
    np.testing.assert_array_equal(one.weights, other.weights)
    assert list(one.edge_list) == list(other.edge_list)


COPIES = {
    "copy": lambda layer: layer.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
    "file": filed,
}


def test_copies_are_the_same_and_independent(layer):
    x = samples(layer, "inside")
    for how in COPIES.values():
        other, third = how(layer), how(layer)
        same(layer, other)
        before, weights = output(layer, x), layer.weights.copy()
        other.weights[...] += 1.0
        np.testing.assert_array_equal(output(layer, x), before)
        if layer.weights.size and not isinstance(layer, Coefficients):
            assert not np.array_equal(output(other, x), before)  # its weights are its own, and it uses them
        layer.weights[...] += 2.0
        np.testing.assert_array_equal(output(third, x), before)
        layer.weights[...] = weights


def test_multipliers_multiply_the_outputs(layer):
    x, chosen = samples(layer, PLACES[0]), layer.multipliers()
    before = layer.forward(x)[0].copy()
    assert chosen.shape == layer.weights.shape
    layer.weights[chosen] *= -3.0
    np.testing.assert_allclose(layer.forward(x)[0], before * (-3.0 if chosen.any() else 1.0), atol=1e-12)
    assert chosen.any() == bool(layer.edge_list)


def test_it_counts_its_parameters(layer):
    assert f"{layer.weights.size} parameters" in repr(layer)
    assert f"{layer.n_in} → {layer.n_out}" in repr(layer)
    assert Layer.kinds[type(layer).__name__] is type(layer)
    assert type(layer.floats_per_sample) is int and layer.floats_per_sample > 0


def test_weights_may_live_in_a_network(layer):
    """In a network the weights are views of its vector; nothing else changes."""
    model = Network.from_layers([layer, MLPLayer(random(layer.n_out + 1, 1), "tanh")])
    assert model.layers[0] is not layer
    x = samples(layer, "inside")
    model.parameters[:] += 0.5
    np.testing.assert_array_equal(
        output(model.layers[0], x), output(moved(layer, np.ones(layer.weights.shape), 0.5), x)
    )
    upstream = random(9, 1)
    gradient, _ = model.backward(x.T, upstream)
    direction = random(model.parameters.size)
    here = model.parameters.copy()

    def value(t):
        model.parameters[:] = here + t * direction
        return (upstream * model(x.T)).sum()

    assert_close(gradient @ direction, difference(value))


def test_weights_are_drawn_anew(layer):
    """The same seed, the same weights; named functions and products have nothing to draw."""
    first, second = layer.copy(), layer.copy()
    for each in (first, second):
        each.initialise(np.random.default_rng(5), 0.1)
    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.weights.shape == layer.weights.shape and np.isfinite(first.weights).all()
    if isinstance(layer, (KANLayer, MLPLayer)):
        assert not np.array_equal(first.weights, layer.weights)


def test_without_noise_edges_begin_as_straight_lines(edges):
    layer = edges.copy()
    layer.initialise(np.random.default_rng(0), 0.0)
    if any(each.name for each in all_edges(layer)) or any(
        getattr(each, "order", 3) == 0 for each in all_bases(layer)
    ):
        pytest.skip("names are kept, and a staircase is no line")
    ends = domains(layer)
    if isinstance(layer, KANLayer):
        rise = layer.edges(ends)  # (n_out, n_in, 2)
        np.testing.assert_allclose(np.abs(rise), 1 / np.sqrt(layer.n_in), atol=1e-13)
        np.testing.assert_allclose(rise[..., 0], -rise[..., 1], atol=1e-13)
    middle = layer.edges(ends.mean(axis=1)[:, None])
    np.testing.assert_allclose(middle, 0, atol=1e-13)


# --- finer grids, other grids -----------------------------------------------------------------------------------------

# How far a layer may be from what it was, relative to its largest output there. Splines on cells that were cut,
# polynomials of higher degree and more waves contain the old ones. Finer bells do not contain wider ones: what
# is said here is what they reach (measured: 6e-7 on twice the grid).
REFINED = {Splines: 1e-12, Chebyshev: 1e-12, Fourier: 1e-12, Gaussians: 2e-6}


def families(layer):
    return {type(basis) for basis in all_bases(layer)}


@pytest.mark.parametrize("times", [2, 3])
def test_finer_curves_are_the_same_curves(layer, times):
    grids = [basis.grid for basis in all_bases(layer)]
    grid = times * math.lcm(*grids) if grids else 5
    finer = layer.refined(grid)
    assert finer is not layer and finer.weights is not layer.weights
    assert [basis.grid for basis in all_bases(finer)] == [grid] * len(grids)
    tolerance = max((REFINED[family] for family in families(layer)), default=0.0)
    for place in PLACES:
        x = samples(layer, place, 40)
        beyond = 1 if place == "inside" else 30  # slopes are known less well than values
        assert_close(output(finer, x), output(layer, x), beyond * tolerance)


# Half of a domain: a polynomial is a polynomial there, straight lines with a little noise are close to splines on
# other grids; a wave that is cut off is no sum of waves, and a staircase has other steps.
FITTED = {Chebyshev: 1e-13, Gaussians: 1e-7, Fourier: 0.03}
FITTED_SPLINES = {0: 0.7, 1: 0.03, 2: 3e-3}  # by order; 2 and more


def fitted_tolerance(basis):
    return FITTED_SPLINES[min(basis.order, 2)] if isinstance(basis, Splines) else FITTED[type(basis)]


def smooth(layer):
    """A layer whose curves are close to straight lines: other grids can hold them."""
    layer = layer.copy()
    layer.initialise(np.random.default_rng(1), 0.03)
    return layer


def test_moved_grids_hold_the_curves_where_the_data_are(layer):
    """Straight curves, a little bent: on grids that lie on half of the domain they are the same, there."""
    layer = smooth(layer)
    low, high = domains(layer).T[:, :, None]
    x = low + (high - low) * np.random.default_rng(2).uniform(0.3, 0.8, (layer.n_in, 60))
    fitted = layer.fitted(x, 0.7)
    if not families(layer):
        same(layer, fitted)
        return
    if isinstance(fitted, SparseLayer):
        pairs = [(x[i], at.basis.domain[0]) for (i, _), at in fitted.sheet.items() if not at.name]
    else:
        pairs = zip([x] * 3 if isinstance(layer, SharedLayer) else x, fitted.basis.domain, strict=False)
    for data, domain in pairs:
        margin = 0.02 * np.ptp(data)
        np.testing.assert_allclose(domain, [data.min() - margin, data.max() + margin])
    assert fitted.covers(x) and not fitted.covers(x + 1)
    tolerance = max(fitted_tolerance(basis) for basis in all_bases(layer))
    assert_close(output(fitted, x), output(layer, x), tolerance)
    assert_close(
        output(fitted.fitted(x, 0.7), x), output(fitted, x), 1e-9
    )  # once more changes nothing but rounding


@everywhere
def test_contributions_tell_how_inputs_move_outputs(layer, place):
    x = samples(layer, place)
    _, cache = layer.forward(x)
    got = layer.contributions(cache, x)
    assert got.shape == (layer.n_out, layer.n_in, 9)
    assert not got[~layer.wiring()].any()
    if isinstance(layer, AdditiveLayer):
        np.testing.assert_array_equal(got, layer.curves(cache))
        return
    for s, j, i in product(range(9), range(layer.n_out), range(layer.n_in)):
        others = [k for k in np.flatnonzero(layer.wiring()[j]) if k != i]
        rest = math.prod(x[k, s] for k in others) if layer.wiring()[j, i] else 0.0
        np.testing.assert_allclose(got[j, i, s], rest * (x[i, s] - x[i].mean()), atol=1e-12)


def test_roughness_holds_every_weight_of_a_curve(layer):
    seen = []
    for places, rows in layer.roughness():
        assert places.shape[1] == rows.shape[1]
        assert np.linalg.matrix_rank(rows) == rows.shape[1]  # so that the penalty has one minimum
        seen += places.ravel().tolist()
    assert len(seen) == len(set(seen))
    if isinstance(layer, KANLayer):
        assert sorted(seen) == list(range(layer.weights.size))
    else:
        assert len(seen) == sum(each.weights.size for each in all_edges(layer) if not each.name)


BASES = [Splines.on(DOMAINS, 5, k, base) for k in range(6) for base in (None, "tanh")]
BASES += [family(DOMAINS, 4, base) for family in (Gaussians, Chebyshev, Fourier) for base in (None, "silu")]


@pytest.mark.parametrize("basis", [*BASES, uneven(5, 1), uneven(5, 3)], ids=repr)
def test_a_basis_knows_its_constant_and_its_line(basis):
    x = DOMAINS[:, :1] + 2 * np.linspace(-0.3, 1.3, 30)
    features = basis.features(x).matrix().reshape(3, basis.m, -1)
    np.testing.assert_allclose(basis.constant() @ features, 1, atol=1e-13)
    if getattr(basis, "order", 3) > 0:
        line = np.einsum("im,imn->in", basis.line(), features)
        np.testing.assert_allclose(line, np.tile(np.linspace(-1.6, 1.6, 30), (3, 1)), atol=1e-12)
    assert basis.features(x).matrix().shape == (3 * basis.m, 30)


@pytest.mark.parametrize("basis", BASES, ids=repr)
def test_to_be_rough_is_to_have_a_second_derivative(basis):
    """A line costs a hundredth of its weights' squares, a curve its ∫φ″² besides, or its second differences."""
    rows, weights = basis.roughness(), random(basis.m)
    weights[basis.size :] = 0

    def cost(weights):
        return ((rows @ weights) ** 2).sum() - 0.01 * (weights**2).sum()

    for straight in (basis.constant(), basis.line()[0]):
        if getattr(basis, "order", 3) > 0:
            assert_close(cost(straight), 0.0, 1e-9)
    if isinstance(basis, Splines):
        assert_close(cost(weights), (np.diff(weights[: basis.size], 2) ** 2).sum(), 1e-12)
    else:
        u = np.linspace(-1, 1, 20001)
        bends = (weights[: basis.size] @ basis.functions(u, 2)) ** 2
        integral = (bends[1:] + bends[:-1]).sum() * (u[1] - u[0]) / 2
        assert_close(cost(weights), integral, 1e-5)


@pytest.mark.parametrize("basis", BASES, ids=repr)
def test_features_of_a_basis_are_differences_of_each_other(basis):
    u = np.array([-0.93, -0.37, 0.11, 0.74])
    for d in (1, 2, 3):
        assert_close(basis.functions(u, d), difference(lambda t, d=d: basis.functions(u + t, d - 1)), 1e-7, 1)
    assert basis.functions(u.reshape(2, 2), 0).shape == (basis.size, 2, 2)


@pytest.mark.parametrize("basis", BASES, ids=repr)
def test_a_basis_of_some_inputs(basis):
    some, x = basis.rows([2, 0]), DOMAINS[[2, 0]].mean(axis=1)[:, None] + 0.3
    assert some.n_in == 2 and repr(some) == repr(basis)
    whole = basis.features(np.array([x[1], x[1], x[0]])).matrix().reshape(3, basis.m, -1)
    assert_close(some.features(x).matrix().reshape(2, basis.m, -1), whole[[2, 0]], 1e-13)


@pytest.mark.parametrize(
    ("old", "new"), [(a, b) for a in BASES for b in BASES if a is not b and b.base and not a.base][::7]
)
def test_from_family_to_family(old, new):
    """A projection takes weights of one family to those of another, as close as it can come at its own points."""
    weights = random(3, old.m, 1) / 5
    carried = old.projection(new) @ weights
    x = new.sample_points()
    targets = np.einsum("imo,imn->ion", weights, old.features(x).matrix().reshape(3, old.m, -1))
    features = new.features(x).matrix().reshape(3, new.m, -1)
    for i in range(3):
        best = np.linalg.lstsq(features[i].T, targets[i].T, rcond=None)[0]
        assert_close(features[i].T @ carried[i], features[i].T @ best, 1e-9)
