"""uv.lock as a file: read whole, or refused with the place that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.model import Edge, Source, SourceKind
from envguard.reader import Reader

HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
COMMIT = "3d79d3ed2b1b9d9d6b1a0f5a6f0a9c5a1e6f5a11"


def package(source: str, more: str = "") -> str:
    return f'\n[[package]]\nname = "one"\nversion = "1.0"\nsource = {{ {source} }}\n{more}'


def read(folder: Path, text: str) -> object:
    (folder / "uv.lock").write_text(text)
    return read_lock(Reader(), str(folder / "uv.lock"))


SOURCES = {
    'registry = "https://user:secret@index.example/simple"': Source(
        kind=SourceKind.REGISTRY, location="https://index.example/simple"
    ),
    'registry = "wheels"': Source(kind=SourceKind.REGISTRY, location="wheels"),
    f'git = "https://git.example/a/b.git?subdirectory=python&tag=v1#{COMMIT}"': Source(
        kind=SourceKind.GIT,
        location="https://git.example/a/b.git",
        commit=COMMIT,
        subdirectory="python",
        requested="v1",
    ),
    'url = "https://files.example/one-1.0.tar.gz", subdirectory = "x"': Source(
        kind=SourceKind.URL, location="https://files.example/one-1.0.tar.gz", subdirectory="x"
    ),
    'path = "dist/one.whl"': Source(kind=SourceKind.PATH, location="dist/one.whl"),
    'directory = "libs/one"': Source(kind=SourceKind.DIRECTORY, location="libs/one"),
    'editable = "."': Source(kind=SourceKind.EDITABLE, location="."),
    'virtual = "."': Source(kind=SourceKind.VIRTUAL, location="."),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_source_is_read(tmp_path: Path, source: str) -> None:
    (found,) = read(tmp_path, HEAD + package(source)).packages  # type: ignore[attr-defined]
    assert found.source == SOURCES[source]


def test_edges_may_be_texts_and_groups_may_have_their_odd_old_name(tmp_path: Path) -> None:
    more = 'dependencies = ["two"]\n[package.dependency-groups]\ndev = [{ name = "three", extra = ["x"] }]\n'
    (found,) = read(tmp_path, HEAD + package('virtual = "."', more)).packages  # type: ignore[attr-defined]
    assert found.dependencies == (Edge(name="two"),)
    assert found.groups == {"dev": (Edge(name="three", extras=("x",)),)}


def test_files_are_read_with_their_hashes(tmp_path: Path) -> None:
    more = (
        'sdist = { url = "https://files.example/one-1.0.tar.gz", hash = "sha256:00", size = 3, upload_time = "x" }\n'
        'wheels = [{ path = "one-1.0-py3-none-any.whl" }, { filename = "one-1.0-cp311-none-any.whl" }]\n'
    )
    (found,) = read(tmp_path, HEAD + package('registry = "w"', more)).packages  # type: ignore[attr-defined]
    assert [(a.filename, a.wheel, a.hash, a.size) for a in found.artifacts] == [
        ("one-1.0.tar.gz", False, "sha256:00", 3),
        ("one-1.0-py3-none-any.whl", True, None, None),
        ("one-1.0-cp311-none-any.whl", True, None, None),
    ]


def test_line_ends_are_not_part_of_the_digest_and_unknown_keys_are_no_harm(tmp_path: Path) -> None:
    text = HEAD + 'later = "key"\n' + package('virtual = "."')
    plain = read(tmp_path, text)
    (tmp_path / "uv.lock").write_bytes(text.replace("\n", "\r\n").encode())
    assert read_lock(Reader(), str(tmp_path / "uv.lock")) == plain
    assert plain.digest.startswith("blake3:")


BAD = {
    "": ": is empty\nhint: uv lock",
    "version = 1\n[[package]\n": ":2: is not valid TOML: ",
    HEAD + "<<<<<<< HEAD\n": ":4: has an unfinished merge in it\nhint: resolve pyproject.toml first, then: uv lock",
    'requires-python = ">=3.11"\n': ": has no version, so it is no uv.lock\nhint: uv lock",
    "version = 2\n": ": in 'version': lock version 2 is not known here, only 1\nhint: update envguard, or lock with ",
    "version = true\n": ": in 'version': expected a number, found true or false\nhint: uv lock",
    "version = 1\npackage = 3\n": ": in 'package': expected a list, found a number",
    "version = 1\npackage = [3]\n": ": in 'package[0]': expected a table, found a number",
    HEAD + "[[package]]\nversion = '1'\n": ": in 'package[0]': the key 'name' is missing",
    HEAD + "[[package]]\nname = 'a'\n": ": in 'package[0].source': expected a source (registry, git, url, path, ",
    HEAD + package("registry = 3"): ": in 'package[0].source.registry': expected a string, found a number",
    HEAD + package('virtual = "."', "dependencies = [3]\n"): ": in 'package[0].dependencies[0]': expected a table",
    HEAD
    + package('virtual = "."', "wheels = [{ size = 'x' }]\n"): ": in 'package[0].wheels[0].size': expected a number",
    HEAD + "conflicts = [3]\n": ": in 'conflicts[0]': expected a list, found a number",
    "resolution-markers = [1]\nversion = 1\n": ": in 'resolution-markers[0]': expected a string, found a number",
    "version = 1\na = " + "[" * 50_000: ": is not valid TOML",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_lock_that_is_no_use_is_one_error_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/uv.lock{BAD[text]}")
    assert (tmp_path / "uv.lock").read_text() == text


def test_bytes_that_are_no_text_and_folders_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_bytes(b"version = 1\n\x00\xff\xfe")
    with pytest.raises(EnvguardError, match=r"uv\.lock:2: is not UTF-8 text: byte 0xff at offset 13"):
        read_lock(Reader(), str(path))
    path.unlink()
    path.mkdir()
    with pytest.raises(EnvguardError, match="is not a regular file"):
        read_lock(Reader(), str(path))


def test_a_huge_lock_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "uv.lock").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(EnvguardError, match="is too large: 8589934592 bytes, at most 67108864 are read"):
        read_lock(Reader(), str(tmp_path / "uv.lock"))


@pytest.mark.parametrize("cut", range(0, 2000, 97))
def test_no_truncation_is_a_crash(tmp_path: Path, cut: int) -> None:
    whole = (Path(__file__).parents[2] / "corpora" / "uv-large" / "uv.lock").read_text()
    (tmp_path / "uv.lock").write_text(whole[:cut])
    try:
        read_lock(Reader(), str(tmp_path / "uv.lock"))
    except EnvguardError as error:
        assert str(error).startswith(f"{tmp_path}/uv.lock")
