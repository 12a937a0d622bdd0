"""The tables of a ``uv.lock``, and the commands that a person uses with one."""

from __future__ import annotations

from ...getters import Table
from ..model import Commands

COMMANDS = Commands(lock="uv lock", install="uv sync --locked --inexact", check="uv lock --check")


class LockTable(Table):
    """A table of a ``uv.lock``."""

    __slots__ = ()
    hint = COMMANDS.lock
