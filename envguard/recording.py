"""What would be recorded of this environment and machine, and what that changes; writing it is the caller's."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ._native import hexdigest
from .baseline import Machine, RecordedPackage, empty_baseline
from .canaries.model import group_of
from .errors import ConfigError
from .facts import is_audit
from .listening import with_canaries
from .lockfiles.model import Refused
from .lockfiles.select import select
from .model import fact_text
from .observe import DEFAULT_MACHINE, choose_selection, look
from .rules.impact import role_of
from .selection import infer_selection
from .values import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .baseline import Baseline
    from .canaries.model import Canaries
    from .config import Config
    from .model import Selection
    from .observe import Request
    from .reader import Reader
    from .rules.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A record to be written: *baseline* with *machine* in it under *name*, where *old* stood before.

    *inferred* is true where the selection was told from what is installed, because nobody named one.
    """

    name: str
    old: Machine | None
    machine: Machine
    baseline: Baseline
    evidence: Evidence
    inferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a record says differently: *subject* was *old* and is *new*; None where it is not there."""

    subject: str
    old: str | None
    new: str | None


def propose(reader: Reader, project: str, request: Request, *, name: str | None = None) -> Proposal:
    """Return what recording the folder *project* as machine *name* would write.

    Without a name the only recorded machine is meant, or a first one. Raises ConfigError where several are recorded,
    where there is no lock, and where the selection does not exist in it; and what ``observe.look`` raises.
    """
    everything = replace(request, machine=None, packages=(), extras=(), groups=(), default_groups=False, data=False)
    evidence = with_canaries(reader, look(reader, project, everything), request)
    baseline = evidence.baseline or empty_baseline(project)
    name = name or _only(baseline)
    old = baseline.machines.get(name)
    selection, inferred = _choose(request, evidence, old)
    evidence = replace(evidence, selection=selection, machine=old, machine_name=name)
    machine = machine_of(evidence)
    machine = replace(machine, canaries=_canaries(request, evidence, old, machine))
    return Proposal(
        name=name,
        old=old,
        machine=machine,
        baseline=baseline.with_machine(name, machine),
        evidence=evidence,
        inferred=inferred,
    )


def machine_of(evidence: Evidence) -> Machine:
    """Return what was observed as a machine that can be recorded."""
    if evidence.lock is None or evidence.selection is None:
        raise _no_lock(evidence)
    old, brought = evidence.machine, evidence.brought
    return Machine(
        facts={key: value for key, value in evidence.facts.items() if not is_audit(key)},
        audit={key: value for key, value in evidence.facts.items() if is_audit(key)},
        packages={
            name: RecordedPackage(version=item.version, digest=item.digest)
            for name, item in evidence.installed.items()
            # What came with a package of conda is recorded with it.
            if item.version is not None and item.path not in brought
        },
        conda={
            name: RecordedPackage(version=item.release, digest=item.digest)
            for name, item in evidence.conda.items()
            if item.version is not None
        },
        lock_path=", ".join(view.name for view in evidence.views),
        lock_digest=evidence.lock_digest or evidence.lock.digest,
        selection=evidence.selection.canonical(),
        files=_differing_files(evidence),
        rest=dict(old.rest) if old is not None else {},
    )


def _differing_files(evidence: Evidence) -> dict[str, str]:
    """Return the packages whose files are not as their installers wrote them; those that were recorded where nobody looked."""
    if evidence.files is None:
        return dict(evidence.machine.files) if evidence.machine is not None else {}
    return {item.name: item.digest for item in evidence.files.packages if item.digest is not None}


def _no_lock(evidence: Evidence) -> ConfigError:
    """Return the error of a record that nothing could be compared with."""
    return ConfigError(
        f"there is no {evidence.lock_name} to record against", path=evidence.project, hint=evidence.how_to_lock
    )


def changes(old: Machine, new: Machine) -> Iterator[Change]:
    """Yield what *new* says differently from *old*: lock, selection, facts, packages, those of conda, files, canaries, each sorted."""
    if (old.lock_path, old.lock_digest) != (new.lock_path, new.lock_digest):
        yield Change(subject="lock", old=f"{old.lock_path} {old.lock_digest}", new=f"{new.lock_path} {new.lock_digest}")
    if old.selection.canonical() != new.selection.canonical():
        yield Change(subject="selection", old=str(old.selection.canonical()), new=str(new.selection.canonical()))
    yield from _differences(
        {key: fact_text(value) for key, value in {**old.facts, **old.audit}.items()},
        {key: fact_text(value) for key, value in {**new.facts, **new.audit}.items()},
    )
    yield from _differences(
        {key: f"{item.version} {fact_text(item.digest)}" for key, item in old.packages.items()},
        {key: f"{item.version} {fact_text(item.digest)}" for key, item in new.packages.items()},
    )
    yield from _differences(
        {f"{key} (conda)": f"{item.version} {fact_text(item.digest)}" for key, item in old.conda.items()},
        {f"{key} (conda)": f"{item.version} {fact_text(item.digest)}" for key, item in new.conda.items()},
    )
    yield from _differences(
        {f"files of {name}": digest for name, digest in old.files.items()},
        {f"files of {name}": digest for name, digest in new.files.items()},
    )
    yield from _differences(_canary_lines(old), _canary_lines(new))


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for subject in sorted(old.keys() | new.keys()):
        if old.get(subject) != new.get(subject):
            yield Change(subject=subject, old=old.get(subject), new=new.get(subject))


def _canary_lines(machine: Machine) -> dict[str, str]:
    """Return the canaries of *machine*, a line for each library on each device."""
    if machine.canaries is None:
        return {}
    groups: dict[str, list[str]] = {}
    for key, value in sorted(machine.canaries.digests.items()):
        groups.setdefault(group_of(key), []).append(f"{key} {fact_text(value)}")
    return {
        f"canaries of {name}": f"{len(lines)} with blake3:{hexdigest(chr(10).join(lines).encode())}"
        for name, lines in groups.items()
    }


def _canaries(request: Request, evidence: Evidence, old: Machine | None, new: Machine) -> Canaries | None:
    """Return the canaries to record: those that were run, else those that were recorded, where all is as it was then.

    A recorded digest says what was computed under the facts beside it. Where a fact, or a package that computes, has changed, it
    would stand beside facts that it was never seen under: it is dropped then, and whoever records is told so.
    """
    if evidence.canaries is not None:
        return evidence.canaries if evidence.canaries.ran else None
    if request.canaries is False or old is None or old.canaries is None:
        return None
    return old.canaries if _what_computes(old, evidence) == _what_computes(new, evidence) else None


def _what_computes(machine: Machine, evidence: Evidence) -> dict[str, str]:
    packages = {**machine.packages, **{f"{name} (conda)": item for name, item in machine.conda.items()}}
    return {
        **{key: fact_text(value) for key, value in machine.facts.items()},
        **{
            name: f"{item.version} {fact_text(item.digest)}"
            for name, item in packages.items()
            if role_of(name.removesuffix(" (conda)"), evidence.config.numeric).numbers
        },
    }


def _only(baseline: Baseline) -> str:
    if len(baseline.machines) > 1:
        known = ", ".join(sorted(baseline.machines))
        raise ConfigError(
            f"several machines are recorded ({known}), and none was named",
            path=baseline.path,
            hint=f"envguard record --machine {shlex.quote(min(baseline.machines))}",
        )
    return next(iter(baseline.machines), DEFAULT_MACHINE)


def _choose(request: Request, evidence: Evidence, old: Machine | None) -> tuple[Selection, bool]:
    """Return the selection to record, and whether it was inferred."""
    lock = evidence.lock
    if lock is None:
        raise _no_lock(evidence)
    markers = evidence.environment.markers
    installed = {name: item.version for name, item in evidence.installed.items()}
    conda = {name: item.release for name, item in evidence.conda.items()}
    if old is None and not _named(request) and not _named(evidence.config):
        return infer_selection(lock, installed, markers, conda), True
    selection = choose_selection(request, evidence.config, old)
    refused = select(lock, selection, markers)
    if isinstance(refused, Refused) and refused.everywhere:
        if old is not None and not _named(request) and not _named(evidence.config):
            # The lock has moved on: what was recorded then does not exist any more.
            return infer_selection(lock, installed, markers, conda), True
        raise ConfigError(refused.message, path=lock.path, keys=refused.keys)
    return selection, False


def _named(source: Request | Config) -> bool:
    """Return whether the command line or the settings say anything about the selection."""
    return any(value is not None for value in (source.packages, source.extras, source.groups, source.default_groups))
