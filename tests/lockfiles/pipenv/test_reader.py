"""Pipfile.lock as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, Edge, Source, SourceKind, When
from envguard.reader import Reader
from envguard.report.locate import Document
from tests.lockfiles.pipenv.documents import COMMIT, MANIFEST, digest, entry, lock
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock, LockedPackage

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pipenv-*/Pipfile.lock"))


def read(folder: Path, text: str, manifest: str | None = MANIFEST) -> Lock:
    (folder / "Pipfile.lock").write_text(text)
    if manifest is not None:
        (folder / "Pipfile").write_text(manifest)
    return read_lock(Reader(), str(folder / "Pipfile.lock"))


def named(found: Lock, name: str) -> LockedPackage:
    (package,) = [package for package in found.packages if package.name == name]
    return package


def test_each_section_is_a_group_and_the_default_one_is_always_installed(tmp_path: Path) -> None:
    found = read(tmp_path, lock())
    assert (found.groups, found.default_groups, found.extras) == (("default", "develop", "docs"), (), ())
    assert named(found, "delta").when == (When(marker="sys_platform == 'win32'"),)
    assert named(found, "gamma").when == (When(group="develop", marker="python_version >= '3.9'"),)
    assert named(found, "epsilon").when == (When(group="docs"),)


def test_what_two_sections_say_in_the_same_words_is_one_package(tmp_path: Path) -> None:
    marker = "python_version >= '3.8'"
    alpha = named(read(tmp_path, lock()), "alpha")
    assert alpha.when == (When(marker=marker), When(group="develop", marker=marker))
    assert (alpha.version, alpha.route) == ("1.5", ("default", "alpha"))
    assert alpha.artifacts == tuple(Artifact(filename="", wheel=False, hash=digest(number)) for number in (10, 11))
    other = read(tmp_path, lock(("develop/alpha", entry("==1.6", 12))))
    assert [(p.version, p.route) for p in other.packages if p.name == "alpha"] == [
        ("1.5", ("default", "alpha")),
        ("1.6", ("develop", "alpha")),
    ]


SOURCES: list[tuple[dict[str, Any], Source]] = [
    (entry(), Source(kind=SourceKind.REGISTRY, location="https://index.example/simple")),
    (entry(index="own"), Source(kind=SourceKind.REGISTRY, location="https://own.example/simple")),
    (
        {"git": "git+https://me:secret@git.example/a/b.git#egg=one", "ref": COMMIT, "subdirectory": "x"},
        Source(kind=SourceKind.GIT, location="https://git.example/a/b.git", commit=COMMIT, subdirectory="x"),
    ),
    (
        {"git": f"ssh://git@git.example/a/b.git@{COMMIT}", "ref": None},
        Source(kind=SourceKind.GIT, location="ssh://git.example/a/b.git", commit=COMMIT),
    ),
    (
        {"git": "git@git.example:a/b.git", "ref": COMMIT, "editable": True},
        Source(kind=SourceKind.GIT, location="git@git.example:a/b.git", commit=COMMIT, editable=True),
    ),
    (
        {"git": "file:///srv/b", "ref": "main"},
        Source(kind=SourceKind.GIT, location="file:///srv/b", requested="main", editable=True),
    ),
    (
        {"hg": "https://hg.example/a", "ref": COMMIT},
        Source(kind=SourceKind.GIT, location="https://hg.example/a", commit=COMMIT),
    ),
    (
        {"file": "https://me:secret@files.example/one-1.0.tar.gz", "hashes": [digest(1)]},
        Source(kind=SourceKind.URL, location="https://files.example/one-1.0.tar.gz"),
    ),
    (
        {"file": "./dist/one-1.0-py3-none-any.whl"},
        Source(kind=SourceKind.PATH, location="dist/one-1.0-py3-none-any.whl"),
    ),
    ({"file": "file:///srv/my%20one"}, Source(kind=SourceKind.DIRECTORY, location="/srv/my one")),
    ({"path": "./libs/one"}, Source(kind=SourceKind.DIRECTORY, location="libs/one")),
    ({"path": ".", "editable": True}, Source(kind=SourceKind.EDITABLE, location=".")),
]


@pytest.mark.parametrize(("item", "source"), SOURCES, ids=range(len(SOURCES)))
def test_every_kind_of_source_is_read_and_keeps_no_credentials(
    tmp_path: Path, item: dict[str, Any], source: Source
) -> None:
    assert named(read(tmp_path, lock(("default/one", item))), "one").source == source


VERSIONS = {
    "==1.0": "1.0",
    "===1.0-odd": "1.0-odd",
    "== 2!1.0+cu130": "2!1.0+cu130",
    "*": None,
    None: None,
}


@pytest.mark.parametrize("text", VERSIONS, ids=str)
def test_a_version_is_pinned_or_open(tmp_path: Path, text: str | None) -> None:
    item = {"hashes": [], **({"version": text} if text is not None else {})}
    assert named(read(tmp_path, lock(("default/one", item))), "one").version == VERSIONS[text]


def test_the_marker_of_old_locks_for_the_system_counts_too(tmp_path: Path) -> None:
    item = entry(markers="python_version < '4'", os_markers="os_name == 'nt'")
    (when,) = named(read(tmp_path, lock(("default/one", item))), "one").when
    assert when.marker == "(python_version < '4') and (os_name == 'nt')"


PYTHONS = {
    '{"python_version": "3.12"}': ("==3.12.*", "python_version"),
    '{"python_version": "3"}': ("==3.*", "python_version"),
    '{"python_version": "3.12.4"}': ("==3.12.4", "python_version"),
    '{"python_version": ">=3.9,<4"}': (">=3.9,<4", "python_version"),
    '{"python_version": "*"}': (None, "python_version"),
    '{"python_version": "3.9", "python_full_version": "3.12.4"}': ("==3.12.4", "python_full_version"),
    "{}": (None, "python_version"),
}


@pytest.mark.parametrize("requires", PYTHONS)
def test_the_python_that_is_required_is_a_range(tmp_path: Path, requires: str) -> None:
    text = lock(("_meta/requires", 0)).replace('"requires": 0', f'"requires": {requires}')
    found = read(tmp_path, text)
    wanted, key = PYTHONS[requires]
    assert (found.requires_python, found.requires_keys) == (wanted, ("_meta", "requires", key))


def test_the_project_comes_from_the_pipfile(tmp_path: Path) -> None:
    project = read(tmp_path, lock()).packages[-1]
    assert (project.name, project.version, project.path) == ("Pipfile", None, str(tmp_path / "Pipfile"))
    assert project.source == Source(kind=SourceKind.VIRTUAL, location=".")
    assert project.dependencies == (
        Edge(name="alpha", specifier=">=1"),
        Edge(name="beta-two", extras=("fast",), specifier=""),
        Edge(name="repo", specifier=""),
        Edge(name="lib", specifier=""),
    )
    assert project.groups == {
        "develop": (Edge(name="gamma", specifier="", marker="python_version >= '3.9'"),),
        "docs": (Edge(name="epsilon", specifier="~=1.0"),),
    }


def test_a_lock_without_a_pipfile_is_read_alone(tmp_path: Path) -> None:
    assert [package.path for package in read(tmp_path, lock(), None).packages] == [None] * 7


# pipenv leaves open what the machine on which it locks does not need; nothing else is wrong with what it writes.
OPEN = {"pipenv-small": ["pywin32"], "pipenv-large": ["pywin32"]}


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_contradict_nothing(folder: Path) -> None:
    found = read_lock(Reader(), str(folder / "Pipfile.lock"))
    assert len(found.packages) > 15
    opened = [(item.kind, item.subject) for item in inconsistencies(found)]
    assert opened == [("unlocked", name) for name in OPEN.get(folder.name, [])]


def test_places_are_found_in_the_file(tmp_path: Path) -> None:
    text = lock()
    found = read(tmp_path, text)
    lines = text.split("\n")
    document = Document(text)
    for package in found.packages[:-1]:
        at = document.locate((*package.route, "version"))
        assert at is not None
        inside = lines[at.line - 1].strip()
        assert inside.startswith(f'"version": "=={package.version}"' if package.version else f'"{package.name}": {{')


def found(folder: Path, *changes: tuple[str, Any]) -> list[tuple[str, str, tuple[str | int, ...]]]:
    return [(item.kind, item.message, item.keys) for item in inconsistencies(read(folder, lock(*changes)))]


TAMPERED: list[tuple[str, Any, str, str, tuple[str | int, ...]]] = [
    (
        "docs/epsilon/hashes",
        [digest(1), "md5:00"],
        "hash",
        "epsilon has a hash that can be forged: md5",
        ("docs", "epsilon", "hashes", 1),
    ),
    ("docs/epsilon/hashes", [], "hash", "epsilon 1.2 has no hash", ("docs", "epsilon")),
    ("docs/epsilon/hashes", None, "hash", "epsilon 1.2 has no hash", ("docs", "epsilon")),
    (
        "docs/epsilon",
        {"version": "*"},
        "unpinned",
        "epsilon is locked without a version, so any can be installed",
        ("docs", "epsilon"),
    ),
    (
        "docs/epsilon",
        {"version": "*", "markers": "os_name == 'nt'"},
        "unlocked",
        "epsilon is locked without a version, so any can be installed where its marker holds",
        ("docs", "epsilon"),
    ),
    (
        "default/repo/ref",
        "main",
        "unpinned",
        "repo is locked without a commit, so another one can be installed tomorrow",
        ("default", "repo"),
    ),
    (
        "docs/epsilon/version",
        "==2.0",
        "requirement",
        "Pipfile requires epsilon~=1.0, and the lock has epsilon 2.0",
        ("packages",),
    ),
    (
        "default/Alpha",
        entry("==1.5", 10, index="main", markers="python_version >= '3.8'"),
        "duplicate",
        "alpha 1.5 is in the lock twice, from the same source",
        ("default", "alpha"),
    ),
]


@pytest.mark.parametrize(("path", "value", "kind", "message", "keys"), TAMPERED, ids=range(len(TAMPERED)))
def test_what_pipenv_does_not_write_is_found_with_its_place(
    tmp_path: Path, path: str, value: Any, kind: str, message: str, keys: tuple[str | int, ...]
) -> None:
    assert found(tmp_path) == []
    assert found(tmp_path, (path, value)) == [(kind, message, keys)]


BAD: list[tuple[str, str]] = [
    ("", ": is empty\nhint: pipenv lock"),
    ("{\n<<<<<<< HEAD\n", ":2: has an unfinished merge in it\nhint: resolve Pipfile first, then: pipenv lock"),
    (lock()[:200], ":8: is not valid JSON: "),
    ("[]", ": expected an object, found a list\nhint: pipenv lock"),
    ("{}", ": has no _meta, so it is no Pipfile.lock\nhint: pipenv lock"),
    (
        lock(("_meta/requires", {"python_version": " "})),
        ": in '_meta.requires.python_version': expected a version of Python, found a blank text",
    ),
    (lock(("_meta", 3)), ": in '_meta': expected an object, found a number\nhint: pipenv lock"),
    (lock(("_meta/pipfile-spec", None)), ": in '_meta': the key 'pipfile-spec' is missing"),
    (
        lock(("_meta/pipfile-spec", 7)),
        ": in '_meta.pipfile-spec': lock version 7 is not known here, only 6\nhint: update envguard",
    ),
    (
        lock(("_meta/pipfile-spec", 5)),
        ": in '_meta.pipfile-spec': lock version 5 is not known here, only 6\nhint: pipenv lock",
    ),
    (lock(("_meta/sources", [{"name": "x"}])), ": in '_meta.sources[0]': the key 'url' is missing"),
    (lock(("docs", [])), ": in 'docs': expected an object, found a list"),
    (lock(("docs/epsilon", "==1.0")), ": in 'docs.epsilon': expected an object, found a string"),
    (
        lock(("docs/epsilon/version", ">=1")),
        ": in 'docs.epsilon.version': expected a pinned version such as ==1.0, found '>=1'",
    ),
    (lock(("docs/epsilon/version", "==1.*")), ": in 'docs.epsilon.version': expected a pinned version such as ==1.0"),
    (lock(("docs/epsilon/hashes", [3])), ": in 'docs.epsilon.hashes[0]': expected a string, found a number"),
    (lock(("docs/epsilon/markers", [])), ": in 'docs.epsilon.markers': expected a string, found a list"),
    (
        lock(("docs/epsilon/index", "gone")),
        ": in 'docs.epsilon.index': there is no source 'gone' in _meta.sources; it has: main, own",
    ),
    (lock(("default/lib/editable", "yes")), ": in 'default.lib.editable': expected true or false, found a string"),
    (
        lock(("default/lib/path", "\ud800")),
        ": in 'default.lib.path': holds one half of a surrogate pair, which is no text",
    ),
    (lock().replace('"docs": {', '"docs": {}, "docs": {'), ": in 'docs': the key is there twice"),
    (
        lock().replace('"pipfile-spec": 6', '"pipfile-spec": NaN'),
        ": in '_meta.pipfile-spec': expected a value of JSON, found NaN",
    ),
    (
        lock(("_meta/requires/python_version", 3.12)),
        ": in '_meta.requires.python_version': expected a string, found a number",
    ),
    ('{"_meta": ' + "[" * 100_000, ": is not valid JSON: nested too deeply"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=range(len(BAD)))
def test_a_lock_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/Pipfile.lock{message}")


BAD_MANIFESTS = {
    "packages = 3\n": ": in 'packages': expected a table, found a number",
    "[packages]\nalpha = true\n": ": in 'packages.alpha': expected a version or a table, found true or false",
    "[docs]\nalpha = { version = 3 }\n": ": in 'docs.alpha.version': expected a string, found a number",
    "[docs]\nalpha = { extras = [3] }\n": ": in 'docs.alpha.extras[0]': expected a string, found a number",
    "[[sources]]\nurl = 'x'\n": ": in 'sources': expected a table, found a list",
    "requires = 3\n": ": in 'requires': expected a table, found a number",
    "[packages\n": ":1: is not valid TOML: ",
}


@pytest.mark.parametrize("text", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_a_pipfile_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, lock(), text)
    assert str(caught.value).startswith(f"{tmp_path}/Pipfile{BAD_MANIFESTS[text]}")
