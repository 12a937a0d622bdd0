"""The distributions that bring numeric libraries along, by their metadata folders: version, and which files they wrote."""

from __future__ import annotations

import csv
import os
import re
from typing import TYPE_CHECKING

from ..errors import UnreadableError
from ..names import normalize
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..reader import Reader

_FOLDER = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-]+)\.dist-info")
_CUDA = re.compile(r"-cu\d+$")
_MAX_RECORD = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """An installed distribution: its normalized *name*, its *version*, the folder of packages it lies in, its RECORD's path."""

    name: str
    version: str
    folder: str
    record: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def family(self) -> str:
        """The name without the CUDA version that it ends in: ``nvidia-nccl`` for ``nvidia-nccl-cu12``."""
        return _CUDA.sub("", self.name)


def wheels(entries: Mapping[str, Iterable[str]], families: frozenset[str]) -> Iterator[Wheel]:
    """Yield those distributions of some *families* whose metadata folders are among the *entries* of folders of packages."""
    for folder, names in entries.items():
        for entry in names:
            match = _FOLDER.fullmatch(entry)
            if match is not None:
                record = os.path.join(folder, entry, "RECORD")
                wheel = Wheel(name=normalize(match["name"]), version=match["version"], folder=folder, record=record)
                if wheel.family in families:
                    yield wheel


def recorded_sizes(reader: Reader, wheel: Wheel) -> dict[str, int]:
    """Return the size of each shared library that *wheel* wrote, by its normalized absolute path; empty without a RECORD."""
    try:
        text = reader.read_bytes(wheel.record, limit=_MAX_RECORD).decode("utf-8", "surrogateescape")
    except UnreadableError:
        return {}
    sizes = {}
    try:
        for row in csv.reader(line for line in text.splitlines() if ".so" in line):
            if len(row) == 3 and row[2].isascii() and row[2].isdecimal() and len(row[2]) < 20:
                sizes[os.path.normpath(os.path.join(wheel.folder, row[0]))] = int(row[2])
    except csv.Error:
        return sizes
    return sizes
