"""The mappings of a ``pixi.lock``, and the commands that a person uses with one."""

from __future__ import annotations

from ... import yaml
from ...getters import Table
from ..model import Commands

COMMANDS = Commands(lock="pixi lock", install="pixi install --locked", check="pixi lock --check")
DEFAULT = "default"


class LockTable(Table):
    """A mapping in a ``pixi.lock``."""

    __slots__ = ()
    hint = COMMANDS.lock
    kinds = yaml.KINDS
