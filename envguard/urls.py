"""URLs and paths as locks write them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_SPECIAL = re.compile(r"[%?#]")


def without_credentials(url: str) -> str:
    """Return *url* without user name and password; a path is returned as it is."""
    if "://" not in url or "@" not in url:
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def host_of(url: str) -> str:
    """Return the host that *url* names, with its port; empty for a path."""
    return urlsplit(url).netloc.rpartition("@")[2] if "://" in url else ""


def filename_at(location: str) -> str:
    """Return the name of the file at *location*, a URL or a path."""
    # Nearly every one is plain, and there are thousands.
    if _SPECIAL.search(location):
        location = unquote(urlsplit(location).path if "://" in location else location)
    return location.rpartition("/")[2]
