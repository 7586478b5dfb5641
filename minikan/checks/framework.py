"""An exercise is a list of properties; `check` says of each whether an answer has it (all chapters).

Properties do not give the answer away, and one that fails can say more than "wrong": what was
expected, what came, and what usually causes it. The exercises of chapter 02 are in `chapter02.py`,
and so on; a chapter's exercises are loaded when the first of them is checked.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from .expectations import PropertyFailed, in_short
from .feedback import Feedback, Result

_EXERCISES: dict[str, Exercise] = {}


class Exercise:
    """An exercise of a chapter and the properties of a right answer.

    Parameters
    ----------
    id : str
        Chapter and number, such as "02.1".
    title : str
        A few words, such as "the hat function".

    Examples
    --------
    >>> hat = Exercise("99.1", "the hat function")
    >>> @hat.property("is 1 at its peak", cause="the two ramps should meet at the middle knot")
    ... def peak(answer):
    ...     expect_close(answer(0.5), 1.0, "its value at 0.5")
    """

    def __init__(self, id: str, title: str) -> None:
        self.id, self.title, self.properties = id, title, []
        _EXERCISES[id] = self

    def property(self, name: str, cause: str) -> Callable:
        """Add a property: a function of the answer that returns, or raises `PropertyFailed`.

        `name` goes on from "your answer …"; `cause` is the likely cause of a failure.
        """

        def add(test):
            self.properties.append((name, cause, test))
            return test

        return add

    def run(self, answer: Any) -> Feedback:
        """Try all properties on an answer; an unsolved exercise has no results."""
        answer = _Recorder(answer) if callable(answer) else answer
        with warnings.catch_warnings():  # nbgrader takes a warning in a check's output for a failure
            warnings.simplefilter("ignore")
            try:
                results = [_try(answer, *each) for each in self.properties]
            except NotImplementedError:
                results = []
        return Feedback(self, results)


def check(exercise_id: str, answer: Any) -> Feedback:
    """Check an answer to an exercise and say what is right about it and what is not yet.

    Parameters
    ----------
    exercise_id : str
        Chapter and number of the exercise, such as "02.1".
    answer : object
        Your function, or whatever the exercise asks for.

    Returns
    -------
    Feedback
        Shown by the notebook. Nothing is raised, so a notebook with open exercises still runs to its end.

    Raises
    ------
    ValueError
        If there is no such exercise.
    AssertionError
        Only while nbgrader executes the notebook: there an error is what takes a cell's points.

    Examples
    --------
    >>> from minikan import check
    >>> check("02.1", lambda x: 0 * x).solved
    False
    """
    feedback = find(exercise_id).run(answer)
    if "NBGRADER_EXECUTION" in os.environ and not feedback.solved:
        raise AssertionError(repr(feedback))
    return feedback


def find(exercise_id: str) -> Exercise:
    """Find an exercise by its id, loading the module of its chapter."""
    chapter = str(exercise_id).partition(".")[0]
    module = f"{__package__}.chapter{chapter}"
    if chapter.isdigit() and find_spec(module):
        import_module(module)
    if exercise_id not in _EXERCISES:
        known = ", ".join(sorted(id for id in _EXERCISES if id.startswith(f"{chapter}."))) or "none"
        raise ValueError(f"there is no exercise {exercise_id!r}; known in chapter {chapter}: {known}")
    return _EXERCISES[exercise_id]


class _Recorder:
    """Calls a student's function with copies of its arguments, and remembers the call in case it fails."""

    def __init__(self, function):
        self.function, self.call = function, None
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args, **options):
        name = getattr(self.function, "__name__", "your answer")
        said = [in_short(value) for value in args] + [
            f"{key}={in_short(value)}" for key, value in options.items()
        ]
        self.call = f"{name}({', '.join(said)})"
        copies = [_copy(value) for value in args]
        result = self.function(*copies, **{key: _copy(value) for key, value in options.items()})
        if result is None:
            raise PropertyFailed(
                f"{self.call} to return something", "None", "the function ends without `return`"
            )
        self.call = None  # it went well
        return result


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value


def _try(answer, name, cause, test):
    try:
        test(answer)
    except PropertyFailed as failure:
        return Result(name, False, failure.expected, failure.got, failure.cause or cause)
    except NotImplementedError:
        raise
    except Exception as error:
        call = getattr(answer, "call", None)
        expected = f"{call} to return" if call else "a result that can be worked with"
        return Result(name, False, expected, f"{type(error).__name__}: {error}", _usual_cause(error) or cause)
    return Result(name, True)


def _usual_cause(error):
    """Say what usually lies behind the errors that beginners meet most."""
    if isinstance(error, NameError):
        return "a name is misspelt, or was defined in a cell that has not been run"
    if isinstance(error, IndexError):
        return "an index runs one past the end: n entries have the indices 0 to n - 1"
    if "truth value of an array" in str(error) or "converted to Python scalar" in str(error):
        return (
            "the function gets a whole array here: `if` and `float` take one number, `np.where` takes arrays"
        )
    if isinstance(error, ValueError) and ("shape" in str(error) or "dimension" in str(error)):
        return "two arrays do not fit together: print their shapes just before that line"
    return ""
