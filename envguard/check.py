"""The heart: look, let the rules compare, and report."""

from __future__ import annotations

import os

from . import listening
from ._native import hexdigest
from .errors import ConfigError
from .model import Impact, Level, Report, Severity, Subject, Verdict, Waived
from .observe import Request, find_project, look, look_at_files
from .reader import Reader
from .rules import registry
from .rules.registry import Need
from .values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Config
    from .model import Finding, Waiver
    from .rules.evidence import Evidence
    from .trace import Trace

# A change, and a record beside other locks, are what the hooks judge.
_EVERYTHING = (Need.NOTHING, Need.LOCK, Need.ENVIRONMENT, Need.BASELINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """A report, the trace of everything that was read for it, and what a receipt says of the observation (plain JSON).

    *receipts* is the folder of receipts, as the settings have it; None where none are to be written. *later* is what a check that
    finds all of it unchanged will say: the same, but for what is read only once.
    """

    report: Report
    trace: Trace
    facts: dict[str, Any]
    receipts: str | None = None
    later: CheckOutcome | None = None


def check(
    project: str | os.PathLike[str] | None = None,
    *,
    python: str | None = None,
    level: Level | str | None = None,
    fail_on: Severity | str | None = None,
    machine: str | None = None,
    against: str | os.PathLike[str] | None = None,
    data: bool | None = None,
    files: bool | None = None,
    canaries: bool | None = None,
) -> Report:
    """Compare a project's environment and machine with its lock and its record.

    *project* is a folder in it (default: the current one), *python* an interpreter or the folder of an environment
    (default: the active one, the project's ``.venv``, the running interpreter), *level* and *fail_on* override the
    settings, *machine* names the recorded machine to compare with (default: the one that fits best), *against* another record than
    the project's: an ``envguard.lock``, the receipt of a run, or a revision of git that holds an ``envguard.lock``; *data* says whether
    the recorded trees of data are verified (default: at the levels of the settings, which are all), *files* whether those of the
    installed packages are (default: as the settings say, which is no). *canaries* runs the numeric canaries in the environment's
    own interpreter, which takes seconds (default: no).

    Raises EnvguardError where an input cannot be used; differences and unknowns are findings of the report.
    """
    reader = Reader()
    request = Request(
        python=python,
        level=parse_level(level),
        machine=machine,
        against=os.fspath(against) if against is not None else None,
        data=data,
        files=files,
        canaries=canaries,
    )
    root = find_project(reader, os.fspath(project) if project is not None else os.getcwd())
    return run_check(reader, root, request, fail_on=parse_severity(fail_on)).report


def run_check(reader: Reader, project: str, request: Request, *, fail_on: Severity | None = None) -> CheckOutcome:
    """Return the outcome of a full check of the folder *project*, which ``find_project`` gave."""
    evidence = listening.with_canaries(reader, look(reader, project, request), request)
    more = ((Need.FILES, evidence.files), (Need.CODE, evidence.code))
    needs = (*_EVERYTHING, *(need for need, seen in more if seen is not None))
    report = _report(evidence, request.level, fail_on, needs)
    facts, receipts = receipt_facts(evidence), evidence.config.receipts
    outcome = CheckOutcome(report=report, trace=reader.trace, facts=facts, receipts=receipts)
    if report.verdict is not Verdict.CLEAN or request.full or not (evidence.trees or evidence.files):
        return outcome
    after = _later(reader, evidence)
    later = replace(outcome, report=replace(report, notes=_notes(after)), facts=receipt_facts(after))
    return replace(outcome, later=later)


def _later(reader: Reader, evidence: Evidence) -> Evidence:
    """Return *evidence*, of a clean check, as one that finds all of it unchanged will have it: known by the stat cache."""
    from .trees.look import as_known_later

    trees = as_known_later(reader, evidence.trees, sample=evidence.config.data.sample)
    files = evidence.files
    return replace(evidence, trees=trees, files=replace(files, cached=files.files) if files is not None else None)


def check_lock(reader: Reader, project: str, *, fail_on: Severity | None = None, anew: bool = False) -> CheckOutcome:
    """Return the outcome of the static check: the lock against its manifest and itself; no environment is touched.

    *anew* reads the lock even if it was read before.
    """
    evidence = look_at_files(reader, project, anew=anew)
    report = _report(evidence, None, fail_on, (Need.NOTHING, Need.LOCK))
    return CheckOutcome(report=report, trace=reader.trace, facts={})


def report_on(
    evidence: Evidence, fail_on: Severity | None, needs: tuple[Need, ...], level: Level | None = None
) -> Report:
    """Return the report of the rules that look at no more than *needs*."""
    return _report(evidence, level, fail_on, needs)


def parse_level(word: Level | str | None) -> Level | None:
    """Return the level called *word*; ConfigError where there is none."""
    try:
        return None if word is None else Level(word)
    except ValueError:
        raise ConfigError(f"there is no level '{word}'", hint=f"levels are {', '.join(Level)}") from None


def parse_severity(word: Severity | str | None) -> Severity | None:
    """Return the severity called *word*; ConfigError where there is none."""
    if word is None or isinstance(word, Severity):
        return word
    try:
        return Severity.parse(word)
    except ValueError:
        known = ", ".join(str(severity) for severity in Severity)
        raise ConfigError(f"there is no severity '{word}'", hint=f"severities are {known}") from None


def _report(evidence: Evidence, level: Level | None, fail_on: Severity | None, needs: tuple[Need, ...]) -> Report:
    config = evidence.config
    codes = _waived_codes(config)
    raised = [finding for rule in registry.rules_for(needs) for finding in rule.check(rule, evidence)]
    found = _ordered(raised, config)
    open_findings, waived, unused = _waive(found, evidence, codes)
    if Need.ENVIRONMENT in needs:
        # Of what nobody looked at, nobody can say that it is in order.
        open_findings += [_unused(evidence, waiver) for waiver in unused if _asked(evidence, waiver.rule, needs)]
    return Report(
        subject=_subject(evidence),
        level=level or config.level,
        fail_on=fail_on or config.fail_on,
        findings=tuple(open_findings),
        waived=tuple(waived),
        notes=_notes(evidence),
    )


def _asked(evidence: Evidence, word: str, needs: tuple[Need, ...]) -> bool:
    """Return whether this check looked at what the rule *word* is about."""
    rule = registry.get(word)
    return rule.need in needs and not (rule.code.startswith("EG5") and evidence.trees_left_out is not None)


def _ordered(found: list[Finding], config: Config) -> list[Finding]:
    if len(found) < 2:
        return found
    from .rules.order import likeliest_first

    return likeliest_first(found, config.numeric)


def _waived_codes(config: Config) -> dict[int, str]:
    """Return the code of the rule that each waiver, known by its index, means; ConfigError where there is no such rule."""
    codes = {}
    for waiver in config.waivers:
        try:
            codes[waiver.index] = registry.get(waiver.rule).code
        except ConfigError as error:
            keys: tuple[str | int, ...] = (*config.keys, "waivers", waiver.index, "rule")
            raise ConfigError(error.message, path=config.path, keys=keys, hint=error.hint) from None
    return codes


def _waive(
    found: list[Finding], evidence: Evidence, codes: dict[int, str]
) -> tuple[list[Finding], list[Waived], list[Waiver]]:
    """Split findings into open and waived ones, and return the waivers in force that accepted nothing."""
    in_force = [w for w in evidence.config.waivers if w.until is None or w.until >= evidence.today]
    open_findings: list[Finding] = []
    waived: list[Waived] = []
    for finding in found:
        waiver = next((w for w in in_force if _accepts(w, codes[w.index], finding)), None)
        if waiver is None:
            open_findings.append(finding)
        else:
            waived.append(Waived(finding=finding, waiver=waiver))
    used = {item.waiver.index for item in waived}
    return open_findings, waived, [w for w in in_force if w.index not in used]


def _accepts(waiver: Waiver, code: str, finding: Finding) -> bool:
    from fnmatch import fnmatchcase

    return code == finding.code and fnmatchcase(finding.subject, waiver.subject)


def _unused(evidence: Evidence, waiver: Waiver) -> Finding:
    from .rules.own import unused_waiver, waiver_place

    return unused_waiver.finding(
        f"{waiver.rule}/{waiver.subject}",
        f"the waiver of {waiver.rule} for '{waiver.subject}' accepts nothing",
        impact=Impact.NONE,
        why="it would hide the next difference of its kind, for a reason that no longer holds",
        place=waiver_place(evidence, waiver.index, "rule"),
        hint="delete the waiver",
    )


def _subject(evidence: Evidence) -> Subject:
    environment = evidence.environment if evidence.inventory is not None else None
    return Subject(
        project=evidence.project,
        lock=evidence.lock.path if evidence.lock is not None else None,
        packages=len(evidence.wanted) + len(evidence.wanted_conda),
        environment=environment.prefix if environment is not None else None,
        chosen_by=environment.chosen_by if environment is not None else None,
        python=f"{environment.implementation} {environment.version}" if environment is not None else None,
        baseline=evidence.baseline.path if evidence.baseline is not None else None,
        machine=evidence.machine_name,
        machine_fits=evidence.choice.fits if evidence.choice is not None else None,
        machine_why=evidence.choice.why if evidence.choice is not None else None,
        selection=str(evidence.selection) if evidence.selection is not None else None,
    )


def _notes(evidence: Evidence) -> dict[str, str]:
    """Return what is to be said of the check beside its findings: what of data, files and canaries was verified, and how."""
    return {
        **_machines_note(evidence),
        **_data_note(evidence),
        **_files_note(evidence),
        **_content_note(evidence),
        **listening.notes(evidence),
        **_code_note(evidence),
        **_ranks_note(evidence),
    }


def _machines_note(evidence: Evidence) -> dict[str, str]:
    others = evidence.choice.others if evidence.choice is not None else None
    return {"machines": others} if others is not None else {}


def _ranks_note(evidence: Evidence) -> dict[str, str]:
    ranks = evidence.ranks
    return {} if ranks is None or not ranks.size else {"ranks": f"{ranks.size}, by {ranks.launcher}, over {ranks.how}"}


def _files_note(evidence: Evidence) -> dict[str, str]:
    files = evidence.files
    if files is None:
        return {}
    from .amounts import plural, size

    known = f"{files.cached:,} unchanged by the stat cache" if files.cached else "every file was read"
    note = f"{plural(files.files, 'file')} of {plural(files.count, 'package')}, {size(files.bytes)} ({known})"
    if accepted := [item.name for item in files.packages if item.accepted]:
        note += f"; different as recorded: {', '.join(accepted)}"
    if files.editable:
        note += f"; editable, so its code is not among them: {', '.join(files.editable)}"
    return {"files": note}


def _content_note(evidence: Evidence) -> dict[str, str]:
    if evidence.machine is None:
        return {}
    from .rules.uncompared import note

    text = note(evidence)
    return {"content": text} if text is not None else {}


def _code_note(evidence: Evidence) -> dict[str, str]:
    if evidence.code is None or evidence.code.head is None:
        return {}
    from .repository.document import summary

    return {"code": summary(evidence.code)}


def _data_note(evidence: Evidence) -> dict[str, str]:
    left_out = evidence.trees_left_out if evidence.baseline is not None else None
    if left_out is not None and evidence.baseline is not None and not evidence.baseline.data:
        return {"data": f"not verified: {left_out}"}
    if left_out is None and not evidence.trees:
        return {}
    from .amounts import plural, size

    if left_out is not None and evidence.baseline is not None:
        count = plural(len(evidence.baseline.data), "tree")
        return {"data": f"{count} recorded, not verified: {left_out}"}
    files, amount = sum(state.files for state in evidence.trees), sum(state.bytes for state in evidence.trees)
    told = [state.assurance for state in evidence.trees if state.assurance is not None]
    how = "every file was read" if all(word == "content" for word in told) else "unchanged files by the stat cache"
    count = plural(len(evidence.trees), "tree")
    return {"data": f"{count}, {plural(files, 'file')}, {size(amount)}" + (f" ({how})" if told else "")}


def _data_facts(evidence: Evidence) -> dict[str, Any] | None:
    """Return what a receipt says of the recorded trees; None where none is recorded."""
    if evidence.baseline is None or not evidence.baseline.data:
        return None
    return {
        "verified": evidence.trees_left_out is None,
        "left-out": evidence.trees_left_out,
        "trees": {
            state.name: {
                "path": state.path,
                "named": state.recorded.path,
                "ignore": list(state.recorded.ignore),
                "root": state.root,
                "recorded": state.recorded.root,
                "files": state.files,
                "bytes": state.bytes,
                "assurance": state.assurance,
            }
            for state in evidence.trees
        },
    }


def _files_facts(evidence: Evidence) -> dict[str, Any] | None:
    """Return what a receipt says of the files of the installed packages; None where nobody looked."""
    files = evidence.files
    if files is None:
        return None
    return {
        "packages": files.count,
        "files": files.files,
        "bytes": files.bytes,
        "assurance": "stat-cache" if files.cached else "content",
        "editable": list(files.editable),
        "accepted": {item.name: item.digest for item in files.packages if item.accepted},
    }


def _code_facts(evidence: Evidence) -> dict[str, Any] | None:
    """Return what a receipt says of the code; None where nobody should look."""
    if evidence.code is None:
        return None
    from .repository.document import document

    return document(evidence.code, evidence.project)


def _settings(config: Config) -> dict[str, Any]:
    """Return the settings that a check was judged by, and what ``enforce`` needs to know of them afterwards."""
    waivers = sorted(f"{item.rule} {item.subject} {item.until or ''} {item.reason}" for item in config.waivers)
    return {
        "fail-on": str(config.fail_on),
        "waivers": f"blake3:{hexdigest(chr(10).join(waivers).encode())}" if waivers else "none",
        "ranks": config.ranks,
        # As text: a receipt has no numbers with fractions.
        "ranks-timeout": f"{config.ranks_timeout:g}",
    }


def receipt_facts(evidence: Evidence) -> dict[str, Any]:
    """Return what a receipt says of an observation, as plain JSON values."""
    from .model import fact_text

    lock, baseline, selection = evidence.lock, evidence.baseline, evidence.selection
    conda = {name: item.release or "unknown" for name, item in evidence.conda.items()}
    return {
        "project": evidence.project,
        "environment": evidence.environment.prefix if evidence.inventory is not None else None,
        "lock": {"path": evidence.lock_name, "digest": lock.digest} if lock is not None else None,
        "baseline": {"digest": baseline.digest, "machine": evidence.machine_name} if baseline is not None else None,
        "selection": selection.document() if selection is not None else None,
        "data": _data_facts(evidence),
        "files": _files_facts(evidence),
        "code": _code_facts(evidence),
        "settings": _settings(evidence.config),
        "canaries": listening.told(evidence),
        "facts": {key: fact_text(value) for key, value in evidence.facts.items()},
        "packages": {name: item.version or "unknown" for name, item in evidence.installed.items()},
        **({"conda": conda} if conda else {}),
    }
