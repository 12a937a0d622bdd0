"""The stat cache: a file of this machine with the records of a tree, so that unchanged files need not be read.

It is one file a tree, under ``trees`` in the cache folder, named by the real path of the root and the ignore patterns (and
under ``files`` one for each folder of installed packages, whose records are of other digests). A
header (magic, version, size of a record), the records, and their BLAKE3. Whatever is wrong with it, there is none. Soundness lies in what is recorded, not in this file: see ``cutoffs``. No file says of which tree it is, so that of a
tree which is gone goes when nobody has used it for a season.
"""

from __future__ import annotations

import os
import stat
import struct
import time

from .. import _native, cache, trace
from .records import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MAGIC = b"EGTREE\r\n"
_VERSION = 2
_HEADER = struct.pack("<8sII", _MAGIC, _VERSION, RECORD.size)
_CHECKSUM = 32
_NEVER = -(1 << 63)
_DAY = 24 * 3600
_SEASON = 90 * _DAY


def path_of(root: bytes, more: Sequence[bytes], *, kind: str = "trees") -> str | None:
    """Return the path of the cache file for the folder at the real path *root*; None where there is no cache folder.

    *more* tells its records from others of the same folder: the ignore patterns, of a tree. Each *kind* has its digests.
    """
    base = cache.folder()
    if base is None:
        return None
    # No path and no pattern has a NUL byte.
    return os.path.join(base, kind, _native.hexdigest(b"\0".join((root, *more)))[:32])


def read(path: str) -> bytes | None:
    """Return the records in the cache file *path*; None where it is missing, damaged, another version's or another's.

    A record that is made up would let a changed file pass, so a file that others can write is none of ours.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        st = os.fstat(fd)
        if not stat.S_ISREG(st.st_mode) or st.st_mode & 0o022 or st.st_uid != os.geteuid():
            return None
        length = st.st_size - len(_HEADER) - _CHECKSUM
        if length < 0 or length % RECORD.size:
            return None
        with open(fd, "rb", closefd=False) as file:
            # In three parts: there may be many millions of records, which are not copied.
            head, records, checksum = file.read(len(_HEADER)), file.read(length), file.read(_CHECKSUM + 1)
    except OSError:
        return None
    finally:
        os.close(fd)
    if head != _HEADER or len(records) != length or _native.blake3(records) != checksum:
        return None
    if st.st_mtime + _DAY < time.time():
        cache.touch(path)
    return records


def write(path: str, records: Iterable[bytes]) -> bool:
    """Keep sorted *records*, in any pieces, as the cache file *path*; return whether they were kept."""
    if not cache.replace(path, _whole(records)):
        return False
    cache.sweep(os.path.dirname(path), unused=_SEASON)
    return True


def _whole(records: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is written: there may be many millions of records, which are not held all at once."""
    from blake3 import blake3

    hasher = blake3()
    yield _HEADER
    for piece in records:
        hasher.update(piece)
        yield piece
    yield hasher.digest()


def cutoffs(now_ns: int) -> tuple[dict[int, int], int]:
    """Return before which time a file must have changed last for its record to be kept: by device, and for all others.

    *now_ns* is the clock before the walk began. A file that changes within the tick of the clock in which it was read has
    the same facts before and after ("racily clean"), so what is younger than the slack of its device is read anew each
    time until it has settled. A device whose stamps say nothing has no records. ``trace.slack_by_device`` says the slack.
    """
    by_device = {
        device: _NEVER if slack is None else now_ns - slack for device, slack in trace.slack_by_device().items()
    }
    return by_device, now_ns - trace.FOREIGN_SLACK_NS
