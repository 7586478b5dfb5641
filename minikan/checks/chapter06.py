"""Checks of the exercises of chapter 06, sparsity and pruning."""

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise


def _curves(n_out=2, n_in=3, n=50):
    return np.random.default_rng(6).normal(size=(n_out, n_in, n)) * np.arange(1, n_in + 1)[:, None] + 0.5


# 06.1

size = Exercise("06.1", "the size of edges")


@size.property("has an entry for each edge", cause="average over the samples, the last axis")
def _size_shape(answer):
    expect_shape(answer(_curves()), (2, 3), "the sizes")


@size.property("does not let plus and minus cancel", cause="absolute values first, then the mean")
def _size_wave(answer):
    wave = np.array([[[1.0, -1, 1, -1]]])
    expect_close(answer(wave), [[1.0]], "the size of an edge that is 1, -1, 1, -1")


@size.property("does not depend on how many samples there are", cause="a mean, not a sum")
def _size_mean(answer):
    curves = _curves()
    once = np.asarray(answer(curves), dtype=float)
    expect_close(
        answer(np.concatenate([curves, curves], axis=2)), once, "the sizes when every sample comes twice"
    )


@size.property("is the mean of absolute values", cause="neither squares nor deviations from the mean")
def _size_value(answer):
    steps = np.array([[[0.0, 0, 3, 3], [5.0, 5, 5, 5]]])
    expect_close(answer(steps), [[1.5, 5.0]], "the sizes of an edge 0, 0, 3, 3 and of one that is always 5")


# 06.2

order = Exercise("06.2", "entropy, with zeros")


@order.property(
    "is log 4 for four equal edges", cause="shares sum to 1, and the logarithm is the natural one"
)
def _order_equal(answer):
    expect_close(answer(np.full(4, 0.7)), np.log(4), "the entropy of four equal sizes")


@order.property("counts a size of 0 as nothing", cause="0 · log 0 is NaN for NumPy: leave zeros out")
def _order_zero(answer):
    expect_close(answer(np.array([2.0, 0.0])), 0, "the entropy of one edge that has it all")
    expect_close(answer(np.array([1.0, 0.0, 1.0])), np.log(2), "the entropy of 1, 0, 1")


@order.property("takes any shape and any scale", cause="divide by the sum over all entries")
def _order_shape(answer):
    sizes = np.array([[1.0, 3.0], [2.0, 2.0]])
    share = np.array([1, 3, 2, 2]) / 8
    expect_close(answer(5 * sizes), -np.sum(share * np.log(share)), "the entropy of a sheet of sizes")


# 06.3

bend = Exercise("06.3", "the gradient of the entropy")


def _entropy(sizes):
    share = sizes / sizes.sum()
    return -np.sum(share * np.log(share))


@bend.property("has the shape of the sizes", cause="a slope for each size")
def _bend_shape(answer):
    expect_shape(answer(np.ones((2, 3))), (2, 3), "the slopes")


@bend.property("is zero where all are alike", cause="S is subtracted from -log p before the division by T")
def _bend_equal(answer):
    expect_close(answer(np.full(5, 0.3)), np.zeros(5), "the slopes for five equal sizes")


@bend.property("agrees with differences", cause="divide by the sum of the sizes, T")
def _bend_differences(answer):
    sizes, h = np.array([0.2, 1.3, 0.7, 2.5]), 1e-5
    measured = [(_entropy(sizes + h * e) - _entropy(sizes - h * e)) / (2 * h) for e in np.eye(4)]
    expect_close(answer(sizes), measured, "the slopes", 1e-6)


# 06.4

shared = Exercise("06.4", "backward scores of a layer")


@shared.property("has a score for each edge and each node below", cause="edges (n_out, n_in), nodes (n_in,)")
def _shared_shape(answer):
    edges, nodes = expect_parts(answer(_curves(), np.ones(2)), 2, "scores of edges, scores of nodes")
    expect_shape(edges, (2, 3), "the scores of edges")
    expect_shape(nodes, (3,), "the scores of nodes below")


@shared.property(
    "gives all to a node's only edge", cause="the edge's standard deviation over that of the node"
)
def _shared_single(answer):
    curves = _curves(n_out=2, n_in=1)
    edges, nodes = expect_parts(answer(curves, np.array([0.7, 0.2])), 2, "scores of edges, scores of nodes")
    expect_close(edges, [[0.7], [0.2]], "the scores of single edges")
    expect_close(nodes, [0.9], "the score of the node that feeds both")


@shared.property("gives nothing to an edge that stands still", cause="standard deviation, not mean")
def _shared_still(answer):
    curves = _curves(n_out=1, n_in=2)
    curves[0, 1] = 5.0
    edges, _ = expect_parts(answer(curves, np.ones(1)), 2, "scores of edges, scores of nodes")
    expect_close(edges, [[1.0, 0.0]], "the scores where the second edge is constant")


@shared.property(
    "divides by how much the sum moves", cause="the node's standard deviation is not the sum of the edges'"
)
def _shared_cancel(answer):
    wave = np.sin(np.linspace(0, 6 * np.pi, 300, endpoint=False))
    slow = np.cos(np.linspace(0, 2 * np.pi, 300, endpoint=False))
    curves = np.array([[wave, slow - wave]])
    edges, _ = expect_parts(answer(curves, np.ones(1)), 2, "scores of edges, scores of nodes")
    expect_close(edges, [[1.0, np.sqrt(2)]], "the scores of two edges that partly cancel", 1e-6)


# 06.5

loose = Exercise("06.5", "loose ends")


def _expect_masks(answer, first, second, expected, what):
    first, second = np.array(first, dtype=bool), np.array(second, dtype=bool)
    found = expect_parts(answer(first, second), 2, "two masks")
    for mask, right, name in zip(found, expected, ("first", "second"), strict=True):
        mask = np.asarray(mask)
        expect(
            mask.shape == np.shape(right), f"a {name} mask of shape {np.shape(right)}", f"shape {mask.shape}"
        )
        expect(mask.dtype == bool, f"a {name} mask of booleans", f"dtype {mask.dtype}")
        expect(
            np.array_equal(mask, right),
            f"the {name} mask {np.array(right).astype(int).tolist()} {what}",
            f"{mask.astype(int).tolist()}",
        )


@loose.property(
    "keeps what leads from below to above", cause="an edge is useful if its hidden node has a way in and out"
)
def _loose_keep(answer):
    first, second = [[1, 0], [0, 1]], [[1, 1]]
    _expect_masks(answer, first, second, (first, second), "where nothing is loose")


@loose.property("drops edges into a node that leads nowhere", cause="look at the columns of `second`")
def _loose_top(answer):
    _expect_masks(
        answer, [[1, 1], [1, 0]], [[0, 1]], ([[0, 0], [1, 0]], [[0, 1]]), "where the first node leads nowhere"
    )


@loose.property("drops edges out of a node that nothing leads to", cause="look at the rows of `first`")
def _loose_bottom(answer):
    _expect_masks(
        answer,
        [[0, 0], [1, 0], [0, 1]],
        [[1, 1, 0], [1, 0, 1]],
        ([[0, 0], [1, 0], [0, 1]], [[0, 1, 0], [0, 0, 1]]),
        "where nothing leads to the first node",
    )
