"""The processor: what numeric libraries choose their kernels by, and how much of it this process may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._native import instruction_sets
from ..model import Fact, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..reader import Reader

# x86-64 psABI, "Micro-architecture levels"; the names are those of Linux (pni is SSE3, abm has LZCNT).
_LEVELS = (
    ("x86-64-v2", {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    ("x86-64-v3", {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}),
    ("x86-64-v4", {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}),
)
_X86 = ("x86_64", "AMD64", "i386", "i686")
_UNTOLD = Unknown(reason="this system does not tell its processor through /proc/cpuinfo")


def processor(reader: Reader, architecture: Fact) -> dict[str, Fact]:
    """Return the facts ``cpu.*``."""
    told = lines_of(reader.probe("cpu"))
    limits = lines_of(reader.probe("processors"))
    features = _features(told)
    return {
        **_model(reader, told),
        "cpu.features": " ".join(sorted(features)) if isinstance(features, frozenset) else features,
        "cpu.level": _level(features, architecture),
        "cpu.caches": _caches(reader),
        "cpu.cores": _cores(reader, limits),
        "cpu.affinity": limits.get("affinity")
        or Unknown(reason="this system does not tell which processors may be used"),
        "cpu.quota": _quota(limits.get("quota", "?")),
    }


def usable(reader: Reader) -> tuple[int, int] | None:
    """Return how many processors this process may use, and how many cores those are; None where that cannot be told."""
    numbers = parse_list(lines_of(reader.probe("processors")).get("affinity", ""))
    siblings = dict(line.split(" ", 1) for line in reader.ask("cores").splitlines() if " " in line)
    cores = {siblings.get(str(number), str(number)) for number in numbers}
    return (len(numbers), len(cores)) if numbers else None


def parse_list(text: str) -> list[int]:
    """Return the numbers in a list as the kernel writes it: ``0-3,8``."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal():
            numbers += range(int(first), int(last if last.isdecimal() else first) + 1)
    return numbers


def lines_of(text: str) -> dict[str, str]:
    """Return the ``key: value`` lines that a probe gave."""
    return dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)


def _model(reader: Reader, told: Mapping[str, str]) -> dict[str, Fact]:
    if not told and (brand := lines_of(reader.ask("apple")).get("machdep.cpu.brand_string")):
        return {"cpu.vendor": brand.partition(" ")[0], "cpu.model": brand}
    vendor: Fact = told.get("vendor_id") or told.get("CPU implementer") or _UNTOLD
    numbers = [told[key] for key in ("cpu family", "model") if key in told]
    name = told.get("model name")
    if name is not None:
        model: Fact = f"{name} (family {numbers[0]}, model {numbers[1]})" if len(numbers) == 2 else name
    elif "CPU part" in told:
        model = f"part {told['CPU part']}, variant {told.get('CPU variant', 'unknown')}"
    else:
        model = _UNTOLD
    return {"cpu.vendor": vendor, "cpu.model": model}


def _features(told: Mapping[str, str]) -> frozenset[str] | Unknown:
    """Return the instruction sets that count for numbers, asked of the processor itself where the C core is there."""
    found = instruction_sets()
    if found is not None:
        return found[0]
    listed = told.get("flags") or told.get("Features")
    if not listed:
        return Unknown(reason="neither the C core nor /proc/cpuinfo tells the instruction sets of this processor")
    return frozenset(listed.split()) & SETS


def _level(features: frozenset[str] | Unknown, architecture: Fact) -> Fact:
    if isinstance(features, Unknown):
        return features
    if architecture not in _X86:
        return "none"
    level = "x86-64-v1"
    for name, needed in _LEVELS:
        if not needed <= features:
            break
        level = name
    return level


def _caches(reader: Reader) -> Fact:
    kinds = {"Data": "d", "Instruction": "i", "Unified": ""}
    words = [line.split(" ") for line in reader.ask("caches").splitlines()]
    told = [
        f"L{line[0]}{kinds.get(line[1], '?')} {line[2]}"
        for line in words
        if len(line) == 3 and line[1] != "Instruction"
    ]
    return ", ".join(told) or Unknown(reason="this system does not tell the caches of its processors")


def _cores(reader: Reader, limits: Mapping[str, str]) -> Fact:
    logical = len(parse_list(limits.get("online", "")))
    siblings = {line.split(" ", 1)[1] for line in reader.ask("cores").splitlines() if " " in line}
    if logical and siblings:
        return f"{len(siblings)} cores, {logical} processors"
    told = lines_of(reader.ask("apple"))
    if "hw.physicalcpu" in told and "hw.logicalcpu" in told:
        return f"{told['hw.physicalcpu']} cores, {told['hw.logicalcpu']} processors"
    return Unknown(reason="this system does not tell how many cores it has")


def _quota(quota: str) -> Fact:
    if quota == "?":
        return Unknown(reason="this system does not tell its control groups through /proc/self/cgroup")
    return "none" if quota == "max" else f"{quota} processors"


SETS = frozenset(
    [
        "abm",
        "amx_bf16",
        "amx_int8",
        "amx_tile",
        "avx",
        "avx2",
        "avx512_4fmaps",
        "avx512_4vnniw",
        "avx512_bf16",
        "avx512_bitalg",
        "avx512_fp16",
        "avx512_vbmi2",
        "avx512_vnni",
        "avx512_vp2intersect",
        "avx512_vpopcntdq",
        "avx512bw",
        "avx512cd",
        "avx512dq",
        "avx512er",
        "avx512f",
        "avx512ifma",
        "avx512pf",
        "avx512vbmi",
        "avx512vl",
        "avx_vnni",
        "bmi1",
        "bmi2",
        "cx16",
        "f16c",
        "fma",
        "fma4",
        "gfni",
        "lahf_lm",
        "movbe",
        "pni",
        "popcnt",
        "sse",
        "sse2",
        "sse4_1",
        "sse4_2",
        "ssse3",
        "vaes",
        "vpclmulqdq",
        "xop",
        "xsave",
        "asimd",
        "asimddp",
        "asimdfhm",
        "asimdhp",
        "asimdrdm",
        "bf16",
        "fcma",
        "fphp",
        "i8mm",
        "sme",
        "sve",
        "sve2",
        "svebf16",
        "svef32mm",
        "svef64mm",
        "svei8mm",
    ]
)
"""The names that the C core knows, of x86-64 and of ARM: what is told without it must be told alike."""
