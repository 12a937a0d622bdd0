"""Whether a ``poetry.lock`` still belongs to its manifest, as ``poetry check --lock`` decides it.

Poetry keeps one hash of everything in the manifest that it resolves from, order and spelling included, and nothing of what
folders on disk declare that the project depends on (poetry: "poetry.packages.locker"). So the verdict is the hash's alone;
what the lock no longer satisfies is only looked for to say why it differs.
"""

from __future__ import annotations

import os

from ...digests import digest_of
from ...errors import ConfigError
from ..manifests.section import NAME
from ..model import FreshnessVerdict, Reason
from .manifest import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...reader import Reader
    from ..manifests.model import Manifest
    from ..model import Lock

_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_LEGACY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
# From then on the dependency groups of PEP 735 are part of the hash.
_HASHES_GROUPS = (2, 3)


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where the manifest cannot be used, UnreadableError where it cannot be read.
    """
    manifest = read_manifest(reader, os.path.dirname(lock.path))
    if manifest is None:
        message = f"there is no {NAME} beside the lock"
        return FreshnessVerdict(reasons=(Reason(subject=NAME, message=message, path=lock.path, unknown=True),))
    locked = lock.manifest.get("content-hash")
    now = content_hash(manifest)
    if locked == now or (_before_groups(lock) and locked == content_hash(manifest, groups=False)):
        return FreshnessVerdict()
    from ..manifests.changes import changes

    reasons = tuple(changes(lock, manifest))
    return FreshnessVerdict(reasons=reasons or (_inputs(manifest, now, locked),))


def _inputs(manifest: Manifest, now: str, locked: object) -> Reason:
    return Reason(
        subject="content-hash",
        message="what the lock was made from has changed, though no requirement was found that it does not satisfy",
        path=manifest.path,
        expected=now,
        found=locked if isinstance(locked, str) else "none",
    )


def content_hash(manifest: Manifest, *, groups: bool = True) -> str:
    """Return the hash that poetry makes of *manifest*, of its dependency groups only where *groups* says so.

    Raises ConfigError where what is hashed has no such form.
    """
    import json

    data = manifest.data
    project = {key: data["project"][key] for key in _PROJECT_KEYS if data.get("project", {}).get(key) is not None}
    standard = data.get("dependency-groups", {}) if groups else {}
    own = data.get("tool", {}).get("poetry", {})
    poetry: dict[str, Any] = {}
    for key in (*_LEGACY_KEYS, "group"):
        # A key that is not there counts as null where nothing but the old table is hashed.
        if own.get(key) is not None or (key in _LEGACY_KEYS and not project and not standard):
            poetry[key] = own.get(key)
    hashed: Mapping[str, Any] = poetry
    if project or standard:
        hashed = {
            **({"project": project} if project else {}),
            **({"dependency-groups": standard} if standard else {}),
            "tool": {"poetry": poetry},
        }
    try:
        return digest_of("sha256", json.dumps(hashed, sort_keys=True).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"poetry cannot make a hash of its requirements: {error}", path=manifest.path) from None


def _before_groups(lock: Lock) -> bool:
    """Return whether a poetry wrote *lock* that left the dependency groups out of the hash."""
    writer = lock.options.get("writer")
    if writer is None:
        return False
    from packaging.version import Version

    try:
        return Version(writer) < Version(".".join(map(str, _HASHES_GROUPS)))
    except ValueError:
        return False
