"""Locks that were read before: parsed once, kept by their content, and read again in a tenth of the time.

What is kept is the whole ``Lock``, and what follows from it and its manifests alone: whether it is fresh and where it
contradicts itself. What a reader looked at besides the lock (the manifest beside it, say) is compared by content.
"""

from __future__ import annotations

import os

from .. import results
from .._native import hexdigest
from ..columns import PLAIN, TEXTS, Lines, many, one, pack, shared, table, unpack, word
from ..errors import EnvguardError
from ..notes import NotingReader
from .formats import format_of, part
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
        "dependencies": many(shared(Edge)),
        "extras": table(Edge),
        "groups": table(Edge),
        "artifacts": many(Artifact),
        "default_groups": TEXTS,
        "group_requires_python": PLAIN,
        "metadata": PLAIN,
        "when": many(shared(When)),
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
    return _lock(reader, reader, _Content(reader, path), parse)


def judged_at(
    reader: Reader, path: str, parse: Callable[[Reader], Lock], judge: Callable[[Reader, Lock], Verdicts]
) -> tuple[Lock, Verdicts]:
    """Return the lock at *path* and the verdicts on it: as they were kept, else as *parse* and *judge* find them."""
    content = _Content(reader, path)
    digest = content.digest()
    if digest is None:
        lock = parse(reader)
        return lock, judge(reader, lock)
    # The verdicts follow from all that the lock follows from, and from what is looked at to judge it.
    noting = NotingReader(reader, content.known)
    lock = _lock(noting, reader, content, parse)
    key = ("verdicts", path, digest)
    kept = _recalled(key, reader, FreshnessVerdict, Inconsistency)
    if kept is not None:
        (verdict,), found = kept
        return lock, (verdict, tuple(found))
    verdicts = judge(noting, lock)
    _remember(key, noting, (FreshnessVerdict, [verdicts[0]]), (Inconsistency, verdicts[1]))
    return lock, verdicts


class _Content:
    """What the file *path* holds, which is read when it is needed: of what git has, the digest is kept under git's own name."""

    __slots__ = ("_digest", "_reader", "known", "path")

    def __init__(self, reader: Reader, path: str) -> None:
        self._reader = reader
        self.path = path
        self._digest: str | None = None
        # The content by the path, once it is read.
        self.known: dict[str, bytes] = {}

    def digest(self) -> str | None:
        """Return the digest of the content; None where it cannot be read."""
        if self._digest is not None:
            return self._digest
        named = self._reader.identity(self.path)
        kept = results.recall(("content", named), self._reader) if named is not None else None
        if isinstance(kept, str):
            self._digest = kept
        elif self.read():
            self._digest = hexdigest(self.known[self.path])
            if named is not None:
                results.remember(("content", named), NotingReader(self._reader, {}), self._digest)
        return self._digest

    def read(self) -> bool:
        """Return whether the content is ``known`` now; whoever parses what cannot be read says what is wrong with it."""
        if not self.known:
            form = format_of(os.path.basename(self.path))
            if form is not None and self._reader.expect(self.path):
                # What parses it is imported while it is unpacked.
                part(form, "reader")
            try:
                self.known[self.path] = self._reader.read_bytes(self.path, limit=results.MAX_BYTES)
            except EnvguardError:
                return False
        return True


def _lock(reader: Reader, whole: Reader, content: _Content, parse: Callable[[Reader], Lock]) -> Lock:
    """Return the lock of *content*; *reader* is asked what it follows from, and *whole* where nothing can be kept of it."""
    digest = content.digest()
    key = ("lock", content.path, digest or "")
    kept = _recalled(key, reader, Lock) if digest is not None else None
    if kept is not None:
        lock: Lock = kept[0][0]
        return lock
    if digest is None or not content.read():
        return parse(whole)
    noting = NotingReader(reader, content.known)
    lock = parse(noting)
    _remember(key, noting, (Lock, [lock]))
    return lock


def _recalled(key: tuple[str, ...], reader: Reader, *types: type) -> list[list[Any]] | None:
    kept, text = results.recall_with_text(key, reader)
    if kept is None:
        return None
    lines = text.split("\n")
    try:
        return [unpack(of, packed, SHAPES, lines) for of, packed in zip(types, kept, strict=True)]
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _remember(key: tuple[str, ...], noting: NotingReader, *parts: tuple[type, Any]) -> None:
    lines = Lines()
    try:
        packed = [pack(of, values, SHAPES, lines) for of, values in parts]
    except TypeError:
        # A value that JSON does not have: a date in a table, say.
        return
    results.remember(key, noting, packed, lines.text)
