"""Where a required package is to come from, in one comparable form."""

from __future__ import annotations

import os

from ...urls import query_of, split_url, unquote, without_credentials
from ...values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...getters import Table

_REFERENCES = ("rev", "tag", "branch")
_PORTS = {"http": ":80", "https": ":443"}
_LOCAL = ("path", "directory", "editable", "virtual")
_WORDS = {
    "git": "repository",
    "url": "archive",
    "path": "archive",
    "directory": "folder",
    "editable": "editable folder",
    "virtual": "uninstalled folder",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a required package is to come from.

    *kind* is ``registry`` or a kind of source. *location* is a URL without credentials, an absolute path, or for a registry
    the index that is asked for, empty where any will do. *conflict* is the extra or group that the index belongs to.
    """

    kind: str = "registry"
    location: str = ""
    reference: str = ""
    subdirectory: str = ""
    conflict: tuple[str, str | None, str | None] | None = None

    def words(self, root: str) -> str:
        """Return the origin for people; paths relative to *root*."""
        if self.kind == "registry":
            return f" from the index {self.location}" if self.location else ""
        where = os.path.relpath(self.location, root).replace(os.sep, "/") if self.kind in _LOCAL else self.location
        details = [detail for detail in (self.reference, self.subdirectory and f"in {self.subdirectory}") if detail]
        return f" from the {_WORDS[self.kind]} {where}" + (f" ({', '.join(details)})" if details else "")


def recorded_origin(table: Table, root: str) -> Origin:
    """Return the origin of a recorded requirement of a lock in the folder *root*."""
    for kind in _LOCAL:
        location = table.text(kind)
        if location is not None:
            return Origin(kind=kind, location=os.path.normpath(os.path.join(root, location)))
    git, url, index = table.text("git"), table.text("url"), table.text("index")
    if git is not None:
        query = {key: values[0] for key, values in query_of(split_url(git).query).items()}
        return git_origin(git, query)
    if url is not None:
        return Origin(kind="url", location=clean_url(url), subdirectory=table.text("subdirectory") or "")
    conflict = None
    if "conflict" in table.value:
        side = table.table("conflict")
        conflict = (side.required("package"), side.text("extra"), side.text("group"))
    return Origin(location=index_location(index, root) if index is not None else "", conflict=conflict)


def git_origin(url: str, options: Mapping[str, object]) -> Origin:
    """Return the origin of a repository at *url*; *options* may hold a revision, ``subdirectory``, ``lfs``, ``path``."""
    asked = [f"{key} {options[key]}" for key in (*_REFERENCES, "path") if options.get(key)]
    if options.get("lfs") in (True, "true"):
        asked.append("lfs")
    return Origin(
        kind="git",
        location=clean_url(split_url(url)._replace(query="").geturl()),
        reference=", ".join(asked),
        subdirectory=str(options.get("subdirectory") or "").rstrip("/"),
    )


def clean_url(url: str) -> str:
    """Return *url* without credentials, fragment and the port that its scheme implies, its host in lower case."""
    parts = split_url(without_credentials(url))
    host = parts.netloc.lower().removesuffix(_PORTS.get(parts.scheme, ""))
    return parts._replace(netloc=host, fragment="").geturl()


def index_location(url: str, folder: str) -> str:
    """Return the URL of an index in comparable form; a path, relative to *folder*, as an absolute one."""
    if "://" in url and not url.startswith("file://"):
        return clean_url(url).rstrip("/")
    path = unquote(split_url(url).path) if url.startswith("file://") else url
    return os.path.normpath(os.path.join(folder, path))
