"""Bytecode among installed files: which of it stands for which source, and would be loaded at all.

Whether the interpreter then runs it is told by its head (``pyc``). A file with another magic number, and one whose time and size or
hash are not those of its source, is made anew and does no harm. What runs unasked is a file that says that nobody is to compare
its hash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..installed.model import Environment
    from .compare import Seen

# Of the releases; those before them have others, and later ones are not known here: then any magic number counts.
_MAGIC = {"3.11": 3495, "3.12": 3531, "3.13": 3571, "3.14": 3627}
_FINAL = re.compile(r"(3\.\d+)\.\d+")
_CACHED = re.compile(rb"(?:(?P<folder>.+)/)?__pycache__/(?P<module>[^/]+?)\.(?P<tag>[^./]+)(?:\.opt-[^./]+)?\.pyc")


def tag_of(environment: Environment) -> str | None:
    """Return the word in the names of the interpreter's bytecode (``cpython-311``); None where that is not known."""
    if environment.implementation != "cpython":
        return None
    return "cpython-" + "".join(environment.version.split(".")[:2])


def magic_of(environment: Environment) -> int | None:
    """Return the number that the interpreter's bytecode begins with; None where any will do."""
    final = _FINAL.fullmatch(environment.version)
    if environment.running:
        from importlib.util import MAGIC_NUMBER

        return int.from_bytes(MAGIC_NUMBER[:2], "little")
    return _MAGIC.get(final[1]) if final is not None else None


def source_of(path: bytes, tag: str) -> bytes | None:
    """Return the path of the source that the bytecode at *path* stands for; None where it is none that would be loaded."""
    match = _CACHED.fullmatch(path)
    if match is None or match["tag"] != tag.encode():
        return None
    folder = match["folder"]
    return (b"" if folder is None else folder + b"/") + match["module"] + b".py"


def candidates(rows: Iterable[bytes], seen: Seen, tag: str) -> list[tuple[bytes, bytes, bytes]]:
    """Return the bytecode in *rows* that the interpreter would load: its path, its head, and the path of its source."""
    found = []
    for row in rows:
        if b",head=" not in row:
            continue
        path, head, _ = row.rsplit(b",", 2)
        source = source_of(path, tag)
        if source is not None and seen.number(source) is not None:
            found.append((path, bytes.fromhex(head[5:].decode("ascii")), source))
    return found
