"""The name of the project in a folder, as far as its files tell without a build."""

from __future__ import annotations

import configparser
import os

from ..errors import ConfigError
from ..names import normalize
from ..patterns import late
from ..toml import read_toml
from .manifests.section import MAX_BYTES, NAME, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

_LEGACY = "setup.cfg"
_VALID = late(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def project_name(reader: Reader, folder: str) -> str | None:
    """Return the normalised name of the project in *folder*, None where only a build could tell it.

    It is declared in ``[project]`` or ``[tool.poetry]`` of ``pyproject.toml``, or in ``[metadata]`` of ``setup.cfg``.
    ConfigError where one of them cannot be used, UnreadableError where it cannot be read.
    """
    name = None
    path = os.path.join(folder, NAME)
    if reader.exists(path):
        root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
        name = root.table("project").text("name") or root.table("tool").table("poetry").text("name")
    if name is None:
        name = _of_setup_cfg(reader, os.path.join(folder, _LEGACY))
    return normalize(name) if name is not None and _VALID.fullmatch(name) else None


def _of_setup_cfg(reader: Reader, path: str) -> str | None:
    if not reader.exists(path):
        return None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(reader.read_text(path, limit=MAX_BYTES))
    except configparser.Error as error:
        raise ConfigError(f"is no valid {_LEGACY}: {str(error).partition(chr(10))[0]}", path=path) from None
    return parser.get("metadata", "name", fallback="").strip() or None
