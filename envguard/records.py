"""Two baselines, or two receipts, compared: what was recorded then and what was recorded later."""

from __future__ import annotations

import json

from .baseline import SCHEMA as BASELINE
from .baseline import fact_text, read_baseline_file
from .errors import ConfigError
from .receipts.document import NAME as RECEIPT
from .receipts.read import read_receipt
from .report.meaning import Meaning, Row, Section
from .rules.impact import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .baseline import Baseline
    from .reader import Reader

    Facts = Mapping[str, Mapping[str, str]]

_HEAD = 4096
_PACKAGES = "packages"
# What is only recorded and shown, and never compared by a check.
_SHOWN = "for people only"


def record_kind(reader: Reader, path: str) -> str | None:
    """Return the schema of the record at *path*, as it says itself; None where it is no JSON, such as a lock in TOML.

    UnreadableError where the file cannot be read.
    """
    text = reader.read_text(path)
    if not text[:_HEAD].lstrip().startswith("{"):
        return None
    try:
        schema = json.loads(text).get("schema")
    except (ValueError, RecursionError):
        # Its own reader says what is wrong with it.
        return BASELINE if path.endswith(BASELINE) else None
    name = schema.get("name") if isinstance(schema, dict) else None
    return name if name in (BASELINE, RECEIPT) else None


def compare_records(
    kind: str,
    old: tuple[Reader, str],
    new: tuple[Reader, str],
    numeric: Iterable[str] = (),
    *,
    repository: str | None = None,
) -> Meaning:
    """Return what differs between two records of one *kind*, each a path with the reader that sees it.

    *repository* is a folder in the repository of the code, for the commits between two runs. Raises BaselineError or ReceiptError where
    one of the records is none that is known here, UnreadableError where it cannot be read.
    """
    if kind == RECEIPT:
        from .runs.compare import compare_receipts

        return compare_receipts(read_receipt(*old), read_receipt(*new), numeric=numeric, repository=repository)
    if kind != BASELINE:
        raise ConfigError(f"records of the kind '{kind}' are not compared here")
    before, after = (_of_baseline(read_baseline_file(*side)) for side in (old, new))
    sections = tuple(
        Section(title=title, numbers=not title.endswith(_SHOWN), rows=rows)
        for title in sorted(before.keys() | after.keys())
        if (rows := tuple(_rows(title, before.get(title, {}), after.get(title, {}), numeric)))
    )
    count = sum(len(section.rows) for section in sections)
    numbers = any(section.numbers for section in sections)
    verdict = "the two records say the same"
    if count:
        verdict = "the two records differ in nothing that a result depends on"
    if numbers:
        verdict = "results of the two are results of two states: keep them apart"
    return Meaning(
        sections=sections,
        environments=(),
        builds=(),
        counts=f"{count} differ" if count != 1 else "1 differs",
        numbers=numbers,
        verdict=verdict,
    )


def _of_baseline(baseline: Baseline) -> Facts:
    found: dict[str, Mapping[str, str]] = {}
    for name, machine in baseline.machines.items():
        found[f"machine {name}"] = {
            "lock": f"{machine.lock_path} {machine.lock_digest}",
            "selection": str(machine.selection.canonical()),
            **{key: fact_text(value) for key, value in machine.facts.items()},
        }
        found[f"machine {name}, {_SHOWN}"] = {key: fact_text(value) for key, value in machine.audit.items()}
        found[f"machine {name}, {_PACKAGES}"] = {
            key: f"{item.version} ({fact_text(item.digest)})" for key, item in machine.packages.items()
        }
        found[f"machine {name}, conda {_PACKAGES}"] = {
            key: f"{item.version} ({fact_text(item.digest)})" for key, item in machine.conda.items()
        }
        if machine.canaries is not None:
            told = {**machine.canaries.conditions, **machine.canaries.digests}
            found[f"machine {name}, canaries"] = {key: fact_text(value) for key, value in told.items()}
    found["data"] = {
        name: " ".join((tree.path, tree.root, f"ignoring {', '.join(tree.ignore)}" if tree.ignore else "")).rstrip()
        for name, tree in baseline.data.items()
    }
    return found


def _rows(title: str, old: Mapping[str, str], new: Mapping[str, str], numeric: Iterable[str]) -> Iterator[Row]:
    names: list[str] = sorted(old.keys() | new.keys())
    if title.endswith(_PACKAGES):
        names.sort(key=lambda name: role_of(name, numeric).order)
    for name in names:
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        what = "added" if was is None else "removed" if now is None else "changed"
        yield Row(name=name, old=was or "", new=now or "", what=what, why="", notes=())
