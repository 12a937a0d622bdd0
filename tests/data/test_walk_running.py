"""A walk that is under way: what it tells, what ends it, and what does not disturb it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3

from envguard.walked import Counters
from tests import tools

from .conftest import ENGINES
from .obvious import files_of, manifest_of, plant

if TYPE_CHECKING:
    from .conftest import Engine


def test_progress_is_told_on_the_thread_of_the_caller(walk: Engine, folder: Path) -> None:
    plant(folder, {b"small": b"x"})
    with (folder / "big").open("wb") as file:
        file.truncate(3 << 29)
    told: list[tuple[int, Counters]] = []
    walk(os.fsencode(folder), tick=lambda counters: told.append((threading.get_ident(), counters))).close()
    assert {thread for thread, _ in told} == {threading.get_ident()}
    counts = [counters for _, counters in told]
    assert counts
    assert all(one.bytes_done <= other.bytes_done for one, other in itertools.pairwise(counts))
    assert counts[-1].listed
    assert counts[-1].files_found == 2
    assert 0 < counts[-1].bytes_done <= (3 << 29) + 1


@pytest.mark.parametrize("error", [ValueError("enough"), KeyboardInterrupt()])
def test_what_the_callback_raises_ends_the_walk(walk: Engine, folder: Path, error: BaseException) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(1 << 42)

    def tick(_: Counters) -> None:
        raise error

    handles = set(os.listdir("/proc/self/fd"))
    start = time.monotonic()
    with pytest.raises(type(error)):
        walk(os.fsencode(folder), tick=tick)
    assert time.monotonic() - start < 2
    assert set(os.listdir("/proc/self/fd")) == handles


INTERRUPTED = """
import sys
from tests.data.conftest import ENGINES
print("ready", flush=True)
try:
    ENGINES[sys.argv[1]](sys.argv[2].encode())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupt_ends_it_at_once(engine: str, folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(1 << 42)
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, engine, folder], cwd=tools.ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait() == 0
        assert time.monotonic() - start < 2


def test_many_walks_at_once_do_not_disturb_one_another(walk: Engine, folder: Path) -> None:
    plant(folder, {b"%d/%d" % (n % 5, n): os.urandom(n * 10) for n in range(400)})
    wanted = blake3(manifest_of(files_of(folder))).digest()
    roots: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: roots.append(walk(os.fsencode(folder)).root)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert roots == [wanted] * 6


def test_signals_do_not_disturb_it(walk: Engine, folder: Path) -> None:
    """Whatever a signal interrupts is done again."""
    plant(folder, {b"%d/%d" % (n % 5, n): os.urandom(n * 100) for n in range(500)} | {b"big": bytes(50_000_000)})
    wanted = blake3(manifest_of(files_of(folder))).digest()
    count = 0

    def handler(*_: object) -> None:
        nonlocal count
        count += 1

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        roots = {walk(os.fsencode(folder)).root for _ in range(5)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert roots == {wanted}
    assert count
