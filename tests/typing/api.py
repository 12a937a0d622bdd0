"""The public API, used once and never run: mypy and pyright read this file as a user's code."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

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
    Manifest,
    Receipt,
    RefusedError,
    Report,
    Run,
    Severity,
    Tree,
    UndecidedError,
    UnreadableError,
    Verdict,
    Waiver,
    WriteError,
)

if TYPE_CHECKING:
    import numpy

    from envguard.data.model import Progress

assert_type(envguard.__version__, str)


def ask() -> int:
    report = envguard.check(
        Path(), python=".venv", level=Level.RUN_TO_RUN, fail_on="warning", machine="laptop", data=True, files=False
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
        run = envguard.enforce(seed=42, level="host-to-host", project=Path(), machine=None, data=False, files=True)
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


def data(array: numpy.ndarray[Any, Any]) -> envguard.Tree:
    def told(progress: Progress) -> None:
        assert_type(progress.left, float | None)
        assert_type(progress.files_total, int | None)

    assert_type(envguard.hash_bytes(b"bytes"), str)
    assert_type(envguard.hash_bytes(array), str)
    assert_type(envguard.hash_file("data.bin", jobs=2, progress=told), str)
    tree = envguard.hash_tree(Path("data"), ignore=["*.tmp"], sample=0.01, manifest=True, progress=told)
    assert_type(tree, Tree)
    assert_type(tree.root, str | None)
    for problem in tree.problems:
        assert_type((problem.path, problem.kind, problem.errno), tuple[bytes, str, int])
    if tree.manifest is not None:
        earlier = Manifest.from_bytes(Path("data.b3").read_bytes(), path="data.b3")
        differences = earlier.compare(tree.manifest)
        assert_type([entry.path for entry in differences.added], list[str])
        assert_type([(change.before, change.after) for change in differences.changed], list[tuple[str, str]])
        assert_type([rename.digest for rename in differences.renamed], list[str])
        assert_type({entry.path: entry.digest for entry in tree.manifest}, dict[str, str])
    return tree
