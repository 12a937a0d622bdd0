"""poetry.lock as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, Edge, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.poetry.documents import MANIFEST, digest, lock, package
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("poetry-*/poetry.lock"))


def read(folder: Path, text: str, manifest: str | None = MANIFEST) -> Lock:
    (folder / "poetry.lock").write_text(text)
    if manifest is not None:
        (folder / "pyproject.toml").write_text(manifest)
    return read_lock(Reader(), str(folder / "poetry.lock"))


def test_each_group_has_its_marker_and_one_that_is_left_out_has_none(tmp_path: Path) -> None:
    alpha = read(tmp_path, lock()).packages[0]
    assert alpha.when == (When(group="main", marker="sys_platform == 'linux'"), When(group="test"))
    assert alpha.artifacts == (
        Artifact(filename="alpha-1.5-py3-none-any.whl", wheel=True, hash=f"sha256:{digest('alpha', '1.5')}"),
    )
    assert alpha.route == ("package", 0)


def test_dependencies_are_edges_with_ranges_and_those_that_never_apply_are_left_out(tmp_path: Path) -> None:
    alpha, beta = read(tmp_path, lock()).packages[:2]
    assert alpha.dependencies == (Edge(name="gamma", specifier=">=1", marker='python_version >= "3.12"'),)
    assert beta.extras == {
        "fast": (Edge(name="delta", specifier=">=1.0,<2", marker='extra == "fast"'),),
        "slow": (),
    }


def test_the_project_comes_from_the_manifest(tmp_path: Path) -> None:
    found = read(tmp_path, lock())
    project = found.packages[-1]
    assert (project.name, project.version, project.source) == (
        "app",
        "1.0",
        Source(kind=SourceKind.EDITABLE, location="."),
    )
    assert (project.path, project.route) == (str(tmp_path / "pyproject.toml"), ("project",))
    assert project.dependencies == (
        Edge(name="alpha", specifier=">=1"),
        Edge(name="beta", extras=("fast",), specifier=""),
    )
    assert project.extras == {"plot": (Edge(name="delta", specifier=""),)}
    assert project.groups == {
        "test": (Edge(name="gamma", specifier=""),),
        "plot": (Edge(name="epsilon", specifier=""),),
        "docs": (Edge(name="zeta", specifier=">=1.0,<2"),),
    }
    assert found.groups == ("main", "docs", "plot", "test")
    assert found.default_groups == ("plot", "test")
    assert found.extras == ("plot",)


SOURCES = {
    'type = "legacy"\nurl = "https://me:secret@index.example/simple"\nreference = "own"': Source(
        kind=SourceKind.REGISTRY, location="https://index.example/simple"
    ),
    'type = "git"\nurl = "https://git.example/a/b.git"\nreference = "v1"\nresolved_reference = "abc"\nsubdirectory = "x"': Source(
        kind=SourceKind.GIT, location="https://git.example/a/b.git", commit="abc", subdirectory="x", requested="v1"
    ),
    'type = "url"\nurl = "https://files.example/one-1.0.tar.gz"': Source(
        kind=SourceKind.URL, location="https://files.example/one-1.0.tar.gz"
    ),
    'type = "file"\nurl = "dist/one.whl"': Source(kind=SourceKind.PATH, location="dist/one.whl"),
    'type = "directory"\nurl = "../one"': Source(kind=SourceKind.DIRECTORY, location="../one"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_source_is_read(tmp_path: Path, source: str) -> None:
    text = package("one", "1.0", more=f"\n[package.source]\n{source}\n")
    assert read(tmp_path, lock(packages=text)).packages[0].source == SOURCES[source]


def test_a_folder_in_development_is_editable(tmp_path: Path) -> None:
    text = package("one", "1.0", more='develop = true\n\n[package.source]\ntype = "directory"\nurl = "libs/one"\n')
    source = read(tmp_path, lock(packages=text)).packages[0].source
    assert source == Source(kind=SourceKind.EDITABLE, location="libs/one")


def test_old_locks_keep_their_hashes_apart_from_the_packages(tmp_path: Path) -> None:
    entry = '[[package]]\nname = "One"\nversion = "{}"\noptional = false\npython-versions = "*"\n'
    text = (
        entry.format("1.0")
        + entry.format("2.0")
        + '[metadata]\nlock-version = "1.1"\npython-versions = "*"\ncontent-hash = ""\n[metadata.files]\nOne = [\n'
        '  {file = "one-1.0.tar.gz", hash = "sha256:1"}, {file = "one-2.0-py3-none-any.whl", hash = "sha256:2"}]\n'
    )
    first, second = read(tmp_path, text, None).packages
    assert [artifact.filename for artifact in first.artifacts] == ["one-1.0.tar.gz"]
    assert [artifact.filename for artifact in second.artifacts] == ["one-2.0-py3-none-any.whl"]
    oldest = entry.format("1.0") + (
        '[metadata]\nlock-version = "1.0"\npython-versions = "*"\ncontent-hash = ""\n[metadata.hashes]\nOne = ["ab"]\n'
    )
    (only,) = read(tmp_path, oldest, None).packages
    assert only.artifacts == (Artifact(filename="", wheel=False, hash="sha256:ab"),)


@pytest.mark.parametrize("python", ["~2.7 || ^3.9", "^3.9", "*"])
def test_a_range_of_python_is_one_range_or_several_markers(tmp_path: Path, python: str) -> None:
    found = read(tmp_path, lock(python=python), None)
    assert (found.requires_python, found.supported) == {
        "~2.7 || ^3.9": (
            None,
            (
                "python_version >= '2.7' and python_version < '2.8'",
                "python_version >= '3.9' and python_version < '4'",
            ),
        ),
        "^3.9": (">=3.9,<4", ()),
        "*": (None, ()),
    }[python]


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_contradict_nothing(folder: Path) -> None:
    assert inconsistencies(read_lock(Reader(), str(folder / "poetry.lock"))) == ()


META = '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = ""\n'
BAD = {
    "": ": is empty\nhint: poetry lock",
    "# x\n<<<<<<< HEAD\n": ":2: has an unfinished merge in it\nhint: resolve pyproject.toml first, then: poetry lock",
    "package = 3\n": ": has no metadata, so it is no poetry.lock\nhint: poetry lock",
    "metadata = 3\n": ": in 'metadata': expected a table, found a number\nhint: poetry lock",
    '[metadata]\npython-versions = "*"\n': ": in 'metadata': has no lock-version: a poetry before 1.0 wrote it, which",
    META.replace(
        "2.1", "2.2"
    ): ": in 'metadata.lock-version': lock version 2.2 is not known here, only 1.0 to 2.1\nhint: ",
    META.replace(
        "2.1", "new"
    ): ": in 'metadata.lock-version': lock version new is not known here, only 1.0 to 2.1\nhint: ",
    META.replace('"*"', '"^x"'): ": in 'metadata.python-versions': '^x' is no version constraint\nhint: poetry lock",
    "package = 3\n" + META: ": in 'package': expected a list, found a number",
    "[[package]]\n" + META: ": in 'package[0]': the key 'name' is missing\nhint: poetry lock",
    package("one", "1", "[]") + META: ": in 'package[0]': the key 'groups' is missing\nhint: poetry lock",
    package("one", "1", "[3]") + META: ": in 'package[0].groups[0]': expected a string, found a number",
    package("one", "1", more="markers = 3\n") + META: ": in 'package[0].markers': expected a string, found a number",
    package("one", "1", more="markers = {main = 3}\n")
    + META: ": in 'package[0].markers.main': expected a string, found",
    package("one", "1", more="[package.dependencies]\ntwo = 3\n")
    + META: ": in 'package[0].dependencies.two': expected a version or a table, found a number\nhint: poetry lock",
    package("one", "1", more='[package.extras]\nx = ["((("]\n')
    + META: ": in 'package[0].extras.x': '(((' is no requirement",
    package("one", "1", more='[package.source]\nurl = "x"\ntype = "svn"\n')
    + META: ": in 'package[0].source.type': expected "
    "legacy, git, url, file or directory, found 'svn'\nhint: poetry lock",
    META + "a = " + "[" * 50_000: ": is not valid TOML",
    META + "[metadata]\n": ":5: is not valid TOML: cannot declare ('metadata',) twice",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_lock_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/poetry.lock{BAD[text]}")


BAD_MANIFESTS = {
    "[tool.poetry.dependencies]\none = 3\n": ": in 'tool.poetry.dependencies.one': expected a version or a table, found",
    '[tool.poetry.dependencies]\none = { version = "1", python = "^" }\n': ": in 'tool.poetry.dependencies.one.python': "
    "'^' is no constraint",
    '[project]\ndependencies = ["((("]\n': ": in 'project.dependencies[0]': '(((' is no requirement: ",
    '[dependency-groups]\na = [{ include-group = "a" }]\n': ": in 'dependency-groups.a': the group includes itself: a -> a",
    '[dependency-groups]\na = [{ include-group = "b" }]\n': ": in 'dependency-groups.a': there is no group 'b' to include",
    "[dependency-groups]\na = [3]\n": ": in 'dependency-groups.a[0]': expected a requirement or {include-group = \"...\"}, ",
    "[tool]\npoetry = 3\n": ": in 'tool.poetry': expected a table, found a number",
}


@pytest.mark.parametrize("text", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_a_manifest_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, lock(), text)
    assert str(caught.value).startswith(f"{tmp_path}/pyproject.toml{BAD_MANIFESTS[text]}")
