"""Operating system and C library; and, for people, what the machine runs in: distribution, container, hypervisor, place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import UnreadableError
from ..model import Fact, Unknown
from .processor import lines_of

if TYPE_CHECKING:
    from ..reader import Reader

_SMALL = 64 * 1024
_LOCALE = ("LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_NUMERIC", "LANG")
_HYPERVISORS = (
    ("Amazon EC2", "Amazon EC2"),
    ("Google", "Google Compute Engine"),
    ("Microsoft Corporation", "Hyper-V"),
    ("QEMU", "QEMU"),
    ("VMware", "VMware"),
    ("innotek", "VirtualBox"),
    ("Xen", "Xen"),
)


def platform(reader: Reader) -> dict[str, Fact]:
    """Return the facts ``platform.*``."""
    uname = reader.probe("uname").split("\n")
    no_uname = Unknown(reason="this system has no uname")
    system, release, _, machine = uname if len(uname) == 4 else (no_uname, no_uname, no_uname, no_uname)
    container, image = _container(reader)
    return {
        "platform.system": system,
        "platform.kernel": release,
        "platform.architecture": machine,
        "platform.libc": _libc(reader, system),
        "platform.distribution": _distribution(reader),
        "platform.container": container,
        "platform.image": image,
        "platform.virtualisation": _virtualisation(reader, release),
        "platform.locale": " ".join(f"{name}={value}" for name in _LOCALE if (value := reader.environ(name))) or "C",
        "platform.timezone": _timezone(reader),
    }


def _libc(reader: Reader, system: Fact) -> Fact:
    libc = reader.probe("libc")
    if libc:
        return libc
    if system != "Linux":
        # There the C library is part of the system, whose version is a fact of its own.
        return "none"
    # musl does not tell its version to programs; its loader is named after it.
    names = reader.list_dir("/lib") if reader.is_dir("/lib") else []
    loaders = [name for name in names if re.fullmatch(r"ld-musl-.*\.so\.1", name)]
    return Unknown(
        reason=f"{loaders[0]} does not tell its version" if loaders else "the C library does not tell its version"
    )


def _distribution(reader: Reader) -> Fact:
    """Return what ``/etc/os-release`` calls the system (freedesktop.org, os-release), or macOS its build."""
    text = _text(reader, "/etc/os-release") or _text(reader, "/usr/lib/os-release")
    told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    words = [told.get(key, "").strip("'\"") for key in ("ID", "VERSION_ID", "BUILD_ID")]
    if words[0]:
        return " ".join(filter(None, words))
    build = lines_of(reader.ask("apple")).get("kern.osversion")
    return f"macOS {build}" if build else Unknown(reason="there is no /etc/os-release")


def _container(reader: Reader) -> tuple[Fact, Fact]:
    """Return what kind of container this is, and the digest of its image where the container can know it."""
    podman = _text(reader, "/run/.containerenv")
    told = dict(line.split("=", 1) for line in podman.splitlines() if "=" in line)
    kind = (
        reader.environ("container")
        or ("podman" if reader.exists("/run/.containerenv") else "")
        or ("apptainer" if reader.exists("/.singularity.d") else "")
        or ("docker" if reader.exists("/.dockerenv") else "")
        or ("kubernetes" if reader.environ("KUBERNETES_SERVICE_HOST") else "")
    )
    if not kind:
        return "none", "none"
    image = told.get("imageid", "").strip('"')
    return kind, f"sha256:{image}" if image else Unknown(
        reason=f"{kind} does not tell its containers which image they are of"
    )


def _virtualisation(reader: Reader, release: Fact) -> Fact:
    if isinstance(release, str) and "microsoft" in release.lower():
        return "WSL"
    told = lines_of(reader.ask("firmware"))
    maker = f"{told.get('vendor', '')} {told.get('product', '')}".strip()
    virtual = "hypervisor" in lines_of(reader.probe("cpu")).get("flags", "").split()
    if "hypervisor" in told:
        return told["hypervisor"]
    named = next((name for word, name in _HYPERVISORS if word in maker), None)
    if virtual:
        return named or f"a hypervisor that does not tell its name{f' ({maker})' if maker else ''}"
    return (
        "none" if lines_of(reader.probe("cpu")) else Unknown(reason="this system does not tell whether it is virtual")
    )


def _timezone(reader: Reader) -> Fact:
    if zone := reader.environ("TZ"):
        return zone
    path = reader.real_path("/etc/localtime")
    _, mark, zone = path.partition("/zoneinfo/")
    if mark:
        return zone
    return _text(reader, "/etc/timezone").strip() or ("UTC" if not reader.exists(path) else Unknown(reason="untold"))


def _text(reader: Reader, path: str) -> str:
    try:
        return reader.read_bytes(path, limit=_SMALL).decode("utf-8", "replace") if reader.exists(path) else ""
    except UnreadableError:
        return ""
