"""The public API, used once and never run: mypy and pyright read this file as a user's code."""

from __future__ import annotations

import datetime
import random
import sys
from fractions import Fraction
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
    ResumeError,
    Run,
    Severity,
    StreamError,
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
        run = envguard.enforce(
            seed=42, seeds="classic", level="host-to-host", project=Path(), machine=None, data=False, files=True
        )
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
    assert_type(run.receipt.id, str)
    assert_type(run.receipt.path, str | None)
    assert_type(run.receipt.write(), str)
    assert_type(run.receipt.notes, tuple[str, ...])
    assert_type(run.tags(), dict[str, str])
    assert_type(run.finish(["model.bin", Path("log.txt")]), str | None)
    return run


def draw(run: Run) -> None:
    assert_type(run.numpy("augment", 3, 17), numpy.random.Generator)
    assert_type(run.random("split", "fold", reuse=True), random.Random)
    assert_type(run.split("images/0001.png", {"train": 0.8, "val": 0.2}), str)
    assert_type(run.split(b"sample", [Fraction(1, 3), Fraction(2, 3)], name="folds", seed=0), int)
    run.reseed("dropout", 1)
    run.set_epoch(3)
    assert_type(run.epoch, int)
    assert_type(run.dataloader_kwargs("train", num_workers=2), dict[str, Any])
    sampler = run.sampler(range(10), repeat=True)
    sampler.set_epoch(3, start=4)
    assert_type(list(sampler), list[int])
    assert_type(len(run.distributed_sampler(range(10), "ranks", num_replicas=2, rank=1, drop_last=True)), int)
    for handed in run.streams.handed_out():
        assert_type((handed.library, handed.name, handed.requests), tuple[str, str, int])
    run.seal(canaries=True)
    assert_type(run.verify(strict=False, canaries=True), tuple[envguard.Change, ...])
    state = run.state_dict(epoch=3, position={"batches": 7})
    assert_type(state, dict[str, Any])
    try:
        resumed = run.load_state_dict(state, strict=False)
    except ResumeError as refused:
        assert_type(refused.reasons, tuple[str, ...])
        raise
    except envguard.RanksError as refused:
        assert_type(refused.hint, str | None)
        raise
    except StreamError as refused:
        assert_type(refused.hint, str | None)
        raise
    assert_type((resumed.epoch, resumed.bitwise), tuple[int | None, bool])
    assert_type(resumed.reasons, tuple[str, ...])


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
