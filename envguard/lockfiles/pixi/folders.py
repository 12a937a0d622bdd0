"""Projects in folders that a ``pixi.lock`` has packages of: does their metadata still say what was locked?"""

from __future__ import annotations

import os

from ...errors import ConfigError
from ...names import normalize
from ...toml import read_toml
from ..manifests.requirements import from_pep508
from ..manifests.section import MAX_BYTES, Section
from ..manifests.section import NAME as PYPROJECT
from ..markers import MarkerError
from ..model import Reason, SourceKind
from ..uv import reasons
from ..uv.equivalence import same
from ..uv.ranges import EVERYTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..model import Lock, LockedPackage

_FOLDERS = (SourceKind.DIRECTORY, SourceKind.EDITABLE)
_Asked = tuple[str, tuple[str, ...], str, str]
"""A requirement: name, extras, range and marker."""


def folder_reasons(reader: Reader, lock: Lock, package: LockedPackage) -> Iterator[Reason]:
    """Yield where the project that *package* is built from declares something else than *lock* has of it.

    The hash that pixi keeps of such a folder is made of files that only its build backend can name; it is not compared.
    """
    if package.source.kind not in _FOLDERS:
        return
    folder = os.path.normpath(os.path.join(os.path.dirname(lock.path), package.source.location))
    path = os.path.join(folder, PYPROJECT)
    if not reader.is_file(path):
        message = f"what {package.name} in {package.source.location} requires is not in a {PYPROJECT}"
        yield reasons.unknown(package.name, message, lock.path, package.route)
        return
    project = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES)).table("project")
    dynamic = project.texts("dynamic")
    computed = [key for key in ("dependencies", "optional-dependencies") if key in dynamic]
    if not project.value or computed:
        what = " and ".join(computed) or "what it requires"
        message = f"{what} of {package.name} in {package.source.location} only its build backend can tell"
        yield reasons.unknown(package.name, message, path, project.keys)
        return
    version = project.text("version")
    if version is not None and package.version is not None and not _same_version(version, package.version):
        what, keys = f"the version of {package.name}", (*project.keys, "version")
        yield reasons.value(what, package.name, path, keys, version, package.version)
    now, before = set(_declared(project)), set(_locked(package))
    if now != before and not _same(now - before, before - now):
        yield Reason(
            subject=package.name,
            message=f"what {package.name} requires {reasons.CHANGED}",
            path=path,
            keys=(*project.keys, "dependencies"),
            expected=_words(now - before),
            found=_words(before - now),
        )


def _same(now: set[_Asked], before: set[_Asked]) -> bool:
    """Return whether two sets of requirements ask for the same, however their markers are spelled."""
    left, right = sorted(now), sorted(before)
    try:
        return [item[:3] for item in left] == [item[:3] for item in right] and all(
            bool(one[3]) == bool(other[3]) and (one[3] == other[3] or same((one[3],), (other[3],), EVERYTHING))
            for one, other in zip(left, right, strict=True)
        )
    except MarkerError:
        return False


def _declared(project: Section) -> Iterator[_Asked]:
    for number, text in enumerate(project.texts("dependencies")):
        yield _asked(project, text, (*project.keys, "dependencies", number), None)
    extras = project.table("optional-dependencies")
    for name in extras.value:
        for number, text in enumerate(extras.texts(name)):
            yield _asked(project, text, (*extras.keys, name, number), normalize(name))


def _asked(project: Section, text: str, keys: tuple[str | int, ...], extra: str | None) -> _Asked:
    item = from_pep508(project, text, keys)
    marker = item.marker or ""
    if extra is not None:
        marker = f"({marker}) and extra == '{extra}'" if marker else f"extra == '{extra}'"
    return item.name, item.extras, _range(item.constraint), _marker(marker)


def _locked(package: LockedPackage) -> Iterator[_Asked]:
    for edge in package.dependencies:
        yield edge.name, edge.extras, _range(edge.specifier or ""), _marker(edge.marker or "")


def _range(text: str) -> str:
    from packaging.specifiers import SpecifierSet

    try:
        return str(SpecifierSet(text))
    except ValueError:
        return text


def _marker(text: str) -> str:
    from packaging.markers import InvalidMarker, Marker

    try:
        return str(Marker(text)) if text else ""
    except InvalidMarker:
        return text


def _same_version(one: str, other: str) -> bool:
    from packaging.version import Version

    try:
        return Version(one) == Version(other)
    except ValueError:
        return one == other


def _words(items: set[_Asked]) -> str:
    return ", ".join(
        sorted(name + "".join(f"[{extra}]" for extra in extras) + rng for name, extras, rng, _ in items)
    ) or ("nothing more")
