"""The mappings of a ``conda-lock.yml``, and the commands that a person uses with one."""

from __future__ import annotations

import os

from ... import yaml
from ...getters import Table
from ..model import Commands

MAIN = "main"
DEV = "dev"
_RELOCK = "conda-lock lock --lockfile"


class LockTable(Table):
    """A mapping in a ``conda-lock.yml``."""

    __slots__ = ()
    hint = f"{_RELOCK} conda-lock.yml"
    kinds = yaml.KINDS


def commands(path: str) -> Commands:
    """Return the commands for the lock at *path*. No command of conda-lock says whether a lock is stale."""
    name = os.path.basename(path)
    return Commands(lock=f"{_RELOCK} {name}", install=f"conda-lock install {name}")
