"""Numeric libraries: which wheel brought each, and which file is really there. Nothing is loaded.

The metadata of a wheel says what was meant; the file may be another's, older or newer. So a fact names both.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from .._native import hexdigest
from ..errors import UnreadableError
from ..model import Fact, Unknown
from ..values import dataclass, field
from .elf import DIGITS, build_of
from .wheels import Wheel, wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library: the *families* of distributions that bring it, and the *stems* of its files' names."""

    families: tuple[str, ...]
    stems: tuple[str, ...]


LIBRARIES = {
    "cudart": Library(families=("nvidia-cuda-runtime",), stems=("cudart",)),
    "cublas": Library(families=("nvidia-cublas",), stems=("cublas", "cublasLt")),
    "cudnn": Library(families=("nvidia-cudnn",), stems=("cudnn", r"cudnn_\w+")),
    "nccl": Library(families=("nvidia-nccl",), stems=("nccl",)),
    "cufft": Library(families=("nvidia-cufft",), stems=("cufft",)),
    "curand": Library(families=("nvidia-curand",), stems=("curand",)),
    "cusolver": Library(families=("nvidia-cusolver",), stems=("cusolver", "cusolverMg")),
    "cusparse": Library(families=("nvidia-cusparse",), stems=("cusparse",)),
    "nvrtc": Library(families=("nvidia-cuda-nvrtc",), stems=("nvrtc", "nvrtc-builtins")),
    "triton": Library(families=("triton", "pytorch-triton", "pytorch-triton-rocm", "triton-rocm"), stems=("triton",)),
    "mkl": Library(families=("mkl",), stems=(r"mkl_\w+",)),
    "onednn": Library(families=("onednn", "onednn-cpu-gomp", "onednn-cpu-iomp"), stems=("dnnl", "mkldnn")),
    "openblas": Library(families=("scipy-openblas64", "scipy-openblas32"), stems=(r"(?:scipy_)?openblas\w*",)),
    "openmp": Library(families=("intel-openmp",), stems=("gomp", "iomp5", "omp")),
}
"""What is looked for, by the name that it has in facts."""

FAMILIES = frozenset(family for library in LIBRARIES.values() for family in library.families)
# Repaired wheels carry part of a digest in the names of the libraries that they bundle: libgomp-a34b3233.so.1.
_FILES = {
    name: re.compile(rf"lib(?:{'|'.join(library.stems)})(?:-[0-9a-f]{{8}})?(?:-[0-9a-f]{{8,}})?\.so(?:\.[\d.]+)?")
    for name, library in LIBRARIES.items()
}
# How much of a library is read for digests, all files of it together: MKL has a gigabyte, and no build IDs.
MOST_DIGESTED = 64 * 1024 * 1024
_SYSTEM = ("/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
# Who would take a library that the environment does not have from the loader's path or the system.
_WANTED_BY = {
    **dict.fromkeys(
        ("cudart", "cublas", "cudnn", "nccl", "cufft", "curand", "cusolver", "cusparse", "nvrtc"),
        ("torch", "jaxlib", "tensorflow", "cupy"),
    ),
    **dict.fromkeys(("openblas", "mkl"), ("numpy",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of the libraries: the *wheels* of each, its *files* (real path to build), and those that cannot be read."""

    wheels: Mapping[str, tuple[Wheel, ...]]
    files: Mapping[str, Mapping[str, str]]
    problems: Mapping[str, str] = field(default_factory=dict)

    def fact(self, name: str) -> Fact:
        """Return the fact of the library *name*: its distributions, and its files in short."""
        if name in self.problems:
            return Unknown(reason=self.problems[name])
        files = self.files.get(name, {})
        parts = [", ".join(sorted(set(map(str, self.wheels.get(name, ())))))]
        lines = sorted(f"{os.path.basename(path)} {build}" for path, build in files.items())
        if len(lines) == 1:
            parts.append(lines[0])
        elif lines:
            parts.append(f"{len(lines)} files blake3:{hexdigest(chr(10).join(lines).encode())[:DIGITS]}")
        return "; ".join(filter(None, parts)) or "none"


def find_libraries(reader: Reader, folders: Sequence[str], prefix: str, search_path: Sequence[str]) -> Found:
    """Return the numeric libraries of an environment.

    *folders* are its folders of packages, in order, *prefix* is its own; *search_path* is where the loader looks before the
    system's folders. A library that the environment does not have is looked for there, and then in the system.
    """
    blind: list[str] = []
    entries = {folder: _names(reader, folder, blind) for folder in folders}
    found = tuple(wheels(entries, FAMILIES))
    packages = {entry for names in entries.values() for entry in names}
    wanted = {name for name, users in _WANTED_BY.items() if not packages.isdisjoint(users)}
    own = [place for folder in folders for place in _places(reader, folder, entries[folder], blind)]
    files: dict[str, dict[str, str]] = {}
    problems: dict[str, str] = {}
    left = dict.fromkeys(LIBRARIES, MOST_DIGESTED)
    look_for = set(LIBRARIES)
    for places in ([*own, os.path.join(prefix, "lib")], search_path, _SYSTEM):
        for place in places if look_for else ():
            for name, path in _within(reader, place, blind):
                real = reader.real_path(path)
                if name not in look_for or real in files.get(name, {}):
                    continue
                try:
                    files.setdefault(name, {})[real] = build = build_of(reader, path, left[name])
                    left[name] -= reader.size(path) if build.startswith("blake3:") else 0
                except UnreadableError as error:
                    problems[name] = f"{os.path.basename(path)} {error.message}"
        look_for = wanted - files.keys() - problems.keys()
    if blind:
        # Whatever was not found may lie there.
        problems = {**{name: blind[0] for name in LIBRARIES if name not in files}, **problems}
    return Found(
        wheels={
            name: tuple(wheel for wheel in found if wheel.family in library.families)
            for name, library in LIBRARIES.items()
        },
        files=files,
        problems=problems,
    )


def library_of(file: str) -> str | None:
    """Return the name of the library that a *file* of this name belongs to."""
    return next((name for name, pattern in _FILES.items() if pattern.fullmatch(file)), None)


def _within(reader: Reader, place: str, blind: list[str]) -> Iterator[tuple[str, str]]:
    for file in _names(reader, place, blind):
        name = library_of(file) if file.startswith("lib") else None
        if name is not None:
            yield name, os.path.join(place, file)


def _places(reader: Reader, folder: str, entries: Sequence[str], blind: list[str]) -> Iterator[str]:
    """Yield the folders below a folder of packages that wheels put shared libraries into."""
    for entry in entries:
        if entry == "nvidia":
            base = os.path.join(folder, entry)
            yield from (os.path.join(base, part, "lib") for part in _names(reader, base, blind))
        elif entry in ("torch", "jaxlib", "tensorflow"):
            yield os.path.join(folder, entry, "lib")
        elif entry == "triton":
            yield os.path.join(folder, entry, "_C")
        elif entry.endswith(".libs"):
            yield os.path.join(folder, entry)


def _names(reader: Reader, folder: str, blind: list[str]) -> list[str]:
    """Return the names in *folder*, none where there is none; why it cannot be listed goes to *blind*."""
    if not reader.is_dir(folder):
        return []
    try:
        return reader.list_dir(folder)
    except UnreadableError as error:
        blind.append(str(error))
        return []
