"""The resolver's options that a ``uv.lock`` records, against the settings of now."""

from __future__ import annotations

import datetime
import re

from ...names import normalize
from ...patterns import late
from ...toml import kind
from ...values import dataclass
from ..model import Reason
from .tables import LockTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...getters import Table
    from ...reader import Reader
    from ..manifests.section import Section
    from ..model import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    recorded: str
    default: str
    variable: str


_OPTIONS = {
    "resolution": _Option(recorded="resolution-mode", default="highest", variable="UV_RESOLUTION"),
    "prerelease": _Option(recorded="prerelease-mode", default="if-necessary", variable="UV_PRERELEASE"),
    "fork-strategy": _Option(recorded="fork-strategy", default="requires-python", variable="UV_FORK_STRATEGY"),
}
# The older name means the same since uv dropped the difference.
_SYNONYMS = {"if-necessary-or-explicit": "if-necessary"}
_PACKAGE_CUTOFFS = "exclude-newer-package"
_PACKAGE_OPTIONS = ("prerelease-package", _PACKAGE_CUTOFFS)
_CUTOFF = "exclude-newer"
_CUTOFF_VARIABLE = "UV_EXCLUDE_NEWER"
_ISO_SPAN = late(r"P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_WORD_SPAN = late(r"(\d+)\s*([a-zµ]+)", re.IGNORECASE)
_UNITS = {
    "W": ("w", "wk", "wks", "week", "weeks"),
    "D": ("d", "day", "days"),
    "H": ("h", "hr", "hrs", "hour", "hours"),
    "M": ("m", "min", "mins", "minute", "minutes"),
    "S": ("s", "sec", "secs", "second", "seconds"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_DATE = late(r"\d{4}-\d{2}-\d{2}")
_DAY = datetime.timedelta(days=1)
_WIDEST_ZONE = datetime.timedelta(hours=14)


def option_reasons(reader: Reader, lock: Lock, settings: Section) -> Iterator[Reason]:
    """Yield every option of *settings* that the lock was not made with.

    A variable of the environment that sets what the lock has makes it unknown which of the two is meant.
    """
    options = LockTable(lock.path, ("options",), lock.options)
    for key, option in _OPTIONS.items():
        now, before = settings.text(key) or option.default, options.text(option.recorded) or option.default
        if _SYNONYMS.get(now, now) != _SYNONYMS.get(before, before):
            yield _reason(settings, key, now, before, _set_to(reader, option.variable, before))
    yield from _cutoff(reader, settings, options)
    for key in _PACKAGE_OPTIONS:
        yield from _by_package(settings, options, key, {package.name for package in lock.packages})


def _cutoff(reader: Reader, settings: Section, options: Table) -> Iterator[Reason]:
    now = settings.value.get(_CUTOFF)
    if now is not None and not isinstance(now, str):
        raise settings.error(_CUTOFF, f"expected a string, found {kind(now)}")
    span = options.text("exclude-newer-span")
    # Beside a span the point in time is a placeholder.
    before = span if span is not None else options.value.get(_CUTOFF)
    if not _same_cutoff(now, before):
        here = reader.environ(_CUTOFF_VARIABLE)
        variable = _CUTOFF_VARIABLE if here and _same_cutoff(here, before) else None
        yield _reason(settings, _CUTOFF, _shown(now), _shown(before), variable)


def _set_to(reader: Reader, variable: str, value: str) -> str | None:
    return variable if reader.environ(variable) == value else None


def _reason(
    settings: Section, key: str, expected: str, found: str, variable: str | None = None, *, package: str | None = None
) -> Reason:
    message = f"the lock was made with another '{key}'" + (f" for {package}" if package else "")
    if variable is not None:
        message = f"{variable} sets '{key}' here to what the lock was made with, the project's own settings do not"
    return Reason(
        subject=package or key,
        message=message,
        path=settings.path,
        keys=(*settings.keys, key),
        expected=expected,
        found=found,
        unknown=variable is not None,
    )


def _by_package(settings: Section, options: Table, key: str, locked: set[str]) -> Iterator[Reason]:
    now = {normalize(name): value for name, value in settings.table(key).value.items()}
    before = {normalize(name): value for name, value in options.table(key).value.items()}
    for name in sorted(now.keys() | before.keys()):
        one, other = now.get(name), before.get(name)
        if key == _PACKAGE_CUTOFFS:
            # uv leaves out what concerns no locked package, and a cut-off that is lifted takes nothing away.
            same = (name not in before and name not in locked) or one is False or _same_cutoff(one, other)
        else:
            same = one == other
        if not same:
            yield _reason(settings, key, _shown(one), _shown(other), package=name)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("span", value.get("timestamp"))
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _same_cutoff(now: Any, before: Any) -> bool:
    """Return whether two points or spans of time let the same in; a later point takes nothing away from an earlier one."""
    if now == before:
        return True
    if now is None or before is None or isinstance(now, bool) or isinstance(before, bool):
        return False
    one, other = _span(now), _span(before)
    if one is not None or other is not None:
        return one == other
    wanted, kept = _instant(_shown(now)), _instant(_shown(before))
    return wanted is not None and kept is not None and wanted >= kept


def _span(value: Any) -> Mapping[str, int] | None:
    """Return a span of time by its units; uv compares units, so a week is not seven days. None where it is none."""
    text = _shown(value).strip()
    if match := _ISO_SPAN.fullmatch(text):
        return {unit: int(count) for unit, count in zip("WDHMS", match.groups(), strict=True) if count}
    found = {_UNIT_OF.get(word.lower()): int(count) for count, word in _WORD_SPAN.findall(text)}
    rest = re.sub(r"[\s,]|\bago\b", "", _WORD_SPAN.sub("", text))
    return {unit: count for unit, count in found.items() if unit} if found and None not in found and not rest else None


def _instant(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if _DATE.fullmatch(text):
        # A date means its end in the time zone of whoever locks: the latest that it can be.
        moment += _DAY + _WIDEST_ZONE
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
