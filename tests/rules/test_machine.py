"""EG3, and the table of levels behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envguard.facts import EDITION_KEY, FactClass, table
from envguard.model import Impact, Level, Place, Severity, Unknown
from tests.rules.evidence import PROJECT, evidence, findings, machine, one

RULES = (
    "interpreter-mismatch",
    "platform-mismatch",
    "cpu-mismatch",
    "torch-build-mismatch",
    "accelerator-mismatch",
    "library-mismatch",
    "thread-mismatch",
    "variable-mismatch",
    "unreadable-fact",
    "one-sided-fact",
)
COMPARED = [
    key if not key.endswith("*") else f"{key[:-1]}SOMETHING"
    for key, entry in (*table().exact.items(), *((f"{prefix}*", entry) for prefix, entry in table().prefixes))
    if entry.fact_class is not FactClass.AUDIT and key not in ("interpreter.version.minor", "canary.*")
]


def test_every_fact_has_a_rule_and_equal_facts_no_finding() -> None:
    for key in COMPARED:
        same = evidence(recorded=machine(facts={key: "1.2"}), facts={key: "1.2"})
        other = evidence(recorded=machine(facts={key: "1.2"}), facts={key: "1.3"})
        assert [finding for rule in RULES for finding in findings(rule, same)] == []
        assert len([finding for rule in RULES for finding in findings(rule, other)]) == 1, key


def test_another_processor_is_named_with_both_and_with_the_way_out() -> None:
    finding = one("cpu-mismatch", evidence(recorded=machine(facts={"cpu.model": "Xeon"}), facts={"cpu.model": "EPYC"}))
    assert finding.message == "cpu.model is EPYC, recorded was Xeon"
    assert (finding.expected, finding.found, finding.impact) == ("Xeon", "EPYC", Impact.NUMBERS)
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=("machines", "laptop", "facts", "cpu.model"))
    assert finding.hint == "use a machine like 'laptop', or record this one: envguard record --machine NAME"
    assert [finding.severities.at(level) for level in Level] == [Severity.ERROR, Severity.ERROR, Severity.NOTE]


@pytest.mark.parametrize(
    ("old", "new", "grave"),
    [("3.11.7", "3.11.8", Severity.NOTE), ("3.11.7", "3.12.7", Severity.ERROR), ("3.1.0", "3.11.0", Severity.ERROR)],
)
def test_only_another_minor_python_stands_in_the_way_of_every_level(old: str, new: str, grave: Severity) -> None:
    seen = evidence(recorded=machine(facts={"interpreter.version": old}), facts={"interpreter.version": new})
    assert one("interpreter-mismatch", seen).severities.cross_hardware is grave


def test_a_fact_that_this_envguard_does_not_know_stands_in_every_way() -> None:
    newer = {"quantum.qubits": "5", EDITION_KEY: "999"}
    finding = one("one-sided-fact", evidence(recorded=machine(facts=newer), facts={EDITION_KEY: "2"}))
    assert finding.message == "quantum.qubits is recorded, and this envguard does not observe it"
    assert (finding.subject, finding.unknown, finding.hint) == ("quantum.qubits", True, "update envguard")
    assert {finding.severities.at(level) for level in Level} == {Severity.ERROR}
    assert finding.place == Place(path=f"{PROJECT}/envguard.lock", keys=("machines", "laptop", "facts"))


def test_what_an_older_envguard_did_not_record_stands_in_the_way_of_its_levels() -> None:
    here = {"cpu.model": "Xeon", "cpu.vendor": "Intel", "nvidia.driver": "1", "torch.git": "2", "platform.kernel": "3"}
    finding = one("one-sided-fact", evidence(recorded=machine(facts={}), facts={**here, EDITION_KEY: "2"}))
    assert finding.message == (
        "cpu.model, cpu.vendor, nvidia.driver, platform.kernel and 1 more are not recorded: "
        "the envguard that made the record did not observe them"
    )
    assert (finding.subject, finding.unknown, finding.hint) == ("5 facts", True, "envguard record")
    assert [finding.severities.at(level) for level in Level] == [Severity.ERROR, Severity.ERROR, Severity.WARNING]


def test_the_edition_alone_is_no_difference() -> None:
    for old, new in (({}, {EDITION_KEY: "2"}), ({EDITION_KEY: "2"}, {}), ({EDITION_KEY: "1"}, {EDITION_KEY: "2"})):
        seen = evidence(recorded=machine(facts=old), facts=new)
        assert [finding for rule in RULES for finding in findings(rule, seen)] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("glibc 2.36", Unknown(reason="no confstr"), "platform.libc cannot be compared: no confstr"),
        (
            Unknown(reason="musl"),
            "glibc 2.36",
            "platform.libc cannot be compared: it could not be read when it was recorded (musl)",
        ),
        (Unknown(reason="musl"), Unknown(reason="musl"), "platform.libc cannot be compared: musl"),
    ],
)
def test_unknown_is_never_equal(old: str | Unknown, new: str | Unknown, message: str) -> None:
    seen = evidence(recorded=machine(facts={"platform.libc": old}), facts={"platform.libc": new})
    assert findings("platform-mismatch", seen) == []
    finding = one("unreadable-fact", seen)
    assert (finding.message, finding.unknown) == (message, True)
    assert finding.severities.host_to_host is Severity.ERROR


HERE = {EDITION_KEY: "2"}


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ({}, {"variable.MKL_CBWR": "AVX2"}, "variable.MKL_CBWR is AVX2, recorded was not set", "unset MKL_CBWR"),
        (
            {"variable.MKL_CBWR": "AVX2,STRICT"},
            {},
            "variable.MKL_CBWR is not set, recorded was AVX2,STRICT",
            "export MKL_CBWR=AVX2,STRICT",
        ),
        (
            {"variable.XLA_FLAGS": "--a --b"},
            {"variable.XLA_FLAGS": "''"},
            "variable.XLA_FLAGS is '', recorded was --a --b",
            "export XLA_FLAGS='--a --b'",
        ),
        (
            {"variable.XLA_FLAGS": "''"},
            {"variable.XLA_FLAGS": "--a"},
            "variable.XLA_FLAGS is --a, recorded was ''",
            "export XLA_FLAGS=''",
        ),
    ],
)
def test_a_variable_that_one_side_lacks_was_not_set_there(
    old: dict[str, str], new: dict[str, str], message: str, hint: str
) -> None:
    seen = evidence(recorded=machine(facts={**HERE, **old}), facts={**HERE, **new})
    finding = one("variable-mismatch", seen)
    assert finding.message == message
    assert finding.hint == f"{hint}, or record with what the run is started with: envguard record"
    assert findings("one-sided-fact", seen) == []


def test_a_variable_that_an_older_envguard_did_not_look_at_is_unknown() -> None:
    seen = evidence(recorded=machine(facts={}), facts={**HERE, "variable.MKL_CBWR": "AVX2"})
    assert findings("variable-mismatch", seen) == []
    assert one("one-sided-fact", seen).subject == "variable.MKL_CBWR"


def test_a_variable_that_only_a_newer_envguard_knows_is_unknown() -> None:
    newer = {EDITION_KEY: "99", "variable.SOME_FUTURE_THING": "1"}
    seen = evidence(recorded=machine(facts=newer), facts=HERE)
    assert findings("variable-mismatch", seen) == []
    assert one("one-sided-fact", seen).hint == "update envguard"


def test_what_is_kept_for_people_is_no_finding() -> None:
    old, new = {"platform.timezone": "UTC", **HERE}, {"platform.timezone": "Asia/Tokyo", **HERE}
    for recorded, observed in ((old, new), (HERE, new)):
        seen = evidence(recorded=machine(facts=recorded), facts=observed)
        assert [finding for rule in RULES for finding in findings(rule, seen)] == []


@pytest.mark.parametrize(
    ("recorded", "here", "hint"),
    [
        # torchrun sets the variable that was not set.
        (
            {"threads.openmp": "8", "threads.torch": "4"},
            {"threads.openmp": "1", "threads.torch": "1", "variable.OMP_NUM_THREADS": "1"},
            "export OMP_NUM_THREADS=8, or record this start as a machine of its own: OMP_NUM_THREADS=1 envguard record --machine NAME",
        ),
        # What was recorded under a launcher is run without one.
        (
            {"threads.torch": "1", "variable.OMP_NUM_THREADS": "1"},
            {"threads.torch": "4"},
            "export OMP_NUM_THREADS=1, or record this start as a machine of its own: envguard record --machine NAME",
        ),
        # Not the variable differs but how many processors there are.
        (
            {"threads.openblas": "8"},
            {"threads.openblas": "2"},
            "export OPENBLAS_NUM_THREADS=8, or record this start as a machine of its own: OPENBLAS_NUM_THREADS=2 envguard record --machine NAME",
        ),
        # The library itself came or went: nobody can set a number of threads for what is not there.
        ({"threads.openblas": "none"}, {"threads.openblas": "2"}, "envguard record"),
        ({"threads.openblas": "2"}, {"threads.openblas": "none"}, "envguard record"),
        # The script set the variable itself, so that three witnesses tell three things.
        (
            {"threads.openmp": "8"},
            {
                "threads.openmp": "1",
                "variable.OMP_NUM_THREADS": "not set for the start of the process, 1 for os.environ, 1 for C",
            },
            "export OMP_NUM_THREADS=8 where the run is started, not inside the script",
        ),
    ],
)
def test_another_number_of_threads_says_how_to_get_the_recorded_one(
    recorded: dict[str, str], here: dict[str, str], hint: str
) -> None:
    facts = {key: value for key, value in recorded.items() if key.startswith("threads.")}
    audit = {key: value for key, value in recorded.items() if key not in facts}
    seen = evidence(recorded=replace(machine(facts=facts), audit=audit), facts=here)
    found = findings("thread-mismatch", seen)
    assert [item.message for item in found] == [f"{key} is {here[key]}, recorded was {facts[key]}" for key in facts]
    assert {item.hint for item in found} == {hint}
    assert [found[0].severities.at(level) for level in Level] == [Severity.ERROR, Severity.ERROR, None]


@pytest.mark.parametrize(
    ("key", "reason", "hint"),
    [
        ("interpreter.build", "it does not run", "run envguard with the environment's own interpreter"),
        (
            "nvidia.memory",
            "NVML: nvidia-ml-py is not installed: pip install 'envguard[gpu]'",
            "pip install 'envguard[gpu]'",
        ),
        (
            "nvidia.ecc",
            "GPU 3: GPU is lost",
            "mend what keeps it from being read, or waive unreadable-fact for 'nvidia.ecc'",
        ),
    ],
)
def test_what_cannot_be_read_says_how_it_could(key: str, reason: str, hint: str) -> None:
    seen = evidence(recorded=machine(facts={key: "1"}), facts={key: Unknown(reason=reason)})
    assert one("unreadable-fact", seen).hint == hint


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("avx avx2 avx512f", "avx avx2", "lacks avx512f"),
        ("avx", "avx avx2 fma", "has avx2 fma"),
        ("avx xop", "avx avx2", "lacks xop, and has avx2"),
    ],
)
def test_of_many_instruction_sets_those_that_differ_are_named(old: str, new: str, words: str) -> None:
    seen = evidence(recorded=machine(facts={"cpu.features": old}), facts={"cpu.features": new})
    finding = one("cpu-mismatch", seen)
    assert finding.message == f"cpu.features: this processor {words}, unlike the recorded one"
    assert (finding.expected, finding.found) == (old, new)
