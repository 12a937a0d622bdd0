"""The platforms of an environment: those that its features and the workspace allow, against those of the lock."""

from __future__ import annotations

from ..uv import reasons
from .requirements import applies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..conda.cells import Cell
    from ..model import Lock, Reason
    from .manifest import Manifest, Platform
    from .requirements import Target

# From here on the lock says what each platform asks of the machine.
_TELLS_VIRTUAL = 7
# What no machine has unless somebody says so.
_OPTIONAL = "__cuda"
# What requirements on the system can mean where.
_THERE = {
    "linux": ("__linux", "__glibc", "__cuda", "__archspec"),
    "osx": ("__osx", "__archspec"),
    "win": ("__win", "__cuda", "__archspec"),
}


def platforms_of(manifest: Manifest, environment: str) -> list[Platform]:
    """Return the platforms that *environment* is for."""
    return [
        entry
        for entry in manifest.platforms
        if all(
            feature.platforms is None or entry.name in feature.platforms or entry.subdir in feature.platforms
            for feature in manifest.features_of(environment)
        )
    ]


def targets_of(manifest: Manifest, environment: str, cell: Cell) -> list[list[Target]]:
    """Return for each feature of *environment* the targets that are meant for *cell*, the general one first."""
    names = [entry.name for entry in platforms_of(manifest, environment) if _is(entry, cell)] or [cell.platform]
    return [
        [item for item in feature.targets if any(applies(item.selector, name, cell.subdir) for name in names)]
        for feature in manifest.features_of(environment)
    ]


def _is(entry: Platform, cell: Cell) -> bool:
    return entry.name == cell.platform or entry.subdir == cell.subdir


def virtual_of(manifest: Manifest, environment: str, cell: Cell) -> dict[str, str]:
    """Return the virtual packages that the manifest declares for the platform of *cell*, with their versions."""
    entries = sorted((entry for entry in manifest.platforms if _is(entry, cell)), key=lambda e: e.name != cell.platform)
    return _virtual(manifest, environment, entries[0] if entries else None)


def _virtual(manifest: Manifest, environment: str, entry: Platform | None) -> dict[str, str]:
    found = dict(entry.virtual) if entry is not None else {}
    there = _THERE.get(entry.subdir.partition("-")[0], ()) if entry is not None else ()
    for feature in manifest.features_of(environment):
        found |= {name: version for name, version in feature.virtual.items() if name in there}
    return found


def platform_reasons(lock: Lock, manifest: Manifest, environment: str) -> Iterator[Reason]:
    """Yield the platforms of *environment* that are in the manifest or in *lock* alone, or that have another definition."""
    declared = platforms_of(manifest, environment)
    subdirs: Mapping[str, str] = lock.options["subdirs"]
    locked = {name: subdirs.get(name, name) for name in lock.options["platforms"][environment]}
    keys = (*manifest.keys, "platforms")
    for entry in declared:
        # An environment that needs nothing somewhere is not listed there.
        if entry.subdir not in locked.values() and entry.name not in locked and _has_packages(lock, environment):
            what = f"the platform '{entry.name}' of the environment '{environment}'"
            yield reasons.name(what, entry.name, manifest.path, keys, declared=True)
    names, allowed = {entry.name for entry in declared}, {entry.subdir for entry in declared}
    for name, subdir in locked.items():
        place = ("environments", environment, "packages", name)
        if name not in names and subdir not in allowed:
            what = f"the platform '{name}' of the environment '{environment}'"
            yield reasons.name(what, name, lock.path, place, declared=False)
    if lock.version >= _TELLS_VIRTUAL:
        for entry in declared:
            yield from _definition(lock, manifest, environment, entry, locked)


def _has_packages(lock: Lock, environment: str) -> bool:
    return any(when.group == environment for package in lock.packages for when in package.when)


def _definition(
    lock: Lock, manifest: Manifest, environment: str, entry: Platform, locked: Mapping[str, str]
) -> Iterator[Reason]:
    """Yield where the lock has the platform *entry* as something else than the manifest does.

    What the manifest leaves to pixi's defaults is not compared, since those change from release to release.
    """
    expected = _virtual(manifest, environment, entry)
    virtual: Mapping[str, list[str]] = lock.options["virtual"]
    keys = (*manifest.keys, "platforms")
    if locked.get(entry.name, entry.subdir) != entry.subdir:
        what = f"the platform '{entry.name}'"
        yield reasons.value(what, entry.name, manifest.path, keys, entry.subdir, locked[entry.name])
        return
    same = [name for name, subdir in locked.items() if subdir == entry.subdir]
    candidates = [entry.name] if entry.name in same and entry.virtual else same
    # A row without any is one of before they were written down; pixi trusts it, unless the manifest defines the platform itself.
    trusted = not entry.virtual and any(not virtual.get(name) for name in candidates)
    if candidates and not trusted and not any(_agrees(expected, virtual.get(name, ())) for name in candidates):
        words = ", ".join(f"{name}={value}" for name, value in sorted(expected.items())) or "nothing of its own"
        found = " or ".join(", ".join(virtual.get(name, ())) or "nothing" for name in candidates)
        what = f"what the platform '{entry.name}' asks of a machine"
        yield reasons.value(what, entry.name, manifest.path, keys, words, found)


def _agrees(expected: Mapping[str, str], locked: Sequence[str]) -> bool:
    told = dict(text.partition("=")[::2] for text in locked)
    if _OPTIONAL in told and _OPTIONAL not in expected:
        return False
    return all(value in (told.get(name), (told.get(name) or "").removeprefix("0=")) for name, value in expected.items())
