"""Read what an equation needs, such as "u_xy", and take it from the jets of a network's outputs (chapter 10)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .validation import require

Need = tuple[int, list[int]]  # an output, and the inputs in which it is differentiated


class Names(NamedTuple):
    """What the letters in an equation mean."""

    inputs: list[str]
    outputs: list[str]
    coefficients: list[str]

    def derivative(self, need: str) -> Need:
        """Read "u_xy" as the output u and the inputs [x, y] in which it is differentiated."""
        output, _, along = need.partition("_")
        require(output in self.outputs, "needs", f"be of outputs {', '.join(self.outputs)}", repr(need))
        found = []
        while along:
            name = max((name for name in self.inputs if along.startswith(name)), key=len, default=None)
            if name is None:
                known = ", ".join(self.inputs)
                raise ValueError(
                    f"needs {need!r}: no input is called {along!r}, only {known}; see the argument inputs"
                )
            found, along = [*found, self.inputs.index(name)], along[len(name) :]
        require(len(found) <= 2, "needs", "be derivatives up to the second", repr(need))
        return self.outputs.index(output), sorted(found)


def jet_of(needs: list[Need], n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose directions (D, n_in), and what to take of the outputs' jets along them: (K, 1 + 2D, n_out).

    Mixed derivatives are u_xy = (ü along (1, 1) - ü along x - ü along y) / 2.
    """
    used = sorted({along[0] for _, along in needs if along} | {i for _, along in needs for i in along})
    mixed = sorted({(i, j) for _, along in needs if len(along) == 2 for i, j in [along] if i < j})
    directions = np.zeros((len(used) + len(mixed), n_in))
    for row, entries in zip(directions, [*([i] for i in used), *mixed], strict=True):
        row[list(entries)] = 1.0
    D, select = len(directions), np.zeros((len(needs), 1 + 2 * len(directions), n_out))
    for row, (output, along) in zip(select, needs, strict=True):
        if not along:
            row[0, output] = 1.0
        elif len(along) == 1:
            row[1 + used.index(along[0]), output] = 1.0
        elif along[0] == along[1]:
            row[1 + D + used.index(along[0]), output] = 1.0
        else:
            row[1 + D + len(used) + mixed.index((along[0], along[1])), output] = 0.5
            row[[1 + D + used.index(i) for i in along], output] = -0.5
    return directions, select
