"""Asking for canaries in a process of its own, with the interpreter of the environment that is asked about."""

from __future__ import annotations

import os

from .. import child
from ..model import Unknown
from . import SCHEME
from .model import Canaries, parse

# Importing PyTorch from a cold file server takes a minute.
SECONDS = 180.0
_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
_WORKSPACE = ("CUBLAS_WORKSPACE_CONFIG", (":4096:8", ":16:8"))
_LIBRARIES = ("numpy", "torch")


def ask(executable: str | None) -> Canaries:
    """Return what the canaries say in the environment of the interpreter *executable*, those on its first GPU as well.

    A library that is not installed there is ``none``; where the process fails, both are unknown with the reason.
    """
    if not executable:
        return _unknown("the interpreter of this environment is not known")
    environ = dict(os.environ)
    name, accepted = _WORKSPACE
    if environ.get(name) not in accepted:
        # As enforce() sets it: cuBLAS gives the same bits again only with one of these.
        environ[name] = accepted[0]
    try:
        done = child.run([executable, _PROGRAM], seconds=SECONDS, environ=environ)
    except OSError as error:
        return _unknown(f"{executable} cannot be started: {(error.strerror or '').lower()}")
    if done.status is None:
        return _unknown(f"the process did not end within {SECONDS:g} seconds")
    if done.status < 0:
        return _unknown(f"the process ended with signal {-done.status}")
    if done.status:
        last = done.errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return _unknown(f"the process failed: {last or f'exit status {done.status}'}")
    try:
        return parse(done.output.decode("ascii"))
    except ValueError:
        return _unknown("the process did not say what canaries say")


def _unknown(reason: str) -> Canaries:
    return Canaries(scheme=SCHEME, conditions={}, digests=dict.fromkeys(_LIBRARIES, Unknown(reason=reason)))
