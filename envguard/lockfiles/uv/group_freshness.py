"""The dependency groups of a ``uv.lock`` against those of a manifest: their requirements, Python ranges, and defaults."""

from __future__ import annotations

from ...names import normalize
from ..markers import MarkerError
from . import reasons
from .comparison import differences
from .groups import groups_of
from .requirements import UndecidableError, recorded
from .specifiers import specifier_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...getters import Table
    from ..model import Lock, Reason
    from .manifest import Manifest
    from .ranges import Bounds
    from .requirements import Requirement
    from .sources import Sources

_RECORDS_EMPTY = 1
_RECORDS_METADATA = 5
_DEFAULT = frozenset(("dev",))
_ALL = "all"


class Groups:
    """The groups of *manifest*, to be compared with those that the lock recorded for it.

    *whose* is the project, None for the root of a workspace that has none. *found* collects what was compared.
    """

    def __init__(self, lock: Lock, manifest: Manifest, sources: Sources, inside: Bounds) -> None:
        self.lock = lock
        self.manifest = manifest
        self.sources = sources
        self.inside = inside
        self.groups = groups_of(manifest)
        self.written = {normalize(name): name for name in manifest.groups.value}
        self.found: list[Requirement] = []

    def requirements(self, before: Table) -> Iterator[Reason]:
        """Yield every group, and every requirement of a group, that *before* does not record as it is now."""
        # Locks of before revision 1 leave empty groups out, and so does a root without a project.
        keeps_empty = self.manifest.name is not None and self.lock.revision >= _RECORDS_EMPTY
        names = {normalize(name): name for name in before.value}
        for name in sorted(self.groups.keys() | names.keys()):
            now = self.groups[name].entries if name in self.groups else None
            old = list(before.tables(names[name])) if name in names else None
            if now is not None and old is not None:
                yield from self._compare(name, old)
            elif now or old or keeps_empty:
                yield reasons.name(
                    f"the group '{name}'", name, self.manifest.path, self._keys(name), declared=old is None
                )

    def _compare(self, name: str, before: Iterable[Table]) -> Iterator[Reason]:
        try:
            now = [
                item
                for entry in self.groups[name].entries
                for item in self.sources.declared(entry.text, entry.keys, group=name, within=entry.marker)
            ]
            self.found += now
            for difference in differences(now, recorded(before, self.sources.root), self.inside):
                yield reasons.requirement(f"the group '{name}'", difference)
        except UndecidableError as error:
            yield reasons.undecidable(name, error)
        except MarkerError as error:
            message = f"the group '{name}' cannot be compared: {error}"
            yield reasons.unknown(name, message, self.manifest.path, self._keys(name))

    def metadata(self, default: Iterable[str] | None, ranges: Mapping[str, str], owner: Table) -> Iterator[Reason]:
        """Yield where the default groups and the groups' Python ranges are not those that *owner* in the lock records."""
        if self.lock.revision < _RECORDS_METADATA:
            return
        uv = self.manifest.uv
        now, before = self._default(), _DEFAULT if default is None else frozenset(default)
        if now != before:
            texts = (", ".join(sorted(names)) or "none" for names in (now, before))
            yield reasons.setting(uv, "default-groups", *texts)
        old = {normalize(name): text for name, text in ranges.items()}
        for name in sorted(self.groups.keys() | old.keys()):
            text = ",".join(self.groups[name].requires_python) if name in self.groups else ""
            try:
                same = specifier_set(text) == specifier_set(old.get(name, ""))
            except ValueError:
                raise owner.error("group-requires-python", f"'{old[name]}' is no version range") from None
            if not same:
                keys = (*uv.keys, "dependency-groups")
                what = f"the Python range of the group '{name}'"
                yield reasons.value(what, name, uv.path, keys, text or "any", old.get(name) or "any")

    def _default(self) -> frozenset[str]:
        """Return the groups that are selected by default, normalised; ``all`` stands for all of them."""
        uv = self.manifest.uv
        value = uv.value.get("default-groups")
        if isinstance(value, str):
            if value != _ALL:
                raise uv.error("default-groups", f"expected a list of groups or 'all', found '{value}'")
            return frozenset((_ALL,))
        return _DEFAULT if value is None else frozenset(normalize(name) for name in uv.texts("default-groups"))

    def _keys(self, name: str) -> tuple[str | int, ...]:
        return (*self.manifest.groups.keys, self.written[name]) if name in self.written else self.manifest.groups.keys
