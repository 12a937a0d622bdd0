"""Origins as a manifest states them: the entries of ``[tool.uv.sources]``, and ``name @ url`` (PEP 508)."""

from __future__ import annotations

import os
import re

from ...errors import ConfigError
from ...names import normalize
from ...urls import split_url, unquote
from .manifest import read_manifest
from .origins import Origin, clean_url, git_origin, index_location
from .requirements import UndecidableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...reader import Reader
    from ..manifests.section import Section
    from .manifest import Manifest
    from .workspace import Workspace

_KINDS = ("git", "url", "path", "index", "workspace")


class Lowering:
    """Reads origins for one project of a workspace, None for what belongs to no project; *root* is the lock's folder."""

    def __init__(self, reader: Reader, workspace: Workspace, project: Manifest | None, root: str) -> None:
        self.reader = reader
        self.workspace = workspace
        self.project = project
        self.root = root

    def resolve(self, name: str, source: Section, base: Manifest) -> Origin:
        """Return the origin that an entry *source* of *base* gives the package *name*.

        Raises ConfigError where it cannot be used, UndecidableError where it leads to what is not read here.
        """
        chosen = [kind for kind in _KINDS if kind in source.value]
        if len(chosen) != 1:
            raise ConfigError(
                f"expected one of {', '.join(_KINDS)}, found {' and '.join(chosen) or 'none'}",
                path=source.path,
                keys=source.keys,
            )
        match chosen[0]:
            case "git":
                return git_origin(source.required("git"), source.value)
            case "url":
                return Origin(
                    kind="url",
                    location=clean_url(source.required("url")),
                    subdirectory=source.text("subdirectory") or "",
                )
            case "path":
                editable, package = source.get("editable", bool), source.get("package", bool)
                path = os.path.join(base.folder, source.required("path"))
                return self._local(path, editable=bool(editable), package=package)
            case "index":
                return self._index(source)
            case _:
                return self._member(name, source)

    def _local(self, path: str, *, editable: bool = False, package: bool | None = None) -> Origin:
        path = os.path.normpath(path)
        folder = self.reader.is_dir(path) if self.reader.exists(path) else not os.path.splitext(path)[1]
        if not folder:
            return Origin(kind="path", location=path)
        if editable:
            return Origin(kind="editable", location=path)
        if package is None:
            manifest = read_manifest(self.reader, path)
            package = manifest is None or manifest.is_package(needs_backend=False)
        return Origin(kind="directory" if package else "virtual", location=path)

    def _member(self, name: str, source: Section) -> Origin:
        if source.value["workspace"] is not True:
            raise UndecidableError(
                f"where {name} comes from is set in a way that is not read here", source.path, source.keys
            )
        member = self.workspace.members.get(name)
        if member is None:
            raise source.error("workspace", f"'{name}' is no member of the workspace")
        kind = self.workspace.kind_of(name)
        return Origin(kind=str(kind), location=member.folder)

    def _index(self, source: Section) -> Origin:
        wanted = source.required("index")
        extra, group = source.text("extra"), source.text("group")
        conflict = None
        if self.project is not None and self.project.name is not None and (extra or group):
            conflict = (
                self.project.name,
                normalize(extra) if extra else None,
                normalize(group) if group and not extra else None,
            )
        for owner in (self.project, self.workspace.root):
            if owner is None:
                continue
            for index in owner.uv.tables("index"):
                if index.text("name") == wanted:
                    location = index_location(index.required("url"), owner.folder)
                    return Origin(location=location, conflict=conflict)
        raise UndecidableError(f"there is no index '{wanted}' in the manifest", source.path, (*source.keys, "index"))

    def direct(self, url: str | None, base: Manifest, keys: tuple[str | int, ...]) -> Origin:
        """Return the origin that a requirement at *keys* of *base* names itself, any registry where *url* is None."""
        if url is None:
            return Origin()
        url = re.sub(r"\$\{([A-Z0-9_]+)\}", lambda match: self._variable(match[1], match[0]), url)
        parts = split_url(url)
        fragment = dict(item.partition("=")[::2] for item in parts.fragment.split("&") if item)
        if parts.scheme.startswith("git+"):
            plain, _, revision = parts.path.rpartition("@") if "@" in parts.path else (parts.path, "", "")
            repository = parts._replace(scheme=parts.scheme.removeprefix("git+"), path=plain, fragment="").geturl()
            return git_origin(repository, {**fragment, "rev": revision})
        if parts.scheme in ("http", "https"):
            return Origin(kind="url", location=clean_url(url), subdirectory=fragment.get("subdirectory", ""))
        if parts.scheme not in ("", "file"):
            raise ConfigError(f"'{parts.scheme}' is no scheme of a requirement's URL", path=base.path, keys=keys)
        return self._local(os.path.join(base.folder, unquote(parts.path)), package=True)

    def _variable(self, name: str, written: str) -> str:
        return self.root if name == "PROJECT_ROOT" else self.reader.environ(name) or written
