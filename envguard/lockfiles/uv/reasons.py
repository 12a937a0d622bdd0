"""The reasons that a ``uv.lock`` is stale, or that nobody can tell, in the words in which people read them."""

from __future__ import annotations

from ..model import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...getters import Table
    from .comparison import Difference
    from .requirements import Requirement, UndecidableError

ADDED = "is not in the lock"
REMOVED = "is in the lock and no longer declared"
CHANGED = "is not the one in the lock"


def setting(table: Table, key: str, expected: str, found: str) -> Reason:
    """Return the reason that the setting *key* is not what the lock was made with."""
    return Reason(
        subject=key,
        message=f"the lock was made with another '{key}'",
        path=table.path,
        keys=(*table.keys, key),
        expected=expected or "none",
        found=found or "none",
    )


def requirement(whose: str, difference: Difference) -> Reason:
    """Return the reason that the requirements of *whose* on one name are not those in the lock."""
    now, before = difference.now, difference.before
    what = ADDED if not before else REMOVED if not now else CHANGED
    path, keys = _place(now, before) if now else (before[0].path, before[0].keys)
    return Reason(
        subject=difference.name,
        message=f"the requirement of {whose} on {difference.name} {what}",
        path=path,
        keys=keys,
        expected=", ".join(dict.fromkeys(item.text for item in now)) or "no requirement",
        found=", ".join(dict.fromkeys(item.text for item in before)) or "no requirement",
    )


def _place(now: Sequence[Requirement], before: Sequence[Requirement]) -> tuple[str, tuple[str | int, ...]]:
    """Return the place in the manifest to look at: that of a source that is new, else that of the requirement."""
    old = {item.origin for item in before}
    moved = [item.source for item in now if item.source is not None and item.origin not in old]
    return moved[0] if moved and before else (now[0].path, now[0].keys)


def name(what: str, subject: str, path: str, keys: tuple[str | int, ...], *, declared: bool) -> Reason:
    """Return the reason that *what* (an extra, a group) is on one side alone: in the manifest, or in the lock."""
    return Reason(
        subject=subject,
        message=f"{what} {ADDED if declared else REMOVED}",
        path=path,
        keys=keys,
        expected="declared" if declared else "none",
        found="none" if declared else "declared",
    )


def value(what: str, subject: str, path: str, keys: tuple[str | int, ...], expected: str, found: str) -> Reason:
    """Return the reason that *what* has another value than the lock recorded."""
    return Reason(subject=subject, message=f"{what} {CHANGED}", path=path, keys=keys, expected=expected, found=found)


def unknown(subject: str, message: str, path: str, keys: tuple[str | int, ...] = ()) -> Reason:
    """Return the reason that something cannot be compared."""
    return Reason(subject=subject, message=message, path=path, keys=keys, unknown=True)


def undecidable(subject: str, error: UndecidableError) -> Reason:
    """Return *error* as a reason."""
    return unknown(subject, error.message, error.path, error.keys)
