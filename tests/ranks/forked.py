"""Many light ranks: torch is imported once, then each rank is forked off with the variables of a launcher.

Called by the tests in an interpreter that has torch, with a list of rounds as JSON on its standard input. Each round is one job: its
*size*, its *script*, *agent* (whether there is a store of torchrun's agent, the same in all rounds; else rank 0 opens one), *variables*
for every rank, *of* for single ones (by rank), *absent* ranks that never start, *left* ranks that are killed once all others have ended.
Writes JSON: for each round and rank its status, stdout, stderr and how many seconds it took.
"""

from __future__ import annotations

import faulthandler
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

LIMIT = 240
SERVER = """
import datetime, sys
import torch.distributed
store = torch.distributed.TCPStore(
    "127.0.0.1", int(sys.argv[1]), None, True, datetime.timedelta(seconds=300), wait_for_workers=False
)
print("up", flush=True)
sys.stdin.read()
"""
SETTLED = "import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0"


def main() -> None:
    # torch asks for the name of each address that it talks to; without a network nobody answers, for ten seconds.
    os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"
    import torch._inductor  # deterministic algorithms import it: seconds for each rank otherwise
    import torch.distributed  # noqa: F401 - as each rank would

    rounds = json.load(sys.stdin)
    port = free_port()
    # Not in this process: a thread of the store that holds a lock of the C library while a rank is forked off leaves it locked there.
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()
    agent = {
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCHELASTIC_RUN_ID": "forked",
        "TORCHELASTIC_RESTART_COUNT": "0",
    }
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for options in rounds:
            variables = agent if options.get("agent", True) else {"MASTER_PORT": str(free_port())}
            results.append(
                job(options, {"MASTER_ADDR": "127.0.0.1", **variables, **options.get("variables", {})}, folder)
            )
    server.communicate()
    json.dump(results, sys.stdout)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def job(options: dict[str, Any], variables: dict[str, str], folder: str) -> dict[int, list[Any]]:
    size, left = options["size"], set(options.get("left", ()))
    variables |= {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
    started = time.monotonic()
    pids = {}
    for rank in range(size):
        if rank in options.get("absent", ()):
            continue
        own = {**variables, "RANK": str(rank), "LOCAL_RANK": str(rank), **options.get("of", {}).get(str(rank), {})}
        pid = os.fork()
        if not pid:
            be_rank(rank, options["script"], own, folder)
        pids[pid] = rank
    ended: dict[int, tuple[int, float]] = {}
    while pids:
        pid, status = os.waitpid(-1, os.WNOHANG)
        now = time.monotonic() - started
        if pid:
            ended[pids.pop(pid)] = (os.waitstatus_to_exitcode(status), now)
        elif now > LIMIT or set(pids.values()) <= left:
            for process in pids:
                os.kill(process, signal.SIGKILL)
            left = set()
            time.sleep(0.01)
        else:
            time.sleep(0.005)
    return {rank: [ended[rank][0], *texts(folder, rank), ended[rank][1]] for rank in sorted(ended)}


def texts(folder: str, rank: int) -> list[str]:
    found = []
    for name in ("out", "err"):
        with open(os.path.join(folder, f"{rank}.{name}"), encoding="utf-8") as file:
            found.append(file.read())
    return found


def be_rank(rank: int, script: str, variables: dict[str, str], folder: str) -> None:
    os.environ.update(variables)
    for name, fd in (("out", 1), ("err", 2)):
        os.dup2(os.open(os.path.join(folder, f"{rank}.{name}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    status = 1
    try:
        faulthandler.dump_traceback_later(LIMIT - 20, file=2)
        exec(SETTLED)
        runpy.run_path(script, run_name="__main__")
        status = 0
    except SystemExit as end:
        # As the interpreter does, which is not there to do it.
        if isinstance(end.code, str):
            os.write(2, end.code.encode() + b"\n")
        else:
            status = end.code or 0
    except BaseException:  # noqa: BLE001 - what a rank ends with is what is looked at
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
