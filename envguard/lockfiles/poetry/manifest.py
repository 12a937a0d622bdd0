"""The manifest of a ``poetry.lock``: ``[project]``, ``[dependency-groups]`` (PEP 735) and ``[tool.poetry]`` together.

What counts where several of them declare the same is as in poetry-core, "poetry.core.factory".
"""

from __future__ import annotations

import os

from ...errors import ConfigError
from ...names import normalize
from ...toml import kind, read_toml
from ...values import replace
from ..manifests.model import Group, Manifest
from ..manifests.requirements import Requirement, from_pep508
from ..manifests.section import MAX_BYTES, NAME, Section
from .requirements import requirements
from .tables import MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader

_DEV = "dev"
_PYTHON = "python"


def read_manifest(reader: Reader, folder: str) -> Manifest | None:
    """Return the manifest in *folder*, None where there is none.

    Raises ConfigError with the line or the key path where it cannot be used, UnreadableError where it cannot be read.
    """
    path = os.path.join(folder, NAME)
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    project, poetry = root.table("project"), root.table("tool").table("poetry")
    dependencies = poetry.table("dependencies")
    name = project.text("name") or poetry.text("name")
    version = project.text("version") or (None if "version" in project.texts("dynamic") else poetry.text("version"))
    package = poetry.get("package-mode", bool)
    main, extras = _main(project, poetry)
    python, keys = project.text("requires-python"), (*project.keys, "requires-python")
    if isinstance(dependencies.value.get(_PYTHON), str):
        python, keys = dependencies.value[_PYTHON], (*dependencies.keys, _PYTHON)
    return Manifest(
        path=path,
        data=root.value,
        name=normalize(name) if name is not None else None,
        version=version,
        package=name is not None and package is not False,
        keys=project.keys if project.text("name") is not None else poetry.keys,
        python=python or "*",
        python_keys=keys,
        groups={MAIN: Group(optional=False, requirements=main), **_Groups(root, poetry).all()},
        extras=extras,
    )


def _poetry_requirements(table: Section) -> list[Requirement]:
    return [item for item in requirements(table) if item.name != _PYTHON]


def _main(project: Section, poetry: Section) -> tuple[tuple[Requirement, ...], dict[str, tuple[str, ...]]]:
    """Return the requirements of the project and its extras, and what each extra adds."""
    declared = [
        from_pep508(project, text, (*project.keys, "dependencies", number))
        for number, text in enumerate(project.texts("dependencies"))
    ]
    tables = project.table("optional-dependencies")
    optional = [
        from_pep508(project, text, (*tables.keys, extra, number), normalize(extra))
        for extra in tables.value
        for number, text in enumerate(tables.texts(extra))
    ]
    legacy = _poetry_requirements(poetry.table("dependencies"))
    if "dependencies" in project.value or tables.value:
        extras = {
            normalize(extra): tuple(item.name for item in optional if normalize(extra) in item.in_extras)
            for extra in tables.value
        }
        return (*declared, *optional, *_besides(declared, optional, legacy, project.texts("dynamic"))), extras
    extras = {}
    named = poetry.table("extras")
    for extra in named.value:
        names = {normalize(text) for text in named.texts(extra)}
        extras[normalize(extra)] = tuple(sorted({item.name for item in legacy if item.name in names}))
    return tuple(
        replace(item, in_extras=tuple(extra for extra, names in extras.items() if item.name in names))
        for item in legacy
    ), extras


def _besides(
    declared: list[Requirement], optional: list[Requirement], legacy: list[Requirement], dynamic: tuple[str, ...]
) -> Iterator[Requirement]:
    """Yield what ``[tool.poetry.dependencies]`` adds to ``[project]``: sources of what is there, and what is left to it."""
    names = {item.name: item for item in (*declared, *optional)}
    kept = {
        True: not optional and "optional-dependencies" in dynamic,
        False: not declared and "dependencies" in dynamic,
    }
    for item in legacy:
        if item.name in names:
            # It narrows the other one: a source, a range, a marker.
            other = names[item.name]
            yield replace(item, optional=other.optional, in_extras=other.in_extras)
        elif not names or kept[item.optional]:
            yield item


class _Groups:
    """The groups of a manifest, from ``[dependency-groups]`` and ``[tool.poetry]``."""

    def __init__(self, root: Section, poetry: Section) -> None:
        self.standard = root.table("dependency-groups")
        self.poetry = poetry.table("group")
        self.dev = poetry.table("dev-dependencies")
        self.standard_names = {normalize(name): name for name in self.standard.value}
        self.poetry_names = {normalize(name): name for name in self.poetry.value}

    def all(self) -> dict[str, Group]:
        names = dict.fromkeys((*self.standard_names, *self.poetry_names, *([_DEV] if self.dev.value else [])))
        return {name: Group(optional=self._optional(name), requirements=self._requirements(name, ())) for name in names}

    def _optional(self, name: str) -> bool:
        if name not in self.poetry_names:
            return False
        return bool(self.poetry.table(self.poetry_names[name]).get("optional", bool))

    def _requirements(self, name: str, above: tuple[str, ...]) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        included: list[tuple[str, Section]] = []
        if name in self.standard_names:
            written = self.standard_names[name]
            for number, item in enumerate(self.standard.get(written, list) or []):
                keys = (*self.standard.keys, written, number)
                if isinstance(item, str):
                    found.append(from_pep508(self.standard, item, keys))
                elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
                    included.append((item["include-group"], self.standard))
                else:
                    what = f'expected a requirement or {{include-group = "..."}}, found {kind(item)}'
                    raise self.standard.error(written, what, number)
        if name in self.poetry_names:
            table = self.poetry.table(self.poetry_names[name])
            found += _poetry_requirements(table.table("dependencies"))
            included += [(other, self.poetry) for other in table.texts("include-groups")]
        if name == _DEV:
            found += _poetry_requirements(self.dev)
        for other, table in included:
            inner = normalize(other)
            if inner in above or inner == name:
                raise table.error(other, f"the group includes itself: {' -> '.join((*above, name, inner))}")
            if inner not in self.standard_names and inner not in self.poetry_names:
                raise table.error(name, f"there is no group '{other}' to include")
            found += self._requirements(inner, (*above, name))
        return tuple(found)
