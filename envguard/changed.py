"""Two states of a project: which lock of the one is compared with which of the other."""

from __future__ import annotations

import os

from .config import load_config
from .lockfiles import find_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .reader import Reader

    Pair = tuple[str | None, str | None]


def project_locks(reader: Reader, project: str) -> dict[str, str]:
    """Return the paths of the locks of the folder *project* as *reader* sees it, by their names relative to it.

    They are those that its settings name, as far as they are there, else its own. ConfigError where the settings cannot be
    used, or where several are there and none is named.
    """
    named = load_config(reader, project).locks
    paths = {name: find_lock(reader, project, name) for name in named or (None,)}
    return {name or os.path.relpath(path, project): path for name, path in paths.items() if path is not None}


def pairs(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Pair]:
    """Yield the paths of the locks that belong together; None where the other state has no such lock.

    They are known by their names. Where one is left on either side the project has moved from the one to the other, from
    ``poetry.lock`` to ``uv.lock``, say.
    """
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    yield from ((before[name], after[name]) for name in after if name in before)
    if len(gone) == len(come) == 1:
        yield before[gone[0]], after[come[0]]
        return
    yield from ((None, after[name]) for name in come)
    yield from ((before[name], None) for name in gone)
