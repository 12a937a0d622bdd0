"""What is locked against what was asked for, as far as a lock tells both."""

from __future__ import annotations

from .. import pep440
from .edges import both, candidates_of, possible
from .model import Declared, Inconsistency, SourceKind
from .parts import all_edges, placed_edges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .model import Edge, Lock, LockedPackage

    ByName = Mapping[str, list[LockedPackage]]


def contradictions(lock: Lock, by_name: ByName, declared: Sequence[Declared]) -> Iterator[Inconsistency]:
    """Yield the requirements that no locked version satisfies; none where nobody knows which of them are overridden."""
    if lock.overrides is None:
        return
    for package in lock.packages:
        # Nearly all are met; where one stands takes longer to say.
        if all(_is_met(by_name, edge) for edge in all_edges(package)):
            continue
        for keys, edge in placed_edges(package):
            if edge.specifier:
                asked = Declared(edge=edge, by=f"{package.name} requires", keys=keys, package=package)
                yield from _contradiction(lock, by_name, asked)
    for item in declared:
        if item.edge.specifier:
            yield from _contradiction(lock, by_name, item)


def _is_met(by_name: ByName, edge: Edge) -> bool:
    """Return whether *edge* asks for no version, or for that of the only entry of its name."""
    if not edge.specifier:
        return True
    entries = by_name.get(edge.name, ())
    return len(entries) == 1 and entries[0].version is not None and _satisfies(entries[0].version, edge.specifier)


def _contradiction(lock: Lock, by_name: ByName, asked: Declared) -> Iterator[Inconsistency]:
    edge = asked.edge
    if edge.name in (lock.overrides or ()):
        return
    candidates = candidates_of(edge, by_name)
    # What is not taken from an index was chosen by its source, whatever its version says.
    if any(other.version is None or other.source.kind is not SourceKind.REGISTRY for other in candidates):
        return
    if not candidates or any(_satisfies(other.version or "", edge.specifier or "") for other in candidates):
        return
    from .coverage import covered

    if possible(both(covered(lock), edge.marker)):
        versions = " or ".join(sorted({other.version or "" for other in candidates}))
        package = asked.package
        yield Inconsistency(
            kind="requirement",
            subject=edge.name,
            message=f"{asked.by} {edge.name}{edge.specifier}, and the lock has {edge.name} {versions}",
            keys=asked.keys,
            line=package.line if package is not None else asked.line,
            path=package.path if package is not None else asked.path,
            expected=f"{edge.name}{edge.specifier}",
            found=versions,
        )


def _satisfies(version: str, specifier: str) -> bool:
    try:
        return pep440.contains(specifier, version)
    except ValueError:
        # Neither can be compared; what reads them says what is wrong with them.
        return True
