"""EG8: the ranks of one job against one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..amounts import plural
from ..model import Impact, Severity
from ..ranks.sections import gravity, is_optional
from ..ranks.words import named
from .impact import impact_of
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Finding
    from ..ranks.model import Group, Split
    from .evidence import Evidence

_SIZE = "job.size"
_LONG = 60
_SHOWN = 4
_NOT_TOLD = "not to be told"
_SAID = {"changed": "changed", "removed": "removed", "added": "added", "unreadable": "that could not be read"}
# For each section why it matters there, and what mends it.
_WHY = {
    "accelerators": "each rank computes its part of one result: on another GPU it rounds and draws differently",
    "canaries": "each rank computes its part of one result, and they do not compute alike, whatever their versions say",
    "code": "ranks that run other code compute parts of different results",
    "data": "ranks that see other data train on what nobody recorded",
    "driver": "the driver compiles kernels and moves data between GPUs: on one node it may do so differently",
    "interpreter": "libraries, hashes and random functions come with the interpreter",
    "libraries": "each rank computes its part of one result, with kernels that may differ",
    "packages": "each rank computes its part of one result, with code that differs",
    "platform": "elementary functions come from the C library, instructions from the architecture",
    "processor": "numeric libraries choose their kernels by the processor",
    "record": "ranks that are held against different records agree in nothing that was checked",
    "seed": "ranks that derive from different seeds disagree in what all should draw alike",
    "settings": "ranks that judge by different settings do not refuse together",
    "switches": "a switch that holds on some ranks alone makes nothing deterministic",
    "threads": "how many threads share a sum decides its order",
    "variables": "libraries read it, and compute differently where it differs",
}
_MEND = {
    "accelerators": "ask the scheduler for nodes of one kind",
    "canaries": "compare threads, instruction sets and drivers of the nodes: `envguard machine show --canaries` on both",
    "code": "start every rank from one checkout, or bring the copies of the nodes to one commit",
    "data": "`envguard data verify` on the nodes that differ",
    "driver": "ask the scheduler for nodes with one driver, or have it updated",
    "interpreter": "make the environments of all nodes with the same Python",
    "libraries": "make the environments of all nodes from one lock",
    "packages": "make the environments of all nodes from one lock, as by `uv sync --locked`, or start from one image",
    "platform": "start every rank in one container image",
    "processor": "ask the scheduler for nodes of one kind",
    "record": "start every rank from one checkout, or bring the copies of the nodes to one commit",
    "seed": "give every rank the same seed, or none: then rank 0 draws one for all",
    "settings": "give every rank the same settings, arguments and ENVGUARD variable",
    "switches": "set it before start-up for all ranks alike",
    "threads": "set OMP_NUM_THREADS for all ranks alike, and give each as many processors",
    "variables": "export it for all ranks alike (srun --export=ALL, mpirun -x NAME)",
}


@rule("EG801", "rank-mismatch", "the ranks of the job do not see the same", since="0.1", need=Need.RANKS)
def rank_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what the ranks of a job observed with one another, before the first collective.

    ## What it sees

    Packages, interpreter, platform, libraries, processor, GPUs, driver, threads, the variables that can change numbers,
    numeric canaries where they ran, lock and record, the script, roots of data, seed, switches, settings. Ranks that
    say the same are named together, with their hosts. A driver that differs within one job is graver than one that
    differs from the record. What is expected to differ is not compared: hosts, ranks, UUIDs, bus addresses, affinity,
    which devices a rank is shown, paths.

    ## Why it matters

    All ranks compute one result. Where one of them computes differently, the result is of no environment that anybody
    recorded, and depends on which node got which rank.

    ## How to mend

    Make the nodes that differ like the others. Where it is meant (a cluster of two kinds of GPU), waive it by its subject:
    `rule = "rank-mismatch"`, `subject = "nvidia.gpus"`.
    """
    ranks = evidence.ranks
    if ranks is None:
        return
    for split in ranks.splits:
        if split.key != _SIZE:
            yield _mismatch(self, evidence, split)
    for section, count in ranks.more:
        yield self.finding(
            section,
            f"{plural(count, 'further key')} of {section} differ between the ranks",
            impact=Impact.UNKNOWN,
            why=_why(section),
            hint=_mend(section),
        )
    for section, others in ranks.rest:
        yield self.finding(
            section,
            f"{section} differ on {named(others)} from all of those that were asked for more",
            impact=Impact.UNKNOWN,
            why=_why(section),
            hint=_mend(section),
        )


def _mismatch(self: Rule, evidence: Evidence, split: Split) -> Finding:
    values = [group.value for group in split.groups]
    severities = gravity(split.key, values)
    most = _majority(split)
    unknown = len({value for value in values if value is not None}) < 2
    family, _, name = split.key.partition(".")
    impact = Impact.NUMBERS if severities.host_to_host is Severity.ERROR else Impact.UNKNOWN
    if family in ("package", "conda"):
        impact = impact_of(name, evidence.config.numeric)
    elif split.section == "settings":
        impact = Impact.NONE
    return self.finding(
        split.key,
        _said(split, most),
        impact=Impact.UNKNOWN if unknown else impact,
        why=_why(split.section),
        expected=_told(most) if most is not None else None,
        found="; ".join(f"{_told(group)} on {_named(group)}" for group in _others(split, most)[:_SHOWN]),
        hint=_mend(split.section),
        severities=severities,
        unknown=unknown,
    )


def _why(section: str) -> str:
    return _WHY.get(section.partition(":")[0], _WHY["settings"])


def _mend(section: str) -> str | None:
    return _MEND.get(section.partition(":")[0])


def _said(split: Split, most: Group | None) -> str:
    """Return in a sentence who sees what; what is long is left to the lines below it."""
    others = _others(split, most)
    more = f", … ({plural(len(others) - _SHOWN, 'more group')})" if len(others) > _SHOWN else ""
    if any(len(_told(group)) > _LONG for group in split.groups):
        listed = "; ".join(_named(group) for group in others[:_SHOWN])
        return f"{split.key} is not the same on all ranks: {listed}{more}" + (" differ from the others" if most else "")
    listed = ", ".join(f"{_told(group)} on {_named(group)}" for group in others[:_SHOWN])
    rest = "the others that ran it" if is_optional(split.section) else "the others"
    return f"{split.key} is {listed}{more}" + (f", and {_told(most)} on {rest}" if most is not None else "")


def _majority(split: Split) -> Group | None:
    """Return the group that more ranks are in than in any other, if there is one."""
    first, *others = split.groups
    return first if others and first.count > others[0].count else None


def _others(split: Split, most: Group | None) -> list[Group]:
    return [group for group in split.groups if group is not most]


def _told(group: Group) -> str:
    return _NOT_TOLD if group.value is None else group.value or "''"


def _named(group: Group) -> str:
    return named(group.ranks, group.hosts)


@rule("EG802", "rank-missing", "a rank of the job was not heard", since="0.1", need=Need.RANKS)
def rank_missing(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which ranks did not answer in time.

    ## What it sees

    Ranks of which nothing was heard within `ranks-timeout` seconds (`enforce(ranks_timeout=...)`): they died, hang, never
    started, still verify their data, or do not call `enforce()`.

    ## Why it matters

    Nobody knows whether they see the same, and the others would wait for them in the first collective, for as long as
    its own time-out says.

    ## How to mend

    Look at what those ranks wrote. Where they only need longer, as for a first reading of large data on one node, give
    them more time, or verify data by all ranks together: `enforce(data="shard")`.
    """
    ranks = evidence.ranks
    if ranks is None or not ranks.missing:
        return
    if ranks.refusals:
        message = f"{named(ranks.missing)} had not answered when others refused, after {ranks.waited:g} s"
    elif not ranks.waited:
        message = f"{named(ranks.missing)} is gone"
    else:
        message = f"{named(ranks.missing)} did not answer within {ranks.waited:g} s"
    yield self.finding(
        "ranks",
        f"{message}: {ranks.broken}" if ranks.broken else message,
        impact=Impact.UNKNOWN,
        why="nobody knows what they see, and the first collective would wait for them",
        hint="look at what those ranks wrote; where they only need longer: `enforce(ranks_timeout=SECONDS)`",
        unknown=True,
    )


@rule("EG803", "rank-refused", "another rank refuses to go on", since="0.1", need=Need.RANKS)
def rank_refused(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which ranks would not go on, and the first of their reasons.

    ## What it sees

    Ranks whose own check found a difference or could not decide, or for which a switch is too late. They tell the
    others before they end, so that nobody waits for them.

    ## Why it matters

    A job with a rank less hangs in its first collective.

    ## How to mend

    Mend what those ranks report: the first of them says all of it.
    """
    ranks = evidence.ranks
    for refusal in ranks.refusals if ranks is not None else ():
        yield self.finding(
            "ranks",
            f"{named(refusal.ranks, refusal.hosts)} would not go on: {refusal.text}",
            impact=Impact.UNKNOWN,
            why="all ranks go on, or none does",
            hint=f"see the report of rank {refusal.ranks.partition(',')[0].partition('-')[0]}",
            unknown=refusal.unknown,
        )


@rule("EG804", "rank-contradiction", "what says who is a rank contradicts itself", since="0.1", need=Need.RANKS)
def rank_contradiction(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for ranks that cannot be ranks of one job.

    ## What it sees

    Variables of launchers that contradict one another (`RANK` not below `WORLD_SIZE`, a `WORLD_SIZE` that is less than
    what srun or mpirun started), ranks that count differently many, two processes that are the same rank, another
    version of the protocol, messages that are none.

    ## Why it matters

    Half of the ranks would wait for the other half, or two jobs would mix.

    ## How to mend

    Unset what is left over from another job, and start all ranks by one launcher.
    """
    ranks = evidence.ranks
    if ranks is None:
        return
    texts = [_said(split, _majority(split)) for split in ranks.splits if split.key == _SIZE]
    if ranks.broken and not ranks.missing:
        texts.append(ranks.broken)
    for text in texts:
        yield self.finding(
            "ranks",
            text,
            impact=Impact.UNKNOWN,
            why="ranks that do not know one another wait for one another",
            hint=ranks.hint or "start all ranks by one launcher, with the same variables and the same envguard",
        )


@rule("EG805", "ranks-unasked", "the ranks of the job could not be asked", since="0.1", need=Need.RANKS)
def ranks_unasked(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says that there are several ranks and nothing over which they could compare what they see.

    ## What it sees

    A launcher that says that there are several ranks, where torch is not installed, MPI is not loaded, and no function
    that gathers was given; or nobody says where rank 0 is met; or its port is taken.

    ## Why it matters

    Unknown is not equal.

    ## How to mend

    As the finding says. Where the processes are no ranks of one job (a sweep under `srun`), say so: `ranks = "off"` in
    the settings, or `enforce(ranks="off")`.
    """
    ranks = evidence.ranks
    if ranks is not None and ranks.doubt:
        yield self.finding(
            "ranks",
            f"{plural(ranks.size, 'rank')} cannot be asked whether they see the same: {ranks.doubt}",
            impact=Impact.UNKNOWN,
            why="each rank computes its part of one result",
            hint=f'{ranks.hint}; where they are no ranks of one job: `enforce(ranks="off")`' if ranks.hint else None,
            unknown=True,
        )


@rule(
    "EG806",
    "shared-data-mismatch",
    "a tree of data that all ranks verified together is not the one that was recorded",
    since="0.1",
    need=Need.RANKS,
)
def shared_data_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says what the ranks found that verified the recorded trees together (`enforce(data="shard")`).

    ## What it sees

    Files of the recorded manifest that have another content, are gone or cannot be read, each found by the rank that it
    fell to, and files that were added. Every file is read. A tree whose manifest is not kept in `.envguard/manifests`
    cannot be shared out, and is unknown.

    ## Why it matters

    Other data give other results, at every level.

    ## How to mend

    As for `data-changed`: `envguard data diff NAME` names all files.
    """
    ranks = evidence.ranks
    for tree in ranks.trees if ranks is not None else ():
        parts = []
        for kind, count, names, finders in tree.wrong:
            more = f" and {count - len(names):,} more" if count > len(names) else ""
            parts.append(f"{count:,} {_SAID[kind]} ({', '.join(names)}{more}; seen by {named(finders)})")
        if tree.fault is not None:
            parts.insert(0, tree.fault)
        if not parts:
            continue
        unknown = tree.fault is not None or {kind for kind, *_ in tree.wrong} == {"unreadable"}
        verb = "cannot be verified" if unknown else "is not the data that was recorded"
        yield self.finding(
            tree.name,
            f"{tree.name} {verb}: {', '.join(parts)}",
            impact=Impact.UNKNOWN if unknown else Impact.NUMBERS,
            why="other data give other results",
            hint=f"`envguard data diff {tree.name}`, or where the change is wanted: `envguard data update {tree.name}`",
            unknown=unknown,
        )
