"""Real locks, each edited by hand in one place as somebody, a bot or a merge would: nothing of it passes.

The tools' own checks pass all of it (``uv lock --check``, ``poetry check --lock``, ``pdm lock --check``), since what they
compare is the manifest.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.parts import edges_of
from envguard.reader import Reader
from tests.lockfiles.world import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envguard.lockfiles.model import Lock

CORPORA = ROOT / "tests" / "corpora"
LOCKS = [path for name in ("uv", "poetry", "pdm") for path in sorted(CORPORA.glob(f"*/{name}.lock"))]
_EACH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The text of one entry: where it *start*s and *end*s in the lock, and its *name* and *version*."""

    start: int
    end: int
    name: str
    version: str

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def replaced(self, text: str, new: str) -> str:
        return text[: self.start] + new + text[self.end :]


def blocks(text: str) -> list[Block]:
    """Return the entries of packages that come from an index, in which the name is the only one of its kind."""
    starts = [match.start() for match in re.finditer(r"^\[\[package\]\]", text, re.MULTILINE)]
    ends = [
        *starts[1:],
        next((m.start() for m in re.finditer(r"^\[(?:metadata|extras)\]", text, re.MULTILINE)), len(text)),
    ]
    found = []
    for start, end in zip(starts, ends, strict=True):
        block = text[start:end]
        name = re.search(r'^name = "([^"]+)"', block, re.MULTILINE)
        version = re.search(r'^version = "([^"]+)"', block, re.MULTILINE)
        elsewhere = re.search(r'^(?:source = \{ (?!registry)|type = "(?!legacy)|extras = )', block, re.MULTILINE)
        if name and version and not elsewhere:
            found.append(Block(start=start, end=end, name=name[1], version=version[1]))
    counts = Counter(item.name for item in found)
    return [item for item in found if counts[item.name] == 1]


def some(items: list[Block]) -> list[Block]:
    """Return a few of *items*, from all over the lock."""
    return items[:: max(1, len(items) // _EACH)]


class Tampered:
    """A lock of the corpora that can be written with another text, beside its manifest."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = folder / path.name
        self.text = path.read_text(encoding="utf-8")
        (folder / "pyproject.toml").write_bytes((path.parent / "pyproject.toml").read_bytes())
        self.blocks = blocks(self.text)
        assert len(self.blocks) > _EACH

    def lock(self, text: str) -> Lock:
        self.path.write_text(text, encoding="utf-8")
        return read_lock(Reader(), str(self.path))

    def found(self, text: str) -> list[tuple[str, str]]:
        assert text != self.text
        return [(item.kind, item.subject) for item in inconsistencies(self.lock(text))]

    def with_files(self) -> Iterator[tuple[Block, str]]:
        """Yield entries with the hash of one of their files, wherever the lock keeps it."""
        for block in some(self.blocks):
            name = re.escape(block.name).replace("\\-", "[-_.]")
            line = re.search(
                rf"{name}-{re.escape(block.version)}[^\n]*?(sha256:[0-9a-f]{{64}})", self.text, re.IGNORECASE
            )
            if line is not None:
                yield block, line[1]


@pytest.fixture(params=LOCKS, ids=lambda path: path.parent.name)
def tampered(request: pytest.FixtureRequest, tmp_path: Path) -> Tampered:
    return Tampered(request.param, tmp_path)


def test_an_edited_version_is_found(tampered: Tampered) -> None:
    for block in some(tampered.blocks):
        edited = block.of(tampered.text).replace(f'version = "{block.version}"', 'version = "99.1"', 1)
        kinds = {
            kind for kind, subject in tampered.found(block.replaced(tampered.text, edited)) if subject == block.name
        }
        # Where files are listed by name for all versions of a package, those of another one are none of it.
        assert kinds & {"artifact", "hash"}, block.name


def test_a_deleted_entry_is_found(tampered: Tampered) -> None:
    for block in some(tampered.blocks):
        kinds = {kind for kind, _ in tampered.found(block.replaced(tampered.text, ""))}
        assert "edge" in kinds, block.name


def test_an_entry_that_is_there_twice_is_found(tampered: Tampered) -> None:
    for block in some(tampered.blocks):
        twice = block.replaced(tampered.text, block.of(tampered.text).rstrip("\n") + "\n\n" + block.of(tampered.text))
        assert ("duplicate", block.name) in tampered.found(twice)


def test_an_entry_that_nothing_requires_is_found(tampered: Tampered) -> None:
    for block in some(tampered.blocks):
        evil = block.of(tampered.text).replace(f'name = "{block.name}"', 'name = "evil"', 1)
        evil = re.sub(r"^files = \[\n.*?^\]\n", "", evil, flags=re.MULTILINE | re.DOTALL)
        found = tampered.found(block.replaced(tampered.text, block.of(tampered.text) + evil))
        assert ("orphan", "evil") in found


def test_a_deleted_dependency_is_found_where_it_was_the_only_one(tampered: Tampered) -> None:
    whole = tampered.lock(tampered.text)
    leads = Counter(
        edge.name for package in whole.packages for edge in {e.name: e for _, e in edges_of(package)}.values()
    )
    told = 0
    for block in tampered.blocks:
        package = next(package for package in whole.packages if package.name == block.name)
        for edge in package.dependencies:
            line = re.search(
                rf'^ *(?:\{{ name = "|")?{re.escape(edge.name)}\b[^\n]*\n', block.of(tampered.text), re.MULTILINE
            )
            if leads[edge.name] != 1 or line is None or told >= _EACH:
                continue
            edited = block.of(tampered.text).replace(line[0], "", 1)
            assert ("orphan", edge.name) in tampered.found(block.replaced(tampered.text, edited)), (
                block.name,
                edge.name,
            )
            told += 1
    assert told >= 2


def test_a_changed_hash_is_found_where_it_is_none_or_that_of_another_file(tampered: Tampered) -> None:
    hashes = list(tampered.with_files())
    assert len(hashes) >= _EACH // 2
    other = hashes[-1][1]
    for block, digest in hashes[:-1]:
        for new in (digest[:-1], digest[:-1] + "g", "md5:" + "0" * 32, "sha1:" + "0" * 40, other):
            assert "hash" in {kind for kind, _ in tampered.found(tampered.text.replace(digest, new))}, (block.name, new)


def test_a_removed_hash_is_found(tampered: Tampered) -> None:
    for block, digest in tampered.with_files():
        without = re.sub(rf', hash = "{digest}"', "", tampered.text)
        assert {kind for kind, _ in tampered.found(without)} & {"hash", "unhashed"}, block.name


def test_a_file_of_another_package_is_found(tampered: Tampered) -> None:
    for block, _ in tampered.with_files():
        name = re.compile(
            re.escape(block.name).replace("\\-", "[-_.]") + rf"-{re.escape(block.version)}([-.])", re.IGNORECASE
        )
        text = name.sub(rf"evil-{block.version}\1", tampered.text)
        assert "artifact" in {kind for kind, _ in tampered.found(text)}, block.name


def test_an_unfinished_merge_is_found(tampered: Tampered) -> None:
    from envguard.errors import LockfileError

    block = tampered.blocks[3]
    both = f"<<<<<<< HEAD\n{block.of(tampered.text)}=======\n{block.of(tampered.text)}>>>>>>> other\n"
    with pytest.raises(LockfileError, match="has an unfinished merge in it"):
        tampered.lock(block.replaced(tampered.text, both))
