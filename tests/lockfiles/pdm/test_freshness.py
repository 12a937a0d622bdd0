"""Whether a ``pdm.lock`` is stale, and the words that say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.lockfiles.pdm.freshness import content_hash
from envguard.lockfiles.pdm.manifest import read_manifest
from envguard.reader import Reader
from tests.lockfiles.pdm.documents import MANIFEST, lock
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pdm-*/pdm.lock"))


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_are_fresh(folder: Path) -> None:
    assert freshness(Reader(), read_lock(Reader(), str(folder / "pdm.lock"))).state is Freshness.FRESH


def verdict(folder: Path, old: str, new: str) -> FreshnessVerdict:
    """Return the verdict on a lock of MANIFEST after *old* has become *new* in it."""
    path = folder / "pyproject.toml"
    path.write_text(MANIFEST)
    manifest = read_manifest(Reader(), str(folder))
    assert manifest is not None
    (folder / "pdm.lock").write_text(lock(f"sha256:{content_hash(manifest, 'sha256')}"))
    assert old in MANIFEST
    path.write_text(MANIFEST.replace(old, new, 1))
    return freshness(Reader(), read_lock(Reader(), str(folder / "pdm.lock")))


WORDS = {
    ('"alpha>=1"', '"alpha>=2"'): (
        "alpha",
        "the requirement of the project on alpha is not satisfied by the locked version",
        "project.dependencies.0",
        "alpha>=2",
        "1.5",
    ),
    ('"alpha>=1"', '"alpha>=1", "new"'): (
        "new",
        "the requirement of the project on new is not in the lock",
        "project.dependencies.1",
        "new",
        "no requirement",
    ),
    (', "epsilon"', ""): (
        "epsilon",
        "epsilon 1.0 is in the lock and no longer declared",
        "package.4",
        "no requirement",
        "epsilon 1.0",
    ),
    ('"alpha>=1"', '"alpha @ https://files.example/alpha-1.5.tar.gz"'): (
        "alpha",
        "the requirement of the project on alpha asks for another source than the lock has",
        "project.dependencies.0",
        "alpha @ https://files.example/alpha-1.5.tar.gz",
        "alpha 1.5 from registry",
    ),
}


@pytest.mark.parametrize(("old", "new"), WORDS)
def test_a_stale_lock_says_which_requirement_it_does_not_satisfy(folder: Path, old: str, new: str) -> None:
    (reason,) = verdict(folder, old, new).reasons
    keys = ".".join(map(str, reason.keys))
    assert (reason.subject, reason.message, keys, reason.expected, reason.found) == WORDS[old, new]
    assert not reason.unknown


def test_what_still_fits_is_stale_for_pdm_and_we_say_no_more_than_we_know(folder: Path) -> None:
    (reason,) = verdict(folder, '"alpha>=1"', '"alpha>=1.1"').reasons
    assert reason.message == (
        "what the lock was made from has changed, though no requirement was found that it does not satisfy"
    )
    assert not reason.unknown


def test_inputs_that_are_wanted_and_not_recorded_make_a_lock_stale(folder: Path) -> None:
    wanted = "\n[tool.pdm.resolution]\nlock_inputs = true\n\n[dependency-groups]"
    (reason,) = verdict(folder, "\n[dependency-groups]", wanted).reasons
    assert (
        reason.message == "the project wants its inputs recorded in the lock, and the lock has a hash of them instead"
    )


UNKNOWN = {
    "[tool.poetry]\nname = 'x'\n": "pdm converts manifests without [project], which is not done here",
    MANIFEST + "[tool.pdm.workspace]\nmembers = ['x']\n": (
        "the members of a workspace of pdm are part of what it compares, and are not followed here"
    ),
    None: "there is no pyproject.toml beside the lock",
}


@pytest.mark.parametrize("manifest", UNKNOWN, ids=range(len(UNKNOWN)))
def test_what_cannot_be_told_is_never_fresh(folder: Path, manifest: str | None) -> None:
    (folder / "pdm.lock").write_text(lock())
    if manifest is not None:
        (folder / "pyproject.toml").write_text(manifest)
    (reason,) = freshness(Reader(), read_lock(Reader(), str(folder / "pdm.lock"))).reasons
    assert (reason.message, reason.unknown) == (UNKNOWN[manifest], True)
