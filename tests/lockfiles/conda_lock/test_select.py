"""What conda-lock.yml selects: the platform here, and the categories that are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import RefusalKind, Refused, Selected, Selection
from envguard.lockfiles.select import select
from tests.lockfiles.conda_lock.documents import PACKAGES, conda, lock
from tests.lockfiles.conda_lock.test_reader import read

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "implementation_version": "3.12.4",
}


def chosen(
    folder: Path, selection: Selection, platform: str = "linux", packages: str = PACKAGES
) -> list[str] | Refused:
    environment = named_environment(BASE, python_version="3.12.4", platform=platform)
    found = select(read(folder, lock(packages)), selection, environment)
    if isinstance(found, Refused):
        return found
    return [f"{item.name} {item.version}" + (f" {item.conda.build}" if item.conda else "") for item in found.packages]


def test_dev_is_installed_unless_it_is_refused(tmp_path: Path) -> None:
    main = ["mkl 2024.2 h3_0", "numpy 2.1.0 py312_0", "pip 24.2 pyh_0"]
    rest = ["python 3.12.4 h1_0", "tiny 1.5"]
    assert chosen(tmp_path, Selection()) == [*main, "pytest 8.3.0 pyhd_0", *rest]
    assert chosen(tmp_path, Selection(default_groups=False)) == [*main, *rest]
    assert chosen(tmp_path, Selection(default_groups=False, groups=("dev",))) == [*main, "pytest 8.3.0 pyhd_0", *rest]


def test_other_categories_are_extras(tmp_path: Path) -> None:
    more = PACKAGES + conda("sphinx", "7.0", "0", "linux-64", "noarch", category="docs")
    with_docs = chosen(tmp_path, Selection(extras=("docs",), default_groups=False), packages=more)
    without = chosen(tmp_path, Selection(default_groups=False), packages=more)
    assert isinstance(with_docs, list)
    assert isinstance(without, list)
    assert set(with_docs) - set(without) == {"sphinx 7.0 0"}


def test_each_platform_has_its_own_builds(tmp_path: Path) -> None:
    found = chosen(tmp_path, Selection(default_groups=False), "macos")
    assert found == ["numpy 2.1.0 py312_1", "pip 24.2 pyh_0", "python 3.12.4 h2_0", "tiny 1.5"]


def test_a_platform_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    found = chosen(tmp_path, Selection(), "windows")
    assert found == Refused(
        kind=RefusalKind.ENVIRONMENT,
        message="the lock has no packages for this platform, win-64",
        keys=("metadata", "platforms"),
        expected="linux-64, osx-arm64",
        found="win-64",
    )


def test_a_machine_that_conda_does_not_know_is_refused(tmp_path: Path) -> None:
    environment = named_environment(BASE, python_version="3.12.4", platform="linux") | {"platform_machine": "sparc"}
    found = select(read(tmp_path, lock()), Selection(), environment)
    assert isinstance(found, Refused)
    assert found.message == "the lock has no packages for this platform, linux on sparc, which conda does not know"


def test_a_category_that_is_not_there_is_refused(tmp_path: Path) -> None:
    found = chosen(tmp_path, Selection(extras=("docs",)))
    assert isinstance(found, Refused)
    assert found.kind is RefusalKind.UNKNOWN_NAME
    assert found.message == "the lock has no extra 'docs'; it has: none"


def test_a_conda_package_and_one_of_an_index_may_share_a_name(tmp_path: Path) -> None:
    packages = PACKAGES.replace("- name: tiny", "- name: numpy").replace("tiny-1.5", "numpy-1.5")
    found = chosen(tmp_path, Selection(default_groups=False), packages=packages)
    assert isinstance(found, list)
    assert [item for item in found if item.startswith("numpy")] == ["numpy 2.1.0 py312_0", "numpy 1.5"]


def test_two_builds_at_once_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LockfileError) as caught:
        chosen(tmp_path, Selection(), packages=PACKAGES + conda("mkl", "2024.2", "h4_0", "linux-64", "linux-64"))
    assert caught.value.message == "two entries of mkl are selected at once: 2024.2 h3_0 and 2024.2 h4_0"
    assert caught.value.keys == ("package", 11)


def test_the_groups_in_force_are_told(tmp_path: Path) -> None:
    environment = named_environment(BASE, python_version="3.12.4", platform="linux")
    found = select(read(tmp_path, lock()), Selection(), environment)
    assert isinstance(found, Selected)
    assert found.groups == ("dev",)
