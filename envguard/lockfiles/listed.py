"""Files of a package as nearly every lock lists them, plain tables of texts, taken over without looking at each by itself."""

from __future__ import annotations

from ..columns import made
from .model import Artifact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def listed(files: Sequence[Any], name: str, digest: str) -> list[tuple[str, str | None]] | None:
    """Return the texts *name* and *digest* of each of *files*; None where not all are tables of these two alone."""
    keys = {name, digest}
    if not all(type(file) is dict and file.keys() == keys for file in files):
        return None
    found: list[tuple[str, str | None]] = [(file[name], file[digest]) for file in files]
    return found if all(type(one) is type(other) is str and one for one, other in found) else None


def artifacts(files: Sequence[tuple[str, str | None]], locations: Sequence[str | None]) -> list[Artifact]:
    """Return *files*, each a name and a hash, as files of a package that are at *locations*."""
    names = [name for name, _ in files]
    columns: dict[str, Sequence[Any]] = {
        "filename": names,
        "wheel": [name.endswith(".whl") for name in names],
        "location": locations,
        "hash": [digest for _, digest in files],
        "size": [None] * len(files),
    }
    return made(Artifact, len(files), columns)


def alike(filename: str, location: str | None, hashes: Sequence[str]) -> tuple[Artifact, ...]:
    """Return a file of a package for each of *hashes*, all of them called *filename*, which may be empty, at *location*."""
    if not hashes:
        return ()
    count = len(hashes)
    columns: dict[str, Sequence[Any]] = {
        "filename": [filename] * count,
        "wheel": [filename.endswith(".whl")] * count,
        "location": [location] * count,
        "hash": hashes,
        "size": [None] * count,
    }
    return tuple(made(Artifact, count, columns))
