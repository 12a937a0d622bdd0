"""The one door through which envguard looks at the outside, so that a trace knows everything that a check read."""

from __future__ import annotations

import os
import stat as stat_module

from .errors import UnreadableError
from .probes import PROBES
from .trace import ABSENT, Trace, digest, kind, kind_of, link, of_stat, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import TypeVar

    from .entries import Entries

    _Taken = TypeVar("_Taken")

_BYTE_ORDER_MARK = "\ufeff"
MAX_BYTES = 256 * 1024 * 1024
_PIECE = 256 * 1024


class Reader:
    """Reads files, folders, environment variables and probes, and records each of them in ``trace``.

    *environ* replaces ``os.environ``; a trace made with one is of no use for another process. *entries* is what readers share that
    read the same file twice, as it was and as it is; None where nothing is read twice.
    """

    __slots__ = ("_asked", "_environ", "entries", "trace")

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.trace = Trace()
        self._environ = os.environ if environ is None else environ
        self._asked: dict[str, str] = {}
        self.entries: Entries | None = None

    def environ(self, name: str) -> str:
        """Return the environment variable *name*, empty where it is not set."""
        value = self._environ.get(name, "")
        self.trace.saw_value("env", name, digest(value))
        return value

    def probe(self, name: str, argument: str = "") -> str:
        """Return what the probe *name* of ``envguard.probes`` says, of *argument* where it takes one."""
        value = PROBES[name](argument) if argument else PROBES[name]()
        self.trace.saw_value("probe", f"{name} {argument}".rstrip(), value)
        return value

    def ask(self, name: str) -> str:
        """Return the answer to the question *name* of ``envguard.questions``, which may take seconds.

        It is asked once. A later check does not ask it while what vouches for it says the same, and an answer that something
        changed under is not kept.
        """
        from .questions import QUESTIONS

        if name in self._asked:
            return self._asked[name]
        question = QUESTIONS[name]
        for probe in question.vouchers:
            self.probe(probe)
        for path in question.places():
            self.exists(path)
        self._asked[name] = question.ask()
        for probe in question.vouchers:
            self.probe(probe)
        return self._asked[name]

    def variables(self) -> tuple[dict[str, str] | None, dict[str, str]]:
        """Return the variables that numeric libraries read: as the process started (None: untold), and as they are now."""
        from .probes.variables import snapshots

        self.probe("variables")
        return snapshots()

    def variables_in_c(self, names: Collection[str]) -> dict[str, str] | None:
        """Return those of the variables *names* that C's ``getenv`` finds; None where C cannot be asked."""
        from .probes.variables import in_c

        self.probe("getenv", " ".join(names))
        return in_c(names)

    def exists(self, path: str) -> bool:
        """Return whether anything can be reached at *path*."""
        return self._kind(path) != ABSENT

    def is_file(self, path: str) -> bool:
        """Return whether *path* leads to a regular file; another file in its place is another input."""
        seen = signature(path)
        self.trace.saw_file(path, seen)
        return kind_of(seen) == "file"

    def is_dir(self, path: str) -> bool:
        """Return whether *path* leads to a folder."""
        return self._kind(path) == "folder"

    def real_path(self, path: str) -> str:
        """Return the absolute path behind all links on the way to *path*, whether anything is there or not."""
        real = link(path)
        self.trace.saw_value("link", path, real)
        return real

    def identity(self, path: str) -> str | None:  # noqa: ARG002 - a snapshot knows
        """Return what tells the content of the file *path* from any other without reading it; None where nothing does."""
        return None

    def expect(self, path: str) -> bool:  # noqa: ARG002 - a snapshot can
        """Have the content of the file *path* got ready while something else is done; return whether somebody does that."""
        return False

    def list_dir(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; UnreadableError where it cannot be listed."""
        self.trace.saw_file(path, signature(path))
        try:
            return sorted(os.listdir(path))
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None

    def size(self, path: str) -> int:
        """Return how many bytes the file *path* has; UnreadableError where nothing can be reached there."""
        seen = signature(path)
        self.trace.saw_file(path, seen)
        if kind_of(seen) != "file":
            raise UnreadableError("is not there, or no regular file", path=path)
        return int(seen.split(" ")[3])

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """Return at most *length* bytes of the file *path* from *offset* on; UnreadableError where it cannot be read."""
        self.size(path)
        try:
            with open(path, "rb", buffering=0) as file:
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise _unreadable(path, error) from None

    def read_bytes(self, path: str, *, limit: int = MAX_BYTES) -> bytes:
        """Return the content of the regular file *path*.

        UnreadableError where it is missing, no regular file, larger than *limit* bytes, or changes while it is read.
        """
        return self._read(path, limit, _whole)

    def digest(self, path: str, *, limit: int = MAX_BYTES) -> str:
        """Return the BLAKE3 of the regular file *path*, 64 hexadecimal digits; errors as for ``read_bytes``.

        It is read in pieces: a buffer for all of a large library takes longer to come by than its hash.
        """
        return self._read(path, limit, _digest)

    def _read(self, path: str, limit: int, take: Callable[[int, int], tuple[_Taken, int]]) -> _Taken:
        """Return what *take* makes of the open file *path* and its size; it also says how many bytes there were."""
        try:
            # O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever.
            fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError) as error:
            self.trace.saw_file(path, signature(path))
            raise _unreadable(path, error) from None
        try:
            before = os.fstat(fd)
            seen = of_stat(before)
            self.trace.saw_file(path, seen)
            if not stat_module.S_ISREG(before.st_mode):
                raise UnreadableError("is not a regular file", path=path)
            size = before.st_size
            if size > limit:
                raise UnreadableError(f"is too large: {size} bytes, at most {limit} are read", path=path)
            taken, count = take(fd, size)
            if count != size or of_stat(os.fstat(fd)) != seen:
                raise UnreadableError("changed while it was read", path=path, hint="run the command again")
        except OSError as error:
            raise _unreadable(path, error) from None
        finally:
            os.close(fd)
        return taken

    def read_text(self, path: str, *, limit: int = MAX_BYTES) -> str:
        """Return the content of *path* as UTF-8 text, without a byte order mark; UnreadableError names the first byte that is none."""
        data = self.read_bytes(path, limit=limit)
        try:
            return data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise UnreadableError(
                f"is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}", path=path, line=line
            ) from None

    def _kind(self, path: str) -> str:
        # Not the signature: a folder that is only asked for may get files (logs, checkpoints) without any harm.
        seen = kind(path)
        self.trace.saw_value("kind", path, seen)
        return seen


def _whole(fd: int, size: int) -> tuple[bytes, int]:
    # One byte more than the size is asked for, never the limit: a buffer of that many bytes costs more than the file.
    data = os.read(fd, size + 1)
    while len(data) < size and (more := os.read(fd, size + 1 - len(data))):
        data += more
    return data, len(data)


def _digest(fd: int, size: int) -> tuple[str, int]:
    from blake3 import blake3

    hasher, count = blake3(), 0
    while count <= size and (piece := os.read(fd, _PIECE)):
        hasher.update(piece)
        count += len(piece)
    return hasher.hexdigest(), count


def _unreadable(path: str, error: OSError | ValueError) -> UnreadableError:
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableError(f"cannot be read: {what.lower()}", path=path)
