"""Whether a ``Pipfile.lock`` is stale, and the words that say why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import ConfigError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.lockfiles.pipenv.freshness import pipfile_hash
from envguard.lockfiles.pipenv.manifest import read_manifest
from envguard.reader import Reader
from tests.lockfiles.pipenv.documents import DOCUMENT, HASH, MANIFEST, entry, lock
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pipenv-*/Pipfile.lock"))
BARE = MANIFEST[MANIFEST.index("[packages]") :]


def verdict(folder: Path, manifest: str | None, *changes: tuple[str, Any]) -> FreshnessVerdict:
    (folder / "Pipfile.lock").write_text(lock(*changes))
    if manifest is not None:
        (folder / "Pipfile").write_text(manifest)
    return freshness(Reader(), read_lock(Reader(), str(folder / "Pipfile.lock")))


def hashed(folder: Path, manifest: str, *, as_written: bool = False) -> str:
    (folder / "Pipfile").write_text(manifest)
    read = read_manifest(Reader(), str(folder / "Pipfile"))
    assert read is not None
    sources = read.data.get("source", DOCUMENT["_meta"]["sources"])
    return pipfile_hash(read, sources, as_written=as_written)


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_are_fresh(folder: Path) -> None:
    assert freshness(Reader(), read_lock(Reader(), str(folder / "Pipfile.lock"))).state is Freshness.FRESH


def test_the_hash_is_pipenvs_own_and_does_not_mind_how_names_are_spelled(folder: Path) -> None:
    assert hashed(folder, MANIFEST) == HASH
    respelled = MANIFEST.replace("Beta_Two", "BETA-two")
    assert verdict(folder, respelled + '\n[scripts]\nrun = "x"\n\n[pipenv]\nsort_pipfile = true\n').reasons == ()


def test_a_lock_of_an_older_pipenv_has_the_names_as_they_are_written(folder: Path) -> None:
    old = hashed(folder, MANIFEST, as_written=True)
    assert old != HASH
    assert verdict(folder, MANIFEST, ("_meta/hash/sha256", old)).reasons == ()
    # Spelled otherwise the older one would have made it anew; the newer one would not, and its hash is another.
    assert (
        verdict(folder, MANIFEST.replace("Beta_Two", "BETA-two"), ("_meta/hash/sha256", old)).state is Freshness.STALE
    )


WORDS: dict[tuple[str, str], tuple[str, str, str, str, str]] = {
    ('alpha = ">=1"', 'alpha = ">=2"'): (
        "alpha",
        "the requirement of the project on alpha is not satisfied by the locked version",
        "packages.alpha",
        "alpha >=2",
        "1.5",
    ),
    ('alpha = ">=1"', 'alpha = ">=1"\nNew = "*"'): (
        "new",
        "the requirement of the project on new is not in the lock",
        "packages.New",
        "New *",
        "no requirement",
    ),
    ('alpha = ">=1"', 'alpha = {file = "https://files.example/alpha-1.5.tar.gz"}'): (
        "alpha",
        "the requirement of the project on alpha asks for another source than the lock has",
        "packages.alpha",
        "alpha from https://files.example/alpha-1.5.tar.gz",
        "alpha 1.5 from registry",
    ),
    ('epsilon = "~=1.0"', 'epsilon = "~=1.3"'): (
        "epsilon",
        "the requirement of the group 'docs' on epsilon is not satisfied by the locked version",
        "docs.epsilon",
        "epsilon ~=1.3",
        "1.2",
    ),
    ("[docs]", '[docs]\n[tests]\nzeta = {version = "==1", os_name = "== \'nt\'"}\n[more]'): (
        "zeta",
        "the requirement of the group 'tests' on zeta is not in the lock",
        "tests.zeta",
        "zeta ==1",
        "no requirement",
    ),
    ('python_version = "3.12"', 'python_version = "3.13"'): (
        "requires",
        "the Python that is required is not the one in the lock",
        "requires",
        "python_version = 3.13",
        "python_version = 3.12",
    ),
    ("https://index.example/simple", "https://other.example/simple"): (
        "source",
        "the list of sources is not the one in the lock",
        "source",
        "main https://other.example/simple, own https://own.example/simple",
        "main https://index.example/simple, own https://own.example/simple",
    ),
    ("verify_ssl = true\n\n[packages]", "verify_ssl = false\n\n[packages]"): (
        "source",
        "the list of sources is not the one in the lock",
        "source",
        "main https://index.example/simple, own https://own.example/simple (certificate not checked)",
        "main https://index.example/simple, own https://own.example/simple",
    ),
    ('[docs]\nepsilon = "~=1.0"\n', ""): (
        "docs",
        "the category 'docs' is in the lock and no longer declared",
        "docs",
        "none",
        "declared",
    ),
    ('alpha = ">=1"', 'alpha = ">=1.1"'): (
        "hash",
        "what the lock was made from has changed, though no requirement was found that it does not satisfy",
        "",
        "",
        HASH,
    ),
}


@pytest.mark.parametrize(("old", "new"), WORDS)
def test_a_stale_lock_says_what_changed_where_that_can_be_told(folder: Path, old: str, new: str) -> None:
    assert old in MANIFEST
    found = verdict(folder, MANIFEST.replace(old, new, 1))
    reason = found.reasons[0]
    keys = ".".join(map(str, reason.keys))
    expected = WORDS[old, new]
    if reason.subject == "hash":
        expected = (*expected[:3], hashed(folder, MANIFEST.replace(old, new, 1)), HASH)
    assert (reason.subject, reason.message, keys, reason.expected, reason.found) == expected
    assert found.state is Freshness.STALE


def test_what_was_taken_out_of_the_lock_is_told_though_its_hash_agrees(folder: Path) -> None:
    (reason,) = verdict(folder, MANIFEST, ("docs/epsilon", None)).reasons
    assert (reason.message, reason.unknown) == (
        "the requirement of the group 'docs' on epsilon is not in the lock",
        False,
    )
    # What comes from elsewhere than an index pipenv locks under the name that it finds there.
    assert verdict(folder, MANIFEST, ("default/lib", None)).reasons == ()


def test_a_requirement_that_holds_nowhere_need_not_be_locked(folder: Path) -> None:
    never = MANIFEST.replace(
        "[dev-packages]", "odd = {version = '*', markers = \"python_version < '0'\"}\n\n[dev-packages]"
    )
    assert verdict(folder, never, ("_meta/hash/sha256", hashed(folder, never))).reasons == ()


def test_without_a_source_the_one_in_the_lock_is_what_pipenv_took(folder: Path) -> None:
    assert verdict(folder, BARE).reasons == ()
    (reason,) = verdict(folder, BARE.replace(">=1", ">=1.1")).reasons
    assert (reason.message, reason.unknown) == (
        "the Pipfile names no source, and those of pip's configuration, which nobody records, are part of its hash",
        True,
    )
    assert verdict(folder, BARE.replace(">=1", ">=2")).state is Freshness.STALE


def test_what_cannot_be_told_is_never_fresh(folder: Path) -> None:
    (reason,) = verdict(folder, None).reasons
    assert (reason.message, reason.unknown) == ("there is no Pipfile beside the lock", True)
    (reason,) = verdict(folder, MANIFEST, ("_meta/hash", {})).reasons
    assert (reason.found, reason.unknown) == ("none", False)


def test_a_pipfile_of_which_pipenv_can_make_no_hash_is_an_error(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        verdict(folder, MANIFEST + "[odd]\nname = { version = '*', when = 2026-01-01 }\n")
    assert str(caught.value).startswith(f"{folder}/Pipfile: pipenv cannot make a hash of it: ")


def test_versions_are_compared_as_pipenv_writes_them(folder: Path) -> None:
    for text in ('"1.5"', '"==1.5"', "1.5", '">=1,<2"', '"*"', '""'):
        manifest = MANIFEST.replace('alpha = ">=1"', f"alpha = {text}")
        (reason,) = verdict(folder, manifest).reasons
        assert reason.subject == "hash", text
    extra = verdict(folder, MANIFEST, ("develop/alpha", entry("==1.6", 12)))
    assert extra.reasons == ()
