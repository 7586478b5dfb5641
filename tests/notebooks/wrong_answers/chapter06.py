"""Typical wrong answers to the exercises of chapter 06."""

from itertools import pairwise, product

import numpy as np


def entropy_itself(sizes):
    share = sizes[sizes > 0] / sizes.sum()
    return -np.sum(share * np.log(share))


def working_base_two(sizes):
    share = sizes[sizes > 0] / sizes.sum()
    return np.exp(-np.sum(share * np.log2(share)))


def working_with_nan(sizes):
    share = sizes / sizes.sum()
    return np.exp(-np.sum(share * np.log(share)))


def working_by_rows(sizes):
    share = sizes / sizes.sum(axis=-1, keepdims=True)
    share = share[share > 0]
    return np.exp(-np.sum(share * np.log(share)))


def working_counted(sizes):
    return float(np.sum(sizes > 0))


def working_by_squares(sizes):
    share = sizes / sizes.sum()
    return 1 / np.sum(share**2)


def _by_parabolas(B, y, weight, steps, start=None):
    n = len(y)
    w = np.linalg.lstsq(B, y, rcond=None)[0] if start is None else start
    for _ in range(steps):
        w = np.linalg.solve(B.T @ B / n + np.diag(weight(w)), B.T @ y / n)
    return w


def parabolas_without_half(B, y, strength, steps, eps):
    return _by_parabolas(B, y, lambda w: strength / np.sqrt(w**2 + eps**2), steps)


def parabolas_without_n(B, y, strength, steps, eps):
    return _by_parabolas(B, y, lambda w: strength / 2 / np.sqrt(w**2 + eps**2) / len(y), steps)


def parabolas_of_squares(B, y, strength, steps, eps):
    return _by_parabolas(B, y, lambda w: np.full(len(w), strength), steps)


def parabolas_too_narrow(B, y, strength, steps, eps):
    return _by_parabolas(B, y, lambda w: strength / 2 / (w**2 + eps**2), steps)


def parabolas_from_zero(B, y, strength, steps, eps):
    weight = lambda w: strength / 2 / np.sqrt(w**2 + eps**2)  # noqa: E731
    return _by_parabolas(B, y, weight, steps, np.zeros(B.shape[1]))


def parabolas_for_ever(B, y, strength, steps, eps):
    first = strength / 2 / np.sqrt(np.linalg.lstsq(B, y, rcond=None)[0] ** 2 + eps**2)
    return _by_parabolas(B, y, lambda w: first, steps)


def scores_of_edges_only(curves, above):
    return above[:, None] * curves.std(axis=2) / curves.sum(axis=1).std(axis=1)[:, None]


def scores_by_size(curves, above):
    size = np.abs(curves).mean(axis=2)
    edges = above[:, None] * size / size.sum(axis=1, keepdims=True)
    return edges, edges.sum(axis=0)


def scores_that_sum_to_one(curves, above):
    spread = curves.std(axis=2)
    edges = above[:, None] * spread / spread.sum(axis=1, keepdims=True)
    return edges, edges.sum(axis=0)


def scores_without_above(curves, above):
    edges = curves.std(axis=2) / curves.sum(axis=1).std(axis=1)[:, None]
    return edges, edges.sum(axis=0)


def scores_for_nodes_above(curves, above):
    edges = scores_of_edges_only(curves, above)
    return edges, edges.sum(axis=1)


def loose_as_numbers(masks):
    return [mask * 1.0 for mask in masks]


def loose_nothing(masks):
    return [mask.copy() for mask in masks]


def loose_only_from_above(masks):
    masks = [mask.copy() for mask in masks]
    for below, above in zip(masks[-2::-1], masks[:0:-1], strict=True):
        below &= above.any(axis=0)[:, None]
    return masks


def loose_only_from_below(masks):
    masks = [mask.copy() for mask in masks]
    for below, above in pairwise(masks):
        above &= below.any(axis=1)
    return masks


def loose_neighbours_once(masks):
    """Look at each hidden node alone: an edge in, an edge out."""
    kept = [mask.copy() for mask in masks]
    for depth in range(len(masks) - 1):
        alive = masks[depth].any(axis=1) & masks[depth + 1].any(axis=0)
        kept[depth] &= alive[:, None]
        kept[depth + 1] &= alive
    return kept


def loose_in_place(masks):
    for below, above in zip(masks[-2::-1], masks[:0:-1], strict=True):
        below &= above.any(axis=0)[:, None]
    for below, above in pairwise(masks):
        above &= below.any(axis=1)
    return masks


def each_alone(curves, allowed):
    return curves.std(axis=1) <= allowed * curves.sum(axis=0).std()


def greedy_by_score(curves, allowed):
    cut, lost, limit = np.zeros(len(curves), dtype=bool), 0, allowed * curves.sum(axis=0).std()
    for i in np.argsort(curves.std(axis=1)):
        if (lost + curves[i]).std() <= limit:
            cut[i], lost = True, lost + curves[i]
    return cut


def variances_added(curves, allowed):
    variances, limit = curves.var(axis=1), allowed * curves.sum(axis=0).std()
    order = np.argsort(variances)
    cut = np.zeros(len(curves), dtype=bool)
    cut[order[np.sqrt(np.cumsum(variances[order])) <= limit]] = True
    return cut


def _best_set(curves, allowed, measure):
    sets = np.array(list(product([False, True], repeat=len(curves))))
    lost = measure(sets @ curves)
    fits = lost <= allowed * measure(curves.sum(axis=0, keepdims=True))[0]
    return sets[np.lexsort((lost, -sets.sum(axis=1), ~fits))[0]]


def means_are_lost(curves, allowed):
    return _best_set(curves, allowed, lambda lost: np.sqrt((lost**2).mean(axis=1)))


def kept_instead_of_cut(curves, allowed):
    return ~_best_set(curves, allowed, lambda lost: lost.std(axis=1))


def limit_without_spread(curves, allowed):
    sets = np.array(list(product([False, True], repeat=len(curves))))
    lost = (sets @ curves).std(axis=1)
    return sets[np.lexsort((lost, -sets.sum(axis=1), lost > allowed))[0]]


WRONG = {
    "06.1": [
        (entropy_itself, "is 4 for four equal edges"),
        (working_base_two, "is 4 for four equal edges"),
        (working_with_nan, "counts a size of 0 as nothing"),
        (working_by_rows, "takes any shape and any scale"),
        (working_counted, "weighs edges that differ by the entropy"),
        (working_by_squares, "weighs edges that differ by the entropy"),
    ],
    "06.2": [
        (parabolas_without_half, "ends where the slope of the objective is zero"),
        (parabolas_without_n, "ends where the slope of the objective is zero"),
        (parabolas_of_squares, "ends where the slope of the objective is zero"),
        (parabolas_too_narrow, "ends where the slope of the objective is zero"),
        (parabolas_from_zero, "starts from least squares"),
        (parabolas_for_ever, "ends where the slope of the objective is zero"),
    ],
    "06.3": [
        (scores_of_edges_only, "has a score for each edge and each node below"),
        (scores_by_size, "gives nothing to an edge that stands still"),
        (scores_that_sum_to_one, "divides by how much the sum moves"),
        (scores_without_above, "gives all to a node's only edge"),
        (scores_for_nodes_above, "has a score for each edge and each node below"),
    ],
    "06.4": [
        (loose_as_numbers, "keeps what leads from an input to an output"),
        (loose_nothing, "drops what leads nowhere, all the way down"),
        (loose_only_from_above, "drops what nothing leads to, all the way up"),
        (loose_only_from_below, "drops what leads nowhere, all the way down"),
        (loose_neighbours_once, "drops what leads nowhere, all the way down"),
        (loose_in_place, "drops what leads nowhere, all the way down"),
    ],
    "06.5": [
        (each_alone, "cuts two large edges that cancel"),
        (greedy_by_score, "cuts two large edges that cancel"),
        (variances_added, "keeps one of two that are small alone, and too large together"),
        (means_are_lost, "cuts an edge that stands still"),
        (kept_instead_of_cut, "cuts an edge that stands still"),
        (limit_without_spread, "finds the largest set, and of several the one that loses least"),
    ],
}
