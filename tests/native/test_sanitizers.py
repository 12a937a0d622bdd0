"""The hashes of the C core under sanitizers, between guard pages and on ARM, compiled with nothing but a plain compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import blake3
import pytest

ROOT = Path(__file__).resolve().parents[2]
FEATURES = "csrc/cpu_features.c"
BLAKE3 = (*(str(path.relative_to(ROOT)) for path in sorted((ROOT / "csrc").rglob("blake3*.c"))), FEATURES)
SHA256 = (*(str(path.relative_to(ROOT)) for path in sorted((ROOT / "csrc").rglob("sha256*.c"))), FEATURES)
STRICT = ("-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Icsrc")
SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
KEY = b"whats the Elvish word for friend"
X86 = ["AVX-512", "AVX2", "SSE4.1"]
# The kernels for one, two and sixteen inputs, by what a processor has: the SHA extensions and AVX-512, AVX2, neither, or not.
X86_SHA256 = {
    "SHA-NI/SHA-NI/AVX-512",
    "SHA-NI/SHA-NI/SHA-NI",
    "portable/AVX-512/AVX-512",
    "portable/AVX2/AVX2",
    "portable/portable/portable",
}


def need(program: str) -> str:
    """Return *program*; without it the test is skipped, which CI takes for a failure (tests/conftest.py)."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    return program


def compiled(compiler: str, tmp_path: Path, *arguments: str) -> str:
    program = str(tmp_path / "program")
    subprocess.run([need(compiler), *STRICT, *arguments, "-o", program], cwd=ROOT, check=True)
    return program


def output(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def check_hashes(lines: list[str]) -> list[str]:
    """Hold every line of test_core against the package; return the levels that it went through."""
    print(*lines[:6], sep="\n")  # which instructions were there; pytest shows it when the test fails, or with -rP
    assert lines[-1] == "done"
    hashes = [line.split() for line in lines[:-1] if line[0].isdigit()]
    assert len(hashes) == 2201 + 64 * 3 + 11 * 3 + 40
    data = bytes(range(251)) * 2200
    for length, found, keyed in hashes:
        piece = data[: int(length)]
        assert found == blake3.blake3(piece).hexdigest(), length
        assert keyed == blake3.blake3(piece, key=KEY).hexdigest(), length
    return [line.removeprefix("level ") for line in lines if line.startswith("level ")]


def check_sha256(lines: list[str]) -> set[str]:
    """Hold every line of test_sha256 against hashlib; return the sets of kernels that it went through."""
    print(*lines[:8], sep="\n")
    assert lines[-1] == "done"
    hashes = [line.split() for line in lines[:-1] if line[0].isdigit()]
    assert len(hashes) == 1101 + 41 * 11
    data = bytes(range(251)) * 100
    for length, found in hashes:
        assert found == hashlib.sha256(data[: int(length)]).hexdigest(), length
    return {line.removeprefix("level ") for line in lines if line.startswith("level ")}


@pytest.mark.slow
@pytest.mark.parametrize("flags", [SANITIZERS, ("-O2",), ("-O0",)], ids=["sanitizers", "optimised", "plain"])
@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_the_hashes_read_nothing_beyond_their_input(tmp_path: Path, compiler: str, flags: tuple[str, ...]) -> None:
    compiler = os.environ.get("CC", compiler) if compiler == "cc" else compiler
    program = compiled(compiler, tmp_path, *flags, *BLAKE3, "csrc/tests/test_core.c")
    levels = check_hashes(output(program))
    if os.uname().machine == "x86_64":
        # The best one comes first, and all that are below it are there too.
        best = [*X86, "portable"].index(levels[0])
        assert sorted(levels) == sorted([*X86, "portable"][best:])


@pytest.mark.slow
@pytest.mark.parametrize("flags", [SANITIZERS, ("-O2",), ("-O0",)], ids=["sanitizers", "optimised", "plain"])
@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_sha256_reads_nothing_beyond_its_input(tmp_path: Path, compiler: str, flags: tuple[str, ...]) -> None:
    compiler = os.environ.get("CC", compiler) if compiler == "cc" else compiler
    levels = check_sha256(output(compiled(compiler, tmp_path, *flags, *SHA256, "csrc/tests/test_sha256.c")))
    if os.uname().machine == "x86_64":
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags_here = next(line.split(":")[1].split() for line in file if line.startswith("flags"))
        missing = {
            name
            for name, flag in (("SHA-NI", "sha_ni"), ("AVX-512", "avx512vl"), ("AVX2", "avx2"))
            if flag not in flags_here
        }
        assert levels == {level for level in X86_SHA256 if not missing & set(level.split("/"))}


@pytest.mark.slow
@pytest.mark.cross
def test_sha256_of_arm_is_the_same(tmp_path: Path) -> None:
    need("qemu-aarch64")
    program = compiled("aarch64-linux-gnu-gcc", tmp_path, "-O2", "-static", *SHA256, "csrc/tests/test_sha256.c")
    assert check_sha256(output("qemu-aarch64", program)) == {"ARMv8/ARMv8/ARMv8", "portable/portable/portable"}


@pytest.mark.slow
def test_the_hashes_of_arm_are_the_same(tmp_path: Path) -> None:
    need("qemu-aarch64")
    program = compiled("aarch64-linux-gnu-gcc", tmp_path, "-O2", "-static", *BLAKE3, "csrc/tests/test_core.c")
    assert sorted(check_hashes(output("qemu-aarch64", program))) == ["NEON", "portable"]


@pytest.mark.slow
def test_threads_share_nothing_but_what_is_atomic(tmp_path: Path) -> None:
    flags = ("-O1", "-g", "-fsanitize=thread", "-pthread")
    program = compiled(os.environ.get("CC", "cc"), tmp_path, *flags, *BLAKE3, *SHA256[:-1], "csrc/tests/test_threads.c")
    assert output(program) == ["0 hashes were wrong"]


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_a_plain_compiler_makes_a_library_of_it_all(tmp_path: Path, compiler: str) -> None:
    """No flag is needed for any file; that there is no warning either is asked of both compilers."""
    sources = sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "csrc").rglob("*.c") if path.parent.name != "tests"
    )
    library = str(tmp_path / "core.so")
    subprocess.run([need(compiler), "-O2", "-shared", "-fPIC", *sources, "-o", library], cwd=ROOT, check=True)
    compiled(compiler, tmp_path, "-O2", "-shared", "-fPIC", "-pthread", *sources)
