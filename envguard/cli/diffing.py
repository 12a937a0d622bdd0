"""What ``envguard diff`` does, once it is known what is asked for."""

from __future__ import annotations

import io
import os
import sys

from ..check import report_on
from ..config import Config, load_config
from ..errors import ConfigError, EnvguardError
from ..lockfiles import read_lock
from ..lockfiles.diff.compare import compare
from ..observe import find_project, look_at_changes
from ..reader import Reader
from ..report.locator import Locator
from ..report.meaning import Told, meaning
from ..rules.registry import Need
from .console import Console, current_folder, start_folder
from .sides import HEAD, Side, current_side, matched, named_side
from .status import STATUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lockfiles.diff.model import LockDiff
    from ..lockfiles.model import Lock
    from ..model import Report, Severity
    from ..report.meaning import Meaning


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
    before = named_side(folder, HEAD if old is None else old)
    after = current_side(folder, staged=staged) if new is None else named_side(folder, new)
    sides = tuple(matched(folder, before, after))
    if not sides:
        raise ConfigError(f"there is no lock in {before.name}, and none in {after.name}")
    root, config = _settings(folder)
    kinds = {_record(side) for pair in sides for side in pair if side.path is not None}
    if kinds == {None}:
        told = [_locks(pair, folder, config) for pair in sides]
        changes = tuple(one.diff for one in told if one.diff is not None)
        evidence = look_at_changes(after.reader, root, config, changes)
        report = report_on(evidence, fail_on, (Need.CHANGE,))
    else:
        told, report = [_records(pair, kinds, folder, config) for pair in sides], None
    console.emit(rendered(console, told, report, after.reader, config, form, every=every or report is None))
    return STATUS[report.verdict] if report is not None else 0


def _settings(folder: str) -> tuple[str, Config]:
    """Return the project around *folder* with its settings; two locks can be compared anywhere, too."""
    reader = Reader()
    try:
        project = find_project(reader, folder)
        return project, load_config(reader, project)
    except EnvguardError:
        return folder, Config()


def _locks(pair: tuple[Side, Side], folder: str, config: Config) -> Told:
    found = compare(*map(_lock, pair))
    return _told(pair, folder, meaning(found, config.numeric), found)


def _lock(side: Side) -> Lock | None:
    return read_lock(side.reader, side.path) if side.path is not None else None


def _record(side: Side) -> str | None:
    from ..records import record_kind

    return record_kind(side.reader, side.path) if side.path is not None else None


def _records(pair: tuple[Side, Side], kinds: set[str | None], folder: str, config: Config) -> Told:
    from ..records import compare_records

    before, after = pair
    if len(kinds) > 1:
        raise ConfigError(f"{before.name} and {after.name} are of two kinds, which cannot be compared")
    if before.path is None or after.path is None:
        raise ConfigError("of two records one is missing; name both", hint="envguard diff HEAD:envguard.lock")
    kind = next(iter(kinds)) or ""
    sides = (before.reader, before.path), (after.reader, after.path)
    found = compare_records(kind, *sides, config.numeric, repository=folder)
    return _told(pair, folder, found)


def _told(pair: tuple[Side, Side], folder: str, meant: Meaning, found: LockDiff | None = None) -> Told:
    before, after = pair
    name = os.path.relpath(after.path or before.path or "", os.path.realpath(folder))
    # From a sub-folder, or elsewhere, the name alone says more than the way there.
    name = os.path.basename(name) if name.startswith(os.pardir) else name
    title = f"{name}: {before.name} -> {after.name}"
    return Told(title=title, old=before.name, new=after.name, meaning=meant, diff=found)


def rendered(
    console: Console,
    told: Sequence[Told],
    report: Report | None,
    reader: Reader,
    config: Config,
    form: str,
    *,
    every: bool,
) -> str:
    """Return all that is *told*, and what *report* finds in it, in the format *form*."""
    stream = io.StringIO()
    locate, folder = Locator(reader), current_folder()
    if form == "json":
        from ..report import diff_json

        diff_json.write(told, report, stream, numeric=config.numeric)
    elif form == "markdown":
        from ..report import diff_markdown

        diff_markdown.write(told, stream, report)
    elif form == "github":
        from ..report import diff_github, github

        root = os.environ.get("GITHUB_WORKSPACE") or folder
        diff_github.write(told, stream, root=root, locate=locate)
        if report is not None:
            github.write(report, stream, root=root, locate=locate)
    else:
        from ..report import diff_text, text

        color = console.colored(sys.stdout)
        for number, one in enumerate(told):
            stream.write("\n" if number else "")
            diff_text.write(
                one.meaning, stream, title=one.title, color=color, every=every, arrow=console.arrow(sys.stdout)
            )
        if report is not None and (report.findings or report.waived):
            stream.write("\n")
            text.write(report, stream, color=color, root=folder, locate=locate)
    return stream.getvalue()
