"""EG307 to EG309: the libraries that compute."""

from __future__ import annotations

from typing import Any

from envguard.machine.model import Conflict, Disagreement
from envguard.model import Impact, Level, Severity
from tests.rules.evidence import evidence, findings, machine, one


def seen(**values: Any) -> Any:
    item = Disagreement(**{"library": "nccl", "message": "it is so", "expected": "a", "found": "b", **values})
    return evidence(disagreements=(item,))


def levels(finding: Any) -> list[Severity | None]:
    return [finding.severities.at(level) for level in Level]


def test_another_library_says_how_to_get_the_recorded_one_back() -> None:
    old, new = {"library.nccl": "nvidia-nccl-cu12 2.27.3"}, {"library.nccl": "nvidia-nccl-cu12 2.27.5"}
    finding = one("library-mismatch", evidence(recorded=machine(facts=old), facts=new))
    assert finding.message == "library.nccl is not the one that was recorded"
    assert (finding.expected, finding.found) == ("nvidia-nccl-cu12 2.27.3", "nvidia-nccl-cu12 2.27.5")
    assert finding.hint == "uv sync --locked --inexact, or record this one: envguard record"
    assert levels(finding) == [Severity.ERROR, Severity.ERROR, Severity.WARNING]


def test_a_library_that_is_gone_says_so() -> None:
    finding = one(
        "library-mismatch", evidence(recorded=machine(facts={"library.mkl": "x"}), facts={"library.mkl": "none"})
    )
    assert finding.message == "library.mkl is none, recorded was x"


def test_two_wheels_of_one_file_say_which_to_take_away() -> None:
    both = ("nvidia-nccl-cu12", "nvidia-nccl-cu13")
    found = seen(kind=Conflict.FILE, wheels=both)
    finding = one("library-conflict", found)
    assert (finding.subject, finding.message, finding.expected, finding.found) == ("nccl", "it is so", "a", "b")
    assert finding.impact is Impact.NUMBERS
    assert finding.hint == (
        "uv pip uninstall --python /home/ada/demo/.venv nvidia-nccl-cu12, or another of them, and then "
        "uv sync --locked --inexact --reinstall-package nvidia-nccl-cu13"
    )
    assert levels(finding) == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
    assert findings("shadowed-library", found) == []


def test_a_replaced_file_says_how_to_get_it_back() -> None:
    finding = one("library-conflict", seen(kind=Conflict.FILE, wheels=("nvidia-nccl-cu12",)))
    assert finding.hint == "uv sync --locked --inexact --reinstall-package nvidia-nccl-cu12"


def test_another_build_is_a_warning() -> None:
    finding = one("library-conflict", seen(kind=Conflict.BUILD, wheels=("nvidia-cuda-runtime-cu12",)))
    assert levels(finding) == [Severity.WARNING, Severity.WARNING, Severity.NOTE]


def test_a_shadow_is_a_warning_until_it_is_loaded() -> None:
    finding = one("shadowed-library", seen(kind=Conflict.SHADOW))
    assert levels(finding) == [Severity.WARNING, Severity.WARNING, Severity.NOTE]
    assert finding.hint == "unset LD_LIBRARY_PATH, or take the folder out of it"
    assert findings("library-conflict", seen(kind=Conflict.SHADOW)) == []
    finding = one("shadowed-library", seen(kind=Conflict.SHADOW, loaded=True))
    assert levels(finding) == [Severity.ERROR, Severity.ERROR, Severity.WARNING]


def test_two_torches_are_an_error() -> None:
    finding = one("shadowed-library", seen(kind=Conflict.SHADOW, library="torch"))
    assert levels(finding) == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
    assert finding.hint == "uninstall one of the two, or take its folder off PYTHONPATH"
