"""The files that a ``conda-lock.yml`` is made from: what they ask for, for one platform.

``environment.yml`` is read as conda-lock reads it ("conda_lock.src_parser"): with its comments that select platforms, and its
keys ``category`` and ``platforms``. Of a ``pyproject.toml`` the requirements are taken, whose names may be other ones in conda.
"""

from __future__ import annotations

import os

from ... import yaml
from ...errors import ConfigError
from ...getters import Table
from ...names import normalize
from ...patterns import late
from ...values import dataclass
from ...yaml import parse_yaml
from ..manifests.requirements import from_pep508
from ..manifests.section import NAME as PYPROJECT
from .tables import MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...reader import Reader
    from ..manifests.requirements import Requirement

_MAX_BYTES = 16 * 1024 * 1024
# Which selectors hold on which platform, as far as conda-lock knows them.
_SELECTORS = {
    "linux-64": {"linux64", "unix", "linux"},
    "linux-aarch64": {"aarch64", "unix", "linux"},
    "linux-ppc64le": {"ppc64le", "unix", "linux"},
    "osx-64": {"osx64", "osx", "unix"},
    "osx-arm64": {"arm64", "osx", "unix"},
    "win-64": {"win", "win64"},
}
_SELECTED = late(r".+?\s*(#.*)\[([^\[\]]+)\](?(1)[^()]*)$")


class UndecidableError(Exception):
    """A file cannot be compared; *message* says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Mapped(Table):
    """A mapping in an ``environment.yml``."""

    __slots__ = ()
    raises = ConfigError
    kinds = yaml.KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One requirement: a match spec for conda (*spec*), else a *requirement* of Python, at *keys* of *path*.

    *anywhere* is whether conda may have it under another name: then nobody can tell that it is missing.
    """

    path: str
    keys: tuple[str | int, ...]
    category: str
    spec: str | None = None
    requirement: Requirement | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that a lock was made from. *text* has line feeds alone; *platforms* and *channels* are those that it declares."""

    path: str
    text: str
    category: str = MAIN
    platforms: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def read_source(reader: Reader, path: str) -> SourceFile:
    """Return the file at *path*.

    Raises UndecidableError where it is of a kind that is not read here, ConfigError where it cannot be used,
    UnreadableError where it cannot be read.
    """
    name = os.path.basename(path)
    if name == "meta.yaml":
        raise UndecidableError("a recipe is a template, which is not filled in here")
    # A lock may name any file of the machine: what is not called as a source is not even looked into.
    if name != PYPROJECT and not name.endswith((".yml", ".yaml")):
        raise UndecidableError("this kind of file is not read here")
    text = reader.read_text(path, limit=_MAX_BYTES).replace("\r\n", "\n").replace("\r", "\n")
    if name == PYPROJECT:
        return SourceFile(path=path, text=text)
    root = Mapped(path, (), parse_yaml(text, path, ConfigError))
    return SourceFile(
        path=path,
        text=text,
        category=root.text("category") or MAIN,
        platforms=root.texts("platforms"),
        channels=tuple(channel for channel in root.texts("channels") if channel != "nodefaults"),
    )


def asked_by(reader: Reader, source: SourceFile, platform: str) -> Iterator[Asked]:
    """Yield what *source* asks for on *platform*; the errors are those of ``read_source``."""
    if os.path.basename(source.path) == PYPROJECT:
        yield from _of_pyproject(reader, source)
        return
    selected = _SELECTORS.get(platform)
    if selected is None:
        raise UndecidableError(f"which lines are meant for {platform} is not known")
    # Lines are emptied, not removed, so that an error names the right one.
    kept = ["" if _left_out(line, selected) else line for line in source.text.split("\n")]
    root = Mapped(source.path, (), parse_yaml("\n".join(kept), source.path, ConfigError))
    for number, item in enumerate(root.get("dependencies", list) or []):
        keys = ("dependencies", number)
        if isinstance(item, str):
            yield Asked(path=source.path, keys=keys, category=source.category, spec=item)
        else:
            yield from _of_pip(Mapped(source.path, keys, item), source.category)


def _left_out(line: str, selected: set[str]) -> bool:
    if line.lstrip().startswith("#"):
        return True
    match = _SELECTED.match(line)
    return match is not None and match[2] not in selected


def _of_pip(table: Mapped, category: str) -> Iterator[Asked]:
    if table.value.get("pip") is None:
        return
    for number, text in enumerate(table.texts("pip")):
        keys = (*table.keys, "pip", number)
        if text.startswith("-e "):
            # Never in a lock: conda-lock says that it has to be installed by hand.
            continue
        if text.startswith("-"):
            raise UndecidableError(f"'{text[:80]}' is an option of pip")
        requirement = from_pep508(table, text.partition(" --hash")[0], keys)
        yield Asked(path=table.path, keys=keys, category=category, requirement=requirement, anywhere=True)
    # What pip installs needs pip.
    yield Asked(path=table.path, keys=table.keys, category=MAIN, spec="pip")


def _of_pyproject(reader: Reader, source: SourceFile) -> Iterator[Asked]:
    from ..poetry.manifest import read_manifest

    manifest = read_manifest(reader, os.path.dirname(source.path))
    if manifest is None:
        return
    tool = manifest.data.get("tool", {})
    own: Mapping[str, object] = tool.get("conda-lock", {}) if isinstance(tool, dict) else {}
    if own:
        raise UndecidableError("[tool.conda-lock] changes what is asked for, which is not followed here")
    for name, group in manifest.groups.items():
        for item in group.requirements:
            category = name if not item.in_extras else item.in_extras[0]
            yield Asked(path=source.path, keys=item.keys, category=normalize(category), requirement=item, anywhere=True)
