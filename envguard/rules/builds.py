"""The builds that versions name after the ``+``: for PyTorch and its like the CUDA libraries that they are made for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lockfiles.diff.model import LockDiff
    from ..lockfiles.model import LockedPackage

_CUDA = re.compile(r"(?:^|\.)cu(?:da)?(?P<major>\d{2})(?P<minor>\d)(?:$|\.)")
_FLAVOUR = re.compile(r"cuda\d{3}|cpu|rocm\d*")
_OF_CUDA = re.compile(r"^(?P<family>nvidia-.+|cuda-.+|cupy)-?cu(?:da)?(?P<major>\d{2})x?$")

# What has the version of CUDA itself; not all of its libraries do.
_VERSIONED = frozenset(
    (
        "cuda-toolkit",
        "cuda-version",
        "cudatoolkit",
        "nvidia-cublas",
        "nvidia-cuda-cupti",
        "nvidia-cuda-nvrtc",
        "nvidia-cuda-runtime",
        "pytorch-cuda",
    )
)


def build_of(version: str | None) -> str:
    """Return the local part of a version, what follows the ``+``; empty where there is none."""
    return (version or "").partition("+")[2]


def cuda_of(build: str) -> str | None:
    """Return the CUDA version in a build such as ``cu130``: ``13.0``; None where it names none."""
    found = _CUDA.search(build)
    return f"{found['major']}.{found['minor']}" if found else None


def cuda_suffix(name: str) -> tuple[str, str] | None:
    """Return family and CUDA major of a package that has it in its name: ``nvidia-cublas-cu12`` is of CUDA 12."""
    found = _OF_CUDA.match(name)
    return (found["family"], found["major"]) if found else None


def build_lines(diff: LockDiff) -> Iterator[str]:
    """Yield in words what changes of builds mean: ``torch cu128 -> cu130: CUDA libraries change from 12 to 13``."""
    for change in diff.packages:
        if change.old is None or change.new is None:
            continue
        old, new = _build(change.old), _build(change.new)
        if old != new:
            yield f"{change.name} {old or 'no build named'} -> {new or 'no build named'}{_meaning(old, new)}"
        elif change.name in _VERSIONED and (was := _major(change.old)) != (now := _major(change.new)):
            yield f"{change.name} {change.old.version} -> {change.new.version}: CUDA libraries change from {was} to {now}"
    majors = {"old": set[str](), "new": set[str]()}
    for change in diff.packages:
        if (change.old is None) != (change.new is None):
            package = change.new or change.old
            major = _major_of(change.name, package.version if package is not None else None)
            if major is not None:
                majors["old" if change.new is None else "new"].add(major)
    if majors["old"] and majors["new"] and majors["old"] != majors["new"]:
        were, are = (" and ".join(sorted(majors[side])) for side in ("old", "new"))
        yield f"packages for CUDA {were} are replaced by packages for CUDA {are}"


def _build(package: LockedPackage) -> str:
    """Return the build that a version names, or the flavour in the build string of a conda package: ``cuda126``, ``cpu``."""
    if package.conda is None:
        return build_of(package.version)
    found = _FLAVOUR.match(package.conda.build or "")
    return found[0] if found is not None else ""


def _major(package: LockedPackage) -> str:
    return (package.version or "").partition(".")[0]


def _major_of(name: str, version: str | None) -> str | None:
    """Return the CUDA major that a package is for, by its name or, since CUDA 13, by its version; None where neither tells."""
    suffix = cuda_suffix(name)
    if suffix is not None:
        return suffix[1]
    return (version or "").partition(".")[0] or None if name in _VERSIONED else None


def _meaning(old: str, new: str) -> str:
    was, now = cuda_of(old), cuda_of(new)
    if was and now:
        if was.split(".")[0] != now.split(".")[0]:
            was, now = was.split(".")[0], now.split(".")[0]
        return f": CUDA libraries change from {was} to {now}"
    if now and old == "cpu":
        return f": a build for the processor becomes one for CUDA {now}"
    if was and new == "cpu":
        return f": a build for CUDA {was} becomes one for the processor"
    if was or now:
        return f": CUDA {was or 'as the index chooses'} becomes CUDA {now or 'as the index chooses'}"
    return ""
