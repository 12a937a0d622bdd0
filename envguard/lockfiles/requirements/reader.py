"""Requirements files of pip-tools, uv, pdm, poetry, ``pip freeze`` or a person as the common model.

The grammar is pip's ("Requirements File Format"). What the tools write into comments (why a package is there) is read as
dependencies. ``${VARIABLES}`` stay what they are: their values may be secrets, and differ from one machine to the next.
"""

from __future__ import annotations

import os

from ..._native import hexdigest
from ...errors import LockfileError
from ...values import replace
from ..exported.command import command_of
from ..listed import alike
from ..model import Edge, Lock, LockedPackage, Source, SourceKind, When
from .annotations import via
from .files import read_contents
from .places import Places
from .tables import FORMAT, commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...reader import Reader
    from .entries import Asked, Index
    from .files import Contents

    Entry = tuple[LockedPackage, Asked]

_LOCAL = (SourceKind.PATH, SourceKind.DIRECTORY, SourceKind.EDITABLE)
_STDIN = "-"
_OVERRIDES = ("--override", "--overrides")


def read(reader: Reader, path: str) -> Lock:
    """Return the requirements file at *path*, with what it includes, as a lock.

    Raises LockfileError with file and line where a line cannot be used, ConfigError where the manifest of a folder that it
    names cannot be, UnreadableError where a file cannot be read.
    """
    contents = read_contents(reader, path)
    text = contents.texts[path]
    if not text.strip():
        raise LockfileError("is empty", path=path, hint=commands(os.path.basename(path), text).lock)
    places = Places(reader, path)
    index = _index(contents.indexes)
    entries = [_package(number, asked, places, index, path) for number, asked in enumerate(contents.requirements)]
    command = list(command_of(text))
    locking, limiting = _split(_merged(entries))
    packages = tuple(_connected(locking, command))
    return Lock(
        path=path,
        format=FORMAT,
        version=1,
        revision=0,
        digest=_digest(path, contents.texts),
        requires_python=None,
        markers=(),
        supported=(),
        required=(),
        conflicts=(),
        members=(),
        packages=packages,
        commands=commands(os.path.basename(path), text),
        manifest=_recorded(contents, locking, limiting),
        options={"writer": command[0] if command else "", "command": command},
        files=tuple(file for file in contents.texts if file != path),
        # What somebody overrides on the command line is written into the command at most.
        overrides=None if any(word.partition("=")[0] in _OVERRIDES for word in command) else (),
        whole=len(packages) > len(locking),
    )


def _digest(path: str, texts: Mapping[str, str]) -> str:
    """Return the digest of the file, or of all of them where it includes others."""
    digests = {name: hexdigest(text.encode()) for name, text in texts.items()}
    if len(digests) == 1:
        return f"blake3:{digests[path]}"
    folder = os.path.dirname(path)
    lines = "".join(f"{digest}  {os.path.relpath(name, folder)}\n" for name, digest in digests.items())
    return f"blake3:{hexdigest(lines.encode('utf-8', 'surrogateescape'))}"


def _index(indexes: Iterable[Index]) -> str:
    """Return the indexes that the files name, which pip asks all at once; empty where it is the one of the settings."""
    first = [index.location for index in indexes if index.first][-1:]
    more = [index.location for index in indexes if not index.first]
    return " and ".join(dict.fromkeys((*first, *more)))


def _package(number: int, asked: Asked, places: Places, index: str, lock: str) -> Entry:
    source = asked.source.source if asked.source is not None else Source(kind=SourceKind.REGISTRY, location=index)
    name = asked.name
    if source.kind in _LOCAL and asked.source is not None:
        if name is None:
            name = places.name(asked, source)
        source = places.source(asked, source)
    if name is None:
        # Nobody can look for what has no name; that is told, and nothing is selected.
        source = replace(source, kind=SourceKind.VIRTUAL)
    filename = asked.source.filename if asked.source is not None else ""
    location = source.location if source.kind is SourceKind.URL else None
    package = LockedPackage(
        index=number,
        name=name or asked.text,
        version=asked.version,
        source=source,
        specifier=asked.specifier if asked.version is None and asked.source is None else None,
        artifacts=alike(filename, location, asked.hashes),
        when=(When(marker=asked.marker),) if asked.marker is not None else (),
        line=asked.line,
        path=asked.path if asked.path != lock else None,
    )
    return package, asked


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return one entry for lines that differ in their extras alone, which some tools write for each extra."""
    found: dict[tuple[object, ...], Entry] = {}
    for package, asked in entries:
        key = (package.name, package.version, package.source, package.when, package.path, package.specifier)
        known = found.get(key)
        if known is None:
            found[key] = package, asked
        elif known[1].extras == asked.extras:
            found[*key, asked.line] = package, asked
        elif not known[0].artifacts:
            found[key] = replace(known[0], artifacts=package.artifacts), known[1]
    return list(found.values())


def _split(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the entries that lock something, and those that only limit what another line pins, wherever they hold."""
    pinned: dict[str, list[LockedPackage]] = {}
    for package, _ in entries:
        if package.specifier is None:
            pinned.setdefault(package.name, []).append(package)
    locking: list[Entry] = []
    limiting: list[Entry] = []
    for package, asked in entries:
        others = pinned.get(package.name, ()) if package.specifier is not None else ()
        limits = any(not other.when or other.when == package.when for other in others)
        (limiting if limits else locking).append((package, asked))
    return locking, limiting


def _connected(entries: Sequence[Entry], command: list[str]) -> Iterable[LockedPackage]:
    """Return the packages with the dependencies that comments tell, and last what stands for whoever asks for them.

    The latter is left out where no comment tells anything: then nothing can be said of any package.
    """
    packages = [package for package, _ in entries]
    reasons = [via(asked.comments) for _, asked in entries]
    if not any(reason is not None for reason in reasons):
        return packages
    names = {package.name for package in packages}
    annotated = {asked.path for (_, asked), reason in zip(entries, reasons, strict=True) if reason is not None}
    # uv says nothing of what a dependency group, or standard input, asks for.
    silent = command[:2] == ["uv", "export"] or _STDIN in command or not command
    # What has no name here has one there, and so has a project that "uv export" leaves out.
    strangers = silent or any(asked.name is None and package.name == asked.text for package, asked in entries)
    below: dict[str, list[Edge]] = {}
    direct: list[Edge] = []
    for (package, asked), reason in zip(entries, reasons, strict=True):
        edge = Edge(name=package.name, version=package.version)
        if reason is None:
            wanted = silent or asked.path not in annotated
        else:
            wanted = reason.direct or (strangers and any(name not in names for name in reason.packages))
        if wanted:
            direct.append(edge)
        for parent in dict.fromkeys(reason.packages if reason is not None else ()):
            if parent in names and parent != package.name:
                below.setdefault(parent, []).append(edge)
    root = LockedPackage(
        index=len(packages),
        name=FORMAT,
        version=None,
        source=Source(kind=SourceKind.VIRTUAL, location="."),
        dependencies=tuple(direct),
        line=1,
    )
    return [*(replace(package, dependencies=tuple(below.get(package.name, ()))) for package in packages), root]


def _recorded(contents: Contents, locking: Sequence[Entry], limiting: Sequence[Entry]) -> dict[str, object]:
    """Return what the files say beside what they lock: what limits it, and the files that asked for it."""
    limits = [("a constraint allows", asked) for asked in contents.constraints]
    limits += [("another line asks for", asked) for _, asked in limiting]
    inputs: dict[tuple[str, str, bool], int] = {}
    for _, asked in locking:
        reason = via(asked.comments)
        if reason is not None:
            for name in (*reason.files, *reason.manifests):
                inputs.setdefault((name, asked.path, name in reason.manifests), asked.line)
    return {
        "limits": [
            {
                "by": by,
                "name": asked.name,
                "specifier": asked.specifier,
                "marker": asked.marker,
                "path": asked.path,
                "line": asked.line,
            }
            for by, asked in limits
            if asked.name is not None and asked.source is None
        ],
        "unread": [list(item) for item in contents.unread],
        "inputs": [
            {"name": name, "path": path, "manifest": manifest, "line": line}
            for (name, path, manifest), line in inputs.items()
        ],
    }
