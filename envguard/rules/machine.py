"""EG3: the machine against the recorded one."""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import Impact, Place, Severities, Severity, Unknown
from ..toml import parse_toml
from . import repair
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..baseline import Machine
    from ..model import Fact, Finding, Level
    from .evidence import Evidence

_LISTED_ELSEWHERE = Severities(run_to_run=Severity.NOTE, host_to_host=Severity.NOTE, cross_hardware=None)
_WEIGHT = {Severity.ERROR: 10_000, Severity.WARNING: 100, Severity.NOTE: 1, None: 0}


@functools.cache
def fact_levels() -> dict[str, Severities]:
    """Return for each fact how grave a difference in it is at each level."""
    data = importlib.resources.files(__package__).joinpath("levels.toml")
    table = parse_toml(data.read_text(encoding="utf-8"), str(data), ConfigError)
    return {key: _severities(words) for key, words in table.items()}


def _severities(words: list[str]) -> Severities:
    run, host, cross = (None if word == "-" else Severity.parse(word) for word in words)
    return Severities(run_to_run=run, host_to_host=host, cross_hardware=cross)


def differences(
    recorded: Mapping[str, Fact], observed: Mapping[str, Fact]
) -> Iterator[tuple[str, Fact, Fact, Severities]]:
    """Yield each fact that is not known to be equal: its key, what was recorded, what is here, and how grave that is.

    Facts that only one side has are left out: another version of envguard observed them.
    """
    table = fact_levels()
    for key in sorted(recorded.keys() & observed.keys()):
        old, new = recorded[key], observed[key]
        if old == new:
            continue
        grave = table.get(key, _LISTED_ELSEWHERE)
        if key == "interpreter.version" and isinstance(old, str) and isinstance(new, str):
            minor = old.split(".")[:2] != new.split(".")[:2]
            grave = table["interpreter.version.minor"] if minor else grave
        yield key, old, new, grave


def distance(machine: Machine, observed: Mapping[str, Fact], level: Level) -> int:
    """Return how far *observed* is from a recorded machine at *level*: 0 where nothing that matters there differs."""
    return sum(_WEIGHT[grave.at(level)] for _, _, _, grave in differences(machine.facts, observed))


def _mismatches(self: Rule, evidence: Evidence, families: tuple[str, ...], why: str) -> Iterator[Finding]:
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    for key, old, new, grave in differences(machine.facts, evidence.facts):
        if not key.startswith(families) or isinstance(old, Unknown) or isinstance(new, Unknown):
            continue
        yield self.finding(
            key,
            f"{key} is {new}, recorded was {old}",
            impact=Impact.NUMBERS if grave.host_to_host is Severity.ERROR else Impact.UNKNOWN,
            why=why,
            expected=old,
            found=new,
            place=Place(path=baseline.path, keys=("machines", evidence.machine_name or "", "facts", key)),
            hint=f"use a machine like '{evidence.machine_name}', or record this one: envguard record --machine NAME",
            severities=grave,
        )


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
    yield from _mismatches(
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

    Use the recorded platform (a container image pins all but the kernel), or record this machine under a name of its own.
    """
    yield from _mismatches(
        self,
        evidence,
        ("platform.",),
        "elementary functions come from the C library, instructions from the architecture",
    )


@rule("EG303", "cpu-mismatch", "another processor than was recorded", since="0.1", need=Need.BASELINE)
def cpu_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the processor's vendor and model with the recorded ones.

    ## What it sees

    What the kernel says of the first processor.

    ## Why it matters

    BLAS, oneDNN and ATen choose their kernels by the processor; sums are formed in another order, and bits differ.

    ## How to mend

    Use a machine of the recorded kind, or record this one under a name of its own: `envguard record --machine NAME`.
    If only statistics have to agree, check at `--level cross-hardware`.
    """
    yield from _mismatches(self, evidence, ("cpu.",), "numeric libraries choose their kernels by the processor")


@rule("EG304", "torch-build-mismatch", "another build of PyTorch than was recorded", since="0.1", need=Need.BASELINE)
def torch_build_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what PyTorch was built with, as its own files say, with the record.

    ## What it sees

    Version, CUDA or HIP version and commit in `torch/version.py`, read as text: nothing is imported. Wheels from PyPI carry
    no local version, so their metadata does not tell the CUDA version; this file does.

    ## Why it matters

    The CUDA libraries that a build was made for decide which kernels run.

    ## How to mend

    Install the recorded build (see `local-version-mismatch` and `version-mismatch`), or record again.
    """
    yield from _mismatches(self, evidence, ("torch.",), "the build decides which CUDA libraries and kernels are used")


@rule("EG305", "accelerator-mismatch", "other accelerators than were recorded", since="0.1", need=Need.BASELINE)
def accelerator_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares GPUs and driver with the recorded ones.

    ## What it sees

    The models of all NVIDIA GPUs and the version of the kernel driver, as the kernel module tells.

    ## Why it matters

    Kernels, and even random numbers on the GPU, depend on the model; the driver compiles PTX.

    ## How to mend

    Use a machine of the recorded kind, or record this one under a name of its own: `envguard record --machine NAME`.
    """
    yield from _mismatches(self, evidence, ("nvidia.",), "kernels and random numbers on a GPU depend on its model")


@rule("EG306", "unreadable-fact", "a fact of the machine could not be read", since="0.1", need=Need.BASELINE)
def unreadable_fact(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which facts could not be compared.

    ## What it sees

    A fact that could not be read now, or could not when it was recorded. It stands in the way of the levels that a
    difference in it would stand in the way of, as unknown.

    ## Why it matters

    Unknown is not equal.

    ## How to mend

    Run envguard with the environment's own interpreter, and where the fact can be read; then record again. Where it never
    can be, waive it by its name.
    """
    machine, baseline = evidence.machine, evidence.baseline
    if machine is None or baseline is None:
        return
    for key, old, new, grave in differences(machine.facts, evidence.facts):
        if not isinstance(old, Unknown) and not isinstance(new, Unknown):
            continue
        reason = (
            new.reason if isinstance(new, Unknown) else f"it could not be read when it was recorded ({_reason(old)})"
        )
        yield self.finding(
            key,
            f"{key} cannot be compared: {reason}",
            impact=Impact.UNKNOWN,
            why="what cannot be read cannot be called equal",
            expected=old if isinstance(old, str) else "unknown",
            found=new if isinstance(new, str) else "unknown",
            place=Place(path=baseline.path, keys=("machines", evidence.machine_name or "", "facts", key)),
            hint=repair.record(evidence)
            if isinstance(new, str)
            else "run envguard with the environment's own interpreter",
            severities=grave,
            unknown=True,
        )


def _reason(fact: Fact) -> str:
    return fact.reason if isinstance(fact, Unknown) else ""
