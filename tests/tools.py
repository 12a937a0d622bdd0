"""Programs that the tests compare with. None of them may be missing: a comparison that was left out holds nothing."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROVIDED = ROOT / ".tools" / "bin"


@functools.cache
def b3sum() -> str:
    """Return the path of b3sum, BLAKE3's own command: the one on PATH, or the one that ``make test`` has provided."""
    return find("b3sum", "make .tools/bin/b3sum")


@functools.cache
def arm_compiler() -> str:
    """Return the path of a C compiler for 64-bit ARM under Linux."""
    return find("aarch64-linux-gnu-gcc", "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross")


@functools.cache
def arm_emulator() -> str:
    """Return the path of the emulator that runs programs for 64-bit ARM under Linux."""
    return find("qemu-aarch64", "apt-get install qemu-user")


def find(name: str, hint: str) -> str:
    """Return the path of the program *name*; the test fails, with *hint*, where there is none."""
    path = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), str(PROVIDED))))
    if path is None:
        pytest.fail(f"{name} is missing; run: {hint}", pytrace=False)
    return path


def run_b3sum(arguments: list[str], data: bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Return what b3sum makes of *data*, in *folder*."""
    return subprocess.run([b3sum(), *arguments], input=data, cwd=folder, capture_output=True, check=False)
