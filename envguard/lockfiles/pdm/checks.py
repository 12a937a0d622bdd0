"""What only a ``pdm.lock``, with its manifest, can contradict itself in."""

from __future__ import annotations

from ..manifests.checks import inconsistencies

__all__ = ["inconsistencies"]
