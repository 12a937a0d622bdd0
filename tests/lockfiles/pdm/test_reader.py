"""pdm.lock as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, Edge, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.pdm.documents import MANIFEST, digest, lock, package
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock

CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pdm-*/pdm.lock"))


def read(folder: Path, text: str, manifest: str | None = MANIFEST) -> Lock:
    (folder / "pdm.lock").write_text(text)
    if manifest is not None:
        (folder / "pyproject.toml").write_text(manifest)
    return read_lock(Reader(), str(folder / "pdm.lock"))


def test_the_entries_of_a_package_and_of_its_extras_are_one_package(tmp_path: Path) -> None:
    found = read(tmp_path, lock())
    assert [package.name for package in found.packages] == ["alpha", "beta", "delta", "epsilon", "gamma", "app"]
    beta = found.packages[1]
    assert (beta.dependencies, beta.extras) == ((), {"fast": (Edge(name="delta", specifier="<2"),)})
    assert beta.when == (When(),)
    assert beta.artifacts == (
        Artifact(filename="beta-1.0-py3-none-any.whl", wheel=True, hash=f"sha256:{digest('beta', '1.0')}"),
    )
    assert found.packages[2].when == (When(), When(group="plot"))
    assert found.packages[2].route == ("package", 3)


def test_groups_of_both_entries_count(tmp_path: Path) -> None:
    text = package("beta", "1.0", '["test"]') + package("beta", "1.0", '["more"]', 'extras = ["fast"]\n')
    (beta, _) = read(tmp_path, lock(packages=text)).packages
    assert beta.when == (When(group="test"), When(group="more"))


def test_names_that_can_be_chosen_are_those_of_the_lock(tmp_path: Path) -> None:
    found = read(tmp_path, lock())
    assert (found.extras, found.groups) == (("plot",), ("default", "more", "test"))
    assert found.default_groups == ("more", "plot", "test")
    gone = MANIFEST.replace('more = [{ include-group = "test" }, "epsilon"]\n', "")
    assert read(tmp_path, lock(), gone).default_groups == ("plot", "test")


def test_the_project_comes_from_the_manifest(tmp_path: Path) -> None:
    project = read(tmp_path, lock()).packages[-1]
    assert (project.name, project.version, project.source) == (
        "app",
        "1.0",
        Source(kind=SourceKind.EDITABLE, location="."),
    )
    assert project.dependencies == (
        Edge(name="alpha", specifier=">=1"),
        Edge(name="beta", extras=("fast",), specifier=""),
    )
    assert project.groups["more"] == (Edge(name="gamma", specifier=""), Edge(name="epsilon", specifier=""))
    application = read(tmp_path, lock(), MANIFEST + "[tool.pdm]\ndistribution = false\n").packages[-1]
    assert application.source.kind is SourceKind.VIRTUAL


SOURCES = {
    'git = "https://git.example/a/b.git"\nref = "v1"\nrevision = "abc"\nsubdirectory = "x"': Source(
        kind=SourceKind.GIT, location="https://git.example/a/b.git", commit="abc", subdirectory="x", requested="v1"
    ),
    'url = "https://me:secret@files.example/one-1.0.tar.gz"': Source(
        kind=SourceKind.URL, location="https://files.example/one-1.0.tar.gz"
    ),
    'path = "./dist/one-1.0-py3-none-any.whl"': Source(kind=SourceKind.PATH, location="dist/one-1.0-py3-none-any.whl"),
    'url = "file:///${PROJECT_ROOT}/libs/one"': Source(kind=SourceKind.DIRECTORY, location="libs/one"),
    'path = "./libs/one"\neditable = true': Source(kind=SourceKind.EDITABLE, location="libs/one"),
    "": Source(kind=SourceKind.REGISTRY, location=""),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_source_is_read(tmp_path: Path, source: str) -> None:
    text = package("one", "1.0", more=f"{source}\n")
    assert read(tmp_path, lock(packages=text)).packages[0].source == SOURCES[source]


TARGETS = {
    "": (),
    'requires_python = ">=3.9,<3.13"': ("((python_full_version >= '3.9' and python_full_version < '3.13'))",),
    'requires_python = ""\nplatform = "windows_amd64"': (
        "(sys_platform == 'win32' and (platform_machine == 'AMD64' or platform_machine == 'x86_64'))",
    ),
    'requires_python = ""\nplatform = "manylinux_2_28_riscv64"\nimplementation = "cpython"': (
        "(sys_platform == 'linux' and (platform_machine == 'riscv64')) and (implementation_name == 'cpython')",
    ),
    'requires_python = "~=3.9"\n[[metadata.targets]]\nrequires_python = "*"': (),
}


@pytest.mark.parametrize("target", TARGETS)
def test_targets_are_markers(tmp_path: Path, target: str) -> None:
    text = f"\n[[metadata.targets]]\n{target}\n" if target else ""
    found = read(tmp_path, lock(targets=text))
    assert (found.supported, found.supported_keys) == (TARGETS[target], ("metadata", "targets"))


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_contradict_nothing(folder: Path) -> None:
    assert inconsistencies(read_lock(Reader(), str(folder / "pdm.lock"))) == ()


BAD = {
    "": ": is empty\nhint: pdm lock",
    "# x\n<<<<<<< HEAD\n": ":2: has an unfinished merge in it\nhint: resolve pyproject.toml first, then: pdm lock",
    "package = 3\n": ": has no lock_version, so it is no pdm.lock\nhint: pdm lock",
    "metadata = 3\n": ": in 'metadata': expected a table, found a number\nhint: pdm lock",
    lock(
        version="4.3"
    ): ": in 'metadata.lock_version': lock version 4.3 is not known here, only 4.4 to 4.5\nhint: lock with a "
    "pdm of 2.8 or later: pdm lock",
    lock(
        version="4.6"
    ): ": in 'metadata.lock_version': lock version 4.6 is not known here, only 4.4 to 4.5\nhint: update ",
    lock(version="x"): ": in 'metadata.lock_version': lock version x is not known here, only 4.4 to 4.5",
    lock(packages="[[package]]\n"): ": in 'package[0]': the key 'name' is missing\nhint: pdm lock",
    lock(packages=package("one", "1", "[3]")): ": in 'package[0].groups[0]': expected a string, found a number",
    lock(
        packages=package("one", "1", more="marker = 3\n")
    ): ": in 'package[0].marker': expected a string, found a number",
    lock(
        packages=package("one", "1", more='dependencies = ["((("]\n')
    ): ": in 'package[0].dependencies[0]': '(((' is no requirement: ",
    lock(
        packages=package("one", "1").replace("file =", "x =")
    ): ": in 'package[0].files[0]': the key 'file' is missing",
    lock(
        targets='[[metadata.targets]]\nplatform = "amiga"\n'
    ): ": in 'metadata.targets[0].platform': 'amiga' is no platform",
    lock(
        targets='[[metadata.targets]]\nrequires_python = "^"\n'
    ): ": in 'metadata.targets[0].requires_python': '^' is no ",
    lock(
        targets='[[metadata.targets]]\nimplementation = "x"\n'
    ): ": in 'metadata.targets[0].implementation': expected cpython,",
    lock() + "a = " + "[" * 50_000: ": is not valid TOML",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_lock_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/pdm.lock{BAD[text]}")


BAD_MANIFESTS = {
    '[project]\ndependencies = ["((("]\n': ": in 'project.dependencies[0]': '(((' is no requirement: ",
    '[dependency-groups]\na = [{ include-group = "a" }]\n': ": in 'dependency-groups.a': the group includes itself: a -> a",
    '[dependency-groups]\na = [{ include-group = "b" }]\n': ": in 'dependency-groups.a[0]': there is no group 'b' to include",
    "[dependency-groups]\na = [3]\n": ": in 'dependency-groups.a[0]': expected a requirement or {include-group = \"...\"}, ",
    "[tool]\npdm = 3\n": ": in 'tool.pdm': expected a table, found a number",
}


@pytest.mark.parametrize("text", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_a_manifest_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, lock(), text)
    assert str(caught.value).startswith(f"{tmp_path}/pyproject.toml{BAD_MANIFESTS[text]}")
