"""Recording trees: what would be written is found first, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shlex
from typing import TYPE_CHECKING

from ..atomic import write_atomic
from ..baseline import RecordedTree, empty_baseline, fault_of_name, read_baseline, write_baseline
from ..data.ignore import Ignore, validate
from ..errors import ConfigError, WriteError
from ..reader import Reader
from ..values import dataclass, replace
from .look import find, kept_manifest
from .places import as_recorded, locate, manifest_path, name_of, variable_of
from .probe import identify, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..baseline import Baseline
    from ..data.model import Differences, Progress, Tree

    Watch = Callable[[Progress], None] | None

_OWN = ("envguard.lock", ".envguard", ".git", ".venv")
_FOLDERS = (".envguard", ".git", ".venv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A *tree* as it was found, to be written as *recorded* under *name*; there is nothing to write where it has problems.

    *old* is what the record said before, *differences* the files that differ from it, where they can be named.
    """

    project: str
    name: str
    old: RecordedTree | None
    recorded: RecordedTree
    tree: Tree
    differences: Differences | None = None

    @property
    def manifest_path(self) -> str:
        """Where the manifest is kept."""
        return manifest_path(self.project, self.name)


def add(
    reader: Reader,
    project: str,
    folder: str,
    given: str,
    *,
    name: str | None = None,
    ignore: Sequence[str] = (),
    progress: Watch = None,
) -> Recording:
    """Return the recording of the folder *given*, as it was named in the current folder *folder*, as a tree of *project*.

    ConfigError where there is no such folder, where the name is taken or none, and where the tree holds its own record.
    """
    baseline = read_baseline(reader, project) or empty_baseline(project)
    path = as_recorded(project, os.path.realpath(folder), given)
    validate(ignore)
    place = locate(reader, project, path)
    if place is None:
        raise unset(path)
    if not os.path.isdir(place):
        what = "is no folder" if os.path.exists(place) else "there is no such folder"
        raise ConfigError(what, path=place)
    _refuse_own_record(project, place, given, name, ignore)
    name = name if name is not None else _default_name(path, place)
    _refuse_name(baseline, name, path, tuple(ignore))
    recorded = RecordedTree(path=path, root="", files=0, bytes=0, ignore=tuple(ignore))
    return _recording(project, name, None, recorded, place, progress)


def update(reader: Reader, project: str, name: str, *, progress: Watch = None) -> Recording:
    """Return the recording of the tree *name* as it is now, by the path and the patterns that are recorded.

    ConfigError where there is no such record or folder.
    """
    baseline = recorded_in(reader, project, (name,))
    state = find(reader, baseline, name)
    if state.path is None:
        raise unset(state.recorded.path)
    if state.missing:
        raise ConfigError("there is no such folder", path=state.path, hint=f"envguard data remove {shlex.quote(name)}")
    kept = kept_manifest(reader, baseline, name)
    made = _recording(project, name, state.recorded, state.recorded, state.path, progress)
    if made.tree.manifest is None or isinstance(kept, str):
        return made
    return replace(made, differences=kept.compare(made.tree.manifest))


def write(recording: Recording) -> None:
    """Write the manifest and the record; WriteError where that fails. What others recorded meanwhile stays."""
    tree = recording.tree
    if tree.manifest is None:
        raise ValueError("a tree without a root cannot be recorded")
    path = recording.manifest_path
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"cannot be made: {(error.strerror or str(error)).lower()}", path=os.path.dirname(path)
        ) from None
    # First the manifest: between the two the record is the old one, and a manifest that does not belong to it is not used.
    write_atomic(path, tree.manifest.to_bytes())
    baseline = read_baseline(Reader(), recording.project) or empty_baseline(recording.project)
    write_baseline(baseline.with_tree(recording.name, recording.recorded))


def remove(project: str, name: str) -> None:
    """Take the tree *name*, and its manifest, out of the record."""
    baseline = recorded_in(Reader(), project, (name,))
    write_baseline(baseline.with_tree(name, None))
    path = manifest_path(project, name)
    with contextlib.suppress(FileNotFoundError):
        try:
            os.unlink(path)
        except PermissionError as error:
            raise WriteError(f"cannot be removed: {(error.strerror or str(error)).lower()}", path=path) from None
    for folder in (os.path.dirname(path), os.path.dirname(os.path.dirname(path))):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def recorded_in(reader: Reader, project: str, names: Iterable[str] = ()) -> Baseline:
    """Return the record of *project*, empty where there is none; ConfigError where one of the trees *names* is not in it."""
    baseline = read_baseline(reader, project) or empty_baseline(project)
    for name in names:
        if name not in baseline.data:
            known = ", ".join(sorted(baseline.data)) or "none"
            raise ConfigError(f"no tree '{name}' is recorded; recorded are: {known}", hint="envguard data status")
    return baseline


def unset(path: str) -> ConfigError:
    """Return the error of a *path* whose variable has no value."""
    name = variable_of(path)
    return ConfigError(f"{path} cannot be found: the environment variable {name} is not set", hint=f"export {name}=…")


def _recording(
    project: str, name: str, old: RecordedTree | None, recorded: RecordedTree, place: str, progress: Watch
) -> Recording:
    tree = walk(identify(place, recorded.ignore), manifest=True, progress=progress)
    if tree.root is not None:
        recorded = replace(recorded, root=f"blake3:{tree.root}", files=tree.files, bytes=tree.bytes)
    return Recording(project=project, name=name, old=old, recorded=recorded, tree=tree)


def _default_name(path: str, place: str) -> str:
    name = name_of(path)
    if name in (".", ".."):
        name = os.path.basename(os.path.realpath(place))
    if fault := fault_of_name(name):
        raise ConfigError(f"'{name}' is no name for a tree: {fault}", hint="envguard data add PATH --name NAME")
    return name


def _refuse_name(baseline: Baseline, name: str, path: str, ignore: tuple[str, ...]) -> None:
    if fault := fault_of_name(name):
        raise ConfigError(f"'{name}' is no name for a tree: {fault}")
    old = baseline.data.get(name)
    if old is not None:
        same = (old.path, old.ignore) == (path, ignore)
        raise ConfigError(
            f"a tree '{name}' is recorded already: {old.path}",
            hint=f"envguard data update {shlex.quote(name)}" if same else "envguard data add PATH --name NAME",
        )
    for other, tree in baseline.data.items():
        if (tree.path, tree.ignore) == (path, ignore):
            raise ConfigError(
                f"{path} is recorded already, as '{other}'", hint=f"envguard data update {shlex.quote(other)}"
            )


def _refuse_own_record(project: str, place: str, given: str, name: str | None, ignore: Sequence[str]) -> None:
    """Refuse a tree that would hold its own record, or what changes with every command that is run."""
    real = os.path.realpath(place)
    matcher = Ignore(validate(ignore))
    held: list[tuple[str, str]] = []
    for own in _OWN:
        path = os.path.join(project, own)
        if not os.path.lexists(path) and own in (".git", ".venv"):
            continue
        inside = os.path.relpath(path, real)
        if inside == ".":
            why = (
                "changes when something is recorded"
                if own == ".envguard"
                else "is no data, and changes with every command"
            )
            raise ConfigError(
                f"{own} cannot be recorded: it {why}", path=place, hint="name a folder that holds data alone"
            )
        if not inside.startswith("..") and not _ignored(matcher, inside, folder=own in _FOLDERS):
            held.append((own, inside))
    if held:
        patterns = [*ignore, *(f"/{inside}{'/' * (own in _FOLDERS)}" for own, inside in held)]
        command = ["envguard", "data", "add", given, *(["--name", name] if name is not None else ())]
        command += [word for pattern in patterns for word in ("--ignore", pattern)]
        raise ConfigError(
            f"the tree holds {', '.join(own for own, _ in held)} of this very project, which change when it is recorded or used",
            path=place,
            hint=f"name a folder that holds data alone, or: {shlex.join(command)}",
        )


def _ignored(matcher: Ignore, path: str, *, folder: bool) -> bool:
    parts = os.fsencode(path).split(b"/")
    for index, part in enumerate(parts):
        parent = b"".join(piece + b"/" for piece in parts[:index])
        if matcher.matches(parent, part, folder=folder or index < len(parts) - 1):
            return True
    return False
