"""What a piece of work read, by its content, so that its result can be told to be the same another time.

A trace (``envguard.trace``) says whether files are untouched; notes say whether what is read is equal, wherever it comes
from: the working tree, a revision, what is staged.
"""

from __future__ import annotations

from ._native import hexdigest
from .errors import EnvguardError
from .reader import MAX_BYTES, Reader
from .trace import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    Note = tuple[str, str, Any]


class NotingReader(Reader):
    """Reads through another *reader*, and notes what that said. *given* are files whose content is known already.

    *complete* is false once something could not be read, was read differently a second time, or was read in a way that notes do
    not hold: then the notes are worthless.
    """

    __slots__ = ("_given", "_notes", "_reader", "complete")

    def __init__(self, reader: Reader, given: Mapping[str, bytes]) -> None:
        super().__init__()
        self.trace = reader.trace
        self.entries = reader.entries
        self._reader = reader
        self._given = given
        self._notes: dict[tuple[str, str], Any] = {}
        self.complete = True

    @property
    def notes(self) -> list[Note]:
        """What was asked and what the answer was, plain JSON values, in the order in which it was asked."""
        return [(what, name, answer) for (what, name), answer in self._notes.items()]

    def environ(self, name: str) -> str:
        """Return the environment variable *name*, empty where it is not set."""
        value = self._reader.environ(name)
        self._note("environ", name, digest(value))
        return value

    def probe(self, name: str, argument: str = "") -> str:
        """Return what the probe *name* of ``envguard.probes`` says, of *argument* where it takes one."""
        value = self._reader.probe(name, argument)
        self._note("probe", f"{name} {argument}".rstrip(), value)
        return value

    def exists(self, path: str) -> bool:
        """Return whether anything can be reached at *path*."""
        there = self._reader.exists(path)
        self._note("exists", path, there)
        return there

    def is_file(self, path: str) -> bool:
        """Return whether *path* leads to a regular file."""
        there = self._reader.is_file(path)
        self._note("is_file", path, there)
        return there

    def is_dir(self, path: str) -> bool:
        """Return whether *path* leads to a folder."""
        there = self._reader.is_dir(path)
        self._note("is_dir", path, there)
        return there

    def real_path(self, path: str) -> str:
        """Return the absolute path behind all links on the way to *path*."""
        real = self._reader.real_path(path)
        self._note("real_path", path, real)
        return real

    def list_dir(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; UnreadableError where it cannot be listed."""
        try:
            names = self._reader.list_dir(path)
        except EnvguardError:
            self.complete = False
            raise
        self._note("list_dir", path, names)
        return names

    def read_bytes(self, path: str, *, limit: int = MAX_BYTES) -> bytes:
        """Return the content of the regular file *path*; UnreadableError as of the reader itself."""
        given = self._given.get(path)
        if given is not None and len(given) <= limit:
            return given
        try:
            data = self._reader.read_bytes(path, limit=limit)
        except EnvguardError:
            self.complete = False
            raise
        self._note("read_bytes", path, hexdigest(data))
        return data

    def digest(self, path: str, *, limit: int = MAX_BYTES) -> str:
        """Return the BLAKE3 of the regular file *path*; UnreadableError as of the reader itself."""
        given = self._given.get(path)
        if given is not None and len(given) <= limit:
            return hexdigest(given)
        try:
            value = self._reader.digest(path, limit=limit)
        except EnvguardError:
            self.complete = False
            raise
        self._note("digest", path, value)
        return value

    def size(self, path: str) -> int:
        """Return how many bytes the file *path* has; notes do not hold that."""
        self.complete = False
        return self._reader.size(path)

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """Return at most *length* bytes of the file *path* from *offset* on; notes do not hold that."""
        self.complete = False
        return self._reader.read_part(path, offset, length)

    def ask(self, name: str) -> str:
        """Return the answer to the question *name*; nothing about it can be noted."""
        self.complete = False
        return self._reader.ask(name)

    def variables(self) -> tuple[dict[str, str] | None, dict[str, str]]:
        """Return the variables that numeric libraries read; they are not written down."""
        self.complete = False
        return self._reader.variables()

    def variables_in_c(self, names: Collection[str]) -> dict[str, str] | None:
        """Return those of the variables *names* that C finds; they are not written down."""
        self.complete = False
        return self._reader.variables_in_c(names)

    def _note(self, what: str, name: str, answer: Any) -> None:
        if self._notes.setdefault((what, name), answer) != answer:
            self.complete = False


_ASK: Mapping[str, Callable[[Reader, str], Any]] = {
    "environ": lambda reader, name: digest(reader.environ(name)),
    "probe": lambda reader, name: reader.probe(*name.split(" ", 1)),
    "exists": lambda reader, name: reader.exists(name),
    "is_file": lambda reader, name: reader.is_file(name),
    "is_dir": lambda reader, name: reader.is_dir(name),
    "real_path": lambda reader, name: reader.real_path(name),
    "list_dir": lambda reader, name: reader.list_dir(name),
    "read_bytes": lambda reader, name: hexdigest(reader.read_bytes(name)),
    "digest": lambda reader, name: reader.digest(name),
}


def still_hold(notes: Iterable[Note], reader: Reader) -> bool:
    """Return whether *reader* gives every answer that was noted; what cannot be read now holds no more."""
    try:
        return all(_ASK[what](reader, name) == answer for what, name, answer in notes)
    except EnvguardError:
        return False
