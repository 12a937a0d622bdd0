"""``envguard hash``: what ``b3sum`` says of a file, and the root or the manifest of a folder."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import click

from ..amounts import plural
from ..errors import ConfigError, EnvguardError, UnreadableError
from ..names import printable
from ..report.words import shorten
from ..trees.words import fault
from . import options
from .console import FAILED, Console, current_folder
from .progress import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..data.model import Tree

STDIN = "-"
_SHOWN = 8
_BLOCK = 1 << 20


@click.command("hash", short_help="Print the BLAKE3 digests of files, and the roots or manifests of folders.")
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option(
    "--root", "form", flag_value="root", default="root", help="Of a folder, print its root. This is the default."
)
@click.option(
    "--manifest", "form", flag_value="manifest", help="Of a folder, print its manifest: the lines of its files."
)
@click.option(
    "--ignore", metavar="GLOB", multiple=True, help="Leave out what matches, as .gitignore does. May be repeated."
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Use at most N threads. By default all processors."
)
@click.option("--no-cache", is_flag=True, help="Read every file, also those that the stat cache knows to be unchanged.")
@options.color
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    form: str,
    ignore: tuple[str, ...],
    jobs: int | None,
    no_cache: bool,
) -> None:
    """Print the BLAKE3 digest of each PATH. No project is needed.

    A file gives the line that b3sum prints, and so does standard input, which is meant by - or where no PATH is given. A
    folder gives its root and its path with a / at the end; the root is the digest of its manifest, which has one line a
    file, sorted by path:

    \b
      envguard hash --manifest data | b3sum              is the root of data
      envguard hash --manifest data > data.b3
      (cd data && b3sum --check ../data.b3)              checks its files
    """  # noqa: D301 - the backspace keeps click from wrapping what follows
    console: Console = context.find_root().obj
    if form == "manifest" and len(paths) != 1:
        raise click.UsageError("--manifest prints the manifest of one folder: name one PATH", context)
    if not paths and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("name a PATH, or pipe something in", context)
    with ProgressLine() as line:
        hasher = _Hasher(line, manifest=form == "manifest", ignore=ignore, jobs=jobs, cache=not no_cache)
        failed = False
        for path in paths or (STDIN,):
            try:
                data = hasher.hash(path)
            except ConfigError:
                raise
            except EnvguardError as error:
                line.clear()
                console.error(error)
                failed = True
            else:
                line.clear()
                if data is not None:
                    console.emit_bytes(data)
                elif hasher.failed is not None:
                    tell_problems(console, hasher.failed)
                    failed = True
    context.exit(FAILED if failed else 0)


class _Hasher:
    """Hashes what a path leads to; *failed* is the last tree that had no root."""

    def __init__(
        self, line: ProgressLine, *, manifest: bool, ignore: Sequence[str], jobs: int | None, cache: bool
    ) -> None:
        self.line = line
        self.manifest = manifest
        self.ignore = ignore
        self.jobs = jobs
        self.cache = cache
        self.failed: Tree | None = None

    def hash(self, path: str) -> bytes | None:
        """Return what is to be printed of *path*; None where it is a tree that has no root."""
        if path == STDIN:
            return digest_line(self.stream(0, path), path) if not self.manifest else self.refuse(path)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            raise UnreadableError(_reason(error), path=path) from None
        if stat.S_ISDIR(mode):
            return self.tree(path)
        if self.manifest:
            return self.refuse(path)
        if stat.S_ISREG(mode):
            from ..data.trees import hash_file

            return digest_line(hash_file(path, jobs=self.jobs, progress=self.line.callback), path)
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise UnreadableError(_reason(error), path=path) from None
        try:
            return digest_line(self.stream(fd, path), path)
        finally:
            os.close(fd)

    def tree(self, path: str) -> bytes | None:
        from ..data.trees import hash_tree

        tree = hash_tree(
            path,
            ignore=self.ignore,
            jobs=self.jobs,
            cache=self.cache,
            manifest=self.manifest,
            progress=self.line.callback,
        )
        if tree.root is None:
            self.failed = tree
            return None
        if tree.manifest is not None:
            return tree.manifest.to_bytes()
        return digest_line(tree.root, path if path.endswith("/") else f"{path}/")

    @staticmethod
    def stream(fd: int, path: str) -> str:
        """Return the digest of all that can be read from *fd*: a pipe has no size and cannot be read twice."""
        from blake3 import blake3

        hasher = blake3(max_threads=blake3.AUTO)
        try:
            while block := os.read(fd, _BLOCK):
                hasher.update(block)
        except OSError as error:
            raise UnreadableError(_reason(error), path=path) from None
        return hasher.hexdigest()

    @staticmethod
    def refuse(path: str) -> bytes:
        raise UnreadableError("is no folder: only a folder has a manifest", path=path)


def digest_line(digest: str, path: str) -> bytes:
    r"""Return the line of *path* as b3sum writes it: what holds a backslash or an end of line begins with a backslash."""
    name = os.fsencode(path)
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"%s%s  %s\n" % (b"\\" if escaped != name else b"", digest.encode(), escaped)


def tell_problems(console: Console, tree: Tree) -> None:
    """Say what keeps *tree* from having a root: the first few, and how many there are."""
    for problem in tree.problems[:_SHOWN]:
        place = os.path.join(tree.path, os.fsdecode(problem.path)) if problem.path else tree.path
        console.error(UnreadableError(fault(problem), path=place))
    more = f", of which the first {_SHOWN} are shown" if tree.problem_count > _SHOWN else ""
    count = plural(tree.problem_count, "problem")
    console.say(f"{printable(shorten(tree.path, current_folder()))} has no root: {count}{more}")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    strerror = getattr(error, "strerror", None)
    return f"cannot be read: {(strerror or str(error)).lower()}"
