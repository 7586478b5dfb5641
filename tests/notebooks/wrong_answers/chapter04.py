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


def adam_without_correction(p, gradient, mean, square, step, learning_rate):
    mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
    return p - learning_rate * mean / (np.sqrt(square) + 1e-8), mean, square


def adam_remembers_corrected(p, gradient, mean, square, step, learning_rate):
    mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
    mean, square = mean / (1 - 0.9**step), square / (1 - 0.999**step)
    return p - learning_rate * mean / (np.sqrt(square) + 1e-8), mean, square


def adam_with_one_scale(p, gradient, mean, square, step, learning_rate):
    mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * np.mean(gradient**2)
    scale = np.sqrt(square / (1 - 0.999**step)) + 1e-8
    return p - learning_rate * mean / (1 - 0.9**step) / scale, mean, square


def adam_forgets_to_return(p, gradient, mean, square, step, learning_rate):
    return p - learning_rate * gradient / (np.abs(gradient) + 1e-8)


def step_without_damping(J, r, mu):
    return np.linalg.lstsq(J.T @ J, -J.T @ r, rcond=None)[0]


def step_uphill(J, r, mu):
    return np.linalg.solve(J.T @ J + mu * np.eye(J.shape[1]), J.T @ r)


def step_with_mu_everywhere(J, r, mu):
    return np.linalg.solve(J.T @ J + mu * np.ones((J.shape[1],) * 2) + 1e-12 * np.eye(J.shape[1]), -J.T @ r)


def step_with_scaled_diagonal(J, r, mu):
    JTJ = J.T @ J
    return np.linalg.solve(JTJ + mu * np.diag(JTJ.diagonal()), -J.T @ r)


def step_by_samples(J, r, mu):
    return -J @ J.T @ r


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


WRONG = {
    "04.1": [
        (rate_without_two, "is right for a single curvature"),
        (rate_of_the_flattest, "is set by the steepest direction"),
        (rate_of_the_diagonal, "looks for directions, not at axes"),
        (rate_of_the_mean, "is set by the steepest direction"),
    ],
    "04.2": [
        (adam_without_correction, "takes a first step of the learning rate"),
        (adam_remembers_corrected, "goes on like Adam"),
        (adam_with_one_scale, "keeps every parameter's own scale"),
        (adam_forgets_to_return, "takes a first step of the learning rate"),
    ],
    "04.3": [
        (step_without_damping, "goes down the gradient under heavy damping"),
        (step_uphill, "is the Gauss–Newton step without damping"),
        (step_with_mu_everywhere, "is right in between"),
        (step_with_scaled_diagonal, "goes down the gradient under heavy damping"),
        (step_by_samples, "has an entry for each parameter"),
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
}
