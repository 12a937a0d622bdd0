"""Whether a requirements file still agrees with what it was made from.

The format records nothing of that, so nobody can ever say that it is fresh: what an input does not name may have changed as
well. What contradicts an input is stale.
"""

from __future__ import annotations

import os

from ..edges import left_over, named, possible
from ..exported.contradictions import UNRECORDED, contradictions, unsatisfied
from ..exported.contradictions import asked as asked_by
from ..manifests.requirements import Requirement
from ..model import FreshnessVerdict, Reason, SourceKind
from ..pdm.manifest import read_manifest
from ..poetry.manifest import read_manifest as read_poetry_manifest
from ..unmet import unmet
from ..uv import reasons
from .files import read_contents
from .inputs import inputs_of
from .places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...reader import Reader
    from ..manifests.model import Manifest
    from ..model import Lock, LockedPackage, Source
    from .entries import Asked
    from .inputs import Inputs


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is stale with reasons, or cannot be told, with the reason.

    Raises ConfigError or LockfileError where an input cannot be used, UnreadableError where it cannot be read.
    """
    return FreshnessVerdict(reasons=tuple(_reasons(reader, lock)))


def _reasons(reader: Reader, lock: Lock) -> Iterator[Reason]:
    for url, path, line in lock.manifest.get("unread", ()):
        yield _unknown(lock, f"the constraints at {url} are not read here", path, line)
    inputs = inputs_of(reader, lock)
    manifest = None if inputs else _manifest(reader, os.path.dirname(lock.path))
    if inputs:
        yield from compiled_reasons(reader, lock, inputs, explained=lock.whole)
    elif manifest is not None:
        yield from contradictions(lock, manifest)
        yield _unknown(lock, UNRECORDED)
    else:
        yield _unknown(lock, "names nothing that it was made from, so nobody can tell whether it still belongs to that")


def compiled_reasons(reader: Reader, lock: Lock, inputs: Inputs, *, explained: bool) -> Iterator[Reason]:
    """Yield what of *inputs* contradicts *lock*, what cannot be compared, and always that more cannot be told.

    *explained* is whether the lock tells why each package is in it.
    """
    comparison = _Comparison(reader, lock, inputs, explained=explained)
    yield from comparison.reasons()
    folder = os.path.dirname(lock.path)
    names = ", ".join(os.path.relpath(path, folder) for path in (*inputs.files, *inputs.manifests))
    for name, line in inputs.missing:
        yield _unknown(lock, f"was made from {name}, and there is no such file in the project", line=line)
    for name, line in inputs.opaque:
        yield _unknown(lock, f"was made from {name}, which only a build can read", line=line)
    if names:
        yield _unknown(
            lock,
            f"contradicts nothing in {names}, and the format records nothing else of what it was made from"
            if not comparison.contradicted
            else f"what else changed than what contradicts {names} is recorded nowhere",
        )


def _unknown(lock: Lock, message: str, path: str | None = None, line: int | None = None) -> Reason:
    name = os.path.basename(lock.path)
    return Reason(subject=name, message=message, path=path or lock.path, line=line, unknown=True)


def _manifest(reader: Reader, folder: str) -> Manifest | None:
    manifest = read_manifest(reader, folder)
    if manifest is not None and "poetry" in manifest.data.get("tool", {}):
        return read_poetry_manifest(reader, folder)
    return manifest


class _Comparison:
    def __init__(self, reader: Reader, lock: Lock, inputs: Inputs, *, explained: bool) -> None:
        self.lock = lock
        self.explained = explained
        self.inputs = inputs
        self.places = Places(reader, lock.path)
        self.locked = named(package for package in lock.packages if package.source.kind is not SourceKind.VIRTUAL)
        files = [read_contents(reader, path) for path in inputs.files]
        self.overrides = [
            item for path in inputs.overrides for item in read_contents(reader, path).requirements if item.name
        ]
        limits = [read_contents(reader, path, constraint=True) for path in inputs.constraints]
        self.asked = list({(item.path, item.line): item for found in files for item in found.requirements}.values())
        self.limits = list(
            {(item.path, item.line): item for found in (*files, *limits) for item in found.constraints}.values()
        )
        self.manifests = [
            manifest for path in inputs.manifests if (manifest := _manifest(reader, os.path.dirname(path))) is not None
        ]
        self.names = {id(item): self.name(item) for item in self.asked}
        self.contradicted = False

    def name(self, item: Asked) -> str | None:
        if item.name is None and item.source is not None:
            return self.places.name(item, item.source.source)
        return item.name

    def reasons(self) -> Iterator[Reason]:
        for found in (self.requirements(), self.constraints(), self.projects(), self.left_over()):
            for reason in found:
                self.contradicted = True
                yield reason

    def requirements(self) -> Iterator[Reason]:
        replaced = {item.name for item in self.overrides}
        for item in (*self.asked, *self.overrides):
            name = self.names.get(id(item), item.name)
            overrides = id(item) not in self.names
            if name is None or (name in replaced and not overrides):
                continue
            entries = self.locked.get(name, [])
            if not entries and (overrides or not self.must_be_there(name, item)):
                continue
            reason = self.unmet(name, item, entries, "requirement")
            if reason is not None:
                yield reason

    def must_be_there(self, name: str, item: Asked) -> bool:
        if name in self.inputs.left_out:
            return False
        return item.marker is None or (self.inputs.everywhere and possible(item.marker))

    def constraints(self) -> Iterator[Reason]:
        for item in self.limits:
            entries = [
                package
                for package in self.locked.get(item.name or "", ())
                if package.source.kind is SourceKind.REGISTRY
            ]
            if item.name is not None and item.source is None and entries:
                reason = self.unmet(item.name, item, entries, "constraint")
                if reason is not None:
                    yield reason

    def unmet(self, name: str, item: Asked, entries: Sequence[LockedPackage], noun: str) -> Reason | None:
        """Return why *entries* are not what *item* asks for; what is locked by a link is not in the range of an index."""
        source = item.source.source if item.source is not None else None
        requirement = Requirement(
            name=name,
            constraint=item.specifier,
            extras=item.extras,
            marker=item.marker,
            direct=source.kind if source is not None else None,
            text=item.text,
        )
        where = os.path.relpath(item.path, os.path.dirname(self.lock.path))
        what = f"the {noun} of {where} on {name}"
        reason = unmet(requirement, entries, what=what, path=item.path, line=item.line)
        if reason is None and source is not None and not any(_same(source, package.source) for package in entries):
            return Reason(
                subject=name,
                message=f"{what} asks for another source than the lock has",
                path=item.path,
                line=item.line,
                expected=item.text,
                found=", ".join(_words(package.source) for package in entries),
            )
        return reason

    def projects(self) -> Iterator[Reason]:
        for manifest in self.manifests:
            yield from unsatisfied(self.lock, manifest, self.inputs.chosen)

    def left_over(self) -> Iterator[Reason]:
        """Yield the pins that nothing asks for any more, those alone that nothing else left over leads to."""
        if not self.explained or not self.inputs.whole or None in self.names.values():
            return
        asked = [name for name in self.names.values() if name is not None]
        asked += [item.name for manifest in self.manifests for _, item in asked_by(manifest, self.inputs.chosen)]
        for name in left_over(self.locked, asked):
            package = self.locked[name][0]
            yield Reason(
                subject=name,
                message=f"{name} {package.version or ''}".rstrip() + f" {reasons.REMOVED}",
                path=package.path or self.lock.path,
                line=package.line,
                expected="no requirement",
                found=f"{name} {package.version or ''}".rstrip(),
            )


def _same(asked: Source, locked: Source) -> bool:
    """Return whether what is *locked* can be what was *asked* for; a branch or tag may have led to any commit."""
    if asked.kind is SourceKind.GIT:
        same = _repository(asked.location) == _repository(locked.location)
        return same and asked.commit in (None, locked.commit) and asked.subdirectory == locked.subdirectory
    if asked.kind is SourceKind.URL:
        return asked.location == locked.location
    return True


def _repository(location: str) -> str:
    return location.rstrip("/").removesuffix(".git")


def _words(source: Source) -> str:
    return f"{source.location} at {source.commit or 'no commit'}" if source.kind is SourceKind.GIT else source.location
