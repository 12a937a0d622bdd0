"""EG1, second half: the locks of one project against one another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envguard.lockfiles.model import Artifact, CondaBuild, LockedPackage, Selected, Source, SourceKind
from envguard.lockfiles.parts import source_words
from envguard.model import Impact, Place
from envguard.rules.evidence import Evidence, LockView
from tests.rules.evidence import PROJECT, conda_locked, dist, evidence, findings, lock, locked, one

OTHER = f"{PROJECT}/requirements.txt"


def two(ours: list[LockedPackage], theirs: list[LockedPackage], *, selected: bool = True) -> Evidence:
    other = replace(lock(theirs, digest="blake3:other"), path=OTHER)
    view = LockView(name="requirements.txt", lock=other)
    if selected:
        view = replace(view, selected=Selected(packages=other.packages, groups=()))
    seen = evidence(ours, [dist(package.name, package.version) for package in ours])
    return replace(seen, others=(view,), selected=seen.selected if selected else None)


def wheel(name: str, digest: str) -> Artifact:
    return Artifact(filename=f"{name}-1.0-py3-none-any.whl", wheel=True, hash=digest)


def test_two_locks_that_agree_are_no_finding() -> None:
    assert (
        findings("lock-disagreement", two([locked("numpy", "2.4"), locked("click")], [locked("numpy", "2.4.0")])) == []
    )


def test_two_versions_of_a_package_name_both_locks() -> None:
    finding = one("lock-disagreement", two([locked("numpy", "2.4")], [locked("click"), locked("numpy", "2.3")]))
    assert finding.message == "uv.lock locks numpy 2.4, requirements.txt locks 2.3"
    assert (finding.expected, finding.found) == ("2.4 (uv.lock)", "2.3 (requirements.txt)")
    assert finding.impact is Impact.NUMBERS
    assert finding.place == Place(path=OTHER, keys=("package", 1))
    assert finding.why == "which of the two gets installed depends on which tool ran last"
    assert finding.hint == "uv lock"


def test_builds_of_one_version_are_two_versions() -> None:
    finding = one("lock-disagreement", two([locked("torch", "2.13.0+cu130")], [locked("torch", "2.13.0+cpu")]))
    assert finding.message == "uv.lock locks torch 2.13.0+cu130, requirements.txt locks 2.13.0+cpu"


def test_without_an_environment_locks_disagree_only_where_no_version_is_common() -> None:
    forks = [locked("torch", "2.0+cpu"), locked("torch", "2.0+cu130")]
    assert findings("lock-disagreement", two(forks, [locked("torch", "2.0+cpu")], selected=False)) == []
    finding = one("lock-disagreement", two(forks, [locked("torch", "2.1")], selected=False))
    assert finding.message == "uv.lock locks torch 2.0+cpu or 2.0+cu130, requirements.txt locks 2.1"


def test_a_source_tree_without_a_version_disagrees_with_nothing() -> None:
    assert findings("lock-disagreement", two([locked("app", None)], [locked("app", "1.0")])) == []


INDEX = Source(kind=SourceKind.REGISTRY, location="https://index.example/simple")
GIT = Source(kind=SourceKind.GIT, location="https://git.example/numpy", commit="1" * 40)
URL = Source(kind=SourceKind.URL, location="https://files.index.example/numpy-1.0-py3-none-any.whl")
FOLDER = Source(kind=SourceKind.DIRECTORY, location="libs/numpy")


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        (INDEX, GIT, False),
        (INDEX, URL, False),
        (INDEX, FOLDER, False),
        (INDEX, replace(INDEX, location="https://mirror.example/simple"), True),
        (GIT, replace(GIT, location="ssh://git@git.example/numpy"), True),
        (GIT, replace(GIT, commit="2" * 40), False),
        (GIT, replace(GIT, commit=None), True),
        (URL, replace(URL, location=f"{URL.location}#sha256=1"), True),
        (URL, replace(URL, location="https://files.index.example/other.whl"), False),
        (FOLDER, replace(FOLDER, kind=SourceKind.EDITABLE), True),
        (FOLDER, replace(FOLDER, kind=SourceKind.VIRTUAL), True),
    ],
)
def test_one_package_from_two_sources_is_a_disagreement(ours: Source, theirs: Source, agree: bool) -> None:
    seen = two([locked("numpy", None, source=ours)], [locked("numpy", "1.0", source=theirs)])
    found = findings("lock-disagreement", seen)
    messages = [] if agree else ["uv.lock and requirements.txt take numpy from different sources"]
    assert [finding.message for finding in found] == messages
    for finding in found:
        assert (finding.expected, finding.found) == (
            f"{source_words(ours)} (uv.lock)",
            f"{source_words(theirs)} (requirements.txt)",
        )


def test_the_same_file_is_the_same_from_anywhere() -> None:
    file = (wheel("numpy", f"sha256:{'a' * 64}"),)
    ours, theirs = (locked("numpy", source=source, artifacts=file) for source in (INDEX, URL))
    assert findings("lock-disagreement", two([ours], [theirs])) == []


def test_one_file_with_two_hashes_is_a_disagreement() -> None:
    ours, theirs = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    seen = two(
        [locked("numpy", artifacts=(wheel("numpy", ours),))], [locked("numpy", artifacts=(wheel("numpy", theirs),))]
    )
    finding = one("lock-disagreement", seen)
    assert finding.message == "uv.lock and requirements.txt list numpy-1.0-py3-none-any.whl with different hashes"
    assert (finding.expected, finding.found) == (f"{ours} (uv.lock)", f"{theirs} (requirements.txt)")


def test_hashes_of_two_kinds_cannot_be_compared() -> None:
    ours, theirs = f"sha256:{'a' * 64}", f"sha512:{'b' * 128}"
    seen = two(
        [locked("numpy", artifacts=(wheel("numpy", ours),))], [locked("numpy", artifacts=(wheel("numpy", theirs),))]
    )
    finding = one("lock-disagreement", seen)
    assert finding.unknown
    assert finding.message == (
        "uv.lock and requirements.txt list numpy-1.0-py3-none-any.whl with hashes of two kinds, "
        "so whether it is one file could not be told"
    )
    assert (finding.expected, finding.found) == (f"{ours} (uv.lock)", f"{theirs} (requirements.txt)")


def test_archives_of_conda_are_compared_by_the_weaker_hash_where_only_that_is_common() -> None:
    def numpy(told: str, md5: str | None) -> LockedPackage:
        archive = Artifact(filename="numpy-1.0-h1_0.conda", wheel=False, hash=told)
        return conda_locked("numpy", artifacts=(archive,), conda=CondaBuild(build="h1_0", subdir="linux-64", md5=md5))

    for theirs, expected in (
        (numpy("sha256:1", "1"), []),
        (numpy("sha256:1", "2"), [False]),
        (numpy("sha256:1", None), [True]),
    ):
        seen = two([numpy("md5:1", None)], [theirs])
        assert [finding.unknown for finding in findings("lock-disagreement", seen)] == expected


def test_what_any_of_the_locks_has_is_wanted_and_the_first_one_counts() -> None:
    seen = two([locked("numpy", "2.4")], [locked("numpy", "2.3"), locked("pytest", "9.0")])
    assert {name: package.version for name, package in seen.wanted.items()} == {"numpy": "2.4", "pytest": "9.0"}
    assert one("missing-package", seen).message == "pytest 9.0 is in the lock and not installed"


def test_a_package_of_conda_is_compared_with_what_it_is_for_python() -> None:
    def of_conda(name: str, version: str, *python: str, told: bool = True) -> LockedPackage:
        build = CondaBuild(build="h1_0", subdir="linux-64", python=python if told else None)
        return conda_locked(name, version, conda=build)

    torch = of_conda("pytorch", "2.9.0", "torch")
    assert findings("lock-disagreement", two([torch], [locked("torch", "2.9.0")])) == []
    finding = one("lock-disagreement", two([locked("torch", "2.8.0")], [torch]))
    assert finding.message == "uv.lock locks torch 2.8.0, requirements.txt locks 2.9.0"
    # The same name may mean something else on the other side.
    assert findings("lock-disagreement", two([of_conda("graphviz", "12.0")], [locked("graphviz", "0.20")])) == []
    assert findings("lock-disagreement", two([of_conda("a", "1", told=False)], [locked("a", "2")])) == []
    # Two locks of conda's tools are compared by conda's names, and once.
    finding = one("lock-disagreement", two([torch], [of_conda("pytorch", "2.8.0", "torch")]))
    assert finding.subject == "pytorch"
