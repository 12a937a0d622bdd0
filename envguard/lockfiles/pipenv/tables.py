"""The objects of a ``Pipfile.lock``, its sections, and the commands that a person uses with one."""

from __future__ import annotations

from ...getters import Object
from ..model import Commands

COMMANDS = Commands(lock="pipenv lock", install="pipenv sync", check="pipenv verify")
MANIFEST = "Pipfile"
META = "_meta"
# The sections of the lock that are called otherwise in the Pipfile; every other has one name.
DEFAULT, DEVELOP = "default", "develop"
CATEGORIES = {DEFAULT: "packages", DEVELOP: "dev-packages"}
VCS = ("git", "hg", "svn", "bzr")


class LockObject(Object):
    """An object of a ``Pipfile.lock``."""

    __slots__ = ()
    hint = COMMANDS.lock
