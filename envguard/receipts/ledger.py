"""What a run has to tell, kept while it goes on, and written beside the project.

``enforce()`` opens the ledger, so that a run that is killed has a receipt; it is written again, whole, by ``write()``, ``finish()`` and
when the process ends. Other parts of a run tell what they have done through it: ``tells`` a section of the receipt, ``event`` something
that happened, ``attach`` a file beside it, ``note`` a trouble.

Of the ranks of a job rank 0 writes by itself; another rank does so only where its check was not clean and something let it pass; a
worker that ``multiprocessing`` started for a run that has a receipt does not.
A process that was forked off the one that called ``enforce()`` writes nothing. On the path of every clean check: imports nothing heavy.
"""

from __future__ import annotations

import atexit
import os
import time

from ..errors import EnvguardError, RanksError, ReceiptError, WriteError
from ..launch import Place
from ..receipt import Receipt
from . import document, place, process
from .canonical import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class Ledger:
    """The receipt of one run in the making.

    *answer* is what the check said (``envguard.receipts.judged``), *start* the folder in which a project was looked for; *say* tells people
    what goes wrong; *where* is where in its job this run is, *began* when
    it began, by the monotonic clock (default: now).
    """

    def __init__(
        self,
        *,
        answer: dict[str, Any],
        mode: str,
        start: str,
        say: Callable[[str], None],
        where: Place | None = None,
        began: float | None = None,
    ) -> None:
        self._clock = time.monotonic() if began is None else began
        self.started = time.time() - (time.monotonic() - self._clock)
        self.id = place.fresh_id(self.started)
        self.answer = answer
        self.mode = mode
        self.loaded = process.loaded()
        self.sections: dict[str, Callable[[], object]] = {}
        self.events: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.notes: list[str] = []
        self.rank = self._rank(where or Place())
        self.end: dict[str, Any] | None = None
        self._pid = os.getpid()
        self._say = say
        project = answer["observed"].get("project") or place.project_around(start)
        self._folder = place.folder_of(project, answer.get("receipts", place.FOLDER))
        self._attached: dict[str, bytes] = {}
        self._written = False

    @property
    def path(self) -> str | None:
        """The file of the receipt, once it is written; None before, and where none is."""
        return self._path() if self._written else None

    def tells(self, section: str, ask: Callable[[], object]) -> None:
        """Let the *section* of the receipt be what *ask* returns whenever one is made: plain mappings, lists, texts, numbers."""
        self.sections[section] = ask

    def event(self, kind: str, **details: object) -> None:
        """Add to the receipt that something of this *kind* (``seal``, ``verify``, ``non-deterministic block``) happened now."""
        self.events.append({"kind": kind, "time": place.utc(time.time()), **plain(details)})

    def note(self, text: str) -> None:
        """Add a trouble that whoever reads the receipt has to know of."""
        self.notes.append(text)

    def attach(self, kind: str, suffix: str, data: bytes) -> None:
        """Keep *data* in a file beside the receipt, ``<id><suffix>``; the receipt names it under *kind* with its digest."""
        import hashlib

        name = self.id + suffix
        self._attached[name] = data
        self.files[kind] = {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def receipt(self) -> Receipt:
        """Return the receipt as it stands now."""
        return Receipt(self.document(), self)

    def document(self) -> dict[str, Any]:
        """Return the receipt as it stands now, as plain JSON values."""
        return document.assemble(self, milliseconds=round((time.monotonic() - self._clock) * 1000))

    def write(self) -> str:
        """Write the receipt, flushed to disk, and return its path. The errors are those of ``Receipt.write``."""
        if os.getpid() != self._pid:
            raise ReceiptError("only the process that called enforce() writes the receipt, and this is another one")
        if self._folder is None:
            raise WriteError(f"no receipts are written here: {place.VARIABLE}=off, or receipts = false in the settings")
        return self._put(durable=True)

    def open(self) -> None:
        """Write the receipt for the first time, and see to it that it is written when the process ends."""
        first = self.rank is None or self.rank["rank"] == 0 or bool(self.answer["overridden"])
        if self._folder is None or not first or (process.is_worker() and place.RUN in os.environ):
            return
        os.environ[place.RUN] = self.id
        self._keep(durable=False)
        atexit.register(self.close)

    def finish(self, outputs: Iterable[str | os.PathLike[str]] = ()) -> str | None:
        """Add that the run is over, and the files *outputs* that it has made; return the path of the receipt, None where none is written."""
        self.end = {
            "how": "finish()",
            "time": place.utc(time.time()),
            "uncaught": None,
            "outputs": [self._output(os.fspath(path)) for path in outputs],
        }
        if self._folder is not None and os.getpid() == self._pid:
            self._keep(durable=True)
        return self.path

    def refuse(self, refusal: dict[str, Any], *, passed: list[str]) -> None:
        """Write the one receipt of a run that does not take place: *refusal* says why, *passed* what was let pass before."""
        self.answer = {**self.answer, "overridden": passed}
        self.tells("refusal", lambda: refusal)
        self.end = {"how": document.REFUSED, "time": place.utc(time.time()), "uncaught": None, "outputs": []}
        if self._folder is not None and not (process.is_worker() and place.RUN in os.environ):
            self._keep(durable=False, of="refusal", after="")
            place.thin(self._folder)

    def close(self) -> None:
        """Write the receipt for the last time, as the process ends."""
        if os.getpid() != self._pid:
            return
        if self.end is None:
            uncaught = process.uncaught()
            self.end = {"how": "exit", "time": place.utc(time.time()), "uncaught": uncaught, "outputs": []}
        # Not flushed: who waits for that says so, by write() or finish().
        self._keep(durable=False)

    def _rank(self, where: Place) -> dict[str, Any] | None:
        try:
            job = where.job()
        except RanksError as error:
            self.note(f"which rank this is cannot be told: {error.message}")
            return None
        return {"launcher": job.launcher, "rank": job.rank, "size": job.size} if job is not None else None

    def _output(self, path: str) -> dict[str, Any]:
        import hashlib

        told: dict[str, Any] = {"path": os.path.abspath(path)}
        try:
            with open(path, "rb") as file:
                return {
                    **told,
                    "bytes": os.fstat(file.fileno()).st_size,
                    "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
                }
        except (OSError, ValueError) as error:
            problem = f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
            self._say(f"envguard: the output {path} {problem}; the receipt of this run says so")
            return {**told, "problem": problem}

    def _keep(self, *, durable: bool, of: str = "run", after: str = "; the run goes on") -> None:
        """Write the receipt where that can be done; a run is not ended because its receipt cannot be kept."""
        try:
            self._put(durable=durable)
        except EnvguardError as error:
            text = f"the receipt of this {of} is not kept: {error}"
            if text not in self.notes:
                self.notes.append(text)
                self._say(f"envguard: {text}{after}")

    def _put(self, *, durable: bool) -> str:
        path = self._path()
        folder = os.path.dirname(path)
        while self._attached:
            name, data = next(iter(self._attached.items()))
            place.put(os.path.join(folder, name), data, durable=durable)
            del self._attached[name]
        place.put(path, document.render(self.document()), durable=durable)
        self._written = True
        return path

    def _path(self) -> str:
        part = f"-rank{self.rank['rank']}" if self.rank is not None and self.rank["rank"] else ""
        refused = self.end is not None and self.end["how"] == document.REFUSED
        return os.path.join(self._folder or "", self.id + part + (place.REFUSED if refused else place.SUFFIX))
