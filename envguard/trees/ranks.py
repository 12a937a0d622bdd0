"""One walk for all ranks of a job on one host: the first to take a file lock walks, the others take its word.

The word of another process is taken only where an own walk could have said the same: it is of the same start of the same job
(what its launcher tells every rank), of the same folder behind the same mounts of the same boot (a cache
folder may lie on a network), and either

- its walk began after this process did, or
- it comes from a sibling: another rank that has the same parent, still runs, and started at the same time as this one.

The second is for launchers that need a while to start all ranks. It asks for all of that because one parent may start one
job after the other, and the first may have changed the data. Whoever asks twice gets no word that is older than the first
answer. In doubt everybody walks. A killed process loses its lock, and the next one walks.

On the path of a clean check of several ranks: imports nothing heavy.
"""

from __future__ import annotations

import os
import time
from zlib import crc32

from ..cache import folder
from ..launch import JOB_NAMES, local_rank, several_here
from ..trace import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_JOB = (
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_RESTART_COUNT",
    "LSB_JOBID",
    *JOB_NAMES,
)
_SECOND_NS = 10**9
_JITTER_NS = 10 * _SECOND_NS
_DAY_NS = 24 * 3600 * _SECOND_NS
_MAX_BYTES = 1024
_answered: dict[str, int] = {}


def shared(identity: str, walk: Callable[[], str]) -> str:
    """Return what *walk* says, or, where several ranks of this job are on this host, what it said to another; *identity* tells the tree.

    An empty answer is kept from the others: each rank finds out about problems itself.
    """
    if not several_here():
        return walk()
    try:
        import fcntl

        me = _process(os.getpid())
        name = _name(identity)
        fd = _open(name)
    except (ImportError, OSError, ValueError, IndexError):
        return walk()
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError:
            return walk()
        text = _word(fd, me, _answered.get(name, 0))
        if text is None:
            begun = _now()
            text = walk()
            if text:
                _tell(fd, begun, me, text)
        _answered[name] = _now()
        return text
    finally:
        os.close(fd)


def _now() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _name(identity: str) -> str:
    """Return a name for this tree in this start of this job on this host; OSError where the system does not tell."""
    where = os.stat(identity.partition("\0")[0])
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    mounts = os.readlink("/proc/self/ns/mnt")
    job = [os.environ.get(name, "") for name in _JOB]
    return digest("\0".join((identity, f"{where.st_dev} {where.st_ino}", boot, mounts, str(os.geteuid()), *job)))


def _process(pid: int) -> tuple[int, int, int]:
    """Return the id of the process *pid*, that of its parent, and when it started, in ns since the boot, rounded up."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The name, in parentheses, may hold anything.
        fields = file.read().rpartition(b")")[2].split()
    return pid, int(fields[1]), (int(fields[19]) + 1) * _SECOND_NS // os.sysconf("SC_CLK_TCK")


def _open(name: str) -> int:
    base = folder()
    if base is None:
        raise OSError
    home = os.path.join(base, "ranks")
    os.makedirs(home, mode=0o700, exist_ok=True)
    path = os.path.join(home, name)
    if not os.path.exists(path):
        _tidy(home)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _tidy(home: str) -> None:
    """Take away what jobs of earlier days have left."""
    limit = time.time_ns() - _DAY_NS
    with os.scandir(home) as entries:
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_mtime_ns < limit:
                    os.unlink(entry.path)
            except OSError:
                continue


def _word(fd: int, me: tuple[int, int, int], since: int) -> str | None:
    """Return what another process has told and this one may repeat; None where there is nothing of that kind."""
    check, _, rest = os.pread(fd, _MAX_BYTES, 0).partition(b" ")
    if check != f"{crc32(rest):08x}".encode():
        return None
    try:
        begun, pid, parent, started, rank, text = rest.decode("ascii").split(" ")
        if int(begun) <= since:
            return None
        teller = (int(pid), int(parent), int(started))
        if int(begun) > me[2] or _siblings(me, teller, rank):
            return text
    except ValueError:
        return None
    return None


def _siblings(me: tuple[int, int, int], teller: tuple[int, int, int], rank: str) -> bool:
    """Return whether the process *teller* is another rank of the very job that this process is a rank of."""
    if not rank or rank == local_rank() or abs(me[2] - teller[2]) > _JITTER_NS or me[1] != teller[1]:
        return False
    try:
        return _process(teller[0]) == teller
    except (OSError, ValueError, IndexError):
        return False


def _tell(fd: int, begun: int, me: tuple[int, int, int], text: str) -> None:
    rank = local_rank()
    rest = " ".join((str(begun), *map(str, me), rank if rank.isdecimal() else "", text)).encode("ascii")
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{crc32(rest):08x} ".encode() + rest, 0)
    except OSError:
        # The others will walk themselves.
        return
