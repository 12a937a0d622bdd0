"""envguard hash: b3sum's lines for files, roots and manifests for folders, and a line of progress for those who watch."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3

from envguard.cli.progress import ProgressLine, text
from envguard.data.model import Progress

if TYPE_CHECKING:
    from .conftest import Cli


def digest(data: bytes) -> str:
    return blake3(data).hexdigest()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data; the current folder is the one that holds it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_bytes(b"first")
    (folder / "sub" / "b").write_bytes(b"second")
    return folder


MANIFEST = f"{digest(b'first')}  a\n{digest(b'second')}  sub/b\n"


def raw(cli: Cli, *arguments: str | bytes, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process and return its bytes."""
    return subprocess.run(
        [sys.executable, "-m", "envguard", "hash", *arguments],
        input=given,
        env={**cli.environ, **more},
        capture_output=True,
        check=False,
    )


@pytest.mark.usefixtures("data")
def test_a_file_gives_the_line_of_b3sum(cli: Cli) -> None:
    result = cli("hash", "data/a", "./data/sub/../a")
    assert (result.status, result.err) == (0, "")
    assert result.out == f"{digest(b'first')}  data/a\n{digest(b'first')}  ./data/sub/../a\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (b"plain", b"plain"),
        (b" two  spaces", b" two  spaces"),
        (b"a\\b", b"a\\\\b"),
        (b"a\nb", b"a\\nb"),
        (b"a\rb", b"a\\rb"),
        (b"\xff\xfe", b"\xff\xfe"),
        ("ä".encode(), "ä".encode()),
        (b"-", b"./-"),
    ],
)
def test_names_are_escaped_as_b3sum_does(cli: Cli, data: Path, name: bytes, line: bytes) -> None:
    path = b"./-" if name == b"-" else name
    Path(os.fsdecode(path)).write_bytes(b"x")
    done = raw(cli, path)
    before = b"\\" if b"\\" in line else b""
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"%s%s  %s\n" % (before, digest(b"x").encode(), line)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("arguments", [("-",), ()], ids=["dash", "nothing"])
def test_standard_input_is_hashed(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = raw(cli, *arguments, given=b"x" * 3_000_000)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == f"{digest(b'x' * 3_000_000)}  -\n".encode()


@pytest.mark.usefixtures("data")
def test_files_and_standard_input_may_be_mixed(cli: Cli) -> None:
    done = raw(cli, "data/a", "-", given=b"in")
    assert done.stdout == f"{digest(b'first')}  data/a\n{digest(b'in')}  -\n".encode()


def test_a_pipe_is_read_to_its_end(cli: Cli, data: Path) -> None:
    pipe = data.parent / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"through a pipe"))
    writer.start()
    done = raw(cli, "pipe")
    writer.join()
    assert done.stdout == f"{digest(b'through a pipe')}  pipe\n".encode()


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("path", ["data", "data/", "./data", "data/."])
def test_a_folder_gives_its_root_and_a_slash(cli: Cli, path: str) -> None:
    result = cli("hash", path)
    assert result.status == 0
    shown = path if path.endswith("/") else f"{path}/"
    assert result.out == f"{digest(MANIFEST.encode())}  {shown}\n"
    assert cli("hash", "--root", path).out == result.out


@pytest.mark.usefixtures("data")
def test_the_manifest_is_what_b3sum_checks_and_its_digest_is_the_root(cli: Cli) -> None:
    done = raw(cli, "--manifest", "data")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == MANIFEST.encode()
    assert raw(cli, "-", given=done.stdout).stdout[:64] == raw(cli, "data").stdout[:64]


def test_files_are_left_out_by_patterns(cli: Cli, data: Path) -> None:
    (data / "x.tmp").write_bytes(b"")
    (data / "logs").mkdir()
    (data / "logs" / "y").write_bytes(b"")
    assert cli("hash", "--manifest", "--ignore", "*.tmp", "--ignore", "/logs/", "data").out == MANIFEST
    result = cli("hash", "--ignore", "!a", "data")
    assert result.status == 2
    assert result.err.startswith("error: the ignore pattern '!a' is a negation, which is not supported\n")


@pytest.mark.parametrize("option", [("--jobs", "1"), ("--jobs", "3"), ("--no-cache",)])
def test_neither_threads_nor_the_cache_change_the_answer(cli: Cli, data: Path, option: tuple[str, ...]) -> None:
    assert cli("hash", *option, "data").out == cli("hash", "data").out


def test_without_the_cache_none_is_written(cli: Cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Path(os.environ["ENVGUARD_CACHE_DIR"])
    cli("hash", "--no-cache", "data")
    assert not cache.exists()
    for path in (data / "a", data / "sub" / "b"):
        os.utime(path, (0, 0))
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)
    cli("hash", "data")
    assert list((cache / "trees").iterdir())


def test_a_path_that_is_not_there_does_not_stop_the_others(cli: Cli, data: Path) -> None:
    result = cli("hash", "nope", "data/a", "data/a/b")
    assert result.status == 2
    assert result.out == f"{digest(b'first')}  data/a\n"
    assert result.err == (
        "error: nope: there is no such file or folder\nerror: data/a/b: cannot be read: not a directory\n"
    )


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("path", ["data/a", "-"])
def test_only_a_folder_has_a_manifest(cli: Cli, path: str) -> None:
    result = cli("hash", "--manifest", path)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {path}: is no folder: only a folder has a manifest\n"


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("paths", [(), ("data", "data")])
def test_one_manifest_is_printed_at_a_time(cli: Cli, paths: tuple[str, ...]) -> None:
    result = cli("hash", "--manifest", *paths)
    assert (result.status, result.out) == (2, "")
    assert "--manifest prints the manifest of one folder: name one PATH" in result.err


def test_what_keeps_a_tree_from_having_a_root_is_said_line_by_line(cli: Cli, data: Path) -> None:
    (data / "gone").symlink_to("nowhere")
    (data / "sub" / "up").symlink_to("..")
    os.mkfifo(data / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("data/socket")
    result = cli("hash", "data", "data/a")
    assert result.status == 2
    assert result.out == f"{digest(b'first')}  data/a\n"
    special = "is neither a file nor a folder, but a pipe, socket or device"
    assert result.err == (
        "error: data/gone: is a link to nothing\n"
        f"error: data/pipe: {special}\n"
        f"error: data/socket: {special}\n"
        "error: data/sub/up: is a link that leads back to itself or to a folder that holds it\n"
        "data has no root: 4 problems\n"
    )
    assert cli("hash", "--manifest", "data").out == ""


def test_of_many_problems_the_first_are_shown(cli: Cli, data: Path) -> None:
    for number in range(30):
        (data / f"gone{number:02}").symlink_to("nowhere")
    lines = cli("hash", "data").err.splitlines()
    assert len(lines) == 9
    assert lines[-1] == "data has no root: 30 problems, of which the first 8 are shown"


def test_a_file_that_cannot_be_read_is_named(cli: Cli, data: Path) -> None:
    # Whoever asks, root included: the first page of a process is never there.
    (data / "memory").symlink_to("/proc/self/mem")
    assert cli("hash", "data/memory").err == "error: data/memory: cannot be read: input/output error\n"
    assert cli("hash", "data").err == (
        "error: data/memory: cannot be read: input/output error\ndata has no root: 1 problem\n"
    )


def test_a_reader_that_went_away_is_no_failure(cli: Cli, data: Path) -> None:
    for number in range(2000):
        (data / f"{number:0100}").write_bytes(b"")
    command = f"{sys.executable} -m envguard hash --manifest data | head -c 10; echo ${{PIPESTATUS[0]}} >&2"
    done = subprocess.run(["bash", "-c", command], env=cli.environ, capture_output=True, text=True, check=True)
    assert done.stderr == "0\n"


def test_a_full_disk_is_said(cli: Cli, data: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "envguard", "hash", "data"],
            env=cli.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: no space left on device\n"


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize("what", ["big", "big/file"])
def test_ctrl_c_ends_it_at_once(cli: Cli, data: Path, what: str) -> None:
    (data.parent / "big").mkdir()
    sparse(data.parent / "big" / "file", 2**40)
    process = subprocess.Popen(
        [sys.executable, "-m", "envguard", "hash", what],
        env=cli.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 30
    while len(os.listdir(f"/proc/{process.pid}/task")) < 2:
        assert time.monotonic() < limit, "no thread hashes"
        time.sleep(0.01)
    time.sleep(0.3)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert (process.returncode, out, err) == (130, "", "\ninterrupted\n")


def watched(cli: Cli, *arguments: str, until: bytes = b"", **environ: str) -> tuple[int, bytes, bytes]:
    """Run the command with a terminal for standard error; return its status, its output and what the terminal saw."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in cli.environ.items() if name not in ("CI", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "envguard", "hash", *arguments],
        env={**environment, "TERM": "xterm", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        if until and until in seen:
            process.send_signal(signal.SIGINT)
            until = b""
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            block = os.read(ours, 4096)
        except OSError as error:
            assert error.errno == errno.EIO
            break
        if not block:
            break
        seen += block
    else:
        process.kill()
    os.close(ours)
    out = process.communicate()[0]
    return process.returncode, out, seen


def test_who_watches_sees_a_line_that_goes_away(cli: Cli, data: Path) -> None:
    (data.parent / "big").mkdir()
    sparse(data.parent / "big" / "file", 2**40)
    (data.parent / "big" / "small").write_bytes(b"x")
    status, out, seen = watched(cli, "big", until=b"files")
    assert (status, out) == (130, b"")
    assert re.search(rb"\r\x1b\[K[\d,]+ (of [\d,]+ )?files?, [\d.,]+ \w+, [\d.,]+ \w+/s", seen), seen
    # The last that the terminal saw of it is its removal.
    assert seen.endswith(b"\r\x1b[K\r\ninterrupted\r\n"), seen


def test_what_takes_a_moment_shows_no_line(cli: Cli, data: Path) -> None:
    status, out, seen = watched(cli, "data")
    assert (status, seen) == (0, b"")
    assert out.endswith(b"  data/\n")


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and keeps what it is told."""

    broken = False

    @property
    def seen(self) -> str:
        return self.getvalue()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise ValueError

    def write(self, words: str, /) -> int:
        if self.broken:
            raise OSError(errno.EIO, "gone")
        return super().write(words)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("CI", "1"), ("TERM", "dumb")])
def test_in_ci_and_on_a_dumb_terminal_nobody_watches(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert ProgressLine(terminal).callback is not None
    monkeypatch.setenv(name, value)
    assert ProgressLine(terminal).callback is None


def test_the_line_waits_half_a_second_and_fits_the_terminal(terminal: Terminal) -> None:
    with ProgressLine(terminal) as line:
        assert line.callback is not None
        line.callback(Progress(files=1, bytes=1, seconds=0.4))
        assert terminal.seen == ""
        line.callback(Progress(files=1, bytes=10**9, bytes_total=10**100, files_total=2, seconds=0.6))
        shown = terminal.seen.removeprefix("\r\x1b[K")
        assert len(shown) == 79
    assert terminal.seen.endswith("\r\x1b[K")
    before = terminal.seen
    line.clear()
    assert terminal.seen == before


def test_a_terminal_that_went_away_stops_nothing(terminal: Terminal) -> None:
    with ProgressLine(terminal) as line:
        assert line.callback is not None
        terminal.broken = True
        line.callback(Progress(files=1, bytes=1, seconds=1.0))
        assert line.callback is None


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(files=1, bytes=17, rate=17.0), "1 file, 17 bytes, 17 bytes/s"),
        (
            Progress(files=1200, bytes=1_234_000_000, files_total=20_000, rate=2.1e9, left=8.2),
            "1,200 of 20,000 files, 1.2 GB, 2.1 GB/s, 0:08 left",
        ),
        (
            Progress(files=0, files_total=1, bytes=1_000_000_000, bytes_total=4_000_000_000, rate=2e9, left=1.5),
            "1.0 GB of 4.0 GB, 2.0 GB/s, 0:02 left",
        ),
    ],
)
def test_the_line_says_what_is_known(progress: Progress, words: str) -> None:
    assert text(progress) == words


def test_the_help_names_the_commands_that_check_it(cli: Cli) -> None:
    shown = cli("hash", "--help").out
    assert "\n    envguard hash --manifest data | b3sum              is the root of data\n" in shown
    assert "(cd data && b3sum --check ../data.b3)" in shown
