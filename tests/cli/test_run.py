"""envguard run: it checks, sets what only a start can set, and becomes the command."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.cli import run_line
from envguard.cli.command_python import interpreter, script_folder

if TYPE_CHECKING:
    from .conftest import Cli, Project, Result

SHOWN = ("PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "ENVGUARD_SEED", "ENVGUARD_LEVEL", "ENVGUARD_MACHINE")
SHOW = f"import json, os; print(json.dumps({{n: os.environ[n] for n in {SHOWN!r} if n in os.environ}}))"
BARE = {"PYTHONHASHSEED": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    for name in SHOWN:
        monkeypatch.delenv(name, raising=False)
        cli.environ.pop(name, None)


def shown(result: Result) -> dict[str, str]:
    assert (result.status, result.err) == (0, "")
    found: dict[str, str] = json.loads(result.out)
    return found


def program(path: Path, text: str, mode: int = 0o755) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def unchecked(cli: Cli, *command: str, options: tuple[str, ...] = (), environ: dict[str, str] | None = None) -> Result:
    return cli.process("run", "--no-check", *options, "--", *command, cwd=None, **(environ or {}))


def test_the_command_gets_what_only_a_start_can_set(cli: Cli) -> None:
    assert shown(unchecked(cli, sys.executable, "-c", SHOW)) == BARE


def test_seed_level_and_machine_are_handed_on(cli: Cli) -> None:
    options = ("--seed", "42", "--level=run-to-run", "--machine", "h100")
    assert shown(unchecked(cli, sys.executable, "-c", SHOW, options=options)) == {
        **BARE,
        "ENVGUARD_SEED": "42",
        "ENVGUARD_LEVEL": "run-to-run",
        "ENVGUARD_MACHINE": "h100",
    }


def test_what_the_user_has_set_is_kept_and_across_hardware_cublas_is_left_alone(cli: Cli) -> None:
    mine = {"PYTHONHASHSEED": "7", "CUBLAS_WORKSPACE_CONFIG": ":16:8"}
    assert shown(unchecked(cli, sys.executable, "-c", SHOW, environ=mine)) == mine
    found = shown(unchecked(cli, sys.executable, "-c", SHOW, options=("--level", "cross-hardware")))
    assert found == {"PYTHONHASHSEED": "0", "ENVGUARD_LEVEL": "cross-hardware"}
    assert shown(unchecked(cli, sys.executable, "-c", SHOW, environ={"ENVGUARD_LEVEL": "cross-hardware"})) == found


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"PYTHONHASHSEED": "random"},
            (
                "PYTHONHASHSEED is 'random', which does not fix the order of sets of text: expected a whole number from 0 to "
                "4294967295\n\nhint: unset PYTHONHASHSEED, and it will be 0, or export another number"
            ),
        ),
        (
            {"CUBLAS_WORKSPACE_CONFIG": ":1:1"},
            (
                "CUBLAS_WORKSPACE_CONFIG is ':1:1', with which cuBLAS may add up in another order from one call to the next: "
                "expected :4096:8 or :16:8\n\nhint: unset CUBLAS_WORKSPACE_CONFIG, and it will be :4096:8"
            ),
        ),
        (
            {"ENVGUARD_SEED": "x"},
            "ENVGUARD_SEED is 'x', which is no seed: expected a whole number from 0 to 2**256 - 1",
        ),
        ({"ENVGUARD_LEVEL": "x"}, "ENVGUARD_LEVEL is 'x'; it can be run-to-run, host-to-host, cross-hardware"),
        ({"ENVGUARD": "x"}, "ENVGUARD is 'x'; it can be enforce, warn, off"),
    ],
)
def test_what_contradicts_is_refused_before_anything_runs(cli: Cli, environ: dict[str, str], message: str) -> None:
    result = unchecked(cli, sys.executable, "-c", "print('ran')", environ=environ)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {message}\n"


def test_the_command_is_this_very_process_with_its_status(cli: Cli) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "envguard",
            "run",
            "--no-check",
            "--",
            sys.executable,
            "-c",
            "import os; print(os.getpid())",
        ],
        env=cli.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.communicate()[0].strip() == str(process.pid)
    assert unchecked(cli, sys.executable, "-c", "raise SystemExit(37)").status == 37
    assert unchecked(cli, sys.executable, "-c", "import os; os.kill(os.getpid(), 15)").status == -signal.SIGTERM


def test_signals_and_standard_input_reach_the_command_as_they_would_without_envguard(cli: Cli) -> None:
    def ignored(line: str) -> int:
        # Signals 32 and 33 are the C library's own; whether they arrive ignored depends on how Python starts a program.
        return int(line.removeprefix("SigIgn:"), 16) & ~(0b11 << 31)

    plain = subprocess.run(["grep", "SigIgn", "/proc/self/status"], capture_output=True, text=True, check=True)
    through = unchecked(cli, "grep", "SigIgn", "/proc/self/status")
    assert ignored(through.out) == ignored(plain.stdout)
    done = subprocess.run(
        [sys.executable, "-m", "envguard", "run", "--no-check", "--", "cat"],
        env=cli.environ,
        input=b"\x00one\ntwo",
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"\x00one\ntwo"


def test_the_variable_that_python_sets_for_itself_is_not_handed_on(cli: Cli) -> None:
    environ = {name: value for name, value in cli.environ.items() if name not in ("LANG", "LC_ALL", "LC_CTYPE")}
    command = [sys.executable, "-m", "envguard", "run", "--no-check", "--", "env"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert not [line for line in done.stdout.splitlines() if line.startswith("LC_CTYPE=")]
    environ["LC_CTYPE"] = "C.UTF-8"
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert "LC_CTYPE=C.UTF-8" in done.stdout.splitlines()


def test_no_such_command_is_127_and_one_that_cannot_be_run_126(cli: Cli, folder: Path) -> None:
    result = unchecked(cli, "no-such-command")
    assert (result.status, result.out, result.err) == (
        127,
        "",
        "error: 'no-such-command' cannot be run: there is no such command\n",
    )
    assert unchecked(cli, str(folder / "gone")).status == 127
    (folder / "dangling").symlink_to("nowhere")
    assert unchecked(cli, str(folder / "dangling")).status == 127
    closed = program(folder / "closed", "#!/bin/sh\n", 0o644)
    result = unchecked(cli, str(closed))
    assert (result.status, result.err) == (126, f"error: '{closed}' cannot be run: permission denied\n")
    assert unchecked(cli, str(folder)).status == 126
    assert unchecked(cli, "closed", environ={"PATH": str(folder)}).status == 126


def test_a_script_without_its_first_line_is_the_shells(cli: Cli, folder: Path) -> None:
    script = program(folder / "script", 'echo "$PYTHONHASHSEED $1"\n')
    result = unchecked(cli, str(script), "two words")
    assert (result.status, result.out) == (0, "0 two words\n")


def test_without_a_command_the_usage_is_said(cli: Cli) -> None:
    for arguments in (("run",), ("run", "--"), ("run", "--seed", "1"), ("run", "--level", "x", "--", "true")):
        result = cli(*arguments)
        assert (result.status, result.out) == (2, "")
        assert "hint: envguard run --help" in result.err
    assert "Run COMMAND as enforce() wants it to be started" in cli("run", "--help").out


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("-- python a.py", {"command": ["python", "a.py"]}),
        ("python --seed 1", {"command": ["python", "--seed", "1"]}),
        ("--seed 1 --no-check -- x", {"command": ["x"], "seed": "1", "check": False}),
        ("--seed=1 --level=run-to-run x", {"command": ["x"], "seed": "1", "level": "run-to-run"}),
        ("--no-data --files --machine m --project p -- x -- y", {
            "command": ["x", "--", "y"], "data": False, "files": True, "machine": "m", "project": "p",
        }),
        ("--", None),
        ("--seed", None),
        ("--sed 1 x", None),
        ("--no-check=1 x", None),
        ("--level x y", None),
        ("-h", None),
    ],
)  # fmt: skip
def test_the_plain_line_is_read_as_click_reads_it(line: str, asked: dict[str, object] | None) -> None:
    assert run_line.plain(line.split()) == asked
    if asked is None:
        return
    from envguard.cli.console import Console
    from envguard.cli.run import command

    context = command.make_context("run", line.split(), obj=Console())
    read = {
        name: value
        for name, value in context.params.items()
        if value not in (None, ()) and (name, value) != ("check", True)
    }
    assert {**read, "command": list(read["command"])} == asked


def test_a_clean_project_is_checked_and_the_command_is_run_without_a_word(cli: Cli, recorded: Project) -> None:
    python = str(recorded.folder / ".venv" / "bin" / "python")
    result = cli.process("run", "--seed", "42", "--", python, "-c", SHOW, cwd=recorded.folder)
    assert shown(result) == {**BARE, "ENVGUARD_SEED": "42"}


def test_drift_keeps_the_command_from_running(cli: Cli, recorded: Project) -> None:
    recorded.install("numpy", "2.0.0")
    python = str(recorded.folder / ".venv" / "bin" / "python")
    command = ("run", "--", python, "-c", "print('ran')")
    result = cli.process(*command, cwd=recorded.folder)
    assert (result.status, result.out) == (1, "")
    assert "EG203 [version-mismatch] numpy 2.0.0 is installed, the lock pins 2.4.6" in result.err
    warned = cli.process(*command, cwd=recorded.folder, ENVGUARD="warn")
    assert (warned.status, warned.out) == (0, "ran\n")
    assert warned.err.splitlines()[-1] == "envguard: ENVGUARD=warn: going on all the same"
    assert "EG203" in warned.err
    assert cli.process(*command, cwd=recorded.folder, ENVGUARD="off").out == "ran\n"
    assert cli.process("run", "--no-check", *command[1:], cwd=recorded.folder).out == "ran\n"


def test_the_level_of_the_settings_decides_what_is_set(cli: Cli, recorded: Project) -> None:
    manifest = recorded.manifest.read_text().replace("[tool.envguard]", '[tool.envguard]\nlevel = "cross-hardware"')
    recorded.manifest.write_text(manifest.replace('level = "host-to-host"\n', ""))
    python = str(recorded.folder / ".venv" / "bin" / "python")
    result = cli.process("run", "--", python, "-c", SHOW, cwd=recorded.folder)
    assert shown(result) == {"PYTHONHASHSEED": "0"}


def test_the_environment_of_the_commands_own_python_is_checked(cli: Cli, recorded: Project, tmp_path: Path) -> None:
    """Not that of the project, which is in order."""
    other = tmp_path / "other"
    (other / "bin").mkdir(parents=True)
    (other / "bin" / "python").symlink_to(sys.executable)
    (other / "pyvenv.cfg").write_text((recorded.folder / ".venv" / "pyvenv.cfg").read_text())
    (other / recorded.site.relative_to(recorded.folder / ".venv")).mkdir(parents=True)
    tool = program(other / "bin" / "tool", f"#!{other}/bin/python\nprint('ran')\n")
    for command in ((str(other / "bin" / "python"), "-c", "print('ran')"), (str(tool),)):
        result = cli.process("run", "--", *command, cwd=recorded.folder)
        assert (result.status, result.out) == (1, ""), command
        assert "EG201 [missing-package] numpy" in result.err


def test_without_a_project_it_says_so(cli: Cli, folder: Path) -> None:
    result = cli.process("run", "--", "true", cwd=folder)
    assert (result.status, result.out) == (2, "")
    assert "there is no project here" in result.err
    warned = cli.process("run", "--", "true", cwd=folder, ENVGUARD="warn")
    assert (warned.status, warned.err.splitlines()[-1]) == (0, "envguard: ENVGUARD=warn: going on all the same")


def test_the_project_is_where_the_script_is(cli: Cli, recorded: Project, tmp_path: Path) -> None:
    (recorded.folder / "train.py").write_text(SHOW)
    python = str(recorded.folder / ".venv" / "bin" / "python")
    result = cli.process("run", "--", python, "-u", str(recorded.folder / "train.py"), cwd=tmp_path)
    assert shown(result) == BARE
    result = cli.process("run", "--project", str(recorded.folder), "--", python, "-c", SHOW, cwd=tmp_path)
    assert shown(result) == BARE


def test_a_clean_warm_run_imports_nothing_heavy(cli: Cli, recorded: Project) -> None:
    code = (
        "import sys, os; import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0\n"
        "import envguard.answers; envguard.answers._CODE = ('envguard',)\n"
        "os.execve = lambda *_: print(*sorted(sys.modules))\n"
        "from envguard.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    python = str(recorded.folder / ".venv" / "bin" / "python")
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code, "run", "--seed", "1", "--", python, "-c", "pass"],
            cwd=recorded.folder, env=cli.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
    modules = set(done.stdout.split())
    assert "envguard.cli.running" in modules
    heavy = {"click", "packaging", "tomli", "subprocess", "pathlib", "envguard.check", "envguard.model", "dataclasses"}
    assert modules & heavy == set()


def test_which_python_a_command_runs_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = folder / "python3"
    python.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(folder))
    assert interpreter(str(python)) == str(python), "a link is what makes an environment"
    assert interpreter(str(program(folder / "torchrun", f"#!{python}\nimport torch\n"))) == str(python)
    assert interpreter(str(program(folder / "env", "#!/usr/bin/env python3\n"))) == str(python)
    assert interpreter(str(program(folder / "env-S", "#!/usr/bin/env -S A=1 python3 -u\n"))) == str(python)
    long = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"
    assert interpreter(str(program(folder / "long", long))) == str(python)
    assert interpreter(str(program(folder / "shell", "#!/bin/sh\necho\n"))) is None
    assert interpreter(str(program(folder / "gone", "#!/nowhere/python\n"))) is None
    assert interpreter("/bin/true") is None
    assert interpreter(str(folder / "not-there")) is None


def test_a_program_that_only_stands_for_a_python_is_asked(folder: Path) -> None:
    """As the shims of pyenv do."""
    shim = program(folder / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert interpreter(str(shim)) == sys.executable
    assert interpreter(str(program(folder / "python3", "#!/bin/sh\nexit 3\n"))) is None


def test_where_a_script_lies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "a").mkdir()
    (folder / "a" / "train.py").touch()
    there = str(folder / "a")
    for line in (
        "python a/train.py",
        "python3.12 -u -X dev -Wd -W error a/train.py --x",
        "/bin/python -bb a/train.py -c",
    ):
        assert script_folder(line.split()) == there, line
    for line in ("python", "python -c a/train.py", "python -um a/train.py", "torchrun a/train.py", "python gone.py"):
        assert script_folder(line.split()) == ".", line


def test_programs_on_the_path_are_found_as_a_shell_finds_them(cli: Cli, folder: Path) -> None:
    first, second = folder / "1", folder / "2"
    first.mkdir()
    second.mkdir()
    program(first / "tool", "#!/bin/sh\necho first\n", stat.S_IRUSR)
    program(second / "tool", "#!/bin/sh\necho second\n")
    path = os.pathsep.join(map(str, (first, second, "/usr/bin", "/bin")))
    assert unchecked(cli, "tool", environ={"PATH": path}).out == ("second\n")
