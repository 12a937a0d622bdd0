"""The manifest of a ``pixi.lock``: ``pixi.toml``, or ``[tool.pixi]`` beside ``[project]`` in ``pyproject.toml``.

What counts where is as in pixi's crate "pixi_manifest": features hold requirements, environments are made of features, and the
feature ``default`` is part of every environment that does not refuse it.
"""

from __future__ import annotations

import os

from ...errors import ConfigError
from ...names import normalize
from ...toml import kind, read_toml
from ...values import dataclass, field, replace
from ..manifests.section import MAX_BYTES, Section
from ..manifests.section import NAME as PYPROJECT
from .requirements import Target, conda_only, of_project, target
from .tables import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...reader import Reader
    from .requirements import CondaRequirement, PythonRequirement

    Keys = tuple[str | int, ...]

NAMES = ("pixi.toml", "mojoproject.toml")
# How a manifest calls what a lock calls by the names of virtual packages.
_VIRTUAL = {
    "cuda": "__cuda",
    "glibc": "__glibc",
    "libc": "__glibc",
    "linux": "__linux",
    "macos": "__osx",
    "osx": "__osx",
    "windows": "__win",
    "win": "__win",
    "archspec": "__archspec",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform: its *name*, the conda platform that it is, and the virtual packages that are declared for it."""

    name: str
    subdir: str
    virtual: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature.

    *channels* and *platforms* are None where it leaves them to the workspace; *targets* begin with the one that is for every
    platform. *options* is the table ``pypi-options``.
    """

    name: str
    keys: Keys
    channels: tuple[str, ...] | None
    platforms: tuple[str, ...] | None
    targets: tuple[Target, ...]
    options: Mapping[str, Any]
    strategy: str | None
    priority: str | None
    virtual: Mapping[str, str]

    @property
    def python(self) -> Iterator[PythonRequirement]:
        """The requirements of Python, for whatever platform."""
        for part in self.targets:
            yield from part.python


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest.

    *environments* map a name to its features in order, *groups* to the solve group that it is in, if it is in one; *keys* is
    where the workspace is declared.
    """

    path: str
    keys: Keys
    channels: tuple[str, ...]
    platforms: tuple[Platform, ...]
    features: Mapping[str, Feature]
    environments: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, str]
    exclude_newer: object = None

    def features_of(self, environment: str) -> list[Feature]:
        """Return the features of *environment*, in their order."""
        return [self.features[name] for name in self.environments[environment]]


def read_manifest(reader: Reader, folder: str) -> Manifest | None:
    """Return the manifest in *folder*, None where there is none.

    Raises ConfigError with the line or the key path where it cannot be used, UnreadableError where it cannot be read.
    """
    for name in NAMES:
        path = os.path.join(folder, name)
        if reader.exists(path):
            root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
            return _manifest(root, None)
    path = os.path.join(folder, PYPROJECT)
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    tool = root.table("tool")
    return _manifest(tool.table("pixi"), root) if "pixi" in tool.value else None


def _manifest(root: Section, project: Section | None) -> Manifest:
    """Return the manifest in *root*; *project* is the document around it where that is a ``pyproject.toml``."""
    workspace = root.table("workspace" if "workspace" in root.value else "project")
    features = {DEFAULT: _feature(root, DEFAULT)}
    more = root.table("feature")
    for name in more.value:
        features[name] = _feature(more.table(name), name)
    if project is not None:
        for name, added in of_project(project):
            features[name] = _with(features.get(name) or _feature(Section(root.path, root.keys, {}), name), added)
        features[DEFAULT] = _with_python(features[DEFAULT], project)
    environments: dict[str, tuple[str, ...]] = {DEFAULT: (DEFAULT,)}
    groups: dict[str, str] = {}
    declared = root.table("environments")
    for name, value in declared.value.items():
        environments[name] = _environment(declared, name, features)
        group = declared.table(name).text("solve-group") if isinstance(value, dict) else None
        if group is not None:
            groups[name] = group
    return Manifest(
        path=root.path,
        keys=workspace.keys,
        channels=tuple(_channels(workspace, "channels")),
        platforms=tuple(_platforms(workspace)),
        features=features,
        environments=environments,
        groups=groups,
        exclude_newer=workspace.value.get("exclude-newer"),
    )


def _feature(table: Section, name: str) -> Feature:
    own = table.table("workspace" if "workspace" in table.value else "project") if name == DEFAULT else table
    options = dict(own.table("pypi-options").value) if name == DEFAULT else {}
    options.update(table.table("pypi-options").value)
    targets = table.table("target")
    return Feature(
        name=name,
        keys=table.keys,
        channels=tuple(_channels(table, "channels")) if name != DEFAULT and "channels" in table.value else None,
        platforms=table.texts("platforms") if name != DEFAULT and "platforms" in table.value else None,
        targets=(target(table, None), *(target(targets.table(selector), selector) for selector in targets.value)),
        options=options,
        strategy=own.text("solve-strategy"),
        priority=own.text("channel-priority"),
        virtual=_system_requirements(table.table("system-requirements")),
    )


def _with(feature: Feature, added: tuple[PythonRequirement, ...]) -> Feature:
    first, *rest = feature.targets
    return replace(feature, targets=(replace(first, python=(*first.python, *added)), *rest))


def _with_python(feature: Feature, project: Section) -> Feature:
    """Return *feature* with the Python that the project requires, unless the feature says itself which one."""
    first, *rest = feature.targets
    if any(item.name == "python" for item in first.conda):
        return feature
    table = project.table("project")
    asked: CondaRequirement = conda_only("python", table.text("requires-python"), (*table.keys, "requires-python"))
    return replace(feature, targets=(replace(first, conda=(*first.conda, asked)), *rest))


def _environment(table: Section, name: str, features: dict[str, Feature]) -> tuple[str, ...]:
    value = table.value[name]
    if isinstance(value, list):
        names = list(table.texts(name))
        default = True
    elif isinstance(value, dict):
        own = table.table(name)
        names = list(own.texts("features"))
        default = own.get("no-default-feature", bool) is not True
        if own.value.keys() - {"features", "solve-group", "no-default-feature"}:
            # What stands in the environment itself is a feature of its own, before the others.
            inline = f"environment {name}"
            features[inline] = _feature(own, inline)
            names.insert(0, inline)
    else:
        raise table.error(name, f"expected a list of features or a table, found {kind(value)}")
    for feature in names:
        if feature not in features:
            raise table.error(name, f"there is no feature '{feature}'")
    return tuple(dict.fromkeys((*names, DEFAULT) if default else names))


def _channels(table: Section, key: str) -> Iterator[str]:
    """Yield the channels, those of a higher priority first."""
    found: list[tuple[int, str]] = []
    for index, item in enumerate(table.get(key, list) or []):
        if isinstance(item, str):
            found.append((0, item))
        else:
            own = Section(table.path, (*table.keys, key, index), item)
            found.append((-(own.get("priority", int) or 0), own.required("channel")))
    yield from (name for _, name in sorted(found, key=lambda item: item[0]))


def _platforms(workspace: Section) -> Iterator[Platform]:
    for index, item in enumerate(workspace.get("platforms", list) or []):
        if isinstance(item, str):
            yield Platform(name=item, subdir=item)
            continue
        own = Section(workspace.path, (*workspace.keys, "platforms", index), item)
        subdir = own.text("platform") or own.text("subdir") or own.required("name")
        yield Platform(name=own.text("name") or subdir, subdir=subdir, virtual=_declared(own))


def _declared(table: Section) -> dict[str, str]:
    return {_VIRTUAL[key]: str(value) for key, value in table.value.items() if key in _VIRTUAL}


def _system_requirements(table: Section) -> dict[str, str]:
    found = _declared(table)
    libc = table.value.get("libc")
    if isinstance(libc, dict):
        own = table.table("libc")
        found.pop("__glibc", None)
        if normalize(own.text("family") or "glibc") == "glibc":
            found["__glibc"] = own.required("version")
    return found
