"""Whether a ``uv.lock`` still belongs to its manifests, told from the files alone.

uv decides by comparing what the lock recorded of its inputs with the inputs of now, and resolves again where they differ
(``uv lock --check``; uv: crates/uv-resolver, "Lock::satisfies"). This compares the same inputs and stops there: it says what
differs, or why it cannot tell. What the user's own configuration or ``UV_*`` variables set is no part of the project: it is
looked at only where it could explain a difference, which is then unknown.
"""

from __future__ import annotations

import os

from ...errors import ConfigError, LockfileError, UnreadableError
from ..manifests.section import NAME
from ..model import FreshnessVerdict, SourceKind
from . import reasons
from .conflicts import conflict_reasons
from .group_freshness import Groups
from .indexes import index_reasons
from .inputs import input_reasons
from .manifest import read_manifest, read_settings
from .options import option_reasons
from .projects import LOCAL, Project
from .ranges import EVERYTHING, bounds, spelled
from .sources import Sources
from .tables import LockTable
from .workspace import find_workspace, read_workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..model import Lock, LockedPackage, Reason
    from .manifest import Manifest
    from .workspace import Workspace

_HERE = "."


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where a manifest cannot be used, LockfileError where the lock is one of another project,
    UnreadableError where a manifest cannot be read.
    """
    root = read_manifest(reader, os.path.dirname(lock.path))
    if root is None:
        message = f"there is no {NAME} beside the lock"
        return FreshnessVerdict(reasons=(reasons.unknown(NAME, message, lock.path),))
    _refuse_another_project(lock, root)
    return FreshnessVerdict(reasons=tuple(_Comparison(reader, lock, root).reasons()))


def _refuse_another_project(lock: Lock, root: Manifest) -> None:
    if root.name is None:
        if "workspace" not in root.uv.value and not root.groups.value:
            message = "has no [project] table, no [dependency-groups] and no [tool.uv.workspace], so it has no lock"
            raise ConfigError(message, path=root.path)
        return
    names = [f"'{p.name}'" for p in lock.packages if p.source.kind in LOCAL and p.source.location == _HERE]
    if f"'{root.name}'" not in names:
        raise LockfileError(
            f"is the lock of another project: {root.path} declares '{root.name}', "
            f"the lock is made for {' and '.join(names) or 'a workspace without a project'}",
            path=lock.path,
            hint="uv lock",
        )


class _Comparison:
    def __init__(self, reader: Reader, lock: Lock, root: Manifest) -> None:
        self.reader = reader
        self.lock = lock
        self.root = root
        self.workspace = read_workspace(reader, root)
        self.settings = read_settings(reader, root)
        self.inside = EVERYTHING
        if lock.requires_python is not None:
            try:
                self.inside = bounds(lock.requires_python) or EVERYTHING
            except ValueError:
                message = f"'{lock.requires_python}' is no version range"
                raise LockTable(lock.path, (), {}).error("requires-python", message) from None
        self.asked: set[str] = set()

    def reasons(self) -> Iterator[Reason]:
        yield from self.membership()
        yield from self.python_range()
        for package in self.lock.packages:
            if package.source.kind in LOCAL:
                yield from self.project(package)
            elif package.source.kind is SourceKind.PATH:
                yield from self.archive(package)
        sources = self.sources(self.workspace, None)
        if self.root.name is None:
            groups = Groups(self.lock, self.root, sources, self.inside)
            manifest = LockTable(self.lock.path, ("manifest",), self.lock.manifest)
            ranges = manifest.table("group-requires-python")
            default = manifest.texts("default-groups") if "default-groups" in manifest.value else None
            yield from groups.metadata(default, {name: ranges.required(name) for name in ranges.value}, manifest)
            yield from groups.requirements(manifest.table("dependency-groups"))
            self.asked |= {item.origin.location for item in groups.found}
        yield from conflict_reasons(self.lock, self.workspace)
        yield from input_reasons(self.lock, self.workspace, self.settings, sources, self.inside)
        yield from option_reasons(self.reader, self.lock, self.settings)
        yield from index_reasons(self.reader, self.lock, self.workspace, self.settings, frozenset(self.asked))

    def membership(self) -> Iterator[Reason]:
        locked = {p.name: p for p in self.lock.packages if p.source.kind in LOCAL}
        before = set(self.lock.members) or {p.name for p in locked.values() if p.source.location == _HERE}
        for name, manifest in sorted(self.workspace.members.items()):
            kind = self.workspace.kind_of(name)
            if name not in before or name not in locked:
                what = f"the workspace member {name}"
                yield reasons.name(what, name, manifest.path, ("project", "name"), declared=True)
            elif locked[name].source.kind is not kind:
                keys = (*manifest.uv.keys, "package") if "package" in manifest.uv.value else ("project", "name")
                what = f"how {name} is installed"
                yield reasons.value(what, name, manifest.path, keys, str(kind), str(locked[name].source.kind))
        for name in sorted(before - self.workspace.members.keys()):
            what = f"the workspace member {name}"
            yield reasons.name(what, name, self.lock.path, ("manifest", "members"), declared=False)

    def python_range(self) -> Iterator[Reason]:
        ranges = {m.requires_python: m for m in self.workspace.members.values() if m.requires_python is not None}
        if not ranges:
            # uv then takes the minor version of the interpreter that it finds, which no file tells.
            return
        now = bounds(*ranges)
        if now is None:
            message = f"no Python version is in all of the workspace's ranges: {' and '.join(map(repr, ranges))}"
            raise ConfigError(message, path=self.root.path, keys=("project", "requires-python"))
        if now != self.inside:
            chosen = ranges[next(iter(ranges))] if self.root.requires_python is None else self.root
            expected = next(iter(ranges)) if len(ranges) == 1 else spelled(now)
            found = self.lock.requires_python or "none"
            keys = ("project", "requires-python")
            yield reasons.value("requires-python", "requires-python", chosen.path, keys, expected, found)

    def project(self, package: LockedPackage) -> Iterator[Reason]:
        member = package.name in self.workspace.members
        folder = os.path.normpath(os.path.join(self.root.folder, package.source.location))
        manifest = self.workspace.members.get(package.name) or read_manifest(self.reader, folder)
        if manifest is None or manifest.name is None:
            if not member and package.name in self.lock.members:
                return
            what = "declares no project" if manifest is not None else "is not there"
            message = f"{os.path.join(folder, NAME)} {what}, so what {package.name} requires cannot be compared"
            yield reasons.unknown(package.name, message, self.lock.path, ("package", package.index, "source"))
            return
        workspace = find_workspace(self.reader, manifest, self.workspace)
        project = Project(self.lock, package, manifest, self.sources(workspace, manifest), self.inside)
        yield from project.reasons(member=member)
        self.asked |= {item.origin.location for item in project.found}

    def archive(self, package: LockedPackage) -> Iterator[Reason]:
        """Compare an archive on disk with the hash that the lock has of it."""
        from hashlib import sha256

        path = os.path.normpath(os.path.join(self.root.folder, package.source.location))
        locked = next((artifact.hash for artifact in package.artifacts if artifact.hash is not None), None)
        if locked is None or not locked.startswith("sha256:"):
            return
        place = ("package", package.index, "source", "path")
        try:
            here = f"sha256:{sha256(self.reader.read_bytes(path)).hexdigest()}"
        except UnreadableError as error:
            message = f"the archive that {package.name} comes from {error.message}: {path}"
            yield reasons.unknown(package.name, message, self.lock.path, place)
            return
        if here != locked:
            # uv itself compares nothing but what the archive declares, and refuses to install it.
            what = f"the archive of {package.name} (taken in by: uv lock --upgrade-package {package.name})"
            yield reasons.value(what, package.name, self.lock.path, place, here, locked)

    def sources(self, workspace: Workspace, project: Manifest | None) -> Sources:
        ignored = frozenset(self.settings.texts("no-sources-package"))
        everything = self.settings.get("no-sources", bool)
        return Sources(self.reader, workspace, project, root=self.root.folder, ignored=None if everything else ignored)
