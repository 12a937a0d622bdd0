"""One manifest of a ``uv.lock``: what ``pyproject.toml`` declares (PEP 621, PEP 735, ``[tool.uv]``), and uv's settings."""

from __future__ import annotations

import os

from ... import pep440
from ...errors import ConfigError, UnreadableError
from ...names import normalize
from ...patterns import late
from ...toml import read_toml
from ...values import dataclass
from ..manifests.section import MAX_BYTES, NAME, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...getters import Table
    from ...reader import Reader

SETTINGS = "uv.toml"
_VALID_NAME = late(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A ``pyproject.toml``: its *path*, its *folder*, what its project declares.

    *name* is normalised, and None where there is no ``[project]``; *version* is None where only the backend knows it, and
    *computed* are the other declarations that only the backend knows. *extras* are by their names as written.
    *configures_uv* is whether there is a ``[tool.uv]``, *backend* whether a build backend is named.
    """

    path: str
    folder: str
    name: str | None
    version: str | None
    computed: tuple[str, ...]
    requires_python: str | None
    dependencies: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    groups: Section
    uv: Section
    configures_uv: bool
    backend: bool

    def is_package(self, *, needs_backend: bool) -> bool:
        """Return whether uv builds the project; *needs_backend* where only a build backend makes it one."""
        explicit = self.uv.get("package", bool)
        return bool(explicit) if explicit is not None else self.backend or not needs_backend


def read_manifest(reader: Reader, folder: str) -> Manifest | None:
    """Return the manifest in *folder*, None where there is none.

    Raises ConfigError with the line or the key path where it cannot be used, UnreadableError where it cannot be read.
    """
    path = os.path.join(folder, NAME)
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    tool = root.table("tool")
    project = root.table("project")
    described = "project" in root.value
    dynamic = project.texts("dynamic")
    computed = [field for field in ("dependencies", "optional-dependencies") if field in dynamic]
    if described and "poetry" in tool.value and "dependencies" not in project.value and not computed:
        computed.append("dependencies")
    extras = project.table("optional-dependencies")
    return Manifest(
        path=path,
        folder=folder,
        name=_name(project) if described else None,
        version=_version(project, dynamic) if described else None,
        computed=tuple(computed),
        requires_python=_requires_python(project),
        dependencies=project.texts("dependencies"),
        extras={extra: extras.texts(extra) for extra in extras.value},
        groups=root.table("dependency-groups"),
        uv=tool.table("uv"),
        configures_uv="uv" in tool.value,
        backend="build-system" in root.value,
    )


def _name(project: Section) -> str:
    name = project.required("name")
    if not _VALID_NAME.fullmatch(name):
        raise project.error("name", f"'{name}' is no valid project name")
    return normalize(name)


def _version(project: Section, dynamic: tuple[str, ...]) -> str | None:
    if "version" in dynamic:
        return None
    version = project.text("version")
    if version is None:
        raise ConfigError(
            "the key 'version' is missing, and 'dynamic' does not list it", path=project.path, keys=project.keys
        )
    try:
        pep440.normal(version)
    except ValueError:
        raise project.error("version", f"'{version}' is no version") from None
    return version


def _requires_python(project: Section) -> str | None:
    text = project.text("requires-python")
    if text is not None:
        check_range(project, "requires-python", text)
    return text


def check_range(table: Table, key: str, text: str) -> None:
    """Raise an error of *table* at *key* where *text* is no version range."""
    try:
        pep440.clauses(text)
    except ValueError:
        raise table.error(key, f"'{text}' is no version range") from None


def read_settings(reader: Reader, root: Manifest) -> Section:
    """Return the table that uv takes the settings of its resolver from.

    That is ``uv.toml`` beside the manifest, else ``[tool.uv]``, else the nearest of the two in a folder above. The settings
    of the user and of the machine are left out: whether a lock is stale must not differ from one checkout to another.
    """
    folder = root.folder
    while True:
        own = os.path.join(folder, SETTINGS)
        if reader.exists(own):
            return Section(own, (), read_toml(reader, own, ConfigError, limit=MAX_BYTES))
        if folder == root.folder:
            found = root.uv if root.configures_uv else None
        else:
            found = _settings_above(reader, os.path.join(folder, NAME))
        above = os.path.dirname(folder)
        if found is not None or above == folder:
            return found or root.uv
        folder = above


def _settings_above(reader: Reader, path: str) -> Section | None:
    if not reader.exists(path):
        return None
    try:
        tool = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES)).table("tool")
    except (ConfigError, UnreadableError):
        # uv passes over a manifest of somebody else that it cannot read.
        return None
    return tool.table("uv") if "uv" in tool.value else None
