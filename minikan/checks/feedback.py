"""Feedback on an answer: as text, and in a notebook in colour; neither relies on colour alone."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .framework import Exercise

# Bright enough for a dark page, dark enough for a white one (contrast above 3 on either).
_GREEN, _RED, _BLUE = "#2E9A4B", "#E0533D", "#1E88E5"


class Result(NamedTuple):
    """What became of one property; the last three are empty if it holds."""

    name: str
    holds: bool
    expected: str = ""
    got: str = ""
    cause: str = ""

    @property
    def details(self) -> list[tuple[str, str]]:
        """What there is to say of a failure, as pairs of label and text."""
        said = {"expected": self.expected, "got": self.got, "likely cause": self.cause}
        return [(label, text) for label, text in said.items() if text]


class Feedback:
    """What `check` found; it shows itself as text and, in a notebook, in colour.

    Attributes
    ----------
    results : list of Result
        One for each property; none if the exercise is still to be done.
    """

    def __init__(self, exercise: Exercise, results: list[Result]) -> None:
        self.exercise, self.results = exercise, results

    @property
    def solved(self) -> bool:
        """Whether every property holds."""
        return bool(self.results) and all(result.holds for result in self.results)

    @property
    def headline(self) -> str:
        """One sentence: how many properties hold, or what to do first."""
        name = f"Exercise {self.exercise.id}, {self.exercise.title}"
        if not self.results:
            return f"{name}: waiting for you. Replace `raise NotImplementedError()` by your code, run both cells."
        held = sum(result.holds for result in self.results)
        return f"{name}: {held} of {len(self.results)} properties hold."

    def __repr__(self):
        lines = [self.headline]
        for mark, _, result in self._rows():
            lines.append(f"  {mark}: {result.name}")
            lines += [f"      {label:<13} {text}" for label, text in result.details]
        return "\n".join(lines)

    def _repr_html_(self):
        edge = _BLUE if not self.results else _GREEN if self.solved else _RED
        parts = [
            f"<div style='border-left: 4px solid {edge}; padding-left: 1em'><b>{_to_html(self.headline)}</b>"
        ]
        for mark, colour, result in self._rows():
            parts.append(f"<div><b style='color: {colour}'>{mark}</b>: {_to_html(result.name)}</div>")
            for label, text in result.details:
                parts.append(f"<div style='padding-left: 2em'><i>{label}:</i> {_to_html(text)}</div>")
        return "".join([*parts, "</div>"])

    def _rows(self):
        """List the properties, each with its mark and colour."""
        if not self.results:
            return [("○ to come", "inherit", Result(name, False)) for name, *_ in self.exercise.properties]
        marks = {True: ("✓ holds", _GREEN), False: ("✗ fails", _RED)}
        return [(*marks[result.holds], result) for result in self.results]


def _to_html(text):
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))
