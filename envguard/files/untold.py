"""What could not be verified by a SHA-256, and why; files whose installer chose another hash are hashed here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..amounts import plural
from ..installed.record import BOOKKEEPING
from ..names import printable
from ..trees.words import fault, listed
from ..values import dataclass, field
from .content import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..walked import Problem
    from .claims import Claims, Plain
    from .compare import Seen, Where

_NAMED = 3
_STRONG = frozenset(("sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"))
_WEAK = frozenset(("md5", "sha1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Sentences about what is *untold*, and what became of files with another hash or none."""

    untold: list[str] = field(default_factory=list)
    changed: list[tuple[Where, bytes, bytes]] = field(default_factory=list)
    missing: list[Where] = field(default_factory=list)


def sentences(claims: Claims, unread: Mapping[Where, Problem], seen: Mapping[str, Seen], own: bytes) -> Told:
    """Return what is to be said of the files of *claims* beside those that were compared.

    *own* is the name of its metadata folder, with a slash; *unread* are files that could not be looked at.
    """
    told = Told()
    if claims.fault is not None:
        told.untold.append(claims.fault)
    if claims.beyond:
        told.untold.append(f"{plural(len(claims.beyond), 'path')} lead out of the environment: {_some(claims.beyond)}")
    reasons = [
        f"{printable(os.fsdecode(path))} {fault(problem)}" for (_, path), problem in sorted(unread.items(), key=_first)
    ]
    kinds: dict[str, list[str]] = {}
    for row in claims.plain:
        where = (row.folder, row.path)
        if row.path.endswith(b".pyc") or (row.path.startswith(own) and row.path[len(own) :] in BOOKKEEPING):
            continue
        problem = seen[row.folder].problem(row.path)
        if row.made:
            # A link may lead to a folder, or to what another package has yet to bring.
            if not os.path.lexists(os.path.join(row.folder, os.fsdecode(row.path))):
                told.missing.append(where)
            continue
        if seen[row.folder].row(row.path) is None and problem is None:
            told.missing.append(where)
        elif problem is not None:
            reasons.append(f"{printable(os.fsdecode(row.path))} {fault(problem)}")
        else:
            _compare(row, told, kinds)
    if reasons:
        told.untold.append(listed(reasons, _NAMED))
    for why, names in kinds.items():
        told.untold.append(f"{plural(len(names), 'file')} {why}: {_some(names)}")
    return told


def _compare(row: Plain, told: Told, kinds: dict[str, list[str]]) -> None:
    name = printable(os.fsdecode(row.path))
    algorithm = row.digest.partition(b"=")[0].decode("ascii", "replace")
    if not row.digest:
        kinds.setdefault("without a hash", []).append(name)
    elif algorithm in _WEAK:
        kinds.setdefault(f"with a hash that can be forged ({algorithm})", []).append(name)
    elif algorithm not in _STRONG:
        kinds.setdefault(f"with a hash of an unknown kind ({printable(algorithm)[:20]})", []).append(name)
    else:
        now = digest(os.path.join(row.folder, os.fsdecode(row.path)), algorithm)
        if now is None:
            kinds.setdefault("that cannot be read", []).append(name)
        elif now != row.digest.rstrip(b"="):
            told.changed.append(((row.folder, row.path), row.digest, now))


def _first(pair: tuple[Where, Problem]) -> Where:
    return pair[0]


def _some(names: tuple[str, ...] | list[str]) -> str:
    return listed(names, _NAMED)
