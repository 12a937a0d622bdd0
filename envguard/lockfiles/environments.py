"""Marker environments by name: another Python version, another platform, as uv's ``--python-platform`` names them.

The values are those that uv gives its targets (uv: crates/uv-configuration, "target_triple"); release and version of
the named platform are empty, since the name does not tell them.
"""

from __future__ import annotations

from ..errors import ConfigError
from ..patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LINUX = ("posix", "linux", "Linux")
_MACOS = ("posix", "darwin", "Darwin")
_WINDOWS = ("nt", "win32", "Windows")
_SHORT = {"linux": (*_LINUX, "x86_64"), "macos": (*_MACOS, "arm64"), "windows": (*_WINDOWS, "x86_64")}
_TRIPLE = late(
    r"(?P<machine>x86_64|aarch64|i686|riscv64|s390x|powerpc64le|loongarch64)-"
    r"(?:(?P<linux>unknown-linux-(?:gnu|musl)|manylinux2014|manylinux_2_\d{1,3})"
    r"|(?P<macos>apple-darwin)|(?P<windows>pc-windows-msvc))"
)
_PYTHON = late(r"3\.\d{1,2}(?:\.\d{1,3}(?:(?:a|b|rc)\d+)?)?")
_MACHINES = {
    "macos": {"aarch64": "arm64", "x86_64": "x86_64"},
    "windows": {"aarch64": "ARM64", "x86_64": "x86_64", "i686": "x86"},
    "linux": {"powerpc64le": "ppc64le"},
}


def named_environment(
    base: Mapping[str, str], *, python_version: str | None = None, platform: str | None = None
) -> dict[str, str]:
    """Return the marker variables *base* for another Python (``3.12``, ``3.12.4``) or *platform*, or both.

    A version without a patch release is its first one, as uv takes it. Raises ConfigError for names that mean nothing.
    """
    environment = dict(base)
    if python_version is not None:
        if not _PYTHON.fullmatch(python_version):
            raise ConfigError(f"'{python_version}' is no Python version", hint="write it as 3.12 or 3.12.4")
        parts = python_version.split(".")
        full = python_version if len(parts) > 2 else f"{python_version}.0"
        environment.update(python_version=".".join(parts[:2]), python_full_version=full, implementation_version=full)
    if platform is not None:
        os_name, sys_platform, system, machine = _platform(platform)
        environment.update(
            os_name=os_name,
            sys_platform=sys_platform,
            platform_system=system,
            platform_machine=machine,
            platform_release="",
            platform_version="",
        )
    return environment


def _platform(name: str) -> tuple[str, str, str, str]:
    if name in _SHORT:
        return _SHORT[name]
    match = _TRIPLE.fullmatch(name)
    if match is not None:
        machine = match["machine"]
        if match["linux"]:
            return (*_LINUX, _MACHINES["linux"].get(machine, machine))
        system, words = ("macos", _MACOS) if match["macos"] else ("windows", _WINDOWS)
        if machine in _MACHINES[system]:
            return (*words, _MACHINES[system][machine])
    raise ConfigError(
        f"'{name}' is no platform that is known here",
        hint="use linux, macos, windows, or a name such as x86_64-unknown-linux-gnu, aarch64-manylinux_2_28, "
        "aarch64-apple-darwin, x86_64-pc-windows-msvc",
    )
