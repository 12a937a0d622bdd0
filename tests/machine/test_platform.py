"""What a machine runs in, for people."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import UnreadableError
from envguard.machine.platform import platform
from envguard.model import Fact
from tests.machine.told import Told, reason

LINUX = "Linux\n6.1.0\n#1 SMP\nx86_64"

if TYPE_CHECKING:
    from collections.abc import Mapping


class World(Told):
    """A reader of files that a test makes up."""

    def __init__(
        self, texts: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(**{"uname": LINUX, "libc": "glibc 2.36", **more})
        self.texts = texts or {}
        self.links = links or {}

    def exists(self, path: str) -> bool:
        return path in self.texts

    def is_dir(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.texts)

    def list_dir(self, path: str) -> list[str]:
        return sorted(os.path.basename(name) for name in self.texts if os.path.dirname(name) == path)

    def real_path(self, path: str) -> str:
        return self.links.get(path, path)

    def read_bytes(self, path: str, *, limit: int = 0) -> bytes:
        if self.texts[path] == "!":
            raise UnreadableError("cannot be read: permission denied", path=path)
        return self.texts[path].encode()


def told(*arguments: Any, **more: Any) -> dict[str, Fact]:
    return platform(World(*arguments, **more))


def test_what_cannot_be_told_is_unknown_with_its_reason() -> None:
    facts = told(uname="", libc="")
    assert reason(facts["platform.system"]) == "this system has no uname"
    assert reason(told(libc="")["platform.libc"]) == "the C library does not tell its version"
    musl = told({"/lib/ld-musl-x86_64.so.1": ""}, libc="")
    assert reason(musl["platform.libc"]) == "ld-musl-x86_64.so.1 does not tell its version"
    assert told(uname="Darwin\n24.5\n\narm64", libc="")["platform.libc"] == "none"


def test_the_distribution() -> None:
    debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
    assert told({"/etc/os-release": debian})["platform.distribution"] == "debian 12"
    assert told({"/usr/lib/os-release": "ID=arch\nBUILD_ID=rolling"})["platform.distribution"] == "arch rolling"
    assert reason(told({"/etc/os-release": "!"})["platform.distribution"]) == "there is no /etc/os-release"
    mac = told(answers={"apple": "kern.osversion: 24F74"}, uname="Darwin\n24.5\n\narm64")
    assert mac["platform.distribution"] == "macOS 24F74"


@pytest.mark.parametrize(
    ("texts", "variables", "kind"),
    [
        ({}, {}, "none"),
        ({"/.dockerenv": ""}, {}, "docker"),
        ({"/run/.containerenv": ""}, {}, "podman"),
        ({"/.singularity.d": "", "/.dockerenv": ""}, {}, "apptainer"),
        ({}, {"container": "lxc"}, "lxc"),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
    ],
)
def test_containers(texts: dict[str, str], variables: dict[str, str], kind: str) -> None:
    facts = told(texts, now=variables)
    assert facts["platform.container"] == kind
    image = facts["platform.image"]
    if kind == "none":
        assert image == "none"
    else:
        assert reason(image) == f"{kind} does not tell its containers which image they are of"


def test_the_image_of_a_container_is_told_where_it_can_know_it() -> None:
    text = 'engine="podman-5.4.0"\nname="run"\nimage="registry.example/train:1"\nimageid="0123abcd"\nrootless=1\n'
    facts = told({"/run/.containerenv": text})
    assert facts["platform.image"] == "sha256:0123abcd"


@pytest.mark.parametrize(
    ("firmware", "flags", "release", "found"),
    [
        ("", "fpu", "6.1", "none"),
        ("vendor: Dell Inc.\nproduct: PowerEdge", "fpu", "6.1", "none"),
        ("vendor: Amazon EC2\nproduct: p5.48xlarge", "fpu hypervisor", "6.1", "Amazon EC2"),
        ("vendor: QEMU\nproduct: Standard PC", "fpu hypervisor", "6.1", "QEMU"),
        ("vendor: Acme\nproduct: Cloud", "hypervisor", "6.1", "a hypervisor that does not tell its name (Acme Cloud)"),
        ("", "hypervisor", "6.1", "a hypervisor that does not tell its name"),
        ("hypervisor: xen", "fpu", "6.1", "xen"),
        ("", "fpu hypervisor", "5.15.153.1-microsoft-standard-WSL2", "WSL"),
    ],
)
def test_virtual_machines(firmware: str, flags: str, release: str, found: str) -> None:
    facts = told(
        answers={"firmware": firmware}, cpu=f"vendor_id: X\nflags: {flags}", uname=f"Linux\n{release}\n\nx86_64"
    )
    assert facts["platform.virtualisation"] == found


def test_locale_and_time_zone() -> None:
    assert told()["platform.locale"] == "C"
    facts = told(now={"LANG": "de_DE.UTF-8", "LC_ALL": "C", "TZ": "Asia/Tokyo"})
    assert facts["platform.locale"] == "LC_ALL=C LANG=de_DE.UTF-8"
    assert facts["platform.timezone"] == "Asia/Tokyo"
    zone = {"/etc/localtime": "/usr/share/zoneinfo/Europe/Berlin"}
    assert told(None, zone)["platform.timezone"] == "Europe/Berlin"
    assert told({"/etc/timezone": "Europe/Paris\n", "/etc/localtime": ""})["platform.timezone"] == "Europe/Paris"
    assert told()["platform.timezone"] == "UTC"
