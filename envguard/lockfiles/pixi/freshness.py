"""Whether a ``pixi.lock`` still belongs to its manifest, as ``pixi lock --check`` decides it before it resolves.

Pixi keeps no hash: it compares what an environment is made of, and whether what is locked satisfies what is asked for (pixi:
"pixi_core::lock_file::satisfiability"). What it would have to build, to resolve or to evaluate for that cannot be told here.
"""

from __future__ import annotations

import datetime
import os

from ...conda.archives import same_channel
from ...getters import Table
from ..conda.cells import cell_inconsistencies, cells_of
from ..model import FreshnessVerdict, Reason
from ..uv import reasons
from .groups import solve_group_reasons
from .manifest import NAMES, read_manifest
from .platforms import platform_reasons, targets_of
from .satisfied import Environment, cell_reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ...reader import Reader
    from ..model import Lock
    from .manifest import Manifest

# From here on the options of the solver are recorded.
_RECORDS_OPTIONS = 6
_STRATEGIES = {"highest": "highest", "lowest": "lowest-version", "lowest-direct": "lowest-version-direct"}
_PRERELEASES = "if-necessary-or-explicit"


def freshness(reader: Reader, lock: Lock) -> FreshnessVerdict:
    """Return whether *lock* is fresh, stale with reasons, or cannot be told, with the reason.

    Raises ConfigError where the manifest cannot be used, UnreadableError where it cannot be read.
    """
    folder = os.path.dirname(lock.path)
    manifest = read_manifest(reader, folder)
    if manifest is None:
        message = f"there is no {NAMES[0]}, and no [tool.pixi] in a pyproject.toml, beside the lock"
        return FreshnessVerdict(reasons=(reasons.unknown(NAMES[0], message, lock.path),))
    return FreshnessVerdict(reasons=tuple(dict.fromkeys(_reasons(reader, lock, manifest))))


def _reasons(reader: Reader, lock: Lock, manifest: Manifest) -> Iterator[Reason]:
    locked = Table(lock.path, ("environments",), lock.manifest)
    for name in sorted(manifest.environments.keys() ^ locked.value.keys()):
        declared = name in manifest.environments
        path, keys = (manifest.path, _keys(manifest, name)) if declared else (lock.path, (*locked.keys, name))
        yield reasons.name(f"the environment '{name}'", name, path, keys, declared=declared)
    cells = cells_of(lock, exclusive=True)
    for name in manifest.environments:
        if name not in locked.value:
            continue
        table = locked.table(name)
        yield from _channels(manifest, name, table)
        yield from platform_reasons(lock, manifest, name)
        if lock.version >= _RECORDS_OPTIONS:
            yield from _options(manifest, name, table)
        environment = Environment(manifest=manifest, name=name, features=tuple(manifest.features_of(name)))
        if environment.asks_for_python:
            yield from _indexes(manifest, name, table)
        for cell in cells:
            if cell.environment == name:
                targets = targets_of(manifest, name, cell)
                yield from cell_reasons(reader, lock, environment, targets, cell, _locked_indexes(table))
    for item in cell_inconsistencies(lock, exclusive=True, cells=cells):
        # Pixi holds what is locked against itself as well, before it believes it.
        yield Reason(
            subject=item.subject,
            message=item.message,
            path=lock.path,
            keys=item.keys,
            expected=item.expected,
            found=item.found,
        )
    yield from solve_group_reasons(lock, manifest, cells)
    yield from _exclude_newer(manifest, lock)


def _keys(manifest: Manifest, name: str) -> tuple[str | int, ...]:
    return (*manifest.keys[:-1], "environments", name)


def _channels(manifest: Manifest, name: str, table: Table) -> Iterator[Reason]:
    declared = list(
        dict.fromkeys(
            channel
            for feature in manifest.features_of(name)
            for channel in (feature.channels if feature.channels is not None else manifest.channels)
        )
    )
    locked = [
        item if isinstance(item, str) else Table(table.path, (*table.keys, "channels", index), item).required("url")
        for index, item in enumerate(table.get("channels", list) or [])
    ]
    if len(declared) != len(locked) or not all(map(same_channel, declared, locked)):
        keys = (*manifest.keys, "channels")
        what = f"what the environment '{name}' takes as its channels"
        now, before = ", ".join(declared) or "none", ", ".join(locked) or "none"
        yield reasons.value(what, "channels", manifest.path, keys, now, before)


def _options(manifest: Manifest, name: str, table: Table) -> Iterator[Reason]:
    locked = table.table("options")
    features = manifest.features_of(name)
    strategy = next((feature.strategy for feature in features if feature.strategy is not None), "highest")
    priority = next((feature.priority for feature in features if feature.priority is not None), "strict")
    prerelease = next((str(mode) for feature in features if (mode := feature.options.get("prerelease-mode"))), "")
    for key, now, before in (
        ("solve-strategy", _STRATEGIES.get(strategy, strategy), locked.text("strategy") or "highest"),
        ("channel-priority", priority, locked.text("channel-priority") or "strict"),
        ("prerelease-mode", prerelease or _PRERELEASES, locked.text("pypi-prerelease-mode") or _PRERELEASES),
    ):
        if now != before:
            what = f"the '{key}' of the environment '{name}'"
            yield reasons.value(what, key, manifest.path, (*manifest.keys, key), now, before)


def _exclude_newer(manifest: Manifest, lock: Lock) -> Iterator[Reason]:
    """Yield the packages that are newer than the manifest allows.

    A span of time is counted back from the day of locking: what was old enough then is so for ever.
    """
    latest = _end_of(manifest.exclude_newer)
    for package in lock.packages if latest is not None else ():
        made = (package.metadata or {}).get("timestamp")
        if isinstance(made, int) and latest is not None and made > latest:
            yield Reason(
                subject=package.name,
                message=f"{package.name} {package.version} is newer than the manifest allows",
                path=manifest.path,
                keys=(*manifest.keys, "exclude-newer"),
                expected=f"made before {manifest.exclude_newer}",
                found=f"made at {made} ms of the epoch",
            )


def _end_of(value: object) -> int | None:
    """Return the last millisecond of the epoch that *value*, a date or a point of time, takes in; None where it is none."""
    if not isinstance(value, datetime.date | str):
        return None
    try:
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = value.isoformat()
        moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    whole_day = isinstance(value, str) and len(value) == len("2026-01-01")
    return int((moment + datetime.timedelta(days=whole_day)).timestamp() * 1000)


def _indexes(manifest: Manifest, name: str, table: Table) -> Iterator[Reason]:
    """Compare where packages of Python may come from, as far as a project says it: the default index has no name in it."""
    if table.value.get("indexes") is None:
        return
    features = manifest.features_of(name)
    primary = next((str(url) for feature in features if (url := feature.options.get("index-url"))), None)
    more = [str(url) for feature in features for url in _list(feature.options.get("extra-index-urls"))]
    locked = table.texts("indexes")
    expected = [primary or (locked[0] if locked else ""), *dict.fromkeys(more)]
    if [_plain(url) for url in expected] != [_plain(url) for url in locked]:
        what = f"what the environment '{name}' takes as indexes of Python packages"
        now = ", ".join([primary or "the default index", *dict.fromkeys(more)])
        keys = next((feature.keys for feature in features if feature.options), manifest.keys)
        yield reasons.value(what, "indexes", manifest.path, (*keys, "pypi-options"), now, ", ".join(locked) or "none")


def _locked_indexes(table: Table) -> tuple[str, ...]:
    """Return every index that the lock names for an environment, flat ones included."""
    flat = [item.get("url") for item in _list(table.value.get("find-links")) if isinstance(item, dict)]
    return (*table.texts("indexes"), *(url for url in flat if isinstance(url, str)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(url: str) -> str:
    return url.rstrip("/")
