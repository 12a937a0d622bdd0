"""Every test runs with a store, a home and an environment of its own."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.lockfiles.programs import environment_with

if TYPE_CHECKING:
    from pathlib import Path

_OURS = (
    "ENVGUARD",
    "ENVGUARD_RUN",
    "ENVGUARD_RUNS",
    "ENVGUARD_COLOR",
    "ENVGUARD_TRACEBACK",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONPATH",
)
_COLORS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")
# What is fetched once for all tests, and what would look for it in the home folder.
_SHARED = {"PIP_CACHE_DIR": ".cache/pip", "PYENV_ROOT": ".pyenv", "UV_CACHE_DIR": ".cache/uv"}


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start: in the background of a script it is ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the developer's environment out of the tests, and the tests out of the developer's home."""
    for name in (*_OURS, *_COLORS):
        monkeypatch.delenv(name, raising=False)
    home = os.path.expanduser("~")
    for name, folder in _SHARED.items():
        monkeypatch.setenv(name, os.environ.get(name) or os.path.join(home, folder))
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path_factory.mktemp("store")))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    monkeypatch.setenv("UV_NO_PROGRESS", "1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder with no link on the way to it."""
    return tmp_path.resolve()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test fails the run: what it wants could have been installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and session.exitstatus == 0:
        reporter.write_line("error: tests were skipped in CI; install what they need, or deselect them by a marker")
        session.exitstatus = 1


@pytest.fixture(scope="session")
def conda_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds conda-lock, and rattler, what pixi is made of."""
    folder = tmp_path_factory.mktemp("conda") / "venv"
    return environment_with(folder, "conda-lock==4.0.3", "py-rattler==0.28.0")
