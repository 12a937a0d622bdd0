"""Whether a ``Pipfile.lock`` still belongs to its ``Pipfile``, as ``pipenv verify`` decides it.

pipenv keeps one hash of everything in the ``Pipfile`` that it resolves from (pipenv: "pipenv.utils.pipfile"). So the verdict is
the hash's; what the lock no longer satisfies is looked for to say why it differs, and what it lacks is told in any case: a
hash that agrees says nothing about entries that somebody took out.
"""

from __future__ import annotations

import json

from ...digests import digest_of
from ...errors import ConfigError
from ...names import normalize
from ...urls import without_credentials
from ..manifests.changes import lacking, unsatisfied
from ..manifests.section import Section
from ..model import FreshnessVerdict, Reason
from ..uv import reasons
from .manifest import read_manifest
from .tables import CATEGORIES, MANIFEST, META, LockObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...getters import Table
    from ...reader import Reader
    from ..model import Lock
    from .manifest import Manifest

_NOT_HASHED = frozenset(("source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"))


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where the ``Pipfile`` cannot be used, UnreadableError where it cannot be read.
    """
    manifest = read_manifest(reader, lock.path.removesuffix(".lock"))
    if manifest is None:
        reason = reasons.unknown(MANIFEST, f"there is no {MANIFEST} beside the lock", lock.path)
        return FreshnessVerdict(reasons=(reason,))
    meta = LockObject(lock.path, (META,), lock.manifest)
    locked = meta.table("hash").text("sha256")
    # Where a Pipfile names no source, the one of pip's configuration goes into the hash, and into the lock beside it.
    named = "source" in manifest.data
    sources = manifest.data["source"] if named else lock.manifest.get("sources", [])
    now = [pipfile_hash(manifest, sources, as_written=as_written) for as_written in (False, True)]
    if locked in now:
        return FreshnessVerdict(reasons=tuple(lacking(lock, manifest)))
    found = (*_settings(meta, manifest, named=named), *unsatisfied(lock, manifest), *_sections(lock, manifest))
    if not found and not named:
        message = (
            "the Pipfile names no source, and those of pip's configuration, which nobody records, are part of its hash"
        )
        return FreshnessVerdict(reasons=(reasons.unknown("source", message, manifest.path),))
    return FreshnessVerdict(reasons=found or (_inputs(manifest, now[0], locked),))


def pipfile_hash(manifest: Manifest, sources: object, *, as_written: bool = False) -> str:
    """Return the hash that pipenv makes of *manifest* with *sources*; *as_written* as older ones do, which leave names as they are.

    Raises ConfigError where what is hashed has no such form.
    """
    data = manifest.data

    def section(key: str) -> Mapping[str, Any]:
        table: Mapping[str, Any] = data.get(key, {})
        return table if as_written else {normalize(name): value for name, value in table.items()}

    hashed: dict[str, Any] = {
        META: {"sources": sources, "requires": data.get("requires", {})},
        **{name: section(key) for name, key in CATEGORIES.items()},
        **{key: section(key) for key in data if key not in _NOT_HASHED and key not in CATEGORIES},
    }
    try:
        return _digest(hashed)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"pipenv cannot make a hash of it: {error}", path=manifest.path) from None


def _digest(value: object) -> str:
    return digest_of("sha256", json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _settings(meta: LockObject, manifest: Manifest, *, named: bool) -> Iterator[Reason]:
    """Yield what differs in the Python that is required, and in the sources where the ``Pipfile`` has *named* any."""
    now, before = manifest.data.get("requires", {}), meta.table("requires").value
    if now != before:
        what = "the Python that is required"
        yield reasons.value(what, "requires", manifest.path, ("requires",), _python(now), _python(before))
    if not named:
        return
    declared = [_source(table) for table in Section(manifest.path, (), manifest.data).tables("source")]
    recorded = [_source(table) for table in meta.tables("sources")]
    if declared != recorded:
        yield reasons.value(
            "the list of sources", "source", manifest.path, ("source",), _joined(declared), _joined(recorded)
        )


def _python(requires: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {requires[key]}" for key in sorted(requires)) or "none"


def _source(table: Table) -> tuple[str, str, bool]:
    """Return name and URL of an index, and whether its certificate is checked, as pipenv fills in what is left out."""
    url = table.required("url")
    check = table.value.get("verify_ssl", url.startswith("https://"))
    return table.text("name") or "", without_credentials(url), str(check).lower() == "true"


def _joined(sources: list[tuple[str, str, bool]]) -> str:
    words = [f"{name} {url}".strip() + ("" if check else " (certificate not checked)") for name, url, check in sources]
    return ", ".join(words) or "none"


def _sections(lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    """Yield the categories that the ``Pipfile`` does not have any more."""
    for section in lock.groups:
        if section not in manifest.groups:
            yield reasons.name(f"the category '{section}'", section, lock.path, (section,), declared=False)


def _inputs(manifest: Manifest, now: str, locked: str | None) -> Reason:
    return Reason(
        subject="hash",
        message="what the lock was made from has changed, though no requirement was found that it does not satisfy",
        path=manifest.path,
        expected=now,
        found=locked or "none",
    )
