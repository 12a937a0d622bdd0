"""Files that no installer has named: whose folder they lie in, and what they can do there."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from ..installed.record import BOOKKEEPING
from .model import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .claims import Claimed

_CODE = re.compile(rb"\.(?:py|pyc|pyd|dll|dylib|so(?:\.[\d.]+)?)$")
_EXTENSION = re.compile(rb"([^./]+)(?:\.[^/]*)?\.(?:so|pyd)$")
_CUSTOM = frozenset((b"sitecustomize", b"usercustomize"))
# What makes environments, and not packages, puts these there.
_KNOWN = frozenset((b"README.txt", b"_virtualenv.pth", b"_virtualenv.py", b"easy-install.pth"))
_METADATA = (b".dist-info", b".egg-info", b".egg-link", b".egg")


def unlisted(rows: Iterable[bytes], claimed: frozenset[bytes], ignored: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the paths of *rows* that are not *claimed*, but for bytecode of a source, and *ignored* entries and modules."""
    skipped = frozenset(ignored)
    for row in rows:
        path = row.rsplit(b",", 2)[0]
        if path in claimed or path in _KNOWN or path.startswith(b"~"):
            continue
        if b"__pycache__/" in path and path.endswith(b".pyc"):
            continue
        top, _, rest = path.partition(b"/")
        if top in skipped or (not rest and top.partition(b".")[0] in skipped):
            continue
        if rest in BOOKKEEPING and top.endswith(b".dist-info"):
            continue
        yield path


class Owners:
    """Whose folders are whose, by what is *claimed* in them; found out when it is first asked."""

    __slots__ = ("_claimed", "_folders")

    def __init__(self, claimed: Claimed) -> None:
        self._claimed = claimed
        self._folders: dict[bytes, set[int]] | None = None

    def of(self, path: bytes) -> int | None:
        """Return the number of the package in whose folder *path* lies; None where it is nobody's, or that of several."""
        if self._folders is None:
            self._folders = {}
            for number, claimed in zip(self._claimed.owners, self._claimed.paths, strict=True):
                self._folders.setdefault(claimed.rpartition(b"/")[0], set()).add(number)
        folder = posixpath.dirname(path)
        while folder:
            owners = self._folders.get(folder)
            if owners is not None:
                return next(iter(owners)) if len(owners) == 1 else None
            folder = posixpath.dirname(folder)
        return None


def weigh(path: bytes, claimed: frozenset[bytes]) -> tuple[Weight, str]:
    """Return what the unlisted file at *path* can do, and why; *claimed* are the paths that installers have named."""
    folder, name = posixpath.split(path)
    if not folder and name.endswith(b".pth"):
        return Weight.ACTIVE, "read at every start of the interpreter"
    # The module, or the package by its beginning.
    module = folder if name.startswith(b"__init__.") else name.partition(b".")[0] if not folder else b""
    if module in _CUSTOM and _CODE.search(name):
        return Weight.ACTIVE, "run at every start of the interpreter"
    if (hidden := _hidden_by(path, claimed)) is not None:
        return Weight.ACTIVE, f"found before {hidden.decode('utf-8', 'surrogateescape')}"
    return (Weight.CODE, "") if _CODE.search(name) else (Weight.DATA, "")


def _hidden_by(path: bytes, claimed: frozenset[bytes]) -> bytes | None:
    """Return the claimed module in whose place the import of its name finds *path* (FileFinder: packages, extensions, sources)."""
    folder, name = posixpath.split(path)
    places: list[bytes] = []
    extension = _EXTENSION.fullmatch(name)
    if extension is not None:
        places = [posixpath.join(folder, extension[1] + b".py")]
    elif name == b"__init__.py" and folder:
        places = [folder + b".py"]
    return next((place for place in places if place in claimed), None)


def is_metadata(path: bytes) -> bool:
    """Return whether *path* lies in, or is, the metadata of a package that was installed without a RECORD."""
    return path.partition(b"/")[0].endswith(_METADATA)
