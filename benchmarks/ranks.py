"""What agreement between the ranks of a job costs: jobs of several sizes in one run, interleaved, with the job of one rank among them.

torch is imported once and each rank forked off, so neither its import nor the start of an interpreter is in any figure. All ranks of
a job wait for one another before they call ``enforce()``. Figures of a job:

*talks*: from the moment at which the last rank begins to talk to that at which the last one is done. This is what is added where
every rank has a processor to itself, as ranks have.

*processor*: the time on a processor that the talks take of rank 0, which hears and answers all others, and of each other rank (median).

*whole*: from the start of the first ``enforce()`` to the end of the last. On a machine with fewer processors than ranks, their own checks
and the loading of modules take turns in it.

Needs an interpreter with torch: ``make bench-ranks``.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

SIZES = tuple(map(int, sys.argv[2:])) or (1, 2, 8, 64)
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
LOCK = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\n'
MANIFEST = (
    '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n\n'
    '[tool.envguard]\nunexpected = "allow"\ncode = "off"\nreceipts = false\n'
)
SCRIPT = """
import envguard, os, time
import envguard.trace as trace
trace.LOCAL_SLACK_NS = trace.FOREIGN_SLACK_NS = 0  # the files are younger than what is trusted in earnest
talks = [0.0, 0.0, 0.0]
if int(os.environ["WORLD_SIZE"]) > 1:
    import envguard.agreed as agreed
    real = agreed.settle
    def settle(*arguments, **more):
        talks[0], spent = time.monotonic(), time.process_time()
        try:
            return real(*arguments, **more)
        finally:
            talks[1], talks[2] = time.monotonic(), time.process_time() - spent
    agreed.settle = settle
ready()
began = time.monotonic()
run = envguard.enforce(1, project=os.getcwd())
ended = time.monotonic()
result = [began, ended, *talks, run.receipt.verdict]
"""


def job(size: int, folder: str) -> tuple[float, float, float, float]:
    """Return the milliseconds of a job of *size* ranks: of its talks, of the processor for them on rank 0 and on the others, of the whole."""
    import torch.distributed as dist

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    store: Any = dist.TCPStore("127.0.0.1", port, None, True, timedelta(seconds=60), wait_for_workers=False)
    pipes = []
    start_read, start_write = os.pipe()
    ready_read, ready_write = os.pipe()
    for rank in range(size):
        read, write = os.pipe()
        if not os.fork():
            os.environ.update(
                {
                    "RANK": str(rank),
                    "WORLD_SIZE": str(size),
                    "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": str(port),
                    "TORCHELASTIC_RUN_ID": "bench",
                    "TORCHELASTIC_USE_AGENT_STORE": "True",
                }
            )
            os.close(start_write)

            def ready() -> None:
                os.write(ready_write, b".")
                # Until the other end is closed, for all at once.
                os.read(start_read, 1)

            try:
                values = runpy.run_path(os.path.join(folder, "train.py"), {"ready": ready})
                os.write(write, json.dumps(values["result"]).encode())
            except BaseException as error:  # noqa: BLE001 - a rank that does not go on must say why
                sys.stderr.write(f"{error!r}\n")
            finally:
                os._exit(0)
        os.close(write)
        pipes.append(read)
    os.close(start_read)
    waiting = size
    while waiting:
        waiting -= len(os.read(ready_read, waiting))
    os.close(start_write)
    results = []
    for read in pipes:
        with open(read, "rb") as file:
            text = file.read()
        if not text:
            sys.exit(f"error: a rank of {size} did not go on")
        results.append(json.loads(text))
        os.wait()
    os.close(ready_read)
    os.close(ready_write)
    del store
    if any(result[5] != "clean" for result in results):
        sys.exit(f"error: a rank of {size} was not clean")
    talks = max(result[3] for result in results) - max(result[2] for result in results)
    whole = max(result[1] for result in results) - min(result[0] for result in results)
    spent = [result[4] * 1000 for result in results]
    return talks * 1000, spent[0], statistics.median(spent[1:] or [0.0]), whole * 1000


def main() -> None:
    import torch._inductor  # noqa: F401 - what deterministic algorithms import, in every rank otherwise

    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("uv.lock", LOCK), ("pyproject.toml", MANIFEST), ("train.py", SCRIPT)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.environ |= {
            "ENVGUARD_CACHE_DIR": os.path.join(folder, "cache"),
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),
            # torch asks for the name of each address that it talks to; without a network nobody answers, for ten seconds.
            "RES_OPTIONS": "timeout:1 attempts:1",
        }
        command = [sys.executable, "-m", "envguard", "record", folder, "--python", sys.executable]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        os.chdir(folder)
        for size in SIZES:
            job(size, folder)
        found: dict[int, list[tuple[float, ...]]] = {size: [] for size in SIZES}
        for _ in range(ROUNDS):
            for size in random.sample(SIZES, len(SIZES)):
                found[size].append(job(size, folder))
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, medians of {ROUNDS} rounds (smallest to largest)"
    )
    print("| ranks | talks | processor, rank 0 | processor, others | whole |\n|---|---|---|---|---|")
    for size in SIZES:
        cells = []
        for place in range(4):
            figures = sorted(item[place] for item in found[size])
            cells.append(f"{statistics.median(figures):.0f} ms ({figures[0]:.0f} to {figures[-1]:.0f})")
        print(f"| {size} | {' | '.join(cells if size > 1 else ['none', 'none', 'none', cells[3]])} |")


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:.0f} s in all", file=sys.stderr)
