"""What a ``pdm.lock`` selects, and where it gives no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.pdm.documents import MANIFEST, lock

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
    (folder / "pdm.lock").write_text(lock() if text is None else text)
    if manifest is not None:
        (folder / "pyproject.toml").write_text(manifest)
    read = read_lock(Reader(), str(folder / "pdm.lock"))
    found = select(read, selection, named_environment(BASE, python_version=python, platform=platform))
    return found if isinstance(found, Refused) else [package.name for package in found.packages]


NAMED = [
    (Selection(), ["alpha", "app", "beta", "delta", "epsilon", "gamma"]),
    (Selection(default_groups=False), ["alpha", "app", "beta", "delta"]),
    (Selection(default_groups=False, groups=("default",)), ["alpha", "app", "beta", "delta"]),
    (Selection(default_groups=False, groups=("Test",)), ["alpha", "app", "beta", "delta", "gamma"]),
    (Selection(default_groups=False, extras=("plot",)), ["alpha", "app", "beta", "delta"]),
    (Selection(default_groups=False, groups=("more",)), ["alpha", "app", "beta", "delta", "epsilon", "gamma"]),
]


@pytest.mark.parametrize(("selection", "names"), NAMED)
@pytest.mark.parametrize("strategy", ["inherit_metadata", "static_urls"])
def test_groups_and_extras_select(tmp_path: Path, selection: Selection, names: list[str], strategy: str) -> None:
    assert chosen(tmp_path, selection, lock(strategy=strategy)) == names


def test_without_what_packages_inherit_the_dependencies_are_walked(tmp_path: Path) -> None:
    text = lock(strategy="static_urls")
    only = Selection(default_groups=False)
    assert chosen(tmp_path, only, text, python="3.12.1") == ["alpha", "app", "beta", "delta", "gamma"]
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(LockfileError) as caught:
        chosen(tmp_path, only, text, manifest=None)
    assert str(caught.value) == (
        f"{tmp_path}/pdm.lock: does not say what the project requires, and there is no pyproject.toml beside it\n"
        "hint: lock with what packages inherit: pdm lock --strategy inherit_metadata"
    )


def test_markers_hold(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(default_groups=False), platform="windows") == ["app", "beta", "delta"]


@pytest.mark.parametrize("strategy", ["inherit_metadata", "static_urls"])
def test_an_environment_that_no_target_covers_is_refused(tmp_path: Path, strategy: str) -> None:
    found = chosen(tmp_path, Selection(), lock(strategy=strategy), python="3.8.1")
    assert isinstance(found, Refused)
    assert found.message == "the lock does not cover this environment: none of its targets holds"
    assert found.keys == ("metadata", "targets")


@pytest.mark.parametrize("strategy", ["inherit_metadata", "static_urls"])
def test_names_that_are_not_there_are_refused(tmp_path: Path, strategy: str) -> None:
    found = chosen(tmp_path, Selection(groups=("none",)), lock(strategy=strategy))
    assert isinstance(found, Refused)
    assert found.message.startswith("the lock has no group 'none'; it has: default, more, ")
