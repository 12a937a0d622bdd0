"""The step of ``enforce()`` at which all ranks of a job go on, or all refuse: ask, judge, and say it once."""

from __future__ import annotations

import datetime
import io
import time
from typing import TYPE_CHECKING, Any

from .amounts import plural
from .check import report_on
from .config import Config, load_config
from .errors import DriftError, EnvguardError, RanksError, RefusedError, UndecidedError
from .model import Verdict
from .observe import find_project
from .ranks.model import Agreement
from .ranks.party import leave_mark
from .ranks.sections import sections
from .ranks.talks import MissingError, UnaskedError, confer, gather_talks, gone, open_talks
from .ranks.words import named, parsed
from .reader import Reader
from .rules.evidence import Evidence
from .rules.registry import Need
from .values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .launch import Job
    from .model import Report
    from .ranks.party import Party
    from .ranks.talks import Talks

# A launcher ends the others when the first of them ends: whoever has nothing to add lets the one that does speak first.
_AFTER_YOU = 1.5


class Settled:
    """What the ranks settled on: the *agreement*, the *text* of what differs (empty where nothing that counts does), and the seed."""

    __slots__ = ("agreement", "overridden", "text")

    def __init__(self, agreement: Agreement, text: str, overridden: tuple[str, ...]) -> None:
        self.agreement = agreement
        self.text = text
        self.overridden = overridden

    def facts(self) -> dict[str, Any]:
        """Return what a receipt says of it, as plain JSON values."""
        found = self.agreement
        return {
            "rank": found.rank,
            "size": found.size,
            "launcher": found.launcher,
            "over": found.how,
            "agreed": found.clean,
            "digest": found.digest,
            "missing": found.missing,
            "groups": {
                split.key: [{"ranks": group.ranks, "value": group.value} for group in split.groups]
                for split in found.splits
            },
            "trees": {
                tree.name: {
                    "path": tree.path,
                    "files": tree.files,
                    "bytes": tree.bytes,
                    "wrong": bool(tree.fault or tree.wrong),
                }
                for tree in found.trees
            },
            "refused": [{"ranks": refusal.ranks, "why": refusal.text} for refusal in found.refusals],
        }


def settle(
    party: Party,
    answer: Mapping[str, Any],
    *,
    strict: bool,
    seed: int | None,
    scheme: str,
    switches: Callable[[], Mapping[str, str]],
    fresh: int,
    shard: bool = False,
) -> Settled | None:
    """Return what all ranks of a job settled on; None where this process turns out to be alone, or nobody shall be asked.

    *answer* is what ``enforce`` knows of the check, *seed* what was given as the root of all streams, *switches* says
    what each switch is found to be, *fresh* is another root for all ranks, should this be rank 0 and none was given. *shard* has
    all ranks together verify the recorded trees of data.

    Raises DriftError or UndecidedError, the same on all ranks, where they cannot go on together and one of them is *strict*.
    """
    settings = answer["observed"].get("settings") or {}
    if party.policy is None and settings.get("ranks") == "off":
        return None
    limit = party.timeout or float(settings.get("ranks-timeout") or Config().ranks_timeout)
    try:
        opened = _open(party, limit, strict=strict)
    except RefusedError as error:
        # Loading torch, over which the ranks talk, brought to light a switch that is too late.
        raise refused(party, error, answer["observed"].get("project") or ".") from error
    if opened is None:
        return None
    if isinstance(opened, Agreement):
        return _judged(opened, answer, None, strict=strict)
    mode = "enforce" if strict else "warn"
    size, root = opened.job.size, None if seed is None else str(seed)
    found = sections(answer, size=size, mode=mode, seed=root, scheme=scheme, switches=switches())
    agreement = confer(opened, found, strict=strict, refusal=None, root=fresh if seed is None else None)
    if shard and (agreement.clean or _report(agreement, _project(answer), answer["level"]).verdict is Verdict.CLEAN):
        agreement = _verified(opened, agreement, _project(answer))
    return _judged(agreement, answer, opened, strict=strict)


def refused(party: Party, error: RefusedError, start: str) -> RefusedError:
    """Return the error with which this rank ends, having told the others that it would not go on because of *error*.

    *start* is the folder whose project is meant. Of ranks that refuse for one reason the first says all of it.
    """
    config = _config(start)
    if party.policy is None and config.ranks == "off":
        return error
    opened = _open(party, party.timeout or config.ranks_timeout, strict=True)
    if opened is None:
        return error
    if isinstance(opened, Agreement):
        return _with(
            error, f"the other ranks could not be told: {opened.doubt or opened.broken or 'rank 0 did not answer'}"
        )
    reason = {"text": _reason(error), "unknown": isinstance(error, UndecidedError)}
    agreement = confer(opened, {}, strict=True, refusal=reason, root=None)
    opened.close()
    if agreement.missing or agreement.broken:
        opened.abandon()
    rank = opened.job.rank
    mine = next((item for item in agreement.refusals if rank in parsed(item.ranks)), None)
    if mine is None:
        return _with(
            error,
            f"the other ranks could not be told: {agreement.broken or named(agreement.missing) + ' did not answer'}",
        )
    first = min(parsed(mine.ranks))
    if rank != first:
        time.sleep(_AFTER_YOU)
        short = f"rank {rank} refuses for the same reason as rank {first}, which says all of it: {mine.text}"
        return _like(error, short, repeats=True)
    others = [item for item in agreement.refusals if item is not mine]
    said = [f"{named(mine.ranks, mine.hosts)} of {agreement.size} would not go on for this reason"]
    said += [f"{named(item.ranks, item.hosts)} would not go on: {item.text}" for item in others]
    if agreement.missing:
        said.append(f"{named(agreement.missing)} had not answered by then")
    return _with(error, "\n".join(said))


def _open(party: Party, limit: float, *, strict: bool) -> Talks | Agreement | None:
    """Return the talks of the party, or what came of trying to open them; None where it turns out to be nobody else."""
    job: Job | None = party.job
    known: dict[str, Any] = {
        "rank": job.rank if job is not None else 0,
        "size": job.size if job is not None else 0,
        "launcher": job.launcher if job is not None else "its launcher",
        "how": "nothing",
        "strict": strict,
    }
    try:
        if party.fault is not None:
            raise party.fault
        if party.gather is not None:
            return gather_talks(job, party.gather)
        return open_talks(job, limit) if job is not None else None
    except UnaskedError as error:
        return Agreement(**known, doubt=error.message, hint=error.hint)
    except MissingError as error:
        return Agreement(**known, missing=error.missing, waited=error.waited, broken=error.more or None)
    except RanksError as error:
        return Agreement(**known, broken=error.message, hint=error.hint)


def _judged(agreement: Agreement, answer: Mapping[str, Any], talks: Talks | None, *, strict: bool) -> Settled:
    """Return what is settled where the ranks may go on; else raise what all of them raise."""
    if talks is not None and agreement.clean:
        talks.close()
        leave_mark(talks.job)
        return Settled(agreement, "", ())
    project = _project(answer)
    report = _report(agreement, project, answer["level"])
    clean = report.verdict is Verdict.CLEAN
    if talks is not None:
        talks.close()
    if clean or not (strict or agreement.strict):
        if talks is not None:
            leave_mark(talks.job)
        over = tuple(f"{item.code} [{item.name}] {item.message}" for item in report.failing)
        return Settled(agreement, "" if clean else _text(report), over)
    if talks is not None and (agreement.missing or agreement.broken):
        talks.abandon()
    speaker = agreement.speaker
    if speaker is None or speaker == agreement.rank:
        text = _text(report)
    else:
        time.sleep(_AFTER_YOU)
        text = f"rank {agreement.rank} refuses with the others; rank {speaker} says why in full: {_summary(report)}"
    error = (DriftError if report.verdict is Verdict.DRIFT else UndecidedError)(text, report)
    error.ranks = Settled(agreement, text, ()).facts()
    error.repeats = speaker not in (None, agreement.rank)
    raise error


def _project(answer: Mapping[str, Any]) -> str:
    return str(answer["observed"].get("project") or "")


def _verified(talks: Talks, agreement: Agreement, project: str) -> Agreement:
    """Return the agreement with what all ranks together found of the recorded trees of data."""
    from .baseline import read_baseline
    from .ranks.shards import verify

    reader = Reader()
    try:
        baseline = read_baseline(reader, project) if project else None
        return replace(agreement, trees=verify(talks, reader, baseline)) if baseline is not None else agreement
    except MissingError as error:
        return replace(agreement, digest=None, missing=error.missing, waited=error.waited, broken=error.more or None)
    except EnvguardError as error:
        return replace(agreement, digest=None, broken=error.message, hint=error.hint)
    except RuntimeError as error:
        return replace(agreement, digest=None, missing="0", waited=0.0, broken=gone(error))


def _report(agreement: Agreement, project: str, level: str) -> Report:
    from .check import parse_level

    reader = Reader()
    config = load_config(reader, project) if project else Config()
    evidence = Evidence(
        project=project or "nothing was checked",
        config=config,
        today=datetime.date.fromisoformat(reader.probe("today")),
        ranks=agreement,
    )
    return report_on(evidence, None, (Need.RANKS,), parse_level(level))


def _config(start: str) -> Config:
    """Return the settings of the project, or the defaults where they are what cannot be read."""
    reader = Reader()
    try:
        return load_config(reader, find_project(reader, start))
    except EnvguardError:
        return Config()


def _reason(error: RefusedError) -> str:
    report = getattr(error, "report", None)
    return _summary(report) if report is not None else str(error).partition("\n")[0]


def _summary(report: Report) -> str:
    """Return the first finding that fails, and how many more there are."""
    first, *more = report.failing
    return f"{first.code} [{first.name}] {first.message}" + (
        f" (and {plural(len(more), 'more finding')})" if more else ""
    )


def _with(error: RefusedError, said: str) -> RefusedError:
    return _like(error, f"{error}\n{said}")


def _like(error: RefusedError, text: str, *, repeats: bool = False) -> RefusedError:
    """Return an error of the kind of *error* that says *text*; *repeats* says whether another rank says all of it."""
    made = type(error)(text, error.report) if isinstance(error, DriftError | UndecidedError) else RefusedError(text)
    made.answer, made.repeats = error.answer, repeats
    return made


def _text(report: Report) -> str:
    from .report import text

    stream = io.StringIO()
    text.write(report, stream, color=False)
    return stream.getvalue().rstrip("\n")
