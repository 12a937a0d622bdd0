"""What both engines say of what they cannot read, or must not follow."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.walked import Problem
from tests import tools

from .conftest import ENGINES, LATER
from .obvious import manifest_of, plant
from .walks import manifest, problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Engine


def test_links_to_nothing_are_named(walk: Engine, folder: Path) -> None:
    plant(folder, {b"file": b""})
    (folder / "nowhere").symlink_to("missing")
    (folder / "through-a-file").symlink_to("file/x")
    assert problems(walk, folder) == (
        Problem(path=b"nowhere", kind="dangling", errno=errno.ENOENT),
        Problem(path=b"through-a-file", kind="dangling", errno=errno.ENOTDIR),
    )


def test_loops_are_named(walk: Engine, folder: Path) -> None:
    plant(folder, {b"tree/a/b/file": b""})
    tree = folder / "tree"
    (tree / "a" / "b" / "up").symlink_to("..")
    (tree / "a" / "itself").symlink_to(".")
    (tree / "a" / "one").symlink_to("two")
    (tree / "a" / "two").symlink_to("one")
    (tree / "a" / "outside").symlink_to(folder)
    assert problems(walk, tree) == tuple(
        Problem(path=path, kind="loop", errno=errno.ELOOP)
        for path in (b"a/b/up", b"a/itself", b"a/one", b"a/outside/tree", b"a/two")
    )


def test_more_links_on_a_path_than_the_system_follows_at_once(walk: Engine, folder: Path) -> None:
    """Each folder is opened from the one before it, so that links do not add up."""
    for number in range(60):
        plant(folder, {b"%d/file" % number: b"%d" % number})
    for number in range(59):
        (folder / str(number) / "next").symlink_to(f"../{number + 1}")
    with walk(os.fsencode(folder / "0")) as walked:
        assert walked.problems == ()
        assert walked.files == 60


def test_what_is_no_file_is_named(walk: Engine, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    os.mknod(folder / "socket", 0o140600)
    (folder / "device").symlink_to("/dev/null")
    (folder / "to-pipe").symlink_to("pipe")
    assert problems(walk, folder) == tuple(
        Problem(path=path, kind="special", errno=0) for path in (b"device", b"pipe", b"socket", b"to-pipe")
    )


def test_problems_are_sorted_and_the_rest_is_still_done(walk: Engine, folder: Path) -> None:
    plant(folder, {b"a": b"x", b"b/c": b"xy"})
    for name in ("z", "b/y", "b-", "A"):
        (folder / name).symlink_to("missing")
    with walk(os.fsencode(folder), records=b"", cutoff=LATER) as walked:
        assert [problem.path for problem in walked.problems] == [b"A", b"b-", b"b/y", b"z"]
        assert (walked.files, walked.bytes) == (2, 3)
        assert len(b"".join(walked.records())) == 160


@pytest.mark.parametrize(
    ("name", "number"),
    [("missing", errno.ENOENT), ("file", errno.ENOTDIR), ("file/x", errno.ENOTDIR), ("loop", errno.ELOOP)],
)
def test_a_root_that_is_no_folder_is_the_one_problem(walk: Engine, folder: Path, name: str, number: int) -> None:
    (folder / "file").write_bytes(b"")
    (folder / "loop").symlink_to("loop")
    assert problems(walk, folder / name) == (Problem(path=b"", kind="unreadable", errno=number),)


UNPRIVILEGED = """
import json, os, sys
from tests.data.conftest import ENGINES
walk = ENGINES[sys.argv[1]]
walk(b"tests").close()  # everything is imported before nothing may be read any more
os.chdir(sys.argv[2])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with walk(sys.argv[3].encode()) as walked:
    print(json.dumps([[p.path.decode(), p.kind, p.errno] for p in walked.problems]))
"""


def unprivileged(engine: str, folder: Path, root: str) -> list[list[Any]]:
    """Return the problems of a walk by a user who owns nothing. Its folder must be its own, so that it is found at all."""
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, engine, folder, root], cwd=tools.ROOT, capture_output=True, check=True
    )
    found: list[list[Any]] = json.loads(done.stdout)
    return found


@pytest.fixture
def closed(folder: Path) -> Iterator[Path]:
    """Return a tree some of which nobody but root may read."""
    tree = folder / "tree"
    plant(tree, {b"open": b"", b"secret": b"", b"shut/x": b"", b"no-list/x": b"", b"no-entry/x": b""})
    (tree / "secret").chmod(0)
    (tree / "shut").chmod(0)
    (tree / "no-list").chmod(0o111)
    (tree / "no-entry").chmod(0o444)
    folder.chmod(0o755)
    yield folder
    for name in ("secret", "shut", "no-list", "no-entry"):
        (tree / name).chmod(0o755)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_may_not_be_read_is_named(engine: str, closed: Path) -> None:
    assert unprivileged(engine, closed, "tree") == [
        [path, "unreadable", errno.EACCES] for path in ("no-entry/x", "no-list", "secret", "shut")
    ]
    assert unprivileged(engine, closed, "tree/shut") == [["", "unreadable", errno.EACCES]]


@pytest.mark.parametrize("part", [b"d", b"d" * 99, b"d" * 255])
def test_a_path_longer_than_the_system_takes(walk: Engine, folder: Path, part: bytes) -> None:
    depth = 4500 // (len(part) + 1)
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(part, dir_fd=handle)
        following = os.open(part, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = following
    file = os.open(b"file", os.O_WRONLY | os.O_CREAT, dir_fd=handle)
    os.write(file, b"deep down")
    os.close(file)
    os.close(handle)
    before = set(os.listdir("/proc/self/fd"))
    try:
        with walk(os.fsencode(folder)) as walked:
            assert walked.problems == ()
            assert manifest(walked) == manifest_of({(part + b"/") * depth + b"file": b"deep down"})
    finally:
        subprocess.run(["rm", "-rf", folder / os.fsdecode(part)], check=True)
    assert set(os.listdir("/proc/self/fd")) == before
