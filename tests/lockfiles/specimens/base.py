"""What a specimen is: one lock of a format that has everything in it that its reader looks at."""

from __future__ import annotations

import functools
import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.conda.subdirs import environment_of
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles import plain_toml
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict, Inconsistency, Lock

CORPORA = ROOT / "tests" / "corpora"
BASE = {
    **dict.fromkeys(("platform_release", "platform_version", "implementation_version"), ""),
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
HERE = named_environment(BASE, python_version="3.12.1", platform="linux")
CONDA = environment_of("linux-64", "3.12.4") or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A lock called *name* with the content *text*, and the *manifests* beside it by their names; *label* is for people.

    *loads* and *dumps* are for what is broken value by value; None for a format of lines. *newer* replaces a part of the
    text, so that it is of a version that nobody knows, None where it has none; *twice* so that something is there twice; *opens* is how something
    begins that can be nested. *groups* and *extras* can be chosen. *real* is a real lock of the corpora.

    *needed* are the keys without which there is no lock; *ignored* those of which another type is no error: no reader looks
    at them, or what they hold is compared as a whole.
    """

    label: str
    format: str
    name: str
    text: str
    manifests: Mapping[str, str]
    newer: tuple[str, str] | None
    twice: tuple[str, str]
    real: str
    needed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    opens: str = ""
    loads: Callable[[str], dict[str, Any]] | None = tomllib.loads
    dumps: Callable[[Mapping[str, Any]], str] | None = plain_toml.dumps
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: HERE)

    def write(self, folder: Path, text: str | bytes | None = None, **manifests: str) -> Path:
        """Write the lock, or *text* in its place, and its manifests into *folder*, and return the path of the lock."""
        for name, content in {**self.manifests, **manifests}.items():
            (folder / name).write_text(content, encoding="utf-8")
        path = folder / self.name
        path.write_bytes(text if isinstance(text, bytes) else (self.text if text is None else text).encode())
        return path

    def use(self, path: Path, reader: Reader | None = None) -> tuple[Lock, FreshnessVerdict, tuple[Inconsistency, ...]]:
        """Do with the lock at *path* all that envguard does with a lock."""
        reader = reader or Reader()
        lock = read_lock(reader, str(path), anew=True)
        found = inconsistencies(lock)
        for selection in (Selection(), Selection(extras=self.extras, groups=self.groups, default_groups=False)):
            select(lock, selection, self.environment)
        bool(compare(None, lock) and compare(lock, lock))
        return lock, freshness(reader, lock), found


def hash_of(number: int) -> str:
    return f"sha256:{number:064x}"


to_json = functools.partial(json.dumps, ensure_ascii=False)
