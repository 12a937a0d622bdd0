"""Where a requirement comes from that names a URL, a repository or a path instead of a version."""

from __future__ import annotations

import re

from ...names import normalize
from ...patterns import late
from ...urls import ARCHIVES, filename_at, unquote, without_credentials
from ...values import dataclass
from ..filenames import named_version
from ..model import Source, SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_VCS = late(r"(?P<vcs>git|hg|svn|bzr)\+(?P<url>[A-Za-z][A-Za-z0-9+.-]*:.*)", re.DOTALL)
_REMOTE = late(r"(?:https?|ftp|file|git|ssh):", re.IGNORECASE)
_DRIVE = late(r"[A-Za-z]:[\\/]")
_EXTRAS = late(r"(?P<rest>.+?)\s*\[(?P<extras>[^\[\]]*)\]")
_EGG = late(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[(?P<extras>[^\[\]]*)\])?")
_COMMIT = late(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HASH = late(r"(?:sha256|sha384|sha512|sha224|sha1|md5)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct *source*; *name*, *version* and *extras* as far as the text tells them, *filename* of an archive.

    *hash* is the one that the URL carries itself, ``algorithm:hex``.
    """

    source: Source
    name: str | None = None
    version: str | None = None
    extras: tuple[str, ...] = ()
    filename: str = ""
    hash: str | None = None


def is_direct(text: str) -> bool:
    """Return whether *text*, a requirement without marker and options, is a URL or a path and not a name."""
    if _VCS.match(text) or _REMOTE.match(text) or _DRIVE.match(text):
        return True
    place = _without_extras(text)[0]
    return place.startswith(".") or "/" in place.partition("@")[0] or place.lower().endswith(ARCHIVES)


def direct(text: str, *, editable: bool = False) -> Direct:
    """Return what the URL or path *text* is; credentials are dropped, paths are as they are written.

    Raises ValueError where it names a package that has no such name.
    """
    vcs = _VCS.fullmatch(text)
    if vcs is not None:
        return _repository(vcs, editable=editable)
    place, extras = (text, ()) if _REMOTE.match(text) else _without_extras(text)
    url, _, fragment = place.partition("#")
    keys = _keys(fragment)
    name, more = _egg(keys)
    extras = extras or more
    location = _local(url) if url[:5].lower() == "file:" or not _REMOTE.match(url) else None
    subdirectory = keys.get("subdirectory")
    filename = filename_at(location if location is not None else url)
    archive = filename.lower().endswith(ARCHIVES)
    if location is None:
        source = Source(kind=SourceKind.URL, location=without_credentials(url), subdirectory=subdirectory)
    else:
        folder = SourceKind.EDITABLE if editable else SourceKind.DIRECTORY
        kind = SourceKind.PATH if archive else folder
        source = Source(kind=kind, location=location, subdirectory=subdirectory)
    release = named_version(filename, "") if filename.endswith(".whl") else None
    return Direct(
        source=source,
        name=name or (release[0] if release is not None else None),
        version=release[1] if release is not None else None,
        extras=extras,
        filename=filename if archive or location is None else "",
        hash=next((f"{key}:{value}" for key, value in keys.items() if _HASH.fullmatch(key)), None),
    )


def _keys(fragment: str) -> dict[str, str]:
    if not fragment:
        return {}
    from urllib.parse import parse_qsl

    return dict(parse_qsl(fragment, keep_blank_values=True))


def _repository(match: re.Match[str], *, editable: bool) -> Direct:
    url, _, fragment = match["url"].partition("#")
    keys = _keys(fragment)
    name, extras = _egg(keys)
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    path, _, reference = path.partition("@") if "@" in path else (path, "", "")
    commit = reference if _COMMIT.fullmatch(reference) else None
    location = without_credentials(f"{scheme}{mark}{host}{slash}{path}")
    return Direct(
        source=Source(
            kind=SourceKind.GIT,
            location=location if match["vcs"] == "git" else f"{match['vcs']}+{location}",
            commit=commit,
            subdirectory=keys.get("subdirectory"),
            requested=reference if commit is None and reference else None,
            editable=editable,
        ),
        name=name,
        extras=extras,
    )


def _egg(keys: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    text = keys.get("egg")
    if text is None:
        return None, ()
    match = _EGG.fullmatch(text)
    if match is None:
        raise ValueError(f"'#egg={text}' names no package")
    return normalize(match["name"]), _names(match["extras"])


def _without_extras(text: str) -> tuple[str, tuple[str, ...]]:
    match = _EXTRAS.fullmatch(text)
    return (match["rest"], _names(match["extras"])) if match is not None else (text, ())


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(sorted({normalize(part.strip()) for part in (text or "").split(",") if part.strip()}))


def _local(url: str) -> str:
    """Return the path in *url*, a path already or a ``file:`` URL, whose path may be relative to the current folder."""
    if url[:5].lower() != "file:":
        return url
    host, slash, path = "", "", url[5:]
    if path.startswith("//"):
        host, slash, path = path[2:].partition("/")
    # "file://./lib" and "file:./lib" are what some tools take for relative.
    return unquote((host if host in (".", "..") else "") + slash + path)
