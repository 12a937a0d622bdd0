"""A requirements file with all that it includes by ``-r`` and ``-c``, each relative to the file that names it."""

from __future__ import annotations

import codecs
import os
import re

from ...errors import LockfileError, UnreadableError
from ...patterns import late
from ...urls import unquote
from ...values import dataclass, field, replace
from ..text import MAX_BYTES, refuse_merge
from .entries import Asked, Include, Index, parse_line
from .lines import logical_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from .lines import Line

MAX_FILES = 1000
# How deep files include one another, and how many lines that ask for something there are: tools write nothing of the kind.
MAX_DEPTH = 50
MAX_LINES = 200_000
_VARIABLE = late(r"\$\{[A-Z0-9_]+\}")
_REMOTE = late(r"(?:https?|ftp):", re.IGNORECASE)
_BOM = "\ufeff"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What makes a folder part of a project where there is no repository.
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "envguard.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything that a requirements file says, together with the files that it includes.

    *texts* are the files as they were read, by absolute path, the first one first. *unread* are constraints that lie on the
    network, each with the place that names them.
    """

    requirements: tuple[Asked, ...]
    constraints: tuple[Asked, ...]
    indexes: tuple[Index, ...]
    texts: dict[str, str] = field(default_factory=dict)
    unread: tuple[tuple[str, str, int], ...] = ()


def read_text(reader: Reader, path: str) -> str:
    """Return the text of the requirements file *path* with line ends made LF, whatever byte order mark it begins with.

    UnreadableError where it cannot be read, or is no text.
    """
    data = reader.read_bytes(path, limit=MAX_BYTES)
    encoding = _WIDE.get(data[:2])
    if encoding is None:
        text = reader.read_text(path, limit=MAX_BYTES).removeprefix(_BOM)
    else:
        # A shell of Windows writes what is redirected into a file like this.
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not UTF-16 text: {error.reason} at offset {error.start}", path=path) from None
    return text.replace("\r\n", "\n") if "\r" in text else text


def read_contents(reader: Reader, path: str, *, constraint: bool = False) -> Contents:
    """Return what the file at *path* says; *constraint* where nothing in it is to be installed.

    Raises LockfileError with file and line where something in it cannot be used, UnreadableError where a file cannot be read.
    """
    files = _Files(reader, path)
    files.visit(path, (), constraint=constraint)
    return Contents(
        requirements=tuple(files.requirements),
        constraints=tuple(files.constraints),
        indexes=tuple(files.indexes),
        texts=files.texts,
        unread=tuple(files.unread),
    )


class _Files:
    def __init__(self, reader: Reader, path: str) -> None:
        self.reader = reader
        self.start = path
        self.texts: dict[str, str] = {}
        self.requirements: list[Asked] = []
        self.constraints: list[Asked] = []
        self.indexes: list[Index] = []
        self.unread: list[tuple[str, str, int]] = []
        self.seen: set[tuple[str, bool]] = set()
        self._boundary: str | None = None

    def visit(self, path: str, above: tuple[str, ...], *, constraint: bool) -> None:
        self.seen.add((path, constraint))
        if path not in self.texts:
            self.texts[path] = read_text(self.reader, path)
            if sum(map(len, self.texts.values())) > MAX_BYTES:
                raise LockfileError(
                    f"is too large: with what it includes it has more than {MAX_BYTES} characters", path=self.start
                )
            refuse_merge(self.texts[path], path, hint="resolve it, or make the file anew")
        found = self.constraints if constraint else self.requirements
        for line in logical_lines(self.texts[path], path):
            for item in self.items(line, path):
                if isinstance(item, Asked):
                    found.append(item)
                    if len(found) > MAX_LINES:
                        message = f"asks for more than {MAX_LINES} packages, included files counted"
                        raise LockfileError(message, path=path, line=item.line)
                elif isinstance(item, Index):
                    self.indexes.append(item)
                else:
                    self.include(item, path, (*above, path), constraint=constraint or item.constraint)

    def items(self, line: Line, path: str) -> Iterator[Asked | Include | Index]:
        """Yield what *line* of the file *path* says; what it asks for is taken from another text that had it, too."""
        known = self.reader.entries.asked if self.reader.entries is not None else {}
        said = path, line.text, line.comments
        asked = known.get(said)
        if asked is not None:
            yield asked if asked.line == line.number else replace(asked, line=line.number)
            return
        for item in parse_line(line, path):
            if isinstance(item, Asked):
                known[said] = item
            yield item

    def include(self, item: Include, path: str, above: tuple[str, ...], *, constraint: bool) -> None:
        if constraint and not item.constraint:
            message = (
                f"includes {item.target} by -r in a file of constraints: pip installs what is in it, other tools do not"
            )
            raise LockfileError(message, path=path, line=item.line, hint="include it by -c")
        if _REMOTE.match(item.target) and constraint:
            self.unread.append((_plain(item.target), path, item.line))
            return
        target = self.target(item, path)
        if target in above:
            names = " -> ".join(os.path.relpath(name, os.path.dirname(self.start)) for name in (*above, target))
            raise LockfileError(f"includes itself: {names}", path=path, line=item.line)
        if (target, constraint) in self.seen:
            return
        if len(self.seen) >= MAX_FILES or len(above) >= MAX_DEPTH:
            what = f"more than {MAX_FILES} files" if len(above) < MAX_DEPTH else f"files more than {MAX_DEPTH} deep"
            raise LockfileError(f"includes {what}", path=path, line=item.line)
        if not self.reader.is_file(target):
            raise LockfileError(f"includes {item.target}, and there is no such file", path=path, line=item.line)
        self.visit(target, above, constraint=constraint)

    def target(self, item: Include, path: str) -> str:
        """Return the absolute path of the file that *item* names; LockfileError where it must not be read."""
        place = item.target
        if _REMOTE.match(place):
            raise LockfileError(
                f"includes {_plain(place)}, and nothing on the network is read here",
                path=path,
                line=item.line,
                hint="keep a copy of the file in the repository and include that",
            )
        if variable := _VARIABLE.search(place):
            message = f"includes a file whose name depends on the environment: {variable[0]}"
            raise LockfileError(message, path=path, line=item.line)
        if place[:5].lower() == "file:":
            place = unquote(place[5:].removeprefix("//"))
        if "\0" in place:
            raise LockfileError("includes a file whose name is none", path=path, line=item.line)
        target = os.path.normpath(os.path.join(os.path.dirname(path), place))
        if not within(self.reader.real_path(target), self.boundary()):
            raise LockfileError(
                f"includes {item.target}, which lies outside of the project",
                path=path,
                line=item.line,
                hint=f"keep it below {self.boundary()}",
            )
        return target

    def boundary(self) -> str:
        """Return the folder that no include may leave: the repository, else the outermost project around the file."""
        if self._boundary is None:
            self._boundary = self.reader.real_path(boundary_of(self.reader, os.path.dirname(self.start)))
        return self._boundary


def boundary_of(reader: Reader, folder: str) -> str:
    """Return the root of the repository around *folder*; where there is none, the outermost project around it."""
    outermost = folder
    for here in ancestors(folder):
        if reader.exists(os.path.join(here, ".git")):
            return here
        if any(reader.exists(os.path.join(here, name)) for name in _MARKS):
            outermost = here
    return outermost


def ancestors(folder: str) -> Iterator[str]:
    """Yield *folder* and every folder above it."""
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def within(path: str, folder: str) -> bool:
    """Return whether the absolute *path* is *folder* or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _plain(url: str) -> str:
    from ...urls import without_credentials

    return without_credentials(url)
