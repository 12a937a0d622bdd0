"""Two receipts compared: why did this work yesterday, and not today? What is most likely to have changed numbers comes first."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from ..errors import RepositoryError
from ..facts import VARIABLE, is_audit
from ..model import Level, Severity
from ..report.meaning import Meaning, Row, Section
from ..repository.git import Git
from ..rules.comparison import gravity
from ..rules.impact import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Facts = Mapping[str, str]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PACKAGES, _OTHERS = "packages that compute numbers", "other packages"
_MACHINE, _KIND, _PEOPLE = "the machine", "the kind of machine", "for people only"
_CODE = "code"
# In the order in which they are read; and whether a difference in one can change results.
_SECTIONS = (
    (_PACKAGES, True),
    (_MACHINE, True),
    ("seeds", True),
    ("switches", True),
    ("data", True),
    (_CODE, True),
    ("the command", True),
    ("loaded libraries", True),
    (_OTHERS, False),
    (_KIND, False),
    ("lock, record and selection", False),
    ("the check", False),
    (_PEOPLE, False),
)
_MOST_COMMITS = 100_000
_UNKNOWN, _UNTOLD = "unknown", "cannot tell"
# Which job this was, and where it lay.
_PLACES = frozenset(
    (
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "ENVGUARD_CACHE_DIR",
        "ENVGUARD_RUNS",
        "MASTER_ADDR",
        "MASTER_PORT",
        "SLURM_JOB_ID",
        "SLURM_NODEID",
        "SLURM_RESTART_COUNT",
        "SLURM_STEP_ID",
        "TORCHELASTIC_RESTART_COUNT",
        "TORCHELASTIC_RUN_ID",
        "VIRTUAL_ENV",
    )
)


def compare_receipts(
    old: Mapping[str, Any], new: Mapping[str, Any], *, numeric: Iterable[str] = (), repository: str | None = None
) -> Meaning:
    """Return what differs between two receipts of any version; *numeric* are further patterns of numeric packages.

    *repository* is a folder in the repository of the code, where the commits between the two are counted.
    """
    patterns = tuple(numeric)
    before, after = _sections(old, patterns), _sections(new, patterns)
    sections = tuple(
        Section(title=title, numbers=numbers, rows=rows)
        for title, numbers in _SECTIONS
        # Version 1 did not tell everything: what only one side could tell is no difference.
        if (old_rows := before[title]) is not None and (new_rows := after[title]) is not None
        if (rows := tuple(_rows(old_rows, new_rows, _Notes(title, repository))))
    )
    return _meaning(sections)


def _meaning(sections: tuple[Section, ...]) -> Meaning:
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
        builds=(),
        counts=_counts(count - untold, untold),
        numbers=first is not None,
        verdict=verdict,
    )


def _counts(differ: int, untold: int) -> str:
    text = f"{differ} differ" if differ != 1 else "1 differs"
    return f"{text}, {untold} cannot be told" if untold else text


def _sections(receipt: Mapping[str, Any], numeric: tuple[str, ...]) -> dict[str, Facts | None]:
    observed = receipt["observed"]
    packages = {
        **_table(observed.get("packages")),
        **{f"{name} (conda)": text for name, text in _table(observed.get("conda")).items()},
    }
    facts = _table(observed.get("facts"))
    computing = {name for name in packages if role_of(name.removesuffix(" (conda)"), numeric).numbers}
    weighty = {key for key in facts if not is_audit(key) and gravity(key).at(Level.HOST_TO_HOST) is Severity.ERROR}
    people = {key for key in facts if is_audit(key)}
    return {
        _PACKAGES: {name: packages[name] for name in sorted(computing)},
        _OTHERS: {name: text for name, text in packages.items() if name not in computing},
        _MACHINE: {key: facts[key] for key in weighty},
        _KIND: {key: facts[key] for key in facts.keys() - weighty - people},
        "seeds": _seeds(receipt),
        "switches": {name: _text(_table(value).get("found", "")) for name, value in receipt["switches"].items()},
        "data": _data(observed.get("data")),
        _CODE: _code(observed.get("code")),
        "the command": _command(receipt, facts),
        "loaded libraries": _libraries(receipt.get("libraries")),
        "lock, record and selection": {
            key: _text(observed.get(key)) for key in ("lock", "baseline", "selection", "files")
        },
        "the check": _check(receipt),
        _PEOPLE: {**{key: facts[key] for key in people}, **_people(receipt)},
    }


def _seeds(receipt: Mapping[str, Any]) -> Facts:
    found = {key: _text(receipt[key]) for key in ("seed", "scheme") if key in receipt}
    found["seeds"] = _text(receipt.get("seeds", "derived"))
    found |= {f"{name} was": text for name, text in _table(receipt.get("seeded")).items()}
    for stream in receipt.get("streams") or ():
        name = f"stream {_text(stream.get('library'))} {_text(stream.get('name'))}"
        found[name] = f"{_text(stream.get('requests'))} requests"
    return found


def _data(data: Any) -> Facts:
    told = data if isinstance(data, dict) else {}
    trees = told.get("trees")
    found = {
        name: _text(tree.get("root") or "unknown") if isinstance(tree, dict) else _text(tree)
        for name, tree in (trees if isinstance(trees, dict) else {}).items()
    }
    return {**found, "(left out)": _text(told["left-out"])} if told.get("left-out") else found


def _code(code: Any) -> Facts:
    told = code if isinstance(code, dict) else {}
    patch = told.get("patch")
    found = {
        key: _text(told[key]) for key in ("commit", "branch", "clean", "tree", "unknown") if told.get(key) is not None
    }
    if isinstance(patch, dict) and "sha256" in patch:
        found["patch"] = _text(patch["sha256"])
    return found


def _libraries(libraries: Any) -> Facts | None:
    return None if libraries is None else {name: _text(told["version"]) for name, told in libraries.items()}


def _command(receipt: Mapping[str, Any], facts: Facts) -> Facts | None:
    """Return the arguments, and the variables that are neither facts of the machine nor say which job this was."""
    process = receipt.get("process")
    if process is None:
        return None
    environment = process["environment"].items()
    told = {f"${key}": value for key, value in environment if key not in _PLACES and VARIABLE + key not in facts}
    return {"arguments": shlex.join(process["argv"]), **told}


def _check(receipt: Mapping[str, Any]) -> Facts:
    found = {key: _text(receipt[key]) for key in ("verdict", "level", "mode", "envguard") if key in receipt}
    for key in ("findings", "waived"):
        names = [
            f"{item['code']} {item['subject']}" if isinstance(item, dict) else _text(item)
            for item in receipt.get(key) or ()
        ]
        found[key] = ", ".join(sorted(names))
    found["overridden"] = "; ".join(map(_text, receipt.get("overridden") or ()))
    return found


def _people(receipt: Mapping[str, Any]) -> Facts:
    observed, process = receipt["observed"], receipt.get("process") or {}
    found = {key: _text(observed[key]) for key in ("project", "environment") if observed.get(key) is not None}
    found |= {key: _text(process[key]) for key in ("python", "folder") if process.get(key) is not None}
    found |= {f"${key}": value for key, value in (process.get("environment") or {}).items() if key in _PLACES}
    return {**found, **_table(receipt.get("audit"))}


class _Notes:
    """What is to be said beside a row of the section *title*."""

    def __init__(self, title: str, repository: str | None) -> None:
        self.title = title
        self.repository = repository

    def of(self, name: str, old: str, new: str) -> tuple[str, ...]:
        if self.title != _CODE or name != "commit" or self.repository is None:
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
    told = Git(folder).run("rev-list", "--count", f"--max-count={_MOST_COMMITS}", "--end-of-options", f"{old}..{new}")
    return int(told)


def _rows(old: Facts, new: Facts, notes: _Notes) -> Iterator[Row]:
    """Yield what differs, and behind it what nobody can call the same because both sides did not know it."""
    untold: list[Row] = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, ""), new.get(name, "")
        if was != now:
            what = "added" if not was else "removed" if not now else "changed"
            yield Row(name=name, old=was, new=now, what=what, why="", notes=notes.of(name, was, now))
        elif notes.title != _PEOPLE and was.startswith(_UNKNOWN):
            untold.append(Row(name=name, old=was, new=now, what=_UNTOLD, why="", notes=()))
    yield from untold


def _table(value: Any) -> dict[str, str]:
    return {str(key): _text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
