"""Files that change while they are read: never a root, never a record; and the walk goes on."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from envguard.data.content import Content, NotRegularError, UnstableError
from envguard.walked import Problem

from .conftest import LATER
from .obvious import manifest_of, plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Engine

SIZE = 256 << 20


@contextlib.contextmanager
def restless(change: Callable[[int], object]) -> Iterator[None]:
    """Call *change* with 0, 1, 2, ... every millisecond, in a thread, until the block ends."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            change(number)
            number += 1
            time.sleep(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("how", ["written to", "grows", "is cut off"])
def test_a_file_that_changes_while_it_is_read_is_unstable(walk: Engine, folder: Path, how: str) -> None:
    plant(folder, {b"calm": b"calm", b"busy": b""})
    fd = os.open(folder / "busy", os.O_RDWR)
    os.ftruncate(fd, SIZE)
    changes = {
        "written to": lambda number: os.pwrite(fd, b"%d" % number, 0),
        "grows": lambda number: os.ftruncate(fd, SIZE + number),
        "is cut off": lambda number: os.ftruncate(fd, SIZE // (number % 3 + 1)),
    }
    with restless(changes[how]), walk(os.fsencode(folder), records=b"", cutoff=LATER) as walked:
        assert walked.problems == (Problem(path=b"busy", kind="unstable", errno=0),)
        assert walked.root is None
        assert len(b"".join(walked.records())) == 80
    os.close(fd)


def test_entries_that_come_and_go_are_there_or_not_or_unstable(walk: Engine, folder: Path) -> None:
    plant(folder, {b"%d/%d" % (number % 50, number): b"x" for number in range(2000)})

    def change(number: int) -> None:
        name = folder / str(number % 50) / "guest"
        if number // 50 % 2:
            name.unlink(missing_ok=True)
        else:
            name.write_bytes(b"guest")

    with restless(change):
        for _ in range(5):
            with walk(os.fsencode(folder)) as walked:
                assert {problem.kind for problem in walked.problems} <= {"unstable"}
                assert {problem.path.rpartition(b"/")[2] for problem in walked.problems} <= {b"guest"}
                assert walked.files >= 2000


def test_a_folder_that_vanishes_is_unstable_or_gone(walk: Engine, folder: Path) -> None:
    plant(folder, {b"%d/%d" % (number % 50, number): b"x" for number in range(500)})

    def change(number: int) -> None:
        if number % 2:
            (folder / "hidden").rename(folder / "7")
        else:
            (folder / "7").rename(folder / "hidden")

    with restless(change):
        for _ in range(10):
            with walk(os.fsencode(folder), ignore=[b"/hidden"]) as walked:
                assert {problem.kind for problem in walked.problems} <= {"unstable"}
                assert all(problem.path.startswith(b"7") for problem in walked.problems)
                assert 490 <= walked.files <= 500


class Changing:
    """A reader of one file which changes as many times as is said, each time after it was read."""

    def __init__(self, times: int, change: Callable[[], object]) -> None:
        self.times = times
        self.change = change
        self.bytes = 0
        self.content = Content(1, self.came)

    def came(self, count: int) -> None:
        self.bytes += count
        if count > 0 and self.times > 0:
            self.times -= 1
            self.change()


@pytest.mark.parametrize("size", [5, 200_000, 5_000_000])
def test_python_reads_a_second_time_and_no_third(folder: Path, size: int) -> None:
    path = folder / "file"

    def change() -> None:
        path.write_bytes(path.read_bytes() + b"+")

    path.write_bytes(b"x" * size)
    once = Changing(1, change)
    facts, digest, _ = once.content.digest(os.fsencode(path), link=True)
    assert facts[2] == size + 1
    assert manifest_of({b"f": b"x" * size + b"+"}).startswith(digest.hex().encode())
    assert once.bytes == size + 1
    always = Changing(1_000_000, change)
    with pytest.raises(UnstableError):
        always.content.digest(os.fsencode(path), link=True)
    assert always.bytes == 0


def test_python_takes_no_link_and_no_pipe_in_the_place_of_a_file(folder: Path) -> None:
    (folder / "target").write_bytes(b"")
    (folder / "link").symlink_to("target")
    os.mkfifo(folder / "pipe")
    content = Content(1, lambda _: None)
    handle = os.open(folder, os.O_RDONLY)
    with pytest.raises(UnstableError):
        content.digest(b"link", handle, link=False)
    with pytest.raises(UnstableError):
        content.digest(b"gone", handle, link=False)
    with pytest.raises(NotRegularError):
        content.digest(b"pipe", handle, link=False)
    os.close(handle)


def test_python_says_what_an_error_of_the_disk_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.data.walk import walk

    plant(folder, {b"good": b"x", b"bad": b"y" * 10})
    real = os.read

    def fails(fd: int, size: int) -> bytes:
        if size == 11:
            raise OSError(5, "Input/output error")
        return real(fd, size)

    monkeypatch.setattr(os, "read", fails)
    with walk(os.fsencode(folder), records=b"", cutoff=LATER) as walked:
        assert walked.problems == (Problem(path=b"bad", kind="unreadable", errno=5),)
        assert len(b"".join(walked.records())) == 80


def test_python_puts_short_reads_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.data.walk import walk

    files = {b"small": os.urandom(1000), b"large": os.urandom(300_000)}
    plant(folder, files)
    read, readv = os.read, os.readv
    monkeypatch.setattr(os, "read", lambda fd, size: read(fd, min(size, 77)))
    monkeypatch.setattr(os, "readv", lambda fd, views: readv(fd, [views[0][:7777]]))
    with walk(os.fsencode(folder)) as walked:
        assert b"".join(walked.manifest()) == manifest_of(files)


def test_python_reads_where_there_is_no_readv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.data.walk import walk

    files = {b"large": os.urandom(300_000)}
    plant(folder, files)
    monkeypatch.delattr(os, "readv")
    with walk(os.fsencode(folder)) as walked:
        assert b"".join(walked.manifest()) == manifest_of(files)
