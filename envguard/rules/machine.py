"""EG3: the machine against the recorded one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..facts import NOT_SET, VARIABLE
from ..model import Impact, Level, Place, Severities, Severity, Unknown
from . import repair
from .canaries import agreement
from .comparison import differences, gravity, one_sided
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..baseline import Baseline
    from ..model import Fact, Finding
    from .comparison import Difference
    from .evidence import Evidence

_SHOWN = 4
_EMPTY = "''"
_ANOTHER = "record this one: envguard record --machine NAME"


def mismatches(
    self: Rule, evidence: Evidence, families: tuple[str, ...], why: str, mend: Callable[[Difference], str] | None = None
) -> Iterator[Finding]:
    """Yield a finding of *self* for each fact of *families* that is known to differ; *mend* gives the hint."""
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    for item in differences(machine.facts, evidence.facts):
        old, new = item.old, item.new
        if not item.key.startswith(families) or isinstance(old, Unknown) or isinstance(new, Unknown):
            continue
        yield self.finding(
            item.key,
            _said(item.key, old, new),
            impact=Impact.NUMBERS if item.severities.host_to_host is Severity.ERROR else Impact.UNKNOWN,
            why=why,
            expected=old,
            found=new,
            place=_place(evidence, baseline, item.key),
            hint=mend(item) if mend is not None else f"use a machine like '{evidence.machine_name}', or {_ANOTHER}",
            note=agreement(evidence, item.key),
            severities=item.severities,
        )


def _said(key: str, old: str, new: str) -> str:
    """Return in a sentence that a fact differs; what is long is left to the lines below it."""
    if key == "cpu.features":
        here, there = set(new.split()), set(old.split())
        parts = [f"lacks {' '.join(sorted(there - here))}"] * bool(there - here)
        parts += [f"has {' '.join(sorted(here - there))}"] * bool(here - there)
        return f"{key}: this processor {', and '.join(parts)}, unlike the recorded one"
    if key.startswith("library.") and "none" not in (old, new):
        return f"{key} is not the one that was recorded"
    return f"{key} is {new}, recorded was {old}"


def _place(evidence: Evidence, baseline: Baseline, *keys: str) -> Place:
    return Place(path=baseline.path, keys=("machines", evidence.machine_name or "", "facts", *keys))


@rule("EG301", "interpreter-mismatch", "another Python than was recorded", since="0.1", need=Need.BASELINE)
def interpreter_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the interpreter with the recorded one.

    ## What it sees

    Implementation, version and build of the environment's Python. A patch release stands in the way of `run-to-run` and
    `host-to-host`; another minor release stands in the way of every level.

    ## Why it matters

    The standard library, hash and random functions, float formatting and the order of sets come with the interpreter.

    ## How to mend

    Make the environment with the recorded Python (`uv sync --locked --python VERSION`), or record again.
    """
    yield from mismatches(
        self, evidence, ("interpreter.",), "libraries, hashes and random functions come with the interpreter"
    )


@rule("EG302", "platform-mismatch", "another operating system than was recorded", since="0.1", need=Need.BASELINE)
def platform_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares operating system, kernel, C library and architecture with the recorded ones.

    ## What it sees

    What `uname` and the C library say. The kernel's release is only noted.

    ## Why it matters

    Elementary functions come from the C library, instructions from the architecture.

    ## How to mend

    Use the recorded platform (a container image pins all but the kernel), or record this machine under a name of its
    own.
    """
    yield from mismatches(
        self,
        evidence,
        ("platform.",),
        "elementary functions come from the C library, instructions from the architecture",
    )


@rule("EG303", "cpu-mismatch", "another processor than was recorded", since="0.1", need=Need.BASELINE)
def cpu_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the processor with the recorded one.

    ## What it sees

    Vendor, model, instruction sets, x86-64 level and caches of the first processor, as the kernel and the processor
    tell them. How many processors this process may use, by affinity or control group, is only noted: the threads that
    follow from it are compared by `thread-mismatch`.

    ## Why it matters

    BLAS, oneDNN and ATen choose their kernels by the processor; sums are formed in another order, and bits differ.

    ## How to mend

    Use a machine of the recorded kind, or record this one under a name of its own: `envguard record --machine NAME`.
    If only statistics have to agree, check at `--level cross-hardware`.
    """
    yield from mismatches(self, evidence, ("cpu.",), "numeric libraries choose their kernels by the processor")


@rule("EG304", "torch-build-mismatch", "another build of PyTorch than was recorded", since="0.1", need=Need.BASELINE)
def torch_build_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what PyTorch was built with, as its own files say, with the record.

    ## What it sees

    Version, CUDA or HIP version and commit in `torch/version.py`, read as text: nothing is imported. Wheels from PyPI
    carry no local version, so their metadata does not tell the CUDA version; this file does.

    ## Why it matters

    The CUDA libraries that a build was made for decide which kernels run.

    ## How to mend

    Install the recorded build (see `local-version-mismatch` and `version-mismatch`), or record again.
    """
    yield from mismatches(self, evidence, ("torch.",), "the build decides which CUDA libraries and kernels are used")


@rule("EG305", "accelerator-mismatch", "other accelerators than were recorded", since="0.1", need=Need.BASELINE)
def accelerator_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares GPUs and driver with the recorded ones.

    ## What it sees

    The GPUs that a program sees, in the order in which it sees them (`CUDA_VISIBLE_DEVICES` and its like are applied):
    model, compute capability, multiprocessors, how they are divided (MIG), memory, NVLink, ECC, firmware; the driver's
    versions, of the kernel module and of libcuda, which can be another one. NVML and the CUDA driver are asked in a
    process of their own. AMD and Intel by the kernel's files, Apple by its chip.

    ## Why it matters

    Kernels, and even random numbers on the GPU, depend on the model and on how many multiprocessors it has; the driver
    compiles PTX; NCCL chooses its algorithms by the links.

    ## How to mend

    Use a machine of the recorded kind, or record this one under a name of its own: `envguard record --machine NAME`.
    """
    yield from mismatches(
        self,
        evidence,
        ("nvidia.", "amd.", "intel.", "apple."),
        "kernels and random numbers on a GPU depend on its model",
    )


@rule("EG306", "unreadable-fact", "a fact of the machine could not be read", since="0.1", need=Need.BASELINE)
def unreadable_fact(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which facts could not be compared.

    ## What it sees

    A fact that could not be read now, or could not when it was recorded. It stands in the way of the levels that a
    difference in it would stand in the way of, as unknown.

    ## Why it matters

    Unknown is not equal.

    ## How to mend

    Run envguard with the environment's own interpreter, install what is missing (`pip install 'envguard[gpu]'` for
    NVIDIA GPUs), and run it where the fact can be read; then record again. Where it never can be, waive it by its
    name.
    """
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    for item in differences(machine.facts, evidence.facts):
        old, new = item.old, item.new
        if not isinstance(old, Unknown) and not isinstance(new, Unknown):
            continue
        reason = (
            new.reason if isinstance(new, Unknown) else f"it could not be read when it was recorded ({_reason(old)})"
        )
        yield self.finding(
            item.key,
            f"{item.key} cannot be compared: {reason}",
            impact=Impact.UNKNOWN,
            why="what cannot be read cannot be called equal",
            expected=old if isinstance(old, str) else "unknown",
            found=new if isinstance(new, str) else "unknown",
            place=_place(evidence, baseline, item.key),
            hint=repair.record(evidence) if isinstance(new, str) else _readable(item.key, reason),
            severities=item.severities,
            unknown=True,
        )


def _readable(key: str, reason: str) -> str:
    """Return how the fact *key*, which could not be read for that *reason*, can be read."""
    _, mark, command = reason.partition(" is not installed: ")
    if mark:
        return command
    if key.startswith("interpreter."):
        return "run envguard with the environment's own interpreter"
    return f"mend what keeps it from being read, or waive unreadable-fact for '{key}'"


def _reason(fact: Fact) -> str:
    return fact.reason if isinstance(fact, Unknown) else ""


@rule("EG310", "thread-mismatch", "other numbers of threads than were recorded", since="0.1", need=Need.BASELINE)
def thread_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares how many threads OpenMP, MKL, OpenBLAS and PyTorch share a computation among.

    ## What it sees

    What each library takes from its variables (`OMP_NUM_THREADS` and its like), from the processors that this process
    may use and from their cores. In a training script whose libraries are loaded already, they are asked what they do
    use.

    ## Why it matters

    A sum that is shared among threads is added up in another order, and its last bits differ. torchrun sets
    `OMP_NUM_THREADS=1` for several processes on a host, and a container gets fewer processors than the laptop beside
    it.

    ## How to mend

    Set the recorded number where the run is started (a launcher leaves it alone then). Or record what the run is
    started with as a machine of its own: `OMP_NUM_THREADS=1 envguard record --machine torchrun`. A run is compared
    with the machine that fits, so that plain starts and those of the launcher are both clean.
    """
    why = "the order of a sum follows the number of threads"
    yield from mismatches(self, evidence, ("threads.",), why, lambda item: _threads(evidence, item))


_OMP = "OMP_NUM_THREADS"
_SETS = {
    "threads.openmp": _OMP,
    "threads.mkl": "MKL_NUM_THREADS",
    "threads.openblas": "OPENBLAS_NUM_THREADS",
    "threads.torch": _OMP,
}


def _threads(evidence: Evidence, item: Difference) -> str:
    """Return the command that gives the recorded number, and the one that records this start as another machine."""
    if "none" in (item.old, item.new):
        # A library came or went: there is no number to set, and the finding about the library says how to get it back.
        return repair.record(evidence)
    here = evidence.facts.get(VARIABLE + _OMP)
    there = evidence.machine.audit.get(VARIABLE + _OMP) if evidence.machine is not None else None
    name = _SETS[item.key]
    wanted, found = item.old, item.new
    if here != there:
        # All of them follow this one, and a launcher sets it where nobody else has: torchrun to 1.
        recorded = evidence.machine.facts.get("threads.openmp") if evidence.machine is not None else None
        name, found = _OMP, here if here is not None else ""
        wanted = next((fact for fact in (there, recorded) if isinstance(fact, str) and fact != "none"), item.old)
        if isinstance(found, str) and found and not found.replace(",", "").isdigit():
            return f"export {name}={shlex.quote(str(wanted))} where the run is started, not inside the script"
    start = f"{name}={shlex.quote(found)} " if isinstance(found, str) and found else ""
    return (
        f"export {name}={shlex.quote(str(wanted))}, or record this start as a machine of its own: "
        f"{start}envguard record --machine NAME"
    )


@rule(
    "EG311",
    "variable-mismatch",
    "an environment variable that changes numbers is not as recorded",
    since="0.1",
    need=Need.BASELINE,
)
def variable_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the environment variables that numeric libraries read with the recorded ones.

    ## What it sees

    Those in an allow-list, as this process was started with them, as `os.environ` has them and, in a training script,
    as C's `getenv` does. Where the three do not agree, one of them was set too late for those who had read it before,
    and the finding shows all three. Values that look like secrets are neither kept nor compared.

    ## Why it matters

    They choose instruction sets, precision, algorithms and the order of sums.

    ## How to mend

    Set the variable where the run is started, not inside the script, or record with what the run is started with.
    """
    why = "numeric libraries choose kernels, precision and the order of sums by it"
    yield from mismatches(self, evidence, (VARIABLE,), why, _variable)


def _variable(item: Difference) -> str:
    name = item.key.removeprefix(VARIABLE)
    wanted = (
        f"unset {name}" if item.old == NOT_SET else f"export {name}={shlex.quote(str(item.old).removeprefix(_EMPTY))}"
    )
    return f"{wanted}, or record with what the run is started with: envguard record"


@rule("EG312", "one-sided-fact", "another version of envguard recorded other facts", since="0.1", need=Need.BASELINE)
def one_sided_fact(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which facts only the record has, or only this machine, because two versions of envguard looked.

    ## What it sees

    Facts that a newer envguard recorded and this one does not know, and facts that this one observes and an older one
    did not. They stand in the way of the levels that a difference in them would stand in the way of, as unknown; one
    that this version does not know, of all. So do whole sections of the record that this version does not know.

    ## Why it matters

    What only one side has cannot be compared, and what was not compared is not the same.

    ## How to mend

    Where the record is the older one, record again; where it is the newer one, update envguard.
    """
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    found = one_sided(machine.facts, evidence.facts)
    sides = (
        (found.unknown_here, "{} recorded, and this envguard does not observe {}", "update envguard"),
        (
            baseline.unread(evidence.machine_name or ""),
            "{} recorded, and this envguard does not read {}",
            "update envguard",
        ),
        (
            found.unrecorded,
            "{} not recorded: the envguard that made the record did not observe {}",
            repair.record(evidence),
        ),
    )
    for keys, words, hint in sides:
        if not keys:
            continue
        shown = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else "")
        yield self.finding(
            keys[0] if len(keys) == 1 else f"{len(keys)} facts",
            f"{shown} {words.format(*(('is', 'it') if len(keys) == 1 else ('are', 'them')))}",
            impact=Impact.UNKNOWN,
            why="what was not compared cannot be called equal",
            place=_place(evidence, baseline),
            hint=hint,
            severities=_gravest(keys),
            unknown=True,
        )


def _gravest(keys: tuple[str, ...]) -> Severities:
    """Return for each level the gravest that a difference in one of the facts *keys* would be."""
    each = [gravity(key) for key in keys]
    run, host, cross = (max((item.at(level) or 0 for item in each), default=0) for level in Level)
    return Severities(
        run_to_run=Severity(run) if run else None,
        host_to_host=Severity(host) if host else None,
        cross_hardware=Severity(cross) if cross else None,
    )
