from __future__ import annotations

import gc
import os
import platform
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from envguard import cli as cli_package
from envguard.cli import commands
from envguard.cli.console import write_file
from envguard.errors import EnvguardError, WriteError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project


def test_a_command_that_does_not_exist_is_a_usage_error_that_names_the_nearest(cli: Cli) -> None:
    result = cli("explian")
    assert result.status == 2
    assert result.out == ""
    assert result.err == "error: there is no command 'explian', did you mean 'explain'?\n\nhint: envguard --help\n"


def test_an_option_that_does_not_exist_is_a_usage_error(cli: Cli) -> None:
    result = cli("explain", "--nope")
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("error: no such option")
    assert result.err.endswith("\n\nhint: envguard explain --help\n")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_command_and_the_exit_statuses(cli: Cli, flag: str) -> None:
    result = cli(flag)
    assert result.status == 0
    assert result.err == ""
    for word in ("init", "check", "record", "explain", "lock", "Exit status: 0 clean"):
        assert word in result.out


@pytest.mark.parametrize(
    "command", [("check",), ("init",), ("record",), ("lock",), ("lock", "check"), ("lock", "list")]
)
def test_every_command_has_help(cli: Cli, command: tuple[str, ...]) -> None:
    result = cli(*command, "-h")
    assert result.status == 0
    assert result.out.startswith(f"Usage: envguard {' '.join(command)} ")


def test_the_version_says_which_code_does_the_hashing(cli: Cli) -> None:
    result = cli("--version")
    assert result.status == 0
    python = re.escape(platform.python_version())
    hashing = r"(C core \((AVX-512|AVX2|SSE4\.1|NEON|portable); this processor has .*\)|blake3 package \(the slow one; the C core .*\))"
    assert re.fullmatch(rf"envguard \d+\.\d+\S* \(Python {python}\) hashing: {hashing}\n", result.out)


def test_the_module_is_the_script(cli: Cli, tmp_path: Path) -> None:
    result = cli.process("explain", "version-mismatch", cwd=tmp_path)
    assert result.status == 0
    assert result.out == cli("explain", "EG203").out


def break_explain(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("envguard.cli.explain.all_rules", fail)


def test_an_error_of_ours_is_one_message_and_status_2(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.envguard]\nlevle = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "pyproject.toml")
    keys = ("tool", "envguard", "levle")
    break_explain(
        monkeypatch, EnvguardError("this key is not known", path=path, keys=keys, hint="did you mean 'level'?")
    )
    result = cli("explain")
    assert result.status == 2
    assert result.out == ""
    assert result.err == (
        "error: pyproject.toml:2: in 'tool.envguard.levle': this key is not known\n\nhint: did you mean 'level'?\n"
    )


def test_a_bug_is_no_finding_and_no_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_explain(monkeypatch, ZeroDivisionError("division by zero"))
    result = cli("explain")
    assert result.status == 2
    assert result.out == ""
    assert result.err == (
        "error: envguard failed in a way that it does not know: ZeroDivisionError: division by zero\n"
        "This is a bug in envguard, not in your project. Nothing was decided. Please report it with the command,\n"
        "`envguard --version`, and what the same command prints with ENVGUARD_TRACEBACK=1\n"
    )
    monkeypatch.setenv("ENVGUARD_TRACEBACK", "1")
    assert cli("explain").err.startswith("Traceback (most recent call last):\n")


def test_errors_are_coloured_only_where_wanted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert cli("explain", "EG999").err.startswith("\x1b[1;31merror:\x1b[0m there is no rule 'EG999'")
    assert cli("explain", "--color", "never", "EG999").err.startswith("error: there is no rule 'EG999'")


def test_an_interrupt_in_a_command_is_status_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_explain(monkeypatch, KeyboardInterrupt())
    result = cli("explain")
    assert result.status == 130
    assert "Traceback" not in result.err


def test_an_interrupt_before_the_command_is_status_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "run", interrupt)
    assert cli("explain").status == 130
    assert cli_package.INTERRUPTED == 130


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way there")
def test_a_real_interrupt_leaves_no_traceback(cli: Cli, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # The command waits for ever: nobody writes to the pipe that it reads from.
    code = (
        "import sys, threading\n"
        "import envguard.rules.registry as registry\n"
        f"registry.all_rules = lambda: open({str(pipe)!r}).read()\n"
        "from envguard.cli import main\n"
        "print('ready', flush=True)\n"
        "sys.exit(main(['explain']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cli.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_reader_that_goes_away_is_no_failure(cli: Cli, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m envguard explain | (exec <&-; true); echo status ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        env=cli.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "status 0\n"
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [("explain",), ("--help",), ("lock", "--help"), ("--version",)], ids=" ".join)
def test_a_full_disk_is_said_and_is_status_2(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "envguard", *command],
            cwd=tmp_path,
            env=cli.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: no space left on device\n"


def test_a_terminal_without_unicode_gets_escapes(cli: Cli, tmp_path: Path) -> None:
    result = cli.process("explain", "rule-é", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert result.status == 2
    assert result.err.startswith(r"error: there is no rule 'rule-\xe9'")


def process(cli: Cli, folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what became of the program *code*, in a process of its own in *folder*."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=cli.environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("command", "collects"), [(("lock", "check"), False), (("hash", "."), True), (("-h",), True)])
def test_a_short_command_of_its_own_process_collects_no_garbage(
    cli: Cli, tmp_path: Path, command: tuple[str, ...], collects: bool
) -> None:
    code = (
        "import gc, sys, contextlib, io; from envguard.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()): main()\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    done = process(cli, tmp_path, code, *command)
    assert (done.returncode, done.stdout) == (0, f"{collects} True\n"), done.stderr


@pytest.mark.parametrize(
    ("before", "command", "ended"),
    [
        ("", ("lock", "check"), True),
        ("import threading", ("lock", "check"), True),
        ("", ("hash", "."), False),
        ("import atexit; atexit.register(print, 'over')", ("lock", "check"), False),
        ("sys.setprofile(lambda *_: None)", ("lock", "check"), False),
        ("sys.settrace(lambda *_: None)", ("lock", "check"), False),
        ("import threading; threading.Thread(target=time.sleep, args=(2,)).start()", ("lock", "check"), False),
    ],
)
def test_a_short_command_ends_its_process_where_nobody_awaits_the_end(
    cli: Cli, tmp_path: Path, before: str, command: tuple[str, ...], ended: bool
) -> None:
    code = (
        f"import os, sys, time; from envguard.cli import program\n{before}\n"
        "end = os._exit; os._exit = lambda status: (sys.stdout.flush(), end(status + 40))\n"
        "sys.exit(program())"
    )
    done = process(cli, tmp_path, code, *command)
    known = 0 if command[0] == "hash" else 2
    assert done.returncode == (known + 40 if ended else known)
    assert done.stdout == ("over\n" if "over" in before else done.stdout)
    assert ("there is no project here" in done.stderr) is (command[0] == "lock")


def test_what_a_short_command_says_arrives_whole_before_its_process_ends(cli: Cli, recorded: Project) -> None:
    result = cli.process("lock", "list", cwd=recorded.folder)
    shown = cli("lock", "list")
    assert (result.status, result.out, result.err) == (0, shown.out, "")


def test_what_is_called_in_another_program_leaves_its_collector_alone(cli: Cli) -> None:
    before = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
    cli("lock", "check")
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == before


def test_the_fast_path_imports_no_library_of_commands(cli: Cli, tmp_path: Path) -> None:
    code = (
        "import sys, envguard.cli; print(sorted(m for m in sys.modules if m.split('.')[0] in ('click', 'json', 're')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {os.getcwd()!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=cli.environ,
    )
    assert done.stdout == "[]\n"


def test_a_report_file_is_replaced_atomically_and_a_device_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    write_file(str(path), "one \udcff\n")
    assert path.read_bytes() == b"one \\udcff\n"
    write_file(os.devnull, "gone")
    assert not os.path.isfile(os.devnull)
    with pytest.raises(WriteError):
        write_file(str(tmp_path / "no" / "such" / "folder"), "x")
    with pytest.raises(WriteError):
        write_file(str(tmp_path), "x")
