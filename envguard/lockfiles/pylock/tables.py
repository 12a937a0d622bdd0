"""The tables of a ``pylock.toml``, and the commands of the tools that write one."""

from __future__ import annotations

import re
import shlex

from ...getters import Table
from ...urls import filename_at
from ..exported.command import command_of, shown
from ..exported.selections import POETRY
from ..model import Commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PDM = "pdm"
TABLES = (PDM, POETRY)
HINT = "make it anew with the tool that it names in 'created-by'"


class LockTable(Table):
    """A table of a ``pylock.toml``."""

    __slots__ = ()
    hint = HINT


def is_pdms_own(tool: Mapping[str, Any]) -> bool:
    """Return whether pdm wrote the file as its lock; what it exports lacks the strategy, and was compared with nothing."""
    pdm = tool.get("pdm")
    return isinstance(pdm, dict) and "strategy" in pdm


def commands(name: str, writer: str, text: str, tool: Mapping[str, Any]) -> Commands:
    """Return the commands for the lock called *name* with the content *text*, which *writer* made and *tool* describes."""
    quoted = shlex.quote(name)
    with_pip = f"python -m pip install -r {quoted}"
    with_uv = f"uv pip install -r {quoted}"
    made_by = shown(command_of(text))
    match writer:
        case "uv":
            return Commands(
                lock=made_by or f"uv export --format pylock.toml --output-file {quoted}",
                install=with_uv,
            )
        case "pdm" if is_pdms_own(tool):
            return Commands(lock="pdm lock", install="pdm sync", check="pdm lock --check")
        case "pdm":
            return Commands(lock=f"pdm export --format pylock --output {quoted}", install=with_uv)
        case "poetry-plugin-export":
            return Commands(lock=f"poetry export --format pylock.toml --output {quoted}", install=with_pip)
        case "pip":
            return Commands(lock=f"pip lock --output {quoted}, with what it was made from", install=with_pip)
        case _:
            return Commands(lock=made_by or f"make {quoted} anew with {writer[:80]!r}", install=with_pip)


def filename_of(file: LockTable) -> str | None:
    """Return the name of a file: as it is given, else the last part of its path or URL; None where it has none of these."""
    name, path, url = file.text("name"), file.text("path"), file.text("url")
    if name is not None or (path is None and url is None):
        return name
    # A relative path may have either kind of slash.
    return re.split(r"[/\\]", path)[-1] if path is not None else filename_at(url or "")
