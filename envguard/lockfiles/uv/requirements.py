"""Requirements in one comparable form, whether a manifest declares them or ``uv.lock`` recorded them."""

from __future__ import annotations

from ... import pep508
from ...errors import ConfigError
from ...names import normalize
from ...values import dataclass
from ..markers import MarkerError
from .equivalence import extra_of
from .origins import Origin, recorded_origin
from .specifiers import specifier_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...getters import Table
    from .specifiers import Clauses


class UndecidableError(Exception):
    """Something cannot be compared from the files alone; *message* says what, *path* and *keys* where."""

    def __init__(self, message: str, path: str, keys: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.keys = keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement. *marker* says when it holds, the *extra* that it stands in included; *own_marker* leaves that out.

    The *specifier* of what comes from elsewhere than a registry is empty, since uv drops it. *text* is for people; *source*
    is the place that says where the package comes from, if it is another than the requirement's own.
    """

    name: str
    extras: frozenset[str]
    specifier: Clauses
    origin: Origin
    marker: str | None
    own_marker: str | None
    extra: str | None
    text: str
    path: str
    keys: tuple[str | int, ...]
    source: tuple[str, tuple[str | int, ...]] | None = None


def parse_requirement(text: str, path: str, keys: tuple[str | int, ...]) -> pep508.Requirement:
    """Return the requirement *text* (PEP 508); ConfigError names its place where it is none."""
    try:
        return pep508.parse(text)
    except (ValueError, RecursionError) as error:
        what = str(error).split("\n", maxsplit=1)[0]
        raise ConfigError(f"'{text}' is no requirement: {what}", path=path, keys=keys) from None


def stated(text: str, table: Table, index: int) -> Requirement:
    """Return the requirement *text* (PEP 508), in ``requires-dist`` of *table*, without regard to any source."""
    keys = (*table.keys, "requires-dist", index)
    try:
        parsed = parse_requirement(text, table.path, keys)
        extra = extra_of(parsed.marker)
    except (ConfigError, MarkerError):
        raise table.error("requires-dist", f"'{text}' is no requirement", index) from None
    return Requirement(
        name=normalize(parsed.name),
        extras=frozenset(normalize(extra) for extra in parsed.extras),
        specifier=specifier_set(parsed.specifier),
        origin=Origin(kind="url", location=parsed.url) if parsed.url is not None else Origin(),
        marker=parsed.marker,
        own_marker=parsed.marker,
        extra=extra,
        text=text,
        path=table.path,
        keys=keys,
    )


def recorded(tables: Iterable[Table], root: str) -> list[Requirement]:
    """Return the requirements of a recorded list (``requires-dist``) of a lock in the folder *root*."""
    return [_recorded(table, root) for table in tables]


def _recorded(table: Table, root: str) -> Requirement:
    name = table.required("name")
    extras = table.texts("extras")
    specifier = table.text("specifier") or ""
    marker = table.text("marker")
    origin = recorded_origin(table, root)
    try:
        # uv once wrote "*" for no specifier.
        clauses = specifier_set("" if specifier == "*" else specifier)
    except ValueError:
        raise table.error("specifier", f"'{specifier}' is no version specifier") from None
    try:
        extra = extra_of(marker)
    except MarkerError as error:
        raise table.error("marker", f"cannot be used: {error}") from None
    shown = marker if extra is None or marker is None else _without_extra(marker, extra)
    return Requirement(
        name=normalize(name),
        extras=frozenset(normalize(item) for item in extras),
        specifier=clauses,
        origin=origin,
        marker=marker,
        own_marker=shown,
        extra=extra,
        text=words(name, extras, specifier, origin, shown, root),
        path=table.path,
        keys=table.keys,
    )


def words(name: str, extras: Iterable[str], specifier: str, origin: Origin, marker: str | None, root: str) -> str:
    """Return a requirement for people."""
    chosen = ",".join(extras)
    parts = (f"[{chosen}]" if chosen else "", specifier.replace(", ", ","), f" ; {marker}" if marker else "")
    return name + "".join(parts) + origin.words(root)


def _without_extra(marker: str, extra: str) -> str | None:
    clause = f"extra == '{extra}'"
    if marker == clause:
        return None
    return marker.removesuffix(f" and {clause}") if " or " not in marker else marker
