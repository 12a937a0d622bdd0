"""A cluster of one node under Slurm, by its own daemons, as an ordinary user and in a folder of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAEMONS = ("slurmctld", "slurmd")
_CONF = """
ClusterName=envguard
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
_SECONDS = 60


def available() -> bool:
    """Return whether Slurm is installed here."""
    return all(_daemon(name) for name in DAEMONS) and shutil.which("srun") is not None


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the path of the configuration of a cluster that runs, for ``SLURM_CONF``."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    conf = folder / "slurm.conf"
    controller, node = _ports()
    conf.write_text(
        _CONF.format(
            host=os.uname().nodename.partition(".")[0],
            controller=controller,
            node=node,
            user=getpass.getuser(),
            folder=folder,
        )
    )
    environ = {**os.environ, "SLURM_CONF": str(conf)}
    # In the foreground, so that they end with the tests.
    daemons = [
        subprocess.Popen(
            [_daemon(name) or name, "-D"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name in DAEMONS
    ]
    try:
        _wait(environ, folder)
        yield str(conf)
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(timeout=_SECONDS)


def _daemon(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait(environ: dict[str, str], folder: Path) -> None:
    end = time.monotonic() + _SECONDS
    told = ""
    while time.monotonic() < end:
        done = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"], env=environ, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "".join(path.read_text() for path in sorted(folder.glob("*.log")))
    raise AssertionError(f"no node came up in {_SECONDS} s: {told}\n{logs}")
