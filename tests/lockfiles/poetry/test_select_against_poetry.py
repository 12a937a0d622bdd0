"""What should be installed from a ``poetry.lock``, compared with what poetry itself would install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from packaging.markers import default_environment

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

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("poetry-*/poetry.lock"))
ENVIRONMENTS = [
    ("3.9.18", "linux"),
    ("3.11.7", "linux"),
    ("3.11.7", "windows"),
    ("3.12.1", "macos"),
    ("3.12.1", "aarch64-unknown-linux-gnu"),
]


def here() -> dict[str, str]:
    return {key: str(value) for key, value in default_environment().items() if key != "extra"}


def ours(lock: Lock, selection: Selection, environment: dict[str, str]) -> list[str] | None:
    """Return what we select, None where we refuse to."""
    try:
        selected = select(lock, selection, environment)
    except LockfileError:
        return None
    if isinstance(selected, Refused):
        return None
    return sorted(f"{p.name}=={p.version}" for p in selected.packages if p.path is None)


def selections(lock: Lock) -> Iterator[tuple[list[str], list[str] | None, Selection]]:
    """Yield the extras and groups that poetry is given, and the same for us."""
    others = tuple(group for group in lock.groups if group not in ("main", *lock.default_groups))
    yield [], None, Selection()
    yield [], ["main"], Selection(default_groups=False)
    for extra in lock.extras:
        yield [extra], None, Selection(extras=(extra,))
    yield list(lock.extras), ["main"], Selection(extras=lock.extras, default_groups=False)
    for group in others:
        yield [], ["main", *lock.default_groups, group], Selection(groups=(group,))
        yield [], ["main", group], Selection(groups=(group,), default_groups=False)


def compare(poetry: Path, folder: Path, environments: list[dict[str, str]]) -> int:
    """Hold our answers against poetry's, for every selection in every environment; return how many were compared."""
    lock = read_lock(Reader(), str(folder / "poetry.lock"))
    cases: list[dict[str, Any]] = []
    mine: list[list[str] | None] = []
    for extras, groups, selection in selections(lock):
        for environment in environments:
            found = ours(lock, selection, environment)
            cases.append({"folder": str(folder), "extras": extras, "groups": groups, "environment": environment})
            mine.append(found)
    compared = 0
    for case, found, answer in zip(cases, mine, ask(poetry, "lockfiles/poetry/ask_poetry.py", cases), strict=True):
        what = {**case["environment"], "extras": case["extras"], "groups": case["groups"]}
        if found is None:
            # The installer alone, which is asked here, does not look at the project's range of Python.
            assert case["environment"]["python_version"] == "3.9", what
            continue
        assert found == answer.get("packages"), (what, answer.get("error"))
        compared += 1
    return compared


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_select_what_poetry_would_install(poetry: Path, folder: Path) -> None:
    environments = [
        named_environment(here(), python_version=python, platform=platform) for python, platform in ENVIRONMENTS
    ]
    assert compare(poetry, folder, environments) >= 2 * (len(ENVIRONMENTS) - 1)
