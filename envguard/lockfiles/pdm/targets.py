"""The environments that a ``pdm.lock`` is made for, as markers (dep-logic: "dep_logic.tags")."""

from __future__ import annotations

from ...patterns import late
from ..manifests.constraints import alternatives

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tables import LockTable

_SYSTEMS = {
    "linux": ("linux", ("x86_64",)),
    "alpine": ("linux", ("x86_64",)),
    "windows": ("win32", ("AMD64", "x86_64")),
    "macos": ("darwin", ("arm64",)),
}
_NAMED = late(r"(?P<system>manylinux|musllinux|macos|windows|linux)(?:_\d+_\d+)?_(?P<machine>[a-z0-9_]+)")
_MACHINES = {
    "amd64": ("AMD64", "x86_64"),
    "x86_64": ("x86_64", "AMD64"),
    "arm64": ("arm64", "aarch64", "ARM64"),
    "aarch64": ("aarch64", "arm64"),
    "x86": ("x86", "i686", "i386"),
}
_OF = {"manylinux": "linux", "musllinux": "linux", "linux": "linux", "macos": "darwin", "windows": "win32"}


def marker_of(target: LockTable) -> str | None:
    """Return the marker of the environments that *target* covers, None where it covers all.

    The version of the C library or of macOS is left out, and so is whether there is a global interpreter lock: pdm installs
    where they differ, with a warning, and no marker tells them. LockfileError where *target* is none.
    """
    parts = [python_marker(target, "requires_python"), _platform(target), _implementation(target)]
    found = [part for part in parts if part is not None]
    return " and ".join(f"({part})" for part in found) if found else None


def python_marker(table: LockTable, key: str) -> str | None:
    """Return the marker of the range of Python at *key*, None where it is all; LockfileError where it is none."""
    text = table.text(key) or ""
    ranges = alternatives(text)
    if ranges is None:
        raise table.error(key, f"'{text}' is no version range")
    if "" in ranges:
        return None
    clauses = (" and ".join(map(_clause, part.split(","))) for part in ranges)
    return " or ".join(f"({part})" for part in clauses)


def _clause(clause: str) -> str:
    version = clause.lstrip("<>=!~")
    return f"python_full_version {clause[: -len(version)]} '{version}'"


def _platform(target: LockTable) -> str | None:
    name = target.text("platform")
    if name is None:
        return None
    if name in _SYSTEMS:
        system, machines = _SYSTEMS[name]
    else:
        match = _NAMED.fullmatch(name)
        if match is None:
            raise target.error("platform", f"'{name}' is no platform that is known here")
        system, machines = _OF[match["system"]], _MACHINES.get(match["machine"], (match["machine"],))
    machine = " or ".join(f"platform_machine == '{name}'" for name in machines)
    return f"sys_platform == '{system}' and ({machine})"


def _implementation(target: LockTable) -> str | None:
    name = target.text("implementation")
    if name is None:
        return None
    if name not in ("cpython", "pypy", "pyston"):
        raise target.error("implementation", f"expected cpython, pypy or pyston, found '{name}'")
    return f"implementation_name == '{name}'"
