"""Typical wrong answers to the exercises of chapter 06."""

import numpy as np


def size_over_inputs(curves):
    return np.abs(curves).mean(axis=1)


def size_that_cancels(curves):
    return np.abs(curves.mean(axis=2))


def size_as_sum(curves):
    return np.abs(curves).sum(axis=2) / 4


def size_squared(curves):
    return (curves**2).mean(axis=2)


def size_by_root(curves):
    return np.sqrt((curves**2).mean(axis=2))


def size_as_deviation(curves):
    return curves.std(axis=2)


def entropy_base_two(sizes):
    share = sizes[sizes > 0] / sizes.sum()
    return -np.sum(share * np.log2(share))


def entropy_with_nan(sizes):
    share = sizes / sizes.sum()
    return -np.sum(share * np.log(share))


def entropy_of_rows(sizes):
    share = sizes / sizes.sum(axis=-1, keepdims=True)
    share = share[share > 0]
    return -np.sum(share * np.log(share))


def slope_alone(sizes):
    return -np.log(sizes / sizes.sum()) / sizes.sum()


def slope_without_total(sizes):
    share = sizes / sizes.sum()
    return -(np.log(share) - np.sum(share * np.log(share)))


def slope_as_number(sizes):
    share = sizes / sizes.sum()
    return -np.sum(np.log(share) - np.sum(share * np.log(share))) / sizes.sum()


def slope_of_the_other_sign(sizes):
    share = sizes / sizes.sum()
    return (np.log(share) - np.sum(share * np.log(share))) / sizes.sum()


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


def loose_as_numbers(first, second):
    alive = first.any(axis=1) & second.any(axis=0)
    return first * alive[:, None] * 1.0, second * alive * 1.0


def loose_nothing(first, second):
    return first, second


def loose_only_from_above(first, second):
    return first & second.any(axis=0)[:, None], second


def loose_only_from_below(first, second):
    return first, second & first.any(axis=1)


def loose_any_output(first, second):
    alive = first.any(axis=1) & second.all(axis=0)
    return first & alive[:, None], second & alive


WRONG = {
    "06.1": [
        (size_over_inputs, "has an entry for each edge"),
        (size_that_cancels, "does not let plus and minus cancel"),
        (size_as_sum, "does not depend on how many samples there are"),
        (size_squared, "is the mean of absolute values"),
        (size_by_root, "is the mean of absolute values"),
        (size_as_deviation, "is the mean of absolute values"),
    ],
    "06.2": [
        (entropy_base_two, "is log 4 for four equal edges"),
        (entropy_with_nan, "counts a size of 0 as nothing"),
        (entropy_of_rows, "takes any shape and any scale"),
    ],
    "06.3": [
        (slope_alone, "is zero where all are alike"),
        (slope_without_total, "agrees with differences"),
        (slope_as_number, "has the shape of the sizes"),
        (slope_of_the_other_sign, "agrees with differences"),
    ],
    "06.4": [
        (scores_of_edges_only, "has a score for each edge and each node below"),
        (scores_by_size, "gives nothing to an edge that stands still"),
        (scores_that_sum_to_one, "divides by how much the sum moves"),
        (scores_without_above, "gives all to a node's only edge"),
        (scores_for_nodes_above, "has a score for each edge and each node below"),
    ],
    "06.5": [
        (loose_as_numbers, "keeps what leads from below to above"),
        (loose_nothing, "drops edges into a node that leads nowhere"),
        (loose_only_from_above, "drops edges out of a node that nothing leads to"),
        (loose_only_from_below, "drops edges into a node that leads nowhere"),
        (loose_any_output, "drops edges out of a node that nothing leads to"),
    ],
}
