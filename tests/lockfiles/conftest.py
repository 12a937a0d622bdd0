"""Lock tools, each made once for all tests that ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lockfiles.programs import environment_with

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds poetry."""
    return environment_with(tmp_path_factory.mktemp("poetry") / "venv", "poetry==2.5.1")
