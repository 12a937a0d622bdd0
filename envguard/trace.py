"""What a check read, and whether all of it is still as it was.

A check is a function of what it reads: files, folders, links, environment variables and a few probes of the machine. A trace
lists them with a signature each; while every signature still holds, the answer of then is the answer of now ("verifying
traces", Mokhov, Mitchell, Peyton Jones: Build Systems à la Carte, 2018). Paths that were looked for and not found are
inputs like any other.

The signature of a file or folder is (device, inode, mode, size, mtime, ctime). Equal signatures prove equal content only
if the last change lay safely before the reading ("racily clean" entries of git's index otherwise), so a trace with a
younger input is not kept. Files whose stamps say nothing (procfs, sysfs) must be read by a probe instead.

This module lies on the path of every clean check: it imports nothing that the interpreter has not loaded itself.
"""

from __future__ import annotations

import os
import stat
import time

try:
    from _blake2 import blake2b  # what hashlib offers, without the milliseconds that loading OpenSSL costs
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ABSENT = "-"
# What is an input as a whole: see ``holds``.
WALKED = ("tree", "files", "code")
# About when this process began to load the code that reads.
STARTED_NS = time.time_ns()
LOCAL_SLACK_NS = 2 * 10**9
FOREIGN_SLACK_NS = 24 * 3600 * 10**9
_LOCAL = frozenset(("ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "overlay", "zfs", "f2fs", "bcachefs"))
_STAMPLESS = frozenset(("proc", "sysfs", "devtmpfs", "cgroup", "cgroup2", "debugfs", "securityfs"))
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder"}


def signature(path: str) -> str:
    """Return the signature of the file or folder at *path*, links followed; ``-`` where there is none to reach."""
    try:
        st = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return of_stat(st)


def of_stat(st: os.stat_result) -> str:
    """Return the signature in a stat result."""
    return f"{st.st_dev} {st.st_ino} {st.st_mode} {st.st_size} {st.st_mtime_ns} {st.st_ctime_ns}"


def kind(path: str) -> str:
    """Return what *path* leads to: ``file``, ``folder``, ``other``, or ``-`` where nothing can be reached."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ABSENT
    return _KINDS.get(stat.S_IFMT(mode), "other")


def link(path: str) -> str:
    """Return the absolute path behind all links on the way to *path*, whether anything is there or not."""
    try:
        return os.path.realpath(path)
    except ValueError:
        # No file can be called so: it holds a NUL byte, or half a character.
        return os.path.join(os.getcwd(), path)


def kind_of(seen: str) -> str:
    """Return the kind, in the words of ``kind``, of what has the signature *seen*."""
    return ABSENT if seen == ABSENT else _KINDS.get(stat.S_IFMT(int(seen.split(" ", 3)[2])), "other")


def digest(value: str) -> str:
    """Return what a trace keeps of an environment variable: enough to tell it again, not to know it. It may be a token."""
    return blake2b(value.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def checksum(data: bytes) -> str:
    """Return eight hexadecimal digits that tell whether *data* is whole."""
    return blake2b(data, digest_size=4).hexdigest()


class Trace:
    """The inputs of one check, as they are read. *files* maps paths, *values* ``(kind, name)`` to what was seen.

    *started_ns* is when the first of them may have been read (nanoseconds since the epoch); by default now.
    """

    __slots__ = ("_started_ns", "_unstable", "files", "values")

    def __init__(self, *, started_ns: int | None = None) -> None:
        self._started_ns = time.time_ns() if started_ns is None else started_ns
        self._unstable = False
        self.files: dict[str, str] = {}
        self.values: dict[tuple[str, str], str] = {}

    def saw_file(self, path: str, seen: str) -> None:
        """Note that *path* had the signature *seen*; a second, different one makes the trace worthless."""
        if self.files.setdefault(path, seen) != seen:
            self._unstable = True

    def saw_value(self, what: str, name: str, value: str) -> None:
        """Note that the ``link``, ``kind`` of a path, ``probe``, ``tree``, ``files``, ``code`` or (by its digest) ``env`` *name* was *value*."""
        if self.values.setdefault((what, name), value) != value:
            self._unstable = True

    def will_see(self, what: str, name: str, value: str) -> None:
        """Note that *name* was asked once more and is *value*, by which nothing but how it is known differs from before."""
        self.values[what, name] = value

    def unsettle(self) -> None:
        """Note that an input could not be told, so that no later one can be called equal to it."""
        self._unstable = True

    def settled(self) -> bool:
        """Return whether equal signatures will prove equal content: no input changed while, or just before, it was read."""
        if self._unstable or any(
            c in path for path in (*self.files, *(name for _, name in self.values)) for c in "\n\t"
        ):
            return False
        slack = slack_by_device()
        for seen in self.files.values():
            if seen == ABSENT:
                continue
            device, _, _, _, mtime, ctime = seen.split(" ")
            allowed = slack.get(int(device), FOREIGN_SLACK_NS)
            if allowed is None or max(int(mtime), int(ctime)) + allowed > self._started_ns:
                return False
        return True


def holds(
    files: Mapping[str, str],
    values: Mapping[tuple[str, str], str],
    probes: Mapping[str, Callable[..., str]],
    walks: Mapping[str, Callable[[str], str]] | None = None,
) -> bool:
    """Return whether every file still has its signature and every variable, link, probe and folder its value.

    *walks* say, for each kind of folder that is looked at as a whole (a ``tree`` of data, the ``files`` of packages, the ``code`` of a work tree), what is
    there now: last of all, because that takes the longest.
    """
    folders: list[tuple[str, str, str]] = []
    for (what, name), value in values.items():
        if what in WALKED:
            folders.append((what, name, value))
            continue
        if what == "env":
            now = digest(os.environ.get(name, ""))
        elif what == "link":
            now = link(name)
        elif what == "kind":
            now = kind(name)
        else:
            probe, _, argument = name.partition(" ")
            if probe not in probes:
                return False
            now = probes[probe](argument) if argument else probes[probe]()
        if now != value:
            return False
    if not all(signature(path) == seen for path, seen in files.items()):
        return False
    return all(walks is not None and what in walks and walks[what](name) == value for what, name, value in folders)


def slack_by_device() -> dict[int, int | None]:
    """Return for each mounted device how old a change must be to be safely past; None where stamps say nothing.

    A local file system is stamped by this machine's clock, in ticks that are a second long on old ones; two seconds are
    more than any of them. A network file system is stamped by another machine's clock, which can be minutes off, so a day
    is asked for there, and wherever the kind of file system cannot be told, as of a device that is not listed.
    """
    slack: dict[int, int | None] = {}
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            lines = mounts.read().splitlines()
    except OSError:
        return slack
    for line in lines:
        before, _, after = line.partition(" - ")
        system = after.split(" ", 1)[0]
        major, _, minor = before.split(" ")[2].partition(":")
        device = os.makedev(int(major), int(minor))
        slack[device] = LOCAL_SLACK_NS if system in _LOCAL else None if system in _STAMPLESS else FOREIGN_SLACK_NS
        if system in ("btrfs", "overlay", "zfs"):
            # Their files report device numbers of their own, which mountinfo does not show: ask the mount point.
            try:
                slack[os.stat(before.split(" ")[4].replace("\\040", " ")).st_dev] = LOCAL_SLACK_NS
            except OSError:
                continue
    return slack
