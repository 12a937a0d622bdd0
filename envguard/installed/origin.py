"""``direct_url.json``: where a package was installed from, if not from an index (PEP 610)."""

from __future__ import annotations

import json
import os
import re

from ..names import printable
from .model import Origin, OriginKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_KINDS = ("vcs_info", "archive_info", "dir_info")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_DRIVE = re.compile(r"/[A-Za-z][:|](?=/|$)")
_HASH = re.compile(r"[A-Za-z0-9_]+[=:][0-9A-Fa-f]+")


class OriginError(ValueError):
    """``direct_url.json`` cannot be used; the text says why."""


def read_origin(data: bytes) -> Origin:
    """Return the origin that the content *data* of ``direct_url.json`` describes, credentials removed.

    The spellings of pip, uv, Poetry and PDM are understood: a hash as ``hashes``, as the old ``hash``, or not at all.
    OriginError where it is no JSON, or not of the form that PEP 610 gives it.
    """
    try:
        document = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise OriginError(f"is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}") from None
    except RecursionError:
        raise OriginError("is not valid JSON: nested too deeply") from None
    except ValueError as error:
        raise OriginError(f"is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise OriginError(f"holds {_kind(document)}, an object is expected")
    url = _text(document, "url", "")
    if url is None:
        raise OriginError("has no 'url'")
    present = [key for key in _KINDS if key in document]
    if len(present) != 1:
        found = " and ".join(f"'{key}'" for key in present) or "none"
        raise OriginError(f"needs one of 'vcs_info', 'archive_info' and 'dir_info', it has {found}")
    info = document[present[0]]
    if not isinstance(info, dict):
        raise OriginError(f"holds {_kind(info)} in '{present[0]}', an object is expected")
    kind, commit, digest = _describe(present[0], info)
    return Origin(
        kind=kind,
        url=_without_credentials(url),
        path=local_path(url),
        commit=commit,
        subdirectory=_text(document, "subdirectory", ""),
        hash=digest,
    )


def local_path(url: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return the absolute path that a ``file:`` URL names (RFC 8089); None for any other URL.

    *windows* says whether a drive letter or a share name is to be understood.
    """
    if url[:5].lower() != "file:":
        return None
    rest = re.split("[?#]", url[5:], maxsplit=1)[0]
    host = ""
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    path = os.fsdecode(_PERCENT.sub(lambda match: bytes((int(match[1], 16),)), rest.encode("utf-8", "surrogateescape")))
    if host.lower() not in ("", "localhost"):
        return f"//{host}{path}" if windows else None
    if not path.startswith("/") or "\0" in path:
        return None
    if windows and _DRIVE.match(path):
        return f"{path[1]}:{path[3:] or '/'}"
    # Two leading slashes are a name of their own in POSIX, which no installer means.
    return "/" + os.path.normpath(path).lstrip("/") if not windows else path


def _describe(key: str, info: dict[str, Any]) -> tuple[OriginKind, str | None, str | None]:
    if key == "vcs_info":
        system = _text(info, "vcs", key)
        if system != "git":
            raise OriginError(f"names the version control system {system!r}, envguard knows git alone")
        commit = _text(info, "commit_id", key)
        if commit is None:
            raise OriginError("has no 'vcs_info.commit_id'")
        return OriginKind.GIT, commit, None
    if key == "archive_info":
        return OriginKind.ARCHIVE, None, _hash(info)
    editable = info.get("editable", False)
    if not isinstance(editable, bool):
        raise OriginError(f"holds {_kind(editable)} in 'dir_info.editable', true or false is expected")
    return OriginKind.EDITABLE if editable else OriginKind.DIRECTORY, None, None


def _hash(info: dict[str, Any]) -> str | None:
    hashes = info.get("hashes") or {}
    if not isinstance(hashes, dict):
        raise OriginError(f"holds {_kind(hashes)} in 'archive_info.hashes', an object is expected")
    if hashes:
        algorithm = "sha256" if "sha256" in hashes else min(hashes)
        text = f"{algorithm}={_text(hashes, algorithm, 'archive_info.hashes')}"
    else:
        text = _text(info, "hash", "archive_info") or ""
    if not text:
        return None
    if _HASH.fullmatch(text) is None:
        raise OriginError("holds a hash that is none in 'archive_info'")
    return text.replace("=", ":").lower()


def _text(table: dict[str, Any], key: str, within: str) -> str | None:
    value = table.get(key)
    if value is None or value == "":
        return None
    where = f"{within}.{key}" if within else key
    if not isinstance(value, str):
        raise OriginError(f"holds {_kind(value)} in '{printable(where)}', text is expected")
    if not value.isprintable():
        raise OriginError(f"holds control characters in '{printable(where)}'")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def _without_credentials(url: str) -> str:
    if "@" not in url:
        return url  # what takes URLs apart is imported for few packages
    from ..urls import without_credentials

    return without_credentials(url, keep_git=True)
