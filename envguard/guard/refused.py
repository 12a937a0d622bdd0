"""The receipt of a run that ``enforce()`` refuses: what somebody looks for when a job is found dead. Imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config import load_config
from ..determinism.streams import SCHEME
from ..errors import EnvguardError
from ..launch import Place
from ..observe import find_project
from ..reader import Reader
from ..receipts.document import REFUSED
from ..receipts.judged import added
from ..receipts.ledger import Ledger
from .said import say, unchecked

if TYPE_CHECKING:
    from ..errors import RefusedError
    from .attempt import Attempt

_MOST = 20_000


def keep(error: RefusedError, attempt: Attempt) -> None:
    """Write the receipt of the *attempt* that ends with *error*, and name its file there.

    Of ranks that refuse for one reason, the one that says all of it writes, and rank 0. Whatever goes wrong with a receipt, the refusal
    stands: it is told on stderr, and nothing is raised.
    """
    try:
        where = Place()
        if attempt.others is not None and attempt.others.job is not None:
            # Python writes the message and the end of its line apart, and another rank may write between the two.
            error.code = f"{error.message}\n"
        if error.repeats and where.rank_and_size()[0]:
            return
        error.receipt = _written(error, attempt, where)
    except Exception as problem:  # noqa: BLE001 - an error in here must not take the place of the refusal
        say(f"envguard: the receipt of this refusal is not kept: {type(problem).__name__}: {problem}")


def _written(error: RefusedError, attempt: Attempt, where: Place) -> str | None:
    answer = _answer(error, attempt.folder, attempt.level)
    ledger = Ledger(answer=answer, mode=attempt.mode, start=attempt.folder, say=say, where=where, began=attempt.began)
    ledger.tells("seed", lambda: None if attempt.seed is None else str(attempt.seed))
    ledger.tells("seeds", lambda: attempt.seeds)
    ledger.tells("scheme", lambda: SCHEME)
    ledger.tells("streams", list)
    ledger.tells("seeded", dict)
    ledger.tells("switches", lambda: {name: switch.told() for name, switch in attempt.switches.state.items()})
    if error.ranks is not None:
        ledger.tells("ranks", lambda: error.ranks)
    report = getattr(error, "report", None)
    text = str(error)
    ledger.refuse(
        {
            "error": type(error).__name__,
            # What the check said, or the ranks together; none where nothing came to a verdict.
            "verdict": str(report.verdict) if report is not None else None,
            "text": text if len(text) <= _MOST else f"{text[:_MOST]} ...",
        },
        passed=attempt.refuse.passed,
    )
    return ledger.path


def _answer(error: RefusedError, folder: str, level: str) -> dict[str, Any]:
    answer = dict(error.answer) if error.answer is not None else {**unchecked(level), "receipts": _setting(folder)}
    report = getattr(error, "report", None)
    if report is not None and error.ranks is not None:
        answer = added(answer, report)
    return {**answer, "verdict": REFUSED, "overridden": []}


def _setting(folder: str) -> str | None:
    """Return the folder of receipts in the settings; None where there are none to be read, so that nobody has said that any are kept."""
    reader = Reader()
    try:
        return load_config(reader, find_project(reader, folder)).receipts
    except EnvguardError:
        return None
