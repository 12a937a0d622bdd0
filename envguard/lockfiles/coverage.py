"""Whether a lock speaks about an environment at all: what every selection asks first."""

from __future__ import annotations

from .. import pep440
from ..errors import LockfileError
from .markers import MarkerError, parse
from .model import RefusalKind, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .model import Lock


class RefusedError(Exception):
    """Ends a selection; *refused* is what it returns."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def refuse_uncovered(lock: Lock, environment: Mapping[str, str]) -> None:
    """Raise RefusedError where *lock* was not made for this Python, or for none of this kind of environment."""
    python = environment["python_full_version"]
    if lock.requires_python is not None and not python_in(python, lock.requires_python, lock, lock.requires_keys):
        raise RefusedError(
            Refused(
                kind=RefusalKind.REQUIRES_PYTHON,
                message=f"the lock is made for Python {lock.requires_python}, this environment has {python}",
                keys=lock.requires_keys,
                expected=lock.requires_python,
                found=python,
            )
        )
    for keys, markers in ((("resolution-markers",), lock.markers), (lock.supported_keys, lock.supported)):
        if markers and not any(holds(lock, keys, text, environment, frozenset()) for text in markers):
            here = ", ".join(f"{name} {environment[name]}" for name in ("sys_platform", "platform_machine"))
            raise RefusedError(
                Refused(
                    kind=RefusalKind.ENVIRONMENT,
                    message=f"the lock does not cover this environment: none of its {keys[-1]} holds",
                    keys=keys,
                    expected=" or ".join(markers),
                    found=f"{here}, Python {python}",
                )
            )


def python_in(python: str, requires: str, lock: Lock, keys: tuple[str | int, ...]) -> bool:
    """Return whether the version *python* lies in the range *requires*, which stands at *keys*; LockfileError where it is none."""
    try:
        return pep440.contains(requires, python)
    except ValueError:
        raise LockfileError(
            f"'{requires}' is no version range", path=lock.path, keys=keys, hint=lock.commands.lock
        ) from None


def holds(
    lock: Lock,
    keys: tuple[str | int, ...],
    text: str,
    environment: Mapping[str, str],
    extras: frozenset[str],
    groups: frozenset[str] = frozenset(),
) -> bool:
    """Return whether the marker *text*, which stands at *keys*, holds; LockfileError where it is none."""
    try:
        return parse(text).holds(environment, extras, groups)
    except MarkerError as error:
        raise LockfileError(
            f"a marker cannot be used: {error}", path=lock.path, keys=keys, hint=lock.commands.lock
        ) from None


def refuse_unknown(what: str, unknown: Iterable[str], known: Iterable[str]) -> None:
    """Raise RefusedError where any name is *unknown* to the lock, which knows *known*."""
    for name in sorted(unknown):
        raise RefusedError(
            Refused(
                kind=RefusalKind.UNKNOWN_NAME,
                message=f"the lock has no {what} '{name}'; it has: {', '.join(sorted(known)) or 'none'}",
                found=name,
            )
        )


def covered(lock: Lock) -> str | None:
    """Return the marker of the environments that *lock* is for, as far as it tells; None where they are all."""
    from .edges import both
    from .manifests.constraints import python_marker

    python = python_marker(lock.requires_python) if lock.requires_python else None
    return both(python, " or ".join(f"({marker})" for marker in lock.supported) or None)
