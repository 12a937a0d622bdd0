"""Looking at the files of all installed packages: each folder of packages once, through the stat cache, and compared."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ..data.progress import Pace, told
from ..installed.model import Layer
from ..trace import signature
from ..trees import ranks
from ..walked import Problem
from . import quick
from .claims import Claimed, recorded
from .compare import Seen
from .judge import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..data.model import Progress
    from ..installed.model import Inventory
    from ..reader import Reader
    from ..walked import Counters, Listed
    from .claims import Claims
    from .model import InstalledFiles


def look_at(
    reader: Reader,
    inventory: Inventory,
    *,
    accepted: Mapping[str, str] | None = None,
    full: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> InstalledFiles:
    """Return the files of everything in *inventory*, compared with what their installers wrote down.

    Each folder becomes an input of the reader's trace: a later check may ask again whether anything in it changed.
    *accepted* are the digests of differences that were recorded, by package; *full* reads every file, whatever the stat cache
    knows; *progress* hears how far it is.
    """
    claims = _claims(reader, inventory)
    # What PYTHONPATH names may be anything: there, and outside of folders of packages, only what is claimed is looked at.
    whole = {folder.path for folder in inventory.environment.folders if folder.layer is not Layer.PYTHONPATH}
    folders = {folder.path for folder in inventory.environment.folders}
    claimed = [Claimed(claims, folder) for folder in sorted(folders.union(*map(_folders, claims)))]
    look = _Look(reader, full=full, tick=told(Pace(time.monotonic()), progress) if progress is not None else None)
    seen = {here.folder: look.at(here, alone=here.folder not in whole) for here in claimed}
    judge = Judge(reader, inventory, claims, claimed, seen)
    return judge.result(accepted or {}, files=look.files, size=look.bytes, cached=look.cached)


def _claims(reader: Reader, inventory: Inventory) -> list[Claims]:
    """Return what the installers of everything in *inventory* say; what conda brought, by conda's records alone."""
    if not inventory.conda:
        return [recorded(reader, distribution) for distribution in inventory.distributions]
    from .conda import brought, claims_of_conda

    told = brought(inventory)
    claims = [recorded(reader, item) for item in inventory.distributions if item.path not in told]
    return claims + claims_of_conda(reader, inventory, claims)


def _folders(claims: Claims) -> set[str]:
    return {*claims.rows, *(row.folder for row in claims.plain)}


class _Look:
    """Looks into folders, and counts what was compared there."""

    def __init__(self, reader: Reader, *, full: bool, tick: Callable[[Counters], None] | None) -> None:
        self._reader = reader
        self._full = full
        self._tick = tick
        self.files = self.bytes = self.cached = 0

    def at(self, claimed: Claimed, *, alone: bool) -> Seen:
        """Return what is in a folder; *alone*: of what is *claimed* there, and nothing else."""
        folder, trace = claimed.folder, self._reader.trace
        # They come nearly sorted, and are sorted fast as they come.
        paths = [*dict.fromkeys(sorted([*claimed.paths, *(claimed.sought if alone else ())]))]
        for path in paths if alone else ():
            place = os.path.join(folder, os.fsdecode(path))
            trace.saw_file(place, signature(place))
        with self._listed(folder, b"\0".join((*paths, b"")), alone=alone) as found:
            if found.settled:
                trace.saw_value("files", folder, found.state.hex())
            elif not alone or found.problems:
                trace.unsettle()
            rows, times = found.rows()
            problems = found.problems
            if found.problem_count > len(problems):
                # Nobody knows which of the files that have no row are among the others.
                problems = (*problems, Problem(path=b"", kind="unreadable", errno=0))
            self.files += len(paths)
            self.bytes += found.bytes
            self.cached += found.cached
            return Seen(rows, times, problems)

    def _listed(self, folder: str, wanted: bytes, *, alone: bool) -> Listed:
        """Look into *folder*; of several ranks on a host one after the other: the stat cache spares all but the first."""
        found: list[Listed] = []

        def look() -> str:
            found.append(quick.look(folder, wanted, alone=alone, cache=not self._full, tick=self._tick))
            return ""  # nothing that others could repeat: each sees for itself

        if ranks.announced():
            ranks.shared(f"{folder}\0files", look)
        else:
            look()
        return found[0]
