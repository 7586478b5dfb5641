"""What a property can expect of an answer, and how it says that it did not come true."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


class PropertyFailed(Exception):
    """An answer lacks a property: what was expected, what came, and the likely cause."""

    def __init__(self, expected: str, got: str, cause: str = "") -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected, self.got, self.cause = expected, got, cause


def expect(condition: bool, expected: str, got: str, cause: str = "") -> None:
    """Fail unless a condition is true; `expected` and `got` say the same in words."""
    if not condition:
        raise PropertyFailed(expected, got, cause)


def expect_parts(result: Any, count: int, names: str) -> list:
    """Fail unless an answer returns so many things, which `names` lists in words; return them in a list."""
    parts = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(parts) != count:
        raise PropertyFailed(f"{count} things: {names}", f"{len(parts)}", "return them with commas between")
    return parts


def expect_shape(value: Any, shape: tuple[int, ...], what: str = "the result") -> None:
    """Fail unless a value is an array of numbers of this shape."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise PropertyFailed(
            f"{what} of shape {shape}", f"a {kind}: {in_short(value)}", "numbers are asked for"
        ) from None
    expect(array.shape == shape, f"{what} of shape {shape}", f"shape {array.shape}")


def expect_close(
    value: Any, expected: ArrayLike, what: str = "the result", tolerance: float = 1e-9, cause: str = ""
) -> None:
    """Fail unless a value has the shape of the expected one and agrees with it, entry by entry.

    `tolerance` is relative to the largest expected entry, or to 1 if that is smaller. The failure tells
    the first entry that differs, not all of them.
    """
    expected = np.asarray(expected, dtype=float)
    expect_shape(value, expected.shape, what)
    value = np.asarray(value, dtype=float)
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    wrong = np.argwhere(~(np.abs(value - expected) <= tolerance * scale))  # NaN is wrong, too
    if len(wrong):
        where = tuple(wrong[0].tolist())
        at = f"{what}, entry [{', '.join(map(str, where))}]," if where else what
        raise PropertyFailed(f"{at} = {expected[where]:.6g}", f"{value[where]:.6g}", cause)


def in_short(value: Any) -> str:
    """Say a value in one short line: a small array by its numbers, a large one by its shape."""
    if isinstance(value, np.ndarray):
        if value.size > 8:
            return f"<array of shape {value.shape}>"
        return np.array2string(value, precision=4, separator=", ", max_line_width=10**6).replace("\n", "")
    text = getattr(value, "__name__", None) or re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    return text if len(text) <= 60 else text[:57] + "..."
