"""Instant feedback on exercises: which properties an answer has, and why it may lack one (all chapters)."""

from .framework import check
from .gradient import check_gradient

__all__ = ["check", "check_gradient"]
