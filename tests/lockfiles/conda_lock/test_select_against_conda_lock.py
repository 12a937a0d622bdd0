"""What should be installed from a ``conda-lock.yml``, compared with what conda-lock itself hands to the installer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.conda.subdirs import environment_of
from envguard.lockfiles.model import Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.conda_lock.documents import PACKAGES, conda, lock
from tests.lockfiles.conda_lock.test_reader import CORPORA
from tests.lockfiles.programs import ask

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock

pytestmark = pytest.mark.slow


def ours(found: Lock, case: dict[str, Any]) -> dict[str, list[str]]:
    """Return what we select, in the words that conda-lock has for it."""
    environment = environment_of(case["platform"], "3.12.4")
    assert environment is not None
    selected = select(found, Selection(extras=tuple(case["extras"]), default_groups=case["dev"]), environment)
    assert not isinstance(selected, Refused)
    conda_lines, pip_lines = [], []
    for package in selected.packages:
        (file,) = package.artifacts
        if package.conda is not None:
            conda_lines.append(f"{file.location}#{package.conda.md5}")
        else:
            pip_lines.append(f"{package.name} @ {file.location}#sha256={(file.hash or '').removeprefix('sha256:')}")
    return {"conda": sorted(conda_lines), "pip": sorted(pip_lines)}


def compare(tools: Path, path: Path) -> int:
    found = read_lock(Reader(), str(path))
    cases = [
        {"path": str(path), "platform": platform, "dev": dev, "extras": extras}
        for platform in found.options["platforms"]
        for dev in (True, False)
        for extras in ([], *([list(found.extras)] if found.extras else []))
    ]
    for case, answer in zip(cases, ask(tools, "lockfiles/conda_lock/ask_conda_lock.py", cases), strict=True):
        assert ours(found, case) == answer, case
        assert len(answer["conda"]) >= 3
    return len(cases)


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_real_locks_select_what_conda_lock_would_install(conda_tools: Path, path: Path) -> None:
    assert compare(conda_tools, path) >= 4


def test_the_small_lock_selects_what_conda_lock_would_install(conda_tools: Path, tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    more = [conda("sphinx", "7.0", "0", platform, "noarch", category="docs") for platform in ("linux-64", "osx-arm64")]
    old = conda("__glibc", "2.17", "0", "linux-64", "linux-64")
    path.write_text(lock(PACKAGES + "".join(more) + old))
    assert compare(conda_tools, path) == 8
