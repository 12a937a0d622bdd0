"""The cache file: whole or none, ours or none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard import cache, trace
from envguard.data import stat_cache
from envguard.data.records import ordered, packed
from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = ordered([packed(number << 40, (number, 1, 2, 3, 4), bytes(32)) for number in range(20)])


@pytest.fixture
def path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder / "cache"))
    found = stat_cache.path_of(b"/data", [])
    assert found is not None
    return found


@pytest.mark.parametrize("records", [b"", RECORDS[:80], RECORDS])
def test_what_is_kept_is_read(path: str, records: bytes) -> None:
    assert stat_cache.write(path, [records[:100], records[100:]])
    assert stat_cache.read(path) == records
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_the_format_is_fixed(path: str, folder: Path) -> None:
    stat_cache.write(path, [RECORDS[:80]])
    with open(path, "rb") as file:
        assert file.read() == b"EGTREE\r\n\x02\0\0\0\x50\0\0\0" + RECORDS[:80] + blake3(RECORDS[:80]).digest()
    assert path == f"{folder}/cache/trees/{blake3(b'/data').hexdigest()[:32]}"


def test_each_tree_and_each_set_of_patterns_has_its_own(path: str) -> None:
    asked = [(b"/data", []), (b"/data", [b"a"]), (b"/data", [b"a", b"b"]), (b"/data", [b"b", b"a"]), (b"/data/a", [])]
    assert len({stat_cache.path_of(root, patterns) for root, patterns in asked}) == len(asked)


def test_without_a_cache_folder_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "folder", lambda: None)
    assert stat_cache.path_of(b"/data", []) is None


def test_one_that_is_not_there(path: str) -> None:
    assert stat_cache.read(path) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 5000), flip=st.integers(0, 7), tail=st.binary(max_size=80))
def test_no_damaged_one_is_read(path: str, cut: int, flip: int, tail: bytes) -> None:
    stat_cache.write(path, [RECORDS])
    with open(path, "rb") as file:
        whole = file.read()
    broken = bytearray(whole)
    broken[cut % len(whole)] ^= 1 << flip
    for data in (whole[: cut % len(whole)], bytes(broken), whole + tail + b"\0", b"", tail):
        with open(path, "wb") as file:
            file.write(data)
        assert stat_cache.read(path) is None


@pytest.mark.parametrize("head", [b"EGTREE\r\n\0\0\0\0", b"EGTREE\r\n\x01\0\0\0", b"OTHER.\r\n\x02\0\0\0"])
def test_one_of_another_version_is_not_read(path: str, head: bytes) -> None:
    stat_cache.write(path, [RECORDS])
    with open(path, "r+b") as file:
        file.write(head)
    assert stat_cache.read(path) is None


def test_one_that_nobody_uses_is_taken_away(path: str) -> None:
    day = 24 * 3600
    folder = os.path.dirname(path)
    used, unused, young = path, os.path.join(folder, "unused"), os.path.join(folder, "young")
    for name in (used, unused, young):
        stat_cache.write(name, [RECORDS])
    for name, age in ((used, 91), (unused, 91), (young, 89)):
        os.utime(name, (time.time() - age * day,) * 2)
    assert stat_cache.read(used) == RECORDS
    stat_cache.write(os.path.join(folder, "another"), [RECORDS])
    assert sorted(os.listdir(folder)) == sorted([os.path.basename(used), "young", "another"])


def test_reading_writes_no_stamp_more_than_once_a_day(path: str) -> None:
    stat_cache.write(path, [RECORDS])
    for age, touched in ((3600, False), (2 * 24 * 3600, True)):
        then = time.time() - age
        os.utime(path, (then, then))
        stat_cache.read(path)
        assert (os.stat(path).st_mtime > then + 1) == touched


def test_one_that_others_can_write_is_not_read(path: str) -> None:
    stat_cache.write(path, [RECORDS])
    for mode in (0o620, 0o602, 0o666):
        os.chmod(path, mode)
        assert stat_cache.read(path) is None
    os.chmod(path, 0o644)
    assert stat_cache.read(path) == RECORDS


def test_one_of_another_user_is_not_read(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stat_cache.write(path, [RECORDS])
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(path).st_uid + 1)
    assert stat_cache.read(path) is None


def test_what_is_no_file_is_not_read(path: str) -> None:
    os.makedirs(path)
    assert stat_cache.read(path) is None
    os.rmdir(path)
    os.mkfifo(path)
    assert stat_cache.read(path) is None


def test_where_it_cannot_be_written_it_is_gone_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_bytes(b"")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(folder / "file"))
    path = stat_cache.path_of(b"/data", [])
    assert path is not None
    assert not stat_cache.write(path, [RECORDS])
    assert stat_cache.read(path) is None


WRITER = """
import sys
from envguard.data import stat_cache
from tests.data.test_stat_cache import RECORDS
print("ready", flush=True)
while True:
    stat_cache.write(sys.argv[1], [RECORDS * 200])
"""


def test_a_kill_at_any_moment_leaves_a_whole_one(path: str) -> None:
    stat_cache.write(path, [RECORDS])
    for turn in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=tools.ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            until = time.monotonic() + 0.05 + 0.003 * turn
            while time.monotonic() < until:
                assert stat_cache.read(path) in (RECORDS, RECORDS * 200)
            process.kill()
        assert stat_cache.read(path) in (RECORDS, RECORDS * 200)


def test_the_cutoff_of_each_device_is_the_clock_less_its_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "slack_by_device", lambda: {1: trace.LOCAL_SLACK_NS, 2: trace.FOREIGN_SLACK_NS, 3: None})
    now = 10**18
    by_device, other = stat_cache.cutoffs(now)
    assert by_device == {1: now - 2 * 10**9, 2: now - 24 * 3600 * 10**9, 3: -(1 << 63)}
    assert other == now - 24 * 3600 * 10**9
