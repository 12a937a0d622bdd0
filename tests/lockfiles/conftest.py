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


@pytest.fixture(scope="session")
def pdm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds pdm."""
    # What pdm needs itself has moved on since and does not work with it any more.
    pins = ("hishel==1.2.1", "unearth==0.18.2")
    return environment_with(tmp_path_factory.mktemp("pdm") / "venv", "pdm==2.29.3", *pins)


@pytest.fixture(scope="session")
def pipenv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds pipenv."""
    return environment_with(tmp_path_factory.mktemp("pipenv") / "venv", "pipenv==2026.10.3")


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds a pip that reads ``pylock.toml``, and pip-tools."""
    return environment_with(tmp_path_factory.mktemp("pip") / "venv", "pip==26.3", "pip-tools==7.6.2")
