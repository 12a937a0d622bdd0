"""Whether a ``pdm.lock`` still belongs to its manifest, as ``pdm lock --check`` decides it.

PDM keeps one hash of everything in the manifest that it resolves from (pdm: "pdm.project.project_file"), or, where the project
asks for it, the inputs themselves (``lock_inputs``).
"""

from __future__ import annotations

import os

from ...digests import digest_of
from ...errors import ConfigError
from ...names import normalize
from ..manifests.section import NAME
from ..model import FreshnessVerdict, Reason
from .manifest import read_manifest
from .tables import LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...getters import Table
    from ...reader import Reader
    from ..manifests.model import Manifest
    from ..model import Lock

_ALGORITHMS = ("sha256", "sha384", "sha512", "sha1", "md5")


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where the manifest cannot be used, UnreadableError where it cannot be read.
    """
    recorded = LockTable(lock.path, ("metadata",), lock.manifest)
    return judge(reader, lock, recorded, recorded.value.get("content_hash"))


def judge(reader: Reader, lock: Lock, recorded: Table, locked: object) -> FreshnessVerdict:
    """Return the verdict on *lock*, in whose table *recorded* pdm wrote its inputs, or of which it made the hash *locked*.

    Raises ConfigError where the manifest cannot be used, UnreadableError where it cannot be read.
    """
    manifest = read_manifest(reader, os.path.dirname(lock.path))
    if manifest is None:
        return _unknown(NAME, f"there is no {NAME} beside the lock", lock.path)
    tool = manifest.data.get("tool", {})
    pdm = tool.get("pdm", {})
    if "project" not in manifest.data:
        return _unknown("project", "pdm converts manifests without [project], which is not done here", manifest.path)
    if pdm.get("workspace"):
        message = "the members of a workspace of pdm are part of what it compares, and are not followed here"
        return _unknown("workspace", message, manifest.path, ("tool", "pdm", "workspace"))
    resolution = pdm.get("resolution", {})
    if "lock_inputs" in recorded.value:
        from .inputs import input_reasons

        return FreshnessVerdict(reasons=tuple(input_reasons(lock, manifest, recorded.table("lock_inputs"))))
    if isinstance(resolution, dict) and resolution.get("lock_inputs") is True:
        reason = Reason(
            subject="lock_inputs",
            message="the project wants its inputs recorded in the lock, and the lock has a hash of them instead",
            path=manifest.path,
            keys=("tool", "pdm", "resolution", "lock_inputs"),
        )
        return FreshnessVerdict(reasons=(reason,))
    return FreshnessVerdict(reasons=hash_reasons(lock, manifest, locked))


def hash_reasons(lock: Lock, manifest: Manifest, locked: object) -> tuple[Reason, ...]:
    """Return why *manifest* is not what pdm made the hash *locked* of; nothing where it is."""
    algorithm, _, _ = locked.partition(":") if isinstance(locked, str) else ("", "", "")
    now = f"{algorithm}:{content_hash(manifest, algorithm)}" if algorithm in _ALGORITHMS else "none"
    if locked == now:
        return ()
    from ..manifests.changes import changes

    return tuple(changes(lock, manifest)) or (_inputs(manifest, now, locked),)


def _unknown(subject: str, message: str, path: str, keys: tuple[str, ...] = ()) -> FreshnessVerdict:
    return FreshnessVerdict(reasons=(Reason(subject=subject, message=message, path=path, keys=keys, unknown=True),))


def _inputs(manifest: Manifest, now: str, locked: object) -> Reason:
    return Reason(
        subject="content_hash",
        message="what the lock was made from has changed, though no requirement was found that it does not satisfy",
        path=manifest.path,
        expected=now,
        found=locked if isinstance(locked, str) else "none",
    )


def content_hash(manifest: Manifest, algorithm: str) -> str:
    """Return the hash that pdm makes of *manifest*; ConfigError where what is hashed has no such form."""
    import json

    data = manifest.data
    project, pdm = data.get("project", {}), data.get("tool", {}).get("pdm", {})
    development: dict[str, list[Any]] = {}
    for group, items in data.get("dependency-groups", {}).items():
        if normalize(group) in development:
            message = f"the group '{group}' is there twice"
            raise ConfigError(message, path=manifest.path, keys=("dependency-groups", group))
        development[normalize(group)] = list(items)
    for group, items in pdm.get("dev-dependencies", {}).items():
        development.setdefault(normalize(group), []).extend(items)
    hashed = {
        "sources": pdm.get("source", []),
        "dependencies": project.get("dependencies", []),
        "dev-dependencies": development,
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
        "resolution": pdm.get("resolution", {}),
    }
    try:
        return digest_of(algorithm, json.dumps(hashed, sort_keys=True).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"pdm cannot make a hash of its requirements: {error}", path=manifest.path) from None
