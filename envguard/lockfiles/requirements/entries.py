"""What one line of a requirements file says: a requirement with its options, another file to read, or settings.

The requirement is one of PEP 508, a URL, or a path, as pip takes them (pip: "Requirement Specifiers").
"""

from __future__ import annotations

import re
import shlex

from ... import pep508
from ...errors import LockfileError
from ...names import normalize, printable
from ...patterns import late
from ...urls import without_credentials
from ...values import dataclass
from .direct import direct, is_direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .direct import Direct
    from .lines import Line

_FLAGS = frozenset(("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"))
_INDEXES = frozenset(("-i", "--index-url", "--pypi-url", "--extra-index-url"))
_VALUED = _INDEXES | frozenset(
    (
        "-f",
        "--find-links",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "--use-feature",
        "--all-releases",
        "--only-final",
    )
)
_FILES = {"-r": False, "--requirement": False, "-c": True, "--constraint": True}
_EDITABLE = ("-e", "--editable")
# Of a requirement; the last two are of an older pip.
_OF_REQUIREMENT = frozenset(
    ("--hash", "-C", "--config-setting", "--config-settings", "--global-option", "--install-option")
)
_NAMED = late(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\[\]]*)\])?\s*@\s*(?P<url>[^@\s].*)",
    re.DOTALL,
)
_IS_EDITABLE = late(r"(?:-e\s*|--editable(?:\s+|=))(?P<rest>.*?)(?P<options>\s--\S.*)?$", re.DOTALL)
_PIN = late(r"={2,3}\s*(?P<version>[^\s,;*=<>~]+)")
_ATTACHED = late(r"\S;")
_URL = late(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CREDENTIALS = late(r"(://)[^/?#\s]*@")
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One requirement: *text* is for people, without credentials; *path* and *line* say where it stands.

    *name* is normalised, None where the line does not tell it. *specifier* is a range (PEP 440), empty where any version
    will do; *source* what is named in the place of an index. *hashes* are ``algorithm:hex``. *comments* are what is
    written behind and below.
    """

    text: str
    path: str
    line: int
    name: str | None
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str | None = None
    source: Direct | None = None
    hashes: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def version(self) -> str | None:
        """The version that is pinned; None where a range is asked for, or where only a build tells."""
        if self.source is not None:
            return self.source.version
        match = _PIN.fullmatch(self.specifier)
        return match["version"] if match is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Another file that a line names: *target* as it is written; *constraint* where it selects nothing."""

    target: str
    line: int
    constraint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index that a line names, without credentials; *first* where it takes the place of the usual one."""

    location: str
    first: bool


def parse_line(line: Line, path: str) -> Iterator[Asked | Include | Index]:
    """Yield what *line* of the file *path* says; LockfileError where it says nothing that is known."""
    requirement, options = _options(line, path)
    found = list(_grouped(options, line, path))
    editable = next((value for name, value in found if name in _EDITABLE), None)
    if not requirement and editable is None:
        yield from _settings(found, line, path)
        return
    for name, _ in found:
        if name not in _OF_REQUIREMENT and name not in _EDITABLE:
            raise _error(line, path, f"'{name}' belongs on a line of its own")
    if requirement and editable is not None:
        raise _error(line, path, f"'{_shown(requirement)}' and what is editable belong on lines of their own")
    hashes = tuple(_hash(value, line, path) for name, value in found if name == "--hash")
    yield _asked(editable or requirement, line, path, hashes, editable=editable is not None)


def _options(line: Line, path: str) -> tuple[str, list[str]]:
    """Return the requirement on *line*, empty where there is none, and the words of its options."""
    words = line.text.split(" ")
    first = next((number for number, word in enumerate(words) if word.startswith("-")), len(words))
    rest = " ".join(words[first:])
    if first == 0 and (editable := _IS_EDITABLE.match(rest)):
        # A path or a marker behind it may have spaces and quotes, which are no shell's.
        return "", ["--editable", editable["rest"].strip(), *(editable["options"] or "").split()]
    if not any(character in rest for character in "'\"\\"):
        return " ".join(words[:first]).strip(), rest.split()
    try:
        return " ".join(words[:first]).strip(), shlex.split(rest)
    except ValueError as error:
        raise _error(line, path, f"its options cannot be taken apart: {str(error).lower()}") from None


def _grouped(words: list[str], line: Line, path: str) -> Iterator[tuple[str, str]]:
    """Yield each option with its value."""
    queue = iter(words)
    for word in queue:
        name, equals, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2:
            # A short option may have its value attached.
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        if name in _FLAGS and not equals:
            yield name, ""
            continue
        if not (name in _VALUED or name in _FILES or name in _EDITABLE or name in _OF_REQUIREMENT):
            raise _error(line, path, f"'{_shown(word)}' is no option of a requirements file")
        if not equals:
            value = next(queue, "")
        if not value:
            raise _error(line, path, f"'{name}' has no value")
        yield name, value


def _settings(found: list[tuple[str, str]], line: Line, path: str) -> Iterator[Include | Index]:
    for name, value in found:
        if name in _FILES:
            yield Include(target=value, line=line.number, constraint=_FILES[name])
        elif name in _INDEXES:
            yield Index(location=without_credentials(value), first=name != "--extra-index-url")
        elif name in _OF_REQUIREMENT:
            raise _error(line, path, f"'{name}' belongs to a requirement, and there is none on this line")


def _hash(value: str, line: Line, path: str) -> str:
    algorithm, colon, digest = value.partition(":")
    if not colon or not algorithm or not digest:
        raise _error(line, path, f"expected a hash such as sha256:0123..., found '{_shown(value)}'")
    return f"{algorithm}:{digest}"


def _asked(text: str, line: Line, path: str, hashes: tuple[str, ...], *, editable: bool) -> Asked:
    named = _NAMED.fullmatch(text)
    url = named["url"] if named is not None else text
    if named is None and not is_direct(url.partition(";")[0].strip()):
        if editable:
            # What is no path by its looks is one all the same behind "-e".
            url = f"./{url}"
        else:
            return _from_index(text, line, path, hashes)
    if named is not None and _ATTACHED.search(url):
        raise _error(line, path, "a semicolon right behind a URL belongs to it or not, as tools see it: write ' ;'")
    # A semicolon may be part of a bare URL; one that begins a marker has white space behind it.
    place, semicolon, marker = url.partition(";" if named is not None or not _URL.match(url) else "; ")
    place = place.strip()
    if _URL.match(place) and len(place.split()) > 1:
        raise _error(line, path, f"'{_shown(place)}' is no URL: it has white space in it")
    try:
        found = direct(place, editable=editable)
    except ValueError as error:
        raise _error(line, path, _shown(str(error))) from None
    name = normalize(named["name"]) if named is not None else found.name
    extras = named["extras"] if named is not None else None
    before = ("-e " if editable else "") + (f"{named['name']} @ " if named is not None else "")
    return Asked(
        text=_shown(before + place),
        path=path,
        line=line.number,
        name=name,
        extras=tuple(sorted(normalize(part.strip()) for part in extras.split(","))) if extras else found.extras,
        marker=_marker(marker.strip(), line, path) if semicolon and marker.strip() else None,
        source=found,
        hashes=hashes or ((found.hash,) if found.hash is not None else ()),
        comments=line.comments,
    )


def _from_index(text: str, line: Line, path: str, hashes: tuple[str, ...]) -> Asked:
    try:
        parsed = pep508.parse(text)
    except (ValueError, RecursionError) as error:
        why = str(error).partition("\n")[0]
        raise _error(line, path, f"'{_shown(text)}' is no requirement: {_shown(why)}") from None
    return Asked(
        text=_shown(text),
        path=path,
        line=line.number,
        name=normalize(parsed.name),
        extras=tuple(sorted(map(normalize, parsed.extras))),
        specifier=parsed.specifier,
        marker=parsed.marker,
        hashes=hashes,
        comments=line.comments,
    )


def _marker(text: str, line: Line, path: str) -> str:
    try:
        return pep508.marker(text)
    except (ValueError, RecursionError) as error:
        why = str(error).partition("\n")[0]
        raise _error(line, path, f"'{_shown(text)}' is no marker: {_shown(why)}") from None


def _shown(text: str) -> str:
    """Return *text* as it can be shown: cut, without credentials, and without what moves a cursor."""
    text = _CREDENTIALS.sub(r"\1", " ".join(text.split()))
    return printable(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def _error(line: Line, path: str, message: str) -> LockfileError:
    return LockfileError(message, path=path, line=line.number)
