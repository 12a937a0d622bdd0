"""What the URL of a conda package tells: channel, platform, and from the name of its file name, version and build."""

from __future__ import annotations

from ..patterns import late
from ..urls import unquote, without_credentials
from ..values import dataclass

_SUFFIXES = (".conda", ".tar.bz2")
_TOKEN = late(r"/t/[^/]+(?=/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The file of a conda package: *channel* is a URL without credentials and tokens, *subdir* a platform or ``noarch``."""

    channel: str
    subdir: str
    filename: str
    name: str
    version: str
    build: str


def parse_archive(location: str) -> Archive | None:
    """Return what *location*, a URL or a path, tells; None where it does not end in the file name of a conda package."""
    plain = without_token(location).partition("#")[0].partition("?")[0]
    rest, _, filename = plain.rpartition("/")
    filename = unquote(filename)
    parts = split_filename(filename)
    if parts is None:
        return None
    channel, _, subdir = rest.rpartition("/")
    name, version, build = parts
    return Archive(channel=channel, subdir=subdir, filename=filename, name=name, version=version, build=build)


def split_filename(filename: str) -> tuple[str, str, str] | None:
    """Return name, version and build in the *filename* of a conda package; None where it is none."""
    for suffix in _SUFFIXES:
        if filename.endswith(suffix):
            parts = filename[: -len(suffix)].rsplit("-", 2)
            if len(parts) < 3 or not all(parts):
                return None
            name, version, build = parts
            return name.lower(), version, build
    return None


def without_token(url: str) -> str:
    """Return *url* without user, password and the token that conda writes into paths (``/t/<token>/``)."""
    if "://" not in url:
        return url
    plain = without_credentials(url)
    # Few have one.
    return _TOKEN.sub("", plain, count=1) if "/t/" in plain else plain


def same_channel(wanted: str, channel: str) -> bool | None:
    """Return whether *wanted*, a name or a URL, is *channel*, a URL; None where a name may be an alias for any URL."""
    one, other = wanted.rstrip("/"), channel.rstrip("/")
    if "://" in one or not other:
        return one == other if other else None
    # A name stands for a URL that ends in it, whatever server or mirror the settings put before it.
    return True if other == one or other.endswith(f"/{one}") else None
