"""Where the packages of locks and environments come from on this machine: paths behind links, commits of checkouts."""

from __future__ import annotations

import os

from .lockfiles.model import SourceKind
from .rules.repair import OWN_VENV

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .installed.model import Inventory
    from .lockfiles.model import Lock
    from .reader import Reader


def real_paths(reader: Reader, project: str, locks: Iterable[Lock], inventory: Inventory) -> dict[str, str]:
    """Return the path behind all links of every local path that *locks* and metadata name, and of the environments, by that path."""
    local = (SourceKind.PATH, SourceKind.DIRECTORY, SourceKind.EDITABLE)
    real = {OWN_VENV: reader.real_path(os.path.join(project, OWN_VENV))}
    for lock in locks:
        for package in lock.packages:
            if package.source.kind in local:
                root = os.path.dirname(package.path or lock.path)
                real.setdefault(package.source.location, reader.real_path(os.path.join(root, package.source.location)))
    origins = (item.origin.path for item in inventory.distributions if item.origin is not None)
    paths: Iterable[str] = (path for path in (*origins, inventory.environment.prefix) if path is not None)
    real.update((path, reader.real_path(path)) for path in paths)
    return real


def checkouts(reader: Reader, locks: Iterable[Lock], inventory: Inventory) -> dict[str, str | None]:
    """Return the commit of each installed checkout that a lock pins, by the path that its metadata names."""
    from .installed.checkout import checked_out

    names = {package.name for lock in locks for package in lock.packages if package.source.editable}
    origins = (item.origin for item in inventory.distributions if item.name in names)
    return {
        origin.path: checked_out(reader, origin.path)
        for origin in origins
        if origin is not None and origin.path is not None
    }
