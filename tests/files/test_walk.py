"""The look into a folder of installed packages: what is read of it, what is listed, and when nothing of it changed."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.files.conftest import ENGINES, LATER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.files.conftest import Engine

ROOT = Path(__file__).resolve().parents[2]
HEAD = struct.pack("<IIII", 0x0A0D0DA7, 0, 12345, 678)


def hashed(path: str | bytes, data: bytes) -> bytes:
    name = os.fsencode(path)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return b"%b,sha256=%b,%d" % (name, digest, len(data))


def wanted(paths: Iterable[str | bytes]) -> bytes:
    return b"".join(path + b"\0" for path in sorted({os.fsencode(path) for path in paths}))


def rows(engine: Engine, folder: Path, paths: Iterable[str | bytes] = (), **options: Any) -> list[bytes]:
    with engine(os.fsencode(folder), wanted(paths), **options) as listed:
        assert listed.problems == ()
        found, times = listed.rows()
        assert len(times) == len(found)
        return found


def test_the_wanted_files_are_hashed_and_the_others_are_listed(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "pkg" / "sub").mkdir(parents=True)
    for name, data in {"pkg/a.py": b"a = 1\n", "pkg/sub/b.so": b"\0" * 70, "pkg/empty": b"", "top.py": b"x"}.items():
        (tmp_path / name).write_bytes(data)
    assert rows(engine, tmp_path, ["pkg/a.py", "pkg/empty", "pkg/missing.py"]) == [
        hashed("pkg/a.py", b"a = 1\n"),
        hashed("pkg/empty", b""),
        b"pkg/sub/b.so,,70",
        b"top.py,,1",
    ]


@pytest.mark.parametrize(
    "size", [1, 63, 64, 1000, 32 * 1024, 32 * 1024 + 1, 262_144, 262_145, (1 << 20) + 1, 3_500_000]
)
def test_files_of_every_size_have_their_digest(engine: Engine, tmp_path: Path, size: int) -> None:
    contents = {f"f{number}": os.urandom(size + number) for number in range(20)}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    for jobs in (1, 3):
        found = rows(engine, tmp_path, contents, jobs=jobs)
        assert found == sorted(hashed(name, data) for name, data in contents.items())


def test_of_bytecode_the_head_is_read(engine: Engine, tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    (cache / "a.cpython-311.pyc").write_bytes(HEAD + b"code" * 100)
    (cache / "short.pyc").write_bytes(b"1234")
    (cache / "empty.pyc").write_bytes(b"")
    (tmp_path / ".pyc").write_bytes(b"")
    (tmp_path / "shipped.pyc").write_bytes(HEAD)
    found = rows(engine, tmp_path, ["shipped.pyc"])
    assert found == [
        b".pyc,,0",
        b"__pycache__/a.cpython-311.pyc,head=%b,416" % HEAD.hex().encode(),
        b"__pycache__/empty.pyc,head=%b,0" % (b"00" * 16),
        b"__pycache__/short.pyc,head=31323334%b,4" % (b"00" * 12),
        hashed("shipped.pyc", HEAD),
    ]
    assert rows(engine, tmp_path, heads=False)[1] == b"__pycache__/a.cpython-311.pyc,,416"


def test_the_mtimes_are_those_of_the_rows(engine: Engine, tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"f{number:03}").write_bytes(b"")
        os.utime(tmp_path / f"f{number:03}", ns=(0, 10**18 + number))
    (tmp_path / "link").symlink_to("nothing")
    with engine(os.fsencode(tmp_path), b"") as listed:
        _, times = listed.rows()
    assert times == [*range(10**18, 10**18 + 600), 0]


def test_very_many_rows_come_whole(engine: Engine, tmp_path: Path) -> None:
    names = [f"{number:04}{'x' * (number % 240)}" for number in range(8000)]
    for name in names:
        (tmp_path / name).touch()
    assert rows(engine, tmp_path) == [b"%b,,0" % os.fsencode(name) for name in sorted(names)]


@pytest.mark.parametrize(
    "name", ["a,b", 'a"b', "a\nb", "a\rb", " a ", "a,sha256=x,1", "\\", b"\xff\xfe", "\u00e9", "e\u0301"]
)
def test_any_name_is_one(engine: Engine, tmp_path: Path, name: str | bytes) -> None:
    path = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    with open(path, "wb") as file:
        file.write(b"here")
    assert rows(engine, tmp_path, [name]) == [hashed(name, b"here")]
    assert rows(engine, tmp_path) == [b"%b,,4" % os.fsencode(name)]


def test_links_to_files_are_followed_and_others_are_told(engine: Engine, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    for made in (folder, elsewhere, elsewhere / "deep"):
        made.mkdir()
    (elsewhere / "file").write_bytes(b"there")
    (elsewhere / "deep" / "one").write_bytes(b"one")
    (elsewhere / "deep" / "two").write_bytes(b"two")
    (folder / "file").symlink_to(elsewhere / "file")
    (folder / "nothing").symlink_to("gone")
    (folder / "round").symlink_to("round")
    (folder / "tree").symlink_to(elsewhere / "deep")
    (folder / "used").symlink_to(elsewhere / "deep")
    os.mkfifo(folder / "pipe")
    assert rows(engine, folder, ["file", "used/one"]) == [
        hashed("file", b"there"),
        b"nothing,dangling,",
        b"pipe,special,",
        b"round,dangling,",
        b"tree,link,",
        hashed("used/one", b"one"),
        b"used/two,,3",
    ]
    with engine(os.fsencode(folder), wanted(["used/one"])) as listed:
        assert not listed.settled


def test_a_link_upward_is_a_loop_only_on_the_way_to_a_wanted_file(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    assert rows(engine, tmp_path) == [b"a/up,link,"]
    with engine(os.fsencode(tmp_path), wanted(["a/up/a/x"])) as listed:
        (problem,) = listed.problems
        assert (problem.path, problem.kind, problem.errno) == (b"a/up", "loop", errno.ELOOP)


def test_files_are_found_by_their_paths_alone(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_bytes(b"#!" + b"x" * 40_000)
    (tmp_path / "bin" / "other").write_bytes(b"other")
    (tmp_path / "bin" / "link").symlink_to("tool")
    (tmp_path / "bin" / "gone").symlink_to("nothing")
    paths = ["bin/tool", "bin/link", "bin/gone", "bin/missing", "share/x", "bin/tool/below"]
    with engine(os.fsencode(tmp_path), wanted(paths), alone=True) as listed:
        assert listed.problems == ()
        assert listed.rows()[0] == [hashed(name, b"#!" + b"x" * 40_000) for name in ("bin/link", "bin/tool")]
        assert not listed.settled
    (tmp_path / "bin" / "round").symlink_to("round")
    os.mkfifo(tmp_path / "pipe")
    with engine(os.fsencode(tmp_path), wanted(["bin", "bin/round", "pipe"]), alone=True) as listed:
        assert [(p.path, p.kind) for p in listed.problems] == [
            (b"bin", "folder"),
            (b"bin/round", "loop"),
            (b"pipe", "special"),
        ]


def test_a_folder_that_is_none_is_a_problem_of_the_root(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, number in (("gone", errno.ENOENT), ("file", errno.ENOTDIR)):
        with engine(os.fsencode(tmp_path / name), b"") as listed:
            (problem,) = listed.problems
            assert (problem.path, problem.kind, problem.errno) == (b"", "unreadable", number)
            assert not listed.settled
            assert listed.rows() == ([], [])


@pytest.mark.parametrize("wrong", [b"b\0a\0", b"a\0a\0", b"\0", b"a\0\0"])
def test_the_core_refuses_wanted_files_that_are_not_sorted(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(RuntimeError):
        ENGINES["core"](os.fsencode(tmp_path), wrong)


def test_what_was_recorded_is_not_read_again(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * 50_000)
    (tmp_path / "b.pyc").write_bytes(HEAD)
    (tmp_path / "c").write_bytes(b"c")
    options = {"cutoff": 0, "cutoffs": {tmp_path.stat().st_dev: LATER}}
    with engine(os.fsencode(tmp_path), wanted(["a"]), records=b"", **options) as first:
        records = b"".join(first.records())
        assert (first.cached, first.stale, len(records)) == (0, True, 160)
        assert first.settled
        expected = first.rows()
    with engine(os.fsencode(tmp_path), wanted(["a"]), records=records, **options) as second:
        assert (second.cached, second.stale, second.state) == (2, False, first.state)
        assert second.rows() == expected
        assert second.bytes == 50_000
    (tmp_path / "a").write_bytes(b"b" * 50_000)
    with engine(os.fsencode(tmp_path), wanted(["a"]), records=records, **options) as third:
        assert (third.cached, third.stale) == (1, True)
        assert third.rows()[0][0] == hashed("a", b"b" * 50_000)


def test_a_record_of_a_head_is_none_of_the_whole_file(engine: Engine, tmp_path: Path) -> None:
    """A RECORD may begin to name a file, or end to: what was read of it before is something else then."""
    (tmp_path / "b.pyc").write_bytes(HEAD + b"code")
    options = {"cutoff": 0, "cutoffs": {tmp_path.stat().st_dev: LATER}}
    whole, head = [hashed("b.pyc", HEAD + b"code")], [b"b.pyc,head=%b,20" % HEAD.hex().encode()]
    for before, after, expected in (([], ["b.pyc"], whole), (["b.pyc"], [], head)):
        with engine(os.fsencode(tmp_path), wanted(before), records=b"", **options) as listed:
            records = b"".join(listed.records())
        with engine(os.fsencode(tmp_path), wanted(after), records=records, **options) as listed:
            assert (listed.cached, listed.rows()[0]) == (0, expected)


def test_what_has_not_settled_is_not_recorded_and_proves_nothing(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    time.sleep(0.05)
    (tmp_path / "b").write_bytes(b"b")
    changed = sorted((tmp_path / name).stat().st_ctime_ns for name in "ab")
    for cutoff, settled, kept in ((changed[1] + 1, True, 80), (changed[1], False, 80), (changed[0], False, 0)):
        with engine(os.fsencode(tmp_path), wanted(["a"]), records=b"", cutoff=cutoff) as listed:
            assert (listed.settled, len(b"".join(listed.records()))) == (settled, kept)


def _new_folder(folder: Path) -> None:
    (folder / "new").mkdir()
    (folder / "new/x").touch()


def _another_link(folder: Path) -> None:
    os.unlink(folder / "tree")
    (folder / "tree").symlink_to("pkg/a")


CHANGES: dict[str, Any] = {
    "content": lambda folder: (folder / "pkg/a").write_bytes(b"b"),
    "times": lambda folder: os.utime(folder / "pkg/a", ns=(0, 0)),
    "mode": lambda folder: os.chmod(folder / "pkg/a", 0o600),
    "hard link": lambda folder: os.link(folder / "pkg/a", folder.parent / "another"),
    "new file": lambda folder: (folder / "pkg/new").touch(),
    "new file in a new folder": _new_folder,
    "new link": lambda folder: (folder / "new").symlink_to("pkg/a"),
    "new pipe": lambda folder: os.mkfifo(folder / "pipe"),
    "removed": lambda folder: os.unlink(folder / "pkg/a"),
    "renamed": lambda folder: os.rename(folder / "pkg/a", folder / "pkg/c"),
    "replaced by its like": lambda folder: os.replace(folder / "pkg/twin", folder / "pkg/a"),
    "the target of a link": lambda folder: (folder.parent / "target").write_bytes(b"changed"),
    "a link to a folder became one to a file": _another_link,
    "unlisted content": lambda folder: (folder / "pkg/unlisted").write_bytes(b"2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_state_sees_every_change(engine: Engine, tmp_path: Path, change: str) -> None:
    folder = tmp_path / "site"
    (folder / "pkg").mkdir(parents=True)
    (tmp_path / "target").write_bytes(b"before!")
    for name in ("a", "twin", "unlisted"):
        (folder / "pkg" / name).write_bytes(b"1")
    stamps = (folder / "pkg/a").stat()
    os.utime(folder / "pkg/twin", ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    (folder / "pkg/link").symlink_to(tmp_path / "target")
    (folder / "tree").symlink_to("pkg")

    def state(**options: Any) -> bytes:
        with engine(os.fsencode(folder), wanted(options.pop("paths", ())), cutoff=LATER, **options) as listed:
            assert listed.settled
            return listed.state

    before = state()
    assert state() == state(heads=False) == state(paths=["pkg/a"]) == before
    CHANGES[change](folder)
    assert state() != before


def test_both_engines_say_the_same_state(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a.b").write_bytes(b"sorts between a and a/")
    (tmp_path / "a" / "x.pyc").write_bytes(HEAD)
    (tmp_path / "l").symlink_to("nothing")
    states = {engine(os.fsencode(tmp_path), wanted(["a.b"])).state for engine in ENGINES.values()}
    assert len(states) == 1


NAMES = st.sampled_from(["a", "b.py", "c.pyc", "a.b", "ab", "__pycache__", "a,b"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map(tuple), st.integers(0, 70_000), max_size=12),
    links=st.dictionaries(
        st.lists(NAMES, min_size=1, max_size=3).map(tuple),
        st.tuples(st.sampled_from([".", ".."]), st.lists(NAMES, max_size=2)),
        max_size=3,
    ),
    # What is drawn must not depend on what the file system makes of it.
    picks=st.lists(st.integers(0, 40)),
)
def test_both_engines_agree_on_any_folder(
    tmp_path_factory: pytest.TempPathFactory, files: Any, links: Any, picks: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    paths = []
    for parts, size in files.items():
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * size)
            paths.append("/".join(parts))
        except OSError:
            continue
    for parts, (start, target) in links.items():
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(os.path.join(start, *target))
            paths += ["/".join(parts), "/".join((*parts, "a"))]
        except OSError:
            continue
    asked = wanted([paths[pick % len(paths)] for pick in picks if paths])
    for alone in (False, True):
        answers = []
        for engine in ENGINES.values():
            with engine(os.fsencode(folder), asked, alone=alone, cutoff=LATER, records=b"") as listed:
                answers.append(
                    (
                        listed.rows(),
                        listed.problems,
                        listed.state,
                        listed.settled,
                        listed.files,
                        listed.bytes,
                        b"".join(listed.records()),
                    )
                )
        assert all(answer == answers[0] for answer in answers)


LOOK = """
import os, sys
from envguard.files import quick
with quick.engine()(os.fsencode(sys.argv[1]), sys.stdin.buffer.read()) as listed:
    for row in listed.rows()[0]:
        print(row.decode())
    for problem in listed.problems:
        print("!", problem.path.decode(), problem.kind, problem.errno)
"""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> str:
    library = str(tmp_path_factory.mktemp("faults") / "faults.so")
    source = str(ROOT / "csrc/tests/faults.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", source, "-o", library], check=True)
    return library


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, bytes]:
    """Return files of all the ways in which the engine reads: in batches, and piece by piece beside others."""
    (tmp_path / "site").mkdir()
    found = {f"small{number:02}": os.urandom(100 + 700 * number) for number in range(40)}
    found |= {f"middle{number:02}": os.urandom(40_000 + 9000 * number) for number in range(20)}
    found |= {"large": os.urandom(4_000_000)}
    for name, data in found.items():
        (tmp_path / "site" / name).write_bytes(data)
    return found


def looked(folder: Path, asked: bytes, **environment: str) -> tuple[list[bytes], list[str]]:
    command = [sys.executable, "-c", LOOK, str(folder)]
    done = subprocess.run(command, env=os.environ | environment, input=asked, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.splitlines()
    return [line for line in lines if line[:1] != b"!"], [line[2:].decode() for line in lines if line[:1] == b"!"]


@pytest.mark.parametrize("kind", ["short:2", "short:3", "EINTR:2", "EINTR:3"])
def test_short_and_interrupted_reads_change_nothing(
    tmp_path: Path, faults: str, contents: dict[str, bytes], kind: str
) -> None:
    expected = sorted(hashed(name, data) for name, data in contents.items())
    assert looked(tmp_path / "site", wanted(contents), LD_PRELOAD=faults, FAULTS=kind) == (expected, [])


@pytest.mark.parametrize("kind", ["EIO:1", "EIO:7", "EIO:50", "openat:3", "fstat:5"])
def test_what_cannot_be_read_has_no_row_and_is_told(
    tmp_path: Path, faults: str, contents: dict[str, bytes], kind: str
) -> None:
    expected = {name: hashed(name, data) for name, data in contents.items()}
    found, problems = looked(tmp_path / "site", wanted(contents), LD_PRELOAD=faults, FAULTS=kind)
    told = {problem.split()[0] for problem in problems}
    assert problems
    if kind == "fstat:5" and told <= {"unstable", "unreadable"}:
        return  # the folder itself
    assert set(found) <= set(expected.values())
    assert {name for name, row in expected.items() if row not in found} <= told


@pytest.mark.parametrize("kind", ["truncate:1", "truncate:3", "truncate:20", "grow:1", "grow:4", "grow:30"])
def test_a_file_that_changes_while_it_is_read_has_its_new_digest_or_none(
    tmp_path: Path, faults: str, contents: dict[str, bytes], kind: str
) -> None:
    found, problems = looked(tmp_path / "site", wanted(contents), LD_PRELOAD=faults, FAULTS=kind)
    read = [row.split(b",")[0].decode() for row in found]
    assert found == [hashed(name, (tmp_path / "site" / name).read_bytes()) for name in read]
    assert sorted([*read, *(problem.split(" ")[0] for problem in problems)]) == sorted(contents)
    assert {problem.split(" ")[1] for problem in problems} <= {"unstable"}


def test_a_run_can_be_interrupted(engine: Engine, tmp_path: Path, contents: dict[str, bytes]) -> None:
    for name in contents:
        os.truncate(tmp_path / "site" / name, 30_000_000)
    handles = len(os.listdir("/proc/self/fd"))

    def tick(_: object) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine(os.fsencode(tmp_path / "site"), wanted(contents), tick=tick, jobs=1)
    assert time.monotonic() - started < 10
    assert len(os.listdir("/proc/self/fd")) == handles
