"""Trees and files of which there are many, or much."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.data import quick
from tests import tools

from .conftest import ENGINES
from .obvious import manifest_of
from .walks import manifest

if TYPE_CHECKING:
    from .conftest import Engine


@pytest.mark.slow
def test_a_sparse_file_beyond_4_gib(walk: Engine, folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate((4 << 30) + 1)
        file.seek((4 << 30) - 3)
        file.write(b"end")
    with walk(os.fsencode(folder)) as walked:
        assert walked.bytes == (4 << 30) + 1
        done = tools.run_b3sum(["big"], b"", folder)
        assert manifest(walked) == done.stdout


@pytest.mark.slow
def test_a_hundred_thousand_files_in_one_folder(walk: Engine, folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    for number in range(100_000):
        os.close(os.open(b"%d" % number, os.O_WRONLY | os.O_CREAT, dir_fd=handle))
    os.close(handle)
    with walk(os.fsencode(folder)) as walked:
        assert manifest(walked) == manifest_of(dict.fromkeys([b"%d" % number for number in range(100_000)], b""))


MEMORY = """
import os, resource, sys
from envguard.data import quick
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
quick.engine()(b"csrc").close()
before = peak()
with quick.engine()(os.fsencode(sys.argv[1])) as walked:
    print((peak() - before) // walked.files)
"""


@pytest.mark.slow
def test_a_million_files_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "million"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    for number in range(1_000_000):
        os.close(os.open(b"%d" % number, os.O_WRONLY | os.O_CREAT, dir_fd=handle))
    os.close(handle)
    with quick.engine()(os.fsencode(folder)) as walked:
        assert (walked.files, walked.problems) == (1_000_000, ())
        assert manifest(walked) == manifest_of(dict.fromkeys([b"%d" % number for number in range(1_000_000)], b""))
    if "core" in ENGINES:
        done = subprocess.run([sys.executable, "-c", MEMORY, folder], cwd=tools.ROOT, capture_output=True, check=True)
        assert int(done.stdout) < 150  # bytes a file
    shutil.rmtree(folder)  # sooner than the folders of other tests: a million inodes
