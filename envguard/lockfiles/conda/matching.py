"""Whether a locked conda package is one that a match spec asks for."""

from __future__ import annotations

from ...conda.archives import same_channel
from ...conda.specs import build_matches, satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...conda.specs import Spec
    from ..model import CondaBuild, LockedPackage


def decide(spec: Spec, package: LockedPackage) -> bool | None:
    """Return whether *package* is what *spec* asks for; None where that cannot be told, be it yes or no."""
    build = package.conda
    if build is None:
        return None
    version = satisfies(package.version, spec.version) if package.version is not None else None
    if version is True and spec.readable and not (spec.build or spec.more):
        return True
    answers = [
        version,
        _build(build.build, spec.build),
        *(_more(key, wanted, package, build) for key, wanted in spec.more),
        True if spec.readable else None,
    ]
    return False if False in answers else None if None in answers else True


def _build(build: str | None, wanted: str) -> bool | None:
    if wanted in ("", "*"):
        return True
    return build_matches(build, wanted) if build else None


def _more(key: str, wanted: str, package: LockedPackage, build: CondaBuild) -> bool | None:
    match key:
        case "build_number":
            return satisfies(str(build.number), wanted) if build.number is not None else None
        case "subdir":
            return build.subdir == wanted if build.subdir else None
        case "channel":
            return same_channel(wanted, package.source.location)
        case "sha256" | "md5":
            known = [file.hash.partition(":") for file in package.artifacts if file.hash]
            known += [("md5", ":", build.md5)] if build.md5 else []
            same = [digest == wanted.lower() for algorithm, _, digest in known if algorithm == key]
            return any(same) if same else None
        case _:
            return None
