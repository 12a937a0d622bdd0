"""Locks that were read before: parsed once, kept by their content, and read again in a tenth of the time.

What is kept is the whole ``Lock``, and what follows from it and its manifests alone: whether it is fresh and where it
contradicts itself. What a reader looked at besides the lock (the manifest beside it, say) is compared by content.
"""

from __future__ import annotations

from .. import results
from .._native import hexdigest
from ..columns import PLAIN, TEXTS, many, one, pack, table, unpack, word
from ..errors import EnvguardError
from ..notes import NotingReader
from .model import (
    Artifact,
    Commands,
    CondaBuild,
    ConflictItem,
    Edge,
    FreshnessVerdict,
    Inconsistency,
    Lock,
    LockedPackage,
    Parts,
    Reason,
    Source,
    SourceKind,
    When,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..columns import Shape
    from ..reader import Reader

    Verdicts = tuple[FreshnessVerdict, tuple[Inconsistency, ...]]

# What a field holds that is no plain scalar; a field that is missing here makes packing fail, so that nothing is kept.
SHAPES: Mapping[type, Mapping[str, Shape]] = {
    Source: {"kind": word(SourceKind)},
    Edge: {"source": one(Source), "extras": TEXTS},
    LockedPackage: {
        "source": one(Source),
        "markers": TEXTS,
        "dependencies": many(Edge),
        "extras": table(Edge),
        "groups": table(Edge),
        "artifacts": many(Artifact),
        "default_groups": TEXTS,
        "group_requires_python": PLAIN,
        "metadata": PLAIN,
        "when": many(When),
        "keys": TEXTS,
        "parts": one(Parts),
        "conda": one(CondaBuild),
    },
    CondaBuild: {"python": TEXTS},
    Lock: {
        "markers": TEXTS,
        "supported": TEXTS,
        "required": TEXTS,
        "conflicts": many(many(ConflictItem)),
        "members": TEXTS,
        "packages": many(LockedPackage),
        "commands": one(Commands),
        "manifest": PLAIN,
        "options": PLAIN,
        "extras": TEXTS,
        "groups": TEXTS,
        "default_groups": TEXTS,
        "files": TEXTS,
        "supported_keys": TEXTS,
        "requires_keys": TEXTS,
        "overrides": TEXTS,
        "restated": TEXTS,
        "unlisted": many(LockedPackage),
    },
    Reason: {"keys": TEXTS},
    FreshnessVerdict: {"reasons": many(Reason)},
    Inconsistency: {"keys": TEXTS},
}


def lock_at(reader: Reader, path: str, parse: Callable[[Reader], Lock]) -> Lock:
    """Return the lock at *path*: as it was kept, else as *parse* reads it, whose errors are the caller's to expect."""
    data = _content(reader, path)
    return parse(reader) if data is None else _lock(reader, path, data, parse)


def judged_at(
    reader: Reader, path: str, parse: Callable[[Reader], Lock], judge: Callable[[Reader, Lock], Verdicts]
) -> tuple[Lock, Verdicts]:
    """Return the lock at *path* and the verdicts on it: as they were kept, else as *parse* and *judge* find them."""
    data = _content(reader, path)
    if data is None:
        lock = parse(reader)
        return lock, judge(reader, lock)
    # The verdicts follow from all that the lock follows from, and from what is looked at to judge it.
    noting = NotingReader(reader, {path: data})
    lock = _lock(noting, path, data, parse)
    key = ("verdicts", path, hexdigest(data))
    kept = _unpacked(results.recall(key, reader), FreshnessVerdict, Inconsistency)
    if kept is not None:
        (verdict,), found = kept
        return lock, (verdict, tuple(found))
    verdicts = judge(noting, lock)
    _remember(key, noting, (FreshnessVerdict, [verdicts[0]]), (Inconsistency, verdicts[1]))
    return lock, verdicts


def _content(reader: Reader, path: str) -> bytes | None:
    try:
        return reader.read_bytes(path, limit=results.MAX_BYTES)
    except EnvguardError:
        # Whoever parses it says what is wrong with it.
        return None


def _lock(reader: Reader, path: str, data: bytes, parse: Callable[[Reader], Lock]) -> Lock:
    key = ("lock", path, hexdigest(data))
    kept = _unpacked(results.recall(key, reader), Lock)
    if kept is not None:
        lock: Lock = kept[0][0]
        return lock
    noting = NotingReader(reader, {path: data})
    lock = parse(noting)
    _remember(key, noting, (Lock, [lock]))
    return lock


def _unpacked(kept: Any, *types: type) -> list[list[Any]] | None:
    if kept is None:
        return None
    try:
        return [unpack(of, packed, SHAPES) for of, packed in zip(types, kept, strict=True)]
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _remember(key: tuple[str, ...], noting: NotingReader, *parts: tuple[type, Any]) -> None:
    try:
        packed = [pack(of, values, SHAPES) for of, values in parts]
    except TypeError:
        # A value that JSON does not have: a date in a table, say.
        return
    results.remember(key, noting, packed)
