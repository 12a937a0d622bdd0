"""How the tests find b3sum, and what is said where nobody can."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from . import tools

PROVIDE = Path(__file__).with_name("provide-b3sum")
SYSTEM = ("mkdir", "rm", "ln", "cp", "sh")


def shell(folder: Path) -> Path:
    """Return a folder of programs to be the whole of PATH, with what every system has."""
    programs = folder / "programs"
    programs.mkdir()
    for name in SYSTEM:
        (programs / name).symlink_to(str(shutil.which(name)))
    return programs


def provide(folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROVIDE), "a folder/tools"],
        cwd=folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_b3sum_says_what_the_empty_input_is() -> None:
    done = subprocess.run([tools.b3sum(), os.devnull], capture_output=True, text=True, check=True)
    assert done.stdout == f"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262  {os.devnull}\n"


def test_the_b3sum_on_path_is_taken(tmp_path: Path) -> None:
    programs = shell(tmp_path)
    program(programs / "b3sum", "echo mine")
    for _ in range(2):
        assert provide(tmp_path, programs).returncode == 0
    assert (tmp_path / "a folder" / "tools" / "bin" / "b3sum").resolve() == programs / "b3sum"


def test_a_package_is_unpacked_where_there_is_none_with_lists_of_its_own(tmp_path: Path) -> None:
    programs = shell(tmp_path)
    # A system without lists: the first download fails, and an update into the system's own folders would too.
    program(programs / "apt-get", 'case "$*" in download*|update*) exit 100;; *download*) : >b3sum_1_all.deb;; esac')
    program(programs / "dpkg", 'mkdir -p "$3/usr/bin"; cp "${0%dpkg}good" "$3/usr/bin/b3sum"')
    program(programs / "good", "echo b3sum 1")
    done = provide(tmp_path, programs)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    tool = tmp_path / "a folder" / "tools" / "bin" / "b3sum"
    assert subprocess.run([str(tool)], capture_output=True, text=True, check=True).stdout == "b3sum 1\n"
    assert sorted(os.listdir(tool.parents[1])) == ["b3sum.log", "bin"]


def test_a_package_that_does_not_run_here_gives_way_to_cargo(tmp_path: Path) -> None:
    programs = shell(tmp_path)
    program(programs / "apt-get", ": >b3sum_1_all.deb")
    program(programs / "dpkg", 'mkdir -p "$3/usr/bin"; cp "${0%dpkg}bad" "$3/usr/bin/b3sum"')
    program(programs / "bad", "exit 1")
    program(programs / "cargo", '[ "$3" = --root ] && cp "${0%cargo}good" "$4/bin/b3sum"')
    program(programs / "good", "echo b3sum 2")
    assert provide(tmp_path, programs).returncode == 0
    tool = tmp_path / "a folder" / "tools" / "bin" / "b3sum"
    assert subprocess.run([str(tool)], capture_output=True, text=True, check=True).stdout == "b3sum 2\n"


def test_where_nobody_has_it_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    done = provide(tmp_path, shell(tmp_path))
    log = tmp_path.resolve() / "a folder" / "tools" / "b3sum.log"
    assert done.returncode == 1
    assert done.stderr == (
        f"error: the tests compare with b3sum, which is not here and could not be fetched (see {log}); "
        "install it: apt-get install b3sum, brew install b3sum, or cargo install b3sum\n"
    )


def test_a_missing_program_fails_the_test_and_says_what_to_run() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"^no-such-program is missing; run: make it$"):
        tools.find("no-such-program", "make it")
