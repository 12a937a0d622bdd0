"""The environment of PEP 508 markers that holds in a Python, on this machine."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM", "ironpython": "IronPython", "jython": "Jython"}


def marker_environment(
    reader: Reader, *, implementation: str, version: str, implementation_version: str
) -> dict[str, str]:
    """Return the value of every marker variable of PEP 508 but ``extra``.

    It equals ``packaging.markers.default_environment()`` in that interpreter, except that the ``+`` of an unreleased
    build is left out of the version, as uv does.
    """
    system, release, build, machine = _platform(reader)
    return {
        "implementation_name": implementation,
        "implementation_version": implementation_version,
        "os_name": os.name,
        "platform_machine": machine,
        "platform_python_implementation": _NAMES.get(implementation, implementation),
        "platform_release": release,
        "platform_system": system,
        "platform_version": build,
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": sys.platform,
    }


def _platform(reader: Reader) -> tuple[str, str, str, str]:
    uname = reader.probe("uname")
    if uname:
        system, release, build, machine = uname.split("\n", 3)
        return system, release, build, machine
    import platform  # only where the system has no uname: it is slow to load

    return platform.system(), platform.release(), platform.version(), platform.machine()
