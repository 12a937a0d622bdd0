"""A work tree as one input of a check: what is said of it, as text that a trace can keep.

A clean check that is answered from its trace must know the state of the work tree, and must not start git to learn it. So what
git said is kept together with the stat of everything that it looked at: while all of that is as it was, git would say the same.
It is kept only where none of it is so young that a later change could have the same stat. This module lies on the path of
every clean check: it imports nothing heavy.
"""

from __future__ import annotations

import json
import os

from ..cache import place, prune, read_checked, replace_checked
from ..trace import ABSENT, Trace, of_stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOM = "worktrees"
_MAGIC = "envguard work tree 1"
_MAX_BYTES = 64 * 1024 * 1024
# Work trees of this machine that are remembered.
_KEPT = 32


def identify(root: str, index: str | None) -> str:
    """Return what tells one look at a work tree from another: its *root*, and the index that stands for its own."""
    return f"{root}\0{index or ''}"


def tell(identity: str) -> str:
    """Return what git says of a work tree now: the JSON of a ``WorkTree``; RepositoryError where it says nothing."""
    from .places import places
    from .worktree import look

    root, _, index = identity.partition("\0")
    trace = Trace()
    seen = look(places(root), index=index or None)
    text = json.dumps(seen.worktree.document(), sort_keys=True)
    for path, signature in seen.watched.items():
        trace.saw_file(path, signature)
    if trace.settled():
        _keep(identity, text, trace.files)
    return text


def retell(identity: str) -> str:
    """Return what ``tell`` does, from what is kept where that still holds; nothing where git says nothing."""
    kept = _kept(identity)
    if kept is not None:
        return kept
    from ..errors import EnvguardError

    try:
        return tell(identity)
    except (EnvguardError, OSError, ValueError):
        # The check that is now made from the start meets it again, where it can be said.
        return ""


def _kept(identity: str) -> str | None:
    path = place(_ROOM, identity)
    body = None if path is None else read_checked(path, _MAGIC, limit=_MAX_BYTES)
    if body is None:
        return None
    name, text, *lines = body.decode("utf-8", "surrogateescape").split("\n")
    if name != identity:
        return None
    lstat = os.lstat
    for line in lines:
        signature, _, watched = line.partition("\t")
        try:
            now = of_stat(lstat(watched))
        except (OSError, ValueError):
            now = ABSENT
        if now != signature:
            return None
    return text


def _keep(identity: str, text: str, watched: Mapping[str, str]) -> None:
    path = place(_ROOM, identity)
    if path is None or "\n" in identity:
        return
    lines = [identity, text, *(f"{signature}\t{name}" for name, signature in watched.items())]
    body = "\n".join(lines).encode("utf-8", "surrogateescape")
    if replace_checked(path, _MAGIC, body, limit=_MAX_BYTES):
        prune(os.path.dirname(path), files=_KEPT, size=4 * _MAX_BYTES)
