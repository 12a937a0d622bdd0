"""The text of a lockfile: what every format refuses before it is parsed."""

from __future__ import annotations

import re

from ..errors import LockfileError
from ..patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

MAX_BYTES = 64 * 1024 * 1024
# The line end before it is part of it: to look for a character is ten times as fast as to try each line.
_LETTERS = "<=>|"
_LIKE_MERGE = late(rf"\n[{_LETTERS}]{{7}}")
_MERGE = late(r"\n(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)


def read_lock_text(reader: Reader, path: str, *, hint: str, manifest: str = "pyproject.toml") -> tuple[str, str]:
    """Return the text of the lock at *path* with line ends made LF, and its digest, ``blake3:hex``.

    Raises LockfileError where it is empty or where a merge was left unfinished in it, UnreadableError where it cannot be
    read. *hint* is the command that makes the lock anew from its *manifest*.
    """
    from .._native import hexdigest

    text = reader.read_text(path, limit=MAX_BYTES)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    refuse_merge(text, path, hint=f"resolve {manifest} first, then: {hint}")
    if not text or text.isspace():
        raise LockfileError("is empty", path=path, hint=hint)
    return text, f"blake3:{hexdigest(text.encode())}"


def refuse_merge(text: str, path: str, *, hint: str) -> None:
    """Raise LockfileError at the first conflict marker of git in *text*."""
    # To look for what each of them begins with takes a tenth of the time of looking at every line.
    if text[:1] not in _LETTERS and _LIKE_MERGE.search(text) is None:
        return
    text = f"\n{text}"
    if merge := _MERGE.search(text):
        line = text.count("\n", 0, merge.start()) + 1
        raise LockfileError("has an unfinished merge in it", path=path, line=line, hint=hint)
