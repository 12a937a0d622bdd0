"""One line of a manifest, written and read."""

from __future__ import annotations

import os
import re

_PART = rb"(?!\.{1,2}[/\n])[^/\\\0\r\n]++"
_PLAIN = re.compile(rb"[0-9a-f]{64}  (" + _PART + rb"(?:/" + _PART + rb")*+)\n")
_DIGEST = re.compile(rb"[0-9a-f]{64}")
_SPECIAL = re.compile(rb"[\\\n\r]")
_ESCAPE = re.compile(rb"\\(.?)", re.DOTALL)
_WRITTEN = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_MEANT = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}


class WrongLineError(Exception):
    """What is wrong with one line."""


def written(path: bytes, digest: bytes) -> bytes:
    """Return the line of the file *path*, whose digest is the hexadecimal *digest*."""
    if _SPECIAL.search(path) is None:
        return b"%s  %s\n" % (digest, path)
    return b"\\%s  %s\n" % (digest, _SPECIAL.sub(lambda found: _WRITTEN[found[0]], path))


def taken(text: bytes) -> tuple[bytes, bytes]:
    """Return the path and the digest in a line that has been checked."""
    if text.startswith(b"\\"):
        return _unescaped(text[67:-1]), text[1:65]
    return text[66:-1], text[:64]


def checked(data: bytes, start: int) -> tuple[bytes, int]:
    """Return the path in the line that begins at *start*, and where the next begins; WrongLineError where it is none."""
    if plain := _PLAIN.match(data, start):
        return plain[1], plain.end()
    end = data.find(b"\n", start)
    if end < 0:
        raise WrongLineError("is cut off: expected a newline at the end of every line")
    path = _path(data[start:end])
    if b"\0" in path:
        raise WrongLineError("has a NUL byte in its path, which no file has")
    if path.startswith(b"/"):
        raise WrongLineError(f"has the absolute path {shown(path)}: expected one relative to the root of the tree")
    for part in path.split(b"/") if path else ():
        if part in (b"", b".", b".."):
            raise WrongLineError(f"has the path {shown(path)} with the part {shown(part)}: expected names alone")
    if not path:
        raise WrongLineError("has no path")
    return path, end + 1


def _path(text: bytes) -> bytes:
    """Return the path in a line, whatever it is, unescaped."""
    escaped = text.startswith(b"\\")
    digest, gap, path = text[escaped : escaped + 64], text[escaped + 64 : escaped + 66], text[escaped + 66 :]
    if not _DIGEST.fullmatch(digest):
        if _DIGEST.fullmatch(digest.lower()):
            raise WrongLineError("has a digest in upper case: expected lower-case hexadecimal digits")
        raise WrongLineError(f"has {shown(digest)} for a digest: expected 64 lower-case hexadecimal digits")
    if gap != b"  ":
        raise WrongLineError(f"has {shown(gap)} after the digest: expected two spaces")
    special = _SPECIAL.search(path)
    if not escaped:
        if special:
            what = "backslash" if special[0] == b"\\" else "carriage return"
            raise WrongLineError(
                f"has a bare {what} in its path: expected it escaped, and a backslash before the digest"
            )
        return path
    if not special:
        raise WrongLineError("begins with a backslash, but nothing in its path is escaped")
    if b"\r" in path:
        raise WrongLineError("has a bare carriage return in its path: expected it escaped")
    for found in _ESCAPE.finditer(path):
        if found[1] not in _MEANT:
            raise WrongLineError(f"has the unknown escape {os.fsdecode(found[0])}: expected \\\\, \\n or \\r")
    return _unescaped(path)


def shown(path: bytes) -> str:
    """Return *path* as a message shows it: in quotes, with nothing in it that a terminal cannot show."""
    return repr(os.fsdecode(path))


def _unescaped(path: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: _MEANT[found[1]], path)
