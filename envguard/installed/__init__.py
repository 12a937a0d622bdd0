"""What an environment holds: which environment it is, its packages, their sources, what their installers recorded."""

from __future__ import annotations

from .closure import requirement_closure
from .describe import running_environment
from .discovery import find_environment
from .scan import scan

__all__ = ["find_environment", "requirement_closure", "running_environment", "scan"]
