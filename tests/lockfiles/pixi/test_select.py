"""What pixi.lock selects: exactly one environment, on one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import RefusalKind, Refused, Selection
from envguard.lockfiles.select import select
from tests.lockfiles.pixi.documents import CHANNEL, ENVIRONMENTS, PLATFORMS, conda, lock
from tests.lockfiles.pixi.test_reader import read

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "implementation_version": "3.12.4",
}
DEFAULT = ["app", "fast", "mkl", "numpy", "python", "tiny", "vendored"]


def chosen(
    folder: Path, selection: Selection, text: str | None = None, platform: str = "linux", **told: str
) -> list[str] | Refused:
    environment = named_environment(BASE, python_version="3.12.4", platform=platform) | told
    found = select(read(folder, text or lock()), selection, environment)
    return found if isinstance(found, Refused) else [package.name for package in found.packages]


def test_the_default_environment_unless_another_is_named(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection()) == DEFAULT
    assert chosen(tmp_path, Selection(default_groups=False)) == DEFAULT
    assert chosen(tmp_path, Selection(groups=("test",))) == sorted([*DEFAULT, "pytest"])
    assert chosen(tmp_path, Selection(extras=("test",), default_groups=False)) == sorted([*DEFAULT, "pytest"])


def test_what_pixi_wrote_down_counts_where_nothing_is_named(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(), pixi_environment="test") == sorted([*DEFAULT, "pytest"])
    assert chosen(tmp_path, Selection(), pixi_environment="gone") == DEFAULT


def test_an_environment_that_is_another_one_is_refused_at_once(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(groups=("default",)), pixi_environment="test") == Refused(
        kind=RefusalKind.ENVIRONMENT,
        message="this is pixi's environment 'test', and 'default' is what is selected",
        keys=("environments", "default"),
        expected="default",
        found="test",
        hint="pixi run --environment default envguard check, or select this one: envguard check --group test",
    )


def test_one_environment_at_a_time(tmp_path: Path) -> None:
    found = chosen(tmp_path, Selection(groups=("default", "test")))
    assert isinstance(found, Refused)
    assert (found.kind, found.message) == (
        RefusalKind.CONFLICT,
        "one environment of pixi is installed at a time, and several are chosen: default, test",
    )


def test_an_environment_that_is_not_there(tmp_path: Path) -> None:
    found = chosen(tmp_path, Selection(groups=("gpu",)))
    assert isinstance(found, Refused)
    assert found.message == "the lock has no environment 'gpu'; it has: default, test"
    only_test = lock(environments=ENVIRONMENTS[ENVIRONMENTS.index("  test:") :])
    found = chosen(tmp_path, Selection(), only_test)
    assert isinstance(found, Refused)
    assert found.message == "the lock has no environment 'default'; it has: test"


def test_each_platform_has_its_own_builds(tmp_path: Path) -> None:
    environment = named_environment(BASE, python_version="3.12.4", platform="macos")
    found = select(read(tmp_path, lock()), Selection(), environment)
    assert not isinstance(found, Refused)
    assert [(package.name, package.conda.build) for package in found.packages if package.conda is not None] == [
        ("numpy", "py312_1"),
        ("python", "h2_0_cpython"),
    ]
    assert found.groups == ("default",)


def test_a_platform_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(), platform="windows") == Refused(
        kind=RefusalKind.ENVIRONMENT,
        message="the environment 'default' has no packages for this platform, win-64",
        keys=("environments", "default", "packages"),
        expected="linux-64, osx-arm64",
        found="win-64",
    )


GPU = PLATFORMS + "- name: p2\n  subdir: linux-64\n  virtual-packages:\n  - __cuda=12\n  - __unix=0=0\n"
CUDA = f"{CHANNEL}/linux-64/cuda-12-0.conda"


def two(*, alike: bool) -> str:
    """Return a lock with two platforms that are linux-64."""
    environments = ENVIRONMENTS[: ENVIRONMENTS.index("  test:")]
    listed = environments[
        environments.index("      linux-64:\n") + len("      linux-64:\n") : environments.index("      osx-arm64")
    ]
    more = "" if alike else f"      - conda: {CUDA}\n"
    records = "" if alike else conda(CUDA, [])
    text = lock(7, environments=f"{environments}      p2:\n{listed}{more}", records=records)
    return text.replace(PLATFORMS, GPU)


def test_of_several_platforms_the_one_counts_that_pixi_took(tmp_path: Path) -> None:
    plain = "linux-64 __archspec=0=x86_64 __glibc=2.28 __linux=4.18 __unix=0=0"
    assert chosen(tmp_path, Selection(), two(alike=False), pixi_platform=plain) == DEFAULT
    gpu = "linux-64 __unix=0=0 __cuda=12"
    assert chosen(tmp_path, Selection(), two(alike=False), pixi_platform=gpu) == sorted([*DEFAULT, "cuda"])


def test_where_nothing_tells_which_platform_is_meant_nothing_is_guessed(tmp_path: Path) -> None:
    for told in ({}, {"pixi_platform": "linux-64 __cuda=13"}, {"pixi_platform": "linux-64"}):
        found = chosen(tmp_path, Selection(), two(alike=False), **told)
        assert isinstance(found, Refused)
        assert found.message == (
            "the environment 'default' has several platforms that are linux-64, and nothing here tells which is meant"
        )
        assert found.expected == "linux-64 or p2"


def test_where_all_of_them_install_the_same_it_does_not_matter(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(), two(alike=True)) == DEFAULT
