"""Typical wrong answers to the exercises of chapter 04."""

import numpy as np


def rate_without_two(H):
    return 1 / np.linalg.eigvalsh(H).max()


def rate_of_the_flattest(H):
    return 2 / np.linalg.eigvalsh(H).min()


def rate_of_the_diagonal(H):
    return 2 / H.diagonal().max()


def rate_of_the_mean(H):
    return 2 * len(H) / np.trace(H)


def length_uphill(J, r, d):
    v = J @ d
    return (r @ v) / (v @ v)


def length_over_the_direction(J, r, d):
    return -(r @ J @ d) / (d @ d)


def length_of_a_descent(J, r, d):
    v = J @ d
    return abs(r @ v) / (v @ v)


def length_without_a_zero(J, r, d):
    v = J @ d
    return -(r @ v) / (v @ v)


def length_of_a_unit_direction(J, r, d):
    v = J @ d
    return -(r @ v) / (v @ v) * np.linalg.norm(d) if v.any() else 0.0


def step_by_parameters(J, r, mu):
    return np.linalg.solve(J.T @ J + mu * np.eye(J.shape[1]), -J.T @ r)


def step_without_damping(J, r, mu):
    return np.linalg.lstsq(J, -r, rcond=None)[0]


def step_uphill(J, r, mu):
    return J.T @ np.linalg.solve(J @ J.T + mu * np.eye(len(r)), r)


def step_for_the_mean(J, r, mu):
    """What a student gets who takes H = 2/n JᵀJ, as `marquardt` does."""
    n = len(r)
    return 2 / n * J.T @ np.linalg.solve(2 / n * J @ J.T + mu * np.eye(n), -r)


def step_of_the_samples(J, r, mu):
    return np.linalg.solve(J @ J.T + mu * np.eye(len(r)), -r)


def gain_upside_down(r, r_new, J, delta):
    return (r @ r - np.sum((r + J @ delta) ** 2)) / (r @ r - r_new @ r_new)


def gain_of_norms(r, r_new, J, delta):
    norm = np.linalg.norm
    return (norm(r) - norm(r_new)) / (norm(r) - norm(r + J @ delta))


def gain_of_absolutes(r, r_new, J, delta):
    return abs(r @ r - r_new @ r_new) / abs(r @ r - np.sum((r + J @ delta) ** 2))


def gain_with_gradient_only(r, r_new, J, delta):
    return (r @ r - r_new @ r_new) / (-2 * r @ J @ delta)


def early_never(errors, patience):
    return int(np.argmin(errors)), len(errors) - 1


def early_without_reset(errors, patience):
    best, bad = 0, 0
    for epoch in range(1, len(errors)):
        if errors[epoch] < errors[best]:
            best = epoch
        else:
            bad += 1
        if bad == patience:
            return best, epoch
    return best, len(errors) - 1


def early_against_the_last(errors, patience):
    best, bad = 0, 0
    for epoch in range(1, len(errors)):
        bad = 0 if errors[epoch] < errors[epoch - 1] else bad + 1
        best = epoch if errors[epoch] < errors[best] else best
        if bad == patience:
            return best, epoch
    return best, len(errors) - 1


def early_with_ties(errors, patience):
    best = 0
    for epoch in range(1, len(errors)):
        if errors[epoch] <= errors[best]:
            best = epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(errors) - 1


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def classes(z, labels, J, mu, p=None, diagonal_only=False, n=None, off=1.0):
    """The right answer, but for what is asked to be wrong."""
    p, n = softmax(z) if p is None else p, n or len(z)
    W = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :] * (0 if diagonal_only else 1)
    g = np.einsum("ncp,nc->p", J, p - off * np.eye(p.shape[1])[labels]) / n
    H = np.einsum("ncp,ncd,ndq->pq", J, W, J) / n
    return np.linalg.solve(H + mu * np.eye(len(g)), -g)


def classes_summed(z, labels, J, mu):
    return classes(z, labels, J, mu, n=1)


def classes_with_half_a_curvature(z, labels, J, mu):
    return classes(z, labels, J, mu, diagonal_only=True)


def classes_that_overflow(z, labels, J, mu):
    return classes(z, labels, J, mu, p=np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))


def classes_over_samples(z, labels, J, mu):
    return classes(z, labels, J, mu, p=softmax(z.T).T)


def classes_without_labels(z, labels, J, mu):
    return classes(z, labels, J, mu, off=0.0)


def classes_with_a_summed_gradient(z, labels, J, mu):
    n = len(z)
    return classes(z, labels, J, n * mu, n=1)[None]


WRONG = {
    "04.1": [
        (rate_without_two, "is right for a single curvature"),
        (rate_of_the_flattest, "is set by the steepest direction"),
        (rate_of_the_diagonal, "looks for directions, not at axes"),
        (rate_of_the_mean, "is set by the steepest direction"),
    ],
    "04.2": [
        (length_uphill, "makes the predicted loss as small as can be"),
        (length_over_the_direction, "makes the predicted loss as small as can be"),
        (length_of_a_descent, "steps back where d leads uphill"),
        (length_of_a_unit_direction, "ends at the same place for d and for 10 d"),
        (length_without_a_zero, "stays where no sample hears the direction"),
    ],
    "04.3": [
        (step_by_parameters, "builds no matrix of P × P"),
        (step_without_damping, "goes down the gradient under heavy damping"),
        (step_uphill, "goes down the gradient under heavy damping"),
        (step_for_the_mean, "is the step of Levenberg–Marquardt"),
        (step_of_the_samples, "has an entry for each parameter"),
    ],
    "04.4": [
        (gain_upside_down, "compares actual with predicted"),
        (gain_of_norms, "compares actual with predicted"),
        (gain_of_absolutes, "is negative after a bad step"),
        (gain_with_gradient_only, "is 1 where the model is exact"),
    ],
    "04.5": [
        (early_never, "stops after a while without progress"),
        (early_without_reset, "starts counting anew at each progress"),
        (early_against_the_last, "stops after a while without progress"),
        (early_with_ties, "takes no tie for progress"),
    ],
    "04.6": [
        (classes_summed, "goes down the gradient under heavy damping"),
        (classes_without_labels, "goes down the gradient under heavy damping"),
        (classes_over_samples, "goes down the gradient under heavy damping"),
        (classes_with_half_a_curvature, "uses the whole curvature"),
        (classes_with_a_summed_gradient, "has an entry for each parameter"),
        (classes_that_overflow, "survives large outputs"),
    ],
}
