"""The manifest of a ``Pipfile.lock``: the packages of each category of a ``Pipfile``, its sources, the Python it requires."""

from __future__ import annotations

from ...errors import ConfigError
from ...names import normalize
from ...toml import kind, read_toml
from ...urls import ARCHIVES
from ..edges import both
from ..manifests.model import Group, Manifest
from ..manifests.requirements import Requirement
from ..manifests.section import MAX_BYTES, Section
from ..markers import SETS, VARIABLES
from ..model import SourceKind
from .tables import CATEGORIES, DEFAULT, VCS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader

__all__ = ["Manifest", "categories", "read_manifest"]

# What a requirement may compare beside its marker, as in sys_platform = "== 'win32'".
_VARIABLES = sorted(VARIABLES.difference(SETS, ("extra",)))
# What else is a table there, beside the categories of packages ("pipenv.utils.pipfile").
_NO_CATEGORIES = frozenset(("source", "requires", "scripts", "pipfile", "pipenv", "build-system"))


def read_manifest(reader: Reader, path: str) -> Manifest | None:
    """Return the ``Pipfile`` at *path*, with its categories by the names that they have in the lock; None where there is none.

    Raises ConfigError with the line or the key path where it cannot be used, UnreadableError where it cannot be read.
    """
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    requires = root.table("requires")
    key = "python_full_version" if "python_full_version" in requires.value else "python_version"
    groups = {
        section: Group(optional=False, requirements=tuple(_requirements(root.table(category))))
        for section, category in categories(root).items()
    }
    return Manifest(
        path=path,
        data=root.value,
        name=None,
        version=None,
        package=False,
        keys=(CATEGORIES[DEFAULT],),
        python="*",
        python_keys=(*requires.keys, key),
        groups=groups,
        extras={},
    )


def categories(root: Section) -> dict[str, str]:
    """Return what each section of the lock is called in the ``Pipfile``, whose document *root* is."""
    taken = _NO_CATEGORIES.union(CATEGORIES, CATEGORIES.values())
    others = [name for name in root.value if name not in taken]
    return {**CATEGORIES, **{name: name for name in others}}


def _requirements(table: Section) -> Iterator[Requirement]:
    for name, value in table.value.items():
        keys = (*table.keys, name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield Requirement(name=normalize(name), constraint=str(value), keys=keys, text=f"{name} {value}")
        elif isinstance(value, dict):
            yield _requirement(name, Section(table.path, keys, value))
        else:
            raise table.error(name, f"expected a version or a table, found {kind(value)}")


def _requirement(name: str, table: Section) -> Requirement:
    direct, location = _direct(table)
    constraint = table.text("version") or ""
    marker = table.text("markers")
    for variable in _VARIABLES:
        if (comparison := table.text(variable)) is not None:
            marker = both(marker, f"{variable} {comparison}")
    return Requirement(
        name=normalize(name),
        constraint=constraint,
        extras=tuple(sorted(normalize(extra) for extra in table.texts("extras"))),
        marker=marker,
        direct=direct,
        location=location,
        keys=table.keys,
        text=f"{name} {f'from {location}' if direct is not None else constraint or '*'}",
    )


def _direct(table: Section) -> tuple[SourceKind | None, str]:
    """Return the kind of source that a requirement asks for, None for an index, and where it is."""
    for key in (*VCS, "file", "path"):
        location = table.text(key)
        if location is None:
            continue
        if key in VCS:
            return SourceKind.GIT, location
        if "://" in location and not location.startswith("file:"):
            return SourceKind.URL, location
        return SourceKind.PATH if location.lower().endswith(ARCHIVES) else SourceKind.DIRECTORY, location
    return None, ""
