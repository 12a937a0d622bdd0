"""The obvious way to hash a tree, without a thought of speed: what the engines are compared with."""

from __future__ import annotations

import os
from pathlib import Path

from blake3 import blake3


def files_of(root: Path) -> dict[bytes, bytes]:
    """Return the relative path and content of each file under *root*, links followed."""
    top = os.fsencode(root)
    found = {}
    for folder, _, names in os.walk(top, followlinks=True):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = Path(os.fsdecode(path)).read_bytes()
    return found


def manifest_of(files: dict[bytes, bytes]) -> bytes:
    """Return the manifest of *files*, by the words of its definition."""
    lines = []
    for path, content in sorted(files.items()):
        escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        mark = b"\\" if escaped != path else b""
        lines.append(mark + blake3(content).hexdigest().encode() + b"  " + escaped + b"\n")
    return b"".join(lines)


def plant(root: Path, files: dict[bytes, bytes]) -> None:
    """Make *files* under *root*."""
    for path, content in files.items():
        place = os.path.join(os.fsencode(root), path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        Path(os.fsdecode(place)).write_bytes(content)
