"""EG313 and EG314, and what agreeing canaries say of facts that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from envguard.canaries.model import Canaries
from envguard.model import Impact, Level, Place, Severity, Unknown
from envguard.rules.canaries import note
from tests.rules.evidence import PROJECT, dist, evidence, findings, machine, one

if TYPE_CHECKING:
    from envguard.model import Fact
    from envguard.rules.evidence import Evidence

A, B = f"blake2b:{'a' * 32}", f"blake2b:{'b' * 32}"
KEYS = (
    "torch.cpu.exp.float32",
    "torch.cpu.softmax.float32",
    "torch.cpu.softmax.float64",
    "numpy.cpu.exp.float32",
    "torch.cuda.matmul.float32",
)
CONDITIONS = {"torch.threads": "2", "torch.capability": "AVX512", "torch.version": "2.13.0", "numpy.threads": "2"}


def canaries(other: tuple[str, ...] = (), conditions: dict[str, str] | None = None, **more: Any) -> Canaries:
    digests: dict[str, Fact] = {key: B if key in other else A for key in KEYS}
    values: dict[str, Any] = {
        "scheme": "v1",
        "conditions": {**CONDITIONS, **(conditions or {})},
        "digests": digests,
        **more,
    }
    return Canaries(**values)


def seen(
    now: Canaries | None,
    then: Canaries | None = None,
    *,
    recorded: dict[str, Fact] | None = None,
    facts: dict[str, Fact] | None = None,
) -> Evidence:
    made = replace(machine([dist("numpy")], facts=recorded or {}), canaries=then if then is not None else canaries())
    return evidence(recorded=made, facts=facts or {}, canaries=now)


def test_where_all_agree_there_is_no_finding_and_the_report_says_so() -> None:
    same = seen(canaries())
    assert findings("canary-mismatch", same) == findings("unknown-canary", same) == []
    assert note(same) == "5 of 5 gave the recorded bits"


def test_recorded_and_not_run_is_a_note_and_no_pass() -> None:
    idle = seen(None)
    assert findings("canary-mismatch", idle) == findings("unknown-canary", idle) == []
    assert note(idle) == "5 recorded, not run: envguard check --canaries runs them"


def test_nothing_is_said_where_nothing_is_recorded_and_nobody_asks() -> None:
    plain = evidence(recorded=machine(), facts={})
    assert findings("canary-mismatch", plain) == findings("unknown-canary", plain) == []
    assert note(plain) is None


def test_a_difference_names_library_families_and_what_else_differs() -> None:
    now = canaries(("torch.cpu.softmax.float32", "torch.cpu.softmax.float64"), {"torch.capability": "AVX2"})
    facts: dict[str, Fact] = {"variable.ATEN_CPU_CAPABILITY": "avx2", "observation.edition": "3"}
    finding = one("canary-mismatch", seen(now, recorded={"observation.edition": "3"}, facts=facts))
    assert finding.subject == "canary.torch.cpu: softmax"
    assert finding.message == (
        "PyTorch on the CPU computes other bits than were recorded: softmax (float32, float64); 1 other gave the recorded bits"
    )
    assert (finding.expected, finding.found) == (f"softmax.float32 {A}", f"softmax.float32 {B}")
    assert finding.note == (
        "likely because torch.capability is AVX2, recorded was AVX512; "
        "variable.ATEN_CPU_CAPABILITY is avx2, recorded was not set"
    )
    assert finding.why == "what was computed then is not what is computed here, whatever the versions say"
    assert finding.hint == "record what is computed here: envguard record --canaries"
    assert finding.impact is Impact.NUMBERS
    keys = ("machines", "laptop", "canaries", "digests", "torch.cpu.softmax.float32")
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=keys)
    assert [finding.severities.at(level) for level in Level] == [Severity.ERROR, Severity.ERROR, Severity.NOTE]


def test_another_number_of_threads_is_named_first_and_its_own_facts_not_again() -> None:
    now = canaries(("torch.cpu.exp.float32",), {"torch.threads": "1", "torch.capability": "AVX2"})
    recorded: dict[str, Fact] = {"threads.torch": "2", "threads.mkl": "2", "threads.openblas": "2", "cpu.model": "a"}
    facts: dict[str, Fact] = {"threads.torch": "1", "threads.mkl": "1", "threads.openblas": "1", "cpu.model": "b"}
    finding = one("canary-mismatch", seen(now, recorded=recorded, facts=facts))
    assert finding.note == (
        "likely because torch.threads is 1, recorded was 2; torch.capability is AVX2, recorded was AVX512; "
        "cpu.model is b, recorded was a"
    )
    assert finding.hint == ("export OMP_NUM_THREADS=2, or record what is computed here: envguard record --canaries")


def test_where_nothing_else_differs_it_says_what_no_version_shows() -> None:
    finding = one("canary-mismatch", seen(canaries(("numpy.cpu.exp.float32",))))
    assert finding.note == (
        "nothing else that was recorded differs: a library that was patched or built anew, microcode, a hypervisor, "
        "or something that this process set"
    )


def test_facts_of_the_gpu_are_no_cause_on_the_cpu_and_the_other_way_round_they_are() -> None:
    recorded: dict[str, Fact] = {"nvidia.driver": "580.1"}
    facts: dict[str, Fact] = {"nvidia.driver": "580.2"}
    now = canaries(("torch.cpu.exp.float32", "torch.cuda.matmul.float32"), {"torch.cuda.cudnn": "91002"})
    cpu, cuda = findings(
        "canary-mismatch", seen(now, canaries(conditions={"torch.cuda.cudnn": "91000"}), recorded=recorded, facts=facts)
    )
    assert "nvidia" not in (cpu.note or "")
    assert cuda.note == (
        "likely because torch.cuda.cudnn is 91002, recorded was 91000; nvidia.driver is 580.2, recorded was 580.1"
    )
    assert cuda.message == "PyTorch on the GPU computes other bits than were recorded: matmul (float32)"


def test_many_causes_are_cut_short_and_long_ones_named() -> None:
    recorded: dict[str, Fact] = {f"variable.MKL_{name}": "1" for name in ("CBWR", "DYNAMIC", "DEBUG_CPU_TYPE")}
    recorded |= {"cpu.features": "a " * 50, "cpu.model": "x", "cpu.vendor": "y", "library.mkl": "z"}
    facts: dict[str, Fact] = dict.fromkeys(recorded, "2")
    finding = one("canary-mismatch", seen(canaries(("torch.cpu.exp.float32",)), recorded=recorded, facts=facts))
    assert finding.note is not None
    assert "; cpu.features differs; " in finding.note
    assert finding.note.endswith("; and 2 more")


def test_facts_that_differ_are_said_to_have_done_no_harm_where_all_agree() -> None:
    recorded: dict[str, Fact] = {"cpu.model": "a", "nvidia.driver": "580.1", "variable.MKL_CBWR": "AVX2"}
    facts: dict[str, Fact] = {"cpu.model": "b", "nvidia.driver": "580.2", "variable.MKL_CBWR": "AVX512"}
    same = seen(canaries(), recorded=recorded, facts=facts)
    assert one("cpu-mismatch", same).note == (
        "the canaries give the recorded bits all the same: 1 of NumPy on the CPU and 3 of PyTorch on the CPU"
    )
    assert one("accelerator-mismatch", same).note == (
        "the canaries give the recorded bits all the same: 1 of PyTorch on the GPU"
    )
    assert one("variable-mismatch", same).note == (
        "the canaries give the recorded bits all the same: "
        "1 of NumPy on the CPU and 3 of PyTorch on the CPU and 1 of PyTorch on the GPU"
    )
    # It is shown, and lowers nothing: only a few computations were looked at.
    assert one("cpu-mismatch", same).severities.run_to_run is Severity.ERROR


@pytest.mark.parametrize(
    "now",
    [
        None,
        canaries(("torch.cpu.exp.float32",)),
        canaries(left_out={"torch": "it is not imported", "numpy": "it is not imported"}),
        canaries(scheme="v2"),
    ],
)
def test_no_harm_is_claimed_of_what_was_not_run_or_does_not_agree(now: Canaries | None) -> None:
    different = seen(now, recorded={"cpu.model": "a"}, facts={"cpu.model": "b"})
    assert one("cpu-mismatch", different).note is None


def test_what_was_asked_for_and_cannot_be_compared_is_unknown() -> None:
    broken = canaries(digests={"numpy": "none", "torch": Unknown(reason="cannot be imported: no libc10.so")})
    numpy, torch, cuda = findings("unknown-canary", seen(broken))
    assert numpy.subject == "canary.numpy.cpu"
    assert numpy.message == "NumPy on the CPU cannot be compared: not computed here"
    assert torch.message == "PyTorch on the CPU cannot be compared: cannot be imported: no libc10.so"
    assert cuda.subject == "canary.torch.cuda"
    assert torch.hint == "mend that, or record what can be computed here: envguard record --canaries"
    assert torch.unknown
    assert torch.severities.host_to_host is Severity.ERROR


def test_a_part_that_failed_is_named() -> None:
    digests: dict[str, Fact] = {**canaries().digests, "torch.cpu.softmax.float64": Unknown(reason="no memory")}
    finding = one("unknown-canary", seen(canaries(digests=digests)))
    assert finding.subject == "canary.torch.cpu: softmax"
    assert finding.message == "PyTorch on the CPU cannot be compared in softmax (float64): no memory"


def test_asking_where_none_are_recorded_is_unknown() -> None:
    finding = one("unknown-canary", evidence(recorded=machine(), facts={}, canaries=canaries()))
    assert finding.message == "no canaries are recorded of machine 'laptop'"
    assert (finding.subject, finding.hint, finding.unknown) == ("canary.*", "envguard record --canaries", True)


def test_those_that_were_not_run_are_told_beside_the_others() -> None:
    half = seen(
        canaries(
            ("torch.cpu.exp.float32",),
            left_out={"numpy": "it is not imported", "torch.cuda": "CUDA is not initialised"},
        )
    )
    assert note(half) == (
        "2 of 3 gave the recorded bits; NumPy on the CPU not run (it is not imported); "
        "PyTorch on the GPU not run (CUDA is not initialised)"
    )
