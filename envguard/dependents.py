"""Locks of other projects that are made from a folder: what its manifest asks for is part of them."""

from __future__ import annotations

import os

from .errors import EnvguardError
from .lockfiles import read_lock
from .lockfiles.formats import format_of
from .lockfiles.parts import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .repository.snapshot import SnapshotReader


def dependents(index: SnapshotReader, folder: str) -> Iterator[str]:
    """Yield the locks that *index* has and that have a package which is built from *folder*, absolute.

    One that cannot be read is among them where the folder is named in it: whoever judges it says what is wrong.
    """
    for path in index.files():
        form = format_of(os.path.basename(path))
        beside = os.path.dirname(path)
        if form is None or not form.certain or beside == folder:
            continue
        name = os.path.relpath(folder, beside)
        try:
            # Most locks have nothing of the kind, and need not be understood for that.
            if name.encode("utf-8", "surrogateescape") not in index.read_bytes(path):
                continue
            packages = read_lock(index, path).packages
        except EnvguardError:
            yield path
            continue
        sources = (package.source for package in packages if package.source.kind in LOCAL)
        if any(os.path.normpath(os.path.join(beside, source.location)) == folder for source in sources):
            yield path
