"""The dependency groups of a manifest with their includes put in (PEP 735), and ``tool.uv.dev-dependencies``."""

from __future__ import annotations

from ...names import normalize
from ...toml import kind
from ...values import dataclass
from .manifest import check_range
from .ranges import as_marker, bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..manifests.section import Section
    from .manifest import Manifest

_DEV = "dev"
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A requirement of a group: its *text*, its place, and the *marker* that the range of its group puts on it."""

    text: str
    keys: tuple[str | int, ...]
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group: its entries, and the Python ranges (PEP 440) that it and what it includes ask for."""

    entries: tuple[Entry, ...] = ()
    requires_python: tuple[str, ...] = ()


def groups_of(manifest: Manifest) -> dict[str, Group]:
    """Return the groups of *manifest* by normalised name; ConfigError where one cannot be used."""
    reader = _Groups(manifest)
    found = {name: reader.group(name, ()) for name in reader.written}
    legacy = manifest.uv.texts("dev-dependencies")
    if "dev-dependencies" in manifest.uv.value:
        place = (*manifest.uv.keys, "dev-dependencies")
        entries = tuple(Entry(text=text, keys=(*place, number)) for number, text in enumerate(legacy))
        dev = found.get(_DEV, Group())
        found[_DEV] = Group(entries=dev.entries + entries, requires_python=dev.requires_python)
    return found


class _Groups:
    def __init__(self, manifest: Manifest) -> None:
        self.table = manifest.groups
        self.written = {normalize(name): name for name in manifest.groups.value}
        self.ranges = self._ranges(manifest.uv.table("dependency-groups"))
        self.done: dict[str, Group] = {}

    @staticmethod
    def _ranges(table: Section) -> Mapping[str, str]:
        found = {}
        for name in table.value:
            settings = table.table(name)
            text = settings.text("requires-python")
            if text is not None:
                check_range(settings, "requires-python", text)
                found[normalize(name)] = text
        return found

    def group(self, name: str, above: tuple[str, ...]) -> Group:
        if name in self.done:
            return self.done[name]
        written = self.written[name]
        if name in above:
            raise self.table.error(written, f"the group includes itself: {' -> '.join((*above, name))}")
        if len(above) > _MAX_DEPTH:
            raise self.table.error(written, "includes of dependency groups are nested too deeply")
        entries: list[Entry] = []
        ranges: list[str] = []
        for number, item in enumerate(self.table.get(written, list) or []):
            if isinstance(item, str):
                entries.append(Entry(text=item, keys=(*self.table.keys, written, number)))
                continue
            included = self._include(written, number, item)
            group = self.group(included, (*above, name))
            entries += group.entries
            ranges += group.requires_python
        own = self.ranges.get(name)
        if own is not None:
            ranges.append(own)
            inside = bounds(own)
            marker = as_marker(inside) if inside is not None else "python_full_version < '0'"
            entries = [Entry(text=e.text, keys=e.keys, marker=both(e.marker, marker)) for e in entries]
        self.done[name] = Group(entries=tuple(entries), requires_python=tuple(ranges))
        return self.done[name]

    def _include(self, written: str, number: int, item: object) -> str:
        if not isinstance(item, dict) or not isinstance(item.get("include-group"), str):
            raise self.table.error(
                written, f'expected a requirement or {{include-group = "..."}}, found {kind(item)}', number
            )
        name = normalize(item["include-group"])
        if name not in self.written:
            raise self.table.error(written, f"there is no dependency group '{item['include-group']}'", number)
        return name


def both(one: str | None, other: str | None) -> str | None:
    """Return the marker that holds where both do; None holds everywhere."""
    return f"({one}) and ({other})" if one and other else one or other
