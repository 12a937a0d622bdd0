"""The instruction sets that the C core tells are those of the kernel, which reads the same registers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envguard import _native
from envguard.machine.processor import SETS
from tests.tools import arm_compiler, arm_emulator

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
#include "envguard.h"
#include <stdio.h>

int main(void)
{
    uint64_t sets = eg_cpu_sets();
    uint32_t bit = 0;

    for (; eg_cpu_set_name(bit); bit++) {
        printf("%s %d\\n", eg_cpu_set_name(bit), (int)(sets >> bit & 1));
    }
    return eg_cpu_set_name(bit + 1) || eg_cpu_set_name(UINT32_MAX) || sets >> bit;
}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own list is the oracle")
def test_the_c_core_says_what_the_kernel_says() -> None:
    """The kernel leaves out what it does not save the registers of, as the C core does."""
    found = _native.instruction_sets()
    assert found is not None
    here, known = found
    with open("/proc/cpuinfo", encoding="ascii") as file:
        line = next(line for line in file if line.startswith(("flags", "Features")))
    assert here == frozenset(line.partition(":")[2].split()) & known
    assert known <= SETS


def program(tmp_path: Path, *command: str) -> str:
    (tmp_path / "sets.c").write_text(PROGRAM)
    flags = ("-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Icsrc")
    sources = ("csrc/cpu_features.c", str(tmp_path / "sets.c"))
    subprocess.run([*command, *flags, *sources, "-o", str(tmp_path / "sets")], cwd=ROOT, check=True)
    return str(tmp_path / "sets")


def told(output: str) -> dict[str, str]:
    return dict(line.split(" ") for line in output.splitlines())


def test_names_end_where_bits_do(tmp_path: Path) -> None:
    path = program(tmp_path, "cc", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    sets = told(subprocess.run([path], capture_output=True, text=True, check=True).stdout)
    found = _native.instruction_sets()
    assert found is not None
    assert {name for name, there in sets.items() if there == "1"} == found[0]
    assert set(sets) == found[1]


@pytest.mark.slow
@pytest.mark.cross
def test_on_arm_the_kernel_is_asked(tmp_path: Path) -> None:
    path = program(tmp_path, arm_compiler(), "-O2", "-static")
    said = subprocess.run([arm_emulator(), path], capture_output=True, text=True, check=True).stdout
    sets = told(said)
    assert set(sets) <= SETS
    # The base of the architecture, and an extension that the emulator's richest processor has.
    assert (sets["asimd"], sets["sve"]) == ("1", "1")
    plain = subprocess.run(
        [arm_emulator(), "-cpu", "cortex-a57", path], capture_output=True, text=True, check=True
    ).stdout
    assert (told(plain)["asimd"], told(plain)["sve"], told(plain)["i8mm"]) == ("1", "0", "0")
