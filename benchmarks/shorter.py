"""Locks of conda-lock and pixi cut to a size, by what a project could leave out itself: a platform, an environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = re.compile(r"^(?=- )", re.MULTILINE)
_ENVIRONMENT = re.compile(r"^(?=  [\w-]+:$)", re.MULTILINE)


def shorten(lock: Path, size: int) -> None:
    """Cut *lock*, a ``conda-lock.yml`` or a ``pixi.lock``, to at most *size* bytes, and the manifest beside it with it."""
    text = lock.read_text(encoding="utf-8")
    cut, names = (_without_platform if lock.name == "conda-lock.yml" else _without_environment), []
    while len(text.encode()) > size:
        text, name = cut(text)
        names.append(name)
    lock.write_text(text, encoding="utf-8")
    manifest = lock.parent / "pixi.toml"
    if manifest.exists():
        gone = re.compile(rf"^(?:{'|'.join(map(re.escape, names))}) = \[.*\]\n", re.MULTILINE)
        head, mark, environments = manifest.read_text(encoding="utf-8").partition("[environments]\n")
        manifest.write_text(head + mark + gone.sub("", environments) if names else head + mark + environments)


def _without_platform(text: str) -> tuple[str, str]:
    """Return the ``conda-lock.yml`` *text* without the last but one of its platforms, and what that is called."""
    head, mark, entries = text.partition("\npackage:\n")
    platforms = re.findall(r"^  - ([\w-]+)$", head.partition("\n  platforms:\n")[2], re.MULTILINE)
    name = re.findall(r"^    ([\w-]+): [0-9a-f]{64}$", head, re.MULTILINE)[-2]
    if name not in platforms:
        raise ValueError(f"{name} is a platform of the hashes alone")
    head = re.sub(rf"^    {name}: .*\n|^  - {name}\n", "", head, flags=re.MULTILINE)
    return head + mark + "".join(e for e in _ENTRY.split(entries) if f"\n  platform: {name}\n" not in e), name


def _without_environment(text: str) -> tuple[str, str]:
    """Return the ``pixi.lock`` *text* without the last of its environments, and what that is called."""
    head, mark, entries = text.partition("\npackages:\n")
    *kept, last = _ENVIRONMENT.split(f"{head}\n")
    head = "".join(kept).rstrip("\n")
    listed = set(re.findall(r"- (?:conda|pypi): (\S+)", head))
    left = (e for e in _ENTRY.split(entries) if e and e.split("\n", 1)[0].partition(": ")[2] in listed)
    return head + mark + "".join(left), last.split(":", 1)[0].strip()
