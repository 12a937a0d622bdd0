"""The C core under sanitizers and between guard pages, compiled with nothing but a plain compiler."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import blake3
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "csrc").rglob("blake3*.c"))),
    "csrc/cpu_features.c",
    "csrc/tests/test_core.c",
)
STRICT = ("-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Icsrc")


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"), ("-O2",), ("-O0",)],
    ids=["sanitizers", "optimised", "plain"],
)
def test_the_core_reads_nothing_beyond_its_input(tmp_path: Path, flags: tuple[str, ...]) -> None:
    program = tmp_path / "test_core"
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, *STRICT, *flags, *SOURCES, "-o", str(program)], cwd=ROOT, check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    data = bytes(range(251)) * 1200
    lines = done.stdout.splitlines()
    assert len(lines) == 5201
    for line in lines:
        length, _, found = line.partition(" ")
        assert found == blake3.blake3(data[: int(length)]).hexdigest(), length
