"""Whether a ``uv.lock`` still belongs to its manifests, told from the files alone.

uv decides by comparing what the lock recorded of its inputs with the inputs of now, and resolves again where they differ
(``uv lock --check``). This compares the same inputs and stops there: it says what differs, or why it cannot tell. Settings
that come from the user's own configuration or from ``UV_*`` variables are not looked at.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, LockfileError
from ..markers import MarkerError
from ..model import FreshnessVerdict, LockedPackage, Reason, SourceKind
from ..select import normalize
from .equivalence import same_range, truth
from .manifest import Manifest, expand_group, members, read_manifest
from .requirements import Declared, Sources, declared, recorded
from .settings import settings_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...reader import Reader
    from ..model import Lock

_LOCAL = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY)
_RECORDS_EXTRAS = 1


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where a manifest cannot be used, LockfileError where the lock is one of another project.
    """
    folder = os.path.dirname(lock.path)
    root = read_manifest(reader, folder)
    if root is None:
        reason = Reason(
            subject="pyproject.toml", message="there is no pyproject.toml beside the lock", path=lock.path, unknown=True
        )
        return FreshnessVerdict(reasons=(reason,))
    return FreshnessVerdict(reasons=tuple(_Comparison(reader, lock, root).reasons()))


class _Comparison:
    def __init__(self, reader: Reader, lock: Lock, root: Manifest) -> None:
        self.reader = reader
        self.lock = lock
        self.root = root
        self.members = members(reader, root)
        self.indexes = {
            str(item["name"]): str(item["url"])
            for manifest in (root, *self.members.values())
            for item in manifest.uv.get("index", ())
            if isinstance(item, dict) and "name" in item and "url" in item
        }

    def reasons(self) -> Iterator[Reason]:
        self.refuse_another_project()
        yield from self.membership()
        yield from self.python_range()
        for package in self.lock.packages:
            if package.source.kind in _LOCAL:
                yield from self.package(package)
        if not self.root.has_project:
            yield from self.groups(self.root, None, self.lock.manifest.get("dependency-groups", {}), ("manifest",))
        yield from settings_reasons(self.lock, self.root, self.members)

    def refuse_another_project(self) -> None:
        if not self.root.has_project:
            return
        names = [p.name for p in self.lock.packages if p.source.kind in _LOCAL and p.source.location == "."]
        if self.root.name not in names:
            raise LockfileError(
                f"is the lock of another project: {self.root.path} declares '{self.root.name}', "
                f"the lock is made for {' and '.join(repr(name) for name in names) or 'none'}",
                path=self.lock.path,
                hint="uv lock",
            )

    def membership(self) -> Iterator[Reason]:
        here = {p.name for p in self.lock.packages if p.source.kind in _LOCAL and p.source.location == "."}
        before = set(self.lock.members) or here
        for name in sorted(self.members.keys() - before):
            manifest = self.members[name]
            yield self.reason(
                name, f"{name} is a member of the workspace and not of the lock", manifest.path, ("project", "name")
            )
        for name in sorted(before - self.members.keys()):
            message = f"{name} is a member of the lock and not of the workspace"
            yield self.reason(name, message, self.lock.path, ("manifest", "members"))

    def python_range(self) -> Iterator[Reason]:
        ranges = [m.project["requires-python"] for m in self.members.values() if "requires-python" in m.project]
        if not ranges or not all(isinstance(text, str) for text in ranges):
            return
        wanted = ",".join(dict.fromkeys(ranges))
        if self.lock.requires_python is None or not same_range(wanted, self.lock.requires_python):
            yield Reason(
                subject="requires-python",
                message="requires-python differs from the lock's",
                path=self.root.path,
                keys=("project", "requires-python"),
                expected=wanted,
                found=self.lock.requires_python or "none",
            )

    def package(self, package: LockedPackage) -> Iterator[Reason]:
        manifest = self.members.get(package.name)
        if manifest is None:
            folder = os.path.normpath(os.path.join(os.path.dirname(self.lock.path), package.source.location))
            manifest = read_manifest(self.reader, folder)
        if manifest is None or not manifest.has_project:
            return
        yield from self.version(package, manifest)
        dynamic = [field for field in ("dependencies", "optional-dependencies") if field in manifest.dynamic]
        if dynamic:
            yield self.unknown(
                package.name,
                f"the {dynamic[0]} of {package.name} are dynamic: only its build backend knows them",
                manifest.path,
                ("project", "dynamic"),
            )
            return
        if package.metadata is None and (package.dependencies or package.extras or package.groups):
            if package.name in self.members:
                message = f"the lock does not record what {package.name} declared when it was made"
                yield self.unknown(package.name, message, self.lock.path, ("package", package.index))
            return
        # uv writes no table for a package that declared nothing.
        package = replace(package, metadata=package.metadata or {})
        yield from self.extras(package, manifest)
        yield from self.requirements(package, manifest)
        if package.name in self.members:
            recorded_groups = (package.metadata or {}).get("requires-dev", {})
            yield from self.groups(manifest, package, recorded_groups, ("package", package.index, "metadata"))

    def version(self, package: LockedPackage, manifest: Manifest) -> Iterator[Reason]:
        version = manifest.project.get("version")
        if "version" in manifest.dynamic or version is None:
            if package.version is not None and "version" in manifest.dynamic:
                yield self.reason(
                    package.name,
                    f"the version of {package.name} is dynamic now",
                    manifest.path,
                    ("project", "dynamic"),
                    "dynamic",
                    package.version,
                )
            return
        from packaging.version import InvalidVersion, Version

        try:
            same = package.version is not None and Version(str(version)) == Version(package.version)
        except InvalidVersion:
            raise ConfigError(f"'{version}' is no version", path=manifest.path, keys=("project", "version")) from None
        if not same:
            yield self.reason(
                package.name,
                f"the version of {package.name} differs from the lock's",
                manifest.path,
                ("project", "version"),
                str(version),
                package.version or "dynamic",
            )

    def extras(self, package: LockedPackage, manifest: Manifest) -> Iterator[Reason]:
        if self.lock.revision < _RECORDS_EXTRAS or package.metadata is None:
            return
        now = {normalize(name) for name in manifest.project.get("optional-dependencies", {})}
        before = {normalize(name) for name in package.metadata.get("provides-extras", ())}
        for name in sorted(now ^ before):
            where = "the manifest and not the lock" if name in now else "the lock and not the manifest"
            yield self.reason(
                name,
                f"the extra '{name}' of {package.name} is in {where}",
                manifest.path,
                ("project", "optional-dependencies"),
            )

    def requirements(self, package: LockedPackage, manifest: Manifest) -> Iterator[Reason]:
        sources = self.sources(manifest)
        now = declared(
            _list(manifest, ("project", "dependencies")),
            ("project", "dependencies"),
            path=manifest.path,
            sources=sources,
        )
        for extra, texts in manifest.project.get("optional-dependencies", {}).items():
            keys = ("project", "optional-dependencies", extra)
            now += declared(texts, keys, path=manifest.path, sources=sources, extra=normalize(extra))
        place = ("package", package.index, "metadata", "requires-dist")
        before = recorded(
            (package.metadata or {}).get("requires-dist", ()), place, os.path.dirname(self.lock.path), self.folders()
        )
        if differences := list(self.compare(now, before, manifest, f"of {package.name}")):
            # uv records references of a project to its own extras either as written or spelled out.
            flat = _flattened(now, package.name)
            yield from differences if flat is None else self.compare(flat, before, manifest, f"of {package.name}")

    def groups(
        self, manifest: Manifest, package: LockedPackage | None, before: dict[str, Any], place: tuple[str | int, ...]
    ) -> Iterator[Reason]:
        now = {normalize(name): expand_group(manifest, normalize(name)) for name in manifest.groups}
        legacy = manifest.uv.get("dev-dependencies")
        if isinstance(legacy, list):
            now["dev"] = now.get("dev", []) + [
                (text, ("tool", "uv", "dev-dependencies", n)) for n, text in enumerate(legacy)
            ]
        table = "requires-dev" if package is not None else "dependency-groups"
        recorded_names = {normalize(name): name for name in before}
        for name in sorted(now.keys() | recorded_names.keys()):
            entries = now.get(name)
            old = before[recorded_names[name]] if name in recorded_names else None
            if entries is None or old is None:
                if self.lock.revision >= _RECORDS_EXTRAS or entries or old:
                    where = "the manifest and not the lock" if old is None else "the lock and not the manifest"
                    yield self.reason(name, f"the group '{name}' is in {where}", manifest.path, ("dependency-groups",))
                continue
            fresh: list[Declared] = []
            for text, keys in entries:
                one = declared([text], keys[:-1], path=manifest.path, sources=self.sources(manifest), group=name)
                within = _group_range(manifest, name)
                fresh += [replace(item, keys=keys, marker=_both(item.marker, within)) for item in one]
            keys = (*place, table, recorded_names[name])
            yield from self.compare(
                fresh,
                recorded(old, keys, os.path.dirname(self.lock.path), self.folders()),
                manifest,
                f"of the group '{name}'",
            )

    def folders(self) -> list[str]:
        return [member.folder for member in self.members.values()]

    def sources(self, manifest: Manifest) -> Sources:
        table = {**_sources(self.root), **_sources(manifest)}
        folders = {name: member.folder for name, member in self.members.items()}
        return Sources(
            table, folder=manifest.folder, root=os.path.dirname(self.lock.path), members=folders, indexes=self.indexes
        )

    def compare(
        self, now: Sequence[Declared], before: Sequence[Declared], manifest: Manifest, whose: str
    ) -> Iterator[Reason]:
        """Compare two sets of requirements, name by name."""
        for name in sorted({item.name for item in (*now, *before)}):
            new, old = [i for i in now if i.name == name], [i for i in before if i.name == name]
            if self.same(new, old):
                continue
            expected = ", ".join(dict.fromkeys(item.text for item in new)) or "no requirement"
            found = ", ".join(dict.fromkeys(item.text for item in old)) or "no requirement"
            if not old:
                message = f"the requirement {whose} on {name} is not in the lock"
            elif not new:
                message = f"the requirement {whose} on {name} is in the lock and no longer declared"
            else:
                message = f"the requirement {whose} on {name} differs from the lock's"
            path, keys = (manifest.path, new[0].keys) if new else (self.lock.path, old[0].keys)
            yield self.reason(name, message, path, keys, expected, found)

    def same(self, now: Sequence[Declared], before: Sequence[Declared]) -> bool:
        """Return whether two sets of requirements on one name mean the same."""
        if {item.identity for item in now} != {item.identity for item in before}:
            return False
        for identity in {item.identity for item in now}:
            new = [(i.marker, i.extra) for i in now if i.identity == identity]
            old = [(i.marker, i.extra) for i in before if i.identity == identity]
            if new == old:
                continue
            texts = [marker for marker, _ in (*new, *old) if marker]
            inside = self.lock.requires_python
            extras = [f"extra == '{extra}'" for _, extra in new if extra]
            try:
                if truth(new, [*texts, *extras], inside) != truth(old, [*texts, *extras], inside):
                    return False
            except MarkerError:
                return False
        return True

    def reason(
        self,
        subject: str,
        message: str,
        path: str,
        keys: tuple[str | int, ...],
        expected: str | None = None,
        found: str | None = None,
    ) -> Reason:
        return Reason(subject=subject, message=message, path=path, keys=keys, expected=expected, found=found)

    def unknown(self, subject: str, message: str, path: str, keys: tuple[str | int, ...]) -> Reason:
        return Reason(subject=subject, message=message, path=path, keys=keys, unknown=True)


def _sources(manifest: Manifest) -> dict[str, Any]:
    table = manifest.uv.get("sources", {})
    if not isinstance(table, dict):
        raise ConfigError("expected a table", path=manifest.path, keys=("tool", "uv", "sources"))
    return table


def _list(manifest: Manifest, keys: tuple[str, str]) -> list[object]:
    value = manifest.project.get(keys[1], [])
    if not isinstance(value, list):
        raise ConfigError("expected a list of requirements", path=manifest.path, keys=keys)
    return value


def _both(one: str | None, other: str | None) -> str | None:
    return f"({one}) and ({other})" if one and other else one or other


def _group_range(manifest: Manifest, group: str) -> str | None:
    """Return the marker that ``tool.uv.dependency-groups`` puts on a group's requirements."""
    for name, table in manifest.uv.get("dependency-groups", {}).items():
        if normalize(name) == group and isinstance(table, dict) and isinstance(table.get("requires-python"), str):
            clauses = [clause.strip() for clause in table["requires-python"].split(",")]
            split = [
                (clause[: len(clause) - len(clause.lstrip("<>=!~"))], clause.lstrip("<>=!~ ")) for clause in clauses
            ]
            return " and ".join(f"python_full_version {operator} '{version}'" for operator, version in split)
    return None


def _flattened(items: Sequence[Declared], project: str) -> list[Declared] | None:
    """Return *items* with references to extras of *project* itself spelled out; None where there are none."""
    if not any(item.name == project for item in items):
        return None
    flat = [item for item in items if item.name != project]
    queue = [(item, item.extras) for item in items if item.name == project]
    seen: set[tuple[str | None, str]] = set()
    while queue:
        reference, extras = queue.pop()
        for extra in extras:
            if (reference.extra, extra) in seen:
                continue
            seen.add((reference.extra, extra))
            for item in items:
                if item.extra != extra:
                    continue
                moved = replace(item, extra=reference.extra, marker=_both(item.marker, reference.marker))
                if item.name == project:
                    queue.append((moved, item.extras))
                else:
                    flat.append(moved)
    return flat
