"""Whether the indexes that a ``uv.lock`` takes packages from still belong to the project."""

from __future__ import annotations

import os
from collections import deque

from ...errors import ConfigError, UnreadableError
from ...toml import read_toml
from ...urls import split_url, unquote
from ..edges import candidates_of
from ..manifests.section import MAX_BYTES, Section
from ..model import Reason, SourceKind
from .origins import clean_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..model import Lock, LockedPackage
    from .workspace import Workspace

_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_CONFIG_VARIABLE = "UV_CONFIG_FILE"
_MACHINE_CONFIG = ("/etc/xdg/uv/uv.toml", "/etc/uv/uv.toml")
_MUTABLE = (SourceKind.EDITABLE, SourceKind.VIRTUAL, SourceKind.DIRECTORY, SourceKind.PATH)


def index_reasons(
    reader: Reader, lock: Lock, workspace: Workspace, settings: Section, asked: frozenset[str]
) -> Iterator[Reason]:
    """Yield the indexes of the lock that no setting names any more.

    *asked* are the locations of the indexes that requirements ask for themselves. As in uv, only what the project's own
    packages depend on directly is looked at, and nothing where no index is set: then any one may have been meant.
    """
    root = workspace.root.folder
    configured, default = _configured(settings, root)
    if not configured and not default:
        return
    found: dict[str, LockedPackage] = {}
    for package in _visited(lock, workspace):
        if package.source.kind is SourceKind.REGISTRY:
            found.setdefault(_key(package.source.location, root, root), package)
    missing = {
        key: package for key, package in found.items() if key not in configured and _absolute(key, root) not in asked
    }
    remote = [key for key in missing if "://" in key]
    if not default and len(remote) == 1:
        # This is the one that uv takes by default; which one that is, is not written down in a project.
        del missing[remote[0]]
    for key, package in sorted(missing.items()):
        where = _elsewhere(reader, key, root)
        what = f"the lock takes {package.name} {package.version} from an index that "
        yield Reason(
            subject="index",
            message=what + (f"{where} sets here, and the project does not" if where else "the project does not set"),
            path=lock.path,
            keys=("package", package.index, "source", "registry"),
            expected=", ".join(sorted(configured)) or "none",
            found=key,
            unknown=where is not None,
        )


def _elsewhere(reader: Reader, wanted: str, root: str) -> str | None:
    """Return the variable, or the configuration of the user or the machine, that sets the index *wanted*."""
    for variable in _VARIABLES:
        for word in reader.environ(variable).replace(",", " ").split():
            # An index may be given as name=URL.
            name, _, url = word.partition("=")
            if wanted in (_key(word, root, root), _key(url, root, root) if name.isidentifier() else None):
                return variable
    home = reader.environ("XDG_CONFIG_HOME") or os.path.join(reader.environ("HOME"), ".config")
    for path in (reader.environ(_CONFIG_VARIABLE), os.path.join(home, "uv", "uv.toml"), *_MACHINE_CONFIG):
        if not os.path.isabs(path) or not reader.exists(path):
            continue
        try:
            settings = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
            if wanted in _configured(settings, root)[0]:
                return path
        except (ConfigError, UnreadableError):
            # Nobody asked for somebody's own configuration to be judged.
            continue
    return None


def _configured(settings: Section, root: str) -> tuple[set[str], bool]:
    """Return the indexes of the settings, and whether they replace uv's default one."""
    folder = os.path.dirname(settings.path)
    default = bool(settings.text("index-url")) or bool(settings.get("no-index", bool))
    links = settings.texts("find-links")
    urls = list(links)
    if not settings.get("no-index", bool):
        urls += filter(None, (settings.text("index-url"), *settings.texts("extra-index-url")))
        names: set[str] = set()
        for index in settings.tables("index"):
            name = index.text("name")
            if name is not None and name in names:
                continue
            names |= {name} if name is not None else set()
            urls.append(index.required("url"))
            default = default or bool(index.get("default", bool))
    return {_key(url, folder, root) for url in urls}, default


def _key(url: str, folder: str, root: str) -> str:
    """Return an index in comparable form: a path as the lock writes it, relative where it was given so."""
    if "://" in url and not url.startswith("file://"):
        return clean_url(url).rstrip("/")
    path = unquote(split_url(url).path) if url.startswith("file://") else url
    if os.path.isabs(path):
        return os.path.normpath(path)
    return os.path.relpath(os.path.join(folder, path), root).replace(os.sep, "/")


def _absolute(key: str, root: str) -> str:
    return key if "://" in key else os.path.normpath(os.path.join(root, key))


def _visited(lock: Lock, workspace: Workspace) -> Iterator[LockedPackage]:
    """Yield the members and what they depend on; through packages that can change, further down."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in lock.packages:
        by_name.setdefault(package.name, []).append(package)
    queue = deque(package for name in workspace.members for package in by_name.get(name, ()))
    seen = {package.index for package in queue}
    while queue:
        package = queue.popleft()
        yield package
        if package.source.kind not in _MUTABLE:
            continue
        tables = (package.dependencies, *package.extras.values(), *package.groups.values())
        for edge in (edge for edges in tables for edge in edges):
            for other in candidates_of(edge, by_name):
                if other.index not in seen:
                    seen.add(other.index)
                    queue.append(other)
