"""The public API, used once and never run: mypy and pyright read this file as a user's code."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any, assert_type

import envguard
from envguard import (
    BaselineError,
    ConfigError,
    DriftError,
    EnvguardError,
    EnvironmentNotFoundError,
    Finding,
    Level,
    LockfileError,
    Receipt,
    RefusedError,
    Report,
    Run,
    Severity,
    UndecidedError,
    UnreadableError,
    Verdict,
    Waiver,
    WriteError,
)

assert_type(envguard.__version__, str)


def ask() -> int:
    report = envguard.check(
        Path(), python=".venv", level=Level.RUN_TO_RUN, fail_on="warning", machine="laptop", data=True
    )
    assert_type(report, Report)
    assert_type(report.verdict, Verdict)
    assert_type(report.failing, tuple[Finding, ...])
    for finding in report.active:
        assert_type(report.severity(finding), Severity)
        assert_type(finding.expected, str | None)
        assert_type(finding.severities.at(report.level), Severity | None)
    for waived in report.waived:
        assert_type(waived.waiver, Waiver)
        assert_type(waived.waiver.until, datetime.date | None)
    for level in report.levels:
        assert_type(level.reachable, bool | None)
    match report.verdict:
        case Verdict.CLEAN:
            return 0
        case Verdict.DRIFT:
            return 1
        case Verdict.UNDECIDED:
            return 3


def train() -> Run:
    try:
        run = envguard.enforce(seed=42, level="host-to-host", project=Path(), machine=None, data=False)
    except (DriftError, UndecidedError) as refused:
        assert_type(refused.report, Report)
        raise
    except RefusedError as refused:
        sys.exit(refused.message)
    assert_type(run, Run)
    assert_type(run.seed, int)
    assert_type(run.level, str)
    assert_type(run.receipt, Receipt)
    assert_type(run.receipt.to_json(), str)
    assert_type(run.receipt.to_dict(), dict[str, Any])
    assert_type(run.receipt.levels["host-to-host"], bool | None)
    return run


def why(error: EnvguardError) -> str:
    match error:
        case ConfigError() | LockfileError() | BaselineError():
            return f"{error.path}: {error.keys}: {error.message}"
        case EnvironmentNotFoundError() | UnreadableError() | WriteError():
            return error.hint or ""
        case _:
            return str(error)
