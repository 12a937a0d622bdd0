"""Which commit a checkout is at, told from git's own files: what ``pip install -e git+...`` leaves of where it came from.

The files are those of "gitrepository-layout". Nothing of git is run in a folder that an environment names.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..errors import UnreadableError

if TYPE_CHECKING:
    from ..reader import Reader

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = re.compile(r"ref: (?P<name>refs/[^\0]+)")
_SMALL = 4096
_PACKED = 16 * 1024 * 1024


def checked_out(reader: Reader, folder: str) -> str | None:
    """Return the commit that the working tree in *folder* was made from, None where its files do not tell."""
    git = os.path.join(folder, ".git")
    head = _line(reader, os.path.join(git, "HEAD"))
    if head is None or _COMMIT.fullmatch(head):
        return head
    match = _BRANCH.fullmatch(head)
    if match is None or ".." in match["name"].split("/"):
        return None
    commit = _line(reader, os.path.join(git, match["name"])) or _packed(reader, git, match["name"])
    return commit if commit is not None and _COMMIT.fullmatch(commit) else None


def _line(reader: Reader, path: str) -> str | None:
    text = _text(reader, path, _SMALL)
    return text.strip() if text is not None else None


def _packed(reader: Reader, git: str, name: str) -> str | None:
    text = _text(reader, os.path.join(git, "packed-refs"), _PACKED) or ""
    lines = (line.partition(" ") for line in text.splitlines())
    return next((commit for commit, _, ref in lines if ref == name), None)


def _text(reader: Reader, path: str, limit: int) -> str | None:
    try:
        return reader.read_text(path, limit=limit) if reader.is_file(path) else None
    except UnreadableError:
        return None
