"""The check of ``enforce()``: its answer as it is kept between runs, recalled where nothing has changed since."""

from __future__ import annotations

import json
import sys

from .. import answers
from ..errors import DriftError, EnvguardError, RefusedError, UndecidedError
from ..probes import PROBES
from .said import say_passed, unchecked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..model import Report


def checked(
    start: str,
    level: str,
    machine: str | None,
    data: bool | None,
    files: bool | None,
    canaries: bool | None,
    *,
    strict: bool,
) -> dict[str, Any]:
    """Return what the check of the project around *start* says (``receipts.judged``); the other arguments are those of ``enforce``.

    DriftError, UndecidedError or RefusedError where it is *strict*; else what stands in the way is said, and is in the answer.
    """
    asked = (machine or "", str(data), str(files), str(canaries))
    key = ("enforce", __file__, start, level, *asked, sys.executable, *sys.path)
    recalled = answers.recall(key, PROBES, {"tree": _tree, "files": _files, "code": _code})
    if recalled is not None:
        return {**json.loads(recalled), "recalled": True}
    from ..check import parse_level, run_check
    from ..model import Verdict
    from ..observe import Request, find_project
    from ..reader import Reader

    reader = Reader()
    try:
        project = find_project(reader, start)
        request = Request(
            running=True, level=parse_level(level or None), machine=machine, data=data, files=files, canaries=canaries
        )
        outcome = run_check(reader, project, request)
    except EnvguardError as error:
        text = _located(error)
        if strict:
            raise RefusedError(text) from error
        say_passed(f"envguard: {text}")
        return {**unchecked(level), "overridden": [text]}
    from ..receipts.judged import judged

    report = outcome.report
    answer = judged(report, outcome.facts, receipts=outcome.receipts)
    if report.verdict is not Verdict.CLEAN:
        text = _text(report, project)
        if strict:
            refusal = (DriftError if report.verdict is Verdict.DRIFT else UndecidedError)(text, report)
            refusal.answer = answer
            raise refusal
        say_passed(text)
    if report.verdict is Verdict.CLEAN:
        later = outcome.later
        kept = answer if later is None else judged(report, later.facts, receipts=later.receipts)
        answers.remember(key, outcome.trace, json.dumps(kept))
    return answer


def _located(error: EnvguardError) -> str:
    """Return *error* in words, with the line that its keys stand on."""
    from ..report.locator import line_of

    error.line = line_of(error)
    return str(error)


def installed(answer: dict[str, Any]) -> frozenset[str]:
    """Return the packages that the *answer* of a check knows; those that can be imported where nothing was checked."""
    packages = answer["observed"].get("packages")
    if packages is not None:
        return frozenset(packages)
    from ..determinism.seeds import findable

    return findable()


def _tree(identity: str) -> str:
    from ..trees.probe import retell

    return retell(identity)


def _files(folder: str) -> str:
    from ..files.probe import retell

    return retell(folder)


def _code(identity: str) -> str:
    from ..repository.probe import retell

    return retell(identity)


def _text(report: Report, project: str) -> str:
    import io

    from ..report import text

    stream = io.StringIO()
    text.write(report, stream, color=False, root=project)
    return stream.getvalue().rstrip("\n")
