"""The platforms of conda (``linux-64``) and the environments of markers that they are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEMS = {"linux": "linux", "darwin": "osx", "win32": "win"}
_MACHINES = {
    "linux": {
        "x86_64": "64",
        "aarch64": "aarch64",
        "ppc64le": "ppc64le",
        "s390x": "s390x",
        "riscv64": "riscv64",
        "armv7l": "armv7l",
        "armv6l": "armv6l",
        "i686": "32",
    },
    "osx": {"x86_64": "64", "arm64": "arm64"},
    "win": {"AMD64": "64", "x86_64": "64", "ARM64": "arm64", "x86": "32"},
}
# As conda's solvers set them for these platforms.
_NAMES = {"linux": ("posix", "linux", "Linux"), "osx": ("posix", "darwin", "Darwin"), "win": ("nt", "win32", "Windows")}


def subdir_of(environment: Mapping[str, str]) -> str | None:
    """Return the platform of conda that *environment* (marker variables) is, None where conda has none for it."""
    system = _SYSTEMS.get(environment["sys_platform"], "")
    machine = _MACHINES.get(system, {}).get(environment["platform_machine"])
    return f"{system}-{machine}" if machine is not None else None


def environment_of(subdir: str, python: str) -> dict[str, str] | None:
    """Return the marker variables of CPython *python* on the platform *subdir*; None where it is not known here.

    Release and version of the platform are empty, since its name does not tell them.
    """
    system, _, short = subdir.partition("-")
    machine = next((name for name, other in _MACHINES.get(system, {}).items() if other == short), None)
    if machine is None:
        return None
    os_name, sys_platform, title = _NAMES[system]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": title,
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": sys_platform,
    }
