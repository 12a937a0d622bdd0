"""EG3: what computations give here, bit for bit, against what they gave when it was recorded."""

from __future__ import annotations

from ..canaries.model import Group, compare, families, title
from ..model import Impact, Place, Severities, Severity, Unknown
from . import repair
from .comparison import differences, gravity
from .registry import Need, Rule, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..canaries.model import Canaries
    from ..model import Fact, Finding
    from .evidence import Evidence

_SEVERITIES = Severities(run_to_run=Severity.ERROR, host_to_host=Severity.ERROR, cross_hardware=Severity.NOTE)
_ACCELERATORS = ("nvidia.", "amd.", "intel.", "apple.")
# What a library tells of itself, the likeliest cause first: how a sum is shared, then which code path it takes.
_CONDITIONS = (
    "threads",
    "capability",
    "simd",
    "blas",
    "gpu",
    "multiprocessors",
    "driver",
    "cudnn",
    "runtime",
    "version",
)
# Facts that bear on what is computed, in the same order; of what a condition tells the fact says nothing new.
_FACTS = (
    "threads.",
    "variable.",
    "cpu.",
    "library.",
    "torch.",
    "nvidia.",
    "amd.",
    "platform.libc",
    "platform.architecture",
)
_THREADS = {"numpy": ("threads.openblas", "threads.mkl"), "torch": ("threads.torch", "threads.mkl", "threads.openmp")}
_MOST = 5
_LONG = 60


def outcome(evidence: Evidence) -> tuple[Group, ...]:
    """Return what became of the recorded canaries; nothing where none were recorded or none were asked for."""
    machine, seen = evidence.machine, evidence.canaries
    if machine is None or machine.canaries is None or seen is None:
        return ()
    return compare(machine.canaries, seen)


def agreement(evidence: Evidence, key: str) -> str | None:
    """Return that the canaries which the fact *key* bears on give the recorded bits, None where they do not or were not run.

    It is what was seen, not more: other sizes and other operations may take other code paths.
    """
    groups = [group for group in outcome(evidence) if group.not_run is None]
    if not key.startswith("variable."):
        gpu = key.startswith(_ACCELERATORS)
        groups = [group for group in groups if group.name.endswith(".cuda") is gpu]
    if not groups or not all(group.agrees for group in groups):
        return None
    counts = " and ".join(f"{len(group.same)} of {group.title}" for group in groups)
    return f"the canaries give the recorded bits all the same: {counts}"


@rule(
    "EG313",
    "canary-mismatch",
    "computations give other bits than were recorded",
    since="0.1",
    need=Need.BASELINE,
    severities=_SEVERITIES,
)
def canary_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the bits of a few fixed computations with those that were recorded (`envguard record --canaries`).

    ## What it sees

    Matrix products, convolutions, softmax, sums, norms, elementary functions, attention, linear algebra and
    random draws of NumPy and PyTorch, in several types, on inputs that integers decide. `envguard check
    --canaries` runs them in the environment's own interpreter; `enforce()` runs those of the libraries that a
    training script has imported, and of PyTorch on the GPU once CUDA is up. Nothing is drawn from the script's
    generators, and its settings are left as they are.

    ## Why it matters

    Which instructions and how many threads compute, which driver compiled a kernel, whether somebody patched a
    BLAS: it is all in the bits, and much of it in no version. Whoever trains here gets other bits than whoever
    recorded did. And where a fact differs and all canaries agree, the finding about the fact says so: what
    differs did not change what was computed.

    ## How to mend

    The finding names what else differs: threads first, then instruction sets, variables, libraries, driver. Set
    it back, or record what is computed here: `envguard record --canaries`. If only statistics have to agree,
    check at `--level cross-hardware`.
    """
    for group in outcome(evidence):
        if not group.other:
            continue
        rest = len(group.same)
        others = f"; {rest} other{'s' if rest > 1 else ''} gave the recorded bits" if rest else ""
        first = f"{group.name}.{group.other[0]}"
        causes = _causes(evidence, group)
        yield self.finding(
            f"canary.{_subject(group.name, group.other)}",
            f"{group.title} computes other bits than were recorded: {families(group.other)}{others}",
            impact=Impact.NUMBERS,
            why="what was computed then is not what is computed here, whatever the versions say",
            expected=f"{group.other[0]} {_digest(evidence.machine.canaries if evidence.machine is not None else None, first)}",
            found=f"{group.other[0]} {_digest(evidence.canaries, first)}",
            place=_place(evidence, "digests", first),
            hint=_mend(evidence, causes),
            note=_said(causes),
            severities=gravity(f"canary.{first}"),
        )


@rule(
    "EG314",
    "unknown-canary",
    "a recorded computation could not be compared",
    since="0.1",
    need=Need.BASELINE,
    severities=_SEVERITIES,
)
def unknown_canary(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which canaries were to be compared and could not be.

    ## What it sees

    A library that cannot be imported any more, a computation that failed, a GPU that is not there, canaries
    that another version of envguard computed otherwise, and a check that asks for canaries where none were
    recorded. A check that does not ask for them, and a library that a script has not imported, are no finding:
    the report then says that they were not run.

    ## Why it matters

    Unknown is not equal.

    ## How to mend

    Mend what the finding names, or record anew what can be computed: `envguard record --canaries`.
    """
    machine, seen = evidence.machine, evidence.canaries
    if machine is None or seen is None:
        return
    if machine.canaries is None:
        yield self.finding(
            "canary.*",
            f"no canaries are recorded of machine '{evidence.machine_name}'",
            impact=Impact.UNKNOWN,
            why="what was not compared cannot be called equal",
            place=_place(evidence),
            hint=_record(evidence),
            unknown=True,
        )
        return
    for group in outcome(evidence):
        by_reason: dict[str, list[str]] = {}
        for name, reason in group.unknown.items():
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            whole = len(by_reason) == 1 and not group.same and not group.other
            yield self.finding(
                f"canary.{group.name if whole else _subject(group.name, names)}",
                f"{group.title} cannot be compared{'' if whole else f' in {families(names)}'}: {reason}",
                impact=Impact.UNKNOWN,
                why="what was not compared cannot be called equal",
                place=_place(evidence, "digests"),
                hint=f"mend that, or record what can be computed here: {_record(evidence)}",
                severities=gravity(f"canary.{group.name}"),
                unknown=True,
            )


def _causes(evidence: Evidence, group: Group) -> list[tuple[str, str, str]]:
    """Return what else differs that may be why, the likeliest first: what it is, what was recorded, and what is here."""
    machine, seen = evidence.machine, evidence.canaries
    if machine is None or machine.canaries is None or seen is None:
        return []
    library, _, device = group.name.partition(".")
    found = []
    for word in _CONDITIONS:
        for key in (f"{library}.{word}", f"{group.name}.{word}") if device == "cuda" else (f"{library}.{word}",):
            old, new = machine.canaries.conditions.get(key), seen.conditions.get(key)
            if isinstance(old, str) and isinstance(new, str) and old != new:
                found.append((key, old, new))
    told = {key for key, _, _ in found}
    facts = [item for item in differences(machine.facts, evidence.facts) if item.key.startswith(_FACTS)]
    facts.sort(key=lambda item: next(at for at, prefix in enumerate(_FACTS) if item.key.startswith(prefix)))
    for item in facts:
        if _told(item.key, library, told) or isinstance(item.old, Unknown) or isinstance(item.new, Unknown):
            continue
        if device == "cuda" or not item.key.startswith(_ACCELERATORS):
            found.append((item.key, item.old, item.new))
    return found


def _told(key: str, library: str, told: set[str]) -> bool:
    """Return whether the fact *key* says nothing of *library*, or nothing that its own conditions have not *told*."""
    if key.startswith("threads."):
        return f"{library}.threads" in told or key not in _THREADS[library]
    return key in told or (library == "numpy" and key.startswith("torch."))


def _subject(group: str, names: Iterable[str]) -> str:
    """Return the group and its families: a waiver of it is none of another family."""
    return f"{group}: {', '.join(dict.fromkeys(name.partition('.')[0] for name in names))}"


def _said(causes: list[tuple[str, str, str]]) -> str:
    if not causes:
        return (
            "nothing else that was recorded differs: a library that was patched or built anew, microcode, a hypervisor, "
            "or something that this process set"
        )
    words = [
        f"{key} is {new}, recorded was {old}" if len(old) + len(new) < _LONG else f"{key} differs"
        for key, old, new in causes
    ]
    more = f"; and {len(words) - _MOST} more" if len(words) > _MOST else ""
    return f"likely because {'; '.join(words[:_MOST])}{more}"


def _mend(evidence: Evidence, causes: list[tuple[str, str, str]]) -> str:
    key, old, _ = causes[0] if causes else ("", "", "")
    variable = {"torch.threads": "OMP_NUM_THREADS", "numpy.threads": "OPENBLAS_NUM_THREADS"}.get(key)
    mend = f"export {variable}={old}, or " if variable is not None else ""
    return f"{mend}record what is computed here: {_record(evidence)}"


def _record(evidence: Evidence) -> str:
    return f"{repair.record(evidence)} --canaries"


def _digest(canaries: Canaries | None, key: str) -> Fact:
    return canaries.digests[key] if canaries is not None else ""


def _place(evidence: Evidence, *keys: str) -> Place:
    path = evidence.baseline.path if evidence.baseline is not None else evidence.project
    machine = ("machines", evidence.machine_name or "")
    return Place(path=path, keys=(*machine, "canaries", *keys) if keys else machine)


def note(evidence: Evidence) -> str | None:
    """Return what a report says of the canaries beside its findings; None where none are recorded."""
    machine = evidence.machine
    if machine is None or machine.canaries is None:
        return None
    count = sum(isinstance(value, str) and value != "none" for value in machine.canaries.digests.values())
    if evidence.canaries is None:
        return f"{count} recorded, not run: envguard check --canaries runs them"
    groups = outcome(evidence)
    same = sum(len(group.same) for group in groups)
    ran = sum(len(group.same) + len(group.other) + len(group.unknown) for group in groups)
    text = f"{same} of {ran} gave the recorded bits" if ran else ""
    idle = [f"{title(group.name)} not run ({group.not_run})" for group in groups if group.not_run is not None]
    return "; ".join(part for part in (text, *idle) if part) or "none can be compared"
