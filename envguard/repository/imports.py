"""Is every file that a process has loaded the one that its repository's commit holds?

Neither the index nor what ``git status`` says is asked: the content of each file is held against the tree of the commit. So a
staged file is not a committed one, and no flag and no setting hides anything. What a file is after the conversions of
line endings that its repository asks for counts as its content; filters are not run. Bytecode that ran in the place of a committed
source is held against that source.
"""

from __future__ import annotations

import importlib.machinery
import os
from importlib.util import MAGIC_NUMBER, source_hash
from typing import TYPE_CHECKING

from ..errors import RepositoryError, UnreadableError
from ..pyc import HEAD, is_taken
from .blobs import object_id
from .bytecode import is_made_from
from .git import Git, on_its_own
from .heads import commit_of, watch_head
from .model import Loaded, LoadedFile, LoadedState
from .places import find_root, places
from .sealed import Sealed
from .status import ids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..reader import Reader

_LINK = "120000"
_AT_ONCE = 200
_BUILT = tuple(importlib.machinery.EXTENSION_SUFFIXES)
_MAX_BYTES = 256 * 1024 * 1024
_MAGIC = int.from_bytes(MAGIC_NUMBER[:2], "little")


def loaded_code(reader: Reader) -> Loaded:
    """Return what this process has loaded until now, and how each file stands to the commit of its repository.

    Everything that the answer depends on is noted in the trace of *reader*: the modules, their files, and where HEAD stands.
    A repository that cannot be asked makes its files ``unreadable``, with the reason.
    """
    return judge_listing(reader, reader.probe("modules"))


def judge_listing(reader: Reader, listing: str, commits_then: Mapping[str, str | None] | None = None) -> Loaded:
    """Return what the modules of *listing*, lines of the probe ``modules``, are, as ``loaded_code`` does.

    *commits_then* are the commits that count, by the roots of their repositories, wherever HEAD stands now.
    """
    main, modules, bytecode = _modules(listing)
    ran: dict[str, tuple[str, str]] = {}
    inside: dict[str | None, dict[str, str]] = {}
    for path, module in modules.items():
        for whole in _files(reader, path):
            root = find_root(reader, os.path.dirname(whole))
            inside.setdefault(root, {}).setdefault(whole, module)
            if path in bytecode:
                ran[whole] = bytecode[path]
    found: list[LoadedFile] = []
    commits: dict[str, str | None] = {}
    for root, files in inside.items():
        if root is None:
            found += (
                LoadedFile(
                    module=module,
                    name=path,
                    state=LoadedState.OUTSIDE if reader.exists(path) else LoadedState.GONE,
                )
                for path, module in files.items()
            )
            continue
        names = {os.path.relpath(path, root): module for path, module in files.items()}
        try:
            commits[root], states, stale = _judge(reader, root, names, commits_then or {}, ran)
        except (RepositoryError, UnreadableError) as error:
            states, stale = dict.fromkeys(names, (LoadedState.UNREADABLE, error.message)), {}
        found += (
            LoadedFile(module=names[name], name=name, root=root, state=state, reason=reason, bytecode=stale.get(name))
            for name, (state, reason) in states.items()
        )
    return Loaded(main=main, files=tuple(sorted(found, key=lambda item: (item.root or "", item.name))), commits=commits)


def _modules(listing: str) -> tuple[str, dict[str, str], dict[str, tuple[str, str]]]:
    """Return what the main program is, and the loaded modules by the files that they say they come from.

    Last come hash and path of the bytecode in the place of such a file; the hash is empty where it was compared with the file.
    """
    main, found, bytecode = "script", {}, {}
    for line in listing.split("\n"):
        module, *rest = line.split("\t")
        if rest:
            found[rest[0]] = module
        elif module:
            main = "interactive"
        if len(rest) > 1:
            bytecode[rest[0]] = (rest[1], rest[2])
    return main, found, bytecode


def _files(reader: Reader, path: str) -> Iterator[str]:
    """Yield the file behind the links to *path*, and *path* itself where it is a link: it chose the file."""
    folder, name = os.path.split(path)
    direct, real = os.path.join(reader.real_path(folder), name), reader.real_path(path)
    if direct != real:
        yield direct
    yield _archive(reader, real)


def _archive(reader: Reader, path: str) -> str:
    """Return the file that holds *path*: itself, or the archive that is in the place of one of its folders."""
    here = path
    while not reader.exists(here):
        above = os.path.dirname(here)
        if above == here or reader.is_dir(above):
            return path
        here = above
    return here


def _judge(
    reader: Reader,
    root: str,
    names: Iterable[str],
    commits_then: Mapping[str, str | None],
    ran: Mapping[str, tuple[str, str]],
) -> tuple[str | None, dict[str, tuple[LoadedState, str | None]], dict[str, str]]:
    """Return the commit of the repository in *root*, and for each of the files *names* in it how it stands to that.

    Last comes the bytecode that ran in the place of committed ones and is not made from them. *ran* are hash and path of the bytecode
    in the place of some, by their whole paths.
    """
    where = places(root)
    watch_head(reader, where)
    commit = commits_then[root] if root in commits_then else commit_of(where)[0]
    states: dict[str, tuple[LoadedState, str | None]] = {}
    other: dict[str, str] = {}
    sources: dict[str, bytes] = {}
    # Trees are read out of the store; no index, no setting and no program has a part in it.
    tree = _committed(Git(where.root, on_its_own()), commit, list(names))
    for name in names:
        mode, blob = tree.get(name, ("", ""))
        path = os.path.join(root, name)
        try:
            data = os.fsencode(os.readlink(path)) if os.path.islink(path) else reader.read_bytes(path, limit=_MAX_BYTES)
        except (OSError, UnreadableError) as error:
            gone = not reader.exists(path)
            states[name] = (LoadedState.GONE, None) if gone else (LoadedState.UNREADABLE, _words(error))
            continue
        if path in ran and not os.path.islink(path):
            sources[name] = data
        if not blob:
            states[name] = (LoadedState.BUILT if name.endswith(_BUILT) else LoadedState.UNTRACKED, None)
        elif object_id(data, where.object_format) == blob and (mode == _LINK) == os.path.islink(path):
            states[name] = (LoadedState.COMMITTED, None)
        else:
            other[name] = blob
    untracked = [name for name, (state, _) in states.items() if state is LoadedState.UNTRACKED]
    if other or untracked:
        with Sealed(where) as sealed:
            for name, same in _converted(sealed, other):
                states[name] = (LoadedState.COMMITTED if same else LoadedState.CHANGED, None)
            states |= dict.fromkeys(_ignored(sealed, untracked), (LoadedState.IGNORED, None))
    stale: dict[str, str] = {}
    for name, data in sources.items():
        path = os.path.join(root, name)
        # What is not committed is told as that.
        told = _bytecode(reader, path, data, *ran[path]) if states[name][0] is LoadedState.COMMITTED else None
        if told is not None:
            states[name] = told
            if told[0] is LoadedState.CHANGED:
                stale[name] = ran[path][1]
    return commit, states, stale


def _bytecode(
    reader: Reader, path: str, source: bytes, made_from: str, cached: str
) -> tuple[LoadedState, str | None] | None:
    """Return what the source at *path* is because of the bytecode *cached* in its place; None where that changes nothing.

    *made_from* is the hash that nobody compared, empty where the interpreter compares.
    """
    if made_from and source_hash(source).hex() != made_from:
        return LoadedState.CHANGED, f"{cached}, which is made from another source, and nobody compares"
    try:
        bytecode, mtime_ns = reader.read_bytes(cached, limit=_MAX_BYTES), os.stat(path).st_mtime_ns
    except (OSError, UnreadableError) as error:
        # Where it is gone, nothing but the source can run again.
        return (LoadedState.UNREADABLE, f"{cached}: {_words(error)}") if reader.exists(cached) else None
    if not made_from and not is_taken(bytecode[:HEAD], source, mtime_ns, _MAGIC):
        return None
    made = is_made_from(bytecode, source, path)
    if made is None:
        return LoadedState.UNREADABLE, f"{cached}, which runs in its place, cannot be compared with it"
    return None if made else (LoadedState.CHANGED, f"{cached}, which says that it is made from it")


def _committed(git: Git, commit: str | None, names: list[str]) -> dict[str, tuple[str, str]]:
    """Return mode and id, as *commit* has them, of those of *names* that it has."""
    found: dict[str, tuple[str, str]] = {}
    if commit is None:
        return found
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        for line in git.lines("ls-tree", "-z", "--full-tree", commit, "--", *some):
            facts, _, name = line.partition("\t")
            mode, _, blob = facts.split(" ")
            found[name] = (mode, blob)
    return found


def _converted(sealed: Sealed, blobs: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield for each file whether it is what *blobs* says of it once git has converted its line endings."""
    names = [name for name in blobs if not os.path.islink(os.path.join(sealed.where.root, name))]
    yield from ((name, False) for name in blobs if name not in names)
    yield from ((name, blob == blobs[name]) for name, blob in ids_of(sealed, names))


def _ignored(sealed: Sealed, names: list[str]) -> Iterator[str]:
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        yield from sealed.git.lines("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *some)


def _words(error: OSError | UnreadableError) -> str:
    return error.message if isinstance(error, UnreadableError) else (error.strerror or str(error)).lower()
