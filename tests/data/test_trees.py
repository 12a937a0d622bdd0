"""What a user calls: hashes of buffers, files and trees."""

from __future__ import annotations

import mmap
import os
import threading
from typing import TYPE_CHECKING, Any

import blake3
import numpy as np
import pytest

import envguard
from envguard import ConfigError, Manifest, Tree, UnreadableError, trace
from envguard.data import quick, stat_cache, trees
from envguard.data import walk as python_engine
from envguard.data.model import Progress

from .conftest import ENGINES
from .obvious import manifest_of, plant

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Engine

FILES = {b"a": b"one", b"b/c": b"two", b"b/d.tmp": b"three"}


@pytest.fixture(autouse=True)
def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the cache, which is nobody else's."""
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder / "cache"))
    return folder / "cache" / "trees"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as old enough."""
    for slack in ("LOCAL_SLACK_NS", "FOREIGN_SLACK_NS"):
        monkeypatch.setattr(trace, slack, -(10**12))


@pytest.fixture
def tree(folder: Path) -> Path:
    plant(folder / "tree", FILES)
    return folder / "tree"


@pytest.fixture(params=ENGINES)
def file_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """``hash_file`` uses one engine, then the other."""
    if request.param == "python":
        monkeypatch.setattr(trees, "file_engine", lambda: python_engine.hash_file)


def test_both_engines_are_tested() -> None:
    assert set(ENGINES) == {"python", "core"}


def test_without_the_core_python_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "envguard._native.trees", None)
    monkeypatch.delattr("envguard._native.trees", raising=False)
    assert quick.engine() is python_engine.walk
    assert trees.file_engine() is python_engine.hash_file


@pytest.mark.parametrize(
    "data",
    [b"", b"abc", bytearray(b"abc"), memoryview(b"abc"), np.arange(12.0).reshape(3, 4), np.zeros(0)],
    ids=["empty", "bytes", "bytearray", "memoryview", "array", "empty array"],
)
def test_any_buffer_is_hashed_as_its_bytes(data: Any) -> None:
    assert envguard.hash_bytes(data) == blake3.blake3(bytes(data)).hexdigest()


def test_a_memory_map_is_hashed(tree: Path) -> None:
    with (tree / "a").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert envguard.hash_bytes(mapped) == blake3.blake3(b"one").hexdigest()


def test_a_buffer_with_holes_is_refused() -> None:
    with pytest.raises(BufferError, match="only contiguous buffers can be hashed"):
        envguard.hash_bytes(np.zeros((4, 4))[:, 1])


@pytest.mark.usefixtures("file_engine")
@pytest.mark.parametrize("size", [0, 1, 1024, 131_072, 131_073, 5_000_000, 40_000_001])
@pytest.mark.parametrize("jobs", [None, 1, 3])
def test_a_file(folder: Path, size: int, jobs: int | None) -> None:
    content = os.urandom(1000) * (size // 1000 + 1)
    (folder / "file").write_bytes(content[:size])
    (folder / "link").symlink_to("file")
    wanted = blake3.blake3(content[:size]).hexdigest()
    assert envguard.hash_file(folder / "file", jobs=jobs) == wanted
    assert envguard.hash_file(str(folder / "link"), jobs=jobs) == wanted


@pytest.mark.usefixtures("file_engine")
def test_the_progress_of_a_file(folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(1 << 30)
    told: list[tuple[int, Progress]] = []
    envguard.hash_file(folder / "big", progress=lambda progress: told.append((threading.get_ident(), progress)))
    assert {thread for thread, _ in told} == {threading.get_ident()}
    last = told[-1][1]
    assert (last.files, last.bytes, last.bytes_total, last.left) == (1, 1 << 30, 1 << 30, 0.0)
    assert last.rate > 0
    assert all(progress.bytes <= 1 << 30 for _, progress in told)


@pytest.mark.usefixtures("file_engine")
def test_what_the_callback_raises_ends_the_hashing(folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(1 << 42)

    def enough(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        envguard.hash_file(folder / "big", progress=enough)


@pytest.mark.usefixtures("file_engine")
def test_what_is_no_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    os.mkfifo("pipe")
    os.mknod("socket", 0o140600)
    (folder / "loop").symlink_to("loop")
    for name, message in {
        "missing": "missing: cannot be read: no such file or directory",
        ".": ".: is a folder: expected a file\nhint: envguard hash .",
        "pipe": "pipe: is a pipe: expected a file",
        "socket": "socket: is a socket: expected a file",
        "/dev/null": "/dev/null: is a device: expected a file",
        "loop": "loop: cannot be read: too many levels of symbolic links",
        "pipe/x": "pipe/x: cannot be read: not a directory",
        "a\0b": "a\0b: cannot be read: its name has a NUL byte, which no file has",
    }.items():
        with pytest.raises(UnreadableError) as caught:
            envguard.hash_file(name)
        assert str(caught.value) == message


@pytest.mark.usefixtures("file_engine")
def test_a_file_that_changes_is_refused(folder: Path) -> None:
    path = folder / "busy"
    with path.open("wb") as file:
        file.truncate(256 << 20)
    over = threading.Event()

    def work() -> None:
        with path.open("r+b", buffering=0) as file:
            while not over.wait(0.001):
                file.write(b"x")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        with pytest.raises(UnreadableError) as caught:
            envguard.hash_file(path)
    finally:
        over.set()
        thread.join()
    assert str(caught.value) == f"{path}: changed while it was read\nhint: run the command again"


def test_a_tree(walk: Engine, tree: Path) -> None:
    text = manifest_of(FILES)
    found = envguard.hash_tree(tree, manifest=True)
    assert found == Tree(
        path=str(tree),
        root=blake3.blake3(text).hexdigest(),
        files=3,
        bytes=11,
        manifest=Manifest.from_bytes(text),
    )
    assert found.manifest is not None
    assert found.manifest.root == found.root
    assert envguard.hash_tree(tree).manifest is None


def test_a_tree_with_patterns(walk: Engine, tree: Path) -> None:
    found = envguard.hash_tree(tree, ignore=["*.tmp"], jobs=1)
    assert (found.files, found.ignore) == (2, ("*.tmp",))
    assert found.root == blake3.blake3(manifest_of({b"a": b"one", b"b/c": b"two"})).hexdigest()


def test_a_tree_with_problems_has_no_root(walk: Engine, tree: Path) -> None:
    (tree / "b" / "link").symlink_to("missing")
    found = envguard.hash_tree(tree, manifest=True)
    assert (found.root, found.manifest) == (None, None)
    assert [(problem.path, problem.kind) for problem in found.problems] == [(b"b/link", "dangling")]
    assert found.problem_count == 1
    assert envguard.hash_tree(tree, ignore=["link"]).problem_count == 0


def test_of_very_many_problems_all_are_counted(walk: Engine, tree: Path) -> None:
    for number in range(10_050):
        os.symlink("missing", tree / "b" / str(number))
    found = envguard.hash_tree(tree)
    assert found.root is None
    assert found.problem_count == 10_050
    assert len(found.problems) >= 10_000
    assert list(found.problems) == sorted(found.problems, key=lambda problem: problem.path)


def test_a_system_without_handles_of_folders_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", set())
    with pytest.raises(
        UnreadableError, match="cannot be hashed on this system: it opens no files relative to a folder"
    ):
        envguard.hash_tree(tree)


def test_what_is_no_tree_is_refused(walk: Engine, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    for name, message in {
        "missing": "missing: cannot be read: no such file or directory",
        "a": "a: is no folder: expected the folder of a tree\nhint: envguard hash a",
        "a\0b": "a\0b: cannot be read: its name has a NUL byte, which no file has",
    }.items():
        with pytest.raises(UnreadableError) as caught:
            envguard.hash_tree(name)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ignore": ["!a"]}, "the ignore pattern '!a' is a negation, which is not supported"),
        ({"jobs": 0}, "the number of jobs is 0: expected at least 1"),
        ({"jobs": -1}, "the number of jobs is -1: expected at least 1"),
        ({"sample": 1.5}, "the share of files to sample is 1.5: expected a number from 0 to 1"),
        ({"sample": float("nan")}, "the share of files to sample is nan: expected a number from 0 to 1"),
    ],
)
def test_what_means_nothing_is_refused(tree: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        envguard.hash_tree(tree, **arguments)
    assert caught.value.message == message


@pytest.mark.usefixtures("settled")
def test_the_second_time_nothing_is_read(walk: Engine, tree: Path, store: Path) -> None:
    first = envguard.hash_tree(tree)
    second = envguard.hash_tree(os.path.join(tree, "b", ".."))
    assert (first.cached, second.cached) == (0, 3)
    assert second.root == first.root
    (kept,) = store.iterdir()
    stamp = kept.stat().st_mtime_ns
    assert envguard.hash_tree(tree).cached == 3
    assert kept.stat().st_mtime_ns == stamp
    assert envguard.hash_tree(tree, cache=False).cached == 0
    assert envguard.hash_tree(tree, ignore=["*.tmp"]).cached == 0


def test_what_is_young_is_read_again(walk: Engine, tree: Path) -> None:
    assert [envguard.hash_tree(tree).cached for _ in range(3)] == [0, 0, 0]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("damage", [b"", b"\0" * 200, b"EGTREE\r\n\x02"])
def test_a_damaged_cache_is_made_anew(walk: Engine, tree: Path, store: Path, damage: bytes) -> None:
    root = envguard.hash_tree(tree).root
    (kept,) = store.iterdir()
    kept.write_bytes(damage)
    assert (envguard.hash_tree(tree).cached, envguard.hash_tree(tree).cached) == (0, 3)
    assert envguard.hash_tree(tree).root == root


@pytest.mark.usefixtures("settled")
def test_a_cache_that_cannot_be_written_is_no_harm(
    walk: Engine, tree: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_bytes(b"")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder / "file"))
    assert envguard.hash_tree(tree).root == envguard.hash_tree(tree).root


@pytest.mark.usefixtures("settled")
def test_a_sample_finds_a_silent_change(walk: Engine, tree: Path, store: Path) -> None:
    envguard.hash_tree(tree)
    (kept,) = store.iterdir()
    records = stat_cache.read(str(kept))
    assert records is not None
    # The digest of the first record, as if the disk had given other bytes then.
    stat_cache.write(str(kept), [records[:48], bytes(32), records[80:]])
    believed = envguard.hash_tree(tree)
    assert (believed.problems, believed.cached) == ((), 3)
    found = envguard.hash_tree(tree, sample=1.0)
    assert (found.root, found.sampled, found.cached) == (None, 3, 0)
    assert [problem.kind for problem in found.problems] == ["silent"]
    # It is said once; what was recorded falsely is gone.
    assert envguard.hash_tree(tree).root == blake3.blake3(manifest_of(FILES)).hexdigest()


@pytest.mark.usefixtures("settled")
def test_many_at_once(walk: Engine, tree: Path, store: Path) -> None:
    plant(tree, {b"%d" % number: b"x" * number for number in range(200)})
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(envguard.hash_tree(tree).root)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [envguard.hash_tree(tree, cache=False).root] * 6
    assert envguard.hash_tree(tree).cached == 203
    assert len(list(store.iterdir())) == 1


def test_the_progress_of_a_tree(walk: Engine, tree: Path) -> None:
    told: list[Progress] = []
    envguard.hash_tree(tree, progress=told.append)
    last = told[-1]
    assert (last.files, last.bytes, last.files_total, last.left) == (3, 11, 3, 0.0)
