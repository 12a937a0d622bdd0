"""EG3: the libraries that compute, against the recorded ones and against one another's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine.model import Conflict
from ..model import Impact, Severities, Severity
from . import repair
from .machine import mismatches
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Finding
    from .comparison import Difference
    from .evidence import Evidence

_MAY = Severities(run_to_run=Severity.WARNING, host_to_host=Severity.WARNING, cross_hardware=Severity.NOTE)
_DOES = Severities(run_to_run=Severity.ERROR, host_to_host=Severity.ERROR, cross_hardware=Severity.WARNING)


@rule(
    "EG307",
    "library-mismatch",
    "another numeric library than was recorded",
    since="0.1",
    need=Need.BASELINE,
    severities=_DOES,
)
def library_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares CUDA's libraries, cuDNN, NCCL, Triton, MKL, oneDNN, OpenBLAS and OpenMP with the recorded ones.

    ## What it sees

    The distributions that bring a library along, and the files that are really there: each by its build ID, or by a
    digest where it has none. Files are found where wheels put them, in the environment's own `lib`, and for what the
    environment does not have on `LD_LIBRARY_PATH` and in the system.

    ## Why it matters

    These files do the arithmetic. A version in the metadata of a wheel does not say which file is there: wheels of two
    CUDA versions write the same one, and images bring libraries that no wheel knows of.

    ## How to mend

    Install the environment anew from its lock, or record what is there now.
    """

    def mend(_: Difference) -> str:
        return f"{repair.sync(evidence)}, or record this one: {repair.record(evidence)}"

    yield from mismatches(self, evidence, ("library.",), "this library does the arithmetic", mend)


@rule(
    "EG308",
    "library-conflict",
    "the sources of a numeric library contradict one another",
    since="0.1",
    need=Need.ENVIRONMENT,
    severities=_DOES,
)
def library_conflict(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says where metadata, files and loaded libraries tell different things of one library.

    ## What it sees

    A file that two installed distributions claim (the NCCL of CUDA 12 and of CUDA 13 are the same path), a file that
    has not the size that its distribution recorded, a loaded library that calls itself by another version than its
    distribution's, and a CUDA runtime of another version than PyTorch was built with (a warning).

    ## Why it matters

    Which of two wheels won depends on the order in which they were installed: two machines with equal metadata compute
    with different files.

    ## How to mend

    Uninstall the one that does not belong, then install the other one again, so that its files are there.
    """
    for item in evidence.disagreements:
        if item.kind is Conflict.SHADOW:
            continue
        yield self.finding(
            item.library,
            item.message,
            impact=Impact.NUMBERS,
            why="equal metadata does not mean equal files: which one is there depends on the order of installation"
            if item.kind is Conflict.FILE
            else "the build decides which CUDA libraries are expected",
            expected=item.expected,
            found=item.found,
            hint=_mend(evidence, item.wheels),
            severities=_DOES if item.kind is Conflict.FILE else _MAY,
        )


@rule(
    "EG309",
    "shadowed-library",
    "another copy of a library comes before the one that is meant",
    since="0.1",
    need=Need.ENVIRONMENT,
    severities=_DOES,
)
def shadowed_library(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says which libraries lie on the path twice.

    ## What it sees

    A file on `LD_LIBRARY_PATH` with the name of one that the environment brings: whether the loader takes it depends
    on who loads it, so it is a warning, and an error where this process has loaded it. And a second PyTorch on the
    path of modules: an error, since which of the two computes follows from the order of that path alone.

    ## Why it matters

    The one that was locked and recorded is not the one that computes.

    ## How to mend

    Take the folder off `LD_LIBRARY_PATH` (or off `PYTHONPATH`), or uninstall the copy that is not meant.
    """
    for item in evidence.disagreements:
        if item.kind is Conflict.SHADOW:
            yield self.finding(
                item.library,
                item.message,
                impact=Impact.NUMBERS,
                why="the one that was locked and recorded may not be the one that computes",
                expected=item.expected,
                found=item.found,
                hint="unset LD_LIBRARY_PATH, or take the folder out of it"
                if item.library != "torch"
                else "uninstall one of the two, or take its folder off PYTHONPATH",
                severities=_DOES if item.loaded or item.library == "torch" else _MAY,
            )


def _mend(evidence: Evidence, wheels: tuple[str, ...]) -> str:
    if len(wheels) > 1:
        return f"{repair.uninstall(evidence, wheels[0])}, or another of them, and then {repair.sync(evidence, *wheels[1:])}"
    return repair.sync(evidence, *wheels)
