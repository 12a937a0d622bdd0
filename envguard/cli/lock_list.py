"""``envguard lock list``: what the lock says should be installed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from ..config import load_config
from ..errors import ConfigError, LockfileError
from ..installed import find_environment
from ..lockfiles import find_lock, read_lock
from ..lockfiles.environments import named_environment
from ..lockfiles.model import Refused
from ..lockfiles.select import select
from ..observe import choose_selection, find_project
from ..reader import Reader
from . import options
from .console import Console, start_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..lockfiles.model import Lock, LockedPackage, Selected
    from ..model import Selection


@click.command("list", short_help="List the packages that the lockfile selects.")
@click.argument("lock", required=False, type=click.Path())
@options.selection
@options.python
@click.option("--python-version", metavar="X.Y", help="Ask for another Python version than the environment's.")
@click.option(
    "--platform", metavar="NAME", help="Ask for another platform: linux, macos, windows, or as uv names them."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    lock: str | None,
    python: str | None,
    python_version: str | None,
    platform: str | None,
    form: str,
    **selection: Any,
) -> None:
    """List the packages that LOCK selects for an environment, as name==version, one a line.

    LOCK is a lockfile or the folder of a project; by default the project of the current folder. What no option selects is
    as the settings have it, else as uv installs by default. Nothing is resolved or
    downloaded.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    project, path = _find(reader, lock)
    read = read_lock(reader, path)
    config = load_config(reader, project)
    chosen = choose_selection(options.request(python=python, **selection), config, None)
    named = os.path.join(project, config.python) if config.python is not None else None
    markers: Mapping[str, str] = find_environment(reader, project, python or named).markers
    if python_version is not None or platform is not None:
        markers = named_environment(markers, python_version=python_version, platform=platform)
    selected = select(read, chosen, markers)
    if isinstance(selected, Refused):
        raise LockfileError(selected.message, path=path, keys=selected.keys)
    console.emit(_json(read, selected, chosen, markers) if form == "json" else _text(selected))


def _find(reader: Reader, lock: str | None) -> tuple[str, str]:
    """Return the folder of the project and the path of the lock that *lock* names."""
    if lock is not None and not os.path.isdir(lock):
        path = os.path.abspath(lock)
        return os.path.dirname(path), path
    project = find_project(reader, lock if lock is not None else start_folder())
    named = next(iter(load_config(reader, project).locks), None)
    path = find_lock(reader, project, named) or ""
    if not path:
        raise ConfigError(f"there is no {named or 'lockfile'} in the project", path=project, hint="uv lock")
    return project, path


def _text(selected: Selected) -> str:
    return "".join(
        f"{package.name}=={package.version}\n" if package.version else f"{package.name}\n"
        for package in selected.packages
    )


def _json(lock: Lock, selected: Selected, selection: Selection, markers: Mapping[str, str]) -> str:
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
    source = package.source
    return {
        "name": package.name,
        "version": package.version,
        "source": {
            "kind": str(source.kind),
            "location": source.location,
            "commit": source.commit,
            "subdirectory": source.subdirectory,
        },
        "files": [{"filename": file.filename, "hash": file.hash, "size": file.size} for file in package.artifacts],
    }
