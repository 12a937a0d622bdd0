"""What both engines take from the records of an earlier walk, and what they never take."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.data import stat_cache
from envguard.data.records import RECORD, Records, key_of, ordered, packed
from envguard.walked import Problem

from .conftest import ENGINES, LATER
from .obvious import files_of, manifest_of, plant

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Engine

FILES = {b"a": b"one", b"b/c": b"two", b"b/d": b"", b"\xff\n": b"three" * 100_000}


@pytest.fixture(params=["by device", "by default"])
def late(request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    """Return the options by which every file counts as settled, said of its device or of all."""
    return {"cutoffs": {folder.stat().st_dev: LATER}} if request.param == "by device" else {"cutoff": LATER}


def first(walk: Engine, folder: Path, **options: Any) -> bytes:
    """Return the records of a first walk."""
    with walk(os.fsencode(folder), records=b"", **options) as walked:
        assert (walked.cached, walked.sampled) == (0, 0)
        return b"".join(walked.records())


def wait_for_the_clock() -> None:
    """Wait until a change gets another stamp than the last one: the clock of a file system may tick every 10 ms."""
    time.sleep(0.03)


def rewritten(records: bytes, path: bytes, **changes: Any) -> bytes:
    """Return *records* with that of *path* changed."""
    names = ("key", "ino", "dev", "size", "mtime", "ctime", "digest")
    found = []
    for record in RECORD.iter_unpack(records):
        fields = dict(zip(names, record, strict=True))
        if fields["key"] == key_of(path):
            fields |= changes
        found.append(RECORD.pack(*fields.values()))
    return ordered(found)


def test_a_record_says_what_its_file_is(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    plant(folder, FILES)
    (folder / "link").symlink_to("a")
    wanted = []
    for path, content in files_of(folder).items():
        st_ = os.stat(os.path.join(os.fsencode(folder), path))
        facts = (st_.st_ino, st_.st_dev, st_.st_size, st_.st_mtime_ns, st_.st_ctime_ns)
        parent, slash, name = path.rpartition(b"/")
        key = blake3(name).digest()[:4] + blake3(parent + slash).digest()[:4]
        wanted.append(packed(int.from_bytes(key, "little"), facts, blake3(content).digest()))
    assert first(walk, folder, **late) == ordered(wanted)


def test_what_is_unchanged_is_not_read(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    plant(folder, FILES)
    records = first(walk, folder, **late)
    with walk(os.fsencode(folder), records=records, **late) as walked:
        assert walked.root == blake3(manifest_of(FILES)).digest()
        assert (walked.files, walked.cached, walked.sampled) == (4, 4, 0)
        assert walked.bytes == sum(map(len, FILES.values()))
        assert not walked.stale
        assert b"".join(walked.records()) == records
    # The proof: it believes its records.
    lie = blake3(b"another").digest()
    with walk(os.fsencode(folder), records=rewritten(records, b"a", digest=lie), **late) as walked:
        assert lie.hex().encode() in b"".join(walked.manifest())


@pytest.mark.parametrize("field", ["ino", "dev", "size", "mtime", "ctime", "key"])
def test_a_record_that_differs_in_one_fact_is_not_believed(
    walk: Engine, folder: Path, late: dict[str, Any], field: str
) -> None:
    plant(folder, FILES)
    records = first(walk, folder, **late)
    lie = {field: 7, "digest": bytes(32)}
    with walk(os.fsencode(folder), records=rewritten(records, b"a", **lie), **late) as walked:
        assert walked.root == blake3(manifest_of(FILES)).digest()
        assert walked.cached == 3
        assert walked.stale
        assert b"".join(walked.records()) == records


def test_a_same_size_edit_with_its_mtime_restored_is_found(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    plant(folder, FILES)
    records = first(walk, folder, **late)
    stamp = (folder / "a").stat()
    wait_for_the_clock()
    (folder / "a").write_bytes(b"ONE")
    os.utime(folder / "a", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    with walk(os.fsencode(folder), records=records, **late) as walked:
        assert walked.root == blake3(manifest_of(FILES | {b"a": b"ONE"})).digest()
        assert walked.cached == 3


def test_a_file_renamed_over_another_is_found(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    plant(folder, FILES)
    records = first(walk, folder, **late)
    stamp = (folder / "a").stat()
    (folder / "new").write_bytes(b"ONE")
    os.utime(folder / "new", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    (folder / "new").rename(folder / "a")
    with walk(os.fsencode(folder), records=records, **late) as walked:
        assert walked.root == blake3(manifest_of(FILES | {b"a": b"ONE"})).digest()


def test_added_and_removed_files_leave_the_others_in_the_cache(
    walk: Engine, folder: Path, late: dict[str, Any]
) -> None:
    plant(folder, FILES)
    records = first(walk, folder, **late)
    (folder / "a").unlink()
    plant(folder, {b"z": b"new"})
    with walk(os.fsencode(folder), records=records, **late) as walked:
        assert (walked.files, walked.cached, walked.stale) == (4, 3, True)
        assert len(b"".join(walked.records())) == 4 * RECORD.size


def test_a_young_file_is_not_recorded(walk: Engine, folder: Path) -> None:
    plant(folder, FILES)
    device = folder.stat().st_dev
    newest = max(os.stat(os.path.join(os.fsencode(folder), path)).st_ctime_ns for path in FILES)
    assert first(walk, folder) == b""
    assert first(walk, folder, cutoff=newest) != first(walk, folder, cutoff=newest + 1)
    assert len(first(walk, folder, cutoff=newest + 1)) == 4 * RECORD.size
    assert first(walk, folder, cutoff=LATER, cutoffs={device: 0}) == b""
    assert len(first(walk, folder, cutoffs={device: newest + 1, device + 1: 0})) == 4 * RECORD.size


def test_without_records_none_are_kept(walk: Engine, folder: Path) -> None:
    plant(folder, FILES)
    with walk(os.fsencode(folder), cutoff=LATER) as walked:
        assert not walked.stale


def test_an_edit_right_after_the_walk_is_never_missed(walk: Engine, folder: Path) -> None:
    """Within one tick of the clock an edit leaves no trace in the stamps: what is that young must not be recorded."""
    path = folder / "a"
    for turn in range(100):
        path.write_bytes(b"old %d" % (turn % 10))
        cutoffs, cutoff = stat_cache.cutoffs(time.time_ns())
        records = first(walk, folder, cutoffs=cutoffs, cutoff=cutoff)
        stamp = path.stat()
        with path.open("r+b") as file:
            file.write(b"new")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        with walk(os.fsencode(folder), records=records, cutoffs=cutoffs, cutoff=cutoff) as walked:
            assert walked.root == blake3(manifest_of({b"a": b"new %d" % (turn % 10)})).digest()


def test_a_sample_finds_what_no_stat_shows(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    plant(folder, FILES)
    forged = rewritten(first(walk, folder, **late), b"b/c", digest=bytes(32))
    with walk(os.fsencode(folder), records=forged, sample=1.0, **late) as walked:
        assert walked.problems == (Problem(path=b"b/c", kind="silent", errno=0),)
        assert walked.root is None
        assert (walked.cached, walked.sampled) == (0, 4)
        # What is known to be false is not kept.
        assert Records(b"".join(walked.records())).find(key_of(b"b/c"), (0, 0, 0, 0, 0)) is None
        assert walked.stale
    with walk(os.fsencode(folder), records=forged, sample=0.0, **late) as walked:
        assert (walked.problems, walked.cached, walked.sampled) == ((), 4, 0)


def test_a_sample_is_about_the_share_and_changes_with_the_seed(
    walk: Engine, folder: Path, late: dict[str, Any]
) -> None:
    plant(folder, {b"%d" % number: b"" for number in range(1000)})
    records = first(walk, folder, **late)
    found = []
    for seed in (0, 1, 2**64 - 1):
        with walk(os.fsencode(folder), records=records, sample=0.1, seed=seed, **late) as walked:
            assert walked.root is not None
            assert walked.sampled + walked.cached == 1000
            assert 50 < walked.sampled < 160
            found.append(walked.sampled)
    with walk(os.fsencode(folder), records=records, sample=0.1, seed=1, **late) as walked:
        assert walked.sampled == found[1]


def test_two_paths_with_one_key_are_told_apart(walk: Engine, folder: Path, late: dict[str, Any]) -> None:
    """Made up records of the same key around the right one do no harm."""
    plant(folder, FILES)
    records = first(walk, folder, **late)
    key = key_of(b"a")
    others = [packed(key, (number, 1, 2, 3, 4), bytes(32)) for number in (0, 1, 1 << 62, (1 << 64) - 1)]
    mixed = ordered([*others, *(records[at : at + 80] for at in range(0, len(records), 80))])
    with walk(os.fsencode(folder), records=mixed, **late) as walked:
        assert walked.root == blake3(manifest_of(FILES)).digest()
        assert walked.cached == 4
        assert b"".join(walked.records()) == records


numbers = st.integers(0, (1 << 64) - 1)
signed = st.integers(-(1 << 63), (1 << 63) - 1)
record = st.builds(
    lambda key, ino, dev, size, mtime, ctime: packed(key, (ino, dev, size, mtime, ctime), bytes(32)),
    st.one_of(numbers, st.sampled_from([0, 1, (1 << 64) - 1])), numbers, numbers, numbers, signed, signed,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made_up=st.lists(record, max_size=30))
def test_any_records_of_other_files_change_nothing(walk: Engine, folder: Path, made_up: list[bytes]) -> None:
    plant(folder, FILES)
    with walk(os.fsencode(folder), records=ordered(made_up), cutoff=LATER) as walked:
        assert walked.root == blake3(manifest_of(FILES)).digest()
        assert walked.cached == 0


@pytest.mark.parametrize("sample", [0.0, 0.3, 1.0])
def test_the_engines_say_the_same(folder: Path, sample: float) -> None:
    plant(folder, FILES | {b"many/%d" % number: b"%d" % number for number in range(300)})
    (folder / "link").symlink_to("many")
    records = first(ENGINES["python"], folder, cutoff=LATER)
    found = []
    for walk in ENGINES.values():
        with walk(os.fsencode(folder), records=records, cutoff=LATER, sample=sample, seed=5) as walked:
            found.append(
                (
                    walked.root,
                    walked.files,
                    walked.bytes,
                    walked.cached,
                    walked.sampled,
                    walked.problems,
                    walked.stale,
                    b"".join(walked.manifest()),
                    b"".join(walked.records()),
                )
            )
    assert found[1:] == found[:-1]
    assert found[0][7] == manifest_of(files_of(folder))
