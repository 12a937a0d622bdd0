"""What a change of a lock means, in words that every renderer of it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lockfiles.diff.model import Aspect, Kind
from ..rules.builds import build_lines
from ..rules.changes import can_change_numbers
from ..rules.impact import role_of
from .words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..lockfiles.diff.model import LockDiff, PackageChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package: what it was and is, what that is called, which requirement pulls it in, and what else changed."""

    name: str
    old: str
    new: str
    what: str
    why: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The rows of one role; *numbers* is whether packages of it can change results."""

    title: str
    numbers: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """All of it: sections in their order, changed environments, builds spelled out, counts, and what follows for results."""

    sections: tuple[Section, ...]
    environments: tuple[str, ...]
    builds: tuple[str, ...]
    counts: str
    numbers: bool
    verdict: str


def meaning(diff: LockDiff, numeric: Iterable[str] = ()) -> Meaning:
    """Return what *diff* means; *numeric* are further patterns of numeric packages."""
    sections: dict[int, list[tuple[PackageChange, Row]]] = {}
    roles = {}
    for change in diff.packages:
        role = role_of(change.name, numeric)
        roles[role.order] = role
        sections.setdefault(role.order, []).append((change, _row(change, diff)))
    told = tuple(
        Section(
            title=roles[order].title,
            numbers=roles[order].numbers,
            rows=tuple(row for _, row in sections[order]),
        )
        for order in sorted(sections)
    )
    numbers = any(
        roles[order].numbers and any(can_change_numbers(change) for change, _ in changes)
        for order, changes in sections.items()
    )
    return Meaning(
        sections=told,
        environments=tuple(
            f"{name}: {old or 'none'} -> {new or 'none'}" for name, (old, new) in diff.environments.items()
        ),
        builds=tuple(build_lines(diff)),
        counts=_counts(diff),
        numbers=numbers,
        verdict=_verdict(diff, numbers=numbers),
    )


def _row(change: PackageChange, diff: LockDiff) -> Row:
    aspects = [detail.aspect for detail in change.details]
    what = str(change.kind)
    if change.kind is Kind.SAME and aspects:
        what = str(aspects[0])
    return Row(
        name=change.name,
        old=(change.old.version or "(no version)") if change.old is not None else "",
        new=(change.new.version or "(no version)") if change.new is not None else "",
        what=what,
        why=_why(change, diff),
        notes=tuple(_notes(change)),
    )


def _why(change: PackageChange, diff: LockDiff) -> str:
    if change.new is None and diff.new is not None:
        return ""
    if diff.reasons is None:
        return "the lock does not tell by what"
    way = diff.reasons.get(change.name, ())
    if len(way) < 2:
        return "required directly" if way else ""
    between = (
        "" if len(way) == 2 else f" and {plural(len(way) - 2, 'package')} between" if len(way) > 3 else f", {way[1]}"
    )
    return f"by {way[0]}{between}"


def _notes(change: PackageChange) -> Iterator[str]:
    for detail in change.details:
        match detail.aspect:
            case Aspect.REPUBLISHED:
                yield f"published again: {(detail.new or '').partition(' ')[0]}"
            case Aspect.PRERELEASE:
                yield "a pre-release, newly chosen"
            case Aspect.MARKERS:
                verb = (
                    "narrowed" if detail.old == "everywhere" else "widened" if detail.new == "everywhere" else "changed"
                )
                yield f"markers {verb}: {detail.old} -> {detail.new}"
            case _:
                yield f"{detail.aspect}: {detail.old} -> {detail.new}"


def _counts(diff: LockDiff) -> str:
    kinds = [change.kind for change in diff.packages]
    parts = [f"{kinds.count(kind)} {kind}" for kind in Kind if kind is not Kind.SAME and kind in kinds]
    for aspect in Aspect:
        number = sum(change.kind is Kind.SAME and change.detail(aspect) is not None for change in diff.packages)
        if number:
            parts.append(
                f"{number} with other {aspect}"
                if aspect in (Aspect.SOURCE, Aspect.GROUPS, Aspect.MARKERS, Aspect.EXTRAS)
                else f"{number} {aspect}"
            )
    return ", ".join(parts) or "no package differs"


def _verdict(diff: LockDiff, *, numbers: bool) -> str:
    if not diff:
        return "the locks say the same"
    if numbers:
        return (
            "numbers can change: keep results from before and after apart, and once it is installed record again: "
            "envguard record"
        )
    return (
        "no package that is known to compute numbers differs; nobody promises that the others do not. Once it is installed "
        "record again: envguard record"
    )
