"""The folders that the packages of an environment lie in, told from files and environment variables."""

from __future__ import annotations

import os
import sys

from ..errors import UnreadableError
from .interpreter import minor_of
from .model import Layer, SiteFolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..reader import Reader

PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_MAX_PTH = 1024 * 1024


def of_prefix(reader: Reader, prefix: str, tag: str) -> list[str]:
    """Return the folders of packages of the environment or installation *prefix*, as its ``site`` module lists them.

    *tag* is the name of its folders below ``lib``. Each folder is followed by those that its ``.pth`` files add.
    """
    versioned = [os.path.join(prefix, lib, tag, "site-packages") for lib in ("lib64", "lib")]
    found = [folder for folder in versioned if reader.is_dir(folder)]
    debian = os.path.join(prefix, "lib", "python3", "dist-packages")
    if not found and reader.is_dir(debian):
        own = [os.path.join(prefix, *parts, tag, "dist-packages") for parts in (("local", "lib"), ("lib",))]
        found = [folder for folder in (own[0], debian, own[1]) if reader.is_dir(folder)]
    if not found:
        windows = os.path.join(prefix, "Lib", "site-packages")
        found = [windows] if reader.is_dir(windows) else []
    return [path for folder in found for path in (folder, *_added(reader, folder))]


def of_user(reader: Reader, prefix: str, tag: str) -> list[str]:
    """Return the user's own folder of packages for the installation *prefix*, unless it is absent or switched off."""
    if reader.environ("PYTHONNOUSERSITE"):
        return []
    minor = minor_of(tag)
    base = reader.environ("PYTHONUSERBASE")
    if os.name == "nt":
        base = base or os.path.join(reader.environ("APPDATA") or _home(reader), "Python")
        folder = os.path.join(base, f"Python{minor.replace('.', '')}", "site-packages")
    elif sys.platform == "darwin" and "/Python.framework/" in f"{prefix}/":
        base = base or os.path.join(_home(reader), "Library", "Python", minor)
        folder = os.path.join(base, "lib", "python", "site-packages")
    else:
        folder = os.path.join(base or os.path.join(_home(reader), ".local"), "lib", tag, "site-packages")
    if not os.path.isabs(folder) or not reader.is_dir(folder):
        return []
    return [folder, *_added(reader, folder)]


def of_pythonpath(reader: Reader) -> list[str]:
    """Return the folders that ``PYTHONPATH`` names; an empty entry is the current folder, as it is for Python."""
    value = reader.environ("PYTHONPATH")
    if not value:
        return []
    return [path for path in map(os.path.abspath, value.split(os.pathsep)) if reader.is_dir(path)]


def in_order(reader: Reader, layers: Iterable[tuple[Layer, Iterable[str]]]) -> tuple[SiteFolder, ...]:
    """Return each real folder of *layers* once, in their order.

    A folder of ``PYTHONPATH`` that another layer has as well belongs to the other one.
    """
    folders = [(reader.real_path(path), layer) for layer, paths in layers for path in paths]
    elsewhere = {path for path, layer in folders if layer is not Layer.PYTHONPATH}
    seen: dict[str, Layer] = {}
    for path, layer in folders:
        if layer is not Layer.PYTHONPATH or path not in elsewhere:
            seen.setdefault(path, layer)
    return tuple(SiteFolder(path=path, layer=layer) for path, layer in seen.items())


def _added(reader: Reader, folder: str) -> list[str]:
    """Return the folders of packages that ``.pth`` files in *folder* put on the path, their code left alone."""
    try:
        names = [name for name in reader.list_dir(folder) if name.endswith(".pth") and not name.startswith(".")]
    except UnreadableError:
        return []
    added = []
    for name in names:
        try:
            text = reader.read_bytes(os.path.join(folder, name), limit=_MAX_PTH).decode("utf-8-sig", "surrogateescape")
        except UnreadableError:
            continue
        for line in text.splitlines():
            entry = line.rstrip()
            if not entry or entry.startswith(("#", "import ", "import\t")) or "\0" in entry:
                continue
            path = os.path.normpath(os.path.join(folder, entry))
            if os.path.basename(path) in PACKAGE_FOLDERS and reader.is_dir(path):
                added.append(path)
    return added


def _home(reader: Reader) -> str:
    return reader.environ("HOME") or reader.probe("home")
