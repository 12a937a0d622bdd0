"""URLs and paths as locks write them."""

from __future__ import annotations

from .patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from urllib.parse import SplitResult

SOURCE_ARCHIVES = (
    ".tar.gz",
    ".zip",
    ".tar.bz2",
    ".tgz",
    ".tar.xz",
    ".tar.zst",
    ".tar",
    ".tbz",
    ".txz",
    ".tlz",
    ".tar.lz",
)
ARCHIVES = (".whl", *SOURCE_ARCHIVES)
_SPECIAL = late(r"[%?#]")
_QUERY = late(r"[?#]")
_HOST_ENDS = late(r"[/?#]")


def split_url(url: str) -> SplitResult:
    """Return the parts of *url*; what no URL can be has none but a path, and is equal to nothing but itself."""
    from urllib.parse import SplitResult, urlsplit

    try:
        return urlsplit(url)
    except ValueError:
        # A bracket that is not closed, say, where an address of IPv6 would begin.
        return SplitResult("", "", url, "", "")


def unquote(text: str) -> str:
    """Return *text* with the characters that its percent signs stand for."""
    if "%" not in text:
        return text
    # Few URLs have any, and the module takes longer to load than thousands of them to read.
    from urllib import parse

    return parse.unquote(text)


def query_of(text: str) -> dict[str, list[str]]:
    """Return what the query *text* of a URL says of each of its keys."""
    if not text:
        return {}
    from urllib.parse import parse_qs

    return parse_qs(text)


def without_credentials(url: str, *, keep_git: bool = False) -> str:
    """Return *url* without user name and password; a path is returned as it is.

    With *keep_git* the user ``git`` stays, which is none (PEP 610), and an address of scp (``git@host:path``) counts as a URL.
    """
    scheme, mark, rest = url.partition("://")
    if not mark and keep_git:
        user, at, tail = url.partition("@")
        return tail if at and ":" in user and "/" not in user else url
    if not mark or "@" not in rest:
        return url
    host = _host(rest)
    user, _, place = host.rpartition("@")
    return url if keep_git and user == "git" else scheme + mark + place + rest[len(host) :]


def host_of(url: str) -> str:
    """Return the host that *url* names, with its port; empty for a path."""
    _, mark, rest = url.partition("://")
    return _host(rest).rpartition("@")[2] if mark else ""


def _host(rest: str) -> str:
    """Return what stands between the slashes of a URL, of which *rest* is what follows the first two."""
    end = _HOST_ENDS.search(rest)
    return rest if end is None else rest[: end.start()]


def filename_at(location: str) -> str:
    """Return the name of the file at *location*, a URL or a path."""
    # Nearly every one is plain, and there are thousands.
    if _SPECIAL.search(location):
        _, mark, rest = location.partition("://")
        path = _QUERY.split(rest, maxsplit=1)[0].partition("/")[2] if mark else location
        location = unquote(path)
    return location.rpartition("/")[2]
