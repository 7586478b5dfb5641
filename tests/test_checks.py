"""Feedback on answers: right, wrong, broken and missing ones."""

import warnings

import numpy as np
import pytest

from minikan import check, check_gradient
from minikan.checks import framework
from minikan.checks.expectations import PropertyFailed, expect, expect_close, expect_shape, in_short
from minikan.checks.framework import Exercise


@pytest.fixture(autouse=True)
def hat():
    """Register an exercise with three properties, for one test."""
    exercise = Exercise("99.1", "the hat function")

    @exercise.property("is 1 at its peak", cause="the ramps should meet at 0.5")
    def peak(answer):
        expect_close(answer(0.5), 1.0, "its value at 0.5")

    @exercise.property("keeps the shape of x", cause="np.where works on whole arrays, if does not")
    def shape(answer):
        expect_shape(answer(np.zeros(3)), (3,))

    @exercise.property("is never negative", cause="outside its support the hat is 0")
    def sign(answer):
        lowest = answer(np.linspace(-1, 2, 31)).min()
        expect(lowest >= 0, "no value below 0", f"{lowest:.3g}")

    yield exercise
    del framework._EXERCISES["99.1"]


def solution(x):
    return np.maximum(0, 1 - 2 * np.abs(x - 0.5))


def test_solution_passes():
    assert repr(check("99.1", solution)) == (
        "Exercise 99.1, the hat function: 3 of 3 properties hold.\n"
        "  ✓ holds: is 1 at its peak\n"
        "  ✓ holds: keeps the shape of x\n"
        "  ✓ holds: is never negative"
    )


def test_wrong_answer_is_told_what_fails_and_why():
    feedback = check("99.1", lambda x: 1 - 2 * np.abs(x - 0.5))
    assert not feedback.solved
    assert repr(feedback) == (
        "Exercise 99.1, the hat function: 2 of 3 properties hold.\n"
        "  ✓ holds: is 1 at its peak\n"
        "  ✓ holds: keeps the shape of x\n"
        "  ✗ fails: is never negative\n"
        "      expected      no value below 0\n"
        "      got           -2\n"
        "      likely cause  outside its support the hat is 0"
    )


def test_stub_is_encouraged():
    def stub(x):
        raise NotImplementedError()

    feedback = check("99.1", stub)
    assert feedback.results == []
    assert "waiting for you" in repr(feedback)
    assert "○ to come: is never negative" in repr(feedback)
    assert "fails" not in repr(feedback)


def test_exception_is_told_with_its_call():
    def broken(x):
        return [1, 2][int(x * 4)]

    result = check("99.1", broken).results[0]
    assert result.expected == "broken(0.5) to return"
    assert result.got == "IndexError: list index out of range"
    assert "one past the end" in result.cause


def test_array_where_a_number_was_thought_of():
    result = check("99.1", lambda x: 1.0 if 0 < x < 1 else 0.0).results[1]
    assert result.got.startswith("ValueError: The truth value of an array")
    assert "`np.where` takes arrays" in result.cause


def test_exception_of_the_check_itself_does_not_blame_a_call():
    result = check("99.1", lambda x: "text").results[2]
    assert result.expected == "a result that can be worked with"
    assert result.got.startswith("AttributeError")


def test_missing_return_is_recognised():
    result = check("99.1", lambda x: None).results[1]
    assert result.got == "None"
    assert result.cause == "the function ends without `return`"


@pytest.mark.parametrize(
    ("answer", "got"),
    [(lambda x: x[:, None] * 0 if np.ndim(x) else 1.0, "shape (3, 1)"), (lambda x: "yes", "a str: 'yes'")],
)
def test_wrong_shape_and_type(answer, got):
    result = check("99.1", answer).results[1]
    assert (result.expected, result.got) == ("the result of shape (3,)", got)


def test_student_cannot_change_the_arguments(hat):
    def greedy(x):
        if np.ndim(x):
            x *= 0
        return x

    x = np.ones(3)

    @hat.property("leaves x alone", cause="use x = x * 0")
    def untouched(answer):
        answer(x)
        expect_close(x, np.ones(3))

    assert hat.run(greedy).results[3].holds


def test_warnings_do_not_reach_the_notebook():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feedback = check("99.1", lambda x: np.divide(solution(x), 0) * 0)
    assert feedback.results[0].got == "nan"


def test_html_says_the_same_in_words():
    feedback = check("99.1", lambda x: 1 - 2 * np.abs(x - 0.5))
    page = feedback._repr_html_()
    for words in ("2 of 3 properties hold", "✓ holds", "✗ fails", "no value below 0", "<i>likely cause:</i>"):
        assert words in page


def test_html_escapes_what_students_write():
    page = check("99.1", lambda x: "<b>")._repr_html_()
    assert "a str: '&lt;b&gt;'" in page
    assert (
        "<code>raise NotImplementedError()</code>"
        in framework.Feedback(framework.find("99.1"), [])._repr_html_()
    )


def test_html_of_a_stub_has_no_failures():
    page = framework.Feedback(framework.find("99.1"), [])._repr_html_()
    assert "○ to come" in page
    assert "fails" not in page


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_raises_under_nbgrader(monkeypatch, mode):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    assert check("99.1", solution).solved
    with pytest.raises(AssertionError, match="2 of 3 properties hold"):
        check("99.1", lambda x: 1 - 2 * np.abs(x - 0.5))


@pytest.mark.parametrize("id", ["99.7", "02.99", "nonsense", 2.1])
def test_unknown_exercise(id):
    with pytest.raises(ValueError, match="there is no exercise"):
        check(id, solution)


def test_unknown_exercise_names_the_known_ones():
    with pytest.raises(ValueError, match=r"known in chapter 99: 99\.1"):
        check("99.2", solution)


def test_expect_close_names_the_first_wrong_entry():
    with pytest.raises(PropertyFailed) as failure:
        expect_close([[1, 2], [3, 5]], [[1, 2], [3, 4]], "B")
    assert failure.value.expected == "B, entry [1, 1], = 4"
    assert failure.value.got == "5"


def test_expect_close_minds_the_shape():
    with pytest.raises(PropertyFailed) as failure:
        expect_close(np.zeros((3, 1)), np.zeros(3), "y")
    assert (failure.value.expected, failure.value.got) == ("y of shape (3,)", "shape (3, 1)")


def test_values_in_short():
    assert in_short(np.array([0.25, 1])) == "[0.25, 1.  ]"
    assert in_short(np.zeros((5, 4))) == "<array of shape (5, 4)>"
    assert in_short(np.sin) == "sin"
    assert in_short(object()) == "<object object>"
    assert len(in_short("x" * 200)) == 60


def cube(x):
    return (x**3).sum()


def test_check_gradient_agrees():
    result = check_gradient(cube, lambda x: 3 * x**2, [[1.0, 2.0], [3.0, 4.0]])
    assert result.holds
    assert result.error < 1e-8
    assert repr(result).endswith("relative error below 1e-06: they agree")
    assert len(result.analytic) == len(result.numeric) == 4


@pytest.mark.parametrize("wrong", [lambda x: 2 * x**2, np.zeros(2), [np.nan, 0]])
def test_check_gradient_disagrees(wrong):
    result = check_gradient(cube, wrong, [1.0, 2.0])
    assert not result.holds
    assert repr(result).endswith("they differ")


def test_check_gradient_notices_one_wrong_entry():
    x = np.linspace(1, 2, 50)
    gradient = 3 * x**2
    gradient[7] *= 1.01
    assert not check_gradient(cube, gradient, x).holds


def test_check_gradient_is_exact_for_squares_at_any_step():
    result = check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, 2.0], step=1.0, tolerance=1e-14)
    assert result.holds


def test_check_gradient_of_a_constant():
    assert check_gradient(lambda x: 1.0, lambda x: 0 * x, [1.0]).holds


def test_check_gradient_refuses_shapes():
    with pytest.raises(ValueError, match=r"gradient must have the shape of x, \(2,\), got \(1, 2\)"):
        check_gradient(cube, [[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"function must return one number, got an array of shape \(2,\)"):
        check_gradient(lambda x: x, [1.0, 2.0], [1.0, 2.0])
