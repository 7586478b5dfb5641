"""Instant feedback on the exercises: which properties of an answer hold, and why one may fail (all chapters)."""

from .framework import check
from .gradient import check_gradient

__all__ = ["check", "check_gradient"]
