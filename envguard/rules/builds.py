"""The builds that versions name after the ``+``, and conda's packages beside them: which CUDA and BLAS they are made for."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lockfiles.diff.model import LockDiff
    from ..lockfiles.model import LockedPackage

_CUDA = re.compile(r"(?:^|\.)cu(?:da)?(?P<major>\d{2})(?P<minor>\d)?(?:$|\.| )")
# ``cuda126_py312h1_0``, ``py3.10_cuda11.8_cudnn8.7.0_0``, ``gpu_cuda118py312h1_0``, ``h1c0d118_27_cuda``; ``20_linux64_openblas``.
_DEVICE = re.compile(r"(?:^|_)(cuda|cpu|rocm)_?(\d\d\.?\d?)?(?![\d.])")
_BLAS = re.compile(r"(?:^|_)(mkl|openblas|blis|netlib|accelerate|newaccelerate|nvpl|armpl)(?:$|[_0-9])")
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
    return ".".join(filter(None, (found["major"], found["minor"]))) if found else None


def cuda_suffix(name: str) -> tuple[str, str] | None:
    """Return family and CUDA major of a package that has it in its name: ``nvidia-cublas-cu12`` is of CUDA 12."""
    found = _OF_CUDA.match(name)
    return (found["family"], found["major"]) if found else None


def flavour_of(build: str | None) -> str:
    """Return what a build of conda's says that it is made for: ``cuda126 mkl``, ``cpu``, ``openblas``; empty where nothing."""
    device, blas = _DEVICE.search(build or ""), _BLAS.search(build or "")
    words = [f"{device[1]}{(device[2] or '').replace('.', '')}"] if device is not None else []
    return " ".join((*words, blas[1]) if blas is not None else words)


def build_lines(diff: LockDiff) -> Iterator[str]:
    """Yield in words what changes of builds mean: ``torch cu128 -> cu130: CUDA libraries change from 12 to 13``.

    What a package is built as for several platforms is said once.
    """
    yield from dict.fromkeys(_lines(diff))
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


def _lines(diff: LockDiff) -> Iterator[str]:
    for change in diff.packages:
        if change.old is None or change.new is None:
            continue
        old, new = _build(change.old), _build(change.new)
        if old != new:
            yield f"{change.name} {old or 'no build named'} -> {new or 'no build named'}{_meaning(old, new)}"
        elif change.name in _VERSIONED and (was := _major(change.old)) != (now := _major(change.new)):
            yield f"{change.name} {change.old.version} -> {change.new.version}: CUDA libraries change from {was} to {now}"


def _build(package: LockedPackage) -> str:
    """Return the build that a version names, or what a build of conda's is made for."""
    return build_of(package.version) if package.conda is None else flavour_of(package.conda.build)


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
    if was and now and was != now:
        if was.split(".")[0] != now.split(".")[0]:
            was, now = was.split(".")[0], now.split(".")[0]
        return f": CUDA libraries change from {was} to {now}"
    before, after = old.split(), new.split()
    for words, others, sentence in (
        (before, after, f"a build for the processor becomes one for CUDA {now or ''}"),
        (after, before, f"a build for CUDA {was or ''} becomes one for the processor"),
    ):
        if "cpu" in words and any(word.startswith("cu") for word in others):
            return f": {' '.join(sentence.split())}"
    if was != now:
        return f": CUDA {was or 'as the index chooses'} becomes CUDA {now or 'as the index chooses'}"
    return ": another BLAS" if any(map(_BLAS.fullmatch, (*before, *after))) else ""
