"""Results of work on files, kept on this machine by the content of all that was read for them.

A result is given again only to the same code, for the same key, while every note of what was read holds. The store is a hint
as that of answers is: it may be lost, corrupt or of another version without harm. A file of it is two lines of JSON and a text under a digest;
nothing in it is executed.
"""

from __future__ import annotations

import json
import os
import sys
import time

from . import cache
from ._native import hexdigest
from .answers import saw_code
from .notes import still_hold
from .trace import STARTED_NS, Trace, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .notes import NotingReader
    from .reader import Reader

_MAGIC = b"envguard result 2 "
# A lock of a megabyte makes a result of one; a repository has two at a time that matter.
MAX_BYTES = 64 * 1024 * 1024
_MAX_FILES = 64
_FRESH_SECONDS = 3600.0
_NOTHING: tuple[None, str] = (None, "")


def recall(key: Sequence[str], reader: Reader) -> Any:
    """Return the result kept under *key* if *reader* says of all that was read for it what was said then; None otherwise.

    What it was derived from, files and code, becomes an input of the trace of *reader*.
    """
    return recall_with_text(key, reader)[0]


def recall_with_text(key: Sequence[str], reader: Reader) -> tuple[Any, str]:
    """Return the result as ``recall`` does, and the text that was kept beside it."""
    path = _path(key)
    if path is None:
        return _NOTHING
    try:
        with open(path, "rb") as file:
            head, _, body = file.read(MAX_BYTES).partition(b"\n")
        aged = os.stat(path).st_mtime + _FRESH_SECONDS < time.time()
    except OSError:
        return _NOTHING
    if head != _MAGIC + hexdigest(body).encode():
        return _NOTHING
    try:
        inputs, _, rest = body.partition(b"\n")
        result, _, beside = rest.partition(b"\n")
        kept, code, notes = json.loads(inputs.decode("utf-8", "surrogatepass"))
        if kept != _full(key) or any(signature(name) != seen for name, seen in code.items()):
            return _NOTHING
        if not still_hold(notes, reader):
            return _NOTHING
        found = json.loads(result.decode("utf-8", "surrogatepass"))
        text = beside.decode("utf-8", "surrogatepass")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _NOTHING
    for name, seen in code.items():
        reader.trace.saw_file(name, seen)
    if aged:
        cache.touch(path)
    return found, text


def remember(key: Sequence[str], read: NotingReader, result: Any, text: str = "") -> bool:
    """Keep *result* (plain JSON values) and *text* under *key*, as derived from what *read* has noted; return whether that was done.

    It is not where something could not be read, where the code is too young to be told from a later edit of it, where there
    is no folder to keep it in, or where writing fails.
    """
    path = _path(key)
    code = Trace(started_ns=STARTED_NS)
    saw_code(code)
    if path is None or not read.complete or not code.settled():
        return False
    try:
        lines = [_text([_full(key), code.files, read.notes]), _text(result), text]
    except (ValueError, TypeError, RecursionError):
        return False
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    if len(body) > MAX_BYTES or not cache.replace(path, (_MAGIC + hexdigest(body).encode() + b"\n", body)):
        return False
    cache.prune(os.path.dirname(path), files=_MAX_FILES, size=MAX_BYTES)
    return True


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _full(key: Sequence[str]) -> list[str]:
    return [__file__, sys.version, *key]


def _path(key: Sequence[str]) -> str | None:
    base = cache.folder()
    if base is None:
        return None
    name = hexdigest("\0".join(_full(key)).encode("utf-8", "surrogatepass"))[:32]
    return os.path.join(base, "results", name)
