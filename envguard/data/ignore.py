r"""Patterns for what a tree leaves out: those of a ``.gitignore``, without negation and comments, over the bytes of paths.

- A pattern without a slash (other than a trailing one) matches the name of any file or folder, at any depth.
- With a slash at its beginning or in its middle it matches the path from the root of the tree.
- A trailing ``/`` makes it match folders alone; a link to a folder is one.
- ``*`` and ``?`` do not match ``/``; ``[a-z]`` and ``[!a-z]`` match one byte (``[^a-z]`` is taken as git takes it).
- ``**/`` at the beginning, ``/**/`` and ``/**`` at the end match any number of folders; elsewhere ``**`` is ``*``.
- A backslash takes the meaning from the byte after it. Bytes are compared as they are: case counts, ``é`` is two of them.

A folder that matches is left out with all that is in it. The patterns are part of a recorded tree, so what git would
quietly never match (an open ``[``, a part ``..``) is refused here.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NEVER = re.compile(rb"(?!)")


def validate(patterns: Iterable[str]) -> tuple[bytes, ...]:
    """Return *patterns* as bytes; ConfigError says what is wrong with the first that cannot be used."""
    checked = []
    for pattern in patterns:
        try:
            raw = os.fsencode(pattern)
            _compile(raw)
        except UnicodeEncodeError:
            raise ConfigError(f"the ignore pattern {pattern!r} has a letter that no name has") from None
        except _WrongPatternError as wrong:
            raise ConfigError(f"the ignore pattern {pattern!r} {wrong}", hint=wrong.hint or None) from None
        checked.append(raw)
    return tuple(checked)


class Ignore:
    """A matcher for *patterns*, in time at most proportional to the product of their length and the path's."""

    __slots__ = ("_folder_names", "_folder_paths", "_names", "_paths", "wants_paths")

    def __init__(self, patterns: Sequence[bytes]) -> None:
        kinds: dict[tuple[bool, bool], list[bytes]] = {}
        for pattern in patterns:
            expression, whole, folders = _compile(pattern)
            kinds.setdefault((whole, folders), []).append(expression)

        def union(*, whole: bool, folders: bool) -> re.Pattern[bytes]:
            # What is matched by any kind of entry is matched by a folder too.
            parts = kinds.get((whole, False), []) + (kinds.get((whole, True), []) if folders else [])
            return re.compile(b"|".join(b"(?:%s)" % part for part in parts)) if parts else _NEVER

        self._names = union(whole=False, folders=False)
        self._folder_names = union(whole=False, folders=True)
        self._paths = union(whole=True, folders=False)
        self._folder_paths = union(whole=True, folders=True)
        self.wants_paths = any(whole for whole, _ in kinds)

    def matches(self, parent: bytes, name: bytes, *, folder: bool) -> bool:
        """Return whether the entry *name* in the folder *parent* (``b""``, or a path that ends in ``/``) is left out."""
        names, paths = (self._folder_names, self._folder_paths) if folder else (self._names, self._paths)
        return names.fullmatch(name) is not None or (self.wants_paths and paths.fullmatch(parent + name) is not None)


class _WrongPatternError(Exception):
    """What is wrong with a pattern, and what to write in its place."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _compile(pattern: bytes) -> tuple[bytes, bool, bool]:
    """Return a regular expression for *pattern*, whether it is for whole paths, and whether for folders alone."""
    if not pattern:
        raise _WrongPatternError("is empty")
    if b"\0" in pattern:
        raise _WrongPatternError("has a NUL byte, which no name has")
    if pattern.startswith(b"!"):
        raise _WrongPatternError(
            "is a negation, which is not supported", "write '\\!' for a name that begins with an exclamation mark"
        )
    body = pattern.removeprefix(b"/")
    folders = body.endswith(b"/")
    if folders:
        body = body.removesuffix(b"/")
    parts = body.split(b"/")
    whole = pattern.startswith(b"/") or len(parts) > 1
    for part in parts:
        if not part:
            raise _WrongPatternError("has an empty part, which matches nothing", "write one slash between two names")
        if part in (b".", b".."):
            raise _WrongPatternError(
                f"has the part '{part.decode()}', which matches nothing", "write it relative to the root of the tree"
            )
    expressions = [None if len(part) > 1 and not part.strip(b"*") else _part(part) for part in parts]
    if not whole:
        return expressions[0] or b"[^/]*", whole, folders
    return _path(expressions), whole, folders


def _path(parts: list[bytes | None]) -> bytes:
    """Return the expression of a whole path from those of its parts; None is ``**``.

    Between two ``**`` lies a run of parts, and the first place where it fits is as good as any later one: it leaves the
    most for what follows. So nothing is ever tried again once it fitted, which atomic groups say, and only the last run,
    which must end where the path ends, looks for its place.
    """
    runs: list[list[bytes]] = [[]]
    for part in parts:
        if part is not None:
            runs[-1].append(part)
        elif runs[-1] or len(runs) == 1:
            runs.append([])
    if len(runs) == 1:
        return b"/".join(runs[0])
    first, *middle, last = runs
    text = b"".join(part + b"/" for part in first)
    for run in middle:
        text += b"(?>(?:[^/]+/)*?" + b"".join(part + b"/" for part in run) + b")"
    # A trailing ** is all that lies inside, and at least something.
    return text + (b"(?:[^/]++/)*" + b"/".join(last) if last else b"(?s:.+)")


def _part(part: bytes) -> bytes:
    """Return the expression of one part of a path. Between two stars the first fit is as good as any, as in ``_path``."""
    pieces: list[list[bytes]] = [[]]
    position = 0
    while position < len(part):
        byte = part[position : position + 1]
        position += 1
        if byte == b"*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
        elif byte == b"?":
            pieces[-1].append(b"[^/]")
        elif byte == b"[":
            expression, position = _bracket(part, position)
            pieces[-1].append(expression)
        elif byte == b"\\":
            if position == len(part):
                raise _WrongPatternError(
                    "ends a name in a backslash, which takes the meaning from nothing", "write '\\\\' for a backslash"
                )
            pieces[-1].append(re.escape(part[position : position + 1]))
            position += 1
        else:
            pieces[-1].append(re.escape(byte))
    texts = [b"".join(piece) for piece in pieces]
    if len(texts) == 1:
        return texts[0]
    first, *middle, last = texts
    return first + b"".join(b"(?>[^/]*?%s)" % text for text in middle) + b"[^/]*" + last


def _bracket(part: bytes, position: int) -> tuple[bytes, int]:
    """Return the expression of the set that begins at *position*, after its ``[``, and the position after its ``]``."""
    negated = part[position : position + 1] in (b"!", b"^")
    position += negated
    members: set[int] = set()
    first = True
    while first or part[position : position + 1] != b"]":
        first = False
        if part[position : position + 2] == b"[:":
            raise _WrongPatternError("has a class such as [:alpha:], which is not supported", "write a range: [a-zA-Z]")
        low, position = _member(part, position)
        high = low
        if part[position : position + 1] == b"-" and part[position + 1 : position + 2] not in (b"]", b""):
            high, position = _member(part, position + 1)
        members.update(range(low, high + 1))
    if negated:
        members = set(range(256)) - members
    members.discard(0x2F)
    if not members:
        return b"(?!)", position + 1
    return b"[%s]" % b"".join(b"\\x%02x" % member for member in sorted(members)), position + 1


def _member(part: bytes, position: int) -> tuple[int, int]:
    position += part[position : position + 1] == b"\\"
    if position >= len(part):
        raise _WrongPatternError("has a '[' that is never closed", "write '\\[' for a bracket")
    return part[position], position + 1
