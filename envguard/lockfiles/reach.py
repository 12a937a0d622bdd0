"""What a lock needs to hold together: everything in it is reached from the project, and can be installed somewhere."""

from __future__ import annotations

from .edges import both, candidates_of, possible
from .files import Coverage
from .formats import by_name as format_named
from .model import SourceKind
from .parts import edges_of, inconsistency, roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .model import Declared, Inconsistency, Lock, LockedPackage, Source

    ByName = Mapping[str, list[LockedPackage]]

# Where somebody installs from nearly every lock, and what has no files elsewhere has some.
_COMMON = "sys_platform == 'linux' and platform_machine == 'x86_64'"


def broken(lock: Lock, by_name: ByName, declared: Sequence[Declared]) -> Iterator[Inconsistency]:
    """Yield what is left over in *lock*, and what cannot be installed anywhere."""
    form = format_named(lock.format)
    starts = roots(lock)
    starts += [package for item in declared if item.root for package in by_name.get(item.edge.name, ())]
    reached = _reached(starts, by_name) if form.whole and lock.whole and starts else None
    coverage = Coverage(lock) if form.lists_files else None
    bare = []
    for package in lock.packages:
        if reached is not None and id(package) not in reached:
            yield _orphan(package)
        elif coverage is not None and package.source.kind is SourceKind.REGISTRY:
            if not package.artifacts:
                bare.append(package)
            elif not coverage.usable(package):
                yield _unusable(package)
    # Whatever its tool installs all the same lacks its hashes; that is told as such.
    if bare and not form.lists_hashes:
        yield from map(_unusable, _commonly_needed(lock, bare, starts or lock.packages, by_name))


def _reached(
    starts: Sequence[LockedPackage], by_name: ByName, here: str | None = None, *, anywhere: bool = True
) -> set[int]:
    """Return the identities of the entries that *starts* and their dependencies lead to.

    *anywhere* whatever the markers say, else where the marker *here* holds with them.
    """
    found: set[int] = set()
    # Where many entries have one name, each of their dependencies on it leads to all of them: once is enough.
    followed: set[tuple[str, str | None, Source | None]] = set()
    todo = list(starts)
    while todo:
        package = todo.pop()
        if id(package) in found or not (anywhere or possible(both(here, _own(package)))):
            continue
        found.add(id(package))
        for _, edge in edges_of(package):
            leads_to = (edge.name, edge.version, edge.source)
            if leads_to not in followed and (anywhere or possible(both(here, edge.marker))):
                followed.add(leads_to)
                todo += candidates_of(edge, by_name)
    return found


def _own(package: LockedPackage) -> str | None:
    return " or ".join(f"({marker})" for marker in package.markers) or None


def _orphan(package: LockedPackage) -> Inconsistency:
    return inconsistency(
        package,
        "orphan",
        f"{_what(package)} is in the lock, and nothing in it requires it",
        expected="a dependency that leads to it",
        found="none",
    )


def _commonly_needed(
    lock: Lock, packages: Sequence[LockedPackage], starts: Sequence[LockedPackage], by_name: ByName
) -> list[LockedPackage]:
    """Return those of *packages* that are needed on a common platform, or anywhere, if the lock does not cover that.

    uv takes packages that have no files for some platform into the forks for it, and with an override that never holds
    ("sys_platform == 'never'") into the lock as a whole.
    """
    covered = " or ".join(f"({marker})" for marker in lock.supported) or None
    common = both(covered, _COMMON)
    needed = _reached(starts, by_name, common if possible(common) else covered, anywhere=False)
    return [package for package in packages if id(package) in needed]


def _unusable(package: LockedPackage) -> Inconsistency:
    names = [artifact.filename for artifact in package.artifacts]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return inconsistency(
        package,
        "files",
        f"{_what(package)} has no file that can be installed anywhere that the lock covers",
        expected="a source archive, or a wheel for one of the locked environments",
        found=", ".join(names[:2]) + more if names else "no file at all",
    )


def _what(package: LockedPackage) -> str:
    return f"{package.name} {package.version or ''}".rstrip()
