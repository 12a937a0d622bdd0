"""What the name of a distribution's file says: name and version of wheels (PEP 427), source archives (PEP 625), conda packages."""

from __future__ import annotations

from .. import pep440
from ..conda.archives import split_filename
from ..names import normalize
from ..urls import SOURCE_ARCHIVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model import LockedPackage

_LONGEST = 255  # bytes: NAME_MAX of every file system that packages are kept on


def named_version(filename: str, package: str) -> tuple[str, str] | None:
    """Return name and version that *filename* carries; None where it does not tell them.

    Source archives of before PEP 625 can be cut in several places: where one of them gives the name *package*, that one.
    """
    if len(filename) > _LONGEST:
        return None
    if filename.endswith(".whl"):
        parts = filename.removesuffix(".whl").split("-")
        return (normalize(parts[0]), parts[1].replace("_", "-")) if len(parts) >= 5 else None
    stem = next((filename.removesuffix(end) for end in SOURCE_ARCHIVES if filename.lower().endswith(end)), None)
    if stem is None:
        return None
    for cut, character in enumerate(stem):
        if character == "-" and normalize(stem[:cut]) == package:
            return package, stem[cut + 1 :]
    name, _, version = stem.rpartition("-")
    return (normalize(name), version) if name else None


def other_release(name: str, version: str | None, filename: str) -> tuple[str, str] | None:
    """Return name and version in *filename* where they are not *name* and *version*; None where they are, or nobody can tell."""
    found = named_version(filename, name)
    same = found is None or (found[0] == name and (version is None or same_version(found[1], version)))
    return None if same else found


def conda_release(package: LockedPackage, filename: str) -> tuple[str, str, str] | None:
    """Return name, version and build in *filename* where they are not those of the conda *package*.

    None where they are, or nobody can tell. Conda compares all of them as they are written.
    """
    found = split_filename(filename)
    build = package.conda.build if package.conda is not None else None
    known = (package.name, package.version, build)
    if found is None or found == known or all(one in (None, other) for one, other in zip(known, found, strict=True)):
        return None
    return found


def same_version(one: str, other: str) -> bool:
    """Return whether *one*, from the name of a file, and *other* are the same version, or cannot be compared."""
    if one == other:
        return True
    try:
        return pep440.same(one.replace("-", "+", 1) if "+" in other else one, other) or pep440.same(one, other)
    except ValueError:
        # Archives of before PEP 440 cannot be compared, and uv does not compare them either.
        return True
