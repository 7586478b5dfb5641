"""Checks of the exercises of chapter 06, sparsity and pruning."""

from itertools import pairwise, product

import numpy as np

from .expectations import expect, expect_close, expect_parts, expect_shape
from .framework import Exercise


def _curves(n_out=2, n_in=3, n=50):
    return np.random.default_rng(6).normal(size=(n_out, n_in, n)) * np.arange(1, n_in + 1)[:, None] + 0.5


# 06.1

working = Exercise("06.1", "how many edges work?")


@working.property(
    "is 4 for four equal edges", cause="the entropy of four equal shares is log 4, and e to it is 4"
)
def _working_equal(answer):
    expect_close(answer(np.full(4, 0.7)), 4, "the number for four equal sizes")


@working.property("counts a size of 0 as nothing", cause="0 · log 0 is NaN for NumPy: leave zeros out")
def _working_zero(answer):
    expect_close(answer(np.array([2.0, 0.0])), 1, "the number for one edge that does it all")
    expect_close(answer(np.array([1.0, 0.0, 1.0])), 2, "the number for sizes 1, 0, 1")


@working.property("takes any shape and any scale", cause="divide by the sum over all entries")
def _working_shape(answer):
    expect_close(answer(np.full((2, 3), 9.0)), 6, "the number for six equal sizes in a sheet")


@working.property(
    "weighs edges that differ by the entropy", cause="e to the entropy, with natural logarithms"
)
def _working_value(answer):
    share = np.array([1, 3, 2, 2]) / 8
    expected = np.exp(-np.sum(share * np.log(share)))
    expect_close(answer(np.array([[1.0, 3.0], [2.0, 2.0]])), expected, "the number for sizes 1, 3, 2, 2")


# 06.2

lasso = Exercise("06.2", "a kink by parabolas")


def _problem():
    """Correlated features (n, m), and targets that need two of them."""
    rng = np.random.default_rng(62)
    B = rng.normal(size=(60, 5)) @ (np.eye(5) + 0.4)
    return B, B @ np.array([1.5, 0.0, -0.8, 0.0, 0.0]) + 0.1 * rng.normal(size=60)


def _objective(w, B, y, strength, eps):
    return np.mean((B @ w - y) ** 2) + strength * np.sum(np.sqrt(w**2 + eps**2))


@lasso.property("starts from least squares", cause="0 steps: no parabola has been used yet")
def _lasso_start(answer):
    B, y = _problem()
    expected = np.linalg.lstsq(B, y, rcond=None)[0]
    expect_close(answer(B, y, 0.3, 0, 1e-3), expected, "the weights after 0 steps", 1e-8)


@lasso.property(
    "never goes uphill",
    cause="a step ends where squares and present parabolas together are least: slope zero, factors 2 and n included",
)
def _lasso_falls(answer):
    B, y = _problem()
    losses = [_objective(np.asarray(answer(B, y, 0.3, k, 1e-3)), B, y, 0.3, 1e-3) for k in range(6)]
    for k, (before, after) in enumerate(pairwise(losses)):
        told = f"an objective of at most {before:.6g} after {k + 1} steps, its value one step before"
        expect(after <= before + 1e-9, told, f"{after:.6g}")


@lasso.property(
    "ends where the slope of the objective is zero",
    cause="the mean of squares has the slope 2 Bᵀ(Bw - y) / n, a parabola λ w / ρ: mind the 2 and the n",
)
def _lasso_ends(answer):
    B, y = _problem()
    for strength in (0.3, 1.0):
        w = np.asarray(answer(B, y, strength, 400, 1e-2), dtype=float)
        expect_shape(w, (5,), "the weights")
        slope = 2 * B.T @ (B @ w - y) / len(y) + strength * w / np.sqrt(w**2 + 1e-4)
        expect_close(slope, np.zeros(5), f"the slope after 400 steps, at λ = {strength}", 1e-5)


@lasso.property(
    "leaves what is not needed near zero", cause="new parabolas in each step, not the first ones for ever"
)
def _lasso_sparse(answer):
    B, y = _problem()
    w = np.abs(np.asarray(answer(B, y, 0.3, 100, 1e-4), dtype=float))
    expect(
        w[[1, 3, 4]].max() < 0.01,
        "weights below 0.01 where the targets need none",
        f"{w[[1, 3, 4]].max():.3g}",
    )
    expect(w[[0, 2]].min() > 0.3, "weights above 0.3 where the targets need them", f"{w[[0, 2]].min():.3g}")


# 06.3

shared = Exercise("06.3", "backward scores of a layer")


@shared.property("has a score for each edge and each node below", cause="edges (n_out, n_in), nodes (n_in,)")
def _shared_shape(answer):
    edges, nodes = expect_parts(answer(_curves(), np.ones(2)), 2, "scores of edges, scores of nodes")
    expect_shape(edges, (2, 3), "the scores of edges")
    expect_shape(nodes, (3,), "the scores of nodes below")


@shared.property(
    "gives all to a node's only edge",
    cause="the edge's deviation over that of its node, times the score of this node",
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


# 06.4

loose = Exercise("06.4", "loose ends")


def _expect_masks(answer, masks, expected, what):
    masks = [np.array(mask, dtype=bool) for mask in masks]
    given = [mask.copy() for mask in masks]
    found = expect_parts(answer(masks), len(masks), "a mask for each layer")
    for depth, (mask, right) in enumerate(zip(found, expected, strict=True)):
        mask, right = np.asarray(mask), np.array(right)
        name = f"a mask of layer {depth}"
        expect(mask.shape == right.shape, f"{name} of shape {right.shape}", f"shape {mask.shape}")
        expect(mask.dtype == bool, f"{name} of booleans", f"dtype {mask.dtype}")
        got = f"{mask.astype(int).tolist()}"
        expect(np.array_equal(mask, right), f"{name} {right.astype(int).tolist()} {what}", got)
    same = all(np.array_equal(a, b) for a, b in zip(masks, given, strict=True))
    expect(same, "the masks that were given unchanged", "other ones", "make new arrays, for example with &")


@loose.property(
    "keeps what leads from an input to an output", cause="an edge is useful if something comes in and goes on"
)
def _loose_keep(answer):
    masks = [[[1, 0], [0, 1]], [[1, 1]]]
    _expect_masks(answer, masks, masks, "where nothing is loose")


@loose.property(
    "drops what leads nowhere, all the way down", cause="go from the outputs down, layer by layer"
)
def _loose_down(answer):
    masks = [[[1, 1], [1, 0]], [[1, 0], [0, 1]], [[0, 1]]]
    expected = [[[0, 0], [1, 0]], [[0, 0], [0, 1]], [[0, 1]]]
    _expect_masks(answer, masks, expected, "where the first node of the upper row leads nowhere")


@loose.property("drops what nothing leads to, all the way up", cause="go from the inputs up, layer by layer")
def _loose_up(answer):
    masks = [[[0, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 1]]]
    expected = [[[0, 0], [0, 1]], [[0, 0], [0, 1]], [[0, 1]]]
    _expect_masks(answer, masks, expected, "where nothing leads to the first node of the lower row")


@loose.property(
    "takes any depth", cause="what reaches a node, and what a node reaches, are two separate questions"
)
def _loose_any(answer):
    rng = np.random.default_rng(64)
    for widths in ([2, 1], [2, 3, 1], [3, 4, 3, 4, 2]):
        masks = [rng.uniform(size=(b, a)) < 0.4 for a, b in pairwise(widths)]
        below, above = [np.ones(widths[0], dtype=bool)], [np.ones(widths[-1], dtype=bool)]
        for mask in masks:
            below.append((mask & below[-1]).any(axis=1))
        for mask in reversed(masks):
            above.insert(0, (mask & above[0][:, None]).any(axis=0))
        useful = [m & a[:, None] & b for m, a, b in zip(masks, above[1:], below, strict=False)]
        _expect_masks(answer, masks, useful, f"of a network {widths}")


# 06.5

together = Exercise("06.5", "what may go together?")


def _expect_cut(answer, curves, allowed, expected, what):
    cut = np.asarray(answer(curves, allowed))
    expect(cut.shape == (len(curves),), f"a mask of shape ({len(curves)},)", f"shape {cut.shape}")
    expect(cut.dtype == bool, "a mask of booleans, True for an edge that goes", f"dtype {cut.dtype}")
    told = f"edges {np.flatnonzero(expected).tolist()} {what}"
    expect(np.array_equal(cut, expected), told, f"{np.flatnonzero(cut).tolist()}")


def _waves():
    """Three waves that have nothing to do with each other, and a constant, each (n,)."""
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return np.sin(t), np.cos(t), np.sin(3 * t), np.full(200, 5.0)


@together.property("cuts an edge that stands still", cause="its mean stays, so only what it changes is lost")
def _together_still(answer):
    a, b, _, still = _waves()
    _expect_cut(answer, np.array([a, still, b]), 0.1, [False, True, False], "to go, the one that is always 5")


@together.property(
    "cuts two large edges that cancel", cause="what is lost is the sum of all that go, not each of them alone"
)
def _together_cancel(answer):
    a, b, c, _ = _waves()
    curves = np.array([3 * a, b, 0.01 * c - 3 * a])
    _expect_cut(answer, curves, 0.1, [True, False, True], "to go, the two that cancel but for a hundredth")


@together.property(
    "keeps one of two that are small alone, and too large together",
    cause="edges that move together add up, more than if they had nothing to do with each other",
)
def _together_add(answer):
    a, b, c, _ = _waves()
    curves = np.array([b + c, 0.11 * a, 0.1 * a])
    limit = 0.15 * np.sqrt(0.5) / curves.sum(axis=0).std()
    _expect_cut(answer, curves, limit, [False, False, True], "to go, the smaller of the two alike")


@together.property(
    "finds the largest set, and of several the one that loses least",
    cause="try all sets; sorting edges by their own scores is not enough",
)
def _together_best(answer):
    rng = np.random.default_rng(65)
    for _ in range(5):
        curves = rng.normal(size=(6, 6)) @ rng.normal(size=(6, 80))
        allowed = rng.uniform(0.3, 0.7)
        limit, best = allowed * curves.sum(axis=0).std(), (0, 0.0, (False,) * 6)
        for chosen in product([False, True], repeat=6):
            lost = curves[np.array(chosen)].sum(axis=0).std() if any(chosen) else 0.0
            if lost <= limit and (sum(chosen), -lost) > best[:2]:
                best = sum(chosen), -lost, chosen
        _expect_cut(
            answer, curves, allowed, list(best[2]), f"to go, at most {allowed:.2f} of the spread lost"
        )
