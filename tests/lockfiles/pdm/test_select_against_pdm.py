"""What should be installed from a ``pdm.lock``, compared with what pdm itself would install."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.programs import ask
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envguard.lockfiles.model import Lock

pytestmark = pytest.mark.slow

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pdm-*/pdm.lock"))
BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_version": "",
}
# Our name of a platform, and that of pdm's lock targets.
ENVIRONMENTS = [
    ("3.10.9", "linux", "manylinux_2_28_x86_64"),
    ("3.11.7", "linux", "manylinux_2_28_x86_64"),
    ("3.12.1", "windows", "windows_amd64"),
    ("3.12.1", "macos", "macos_14_0_arm64"),
    ("3.13.0", "aarch64-unknown-linux-gnu", "manylinux_2_28_aarch64"),
]


def ours(lock: Lock, selection: Selection, environment: dict[str, str]) -> list[str] | None:
    """Return what we select, None where we refuse to."""
    try:
        selected = select(lock, selection, environment)
    except LockfileError:
        return None
    if isinstance(selected, Refused):
        return None
    return sorted(f"{p.name}=={p.version}" for p in selected.packages if p.path is None)


def selections(lock: Lock) -> Iterator[tuple[list[str] | None, Selection]]:
    """Yield the groups that pdm is given, and the same for us."""
    yield None, Selection()
    yield [], Selection(default_groups=False)
    for name in lock.extras:
        yield [name], Selection(extras=(name,), default_groups=False)


def compare(pdm: Path, folder: Path) -> tuple[int, int]:
    """Hold our answers against pdm's; return how many were given, and how many refused, by both."""
    lock = read_lock(Reader(), str(folder / "pdm.lock"))
    cases: list[dict[str, Any]] = []
    mine: list[list[str] | None] = []
    for groups, selection in selections(lock):
        for python, platform, target in ENVIRONMENTS:
            environment = named_environment(BASE, python_version=python, platform=platform)
            if platform == "windows":
                environment["platform_machine"] = "AMD64"
            mine.append(ours(lock, selection, environment))
            spec = {"requires_python": f"=={python}", "platform": target, "implementation": "cpython"}
            cases.append({"folder": str(folder), "groups": groups, "environment": spec})
    for case, found, answer in zip(cases, mine, ask(pdm, "lockfiles/pdm/ask_pdm.py", cases), strict=True):
        assert found == answer.get("packages"), (case, answer.get("error"))
    return sum(found is not None for found in mine), sum(found is None for found in mine)


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_select_what_pdm_would_install(pdm: Path, folder: Path, tmp_path: Path) -> None:
    # pdm writes into the folder that it is asked about.
    shutil.copytree(folder, tmp_path / "project")
    given, refused = compare(pdm, tmp_path / "project")
    manifest = (folder / "pyproject.toml").read_text(encoding="utf-8")
    covered = [
        python for python, _, _ in ENVIRONMENTS if python >= "3.11" or 'requires-python = ">=3.11' not in manifest
    ]
    assert given >= 2 * len(covered)
    assert refused * len(covered) == given * (len(ENVIRONMENTS) - len(covered))
