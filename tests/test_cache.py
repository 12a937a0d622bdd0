"""The cache folder: where it lies, and that a file in it is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from envguard import cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", "/scratch/cache")
    assert cache.folder() == "/scratch/cache"
    monkeypatch.delenv("ENVGUARD_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert cache.folder() == "/var/cache/envguard"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/invalid")
    monkeypatch.setenv("HOME", "/home/ada")
    assert cache.folder() == "/home/ada/.cache/envguard"


def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVGUARD_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache.folder() is None


def test_a_file_is_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    assert cache.replace(str(path), b"one")
    assert cache.replace(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "file"
    assert cache.replace(str(path), b"one")

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", fails)
    if isinstance(error, OSError):
        assert not cache.replace(str(path), b"two")
    else:
        with pytest.raises(KeyboardInterrupt):
            cache.replace(str(path), b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """What is written to /dev/full fails when it is flushed, as on a full disk."""
    path = tmp_path / "file"
    assert cache.replace(str(path), b"one")
    real = os.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", lambda name, *_: real("/dev/full", os.O_WRONLY))
        assert not cache.replace(str(path), b"two")
    assert path.read_bytes() == b"one"


def test_where_there_is_no_folder_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not cache.replace(str(tmp_path / "file" / "below" / "it"), b"one")


def test_any_number_of_writers_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {bytes([number]) * 100_000 for number in range(4)}
    threads = [
        threading.Thread(target=lambda data=data: [cache.replace(str(path), data) for _ in range(50)])
        for data in contents
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if path.exists():
            assert path.read_bytes() in contents
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["file"]


def test_what_killed_writers_left_is_swept_away(tmp_path: Path) -> None:
    for name, age in (("a.1-2.tmp", 90_000), ("b.1-2.tmp", 10), ("c", 90_000)):
        (tmp_path / name).write_bytes(b"")
        then = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))
    cache.sweep(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["b.1-2.tmp", "c"]
    cache.sweep(str(tmp_path / "nowhere"))


def test_what_nobody_used_is_swept_away_where_that_is_asked_for(tmp_path: Path) -> None:
    for name, age in (("a.1-2.tmp", 90_000), ("b.1-2.tmp", 5_000), ("c", 5_000), ("d", 10)):
        (tmp_path / name).write_bytes(b"")
        then = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))
    cache.sweep(str(tmp_path), unused=3600)
    assert sorted(os.listdir(tmp_path)) == ["b.1-2.tmp", "d"]


def test_a_file_is_written_in_pieces_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert cache.replace(str(path), iter([b"one", b"two", b""]))
    assert path.read_bytes() == b"onetwo"

    def breaks() -> Iterator[bytes]:
        yield b"three"
        raise MemoryError

    with pytest.raises(MemoryError):
        cache.replace(str(path), breaks())
    assert path.read_bytes() == b"onetwo"
    assert os.listdir(tmp_path) == ["file"]
