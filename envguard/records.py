"""Two baselines, or two receipts, compared: what was recorded then and what was recorded later."""

from __future__ import annotations

import json
import os

from .baseline import SCHEMA as BASELINE
from .baseline import read_baseline_file
from .errors import ConfigError
from .receipts.document import NAME as RECEIPT
from .receipts.read import read_receipt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .reader import Reader
    from .report.meaning import Meaning

_HEAD = 4096


def record_kind(reader: Reader, path: str) -> str | None:
    """Return the schema of the record at *path*, as it says itself, else as its name says; None for others, such as a lock in TOML.

    UnreadableError where the file cannot be read.
    """
    text = reader.read_text(path)
    # What is called a record and is none, with an unfinished merge in it, say: its own reader says what is wrong with it.
    named = BASELINE if os.path.basename(path) == BASELINE else None
    if not text[:_HEAD].lstrip().startswith("{"):
        return named
    try:
        schema = json.loads(text).get("schema")
    except (ValueError, RecursionError):
        return named
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
    from .recorded import compare_baselines

    before, after = (read_baseline_file(*side) for side in (old, new))
    return compare_baselines(before, after, numeric)
