"""The files that a ``conda-lock.yml`` says it was made from."""

from __future__ import annotations

import os

from ...getters import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...reader import Reader
    from ..model import Lock


def input_files(_: Reader, lock: Lock) -> list[str]:
    """Return the paths of the sources of *lock*; LockfileError where it has no list of names."""
    folder = os.path.dirname(lock.path)
    names = Table(lock.path, ("metadata",), lock.manifest).texts("sources")
    return [os.path.normpath(os.path.join(folder, name)) for name in names]
