"""Whether a ``conda-lock.yml`` still belongs to the files that it was made from.

conda-lock has no command that says so, and keeps a hash of what it parsed that its authors call flawed. Where the lock recorded
digests of its files (``inputs_metadata``) and they are unchanged, it is fresh. Else every requirement must be satisfied by what is
locked, and everything that is locked be asked for; where the digests say that a file did change, that alone proves nothing.
"""

from __future__ import annotations

import os

from ...conda.archives import same_channel
from ...conda.specs import parse_spec
from ...digests import digest_of
from ...getters import Table
from ...names import normalize
from ..conda.cells import Cell, cells_of
from ..conda.matching import decide
from ..manifests.constraints import satisfied
from ..markers import MarkerError, parse
from ..model import FreshnessVerdict, Reason, SourceKind
from ..parts import version_words
from ..uv import reasons
from .sources import SourceFile, UndecidableError, asked_by, read_source
from .tables import MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...reader import Reader
    from ..model import Lock, LockedPackage
    from .sources import Asked


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where one of its files cannot be used, UnreadableError where one cannot be read.
    """
    metadata = Table(lock.path, ("metadata",), lock.manifest)
    names = metadata.texts("sources")
    if not names:
        return _verdict([reasons.unknown("sources", "does not say what it was made from", lock.path, metadata.keys)])
    sources: list[SourceFile] = []
    there: list[str] = []
    found: list[Reason] = []
    for number, name in enumerate(names):
        keys = (*metadata.keys, "sources", number)
        path = os.path.normpath(os.path.join(os.path.dirname(lock.path), name))
        if os.path.isabs(name) or "\0" in name or not reader.is_file(path):
            found.append(reasons.unknown(name, f"the lock was made from {name}, which is not here", lock.path, keys))
            continue
        try:
            sources.append(read_source(reader, path))
        except UndecidableError as error:
            found.append(reasons.unknown(name, f"{name} cannot be compared: {error.message}", path))
            continue
        there.append(name)
    changed = list(_changed(metadata, there, sources))
    if not found and changed == []:
        return FreshnessVerdict()
    found += _compare(reader, lock, sources, whole=not found)
    if not any(not reason.unknown for reason in found):
        found += [reason for reason in changed if reason is not None]
    return _verdict(found)


def _verdict(found: list[Reason]) -> FreshnessVerdict:
    return FreshnessVerdict(reasons=tuple(dict.fromkeys(found)))


def _changed(metadata: Table, names: list[str], sources: list[SourceFile]) -> Iterator[Reason | None]:
    """Yield the files that are not the recorded ones; None where nothing was recorded of one."""
    recorded = metadata.table("inputs_metadata") if metadata.value.get("inputs_metadata") is not None else None
    for name, source in zip(names, sources, strict=True):
        digests = recorded.table(name) if recorded is not None else None
        known = (
            {key: digests.text(key) for key in ("sha256", "md5") if digests.text(key)} if digests is not None else {}
        )
        made = {key: digest_of(key, source.text.encode()) for key in known}
        if not known:
            yield None
        elif any(made[key] != digest for key, digest in known.items()):
            key = next(iter(known))
            yield Reason(
                subject=name,
                message=f"{name} is not the file that the lock was made from; what it asks for is satisfied, and only a new "
                "resolution can tell whether it would choose the same",
                path=source.path,
                expected=f"{key}:{known[key]}",
                found=f"{key}:{made[key]}",
                unknown=True,
            )


def _compare(reader: Reader, lock: Lock, sources: list[SourceFile], *, whole: bool) -> Iterator[Reason]:
    yield from _settings(lock, sources)
    for cell in cells_of(lock, exclusive=False):
        asked: list[Asked] = []
        here = whole
        for source in sources:
            try:
                asked += asked_by(reader, source, cell.platform)
            except UndecidableError as error:
                name = os.path.basename(source.path)
                yield reasons.unknown(name, f"{name} cannot be compared: {error.message}", source.path)
                here = False
        found = [reason for item in asked for reason in _requirement(cell, item)]
        yield from found
        # What may be there under another name leads to packages that nothing else asks for.
        if here and not any(reason.unknown for reason in found):
            yield from _left_over(lock, cell, asked)


def _settings(lock: Lock, sources: list[SourceFile]) -> Iterator[Reason]:
    """Yield where channels or platforms differ: the command line may have given others, so that proves nothing."""
    for key, locked in (("platforms", lock.options["platforms"]), ("channels", lock.options["channels"])):
        declared = list(dict.fromkeys(name for source in sources for name in getattr(source, key)))
        same = sorted(declared) == sorted(locked) if key == "platforms" else _same_channels(declared, locked)
        if declared and not same:
            path = next(source.path for source in sources if getattr(source, key))
            yield Reason(
                subject=key,
                message=f"the lock was made with other {key}, here or on the command line",
                path=path,
                keys=(key,),
                expected=", ".join(declared),
                found=", ".join(locked) or "none",
                unknown=True,
            )


def _same_channels(declared: list[str], locked: list[str]) -> bool:
    return len(declared) == len(locked) and all(
        same_channel(one, other) or same_channel(other, one) for one, other in zip(declared, locked, strict=True)
    )


def _requirement(cell: Cell, item: Asked) -> Iterator[Reason]:
    asked = item.requirement
    if asked is None:
        yield from _conda_requirement(cell, item)
        return
    if asked.marker is not None and not _holds(asked.marker, cell):
        return
    conda = {normalize(name): package for name, package in cell.conda.items()}
    package = cell.python.get(asked.name) or conda.get(asked.name)
    if package is None:
        yield Reason(
            subject=asked.name,
            message=f"{asked.name} is not in the lock for {cell}, unless conda has it under another name",
            path=item.path,
            keys=item.keys,
            expected=asked.text,
            found="no package of that name",
            unknown=item.anywhere,
        )
    elif asked.direct is not None:
        if package.source.kind in (SourceKind.REGISTRY, SourceKind.CONDA):
            yield _unsatisfied(cell, item, package, asked.name, asked.text)
    elif asked.constraint and package.version is not None:
        fits = satisfied(package.version, asked.constraint)
        if fits is None:
            message = f"whether {asked.text} is satisfied by {asked.name} {package.version} cannot be told"
            yield reasons.unknown(asked.name, message, item.path, item.keys)
        elif not fits:
            yield _unsatisfied(cell, item, package, asked.name, asked.text)


def _conda_requirement(cell: Cell, item: Asked) -> Iterator[Reason]:
    spec = parse_spec(item.spec or "")
    if spec is None:
        yield reasons.unknown(
            item.spec or "", f"'{item.spec}' is no match spec that is read here", item.path, item.keys
        )
        return
    if spec.virtual:
        return
    package = cell.conda.get(spec.name)
    if package is None:
        yield Reason(
            subject=spec.name,
            message=f"the requirement on {spec.name} {reasons.ADDED} for {cell}",
            path=item.path,
            keys=item.keys,
            expected=spec.text,
            found="no requirement",
        )
        return
    fits = decide(spec, package)
    if fits is None:
        message = f"whether '{spec.text}' is satisfied by {_named(package)} cannot be told"
        yield reasons.unknown(spec.name, message, item.path, item.keys)
    elif not fits or not _in_category(package, cell, item.category):
        yield _unsatisfied(cell, item, package, spec.name, spec.text)


def _in_category(package: LockedPackage, cell: Cell, category: str) -> bool:
    """Return whether *package* is locked for *category*, or for ``main``, which is part of every installation."""
    groups = {when.group for when in package.when if when.platform == cell.platform}
    return None in groups or (None if category == MAIN else category) in groups


def _unsatisfied(cell: Cell, item: Asked, package: LockedPackage, name: str, text: str) -> Reason:
    return Reason(
        subject=name,
        message=f"the requirement on {name} is not satisfied by what is locked for {cell}",
        path=item.path,
        keys=item.keys,
        expected=text if item.category == MAIN else f"{text}, for the category {item.category}",
        found=_named(package),
    )


def _holds(marker: str, cell: Cell) -> bool:
    markers = cell.markers()
    try:
        return markers is None or parse(marker).holds(markers)
    except MarkerError:
        return True


def _left_over(lock: Lock, cell: Cell, asked: list[Asked]) -> Iterator[Reason]:
    """Yield the packages that nothing asks for any more, those alone that nothing else left over leads to."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in cell.packages:
        by_name.setdefault(normalize(package.name), []).append(package)
    todo = [name for item in asked if (name := _name(item)) is not None]
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _needs(by_name.get(name, ()))
    rest = by_name.keys() - reached
    below = {name for left in rest for name in _needs(by_name[left]) if name != left}
    for name in sorted(rest - below):
        package = by_name[name][0]
        yield Reason(
            subject=package.name,
            message=f"{package.name} {reasons.REMOVED}",
            path=lock.path,
            keys=package.route,
            expected="no requirement",
            found=_named(package),
        )


def _name(item: Asked) -> str | None:
    if item.requirement is not None:
        return item.requirement.name
    spec = parse_spec(item.spec or "")
    return normalize(spec.name) if spec is not None else None


def _needs(packages: Iterable[LockedPackage]) -> list[str]:
    return [normalize(edge.name) for package in packages for edge in package.dependencies]


def _named(package: LockedPackage) -> str:
    return f"{package.name} {version_words(package)}"
