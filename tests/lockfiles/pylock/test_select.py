"""What a ``pylock.toml`` selects, and where it gives no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import RefusalKind, Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.pylock.documents import lock, package

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
    python: str = "3.11.4",
    platform: str = "linux",
) -> list[str] | Refused:
    (folder / "pylock.toml").write_text(lock() if text is None else text)
    read = read_lock(Reader(), str(folder / "pylock.toml"))
    environment = named_environment(BASE, python_version=python, platform=platform)
    found = select(read, selection, environment)
    return found if isinstance(found, Refused) else [package.name for package in found.packages]


NAMED = [
    (Selection(), ["alpha", "beta", "gamma"]),
    (Selection(default_groups=False), ["alpha", "beta"]),
    (Selection(groups=("More",)), ["alpha", "beta", "epsilon", "gamma"]),
    (Selection(default_groups=False, groups=("more",)), ["alpha", "beta", "epsilon", "gamma"]),
    (Selection(default_groups=False, extras=("Plot",)), ["alpha", "beta", "delta"]),
    (Selection(packages=("*",)), ["alpha", "beta", "gamma"]),
]


@pytest.mark.parametrize(("selection", "names"), NAMED)
def test_groups_and_extras_select(tmp_path: Path, selection: Selection, names: list[str]) -> None:
    assert chosen(tmp_path, selection) == names


def test_markers_select(tmp_path: Path) -> None:
    assert chosen(tmp_path, Selection(), platform="windows") == ["beta", "gamma"]


def test_an_extra_and_a_group_of_one_name_are_two_things(tmp_path: Path) -> None:
    text = lock(
        package("one", "1", "marker = \"'x' in extras\"\n")
        + package("two", "1", "marker = \"'x' in dependency_groups\"\n"),
        'extras = ["x"]\ndependency-groups = ["x"]\n',
    )
    assert chosen(tmp_path, Selection(extras=("x",)), text) == ["one"]
    assert chosen(tmp_path, Selection(groups=("x",)), text) == ["two"]


REFUSED = {
    (Selection(extras=("x",)), "3.11.4", "linux"): (
        RefusalKind.UNKNOWN_NAME,
        "the lock has no extra 'x'; it has: fast, plot",
        (),
    ),
    (Selection(groups=("plot",)), "3.11.4", "linux"): (
        RefusalKind.UNKNOWN_NAME,
        "the lock has no group 'plot'; it has: more, test",
        (),
    ),
    (Selection(packages=("member",)), "3.11.4", "linux"): (
        RefusalKind.UNKNOWN_NAME,
        "the lock has no package 'member'; it has: none",
        (),
    ),
    (Selection(), "3.8.1", "linux"): (
        RefusalKind.REQUIRES_PYTHON,
        "the lock is made for Python >=3.9, this environment has 3.8.1",
        ("requires-python",),
    ),
    (Selection(), "3.11.4", "macos"): (
        RefusalKind.ENVIRONMENT,
        "the lock does not cover this environment: none of its environments holds",
        ("environments",),
    ),
}


@pytest.mark.parametrize(("selection", "python", "platform"), REFUSED)
def test_what_the_lock_is_not_for_is_refused(tmp_path: Path, selection: Selection, python: str, platform: str) -> None:
    found = chosen(tmp_path, selection, python=python, platform=platform)
    assert isinstance(found, Refused)
    assert (found.kind, found.message, found.keys) == REFUSED[selection, python, platform]


def test_a_package_that_is_not_for_this_python_is_an_error_and_no_reason_to_leave_it_out(tmp_path: Path) -> None:
    text = lock(package("one", "1", 'requires-python = ">=3.12"\n'))
    found = chosen(tmp_path, Selection(), text)
    assert found == Refused(
        kind=RefusalKind.REQUIRES_PYTHON,
        message="one 1 is selected here and made for Python >=3.12, this environment has 3.11.4",
        keys=("packages", 0, "requires-python"),
        expected=">=3.12",
        found="3.11.4",
    )
    left_out = lock(package("one", "1", 'marker = "sys_platform == \'win32\'"\nrequires-python = ">=3.12"\n'))
    assert chosen(tmp_path, Selection(), left_out) == []


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", True),
        ("cp310-abi3-manylinux_2_28_x86_64.manylinux2014_x86_64", True),
        ("py3-none-linux_x86_64", True),
        ("py2.py3-none-any", True),
        ("cp311-cp311-some_new_platform", True),
        ("cp312-cp312-manylinux_2_28_x86_64", False),
        ("cp312-abi3-manylinux_2_28_x86_64", False),
        ("pp311-pypy311_pp73-manylinux_2_28_x86_64", False),
        ("py2-none-any", False),
        ("cp311-cp311-manylinux_2_28_aarch64", False),
        ("cp311-cp311-win_amd64", False),
        ("cp311-cp311-macosx_11_0_universal2", False),
    ],
)
def test_a_package_without_a_file_for_this_environment_is_an_error(tmp_path: Path, tag: str, *, fits: bool) -> None:
    found = chosen(tmp_path, Selection(), lock(package("one", "1", tag=tag)))
    refused = Refused(
        kind=RefusalKind.ENVIRONMENT,
        message="the lock does not cover this environment: one 1 has no file that can be installed here",
        keys=("packages", 0),
        expected="a file for linux, x86_64, Python 3.11.4",
        found=f"one-1-{tag}.whl",
    )
    assert found == (["one"] if fits else refused)


def test_a_source_archive_fits_everywhere(tmp_path: Path) -> None:
    sdist = 'sdist = { name = "one-1.tar.gz", url = "https://files.example/one-1.tar.gz", hashes = { sha256 = "0" } }\n'
    text = lock(package("one", "1", sdist, tag="cp38-cp38-win32"))
    assert chosen(tmp_path, Selection(), text) == ["one"]


def test_two_entries_at_once_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LockfileError) as caught:
        chosen(tmp_path, Selection(), lock(package("one", "1") + package("one", "2")))
    assert str(caught.value) == (
        f"{tmp_path}/pylock.toml: in 'packages[1]': two entries of one are selected at once: 1 and 2\n"
        "hint: make pylock.toml anew with 'hand'"
    )


def test_of_two_entries_the_marker_chooses_one(tmp_path: Path) -> None:
    text = lock(
        package("one", "1", "marker = \"python_version < '3.12'\"\n")
        + package("one", "2", "marker = \"python_version >= '3.12'\"\n")
    )
    assert chosen(tmp_path, Selection(), text) == ["one"]
