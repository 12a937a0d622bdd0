"""The manifests that a ``uv.lock`` is made from: ``pyproject.toml`` of the root and of every member, ``uv.toml``."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError
from ...toml import read_toml
from ..select import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...reader import Reader

NAME = "pyproject.toml"
MAX_BYTES = 16 * 1024 * 1024
_MAX_MEMBERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One ``pyproject.toml``: its *path*, its *folder*, and its tables; *uv* has ``uv.toml`` on top where there is one."""

    path: str
    folder: str
    project: Mapping[str, Any]
    groups: Mapping[str, Any]
    uv: Mapping[str, Any]
    has_project: bool

    @property
    def name(self) -> str | None:
        """The normalised name of the project."""
        name = self.project.get("name")
        return normalize(name) if isinstance(name, str) else None

    @property
    def dynamic(self) -> tuple[str, ...]:
        """The fields that the build backend fills in."""
        return tuple(str(field) for field in self.project.get("dynamic", ()))


def read_manifest(reader: Reader, folder: str) -> Manifest | None:
    """Return the manifest in *folder*, None where there is none; ConfigError where it cannot be used."""
    path = os.path.join(folder, NAME)
    if not reader.exists(path):
        return None
    document = read_toml(reader, path, ConfigError, limit=MAX_BYTES)
    project = _table(document, path, "project")
    if "project" in document and not isinstance(project.get("name"), str):
        raise ConfigError("the key 'name' is missing or no string", path=path, keys=("project",))
    uv = dict(_table(_table(document, path, "tool"), path, "uv", "tool"))
    own = os.path.join(folder, "uv.toml")
    if reader.exists(own):
        # uv reads its settings from uv.toml alone where both are there; what describes the project stays.
        described = {key: uv[key] for key in _DESCRIBING if key in uv}
        uv = {**read_toml(reader, own, ConfigError, limit=MAX_BYTES), **described}
    return Manifest(
        path=path,
        folder=folder,
        project=project,
        groups=_table(document, path, "dependency-groups"),
        uv=uv,
        has_project="project" in document,
    )


_DESCRIBING = (
    "sources",
    "workspace",
    "conflicts",
    "environments",
    "required-environments",
    "default-groups",
    "dev-dependencies",
    "package",
    "managed",
    "dependency-groups",
    "constraint-dependencies",
    "override-dependencies",
    "build-constraint-dependencies",
    "exclude-dependencies",
)


def _table(document: Mapping[str, Any], path: str, key: str, *above: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError("expected a table", path=path, keys=(*above, key))
    return value


def members(reader: Reader, root: Manifest) -> dict[str, Manifest]:
    """Return the manifests of the workspace of *root* by project name, itself included where it is a project."""
    found = {root.name: root} if root.name is not None else {}
    workspace = root.uv.get("workspace")
    if not isinstance(workspace, dict):
        return found
    excluded = {
        folder for pattern in _patterns(root, workspace, "exclude") for folder in _expand(reader, root.folder, pattern)
    }
    for pattern in _patterns(root, workspace, "members"):
        for folder in _expand(reader, root.folder, pattern):
            if folder in excluded or os.path.basename(folder).startswith("."):
                continue
            manifest = read_manifest(reader, folder)
            if manifest is not None and manifest.name is not None and manifest.uv.get("managed", True):
                found[manifest.name] = manifest
    return found


def _patterns(root: Manifest, workspace: Mapping[str, Any], key: str) -> list[str]:
    value = workspace.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError("expected a list of strings", path=root.path, keys=("tool", "uv", "workspace", key))
    return value


def _expand(reader: Reader, folder: str, pattern: str) -> Iterator[str]:
    """Yield the folders that *pattern* (``packages/*``) means below *folder*."""
    here = [folder]
    for part in pattern.replace("\\", "/").strip("/").split("/"):
        if part in ("", "."):
            continue
        if any(character in part for character in "*?["):
            here = [
                os.path.join(base, name)
                for base in here
                if reader.is_dir(base)
                for name in reader.list_dir(base)
                if fnmatch.fnmatchcase(name, part)
            ]
        else:
            here = [os.path.normpath(os.path.join(base, part)) for base in here]
        here = here[:_MAX_MEMBERS]
    yield from (path for path in here if reader.is_dir(path))


def expand_group(manifest: Manifest, name: str, seen: tuple[str, ...] = ()) -> list[tuple[Any, tuple[str | int, ...]]]:
    """Return the entries of a dependency group with its includes put in (PEP 735), each with its place."""
    groups = {normalize(key): (key, value) for key, value in manifest.groups.items()}
    key, entries = groups.get(name, (name, None))
    if not isinstance(entries, list):
        raise ConfigError(f"there is no dependency group '{name}'", path=manifest.path, keys=("dependency-groups", key))
    if name in seen:
        raise ConfigError("includes itself", path=manifest.path, keys=("dependency-groups", key))
    found: list[tuple[Any, tuple[str | int, ...]]] = []
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
            found += expand_group(manifest, normalize(entry["include-group"]), (*seen, name))
        else:
            found.append((entry, ("dependency-groups", key, number)))
    return found
