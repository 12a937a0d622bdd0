"""What this very process has loaded, and what it calls itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "libnccl.so.2": "int ncclGetVersion(int *v) { *v = 22703; return 0; }",
    "libcudnn.so.9": "#include <stddef.h>\nsize_t cudnnGetVersion(void) { return 91002; }",
    "libcudart.so.12": "int cudaRuntimeGetVersion(int *v) { *v = 12080; return 0; }",
    "libcublas.so.12": "int cublasGetProperty(int which, int *v) { int p[] = {12, 8, 4}; *v = p[which]; return 0; }",
    "libcufft.so.11": "int cufftGetProperty(int which, int *v) { (void)which; *v = 0; return 1; }",
    "libcurand.so.10": "int nothing;",
    "libnothing.so.1": "int nothing;",
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of libraries that say which version they are."""
    folder = tmp_path_factory.mktemp("libraries").resolve()
    for name, source in SOURCES.items():
        compiler = os.environ.get("CC", "cc")
        command = [compiler, "-shared", "-fPIC", "-xc", "-", "-o", str(folder / name)]
        subprocess.run(command, input=source, text=True, check=True)
    return folder


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOAD = "import ctypes, sys; kept = [ctypes.CDLL(path) for path in sys.argv[1:]]\n"


def test_what_is_mapped_is_what_was_loaded(libraries: Path) -> None:
    code = LOAD + "from envguard.probes import PROBES; print(PROBES['loaded']())"
    paths = sorted(str(libraries / name) for name in SOURCES)
    assert run(code, *paths).split() == [path for path in paths if "nothing" not in path]
    assert run("from envguard.probes import PROBES; print(PROBES['loaded']())") == "\n"


def test_each_library_is_asked_for_its_version(libraries: Path) -> None:
    code = LOAD + "from envguard.reader import Reader; print(Reader().ask('libraries'))"
    said = run(code, *(str(libraries / name) for name in SOURCES)).splitlines()
    assert said == [
        f"{libraries}/libcublas.so.12 12.8.4",
        f"{libraries}/libcudart.so.12 12.8",
        f"{libraries}/libcudnn.so.9 9.10.2",
        f"{libraries}/libnccl.so.2 2.27.3",
    ]


def test_a_run_sees_that_another_library_is_loaded_than_the_wheel_brings(libraries: Path, tmp_path: Path) -> None:
    site = tmp_path.resolve() / "site-packages"
    (site / "nvidia/nccl/lib").mkdir(parents=True)
    (site / "nvidia/nccl/lib/libnccl.so.2").write_bytes(b"the wheel's")
    code = f"""
{LOAD}
import dataclasses
from envguard.installed import running_environment
from envguard.installed.model import Layer, SiteFolder
from envguard.machine import observe
from envguard.reader import Reader
reader = Reader()
folders = (SiteFolder(path={str(site)!r}, layer=Layer.ENVIRONMENT),)
seen = observe(reader, dataclasses.replace(running_environment(reader), folders=folders), live=True)
print(seen.facts["library.loaded"])
print(*(item.message for item in seen.disagreements), sep=chr(10))
"""
    loaded, *messages = run(code, str(libraries / "libnccl.so.2")).splitlines()
    assert loaded == "libnccl.so.2 2.27.3"
    assert messages == [f"{libraries}/libnccl.so.2 is loaded, and not {site}/nvidia/nccl/lib/libnccl.so.2"]


def test_a_library_that_is_loaded_later_ends_the_trace(libraries: Path) -> None:
    code = """
import ctypes, sys
from envguard.installed import running_environment
from envguard.machine import observe
from envguard.probes import PROBES
from envguard.reader import Reader
from envguard.trace import holds
reader = Reader()
observe(reader, running_environment(reader), live=True)
before = holds(reader.trace.files, reader.trace.values, PROBES)
kept = ctypes.CDLL(sys.argv[1])
print(before, holds(reader.trace.files, reader.trace.values, PROBES))
"""
    assert run(code, str(libraries / "libcurand.so.10")) == "True False\n"
