"""Recorded trees of data, verified by all ranks together: each reads a share of the files, and one lists them.

The files are those of the kept manifest, which is the one that was recorded, on every rank. Numbered in its order they fall into
buckets, of which every rank asks some for their sizes (a call a file, shared as well); rank 0 then hands out the buckets, the largest
first, each to the rank that has least to read (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969). So shares are balanced by
size, no rank asks or sends more than its part, and nothing depends on timing. Every file of a share is read: no stat cache
is asked. One rank for each tree lists what is there, and finds what was added.
"""

from __future__ import annotations

import bisect
import heapq
import os
import time
from typing import TYPE_CHECKING, Any

from ..data.ignore import Ignore, validate
from ..data.listing import Listing
from ..data.trees import file_engine
from ..errors import EnvguardError, RanksError
from ..trees.look import find, kept_manifest
from ..trees.words import fault
from ..walked import Problem
from .model import SharedTree
from .words import named, ranges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..baseline import Baseline
    from ..data.manifest import Manifest
    from ..reader import Reader
    from .talks import Talks

NAMED = 10
_BUCKETS = 8192
_MOST_EACH, _LEAST_EACH = 64, 4
_LONGEST_NAME = 300
KINDS = ("changed", "removed", "added", "unreadable")


class Tree:
    """One recorded tree: its *name* and *path*, its *manifest*, or why there is none (*fault*)."""

    def __init__(self, reader: Reader, baseline: Baseline, name: str) -> None:
        state = find(reader, baseline, name)
        self.name = name
        self.path = state.path or state.recorded.path
        self.ignore = state.recorded.ignore
        self.manifest: Manifest | None = None
        self.fault: str | None = None
        if state.unset is not None:
            self.fault = f"the environment variable {state.unset} is not set"
        elif state.missing:
            self.fault = f"nothing is at {state.path}"
        else:
            kept = kept_manifest(reader, baseline, name)
            if isinstance(kept, str):
                self.fault = f"its files cannot be shared out: {kept}"
            else:
                self.manifest = kept


def verify(talks: Talks, reader: Reader, baseline: Baseline) -> tuple[SharedTree, ...]:
    """Return what all ranks together found of every recorded tree; the same on all of them.

    RanksError and what a store raises as for ``confer``.
    """
    rank, size = talks.job.rank, talks.job.size
    trees = [Tree(reader, baseline, name) for name in sorted(baseline.data)]
    count = size * max(_LEAST_EACH, min(_MOST_EACH, _BUCKETS // size))
    mine = [number for number in range(count) if number % size == rank]
    beat = _Beat(talks)
    sizes = _sizes(trees, count, set(mine), beat)
    shares = talks.exchange(
        "sizes",
        {"sizes": [sizes.get(number, 0) for number in mine]},
        lambda came, _: _handed_out(came, size, count),
        patient=True,
    )
    if shares["missing"]:
        raise RanksError(f"{named(shares['missing'])} went away while data was shared out")
    owned = {number for number, owner in enumerate(shares["owner"]) if owner == rank}
    found = [_read(tree, number, trees, count, owned, beat) for number, tree in enumerate(trees)]
    for number, tree in enumerate(trees):
        # The last ranks, since the first has the others to hear.
        if tree.manifest is not None and (size - 1 - number) % size == rank:
            _list(tree, found[number])
    told = talks.exchange("shares", {"found": found}, lambda came, _: _joined(came, size, len(trees)), patient=True)
    if told["missing"]:
        raise RanksError(f"{named(told['missing'])} went away while data was read")
    return tuple(_tree(tree, whole, size) for tree, whole in zip(trees, told["trees"], strict=True))


class _Beat:
    """Lets the others know every other second that this rank is still at work."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks
        self._last = time.monotonic()

    def __call__(self, _: object = None) -> None:
        now = time.monotonic()
        if now - self._last > 2.0:
            self._last = now
            self._talks.exchange.beat()


def _numbered(trees: list[Tree], count: int) -> list[int]:
    """Return for each tree the number of its first file, of all files."""
    starts, at = [], 0
    for tree in trees:
        starts.append(at % count)
        at += len(tree.manifest) if tree.manifest is not None else 0
    return starts


def _sizes(trees: list[Tree], count: int, mine: set[int], beat: _Beat) -> dict[int, int]:
    """Return how many bytes are in each of the buckets *mine*."""
    sizes: dict[int, int] = {}
    for tree, start in zip(trees, _numbered(trees, count), strict=True):
        for number, entry in enumerate(tree.manifest or (), start):
            bucket = number % count
            if bucket in mine:
                try:
                    amount = os.stat(os.path.join(tree.path, entry.path)).st_size
                except (OSError, ValueError):
                    amount = 0
                # A file costs something, however small it is.
                sizes[bucket] = sizes.get(bucket, 0) + amount + 4096
                beat()
    return sizes


def _handed_out(came: Mapping[int, Mapping[str, Any]], size: int, count: int) -> dict[str, Any]:
    """Return which rank reads each bucket: the largest first, to whoever has least."""
    missing = [rank for rank in range(size) if rank not in came]
    amounts: list[tuple[int, int]] = []
    for rank, message in came.items():
        told = message.get("sizes")
        numbers = range(rank, count, size)
        if not isinstance(told, list) or len(told) != len(numbers) or not all(isinstance(item, int) for item in told):
            raise RanksError(f"the message of rank {rank} has no sizes that can be read")
        amounts += zip(told, numbers, strict=True)
    heap = [(0, rank) for rank in range(size)]
    owner = [0] * count
    for amount, number in sorted(amounts, key=lambda pair: (-pair[0], pair[1])):
        load, rank = heapq.heappop(heap)
        owner[number] = rank
        heapq.heappush(heap, (load + amount, rank))
    return {"missing": ranges(missing), "owner": owner}


def _read(tree: Tree, place: int, trees: list[Tree], count: int, owned: set[int], beat: _Beat) -> dict[str, Any]:
    """Return what is found in this rank's share of *tree*: how much was read, and what is not as recorded."""
    found: dict[str, Any] = {"fault": tree.fault, "files": 0, "bytes": 0, **{kind: [0, []] for kind in KINDS}}
    if tree.manifest is None:
        return found
    hash_one = file_engine()
    for number, entry in enumerate(tree.manifest, _numbered(trees, count)[place]):
        if number % count not in owned:
            continue
        beat()
        path = os.path.join(tree.path, entry.path)
        digest = hash_one(os.fsencode(path), tick=beat)
        if isinstance(digest, Problem):
            gone = digest.errno and not os.path.lexists(path)
            _note(found, "removed" if gone else "unreadable", entry.path, "" if gone else fault(digest))
        elif digest.hex() != entry.digest:
            _note(found, "changed", entry.path)
        else:
            found["files"] += 1
            found["bytes"] += _size(path)
    return found


def _list(tree: Tree, found: dict[str, Any]) -> None:
    """Add to *found* what is there and was not recorded, and what keeps the tree from being listed."""
    known = {os.fsencode(entry.path) for entry in tree.manifest or ()}
    try:
        handle = os.open(tree.path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError as error:
        found["fault"] = f"it cannot be listed: {(error.strerror or str(error)).lower()}"
        return
    try:
        listing = Listing(handle, Ignore(validate(tree.ignore)), lambda _: None)
        listing.run()
    except EnvguardError as error:
        found["fault"] = error.message
        return
    finally:
        os.close(handle)
    for folder in listing.folders:
        for name, _ in folder.files:
            if folder.path + name not in known:
                _note(found, "added", os.fsdecode(folder.path + name))
    for problem in listing.problems:
        # What was recorded and cannot be read is told by whoever was to read it.
        if problem.path not in known:
            _note(found, "unreadable", os.fsdecode(problem.path), fault(problem))


def _note(found: dict[str, Any], kind: str, path: str, why: str = "") -> None:
    # Whatever a name is made of, it is text that can be sent.
    text = os.fsencode(path).decode("utf-8", "backslashreplace")[:_LONGEST_NAME]
    found[kind][0] += 1
    bisect.insort(found[kind][1], f"{text} {why}" if why else text)
    del found[kind][1][NAMED:]


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _joined(came: Mapping[int, Mapping[str, Any]], size: int, count: int) -> dict[str, Any]:
    """Return what all ranks found of each tree, in the order of the ranks."""
    whole: list[dict[str, Any]] = [
        {"fault": None, "files": 0, "bytes": 0, "ranks": {}, **{kind: [0, []] for kind in KINDS}} for _ in range(count)
    ]
    for rank in sorted(came):
        found = came[rank].get("found")
        if not isinstance(found, list) or len(found) != count:
            raise RanksError(f"the message of rank {rank} has no share that can be read")
        for tree, part in zip(whole, found, strict=True):
            if part["fault"] is not None and tree["fault"] is None:
                tree["fault"] = f"{part['fault']} (rank {rank})"
            tree["files"] += part["files"]
            tree["bytes"] += part["bytes"]
            for kind in KINDS:
                tree[kind][0] += part[kind][0]
                tree[kind][1] = sorted([*tree[kind][1], *part[kind][1]])[:NAMED]
                if part[kind][0]:
                    tree["ranks"].setdefault(kind, []).append(rank)
    return {"missing": ranges(rank for rank in range(size) if rank not in came), "trees": whole}


def _tree(tree: Tree, whole: Mapping[str, Any], size: int) -> SharedTree:
    return SharedTree(
        name=tree.name,
        path=tree.path,
        files=whole["files"],
        bytes=whole["bytes"],
        ranks=size,
        fault=whole["fault"],
        wrong=tuple(
            (kind, whole[kind][0], tuple(whole[kind][1]), ranges(whole["ranks"][kind]))
            for kind in KINDS
            if whole[kind][0]
        ),
    )
