"""What a change of a lock means, in words that every renderer of it says."""

from __future__ import annotations

from ..lockfiles.diff.model import Aspect, Kind
from ..model import Place
from ..rules.builds import build_lines
from ..rules.changes import can_change_numbers
from ..rules.impact import role_of
from ..values import dataclass
from .words import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..lockfiles.diff.model import LockDiff, PackageChange
    from ..lockfiles.model import LockedPackage

_RECORD = "envguard record"
_SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package: what it was and is, what that is called, which requirement pulls it in, and what else changed.

    *place* is its entry in the newer lock, None where it has none.
    """

    name: str
    old: str
    new: str
    what: str
    why: str
    notes: tuple[str, ...]
    place: Place | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One comparison as it is told: what it is called, what its sides (*old*, *new*) are called, and what it means."""

    title: str
    old: str
    new: str
    meaning: Meaning
    diff: LockDiff | None = None


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
        environments=tuple(_environments(diff)),
        builds=tuple(build_lines(diff)),
        counts=_counts(diff),
        numbers=numbers,
        verdict=_verdict(diff, numbers=numbers),
    )


def _environments(diff: LockDiff) -> Iterator[str]:
    for name, (old, new) in diff.environments.items():
        yield from (
            _names(name, old, new) if name in ("extras", "groups") else (f"{name}: {old or 'none'} -> {new or 'none'}",)
        )


def _names(what: str, old: str | None, new: str | None, *, came: str = "came", went: str = "went") -> Iterator[str]:
    """Yield which of the names in *new* were not in *old*, and the other way round; both are lists in words."""
    before, after = (dict.fromkeys((text or "").split(", ")) for text in (old, new))
    for names, word in (
        ([name for name in after if name not in before], came),
        ([name for name in before if name not in after], went),
    ):
        if any(names):
            yield f"{what}: {', '.join(filter(None, names))} {word}"


def _row(change: PackageChange, diff: LockDiff) -> Row:
    old, new = (_version(package, change.kind) if package is not None else "" for package in (change.old, change.new))
    same = change.kind is Kind.SAME
    return Row(
        name=change.name,
        old=old,
        new=new if not same or new != old else "",
        what=str(change.details[0].aspect) if same and change.details else str(change.kind),
        why=_why(change, diff),
        notes=tuple(_notes(change)),
        place=_place(change, diff),
    )


def _version(package: LockedPackage, kind: Kind) -> str:
    version = package.version or "(no version)"
    build = package.conda.build if package.conda is not None and kind is Kind.REBUILT else None
    return f"{version} {build}" if build else version


def _place(change: PackageChange, diff: LockDiff) -> Place | None:
    package, lock = change.new, diff.new
    if package is None or lock is None:
        return None
    return Place(path=package.path or lock.path, keys=package.route, line=package.line)


def _why(change: PackageChange, diff: LockDiff) -> str:
    """Return which direct requirement pulls the package in, or pulled it in, by way of what."""
    gone = change.new is None and diff.new is not None
    reasons = diff.reasons_before if gone or diff.new is None else diff.reasons
    if reasons is None:
        return "the lock does not tell by what"
    way = reasons.get(change.name, ())
    if len(way) < 2:
        words = "required directly" if way else ""
    else:
        count = len(way) - 2
        more = "" if not count else f", {way[1]}" if count == 1 else f" and {plural(count, 'package')} between"
        words = f"by {way[0]}{more}"
    return f"was {words}" if gone and words else words


def _notes(change: PackageChange) -> Iterator[str]:
    for detail in change.details:
        match detail.aspect:
            case Aspect.REPUBLISHED:
                yield f"published again: {(detail.new or '').partition(' ')[0]}"
            case Aspect.RELABELLED:
                yield "relabelled: the lock has a file of the version before under this one"
            case Aspect.REHASHED:
                kinds = (_algorithm(detail.old or ""), _algorithm(detail.new or ""))
                yield f"hashes of another kind, so nobody can tell whether it is the same file: {' -> '.join(kinds)}"
            case Aspect.PRERELEASE:
                yield "a pre-release, newly chosen"
            case Aspect.MARKERS:
                yield f"markers {detail.direction or 'changed'}: {detail.old} -> {detail.new}"
            case Aspect.GROUPS if len(f"{detail.old}{detail.new}") > _SHORT:
                yield from _names(
                    "groups", detail.old, detail.new, came="ask for it now", went="do not ask for it any more"
                )
            case _:
                yield f"{detail.aspect}: {detail.old} -> {detail.new}"


def _algorithm(told: str) -> str:
    """Return the kind of the hash in *told*, which may have the name of a file before it."""
    return next((word.partition(":")[0] for word in told.split() if ":" in word), "none")


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
        digests = [lock.digest for lock in (diff.old, diff.new) if lock is not None]
        if len(set(digests)) < 2:
            return "the locks say the same"
        return f"nothing that is installed differs; a record names the lock that it was made for, so record again: {_RECORD}"
    if numbers:
        return (
            "numbers can change: keep results from before and after apart, and once it is installed record again: "
            f"{_RECORD}"
        )
    return (
        "no package that is known to compute numbers differs; nobody promises that the others do not. Once it is installed "
        f"record again: {_RECORD}"
    )
