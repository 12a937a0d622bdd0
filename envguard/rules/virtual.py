"""What locked packages of conda ask of the machine (virtual packages: ``__cuda``, ``__glibc``), held against what it is.

The names and what they mean: conda's documentation, "Managing virtual packages", and CEP 30. Values come from the facts of the machine,
unless a variable ``CONDA_OVERRIDE_…`` replaces one, as conda, mamba and pixi let it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..conda.specs import build_matches, parse_spec, satisfies
from ..model import Unknown
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..conda.specs import Spec
    from ..lockfiles.model import LockedPackage
    from ..model import Fact

OVERRIDES = tuple(f"CONDA_OVERRIDE_{name}" for name in ("ARCHSPEC", "CUDA", "GLIBC", "LINUX", "OSX", "WIN"))
_SYSTEMS = {"__unix": ("Linux", "Darwin"), "__linux": ("Linux",), "__osx": ("Darwin",), "__win": ("Windows",)}
# As conda takes it from the release of the kernel (its plugin for Linux).
_KERNEL = re.compile(r"\d+\.\d+(?:\.\d+)?(?:\.\d+)?")
_LEVEL = re.compile(r"x86_64(?:_v([234]))?\*?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that locked *packages* ask of the machine, and what it is *found* to be there.

    *met* is None where nobody can tell, *reason* then why.
    """

    spec: Spec
    packages: tuple[LockedPackage, ...]
    met: bool | None
    found: str
    reason: str = ""


def asked(
    packages: Mapping[str, LockedPackage], facts: Mapping[str, Fact], overrides: Mapping[str, str]
) -> Iterator[Asked]:
    """Yield everything that *packages* ask of the machine that has *facts*, each thing once, sorted by its text."""
    wanted: dict[str, list[LockedPackage]] = {}
    for package in packages.values():
        for match in {edge.match for edge in package.dependencies if edge.match and edge.match.startswith("__")}:
            wanted.setdefault(match, []).append(package)
    for text in sorted(wanted):
        spec = parse_spec(text)
        if spec is None:
            continue
        override = overrides.get(f"CONDA_OVERRIDE_{spec.name.strip('_').upper()}")
        met, found, reason = _overridden(spec, override) if override else _judged(spec, facts)
        yield Asked(spec=spec, packages=tuple(wanted[text]), met=met, found=found, reason=reason)


def _overridden(spec: Spec, value: str) -> tuple[bool | None, str, str]:
    found = f"{value} (CONDA_OVERRIDE_{spec.name.strip('_').upper()})"
    met = build_matches(value, spec.build) if spec.name == "__archspec" else satisfies(value, spec.version)
    return met, found, "" if met is not None else f"'{spec.text}' is a form that is not compared here"


def _judged(spec: Spec, facts: Mapping[str, Fact]) -> tuple[bool | None, str, str]:
    """Return whether the machine has what *spec* asks for, what it has, and why that could not be told."""
    if not spec.readable:
        return None, "unknown", f"'{spec.text}' is a form that is not compared here"
    if spec.name in _SYSTEMS:
        system = facts.get("platform.system", _UNTOLD)
        if isinstance(system, Unknown):
            return None, "unknown", system.reason
        if system not in _SYSTEMS[spec.name]:
            return False, f"none ({system})", ""
        if not spec.version or spec.name == "__unix":
            return True, system, ""
    match spec.name:
        case "__linux":
            return _versioned(spec, facts.get("platform.kernel", _UNTOLD), _KERNEL)
        case "__glibc":
            return _versioned(spec, facts.get("platform.libc", _UNTOLD), re.compile(r"(?<=^glibc ).+"))
        case "__cuda":
            return _versioned(spec, facts.get("nvidia.cuda", _UNTOLD), re.compile(r".+"))
        case "__osx":
            return _macos(spec, facts.get("platform.kernel", _UNTOLD))
        case "__archspec":
            return _microarchitecture(spec, facts)
        case _:
            return None, "unknown", f"nothing here tells what {spec.name} is"


_UNTOLD = Unknown(reason="it was not observed")


def _versioned(spec: Spec, fact: Fact, pattern: re.Pattern[str]) -> tuple[bool | None, str, str]:
    if isinstance(fact, Unknown):
        return None, "unknown", fact.reason
    version = pattern.search(fact) if fact != "none" else None
    if version is None:
        return False, "none", ""
    met = satisfies(version[0], spec.version)
    return met, version[0], "" if met is not None else f"'{spec.text}' is a form that is not compared here"


def _macos(spec: Spec, kernel: Fact) -> tuple[bool | None, str, str]:
    """Return it of macOS, of which the release of its kernel tells the major version: Darwin 20 is 11, 24 is 15, 25 is 26."""
    if isinstance(kernel, Unknown):
        return None, "unknown", kernel.reason
    release = re.match(r"\d{1,4}", kernel)
    if release is None:
        return None, "unknown", "the kernel does not tell its release"
    darwin = int(release[0])
    major = f"10.{darwin - 4}" if darwin < 20 else str(darwin - 9 if darwin < 25 else darwin + 1)
    lowest, highest = satisfies(major, spec.version), satisfies(f"{major}.999", spec.version)
    if lowest is None or lowest is not highest:
        return None, f"macOS {major}", "the kernel tells the major version of macOS alone"
    return lowest, f"macOS {major}", ""


def _microarchitecture(spec: Spec, facts: Mapping[str, Fact]) -> tuple[bool | None, str, str]:
    """Return it of the processor, for the generic names alone: of the others only archspec's own data base knows which includes which."""
    architecture, level = facts.get("platform.architecture", _UNTOLD), facts.get("cpu.level", _UNTOLD)
    if not spec.build or spec.build == architecture:
        return True, str(architecture), ""
    generic = _LEVEL.fullmatch(spec.build)
    if generic is None:
        return None, "unknown", f"which processors are '{spec.build}' is not known here"
    if isinstance(architecture, Unknown) or isinstance(level, Unknown):
        fact = architecture if isinstance(architecture, Unknown) else level
        return None, "unknown", fact.reason if isinstance(fact, Unknown) else ""
    if architecture not in ("x86_64", "AMD64"):
        return False, architecture, ""
    here = re.search(r"v(\d)$", level)
    return int(here[1] if here is not None else 1) >= int(generic[1] or 1), level, ""
