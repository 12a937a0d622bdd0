"""The manifest of a ``pdm.lock``: ``[project]``, ``[dependency-groups]`` (PEP 735) and ``[tool.pdm]`` together."""

from __future__ import annotations

import os

from ...errors import ConfigError
from ...names import normalize
from ...patterns import late
from ...toml import kind, read_toml
from ..manifests.model import Group, Manifest
from ..manifests.requirements import Requirement, from_pep508
from ..manifests.section import MAX_BYTES, NAME, Section
from ..model import SourceKind
from .tables import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader

_OWN_EXTRAS = late(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(?:\[(?P<extras>[^\]]*)\])?\s*$")
_EGG = late(r"[#&]egg=(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^\]]*)\])?")


def read_manifest(reader: Reader, folder: str) -> Manifest | None:
    """Return the manifest in *folder*, None where there is none.

    Raises ConfigError with the line or the key path where it cannot be used, UnreadableError where it cannot be read.
    """
    path = os.path.join(folder, NAME)
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    project, pdm = root.table("project"), root.table("tool").table("pdm")
    name = project.text("name")
    groups = _Groups(root, project, pdm, normalize(name) if name is not None else None)
    extras = {normalize(extra) for extra in project.table("optional-dependencies").value}
    return Manifest(
        path=path,
        data=root.value,
        name=groups.name,
        version=project.text("version"),
        package=groups.name is not None and _is_distribution(pdm),
        keys=project.keys,
        python=project.text("requires-python") or "*",
        python_keys=(*project.keys, "requires-python"),
        groups=groups.all(),
        extras=dict.fromkeys(sorted(extras), ()),
    )


def _is_distribution(pdm: Section) -> bool:
    kind_of = pdm.text("package-type")
    return kind_of == "library" if kind_of is not None else pdm.get("distribution", bool) is not False


class _Groups:
    """The requirements of the project, of its extras and of its groups, which are one namespace for pdm."""

    def __init__(self, root: Section, project: Section, pdm: Section, name: str | None) -> None:
        self.name = name
        self.project = project
        self.tables = [
            project.table("optional-dependencies"),
            root.table("dependency-groups"),
            pdm.table("dev-dependencies"),
        ]
        self.written: dict[str, list[tuple[Section, str]]] = {}
        for table in self.tables:
            for key in table.value:
                self.written.setdefault(normalize(key), []).append((table, key))

    def all(self) -> dict[str, Group]:
        names = (DEFAULT, *(name for name in self.written if name != DEFAULT))
        return {name: Group(optional=False, requirements=tuple(self._group(name, ()))) for name in names}

    def _group(self, name: str, above: tuple[str, ...]) -> Iterator[Requirement]:
        if name in above:
            table, key = self.written[name][0]
            raise table.error(key, f"the group includes itself: {' -> '.join((*above, name))}")
        if name == DEFAULT:
            yield from self._items(self.project, "dependencies", (DEFAULT,))
        # An extra hides a group of its name; two tables of groups add up.
        tables = self.written.get(name, [])
        for table, key in tables[:1] if tables and tables[0][0] is self.tables[0] else tables:
            yield from self._items(table, key, (*above, name))

    def _items(self, table: Section, key: str, above: tuple[str, ...]) -> Iterator[Requirement]:
        for number, item in enumerate(table.get(key, list) or []):
            if isinstance(item, dict) and isinstance(item.get("include-group"), str):
                yield from self._included(table, key, number, item["include-group"], above)
            elif not isinstance(item, str):
                what = f'expected a requirement or {{include-group = "..."}}, found {kind(item)}'
                raise table.error(key, what, number)
            elif (own := _OWN_EXTRAS.fullmatch(item)) is not None and normalize(own["name"]) == self.name:
                for extra in filter(None, (part.strip() for part in (own["extras"] or "").split(","))):
                    yield from self._included(table, key, number, extra, above)
            else:
                yield self._requirement(table, item, (*table.keys, key, number))

    def _included(
        self, table: Section, key: str, number: int, name: str, above: tuple[str, ...]
    ) -> Iterator[Requirement]:
        if normalize(name) not in self.written:
            raise table.error(key, f"there is no group '{name}' to include", number)
        yield from self._group(normalize(name), above)

    @staticmethod
    def _requirement(table: Section, text: str, keys: tuple[str | int, ...]) -> Requirement:
        """Return one requirement; pdm takes ``-e`` and bare URLs besides what PEP 508 has."""
        line = text.removeprefix("-e ").strip()
        if line != text or "://" in line.partition(" ")[0] or line.startswith((".", "/")):
            egg = _EGG.search(line)
            name = egg["name"] if egg is not None else ""
            url = line.partition("#")[0]
            direct = SourceKind.GIT if url.startswith("git+") else SourceKind.URL
            if url.startswith(("file:", ".", "/")):
                direct = SourceKind.DIRECTORY
            return Requirement(name=normalize(name), direct=direct, location=url, keys=keys, text=text)
        return from_pep508(table, text, keys)
