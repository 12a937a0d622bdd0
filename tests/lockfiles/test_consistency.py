"""A lock that contradicts itself, and real ones that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Inconsistency
from envguard.reader import Reader
from tests.lockfiles.uv.test_select import LARGE

HASH = "sha256:" + "0" * 64
LOCK = f"""\
version = 1
revision = 3

[[package]]
name = "one"
version = "1.0"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "two" }}]
sdist = {{ url = "https://files.example/one-1.0.tar.gz", hash = "{HASH}" }}
wheels = [{{ url = "https://files.example/one-1.0-py3-none-any.whl", hash = "{HASH}" }}]

[[package]]
name = "two"
version = "2.0+cpu"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/two-2.0%2Bcpu-py3-none-any.whl", hash = "{HASH}" }}]
"""


def found(folder: Path, text: str) -> tuple[Inconsistency, ...]:
    (folder / "uv.lock").write_text(text)
    return inconsistencies(read_lock(Reader(), str(folder / "uv.lock")))


@pytest.mark.parametrize("folder", LARGE, ids=lambda folder: folder.name)
def test_no_real_lock_contradicts_itself(folder: Path) -> None:
    assert inconsistencies(read_lock(Reader(), str(folder / "uv.lock"))) == ()


def test_the_small_lock_of_these_tests_does_not_either(tmp_path: Path) -> None:
    assert found(tmp_path, LOCK) == ()


TAMPERED = {
    "an edge to nothing": (
        LOCK.replace('{ name = "two" }', '{ name = "three" }'),
        "edge",
        "one depends on three, which leads to no entry of the lock",
        ("package", 0, "dependencies", 0),
    ),
    "an edge to another version": (
        LOCK.replace('{ name = "two" }', '{ name = "two", version = "1.9" }'),
        "edge",
        "one depends on two 1.9, which leads to no entry of the lock",
        ("package", 0, "dependencies", 0),
    ),
    "an entry twice": (
        LOCK + LOCK[LOCK.rindex("[[package]]") :],
        "duplicate",
        "two 2.0+cpu is in the lock twice, from the same source",
        ("package", 2),
    ),
    "a version edited by hand": (
        LOCK.replace('version = "1.0"', 'version = "1.1"'),
        "artifact",
        "one 1.1 lists one-1.0.tar.gz, a file of one 1.0",
        ("package", 0, "sdist"),
    ),
    "a wheel of another package": (
        LOCK.replace("one-1.0-py3-none-any.whl", "won-1.0-py3-none-any.whl"),
        "artifact",
        "one 1.0 lists won-1.0-py3-none-any.whl, a file of won 1.0",
        ("package", 0, "wheels", 0),
    ),
    "a hash removed": (
        LOCK.replace(f'one-1.0.tar.gz", hash = "{HASH}"', 'one-1.0.tar.gz"'),
        "hash",
        "one-1.0.tar.gz has no hash",
        ("package", 0, "sdist"),
    ),
    "a hash that can be forged": (
        LOCK.replace(f'one-1.0.tar.gz", hash = "{HASH}"', 'one-1.0.tar.gz", hash = "md5:00"'),
        "hash",
        "one-1.0.tar.gz has a hash that can be forged: md5",
        ("package", 0, "sdist"),
    ),
    "a hash cut short": (
        LOCK.replace(f'one-1.0.tar.gz", hash = "{HASH}"', 'one-1.0.tar.gz", hash = "sha256:00"'),
        "hash",
        "one-1.0.tar.gz has a hash that is none: sha256:00",
        ("package", 0, "sdist"),
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_what_no_tool_writes_is_found_with_its_place(tmp_path: Path, case: str) -> None:
    text, kind, message, keys = TAMPERED[case]
    assert text != LOCK
    assert (kind, message, keys) in [(item.kind, item.message, item.keys) for item in found(tmp_path, text)]
