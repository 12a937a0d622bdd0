"""Running git in a repository that anybody may have written, so that nothing in it is executed."""

from __future__ import annotations

import os

from .. import child
from ..errors import RepositoryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

SECONDS = 60
_KEPT_BLOBS, _KEPT_BYTES = 16, 8 * 1024 * 1024
# What a repository's own configuration could make git run: a monitor of the file system, hooks, a pager, other protocols.
# No variable of the environment and no option turns its filters off: what reads files of the work tree is run by ``sealed``.
_HARDENED = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
)
# No lock is taken, so that a person's own git never waits; nobody is asked for a password; nothing is fetched: a repository
# can allow any protocol to itself, "ext::" among them, which is a command, but not against the first of these variables.
_HARMLESS = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# What a person says to every git: settings (a folder that is safe, say), and how far up it may look.
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")


class Git:
    """git in the folder *folder*, which may be any in a work tree, with the variables *environ*.

    By default these are the ones of this process, so that those that git gives its hooks are obeyed.
    """

    __slots__ = ("_blobs", "_environ", "_expected", "_read", "folder")

    def __init__(self, folder: str, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environ = dict(environ) if environ is not None else in_a_hook()
        self._blobs: child.Process | None = None
        self._read: dict[str, bytes] = {}
        # What was asked for ahead.
        self._expected: str | None = None

    def run(self, *arguments: str, given: bytes | None = None, fine: tuple[int, ...] = (0,)) -> bytes:
        """Return what a git command prints when it reads *given*.

        RepositoryError, with git's own words, where it cannot be run, takes for ever, or ends with a status that is not *fine*.
        """
        try:
            done = child.run(
                self._command(*arguments), seconds=SECONDS, folder=self.folder, environ=self._environ, given=given
            )
        except OSError as error:
            raise self._cannot(error) from None
        if done.status is None:
            raise RepositoryError(f"git did not answer within {SECONDS} seconds", path=self.folder)
        if done.status not in fine:
            raise self._refused(arguments[0], done.errors)
        return done.output

    def lines(self, *arguments: str, given: bytes | None = None, fine: tuple[int, ...] = (0,)) -> Iterator[str]:
        """Yield the records, ended by NUL, that a git command prints; names that are not UTF-8 as ``os.fsdecode`` has them."""
        yield from (os.fsdecode(line) for line in self.run(*arguments, given=given, fine=fine).split(b"\0") if line)

    def blob(self, digest: str, limit: int) -> bytes | int:
        """Return the content of the blob *digest*, or its size where that is above *limit* bytes.

        RepositoryError where the repository does not have it. One process serves every call, until ``close``; what it has served
        last is known until then, since a lock is read to be judged and to be shown.
        """
        self._receive()
        known = self._read.get(digest)
        if known is not None:
            return known if len(known) <= limit else len(known)
        size = self._size(self._ask("info", digest), b"blob", digest)
        if size > limit:
            return size
        content = self._content(self._size(self._ask("contents", digest), b"blob", digest))
        self._keep(digest, content)
        return content

    def expect(self, digest: str) -> bool:
        """Ask for the blob *digest*, which git unpacks meanwhile; return whether that was done. ``blob`` says what is wrong."""
        if digest in self._read or self._expected is not None:
            return False
        try:
            size = self._size(self._ask("info", digest), b"blob", digest)
            if size > _KEPT_BYTES:
                return False
            self._send("contents", digest)
        except RepositoryError:
            return False
        self._expected = digest
        return True

    def _keep(self, digest: str, content: bytes) -> None:
        if len(content) <= _KEPT_BYTES:
            if len(self._read) == _KEPT_BLOBS:
                del self._read[next(iter(self._read))]
            self._read[digest] = content

    def _receive(self) -> None:
        """Take what was asked for ahead: git answers one question after the other."""
        if self._expected is not None and self._blobs is not None and self._blobs.stdout is not None:
            digest, self._expected = self._expected, None
            answer = self._blobs.stdout.readline().split()
            self._keep(digest, self._content(self._size(answer, b"blob", digest)))

    def tree(self, name: str) -> list[tuple[bytes, bytes, str]] | None:
        """Return mode, name and id of what is in the tree *name*, an id or ``REVISION^{tree}``; None where there is no such tree.

        The process that serves ``blob`` serves this, too.
        """
        answer = self._ask("contents", name)
        if len(answer) != 3 or answer[1] != b"tree":
            return None
        content, length = self._content(int(answer[2])), len(answer[0]) // 2
        # As git writes a tree: mode, space, name, NUL, and the bytes of the id.
        found, at = [], 0
        while at < len(content):
            end = content.index(b"\0", at) + 1
            mode, _, called = content[at : end - 1].partition(b" ")
            at = end + length
            found.append((mode, called, content[end:at].hex()))
        return found

    def serve(self) -> None:
        """Start the process that serves contents, unless it runs: it gets ready while another answers."""
        if self._blobs is None:
            try:
                self._blobs = child.start(
                    self._command("cat-file", "--batch-command"), folder=self.folder, environ=self._environ
                )
            except OSError as error:
                raise self._cannot(error) from None

    def close(self) -> None:
        """End the process that serves blobs."""
        process, self._blobs = self._blobs, None
        self._read.clear()
        self._expected = None
        if process is not None:
            process.communicate()

    def _ask(self, what: str, name: str) -> list[bytes]:
        self._receive()
        answers = self._send(what, name)
        return answers.readline().split()

    def _send(self, what: str, name: str) -> IO[bytes]:
        """Ask git, and return where it answers."""
        self.serve()
        process = self._blobs
        if process is None or process.stdin is None or process.stdout is None:
            raise RepositoryError("git cannot be asked any more", path=self.folder)
        try:
            process.stdin.write(f"{what} {name}\n".encode())
            process.stdin.flush()
        except OSError:
            raise RepositoryError("git ended while it was asked", path=self.folder) from None
        return process.stdout

    def _size(self, answer: list[bytes], kind: bytes, digest: str) -> int:
        if len(answer) == 3 and answer[1] == kind:
            return int(answer[2])
        raise RepositoryError(
            f"the repository does not have the object {digest}, which it names",
            path=self.folder,
            hint="git fsck; in a partial clone: git fetch --refetch",
        )

    def _content(self, size: int) -> bytes:
        output = self._blobs.stdout if self._blobs is not None else None
        content = output.read(size + 1)[:-1] if output is not None else b""
        if len(content) != size:
            raise RepositoryError("git ended while it was read from", path=self.folder)
        return content

    def _command(self, *arguments: str) -> list[str]:
        return ["git", *_HARDENED, *arguments]

    def __del__(self) -> None:
        self.close()

    def _cannot(self, error: OSError) -> RepositoryError:
        if isinstance(error, FileNotFoundError) and os.path.isdir(self.folder):
            return RepositoryError(
                "git is not installed, or not on the PATH",
                path=self.folder,
                hint="install git, or put it on the PATH",
            )
        return RepositoryError(f"git cannot be run: {(error.strerror or str(error)).lower()}", path=self.folder)

    def _refused(self, command: str, said: bytes) -> RepositoryError:
        text = said.decode("utf-8", "replace").strip()
        index = self._environ.get("GIT_INDEX_FILE")
        if index:
            # A copy, which is gone when somebody reads this.
            text = text.replace(index, "the index")
        first = text.split("\n", 1)[0].removeprefix("fatal: ") or "without a word"
        hint = None
        if "dubious ownership" in text:
            from shlex import quote

            hint = f"git config --global --add safe.directory {quote(self.folder)}"
            first = "the repository belongs to somebody else, so git does not read it"
        elif "not a git repository" in text:
            first = "this is no git repository"
        return RepositoryError(f"git {command} failed: {first}", path=self.folder, hint=hint)


def in_a_hook() -> dict[str, str]:
    """Return the variables of this process for git, those obeyed that git gives its hooks."""
    environ = {**os.environ, **_HARMLESS}
    # A hook is started at the top of the work tree with paths that begin there; git is also run from elsewhere here.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        if environ.get(name):
            environ[name] = os.path.abspath(environ[name])
    if "GIT_DIR" in environ:
        environ.setdefault("GIT_WORK_TREE", os.getcwd())
    return environ


def on_its_own() -> dict[str, str]:
    """Return the variables of this process for git, without those that would show it another repository.

    A training that git itself started (``git rebase --exec``, an alias) must not be told of the repository of that git.
    """
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(_KEPT)},
        **_HARMLESS,
    }
