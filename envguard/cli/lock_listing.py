"""What ``envguard lock list`` does, once it is known what is asked for."""

from __future__ import annotations

import os

from ..config import load_config
from ..errors import ConfigError, LockfileError
from ..installed import find_environment
from ..lockfiles import find_lock, read_lock
from ..lockfiles.model import Refused
from ..lockfiles.select import select
from ..observe import Request, choose_selection, find_project
from ..reader import Reader
from .answered import keep
from .console import start_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..lockfiles.model import Lock, LockedPackage, Selected
    from ..model import Selection
    from .console import Console


def list_locked(
    console: Console,
    lock: str | None = None,
    *,
    request: Request | None = None,
    python_version: str | None = None,
    platform: str | None = None,
    form: str = "text",
) -> int:
    """List what *lock* (a lockfile or the folder of a project) selects, keep the answer, and return the exit status."""
    request = request or Request()
    reader = Reader()
    project, path = _find(reader, lock)
    read = read_lock(reader, path)
    config = load_config(reader, project)
    chosen = choose_selection(request, config, None)
    named = os.path.join(project, config.python) if config.python is not None else None
    markers: Mapping[str, str] = find_environment(reader, project, request.python or named).markers
    if chosen.extras or chosen.groups or platform is not None:
        # What somebody asks for need not be the environment that pixi made here.
        markers = {name: value for name, value in markers.items() if not name.startswith("pixi_")}
    if python_version is not None or platform is not None:
        from ..lockfiles.environments import named_environment

        markers = named_environment(markers, python_version=python_version, platform=platform)
    selected = select(read, chosen, markers)
    if isinstance(selected, Refused):
        raise LockfileError(selected.message, path=path, keys=selected.keys)
    text = _json(read, selected, chosen, markers) if form == "json" else _text(selected)
    console.emit(text)
    keep(console.arguments, reader.trace, text)
    return 0


def _find(reader: Reader, lock: str | None) -> tuple[str, str]:
    """Return the folder of the project and the path of the lock that *lock* names."""
    if lock is not None and not reader.is_dir(os.path.abspath(lock)):
        path = os.path.abspath(lock)
        return os.path.dirname(path), path
    project = find_project(reader, lock if lock is not None else start_folder())
    named = next(iter(load_config(reader, project).locks), None)
    path = find_lock(reader, project, named) or ""
    if not path:
        from ..expected import expected_lock

        name, form = expected_lock(reader, project, named)
        raise ConfigError(f"there is no {name} in the project", path=project, hint=form.lock)
    return project, path


def _text(selected: Selected) -> str:
    return "".join(f"{_line(package)}\n" for package in selected.packages)


def _line(package: LockedPackage) -> str:
    """Return *package* as its installers write it: ``numpy==2.1.0``, and of conda ``numpy=2.1.0=py312_0``."""
    if package.conda is not None:
        return "=".join(filter(None, (package.name, package.version, package.conda.build)))
    return f"{package.name}=={package.version}" if package.version else package.name


def _json(lock: Lock, selected: Selected, selection: Selection, markers: Mapping[str, str]) -> str:
    import json

    document = {
        "schema": {"name": "envguard.lock-list", "version": 1},
        "lock": {"path": lock.path, "digest": lock.digest},
        "selection": {
            "packages": list(selection.packages),
            "extras": list(selection.extras),
            "groups": list(selected.groups),
        },
        "environment": dict(sorted(markers.items())),
        "packages": [_package(package) for package in selected.packages],
    }
    return json.dumps(document, indent=2) + "\n"


def _package(package: LockedPackage) -> dict[str, Any]:
    source, conda = package.source, package.conda
    return {
        "name": package.name,
        "version": package.version,
        "source": {
            "kind": str(source.kind),
            "location": source.location,
            "commit": source.commit,
            "subdirectory": source.subdirectory,
        },
        **({"conda": {"build": conda.build, "subdir": conda.subdir, "md5": conda.md5}} if conda is not None else {}),
        "files": [{"filename": file.filename, "hash": file.hash, "size": file.size} for file in package.artifacts],
    }
