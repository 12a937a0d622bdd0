"""What became of a file that is not as its installer wrote it, as far as its times, its size and its links tell."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from ..errors import UnreadableError
from .compare import digest_of

if TYPE_CHECKING:
    from ..reader import Reader

_SECOND_NS = 10**9
_SCRIPT = 1024 * 1024
_SCRIPTS = frozenset(("bin", "scripts"))
# What stands in a wheel in the place of an interpreter (binary distribution format, "Recommended installer features").
_PLACEHOLDERS = (b"#!python", b"#!pythonw")


def cause_of(path: str, written: bytes, installed_ns: int | None) -> tuple[str, str | None, bool]:
    """Return what became of the file at *path*, of which *written* bytes were recorded, when, and whether it has hard links.

    *installed_ns* is when its installer wrote the RECORD, which it does last; None where that is not known.
    """
    try:
        st = os.stat(path)
    except OSError:
        return "gone again", None, False
    linked = st.st_nlink > 1
    shorter = written.isdigit() and st.st_size < int(written[:20])
    late = installed_ns is not None and st.st_mtime_ns > installed_ns + _SECOND_NS
    if shorter and (st.st_size == 0 or not late):
        return "cut short: the installation broke off, or the disk was full", None, linked
    if late:
        return "edited after the installation", _date(st.st_mtime_ns), linked
    if linked:
        return "linked to an installer's cache where it was edited", _date(st.st_mtime_ns), linked
    return "changed, and its times do not tell when", None, linked


def is_rewritten_script(reader: Reader, path: str, digest: bytes) -> bool:
    """Return whether the file at *path* is a script whose *digest* was taken before its first line was rewritten.

    That is what pip did up to 20.3 (pip issue 10744).
    """
    if os.path.basename(os.path.dirname(path)).lower() not in _SCRIPTS:
        return False
    try:
        content = reader.read_bytes(path, limit=_SCRIPT)
    except UnreadableError:
        return False
    first, newline, rest = content.partition(b"\n")
    if not first.startswith(b"#!"):
        return False
    end = b"\r" * first.endswith(b"\r") + newline
    wanted = digest_of(digest)
    return any(hashlib.sha256(line + end + rest).digest() == wanted for line in _PLACEHOLDERS)


def _date(ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ns // _SECOND_NS))
