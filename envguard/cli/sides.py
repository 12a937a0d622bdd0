"""The two sides of ``envguard diff``: what OLD and NEW name, and which files of the two belong together."""

from __future__ import annotations

import os

from ..changed import pairs, project_locks
from ..errors import ConfigError, RepositoryError
from ..observe import find_project
from ..reader import Reader
from ..repository.snapshot import index_reader, revision_reader
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: its *name* for people, the *reader* that sees it, and the file.

    *path* is None where there is no such file, or where the files of a whole project are meant.
    """

    name: str
    reader: Reader
    path: str | None = None


def named_side(folder: str, text: str) -> Side:
    """Return what *text* names: a file that is there, else a revision, with or without a path behind a colon."""
    path = os.path.join(folder, text)
    if os.path.isfile(path):
        return Side(name=text, reader=Reader(), path=os.path.abspath(path))
    revision, _, inside = text.partition(":")
    try:
        reader = revision_reader(folder, revision)
        reader.exists(reader.root)
    except RepositoryError as error:
        outside = "no git repository" in error.message
        if "no revision" not in error.message and not outside:
            raise
        if text == HEAD:
            why = "this folder is in no git repository" if outside else "nothing was committed yet"
            hint = "name two locks: envguard diff OLD NEW"
            raise ConfigError(f"{why}, so that there is nothing to compare with", hint=hint) from None
        raise ConfigError(
            f"there is no file '{text}', and no revision '{revision}'", hint="git log --oneline"
        ) from None
    if inside:
        # As git has it: from the top of the repository, unless it begins with a dot.
        start = folder if inside.startswith(("./", "../")) else reader.root
        path = os.path.normpath(os.path.join(start, inside))
        if not reader.is_file(path):
            raise ConfigError(f"there is no {inside} in revision {revision}")
        return Side(name=text, reader=reader, path=path)
    return Side(name=revision, reader=reader)


def current_side(folder: str, *, staged: bool) -> Side:
    """Return the working tree around *folder*, or what is *staged* there."""
    reader = index_reader(folder) if staged else Reader()
    return Side(name="what is staged" if staged else "the working tree", reader=reader)


def matched(folder: str, before: Side, after: Side) -> Iterator[tuple[Side, Side]]:
    """Yield the files of *before* and *after* that belong together, of the project around *folder* where they name none.

    Of a side that names one only the file of the same path counts on the other, if it is there.
    """
    if before.path is not None and after.path is not None:
        yield before, after
        return
    for one, other in ((before, after), (after, before)):
        # Two readers of the working tree would see the same file.
        apart = type(one.reader) is not Reader or type(other.reader) is not Reader
        if one.path is not None and apart and other.reader.is_file(one.path):
            found = Side(name=other.name, reader=other.reader, path=one.path)
            yield (one, found) if one is before else (found, one)
            return
    old, new = (
        {os.path.basename(side.path): side.path} if side.path is not None else _locks(side.reader, folder)
        for side in (before, after)
    )
    for was, now in pairs(old, new):
        yield (
            Side(name=before.name, reader=before.reader, path=was),
            Side(name=after.name, reader=after.reader, path=now),
        )


def _locks(reader: Reader, folder: str) -> dict[str, str]:
    """Return the locks of the project around *folder* as *reader* sees it, by their names; none where there is no project."""
    # A folder that holds nothing that was committed is not there in a revision.
    while not reader.exists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    try:
        project = find_project(reader, folder)
    except ConfigError:
        return {}
    return project_locks(reader, project)
