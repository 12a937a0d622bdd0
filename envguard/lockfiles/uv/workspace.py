"""The workspace of a ``uv.lock``: the root manifest and its members, and how uv installs each of them."""

from __future__ import annotations

import os

from ...errors import ConfigError
from ...names import normalize
from ...toml import kind
from ...values import dataclass
from ..model import SourceKind
from .manifest import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...reader import Reader
    from ..manifests.section import Section
    from .manifest import Manifest

_MAX_FOLDERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A root manifest and its *members* by project name, the root's own project among them.

    *required* are the members that another one asks for, each with whether it is to be editable, None where nothing says.
    """

    root: Manifest
    members: Mapping[str, Manifest]
    required: Mapping[str, bool | None]

    def kind_of(self, name: str) -> SourceKind:
        """Return how uv installs the member *name*."""
        if not self.members[name].is_package(needs_backend=name not in self.required):
            return SourceKind.VIRTUAL
        return SourceKind.DIRECTORY if self.required.get(name) is False else SourceKind.EDITABLE


def read_workspace(reader: Reader, root: Manifest) -> Workspace:
    """Return the workspace that *root* is the root of; ConfigError where a member cannot be used."""
    members = {root.name: root} if root.name is not None else {}
    folders = {root.folder}
    workspace = root.uv.table("workspace")
    excluded = [_relative(pattern) for pattern in workspace.texts("exclude")]
    for number, pattern in enumerate(workspace.texts("members")):
        for folder in _expand(reader, root.folder, _relative(pattern)):
            inside = os.path.relpath(folder, root.folder).replace(os.sep, "/")
            if folder in folders or any(_fits(inside, exclude) for exclude in excluded):
                continue
            folders.add(folder)
            manifest = read_manifest(reader, folder)
            if manifest is None or manifest.uv.get("managed", bool) is False:
                continue
            if manifest.name is None:
                raise ConfigError(
                    "has no [project] table, which a member of a workspace needs", path=manifest.path, keys=()
                )
            if manifest.name in members:
                raise workspace.error(
                    "members",
                    f"two members are called '{manifest.name}': {members[manifest.name].path} and {manifest.path}",
                    number,
                )
            members[manifest.name] = manifest
    return Workspace(root=root, members=members, required=_required(root, members))


def find_workspace(reader: Reader, project: Manifest, known: Workspace) -> Workspace:
    """Return the workspace by which uv reads the sources of a *project*; its own where there is no other.

    *known* is the lock's. The nearest project above that is no workspace ends the search: even a member of the lock's
    workspace is read on its own where another member lies between.
    """
    if project.folder == known.root.folder:
        return known
    folder = os.path.dirname(project.folder)
    while folder != os.path.dirname(folder):
        root = known.root if folder == known.root.folder else read_manifest(reader, folder)
        if root is not None and "workspace" in root.uv.value:
            workspace = known if root is known.root else read_workspace(reader, root)
            if any(member.folder == project.folder for member in workspace.members.values()):
                return workspace
            break
        if root is not None and root.name is not None:
            break
        folder = os.path.dirname(folder)
    return read_workspace(reader, project)


def sources_of(manifest: Manifest, name: str) -> list[Section]:
    """Return the entries of ``[tool.uv.sources]`` for the package *name*, which is normalised."""
    table = manifest.uv.table("sources")
    for written, value in table.value.items():
        if normalize(written) != name:
            continue
        if isinstance(value, list):
            return list(table.tables(written))
        if not isinstance(value, dict):
            raise table.error(written, f"expected a table, found {kind(value)}")
        return [table.table(written)]
    return []


def _required(root: Manifest, members: Mapping[str, Manifest]) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}
    for manifest in {id(manifest): manifest for manifest in (root, *members.values())}.values():
        for written in manifest.uv.table("sources").value:
            name = normalize(written)
            if name == manifest.name:
                continue
            for source in sources_of(manifest, name):
                if source.value.get("workspace") is True:
                    found[name] = source.get("editable", bool)
    return found


def _relative(pattern: str) -> str:
    return os.path.normpath(pattern.replace("\\", "/")).replace(os.sep, "/")


def _expand(reader: Reader, folder: str, pattern: str) -> Iterator[str]:
    """Yield the folders that *pattern* (``packages/*``, ``libs/**``) means below *folder*."""
    here = [folder]
    parts = pattern.split("/")
    for number, part in enumerate(parts):
        if part == "**":
            last = number == len(parts) - 1
            # At the end it means what is below, in between it may mean nothing.
            here = [below for base in here for below in _walk(reader, base) if not (last and below == base)]
        elif any(character in part for character in "*?["):
            here = [
                os.path.join(base, name)
                for base in here
                for name in reader.list_dir(base)
                if _fits(name, part) and reader.is_dir(os.path.join(base, name))
            ]
        else:
            here = [path for base in here if reader.is_dir(path := os.path.normpath(os.path.join(base, part)))]
    yield from dict.fromkeys(here)


def _fits(name: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(name, pattern)


def _walk(reader: Reader, folder: str) -> Iterator[str]:
    queue = [folder]
    seen = 0
    while queue:
        here = queue.pop()
        seen += 1
        if seen > _MAX_FOLDERS:
            raise ConfigError(f"a pattern of workspace members means more than {_MAX_FOLDERS} folders", path=folder)
        yield here
        # A link could lead back above.
        below = [os.path.join(here, name) for name in reader.list_dir(here)]
        queue += [path for path in below if reader.is_dir(path) and reader.real_path(path) == path]
