"""Real locks of conda's tools, each edited by hand in one place: nothing of it passes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.reader import Reader
from tests.lockfiles.world import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CORPORA = ROOT / "tests" / "corpora"
PIXI = CORPORA / "pixi-small" / "pixi.lock"
CONDA_LOCK = CORPORA / "conda-lock-small" / "conda-lock.yml"
_EACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The *text* of the entry of a conda package, with the *name* of the package and the *url* of its file."""

    text: str
    name: str
    url: str


def entries(original: str) -> list[Entry]:
    """Return a few entries of conda packages that are there once and that others depend on, from all over the lock."""
    found = []
    for match in re.finditer(
        r"^- (?:conda|name): .*\n(?:  .*\n)+", original[original.index("\npackage") :], re.MULTILINE
    ):
        url = re.search(r"https://conda\S+/(\S+?)-[^-\s]+-[^-\s]+\n", match[0])
        # What is in several categories has an entry for each.
        once = url is not None and original.count(f"- name: {url[1]}\n") <= 1
        if (
            url is not None
            and once
            and re.search(rf"^ {{2,4}}(?:- )?{re.escape(url[1])}(?: |:|$)", original, re.MULTILINE)
        ):
            found.append(Entry(text=match[0], name=url[1], url=url[0].strip()))
    return found[:: len(found) // _EACH]


@pytest.fixture(params=[PIXI, CONDA_LOCK], ids=lambda path: path.name)
def original(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def found_in(folder: Path, original: str, text: str) -> list[tuple[str, str]]:
    assert text != original
    name = "pixi.lock" if text.startswith("version: 6") else "conda-lock.yml"
    (folder / name).write_text(text, encoding="utf-8")
    return [(item.kind, item.subject) for item in inconsistencies(read_lock(Reader(), str(folder / name)))]


def test_a_deleted_entry_is_found(tmp_path: Path, original: str) -> None:
    for entry in entries(original):
        # The environments of a pixi.lock list it, and where it is gone from them, too, others depend on it.
        text = original.replace(entry.text, "")
        if text.startswith("version: 6"):
            with pytest.raises(LockfileError, match="leads to no package of the lock"):
                found_in(tmp_path, original, text)
            text = text.replace(f"      - conda: {entry.url}\n", "")
        assert "edge" in {kind for kind, _ in found_in(tmp_path, original, text)}, entry.name


def test_an_edited_version_is_found(tmp_path: Path, original: str) -> None:
    for entry in entries(original):
        edited = re.sub(r"^  version: .*$", "  version: '99.1'", entry.text, flags=re.MULTILINE)
        edited = edited if edited != entry.text else f"{entry.text}  version: '99.1'\n"
        assert ("artifact", entry.name) in found_in(tmp_path, original, original.replace(entry.text, edited))


def test_another_file_is_found(tmp_path: Path, original: str) -> None:
    for entry in entries(original):
        # Wherever the file is named, its entry depends on what it was, and so do others.
        evil = entry.url.replace(f"/{entry.name}-", "/evil-")
        kinds = {kind for kind, _ in found_in(tmp_path, original, original.replace(entry.url, evil))}
        assert kinds & {"artifact", "edge"}, entry.name


def test_a_changed_hash_is_found_where_it_is_none_or_that_of_another_file(tmp_path: Path, original: str) -> None:
    *some, last = entries(original)
    other = re.findall(r"sha256: (\S+)", last.text)[0]
    for entry in some:
        digest = re.findall(r"sha256: (\S+)", entry.text)[0]
        for new in (digest[:-1], digest[:-1] + "g", other):
            assert "hash" in {kind for kind, _ in found_in(tmp_path, original, original.replace(digest, new))}


def test_a_removed_hash_is_found(tmp_path: Path, original: str) -> None:
    for entry in entries(original):
        without = re.sub(r"^ *(?:sha256|md5): .*\n|^  hash:\n", "", entry.text, flags=re.MULTILINE)
        assert ("unhashed", entry.name) in found_in(tmp_path, original, original.replace(entry.text, without))
