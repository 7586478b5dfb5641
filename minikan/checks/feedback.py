"""Feedback on an answer: as text, and in a notebook in colour; neither relies on colour alone."""

import html
from typing import NamedTuple


class Result(NamedTuple):
    """What became of one property; the last three are empty if it holds."""

    name: str
    holds: bool
    expected: str = ""
    got: str = ""
    cause: str = ""


class Feedback:
    """What `check` found; it shows itself as text and, in a notebook, in colour."""

    def __init__(self, exercise, results):
        self.exercise, self.results = exercise, results

    @property
    def solved(self):
        """Whether every property holds."""
        return bool(self.results) and all(result.holds for result in self.results)

    @property
    def headline(self):
        """One sentence: how many properties hold, or what to do first."""
        name = f"Exercise {self.exercise.id}, {self.exercise.title}"
        if not self.results:
            return f"{name}: waiting for you. Put your code in place of `raise NotImplementedError()`, run both cells."
        held = sum(result.holds for result in self.results)
        return f"{name}: {held} of {len(self.results)} properties hold."

    def __repr__(self):
        lines = [self.headline]
        for result in self.results or self._to_come():
            lines.append(f"  {self._mark(result)}: {result.name}")
            lines += [f"      {label:<13} {text}" for label, text in self._details(result)]
        return "\n".join(lines)

    def _repr_html_(self):
        rows = "".join(
            f"<li><b style='color: {self._colour(result)}'>{self._mark(result)}</b>: {html.escape(result.name)}"
            + "".join(
                f"<br>{label} <code>{html.escape(text)}</code>" for label, text in self._details(result)[:2]
            )
            + "".join(f"<br>{label} {html.escape(text)}" for label, text in self._details(result)[2:])
            + "</li>"
            for result in self.results or self._to_come()
        )
        colour = "#1E88E5" if not self.results else self._colour(Result("", self.solved))
        return (
            f"<div style='border-left: 4px solid {colour}; padding-left: 1em'><b>{html.escape(self.headline)}</b>"
            f"<ul style='list-style: none; padding-left: 0'>{rows}</ul></div>"
        )

    def _to_come(self):
        return [Result(name, False) for name, *_ in self.exercise.properties]

    def _mark(self, result):
        return "○ to come" if not self.results else "✓ holds" if result.holds else "✗ fails"

    def _colour(
        self, result
    ):  # readable on white and on JupyterLab's dark grey, and never alone: words say the same
        return "inherit" if not self.results else "#2E9A4B" if result.holds else "#E0533D"

    def _details(self, result):
        details = [("expected", result.expected), ("got", result.got), ("likely cause", result.cause)]
        return [(label, text) for label, text in details if text]
