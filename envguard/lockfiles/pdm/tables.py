"""The tables of a ``pdm.lock``, and the commands that a person uses with one."""

from __future__ import annotations

from ...getters import Table
from ..model import Commands

COMMANDS = Commands(lock="pdm lock", install="pdm sync", check="pdm lock --check")
DEFAULT = "default"
INHERIT = "inherit_metadata"
ROOT = "file:///${PROJECT_ROOT}/"


class LockTable(Table):
    """A table of a ``pdm.lock``."""

    __slots__ = ()
    hint = COMMANDS.lock
