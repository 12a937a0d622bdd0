"""What ``envguard diff`` does, once it is known what is asked for."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..check import report_on
from ..config import load_config
from ..errors import ConfigError, EnvguardError, RepositoryError
from ..lockfiles import find_lock, read_lock
from ..lockfiles.diff.compare import compare
from ..observe import find_project, look_at_change
from ..reader import Reader
from ..report.meaning import meaning
from ..repository.snapshot import index_reader, revision_reader
from ..rules.registry import Need
from .console import Console, current_folder, start_folder
from .status import STATUS

if TYPE_CHECKING:
    from ..config import Config
    from ..lockfiles.diff.model import LockDiff
    from ..lockfiles.model import Lock
    from ..model import Report, Severity
    from ..report.meaning import Meaning

HEAD = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: its *name* for people, the *reader* that sees it, and the file, None where there is none."""

    name: str
    reader: Reader
    path: str | None


def diff(
    console: Console,
    old: str | None = None,
    new: str | None = None,
    *,
    staged: bool = False,
    every: bool = False,
    fail_on: Severity | None = None,
    form: str = "text",
) -> int:
    """Say what differs between *old* and *new* (paths, revisions; see ``envguard diff``), and return the exit status."""
    folder = start_folder()
    before = _side(folder, HEAD if old is None else old)
    after = _working(folder, staged=staged) if new is None else _side(folder, new)
    after = _same_file(before, after) if new is None and before.path is not None else after
    config = _settings(folder)
    kinds = {_record(side) for side in (before, after)}
    if kinds != {None}:
        if len(kinds) > 1:
            raise ConfigError(f"{before.name} and {after.name} are of two kinds, which cannot be compared")
        _emit_record(console, kinds.pop() or "", before, after, config, form)
        return 0
    found = compare(_lock(before), _lock(after))
    if found.old is None and found.new is None:
        raise ConfigError(f"there is no lock in {before.name}, and none in {after.name}")
    evidence = look_at_change(after.reader, folder, config, found)
    report = report_on(evidence, fail_on, (Need.CHANGE,))
    console.emit(
        _rendered(found, meaning(found, config.numeric), report, (before, after), config, form, console, every=every)
    )
    return STATUS[report.verdict]


def _side(folder: str, text: str) -> Side:
    """Return what *text* names: a file that is there, else a revision, with or without a path behind a colon."""
    path = os.path.join(folder, text)
    if os.path.isfile(path):
        return Side(name=text, reader=Reader(), path=os.path.abspath(path))
    revision, _, inside = text.partition(":")
    try:
        reader = revision_reader(folder, revision)
        reader.exists(reader.root)
    except RepositoryError as error:
        if "no revision" not in error.message and "no git repository" not in error.message:
            raise
        raise ConfigError(
            f"there is no file '{text}', and no revision '{revision}'", hint="git log --oneline"
        ) from None
    if inside:
        # As git has it: from the top of the repository, unless it begins with a dot.
        start = folder if inside.startswith(("./", "../")) else reader.root
        path = os.path.normpath(os.path.join(start, inside))
        if not reader.is_file(path):
            raise ConfigError(f"there is no {inside} in revision {revision}")
        return Side(name=text, reader=reader, path=path)
    return Side(name=revision, reader=reader, path=_project_lock(reader, folder))


def _working(folder: str, *, staged: bool) -> Side:
    reader = index_reader(folder) if staged else Reader()
    return Side(
        name="what is staged" if staged else "the working tree", reader=reader, path=_project_lock(reader, folder)
    )


def _same_file(before: Side, after: Side) -> Side:
    """Return *after* with the file that *before* names: a revision of a lock in a sub-folder is compared with that lock."""
    path = before.path or ""
    if isinstance(before.reader, type(after.reader)) or after.path == path or not after.reader.is_file(path):
        return after
    return Side(name=after.name, reader=after.reader, path=path)


def _project_lock(reader: Reader, folder: str) -> str | None:
    """Return the lock of the project around *folder* as *reader* sees it; None where there is none."""
    # A folder that holds nothing that was committed is not there in a revision.
    while not reader.exists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    try:
        project = find_project(reader, folder)
    except ConfigError:
        return None
    return find_lock(reader, project, next(iter(load_config(reader, project).locks), None))


def _settings(folder: str) -> Config:
    from ..config import Config

    reader = Reader()
    try:
        return load_config(reader, find_project(reader, folder))
    except EnvguardError:
        # Two locks can be compared anywhere.
        return Config()


def _record(side: Side) -> str | None:
    from ..records import record_kind

    return record_kind(side.reader, side.path) if side.path is not None else None


def _lock(side: Side) -> Lock | None:
    return read_lock(side.reader, side.path) if side.path is not None else None


def _title(sides: tuple[Side, Side]) -> str:
    before, after = sides
    path = after.path or before.path or ""
    base = os.path.basename(path)
    return f"{base}: {before.name} -> {after.name}"


def _rendered(
    diff: LockDiff,
    meant: Meaning,
    report: Report,
    sides: tuple[Side, Side],
    config: Config,
    form: str,
    console: Console,
    *,
    every: bool,
) -> str:
    stream = io.StringIO()
    title = _title(sides)
    if form == "json":
        from ..report import diff_json

        names = sides[0].name, sides[1].name
        diff_json.write(diff, meant, report, stream, sides=names, numeric=config.numeric)
    elif form == "markdown":
        from ..report import diff_markdown

        diff_markdown.write(meant, stream, title=title)
    elif form == "github":
        from ..report import github

        github.write(report, stream, root=os.environ.get("GITHUB_WORKSPACE") or current_folder())
    else:
        from ..report import diff_text, text

        diff_text.write(meant, stream, title=title, color=console.colored(sys.stdout), every=every)
        if report.findings or report.waived:
            stream.write("\n")
            text.write(report, stream, color=console.colored(sys.stdout), root=current_folder())
    return stream.getvalue()


def _emit_record(console: Console, kind: str, before: Side, after: Side, config: Config, form: str) -> None:
    from ..records import compare_records
    from ..report import diff_markdown, diff_text

    if before.path is None or after.path is None or form not in ("text", "markdown"):
        raise ConfigError("records are compared as text or markdown, and need two files")
    meant = compare_records(kind, (before.reader, before.path), (after.reader, after.path), config.numeric)
    stream = io.StringIO()
    title = _title((before, after))
    if form == "markdown":
        diff_markdown.write(meant, stream, title=title)
    else:
        diff_text.write(meant, stream, title=title, color=console.colored(sys.stdout), every=True)
    console.emit(stream.getvalue())
