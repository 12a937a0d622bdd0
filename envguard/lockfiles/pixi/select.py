"""Which packages ``pixi install`` would install: those that one environment lists for one platform."""

from __future__ import annotations

from ..conda.subdirs import subdir_of
from ..coverage import RefusedError, refuse_unknown
from ..model import RefusalKind, Refused, Selected
from .tables import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Lock, LockedPackage, Selection


def select(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> Selected | Refused:
    """Return what *selection* of *lock* installs in *environment* (marker variables), or why there is no answer.

    The environment is the extra or group that is named, else the one that pixi wrote into the environment
    (``pixi_environment``), else ``default``. Where several platforms of the lock are the same conda platform, the one counts that
    pixi wrote down (``pixi_platform``: the conda platform and the virtual packages, separated by blanks).
    """
    try:
        refuse_unknown("package", set(selection.packages) - {"*"}, ())
        name = _environment(lock, selection, environment)
        platform = _platform(lock, name, environment)
    except RefusedError as error:
        return error.refused
    found = [package for package in lock.packages if _listed(package, name, platform)]
    return Selected(packages=tuple(sorted(found, key=lambda package: package.name)), groups=(name,))


def _listed(package: LockedPackage, environment: str, platform: str) -> bool:
    return any(when.group == environment and when.platform == platform for when in package.when)


def _environment(lock: Lock, selection: Selection, environment: Mapping[str, str]) -> str:
    chosen = sorted({*selection.extras, *selection.groups})
    refuse_unknown("environment", set(chosen) - set(lock.groups), lock.groups)
    if len(chosen) > 1:
        message = f"one environment of pixi is installed at a time, and several are chosen: {', '.join(chosen)}"
        raise RefusedError(Refused(kind=RefusalKind.CONFLICT, message=message, keys=("environments",)))
    here = environment.get("pixi_environment", "")
    if not chosen:
        name = here if here in lock.groups else DEFAULT
        refuse_unknown("environment", {name} - set(lock.groups), lock.groups)
        return name
    if here and here != chosen[0]:
        raise RefusedError(
            Refused(
                kind=RefusalKind.ENVIRONMENT,
                message=f"this is pixi's environment '{here}', and '{chosen[0]}' is what is selected",
                keys=("environments", chosen[0]),
                expected=chosen[0],
                found=here,
                hint=f"pixi run --environment {chosen[0]} envguard check, or select this one: envguard check --group {here}",
            )
        )
    return chosen[0]


def _platform(lock: Lock, name: str, environment: Mapping[str, str]) -> str:
    here = subdir_of(environment)
    subdirs: Mapping[str, str] = lock.options["subdirs"]
    platforms: list[str] = lock.options["platforms"][name]
    found = [platform for platform in platforms if subdirs.get(platform, platform) == here]
    if not found:
        told = here or f"{environment['sys_platform']} on {environment['platform_machine']}, which conda does not know"
        raise RefusedError(
            Refused(
                kind=RefusalKind.ENVIRONMENT,
                message=f"the environment '{name}' has no packages for this platform, {told}",
                keys=("environments", name, "packages"),
                expected=", ".join(platforms) or "a platform",
                found=told,
            )
        )
    if len(found) > 1:
        found = _told(lock, found, environment) or _alike(lock, name, found)
    if len(found) > 1:
        raise RefusedError(
            Refused(
                kind=RefusalKind.ENVIRONMENT,
                message=f"the environment '{name}' has several platforms that are {here}, and nothing here tells which is meant",
                keys=("environments", name, "packages"),
                expected=" or ".join(found),
                found=f"{here}, in an environment that pixi did not make",
                hint=f"{lock.commands.install}, which writes down which one it took",
            )
        )
    return found[0]


def _told(lock: Lock, platforms: list[str], environment: Mapping[str, str]) -> list[str]:
    """Return the platform that pixi wrote into the environment, where it did and the lock still has it."""
    _, *virtual = environment.get("pixi_platform", "").split(" ")
    defined: Mapping[str, list[str]] = lock.options["virtual"]
    return [platform for platform in platforms if virtual and sorted(defined.get(platform, ())) == sorted(virtual)]


def _alike(lock: Lock, name: str, platforms: list[str]) -> list[str]:
    """Return one of *platforms* where all of them install the same, else all."""
    contents = [
        [package.index for package in lock.packages if _listed(package, name, platform)] for platform in platforms
    ]
    return platforms[:1] if all(content == contents[0] for content in contents) else platforms
