"""The tables of a ``poetry.lock``, and the commands that a person uses with one."""

from __future__ import annotations

from ...getters import Table
from ..model import Commands

COMMANDS = Commands(lock="poetry lock", install="poetry install", check="poetry check --lock")
MAIN = "main"
# Since then a lock says of each package in which groups it is, and under which markers.
RECORDS_GROUPS = (2, 1)


class LockTable(Table):
    """A table of a ``poetry.lock``."""

    __slots__ = ()
    hint = COMMANDS.lock
