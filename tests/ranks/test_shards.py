"""Trees of data that all ranks verify together: each file by exactly one of them, and nothing is missed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.baseline import Baseline, RecordedTree, empty_baseline
from envguard.data.trees import file_engine, hash_tree
from envguard.launch import Job
from envguard.ranks import exchange, shards
from envguard.ranks.exchange import MissingError
from envguard.ranks.shards import verify
from envguard.ranks.talks import Talks
from envguard.reader import Reader
from tests.ranks.threads import Shelf, star, together

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"a": b"1", "b/c": b"22" * 5000, "b/d": b"", "e\\f\n": b"4", "z" * 200: b"5"}


def recorded(folder: Path, *names: str, ignore: tuple[str, ...] = ()) -> Baseline:
    """Return the record of trees in *folder*, with their manifests kept, as ``envguard data add`` makes it."""
    data = {}
    (folder / ".envguard" / "manifests").mkdir(parents=True)
    for name in names:
        for path, content in FILES.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_bytes(content)
        tree = hash_tree(folder / name, ignore=ignore, cache=False, manifest=True)
        assert tree.manifest is not None
        (folder / ".envguard" / "manifests" / f"{name}.b3").write_bytes(tree.manifest.to_bytes())
        data[name] = RecordedTree(
            path=name, root=f"blake3:{tree.root}", files=tree.files, bytes=tree.bytes, ignore=ignore
        )
    return replace(empty_baseline(str(folder)), data=data)


def verified(baseline: Baseline, size: int, *, limit: float = 20.0, absent: tuple[int, ...] = ()) -> list[Any]:
    shelf = Shelf()

    def act(rank: int) -> Any:
        talks = star(shelf, rank, size, limit)
        return verify(Talks(Job(launcher="threads", rank=rank, size=size), talks, "a shelf", None), Reader(), baseline)

    return together(*(lambda rank=rank: act(rank) for rank in range(size) if rank not in absent))


@pytest.mark.parametrize("size", [2, 3, 9])
def test_every_file_is_read_by_exactly_one_rank(folder: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    baseline = recorded(folder, "raw", "more")
    read: Counter[bytes] = Counter()
    real = file_engine()

    def counting(path: bytes, **more: Any) -> Any:
        read[path] += 1
        return real(path, **more)

    monkeypatch.setattr(shards, "file_engine", lambda: counting)
    found = verified(baseline, size)
    assert all(item == found[0] for item in found)
    assert [(tree.name, tree.files, tree.bytes, tree.wrong, tree.fault) for tree in found[0]] == [
        (name, len(FILES), sum(map(len, FILES.values())), (), None) for name in ("more", "raw")
    ]
    assert read == {os.fsencode(folder / name / path): 1 for name in ("raw", "more") for path in FILES}


def test_whatever_differs_is_named_and_so_is_who_saw_it(folder: Path) -> None:
    baseline = recorded(folder, "raw")
    (folder / "raw" / "a").write_bytes(b"2")
    (folder / "raw" / "b" / "d").unlink()
    (folder / "raw" / "b" / "new").write_bytes(b"")
    (folder / "raw" / "nowhere").symlink_to("gone")
    found = verified(baseline, 3)
    assert all(item == found[0] for item in found)
    (tree,) = found[0]
    assert [(kind, count, names) for kind, count, names, _ in tree.wrong] == [
        ("changed", 1, ("a",)),
        ("removed", 1, ("b/d",)),
        ("added", 1, ("b/new",)),
        ("unreadable", 1, ("nowhere is a link to nothing",)),
    ]
    assert tree.files == len(FILES) - 2


def test_what_is_ignored_is_neither_read_nor_new(folder: Path) -> None:
    baseline = recorded(folder, "raw", ignore=("*.tmp",))
    (folder / "raw" / "x.tmp").write_bytes(b"1")
    assert verified(baseline, 2)[0][0].wrong == ()


def test_of_many_differences_some_are_named(folder: Path) -> None:
    baseline = recorded(folder, "raw")
    for number in range(shards.NAMED * 3):
        (folder / "raw" / f"new{number:02}").write_bytes(b"")
    ((kind, count, names, _),) = verified(baseline, 4)[0][0].wrong
    assert (kind, count, names) == ("added", shards.NAMED * 3, tuple(f"new{n:02}" for n in range(shards.NAMED)))


def test_a_name_that_is_no_text_is_sent_all_the_same(folder: Path) -> None:
    baseline = recorded(folder, "raw")
    (folder / "raw" / os.fsdecode(b"\xff")).write_bytes(b"")
    assert verified(baseline, 2)[0][0].wrong[0][2] == ("\\xff",)


@pytest.mark.parametrize("what", ["no manifest", "another manifest", "no tree"])
def test_a_tree_that_cannot_be_shared_out_is_told(folder: Path, what: str) -> None:
    baseline = recorded(folder, "raw")
    kept = folder / ".envguard" / "manifests" / "raw.b3"
    if what == "no manifest":
        kept.unlink()
    elif what == "another manifest":
        kept.write_bytes(kept.read_bytes()[70:])
    else:
        (folder / "raw").rename(folder / "gone")
    found = verified(baseline, 2)
    said = {
        "no manifest": "its files cannot be shared out: its manifest is not kept here (.envguard/manifests/raw.b3) (rank 0)",
        "another manifest": "its files cannot be shared out: the kept manifest (.envguard/manifests/raw.b3) is of another state of it (rank 0)",
        "no tree": f"nothing is at {folder}/raw (rank 0)",
    }[what]
    assert [item[0].fault for item in found] == [said] * 2


def test_a_rank_that_goes_away_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    baseline = recorded(folder, "raw")
    found = verified(baseline, 3, limit=0.5, absent=(2,))
    assert [str(item) for item in found] == ["rank 2 went away while data was shared out"] * 2
    monkeypatch.setattr(exchange, "_SLACK", 0.1)
    assert all(isinstance(item, MissingError) for item in verified(baseline, 3, limit=0.5, absent=(0,)))


@given(st.lists(st.integers(0, 10**12), min_size=32, max_size=32), st.integers(1, 8))
def test_shares_are_as_even_as_the_largest_piece_allows(sizes: list[int], size: int) -> None:
    count = len(sizes)
    came = {rank: {"sizes": sizes[rank::size]} for rank in range(size)}
    told = shards._handed_out(came, size, count)
    assert told["missing"] == ""
    loads = [sum(sizes[number] for number in range(count) if told["owner"][number] == rank) for rank in range(size)]
    assert sum(loads) == sum(sizes)
    # Graham's bound for the longest first: 4/3 of the best there is, and that is no less than the mean and the largest.
    assert (
        3 * max(loads)
        <= 4 * max(sum(sizes) / size, *sizes, sum(sorted(sizes)[-size - 1 :][:2]) if size < count else 0) + 3
    )
