"""Whether a lock has what was asked for: one requirement against the locked packages of its name."""

from __future__ import annotations

from .manifests.constraints import satisfied
from .model import Reason, SourceKind
from .uv import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .manifests.requirements import Requirement
    from .model import LockedPackage

_FILES = frozenset((SourceKind.PATH, SourceKind.DIRECTORY, SourceKind.EDITABLE))


def unmet(
    item: Requirement,
    entries: Sequence[LockedPackage],
    *,
    what: str,
    path: str,
    line: int | None = None,
    direct: bool | None = None,
) -> Reason | None:
    """Return the reason that *entries*, the locked packages of its name, are not what *item* asks for; None where they are.

    *what* names the requirement, as the beginning of a sentence; *path* is the file that it stands in, *line* its line
    where the file has no key paths. *direct* is whether it is to come from a source of its own instead of an index, None
    where something else may say so.
    """

    def reason(message: str, found: str) -> Reason:
        return Reason(
            subject=item.name,
            message=f"{what} {message}",
            path=path,
            keys=item.keys,
            line=line,
            expected=item.text,
            found=found,
        )

    if not entries:
        return reason(reasons.ADDED, "no requirement")
    found = ", ".join(package.version or "no version" for package in entries)
    kinds = {package.source.kind for package in entries}
    has_source = kinds != {SourceKind.REGISTRY}
    if item.constraint and not direct and not (direct is None and has_source):
        fits = [satisfied(package.version or "", item.constraint) for package in entries]
        if not any(fit is not False for fit in fits):
            return reason("is not satisfied by the locked version", found)
    if direct not in (None, has_source) or (item.direct is not None and not _same_kind(item.direct, kinds)):
        words = ", ".join(sorted(str(kind) for kind in kinds))
        return reason("asks for another source than the lock has", f"{item.name} {found} from {words}")
    return None


def _same_kind(asked: SourceKind, kinds: set[SourceKind]) -> bool:
    return asked in kinds or (asked in _FILES and bool(kinds & _FILES))
