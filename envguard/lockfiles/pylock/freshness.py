"""Whether a ``pylock.toml`` still belongs to its manifest.

PEP 751 has no place for what a lock was made from. pdm keeps a hash of it, or the inputs themselves, in a table of its own,
and decides by them; that verdict is taken over where pdm wrote the file as its lock. Of every other lock it can be told that
it contradicts the manifest, and never that it is fresh.
"""

from __future__ import annotations

import os

from ..exported.contradictions import UNRECORDED, contradictions
from ..manifests.section import NAME
from ..model import FreshnessVerdict, Reason
from ..pdm.freshness import hash_reasons, judge
from ..pdm.manifest import read_manifest
from ..poetry.manifest import read_manifest as read_poetry_manifest
from ..requirements.freshness import compiled_reasons
from ..requirements.inputs import inputs_of
from .tables import LockTable, is_pdms_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..model import Lock


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where the manifest cannot be used, UnreadableError where it cannot be read.
    """
    pdm = LockTable(lock.path, ("tool",), lock.manifest).table("pdm")
    found: list[Reason] = []
    if lock.revision:
        found.append(_newer(lock))
    if is_pdms_own(lock.manifest):
        found += judge(reader, lock, pdm, _recorded_hash(pdm)).reasons
    else:
        found += _of_an_export(reader, lock, pdm)
    return FreshnessVerdict(reasons=tuple(found))


def _recorded_hash(pdm: LockTable) -> str | None:
    hashes = pdm.table("hashes")
    return next((f"{algorithm}:{hashes.required(algorithm)}" for algorithm in hashes.value), None)


def _of_an_export(reader: Reader, lock: Lock, pdm: LockTable) -> Iterator[Reason]:
    if inputs := inputs_of(reader, lock):
        yield from compiled_reasons(reader, lock, inputs, explained=False)
        return
    manifest = read_manifest(reader, os.path.dirname(lock.path))
    if manifest is None:
        yield _unknown(lock, f"there is no {NAME} beside the lock, and the lock records none of its inputs")
        return
    recorded = _recorded_hash(pdm)
    if recorded is not None:
        yield from hash_reasons(lock, manifest, recorded)
    else:
        if "poetry" in manifest.data.get("tool", {}):
            manifest = read_poetry_manifest(reader, os.path.dirname(lock.path)) or manifest
        yield from contradictions(lock, manifest)
    yield _unknown(lock, UNRECORDED)


def _unknown(lock: Lock, message: str) -> Reason:
    return Reason(subject=os.path.basename(lock.path), message=message, path=lock.path, unknown=True)


def _newer(lock: Lock) -> Reason:
    return Reason(
        subject="lock-version",
        message=f"lock version {lock.version}.{lock.revision} may say more than is understood here, which is 1.0",
        path=lock.path,
        keys=("lock-version",),
        unknown=True,
    )
