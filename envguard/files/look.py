"""Looking at the files of all installed packages: each folder of packages once, through the stat cache, and compared."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from ..data.progress import Pace, told
from ..data.telling import BEAT
from ..installed.model import Layer
from ..trace import signature
from ..trees import ranks
from ..walked import Problem
from . import quick
from .claims import Claimed, recorded
from .compare import Seen

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
    return Looking(reader, inventory, full=full).result(accepted, progress=progress)


class Looking:
    """A look at the files of everything in *inventory*, which goes on while its owner does something else.

    Files are read and hashed on a thread of its own, which lets the interpreter go; what needs the *reader* is done on that of the
    caller, before and after. It ends with ``result``, or is given up with ``close``.
    """

    __slots__ = (
        "_claimed",
        "_claims",
        "_counters",
        "_error",
        "_files",
        "_found",
        "_given_up",
        "_inventory",
        "_reader",
        "_thread",
        "_whole",
    )

    def __init__(self, reader: Reader, inventory: Inventory, *, full: bool = False) -> None:
        self._reader = reader
        self._inventory = inventory
        self._claims = _claims(reader, inventory)
        # What PYTHONPATH names may be anything: there, and outside of folders of packages, only what is claimed is looked at.
        self._whole = {item.path for item in inventory.environment.folders if item.layer is not Layer.PYTHONPATH}
        folders = {folder.path for folder in inventory.environment.folders}
        # Folders of packages first: they hold nearly everything.
        every = sorted(
            folders.union(*map(_folders, self._claims)), key=lambda folder: (folder not in self._whole, folder)
        )
        self._claimed = [Claimed(self._claims, folder) for folder in every]
        paths = [self._paths(here) for here in self._claimed]
        self._files = sum(map(len, paths))
        wanted = [self._wanted(here, found) for here, found in zip(self._claimed, paths, strict=True)]
        self._found: list[Listed] = []
        self._counters: Counters | None = None
        self._error: BaseException | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._run, args=(wanted, full), daemon=True)
        self._thread.start()

    def result(
        self, accepted: Mapping[str, str] | None = None, *, progress: Callable[[Progress], None] | None = None
    ) -> InstalledFiles:
        """Wait for the end and return what there is to say; *accepted* and *progress* as for ``look_at``."""
        tick = told(Pace(time.monotonic()), progress) if progress is not None else None
        try:
            # Here, while files are still being read.
            from .judge import Judge

            judge = Judge(self._reader, self._inventory, self._claims, self._claimed)
            # One turn at least: it may have ended already, and what it has done is told all the same.
            going = True
            while going:
                # Short turns: between two of them Python sees Ctrl-C.
                self._thread.join(BEAT)
                going = self._thread.is_alive()
                if tick is not None and self._counters is not None:
                    tick(self._counters)
            if self._error is not None:
                raise self._error
            seen, size, cached = {}, 0, 0
            for here, found in zip(self._claimed, self._found, strict=True):
                seen[here.folder] = self._seen(here, found)
                size, cached = size + found.bytes, cached + found.cached
        finally:
            self.close()
        return judge.result(seen, accepted or {}, files=self._files, size=size, cached=cached)

    def close(self) -> None:
        """Let go of everything; a look that is not at its end is given up."""
        self._given_up = True
        self._thread.join()
        for found in self._found:
            found.close()
        self._found = []

    def _paths(self, claimed: Claimed) -> dict[bytes, None]:
        sought = claimed.sought if claimed.folder not in self._whole else ()
        # They come nearly sorted, and are sorted fast as they come.
        return dict.fromkeys(sorted([*claimed.paths, *sought]))

    def _wanted(self, claimed: Claimed, paths: dict[bytes, None]) -> bytes:
        for path in paths if claimed.folder not in self._whole else ():
            # Before it is looked at: what changes from now on ends the trace.
            place = os.path.join(claimed.folder, os.fsdecode(path))
            self._reader.trace.saw_file(place, signature(place))
        return b"\0".join((*paths, b""))

    def _run(self, wanted: list[bytes], full: bool) -> None:
        try:
            for here, paths in zip(self._claimed, wanted, strict=True):
                self._look(here.folder, paths, full=full)
        except BaseException as error:  # noqa: BLE001 - it is raised where it can be told
            self._error = error

    def _look(self, folder: str, wanted: bytes, *, full: bool) -> None:
        """Look into *folder*; of several ranks on a host one after the other: the stat cache spares all but the first."""
        alone = folder not in self._whole

        def look() -> str:
            self._found.append(quick.look(folder, wanted, alone=alone, cache=not full, tick=self._tick))
            return ""  # nothing that others could repeat: each sees for itself

        ranks.shared(f"{folder}\0files", look)

    def _tick(self, counters: Counters) -> None:
        if self._given_up:
            raise InterruptedError
        self._counters = counters

    def _seen(self, claimed: Claimed, found: Listed) -> Seen:
        """Return what was *found* in a folder, and note it in the trace."""
        folder, trace = claimed.folder, self._reader.trace
        if found.settled:
            trace.saw_value("files", folder, found.state.hex())
        elif folder in self._whole or found.problems:
            trace.unsettle()
        rows, times = found.rows()
        problems = found.problems
        if found.problem_count > len(problems):
            # Nobody knows which of the files that have no row are among the others.
            problems = (*problems, Problem(path=b"", kind="unreadable", errno=0))
        return Seen(rows, times, problems)


def _claims(reader: Reader, inventory: Inventory) -> list[Claims]:
    """Return what the installers of everything in *inventory* say; what conda brought, by conda's records alone."""
    if not inventory.conda:
        return [recorded(reader, distribution) for distribution in inventory.distributions]
    from .conda import brought, claims_of_conda

    skipped = brought(inventory)
    claims = [recorded(reader, item) for item in inventory.distributions if item.path not in skipped]
    return claims + claims_of_conda(reader, inventory, claims)


def _folders(claims: Claims) -> set[str]:
    return {*claims.rows, *(row.folder for row in claims.plain)}
