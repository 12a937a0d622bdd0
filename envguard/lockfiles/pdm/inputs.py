"""The inputs that a ``pdm.lock`` recorded (``lock_inputs``) against those of its manifest.

PDM compares the names of what is required group by group, and then whether each locked version is still in range (pdm:
"pdm.project.lockfile.freshness"). URLs and folders are recorded as hashes of how pdm spells them: those cannot be told here.
"""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

from ... import pep440
from ...digests import digest_of
from ...patterns import late
from ..manifests.changes import changes
from ..manifests.requirements import from_pep508
from ..markers import MarkerError
from ..model import Reason
from ..uv import reasons
from ..uv.equivalence import same
from ..uv.ranges import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...getters import Table
    from ..manifests.model import Manifest
    from ..manifests.requirements import Requirement
    from ..model import Lock

_OPAQUE = "url-sha256:"
_URL = late(r"[A-Za-z][A-Za-z0-9+.-]*://")


def input_reasons(lock: Lock, manifest: Manifest, inputs: Table) -> Iterator[Reason]:
    """Yield every difference between *inputs*, what *lock* recorded, and *manifest*, and what cannot be compared."""
    recorded = inputs.table("project")
    if recorded.get("volatile", bool) or recorded.value.get("local"):
        message = "the lock depends on folders or files on disk, whose own inputs are not followed here"
        yield reasons.unknown("lock_inputs", message, lock.path, recorded.keys)
    if (recorded.text("requires-python") or "") != _plain(manifest.data["project"].get("requires-python")):
        now, before = manifest.python, recorded.text("requires-python") or "none"
        yield reasons.value("the range of Python", "python", manifest.path, manifest.python_keys, now, before)
    groups = recorded.table("groups")
    for name in sorted(manifest.groups.keys() | groups.value.keys()):
        if name not in groups.value or name not in manifest.groups:
            declared = name in manifest.groups
            keys = () if declared else (*groups.keys, name)
            path = manifest.path if declared else lock.path
            yield reasons.name(f"the group '{name}'", name, path, keys, declared=declared)
            continue
        yield from _group(manifest, name, groups)
    yield from _settings(recorded, manifest)
    yield from changes(lock, manifest)


def _plain(text: object) -> str:
    """Return a range of versions as pdm writes it down."""
    try:
        return pep440.spelled(text if isinstance(text, str) else "")
    except ValueError:
        return str(text)


def _group(manifest: Manifest, name: str, groups: Table) -> Iterator[Reason]:
    lines = list(enumerate(groups.texts(name)))
    opaque = [line for _, line in lines if line.startswith(_OPAQUE)]
    before = [_line(groups, name, number, line) for number, line in lines if not line.startswith(_OPAQUE)]
    declared = manifest.groups[name].requirements
    now = [_named(item) for item in declared if item.direct is None]
    direct = [item for item in declared if item.direct is not None]
    if bool(direct) != bool(opaque) or not _same(now, before):
        words = [", ".join(sorted({" ; ".join(filter(None, item)) for item in items})) for items in (now, before)]
        keys = declared[0].keys[:-1] if declared else ()
        what = f"what the group '{name}' asks for"
        yield reasons.value(what, name, manifest.path, keys, words[0] or "nothing", words[1] or "nothing")
    elif direct:
        message = f"the group '{name}' asks for URLs or folders, of which the lock has hashes alone"
        yield reasons.unknown(name, message, manifest.path, direct[0].keys)


def _line(groups: Table, name: str, number: int, line: str) -> tuple[str, str]:
    return _named(from_pep508(groups, line, (*groups.keys, name, number)))


def _named(item: Requirement) -> tuple[str, str]:
    """Return a requirement without its range: its name with extras, and its marker."""
    extras = f"[{','.join(item.extras)}]" if item.extras else ""
    return f"{item.name}{extras}", item.marker or ""


def _same(now: Iterable[tuple[str, str]], before: Iterable[tuple[str, str]]) -> bool:
    """Return whether two lists ask for the same names where their markers, however they are spelled, hold."""
    left, right = sorted(set(now)), sorted(set(before))
    if [name for name, _ in left] != [name for name, _ in right]:
        return False
    try:
        return all(
            one == other or (one != "" and other != "" and same((one,), (other,), EVERYTHING))
            for (_, one), (_, other) in zip(left, right, strict=True)
        )
    except MarkerError:
        return False


def _settings(recorded: Table, manifest: Manifest) -> Iterator[Reason]:
    pdm = manifest.data.get("tool", {}).get("pdm", {})
    resolution = {key: value for key, value in pdm.get("resolution", {}).items() if key != "lock_inputs"}
    sources = []
    for source in pdm.get("source", []):
        item = {key: value for key, value in source.items() if key not in ("username", "password")}
        if item.get("url"):
            item["url"] = _fingerprint(str(item["url"]))
        for key in ("include_packages", "exclude_packages"):
            if key in item:
                item[key] = sorted(item[key])
        sources.append(item)
    for key, place, now in (("resolution", "resolution", resolution), ("sources", "source", sources)):
        if _sanitized(now) != recorded.value.get(key, type(now)()):
            yield Reason(
                subject=place,
                message=f"the lock was made with another '{place}'",
                path=manifest.path,
                keys=("tool", "pdm", place),
            )


def _sanitized(value: object) -> object:
    """Return *value* as pdm records it: with a hash in the place of every URL, and dates as texts."""
    if isinstance(value, dict):
        return {key: _sanitized(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sanitized(item) for item in value]
    if isinstance(value, str):
        return _fingerprint(value) if _URL.search(value) else value
    return value.isoformat() if isinstance(value, date | time) else value


def _fingerprint(text: str) -> str:
    return "sha256:" + digest_of("sha256", text.encode())
