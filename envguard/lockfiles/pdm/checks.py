"""What a ``pdm.lock`` can contradict itself in is what a ``poetry.lock`` can."""

from __future__ import annotations

from ..poetry.checks import inconsistencies

__all__ = ["inconsistencies"]
