"""A ``pylock.toml`` that contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.reader import Reader
from tests.lockfiles.pylock.documents import HEAD, PACKAGES, digest, hashes, lock, package

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Inconsistency


def found(folder: Path, text: str) -> tuple[Inconsistency, ...]:
    (folder / "pylock.toml").write_text(text)
    return inconsistencies(read_lock(Reader(), str(folder / "pylock.toml")))


def test_the_small_lock_of_these_tests_does_not(tmp_path: Path) -> None:
    assert found(tmp_path, lock()) == ()


GIVEN = package("one", "1.0")
TAMPERED = {
    "an edge to nothing": (
        PACKAGES.replace('{ name = "delta" }', '{ name = "other" }'),
        "edge",
        "beta depends on other, which leads to no entry of the lock",
        ("packages", 1, "dependencies", 0),
    ),
    "an edge to another version": (
        PACKAGES.replace('{ name = "delta" }', '{ name = "delta", version = "2" }'),
        "edge",
        "beta depends on delta 2, which leads to no entry of the lock",
        ("packages", 1, "dependencies", 0),
    ),
    "an entry twice": (
        GIVEN + GIVEN,
        "duplicate",
        "one 1.0 is in the lock twice, from the same source",
        ("packages", 1),
    ),
    "an edited version": (
        GIVEN.replace('version = "1.0"', 'version = "1.1"'),
        "artifact",
        "one 1.1 lists one-1.0-py3-none-any.whl, a file of one 1.0",
        ("packages", 0, "wheels", 0),
    ),
    "a file of another package": (
        GIVEN.replace("/one-1.0", "/two-1.0"),
        "artifact",
        "one 1.0 lists two-1.0-py3-none-any.whl, a file of two 1.0",
        ("packages", 0, "wheels", 0),
    ),
    "a source archive of another version": (
        package(
            "one",
            "1.0",
            f'sdist = {{ url = "https://files.example/one-2.0.tar.gz", hashes = {hashes("one", "2.0")} }}\n',
        ),
        "artifact",
        "one 1.0 lists one-2.0.tar.gz, a file of one 2.0",
        ("packages", 0, "sdist"),
    ),
    "a file of another package where no version is locked": (
        GIVEN.replace('version = "1.0"\n', "").replace("/one-1.0", "/two-1.0"),
        "artifact",
        "one lists two-1.0-py3-none-any.whl, a file of two 1.0",
        ("packages", 0, "wheels", 0),
    ),
    "a hash that can be forged": (
        GIVEN.replace(hashes("one", "1.0"), '{ md5 = "0" }'),
        "hash",
        "one-1.0-py3-none-any.whl has a hash that can be forged: md5",
        ("packages", 0, "wheels", 0),
    ),
    "a hash that is none": (
        GIVEN.replace(digest("one", "1.0"), "0"),
        "hash",
        "one-1.0-py3-none-any.whl has a hash that is none: sha256:0",
        ("packages", 0, "wheels", 0),
    ),
    "a hash of an archive that is none": (
        '\n[[packages]]\nname = "one"\narchive = { path = "one.whl", hashes = { sha256 = "0" } }\n',
        "hash",
        "one.whl has a hash that is none: sha256:0",
        ("packages", 0),
    ),
    "no file for an environment that the lock covers": (
        package("one", "1.0", tag="cp311-cp311-macosx_11_0_arm64"),
        "files",
        "one 1.0 has no file that can be installed anywhere that the lock covers",
        ("packages", 0),
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_no_tool_writes_is_found(tmp_path: Path, what: str) -> None:
    packages, kind, message, keys = TAMPERED[what]
    (item,) = found(tmp_path, lock(packages))
    assert (item.kind, item.message, item.keys) == (kind, message, keys)


def test_what_an_extra_may_choose_can_be_installed(tmp_path: Path) -> None:
    forks = package("one", "1", "marker = \"'plot' in extras\"\n") + package(
        "one", "2", "marker = \"'plot' not in extras\"\n"
    )
    assert found(tmp_path, lock(forks, HEAD)) == ()
