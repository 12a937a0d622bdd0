"""One local project of a ``uv.lock`` against the manifest in its folder: version, extras, requirements, groups."""

from __future__ import annotations

from ... import pep440
from ...names import normalize
from ...values import replace
from ..markers import MarkerError
from ..model import SourceKind
from . import reasons
from .comparison import differences
from .group_freshness import Groups
from .groups import both
from .requirements import UndecidableError, recorded
from .tables import LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...getters import Table
    from ..model import Lock, LockedPackage, Reason
    from .manifest import Manifest
    from .ranges import Bounds
    from .requirements import Requirement
    from .sources import Sources

LOCAL = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)
_RECORDS_EXTRAS = 1


class Project:
    """A locked package and the manifest in its folder. *found* collects the requirements that were compared."""

    def __init__(
        self, lock: Lock, package: LockedPackage, manifest: Manifest, sources: Sources, inside: Bounds
    ) -> None:
        self.lock = lock
        self.package = package
        self.manifest = manifest
        self.sources = sources
        self.inside = inside
        self.groups = Groups(lock, manifest, sources, inside)
        self.place = ("package", package.index)
        self.found = self.groups.found

    def reasons(self, *, member: bool) -> Iterator[Reason]:
        """Yield every difference. *member* is whether the project belongs to the workspace of the lock."""
        name = self.package.name
        yield from self._version()
        if member:
            owner = LockTable(self.lock.path, self.place, {})
            yield from self.groups.metadata(self.package.default_groups, self.package.group_requires_python, owner)
        if self.package.metadata is None and not records_metadata(self.lock):
            message = f"the lock does not record what {name} declared when it was made"
            yield reasons.unknown(name, message, self.lock.path, self.place)
            return
        # uv writes no table where there is nothing to write.
        metadata = LockTable(self.lock.path, (*self.place, "metadata"), self.package.metadata or {})
        yield from self.groups.requirements(metadata.table("requires-dev"))
        if self.manifest.computed:
            message = f"the {' and '.join(self.manifest.computed)} of {name} are known to its build backend alone"
            yield reasons.unknown(name, message, self.manifest.path, ("project", "dynamic"))
            return
        yield from self._extras(metadata)
        yield from self._requirements(metadata)

    def _version(self) -> Iterator[Reason]:
        name, now, before = self.package.name, self.manifest.version, self.package.version
        if now is None and before is None:
            return
        try:
            same = now is not None and before is not None and pep440.same(now, before)
        except ValueError:
            same = False
        if not same:
            keys = ("project", "version" if now is not None else "dynamic")
            what = f"the version of {name}"
            yield reasons.value(what, name, self.manifest.path, keys, now or "dynamic", before or "dynamic")

    def _extras(self, metadata: Table) -> Iterator[Reason]:
        if self.lock.revision < _RECORDS_EXTRAS:
            return
        written = {normalize(name): name for name in self.manifest.extras}
        before = {normalize(name) for name in metadata.texts("provides-extras")}
        for name in sorted(written.keys() ^ before):
            here = name in written
            keys = ("project", "optional-dependencies", *([written[name]] if here else []))
            what = f"the extra '{name}' of {self.package.name}"
            yield reasons.name(what, name, self.manifest.path, keys, declared=here)

    def _requirements(self, metadata: Table) -> Iterator[Reason]:
        name = self.package.name
        try:
            now = self._declared()
            before = recorded(metadata.tables("requires-dist"), self.sources.root)
            self.found += now
            found = list(differences(now, before, self.inside))
            if found and self.manifest.version is None:
                # Here the lock holds what a build backend said, and some spell references to own extras out.
                found = min(found, list(differences(_flat(now, name), before, self.inside)), key=len)
        except UndecidableError as error:
            yield reasons.undecidable(name, error)
            return
        except MarkerError as error:
            message = f"the requirements of {name} cannot be compared: {error}"
            yield reasons.unknown(name, message, self.manifest.path, ("project", "dependencies"))
            return
        for item in found:
            whose = name + (f" for its extra '{item.extra}'" if item.extra is not None else "")
            yield reasons.requirement(whose, item)

    def _declared(self) -> list[Requirement]:
        now: list[Requirement] = []
        for number, text in enumerate(self.manifest.dependencies):
            now += self.sources.declared(text, ("project", "dependencies", number))
        for extra, texts in self.manifest.extras.items():
            for number, text in enumerate(texts):
                keys = ("project", "optional-dependencies", extra, number)
                now += self.sources.declared(text, keys, extra=normalize(extra))
        return now


def records_metadata(lock: Lock) -> bool:
    """Return whether *lock* records what its local packages declared; uv can be told to leave that out."""
    return not any(
        package.source.kind in LOCAL
        and package.metadata is None
        and (package.dependencies or package.extras or package.groups)
        for package in lock.packages
    )


def _flat(items: Sequence[Requirement], project: str) -> list[Requirement]:
    """Return *items* with references to extras of *project* itself spelled out."""
    flat = [item for item in items if item.name != project]
    queue = [(item.extra, extra, item.marker) for item in items if item.name == project for extra in item.extras]
    seen = set(queue)
    while queue:
        outer, inner, marker = queue.pop()
        for item in items:
            if item.extra != inner:
                continue
            # What the extra stands for holds where the reference to it does.
            moved = replace(item, extra=outer, marker=both(item.own_marker, marker))
            if item.name == project:
                more = {(outer, extra, moved.marker) for extra in item.extras} - seen
                seen |= more
                queue += more
            else:
                flat.append(moved)
    return flat
