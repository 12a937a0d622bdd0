"""From what installers claim and what was seen to what is said of each package."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._native import hexdigest
from ..amounts import plural
from ..installed.record import BOOKKEEPING
from ..names import printable
from ..pyc import HEAD, is_hash_of, is_outdated
from ..trees.words import listed
from ..values import replace
from . import bytecode, shared
from .causes import cause_of, is_rewritten_script
from .compare import compare
from .content import read
from .model import Change, InstalledFiles, PackageFiles, Shared, Unlisted, Weight
from .unlisted import Owners, is_metadata, unlisted, weigh
from .untold import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..installed.model import Inventory
    from ..reader import Reader
    from .claims import Claimed, Claims
    from .compare import Seen, Verdict, Where

_DOMAIN = b"envguard differences 1\n"
_NAMED = 3


class _Package:
    """What is gathered of one package; *marks* are what its digest is taken over."""

    __slots__ = ("bytecode", "cached", "changed", "marks", "missing", "unfinished", "unlisted", "untold")

    def __init__(self) -> None:
        self.changed: list[Change] = []
        self.missing: list[Change] = []
        self.unlisted: list[Unlisted] = []
        self.bytecode: list[str] = []
        self.untold: list[str] = []
        self.marks: list[bytes] = []
        self.cached = False
        self.unfinished = False


class Judge:
    """Compares *claims*, in the order of the inventory and by folder as *claimed*, with what is seen in each folder.

    What can be told of the claims alone is found out when it is made, which may be while files are still being read.
    """

    def __init__(
        self,
        reader: Reader,
        inventory: Inventory,
        claims: Sequence[Claims],
        claimed: Iterable[Claimed],
    ) -> None:
        self._reader = reader
        self._inventory = inventory
        self._claims = claims
        self._seen: Mapping[str, Seen] = {}
        self._there: dict[str, frozenset[bytes]] = {}
        self._claimed = {here.folder: here for here in claimed}
        self._owners = shared.owners_of_shared(self._claimed.values())
        self._packages = [_Package() for _ in claims]
        self._strays: list[Unlisted] = []
        self._outdated = 0

    def result(
        self, seen: Mapping[str, Seen], accepted: Mapping[str, str], *, files: int, size: int, cached: int
    ) -> InstalledFiles:
        """Return what is said of all packages, of which this was *seen*; *accepted* are the digests of recorded differences, by name."""
        self._seen = seen
        self._there = {folder: frozenset(look.rows) for folder, look in seen.items()}
        verdicts = [compare(item, self._seen, self._there) for item in self._claims]
        together = tuple(self._shared(verdicts))
        for number, verdict in enumerate(verdicts):
            self._take(number, verdict)
        for folder in self._inventory.environment.folders:
            self._look_for_others(folder.path)
        packages = [self._package(number, accepted) for number in range(len(self._claims))]
        return InstalledFiles(
            packages=tuple(package for package in packages if package is not None),
            shared=together,
            strays=tuple(sorted(self._strays, key=lambda item: (-item.weight, item.path))),
            count=len(self._claims),
            files=files,
            bytes=size,
            cached=cached,
            outdated=self._outdated,
            editable=tuple(item.owner.name for item in self._claims if item.owner.editable),
        )

    def _shared(self, verdicts: Sequence[Verdict]) -> Iterator[Shared]:
        """Yield what several packages have written, and take from those whose content was overwritten that it changed."""
        groups: dict[shared.Group, list[Where]] = {}
        for where, owners in self._owners.items():
            there = shared.winners(where, owners, self._seen, self._there)
            for number in owners:
                if there and number not in there:
                    verdicts[number].changed.pop(where, None)
            groups.setdefault(shared.group(owners, there), []).append(where)
        for (numbers, same, winner), places in groups.items():
            labels = self._labels(numbers)
            yield Shared(
                names=tuple(labels.values()),
                paths=tuple(sorted(_path(where) for where in places)),
                same=same,
                winner=None if winner is None else labels[winner],
            )

    def _labels(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return what packages are called: by name, and with the version where that alone is not enough."""
        chosen = {number: self._claims[number].owner for number in numbers}
        names = [item.name for item in chosen.values()]
        return {
            number: item.name if names.count(item.name) == 1 else f"{item.name} {item.version or 'without a version'}"
            for number, item in chosen.items()
        }

    def _take(self, number: int, verdict: Verdict) -> None:
        claims, package = self._claims[number], self._packages[number]
        folder, name = os.path.split(claims.owner.path)
        own = os.fsencode(name) + b"/"
        # conda's records lie in no folder of packages.
        seen = self._seen.get(folder)
        installed = self._installed(claims, own) if verdict.changed else None
        if verdict.changed and (read(os.path.join(claims.owner.path, "INSTALLER"), limit=16) or b"").startswith(
            b"conda"
        ):
            names = [printable(os.fsdecode(path)) for _, path in sorted(verdict.changed)]
            count = plural(len(names), "file")
            package.untold.append(f"{count} not as in RECORD, which conda may have rewritten: {listed(names, _NAMED)}")
            verdict.changed.clear()
        for where, (digest, size, middle, now) in sorted(verdict.changed.items()):
            if _is_own(where[1], own):
                continue
            if _is_cached_bytecode(where[1]):
                self._reread(number, where)
                continue
            path = _path(where)
            if is_rewritten_script(self._reader, path, digest):
                continue
            package.marks.append(b"changed\0%b\0%b\0%b" % (where[1], middle, now))
            cause, when, linked = cause_of(path, size, installed) if b"=" in middle else (None, None, False)
            package.cached = package.cached or linked
            package.changed.append(
                Change(path=path, expected=_text(digest, size), found=_text(middle, now), cause=cause, when=when)
            )
        for where, (digest, size) in sorted(verdict.missing.items()):
            if not _is_own(where[1], own) and not _is_cached_bytecode(where[1]):
                package.marks.append(b"missing\0%b" % where[1])
                package.missing.append(Change(path=_path(where), expected=_text(digest, size)))
        if seen is not None and (package.changed or package.missing):
            package.unfinished = seen.number(own + b"INSTALLER") is None
        told = sentences(claims, verdict.unread, self._seen, own)
        package.untold += told.untold
        for where, digest, now in told.changed:
            package.marks.append(b"changed\0%b\0%b\0" % (where[1], now))
            package.changed.append(Change(path=_path(where), expected=_text(digest, b""), found=_text(now, b"")))
        for where in told.missing:
            package.marks.append(b"missing\0%b" % where[1])
            package.missing.append(Change(path=_path(where), expected="a file without a hash"))

    def _installed(self, claims: Claims, own: bytes) -> int | None:
        """Return when the installer came to its end (nanoseconds since the epoch): what it writes last are its own records."""
        seen = self._seen.get(os.path.dirname(claims.owner.path))
        if seen is not None:
            return seen.mtime(own + b"RECORD")
        try:
            return os.stat(claims.owner.path).st_mtime_ns
        except OSError:
            return None

    def _reread(self, number: int, where: Where) -> None:
        """Judge bytecode that is not what came with its package: the interpreter may have made it anew."""
        tag = bytecode.tag_of(self._inventory.environment)
        source = bytecode.source_of(where[1], tag) if tag is not None else None
        head = read(_path(where), limit=HEAD)
        if source is not None and head is not None:
            self._judge_bytecode(where[0], where[1], head, source, lambda _: number)

    def _look_for_others(self, folder: str) -> None:
        """Look at the files in a *folder* of packages that nobody has claimed."""
        seen, here = self._seen[folder], self._claimed[folder]
        others = self._there[folder].difference(here.rows)
        claimed = here.names
        untold = [
            item
            for item in self._claims
            if item.fault is not None
            # What belongs to a package of conda may lie in any of them.
            and (os.path.dirname(item.owner.path) == folder or item.owner.source == "conda-meta")
        ]
        ignored = [name for item in untold for name in _names_of(self._reader, item)]
        owners = Owners(here)
        for path in sorted(unlisted(others, claimed, ignored)):
            number = owners.of(path)
            if number is None and is_metadata(path):
                continue
            weight, why = weigh(path, claimed)
            found = Unlisted(path=_path((folder, path)), weight=weight, why=why)
            if number is not None:
                self._packages[number].unlisted.append(found)
                self._packages[number].marks.append(b"unlisted\0%b" % path)
            elif weight > Weight.DATA:
                # Whoever has no RECORD has files all the same.
                if weight is Weight.CODE and untold:
                    names = ", ".join(item.owner.name for item in untold)
                    found = replace(found, why=f"unless to {names}, of which no files are told")
                self._strays.append(found)
        tag = bytecode.tag_of(self._inventory.environment)
        for path, head, source in bytecode.candidates(others, seen, tag) if tag is not None else ():
            self._judge_bytecode(folder, path, head, source, owners.of)

    def _judge_bytecode(
        self, folder: str, path: bytes, head: bytes, source: bytes, owner: Callable[[bytes], int | None]
    ) -> None:
        seen = self._seen[folder]
        row = seen.row(source)
        mtime = seen.mtime(source)
        if row is None or mtime is None or not row[1]:
            return
        outdated = is_outdated(head, int(row[1]), mtime, bytecode.magic_of(self._inventory.environment))
        if outdated is None:
            content = read(_path((folder, source)))
            if content is not None and is_hash_of(head, content):
                return
            place, number = _path((folder, path)), owner(source)
            if number is not None:
                self._packages[number].bytecode.append(place)
            else:
                name = printable(os.fsdecode(source))
                self._strays.append(Unlisted(path=place, weight=Weight.ACTIVE, why=f"runs in the place of {name}"))
        elif outdated:
            self._outdated += 1

    def _package(self, number: int, accepted: Mapping[str, str]) -> PackageFiles | None:
        claims, package = self._claims[number], self._packages[number]
        if not (package.marks or package.bytecode or package.untold):
            return None
        owner = claims.owner
        digest = (
            f"blake3:{hexdigest(_DOMAIN + b''.join(mark + bytes(1) for mark in sorted(package.marks)))}"
            if package.marks
            else None
        )
        return PackageFiles(
            name=owner.name,
            path=owner.path,
            layer=owner.layer,
            source=owner.source,
            files=sum(map(len, claims.rows.values())),
            changed=tuple(package.changed),
            missing=tuple(package.missing),
            unlisted=tuple(sorted(package.unlisted, key=lambda item: (-item.weight, item.path))),
            bytecode=tuple(sorted(package.bytecode)),
            untold=tuple(package.untold),
            unfinished=package.unfinished,
            cached=package.cached,
            digest=digest,
            accepted=digest is not None and digest == accepted.get(owner.name),
        )


def _names_of(reader: Reader, claims: Claims) -> list[bytes]:
    """Return the entries in a folder of packages that belong to a package whose files are not told."""
    path = claims.owner.path
    names = {os.path.basename(path), claims.owner.name, claims.owner.name.replace("-", "_")}
    top_level = os.path.join(path, "top_level.txt")
    if reader.is_file(top_level):
        names.update(line.strip() for line in reader.read_text(top_level).splitlines())
    return [os.fsencode(name) for name in names if name]


def _path(where: Where) -> str:
    return os.path.join(where[0], os.fsdecode(where[1]))


def _is_own(path: bytes, own: bytes) -> bool:
    """Return whether *path* is one that installers write for themselves into the metadata folder *own*."""
    return path.startswith(own) and path[len(own) :] in BOOKKEEPING


def _is_cached_bytecode(path: bytes) -> bool:
    return path.endswith(b".pyc") and b"__pycache__/" in path


_WORDS = {b"link": "a link to a folder", b"dangling": "a link to nothing", b"special": "a pipe, socket or device"}


def _text(middle: bytes, size: bytes) -> str:
    if middle in _WORDS:
        return _WORDS[middle]
    text = printable(os.fsdecode(middle))
    return f"{text} ({int(size[:20]):,} bytes)" if size.isdigit() else text
