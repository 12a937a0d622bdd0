"""Whether the wheels that a ``pixi.lock`` lists can be installed with the Python and on the platform that it lists them for."""

from __future__ import annotations

import functools
import re

from ...patterns import late
from ..model import Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..conda.cells import Cell
    from ..model import Lock

_MANYLINUX = late(r"manylinux_(\d+)_(\d+)_\w+|manylinux(2014|2010|1)_\w+")
# What the old names of PEP 600 stand for.
_LEGACY = {"2014": (2, 17), "2010": (2, 12), "1": (2, 5)}
_PYTHON = late(r"(cp|py)(\d)(\d*)")


def wheel_reasons(lock: Lock, virtual: Mapping[str, str], cell: Cell) -> Iterator[Reason]:
    """Yield the wheels of *cell* for another Python, or for a newer C library than *virtual*, what the manifest declares, has.

    Where it declares none, pixi assumes one that changes from release to release; then only the version of Python is compared.
    """
    python = cell.conda.get("python")
    if python is None or python.version is None:
        return
    version = tuple(int(part) for part in python.version.split(".")[:2] if part.isdigit())
    glibc = _version(virtual.get("__glibc"))
    for package in cell.python.values():
        for file in package.artifacts:
            if file.wheel and len(version) == 2 and not _fits(file.filename, version, glibc):
                libc = f" and glibc {virtual['__glibc']}" if glibc is not None else ""
                yield Reason(
                    subject=package.name,
                    message=f"{package.name} is locked for {cell} as a wheel that cannot be installed there",
                    path=lock.path,
                    keys=package.route,
                    expected=f"a wheel for Python {python.version}{libc}",
                    found=file.filename,
                )


def _version(text: str | None) -> tuple[int, int] | None:
    match = re.match(r"(\d+)\.(\d+)", text or "")
    return (int(match[1]), int(match[2])) if match is not None else None


# Most environments list nearly the same wheels.
@functools.lru_cache(maxsize=16384)
def _fits(filename: str, python: tuple[int, ...], glibc: tuple[int, int] | None) -> bool:
    """Return whether any of the tags in *filename* (PEP 427) fits; a name that is none of a wheel is left alone."""
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return True
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(_python(tag, abis, python) for tag in pythons) and any(_platform(tag, glibc) for tag in platforms)


def _python(tag: str, abis: list[str], here: tuple[int, ...]) -> bool:
    match = _PYTHON.fullmatch(tag)
    if match is None or not match[3]:
        return match is None or int(match[2]) == here[0]
    wanted = (int(match[2]), int(match[3]))
    onward = match[1] == "py" or "abi3" in abis or "none" in abis
    return wanted <= here if onward else wanted == here


def _platform(tag: str, glibc: tuple[int, int] | None) -> bool:
    match = _MANYLINUX.fullmatch(tag)
    if match is None or glibc is None:
        return True
    wanted = _LEGACY[match[3]] if match[3] else (int(match[1]), int(match[2]))
    return wanted <= glibc
