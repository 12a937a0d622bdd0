"""How many threads share a sum, held against the libraries themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from envguard.machine.threads import threads
from envguard.model import Fact, Unknown
from tests.machine.told import Told, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYTHING: dict[str, Fact] = {
    "torch.version": "2.13.0",
    "library.openmp": "libgomp",
    "library.mkl": "mkl",
    "library.openblas": "libopenblas",
    "platform.architecture": "x86_64",
}
# Eight processors on four cores.
SIBLINGS = "\n".join(f"{number} {number % 4},{number % 4 + 4}" for number in range(8))


def told(variables: Mapping[str, str], facts: Mapping[str, Fact] = EVERYTHING, live: str | None = None) -> list[str]:
    """Return the numbers for OpenMP, MKL, OpenBLAS and torch."""
    reader = Told({"cores": SIBLINGS, "threads": live or ""}, now=dict(variables), processors="affinity: 0-7")
    found = threads(reader, facts, live=live is not None)
    return [str(found[f"threads.{name}"]) for name in ("openmp", "mkl", "openblas", "torch")]


@pytest.mark.parametrize(
    ("variables", "numbers"),
    [
        ({}, "8 4 8 4"),
        ({"OMP_NUM_THREADS": "2"}, "2 2 2 2"),
        ({"OMP_NUM_THREADS": "6"}, "6 4 6 4"),
        ({"OMP_NUM_THREADS": "6", "MKL_DYNAMIC": "FALSE"}, "6 6 6 6"),
        ({"OMP_NUM_THREADS": "3,2"}, "3 3 3 3"),
        ({"OMP_NUM_THREADS": "0"}, "8 4 8 4"),
        ({"OMP_NUM_THREADS": "many"}, "8 4 8 4"),
        ({"OMP_NUM_THREADS": "16"}, "16 4 8 4"),
        ({"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"}, "2 1 2 1"),
        ({"OPENBLAS_NUM_THREADS": "1"}, "8 4 1 4"),
        ({"GOTO_NUM_THREADS": "3"}, "8 4 3 4"),
        ({"GOTO_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"}, "2 2 1 2"),
    ],
)
def test_each_library_takes_its_own_variable_and_never_more_than_there_is(
    variables: dict[str, str], numbers: str
) -> None:
    assert told(variables) == numbers.split()


def test_without_mkl_torch_takes_the_number_of_openmp() -> None:
    arm = {**EVERYTHING, "platform.architecture": "aarch64", "library.mkl": "none"}
    assert told({}, arm) == ["8", "none", "8", "8"]
    assert told({"OMP_NUM_THREADS": "2"}, arm) == ["2", "none", "2", "2"]


def test_what_is_not_installed_has_no_threads() -> None:
    nothing = {**dict.fromkeys(EVERYTHING, "none"), "platform.architecture": "x86_64"}
    assert told({}, nothing) == ["none"] * 4
    assert told({}, nothing, live="openblas: 3") == ["none"] * 4
    assert told({}, {**nothing, "library.openblas": "x"}) == ["none", "none", "8", "none"]


def test_what_is_loaded_is_asked() -> None:
    assert told({}, live="torch: 1\nopenmp: 1\nopenblas: 2 and 8") == ["8", "4", "2 and 8", "1"]
    assert told({}, live="openmp: 3") == ["3", "4", "8", "4"]


def test_an_openblas_that_was_built_for_fewer_takes_fewer_everywhere() -> None:
    assert told({}, live="openblas: 4\nopenblas-most: 4")[2] == "8"
    assert told({}, live="openblas: 4\nopenblas-most: 64")[2] == "4"
    assert told({}, live="openblas: 2\nopenblas-most: 4")[2] == "2"
    assert told({"OPENBLAS_NUM_THREADS": "2"}, live="openblas: 2\nopenblas-most: 4")[2] == "2"


def test_a_loaded_openblas_tells_what_it_was_built_for() -> None:
    code = "import numpy; from envguard.reader import Reader; print(Reader().ask('threads'))"
    lines = dict(line.split(": ") for line in ask(code, {}, set(os.sched_getaffinity(0))).splitlines())
    assert int(lines["openblas-most"]) >= int(lines["openblas"]) >= 1


def test_a_library_that_cannot_tell_makes_all_unknown() -> None:
    reader = Told({"cores": SIBLINGS, "threads": "trouble: AttributeError"}, processors="affinity: 0-7")
    facts = threads(reader, EVERYTHING, live=True)
    assert {reason(fact) for fact in facts.values()} == {"a loaded library does not tell its threads: AttributeError"}


def test_without_affinity_nobody_can_tell() -> None:
    facts = threads(Told(), EVERYTHING, live=False)
    assert all(isinstance(fact, Unknown) for fact in facts.values())


SETTINGS = [
    {},
    {"OMP_NUM_THREADS": "1"},
    {"OMP_NUM_THREADS": "4"},
    {"OMP_NUM_THREADS": "4,2"},
    {"OMP_NUM_THREADS": "x"},
    {"OPENBLAS_NUM_THREADS": "1"},
    {"OPENBLAS_NUM_THREADS": "7"},
    {"GOTO_NUM_THREADS": "1"},
    {"MKL_NUM_THREADS": "1"},
    {"MKL_NUM_THREADS": "4"},
    {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "2"},
    {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "4", "MKL_DYNAMIC": "FALSE"},
]
KNOWN = ("GOTO_NUM_THREADS", "MKL_DYNAMIC", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def ask(code: str, setting: dict[str, str], processors: set[int]) -> str:
    """Return what *code* prints in a process of its own, with *setting* and on *processors* alone."""
    environ = {**{name: value for name, value in os.environ.items() if name not in KNOWN}, **setting}
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    finally:
        os.sched_setaffinity(0, here)
    return done.stdout


EXPECTED = """
import json
from envguard.installed import running_environment
from envguard.machine import observe
from envguard.reader import Reader
reader = Reader()
facts = observe(reader, running_environment(reader)).facts
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinity")
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("setting", SETTINGS[:8], ids=str)
def test_openblas_takes_as_many_as_foretold(setting: dict[str, str], count: int) -> None:
    """threadpoolctl asks the OpenBLAS that NumPy has loaded."""
    processors = set(sorted(os.sched_getaffinity(0))[:count])
    expected = ask(EXPECTED + "print(facts['threads.openblas'])", setting, processors)
    code = "import numpy, threadpoolctl; print({p['num_threads'] for p in threadpoolctl.threadpool_info()})"
    assert ask(code, setting, processors).strip("{}\n") == expected.strip()


@pytest.mark.torch
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_torch_takes_as_many_as_foretold(setting: dict[str, str]) -> None:
    processors = set(os.sched_getaffinity(0))
    expected = ask(EXPECTED + "print(facts['threads.torch'])", setting, processors)
    assert ask("import torch; print(torch.get_num_threads())", setting, processors) == expected


LIVE = EXPECTED.replace("running_environment(reader))", "running_environment(reader), live=True)")


def test_a_live_process_says_what_it_does_use() -> None:
    limit = "import numpy, threadpoolctl; threadpoolctl.threadpool_limits(1)\n"
    processors = set(os.sched_getaffinity(0))
    assert ask(f"{limit}{LIVE}print(facts['threads.openblas'])", {}, processors) == "1\n"


def test_a_variable_that_openblas_had_no_time_to_read_is_not_what_is_in_use() -> None:
    late = "import numpy, os, sys\nos.environ['OMP_NUM_THREADS'] = '1'\nsys.modules['threadpoolctl'] = None\n"
    code = f"{late}{LIVE}print(facts['threads.openblas'])"
    assert ask(code, {"OPENBLAS_NUM_THREADS": "", "OMP_NUM_THREADS": "2"}, set(os.sched_getaffinity(0))) == "2\n"


def test_asking_leaves_no_module_behind_and_its_answer_can_be_kept() -> None:
    code = f"""
import sys, numpy
before = set(sys.modules)
{LIVE}
print(json.dumps([sorted(name for name in set(sys.modules) - before if "threadpool" in name), reader.trace._unstable]))
"""
    assert json.loads(ask(code, {}, set(os.sched_getaffinity(0)))) == [[], False]


@pytest.mark.torch
def test_torch_that_was_given_another_number_says_so() -> None:
    code = f"import torch; torch.set_num_threads(7)\n{LIVE}print(facts['threads.torch'])"
    assert ask(code, {}, set(os.sched_getaffinity(0))) == "7\n"
