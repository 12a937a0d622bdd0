"""The public API, used once: never run, checked by mypy and pyright."""

from __future__ import annotations

import envguard


def a_training_script() -> None:
    run: envguard.Run = envguard.enforce(seed=42, level="run-to-run")
    same: envguard.Run = envguard.enforce(level=envguard.Level.HOST_TO_HOST, project=".", machine="laptop")
    seed: int = run.seed
    level: str = same.level
    receipt: envguard.Receipt = run.receipt
    text: str = receipt.to_json()
    document: dict[str, object] = receipt.to_dict()
    del seed, level, text, document


def a_check_in_ci() -> int:
    report: envguard.Report = envguard.check(".", python=".venv", level="cross-hardware", fail_on="warning")
    findings: tuple[envguard.Finding, ...] = report.failing
    for finding in findings:
        severity: envguard.Severity = report.severity(finding)
        subject: str = finding.subject
        del severity, subject
    for verdict in report.levels:
        reachable: bool | None = verdict.reachable
        del reachable
    return int(report.verdict is not envguard.Verdict.CLEAN)


def a_script_that_goes_on() -> str:
    try:
        envguard.enforce()
    except envguard.DriftError as error:
        return str(error.report.verdict)
    except envguard.UndecidedError as error:
        return str(error)
    except envguard.EnvguardError as error:
        return error.message
    return "clean"


def the_parts(waiver: envguard.Waiver) -> tuple[str, str, str]:
    return waiver.rule, waiver.subject, waiver.reason
