"""The resolver's settings that a ``uv.lock`` records, against the manifest's: options, constraints, conflicts, indexes."""

from __future__ import annotations

import datetime
import os
import re
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError
from ..markers import MarkerError
from ..model import Reason, SourceKind
from ..select import normalize
from .equivalence import truth
from .requirements import Sources, declared, index_key, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Lock
    from .manifest import Manifest

_LISTS = {
    "constraints": "constraint-dependencies",
    "overrides": "override-dependencies",
    "build-constraints": "build-constraint-dependencies",
}
_OPTIONS = {"resolution-mode": "resolution", "prerelease-mode": "prerelease", "fork-strategy": "fork-strategy"}
_ISO_SPAN = re.compile(r"P(?=.)(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?")
_DEFAULTS = {"resolution": "highest", "prerelease": "if-necessary-or-explicit", "fork-strategy": "requires-python"}


def settings_reasons(lock: Lock, root: Manifest, members: Mapping[str, Manifest]) -> Iterator[Reason]:
    """Yield every setting of *root* that the lock does not record as it is now."""
    yield from _options(lock, root)
    yield from _exclude_newer(lock, root)
    yield from _lists(lock, root)
    yield from _conflicts(lock, root, members)
    for key, texts in (("environments", lock.supported), ("required-environments", lock.required)):
        yield from _environments(lock, root, key, texts)
    yield from _indexes(lock, root, members)


def _reason(root: Manifest, key: str, expected: object, found: object) -> Reason:
    return Reason(
        subject=key,
        message=f"tool.uv.{key} differs from what the lock was made with",
        path=root.path,
        keys=("tool", "uv", key),
        expected=str(expected),
        found=str(found),
    )


def _options(lock: Lock, root: Manifest) -> Iterator[Reason]:
    for there, here in _OPTIONS.items():
        now, before = root.uv.get(here, _DEFAULTS[here]), lock.options.get(there, _DEFAULTS[here])
        if now != before:
            yield _reason(root, here, now, before)


def _exclude_newer(lock: Lock, root: Manifest) -> Iterator[Reason]:
    now = root.uv.get("exclude-newer")
    span, instant = lock.options.get("exclude-newer-span"), lock.options.get("exclude-newer")
    before = span or instant
    if now is None and before is None:
        return
    if now is None or before is None or not _same_cutoff(str(now), span, instant):
        yield _reason(root, "exclude-newer", now or "none", before or "none")


def _same_cutoff(now: str, span: object, instant: object) -> bool:
    if span is not None:
        return now == span or (_seconds(now) is not None and _seconds(now) == _seconds(str(span)))
    wanted, kept = _instant(now), _instant(str(instant))
    if wanted is None or kept is None:
        return False
    if len(now) == len("2026-01-31"):
        # A date means its end, in the time zone of whoever locked.
        return (
            datetime.timedelta(hours=-14) <= kept - wanted - datetime.timedelta(days=1) <= datetime.timedelta(hours=14)
        )
    return wanted == kept


def _seconds(text: str) -> int | None:
    """Return the length of ``1 week``, ``24 hours`` or ``P1W``; None for months and years, whose length varies."""
    units = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
    if _ISO_SPAN.fullmatch(text):
        return sum(int(count) * units[unit.lower()] for count, unit in re.findall(r"(\d+)([WDHMS])", text))
    parts = re.findall(r"(\d+)\s*(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b", text)
    if not parts or re.sub(r"(\d+)\s*[a-z]+|[\s,]", "", text):
        return None
    return sum(int(count) * units[unit[0]] for count, unit in parts)


def _instant(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _lists(lock: Lock, root: Manifest) -> Iterator[Reason]:
    folder = os.path.dirname(lock.path)
    table = root.uv.get("sources", {})
    sources = Sources(table if isinstance(table, dict) else {}, folder=folder, root=folder, members={}, indexes={})
    locked = {package.name for package in lock.packages}
    for there, here in _LISTS.items():
        texts = root.uv.get(here, [])
        if not isinstance(texts, list):
            raise ConfigError("expected a list of requirements", path=root.path, keys=("tool", "uv", here))
        now = declared(texts, ("tool", "uv", here), path=root.path, sources=sources)
        before = recorded(lock.manifest.get(there, ()), ("manifest", there), folder)
        if there not in lock.manifest and not any(item.name in locked for item in now):
            continue  # uv prunes inputs that touch nothing
        new = {(item.identity, item.marker) for item in now}
        old = {(item.identity, item.marker) for item in before}
        if {identity for identity, _ in new} != {identity for identity, _ in old} or not _same_markers(new, old, lock):
            words = [", ".join(sorted(item.text for item in items)) or "none" for items in (now, before)]
            yield _reason(root, here, *words)


def _same_markers(new: set[tuple[Any, str | None]], old: set[tuple[Any, str | None]], lock: Lock) -> bool:
    for identity in {identity for identity, _ in new}:
        one = [(marker, None) for known, marker in new if known == identity]
        other = [(marker, None) for known, marker in old if known == identity]
        texts = [marker for marker, _ in (*one, *other) if marker]
        if truth(one, texts, lock.requires_python) != truth(other, texts, lock.requires_python):
            return False
    return True


def _conflicts(lock: Lock, root: Manifest, members: Mapping[str, Manifest]) -> Iterator[Reason]:
    before = {frozenset((item.package, item.extra, item.group) for item in items) for items in lock.conflicts}
    now = set()
    for manifest in {id(m): m for m in (root, *members.values())}.values():
        for items in manifest.uv.get("conflicts", ()):
            sides = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
            now.add(
                frozenset(
                    (normalize(str(s.get("package", manifest.name or ""))), _name(s, "extra"), _name(s, "group"))
                    for s in sides
                )
            )
    if now != before:
        yield _reason(root, "conflicts", _conflict_words(now), _conflict_words(before))


def _name(side: Mapping[str, Any], key: str) -> str | None:
    return normalize(str(side[key])) if key in side else None


def _conflict_words(sets: set[frozenset[tuple[str, str | None, str | None]]]) -> str:
    def word(side: tuple[str, str | None, str | None]) -> str:
        package, extra, group = side
        return f"{package}[{extra}]" if extra else f"{package}:{group}" if group else package

    return "; ".join(sorted(" against ".join(sorted(map(word, items))) for items in sets)) or "none"


def _environments(lock: Lock, root: Manifest, key: str, before: tuple[str, ...]) -> Iterator[Reason]:
    value = root.uv.get(key, [])
    now = [value] if isinstance(value, str) else [str(text) for text in value]
    if not now and not before:
        return
    try:
        new = truth([(text, None) for text in now], [*now, *before], lock.requires_python)
        old = truth([(text, None) for text in before], [*now, *before], lock.requires_python)
    except MarkerError as error:
        raise ConfigError(f"is no marker: {error}", path=root.path, keys=("tool", "uv", key)) from None
    if new != old or bool(now) != bool(before):
        yield _reason(root, key, " or ".join(now) or "none", " or ".join(before) or "none")


def _indexes(lock: Lock, root: Manifest, members: Mapping[str, Manifest]) -> Iterator[Reason]:
    """Yield the registries of the lock that no longer belong to the project.

    The default index is configured unless it is replaced, and its URL is whatever it is: at most one registry that is
    not named can be it. Without any index of its own a project takes the user's, which are not looked at.
    """
    folder = os.path.dirname(lock.path)
    configured: set[str] = set()
    replaced = False
    for manifest in (root, *members.values()):
        indexes = [item for item in manifest.uv.get("index", ()) if isinstance(item, dict) and "url" in item]
        configured |= {index_key(str(item["url"]), manifest.folder) for item in indexes}
        replaced = replaced or any(item.get("default") for item in indexes) or bool(manifest.uv.get("index-url"))
        plain = [
            manifest.uv.get("index-url"),
            *manifest.uv.get("extra-index-url", ()),
            *manifest.uv.get("find-links", ()),
        ]
        configured |= {index_key(str(url), manifest.folder) for url in plain if url}
        replaced = replaced or bool(manifest.uv.get("no-index"))
    if not configured:
        return
    used = {index_key(p.source.location, folder) for p in lock.packages if p.source.kind is SourceKind.REGISTRY}
    unknown = sorted(used - configured)
    if unknown and (replaced or len(unknown) > 1):
        yield _reason(root, "index", ", ".join(sorted(configured)), ", ".join(unknown))
