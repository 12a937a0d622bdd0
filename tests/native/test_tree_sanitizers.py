"""The tree engine of the C core under sanitizers: a tree with all that a tree can hold, looked at by one thread and by four."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envguard import hash_tree
from envguard.files.walk import look

from .test_sanitizers import ROOT, compiled, output

SOURCES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "csrc").rglob("*.c")
    if path.parent.name != "tests" and path.name != "envguard.csrc.c"
)
IGNORE = ("*.tmp", "/build/", "**/cache/*.[oa]")


def plant(folder: Path) -> None:
    """Fill *folder*: files around every limit of the engine, deep and wide folders, links, what is left out."""
    sizes = (
        0,
        1,
        63,
        64,
        65,
        1023,
        1024,
        1025,
        32 * 1024,
        32 * 1024 + 1,
        1 << 18,
        1 << 21,
        (1 << 21) + 1,
        (7 << 20) + 77,
    )
    for number, size in enumerate(sizes):
        (folder / f"size {number}").write_bytes(os.urandom(size))
    for number in range(600):
        (folder / "many" / f"{number % 7}").mkdir(parents=True, exist_ok=True)
        (folder / "many" / f"{number % 7}" / f"file{number}").write_bytes(b"%d" % number * (number % 50))
    deep = folder
    for _ in range(40):
        deep /= "deep" * 10
        deep.mkdir()
    (deep / "bottom").write_bytes(b"here")
    (folder / "new\nline\\").write_bytes(b"escaped")
    (folder / os.fsdecode(b"\xff\xfe")).write_bytes(b"no text")
    (folder / "to a file").symlink_to("size 5")
    (folder / "to a folder").symlink_to("many/3")
    for left_out in ("a.tmp", "build/b", "many/1/cache/c.o"):
        (folder / left_out).parent.mkdir(exist_ok=True)
        (folder / left_out).write_bytes(b"left out")


def sanitized(tmp_path: Path, sanitizer: str, main: str) -> str:
    flags = ("-O1", "-g", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-pthread")
    return compiled(os.environ.get("CC", "cc"), tmp_path, *flags, *SOURCES, f"csrc/tests/{main}.c")


@pytest.mark.slow
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_the_engine_walks_without_a_fault(tmp_path: Path, sanitizer: str) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    plant(folder)
    program = sanitized(tmp_path, sanitizer, "test_tree")
    tree = hash_tree(folder, ignore=IGNORE, cache=False)
    head = f"{tree.root} {tree.files} {tree.bytes}"
    wanted = [f"{head} 0 0 0", f"{head} {tree.files} 0 0", f"{head} 0 {tree.files} 0"]
    assert tree.files == 14 + 600 + 1 + 2 + 1 + len(list((folder / "many/3").iterdir()))
    for jobs in ("1", "4"):
        assert output(program, str(folder), jobs) == wanted
    for wrong in ("dangling", "loop"):
        (folder / wrong).symlink_to("nowhere" if wrong == "dangling" else ".")
    os.mkfifo(folder / "pipe")
    assert [line.split()[0::5] for line in output(program, str(folder), "4")] == [["-", "3"]] * 3


@pytest.mark.slow
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_the_engine_looks_into_packages_without_a_fault(tmp_path: Path, sanitizer: str) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    plant(folder)
    for number in range(60):
        (folder / f"beside{number:02}").write_bytes(os.urandom(40_000 + 5000 * number))
        (folder / f"code{number:02}.pyc").write_bytes(os.urandom(number))
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    program = sanitized(tmp_path, sanitizer, "test_listed")
    with look(os.fsencode(folder), b"") as listed:
        names = [row.rsplit(b",", 2)[0] for row in listed.rows()[0]]
    # Most of them, as in an environment, a link to a folder among them, and some that are not there.
    asked = sorted({name for name in names if name[-1] % 5} | {b"gone", b"many/gone", b"to a folder/file3"})
    wanted = b"".join(name + b"\0" for name in asked)
    for alone in (False, True):
        with look(os.fsencode(folder), wanted, alone=alone) as listed:
            expected = b"".join(row + b"\0" for row in listed.rows()[0])
        for jobs in ("1", "4"):
            command = [program, str(folder), jobs, *(["alone"] if alone else [])]
            done = subprocess.run(command, input=wanted, capture_output=True, check=False)
            assert (done.returncode, done.stderr) == (0, b"")
            assert done.stdout == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="files are mapped on Linux alone")
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_a_file_may_be_cut_under_a_window(tmp_path: Path, sanitizer: str) -> None:
    assert output(sanitized(tmp_path, sanitizer, "test_window"), str(tmp_path)) == ["done"]
