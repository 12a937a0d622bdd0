"""Trees of data for the tests of the command line: what they hold, and what is recorded of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from blake3 import blake3

if TYPE_CHECKING:
    from .conftest import Result


MANIFESTS = Path(".envguard") / "manifests"


def digest(data: bytes) -> str:
    return blake3(data).hexdigest()


def manifest_of(folder: Path) -> bytes:
    """Return the manifest of *folder*, written by hand."""
    paths = sorted(os.fsencode(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    lines = (f"{digest((folder / os.fsdecode(path)).read_bytes())}  ".encode() + path + b"\n" for path in paths)
    return b"".join(lines)


def root_of(folder: Path) -> str:
    return f"blake3:{digest(manifest_of(folder))}"


def fill(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_bytes(b"first")
    (folder / "sub" / "b").write_bytes(b"second")
    (folder / "c").write_bytes(b"third")
    return folder


def entry(name: str = "raw") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("envguard.lock").read_bytes())["data"][name]
    return found


def change(raw: Path) -> None:
    (raw / "a").write_bytes(b"FIRST")
    (raw / "sub" / "b").rename(raw / "sub" / "moved")
    (raw / "c").unlink()
    (raw / "new").write_bytes(b"x" * 1234)


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust files as young as those of a test."""
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)


def said(result: Result) -> str:
    return " ".join(result.out.split())
