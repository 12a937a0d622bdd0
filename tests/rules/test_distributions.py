"""EG2, second half."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envguard.installed.model import Layer, Origin, OriginKind
from envguard.lockfiles.model import Source, SourceKind
from envguard.model import Place, Severity, Unknown
from tests.rules.evidence import PROJECT, SITE, dist, evidence, findings, locked, machine, one

COMMIT = "3d79d3ed2b1b9d9d6b1a0f5a6f0a9c5a1e6f5a11"
OTHER = "ffffffff2b1b9d9d6b1a0f5a6f0a9c5a1e6f5a11"
GIT = Source(kind=SourceKind.GIT, location="https://git.example/org/pkg.git", commit=COMMIT)
URL = Source(kind=SourceKind.URL, location="https://files.example/pkg-1.0.tar.gz")
REAL = {"libs/pkg": f"{PROJECT}/libs/pkg", "/link/pkg": f"{PROJECT}/libs/pkg", ".": PROJECT}


def git(url: str = "https://git.example/org/pkg", commit: str = COMMIT, **more: Any) -> Origin:
    return Origin(kind=OriginKind.GIT, url=url, commit=commit, **more)


def local(kind: OriginKind, path: str) -> Origin:
    return Origin(kind=kind, url=f"file://{path}", path=path)


def source(kind: SourceKind, location: str = "libs/pkg") -> Source:
    return Source(kind=kind, location=location)


AGREE = [
    (Source(kind=SourceKind.REGISTRY, location="https://index.example/simple"), None),
    (GIT, git()),
    (GIT, git("https://user:secret@git.example/org/pkg.git/")),
    (replace(GIT, subdirectory="python"), git(subdirectory="python")),
    (URL, Origin(kind=OriginKind.ARCHIVE, url="https://files.example/pkg-1.0.tar.gz#sha256=00")),
    (source(SourceKind.PATH), local(OriginKind.ARCHIVE, "/link/pkg")),
    (source(SourceKind.DIRECTORY), local(OriginKind.DIRECTORY, "/link/pkg")),
    (source(SourceKind.EDITABLE), local(OriginKind.EDITABLE, "/link/pkg")),
    (source(SourceKind.EDITABLE, "."), local(OriginKind.EDITABLE, PROJECT)),
]

DIFFER = [
    (AGREE[0][0], git(), "the index https://index.example/simple", f"git https://git.example/org/pkg at {COMMIT}"),
    (GIT, None, f"git https://git.example/org/pkg.git at {COMMIT}", "an index: it has no direct_url.json"),
    (
        GIT,
        git(commit=OTHER),
        f"git https://git.example/org/pkg.git at {COMMIT}",
        f"git https://git.example/org/pkg at {OTHER}",
    ),
    (GIT, git("https://git.example/fork/pkg"), None, f"git https://git.example/fork/pkg at {COMMIT}"),
    (GIT, git(subdirectory="python"), None, f"git https://git.example/org/pkg at {COMMIT}, folder python"),
    (URL, Origin(kind=OriginKind.ARCHIVE, url="https://files.example/pkg-1.1.tar.gz"), None, None),
    (
        source(SourceKind.DIRECTORY),
        local(OriginKind.EDITABLE, "/link/pkg"),
        "the folder libs/pkg, built and copied",
        None,
    ),
    (source(SourceKind.EDITABLE), local(OriginKind.DIRECTORY, "/link/pkg"), "the folder libs/pkg, editable", None),
    (source(SourceKind.EDITABLE), local(OriginKind.EDITABLE, "/elsewhere"), None, "the folder /elsewhere, editable"),
    (
        source(SourceKind.PATH),
        local(OriginKind.ARCHIVE, "/elsewhere.whl"),
        "the file libs/pkg",
        "the archive /elsewhere.whl",
    ),
]


@pytest.mark.parametrize(("source", "origin"), AGREE)
def test_a_package_from_where_the_lock_says_is_no_finding(source: Source, origin: Origin | None) -> None:
    seen = evidence([locked("pkg", source=source)], [dist("pkg", origin=origin)], real_paths=REAL)
    assert findings("source-mismatch", seen) == []


@pytest.mark.parametrize(("source", "origin", "expected", "found"), DIFFER)
def test_a_package_from_elsewhere_names_both_sources(
    source: Source, origin: Origin | None, expected: str | None, found: str | None
) -> None:
    seen = evidence([locked("pkg", source=source)], [dist("pkg", origin=origin)], real_paths=REAL)
    finding = one("source-mismatch", seen)
    assert expected in (None, finding.expected)
    assert found in (None, finding.found)
    assert finding.place == Place(path=f"{PROJECT}/uv.lock", keys=("package", 0, "source"))


CHECKOUT = "/venv/src/pkg"
EDITABLE_GIT = replace(GIT, editable=True)


def test_a_checkout_at_the_locked_commit_is_no_finding() -> None:
    packages, installed = (
        [locked("pkg", source=EDITABLE_GIT)],
        [dist("pkg", origin=local(OriginKind.EDITABLE, CHECKOUT))],
    )
    assert findings("source-mismatch", evidence(packages, installed, checkouts={CHECKOUT: COMMIT})) == []
    # What was installed from the locked commit without a checkout is the same code.
    assert findings("source-mismatch", evidence(packages, [dist("pkg", origin=git())])) == []


@pytest.mark.parametrize("commit", [OTHER, None])
def test_a_checkout_elsewhere_is_one_and_what_cannot_be_read_is_unknown(commit: str | None) -> None:
    packages, installed = (
        [locked("pkg", source=EDITABLE_GIT)],
        [dist("pkg", origin=local(OriginKind.EDITABLE, CHECKOUT))],
    )
    finding = one("source-mismatch", evidence(packages, installed, checkouts={CHECKOUT: commit}))
    assert finding.expected == f"git https://git.example/org/pkg.git at {COMMIT}"
    assert (finding.message, finding.found, finding.unknown) == (
        ("pkg was installed from elsewhere than the lock says", f"the checkout {CHECKOUT} at {OTHER}", False)
        if commit
        else (
            "whether pkg was installed from the locked commit could not be told",
            f"the checkout {CHECKOUT} at a commit that could not be read",
            True,
        )
    )


def test_without_a_locked_commit_none_is_the_same() -> None:
    open_ref = replace(EDITABLE_GIT, commit=None, requested="main")
    here = local(OriginKind.EDITABLE, CHECKOUT)
    seen = evidence([locked("pkg", source=open_ref)], [dist("pkg", origin=here)], checkouts={CHECKOUT: COMMIT})
    assert one("source-mismatch", seen).expected == "git https://git.example/org/pkg.git at no commit"
    plain = replace(open_ref, editable=False)
    odd = Origin(kind=OriginKind.GIT, url=GIT.location)
    assert len(findings("source-mismatch", evidence([locked("pkg", source=plain)], [dist("pkg", origin=odd)]))) == 1


def test_two_metadata_folders_of_one_package_are_an_error() -> None:
    seen = evidence([locked("pkg")], [dist("pkg", "1.0"), dist("pkg", "0.9")])
    finding = one("duplicate-distribution", seen)
    assert finding.message == "pkg is installed 2 times"
    assert finding.found == f"{SITE}/pkg-1.0.dist-info, {SITE}/pkg-0.9.dist-info"
    assert finding.severities.cross_hardware is Severity.ERROR


def test_a_package_that_shadows_an_inherited_one_is_a_note() -> None:
    seen = evidence([locked("pkg")], [dist("pkg"), dist("pkg", "0.9", layer=Layer.INHERITED)])
    finding = one("duplicate-distribution", seen)
    assert finding.message == "pkg is installed 2 times; the one in environment shadows the others"
    assert finding.severities.run_to_run is Severity.NOTE


def test_damaged_metadata_is_an_error_a_stray_entry_a_warning() -> None:
    seen = evidence([locked("pkg")], [dist("pkg", problems=("METADATA is missing",))])
    assert seen.inventory is not None
    inventory = replace(seen.inventory, strays=((f"{SITE}/~umpy", "left by an interrupted pip"),))
    damaged, stray = findings("broken-distribution", replace(seen, inventory=inventory))
    assert damaged.message == "the metadata of pkg is damaged: METADATA is missing"
    assert damaged.severities.host_to_host is Severity.ERROR
    assert stray.message == "this looks like an installed package and is none: left by an interrupted pip"
    assert (stray.subject, stray.severities.host_to_host) == ("~umpy", Severity.WARNING)


def test_the_recorded_version_with_other_content_is_found() -> None:
    recorded = machine([dist("numpy", "2.4.6", digest="blake3:old")])
    finding = one("content-mismatch", evidence([locked("numpy", "2.4.6")], [dist("numpy", "2.4.6")], recorded=recorded))
    assert finding.message == "numpy 2.4.6 has other content than the 2.4.6 that was recorded"
    assert (finding.expected, finding.found) == ("blake3:old", "blake3:numpy-2.4.6")
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=("machines", "laptop", "packages", "numpy"))
    assert (finding.severities.host_to_host, finding.severities.cross_hardware) == (Severity.ERROR, Severity.NOTE)


@pytest.mark.parametrize("old", ["blake3:numpy-1.0", Unknown(reason="editable")])
def test_equal_content_and_content_that_nobody_could_record_is_none(old: str | Unknown) -> None:
    recorded = machine([dist("numpy", digest=old)])
    assert findings("content-mismatch", evidence([locked("numpy")], [dist("numpy")], recorded=recorded)) == []


def test_content_that_nobody_can_tell_any_more_is_not_called_the_same() -> None:
    here = dist("numpy", digest=Unknown(reason="its installer left no RECORD"))
    finding = one("content-mismatch", evidence([locked("numpy")], [here], recorded=machine([dist("numpy")])))
    assert finding.message == "whether numpy 1.0 has the content that was recorded could not be told"
    assert (finding.expected, finding.found) == ("blake3:numpy-1.0", "its installer left no RECORD")
    assert finding.unknown
    # Nobody could tell when it was recorded either.
    assert findings("content-mismatch", evidence([locked("numpy")], [here], recorded=machine([here]))) == []


def test_a_package_outside_the_lock_is_compared_with_the_record() -> None:
    recorded = machine([dist("torch", "2.13.0+cpu"), dist("gone", "1"), dist("kept", "3"), dist("pip", "23")])
    seen = evidence(
        [locked("numpy")], [dist("torch", "2.14.0"), dist("kept", "3"), dist("pip", "26")], recorded=recorded
    )
    torch, gone = findings("unlocked-change", seen)
    assert torch.message == "torch 2.13.0+cpu was recorded, 2.14.0 is installed"
    assert torch.hint == f"uv pip install --python {PROJECT}/.venv torch==2.13.0+cpu"
    assert gone.message == "gone 1 was recorded and is gone"


def test_after_a_change_of_the_lock_the_record_is_no_word_on_what_is_outside() -> None:
    recorded = machine([dist("torch", "2.13.0+cpu")], lock_digest="blake3:older")
    assert findings("unlocked-change", evidence([], [], recorded=recorded)) == []
