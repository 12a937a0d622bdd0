"""Many light ranks: torch is imported once, then each rank is forked off with the variables of a launcher.

Called by the tests in an interpreter that has torch: ``forked.py SIZE SCRIPT OPTIONS``, where OPTIONS is JSON: *agent* (whether there
is a store of torchrun's agent), *variables* for every rank, *of* for single ones (by rank), *absent* ranks that never start, *limit* in
seconds after which whoever is left is killed. Writes JSON: for each rank status, stdout, stderr and how many seconds it took.
"""

from __future__ import annotations

import faulthandler
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

SETTLED = "import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0"


def main() -> None:
    import torch._inductor  # noqa: F401 - deterministic algorithms import it: seconds for each rank otherwise
    import torch.distributed as dist

    size, script, options = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    port = options.get("port") or free_port()
    variables = {
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    store: Any = None
    if options.get("agent", True):
        store = dist.TCPStore("127.0.0.1", port, None, True, timedelta(seconds=60), wait_for_workers=False)
        variables |= {
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_RUN_ID": "forked",
            "TORCHELASTIC_RESTART_COUNT": "0",
        }
    folder = tempfile.mkdtemp()
    results = [
        round_of(size, script, {**variables, **options.get("variables", {})}, options, folder)
        for _ in range(options.get("rounds", 1))
    ]
    del store
    json.dump(results, sys.stdout)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def round_of(
    size: int, script: str, variables: dict[str, str], options: dict[str, Any], folder: str
) -> dict[int, list[Any]]:
    started = time.monotonic()
    pids = {}
    for rank in range(size):
        if rank in options.get("absent", ()):
            continue
        own = {**variables, "RANK": str(rank), "LOCAL_RANK": str(rank), **options.get("of", {}).get(str(rank), {})}
        pid = os.fork()
        if not pid:
            be_rank(rank, script, {key: value for key, value in own.items() if value is not None}, folder)
        pids[pid] = rank
    statuses: dict[int, tuple[int, float]] = {}
    while pids:
        pid, status = os.waitpid(-1, os.WNOHANG)
        now = time.monotonic() - started
        if pid:
            statuses[pids.pop(pid)] = (os.waitstatus_to_exitcode(status), now)
        elif now > options.get("limit", 100):
            for left in pids:
                os.kill(left, signal.SIGKILL)
        else:
            time.sleep(0.005)
    return {rank: [*statuses[rank][:1], *texts(folder, rank), statuses[rank][1]] for rank in sorted(statuses)}


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
        faulthandler.dump_traceback_later(50, file=2)
        exec(SETTLED)
        runpy.run_path(script, run_name="__main__")
        status = 0
    except SystemExit as end:
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
