"""Every integration is tried in a project that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(folder: Path) -> Project:
    """Return a project that was recorded."""
    return Project.recorded(folder)
