"""Two baselines compared: what moved between two states that were recorded, packages as in a change of a lock."""

from __future__ import annotations

import json

from .lockfiles.diff.versions import compare_versions
from .model import Unknown, fact_text
from .report.meaning import Meaning, Row, Section
from .rules.builds import build_lines
from .rules.impact import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .baseline import Baseline, Machine, RecordedPackage
    from .model import Fact

    Facts = Mapping[str, Fact]
    Packages = Mapping[str, RecordedPackage]

# What is only recorded and shown, and never compared by a check.
_SHOWN = "for people only"
_UNTOLD = "cannot tell"


def compare_baselines(old: Baseline, new: Baseline, numeric: Iterable[str] = ()) -> Meaning:
    """Return what differs between two baselines; *numeric* are further patterns of numeric packages.

    What neither of them could tell keeps them from being called the same.
    """
    patterns = tuple(numeric)
    found: dict[str, list[Row]] = {}
    builds: list[str] = []
    for name in sorted(old.machines.keys() | new.machines.keys()):
        before, after = old.machines.get(name), new.machines.get(name)
        for title, facts in _facts(name, before, after).items():
            found[title] = list(_rows(*facts, shown=title.endswith(_SHOWN)))
        for kind, conda in (("packages", False), ("conda packages", True)):
            sides = [_packages(machine, conda=conda) for machine in (before, after)]
            moved = compare_versions(
                *({key: item.version for key, item in side.items()} for side in sides), conda=conda
            )
            words = {change.name: str(change.kind) for change in moved.packages}
            rows = list(_package_rows(sides[0], sides[1], words))
            found[f"machine {name}, {kind}"] = sorted(rows, key=lambda row: role_of(row.name, patterns).order)
            builds += build_lines(moved)
    found["data"] = list(_rows(_data(old), _data(new)))
    found["what this envguard does not read"] = list(_rows(_rest(old), _rest(new)))
    sections = tuple(
        Section(title=title, numbers=not title.endswith(_SHOWN), rows=tuple(rows))
        for title, rows in sorted(found.items())
        if rows
    )
    return _meaning(sections, tuple(dict.fromkeys(builds)))


def _meaning(sections: tuple[Section, ...], builds: tuple[str, ...]) -> Meaning:
    rows = [row for section in sections for row in section.rows]
    untold = sum(row.what == _UNTOLD for row in rows)
    differ = len(rows) - untold
    numbers = any(section.numbers and any(row.what != _UNTOLD for row in section.rows) for section in sections)
    verdict = "the two records say the same"
    if numbers:
        verdict = "results of the two are results of two states: keep them apart"
    elif untold:
        verdict = "nothing that a result depends on is known to differ, but not all of it is known"
    elif rows:
        verdict = "the two records differ in nothing that a result depends on"
    counts = f"{differ} differ" if differ != 1 else "1 differs"
    return Meaning(
        sections=sections,
        environments=(),
        builds=builds,
        counts=f"{counts}, {untold} cannot be told" if untold else counts,
        numbers=numbers,
        verdict=verdict,
    )


def _facts(name: str, before: Machine | None, after: Machine | None) -> dict[str, tuple[Facts, Facts]]:
    """Return what the two say of the machine *name* besides its packages, by section."""
    sides = [_of(machine) for machine in (before, after)]
    return {
        f"machine {name}{title}": (sides[0].get(title, {}), sides[1].get(title, {}))
        for title in sides[0].keys() | sides[1].keys()
    }


def _of(machine: Machine | None) -> dict[str, Facts]:
    if machine is None:
        return {}
    found: dict[str, Facts] = {
        "": {
            "lock": f"{machine.lock_path} {machine.lock_digest}",
            "selection": str(machine.selection.canonical()),
            **machine.facts,
        },
        f", {_SHOWN}": machine.audit,
    }
    if machine.canaries is not None:
        found[", canaries"] = {**machine.canaries.conditions, **machine.canaries.digests}
    return found


def _packages(machine: Machine | None, *, conda: bool) -> Packages:
    if machine is None:
        return {}
    return machine.conda if conda else machine.packages


def _data(baseline: Baseline) -> Facts:
    return {
        name: " ".join((tree.path, tree.root, f"ignoring {', '.join(tree.ignore)}" if tree.ignore else "")).rstrip()
        for name, tree in baseline.data.items()
    }


def _rest(baseline: Baseline) -> Facts:
    """Return what this version does not know, of the record and of each tree in it."""
    trees = {f"data {name}": dict(tree.rest) for name, tree in baseline.data.items() if tree.rest}
    machines = {f"machine {name}": dict(machine.rest) for name, machine in baseline.machines.items() if machine.rest}
    return {key: json.dumps(value, sort_keys=True) for key, value in {**baseline.rest, **machines, **trees}.items()}


def _rows(old: Facts, new: Facts, *, shown: bool = False) -> Iterator[Row]:
    """Yield what differs, and behind it what nobody can call the same; where it is only *shown*, no more than what differs."""
    untold: list[Row] = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        unknown = isinstance(was, Unknown) or isinstance(now, Unknown)
        if was == now and (shown or not unknown):
            continue
        what = "added" if was is None else "removed" if now is None else _UNTOLD if unknown else "changed"
        before, after = (fact_text(fact) if fact is not None else "" for fact in (was, now))
        row = Row(name=name, old=before, new=after, what=what, why="", notes=())
        if what == _UNTOLD:
            untold.append(row)
        else:
            yield row
    yield from untold


def _package_rows(old: Packages, new: Packages, words: Mapping[str, str]) -> Iterator[Row]:
    """Yield the packages that differ: in their versions, as *words* call that, or in what was recorded of one version."""
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        versions = [item.version if item is not None else "" for item in (was, now)]
        if was is None or now is None or was.version != now.version:
            yield Row(name=name, old=versions[0], new=versions[1], what=words.get(name, "changed"), why="", notes=())
            continue
        one, other = was.digest, now.digest
        if one == other:
            continue
        unknown = isinstance(one, Unknown) or isinstance(other, Unknown) or _kind(one) != _kind(other)
        note = f"what was recorded of its content: {fact_text(one)} -> {fact_text(other)}"
        yield Row(
            name=name, old=was.version, new="", what=_UNTOLD if unknown else "other content", why="", notes=(note,)
        )


def _kind(digest: str) -> str:
    return digest.partition(":")[0]
