"""Shapes compute what their names say, can be made simpler, and the ladder offers each of them once."""

from itertools import chain, combinations

import numpy as np
import pytest

from minikan.shapes import Factor, Node, Shape, multiplied, shapes, tidy

X3 = np.random.default_rng(0).uniform([0.5, -1, 2], [1, 1, 5], (50, 3))


def single(*inputs):
    return tuple(Factor((i,)) for i in inputs)


def curves(model, depth, z):
    """All edges of a layer by their output and input: z (n_in, n) → {(i, j): (n,)}."""
    layer = model.layers[depth]
    return {(i, j): layer.edges(z)[j, i] for i, j in layer.edge_list}


def ladder(count, outs=()):
    return list(chain.from_iterable(shapes(range(count), outs)))


def test_a_product_and_a_sum_by_hand():
    """x1·(x2+x3) + x1+x2+x3"""
    shape = Shape((Node((Factor((0,)), Factor((1, 2)))), Node((Factor((0, 1, 2)),))))
    model = shape.network(X3, 4, 0)
    phi = curves(model, 0, X3.T)
    assert sorted(phi) == [(0, 0), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    product = phi[0, 0] * (phi[1, 1] + phi[2, 1])
    np.testing.assert_allclose(model(X3)[:, 0], product + phi[0, 2] + phi[1, 2] + phi[2, 2], atol=1e-12)
    assert repr(shape) == "x1·(x2+x3) + x1+x2+x3" and not shape.is_deep and shape.inputs == [0, 1, 2]


def test_a_product_of_several_sums():
    """k (a - b) / d: only a and b do not interact."""
    (shape,) = multiplied([(0,), (1, 2), (3,)], "")
    assert repr(shape) == "x1·(x2+x3)·x4 + x1+x2+x3+x4"
    assert shape.interactions == set(combinations(range(4), 2)) - {(1, 2)}
    assert not list(multiplied([(0,), (1,), (2,)], ""))  # the ladder has these already
    assert not list(multiplied([(0, 1, 2)], "")) and not list(
        multiplied([(0,), (1,), (2,), (3,), (4, 5)], "")
    )


def test_curves_of_factors_and_nodes_by_hand():
    """g(x1·g(x2·x3)): the inner product is one of curves, too."""
    shape = Shape((Node((Factor((0,)), Factor((1, 2), True, True)), True),))
    model = shape.network(X3, 4, 1)
    phi = curves(model, 0, X3.T)
    assert sorted(phi) == [(0, 0), (1, 1), (2, 2)]
    z = np.stack([phi[0, 0], phi[1, 1] * phi[2, 2]])
    h = curves(model, 2, z)
    np.testing.assert_allclose(h[0, 0], z[0])  # a factor without a curve changes nothing
    assert np.abs(h[1, 1] - z[1]).max() > 1e-3
    g = curves(model, 4, (h[0, 0] * h[1, 1])[None])
    np.testing.assert_allclose(model(X3)[:, 0], g[0, 0], atol=1e-12)
    assert repr(shape) == "g(x1·g(x2·x3))" and shape.is_deep


def test_a_curve_of_a_sum_by_hand():
    shape = Shape((Node((Factor((0, 1)),), True), Node((Factor((2,)),))))
    model = shape.network(X3, 4, 2)
    phi = curves(model, 0, X3.T)
    g = curves(model, 1, np.stack([phi[0, 0] + phi[1, 0], phi[2, 1]]))
    np.testing.assert_allclose(g[1, 0], phi[2, 1])
    np.testing.assert_allclose(model(X3)[:, 0], g[0, 0] + phi[2, 1], atol=1e-12)


def test_grids_cover_the_samples_and_seeds_differ():
    shape = Shape((Node((Factor((0, 1, 2)),)),))
    model = shape.network(X3, 4, 0)
    for i, j in model.layers[0].edge_list:
        low, high = model.layers[0].edge(i, j).basis.domain.ravel()
        assert low <= X3[:, i].min() and X3[:, i].max() <= high
    same, other = (shape.network(X3, 4, seed) for seed in (0, 1))
    np.testing.assert_array_equal(model.parameters, same.parameters)
    assert (model.parameters != other.parameters).any()


def size(shape):
    return sum(len(factor.inputs) for factor in shape.factors)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_simpler_shapes_have_fewer_curves_and_end(count):
    for shape in ladder(count, ["exp"]):
        for each, _ in shape.simpler():
            assert (
                size(each) < size(shape) and set(each.inputs) <= set(shape.inputs) and each.out == shape.out
            )
            assert tidy(each.nodes, each.out) == each  # nothing superfluous is left


@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_shapes_of_the_ladder_can_be_trained(count):
    for shape in ladder(count, ["exp"]):
        model = shape.network(X3[:, :count], 3, 0)
        assert model(X3[:, :count]).shape == (50, 1) and np.isfinite(model(X3[:, :count])).all()
        assert set(shape.inputs) <= set(range(count)) and repr(shape)


def test_tidy_takes_the_superfluous_away():
    plain = Node((Factor((0,)),)), Node((Factor((1,)),), True), Node((Factor((0, 2)),))
    assert tidy(plain, "exp") == Shape((Node((Factor((0, 1, 2)),)),), "exp")  # a curve on a curve, three sums
    chain_of_two = [Node((Factor((0, 1), True),), True)]
    assert tidy(chain_of_two, "") == Shape((Node((Factor((0, 1)),), True),))
    inner = [Node((Factor((0, 1), True, True),))]
    assert tidy(inner, "") == Shape((Node(single(0, 1), True),))
    lonely = [Node((Factor((0,), True), Factor((1,), True, True)))]
    assert tidy(lonely, "") == Shape((Node(single(0, 1)),))
    assert tidy([], "exp") is None


def test_shapes_can_be_compared_and_be_keys():
    one, other = (Shape((Node(single(0, 1)),), out) for out in ("", "exp"))
    assert one != other and len({one, other, Shape((Node(single(0, 1)),))}) == 2
    assert repr(other) == "exp of x1·x2"


def in_order(shape):
    """The same shape with factors and nodes in a fixed order: a·b is b·a."""
    nodes = (Node(tuple(sorted(node.factors)), node.curve) for node in shape.nodes)
    return Shape(tuple(sorted(nodes)), shape.out)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_no_shape_of_the_ladder_comes_twice(count):
    offers = ladder(count, ["exp", "sqrt"])
    assert len(offers) == len(set(map(in_order, offers)))


def test_the_ladder_begins_with_sums_and_holds_what_laws_need():
    first, *others = shapes(range(3), ["exp"])
    every = (0, 1, 2)
    rest = Node((Factor(every),))
    assert first == [Shape((rest,)), Shape((rest,), "exp")]
    offers = set(chain.from_iterable(others))
    assert Shape((Node((Factor(every),), True),)) in offers  # a curve of a sum
    for some in (*combinations(every, 2), every):
        for out in ("", "exp"):
            assert Shape((Node(single(*some)), rest), out) in offers  # products
        assert Shape((Node(single(*some), True), rest)) in offers  # a curve of a product
    for i in every:
        others = tuple(j for j in every if j != i)
        assert Shape((Node((Factor((i,)), Factor(others))), rest)) in offers  # products of sums
        assert Shape((Node((Factor((i,)), Factor(every, True))), rest)) in offers  # … and of curves of sums
