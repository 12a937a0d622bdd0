"""A lock that contradicts itself, and real ones that do not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, Edge, Inconsistency, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.pdm import documents as pdm
from tests.lockfiles.poetry import documents as poetry
from tests.lockfiles.uv.test_select import LARGE
from tests.rules.evidence import lock, locked

HASH, OTHER, THIRD = (f"sha256:{digit * 64}" for digit in "012")
LOCK = f"""\
version = 1
revision = 3

[[package]]
name = "one"
version = "1.0"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "two" }}]
sdist = {{ url = "https://files.example/one-1.0.tar.gz", hash = "{HASH}" }}
wheels = [{{ url = "https://files.example/one-1.0-py3-none-any.whl", hash = "{OTHER}" }}]

[[package]]
name = "two"
version = "2.0+cpu"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/two-2.0%2Bcpu-py3-none-any.whl", hash = "{THIRD}" }}]
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
    "a hash copied from another file": (
        LOCK.replace(OTHER, HASH),
        "hash",
        "one-1.0-py3-none-any.whl has the hash of one-1.0.tar.gz",
        ("package", 0, "wheels", 0),
    ),
    "a hash copied from another package": (
        LOCK.replace(THIRD, HASH),
        "hash",
        "two-2.0+cpu-py3-none-any.whl has the hash of one-1.0.tar.gz, a file of one",
        ("package", 1, "wheels", 0),
    ),
    "the hashes of a package removed": (
        LOCK.replace(f', hash = "{THIRD}"', ""),
        "unhashed",
        "two has no hash, though others of https://index.example/simple have",
        ("package", 1),
    ),
    "the hashes of all packages removed": (
        re.sub(', hash = "[^"]*"', "", LOCK),
        "hashless",
        "one, two have no hash",
        ("package", 0),
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


def test_one_release_of_uv_called_the_groups_otherwise(tmp_path: Path) -> None:
    text = LOCK.replace("dependencies = [", "dependency-groups = { dev = [").replace('"two" }]', '"three" }] }')
    (edge,) = [item for item in found(tmp_path, text) if item.kind == "edge"]
    assert edge.keys == ("package", 0, "dependency-groups", "dev", 0)


OTHERS = {
    "poetry.lock": (poetry.lock(), poetry.MANIFEST),
    "pdm.lock": (pdm.lock(), pdm.MANIFEST),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_call_their_parts_otherwise(tmp_path: Path, name: str) -> None:
    text, manifest = OTHERS[name]
    (tmp_path / "pyproject.toml").write_text(manifest)

    def items(changed: str) -> list[tuple[str, tuple[str | int, ...], str | None]]:
        (tmp_path / name).write_text(changed)
        found = inconsistencies(read_lock(Reader(), str(tmp_path / name)))
        return [(item.kind, item.keys, item.path) for item in found]

    assert items(text) == []
    # The second package with a file of another version, and without a good hash.
    changed = text.replace("delta-1.0-py3", "delta-1.1-py3")
    place = next(n for n, part in enumerate(text.split("[[package]]")) if "delta-1.0-py3" in part) - 1
    assert items(changed) == [("artifact", ("package", place, "files", 0), None)]


def test_the_project_is_named_by_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(poetry.MANIFEST.replace("alpha (>=1)", "alpha (>=2)"))
    (tmp_path / "poetry.lock").write_text(poetry.lock())
    (item,) = inconsistencies(read_lock(Reader(), str(tmp_path / "poetry.lock")))
    assert item.message == "app requires alpha>=2, and the lock has alpha 1.5"
    assert (item.keys, item.path) == (("project",), str(tmp_path / "pyproject.toml"))


PLAIN = Source(kind=SourceKind.REGISTRY, location="")


def test_what_is_known_by_its_line_has_no_route() -> None:
    wrong = Artifact(filename="two-1.0.tar.gz", wheel=False, hash=HASH)
    entry = locked("one", "1.0", source=PLAIN, line=7, path="/app/base.txt", artifacts=(wrong,))
    found = inconsistencies(lock([replace(entry, dependencies=(Edge(name="three"),))]))
    assert [item.kind for item in found] == ["edge", "artifact"]
    assert {(item.keys, item.line, item.path) for item in found} == {((), 7, "/app/base.txt")}


def test_the_same_entry_may_stand_for_each_place_where_it_is_installed() -> None:
    linux, mac = (locked("one", "1.0", source=PLAIN, when=(When(platform=name),)) for name in ("linux-64", "osx-arm64"))
    kinds = [item.kind for item in inconsistencies(lock([linux, mac]))]
    assert "duplicate" not in kinds
    kinds = [item.kind for item in inconsistencies(lock([linux, mac, mac]))]
    assert "duplicate" in kinds


def test_a_file_may_repeat_what_another_one_has() -> None:
    here, there = (
        locked("one", "1.0", source=PLAIN, line=line, path=path) for line, path in ((1, "/a.txt"), (4, "/b.txt"))
    )
    assert [item for item in inconsistencies(lock([here, there])) if item.kind == "duplicate"] == []
    (item,) = [item for item in inconsistencies(lock([here, there, here])) if item.kind == "duplicate"]
    assert (item.found, item.line, item.path) == ("lines 1 and 1", 1, "/a.txt")
