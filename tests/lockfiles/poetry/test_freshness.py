"""Whether a ``poetry.lock`` is stale, and the words that say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.lockfiles.poetry.freshness import content_hash
from envguard.lockfiles.poetry.manifest import read_manifest
from envguard.reader import Reader
from tests.lockfiles.poetry.documents import MANIFEST, lock
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("poetry-*/poetry.lock"))


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_are_fresh(folder: Path) -> None:
    assert freshness(Reader(), read_lock(Reader(), str(folder / "poetry.lock"))).state is Freshness.FRESH


def verdict(folder: Path, old: str, new: str) -> FreshnessVerdict:
    """Return the verdict on a lock of MANIFEST after *old* has become *new* in it."""
    path = folder / "pyproject.toml"
    path.write_text(MANIFEST)
    manifest = read_manifest(Reader(), str(folder))
    assert manifest is not None
    (folder / "poetry.lock").write_text(lock(content_hash(manifest)))
    assert old in MANIFEST
    path.write_text(MANIFEST.replace(old, new, 1))
    return freshness(Reader(), read_lock(Reader(), str(folder / "poetry.lock")))


WORDS = {
    ('"alpha (>=1)"', '"alpha (>=2)"'): (
        "alpha",
        "the requirement of the project on alpha is not satisfied by the locked version",
        "project.dependencies.0",
        "alpha (>=2)",
        "1.5",
    ),
    ('"alpha (>=1)"', '"alpha (>=1)", "new"'): (
        "new",
        "the requirement of the project on new is not in the lock",
        "project.dependencies.1",
        "new",
        "no requirement",
    ),
    (', "beta[fast]"', ""): (
        "beta",
        "beta 1.0 is in the lock and no longer declared",
        "package.1",
        "no requirement",
        "beta 1.0",
    ),
    ('test = ["gamma"]', 'test = ["gamma", "zeta"]'): (
        "zeta",
        "the requirement of the group 'test' on zeta is not in the lock",
        "dependency-groups.test.1",
        "zeta",
        "no requirement",
    ),
    ('plot = ["delta"]', 'plot = ["delta"]\nmore = []'): (
        "more",
        "the extra 'more' is not in the lock",
        "project.optional-dependencies",
        "declared",
        "none",
    ),
    ('">=3.9,<4.0"', '">=3.10,<4.0"'): (
        "python",
        "the range of Python is not the one in the lock",
        "project.requires-python",
        ">=3.10,<4.0",
        ">=3.9,<4.0",
    ),
    ('zeta = "^1.0"', 'zeta = { git = "https://git.example/zeta.git" }'): (
        "zeta",
        "the requirement of the group 'docs' on zeta asks for another source than the lock has",
        "tool.poetry.group.docs.dependencies.zeta",
        "zeta from https://git.example/zeta.git",
        "zeta 1.0 from registry",
    ),
}


@pytest.mark.parametrize(("old", "new"), WORDS)
def test_a_stale_lock_says_which_requirement_it_does_not_satisfy(folder: Path, old: str, new: str) -> None:
    (reason,) = verdict(folder, old, new).reasons
    keys = ".".join(map(str, reason.keys))
    assert (reason.subject, reason.message, keys, reason.expected, reason.found) == WORDS[old, new]
    assert not reason.unknown


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"alpha (>=1)"', '"alpha (>=1.1)"'),
        ('"alpha (>=1)", "beta[fast]"', '"beta[fast]", "alpha (>=1)"'),
        ('"alpha (>=1)"', '"alpha>=1"'),
        ("optional = true", "optional = false"),
    ],
)
def test_what_still_fits_is_stale_for_poetry_and_we_say_no_more_than_we_know(folder: Path, old: str, new: str) -> None:
    (reason,) = verdict(folder, old, new).reasons
    assert reason.message == (
        "what the lock was made from has changed, though no requirement was found that it does not satisfy"
    )
    assert not reason.unknown


def test_a_requirement_that_can_never_hold_is_missed_in_no_lock(folder: Path) -> None:
    (reason,) = verdict(folder, '"alpha (>=1)"', '"alpha (>=1)", "never ; python_version < \'3.8\'"').reasons
    assert reason.subject == "content-hash"


@pytest.mark.parametrize(
    ("old", "new"), [('version = "1.0"', 'version = "2.0"'), ("[tool", "[tool.other]\na = 1\n[tool")]
)
def test_what_poetry_does_not_hash_changes_nothing(folder: Path, old: str, new: str) -> None:
    assert verdict(folder, old, new).state is Freshness.FRESH


@pytest.mark.parametrize(("writer", "state"), [("2.2.1", Freshness.FRESH), ("2.3.0", Freshness.STALE)])
def test_an_older_writer_left_dependency_groups_out(folder: Path, writer: str, state: Freshness) -> None:
    (folder / "pyproject.toml").write_text(MANIFEST)
    manifest = read_manifest(Reader(), str(folder))
    assert manifest is not None
    text = lock(content_hash(manifest, groups=False)).replace("Poetry 2.5.1", f"Poetry {writer}")
    (folder / "poetry.lock").write_text(text)
    assert freshness(Reader(), read_lock(Reader(), str(folder / "poetry.lock"))).state is state


def test_without_a_manifest_nobody_can_tell(folder: Path) -> None:
    (folder / "poetry.lock").write_text(lock())
    (reason,) = freshness(Reader(), read_lock(Reader(), str(folder / "poetry.lock"))).reasons
    assert (reason.message, reason.unknown) == ("there is no pyproject.toml beside the lock", True)
