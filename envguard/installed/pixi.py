"""What pixi writes into an environment that it makes: which one it is, and for which platform."""

from __future__ import annotations

import os

from ..errors import EnvironmentNotFoundError
from ..getters import Object
from ..json_text import parse_json
from ..names import printable
from .model import CONDA_FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

_FILE = os.path.join(CONDA_FOLDER, "pixi")
_MAX_BYTES = 16 * 1024 * 1024


class _Object(Object):
    """An object of the file that pixi writes."""

    __slots__ = ()
    raises = EnvironmentNotFoundError
    hint = "pixi install, which writes it anew"


def pixi_markers(reader: Reader, prefix: str) -> dict[str, str]:
    """Return what pixi wrote into the environment *prefix* of it, for whoever selects from its lock; empty where it did not make it.

    ``pixi_environment`` is its name, ``pixi_platform`` the platform of conda and then the virtual packages that it was made for,
    separated by blanks; old releases did not write the platform down. EnvironmentNotFoundError where the file is
    damaged, UnreadableError where it cannot be read. The format is that of "EnvironmentFile" in pixi's crate "pixi_core".
    """
    path = os.path.join(prefix, _FILE)
    if not reader.is_file(path):
        return {}
    text = reader.read_text(path, limit=_MAX_BYTES)
    root = _Object(path, (), parse_json(text, path, EnvironmentNotFoundError, hint=_Object.hint))
    found = {"pixi_environment": printable(root.required("environment_name"))}
    if root.get("resolved_platform", dict) is not None:
        resolved = root.table("resolved_platform")
        found["pixi_platform"] = " ".join((resolved.required("subdir"), *resolved.texts("virtual_packages")))
    return found
