"""One requirement of a manifest or of a lock, in whatever words its tool has for it."""

from __future__ import annotations

from ... import pep508
from ...names import normalize
from ...values import dataclass
from ..model import Edge, SourceKind
from .constraints import specifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...getters import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement. *constraint* is a range in poetry's words or in those of PEP 440, empty where any version will do.

    *optional* is whether it is installed for an extra alone, *in_extras* for which. *direct* is the kind of source that is
    asked for, None for an index; a path may be that of a folder or of a file. *location* is its URL or path. *keys* are its
    place in the file, *text* is for people.
    """

    name: str
    constraint: str = ""
    extras: tuple[str, ...] = ()
    marker: str | None = None
    optional: bool = False
    in_extras: tuple[str, ...] = ()
    direct: SourceKind | None = None
    location: str = ""
    keys: tuple[str | int, ...] = ()
    text: str = ""

    def edge(self) -> Edge:
        """Return the requirement as a dependency in a lock."""
        constraint = "" if self.direct is not None else self.constraint
        return Edge(name=self.name, extras=self.extras, marker=self.marker, specifier=specifier(constraint))


def edge_from_pep508(table: Table, text: str, keys: tuple[str | int, ...]) -> Edge:
    """Return the requirement *text* (PEP 508) at *keys* as a dependency in a lock; an error of *table* where it is none.

    It is what ``from_pep508`` and ``edge`` make of it, in half the time: a lock has a thousand.
    """
    parsed = _parsed(table, text, keys)
    return Edge(
        name=normalize(parsed.name),
        extras=tuple(sorted(map(normalize, parsed.extras))) if parsed.extras else (),
        marker=parsed.marker,
        specifier=specifier(parsed.specifier if parsed.url is None else ""),
    )


def from_pep508(table: Table, text: str, keys: tuple[str | int, ...], extra: str | None = None) -> Requirement:
    """Return the requirement *text* (PEP 508) at *keys*, of the extra *extra*; an error of *table* where it is none."""
    parsed = _parsed(table, text, keys)
    direct, url = None, parsed.url
    if url is not None:
        direct = SourceKind.GIT if url.startswith("git+") else SourceKind.URL
        if url.startswith("file:") or "://" not in url:
            direct = SourceKind.DIRECTORY
    return Requirement(
        name=normalize(parsed.name),
        constraint=parsed.specifier,
        extras=tuple(sorted(map(normalize, parsed.extras))),
        marker=parsed.marker,
        optional=extra is not None,
        in_extras=(extra,) if extra is not None else (),
        direct=direct,
        location=url or "",
        keys=keys,
        text=text,
    )


def _parsed(table: Table, text: str, keys: tuple[str | int, ...]) -> pep508.Requirement:
    try:
        return pep508.parse(text)
    except (ValueError, RecursionError) as error:
        what = str(error).split("\n", maxsplit=1)[0]
        message = f"'{text}' is no requirement: {what}"
        raise table.raises(message, path=table.path, keys=keys, hint=table.hint) from None
