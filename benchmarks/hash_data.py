"""Make a tree for hash_trees.py to measure: the same bytes on every machine, no two files equal, laid out as data sets are."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL_BYTES = 32 << 20
PIECE_BYTES = 8 << 20
# Coprime to the size of the pool, so that neighbouring files begin at places far apart.
STRIDE = 15_485_863


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many *files* a tree has, of which sizes (both ends included), in folders of how many."""

    files: int
    smallest: int
    largest: int
    per_folder: int
    suffix: str


SHAPES = {
    "huge": Shape(files=1, smallest=4 << 30, largest=4 << 30, per_folder=1, suffix="tar"),
    "large": Shape(files=40, smallest=100 << 20, largest=100 << 20, per_folder=40, suffix="tar"),
    "medium": Shape(files=20_000, smallest=60_000, largest=160_000, per_folder=200, suffix="jpg"),
    "small": Shape(files=200_000, smallest=200, largest=4_000, per_folder=200, suffix="json"),
}


def make(folder: Path, name: str) -> None:
    """Make the tree *name* in *folder*, unless exactly this one is there already."""
    shape, made = SHAPES[name], folder / "made.json"
    wanted = json.dumps(asdict(shape))
    if made.is_file() and made.read_text(encoding="ascii") == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    root = folder / "tree"
    draw = random.Random(name)
    pool = memoryview(random.Random(0).randbytes(POOL_BYTES))
    parents = [parent(root, shape, number) for number in range(0, shape.files, shape.per_folder)]
    for number in range(shape.files):
        into = parents[number // shape.per_folder]
        if number % shape.per_folder == 0:
            os.makedirs(into)
        fd = os.open(f"{into}/{number:06}.{shape.suffix}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        for piece in pieces(pool, number, draw.randint(shape.smallest, shape.largest)):
            written = os.write(fd, piece)
            if written != len(piece):
                raise OSError(f"only {written} of {len(piece)} bytes were written: is the disk full?")
        os.close(fd)
    # What is written now would be written while something is measured. Then it has to age, as data has: no stat cache
    # believes the stamps of files that have only just been written.
    os.sync()
    time.sleep(3)
    made.write_text(wanted, encoding="ascii")


def parent(root: Path, shape: Shape, number: int) -> str:
    """Return the folder of the file *number*: a part of the data set, and a class in it where there are many."""
    folders = shape.files // shape.per_folder
    index = number // shape.per_folder
    part = "test" if index % 10 == 9 else "train"
    return f"{root}/{part}" if folders == 1 else f"{root}/{part}/n{index * 7_919 % 100_000:05}"


def pieces(pool: memoryview, number: int, size: int) -> Iterator[bytes]:
    """Yield the content of the file *number*: slices of the pool, each behind a header that no other slice has."""
    for at in range(0, size, PIECE_BYTES):
        header = b"%08d:%011d\n" % (number, at)
        length = min(PIECE_BYTES, size - at)
        start = (number * STRIDE + at) % (POOL_BYTES - PIECE_BYTES)
        yield (header + pool[start : start + length - min(len(header), length)])[:length]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", choices=SHAPES)
    options = parser.parse_args()
    make(options.folder, options.name)


if __name__ == "__main__":
    main()
