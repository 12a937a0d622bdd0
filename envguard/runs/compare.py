"""Two receipts compared: why did this work yesterday, and not today? What is most likely to have changed numbers comes first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import RepositoryError
from ..lockfiles.diff.versions import compare_versions
from ..report.meaning import Meaning, Row, Section
from ..repository.git import Git
from ..rules.builds import build_lines
from .told import CODE, CONDA, PACKAGES, PEOPLE, SECTIONS, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..lockfiles.diff.model import LockDiff

    Facts = Mapping[str, str]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_COMMITS = 100_000
_UNKNOWN, _UNTOLD = "unknown", "cannot tell"


def compare_receipts(
    old: Mapping[str, Any], new: Mapping[str, Any], *, numeric: Iterable[str] = (), repository: str | None = None
) -> Meaning:
    """Return what differs between two receipts of any version; *numeric* are further patterns of numeric packages.

    *repository* is a folder in the repository of the code, where the commits between the two are counted.
    """
    patterns = tuple(numeric)
    before, after = told(old, patterns), told(new, patterns)
    moved = [_moved(before, after, conda=conda) for conda in (False, True)]
    words = {f"{change.name}{suffix}": str(change.kind) for diff, suffix in moved for change in diff.packages}
    sections = tuple(
        Section(title=title, numbers=numbers, rows=rows)
        for title, numbers in SECTIONS
        # Version 1 did not tell everything: what only one side could tell is no difference.
        if (old_rows := before[title]) is not None and (new_rows := after[title]) is not None
        if (rows := tuple(_rows(old_rows, new_rows, _Notes(title, repository), words if title in PACKAGES else {})))
    )
    return _meaning(sections, tuple(dict.fromkeys(line for diff, _ in moved for line in build_lines(diff))))


def _moved(
    before: Mapping[str, Facts | None], after: Mapping[str, Facts | None], *, conda: bool
) -> tuple[LockDiff, str]:
    """Return how the packages that pip, or *conda*, installed differ, and what ends their names in a receipt."""
    suffix = CONDA if conda else ""
    sides = [
        {
            name.removesuffix(CONDA): text
            for title in PACKAGES
            for name, text in (side[title] or {}).items()
            if name.endswith(CONDA) is conda
        }
        for side in (before, after)
    ]
    return compare_versions(*sides, conda=conda), suffix


def _meaning(sections: tuple[Section, ...], builds: tuple[str, ...]) -> Meaning:
    count = sum(len(section.rows) for section in sections)
    first = next((section for section in sections if section.numbers and section.rows[0].what != _UNTOLD), None)
    untold = sum(row.what == _UNTOLD for section in sections for row in section.rows)
    verdict = "the two records say the same"
    if untold:
        verdict = "nothing that a result depends on is known to differ, but not all of it is known"
    elif count:
        verdict = "the two records differ in nothing that a result depends on"
    if first is not None:
        row = first.rows[0]
        change = f"{row.old or 'nothing'} -> {row.new or 'nothing'}"
        likeliest = f"{row.name} ({change})" if len(change) <= 60 else row.name
        verdict = (
            f"results of the two are results of two states: keep them apart; look first at {first.title}: {likeliest}"
        )
    return Meaning(
        sections=sections,
        environments=(),
        builds=builds,
        counts=_counts(count - untold, untold),
        numbers=first is not None,
        verdict=verdict,
    )


def _counts(differ: int, untold: int) -> str:
    text = f"{differ} differ" if differ != 1 else "1 differs"
    return f"{text}, {untold} cannot be told" if untold else text


class _Notes:
    """What is to be said beside a row of the section *title*."""

    def __init__(self, title: str, repository: str | None) -> None:
        self.title = title
        self.repository = repository

    def of(self, name: str, old: str, new: str) -> tuple[str, ...]:
        if self.title != CODE or name != "commit" or self.repository is None:
            return ()
        if not (_COMMIT.fullmatch(old) and _COMMIT.fullmatch(new)):
            return ()
        try:
            counts = [_commits(self.repository, *pair) for pair in ((old, new), (new, old))]
        except RepositoryError:
            return ()
        came, went = counts
        back = f", and {went} that only the older run had" if went else ""
        return (f"{came} commits between them{back}: git log --oneline {old[:12]}..{new[:12]}",)


def _commits(folder: str, old: str, new: str) -> int:
    """Return how many commits *new* has that *old* has not; RepositoryError where git does not know both."""
    count = Git(folder).run("rev-list", "--count", f"--max-count={_MOST_COMMITS}", "--end-of-options", f"{old}..{new}")
    return int(count)


def _rows(old: Facts, new: Facts, notes: _Notes, words: Mapping[str, str]) -> Iterator[Row]:
    """Yield what differs, and behind it what nobody can call the same because both sides did not know it.

    *words* are what became of those of which more can be said than that they changed.
    """
    untold: list[Row] = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, ""), new.get(name, "")
        if was != now:
            what = "added" if not was else "removed" if not now else words.get(name, "changed")
            yield Row(name=name, old=was, new=now, what=what, why="", notes=notes.of(name, was, now))
        elif notes.title != PEOPLE and was.startswith(_UNKNOWN):
            untold.append(Row(name=name, old=was, new=now, what=_UNTOLD, why="", notes=()))
    yield from untold
