"""What a ``poetry.lock`` selects, and where it gives no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import RefusalKind, Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.poetry.documents import MANIFEST, lock

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_version": "",
}


def chosen(
    folder: Path,
    selection: Selection,
    text: str | None = None,
    *,
    manifest: str | None = MANIFEST,
    python: str = "3.11.4",
    platform: str = "linux",
) -> list[str] | Refused:
    (folder / "poetry.lock").write_text(lock() if text is None else text)
    if manifest is not None:
        (folder / "pyproject.toml").write_text(manifest)
    read = read_lock(Reader(), str(folder / "poetry.lock"))
    environment = named_environment(BASE, python_version=python, platform=platform)
    found = select(read, selection, environment)
    return found if isinstance(found, Refused) else [package.name for package in found.packages]


NAMED = [
    (Selection(), ["alpha", "app", "beta", "epsilon", "gamma"]),
    (Selection(default_groups=False), ["alpha", "app", "beta"]),
    (Selection(default_groups=False, groups=("main",)), ["alpha", "app", "beta"]),
    (Selection(default_groups=False, groups=("docs",)), ["alpha", "app", "beta", "zeta"]),
    # An extra and a group of one name are two things.
    (Selection(default_groups=False, extras=("Plot",)), ["alpha", "app", "beta", "delta"]),
    (Selection(default_groups=False, groups=("plot",)), ["alpha", "app", "beta", "epsilon"]),
]


@pytest.mark.parametrize(("selection", "names"), NAMED)
def test_groups_and_extras_select(tmp_path: Path, selection: Selection, names: list[str]) -> None:
    assert chosen(tmp_path, selection) == names


def test_markers_hold_group_by_group(tmp_path: Path) -> None:
    only = Selection(default_groups=False)
    assert chosen(tmp_path, only, platform="windows") == ["app", "beta"]
    assert chosen(tmp_path, only, python="3.12.0") == ["alpha", "app", "beta", "gamma"]
    assert chosen(tmp_path, Selection(default_groups=False, groups=("test",)), platform="windows") == [
        "alpha",
        "app",
        "beta",
        "gamma",
    ]


def test_a_project_that_is_no_package_is_not_installed(tmp_path: Path) -> None:
    manifest = MANIFEST + "[tool.poetry]\npackage-mode = false\n"
    assert chosen(tmp_path, Selection(default_groups=False), manifest=manifest) == ["alpha", "beta"]


@pytest.mark.parametrize(
    ("selection", "kind", "message"),
    [
        (Selection(extras=("none",)), RefusalKind.UNKNOWN_NAME, "the lock has no extra 'none'; it has: plot"),
        (
            Selection(groups=("none",)),
            RefusalKind.UNKNOWN_NAME,
            "the lock has no group 'none'; it has: docs, main, plot, test",
        ),
        (Selection(packages=("other",)), RefusalKind.UNKNOWN_NAME, "the lock has no package 'other'; it has: app"),
    ],
)
def test_names_that_are_not_there_are_refused(
    tmp_path: Path, selection: Selection, kind: RefusalKind, message: str
) -> None:
    found = chosen(tmp_path, selection)
    assert isinstance(found, Refused)
    assert (found.kind, found.message) == (kind, message)


@pytest.mark.parametrize(
    ("python", "keys", "message"),
    [
        ("^3.9", ("metadata", "python-versions"), "the lock is made for Python >=3.9,<4, this environment has 3.8.1"),
        (
            "~2.7 || ^3.9",
            ("metadata", "python-versions"),
            "the lock does not cover this environment: none of its python-versions holds",
        ),
    ],
)
def test_a_python_out_of_range_is_refused(tmp_path: Path, python: str, keys: tuple[str, ...], message: str) -> None:
    found = chosen(tmp_path, Selection(), lock(python=python), python="3.8.1")
    assert isinstance(found, Refused)
    assert (found.message, found.keys) == (message, keys)


def test_without_a_manifest_nobody_knows_which_groups_are_optional(tmp_path: Path) -> None:
    with pytest.raises(LockfileError, match=r"which of its groups are optional is known to pyproject\.toml alone"):
        chosen(tmp_path, Selection(), manifest=None)
    assert chosen(tmp_path, Selection(default_groups=False), manifest=None) == ["alpha", "beta"]


def test_two_versions_at_once_are_an_error(tmp_path: Path) -> None:
    text = lock().replace('name = "epsilon"\nversion = "1.0"', 'name = "alpha"\nversion = "2.0"')
    with pytest.raises(LockfileError) as caught:
        chosen(tmp_path, Selection(), text)
    assert str(caught.value) == (
        f"{tmp_path}/poetry.lock: in 'package[3]': two entries of alpha are selected at once: 1.5 and 2.0\n"
        "hint: poetry lock"
    )


ENTRY = '[[package]]\nname = "{}"\nversion = "{}"\noptional = false\npython-versions = "{}"\nfiles = []\n'
META = '[metadata]\nlock-version = "2.0"\npython-versions = "*"\ncontent-hash = ""\n'
OLD = '[tool.poetry]\nname = "app"\nversion = "1"\n[tool.poetry.dependencies]\npython = "*"\n'


def old(folder: Path, packages: str, requirements: str) -> list[str] | Refused:
    return chosen(folder, Selection(), packages + META, manifest=OLD + requirements)


def test_an_old_lock_is_walked_from_the_manifest(tmp_path: Path) -> None:
    packages = (
        ENTRY.format("one", "1.0", "*")
        + '[package.dependencies]\ntwo = "<2"\nthree = { version = "*", markers = "sys_platform == \'win32\'" }\n'
        + ENTRY.format("two", "1.0", ">=3.8")
        + ENTRY.format("two", "2.0", ">=3.12")
        + ENTRY.format("three", "1", "*")
    )
    assert old(tmp_path, packages, 'one = "^1"\n') == ["app", "one", "two"]
    assert old(tmp_path, packages, 'two = "*"\n') == ["app", "two"], "the other one is not for this Python"


def test_an_old_lock_that_does_not_tell_is_never_guessed(tmp_path: Path) -> None:
    packages = ENTRY.format("two", "1.0", "*") + ENTRY.format("two", "1.5", "*")
    with pytest.raises(LockfileError) as caught:
        old(tmp_path, packages, 'two = ">=1"\n')
    assert str(caught.value) == (
        f"{tmp_path}/poetry.lock: in 'package[0]': which of two 1.0 and two 1.5 is meant here cannot be told: "
        "a lock of version 2.0 does not say\nhint: lock with poetry 2.0 or later, which records it: poetry lock"
    )
    with pytest.raises(LockfileError, match=r"none of two 1\.0 and two 1\.5 is all that is asked for here"):
        old(tmp_path, packages, 'two = ">2"\n')
    needs = ENTRY.format("one", "1", "*") + '[package.dependencies]\ngone = "*"\n'
    with pytest.raises(LockfileError, match="gone is needed here, and the lock has no entry for it"):
        old(tmp_path, needs, 'one = "*"\n')
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(LockfileError, match=r"a lock of version 2\.0 does not say what the project requires"):
        chosen(tmp_path, Selection(), packages + META, manifest=None)
